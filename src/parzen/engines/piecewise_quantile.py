"""Quantiles of a piecewise polynomial: the inverse of its integral, never decreasing.

A guide table and a bisection find the cell by the accumulated masses. A cell has 2^22
places; the place k whose computed masses G_k <= p < G_(k+1) enclose what is left of p
is found by secants of one place, which are Newton steps, and the answer lies on the
chord. So it is a function of k and p alone: it grows with p, whatever the rounding of a
Newton step. Where the masses at the places may not ascend for rounding, the search is a
bisection of all places: that takes the same turns for all p up to where they part.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import compile_loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.cells import Cells

    Floats = NDArray[np.float64]

# Largest relative error of a mass that is inverted.
CERTAIN = 1e-9
# Places in a cell: the chord over one of them is off by 1e-14 of a cell or less.
PLACES = 1 << 22
# Places at which the first guess is exact.
EXACT = np.array([0.1, 0.35, 0.65, 0.9])
# Queries that take their steps side by side: their numbers stay in the first-level
# cache.
STRIP = 256
# In place of a difference of masses that is none.
TINY = 1e-300
# Secants before the search gives in to bisection.
SECANTS = 8
# Bins of the guide table for each cell, and at most.
BINS_A_CELL = 4
MOST_BINS = 1 << 20
# Rows of samples that tell whether a cell ascends, taken at a time.
BLOCK_ROWS = 1 << 12


@functools.cache
def _quantile_loop(terms: int) -> Any:
    """Compile the search for cell and place of each mass, a strip of them at a time."""

    def loop(
        wanted: Any,
        base: Any,
        guide: Any,
        coefficients: Any,
        guesses: Any,
        ascends: Any,
        least: Any,
        origins: Any,
        sign: Any,
        width: Any,
        work: Any,
        counts: Any,
        out: Any,
    ) -> int:
        bins = guide.shape[0] - 1
        rows = base.shape[0] - 1
        rest, place, below, above = work[0], work[1], work[2], work[3]
        queries, low, high, left = counts[0], counts[1], counts[2], counts[3]
        of_query = counts[4]
        unknown = 0
        for strip in range(0, wanted.shape[0], STRIP):
            active = 0
            for i in range(strip, min(strip + STRIP, wanted.shape[0])):
                p = wanted[i]
                row = -1
                if base[0] < p < base[rows] and p < 1.0:
                    number = np.int64(p * bins)
                    row, after = guide[number], guide[number + 1] + 1
                    while after - row > 1:
                        middle = (row + after) >> 1
                        if p < base[middle]:
                            after = middle
                        else:
                            row = middle
                    if p < least[row]:
                        row = -1
                if row < 0:
                    out[i] = np.inf
                    unknown += 1
                    continue
                of_query[active] = row
                much = p - base[row]
                queries[active] = i
                rest[active] = much
                low[active], high[active] = 0, PLACES
                # as if the density were a line between its values at the ends
                s, t = guesses[row, 0], guesses[row, 1]
                goal = much * guesses[row, 2]
                root = np.sqrt(max(s * s + 2.0 * (t - s) * goal, 0.0))
                guess = min(2.0 * goal / (s + root), 1.0)
                right = guesses[row, 5] + guesses[row, 6] * guess
                right = guesses[row, 3] + guess * (guesses[row, 4] + guess * right)
                guess += guess * (1.0 - guess) * right
                guess = min(max(math.floor(guess * PLACES), 0.0), PLACES - 1.0)
                place[active] = guess if ascends[row] else 0.5 * PLACES
                left[active] = SECANTS * ascends[row]
                active += 1
            while active > 0:
                # the masses below each place and below the next, by the same steps
                for j in range(active):
                    some = coefficients[of_query[j]]
                    share = place[j] * (2.0 / PLACES)
                    after_share = (place[j] + 1.0) * (2.0 / PLACES)
                    x, y = share - 1.0, after_share - 1.0
                    x2, y2 = x * x, y * y
                    x4, y4 = x2 * x2, y2 * y2
                    a, b = some[terms - 4], some[terms - 3]
                    c, d = some[terms - 2], some[terms - 1]
                    e, f, g, h = a, b, c, d
                    for k in range(terms - 8, -1, -4):
                        a, e = a * x4 + some[k], e * y4 + some[k]
                        b, f = b * x4 + some[k + 1], f * y4 + some[k + 1]
                        c, g = c * x4 + some[k + 2], g * y4 + some[k + 2]
                        d, h = d * x4 + some[k + 3], h * y4 + some[k + 3]
                    below[j] = share * ((a + b * x) + (c + d * x) * x2)
                    above[j] = after_share * ((e + f * y) + (g + h * y) * y2)
                kept = 0
                for j in range(active):
                    much, at, i = rest[j], place[j], queries[j]
                    step = (much - below[j]) / max(above[j] - below[j], TINY)
                    if left[j] > 0:
                        first, final = at == 0.0, at == PLACES - 1.0
                        done = (below[j] <= much or first) and (
                            much < above[j] or final
                        )
                    else:
                        done = high[j] - low[j] == 1
                    if done:
                        share = (at + min(max(step, 0.0), 1.0)) / PLACES
                        out[i] = (origins[of_query[j]] + sign * share) * width
                        continue
                    queries[kept], rest[kept] = i, much
                    of_query[kept] = of_query[j]
                    low[kept], high[kept] = low[j], high[j]
                    left[kept] = left[j] - 1
                    if left[j] > 1:
                        at += math.floor(min(max(step, -PLACES), PLACES))
                        place[kept] = min(max(at, 0.0), PLACES - 1.0)
                    elif left[j] == 1:
                        place[kept] = 0.5 * PLACES
                    else:
                        if much < below[j]:
                            high[kept] = np.int64(at)
                        else:
                            low[kept] = np.int64(at)
                        place[kept] = (low[kept] + high[kept]) >> 1
                    kept += 1
                active = kept
        return unknown

    return compile_loop(loop)


@dataclass(frozen=True, eq=False)
class Inverse:
    """The inverse of masses that are accumulated cell by cell.

    Attributes
    ----------
    cells : Cells
    coefficients : ndarray of shape (cells, terms)
        Polynomials b: (1 + x) b(x) is the mass of a cell below x in [-1, 1].
    base : ndarray of shape (cells + 1,)
        Mass below each border, ascending.
    errors : ndarray of shape (cells + 1,)
        Bound on the error of the mass anywhere up to a border.
    mirrored : bool
        Whether rows and x run from the right to the left.
    """

    cells: Cells
    coefficients: Floats
    base: Floats
    errors: Floats
    mirrored: bool

    def prepare(self) -> None:
        """Make the tables: threads that share them would make them twice."""
        _ = self._tables, self._more

    def solve(self, p: Floats) -> Floats:
        """Where the mass is p of shape (m,), shape (m,); NaN where not certain."""
        out = np.empty(len(p))
        work, counts = np.empty((4, STRIP)), np.empty((5, STRIP), dtype=np.int64)
        sign, width = -1.0 if self.mirrored else 1.0, 1.0 / self.cells.scale
        loop = _quantile_loop(self.coefficients.shape[1])
        if loop(p, *self._tables, *self._more, sign, width, work, counts, out):
            # a compiled loop may not tell NaN
            out[np.isinf(out)] = np.nan
        return out

    @cached_property
    def _tables(self) -> tuple[Any, ...]:
        return self.base, self._guide, self.coefficients, self._guesses

    @cached_property
    def _more(self) -> tuple[Any, ...]:
        return self._ascends, self._least, self._origins

    @cached_property
    def _origins(self) -> Floats:
        """The end of each cell from which shares of it are counted, in cells."""
        cells = self.cells
        sizes = np.diff(cells.start)
        number = np.arange(cells.count) + np.repeat(
            cells.first - cells.start[:-1], sizes
        )
        return np.asarray(number[::-1] + 1.0 if self.mirrored else number + 0.0)

    @cached_property
    def _guide(self) -> NDArray[np.int64]:
        """Last row whose base is at most k / bins, for k = 0, ..., bins."""
        bins = 1 << (BINS_A_CELL * self.cells.count - 1).bit_length()
        bins = min(bins, MOST_BINS)
        at = np.arange(bins + 1) / bins
        rows = np.searchsorted(self.base, at, side="right") - 1
        return np.clip(rows, 0, self.cells.count)

    @cached_property
    def _least(self) -> Floats:
        """Smallest mass in each cell that is certain, shape (cells,)."""
        return np.asarray(self.errors[1:] / CERTAIN)

    @cached_property
    def _guesses(self) -> Floats:
        """What a first guess at the place of a mass takes, shape (cells, 7).

        Density at both ends of a cell; the factor that makes their mean its mass; and
        the polynomial that, times t (1 - t), corrects the inverse t of a density that
        is a line, exact at four places. The derivative of (1 + x) b(x) is b(-1) at one
        end, b(1) + 2 b'(1) at the other.
        """
        b = self.coefficients
        powers = np.arange(b.shape[1])
        signs = np.where(powers % 2 == 0, 1.0, -1.0)
        out = np.zeros((len(b), 3 + len(EXACT)))
        left = np.maximum(2.0 * (b @ signs), 0.0)
        right = np.maximum(2.0 * (b @ (1.0 + 2.0 * powers)), 0.0)
        mass = np.diff(self.base)
        with np.errstate(all="ignore"):
            ratio = np.where(mass > 0.0, 0.5 * (left + right) / mass, 0.0)
            goal = (
                b @ (2.0 * EXACT * (2.0 * EXACT - 1.0) ** powers[:, None])
            ).T * ratio
            root = np.sqrt(np.maximum(left * left + 2.0 * (right - left) * goal, 0.0))
            t = 2.0 * goal / (left + root)
            correction = _interpolant(t, (EXACT[:, None] - t) / (t * (1.0 - t)))
        correction[:, ~np.isfinite(correction).all(axis=0)] = 0.0
        out[:, 0], out[:, 1], out[:, 2] = left, right, ratio
        out[:, 3:] = correction.T
        return out

    @cached_property
    def _ascends(self) -> NDArray[np.int64]:
        """Whether masses at neighbouring places of a cell are told apart for certain.

        The density is sampled four times as densely as its polynomial has terms, and
        no sample may be below 1e-4 of the coefficients: rounding of the masses is below
        1e-14 of these, the mass between two places 2e-7 of the density.
        """
        terms = self.coefficients.shape[1]
        x = np.linspace(-1.0, 1.0, 4 * terms)[:, None]
        powers = np.arange(terms)
        value = x**powers
        slope = np.where(powers > 0, powers * x ** np.maximum(powers - 1, 0), 0.0)
        density = (value + (1.0 + x) * slope).T
        out = np.zeros(self.cells.count, dtype=np.int64)
        for begin in range(0, self.cells.count, BLOCK_ROWS):
            some = self.coefficients[begin : begin + BLOCK_ROWS]
            sizes = np.abs(some).sum(axis=1)
            least = (some @ density).min(axis=1)
            out[begin : begin + BLOCK_ROWS] = least > 1e-4 * sizes
        return out


def _interpolant(t: Floats, y: Floats) -> Floats:
    """Return coefficients of the polynomials through (t_k, y_k), all (count, cells)."""
    count = len(t)
    divided = y.copy()
    for k in range(1, count):
        divided[k:] = (divided[k:] - divided[k - 1 : -1]) / (t[k:] - t[: count - k])
    out = np.zeros_like(t)
    for k in range(count - 1, -1, -1):
        # times t - t_k, plus the next difference
        shifted = np.vstack([np.zeros_like(out[:1]), out[:-1]])
        out = shifted - t[k] * out
        out[0] += divided[k]
    return out
