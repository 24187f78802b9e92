"""Draw from a kernel density: a point by its weight, plus kernel noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Steps from the guide before the few draws left are looked up by bisection.
GUIDED_STEPS = 4


@dataclass(frozen=True, eq=False)
class WeightedIndex:
    """Draw indices with given probabilities in O(1) each.

    A guide table [1]_ tells where in the cumulative sums each of n equal cells of
    [0, 1) begins; from there one step on average reaches the index. Setting it up takes
    O(n log n).

    References
    ----------
    .. [1] Chen, H.-C. and Asau, Y. (1974). On generating random variates from an
       empirical distribution. AIIE Transactions 6(2), doi:10.1080/05695557408974949.
    """

    weights: NDArray[np.float64]

    @cached_property
    def _cumulative(self) -> NDArray[np.float64]:
        """Cumulative probabilities, the last one exactly 1."""
        cumulative = np.cumsum(self.weights)
        cumulative /= cumulative[-1]
        return cumulative

    @cached_property
    def _guide(self) -> NDArray[np.intp]:
        """First index that a draw from each cell can have."""
        cells = np.arange(len(self._cumulative)) / len(self._cumulative)
        return np.searchsorted(self._cumulative, cells, side="right")

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Draw `size` indices, shape (size,)."""
        cumulative = self._cumulative
        u = rng.random(size)
        index = self._guide[(u * len(cumulative)).astype(np.intp)]
        for _ in range(GUIDED_STEPS):
            short = cumulative[index] <= u
            if not short.any():
                break
            index += short
        left = np.flatnonzero(cumulative[index] <= u)
        index[left] = np.searchsorted(cumulative, u[left], side="right")
        return index


class FreeDraws:
    """Draws from kernel sums without bounds; keeps the tables of weights it makes."""

    def __init__(self) -> None:
        self._indices: dict[Problem, WeightedIndex] = {}

    def __call__(
        self, problem: Problem, count: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw (count, d) points: data points by their weights, plus kernel noise."""
        sample = problem.sample
        if sample.weights is None:
            index = rng.integers(sample.n, size=count)
        else:
            if problem not in self._indices:
                self._indices[problem] = WeightedIndex(sample.weights)
            index = self._indices[problem].draw(count, rng)
        noise = problem.kernel.sample(count, sample.d, rng)
        if problem.local is not None:
            noise *= problem.local[index, None]
        moved = problem.scale.from_kernel_units(noise)
        return np.asarray(sample.points[index] + moved)
