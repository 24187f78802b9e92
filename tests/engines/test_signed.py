"""Weights of both signs: every engine against a plain sum in extended precision."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import parzen
from parzen import AccuracyWarning, CapabilityError
from parzen.engines import certified, direct
from parzen.engines.planner import ENGINES
from parzen.engines.tree import plan as tree_plan
from tests import reference
from tests.serving import GRIDS, ON_THE_LINE, serves
from tests.strategies import covariance

PATHS = pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
NODES = {1: 400, 2: 70, 3: 30}
CASES = [
    (engine, name, d)
    for engine in ENGINES
    for name in reference.KERNELS
    for d in (1, 2, 3)
    if serves(engine, name, d)
]


@pytest.fixture
def path(monkeypatch, pairs):
    """Send every direct sum through NumPy, or none; leave no sum to it for its size."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    monkeypatch.setattr(certified, "FEW_PAIRS", 0)
    monkeypatch.setattr(tree_plan, "FEW_PAIRS", -1)
    monkeypatch.setattr(tree_plan, "build_seconds", lambda _: -1.0)


def signed_weights(rng, n):
    """Weights of which a third is negative, as an sPlot makes them, and some zero."""
    weights = rng.random(n)
    weights[::3] *= -0.8
    weights[::10] = 0.0
    return weights


def estimate(x, weights, h, **options):
    """A density with signed weights, on a grid however coarse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        return parzen.kde(
            x, weights=weights, bandwidth=h, signed_weights=True, **options
        )


def limit(density, weights, plus, minus):
    """The error that is stated: that of both sums, each by its mass."""
    bound = density.decision.bound
    mass = np.abs(weights).sum() / np.sum(weights)
    return bound.absolute * mass + bound.relative * (plus + minus)


def assert_within_bound(density, q, weights, terms):
    """|g - f| <= absolute (W+ + W-) + relative (f+ + f-)."""
    plus, minus = reference.signed_sums(terms, weights)
    error = np.abs(density.pdf(q) - (plus - minus))
    assert (error <= limit(density, weights, plus, minus)).all()


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("engine", "name", "d"), CASES)
def test_engine_keeps_its_bound(rng, engine, name, d):
    """Every method, kernel and form of bandwidth, near the data and far from them."""
    x = rng.normal(size=(60, d))
    weights = signed_weights(rng, 60)
    width = 2.0 * np.sqrt(d) if name in reference.COMPACT else 0.8
    q = np.vstack([x[:8], x[:20] + width * rng.normal(size=(20, d)) / np.sqrt(d)])
    for h in (width, width * (0.5 + rng.random(d)), width**2 * covariance(rng, d)):
        terms = reference.log_terms(x, q, h, name)
        for binning in ("linear",) if engine == "direct" else ("linear", "simple"):
            density = estimate(
                x, weights, h, kernel=name, method=engine, binning=binning,
                grid_size=None if engine == "direct" else NODES[d],
            )  # fmt: skip
            assert density.method == engine
            assert_within_bound(density, q, weights, terms)


@pytest.mark.parametrize("engine", ["direct", "grid", "fft"])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_with_a_bandwidth_for_each_point(rng, name, engine):
    """Both at once: signs and local bandwidths stay with their points."""
    x, weights = rng.normal(size=60), signed_weights(rng, 60)
    h = (2.0 if name in reference.COMPACT else 0.8) * 10.0 ** rng.uniform(-0.4, 0.4, 60)
    q = np.concatenate([x[:8], x[:20] + h[:20] * rng.normal(size=20)])
    terms = reference.local_log_terms(x, q, h, name)
    for nodes in (None, 200):
        density = estimate(x, weights, h, kernel=name, method=engine, grid_size=nodes)
        assert_within_bound(density, q, weights, terms)


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("engine", GRIDS)
def test_coarse_grids_keep_the_bound(rng, engine, binning):
    """Steps from a tenth of a bandwidth to many."""
    for span in (0.5, 5.0, 50.0):
        x, weights = span * rng.normal(size=40), signed_weights(rng, 40)
        q = np.concatenate([x, x + rng.normal(size=40)])
        terms = reference.log_terms(x, q, 1.0)
        for nodes in (4, 11, 40):
            density = estimate(
                x, weights, 1.0, method=engine, grid_size=nodes, binning=binning
            )
            assert_within_bound(density, q, weights, terms)


@pytest.mark.parametrize("engine", ON_THE_LINE)
def test_weights_that_are_not_negative_are_what_they_were(rng, engine):
    """`signed_weights` allows; it changes nothing that was allowed before."""
    x, weights, q = rng.normal(size=50), rng.random(50), rng.normal(size=20)
    for given in (weights, None):
        one = parzen.kde(x, weights=given, bandwidth=0.5, method=engine)
        other = estimate(x, given, 0.5, method=engine)
        np.testing.assert_array_equal(other.logpdf(q), one.logpdf(q))
        np.testing.assert_array_equal(other.sample(5, rng=1), one.sample(5, rng=1))


@pytest.mark.parametrize("engine", ON_THE_LINE)
def test_the_density_may_be_negative_and_has_no_logarithm_there(rng, engine):
    """`pdf` is the difference; `logpdf` its logarithm or NaN, without a warning."""
    x = np.concatenate([rng.normal(0.0, 1.0, 50), rng.normal(4.0, 0.5, 20)])
    weights = np.r_[np.ones(50), -np.ones(20)]
    density = estimate(x, weights, 0.5, method=engine)
    q = np.linspace(-3.0, 6.0, 91)
    plus, minus = reference.signed_sums(reference.log_terms(x, q, 0.5), weights)
    room = limit(density, weights, plus, minus)
    clear = np.abs(plus - minus) > room
    pdf, logpdf = density.pdf(q), density.logpdf(q)
    assert (pdf[clear] < 0).any()
    assert (np.sign(pdf) == np.sign(plus - minus))[clear].all()
    assert (np.isnan(logpdf) == (pdf < 0))[clear].all()
    positive = clear & (pdf > 0)
    np.testing.assert_allclose(np.exp(logpdf[positive]), pdf[positive], rtol=1e-9)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.UNBOUNDED)
def test_the_tail_is_that_of_the_farthest(rng, name):
    """Positive on one side, negative on the other, while rounding tells them apart."""
    x = np.sort(rng.normal(size=40))
    # one sign at each end, and more mass in sum
    weights = np.where(np.arange(40) < 15, -0.5, 1.0)
    density = estimate(x, weights, 0.5, kernel=name)
    far = 10.0 ** np.array([2.0, 4.0, 8.0])
    terms = reference.log_terms(x, far, 0.5, name)
    w = (weights / weights.sum()).astype(reference.Real)
    with np.errstate(divide="ignore"):
        logs = terms + np.log(40 * np.abs(w))
    plus = reference.log_sum(np.where(weights > 0, logs, -np.inf))
    minus = reference.log_sum(np.where(weights < 0, logs, -np.inf))
    # far out a Cauchy kernel is the same for all points: 25 ones less 15 halves
    exact = (plus + np.log1p(-np.exp(minus - plus))).astype(float)
    np.testing.assert_allclose(density.logpdf(far), exact, rtol=1e-8)
    if name != "cauchy":
        assert np.isnan(density.logpdf(-far)).all()
    ends = density.logpdf([np.inf, -np.inf])
    assert (ends == -np.inf).all()
    assert (density.pdf([np.inf, -np.inf]) == 0.0).all()


@pytest.mark.parametrize("engine", ON_THE_LINE)
def test_mass_is_one(rng, engine):
    """What is left of positive and negative mass is normalised."""
    x, weights = rng.normal(size=100), signed_weights(rng, 100)
    density = estimate(x, 1e-30 * weights, 0.4, method=engine)
    q = np.linspace(-8.0, 8.0, 4001)
    assert np.trapezoid(density.pdf(q), q) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("engine", ON_THE_LINE)
def test_points_of_both_signs_cancel(rng, engine):
    """A point added and taken away again is no point, up to the bound."""
    x, q = rng.normal(size=50), rng.normal(size=30)
    extra = rng.normal(size=20)
    weights = np.r_[np.ones(50), np.full(20, 3.0), np.full(20, -3.0)]
    density = estimate(np.r_[x, extra, extra], weights, 0.6, method=engine)
    assert_within_bound(
        density, q, weights, reference.log_terms(np.r_[x, extra, extra], q, 0.6)
    )
    exact = reference.density(x, q, 0.6)
    bound = density.decision.bound
    # the mass counted with its sign is 50, and 170 without
    room = bound.absolute * 170 / 50 + 1e-8 * exact
    assert (np.abs(density.pdf(q) - exact) <= room).all()


@pytest.mark.parametrize("atol", [1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("factor", [1.5, 10.0, 100.0])
def test_accepted_error_is_kept_however_much_cancels(factor, atol):
    """|g - f| <= atol + rtol (f+ + f-): the masses of both signs may be far above one.

    Positive and negative weight lie a hundredth apart, where binning errs alike.
    """
    x = np.repeat([0.0, 0.0103], 5000)
    weights = np.repeat([factor, 1.0 - factor], 5000)
    density = estimate(x, weights, 0.3, atol=atol)
    q = np.linspace(-1.0, 1.0, 201)
    few, share = np.array([0.0, 0.0103]), np.array([factor, 1.0 - factor])
    terms = reference.log_terms(few, q, 0.3)
    plus, minus = reference.signed_sums(terms, share)
    error = np.abs(density.pdf(q) - (plus - minus))
    assert (error <= atol + 1e-8 * (plus + minus)).all()


@pytest.mark.parametrize("engine", ON_THE_LINE)
@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_threads_change_no_bit(rng, engine, n_jobs, monkeypatch):
    """As for any other density."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", 0)
    monkeypatch.setattr(direct, "BLOCK_PAIRS", 512)
    x, weights, q = rng.normal(size=500), signed_weights(rng, 500), rng.normal(size=90)
    one = estimate(x, weights, 0.3, method=engine, n_jobs=1).pdf(q)
    other = estimate(x, weights, 0.3, method=engine, n_jobs=n_jobs).pdf(q)
    np.testing.assert_array_equal(other, one)


def test_nothing_can_be_drawn(rng):
    """A density that may be negative is no distribution; and that is said."""
    density = estimate(rng.normal(size=20), signed_weights(rng, 20), 0.5)
    with pytest.raises(CapabilityError, match="weights that are not negative"):
        density.sample(3, rng=0)
