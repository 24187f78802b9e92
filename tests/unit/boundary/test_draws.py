from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen import Reflect
from parzen.errors import CapabilityError
from tests import bounded_reference as oracle

RNG = np.random.default_rng(8)
X = np.sort(
    np.concatenate([[0.0, 1.0], RNG.random(8) ** 2, 0.7 + 0.05 * RNG.random(3)])
)
W = 0.1 + RNG.random(len(X))
LOCAL = 0.05 + 0.2 * RNG.random(len(X))
SIZE = 20_000
# Kolmogorov-Smirnov at a level of 1e-4, at a fixed seed
LEVEL = 2.3


def distance(density, low, high, draws):
    """Return sqrt(n) times the largest difference of distribution functions."""
    edges = np.linspace(low, high, 8001)
    middles = (edges[1:] + edges[:-1]) / 2
    # Simpson on each cell
    ends = density.pdf(edges)
    cells = (ends[1:] + ends[:-1] + 4 * density.pdf(middles)) / 6
    cdf = np.cumsum(cells) * (edges[1] - edges[0])
    assert cdf[-1] == pytest.approx(1, abs=5e-3)
    found = np.searchsorted(np.sort(draws), edges[1:], side="right") / len(draws)
    return np.abs(found - cdf).max() * math.sqrt(len(draws))


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("boundary", "name"),
    [
        *((b, "gaussian") for b in ("renormalize", "linear", "transform")),
        *(
            (b, name)
            for b in (None, "reflect", "periodic")
            for name in oracle.NAMES[::2]
        ),
        ("renormalize", "tophat"),
        ("renormalize", "moyal"),
        ("renormalize", "callable"),
        ("linear", "t5"),
        ("linear", "exponential"),
        (Reflect(0.3, 0.6), "gaussian"),
        (Reflect(1, 0), "cauchy"),
        (Reflect(0, 1), "moyal"),
    ],
    ids=str,
)
def test_draws_follow_the_density(boundary, name):
    """All inside, and distributed as the density says."""
    x = X.clip(0.02, 0.98) if boundary == "transform" else X
    density = parzen.kde(
        x,
        weights=W,
        kernel=oracle.kernel_of(name),
        bandwidth=0.4 if boundary == "transform" else 0.12,
        bounds=(0, 1),
        boundary=boundary,
    )
    draws = density.sample(SIZE, rng=1)
    assert draws.shape == (SIZE,)
    assert ((draws >= 0) & (draws <= 1)).all()
    assert distance(density, 0, 1, draws) < LEVEL
    np.testing.assert_array_equal(draws, density.sample(SIZE, rng=1))
    assert np.isscalar(density.sample(rng=2))
    assert density.sample(0, rng=2).shape == (0,)


@pytest.mark.statistical
@pytest.mark.parametrize("boundary", [None, "reflect", "periodic"])
def test_local_bandwidths(boundary):
    """Noise as wide as each point has it."""
    density = parzen.kde(X, bandwidth=LOCAL, bounds=(0, 1), boundary=boundary)
    assert distance(density, 0, 1, density.sample(SIZE, rng=3)) < LEVEL


@pytest.mark.statistical
@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", "transform"]
)
@pytest.mark.parametrize("upper", [False, True])
def test_half_a_line(boundary, upper):
    """One bound on either side."""
    x = np.abs(RNG.normal(size=50)) + 0.01
    x = -x if upper else x
    density = parzen.kde(
        x,
        bandwidth=0.3,
        bounds=(None, 0) if upper else (0, None),
        boundary=boundary,
    )
    draws = density.sample(SIZE, rng=4)
    low, high = (-9, 0) if upper else (0, 9)
    assert distance(density, low, high, draws) < LEVEL


@pytest.mark.statistical
@pytest.mark.parametrize("boundary", [None, "reflect", "renormalize", "linear"])
def test_several_ranges(boundary):
    """Each range gets its share."""
    x = X[(X < 0.3) | (X > 0.6)]
    bounds = [(0, 0.3), (0.6, 1)]
    density = parzen.kde(x, bandwidth=0.1, bounds=bounds, boundary=boundary)
    draws = density.sample(SIZE, rng=6)
    assert distance(density, 0, 1, draws) < LEVEL
    assert (density.pdf(draws) > 0).all()
    # in no order
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize("boundary", ["renormalize", "linear"])
def test_a_range_narrower_than_the_bandwidth(boundary):
    """Few free draws are inside; batches find them."""
    density = parzen.kde(X, bandwidth=200.0, bounds=(0, 1), boundary=boundary)
    draws = density.sample(500, rng=1)
    assert distance(density, 0, 1, draws) < LEVEL


def test_bounds_with_next_to_no_mass():
    """By quantiles on a line; in the plane an error, not an endless loop."""
    for low, high in ((1.8, 1.9), (1.3, 1.4)):
        density = parzen.kde(X, bandwidth=0.1, bounds=(low, high))
        draws = density.sample(1000, rng=1)
        assert ((draws >= low) & (draws <= high)).all()
        assert np.median(draws) == pytest.approx(density.median(), abs=0.01)
    plane = np.column_stack([X, X])
    with pytest.raises(CapabilityError, match="take for ever"):
        parzen.kde(plane, bandwidth=0.1, bounds=[(1.7, 1.9), None]).sample(1000)


def test_transformed_draws_stay_inside():
    """However far the tails of the line, never on a bound nor at infinity."""
    options = {"kernel": "cauchy", "bandwidth": 3.0, "boundary": "transform"}
    for bounds in ((0, 1), (0, None), (None, 1)):
        x = X.clip(0.1, 0.9)
        density = parzen.kde(x, bounds=bounds, **options)
        draws = density.sample(SIZE, rng=1)
        assert np.isfinite(draws).all()
        assert ((draws > 0) | (bounds[0] is None)).all()
        assert ((draws < 1) | (bounds[1] is None)).all()


def test_signed_weights_have_no_draws():
    """Nor does a density that may be negative."""
    weights = np.where(X < 0.1, -0.1, 1.0)
    options = {"bandwidth": 0.1, "bounds": (0, 1), "signed_weights": True}
    with pytest.raises(CapabilityError, match="not negative"):
        parzen.kde(X, weights=weights, **options).sample(3)
