"""Confidence bands: their variance against its definition, their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import parzen
from parzen.density.contributions import atoms_of
from parzen.errors import CapabilityError, ParzenError, UnknownNameError
from tests.bounded_reference import kernel_of

X = np.array([0.05, 0.1, 0.4, 0.45, 0.9, 0.45])
W = np.array([1.0, 3.0, 2.0, 5.0, 1.0, 2.0])
Q = np.array([0.02, 0.3, 0.45, 0.97])
H = 0.15


def jackknife(q, *, weights=W, **options):
    """The variance by its definition: how f moves with each weight (delta method).

    f(w) is the very density, fitted again with one weight a little larger.
    """
    w = weights / weights.sum()
    variance = np.zeros(len(q))
    for i in range(len(w)):
        step = 1e-5 * np.eye(len(w))[i]
        high, low = (
            parzen.kde(X, weights=w + s * step, bandwidth=H, **options).pdf(q)
            for s in (1, -1)
        )
        variance += (w[i] * (high - low) / 2e-5) ** 2
    return np.sqrt(variance)


WAYS = {
    "free": {},
    "cut": {"bounds": (0, 1)},
    "holes": {"bounds": [(0, 0.2), (0.25, 1)]},
    "reflect": {"bounds": (0, 1), "boundary": "reflect"},
    "one mirror": {"bounds": (0, 1), "boundary": parzen.Reflect(lower=1, upper=0)},
    "periodic": {"bounds": (0, 1), "boundary": "periodic"},
    "transform": {"bounds": (0, 1), "boundary": "transform"},
    "renormalize": {"bounds": (0, 1), "boundary": "renormalize"},
    "renormalized pieces": {
        "bounds": [(0, 0.2), (0.25, 1)],
        "boundary": "renormalize",
    },
    "one mirror a piece": {
        "bounds": [(0, 0.2), (0.25, 1)],
        "boundary": parzen.Reflect(lower=1, upper=0),
    },
    "union": {"bounds": [(0, 0.2), (0.25, 1)], "boundary": "reflect"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "exponential", "moyal"])
def test_the_standard_error_is_that_of_the_definition(name, way):
    """For all kernels within all bounds, weights included."""
    options = {"kernel": kernel_of(name), **WAYS[way]}
    density = parzen.kde(X, weights=W, bandwidth=H, **options)
    band = density.confidence_band(points=Q)
    np.testing.assert_allclose(band.standard_error, jackknife(Q, **options), rtol=1e-3)
    np.testing.assert_array_equal(band.density, density.pdf(Q))
    z = stats.norm.ppf(0.975)
    np.testing.assert_allclose(band.upper, band.density + z * band.standard_error)
    lower = np.maximum(band.density - z * band.standard_error, 0)
    np.testing.assert_allclose(band.lower, lower)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("matrix", [False, True])
def test_many_points_are_binned_without_harm(d, matrix):
    """The variance from nodes is within one part in a hundred of that of the points."""
    rng = np.random.default_rng(d)
    x = rng.normal(size=(20_000, d))
    weights = rng.random(20_000)
    h = 0.5 * d
    if matrix:
        h = h**2 * (0.8 * np.eye(d) + 0.2)
    density = parzen.kde(x, weights=weights, bandwidth=h)
    problem = density._problem
    atoms = atoms_of(problem)
    assert len(atoms.points) < 10_000
    assert atoms.weights.sum() == pytest.approx(1)
    assert atoms.squares.sum() == pytest.approx(np.sum(density.weights**2))
    q = rng.normal(size=(5, d))
    kernels = density.kernel.pdf(
        problem.scale.to_kernel_units(q[:, None] - x)
    ) * np.exp(-problem.scale.log_volume)
    f = kernels @ density.weights
    exact = np.sqrt(((kernels - f[:, None]) ** 2) @ density.weights**2)
    band = density.confidence_band(points=q)
    np.testing.assert_allclose(band.standard_error, exact, rtol=0.01)


def test_binned_data_know_how_many_they_were():
    """Counts of a histogram give the standard error of the points in it."""
    x = np.random.default_rng(0).normal(size=5000)
    edges = np.linspace(-5, 5, 401)
    binned = parzen.kde_from_histogram(np.histogram(x, edges)[0], edges, bandwidth=0.3)
    points = parzen.kde(x, bandwidth=0.3)
    q = [0.0, 1.0, 2.0]
    want = points.confidence_band(points=q).standard_error
    for method in ("asymptotic", "bootstrap"):
        band = binned.confidence_band(points=q, method=method, rng=0)
        np.testing.assert_allclose(band.standard_error, want, rtol=0.08)


@pytest.mark.parametrize("way", ["free", "cut", "renormalize", "periodic", "union"])
@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("n", [400, 20_000])
def test_the_bootstrap_agrees_with_the_asymptotic_variance(n, corrected, way):
    """The same variance two ways, from points and from nodes."""
    if corrected and way in {"cut", "renormalize"}:
        pytest.skip("refused")
    x = np.random.default_rng(0).beta(2, 3, size=n)
    x = x[(x < 0.2) | (x > 0.25)]
    density = parzen.kde(x, bandwidth=0.05, **WAYS[way])
    options = {"points": [0.1, 0.5], "bias_corrected": corrected}
    plain = density.confidence_band(**options)
    again = density.confidence_band(**options, method="bootstrap", rng=0)
    # 999 replicates know a standard error to 2.2 in a hundred
    np.testing.assert_allclose(again.standard_error, plain.standard_error, rtol=0.1)
    width = plain.standard_error
    assert (np.abs(again.lower - plain.lower) < 0.5 * width).all()
    assert (np.abs(again.upper - plain.upper) < 0.5 * width).all()
    same = density.confidence_band(**options, method="bootstrap", rng=0)
    np.testing.assert_array_equal(same.lower, again.lower)


def test_basic_intervals_mirror_the_percentiles():
    """Around the estimate."""
    density = parzen.kde(X, bandwidth=H)
    options = {"points": Q, "method": "bootstrap", "rng": 0, "level": 0.8}
    one = density.confidence_band(**options)
    two = density.confidence_band(**options, interval="basic")
    middle = one.density
    np.testing.assert_allclose(two.upper - middle, middle - one.lower)
    assert (one.lower >= 0).all()


@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "t5"])
def test_the_corrected_kernel_is_of_fourth_order(name):
    """What `bias_corrected` sums has mass one and no second moment."""
    density = parzen.kde([0.0], kernel=kernel_of(name), bandwidth=1.0)
    t = np.linspace(-60, 60, 240_001)
    # an interval of width nothing around the corrected kernel, upper end included
    band = density.confidence_band(1e-12, points=t, bias_corrected=True)
    middle = np.where(band.upper > 0, band.upper, np.nan)
    assert np.isfinite(middle).sum() > 1000
    from parzen.density.contributions import contributions

    (part,) = contributions(density, corrected=True)
    kernels, bias = part.at(t[:, None], corrected=True)
    total = (kernels + bias)[:, 0]
    assert integrate.simpson(total, x=t) == pytest.approx(1, abs=1e-4)
    assert integrate.simpson(bias[:, 0] * t**2, x=t) == pytest.approx(
        -density.kernel.second_moment(1), rel=1e-6
    )


@pytest.mark.statistical
def test_the_bias_correction_covers():
    """Of 400 samples, as many bands hold the truth as binomial numbers may.

    Without correction the band at the peak holds the truth less often.
    """
    rng = np.random.default_rng(0)
    q = np.array([-1.5, 0.0, 1.0])
    truth = stats.norm.pdf(q)
    rounds = 400
    held = np.zeros((2, 3))
    for _ in range(rounds):
        density = parzen.kde(rng.normal(size=500), bandwidth="silverman")
        for corrected in (0, 1):
            band = density.confidence_band(points=q, bias_corrected=bool(corrected))
            held[corrected] += (band.lower <= truth) & (truth <= band.upper)
    for count in held[1]:
        assert stats.binomtest(int(count), rounds, 0.95).pvalue > 1e-3
    assert held[0, 1] < held[1, 1]


def test_grid_by_default_and_shapes():
    """1-D data have a grid; given points keep their shape."""
    density = parzen.kde(X, bandwidth=H)
    band = density.confidence_band(size=33)
    np.testing.assert_array_equal(band.points, density.grid(33)[0])
    assert band.lower.shape == (33,)
    assert density.confidence_band(points=np.full((2, 3), 0.5)).upper.shape == (2, 3)
    assert density.confidence_band(points=0.5).upper.shape == ()
    assert density.confidence_band(points=[]).upper.shape == (0,)
    far = density.confidence_band(points=[np.inf, 1e200])
    np.testing.assert_array_equal(far.upper, 0)
    column = parzen.kde(X[:, None], bandwidth=H).confidence_band(size=33)
    assert column.points.shape == (33, 1)
    np.testing.assert_array_equal(column.upper, band.upper)
    with pytest.raises(ValueError, match="read-only"):
        band.lower[0] = 1
    assert repr(band).startswith("ConfidenceBand(n=33, level=0.95")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"level": 1.0}, ParzenError, "`level` must be a probability"),
        ({"level": True}, ParzenError, "`level`"),
        ({"method": "bayes"}, UnknownNameError, "`method`"),
        ({"interval": "bca"}, UnknownNameError, "`interval`"),
        ({"n_boot": 3}, ParzenError, "`n_boot`"),
        ({"bias_corrected": 1}, ParzenError, "`bias_corrected`"),
    ],
)
def test_bad_arguments(options, error, text):
    """Errors name the argument."""
    with pytest.raises(error, match=text):
        parzen.kde(X, bandwidth=H).confidence_band(**options)


@pytest.mark.parametrize(
    ("fit", "options"),
    [
        ({"bounds": (0, 1), "boundary": "linear"}, {}),
        ({"bounds": (0, 1), "boundary": parzen.Reflect(0.5, 0)}, {}),
        ({"bounds": (0, 1)}, {"bias_corrected": True}),
        ({"kernel": "cauchy"}, {"bias_corrected": True}),
        ({"kernel": kernel_of("moyal")}, {"bias_corrected": True}),
        (
            {"weights": [1, 1, 1, 1, 1, -0.5], "signed_weights": True},
            {"method": "bootstrap"},
        ),
    ],
)
def test_what_has_no_band(fit, options):
    """Refused, and said why."""
    density = parzen.kde(X, bandwidth=H, **fit)
    with pytest.raises(CapabilityError):
        density.confidence_band(points=Q, **options)


def test_several_dimensions_need_points():
    """There is no grid that anyone would look at."""
    density = parzen.kde(np.eye(3), bandwidth=1.0)
    with pytest.raises(CapabilityError, match="points"):
        density.confidence_band()
