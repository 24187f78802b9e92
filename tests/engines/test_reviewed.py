"""Sharp cases that a review found: each broke an engine once."""

from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.engines import direct
from parzen.engines.planner import ENGINES, AutoPlan
from tests import reference


@pytest.mark.parametrize("kernel", ["gaussian", "logistic", "cauchy"])
@pytest.mark.parametrize("h", [2e-308, 1e-308, 3e-310])
def test_subnormal_bandwidths_are_declined(kernel, h):
    """Cells of 2^-1024 have no inverse: no store may depend on it."""
    x = np.linspace(0.0, 20.0, 2000) * h
    q = x[:300]
    exact = parzen.kde(x / h, kernel=kernel, bandwidth=1.0, method="direct")
    for method in ("auto", "chebyshev", "gauss_transform"):
        try:
            density = parzen.kde(x, kernel=kernel, bandwidth=h, method=method)
        except (parzen.CapabilityError, parzen.BandwidthError):
            continue
        logs = density.logpdf(q) + np.log(h)
        np.testing.assert_allclose(logs, exact.logpdf(q / h), atol=1e-4)


@pytest.mark.parametrize(("lower", "h"), [(-1.2e308, 1e306), (0.0, 1e306)])
def test_ranges_near_the_largest_float(lower, h):
    """Cauchy tails reach over a range that overflows: right, or declined."""
    x = np.linspace(lower / 1.2e308, 1.0, 3000) * 1.2e308
    q = x[::50]
    exact = parzen.kde(
        x / 1e300, kernel="cauchy", bandwidth=h / 1e300, method="direct"
    ).logpdf(q / 1e300) - np.log(1e300)
    for method in ("auto", "chebyshev"):
        try:
            density = parzen.kde(x, kernel="cauchy", bandwidth=h, method=method)
        except parzen.CapabilityError:
            continue
        np.testing.assert_allclose(density.logpdf(q), exact, atol=1e-7)


def test_an_end_point_of_next_to_no_weight():
    """Queries beyond a point of weight 1e-306."""
    x = np.r_[0.0, np.linspace(1.0, 2.0, 5000)]
    weights = np.r_[1e-306, np.ones(5000)]
    q = -np.linspace(0.1, 1.5, 40)
    density = parzen.kde(x, weights=weights, bandwidth=0.05)
    assert density.method == "gauss_transform"
    exact = reference.log_density(x, q, 0.05, weights=weights).astype(float)
    np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-12, atol=1e-8)


@pytest.mark.parametrize("method", ["direct", "tree"])
@pytest.mark.parametrize("d", [20, 40])
def test_product_logistic_in_many_dimensions(monkeypatch, method, d):
    """Its factors reach 4^d beside the exponents that sums are cut by."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", 0)
    rng = np.random.default_rng(d)
    n = 4096
    far = (64.0 + np.log2(n) + 0.7) * np.log(2.0) / d
    x = rng.choice((-far, far), size=(n, d))
    x[0] = 0.0
    kernel = parzen.Kernel("logistic", product=True)
    q = np.zeros((40, d))
    density = parzen.kde(x, kernel=kernel, bandwidth=1.0, method=method)
    exact = reference.log_density(x, q[:1], 1.0, "logistic", product=True)
    np.testing.assert_allclose(density.logpdf(q), float(exact[0]), atol=1e-8)


def test_a_part_that_is_too_small_for_its_engine():
    """A few negative weights alone would not be worth a grid: the tree sums them."""
    rng = np.random.default_rng(3)
    x = rng.random((30_000, 2))
    weights = np.ones(30_000)
    weights[:20] = -0.1
    density = parzen.kde(
        x, weights=weights, bandwidth=2e-3, signed_weights=True, method="nufft"
    )
    q = x[:50]
    terms = reference.log_terms(x, q, 2e-3)
    plus, minus = reference.signed_sums(terms, weights)
    error = np.abs(density.pdf(q) - (plus - minus))
    assert (error <= 1e-8 * (plus + minus)).all()


def test_the_engine_follows_the_number_of_queries(rng):
    """A thousand points are a plain sum, a million queries on them are not."""
    density = parzen.kde(rng.normal(size=1000), bandwidth=0.1)
    assert density.method == "direct"
    plan = density._plan
    assert isinstance(plan, AutoPlan)
    q = rng.normal(size=500_000)
    many, few = density.pdf(q), density.pdf(q[:1000])
    assert set(plan.plans) == {"direct", "gauss_transform"}
    np.testing.assert_allclose(many[:1000], few, rtol=1e-8)
    exact = reference.density(density.points, q[:50], 0.1)
    np.testing.assert_allclose(many[:50], exact.astype(float), rtol=1e-8)


def test_an_absolute_error_alone_may_cover_rounding(rng):
    """With rtol = 0 an engine may round by what `atol` covers at the peak."""
    x = rng.normal(size=20_000)
    density = parzen.kde(x, bandwidth=0.1, rtol=0.0, atol=1e-9)
    assert density.method == "gauss_transform"
    bound = density.decision.bound
    peak = float(density.kernel.pdf([0.0])) / 0.1
    assert bound.absolute + bound.relative * peak <= 1e-9
    q = rng.normal(size=60)
    exact = reference.density(x, q, 0.1)
    assert (np.abs(density.pdf(q) - exact) <= 1e-9).all()
    offered = {c.name for c in density.decision.candidates if c.admitted}
    assert {"direct", "tree", "gauss_transform"} <= offered
    assert offered <= set(ENGINES)
