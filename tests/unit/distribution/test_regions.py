"""Highest-density regions and ranks, against normal distributions and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from parzen import AccuracyWarning, CapabilityError, ParzenError, kde
from tests.reference_moments import mass_above


@pytest.mark.parametrize("p", [1e-3, 0.1, 0.5, 0.95, 0.999])
def test_one_normal(p):
    """Interval, level and ranks in closed form."""
    region = kde([3.0], bandwidth=2.0).hdr(p)
    half = 2.0 * stats.norm.isf(0.5 * (1.0 - p))
    assert region.intervals.shape == (1, 2)
    assert region.intervals[0] == pytest.approx([3.0 - half, 3.0 + half], abs=2e-7)
    assert region.level == pytest.approx(stats.norm.pdf(half, scale=2.0), rel=1e-6)
    assert region.probability == p
    assert region.polygons is None


@pytest.mark.parametrize(
    "kernel", ["gaussian", "epanechnikov", "biweight", "exponential", "cauchy"]
)
@pytest.mark.parametrize("bounds", [None, (-0.5, 1.0)])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.999])
def test_mass_is_p(rng, kernel, bounds, p):
    """The intervals hold p, and are where the density exceeds the level."""
    density = kde(rng.normal(size=40), kernel=kernel, bandwidth=0.15, bounds=bounds)
    region = density.hdr(p)
    ends = region.intervals
    assert (ends[:, 1] > ends[:, 0]).all()
    assert (ends[1:, 0] > ends[:-1, 1]).all()
    inside = density._mass(ends[:, :1], ends[:, 1:]).sum()
    assert inside == pytest.approx(p, abs=1e-9)
    q = np.linspace(*((-4.0, 4.0) if bounds is None else bounds), 2001)
    held = ((q[:, None] >= ends[:, 0]) & (q[:, None] <= ends[:, 1])).any(axis=1)
    away = np.abs(density.pdf(q) - region.level) > 1e-9
    assert (held == (density.pdf(q) > region.level))[away].all()
    assert (region.contains(q) == held)[away].all()


def test_two_bumps():
    """Several intervals, and a level below the lower one joins none of them."""
    density = kde([0.0, 0.0, 10.0], bandwidth=1.0)
    assert density.hdr(0.3).intervals.shape == (1, 2)
    assert density.hdr(0.9).intervals.shape == (2, 2)


def test_plateaus_belong_to_the_region():
    """A top hat has one level: all of it, or none."""
    density = kde([0.0, 0.5], kernel="tophat", bandwidth=1.0)
    region = density.hdr(0.3)
    assert region.intervals == pytest.approx(np.array([[-0.5, 1.0]]), abs=1e-12)
    assert region.level == pytest.approx(0.5)
    wide = density.hdr(0.8)
    assert wide.intervals == pytest.approx(np.array([[-1.0, 1.5]]), abs=1e-12)
    assert region.contains([0.2, 1.2]).tolist() == [True, False]
    assert density.rank([0.2, 1.2, 3.0]) == pytest.approx([0.0, 0.75, 1.0], abs=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "biweight", "cauchy"])
def test_ranks(rng, kernel):
    """Few are solved, many interpolated, both are the mass above."""
    density = kde(rng.normal(size=40), kernel=kernel, bandwidth=0.3)
    few = density.sample(3, rng=0)
    solved = density.rank(few)
    for q, rank in zip(few, solved, strict=True):
        expected = mass_above(density.pdf, density.pdf(q), (-6.0, 6.0))
        assert rank == pytest.approx(expected, abs=1e-4)
    grid = np.linspace(-5.0, 5.0, 20_000)
    many = density.rank(np.concatenate([few, grid]))
    assert many[: few.size] == pytest.approx(solved, abs=1e-6)
    assert density.rank(np.inf) == 1.0


def test_rank_and_region_agree(rng):
    """A point is inside hdr(p) where its rank is at most p."""
    density = kde(rng.normal(size=60), bandwidth=0.3)
    q = np.linspace(-3.0, 3.0, 301)
    inside = density.hdr(0.7).contains(q)
    assert ((density.rank(q) <= 0.7) == inside).all()


def test_ranks_of_draws_are_uniform(rng):
    """P(f(X) > f(q)) is uniform for q drawn from the density."""
    line = kde(rng.normal(size=60), bandwidth=0.3)
    plane = kde(rng.normal(size=(60, 2)), bandwidth=0.4)
    for density in (line, plane):
        ranks = density.rank(density.sample(5000, rng=1))
        assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_plane():
    """A circle around one normal distribution."""
    density = kde([[1.0, 2.0]], bandwidth=[1.0, 3.0])
    region = density.hdr(0.8)
    assert region.intervals is None
    assert len(region.polygons) == 1
    away = (region.polygons[0] - [1.0, 2.0]) / [1.0, 3.0]
    radius = np.sqrt(-2.0 * np.log(0.2))
    assert np.hypot(*away.T) == pytest.approx(radius, abs=3e-3)
    assert region.level == pytest.approx(0.2 / (6.0 * np.pi), rel=2e-3)
    assert region.polygons[0][0] == pytest.approx(region.polygons[0][-1])
    assert region.contains([[1.0, 2.0], [4.0, 2.0]]).tolist() == [True, False]
    ranks = density.rank([[1.0, 2.0], [2.0, 2.0], [90.0, 0.0]])
    assert ranks == pytest.approx([0.0, 1.0 - np.exp(-0.5), 1.0], abs=1e-3)


def test_polygons_end_at_bounds():
    """What runs into a bound is closed along it."""
    density = kde([[0.0, 0.0]], bandwidth=1.0, bounds=[(0.0, None), None])
    (polygon,) = density.hdr(0.5).polygons
    assert polygon[:, 0].min() == pytest.approx(0.0, abs=1e-9)
    assert polygon[0] == pytest.approx(polygon[-1])


def test_space():
    """From draws, within their error."""
    density = kde([[0.0, 0.0, 0.0]], bandwidth=1.0)
    region = density.hdr(0.8, rng=0)
    radius = -2.0 * np.log(region.level * (2.0 * np.pi) ** 1.5)
    assert stats.chi2.cdf(radius, 3) == pytest.approx(0.8, abs=0.005)
    assert region.polygons is None
    assert region.contains([0.0, 0.0, 0.1])
    rank = density.rank([[0.0, 0.0, 1.0]], rng=0)
    assert rank == pytest.approx(stats.chi2.cdf(1.0, 3), abs=0.005)


def test_refusals():
    """Probabilities without a region, and what is no distribution."""
    density = kde([0.0], bandwidth=1.0)
    for p in (0.0, 1.0, -0.1, np.nan, "half"):
        with pytest.raises(ParzenError, match="`p`"):
            density.hdr(p)
    signed = kde([0.0, 1.0], weights=[2.0, -1.0], bandwidth=1.0, signed_weights=True)
    with pytest.raises(CapabilityError, match="hdr"):
        signed.hdr(0.5)
    with pytest.raises(CapabilityError, match="rank"):
        signed.rank(0.0)


def test_far_clusters_in_the_plane():
    """The level follows from draws where a grid has too few nodes."""
    density = kde([[0.0, 0.0], [1e3, 1e3]], bandwidth=0.1)
    exact = 0.5 * 0.5 / (2.0 * np.pi * 0.01)
    with pytest.warns(AccuracyWarning, match="polygons"):
        region = density.hdr(0.5)
    assert region.level == pytest.approx(exact, rel=0.01)
    assert region.contains([[0.1, 0.0], [1e3, 1e3], [0.15, 0.0]]).tolist() == [
        True,
        True,
        False,
    ]
    rank = density.rank([[0.1, 0.0]])
    assert rank == pytest.approx([1.0 - np.exp(-0.5)], abs=0.005)
    assert (density.rank([[0.1, 0.0]]) == rank).all()


def test_empty_queries(monkeypatch):
    """No query has no rank, which costs nothing."""

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr("parzen.distribution.regions.Pieces.of", refuse)
    monkeypatch.setattr("parzen.distribution.regions.Heights.on_grid", refuse)
    assert kde([0.0], bandwidth=1.0).rank([]).shape == (0,)
    assert kde([[0.0, 0.0]], bandwidth=1.0).rank(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_wrong_seeds(d):
    """Refused wherever they are not needed, too."""
    density = kde(np.zeros((1, d)), bandwidth=1.0)
    with pytest.raises(ParzenError, match="`rng`"):
        density.hdr(0.5, rng="seed")
    with pytest.raises(ParzenError, match="`rng`"):
        density.rank(np.zeros((1, d)), rng=-1)
