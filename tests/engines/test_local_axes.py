"""A bandwidth for each point in several dimensions, against the exact oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import parzen
from parzen import CapabilityError, Kernel, LocalBandwidth
from parzen.engines import direct
from parzen.engines.tree import plan as tree_plan
from tests import reference, reference_adaptive

# Kernels with each kind of tail and edge: smooth, kinked, jumping, heavy.
SOME = ("gaussian", "tophat", "triangular", "triweight", "logistic", "cauchy")
each_product = pytest.mark.parametrize("product", [False, True], ids=["radial", "box"])


@pytest.fixture
def method(monkeypatch, path):
    """Send every sum through NumPy, compiled loops or a tree, however few the pairs."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", 1 << 40 if path == "numpy" else 0)
    monkeypatch.setattr(tree_plan.TreePlan, "_few", lambda _plan, _m: False)
    return "tree" if path == "tree" else "direct"


def make_sample(rng, name, d, decades, n=80):
    """Points, their factors, the three forms of a bandwidth, and two weightings."""
    x = rng.normal(size=(n, d))
    factors = 10.0 ** (decades * (rng.random(n) - 0.5))
    width = (2.0 if name in reference.COMPACT else 0.8) * d**0.25
    root = np.eye(d) + 0.3 * np.tril(rng.normal(size=(d, d)), -1)
    scales = (width, width * np.linspace(0.7, 1.4, d), width**2 * root @ root.T)
    weights = 10.0 ** rng.uniform(-12, 0, n)
    weights[::7] = 0.0
    return x, factors, scales, (None, weights)


def near_and_far(rng, x, factors):
    """Queries at points, and up to five of their own bandwidths away."""
    u = rng.normal(size=(20, x.shape[1]))
    moved = factors[:20, None] * u
    return np.concatenate([x[:4], x[:20] + moved, x[:20] + 5 * moved])


def check(density, q, exact, name):
    """|g - f| <= (bound) f at every query."""
    bound = density.decision.bound
    assert bound.absolute == 0.0
    assert bound.relative <= 1e-8
    exact = np.exp(exact).astype(float)
    error = np.abs(density.pdf(q) - exact)
    # a point at the very edge of a support is in or out by rounding
    edge = 1e-13 * exact.max() if name in reference.COMPACT else 0.0
    assert (error <= bound.relative * exact + edge).all()


@pytest.mark.parametrize("path", ["numpy", "compiled", "tree"])
@each_product
@pytest.mark.parametrize("name", SOME)
def test_sums(rng, name, product, method):
    """Radial and product kernels, each form of bandwidth, factors over decades."""
    kernel = Kernel(name, product=product)
    for d, decades in ((2, 0.5), (2, 4.0), (3, 1.0), (5, 1.0)):
        x, factors, scales, weightings = make_sample(rng, name, d, decades)
        q = near_and_far(rng, x, factors)
        for scale, weights in zip(scales, (*weightings, weightings[1]), strict=True):
            h = LocalBandwidth(scale, factors)
            density = parzen.kde(
                x, weights=weights, kernel=kernel, bandwidth=h, method=method
            )
            exact = reference_adaptive.local_log_density(
                x, q, scale, factors, name, product=product, weights=weights
            )
            check(density, q, exact, name)


@pytest.mark.parametrize("path", ["numpy", "compiled", "tree"])
@pytest.mark.parametrize("name", reference.UNBOUNDED)
def test_far_tails(rng, name, method):
    """Log densities are right to 1e-8 from 10 to 1e200 bandwidths away."""
    x, factors, scales, (_, weights) = make_sample(rng, name, 2, 2.0, n=40)
    far = 10.0 ** np.array([1, 2, 4, 8, 100, 200])
    q = (far[:, None, None] * np.array([[1.0, -1.0], [0.3, 1.0]])).reshape(-1, 2)
    for scale in scales:
        h = LocalBandwidth(scale, factors)
        density = parzen.kde(
            x, weights=weights, kernel=name, bandwidth=h, method=method
        )
        with np.errstate(over="ignore"):
            exact = reference_adaptive.local_log_density(
                x, q, scale, factors, name, weights=weights
            ).astype(float)
            found = density.logpdf(q)
        np.testing.assert_allclose(found, exact, rtol=1e-8)


@pytest.mark.parametrize("path", ["numpy", "compiled", "tree"])
@pytest.mark.parametrize("name", ["gaussian", "triweight", "cauchy"])
def test_many_decades(name, method):
    """Factors from 1e-60 to 1e60 in three dimensions: each counts where it reaches."""
    x = np.array([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [1e5, 0, 0]])
    q = np.array([[0.0, 0, 0], [0.6, 0.1, 0], [1.2, 0, 0], [5, 5, 5], [1e10, 0, 0]])
    for power in (10, 30, 60, 90):
        factors = np.array([10.0**-power, 1.0, 1.5, 10.0**power])
        h = LocalBandwidth(1.0, factors)
        density = parzen.kde(x, kernel=name, bandwidth=h, method=method)
        exact = reference_adaptive.local_log_density(x, q, 1.0, factors, name)
        np.testing.assert_allclose(density.logpdf(q), exact.astype(float), rtol=1e-11)


@pytest.mark.parametrize("name", ["gaussian", "biweight"])
def test_many_points(rng, name):
    """The planner's choice, among clusters of their own widths and far from them."""
    n = 3000
    x = rng.normal(size=(n, 2))
    x[::3] = 6.0 + 0.01 * x[::3]
    factors = np.where(np.arange(n) % 3 == 0, 0.005, 0.4)
    q = np.concatenate([x[:30], [[3.0, 3.0], [40.0, -20.0]]])
    for method in ("auto", "tree"):
        density = parzen.kde(
            x, kernel=name, bandwidth=LocalBandwidth(1.0, factors), method=method
        )
        # as many as points: the tree is built
        found = density.pdf(np.resize(q, (n, 2)))[: len(q)]
        exact = reference_adaptive.local_log_density(x, q, 1.0, factors, name)
        np.testing.assert_allclose(found, np.exp(exact).astype(float), rtol=1e-8)


def test_equal_factors_are_one_bandwidth(rng):
    """And an array (n,) is one width a point."""
    x, q = rng.normal(size=(60, 3)), rng.normal(size=(20, 3))
    one = parzen.kde(x, bandwidth=0.7).pdf(q)
    for h in (LocalBandwidth(0.7, np.ones(60)), LocalBandwidth(7.0, np.full(60, 0.1))):
        np.testing.assert_allclose(parzen.kde(x, bandwidth=h).pdf(q), one, rtol=1e-12)
    widths = rng.uniform(0.3, 1.0, 60)
    many = parzen.kde(x, bandwidth=widths)
    exact = reference_adaptive.local_log_density(x, q, 1.0, widths)
    np.testing.assert_allclose(many.logpdf(q), exact.astype(float), rtol=1e-11)


@pytest.mark.parametrize("engine", ["nufft", "grid", "fft"])
def test_others_say_no(rng, engine):
    """Engines that need one bandwidth, or a line, and say what serves."""
    h = LocalBandwidth(0.5, rng.uniform(1, 2, 30))
    with pytest.raises(CapabilityError, match=r"point.*Use 'direct', 'tree'"):
        parzen.kde(rng.normal(size=(30, 2)), bandwidth=h, method=engine)


def test_bounds(rng):
    """Mass one with images, by change of variable and cut."""
    x, factors = rng.uniform(0.1, 0.9, size=(40, 2)), rng.uniform(0.5, 2.0, 40)
    axis = (np.arange(200) + 0.5) / 200
    q = np.stack(np.meshgrid(axis, axis), -1)
    box = {"bounds": [(0, 1), (0, 1)]}
    matrix = 0.01 * np.array([[1.0, 0.5], [0.5, 1.0]])
    for boundary, scale in itertools.product(
        ("reflect", "periodic", None), (0.1, [0.1, 0.15], matrix)
    ):
        h = LocalBandwidth(scale, factors)
        density = parzen.kde(x, bandwidth=h, boundary=boundary, **box)
        assert density.pdf(q).mean() == pytest.approx(1.0, abs=2e-4)
        draws = density.sample(500, rng=0)
        assert ((draws >= 0) & (draws <= 1)).all()
    with pytest.raises(CapabilityError):
        parzen.kde(x, bandwidth=h, boundary="linear", **box)
