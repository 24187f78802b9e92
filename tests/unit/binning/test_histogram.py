"""Histograms as data: the contents of a bin are spread evenly over it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import parzen
from parzen import (
    DataError,
    ParzenError,
    ShapeError,
    WeightError,
    kde,
    kde_from_histogram,
    load,
)
from parzen.binning.histogram import from_histogram
from tests import reference_bins

EVEN = np.linspace(-4.0, 4.0, 21)
UNEVEN = np.array([-5.0, -4.9, -2.0, -1.5, -1.5 + 1e-6, 0.0, 0.3, 0.35, 2.0, 6.0])


def normal_counts(rng, edges, n=5000):
    """Counts of normal data that all lie within the edges."""
    x = rng.normal(size=n).clip(edges[0], edges[-1])
    return np.histogram(x, edges)[0]


@pytest.mark.parametrize("edges", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("h", [0.1, 0.5, 2.0])
def test_density_has_the_closed_form(rng, edges, h):
    """A piecewise uniform density, smoothed; nodes err by the square of the step."""
    counts = normal_counts(rng, edges)
    q = np.linspace(-7, 8, 61)
    exact = reference_bins.histogram_density(counts, edges, h, q)
    density = kde_from_histogram(counts, edges, bandwidth=h)
    step = (edges[-1] - edges[0]) / 4095
    bound = step**2 / 8 * 0.4 / h**3
    assert np.abs(density.pdf(q) - exact).max() < bound
    assert density.sample_size == counts.sum()


def test_finer_nodes_err_with_the_square_of_the_step(rng):
    """Four times the nodes, a sixteenth of the error."""
    counts, q = normal_counts(rng, UNEVEN), np.linspace(-5, 5, 41)
    exact = reference_bins.histogram_density(counts, UNEVEN, 0.2, q)
    errors = [
        np.abs(
            kde_from_histogram(counts, UNEVEN, bandwidth=0.2, grid_size=size).pdf(q)
            - exact
        ).max()
        for size in (513, 2049, 8193)
    ]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(16, rel=0.1)


@pytest.mark.parametrize("size", [2, 3, 10, 47, 400])
@pytest.mark.parametrize("edges", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_shares_are_the_integrals(rng, edges, size):
    """Of the density times the hat of each node, to rounding, on any grid."""
    counts = rng.random(len(edges) - 1) * 10.0 ** rng.integers(-12, 3, len(edges) - 1)
    counts[2:4] = 0.0
    binned = from_histogram(counts, edges, variances=counts, grid_size=size)
    exact = reference_bins.histogram_shares(counts, edges, binned.grid.axes[0])
    # small bins keep their digits beside large ones
    np.testing.assert_allclose(binned.masses, exact, rtol=1e-9, atol=0)
    assert (binned.masses >= 0).all()
    assert binned.masses.sum() == pytest.approx(counts.sum(), rel=1e-13)


def test_empty_bins_hold_nothing(rng):
    """So plain histograms never turn signed, and can be drawn from."""
    for _ in range(20):
        edges = np.sort(rng.uniform(-5, 5, 40))
        counts = rng.integers(0, 100, 39) * (rng.random(39) < 0.4)
        counts[0] = 1
        density = kde_from_histogram(counts, edges, bandwidth=0.1)
        assert (density.weights > 0).all()
        draws = density.sample(50, rng=0)
        assert np.isfinite(draws).all()


@pytest.mark.parametrize("method", ["direct", "grid", "fft", "diffusion", "auto"])
def test_methods(rng, method):
    """Each within the error that it states, of the sum over the nodes."""
    counts, q = normal_counts(rng, UNEVEN), np.linspace(-6, 6, 61)
    density = kde_from_histogram(counts, UNEVEN, bandwidth=0.3, method=method)
    exact = reference_bins.histogram_density(counts, UNEVEN, 0.3, q)
    assert np.abs(density.pdf(q) - exact).max() < 1e-4


def test_towards_the_histogram(rng):
    """As the bandwidth goes to zero the density is the histogram's."""
    counts = normal_counts(rng, EVEN)
    middles = (EVEN[:-1] + EVEN[1:]) / 2
    heights = counts / counts.sum() / np.diff(EVEN)
    density = kde_from_histogram(counts, EVEN, bandwidth=0.03)
    np.testing.assert_allclose(density.pdf(middles), heights, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("rule", ["silverman", "scott", "normal_reference", "isj"])
def test_rules_come_near_those_of_the_raw_data(rng, rule):
    """The data in fine bins have nearly the bandwidth of the data themselves."""
    x = rng.normal(size=20_000)
    counts, edges = np.histogram(x, bins=200)
    raw = kde(x, bandwidth=rule)
    binned = kde_from_histogram(counts, edges, bandwidth=rule)
    assert binned.bandwidth == pytest.approx(raw.bandwidth, rel=0.05)
    assert binned.bandwidth_result.n_eff == pytest.approx(20_000, rel=1e-9)


@pytest.mark.parametrize("bins", [10, 30, 100, 1000])
@pytest.mark.parametrize("n", [500, 100_000])
def test_the_default_rule_shows_no_steps(rng, bins, n):
    """However coarse the bins: their edges are no feature of the data."""
    counts, edges = np.histogram(rng.normal(size=n), bins=bins, range=(-5, 5))
    density = kde_from_histogram(counts, edges)
    assert density.bandwidth > 0.2 * (edges[1] - edges[0])
    assert density.pdf(0.0) == pytest.approx(0.39, rel=0.2)


def test_variances(rng):
    """They tell the effective number of points: (sum c)^2 / sum v."""
    x, w = rng.normal(size=5000).clip(-4, 4), rng.exponential(size=5000)
    counts = np.histogram(x, EVEN, weights=w)[0]
    variances = np.histogram(x, EVEN, weights=w**2)[0]
    density = kde_from_histogram(counts, EVEN, variances=variances)
    n_eff = w.sum() ** 2 / (w**2).sum()
    assert density.bandwidth_result.n_eff == pytest.approx(n_eff, rel=1e-9)
    h = density.bandwidth
    # the scale of the weights does not matter
    scaled = kde_from_histogram(1e-9 * counts, EVEN, variances=1e-18 * variances)
    assert scaled.bandwidth == pytest.approx(h, rel=1e-9)
    fewer = kde_from_histogram(counts, EVEN, variances=100 * variances)
    assert fewer.bandwidth > h


def test_scale_of_the_counts():
    """Huge and tiny contents are contents."""
    for scale in (1e-280, 1e280):
        counts = np.array([1.0, 2.0, 1.0]) * scale
        density = kde_from_histogram(
            counts, [0, 1, 2, 3], variances=counts, bandwidth=0.5
        )
        expected = kde_from_histogram([1.0, 2.0, 1.0], [0, 1, 2, 3], bandwidth=0.5)
        assert density.pdf(1.5) == pytest.approx(expected.pdf(1.5), rel=1e-12)


@pytest.mark.parametrize(("scale", "shift"), [(1e-200, 0.0), (1e200, 0.0), (1.0, 1e9)])
def test_units_and_place(rng, scale, shift):
    """The density follows the edges."""
    counts, q = normal_counts(rng, EVEN), np.linspace(-3, 3, 13)
    f = kde_from_histogram(counts, EVEN, bandwidth=0.25).pdf(q)
    moved = kde_from_histogram(counts, EVEN * scale + shift, bandwidth=0.25 * scale)
    np.testing.assert_allclose(moved.pdf(q * scale + shift) * scale, f, rtol=1e-6)


def test_densities_are_no_counts(rng):
    """Without variances nothing tells how many points fractions stand for."""
    heights, edges = np.histogram(rng.normal(size=100), density=True)
    with pytest.raises(WeightError, match="variances"):
        kde_from_histogram(heights, edges)


def test_negative_contents():
    """Backgrounds subtracted: allowed where asked for."""
    counts = np.array([5.0, -1.0, 3.0, 2.0])
    edges = np.array([0.0, 1.0, 1.5, 3.0, 4.0])
    with pytest.raises(WeightError, match=r"-1 in bin 1.*signed_weights=True"):
        kde_from_histogram(counts, edges, bandwidth=0.3)
    density = kde_from_histogram(counts, edges, bandwidth=0.3, signed_weights=True)
    q = np.linspace(-1, 5, 31)
    exact = reference_bins.histogram_density(counts, edges, 0.3, q)
    np.testing.assert_allclose(density.pdf(q), exact, atol=1e-6)
    # (5 - 1 + 3 + 2)^2 / (5 + 1 + 3 + 2)
    assert density.bandwidth_result.n_eff == pytest.approx(81 / 11)


def test_bounds(rng):
    """A histogram over its bounds, folded: mass one and no slope at the ends."""
    counts, edges = np.histogram(rng.uniform(size=10_000), 50, range=(0, 1))
    density = kde_from_histogram(
        counts, edges, bandwidth=0.1, bounds=(0, 1), boundary="reflect"
    )
    q = np.linspace(0, 1, 2001)
    assert np.trapezoid(density.pdf(q), q) == pytest.approx(1.0, abs=1e-6)
    assert np.abs(density.pdf(q) - 1).max() < 0.05


def test_copies_and_files(rng, tmp_path):
    """Pickled, saved and loaded."""
    density = kde_from_histogram(normal_counts(rng, EVEN), EVEN)
    density.save(tmp_path / "density")
    for other in (load(tmp_path / "density"), pickle.loads(pickle.dumps(density))):
        assert other.pdf(0.1) == density.pdf(0.1)
        assert other.sample_size == density.sample_size


def test_arguments_are_left_alone(rng):
    """Neither changed nor kept."""
    counts, edges = normal_counts(rng, EVEN).astype(float), EVEN.copy()
    before = counts.copy()
    density = kde_from_histogram(counts, edges, bandwidth=0.2)
    value = density.pdf(0.0)
    np.testing.assert_array_equal(counts, before)
    counts[:], edges[:] = 0.0, 0.0
    assert density.pdf(0.0) == value


class TestObjects:
    """Histograms that bring their edges and variances along."""

    @pytest.fixture
    def bh(self, require_peer):
        """boost-histogram."""
        return require_peer("boost_histogram")

    @pytest.mark.parametrize("kind", ["Regular", "Variable", "Integer"])
    def test_counts(self, rng, bh, kind):
        """Plain counts in bins of three kinds."""
        axis = {
            "Regular": lambda: bh.axis.Regular(40, -8, 8),
            "Variable": lambda: bh.axis.Variable([-8, -1, 0, 0.5, 8]),
            "Integer": lambda: bh.axis.Integer(-8, 8),
        }[kind]()
        histogram = bh.Histogram(axis)
        x = rng.normal(size=3000).clip(-7, 7)
        histogram.fill(np.rint(x).astype(int) if kind == "Integer" else x)
        density = kde_from_histogram(histogram)
        same = kde_from_histogram(histogram.values(), axis.edges)
        assert density.bandwidth == same.bandwidth
        assert density.pdf(0.3) == same.pdf(0.3)
        assert density.sample_size == 3000

    def test_weights(self, rng, bh):
        """Sums of squared weights are the variances."""
        w = rng.exponential(size=3000)
        histogram = bh.Histogram(
            bh.axis.Regular(40, -8, 8), storage=bh.storage.Weight()
        )
        histogram.fill(rng.normal(size=3000), weight=w)
        density = kde_from_histogram(histogram)
        n_eff = w.sum() ** 2 / (w**2).sum()
        assert density.bandwidth_result.n_eff == pytest.approx(n_eff, rel=1e-9)
        given = kde_from_histogram(histogram, variances=histogram.values())
        assert given.bandwidth_result.n_eff == pytest.approx(w.sum(), rel=1e-9)

    def test_the_protocol_alone(self):
        """An axis is a sequence of pairs; that is all that UHI promises."""

        class Histogram:
            axes = (((0.0, 1.0), (1.0, 3.0)),)

            def values(self):
                return np.array([2.0, 4.0])

            def variances(self):
                return None

        density = kde_from_histogram(Histogram(), bandwidth=0.5)
        same = kde_from_histogram([2.0, 4.0], [0.0, 1.0, 3.0], bandwidth=0.5)
        assert density.pdf(1.2) == same.pdf(1.2)

    def test_several_axes(self, bh):
        """Project first."""
        histogram = bh.Histogram(bh.axis.Regular(4, 0, 1), bh.axis.Regular(3, 0, 1))
        with pytest.raises(ShapeError, match="2 axes"):
            kde_from_histogram(histogram)

    @pytest.mark.parametrize("value", [5, [1, 2, 3], None, "text"], ids=str)
    def test_no_histograms(self, value):
        """Anything else needs edges."""
        with pytest.raises(ShapeError, match="Pass `edges`"):
            kde_from_histogram(value)


@pytest.mark.parametrize(
    ("counts", "edges", "error", "text"),
    [
        ([1, 2, 3], [0, 1, 2], ShapeError, "one entry more"),
        ([1, 2], [0, 1], ShapeError, "one entry more"),
        ([[1, 2]], [0, 1, 2], ShapeError, "both 1-D"),
        ([], [0], ShapeError, "one entry more"),
        (5, [0, 1], ShapeError, "one entry more"),
        ([1, 2], [0, 0, 1], DataError, "must rise"),
        ([1, 2], [0, 2, 1], DataError, "got 2 before 1"),
        ([1, 2], [0, 1, np.inf], DataError, "`edges` must be finite"),
        ([1, 2], [0, np.nan, 1], DataError, "`edges` must be finite"),
        ([1, np.nan], [0, 1, 2], DataError, "`counts` must be finite"),
        ([1, np.inf], [0, 1, 2], DataError, "`counts` must be finite"),
        ([1, -2], [0, 1, 2], WeightError, "-2 in bin 1"),
        ([0, 0], [0, 1, 2], WeightError, "positive, finite sum"),
        ([1e308, 1e308], [0, 1, 2], WeightError, "positive, finite sum"),
        (["a", "b"], [0, 1, 2], DataError, "numeric"),
        ([1, 2], ["a", "b", "c"], DataError, "numeric"),
        ([1, 1], [-1e308, 0, 1e308], DataError, "Change the units"),
    ],
    ids=str,
)
def test_bad_histograms(counts, edges, error, text):
    """The argument, the rule, the value and the remedy."""
    with pytest.raises(error, match=text):
        kde_from_histogram(counts, edges, bandwidth=1.0)


@pytest.mark.parametrize(
    ("variances", "error"),
    [
        ([1.0], ShapeError),
        ([1.0, 2.0, 3.0], ShapeError),
        (3.0, ShapeError),
        ([0.0, 0.0], WeightError),
        ([-1.0, 2.0], WeightError),
        ([1.0, np.nan], DataError),
        ([1.0, np.inf], DataError),
        (["a", "b"], DataError),
    ],
    ids=str,
)
def test_bad_variances(variances, error):
    """One non-negative number for each bin."""
    with pytest.raises(error, match="`variances`"):
        kde_from_histogram([1, 2], [0, 1, 2], variances=variances, bandwidth=1.0)


def test_bad_options():
    """Those of `kde`, less the weights."""
    with pytest.raises(WeightError, match="`weights`"):
        kde_from_histogram([1, 2], [0, 1, 2], weights=[1, 1], bandwidth=1.0)
    with pytest.raises(TypeError, match="variance"):
        kde_from_histogram([1, 2], [0, 1, 2], variance=[1, 1])
    with pytest.raises(ParzenError, match="grid_size"):
        kde_from_histogram([1, 2], [0, 1, 2], grid_size=1)
    with pytest.raises(ParzenError, match="signed_weights"):
        kde_from_histogram([1, 2], [0, 1, 2], signed_weights=1)


def test_narrow_bins_get_nodes_of_their_own():
    """The grid follows the bins that hold the contents; a finer bandwidth warns."""
    edges = [0.0, 1e-3, 2e-3, 10.0]
    density = kde_from_histogram([50, 50, 1], edges, bandwidth=1e-3)
    exact = reference_bins.histogram_density([50, 50, 1], edges, 1e-3, [5e-4, 1e-3])
    np.testing.assert_allclose(density.pdf([5e-4, 1e-3]), exact, rtol=5e-3)
    with pytest.warns(parzen.AccuracyWarning, match="apart"):
        kde_from_histogram([1, 1, 1], edges, bandwidth=1e-5)


def test_a_histogram_that_begins_at_its_bound():
    """The node on the bound stands for its cell, which lies inside."""
    density = kde_from_histogram(
        [30, 50, 40, 10], [0, 1, 2, 3, 4], bounds=(0, None), boundary="transform"
    )
    q = np.linspace(0.01, 60.0, 60_000)
    assert np.trapezoid(density.pdf(q), q) == pytest.approx(1.0, abs=2e-2)


class Means:
    """A histogram of means, as profiles are."""

    kind = "MEAN"
    axes = (((0.0, 1.0), (1.0, 2.0)),)

    def values(self):
        """What each bin holds."""
        return np.array([1.0, 2.0])


def test_means_are_no_counts():
    """A profile holds no numbers of points."""
    with pytest.raises(parzen.DataError, match="histogram of counts"):
        kde_from_histogram(Means())
