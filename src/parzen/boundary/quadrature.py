"""Integrate a density that bounds have changed, over the zones in which these are felt.

Panels end where a kernel has a kink, for every point, so that a Gauss-Legendre rule in
each is right to rounding, relative to the panel: a sum over panels is then right in the
tails, too, and a part of a panel has a rule of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem
    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]
    Function = Callable[[Floats], Floats]

# Panels a bandwidth, at least so many a zone, and Gauss-Legendre nodes a panel.
PANELS, FEWEST, NODES = 4, 16, 12
# Nodes in panels narrower than this part of the bandwidth, and of the zone: kinks of
# many points leave only such.
NARROW, FEW_NODES = 0.02, 5
# Nodes in memory at once.
BLOCK = 1 << 17
# Kernels of which every derivative is continuous.
SMOOTH = ("gaussian", "logistic", "cauchy")
# A difference of running sums, so many times smaller than these, has lost digits.
CANCELLED = 1e-6


@dataclass(frozen=True, eq=False)
class Panels(ReadOnly):
    """Integrals of a function f >= 0 over panels of a zone.

    Attributes
    ----------
    edges : ndarray of shape (k + 1,)
        Ends of the panels, ascending.
    parts : ndarray of shape (k,)
        Integrals over each.
    narrow : float
        Width below which a panel has few nodes.
    """

    edges: Floats
    parts: Floats
    narrow: float

    @classmethod
    def of(cls, f: Function, edges: Floats, narrow: float) -> Panels:
        """Integrate f of q (m, 1) over each of the panels."""
        return cls(edges, _rules(f, edges[:-1], edges[1:], narrow), narrow)

    @property
    def ends(self) -> tuple[float, float]:
        """Where the zone begins and ends."""
        return float(self.edges[0]), float(self.edges[-1])

    @property
    def total(self) -> float:
        """Integral over the whole zone."""
        return math.fsum(self.parts.tolist())

    @cached_property
    def _below(self) -> Floats:
        """Integrals below each edge."""
        return np.append(0.0, np.cumsum(self.parts))

    @cached_property
    def _above(self) -> Floats:
        """Integrals above each edge."""
        return np.append(np.cumsum(self.parts[::-1])[::-1], 0.0)

    @cached_property
    def _levels(self) -> list[Floats]:
        """Integrals over 1, 2, 4, ... panels, each level padded to an even length."""
        levels = [self.parts]
        while len(levels[-1]) > 1:
            if len(levels[-1]) % 2:
                levels[-1] = np.append(levels[-1], 0.0)
            levels.append(levels[-1].reshape(-1, 2).sum(axis=1))
        return levels

    def between(self, f: Function, low: Floats, high: Floats) -> Floats:
        """Integrate f between ends (m,) within the zone, low <= high, shape (m,).

        f is the function that the panels were made with.
        """
        edges = self.edges
        first = np.searchsorted(edges, low, side="left")
        last = np.searchsorted(edges, high, side="right") - 1
        across = first <= last
        at, to = np.where(across, edges[first], high), edges[last]
        head = _rules(f, low, at, self.narrow)
        tail = _rules(f, np.where(across, to, high), high, self.narrow)
        return head + self._whole(first, np.maximum(first, last)) + tail

    def _whole(self, first: NDArray[np.intp], last: NDArray[np.intp]) -> Floats:
        """Sum the panels from edge `first` to edge `last`, relatively accurate."""
        below, above = self._below, self._above
        leftmost = below[last] <= above[first]
        total = np.where(
            leftmost, below[last] - below[first], above[first] - above[last]
        )
        lost = total < CANCELLED * np.where(leftmost, below[last], above[first])
        lost &= last > first
        if lost.any():
            total[lost] = self._summed(first[lost], last[lost])
        return np.maximum(total, 0.0)

    def _summed(self, first: NDArray[np.intp], last: NDArray[np.intp]) -> Floats:
        """Add up at most two sums of each level: no difference, no digits lost."""
        total = np.zeros(len(first))
        for level in self._levels:
            odd = (first < last) & (first % 2 == 1)
            total[odd] += level[first[odd]]
            first = first + odd
            odd = (first < last) & (last % 2 == 1)
            last = last - odd
            total[odd] += level[last[odd]]
            first, last = first // 2, last // 2
        return total


def _rules(f: Function, low: Floats, high: Floats, narrow: float) -> Floats:
    """Integrate f over intervals (m,), each in one panel; zero where it is empty."""
    total = np.zeros(len(low))
    width = high - low
    for some, count in (
        ((width > 0.0) & (width <= narrow), FEW_NODES),
        (width > narrow, NODES),
    ):
        chosen = np.flatnonzero(some)
        nodes, shares = np.polynomial.legendre.leggauss(count)
        for first in range(0, len(chosen), BLOCK // count):
            rows = chosen[first : first + BLOCK // count]
            half = 0.5 * width[rows]
            q = low[rows, None] + half[:, None] * (1.0 + nodes)
            values = f(q.reshape(-1, 1)).reshape(q.shape)
            total[rows] = half * (values @ shares)
    return total


def zones(low: float, high: float, reach: float) -> list[tuple[float, float]]:
    """Return a zone of width `reach` at each finite end, or the whole range."""
    if high - low <= 2.0 * reach:
        return [(low, high)]
    found = []
    if math.isfinite(low):
        found.append((low, low + reach))
    if math.isfinite(high):
        found.append((high - reach, high))
    return found


def panels(
    f: Function, problem: Problem, ends: tuple[float, float], zone: tuple[float, float]
) -> Panels:
    """Integrate f of q (m, 1) over panels of a zone next to one of the ends.

    f is smooth but where the kernel of a point, or the distance to an end, has a kink.
    """
    first, last = zone
    h = float(problem.scale.widths[0])
    wanted = PANELS * (last - first) / h
    regular = np.linspace(first, last, max(math.ceil(wanted), FEWEST) + 1)
    places = kinks(problem.kernel) * h
    extra = [end + side * places for end in ends for side in (-1.0, 1.0)]
    for place in places:
        kinked = problem.sample.points[:, 0] + place
        extra.append(kinked[(kinked > first) & (kinked < last)])
    found = np.concatenate([regular, *extra])
    found = found[(found >= first) & (found <= last)]
    narrow = NARROW * min(h, last - first)
    return Panels.of(f, np.unique(found), narrow)


def kinks(kernel: AnyKernel) -> Floats:
    """Where a 1-D kernel is not analytic, in bandwidths; its ends, and the centre."""
    if kernel.name in SMOOTH:
        return np.empty(0)
    support = kernel.support
    ends = (-support, support) if kernel.code is not None else kernel.source.ends
    places = np.array([ends[0], 0.0, ends[1]])
    return np.unique(places[np.isfinite(places)])
