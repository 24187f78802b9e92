"""A third of the distance to the k-th neighbour: values, laws, ties and errors."""

from __future__ import annotations

import numpy as np
import pytest

from parzen import BandwidthError, BinnedSample, LocalBandwidth, Sample
from parzen.bandwidth import distances
from parzen.bandwidth.neighbours import DEVIATIONS, nearest_neighbours
from parzen.bandwidth.rules import axis_widths, silverman
from tests import reference, reference_adaptive, truths

DIMENSIONS = pytest.mark.parametrize("d", [1, 2, 3])


def draw(rng, n, d, weighted):
    """Correlated points of two clusters, and weights over a decade or None."""
    x = rng.normal(size=(n, d)) @ (np.eye(d) + 0.4)
    x[: n // 4] += 5.0
    return x, 10.0 ** rng.uniform(-1, 0, n) if weighted else None


def widths(x, weights=None, k=None):
    """Bandwidths in one dimension, else factors, (n,)."""
    value = nearest_neighbours(Sample.of(x, weights), k).value
    return value.factors if isinstance(value, LocalBandwidth) else value


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@DIMENSIONS
def test_every_neighbour(rng, d, weighted):
    """Each k against all distances, in the units of Silverman's bandwidth."""
    for n in (2, 3, 17, 120):
        x, w = draw(rng, n, d, weighted)
        if n <= d:
            continue
        sample = Sample.of(x, w)
        most = n - 1 if w is None else round(sample.n_eff) - 1
        z = x
        if d > 1:
            root = reference.cholesky(reference.rule_bandwidth(x, "silverman", w))
            z = reference.whiten(np.asarray(x, dtype=reference.Real), root)
        for k in {1, 2, 3, most // 2, most} & set(range(1, most + 1)):
            found = nearest_neighbours(sample, k)
            exact = reference_adaptive.neighbour_distances(z, k, w).astype(float)
            value = found.value if d == 1 else found.value.factors
            np.testing.assert_allclose(value, exact / DEVIATIONS, rtol=1e-9)
            assert f"{k} nearest" in found.note


def test_default_number(rng):
    """By default n^(4/(d + 4)) of them, n_eff for n, as far as there are so many."""
    for d, n in ((1, 100), (2, 100), (4, 100), (1, 2)):
        x, w = rng.normal(size=(n, d)), rng.uniform(0.5, 1.0, n)
        for weights in (None, w):
            sample = Sample.of(x, weights)
            n_eff = n if weights is None else sample.n_eff
            k = min(round(n_eff ** (4 / (d + 4))), n - 1)
            np.testing.assert_array_equal(widths(x, weights), widths(x, weights, k))


def test_form(rng):
    """One array on a line; else factors on Silverman's bandwidth, or on widths."""
    line = nearest_neighbours(Sample.of(rng.normal(size=40)))
    assert line.value.shape == (40,)
    sample = Sample.of(rng.normal(size=(40, 2)) * [1.0, 9.0])
    value = nearest_neighbours(sample).value
    np.testing.assert_array_equal(value.scale, silverman(sample))
    value = nearest_neighbours(sample, by_axis=True).value
    np.testing.assert_array_equal(value.scale, axis_widths(sample))
    away = reference_adaptive.neighbour_distances(
        sample.points / axis_widths(sample), round(40 ** (4 / 6))
    )
    np.testing.assert_allclose(value.factors, away.astype(float) / 3.0, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@DIMENSIONS
def test_any_affine_map(rng, d, weighted):
    """Shifted, rotated and stretched points keep their factors."""
    x, w = draw(rng, 200, d, weighted)
    root = rng.normal(size=(d, d)) + 2.0 * np.eye(d)
    moved = widths(x @ root.T + 3.0, w)
    unit = abs(root[0, 0]) if d == 1 else 1.0
    np.testing.assert_allclose(moved / unit, widths(x, w), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, -1e-150, 1e150, 1e300])
def test_units(rng, scale):
    """On a line no unit is too small or too large."""
    x, w = draw(rng, 100, 1, weighted=True)
    h = widths(x, w)
    np.testing.assert_allclose(widths(x * scale, w) / abs(scale), h, rtol=1e-9)


@DIMENSIONS
def test_order_and_weights(rng, d):
    """Neither the order counts, nor the scale of weights; equal ones are none."""
    x, w = draw(rng, 150, d, weighted=True)
    h, order = widths(x, w), rng.permutation(150)
    np.testing.assert_allclose(widths(x[order], w[order]), h[order], rtol=1e-9)
    np.testing.assert_allclose(widths(x, 1e9 * w), h, rtol=1e-12)
    np.testing.assert_allclose(widths(x, np.full(150, 0.3)), widths(x), rtol=1e-12)
    longer = np.vstack([x, x[:1] + 0.01]), np.append(w, 0.0)
    np.testing.assert_allclose(widths(*longer), h, rtol=1e-12)


@DIMENSIONS
def test_one_heavy_point(rng, d):
    """Where all others weigh less than the share, the farthest of them counts."""
    x = rng.normal(size=(30, d))
    w = np.append(np.full(29, 0.05), 1.0)
    exact = reference_adaptive.neighbour_distances(x, 1, w)
    z = x
    if d > 1:
        root = reference.cholesky(reference.rule_bandwidth(x, "silverman", w))
        z = reference.whiten(np.asarray(x, dtype=reference.Real), root)
    for k in (1, round(1.0 / np.sum((w / w.sum()) ** 2)) - 1):
        exact = reference_adaptive.neighbour_distances(z, k, w).astype(float)
        np.testing.assert_allclose(widths(x, w, k), exact / DEVIATIONS, rtol=1e-9)


@DIMENSIONS
def test_ties_get_half_the_way_to_the_next_place(rng, d):
    """Points that share a place: positive, and no less than half the step of a grid."""
    x = np.repeat(np.round(rng.normal(size=(40, d)), 1), 5, axis=0)
    h = widths(x, k=3)
    z = x
    if d > 1:
        root = reference.cholesky(reference.rule_bandwidth(x, "silverman"))
        z = reference.whiten(np.asarray(x, dtype=reference.Real), root)
    away = reference.radius(np.asarray(z)[:, None] - np.asarray(z)[None])
    away[(x[:, None] == x[None]).all(axis=-1)] = np.inf
    np.testing.assert_allclose(h, away.min(axis=1).astype(float) / 2.0, rtol=1e-9)
    # where a third of the distance is more, it stays
    far = widths(x, k=150)
    exact = reference_adaptive.neighbour_distances(z, 150).astype(float)
    np.testing.assert_allclose(far, exact / DEVIATIONS, rtol=1e-9)


def test_points_nearer_than_squares_can_tell():
    """Distinct points whose squared distance underflows get a positive width."""
    x = np.array([[0.0, 0.0], [1e-200, 0.0], [1.0, 2.0], [2.0, 1.0], [-3.0, 1.0]])
    h = widths(x, k=1)
    assert (h > 0).all()
    assert np.isfinite(h).all()


def test_binned_data(rng):
    """Nodes get half a step at least, and else what their points would get."""
    x = rng.normal(size=4000)
    exact = widths(x)
    for size in (2000, 64):
        binned = BinnedSample.of(x, grid_size=size).sample()
        found = nearest_neighbours(binned).value
        step = float(binned.spacing[0])
        assert found.min() >= 0.499 * step
        near = np.argmin(np.abs(x[:, None] - binned.points[:, 0]), axis=1)
        wide = exact > 3.0 * step
        np.testing.assert_allclose(found[near][wide], exact[wide], rtol=0.25)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_many_points_are_told_by_some(rng, monkeypatch, weighted):
    """In the plane, of many neighbours: right to a few percent, lonely points too."""
    x, w = draw(rng, 3000, 2, weighted)
    x[7] = 40.0
    exact = widths(x, w, 600)
    monkeypatch.setattr(distances, "MOST_DISTANCES", 200_000)
    some = widths(x, w, 600)
    error = np.log(some / exact)
    assert 0.0 < np.sqrt(np.mean(error**2)) < 0.08
    assert abs(error[7]) < 0.08
    assert abs(np.mean(error)) < 0.02


def test_better_than_sqrt_n_neighbours():
    """The claim of the docstring, on four of the densities at n = 1000."""
    import parzen

    q = np.linspace(-8.0, 8.0, 3001)
    ratios = []
    for name in ("Gaussian", "Bimodal", "SkewedBimodal", "Claw"):
        errors = np.zeros(2)
        for seed in range(3):
            x = truths.draw_mixture(name, 1000, np.random.default_rng(seed))
            # for sqrt(n) = 32 neighbours the best a in hindsight is about three
            for i, h in enumerate((widths(x), 9.0 * widths(x, k=32))):
                f = parzen.kde(x, bandwidth=h).pdf(q)
                errors[i] += np.trapezoid((f - truths.mixture(name, q)) ** 2, q)
        ratios.append(errors[0] / errors[1])
    assert np.exp(np.mean(np.log(ratios))) < 0.8


class TestErrors:
    """What has no neighbours, or not so many."""

    @pytest.mark.parametrize("k", [0, -3, 10, 2.5, "3", True])
    def test_number(self, rng, k):
        """From 1 to n - 1, and whole."""
        with pytest.raises(ValueError, match="`neighbors` must be"):
            widths(rng.normal(size=10), k=k)

    def test_number_by_weight(self):
        """With weights there are n_eff points."""
        with pytest.raises(BandwidthError, match=r"at most 1, one less than n_eff = "):
            widths([1.0, 2.0, 3.0, 4.0], [1.0, 0.1, 0.1, 1.0], 3)

    def test_negative_weights(self):
        """They add up to no share."""
        sample = Sample.of([1.0, 2.0, 3.0], [1.0, -0.5, 1.0], signed=True)
        with pytest.raises(BandwidthError, match="not negative"):
            nearest_neighbours(sample)

    @pytest.mark.parametrize("d", [1, 2])
    def test_constant(self, d):
        """All in one place, or a single point."""
        for x in (np.ones((5, d)), np.ones((1, d))):
            with pytest.raises(BandwidthError, match="rule needs"):
                widths(x)

    def test_rank(self, rng):
        """A column that follows from another leaves no root; widths by axis serve."""
        x = np.outer(rng.normal(size=20), [1.0, 2.0])
        with pytest.raises(BandwidthError, match="full rank"):
            widths(x)
        found = nearest_neighbours(Sample.of(x), by_axis=True).value
        assert (found.factors > 0).all()


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_threads_are_those_asked_for(rng, weighted, monkeypatch):
    """Also where points share their place."""
    seen = []

    def noted(task, count, n_jobs):
        seen.append(n_jobs)
        for b in range(count):
            task(b)

    monkeypatch.setattr(distances, "run_blocks", noted)
    x, w = draw(rng, 300, 2, weighted)
    x[:3] = x[0]
    nearest_neighbours(Sample.of(x, w), n_jobs=3)
    assert seen == [3, 3]
