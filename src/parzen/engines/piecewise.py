"""A piecewise polynomial on cells, with the error of each cell.

What the fast sums on the line end in: a polynomial of low degree for each cell. It is
evaluated at 4 ns a query; its integral, derivatives and extrema are closed forms.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.cells import FARTHEST_CELL, row_of
from parzen.engines.certified import DOUBTFUL, Tolerance
from parzen.engines.ellipse import EPS
from parzen.jit import compile_loop
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.cells import Cells
    from parzen.engines.engine import Problem

# Queries in one block of work: their values and errors stay in the second-level cache.
BLOCK_QUERIES = 1 << 15
# Beside a cell 2^e wide, what is below 2^(e - 1000) is zero: it has underflowed soon.
VANISHING = 1000
# Units of derivatives beyond e^600 would overflow or underflow beside a sum.
MOST_LOG_UNIT = 600.0


@functools.cache
def _evaluation_loop(terms: int, several: int, alone: int) -> Any:
    """Compile the sum of one polynomial, four chains of it at a time (after Estrin).

    One piece `alone` is certified at once; of more, values and errors are added up.
    """

    def loop(
        queries: Any,
        scale: Any,
        first: Any,
        start: Any,
        coefficients: Any,
        errors: Any,
        outside: Any,
        relative: Any,
        absolute: Any,
        total: Any,
        error: Any,
    ) -> None:
        for i in range(queries.shape[0]):
            v = queries[i] * scale
            row = -1
            if abs(v) < FARTHEST_CELL:
                cell = math.floor(v)
                row = row_of(np.int64(cell), first, start, several)
            if row < 0:
                value, lost = 0.0, outside
            else:
                x = 2.0 * (v - cell) - 1.0
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
                lost = errors[row]
            if alone:
                value = max(value, 0.0)
                kept = lost * (1.0 + relative) <= absolute + relative * value
                total[i] = value if kept else DOUBTFUL
            else:
                total[i] += value
                error[i] += lost

    return compile_loop(loop)


@dataclass(frozen=True, eq=False)
class PiecewisePolynomial:
    """A polynomial in each cell, and a bound on how far it is from what it stands for.

    In the cell [k, k + 1) 2^e it is sum_j coefficients_j x^j, with x in [-1, 1] the
    place in the cell; outside the cells it is zero.

    Attributes
    ----------
    cells : Cells
    coefficients : ndarray of shape (cells, terms)
        The number of terms is a multiple of four.
    errors : ndarray of shape (cells,)
        Bound on the absolute error in each cell.
    outside : float
        The same outside the cells.
    """

    cells: Cells
    coefficients: NDArray[np.float64]
    errors: NDArray[np.float64]
    outside: float

    def add(
        self,
        q: NDArray[np.float64],
        total: NDArray[np.float64],
        error: NDArray[np.float64],
    ) -> None:
        """Add values and error bounds at q of shape (m,) to two arrays (m,)."""
        self._evaluate(q, Tolerance(1.0, 0.0), total, error, alone=False)

    def certified(
        self, q: NDArray[np.float64], tolerance: Tolerance, out: NDArray[np.float64]
    ) -> None:
        """Put the values at q of shape (m,) into out (m,), or `DOUBTFUL`."""
        self._evaluate(q, tolerance, out, out, alone=True)

    def _evaluate(
        self,
        q: NDArray[np.float64],
        tolerance: Tolerance,
        total: NDArray[np.float64],
        error: NDArray[np.float64],
        *,
        alone: bool,
    ) -> None:
        loop = _evaluation_loop(
            self.coefficients.shape[1], self.cells.several, int(alone)
        )
        loop(
            q,
            self.cells.scale,
            self.cells.first,
            self.cells.start,
            self.coefficients,
            self.errors,
            self.outside,
            tolerance.relative,
            tolerance.absolute,
            total,
            error,
        )


def incomplete_outside(piece: PiecewisePolynomial, rows: int) -> PiecewisePolynomial:
    """Say that nothing is known outside the cells, nor in so many at either end."""
    errors = piece.errors.copy()
    errors[:rows] = np.inf
    errors[-rows:] = np.inf
    return replace(piece, errors=errors, outside=math.inf)


def settled(x: NDArray[np.float64], widest: int) -> NDArray[np.float64]:
    """Return numbers (m,), zero for those that vanish beside cells 2^widest wide.

    In such cells they would underflow to zero, and lie in another one than the cell
    that holds their cell in finer ones.
    """
    small = np.abs(x) < math.ldexp(1.0, widest - VANISHING)
    return np.where(small, 0.0, x) if small.any() else x


@dataclass(frozen=True, eq=False)
class PiecewiseSum:
    """A sum of piecewise polynomials, certified query by query.

    Attributes
    ----------
    pieces : tuple of PiecewisePolynomial
        On cells of different widths.
    tolerance : Tolerance
    n_jobs : int or None
    """

    pieces: tuple[PiecewisePolynomial, ...]
    tolerance: Tolerance
    n_jobs: Any = None

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, 1): shape (m,), or `DOUBTFUL`; 4 ns a piece."""
        queries = np.ascontiguousarray(q[:, 0])
        if len(self.pieces) > 1:
            queries = settled(queries, self.pieces[-1].cells.exponent)
        total = np.zeros(len(queries))

        def task(block: int) -> None:
            some = slice(block * BLOCK_QUERIES, (block + 1) * BLOCK_QUERIES)
            if len(self.pieces) == 1:
                self.pieces[0].certified(queries[some], self.tolerance, total[some])
                return
            error = np.zeros(len(queries[some]))
            for piece in self.pieces:
                piece.add(queries[some], total[some], error)
            self.tolerance.certify(total[some], error)

        run_blocks(task, -(-len(queries) // BLOCK_QUERIES), self.n_jobs)
        return total


@dataclass(frozen=True, eq=False)
class PiecewiseDerivative:
    """A derivative as a sum of piecewise polynomials: a `Differentiated`.

    Attributes
    ----------
    pieces : tuple of PiecewisePolynomial
        On cells of different widths.
    unit : float
        What a value of one stands for: the peak over the bandwidth to the order.
    n_jobs : int or None
    """

    pieces: tuple[PiecewisePolynomial, ...]
    unit: float
    n_jobs: Any = None

    @classmethod
    def of(
        cls, problem: Problem, pieces: tuple[PiecewisePolynomial, ...], order: int
    ) -> PiecewiseDerivative | None:
        """Give pieces their unit; None where it leaves the range of floats."""
        h = float(problem.scale.widths[0])
        log = problem.kernel.log_norm(1) - (order + 1.0) * math.log(h)
        if abs(log) > MOST_LOG_UNIT:
            return None
        # factors one by one: a logarithm would round
        unit = math.exp(problem.kernel.log_norm(1)) / h
        for _ in range(order):
            unit /= h
        return cls(pieces, unit, problem.n_jobs)

    def values(
        self, q: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the derivative at q of shape (m,), and bounds (m,); 5 ns a piece."""
        queries = np.ascontiguousarray(q)
        if len(self.pieces) > 1:
            queries = settled(queries, self.pieces[-1].cells.exponent)
        total, error = np.zeros(len(queries)), np.zeros(len(queries))

        def task(block: int) -> None:
            some = slice(block * BLOCK_QUERIES, (block + 1) * BLOCK_QUERIES)
            value, lost = total[some], error[some]
            for piece in self.pieces:
                piece.add(queries[some], value, lost)
            value *= self.unit
            lost *= self.unit
            lost += 16.0 * EPS * np.abs(value)

        run_blocks(task, -(-len(queries) // BLOCK_QUERIES), self.n_jobs)
        return total, error
