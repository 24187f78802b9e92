"""Sorted points on a line, in levels of about one bandwidth each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.ragged import sum_ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# A difference of cumulative weights below this has lost digits.
SMALL_SHARE = 1e-4


@dataclass(frozen=True, eq=False)
class Level:
    """Sorted points whose bandwidths are within a factor of two.

    Attributes
    ----------
    x, weights, h : ndarray of shape (k,)
        Points in ascending order, their weights and bandwidths.
    """

    x: Floats
    weights: Floats
    h: Floats

    @cached_property
    def widest(self) -> float:
        """The largest bandwidth."""
        return float(self.h.max())

    @cached_property
    def below(self) -> Floats:
        """Weight of the points before each, shape (k + 1,)."""
        return np.append(0.0, np.cumsum(self.weights))

    @cached_property
    def log_weights(self) -> Floats:
        """Logarithms of the weights."""
        return np.log(self.weights)

    def share(self, first: Indices, last: Indices) -> Floats:
        """Weight of the points of ranges (m,), relatively accurate."""
        last = np.maximum(first, last)
        shares = self.below[last] - self.below[first]
        small = np.flatnonzero((shares < SMALL_SHARE * self.below[-1]) & (last > first))
        if small.size:
            spans = [(first[small], last[small])]
            shares[small] = sum_ranges(spans, lambda _q, i: self.weights[i], 1)
        return np.asarray(shares)


def levels_of(problem: Problem) -> tuple[Level, ...]:
    """Sort the points of a problem; one level for each octave of local bandwidths."""
    sample, local = problem.sample, problem.local
    x, weights = sample.points[:, 0], sample.weights
    if weights is None:
        weights = np.full(sample.n, 1.0 / sample.n)
    h = np.full(sample.n, float(problem.scale.widths[0]))
    if local is not None:
        h = h * local
    octaves = np.zeros(sample.n, dtype=np.intc) if local is None else np.frexp(h)[1]
    order = np.lexsort((x, octaves))
    cuts = np.flatnonzero(np.diff(octaves[order])) + 1
    return tuple(
        Level(x[some], weights[some], h[some]) for some in np.split(order, cuts)
    )


def solve_reach(log_outside: Callable[[Floats], Floats], wanted: Floats) -> Floats:
    """Bisect for the distances beyond which a falling function is below e^wanted.

    From above, to 1e-9 of each distance, so that at 1e5 bandwidths the points within
    1e-4 matter.
    """
    with np.errstate(all="ignore"):
        low, high = np.zeros(wanted.shape), np.ones(wanted.shape)
        for _ in range(1024):
            inside = log_outside(high) > wanted
            if not inside.any():
                break
            low, high = np.where(inside, high, low), np.where(inside, 2 * high, high)
        for _ in range(32):
            middle = 0.5 * (low + high)
            inside = log_outside(middle) > wanted
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high
