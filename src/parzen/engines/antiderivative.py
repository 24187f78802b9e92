"""Masses of a piecewise polynomial: closed forms in each cell, accumulated from afar.

In a cell, the integral of sum_j c_j x^j from its left end is (1 + x) times a polynomial
of the same length, and to its right end (1 - x) times another: each is relatively exact
where it vanishes. The masses of all cells below a border and of all cells above it are
two tables, summed from the two ends, so that both tails are relatively exact, too. What
the integral of each cell may be off by is accumulated beside it.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.cells import FARTHEST_CELL
from parzen.engines.ellipse import EPS
from parzen.engines.piecewise import BLOCK_QUERIES, settled
from parzen.engines.piecewise_quantile import Inverse
from parzen.jit import compile_loop
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem
    from parzen.engines.piecewise import PiecewisePolynomial

    Floats = NDArray[np.float64]

# The relative error that fast sums are prepared for when they are integrated:
# differences of masses cancel, and what is left is judged by its bound.
RELATIVE = 1e-12
# Points in one block of a sum of the kernel's own masses: some 2 ms.
BLOCK_POINTS = 1 << 16
# Probabilities in one block of work: a millisecond.
BLOCK_PROBABILITIES = 1 << 14
LONG_EPS = float(np.finfo(np.longdouble).eps)


@functools.cache
def _mass_loop(terms: int, above: int) -> Any:
    """Compile the mass below (or `above`) each query, with its error bound."""

    def loop(
        queries: Any,
        scale: Any,
        first: Any,
        start: Any,
        coefficients: Any,
        base: Any,
        errors: Any,
        outside: Any,
        total: Any,
        error: Any,
    ) -> None:
        rows = base.shape[0] - 1
        for i in range(queries.shape[0]):
            v = queries[i] * scale
            row, border = -1, rows
            if v < -FARTHEST_CELL:
                border = 0
            cell = math.floor(v)
            if abs(v) < FARTHEST_CELL:
                number = np.int64(cell)
                low, high = 0, first.shape[0]
                while high - low > 1:
                    middle = (low + high) // 2
                    if number < first[middle]:
                        high = middle
                    else:
                        low = middle
                if number < first[0]:
                    border = 0
                elif number - first[low] < start[low + 1] - start[low]:
                    row = start[low] + (number - first[low])
                else:
                    border = start[low + 1]
            if row < 0:
                value, lost = base[border], errors[border]
                if border in (0, rows):
                    lost += outside
            else:
                share = 2.0 * (v - cell)
                x = share - 1.0
                some = coefficients[row]
                square = x * x
                fourth = square * square
                a, b = some[terms - 4], some[terms - 3]
                c, d = some[terms - 2], some[terms - 1]
                for k in range(terms - 8, -1, -4):
                    a = a * fourth + some[k]
                    b = b * fourth + some[k + 1]
                    c = c * fourth + some[k + 2]
                    d = d * fourth + some[k + 3]
                value = (a + b * x) + (c + d * x) * square
                if above:
                    value = max((2.0 - share) * value, 0.0) + base[row + 1]
                    value = min(value, base[row])
                    lost = errors[row]
                else:
                    value = max(share * value, 0.0) + base[row]
                    value = min(value, base[row + 1])
                    lost = errors[row + 1]
            total[i] += value
            error[i] += lost

    return compile_loop(loop)


@dataclass(frozen=True, eq=False)
class PieceMass:
    """The integral of one piecewise polynomial.

    Attributes
    ----------
    piece : PiecewisePolynomial
        With finite errors in each cell.
    unit : float
        Mass of a cell in which the polynomial is one.
    outside : float
        Error of the mass beyond the outermost cells: infinite where it is not known.
    """

    piece: PiecewisePolynomial
    unit: float
    outside: float = 0.0

    @cached_property
    def rising(self) -> Floats:
        """Polynomials b with (1 + x) b(x) the mass from the left end of a cell to x.

        (x^m - (-1)^m) / (x + 1) = x^(m-1) - x^(m-2) + ... for each power of x.
        """
        return self.piece.coefficients @ (_quotients(self._terms, -1) * 0.5 * self.unit)

    @cached_property
    def falling(self) -> Floats:
        """Polynomials b with (1 - x) b(x) the mass from x to the end of a cell."""
        return self.piece.coefficients @ (_quotients(self._terms, 1) * 0.5 * self.unit)

    @cached_property
    def masses(self) -> Floats:
        """Mass of each cell; what it is below zero by, is rounding."""
        powers = np.arange(self._terms)
        weights = np.where(powers % 2 == 0, self.unit / (powers + 1.0), 0.0)
        return np.maximum(self.piece.coefficients @ weights, 0.0)

    @cached_property
    def errors(self) -> Floats:
        """Bound on the error of the integral up to any place of a cell.

        What lies beyond the reach of kernels is bounded as a mass, by whoever sums the
        pieces up; here it would count once for each cell.
        """
        near = self.piece.errors - self.piece.outside
        near += 2.0 * EPS * self.piece.errors
        # the matrix above, the polynomial, the factor before it
        sizes = np.abs(self.piece.coefficients).sum(axis=1)
        near += (3.0 * self._terms + 8.0) * EPS * sizes
        return np.maximum(near, 0.0) * self.unit

    @cached_property
    def before(self) -> tuple[Floats, Floats]:
        """Mass below each border of cells, and its error, two of shape (cells + 1,)."""
        return _accumulated(self.masses, self.errors)

    @cached_property
    def after(self) -> tuple[Floats, Floats]:
        """Mass above each border of cells, and its error, two of shape (cells + 1,)."""
        mass, error = _accumulated(self.masses[::-1], self.errors[::-1])
        return np.ascontiguousarray(mass[::-1]), np.ascontiguousarray(error[::-1])

    def add(self, q: Floats, total: Floats, error: Floats, *, above: bool) -> None:
        """Add masses below (above) q of shape (m,), and bounds, to two arrays (m,)."""
        cells = self.piece.cells
        base, errors = self.after if above else self.before
        _mass_loop(self._terms, int(above))(
            q,
            cells.scale,
            cells.first,
            cells.start,
            self.falling if above else self.rising,
            base,
            errors,
            self.outside,
            total,
            error,
        )

    @property
    def _terms(self) -> int:
        return int(self.piece.coefficients.shape[1])


@dataclass(frozen=True, eq=False)
class PiecewiseMass:
    """Masses of a sum of piecewise polynomials: a `Cumulative`.

    Attributes
    ----------
    pieces : tuple of PieceMass
    neglected : float
        Bound on the mass that no piece holds.
    beyond : tuple of float
        Masses below and above what the pieces cover.
    n_jobs : int or None
    """

    pieces: tuple[PieceMass, ...]
    neglected: float
    beyond: tuple[float, float] = (0.0, 0.0)
    n_jobs: Any = None

    def below(self, q: Floats) -> tuple[Floats, Floats]:
        """Mass below q of shape (m,), and error bounds; 6 ns a piece."""
        return self._masses(q, above=False)

    def above(self, q: Floats) -> tuple[Floats, Floats]:
        """Mass above q of shape (m,), and error bounds; 6 ns a piece."""
        return self._masses(q, above=True)

    def _masses(self, q: Floats, *, above: bool) -> tuple[Floats, Floats]:
        q = np.ascontiguousarray(q)
        if len(self.pieces) > 1:
            q = settled(q, self.pieces[-1].piece.cells.exponent)
        known = self.beyond[int(above)]
        total, error = np.full(len(q), known), np.full(len(q), self.neglected)
        for piece in self.pieces:  # before threads do, each for itself
            _ = (piece.after, piece.falling) if above else (piece.before, piece.rising)

        def task(block: int) -> None:
            some = slice(block * BLOCK_QUERIES, (block + 1) * BLOCK_QUERIES)
            for piece in self.pieces:
                piece.add(q[some], total[some], error[some], above=above)
            # no mass exceeds one
            np.minimum(total[some], 1.0, out=total[some])
            error[some] += (2.0 * len(self.pieces) + 2.0) * EPS * total[some]
            error[some] += 64.0 * EPS * known

        run_blocks(task, -(-len(q) // BLOCK_QUERIES), self.n_jobs)
        return total, error

    def quantile(self, p: Floats, upper: bool) -> Floats:  # noqa: FBT001 - the protocol
        """Where the mass below (above: `upper`) is p (m,), monotone; NaN if not sure.

        It is sure where the mass is certified to 1e-9 of itself, and p smaller than all
        mass; of p > 1/2 it solves for 1 - p on the other side. Cells of one width are
        inverted, at 30 ns; of several all is NaN.
        """
        p = np.ascontiguousarray(p)
        if len(self.pieces) > 1:
            return np.full(p.shape, np.nan)
        near, far = (self._lower, self._upper)[:: -1 if upper else 1]
        near.prepare()
        far.prepare()
        out = np.empty(p.shape)

        def task(block: int) -> None:
            some = slice(block * BLOCK_PROBABILITIES, (block + 1) * BLOCK_PROBABILITIES)
            wanted, part = p[some], out[some]
            high = wanted > 0.5
            for inverse, chosen in ((near, ~high), (far, high)):
                at = np.flatnonzero(chosen)
                if at.size:
                    # 1 - p is exact
                    small = wanted[at] if inverse is near else 1.0 - wanted[at]
                    part[at] = inverse.solve(small)

        run_blocks(task, -(-len(p) // BLOCK_PROBABILITIES), self.n_jobs)
        return out

    @cached_property
    def _lower(self) -> Inverse:
        (part,) = self.pieces
        mass, error = part.before
        return Inverse(
            part.piece.cells,
            part.rising,
            mass,
            error + self.neglected,
            mirrored=False,
        )

    @cached_property
    def _upper(self) -> Inverse:
        (part,) = self.pieces
        mass, error = part.after
        # turned round: (1 - x) b(x) is (1 + y) b(-y) at y = -x, cells in reverse
        signs = np.where(np.arange(part.falling.shape[1]) % 2 == 0, 1.0, -1.0)
        return Inverse(
            part.piece.cells,
            np.ascontiguousarray(part.falling[::-1] * signs),
            np.ascontiguousarray(mass[::-1]),
            error[::-1] + self.neglected,
            mirrored=True,
        )


def cell_unit(problem: Problem, exponent: int) -> float:
    """Return the mass of a cell 2^exponent wide where f is e^log_peak."""
    mantissa, power = math.frexp(float(problem.scale.widths[0]))
    peak = math.exp(problem.kernel.log_norm(1)) / mantissa
    return math.ldexp(peak, exponent - power)


def mass_of_complete(
    problem: Problem, pieces: tuple[PiecewisePolynomial, ...], neglected: float
) -> PiecewiseMass:
    """Integrate pieces that are complete everywhere but for a mass `neglected`."""
    parts = tuple(
        PieceMass(piece, cell_unit(problem, piece.cells.exponent)) for piece in pieces
    )
    return PiecewiseMass(parts, neglected, n_jobs=problem.n_jobs)


def mass_of_inner(
    problem: Problem, pieces: tuple[PiecewisePolynomial, ...]
) -> PiecewiseMass | None:
    """Integrate pieces that are complete only in the cells that the last one knows.

    The kernel's own masses beyond these cells are added up over all points, O(n).
    """
    *fine, last = pieces
    known = np.flatnonzero(np.isfinite(last.errors))
    if len(last.cells.first) > 1 or not known.size:
        return None
    low, high = int(known[0]), int(known[-1]) + 1
    number = int(last.cells.first[0])
    cells = replace(
        last.cells,
        first=np.array([number + low]),
        start=np.array([0, high - low]),
    )
    inner = replace(
        last,
        cells=cells,
        coefficients=last.coefficients[low:high],
        errors=last.errors[low:high],
        outside=0.0,
    )
    units = [cell_unit(problem, piece.cells.exponent) for piece in pieces]
    parts = [PieceMass(*both) for both in zip(fine, units[:-1], strict=True)]
    parts.append(PieceMass(inner, units[-1], math.inf))
    ends = (
        math.ldexp(float(number + low), cells.exponent),
        math.ldexp(float(number + high), cells.exponent),
    )
    beyond = _masses_beyond(problem, *ends)
    return PiecewiseMass(tuple(parts), 0.0, beyond, problem.n_jobs)


def _masses_beyond(problem: Problem, low: float, high: float) -> tuple[float, float]:
    """Sum up the mass of all kernels below `low` and above `high`."""
    sample = problem.sample
    x = sample.points[:, 0]
    h = float(problem.scale.widths[0])
    blocks = -(-sample.n // BLOCK_POINTS)
    sums = np.empty((blocks, 2))

    def task(block: int) -> None:
        some = slice(block * BLOCK_POINTS, (block + 1) * BLOCK_POINTS)
        width = h if problem.local is None else h * problem.local[some]
        below = problem.kernel.cdf((low - x[some]) / width)
        above = problem.kernel.sf((high - x[some]) / width)
        share = 1.0 / sample.n if sample.weights is None else sample.weights[some]
        sums[block] = (share * below).sum(), (share * above).sum()

    run_blocks(task, blocks, problem.n_jobs)
    return math.fsum(sums[:, 0].tolist()), math.fsum(sums[:, 1].tolist())


@functools.cache
def _quotients(terms: int, sign: int) -> Floats:
    """Return the matrix from powers of x to their integrals over 1 - sign x.

    The integral of x^j is that of x^(j+1) / (j + 1), of which the quotient is
    sum_i sign^(j-i) x^i / (j + 1), i <= j.
    """
    j, i = np.arange(terms)[:, None], np.arange(terms)
    signs = np.where((j - i) % 2 == 0, 1.0, float(sign))
    return np.where(i <= j, signs / (j + 1.0), 0.0)


def _accumulated(masses: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Sum masses and errors up to each border, with the rounding of the sum itself."""
    total = np.zeros(len(masses) + 1)
    total[1:] = np.cumsum(masses, dtype=np.longdouble)
    error = np.zeros(len(masses) + 1)
    error[1:] = np.cumsum(errors, dtype=np.longdouble)
    error *= 1.0 + len(masses) * LONG_EPS + EPS
    error += (2.0 * EPS + len(masses) * LONG_EPS) * total
    return total, error
