"""The forms that other libraries know answer as the density does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
from scipy import stats

import parzen
from parzen.errors import CapabilityError

X = np.array([0.05, 0.1, 0.4, 0.45, 0.9])
W = np.array([1.0, 3.0, 2.0, 5.0, 1.0])
DENSITIES = {
    "free": parzen.kde(X, weights=W, bandwidth=0.1),
    "compact": parzen.kde(X, kernel="biweight", bandwidth=0.2),
    "bounded": parzen.kde(X, bandwidth=0.1, bounds=(0, 1), boundary="reflect"),
    "half": parzen.kde(X, bandwidth=0.1, bounds=(0, None)),
    "column": parzen.kde(X[:, None], weights=W, bandwidth=0.1),
}
needs_scipy = pytest.mark.skipif(
    not hasattr(stats, "make_distribution")
    or tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 16),
    reason="SciPy knows no distributions of others before 1.16",
)


@pytest.fixture(params=DENSITIES)
def density(request):
    """One of several densities."""
    return DENSITIES[request.param]


@needs_scipy
def test_scipy_answers_what_the_density_answers(density):
    """To the last digit, in tails as well: nothing goes through SciPy's quadrature."""
    form = density.to_scipy()
    q = np.array([[-3.0, 0.02, 0.3], [0.5, 0.97, 2.5]])
    points = q if density.points.ndim == 1 else q[..., None]
    low, high = (float(np.squeeze(end)) for end in density.support())
    inside = (q >= low) & (q <= high)
    for name in ("pdf", "logpdf", "cdf", "logcdf", "ccdf", "logccdf"):
        ours = getattr(density, name)(points)
        theirs = getattr(form, name)(q)
        np.testing.assert_array_equal(theirs[inside], ours[inside], err_msg=name)
        beyond = {"pdf": [0, 0], "cdf": [0, 1], "ccdf": [1, 0]}.get(name)
        if beyond is not None:
            assert set(theirs[q < low]) <= {beyond[0]}
            assert set(theirs[q > high]) <= {beyond[1]}
    assert form.support() == (low, high)
    p = np.array([1e-300, 1e-9, 0.3, 0.999])
    for name in ("icdf", "iccdf"):
        ours = np.reshape(getattr(density, name)(p), p.shape)
        np.testing.assert_array_equal(getattr(form, name)(p), ours)
        logs = getattr(form, name.replace("i", "ilog"))(np.log(p))
        np.testing.assert_allclose(logs, ours, rtol=1e-9, atol=1e-12)


@needs_scipy
def test_scipy_has_the_moments(density, monkeypatch):
    """Closed forms of ours, not integrals of theirs."""

    def never(*_, **__):
        pytest.fail("SciPy evaluates the density")

    form = density.to_scipy()
    monkeypatch.setattr(type(form), "_pdf_formula", never)
    one = np.squeeze
    assert form.mean() == pytest.approx(one(density.mean()), rel=1e-15)
    assert form.variance() == pytest.approx(one(density.variance()))
    assert form.standard_deviation() == pytest.approx(one(density.std()))
    assert form.skewness() == pytest.approx(one(density.skewness()))
    assert form.moment(4, kind="raw") == pytest.approx(one(density.moment(4)))
    assert form.median() == float(one(density.median()))
    assert form.entropy() == pytest.approx(density.entropy())
    modes = density.modes()
    assert form.mode() == modes.location.ravel()[np.argmax(modes.density)]


@needs_scipy
def test_scipy_draws_our_draws(density):
    """Of any shape."""
    form = density.to_scipy()
    draws = form.sample((3, 4), rng=np.random.default_rng(0))
    assert draws.shape == (3, 4)
    ours = density.sample(12, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(draws.ravel(), ours.ravel())
    assert np.shape(form.sample(rng=0)) == ()


@needs_scipy
def test_scipy_computes_with_it():
    """Arithmetic, mixtures and truncation of theirs work on it."""
    density = DENSITIES["free"]
    form = density.to_scipy()
    assert (2 * form + 1).cdf(1.8) == pytest.approx(density.cdf(0.4))
    both = stats.Mixture([form, stats.Normal()], weights=[0.5, 0.5])
    due = 0.5 * density.pdf(0.3) + 0.5 * stats.norm.pdf(0.3)
    assert both.pdf(0.3) == pytest.approx(due)
    cut = stats.truncate(form, 0.0, 1.0)
    inside = density.cdf(1.0) - density.cdf(0.0)
    assert cut.pdf(0.3) == pytest.approx(density.pdf(0.3) / inside)
    assert "Density" in repr(form)


@needs_scipy
def test_a_kernel_without_moments_has_none():
    """NaN, as ours."""
    form = parzen.kde(X, kernel="cauchy", bandwidth=0.1).to_scipy()
    assert np.isnan(form.mean())
    assert form.cdf(0.4) == parzen.kde(X, kernel="cauchy", bandwidth=0.1).cdf(0.4)


def test_what_scipy_has_no_form_for():
    """Several dimensions, negative weights and old versions."""
    with pytest.raises(CapabilityError, match="marginal"):
        parzen.kde(np.eye(2), bandwidth=1.0).to_scipy()
    with pytest.raises(CapabilityError, match="negative"):
        parzen.kde(
            [0.0, 1.0], weights=[2, -1], bandwidth=1.0, signed_weights=True
        ).to_scipy()


def test_an_old_scipy_is_named(monkeypatch):
    """The error says which version to install."""
    monkeypatch.setattr(scipy, "__version__", "1.15.3")
    with pytest.raises(ImportError, match=r"1\.16.*1\.15\.3"):
        DENSITIES["free"].to_scipy()
