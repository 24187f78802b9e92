"""One bandwidth for each point: kernels added up on the Chebyshev nodes of cells.

Points are sorted into levels by their bandwidth; a level has cells of one width, half a
bandwidth to one of its points. Each point adds its kernel to the nodes of the cells
within its reach; values on nodes become polynomials, and a query adds up one polynomial
a level. A kernel whose tails never end (Cauchy) is smooth far out: there its points add
to the wider cells of coarser levels, a few cells each.

The error of interpolation is known from where the kernel has its poles (`ellipse`). It
is added up cell by cell in proportion to the mass that contributes, and `certified`
compares it with the sum itself, so that it is relative in gaps and tails, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from parzen.engines.antiderivative import (
    RELATIVE,
    mass_of_complete,
    mass_of_inner,
)
from parzen.engines.cells import Cells
from parzen.engines.certified import CertifiedEngine
from parzen.engines.ellipse import (
    EPS,
    MODULUS,
    basis_rounding,
    interpolation_errors,
    lebesgue,
)
from parzen.engines.kernel_slopes import MOST_ORDER, slope_majorant, slope_supremum
from parzen.engines.node_sums import NodeSums, Reach
from parzen.engines.piecewise import (
    PiecewiseDerivative,
    PiecewisePolynomial,
    PiecewiseSum,
    incomplete_outside,
    settled,
)
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOGISTIC, decay, factor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parzen.engines.antiderivative import PiecewiseMass
    from parzen.engines.engine import Problem

TERMS = (8, 12, 16, 20)
# Cells a bandwidth, at most: poles at a distance of one bandwidth ask for two.
FINENESS = {GAUSSIAN: 1, LOGISTIC: 1, CAUCHY: 2}
# Kernels whose tails go on from level to level, and how many parents on each side of a
# point's own belong to one level.
ENDLESS = (CAUCHY,)
PARENTS = 2
# Bandwidths from the nearest point up to which the tails are to be certified; those of
# masses and derivatives.
COVERED = 3.0
COVERED_TAILS = 5.0
# Bandwidths farther apart than this are left to the exact engine.
WIDEST_RATIO = 1e15
# Measured on one core, AVX-512: seconds a call, a kernel value, a query and term.
SECONDS_A_CALL = 1e-3
SECONDS_A_VALUE = {GAUSSIAN: 8e-10, LOGISTIC: 2.2e-9, CAUCHY: 1.5e-9}
SECONDS_A_COEFFICIENT = 4e-10


@dataclass(frozen=True)
class Expansion:
    """How many terms a cell has, and how far kernels reach, in bandwidths."""

    code: int
    terms: int
    reach: float

    @classmethod
    def of(
        cls, problem: Problem, relative: float, covered: float = COVERED
    ) -> Expansion:
        """Take the fewest terms that certify so many bandwidths beyond the data."""
        code = int(problem.kernel.code or 0)
        fine = FINENESS[code]
        for terms in TERMS:
            keeps = True
            for width in (0.5 / fine, 0.75 / fine, 1.0 / fine):
                far = math.ceil(covered / width)
                errors = interpolation_errors(code, terms, far, width, width)
                least = _profile(code, (far + 1) * width)
                keeps = keeps and errors[0] <= 0.01 * relative
                keeps = keeps and errors[far] <= 0.1 * relative * least
            if keeps:
                break
        # what is neglected against the smallest sum to be certified, a point's own
        sizes = math.log(problem.sample.n) + math.log(
            problem.widest / problem.narrowest
        )
        lost = (
            math.log(_profile(code, covered + 1.0)) - sizes + math.log(0.1 * relative)
        )
        reach = math.sqrt(-2.0 * lost) if code == GAUSSIAN else math.log(4.0) - lost
        return cls(code, terms, math.inf if code in ENDLESS else reach)

    @property
    def margin(self) -> int:
        """Cells on each side that a point may add to."""
        if self.code in ENDLESS:
            return 2 * PARENTS + 1
        return math.ceil(2.0 * FINENESS[self.code] * self.reach)

    def lost(self, order: int) -> float:
        """Bound on a kernel, or its derivative of an order, beyond its reach."""
        if self.code in ENDLESS:
            return 0.0
        lost = float(_profile(self.code, self.reach))
        # falls from there on: the reach is beyond the root of the order
        if order:
            lost *= float(slope_majorant(self.code, order, self.reach, self.reach))
        return lost

    def table(self, coarser: int, addends: int, order: int) -> NDArray[np.float64]:
        """Bound the error of a kernel of height one, by cells, (2 margin + 1,).

        Of its derivative, where the order is positive; so many levels `coarser` than
        its own. Interpolation; rounding of values at the
        nodes, of sums of so many `addends`, and of the change to powers of x.
        """
        wide = 2.0**coarser / FINENESS[self.code]
        cells = np.arange(self.margin + 1)
        errors = interpolation_errors(
            self.code, self.terms, self.margin, 0.5 * wide, wide, order=order
        )
        near = 0.5 * wide * np.maximum(cells - 1, 0)
        # values at nodes round with their exponent, sums with the number of addends
        far = (wide * (cells + 1.0)) ** 2 if self.code == GAUSSIAN else wide * cells
        rounding = lebesgue(self.terms) * (addends + 16.0 + 2.0 * far) * EPS
        rounding += basis_rounding(self.terms)
        size = _profile(self.code, near)
        if order:  # cancellation within the polynomial before the kernel
            ends = near, np.asarray(wide * (cells + 1.0))
            lost = lebesgue(self.terms) * (2.0 * order + 8.0 + 2.0 * far) * EPS
            errors = errors + lost * size * slope_majorant(self.code, order, *ends)
            size = slope_supremum(self.code, order, *ends)
        one_side = errors + rounding * size
        return np.concatenate([one_side[:0:-1], one_side])


def _profile(code: int, u: Any) -> Any:
    """Return phi(u)."""
    return np.exp2(decay(code, u * u, 1)) * factor(code, u * u)


@dataclass(frozen=True, eq=False)
class Level:
    """Points that add to cells of one width.

    Attributes
    ----------
    exponent : int
        The cells are 2^exponent wide.
    points : dict of int to ndarray of shape (k,), or slice
        Which points; 0: whose own cells these are, j: whose own cells are 2^j times
        narrower, and whose tails go on here.
    ends : tuple of float
        The least and the largest of them.
    last : bool
        Whether no cells are wider.
    """

    exponent: int
    points: dict[int, Any]
    ends: tuple[float, float]
    last: bool

    def cells(self, x: NDArray[np.float64], margin: int) -> Cells:
        """Lay cells around the points among all (n,)."""
        if len(self.points) == 1:
            (x,) = (x[some] for some in self.points.values())
        return Cells.around(x, self.exponent, margin, self.ends)


def _exponents(problem: Problem, code: int) -> Any:
    """Return the exponents of the points' own cells: (n,), or one for all."""
    h = problem.scale.widths[0] * (1.0 if problem.local is None else problem.local)
    return np.frexp(h)[1] - 1 - int(math.log2(FINENESS[code]))


def _levels(problem: Problem, code: int) -> list[Level]:
    """Sort the points by the width of their cells, narrow ones first."""
    sample = problem.sample
    x, ends = sample.points[:, 0], (float(sample.lower[0]), float(sample.upper[0]))
    exponents = _exponents(problem, code)
    own: dict[int, Any] = (
        {int(exponents): slice(None)}
        if np.ndim(exponents) == 0
        else {int(e): np.flatnonzero(exponents == e) for e in np.unique(exponents)}
    )
    if code not in ENDLESS:
        least = {e: x[some].min() for e, some in own.items()} if len(own) > 1 else {}
        most = {e: x[some].max() for e, some in own.items()} if len(own) > 1 else {}
        return [
            Level(
                e,
                {0: some},
                (least.get(e, ends[0]), most.get(e, ends[1])),
                e == max(own),
            )
            for e, some in own.items()
        ]
    span = ends[1] - ends[0]
    last = max(*own, math.frexp(span)[1]) if span > 0 else max(own)
    return [
        Level(e, {e - k: some for k, some in own.items() if k <= e}, ends, e == last)
        for e in range(min(own), last + 1)
    ]


class ChebyshevEngine(CertifiedEngine):
    """Add kernels up on Chebyshev nodes: smooth kernels of any width each, d = 1.

    Gaussian, logistic and Cauchy; O(n + m) for bandwidths of one magnitude, and a
    factor for each octave of them.
    """

    name: ClassVar[str] = "chebyshev"

    def refusal(self, problem: Problem) -> str | None:
        """Refuse kernels with kinks, d > 1, and cells that hold next to no points."""
        if problem.sample.d > 1:
            return f"it serves one dimension; the data have {problem.sample.d}"
        if problem.kernel.code not in MODULUS:
            return f"it serves smooth kernels, not {problem.kernel.name}"
        if problem.widest / problem.narrowest > WIDEST_RATIO:
            return "the bandwidths differ by too much"
        return _cells_refusal(problem, self._expansion(problem))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add the kernel values at nodes, and the polynomials of all levels."""
        expansion = self._expansion(problem)
        octaves = math.log2(problem.widest / problem.narrowest) + 1.0
        cells = 1.5 * expansion.margin + 1.0
        if expansion.code in ENDLESS:
            span = float((problem.sample.upper - problem.sample.lower)[0])
            width = float(problem.scale.widths[0]) * problem.narrowest
            with np.errstate(over="ignore"):
                octaves += max(0.0, math.log2(max(span / width, 1.0)))
            cells = expansion.margin * (octaves + 1.0)
        values = problem.sample.n * cells * SECONDS_A_VALUE[expansion.code]
        each = n_queries * octaves * SECONDS_A_COEFFICIENT
        return SECONDS_A_CALL + expansion.terms * (values + each)

    def approximate(self, problem: Problem) -> PiecewiseSum:
        """Make the polynomials of all levels."""
        expansion = self._expansion(problem)
        tolerance = self.tolerance(problem)
        pieces = tuple(_pieces(problem, expansion))
        return PiecewiseSum(pieces, tolerance, problem.n_jobs)

    def cumulative(self, problem: Problem) -> PiecewiseMass | None:
        """Integrate the polynomials of all levels."""
        expansion = Expansion.of(problem, RELATIVE, COVERED_TAILS)
        if _cells_refusal(problem, expansion):
            return None
        pieces = tuple(_pieces(problem, expansion))
        if expansion.code in ENDLESS:
            return mass_of_inner(problem, pieces)
        tails = float(problem.kernel.cdf(-expansion.reach))
        return mass_of_complete(problem, pieces, 2.0 * tails)

    def differentiated(
        self, problem: Problem, order: int
    ) -> PiecewiseDerivative | None:
        """Add up derivatives of kernels in place of kernels."""
        expansion = Expansion.of(problem, RELATIVE, COVERED_TAILS)
        if not 0 < order <= MOST_ORDER or _cells_refusal(problem, expansion):
            return None
        pieces = tuple(_pieces(problem, expansion, order))
        return PiecewiseDerivative.of(problem, pieces, order)

    def _expansion(self, problem: Problem) -> Expansion:
        return Expansion.of(problem, self.tolerance(problem).relative)


def _cells_refusal(problem: Problem, expansion: Expansion) -> str | None:
    """Say why cells cannot serve, if so."""
    with np.errstate(over="ignore"):
        span = float((problem.sample.upper - problem.sample.lower)[0])
    if not math.isfinite(span):
        return "the range of the data leaves the range of floats"
    count = 0
    x = problem.sample.points[:, 0]
    for level in _levels(problem, expansion.code):
        cells = level.cells(x, expansion.margin)
        if not cells.count:
            return "the data lie too many bandwidths from zero to tell them apart"
        count += cells.count
    if count > max(1 << 14, problem.sample.n // 4):
        return (
            f"the bandwidths are so narrow that {count:,} cells would serve "
            f"{problem.sample.n:,} points"
        )
    return None


def _pieces(
    problem: Problem, expansion: Expansion, order: int = 0
) -> Iterator[PiecewisePolynomial]:
    """Make the piecewise polynomial of each level; of a derivative, if of an order."""
    sample, code = problem.sample, expansion.code
    x, weights = sample.points[:, 0], sample.weights
    factors = np.ones(sample.n) if problem.local is None else problem.local
    heights = (1.0 / sample.n if weights is None else weights) / factors
    # in units of the derivative that a kernel of bandwidth one has
    if order:
        heights = heights / factors**order
    widths = problem.scale.widths[0] * factors
    levels = _levels(problem, code)
    x = settled(x, levels[-1].exponent)
    for level in levels:
        cells = level.cells(x, expansion.margin)
        addends = sum(len(x[some]) for some in level.points.values())
        values = NodeSums.zeros(cells, expansion.terms, addends)
        lost = 0.0
        for coarser, some in level.points.items():
            reach = Reach(
                code,
                expansion.reach,
                expansion.table(coarser, values.steps, order),
                PARENTS if code in ENDLESS else 0,
                ring=coarser > 0,
                order=order,
            )
            inverses = math.ldexp(1.0, level.exponent) / widths[some]
            values.add(x[some], inverses, heights[some], reach, problem.n_jobs)
            lost += expansion.lost(order) * float(heights[some].sum())
        piece = values.polynomial(lost)
        if level.last and code in ENDLESS:
            # two cells hold all points: the rings are complete but for two rows at ends
            whole = cells.count <= 2 + 2 * expansion.margin
            piece = incomplete_outside(piece, 2 if whole else cells.count)
        yield piece
