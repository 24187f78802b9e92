"""The smallest, the most degenerate and the most extreme problems."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.engines import direct
from tests import reference

# diffusion serves one dimension
METHODS = ("direct", "grid", "fft", "diffusion")
each_method = pytest.mark.parametrize("method", METHODS)
each_method_and_dimension = pytest.mark.parametrize(
    ("method", "d"), [*[(m, 1) for m in METHODS], *[(m, 2) for m in METHODS[:3]]]
)
PATHS = pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])


@pytest.fixture
def path(monkeypatch, pairs):
    """Send every sum through NumPy, or none."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)


def exact_logs(*args, **kwargs):
    """The oracle, rounded to double."""
    return reference.log_density(*args, **kwargs).astype(float)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 3])
def test_single_point_is_the_kernel(name, d):
    """With n = 1 the density is the kernel around the point."""
    x = np.full((1, d), 2.0)
    q = 2.0 + 0.25 * np.arange(4)[:, None] / np.sqrt(d) * np.ones(d)
    density = parzen.kde(x, kernel=name, bandwidth=1.0)
    np.testing.assert_allclose(
        density.logpdf(q), exact_logs(x, q, 1.0, name), rtol=1e-13, atol=1e-13
    )


@each_method
def test_equal_points_are_one_point(method):
    """1e5 equal points, or a weighted few, are one point: nothing adds up wrong."""
    q = np.linspace(-3.0, 9.0, 25)
    one = parzen.kde([3.0], bandwidth=1.0, method=method, grid_size=512).pdf(q)
    many = np.full(100_000, 3.0)
    for x, weights in ((many, None), (many[:5], [1e-15, 1.0, 0.0, 7.0, 1e15])):
        density = parzen.kde(
            x, weights=weights, bandwidth=1.0, method=method, grid_size=512
        )
        # the transform's rounding is relative to the largest value
        atol = 0.0 if method == "direct" else 1e-14
        np.testing.assert_allclose(density.pdf(q), one, rtol=1e-12, atol=atol)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("h", [0.5, [0.5, 2.0, 1.0]], ids=["width", "widths"])
@pytest.mark.parametrize("method", ["auto", "direct", "grid", "fft"])
# a small grid keeps the test light, and is as coarse as it says
@pytest.mark.filterwarnings("ignore::parzen.AccuracyWarning")
def test_constant_columns_work_with_a_bandwidth_by_hand(rng, h, method):
    """A column that does not vary is a dimension like any other."""
    x = rng.normal(size=(50, 3))
    x[:, 1] = 7.0
    density = parzen.kde(
        x,
        bandwidth=h,
        method=method,
        grid_size=24 if method in ("grid", "fft") else None,
    )
    q = x[:10] + 0.1
    exact = reference.density(x, q, h)
    bound = density.decision.bound
    error = np.abs(density.pdf(q) - exact)
    assert (error <= bound.absolute + bound.relative * exact).all()


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_units_from_the_smallest_to_the_largest(rng, d, scale):
    """Log densities are right in units in which no density is a float."""
    x = rng.normal(size=(50, d)) * scale
    h = 0.5 * scale
    q = np.vstack([x[:5], x[:5] + 3 * h, x[:5] * 4])
    for name in ("gaussian", "epanechnikov", "cauchy"):
        density = parzen.kde(x, kernel=name, bandwidth=h)
        np.testing.assert_allclose(
            density.logpdf(q), exact_logs(x, q, h, name), rtol=1e-12
        )


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_rules_work_in_any_units(rng, scale):
    """A rule of thumb follows the units of 1-D data to the ends of the floats."""
    x = rng.normal(size=50)
    for rule in ("silverman", "scott", "normal_reference"):
        one = parzen.select_bandwidth(x, rule).value
        other = parzen.select_bandwidth(x * scale, rule).value
        assert other == pytest.approx(one * scale, rel=1e-12)


@pytest.mark.parametrize("d", [2, 3])
def test_density_beyond_the_largest_float_is_infinite(d):
    """Where the density is no float its logarithm is, and `pdf` says inf."""
    density = parzen.kde(np.zeros((2, d)), bandwidth=1e-200)
    q = np.zeros((1, d))
    exact = exact_logs(np.zeros((2, d)), q, 1e-200)
    np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-13)
    assert density.pdf(q) == np.inf


@each_method_and_dimension
def test_no_queries_give_no_answers(rng, method, d):
    """No queries are a shape like any other."""
    density = parzen.kde(rng.normal(size=(30, d)), method=method)
    for answer in (density.pdf(np.empty((0, d))), density.logpdf(np.empty((0, d)))):
        assert answer.shape == (0,)


@each_method
def test_shape_of_the_answer_follows_the_queries(rng, method):
    """1-D data answer a number with a number, and an array in its own shape."""
    density = parzen.kde(rng.normal(size=30), method=method)
    assert np.ndim(density.pdf(0.5)) == 0
    assert isinstance(density.pdf(0.5), float)
    assert density.pdf([]).shape == (0,)
    assert density.pdf(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    assert density.pdf([[0.5]])[0, 0] == density.pdf(0.5)


@each_method_and_dimension
def test_infinite_queries_have_no_density(rng, method, d):
    """One infinite coordinate is enough for 0 and -inf; the others are unharmed."""
    density = parzen.kde(rng.normal(size=(30, d)), method=method)
    q = np.zeros((3, d))
    q[0, 0], q[1, -1] = np.inf, -np.inf
    pdf, logpdf = density.pdf(q), density.logpdf(q)
    assert (pdf[:2] == 0.0).all()
    assert (logpdf[:2] == -np.inf).all()
    assert pdf[2] == density.pdf(np.zeros((1, d)))[0] > 0


@PATHS
@pytest.mark.usefixtures("path")
def test_weights_over_fifteen_orders_of_magnitude(rng):
    """The smallest weight counts where its point is alone."""
    x = np.array([0.0, 50.0, 100.0])
    for weights in ([1e-15, 1.0, 1e15], [1e-200, 1e-215, 1e-230]):
        for name in ("gaussian", "triweight", "logistic"):
            density = parzen.kde(x, weights=weights, kernel=name, bandwidth=1.0)
            q = x + rng.uniform(-0.9, 0.9, size=3)
            exact = exact_logs(x, q, 1.0, name, weights=weights)
            np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-12)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.COMPACT)
def test_gap_between_clusters_is_empty(name):
    """Compact kernels leave exactly nothing between clusters, and at the border."""
    density = parzen.kde([0.0, 1e6], kernel=name, bandwidth=1.0)
    q = [-1.0, 1.0, 5e5, 1e6 - 1.0, 1e6 + 1.0]
    assert (density.pdf(q) == 0.0).all()
    assert (density.logpdf(q) == -np.inf).all()
    assert (density.pdf([1.0 - 1e-9, 1e6 + 0.99]) > 0).all()
