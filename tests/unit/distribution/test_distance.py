"""Distances of two distributions against closed forms and brute force."""

from __future__ import annotations

import copy
import math
import pickle
import time
import warnings

import numpy as np
import pytest
from scipy import stats

from parzen import AccuracyWarning, CapabilityError, ParzenError, ShapeError, kde
from parzen.distribution.distance import (
    Estimate,
    hellinger,
    ise,
    js,
    kl,
    overlap,
    total_variation,
)

ALL = (kl, js, hellinger, total_variation, overlap, ise)


def normal(mean, width, d=1):
    """Make a normal distribution: a density of one point."""
    return kde(np.full((1, d), mean) if d > 1 else [mean], bandwidth=width)


def brute(a, b, lower=-12.0, upper=14.0, count=500_001):
    """Return all distances by a midpoint rule, to about 1e-9 for smooth densities."""
    edges = np.linspace(lower, upper, count)
    x, step = 0.5 * (edges[1:] + edges[:-1]), (upper - lower) / (count - 1)
    f, g = a.pdf(x), b.pdf(x)
    m = 0.5 * (f + g)
    with np.errstate(all="ignore"):
        first = np.where(f > 0, f * np.log(f / g), 0.0)
        mixed = np.where(f > 0, f * np.log(f / m), 0.0)
        mixed += np.where(g > 0, g * np.log(g / m), 0.0)
    return {
        kl: first.sum() * step,
        js: 0.5 * mixed.sum() * step,
        hellinger: math.sqrt(0.5 * ((f**0.5 - g**0.5) ** 2).sum() * step),
        total_variation: 0.5 * np.abs(f - g).sum() * step,
        overlap: np.minimum(f, g).sum() * step,
        ise: ((f - g) ** 2).sum() * step,
    }


@pytest.mark.parametrize(("shift", "width"), [(2.0, 1.0), (0.5, 3.0), (100.0, 0.01)])
def test_normals(shift, width):
    """Closed forms of two normal distributions."""
    a, b = normal(0.0, 1.0), normal(shift, width)
    expected = math.log(width) + (1.0 + shift**2) / (2.0 * width**2) - 0.5
    assert kl(a, b).value == pytest.approx(expected, rel=1e-9)
    total = 1.0 + width**2
    affinity = math.sqrt(2.0 * width / total) * math.exp(-0.25 * shift**2 / total)
    assert hellinger(a, b).value == pytest.approx(math.sqrt(1.0 - affinity), abs=1e-9)
    square = (1.0 + 1.0 / width) / (2.0 * math.sqrt(math.pi))
    square -= 2.0 * stats.norm.pdf(shift, scale=math.sqrt(total))
    assert ise(a, b).value == pytest.approx(square, rel=1e-9)


def test_small_and_large_numbers():
    """Neither tiny overlaps nor tiny divergences lose their digits."""
    far = overlap(normal(0.0, 1.0), normal(40.0, 1.0)).value
    assert far == pytest.approx(2.0 * stats.norm.sf(20.0), rel=1e-9)
    near = kl(normal(0.0, 1.0), normal(1e-6, 1.0)).value
    assert near == pytest.approx(5e-13, rel=1e-7)
    variation = total_variation(normal(0.0, 1.0), normal(2.0, 1.0)).value
    assert variation == pytest.approx(1.0 - 2.0 * stats.norm.sf(1.0), abs=1e-12)


@pytest.mark.parametrize("kernel", ["gaussian", "triangular", "exponential"])
def test_brute_force(rng, kernel):
    """All distances of two samples."""
    x, y = rng.normal(size=30), rng.normal(0.5, 1.0, 20)
    a, b = (kde(v, kernel=kernel, bandwidth=h) for v, h in ((x, 0.4), (y, 0.6)))
    expected = brute(a, b)
    for distance in ALL[kernel == "triangular" :]:
        found = distance(a, b)
        assert found.value == pytest.approx(expected[distance], abs=3e-8)
        assert 0.0 <= found.error < 1e-7


def test_steps():
    """Two top hats, where everything is a sum of rectangles."""
    a, b = (kde([x], kernel="tophat", bandwidth=1.0) for x in (0.0, 0.5))
    assert kl(a, b).value == math.inf
    assert total_variation(a, b).value == pytest.approx(0.25, abs=1e-12)
    assert overlap(a, b).value == pytest.approx(0.75, abs=1e-12)
    assert hellinger(a, b).value == pytest.approx(0.5, abs=1e-12)
    assert ise(a, b).value == pytest.approx(0.25, abs=1e-12)
    assert js(a, b).value == pytest.approx(0.25 * math.log(2.0), abs=1e-12)


def test_divergence_is_infinite_where_it_is():
    """Outside of a support, in gaps of it, and where tails are too light."""
    normals, hat = normal(0.0, 1.0), kde([0.0], kernel="tophat", bandwidth=1.0)
    assert kl(normals, hat) == Estimate(math.inf, 0.0)
    expected = -math.log(2.0) + 0.5 * math.log(2.0 * math.pi) + 1.0 / 6.0
    assert kl(hat, normals).value == pytest.approx(expected, abs=1e-12)
    split = kde([-2.0, 2.0], kernel="tophat", bandwidth=1.0)
    whole = kde([-2.0, 0.0, 2.0], kernel="tophat", bandwidth=1.0)
    assert kl(whole, split).value == math.inf
    assert kl(split, whole).value == pytest.approx(math.log(1.5))
    cauchy = kde([0.0], kernel="cauchy", bandwidth=1.0)
    assert kl(cauchy, normals).value == math.inf
    assert math.isfinite(kl(normals, cauchy).value)
    wide = kde([0.0], kernel="cauchy", bandwidth=2.0)
    assert kl(cauchy, wide).value == pytest.approx(math.log(9.0 / 8.0), abs=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_any_unit(rng, unit):
    """Distances do not depend on units; only `ise` has one."""
    x, y = rng.normal(size=10), rng.normal(size=12)
    a, b = kde(x, bandwidth=0.4), kde(y, bandwidth=0.5)
    c, d = kde(x * unit, bandwidth=0.4 * unit), kde(y * unit, bandwidth=0.5 * unit)
    for distance in ALL[:-1]:
        assert distance(c, d).value == pytest.approx(distance(a, b).value, rel=1e-9)
    assert ise(c, d).value * unit == pytest.approx(ise(a, b).value, rel=1e-9)


@pytest.mark.parametrize("d", [2, 3])
def test_in_space(d):
    """By quadrature in the plane, by draws above."""
    a, b = normal(0.0, 1.0, d), normal(math.sqrt(4.0 / d), 1.0, d)
    square = 2.0 * (1.0 - math.exp(-1.0)) / math.sqrt(4.0 * math.pi) ** d
    expected = {
        kl: 2.0,
        hellinger: math.sqrt(1.0 - math.exp(-0.5)),
        total_variation: 1.0 - 2.0 * stats.norm.sf(1.0),
        overlap: 2.0 * stats.norm.sf(1.0),
        ise: square,
    }
    for distance, value in expected.items():
        found = distance(a, b, rng=0, size=40_000)
        assert abs(found.value - value) < (1e-6 if d == 2 else 4.0 * found.error)
        assert found.error < (1e-6 if d == 2 else 0.02)


def test_bounds():
    """Densities within bounds, and of different kinds."""
    x = [0.2, 1.0, 2.5]
    options = {"bandwidth": 0.5, "bounds": (0.0, 4.0)}
    a, b = kde(x, **options), kde(x, boundary="reflect", **options)
    expected = brute(a, b, 0.0, 4.0)
    for distance in ALL:
        assert distance(a, b).value == pytest.approx(expected[distance], abs=1e-8)
    assert kl(kde(x, bandwidth=0.5), a).value == math.inf


def test_same_is_zero(rng):
    """A distribution is not far from itself."""
    a = kde(rng.normal(size=50), bandwidth=0.3)
    for distance in (kl, js, hellinger, total_variation, ise):
        assert distance(a, a).value == 0.0
    assert float(overlap(a, a)) == pytest.approx(1.0)


def test_refusals():
    """What cannot be compared."""
    a = normal(0.0, 1.0)
    signed = kde([0.0, 1.0], weights=[2.0, -1.0], bandwidth=1.0, signed_weights=True)
    for distance in ALL:
        with pytest.raises(ParzenError, match="`b` must be a distribution"):
            distance(a, stats.norm())
        with pytest.raises(ShapeError, match="one dimension"):
            distance(a, normal(0.0, 1.0, 2))
        with pytest.raises(CapabilityError, match="negative"):
            distance(a, signed)


def test_narrow_and_far_parts_in_the_plane():
    """What a grid of cells does not see, draws find."""
    narrow, wide = kde([[0.3, 0.2]], bandwidth=1e-4), normal(0.0, 1.0, 2)
    assert total_variation(narrow, wide) == pytest.approx(1.0, abs=1e-6)
    assert overlap(narrow, wide) < 1e-6
    square = 1.0 / (4.0 * math.pi * 1e-8) + 1.0 / (4.0 * math.pi)
    square -= 2.0 * math.exp(-0.065) / (2.0 * math.pi)
    assert ise(narrow, wide) == pytest.approx(square, rel=1e-6)
    far = kde([[0.0, 0.0]], bandwidth=1e-3), kde([[1000.0, 2.0]], bandwidth=1.0)
    assert total_variation(*far) == pytest.approx(1.0, abs=1e-6)
    assert hellinger(*far) == pytest.approx(1.0, abs=1e-6)


def test_missing_mass_is_error_and_warning():
    """A part too light for draws, and too narrow for cells, is not passed over."""
    wide = normal(0.0, 1.0, 2)
    mixed = wide * 0.9999 + kde([[3.21, 0.33]], bandwidth=1e-5) * 0.0001
    with pytest.warns(AccuracyWarning, match="of the mass"):
        found = total_variation(mixed, wide)
    assert abs(found - 1e-4) <= found.error
    far = kde([0.0, 1e20], bandwidth=1.0), kde([0.0], bandwidth=1.0)
    with pytest.warns(AccuracyWarning, match="of the mass"):
        found = total_variation(*far)
    assert abs(found - 0.5) <= found.error


def test_honest_error_of_many_narrow_points(rng):
    """Crossings along very many short lines cost digits, which the error tells."""
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 100.0
    a, b = kde(x, bandwidth=1e-3), kde(y, bandwidth=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        found = total_variation(a, b)
    assert abs(found - 1.0) <= found.error + 1e-6


def test_time_in_the_plane(rng):
    """Some hundred points take seconds at most."""
    a = kde(rng.normal(size=(150, 2)), bandwidth=0.3)
    b = kde(rng.normal(size=(100, 2)), bandwidth=0.4)
    start = time.process_time()
    assert total_variation(a, b) + overlap(a, b) == pytest.approx(1.0, abs=1e-5)
    assert time.process_time() - start < 20.0


@pytest.mark.parametrize("unit", [1e-310, 1e-300, 1e300])
def test_squares_that_leave_the_range(rng, unit):
    """Nothing raises, whatever the unit."""
    x = rng.normal(size=10)
    width = max(unit, 3e-308)
    a, b = kde(x * unit, bandwidth=width), kde(x * unit, bandwidth=2.0 * width)
    assert 0.0 <= ise(a, b) <= math.inf


def test_estimate_is_a_float():
    """It computes, compares, formats, copies and pickles, and does not change."""
    found = Estimate(0.50041, 9.9e-14)
    assert repr(found) == "Estimate(0.50041, error=9.9e-14)"
    assert f"{found:.3f}" == "0.500"
    assert round(found, 2) == 0.5
    assert found.value == float(found) == found == 0.50041
    assert type(found.value) is float
    assert type(found + 1) is float
    assert found < 0.6 < max(found, 0.7)
    assert np.asarray([found]).dtype == np.float64
    for again in (
        pickle.loads(pickle.dumps(found)),
        copy.copy(found),
        copy.deepcopy(found),
    ):
        assert type(again) is Estimate
        assert (again, again.error) == (found, found.error)
    for change in (
        lambda: setattr(found, "error", 1.0),
        lambda: setattr(found, "value", 1.0),
        lambda: delattr(found, "error"),
    ):
        with pytest.raises(AttributeError):
            change()


@pytest.mark.parametrize("d", [1, 2, 3])
def test_wrong_seeds(d):
    """Refused wherever they are not needed, too."""
    a = normal(0.0, 1.0, d)
    for distance in ALL:
        with pytest.raises(ParzenError, match="`rng`"):
            distance(a, a, rng="seed")
