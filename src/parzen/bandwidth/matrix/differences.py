"""Differences of pairs of points, with their masses: what every criterion sums over.

A pair i < j has the mass 2 w_i w_j at z_i - z_j, as all kernels are even; all pairs
together weigh 1 - 1/n_eff. Few points, or points of more than three axes, are paired
one by one (`Pairs`): O(n^2 d) for each sum, in blocks. Many points on two or three axes
are binned, and lags of the grid stand for differences (`lags.py`): O(lags) for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.forms import Form

    Differences = tuple[NDArray[np.float64], NDArray[np.float64]]
    Block = Callable[[], Differences]

# Differences that one thread makes and sums at a time.
BLOCK_PAIRS = 1 << 15
# Up to so many pairs are kept; above, a sum over pairs is compiled.
FEW_PAIRS = 1 << 17


class Source(Protocol):
    """Where differences come from."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Differences that are known to one precision each."""
        ...

    @property
    def d(self) -> int:
        """Number of axes."""
        ...

    @property
    def finest(self) -> float:
        """The narrowest width of a kernel that the differences resolve."""
        ...

    @property
    def near(self) -> float:
        """Mass of the points whose pairs are all in the first part."""
        ...


class Part(Protocol):
    """Differences with masses, in blocks."""

    @property
    def blur(self) -> float:
        """Standard deviation by which sums over these must be smoothed further."""
        ...

    @property
    def n_jobs(self) -> Any:
        """Threads that may sum over these."""
        ...

    def blocks(self, reach: NDArray[np.float64]) -> list[Block]:
        """Make blocks of differences (k, d) and masses (k,).

        Differences that exceed `reach`, shape (d,), on some axis may be left out.
        """
        ...


@dataclass(frozen=True, eq=False)
class Pairs(ReadOnly):
    """All pairs of points, one by one.

    Attributes
    ----------
    points : ndarray of shape (n, d)
    weights : ndarray of shape (n,)
        They sum to one.
    coincident : float
        Mass of pairs within one point: nodes of a grid stand for several points.
    n_jobs : int or None
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    coincident: float = 0.0
    n_jobs: Any = None

    @classmethod
    def of(cls, form: Form) -> Pairs:
        """Pair the points of a form."""
        weights = form.probabilities
        within = float(np.sum(weights**2)) - 1.0 / form.n_eff
        # rounding is no pair
        within = within if within > 1e-12 else 0.0
        return cls(form.points, weights, within, form.n_jobs)

    @property
    def d(self) -> int:
        """Number of axes."""
        return int(self.points.shape[1])

    @property
    def blur(self) -> float:
        """Exact, so none."""
        return 0.0

    @property
    def finest(self) -> float:
        """Any width will do."""
        return 0.0

    @property
    def near(self) -> float:
        """All points are alike."""
        return 1.0

    @property
    def parts(self) -> tuple[Part, ...]:
        """All pairs are alike."""
        return (self,)

    @property
    def count(self) -> int:
        """Number of pairs."""
        n = len(self.points)
        return n * (n - 1) // 2

    def blocks(self, reach: NDArray[np.float64]) -> list[Block]:
        """Pair each point with the next, with the one after that, and so on round.

        Few pairs are kept from one sum to the next.
        """
        del reach
        return self._kept if self.count <= FEW_PAIRS else self._blocks()

    @cached_property
    def _kept(self) -> list[Block]:
        """Blocks whose differences are computed once."""
        return [partial(_given, *block()) for block in self._blocks()]

    def _blocks(self) -> list[Block]:
        """Blocks whose differences are computed when they are needed."""
        n = len(self.points)
        shifts = np.arange(1, n // 2 + 1)
        some = max(1, BLOCK_PAIRS // n)
        blocks: list[Block] = []
        for first in range(0, len(shifts), some):
            group = shifts[first : first + some]
            blocks += [
                partial(self._shifted, group, slice(row, min(row + BLOCK_PAIRS, n)))
                for row in range(0, n, BLOCK_PAIRS)
            ]
        if self.coincident > 0.0:
            none = np.zeros((1, self.points.shape[1]))
            blocks.append(partial(_given, none, np.array([self.coincident])))
        return blocks

    def _shifted(self, shifts: NDArray[np.int64], rows: slice) -> Differences:
        """Differences of the points in `rows` and those `shifts` places further on."""
        n, d = self.points.shape
        these = np.arange(rows.start, rows.stop)
        others = (these + shifts[:, None]) % n
        differences = (self.points[rows] - self.points[others]).reshape(-1, d)
        # with n even, half way round each pair comes twice
        factors = np.where(2 * shifts == n, 1.0, 2.0)
        masses = factors[:, None] * self.weights[rows] * self.weights[others]
        return differences, masses.reshape(-1)


def _given(
    differences: NDArray[np.float64], masses: NDArray[np.float64]
) -> Differences:
    """Differences that need no work."""
    return differences, masses
