"""Moments of a kernel between two ends: the integral of u^l K(u), l = 0, 1, 2."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import CapabilityError
from parzen.kernels.interval import outermost
from parzen.kernels.measure import integrate, legendre

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel

# Ends whose nodes are in memory at once.
BLOCK = 1 << 13


@functools.lru_cache(maxsize=32)
def truncated_moments(kernel: AnyKernel) -> TruncatedMoments:
    """Make the table of a symmetric 1-D kernel, once."""
    return TruncatedMoments(kernel)


class TruncatedMoments:
    """First moments of a symmetric kernel between any two ends.

    Whole panels come from a table, the rest of a panel by its Gauss-Legendre rule: so
    the moments of the narrowest interval have all their digits, too.

    Raises
    ------
    CapabilityError
        If the kernel is not symmetric, or has no variance.
    """

    def __init__(self, kernel: AnyKernel) -> None:
        if not kernel.symmetric or math.isinf(kernel.second_moment(1)):
            msg = (
                "boundary='linear' needs a symmetric kernel with a variance; got "
                f"{kernel}. Use 'reflect' or another kernel."
            )
            raise CapabilityError(msg)
        self.kernel = kernel
        # the centre and the ends of the support, where kernels have kinks, are edges
        reach = outermost(kernel, 1)
        near = np.linspace(0.0, min(reach, 8.0), 33)
        octaves = max(math.ceil(8.0 * math.log2(reach / 8.0)), 1) if reach > 8.0 else 0
        far = 8.0 * (reach / 8.0) ** (np.arange(1, octaves + 1) / max(octaves, 1))
        half = np.append(near, far)
        edges = np.concatenate((-half[:0:-1], half))
        self.edges, _ = integrate(lambda u: kernel.pdf(u[..., None]), edges)
        parts = self._panels(self.edges[:-1], self.edges[1:])
        self.below = np.append(np.zeros((3, 1)), np.cumsum(parts, axis=1), axis=1)

    def _panels(
        self, low: NDArray[np.float64], high: NDArray[np.float64], unit: float = 1.0
    ) -> NDArray[np.float64]:
        """Integrate over intervals (m,) that lie in one panel each, shape (3, m)."""
        nodes, shares = legendre()
        width = high - low
        u = low[:, None] + width[:, None] * nodes
        values = self.kernel.pdf(u[..., None])
        u /= unit
        return np.stack([(u**power * values) @ shares * width for power in range(3)])

    def between(
        self, low: NDArray[np.float64], high: NDArray[np.float64], unit: float = 1.0
    ) -> NDArray[np.float64]:
        """Moments 0, 1, 2 of u / unit between ends (m,), shape (3, m)."""
        moments = np.empty((3, len(low)))
        for first in range(0, len(low), BLOCK):
            some = slice(first, first + BLOCK)
            moments[:, some] = self._between(low[some], high[some], unit)
        return moments

    def _between(
        self, low: NDArray[np.float64], high: NDArray[np.float64], unit: float
    ) -> NDArray[np.float64]:
        """Moments of one block."""
        edges = self.edges
        low, high = (np.clip(end, edges[0], edges[-1]) for end in (low, high))
        first, last = (
            np.clip(np.searchsorted(edges, end, side="right") - 1, 0, len(edges) - 2)
            for end in (low, high)
        )
        # up to the end of the first panel, whole panels, the start of the last one
        head = self._panels(low, np.minimum(high, edges[first + 1]), unit)
        later = last > first
        tail = self._panels(np.where(later, edges[last], high), high, unit)
        whole = self.below[:, last] - self.below[:, np.minimum(first + 1, last)]
        # an interval with whole panels is never so narrow that units matter
        whole = np.where(later, whole, 0.0) / unit ** np.arange(3.0)[:, None]
        return head + np.where(later, whole + tail, 0.0)
