from __future__ import annotations

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from parzen.engines.antiderivative import PieceMass, PiecewiseMass, cell_unit
from parzen.engines.cells import Cells
from parzen.engines.ellipse import chebyshev_nodes, interpolation_errors
from parzen.engines.engine import Problem
from parzen.engines.kernel_slopes import (
    MOST_ORDER,
    slope,
    slope_majorant,
    slope_supremum,
)
from parzen.engines.piecewise import PiecewisePolynomial
from parzen.kernels import Kernel
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOGISTIC
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference_smooth as reference

NAMES = {GAUSSIAN: "gaussian", LOGISTIC: "logistic", CAUCHY: "cauchy"}
CODES = pytest.mark.parametrize("code", NAMES, ids=NAMES.values())


@pytest.fixture
def part():
    """Two segments of cells a quarter wide, [-1, -1/4) and [2, 5/2); positive sums."""
    rng = np.random.default_rng(0)
    cells = Cells(-2, np.array([-4, 8]), np.array([0, 3, 5]))
    coefficients = 0.02 * rng.normal(size=(5, 20))
    coefficients[:, 0] = 1.0 + rng.random(5)
    piece = PiecewisePolynomial(cells, coefficients, np.full(5, 1e-9), 1e-30)
    return PieceMass(piece, 0.1)


def exact_mass(part, low, high):
    """Integrate in fractions from one number to another."""
    total = Fraction(0)
    cells = part.piece.cells
    numbers = np.concatenate([np.arange(-4, -1), np.arange(8, 10)])
    for number, row in zip(numbers, part.piece.coefficients, strict=True):
        ends = [
            min(max(2 * (4 * Fraction(float(at)) - int(number)) - 1, -1), 1)
            for at in (low, high)
        ]
        for power, c in enumerate(row):
            rise = ends[1] ** (power + 1) - ends[0] ** (power + 1)
            total += Fraction(float(c)) * rise / (power + 1)
    assert cells.exponent == -2
    return float(total * Fraction(part.unit) / 2)


def test_both_sides_are_integrals(part):
    """In cells, on their borders, in the gap, and beyond."""
    masses = PiecewiseMass((part,), 0.0)
    q = np.array(
        [-2.0, -1.0, -0.93, -0.51, -0.5, -0.2, 0.7, 2.0, 2.1, 2.4999, 2.5, 9.0]
    )
    below, above = masses.below(q)[0], masses.above(q)[0]
    np.testing.assert_allclose(
        below, [exact_mass(part, -9.0, at) for at in q], rtol=1e-14
    )
    np.testing.assert_allclose(
        above, [exact_mass(part, at, 9.0) for at in q], rtol=1e-14
    )


def test_a_mass_that_vanishes_is_relatively_exact(part):
    """At the outermost borders."""
    masses = PiecewiseMass((part,), 0.0)
    first, last = -1.0 + 2.0**-40, 2.5 - 2.0**-40
    value = masses.below(np.array([first]))[0][0]
    assert value == pytest.approx(exact_mass(part, -9.0, first), rel=1e-14)
    value = masses.above(np.array([last]))[0][0]
    assert value == pytest.approx(exact_mass(part, last, 9.0), rel=1e-14)


def test_errors_of_cells_add_up_from_either_side(part):
    """And the mass that is neglected counts once."""
    masses = PiecewiseMass((part,), 1e-20)
    q = np.array([-2.0, -0.8, 0.0, 2.3, 9.0])
    cell = 0.1 * 1e-9
    np.testing.assert_allclose(
        masses.below(q)[1], 1e-20 + cell * np.array([0, 1, 3, 5, 5]), rtol=1e-4
    )
    np.testing.assert_allclose(
        masses.above(q)[1], 1e-20 + cell * np.array([5, 5, 2, 1, 0]), rtol=1e-4
    )


def test_nothing_is_known_outside_cells_that_are_incomplete(part):
    """Inside, masses beyond are added."""
    inner = PieceMass(part.piece, part.unit, np.inf)
    masses = PiecewiseMass((inner,), 0.0, (0.1, 0.2))
    q = np.array([-1e300, -1.01, -0.9, 0.0, 2.4, 2.5, 1e300])
    known = [False, False, True, True, True, False, False]
    for values, errors in (masses.below(q), masses.above(q)):
        assert np.isfinite(errors).tolist() == known
        assert np.isfinite(values).all()
    assert masses.below(np.array([-0.99]))[0] > 0.1
    assert masses.above(np.array([2.49]))[0] > 0.2


def test_a_gap_holds_the_mass_so_far(part):
    """The same everywhere in it."""
    masses = PiecewiseMass((part,), 0.0)
    q = np.array([-0.25, 0.0, 1.99])
    assert len(set(masses.below(q)[0])) == 1
    assert len(set(masses.above(q)[0])) == 1


def test_quantiles_cross_a_gap(part):
    """None lies in it; each has its mass."""
    total = part.before[0][-1]
    scaled = PieceMass(part.piece, part.unit / total)
    masses = PiecewiseMass((scaled,), 0.0)
    p = np.linspace(1e-6, 1.0 - 1e-6, 999)
    for upper, answer in ((False, masses.below), (True, masses.above)):
        certain = masses.quantile(p, upper)
        # errors of 1e-10 leave large masses certain, and no others
        assert (np.isfinite(certain) == (p > 0.2)).mean() > 0.7
        q = certain[np.isfinite(certain)]
        np.testing.assert_allclose(answer(q)[0], p[np.isfinite(certain)], rtol=1e-14)
        assert not ((q > -0.25) & (q < 2.0)).any()


def test_a_cell_has_the_mass_of_its_width():
    """At any scale."""
    for h in (0.3, 1.0, 1e-300, 1e300):
        problem = Problem(Sample.of(np.zeros(3)), Kernel(), Scale(h, 1))
        exponent = np.frexp(h)[1]
        peak = 1.0 / np.sqrt(2.0 * np.pi)
        expected = peak * np.ldexp(1.0 / np.frexp(h)[0], 0)
        assert cell_unit(problem, int(exponent)) == pytest.approx(expected, rel=1e-15)


@CODES
def test_slopes_are_derivatives_of_the_kernel(code):
    """To the rounding that the majorant says."""
    kernel = Kernel(NAMES[code])
    u = np.array([-7.0, -1.3, -0.2, 0.0, 0.4, 2.0, 9.0])
    for order in range(MOST_ORDER + 1):
        values = kernel.pdf(np.zeros(1)) * slope(code, order, u)
        with mp.workdps(reference.DIGITS):
            exact = [float(reference.derivative(NAMES[code], order, at)) for at in u]
        size = kernel.pdf(u[:, None]) * slope_majorant(code, order, abs(u), abs(u))
        assert (np.abs(values - exact) <= 1e-14 * size).all()


@CODES
def test_the_largest_slope_on_a_cell_is_bounded(code):
    """By no more than three times itself around the centre."""
    near = np.array([0.0, 0.7, 2.0, 5.0])
    far = near + 1.0
    u = near[:, None] + np.linspace(0.0, 1.0, 1001)
    for order in (1, 2, 5, 8):
        largest = np.abs(slope(code, order, u)).max(axis=1)
        bound = slope_supremum(code, order, near, far)
        assert (largest <= bound).all()
        assert order > 2 or bound[0] <= 3.0 * largest[0]


@CODES
@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("terms", [8, 12])
def test_errors_of_interpolated_slopes_are_bounded(code, order, terms):
    """For any place of the centre, and any width in the range."""
    wide = 0.5
    bounds = interpolation_errors(code, terms, 6, 0.5 * wide, wide, order=order)
    nodes, x = chebyshev_nodes(terms), np.linspace(-1.0, 1.0, 41)
    largest = slope_supremum(code, order, np.zeros(1), np.ones(1))[0]
    for width in (0.5 * wide, wide):
        for cells in range(7):
            for place in (-0.5, 0.0, 0.5):
                centre = cells + place
                exact = slope(code, order, (centre + 0.5 * x) * width)
                fitted = np.polynomial.chebyshev.chebfit(
                    nodes, slope(code, order, (centre + 0.5 * nodes) * width), terms - 1
                )
                error = np.abs(np.polynomial.chebyshev.chebval(x, fitted) - exact)
                assert error.max() <= bounds[cells] + 1e-13 * largest
    assert bounds[0] <= 100.0 * largest
