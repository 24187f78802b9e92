"""A bandwidth for each point: every engine against the oracle, within its own bound."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import parzen
from parzen import AccuracyWarning, CapabilityError
from parzen.engines import direct
from tests import reference

PATHS = pytest.mark.parametrize("pairs", [1 << 40, 0], ids=["numpy", "compiled"])
# Decades between the narrowest and the widest bandwidth.
DECADES = (0.0, 0.6, 3.0)
# Kernels with each kind of tail and edge: smooth, kinked, jumping, heavy.
SOME = ("gaussian", "tophat", "triangular", "triweight", "logistic", "cauchy")


@pytest.fixture
def path(monkeypatch, pairs):
    """Send every direct sum through NumPy, or none."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)


def make_sample(rng, name, decades, n=60):
    """Points, one bandwidth each around a kernel's own, and both kinds of weights."""
    x = rng.normal(size=n)
    h = (2.0 if name in reference.COMPACT else 0.8) * 10.0 ** (decades * rng.random(n))
    weights = 10.0 ** rng.uniform(-15, 0, n)
    weights[::7] = 0.0
    return x, h / 10.0 ** (decades / 2), (None, weights)


def near_and_far(rng, x, h):
    """Queries at points, and up to five of their own bandwidths away."""
    u = rng.normal(size=20)
    return np.concatenate([x[:4], x[:20] + h[:20] * u, x[:20] + 5 * h[:20] * u])


def estimate(x, h, **options):
    """A density, on a grid however coarse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        return parzen.kde(x, bandwidth=h, **options)


def assert_within_bound(density, q, exact, where=""):
    """|g - f| <= absolute + relative f, and the bound says something."""
    bound = density.decision.bound
    assert np.isfinite(bound).all()
    error = np.abs(density.pdf(q) - exact)
    assert (error <= bound.absolute + bound.relative * exact).all(), where


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.KERNELS)
def test_direct_sum_keeps_its_bound(rng, name):
    """Rounding only, for bandwidths over no, half a decade and six, weighted or not."""
    for decades in (*DECADES, 6.0):
        x, h, weightings = make_sample(rng, name, decades)
        q = near_and_far(rng, x, h)
        for weights in weightings:
            density = parzen.kde(
                x, weights=weights, kernel=name, bandwidth=h, method="direct"
            )
            bound = density.decision.bound
            assert bound.absolute == 0.0
            assert bound.relative < 1e-10
            exact = reference.local_density(x, q, h, name, weights=weights)
            assert_within_bound(density, q, exact, decades)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.UNBOUNDED)
def test_tail_is_that_of_the_widest(rng, name):
    """Log densities are right to 1e-8 from 10 to 1e200 bandwidths away."""
    x, h, weightings = make_sample(rng, name, 2.0, n=40)
    for weights in weightings:
        density = parzen.kde(x, weights=weights, kernel=name, bandwidth=h)
        q = np.outer([-1.0, 1.0], 10.0 ** np.array([1, 2, 4, 8, 150, 200])).ravel()
        with np.errstate(over="ignore"):
            exact = reference.local_log_density(x, q, h, name, weights=weights)
            exact = np.asarray(exact, dtype=float)
        with np.errstate(over="ignore"):  # loops that run as plain Python warn
            np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-8)


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.KERNELS)
def test_offset_and_distance_cost_no_digit(rng, name):
    """Clusters 1e9 apart, each with its own width, do not disturb each other."""
    x = np.rint(16 * rng.normal(size=60)) / 16
    h = 10.0 ** rng.uniform(-0.5, 0.5, size=60)
    x[::2] += 2.0**30
    q = x[:30] + 2.0**-5
    density = parzen.kde(x, kernel=name, bandwidth=h, method="direct")
    exact = reference.local_density(x, q, h, name)
    np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-11)


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("method", ["grid", "fft"])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_binned_sums_keep_their_bound(rng, name, method, binning):
    """On default and on coarse grids, narrow and wide together, weighted or not."""
    for decades, nodes in itertools.product(DECADES, (None, 300, 9)):
        if decades > 2 and nodes is None:
            continue  # a million nodes of the narrowest, and nothing new
        x, h, weightings = make_sample(rng, name, decades)
        q = near_and_far(rng, x, h)
        for weights in weightings:
            density = estimate(
                x, h, weights=weights, kernel=name, method=method, grid_size=nodes,
                binning=binning,
            )  # fmt: skip
            assert density.method == method
            exact = reference.local_density(x, q, h, name, weights=weights)
            assert_within_bound(density, q, exact, (decades, nodes))


@pytest.mark.parametrize("method", ["grid", "fft"])
@pytest.mark.parametrize("name", ["gaussian", "triweight", "logistic", "cauchy"])
def test_bound_of_a_fine_grid_says_something(rng, name, method):
    """Far below the density, for smooth kernels: it is no bound by the peak alone."""
    x, h, _ = make_sample(rng, name, 0.6)
    density = parzen.kde(x, kernel=name, bandwidth=h, method=method)
    highest = reference.local_density(x, x, h, name).max()
    assert density.decision.bound.absolute < 0.02 * highest


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("method", ["grid", "fft"])
@pytest.mark.parametrize("name", SOME)
def test_a_single_place_between_two_levels(name, method, binning):
    """All error is that of binning the bandwidth: many points at a node, of one width.

    The narrowest and the widest lie far away and carry next to no weight.
    """
    for factor in np.exp(np.linspace(0.0, 2 / 32, 9)):
        x = np.array([0.0, 60.0, -60.0])
        h = np.array([factor, 0.5, 2.0])
        density = estimate(
            x, h, weights=[1.0, 1e-9, 1e-9], kernel=name, method=method,
            grid_size=20_001, binning=binning,
        )  # fmt: skip
        q = np.linspace(-4.0, 4.0, 801)
        exact = reference.local_density(x, q, h, name, weights=[1.0, 1e-9, 1e-9])
        assert_within_bound(density, q, exact, factor)


@pytest.mark.parametrize("decades", [6, 8, 12, 20])
@pytest.mark.parametrize("name", ["gaussian", "tricube", "cauchy"])
def test_more_decades_than_levels_are_in_the_bound(name, decades):
    """Levels are at most 512: over more decades they lie farther apart, and it says so.

    As above; the narrowest and the widest carry next to no weight.
    """
    narrow = 10.0**-decades
    weights = [1e-9, 1.0, 1e-9]
    for factor in np.exp(np.linspace(0.0, 0.3, 23)):
        h = np.array([narrow, 1.05 * factor * narrow, 1.0])
        density = estimate(
            np.zeros(3), h, weights=weights, kernel=name, method="grid", grid_size=64
        )
        q = np.linspace(-4.0, 4.0, 401) * narrow
        exact = reference.local_density(np.zeros(3), q, h, name, weights=weights)
        assert_within_bound(density, q, exact, factor)


@pytest.mark.parametrize("name", SOME)
def test_mass_on_the_grid_is_one(rng, name):
    """However coarse, and nothing is negative."""
    x, h, weightings = make_sample(rng, name, 1.0)
    for weights, nodes in itertools.product(weightings, (9, 64, 2000)):
        density = estimate(
            x, h, weights=weights, kernel=name, method="fft", grid_size=nodes
        )
        axis, values = density.grid()
        assert (values >= 0).all()
        if name != "cauchy":
            mass = values.sum() * (axis[1] - axis[0])
            assert mass == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("method", ["direct", "grid", "fft"])
@pytest.mark.parametrize("name", SOME)
def test_equal_bandwidths_are_one_bandwidth(rng, name, method):
    """An array of one value answers as the value does, within both bounds."""
    x, q = rng.normal(size=80), rng.normal(size=40)
    weights = rng.random(80)
    options = {"weights": weights, "kernel": name, "method": method}
    one = estimate(x, 0.7, **options)
    many = estimate(x, np.full(80, 0.7), **options)
    if method == "direct":
        np.testing.assert_allclose(many.pdf(q), one.pdf(q), rtol=4e-12, atol=1e-15)
        return
    room = one.decision.bound.absolute + many.decision.bound.absolute
    assert (np.abs(many.pdf(q) - one.pdf(q)) <= room + 1e-10).all()


@pytest.mark.parametrize("name", SOME)
def test_rows_without_weight_take_their_bandwidth_along(rng, name):
    """The k-th bandwidth is that of the k-th row given, whichever rows count."""
    x, h, (_, weights) = make_sample(rng, name, 2.0)
    kept = weights > 0
    assert not kept.all()
    q = near_and_far(rng, x, h)
    for method in ("direct", "grid", "fft"):
        some = {"kernel": name, "method": method, "grid_size": 99}
        one = estimate(x, h, weights=weights, **some)
        other = estimate(x[kept], h[kept], weights=weights[kept], **some)
        np.testing.assert_allclose(other.pdf(q), one.pdf(q), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("method", ["direct", "grid", "fft"])
def test_threads_and_order_do_not_matter(rng, method, monkeypatch):
    """Any number of threads gives the same bits; shuffled rows the same density."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", 0)
    monkeypatch.setattr(direct, "BLOCK_PAIRS", 512)
    x, h, (_, weights) = make_sample(rng, "gaussian", 1.0, n=300)
    q = near_and_far(rng, x, h)
    options = {"method": method, "grid_size": 2000}
    one = estimate(x, h, weights=weights, n_jobs=1, **options).logpdf(q)
    for n_jobs in (2, 3, -1):
        other = estimate(x, h, weights=weights, n_jobs=n_jobs, **options)
        np.testing.assert_array_equal(other.logpdf(q), one)
    order = rng.permutation(300)
    other = estimate(x[order], h[order], weights=weights[order], **options)
    np.testing.assert_allclose(other.pdf(q), np.exp(one), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("atol", [1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_choice_of_engine_stays_within_the_accepted_error(rng, name, atol):
    """Whatever engine the planner takes, the answer is within atol + rtol f."""
    x = rng.normal(size=3000)
    h = 0.5 * 10.0 ** rng.uniform(-0.3, 0.3, size=3000)
    density = parzen.kde(x, kernel=name, bandwidth=h, atol=atol)
    bound = density.decision.bound
    assert bound.absolute <= atol
    assert bound.relative <= 1e-8
    q = np.concatenate([x[:10], 2 * rng.normal(size=10), [1e3]])
    exact = reference.local_density(x, q, h, name)
    assert (np.abs(density.pdf(q) - exact) <= atol + 1e-8 * exact).all()


def test_diffusion_refuses_them(rng):
    """One time for all points is one bandwidth."""
    x = rng.normal(size=30)
    with pytest.raises(CapabilityError, match=r"own bandwidth\. Use 'direct', 'tree'"):
        parzen.kde(x, bandwidth=np.full(30, 0.5), method="diffusion")


@PATHS
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", reference.KERNELS)
def test_bandwidths_over_the_range_of_floats(name):
    """From 1e-250 to 1e250, beside tiny weights: each point counts where it reaches."""
    x = np.array([0.0, 1.0, 2.0, 1e5])
    q = np.array([0.0, 0.6, 1.2, 5.0, 1e4, 1e10, 1e50])
    for power in (50, 100, 140, 160, 250):
        h = np.array([10.0**-power, 1.0, 1.5, 10.0**power])
        for weights in (None, [1.0, 1.0, 1.0, 1e-50], [1.0, 1e-240, 1e-240, 1.0]):
            density = parzen.kde(
                x, weights=weights, kernel=name, bandwidth=h, method="direct"
            )
            exact = reference.local_log_density(x, q, h, name, weights=weights)
            np.testing.assert_allclose(
                density.logpdf(q), exact.astype(float), rtol=1e-11, atol=1e-11
            )


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_units_from_the_smallest_to_the_largest(rng, scale):
    """Log densities are right in units in which no density is a float."""
    x, h, _ = make_sample(rng, "gaussian", 1.0)
    x, h = x * scale, h * scale
    q = near_and_far(rng, x, h)
    for name in ("gaussian", "epanechnikov", "cauchy"):
        exact = reference.local_log_density(x, q, h, name).astype(float)
        density = parzen.kde(x, kernel=name, bandwidth=h)
        np.testing.assert_allclose(density.logpdf(q), exact, rtol=1e-12)
