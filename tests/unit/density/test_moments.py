"""Moments of kernel densities against the binomial theorem in many digits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from parzen import CapabilityError, kde
from parzen.density.moments import kernel_moments
from parzen.kernels import Kernel
from tests import reference_moments as exact
from tests.reference import KERNELS

LIGHT = [name for name in KERNELS if name != "cauchy"]


@pytest.mark.parametrize("kernel", LIGHT)
@pytest.mark.parametrize("local", [False, True])
def test_sums_on_the_line(rng, kernel, local):
    """Every kernel, with weights and local bandwidths."""
    x, w = rng.normal(3.0, 2.0, 7), rng.random(7)
    h = rng.uniform(0.2, 3.0, 7) if local else np.full(7, 0.7)
    density = kde(x, weights=w, kernel=kernel, bandwidth=h if local else 0.7)
    moments = density._raw_moments(6, np.array([1.5]))[:, 0]
    for order in range(7):
        expected = exact.exact_sum_moment((kernel, x, w, h), order, 1.5)
        assert moments[order] == pytest.approx(expected, rel=1e-10, abs=1e-13)


def test_offsets_cost_no_digits(rng):
    """Moments about the mean do not know where zero is."""
    x = rng.normal(size=50)
    near, far = kde(x, bandwidth=0.3), kde(x + 2.0**40, bandwidth=0.3)
    shifted = kde((x + 2.0**40) - 2.0**40, bandwidth=0.3)
    assert far.variance() == pytest.approx(shifted.variance(), rel=1e-12)
    assert far.skewness() == pytest.approx(shifted.skewness(), rel=1e-9)
    assert near.variance() == pytest.approx(np.var(x) + 0.09, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e160, 1e300])
def test_any_unit(rng, unit):
    """Squares leave the range of floats, ratios do not."""
    x = rng.normal(size=20)
    one, other = kde(x, bandwidth=0.3), kde(x * unit, bandwidth=0.3 * unit)
    assert other.mean() == pytest.approx(one.mean() * unit, rel=1e-12)
    assert other.std() == pytest.approx(one.std() * unit, rel=1e-12)
    assert other.skewness() == pytest.approx(one.skewness(), rel=1e-9)
    assert other.kurtosis() == pytest.approx(one.kurtosis(), rel=1e-9)


@pytest.mark.parametrize("kernel", LIGHT)
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("product", [False, True])
def test_second_moments_in_space(rng, kernel, d, product):
    """Covariance of the points plus that of the kernel."""
    x, w = rng.normal(size=(6, d)), rng.random(6)
    root = rng.normal(size=(d, d))
    matrix = root @ root.T + np.eye(d)
    shape = Kernel(kernel, product=product)
    density = kde(x, weights=w, kernel=shape, bandwidth=matrix)
    w = w / w.sum()
    expected = np.cov(x.T, aweights=w, bias=True) + shape.second_moment(d) * matrix
    assert density.covariance() == pytest.approx(expected, rel=1e-12)
    assert density.variance() == pytest.approx(np.diag(expected), rel=1e-12)
    assert density.mean() == pytest.approx(w @ x, rel=1e-12)


def test_fourth_moment_of_a_radial_kernel():
    """Along an axis, and of sums of two axes."""
    # u on the unit disc, uniform: E u_1^4 = 1/8
    density = kde([[0.0, 0.0]], kernel="tophat", bandwidth=[1.0, 2.0])
    assert density.moment(4) == pytest.approx([1 / 8, 2.0])
    # with a matrix and a product: z_1 and z_1 + z_2 are uniform on [-1, 1] and a sum
    matrix = np.array([[1.0, 1.0], [1.0, 2.0]])
    box = kde([[0.0, 0.0]], kernel=Kernel("tophat", product=True), bandwidth=matrix)
    assert box.moment(4) == pytest.approx([1 / 5, 1 / 5 + 1 / 5 + 6 / 9])


@pytest.mark.parametrize(
    ("kernel", "order"),
    [
        (stats.expon(), 4),
        (stats.lognorm(0.5), 4),
        (stats.t(6.5), 4),
        (stats.gamma(3), 5),
    ],
    ids=lambda v: v.dist.name if hasattr(v, "dist") else str(v),
)
def test_moments_of_distributions(kernel, order):
    """Kernels of scipy.stats have its moments."""
    expected = [float(kernel.moment(k)) for k in range(1, order + 1)]
    density = kde([0.0], kernel=kernel, bandwidth=1.0)
    moments = density._raw_moments(order, np.zeros(1))[1:, 0]
    assert moments == pytest.approx(expected, rel=1e-9, abs=1e-12)
    mean, var = kernel.stats("mv")
    assert density.mean() == pytest.approx(float(mean), abs=1e-12)
    assert density.variance() == pytest.approx(float(var))


def test_moments_that_do_not_exist():
    """Infinite or not a number, as each is."""
    cauchy = kde([1.0, 2.0], kernel="cauchy", bandwidth=1.0)
    assert math.isnan(cauchy.mean())
    assert math.isnan(cauchy.variance())
    assert cauchy.moment(2) == math.inf
    assert math.isnan(cauchy.moment(3))
    student = kde([1.0, 2.0], kernel=stats.t(2.5), bandwidth=1.0)
    assert student.mean() == pytest.approx(1.5)
    assert math.isfinite(student.variance())
    assert math.isnan(student.skewness())
    assert student.moment(4) == math.inf
    pareto = kde([0.0], kernel=stats.pareto(2.5), bandwidth=1.0)
    assert pareto.moment(3) == math.inf
    assert pareto.mean() == pytest.approx(2.5 / 1.5)
    half = kde([1.0, 2.0], kernel="cauchy", bandwidth=1.0, bounds=(0.0, None))
    assert half.moment(1) == math.inf
    box = kde([1.0, 2.0], kernel="cauchy", bandwidth=1.0, bounds=(0.0, 3.0))
    assert box.mean() == pytest.approx(1.5, rel=1e-10)
    assert kernel_moments(Kernel("cauchy"), 2, 2)[2] == math.inf


@pytest.mark.parametrize("kernel", ["gaussian", "tophat", "exponential", "logistic"])
def test_cut_on_the_line(kernel):
    """Moments within bounds, against mpmath."""
    x, h = np.array([0.2, 1.0, 2.5]), np.full(3, 0.6)
    density = kde(x, kernel=kernel, bandwidth=0.6, bounds=(0.0, 3.0))
    for order in (1, 2, 4):
        expected = exact.moment((kernel, x, np.ones(3), h), order, 1.0, 0, 3)
        moments = density._raw_moments(4, np.array([1.0]))[:, 0]
        assert moments[order] == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_lognormal_moments():
    """A mapped Gaussian has closed forms."""
    y = np.log([1.0, 2.0, 4.0])
    options = {"bandwidth": 0.8, "boundary": "transform"}
    density = kde([1.0, 2.0, 4.0], bounds=(0.0, None), **options)
    for k in (1, 2, 3, 4):
        expected = np.exp(k * y + 0.5 * (0.8 * k) ** 2).mean()
        assert density.moment(k) == pytest.approx(expected, rel=1e-9)
    mirrored = kde([-1.0, -2.0, -4.0], bounds=(None, 0.0), **options)
    assert mirrored.mean() == pytest.approx(-density.mean(), rel=1e-9)


def test_mapped_tails_too_heavy_for_a_moment():
    """An exponential of a heavy tail."""
    options = {"bounds": (0.0, None), "boundary": "transform"}
    laplace = kde([1.0, 2.0], kernel="exponential", bandwidth=0.4, **options)
    expected = np.mean([1.0, 2.0]) / (1.0 - 0.4**2)
    assert laplace.mean() == pytest.approx(expected, rel=1e-8)
    assert laplace.moment(3) == math.inf
    assert kde([1.0], kernel="cauchy", bandwidth=0.1, **options).mean() == math.inf


@pytest.mark.parametrize(
    ("boundary", "bounds"),
    [
        (None, [(0.0, 3.0), (0.0, 4.0)]),
        (None, [(-1.0, None), None]),
        ("reflect", [(0.0, 6.0), None]),
        ("periodic", [(0.0, 6.0), (0.0, 7.0)]),
        ("transform", [(0.0, None), (0.0, 9.0)]),
    ],
)
def test_bounds_in_the_plane(rng, boundary, bounds):
    """Point by point as by quadrature of the density."""
    x = rng.gamma(3.0, 0.5, (6, 2))
    density = kde(x, bandwidth=[0.3, 0.4], bounds=bounds, boundary=boundary)

    def f(q):
        first, second = q.T
        parts = [first, second, first**2, second**2, first * second]
        return np.stack(parts, axis=1)

    m = density.expect(f)
    assert density.mean() == pytest.approx(m[:2], rel=1e-6)
    expected = [[m[2], m[4]], [m[4], m[3]]] - np.outer(m[:2], m[:2])
    assert density.covariance() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert density.moment(2) == pytest.approx(m[2:4], rel=1e-6)


def test_bounds_in_the_plane_need_a_product(rng):
    """No closed form, no answer."""
    x = rng.random((5, 2))
    options = {"bounds": [(0, 1), (0, 1)], "boundary": "reflect"}
    radial = kde(x, kernel="epanechnikov", bandwidth=0.1, **options)
    with pytest.raises(CapabilityError, match="product=True"):
        radial.mean()


def test_signed_weights(rng):
    """Sums do not ask for signs."""
    x, w = rng.normal(size=8), rng.normal(1.0, 0.8, 8)
    density = kde(x, weights=w, bandwidth=0.5, signed_weights=True)
    w = w / w.sum()
    mean = w @ x
    assert density.mean() == pytest.approx(mean)
    assert density.variance() == pytest.approx(w @ (x - mean) ** 2 + 0.25)
