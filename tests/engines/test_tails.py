"""Log densities in the farthest tail, where sums of densities are all zero."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.neighbors import KernelDensity as ScikitKernelDensity

import parzen
from parzen import Kernel
from parzen.engines import direct
from tests import reference

# Without compilation (for coverage) the loops run in Python, which warns of what
# machine code does in silence: a square that is infinite.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

FAR = (1e1, 1e2, 1e4, 1e8, 1e150, 1e200)
# The contract for logarithms: the stated relative error of a density.
RTOL = 1e-8


def unit_vectors(rng, m, d):
    """Directions on the sphere, shape (m, d)."""
    z = rng.normal(size=(m, d))
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def as_double(logs):
    """Round to double; beyond its range a log density is -inf."""
    with np.errstate(over="ignore"):
        return np.asarray(logs, dtype=float)


@pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
@pytest.mark.parametrize("product", [False, True], ids=["radial", "product"])
@pytest.mark.parametrize("name", reference.UNBOUNDED)
def test_tail_is_right_as_far_as_logarithms_reach(
    monkeypatch, rng, name, product, pairs
):
    """Log densities are right to 1e-8 from 10 to 1e200 bandwidths away, d = 1..20."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    kernel = Kernel(name, product=product)
    # the compiled Cauchy loop is one for each d, so it gets the fewest
    dimensions = (1, 3, 20) if name == "cauchy" else (1, 2, 5, 10, 20)
    for d, weighted in itertools.product(dimensions, (False, True)):
        x = rng.normal(size=(40, d))
        weights = 10.0 ** rng.uniform(-15, 0, 40) if weighted else None
        density = parzen.kde(
            x, weights=weights, kernel=kernel, bandwidth=0.5, method="direct"
        )
        for far in FAR:
            q = x[:6] + 0.5 * far * unit_vectors(rng, 6, d)
            exact = as_double(
                reference.log_density(x, q, 0.5, name, product=product, weights=weights)
            )
            got = density.logpdf(q)
            where = f"{far:g} bandwidths away in {d} dimensions"
            np.testing.assert_allclose(got, exact, rtol=RTOL, err_msg=where)


@pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
@pytest.mark.parametrize("name", ["exponential", "logistic", "cauchy"])
def test_point_beyond_the_range_of_squares_weighs_nothing(monkeypatch, name, pairs):
    """A point 1e200 bandwidths off changes nothing beside one 1e150 off."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    x = np.array([1e150, 1e200, -1e200])
    density = parzen.kde(x, kernel=name, bandwidth=1.0, method="direct")
    exact = as_double(reference.log_density(x, [0.0, 5.0], 1.0, name))
    np.testing.assert_allclose(density.logpdf([0.0, 5.0]), exact, rtol=1e-12)


@pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_query_at_the_end_of_the_floats(monkeypatch, name, pairs):
    """Queries 1e308 bandwidths away, or infinite, are like any other: no warning."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    x = np.array([0.0, 1.0, 3.0])
    density = parzen.kde(x, kernel=name, bandwidth=1e-20, method="direct")
    q = np.array([1e250, -1e288, np.inf, -np.inf])
    exact = as_double(reference.log_density(x, q[:2], 1e-20, name))
    np.testing.assert_allclose(density.logpdf(q)[:2], exact, rtol=RTOL)
    assert (density.logpdf(q)[2:] == -np.inf).all()
    assert (density.pdf(q) == 0.0).all()


@pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_tiny_weights_keep_their_logarithm(monkeypatch, name, pairs):
    """Where only points of weight 1e-300 reach, the log density is still right."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    x = np.arange(12.0) * 100
    weights = np.where(np.arange(12) % 2, 1.0, 1e-300)
    q = x + 0.75
    density = parzen.kde(
        x, weights=weights, kernel=name, bandwidth=1.0, method="direct"
    )
    exact = as_double(reference.log_density(x, q, 1.0, name, weights=weights))
    np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-11)


@pytest.mark.parametrize("kind", ["widths", "matrix"])
@pytest.mark.parametrize("name", ["gaussian", "exponential", "cauchy"])
def test_tail_under_any_bandwidth(rng, name, kind):
    """Widths and covariance matrices keep the tail as a single width does."""
    x = rng.normal(size=(30, 4))
    h = 0.5 + rng.random(4)
    if kind == "matrix":
        h = np.diag(h) + 0.2
    density = parzen.kde(x, kernel=name, bandwidth=h, method="direct")
    for far in FAR:
        q = far * unit_vectors(rng, 5, 4)
        exact = as_double(reference.log_density(x, q, h, name))
        np.testing.assert_allclose(density.logpdf(q), exact, rtol=RTOL)


@pytest.fixture(scope="module")
def digits():
    """The digits in 15 principal components: 1437 to fit, 360 to score."""
    images = load_digits().data
    z = PCA(n_components=15, svd_solver="full").fit_transform(images)
    return z[:1437], z[1437:]


@pytest.mark.peers
def test_digits_are_right_where_scikit_learn_is_hundreds_of_nats_off(digits):
    """At h = 1 the tree of scikit-learn loses the tail; the direct sum does not."""
    train, test = digits
    exact = as_double(reference.log_density(train, test, 1.0))
    peer = ScikitKernelDensity(bandwidth=1.0).fit(train).score_samples(test)
    wrong = np.abs(peer - exact)
    assert wrong.max() > 100  # nats
    assert np.mean(wrong > 1e-6) > 0.2

    got = parzen.KernelDensity(bandwidth=1.0).fit(train).score_samples(test)
    np.testing.assert_allclose(got, exact, rtol=RTOL)


@pytest.mark.parametrize("h", [0.1, 0.5, 1.0, 3.79269019073225, 10.0])
def test_digits_are_right_over_the_whole_search(digits, h):
    """Every bandwidth of the digits search is right to 1e-12, alone and in sum."""
    train, test = digits
    exact = as_double(reference.log_density(train, test[::6], h))
    model = parzen.KernelDensity(bandwidth=h).fit(train)
    np.testing.assert_allclose(model.score_samples(test[::6]), exact, rtol=1e-12)
    assert model.score(test[::6]) == pytest.approx(exact.sum(), rel=1e-12)
