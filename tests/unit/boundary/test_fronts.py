from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone

import parzen
from parzen import KernelDensity, Reflect
from parzen.errors import CapabilityError
from tests import bounded_reference as oracle

INF = math.inf
RNG = np.random.default_rng(12)
X = RNG.beta(1.5, 3.0, size=200)
ALL = [None, "reflect", "periodic", "renormalize", "linear", "transform"]
Q = np.linspace(0.001, 0.999, 21)


@pytest.mark.parametrize("boundary", [*ALL, Reflect(0.2, 0.0)], ids=str)
def test_the_estimator(boundary):
    """KernelDensity says the same, and clones, copies and pickles."""
    model = KernelDensity(bandwidth=0.1, bounds=(0, 1), boundary=boundary)
    fitted = clone(model).fit(X[:, None])
    wanted = parzen.kde(X, bandwidth=0.1, bounds=(0, 1), boundary=boundary)
    np.testing.assert_array_equal(fitted.score_samples(Q[:, None]), wanted.logpdf(Q))
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.score_samples(Q[:, None]), wanted.logpdf(Q))
    assert clone(again).get_params()["boundary"] == boundary
    draws = fitted.sample(100, random_state=0)
    assert draws.shape == (100, 1)
    assert ((draws >= 0) & (draws <= 1)).all()
    density = copy.deepcopy(pickle.loads(pickle.dumps(wanted)))
    np.testing.assert_array_equal(density.pdf(Q), wanted.pdf(Q))
    np.testing.assert_array_equal(density.sample(9, rng=0), wanted.sample(9, rng=0))


@pytest.mark.parametrize("boundary", [*ALL, Reflect(0.2, 0.0)], ids=str)
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_saved_and_loaded(boundary, method, tmp_path):
    """A file holds bounds as well."""
    options = {"bandwidth": 0.2, "bounds": (0, 1), "boundary": boundary}
    density = parzen.kde(X, method=method, **options)
    density.save(tmp_path / "x.npz")
    again = parzen.load(tmp_path / "x.npz")
    assert again.bounds == (0.0, 1.0)
    np.testing.assert_allclose(again.pdf(Q), density.pdf(Q), rtol=1e-3)
    if method == "direct":
        np.testing.assert_allclose(again.pdf(Q), density.pdf(Q), rtol=1e-13)


@pytest.mark.parametrize("rule", ["silverman", "scott", "normal_reference"])
@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", Reflect(0.3, 0.3)], ids=str
)
def test_rules_see_the_data_as_they_are(boundary, rule):
    """Mirror images change no bandwidth."""
    free = parzen.kde(X, bandwidth=rule)
    density = parzen.kde(X, bandwidth=rule, bounds=(0, 1), boundary=boundary)
    assert density.bandwidth == free.bandwidth


@pytest.mark.parametrize("boundary", ALL)
def test_the_default_bandwidth(boundary):
    """A density that stays high at its ends gets a wider bandwidth where corrected."""
    x = np.random.default_rng(0).random(2000)
    density = parzen.kde(x, bounds=(0, 1), boundary=boundary)
    mean_square = float(np.mean((density.pdf(Q) - 1) ** 2))
    assert mean_square < (0.2 if boundary in (None, "transform") else 0.02)


def test_guard_data():
    """Kept, they mend the bound; dropped, they are counted. `explain` says which."""
    x = np.random.default_rng(5).exponential(size=4000)
    options = {"bandwidth": 0.2, "bounds": (0.5, INF)}
    kept = parzen.kde(x, **options)
    outside = int((x < 0.5).sum())
    assert f"{outside:,} points outside kept as guard data" in kept.explain()
    assert "bounds     [0.5, inf], boundary None" in kept.explain()
    dropped = parzen.kde(x, outside="drop", **options)
    assert f"{outside:,} points outside, or of weight 0, left out" in dropped.explain()
    assert dropped.sample_size == 4000 - outside
    assert kept.pdf(0.5) == pytest.approx(1, abs=0.15)
    assert dropped.pdf(0.5) < 0.7
    ends = (0.5, INF)
    for density, data in ((kept, x), (dropped, x[x >= 0.5])):
        case = oracle.Case("gaussian", data, 0.2)
        q = np.array([0.5, 0.7, 3.0])
        wanted = np.exp(oracle.log_cut(case, ends, q)).astype(float)
        np.testing.assert_allclose(density.pdf(q), wanted, rtol=1e-8)


def test_dropped_points_take_their_bandwidths_and_weights_along():
    """Rows stay together."""
    h = np.where(X < 0.1, 5.0, 0.1)
    weights = np.where(X < 0.1, 50.0, 1.0)
    options = {"bounds": (0.1, 1), "boundary": "reflect"}
    some = X >= 0.1
    dropped = parzen.kde(X, weights=weights, bandwidth=h, outside="drop", **options)
    wanted = parzen.kde(X[some], bandwidth=h[some], **options)
    np.testing.assert_allclose(dropped.pdf(Q), wanted.pdf(Q), rtol=1e-12)


@pytest.mark.parametrize("boundary", [*ALL, Reflect(0.5, 0.5)], ids=str)
def test_grid(boundary):
    """The grid ends at the bounds, and holds the mass."""
    density = parzen.kde(X, bandwidth=0.15, bounds=(0, 1), boundary=boundary)
    points, values = density.grid(2001)
    assert points[0] >= 0
    assert points[-1] <= 1
    np.testing.assert_array_equal(values, density.pdf(points))
    assert np.trapezoid(values, points) == pytest.approx(1, abs=2e-3)
    text = repr(density)
    assert "bounds=(0.0, 1.0)" in text
    assert f"boundary {'reflect' if isinstance(boundary, Reflect) else boundary}" in (
        density.explain()
    )


def test_reported_bounds():
    """As they were given."""
    assert parzen.kde(X, bandwidth=0.1, bounds=(0, None)).bounds == (0.0, INF)
    ranges = [(0, 0.5), (0.6, 1.0)]
    assert parzen.kde(X, bandwidth=0.1, bounds=ranges).bounds == ranges
    box = [(0, 1), (-INF, INF)]
    assert parzen.kde(np.c_[X, X], bandwidth=0.1, bounds=box).bounds == box
    assert parzen.kde(X, bandwidth=0.1).bounds is None


@pytest.mark.parametrize("bounds", [(0, 1), (0, INF), (-INF, 1)])
@pytest.mark.parametrize(
    "fractions", [(0.3, 0.2), (1.0, 0.4), (0.0, 0.5), (1.0, 0.0), (0.0, 0.0), (1, 1)]
)
def test_fractions_pad_the_sample(fractions, bounds):
    """The sample with its mirrored part, cut at the bounds: zfit's padding."""
    lower, upper = fractions
    weights = 0.5 + RNG.random(len(X))
    density = parzen.kde(
        X,
        weights=weights,
        bandwidth=0.08,
        bounds=bounds,
        boundary=Reflect(lower, upper),
    )
    low, high = bounds
    first = low if np.isfinite(low) else X.min()
    last = high if np.isfinite(high) else X.max()
    below = (first + lower * (last - first) > X) & (lower > 0) & np.isfinite(low)
    above = (last - upper * (last - first) < X) & (upper > 0) & np.isfinite(high)
    if (lower, upper) == (1, 1) and bounds == (0, 1):
        # folded without end: copies of the sample once on each side will do
        below[:], above[:] = True, True
    padded = np.concatenate([X, 2 * first - X[below], 2 * last - X[above]])
    shares = np.concatenate([weights, weights[below], weights[above]])
    case = oracle.Case("gaussian", padded, 0.08, shares)
    wanted = np.exp(oracle.log_cut(case, bounds, Q)).astype(float)
    np.testing.assert_allclose(density.pdf(Q), wanted, rtol=1e-8)


@pytest.mark.parametrize("boundary", [None, "reflect", "renormalize", "linear"])
def test_several_ranges(boundary):
    """Each range by itself, with its share of the data; None shares them."""
    x = np.concatenate([X[:120] * 0.4, 0.6 + 0.4 * X[120:], [0.4, 0.6]])
    ranges = [(0.6, INF), (0.0, 0.4)]
    weights = 0.5 + RNG.random(len(x))
    options = {"bandwidth": 0.07, "boundary": boundary}
    density = parzen.kde(x, weights=weights, bounds=ranges, **options)
    q = np.array([-0.1, 0.0, 0.2, 0.4, 0.41, 0.5, 0.6, 0.8, 1.3])
    total, mass = np.zeros(len(q)), 0.0
    case = oracle.Case("gaussian", x, 0.07, weights)
    for ends in ranges:
        inside = (q >= ends[0]) & (q <= ends[1])
        some = (x >= ends[0]) & (x <= ends[1])
        if boundary is None:
            part, share = case, float(oracle.mass_inside(case, ends))
        else:
            part = oracle.Case("gaussian", x[some], 0.07, weights[some])
            share = weights[some].sum() / weights.sum()
        logs = oracle.LOGS[boundary](part, ends, q[inside]).astype(float)
        total[inside] += share * np.exp(logs)
        mass += share
    np.testing.assert_allclose(density.pdf(q), total / mass, rtol=1e-8)
    with np.errstate(divide="ignore"):
        logs = np.log(total / mass)
    np.testing.assert_allclose(density.logpdf(q), logs, atol=1e-8)


def test_ranges_that_touch_share_no_point():
    """A barrier: the end belongs to the range below, once."""
    x = np.array([0.2, 0.5, 0.5, 0.9])
    options = {"bandwidth": 0.05, "boundary": "reflect"}
    density = parzen.kde(x, bounds=[(0, 0.5), (0.5, 1)], **options)
    below = parzen.kde(x[:3], bounds=(0, 0.5), **options)
    np.testing.assert_allclose(density.pdf([0.3, 0.5]), 0.75 * below.pdf([0.3, 0.5]))
    q = (np.arange(2000) + 0.5) / 2000
    assert density.pdf(q).mean() == pytest.approx(1, abs=1e-9)
    # a range without data holds no mass
    density = parzen.kde(x, bounds=[(0, 0.95), (0.95, 2)], **options)
    assert density.pdf(1.5) == 0
    assert np.isneginf(density.logpdf(1.5))


def test_signed_weights_on_several_ranges():
    """Shares of mass must be positive; a cut has none."""
    weights = np.where(X < 0.2, -0.1, 1.0)
    options = {"weights": weights, "signed_weights": True, "bandwidth": 0.1}
    ranges = [(0, 0.5), (0.5, 1)]
    with pytest.raises(CapabilityError, match="Use boundary=None"):
        parzen.kde(X, bounds=ranges, boundary="reflect", **options)
    assert parzen.kde(X, bounds=ranges, **options).pdf(0.7) > 0
