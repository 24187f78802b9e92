"""Draw from a kernel density: a point by its weight, plus kernel noise."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import compile_loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.density.density import Density
    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Draws at once: what they need stays in the second-level cache. It is part of what a
# seed means.
BLOCK = 1 << 14
# Fewer draws in all do not pay for the import of numba, nor for the rows.
FEW_DRAWS = 1 << 17
# Coordinates of a point that fit a row with those of its alias, in a cache line or two.
WIDEST_ROW = 4


@dataclass(frozen=True, eq=False)
class WeightedIndex:
    """Draw indices with given probabilities in O(1) each.

    Walker's alias table [1]_: n cells of equal probability, in each of which the index
    of the cell itself lies below a threshold, and one other above. It is set up by
    sweeping through light and heavy weights at once [2]_, which prefix sums do without
    a loop: O(n log n). A probability is right to 1e-15, absolute.

    References
    ----------
    .. [1] Walker, A. J. (1977). An efficient method for generating discrete random
       variables with general distributions. ACM Transactions on Mathematical Software
       3(3), 253-256, doi:10.1145/355744.355749.
    .. [2] Huebschle-Schneider, L. and Sanders, P. (2022). Parallel weighted random
       sampling. ACM Transactions on Mathematical Software 48(3), doi:10.1145/3549934.
    """

    weights: Floats

    @cached_property
    def table(self) -> tuple[Floats, NDArray[np.intp]]:
        """Thresholds in [0, 1] and aliases, shape (n,) each."""
        n = len(self.weights)
        # in two steps: n over a tiny sum may overflow
        shares = self.weights / self.weights.max()
        shares *= n / shares.sum()
        light, heavy = np.flatnonzero(shares < 1.0), np.flatnonzero(shares >= 1.0)
        thresholds, aliases = np.minimum(shares, 1.0), np.arange(n)
        if len(light) == 0 or len(heavy) == 0:
            # all alike, to rounding
            return np.ones(n), aliases
        room = np.append(0.0, np.cumsum(1.0 - shares[light]))
        excess = np.cumsum(shares[heavy] - 1.0)
        # light cells are filled by the first heavy weight that still has an excess
        donor = np.searchsorted(excess, room[:-1], side="right")
        aliases[light] = heavy[np.minimum(donor, len(heavy) - 1)]
        # what brings a heavy weight below one is made up for by the next one
        last = np.searchsorted(room, excess, side="left")
        ends = last < len(room)
        rest = np.ones(len(heavy))
        rest[ends] = 1.0 + excess[ends] - room[last[ends]]
        rest[-1] = 1.0
        thresholds[heavy] = np.clip(rest, 0.0, 1.0)
        aliases[heavy[:-1]] = heavy[1:]
        return thresholds, aliases

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Draw `size` indices, shape (size,)."""
        return self.at(rng.random(size))

    def at(self, u: Floats) -> NDArray[np.intp]:
        """Return the indices for numbers u in [0, 1), shape (m,)."""
        thresholds, aliases = self.table
        cell, part = np.divmod(u * len(thresholds), 1.0)
        index = cell.astype(np.intp)
        np.copyto(index, aliases[index], where=part >= thresholds[index])
        return index

    def rows(self, values: Floats) -> Floats:
        """Return thresholds, values and those of the aliases side by side.

        For values (n, k) the shape is (n, 1 + 2 k): a draw then reads one place in
        memory instead of three, which is what most of its time goes to.
        """
        thresholds, aliases = self.table
        return np.hstack([thresholds[:, None], values, values[aliases]])


@functools.cache
def _row_loop(k: int) -> Any:
    """Compile the look-up of rows of k values each."""

    def loop(cells: Any, rows: Any, out: Any) -> None:
        for j in range(cells.shape[0]):
            i = int(cells[j])
            # an address, not a branch, which would be guessed wrong half of the time
            first = 1 + k * int(cells[j] - i >= rows[i, 0])
            for c in range(k):
                out[j, c] = rows[i, first + c]

    return compile_loop(loop)


class FreeDraws:
    """Draws from kernel sums without bounds; keeps the tables of weights it makes."""

    def __init__(self) -> None:
        self._indices: dict[Problem, WeightedIndex] = {}
        self._rows: dict[Problem, Floats] = {}
        self._curves: dict[Problem, tuple[NDArray[np.intp], Floats]] = {}

    def __call__(
        self, problem: Problem, count: int, rng: np.random.Generator
    ) -> Floats:
        """Draw (count, d) points: data points by their weights, plus kernel noise."""
        d, kernel, scale = problem.sample.d, problem.kernel, problem.scale
        out = np.empty((count, d))
        pick = self._picker(problem, count)
        for first in range(0, count, BLOCK):
            block = out[first : first + BLOCK]
            factors = pick(block, rng)
            noise = kernel.sample(len(block), d, rng)
            if factors is not None:
                noise *= factors
            block += scale.from_kernel_units(noise)
        return out

    def curve(self, problem: Problem) -> tuple[NDArray[np.intp], Floats]:
        """Order of the points in which neighbours are near, and cumulative weights."""
        from parzen.density.even import curve_of

        if problem not in self._curves:
            self._curves[problem] = curve_of(problem)
        return self._curves[problem]

    def _picker(self, problem: Problem, count: int) -> Any:
        """Return what fills a block with points of the data, and returns factors."""
        sample, local = problem.sample, problem.local
        if sample.weights is None:
            return functools.partial(_by_index, problem, _even_index(sample.n))
        if problem not in self._indices:
            self._indices[problem] = WeightedIndex(sample.weights)
        index = self._indices[problem]
        k = sample.d + (local is not None)
        if count < FEW_DRAWS or k > WIDEST_ROW:
            return functools.partial(_by_index, problem, index.draw)
        if problem not in self._rows:
            values = sample.points
            if local is not None:
                values = np.hstack([values, local[:, None]])
            self._rows[problem] = index.rows(values)
        return functools.partial(_by_row, self._rows[problem], k)


def _even_index(n: int) -> Any:
    """Draw indices below n, all alike."""
    return lambda size, rng: rng.integers(n, size=size)


def _by_index(
    problem: Problem, draw: Any, block: Floats, rng: np.random.Generator
) -> Floats | None:
    """Fill a block (m, d) by points that `draw` chooses; return their factors."""
    index = draw(len(block), rng)
    points, local = problem.sample.points, problem.local
    # clipped, because any other mode writes to a buffer first
    np.take(points, index, axis=0, out=block, mode="clip")
    return None if local is None else local[index, None]


def _by_row(
    rows: Floats, k: int, block: Floats, rng: np.random.Generator
) -> Floats | None:
    """Fill a block (m, d) from rows of k values; return the factors that are left."""
    cells = rng.random(len(block))
    cells *= len(rows)
    d = block.shape[1]
    if k == d:
        _row_loop(k)(cells, rows, block)
        return None
    both = np.empty((len(block), k))
    _row_loop(k)(cells, rows, both)
    block[:] = both[:, :d]
    return both[:, d:]


def draw_evenly(density: Density, count: int, rng: np.random.Generator) -> Floats:
    """Draw (count, d) points of low discrepancy."""
    from parzen.density.even import even_draws

    return even_draws(density, count, rng)
