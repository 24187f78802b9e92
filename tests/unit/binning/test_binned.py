"""Binned samples: what they hold, how they add up, and the densities of them."""

from __future__ import annotations

import copy
import functools
import operator
import pickle

import numpy as np
import pytest

import parzen
from parzen import (
    BandwidthError,
    BinnedSample,
    CapabilityError,
    DataError,
    ParzenError,
    ShapeError,
    UnknownNameError,
    WeightError,
    kde,
    select_bandwidth,
)
from tests import reference

SIZES = {1: 50, 2: (12, 9), 3: (8, 9, 7)}
in_each_dimension = pytest.mark.parametrize("d", [1, 2, 3])


def mesh(binned):
    """All nodes of a binned sample as points, (G, d)."""
    axes = np.meshgrid(*binned.grid.axes, indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=-1)


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@in_each_dimension
def test_masses(rng, d, weighted, binning):
    """Each point is shared among the corners of its cell, by its own weight."""
    x = rng.normal(size=(60, d))
    w = rng.uniform(0.1, 5.0, 60) if weighted else None
    binned = BinnedSample.of(x, w, grid_size=SIZES[d], binning=binning)
    total = w.sum() if weighted else 60.0
    exact = total * reference.binned(
        x, x.min(axis=0), binned.grid.step, binned.grid.shape, weights=w,
        linear=binning == "linear",
    )  # fmt: skip
    np.testing.assert_allclose(binned.masses, exact, rtol=1e-9, atol=1e-12)
    assert binned.masses.sum() == pytest.approx(total, rel=1e-14)
    assert binned.size == 60
    squares = (w**2).sum() if weighted else 60.0
    assert binned.squares == pytest.approx(squares, rel=1e-12)
    np.testing.assert_array_equal(binned.grid.lower, x.min(axis=0))
    np.testing.assert_array_equal(binned.grid.upper, x.max(axis=0))


@in_each_dimension
def test_mean_and_mass_are_kept(rng, d):
    """Linear shares keep the mean exactly, on any grid that holds the data."""
    x, w = rng.normal(size=(500, d)), rng.random(500)
    binned = BinnedSample.of(x, w, limits=[(-9.0, 7.0)] * d, grid_size=10)
    mean = (binned.masses.ravel() @ mesh(binned)) / binned.masses.sum()
    np.testing.assert_allclose(mean, w @ x / w.sum(), atol=1e-13)


@in_each_dimension
def test_parts_add_up(rng, d):
    """The sum of the parts of the data is the sample of the whole, weights and all."""
    x, w = rng.uniform(-1, 1, size=(900, d)), rng.random(900) * 10.0
    limits = [(-1.0, 1.0)] * d if d > 1 else (-1.0, 1.0)
    flat = x[:, 0] if d == 1 else x

    def bin_rows(rows):
        return BinnedSample.of(flat[rows], w[rows], limits=limits, grid_size=SIZES[d])

    whole = bin_rows(slice(None))
    parts = [bin_rows(rows) for rows in np.array_split(np.arange(900), [10, 500, 501])]
    merged = functools.reduce(operator.add, parts)
    np.testing.assert_allclose(merged.masses, whole.masses, rtol=1e-12, atol=1e-12)
    assert merged.size == whole.size
    assert merged.squares == pytest.approx(whole.squares, rel=1e-12)
    backwards = functools.reduce(operator.add, parts[::-1])
    np.testing.assert_allclose(backwards.masses, whole.masses, rtol=1e-12, atol=1e-12)
    q = rng.uniform(-1, 1, size=(20, d)) if d > 1 else rng.uniform(-1, 1, 20)
    for rule in ("silverman", 0.3):
        np.testing.assert_allclose(
            kde(merged, bandwidth=rule).pdf(q), kde(whole, bandwidth=rule).pdf(q),
            rtol=1e-9,
        )  # fmt: skip


def test_adding_leaves_the_parts_alone(rng):
    """And weights count by their scale: a part of small weights is a small part."""
    x = rng.uniform(0, 1, 100)
    one = BinnedSample.of(x, np.full(100, 2.0), limits=(0, 1), grid_size=11)
    two = BinnedSample.of(1 - x, np.full(100, 6.0), limits=(0, 1), grid_size=11)
    before = one.masses.copy(), two.masses.copy()
    merged = one + two
    np.testing.assert_array_equal(one.masses, before[0])
    np.testing.assert_array_equal(two.masses, before[1])
    assert merged.masses.sum() == pytest.approx(800.0)
    # (200 + 600)^2 / (100 4 + 100 36)
    n_eff = select_bandwidth(merged, "silverman").n_eff
    assert n_eff == pytest.approx(640_000 / 4000)


@pytest.mark.parametrize(
    "other",
    [
        {"limits": (0, 1.5)},
        {"limits": (-0.5, 1)},
        {"grid_size": 12},
        {"binning": "simple"},
    ],
    ids=str,
)
def test_other_grids_do_not_add_up(other):
    """The error shows both grids."""
    options = {"limits": (0, 1), "grid_size": 11}
    one = BinnedSample.of([0.5], **options)
    two = BinnedSample.of([0.5], **{**options, **other})
    for a, b in ((one, two), (two, one)):
        with pytest.raises(ShapeError, match=r"same grid only.*same `limits`"):
            a + b


def test_other_things_do_not_add_up(rng):
    """Nor other forms of data, other columns, or numbers."""
    pd = pytest.importorskip("pandas")
    x = rng.random(20)
    flat = BinnedSample.of(x, limits=(0, 1))
    with pytest.raises(ShapeError, match="same grid"):
        flat + BinnedSample.of(x[:, None], limits=(0, 1))
    one, two, none = (
        BinnedSample.of(data, limits=[(0, 1)] * 2, grid_size=5)
        for data in (
            pd.DataFrame({"a": x, "b": x}), pd.DataFrame({"b": x, "a": x}),
            np.column_stack([x, x]),
        )
    )  # fmt: skip
    with pytest.raises(ShapeError, match="different columns"):
        one + two
    assert (one + none).columns == (none + one).columns == ("a", "b")
    for other in (3, None, x):
        with pytest.raises(TypeError):
            flat + other


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "cauchy"])
@pytest.mark.parametrize("binning", ["linear", "simple"])
@in_each_dimension
def test_density_is_the_sum_over_the_nodes(rng, d, binning, kernel):
    """By default exactly, to the stated 1e-8, in the tails too."""
    x, w = rng.normal(size=(80, d)), rng.random(80)
    binned = BinnedSample.of(x, w, grid_size=SIZES[d], binning=binning)
    nodes, masses = mesh(binned), binned.masses.ravel()
    filled = masses > 0
    q = rng.normal(size=(40, d)) * 2
    density = kde(binned, bandwidth=0.7, kernel=kernel)
    exact = reference.density(nodes[filled], q, 0.7, kernel, weights=masses[filled])
    np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-7, atol=1e-12)
    assert density.sample_size == 80
    assert len(density.points) == filled.sum()


@pytest.mark.parametrize("method", ["grid", "fft", "diffusion"])
def test_methods_on_a_grid_keep_the_nodes(rng, method):
    """Binned once, the points stay where they are: no second error of binning."""
    x = rng.normal(size=3000)
    binned = BinnedSample.of(x, grid_size=400)
    q = np.linspace(-3, 3, 50)
    if method != "grid":
        q = binned.grid.axes[0][20:-20:7]
    exact = kde(binned, bandwidth=0.2, method="direct").pdf(q)
    found = kde(binned, bandwidth=0.2, method=method).pdf(q)
    # sampled on a step of h/12 the transform's kernel is the Gaussian to rounding
    np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-11)


def test_reuse(rng):
    """One binned sample serves many bandwidths and kernels, and does not change."""
    x = rng.normal(size=20_000)
    binned = BinnedSample.of(x)
    before = binned.masses.copy()
    q = np.linspace(-4, 4, 33)
    for h in (0.05, 0.2, "silverman", "isj", "scott"):
        raw = kde(x, bandwidth=h)
        again = kde(binned, bandwidth=h)
        assert again.bandwidth == pytest.approx(raw.bandwidth, rel=1e-3)
        np.testing.assert_allclose(again.pdf(q), raw.pdf(q), rtol=0.01)
    np.testing.assert_array_equal(binned.masses, before)


@pytest.mark.parametrize("rule", ["silverman", "scott", "normal_reference", "isj"])
def test_rules_know_how_many_points_there_were(rng, rule):
    """n_eff is that of the weights, not that of the nodes."""
    x, w = rng.normal(size=5000), rng.exponential(size=5000)
    for weights in (None, w):
        raw = select_bandwidth(x, rule, weights=weights)
        binned = select_bandwidth(BinnedSample.of(x, weights), rule)
        assert binned.n_eff == pytest.approx(raw.n_eff, rel=1e-9)
        assert binned.value == pytest.approx(raw.value, rel=1e-3)


def test_rules_in_the_plane(rng):
    """The covariance of the nodes, with the number of points."""
    x = rng.normal(size=(4000, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    raw = select_bandwidth(x, "scott").value
    binned = select_bandwidth(BinnedSample.of(x), "scott").value
    np.testing.assert_allclose(binned, raw, rtol=1e-3)


def test_more_points_cost_no_more_memory(rng):
    """A stream of parts is held in the nodes alone."""
    binned = functools.reduce(
        operator.add,
        (
            BinnedSample.of(rng.normal(size=10_000).clip(-6, 6), limits=(-6, 6))
            for _ in range(20)
        ),
    )
    assert binned.size == 200_000
    assert len(pickle.dumps(binned)) < 40_000
    assert kde(binned).pdf(0.0) == pytest.approx(0.3989, rel=0.02)


@in_each_dimension
def test_pickles_and_copies(rng, d):
    """They add up with the original and stay read-only."""
    one = BinnedSample.of(rng.normal(size=(50, d)), rng.random(50), grid_size=SIZES[d])
    for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
        np.testing.assert_array_equal(other.masses, one.masses)
        assert (one + other).size == 100
        with pytest.raises(ValueError, match="read-only"):
            other.masses[0] = 1.0
        assert repr(other) == repr(one)
    for density in (kde(one, bandwidth=1.0), kde(one, bandwidth=4.0, method="fft")):
        again = pickle.loads(pickle.dumps(density))
        np.testing.assert_array_equal(
            again.pdf(np.zeros((1, d))), density.pdf(np.zeros((1, d)))
        )


def test_shape_of_the_answers(rng):
    """A flat sample answers flat; one of (n, 1) takes points."""
    x = rng.normal(size=30)
    assert kde(BinnedSample.of(x), bandwidth=1.0).pdf([0.0, 1.0]).shape == (2,)
    assert kde(BinnedSample.of(x[:, None]), bandwidth=1.0).pdf([[0.0]]).shape == (1,)
    assert "size=30" in repr(BinnedSample.of(x))


def test_negative_weights(rng):
    """Masses may be negative; the density is the signed sum over the nodes."""
    x = rng.normal(size=400)
    w = np.where(rng.random(400) < 0.2, -1.0, 1.0)
    with pytest.raises(WeightError, match="signed_weights"):
        BinnedSample.of(x, w)
    binned = BinnedSample.of(x, w, signed_weights=True, grid_size=60)
    assert binned.masses.sum() == pytest.approx(w.sum())
    assert binned.masses.min() < 0
    nodes, masses = mesh(binned)[:, 0], binned.masses
    q = np.linspace(-3, 3, 25)
    u = (q[:, None] - nodes) / 0.4
    exact = np.exp(-u * u / 2) @ masses / (0.4 * np.sqrt(2 * np.pi) * w.sum())
    np.testing.assert_allclose(
        kde(binned, bandwidth=0.4).pdf(q), exact, rtol=1e-7, atol=1e-9
    )


def test_equal_points():
    """They lie on one node, so a width by hand gives one kernel, and rules none."""
    for value in (0.0, 5.0, -1e300, 1e-300):
        binned = BinnedSample.of([value] * 7)
        scale = max(abs(value), 1e-3)
        peak = kde(binned, bandwidth=scale).pdf(value) * scale
        assert peak == pytest.approx(1 / np.sqrt(2 * np.pi), rel=1e-6)
        with pytest.raises(BandwidthError, match="Give `bandwidth` as a number"):
            kde(binned)


@pytest.mark.parametrize("scale", [1e-290, 1e-100, 1e100, 1e300])
def test_extreme_units(rng, scale):
    """Grids of any units, as far as floats tell the nodes apart."""
    x = rng.normal(size=500)
    h = select_bandwidth(BinnedSample.of(x, grid_size=500), "silverman").value
    scaled = select_bandwidth(BinnedSample.of(x * scale, grid_size=500), "silverman")
    assert scaled.value / scale == pytest.approx(h, rel=1e-9)


def test_with_bounds(rng):
    """Binned data at a bound fold like the raw."""
    x = rng.uniform(size=5000)
    q = np.linspace(0, 1, 41)
    for boundary in ("reflect", "linear", "renormalize", "periodic", None):
        raw = kde(x, bandwidth=0.05, bounds=(0, 1), boundary=boundary)
        binned = BinnedSample.of(x, limits=(0, 1))
        some = kde(binned, bandwidth=0.05, bounds=(0, 1), boundary=boundary)
        np.testing.assert_allclose(some.pdf(q), raw.pdf(q), rtol=1e-3)


class TestErrors:
    """What cannot be binned, and what to do instead."""

    def test_points_outside_the_limits(self):
        """None is dropped silently: how many, and the first."""
        with pytest.raises(DataError, match=r"2 points do not.*\[2\.0\]"):
            BinnedSample.of([0.5, 2.0, -1.0], limits=(0, 1))
        # the ends are inside
        assert BinnedSample.of([0.0, 1.0], limits=(0, 1)).masses.sum() == 2.0

    @pytest.mark.parametrize(
        ("limits", "error"),
        [
            ((1, 0), DataError),
            ((0, 0), DataError),
            ((0, np.inf), DataError),
            ((0, np.nan), DataError),
            ((0, None), ParzenError),
            (1.0, ShapeError),
            ([(0, 1)] * 2, ShapeError),
            ("all", ShapeError),
        ],
        ids=str,
    )
    def test_bad_limits(self, limits, error):
        """Two finite numbers in rising order."""
        with pytest.raises(error, match="`limits`"):
            BinnedSample.of([0.5], limits=limits)

    def test_bad_options(self, rng):
        """Sizes, names and flags."""
        for size in (1, 0, -3, 2.5, "many", True):
            with pytest.raises(ParzenError, match="grid_size"):
                BinnedSample.of([1.0, 2.0], grid_size=size)
        with pytest.raises(ShapeError, match="grid_size"):
            BinnedSample.of(rng.random((5, 2)), grid_size=(4, 4, 4))
        with pytest.raises(ShapeError, match="GiB"):
            BinnedSample.of([1.0, 2.0], grid_size=1 << 40)
        with pytest.raises(UnknownNameError, match="Did you mean 'linear'"):
            BinnedSample.of([1.0, 2.0], binning="linaer")
        with pytest.raises(ParzenError, match="signed_weights"):
            BinnedSample.of([1.0, 2.0], [1.0, -0.5], signed_weights="yes")

    def test_bad_data(self, rng):
        """As for any density."""
        with pytest.raises(DataError, match="finite"):
            BinnedSample.of([1.0, np.nan])
        with pytest.raises(ShapeError, match="at least one point"):
            BinnedSample.of([])
        with pytest.raises(WeightError, match="one entry per row"):
            BinnedSample.of([1.0, 2.0], [1.0])
        with pytest.raises(WeightError, match="positive sum"):
            BinnedSample.of([1.0, 2.0], [0.0, 0.0])
        with pytest.raises(CapabilityError, match="method='direct'"):
            BinnedSample.of(rng.random((5, 4)))

    def test_ranges_beyond_floats(self):
        """The nodes must be numbers, and different ones."""
        for x in ([-1e308, 1e308], [0.0, 5e-324]):
            with pytest.raises(DataError, match="Change the units"):
                BinnedSample.of(x)

    @pytest.mark.parametrize("weight", [1e-200, 1e200])
    def test_weights_whose_squares_are_lost(self, weight):
        """The number of points could not be told."""
        with pytest.raises(WeightError, match="by one constant"):
            BinnedSample.of([1.0, 2.0, 3.0], np.full(3, weight))

    def test_weights_twice(self):
        """Binned data have theirs already."""
        binned = BinnedSample.of([1.0, 2.0])
        with pytest.raises(WeightError, match=r"BinnedSample\.of"):
            kde(binned, bandwidth=1.0, weights=[1.0, 1.0])


def test_public():
    """The class is exported, and its example is the one of its docstring."""
    assert parzen.BinnedSample is BinnedSample


def test_coarse_nodes_are_smoothed_over_or_warned_of(rng):
    """A rule never goes below half a step; a bandwidth by hand that does, warns."""
    binned = BinnedSample.of(rng.normal(size=100_000), limits=(-8, 8), grid_size=50)
    step = float(binned.grid.step[0])
    assert kde(binned).bandwidth == pytest.approx(0.5 * step)
    with pytest.warns(parzen.AccuracyWarning, match="apart"):
        kde(binned, bandwidth=0.2 * step)
