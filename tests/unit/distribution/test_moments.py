"""Moments, expectations and entropy as a user asks for them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from parzen import (
    AccuracyWarning,
    CapabilityError,
    DataError,
    ParzenError,
    ShapeError,
    kde,
)
from tests import reference_moments as exact
from tests.reference import KERNELS


@pytest.fixture
def density():
    """Three points."""
    return kde([1.0, 2.0, 4.0], bandwidth=0.5)


def test_shapes(density):
    """Numbers for flat data, arrays otherwise."""
    for name in ("mean", "variance", "covariance", "std", "skewness", "kurtosis"):
        assert type(getattr(density, name)()) is float
    plane = kde([[1.0, 0.0], [2.0, 3.0]], bandwidth=0.5)
    for name in ("mean", "variance", "std", "skewness", "kurtosis"):
        assert getattr(plane, name)().shape == (2,)
    assert plane.covariance().shape == (2, 2)
    column = kde([[1.0], [2.0]], bandwidth=0.5)
    assert column.mean().shape == (1,)
    assert column.covariance().shape == (1, 1)


def test_kinds(density):
    """Raw, central and standardized moments."""
    mean, std = density.mean(), density.std()
    assert density.moment() == pytest.approx(mean)
    assert density.moment(0) == 1.0
    assert density.moment(1, "central") == 0.0
    assert density.moment(2, "central") == pytest.approx(std**2)
    third = density.expect(lambda x: (x - mean) ** 3)
    assert density.moment(3, "central") == pytest.approx(third, rel=1e-9)
    assert density.moment(3, "standardized") == pytest.approx(third / std**3, rel=1e-9)
    assert density.moment(2, "standardized") == pytest.approx(1.0)
    for order in (-1, 17, 1.5):
        with pytest.raises(ParzenError, match="order"):
            density.moment(order)
    with pytest.raises(ParzenError, match="kind"):
        density.moment(2, "excess")


@pytest.mark.parametrize("kernel", KERNELS)
def test_entropy_of_one_point(kernel):
    """That of the kernel, moved by the log of its width."""
    known = {
        "gaussian": 0.5 * math.log(2.0 * math.pi * math.e),
        "tophat": math.log(2.0),
        "triangular": 0.5,
        "exponential": 1.0 + math.log(2.0),
        "logistic": 2.0,
        "cauchy": math.log(4.0 * math.pi),
    }
    expected = known.get(kernel)
    if expected is None:
        expected = exact.entropy((kernel, [0.0], [1.0], [1.0]))
    density = kde([5.0], kernel=kernel, bandwidth=3.0)
    assert density.entropy() == pytest.approx(expected + math.log(3.0), abs=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "triangular", "exponential"])
def test_entropy_of_some(kernel):
    """Against mpmath, also within bounds."""
    x, w, h = [0.0, 0.7, 3.0], [1.0, 2.0, 1.0], [0.5, 0.5, 0.5]
    density = kde(x, weights=w, kernel=kernel, bandwidth=0.5)
    assert density.entropy() == pytest.approx(
        exact.entropy((kernel, x, w, h)), abs=1e-9
    )
    cut = kde(x, weights=w, kernel=kernel, bandwidth=0.5, bounds=(0.1, 2.0))
    expected = exact.entropy((kernel, x, w, h), 0.1, 2.0)
    assert cut.entropy() == pytest.approx(expected, abs=1e-9)


def test_entropy_in_space():
    """By quadrature in the plane, by draws above."""
    one = 0.5 * math.log(2.0 * math.pi * math.e)
    plane = kde([[1.0, 2.0]], bandwidth=[0.1, 20.0])
    assert plane.entropy() == pytest.approx(2.0 * one + math.log(2.0), abs=1e-6)
    space = kde([[1.0, 2.0, 3.0]], bandwidth=2.0)
    expected = 3.0 * one + 3.0 * math.log(2.0)
    assert space.entropy(rng=0) == pytest.approx(expected, abs=0.015)
    assert space.entropy(rng=0, size=10_000) != space.entropy(rng=1, size=10_000)


def test_entropy_needs_a_distribution():
    """No logarithm of negative densities."""
    signed = kde([0.0, 1.0], weights=[2.0, -1.0], bandwidth=1.0, signed_weights=True)
    with pytest.raises(CapabilityError, match="entropy"):
        signed.entropy()


def test_expect_on_the_line(density):
    """Smooth, growing and jumping functions, and part of the line."""
    x, w = np.array([1.0, 2.0, 4.0]), np.full(3, 1 / 3)
    assert density.expect(np.cos) == pytest.approx(w @ np.cos(x) * np.exp(-0.125))
    growing = density.expect(lambda q: np.exp(5.0 * q))
    assert growing == pytest.approx(w @ np.exp(5.0 * x) * np.exp(3.125), rel=1e-9)
    jump = density.expect(lambda q: q > 1.3)
    assert jump == pytest.approx(w @ stats.norm.sf(1.3, x, 0.5), abs=1e-10)
    part = density.expect(lambda q: q**2, 0.5, 1.5)
    expected = exact.mp.quad(
        lambda q: q**2 * exact.density("gaussian", x, w, [0.5] * 3)[0](q), [0.5, 1.5]
    )
    assert part == pytest.approx(float(expected), rel=1e-10)
    assert density.expect(np.ones_like, 400.0, 500.0) == 0.0


def test_expect_several_at_once(density):
    """The answer has the shape of one value."""
    values = density.expect(lambda q: q[:, None, None] ** [[1, 2], [0, 3]])
    assert values.shape == (2, 2)
    expected = [density.moment(k) for k in (1, 2, 0, 3)]
    assert values.ravel() == pytest.approx(expected, rel=1e-9)


def test_expect_in_the_tails():
    """Integrals that diverge say so."""
    cauchy = kde([0.0], kernel="cauchy", bandwidth=1.0)
    assert cauchy.expect(lambda x: np.sqrt(np.abs(x))) == pytest.approx(math.sqrt(2.0))
    assert cauchy.expect(np.square) == math.inf
    assert math.isnan(cauchy.expect(lambda x: x))
    far = cauchy.expect(lambda x: 1.0 + 0.0 * x, 1e6, 1e9)
    assert far == pytest.approx(stats.cauchy.sf(1e6) - stats.cauchy.sf(1e9), rel=1e-8)


def test_expect_in_space(rng):
    """Products, boxes and draws."""
    x = rng.normal(size=(4, 2))
    plane = kde(x, bandwidth=0.5)
    product = plane.expect(lambda q: q[:, 0] * q[:, 1])
    assert product == pytest.approx((x[:, 0] * x[:, 1]).mean(), abs=1e-6)
    box = plane.expect(lambda q: np.ones(len(q)), [-1.0, 0.0], [0.5, np.inf])
    mass = stats.norm.cdf((0.5 - x[:, 0]) / 0.5) - stats.norm.cdf((-1 - x[:, 0]) / 0.5)
    expected = (mass * stats.norm.sf(-x[:, 1] / 0.5)).mean()
    assert box == pytest.approx(expected, abs=1e-6)
    space = kde([[1.0, 2.0, 3.0]], bandwidth=0.1)
    found = space.expect(lambda q: q, rng=0)
    assert found == pytest.approx([1.0, 2.0, 3.0], abs=0.002)


def test_expect_refuses(density):
    """What is no function of points."""
    with pytest.raises(ParzenError, match="function"):
        density.expect(3.0)
    with pytest.raises(ShapeError, match="each point"):
        density.expect(lambda x: x.sum())
    with pytest.raises(DataError, match="NaN"):
        density.expect(np.log)
    with pytest.raises(ParzenError, match="exceed"):
        density.expect(np.cos, 2.0, 1.0)
    with pytest.raises(ParzenError, match="lower"):
        density.expect(np.cos, [1.0, 2.0])


def test_far_parts_in_the_plane():
    """Two narrow clusters have the entropy of one, and a bit."""
    density = kde([[0.0, 0.0], [1e4, 1e4]], bandwidth=0.1)
    expected = math.log(2.0 * math.pi * math.e * 0.01) + math.log(2.0)
    assert density.entropy() == pytest.approx(expected, abs=1e-6)
    mean = density.expect(lambda q: q)
    assert mean == pytest.approx([5e3, 5e3], rel=1e-6)


def test_mass_that_floats_cannot_place():
    """Between neighbouring floats nothing can be integrated, and a warning says so."""
    density = kde([0.0, 1e20], bandwidth=1.0)
    with pytest.warns(AccuracyWarning, match="of the mass"):
        density.expect(np.ones_like)
    with pytest.warns(AccuracyWarning, match="of the mass"):
        density.entropy()


def test_expect_of_what_overflows():
    """An integral is infinite only if it is."""
    density = kde([0.0], bandwidth=1.0)
    found = density.expect(lambda q: np.exp(20.0 * q))
    assert found == pytest.approx(math.exp(200.0), rel=1e-9)
    both = density.expect(lambda q: np.cosh(20.0 * q))
    assert both == pytest.approx(math.exp(200.0), rel=1e-9)
    assert density.expect(lambda q: np.exp(q**2)) == math.inf
    assert density.expect(lambda q: 1.0 / q**2) == math.inf
    assert math.isnan(density.expect(lambda q: 1.0 / q))
    cauchy = kde([0.0, 0.3], kernel="cauchy", bandwidth=0.3)
    assert cauchy.expect(np.exp) == math.inf
    assert cauchy.expect(lambda q: np.exp(-q)) == math.inf


@pytest.mark.parametrize("d", [1, 2, 3])
def test_expect_of_complex_values(d):
    """A characteristic function, in any dimension."""
    density = kde(np.full((1, d), 0.7), bandwidth=0.5)
    found = density.expect(lambda q: np.exp(2j * q), rng=0)
    expected = np.exp(1.4j - 0.5)
    assert found.shape == (d,)
    assert found == pytest.approx(np.full(d, expected), abs=(1e-9, 1e-6, 0.01)[d - 1])
    flat = kde([0.7], bandwidth=0.5).expect(lambda q: np.exp(2j * q))
    assert flat == pytest.approx(expected, abs=1e-9)


def test_expect_refuses_what_is_no_number(density):
    """Strings, objects, and complex numbers here and there."""
    with pytest.raises(ParzenError, match="numbers; got str"):
        density.expect(lambda q: q.astype(str))
    with pytest.raises(ParzenError, match="numbers; got objects"):
        density.expect(lambda q: np.array([{}] * len(q)))
    with pytest.raises(ParzenError, match="complex numbers for all"):
        density.expect(np.emath.sqrt)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_wrong_seeds(d):
    """Refused wherever they are not needed, too."""
    density = kde(np.zeros((1, d)), bandwidth=1.0)
    with pytest.raises(ParzenError, match="`rng`"):
        density.entropy(rng=1.5)
    with pytest.raises(ParzenError, match="`rng`"):
        density.expect(np.cos, rng="seed")


@pytest.mark.parametrize("unit", [1e150, 1e-150, 1e300, 1e-300])
def test_any_unit(rng, unit):
    """Powers that leave the range of floats are infinite or zero, and silently so."""
    x = rng.normal(size=40)
    one = kde(x, bandwidth=0.3)
    density = kde(x * unit, bandwidth=0.3 * unit)
    assert density.expect(np.sign) == pytest.approx(one.expect(np.sign), abs=1e-9)
    with np.errstate(over="ignore", under="ignore"):
        variance = np.float64(one.variance()) * unit * unit
    assert density.variance() == pytest.approx(variance, rel=1e-9)
    assert density.std() == pytest.approx(one.std() * unit, rel=1e-9)
    fourth = density.moment(4, "central")
    assert fourth == (math.inf if unit > 1.0 else 0.0)
    assert density.moment(4) == fourth
    assert np.isfinite(density.skewness())
    plane = kde(np.column_stack([x, x]) * unit, bandwidth=0.3 * unit)
    assert plane.covariance()[0, 0] == pytest.approx(variance, rel=1e-9)


def test_slopes_that_leave_the_range(rng):
    """Infinite, with the sign of the slope."""
    x, q = rng.normal(size=40), np.linspace(-1.0, 1.0, 5)
    expected = np.sign(kde(x, bandwidth=0.3).derivative(q, 1)) * math.inf
    density = kde(x * 1e-300, bandwidth=0.3e-300)
    assert density.derivative(q * 1e-300, 1).tolist() == expected.tolist()
