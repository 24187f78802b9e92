"""Fast Gauss transform on the line: moments of cells to polynomials on cells.

Cells are half a bandwidth to one bandwidth wide. The points of a cell are summed up by
`terms` Chebyshev moments, sum_i w_i T_k(y_i), which replace them exactly for every
polynomial of that length. A matrix for each distance of two cells, the kernel expanded
in both places, turns moments into the polynomial of a cell nearby; cells farther than
`reach` contribute less than the error and are left out. What this loses is known before
(`ellipse`), cell by cell in proportion to the mass that contributes, and `certified`
compares it with the sum itself. So the error is relative even in gaps and tails: the
polynomial answers within some five bandwidths of the data, the exact engine beyond.

After Greengard & Strain (1991), doi:10.1137/0912004, whose expansions are about cells
too; interpolation in place of Hermite series halves the terms and gives polynomials.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from parzen.engines.antiderivative import RELATIVE, mass_of_complete
from parzen.engines.cells import Cells, row_of
from parzen.engines.certified import CertifiedEngine
from parzen.engines.ellipse import (
    EPS,
    basis_rounding,
    chebyshev_nodes,
    interpolation_errors,
    lebesgue,
    to_chebyshev,
    to_monomials,
)
from parzen.engines.kernel_slopes import (
    MOST_ORDER,
    slope,
    slope_majorant,
    slope_supremum,
)
from parzen.engines.piecewise import (
    PiecewiseDerivative,
    PiecewisePolynomial,
    PiecewiseSum,
)
from parzen.jit import compile_loop
from parzen.kernels.profiles import GAUSSIAN
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.antiderivative import PiecewiseMass
    from parzen.engines.engine import Problem

TERMS = (4, 8, 12, 16, 20)
# Points in one block of work: some 0.5 ms; and rows of moments that one product takes.
BLOCK_POINTS = 1 << 16
BLOCK_ROWS = 1 << 10
# Bandwidths from the nearest point up to which the tails are to be certified; those of
# masses and derivatives.
COVERED = 3.0
COVERED_TAILS = 5.0
# Measured on one core, AVX-512: seconds a call, a point and term, a query and term, and
# a multiplication of the matrices.
SECONDS_A_CALL = 1.3e-3
SECONDS_A_MOMENT = 8e-10
SECONDS_A_COEFFICIENT = 4e-10
SECONDS_A_PRODUCT = 3e-10


@functools.cache
def _moments_loop(terms: int, weighted: int, several: int) -> Any:
    """Compile the Chebyshev moments of the points of each cell."""

    def loop(
        points: Any,
        weights: Any,
        scale: Any,
        first: Any,
        start: Any,
        moments: Any,
    ) -> None:
        for i in range(points.shape[0]):
            v = points[i] * scale
            cell = math.floor(v)
            row = row_of(np.int64(cell), first, start, several)
            # never so; but no store shall depend on arithmetic of floats
            if row >= 0:
                some = moments[row]
                y = 2.0 * (v - cell) - 1.0
                before = weights[i] if weighted else 1.0
                last = before * y
                some[0] += before
                some[1] += last
                for k in range(2, terms):
                    before, last = last, 2.0 * y * last - before
                    some[k] += last

    return compile_loop(loop)


@dataclass(frozen=True)
class Expansion:
    """How many terms, how far, on cells how wide.

    Attributes
    ----------
    exponent : int
        Cells are 2^exponent wide.
    width : float
        Width of a cell in bandwidths, in (1/2, 1].
    terms, reach : int
        Terms of the expansions, and cells on each side that contribute.
    """

    exponent: int
    width: float
    terms: int
    reach: int

    @classmethod
    def of(
        cls, problem: Problem, relative: float, covered: float = COVERED
    ) -> Expansion:
        """Take the fewest terms that certify so many bandwidths beyond the data."""
        h = float(problem.scale.widths[0])
        # frexp gives a mantissa in [1/2, 1); a bandwidth that is a power of two fits
        mantissa, exponent = math.frexp(h)
        width = 0.5 / mantissa
        far = math.ceil(covered / width)
        least = math.exp(-0.5 * ((far + 1) * width) ** 2)
        for terms in TERMS:
            errors = _truncation(terms, width, far)
            within = 2.0 * errors.sum() * width
            if errors[far] <= relative * least and within <= 0.1 * relative:
                break
        # the neglected mass against the smallest sum to be certified, a point's own
        smallest = 0.5 * (covered + 1.0) ** 2 + math.log(problem.sample.n)
        reach = math.sqrt(2.0 * (smallest - math.log(0.1 * relative)))
        return cls(exponent - 1, width, terms, math.ceil(reach / width))

    @classmethod
    def finest(cls, problem: Problem) -> Expansion:
        """Take all terms: masses are subtracted, derivatives lose digits."""
        expansion = cls.of(problem, RELATIVE, COVERED_TAILS)
        return replace(expansion, terms=TERMS[-1])

    def matrices(self, order: int = 0) -> NDArray[np.float64]:
        """Matrices from moments to coefficients, shape (2 reach + 1, terms, terms).

        The first index is the distance from source to target, plus reach; then the
        Chebyshev moment, then the power of x. Of the kernel, or of its derivative.
        """
        nodes = chebyshev_nodes(self.terms)
        apart = 2.0 * np.arange(-self.reach, self.reach + 1)[:, None, None]
        u = 0.5 * self.width * (apart + nodes[:, None] - nodes)
        basis = to_chebyshev(self.terms)
        values = slope(GAUSSIAN, order, u) if order else np.exp(-0.5 * u * u)
        # two coefficients of T for each distance, then powers of x for the target
        expanded = basis @ values @ basis.T
        return np.ascontiguousarray(
            (to_monomials(self.terms) @ expanded).transpose(0, 2, 1)
        )

    def errors(
        self, matrices: NDArray[np.float64], points: int, order: int = 0
    ) -> NDArray[np.float64]:
        """Bound the error a unit of mass brings, by distance, shape (2 reach + 1,).

        Truncation of both expansions, and rounding: of sums of so many `points` in a
        cell, of moments and products, and of the matrices.
        """
        distance = np.abs(np.arange(-self.reach, self.reach + 1))
        truncation = _truncation(self.terms, self.width, self.reach, order)[distance]
        sizes = np.abs(matrices).sum(axis=(1, 2))
        # the recurrence for T_k rounds by k^2 half units near the ends of a cell
        steps = points + self.terms**2 + (2 * self.reach + 3) * self.terms
        ends = np.maximum(distance - 1, 0) * self.width, (distance + 1) * self.width
        near = np.exp(-0.5 * ends[0] ** 2)
        rounding = 0.5 * EPS * steps * sizes
        if order:  # cancellation within the polynomial before the kernel
            lost = lebesgue(self.terms) ** 2 * EPS * near
            lost *= 2.0 * order + 8.0 + 2.0 * ends[1] ** 2
            rounding += lost * slope_majorant(GAUSSIAN, order, *ends)
            near = slope_supremum(GAUSSIAN, order, *ends)
        rounding += 2.0 * basis_rounding(self.terms) * near
        return np.asarray(truncation + rounding)


def _truncation(
    terms: int, width: float, count: int, order: int = 0
) -> NDArray[np.float64]:
    """Bound the error of both expansions of a point 0, ..., count cells away."""
    # rounded to sixteenths, so that the next bandwidth finds the bounds in the cache
    narrow, wide = math.floor(16.0 * width) / 16.0, math.ceil(16.0 * width) / 16.0
    errors = interpolation_errors(GAUSSIAN, terms, count, narrow, wide, order=order)
    return (1.0 + lebesgue(terms)) * errors


class GaussTransformEngine(CertifiedEngine):
    """Expand, translate, evaluate: O(n + m) for a Gaussian of one width, d = 1."""

    name: ClassVar[str] = "gauss_transform"

    def refusal(self, problem: Problem) -> str | None:
        """Refuse other kernels, d > 1, and cells that hold next to no points."""
        if problem.sample.d > 1:
            return f"it serves one dimension; the data have {problem.sample.d}"
        if problem.kernel.code != GAUSSIAN:
            return f"it serves the Gaussian kernel, not {problem.kernel.name}"
        if problem.local is not None:
            return "it serves one bandwidth for all points"
        return _cells_refusal(problem, _cells(problem, self._expansion(problem)))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add moments, translations and evaluations."""
        expansion = self._expansion(problem)
        rows = _cells(problem, expansion).count
        products = rows * (2 * expansion.reach + 1) * expansion.terms**2
        each = problem.sample.n * SECONDS_A_MOMENT + n_queries * SECONDS_A_COEFFICIENT
        return SECONDS_A_CALL + expansion.terms * each + products * SECONDS_A_PRODUCT

    def approximate(self, problem: Problem) -> PiecewiseSum:
        """Make the polynomials of all cells."""
        tolerance = self.tolerance(problem)
        expansion = Expansion.of(problem, tolerance.relative)
        piece = transform(problem, expansion, _cells(problem, expansion))
        return PiecewiseSum((piece,), tolerance, problem.n_jobs)

    def cumulative(self, problem: Problem) -> PiecewiseMass | None:
        """Integrate the polynomials of all cells."""
        expansion = Expansion.finest(problem)
        cells = _cells(problem, expansion)
        if _cells_refusal(problem, cells):
            return None
        piece = transform(problem, expansion, cells)
        tails = problem.kernel.cdf(-expansion.reach * expansion.width)
        return mass_of_complete(problem, (piece,), 2.0 * float(tails))

    def differentiated(
        self, problem: Problem, order: int
    ) -> PiecewiseDerivative | None:
        """Expand the derivative of the kernel in place of the kernel."""
        expansion = Expansion.finest(problem)
        cells = _cells(problem, expansion)
        if not 0 < order <= MOST_ORDER or _cells_refusal(problem, cells):
            return None
        piece = transform(problem, expansion, cells, order)
        return PiecewiseDerivative.of(problem, (piece,), order)

    def _expansion(self, problem: Problem) -> Expansion:
        return Expansion.of(problem, self.tolerance(problem).relative)


def _cells(problem: Problem, expansion: Expansion) -> Cells:
    """Lay cells around the data, as far as they reach."""
    sample = problem.sample
    ends = float(sample.lower[0]), float(sample.upper[0])
    x = sample.points[:, 0]
    return Cells.around(x, expansion.exponent, expansion.reach, ends)


def _cells_refusal(problem: Problem, cells: Cells) -> str | None:
    """Say why cells cannot serve, if so."""
    if not cells.count:
        return "the data lie too many bandwidths from zero to tell them apart"
    most = max(1 << 12, problem.sample.n // 4)
    if cells.count > most:
        return (
            f"the bandwidth is so narrow that {cells.count:,} cells would serve "
            f"{problem.sample.n:,} points"
        )
    return None


def transform(
    problem: Problem, expansion: Expansion, cells: Cells, order: int = 0
) -> PiecewisePolynomial:
    """Turn points into polynomials on the cells within their reach.

    Of the sum of kernels, or of their derivatives of an `order`.
    """
    moments, longest = _moments(problem, expansion, cells)
    matrices = expansion.matrices(order)
    errors = expansion.errors(matrices, longest, order)
    reach, terms = expansion.reach, expansion.terms
    rows = cells.count
    padded = np.zeros((rows + 2 * reach, terms))
    padded[reach : rows + reach] = moments
    # the row of a target sees sources from `reach` below it to `reach` above
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    # source below target: positive distance, so the window runs backwards
    matrix = matrices[::-1].transpose(1, 0, 2).reshape(-1, terms)
    coefficients = np.empty((rows, terms))

    def task(block: int) -> None:
        some = slice(block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS)
        seen = windows[some].reshape(-1, terms * (2 * reach + 1))
        np.matmul(seen, matrix, out=coefficients[some])

    run_blocks(task, -(-rows // BLOCK_ROWS), problem.n_jobs)
    edge = reach * expansion.width
    lost = math.exp(-0.5 * edge * edge)
    if order:  # falls from there on: the edge is beyond the root of the order
        lost *= float(slope_majorant(GAUSSIAN, order, edge, edge))
    bounds = np.convolve(moments[:, 0], errors, "same") + lost
    return PiecewisePolynomial(cells, coefficients, bounds, lost)


def _moments(
    problem: Problem, expansion: Expansion, cells: Cells
) -> tuple[NDArray[np.float64], int]:
    """Sum the moments of each cell (cells, terms); say how many terms a sum may have.

    Blocks of points have moments of their own, added in order, while these take no more
    memory than the points.
    """
    x, weights = problem.sample.points[:, 0], problem.sample.weights
    n = len(x)
    blocks = max(1, min(n // BLOCK_POINTS, n // (cells.count * expansion.terms)))
    size = -(-n // blocks)
    parts = np.zeros((blocks, cells.count, expansion.terms))
    weighted = int(weights is not None)
    loop = _moments_loop(expansion.terms, weighted, cells.several)

    def task(block: int) -> None:
        some = slice(block * size, (block + 1) * size)
        share = parts[block, 0] if weights is None else weights[some]
        loop(x[some], share, cells.scale, cells.first, cells.start, parts[block])

    run_blocks(task, blocks, problem.n_jobs)
    moments = parts.sum(axis=0)
    if weights is None:
        moments /= n
    return moments, size + blocks
