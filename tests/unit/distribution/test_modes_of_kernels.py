"""Modes of kernel density estimates: every kernel, boundary, engine and range."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

import parzen
from tests.reference import KERNELS
from tests.reference_modes import persistent, stairs

SMALL = 1e-6
X = np.random.default_rng(0).normal(size=60)
CLIPPED = np.clip(X, -1.9, 1.9)
CURVES = [name for name in KERNELS if name != "tophat"]
# All of these take milliseconds; once they took minutes, or never ended.
SECONDS = 10.0


def by_grid(density, low, high, count=100_001):
    """Peaks on a dense grid, their step, and whether each is as sharp as a point."""
    q = np.linspace(low, high, count)
    height = density.logpdf(q)
    return q[persistent(height, SMALL)], q[1] - q[0]


def check_against_grid(density, low, high):
    """As many as the grid has, each beside or on a level with a peak of the grid."""
    exact, step = by_grid(density, low, high)
    modes = density.modes()
    # those of less prominence than a grid can tell have no partner there
    for place in exact:
        near = np.argmin(np.abs(modes.location - place))
        apart = np.abs(modes.location[near] - place)
        level = modes.density[near] / density.pdf(place) - 1.0
        assert apart <= 2.0 * step or np.abs(level) <= SMALL
    assert len(exact) <= len(modes.location) <= 1.1 * len(exact) + 2.0
    check_turns(density)
    return exact, modes


def check_turns(density, *, ring=False):
    """Antimodes lie strictly between modes, lower than both."""
    modes, antimodes = density.modes(), density.antimodes()
    at, low = antimodes.location, antimodes.density
    assert (modes.density > 0.0).all()
    if ring:
        assert len(at) == len(modes.location)
        turns = np.argsort(np.concatenate([modes.location, at]), kind="stable")
        kinds = turns < len(at)
        assert (kinds[1:] != kinds[:-1]).all()
        return
    assert len(at) == len(modes.location) - 1
    assert (modes.location[:-1] < at).all()
    assert (at < modes.location[1:]).all()
    assert (low < modes.density[:-1]).all()
    assert (low < modes.density[1:]).all()


@pytest.mark.parametrize("h", [0.03, 0.2, 1.0])
@pytest.mark.parametrize("kernel", CURVES)
def test_peaks_of_a_dense_grid_are_modes(kernel, h):
    """Of each kernel, at each width."""
    density = parzen.kde(X, kernel=kernel, bandwidth=h)
    check_against_grid(density, X.min() - 4.0 * h, X.max() + 4.0 * h)


@pytest.mark.parametrize("seed", range(12))
def test_plateaus_of_top_hats_are_counted_exactly(seed):
    """By the steps of the sum, middle and density to rounding."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([1, 2, 3, 40, 300]))
    h = float(rng.choice([0.02, 0.25, 2.0]))
    x = rng.normal(size=n)
    density = parzen.kde(x, kernel="tophat", bandwidth=h)
    places, counts = stairs(x, h)
    modes = density.modes()
    assert len(modes.location) == len(places)
    np.testing.assert_allclose(modes.location, places, atol=1e-13)
    np.testing.assert_allclose(modes.density, counts / (2.0 * n * h), rtol=1e-12)
    check_turns(density)


@pytest.mark.parametrize("kernel", KERNELS)
def test_far_from_zero_they_are_the_same(kernel):
    """At 1e9 places are rounded, which makes no modes."""
    near = parzen.kde(X, kernel=kernel, bandwidth=0.25)
    far = parzen.kde(X + 1e9, kernel=kernel, bandwidth=0.25)
    # points are rounded to 1e-7: what rises less may come or go
    few = len(near.modes().location)
    assert abs(len(far.modes().location) - few) <= max(1, few // 20)
    check_turns(far)


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "exponential"])
@pytest.mark.parametrize(
    "boundary", ["transform", "reflect", "renormalize", "linear", None]
)
def test_bounds_add_none_but_where_the_density_is_largest(boundary, kernel):
    """And none where it is zero."""
    density = parzen.kde(
        CLIPPED, kernel=kernel, bandwidth=0.3, bounds=(-2.0, 2.0), boundary=boundary
    )
    check_against_grid(density, -2.0, 2.0)


@pytest.mark.parametrize("kernel", ["gaussian", "triangular", "tophat", "exponential"])
def test_a_circle_has_no_ends(kernel):
    """Turning it turns the modes, a mode at the seam is one, valleys are as many."""
    options = {"kernel": kernel, "bounds": (0.0, 360.0), "boundary": "periodic"}
    x = np.random.default_rng(3).vonmises(0.0, 2.0, 40) * 180.0 / np.pi % 360.0
    density = parzen.kde(x, bandwidth=12.0, **options)
    turned = parzen.kde((x + 97.0) % 360.0, bandwidth=12.0, **options)
    check_turns(density, ring=True)
    moved = np.sort((density.modes().location + 97.0) % 360.0)
    np.testing.assert_allclose(turned.modes().location, moved, atol=1e-6)
    if kernel == "exponential":  # each of its points is a mode
        return
    one = parzen.kde([5.0, 355.0], bandwidth=30.0, **options).modes().location
    assert len(one) == 1
    assert min(one[0], 360.0 - one[0]) < 1e-9


def test_a_mode_at_the_seam_is_named_by_the_lower_bound():
    """Not by both."""
    density = parzen.kde([0.0], bandwidth=9.0, bounds=(0, 360), boundary="periodic")
    assert density.modes().location.tolist() == [0.0]
    assert density.antimodes().location == pytest.approx([180.0], abs=1e-6)


@pytest.mark.parametrize("method", ["fft", "grid", "diffusion"])
def test_interpolation_adds_none(method):
    """Grids answer to their error, which is no mode."""
    options = {} if method == "diffusion" else {"bandwidth": 0.15}
    density = parzen.kde(X, method=method, **options)
    width = density.bandwidth
    exact = parzen.kde(X, bandwidth=width).modes().location
    np.testing.assert_allclose(density.modes().location, exact, atol=0.01 * width)
    check_turns(density)


@pytest.mark.parametrize("method", ["fft", "grid"])
@pytest.mark.parametrize("kernel", ["epanechnikov", "triangular", "tophat"])
def test_grids_of_kinks_take_turns(method, kernel):
    """Whatever the grid makes of kinks."""
    check_turns(parzen.kde(X, method=method, kernel=kernel, bandwidth=0.1))


@pytest.mark.parametrize("far", [300.0, 1e4, 1e6, 1e9])
@pytest.mark.parametrize(
    "kernel", ["gaussian", "cauchy", "exponential", "triangular", "tophat"]
)
def test_an_outlier_takes_no_time_and_is_a_mode(kernel, far):
    """The gap before it is one panel."""
    start = time.perf_counter()
    density = parzen.kde(np.append(X, far), kernel=kernel, bandwidth=0.3)
    modes = density.modes().location
    assert modes[-1] == pytest.approx(far, abs=1e-3)
    check_turns(density)
    assert time.perf_counter() - start < SECONDS


@pytest.mark.parametrize("far", [100.0, 1e3, 1e6])
def test_the_valley_of_two_points_is_their_middle(far):
    """However deep: far below the smallest float."""
    density = parzen.kde([0.0, far], bandwidth=1.0)
    np.testing.assert_array_equal(density.modes().location, [0.0, far])
    np.testing.assert_allclose(density.antimodes().location, [far / 2.0], rtol=1e-9)


@pytest.mark.parametrize("shift", np.random.default_rng(8).uniform(-9.0, 9.0, 8))
@pytest.mark.parametrize("more", [1e-3, 1e-2, 0.1])
def test_two_modes_that_nearly_are_one_are_told_apart(more, shift):
    """Wherever they lie between the places that are looked at."""
    density = parzen.kde([shift, shift + 2.0 + more], bandwidth=1.0)
    assert len(density.modes().location) == 2
    check_turns(density)


def test_heavy_tails_end():
    """Points that thin out, each a mode of its own at last."""
    x = np.random.default_rng(2).pareto(1.0, 300)
    density = parzen.kde(x, bandwidth=0.1)
    order = np.sort(x)
    alone = order[1:-1][(np.diff(order)[:-1] > 3.0) & (np.diff(order)[1:] > 3.0)]
    assert len(alone) == 3
    modes = density.modes().location
    assert np.abs(modes[:, None] - alone).min(axis=0).max() < 1e-6
    check_turns(density)


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "tophat"])
def test_many_points_take_seconds(kernel):
    """A hundred thousand."""
    start = time.perf_counter()
    density = parzen.kde(np.random.default_rng(5).normal(size=100_000), kernel=kernel)
    check_turns(density)
    assert time.perf_counter() - start < SECONDS


def test_kernels_of_scipy():
    """Asymmetric ones, which jump or do not."""
    for kernel in (stats.moyal, stats.expon):
        density = parzen.kde(X[:20], kernel=kernel, bandwidth=0.15)
        check_against_grid(density, X.min() - 1.0, X.max() + 3.0)


def test_ranges_mixtures_and_cuts():
    """What is made of densities has modes, too."""
    x = X[np.abs(X) > 0.5]
    ranges = parzen.kde(
        x, bandwidth=0.2, bounds=[(-9.0, -0.5), (0.5, 9.0)], boundary="reflect"
    )
    check_turns(ranges)
    two = parzen.kde(X, bandwidth=0.5) * 0.5 + parzen.kde(X + 5.0, bandwidth=0.5) * 0.5
    check_against_grid(two, -6.0, 10.0)
    check_against_grid(two.truncate((0.5, 6.0)), 0.5, 6.0)
