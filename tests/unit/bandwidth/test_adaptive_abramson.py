"""Abramson's square root law around any pilot, in any dimension."""

from __future__ import annotations

import numpy as np
import pytest

from parzen import BandwidthError, LocalBandwidth, Sample
from parzen.bandwidth.adaptive import ERROR, abramson
from parzen.bandwidth.rules import silverman
from parzen.engines.engine import Problem
from tests import reference, reference_adaptive


def clusters(rng, n, d):
    """A wide and a narrow part, and a lonely point."""
    x = rng.normal(size=(n, d))
    x[: n // 3] = 4.0 + 0.1 * x[: n // 3]
    x[-1] = 15.0
    return x


def factors(solution):
    """Factors on the pilot's bandwidth, (n,)."""
    return solution.value.factors


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_formula(rng, d, weighted):
    """(f / G)^(-1/2) term by term, for a number, widths and a covariance."""
    x = clusters(rng, 150, d)
    w = 10.0 ** rng.uniform(-2, 0, 150) if weighted else None
    sample = Sample.of(x, w)
    pilots = (0.5,) if d == 1 else (0.5, np.linspace(0.3, 0.6, d), silverman(sample))
    for pilot in pilots:
        found = abramson(sample, pilot)
        exact = reference_adaptive.abramson(x, pilot, w).astype(float)
        if d == 1:
            assert found.value.shape == (150,)
            np.testing.assert_allclose(found.value, pilot * exact, rtol=1e-10)
        else:
            assert isinstance(found.value, LocalBandwidth)
            np.testing.assert_array_equal(found.value.scale, pilot)
            np.testing.assert_allclose(factors(found), exact, rtol=1e-10)
        assert found.converged


def test_two_points_are_alike():
    """The pilot is the same at both: its bandwidth stays."""
    found = abramson(Sample.of([0.0, 1.0]), 0.3)
    np.testing.assert_allclose(found.value, [0.3, 0.3], rtol=1e-12)
    found = abramson(Sample.of([[0.0, 1.0], [2.0, 0.0]]), 0.3)
    np.testing.assert_allclose(factors(found), [1.0, 1.0], rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_factors_have_the_geometric_mean_one(rng, d):
    """So the pilot's bandwidth says how much to smooth."""
    x, w = clusters(rng, 200, d), rng.random(200)
    found = abramson(Sample.of(x, w), 0.4).value
    logs = np.log(found / 0.4 if d == 1 else found.factors)
    assert np.average(logs, weights=w) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_pilot_of_many_points(rng, d, weighted):
    """Right at every point, lonely ones included, by whatever engine."""
    n = 6000
    x = clusters(rng, n, d)
    w = rng.uniform(0.1, 1.0, n) if weighted else None
    sample = Sample.of(x, w)
    found = abramson(sample, 0.2).value
    found = found / 0.2 if d == 1 else found.factors
    some = np.append(np.arange(0, n, n // 40), n - 1)
    exact = reference.log_density(x, x[some], 0.2, weights=w).astype(float)
    # the law, up to the geometric mean, which needs all points
    level = np.log(found[some]) + exact / 2.0
    np.testing.assert_allclose(level, level[0], rtol=0, atol=2.0 * ERROR)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_any_affine_map(rng, d):
    """Shifted, rotated and stretched with their pilot, points keep their factors."""
    x, w = clusters(rng, 150, d), rng.random(150)
    h = 0.2 * np.eye(d)
    before = abramson(Sample.of(x, w), h).value
    before = before / np.sqrt(0.2) if d == 1 else before.factors
    root = rng.normal(size=(d, d)) + 2.0 * np.eye(d)
    moved = abramson(Sample.of(x @ root.T + 7.0, w), root @ h @ root.T).value
    unit = np.sqrt(0.2) * abs(root[0, 0])
    moved = moved / unit if d == 1 else moved.factors
    np.testing.assert_allclose(moved, before, rtol=1e-8)


def test_order_and_weights(rng):
    """The order of the rows does not matter, nor the scale of the weights."""
    x, w = clusters(rng, 150, 2), rng.random(150)
    h = factors(abramson(Sample.of(x, w), 0.3))
    order = rng.permutation(150)
    shuffled = factors(abramson(Sample.of(x[order], w[order]), 0.3))
    np.testing.assert_allclose(shuffled, h[order], rtol=1e-12)
    scaled = factors(abramson(Sample.of(x, 1e9 * w), 0.3))
    np.testing.assert_allclose(scaled, h, rtol=1e-12)
    equal = factors(abramson(Sample.of(x, np.full(150, 2.0)), 0.3))
    np.testing.assert_allclose(equal, factors(abramson(Sample.of(x), 0.3)), rtol=1e-12)


def test_weights_as_repetition(rng):
    """A point of weight three is three points: the pilot is given, not chosen."""
    x, w = clusters(rng, 60, 2), rng.integers(1, 4, 60)
    once = factors(abramson(Sample.of(x, w), 0.3))
    written_out = factors(abramson(Sample.of(np.repeat(x, w, axis=0)), 0.3))
    np.testing.assert_allclose(written_out, np.repeat(once, w), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e100, 1e300])
@pytest.mark.parametrize("d", [1, 2])
def test_units(rng, d, scale):
    """Also in units in which the pilot density is no float."""
    x = clusters(rng, 80, d)
    h = abramson(Sample.of(x), 0.3).value
    other = abramson(Sample.of(x * scale), 0.3 * scale).value
    if d == 1:
        np.testing.assert_allclose(other / scale, h, rtol=1e-10)
    else:
        np.testing.assert_allclose(other.factors, h.factors, rtol=1e-10)


def test_duplicates_and_a_heavy_tail(rng):
    """All finite and positive; no factor exceeds what the point's own kernel allows."""
    x = np.append(np.repeat(rng.normal(size=50), 20), [1e3, 1e9])[:, None]
    x = np.hstack([x, x[::-1]])
    found = factors(abramson(Sample.of(x), 0.1))
    assert np.isfinite(found).all()
    # the lonely points see themselves alone
    own = -np.log(len(x)) - np.log(2.0 * np.pi * 0.1**2)
    level = reference.log_density(x, x, 0.1).astype(float).mean()
    assert found[-1] == pytest.approx(np.exp((level - own) / 2.0), rel=1e-9)
    assert found.max() <= found[-1] * (1.0 + 1e-9)


def test_negative_weights(rng):
    """Few of them leave a law; where they leave no density, an error says so."""
    x = rng.normal(size=(300, 2))
    w = np.where(rng.random(300) < 0.05, -1.0, 1.0)
    found = factors(abramson(Sample.of(x, w, signed=True), 0.6))
    f = np.exp(reference.log_terms(x, x, 0.6)).astype(float) @ w * 300 / w.sum()
    np.testing.assert_allclose(found * np.sqrt(f), (found * np.sqrt(f))[0], rtol=1e-5)
    x[0], w[:] = 9.0, 1.0
    w[0] = -1.0
    with pytest.raises(BandwidthError, match=r"positive pilot.* row 0, because of neg"):
        abramson(Sample.of(x, w, signed=True), 0.6)


def test_threads_are_those_asked_for(rng, monkeypatch):
    """The pilot has the number."""
    seen = []

    def noted(*arguments, n_jobs, **options):
        seen.append(n_jobs)
        return Problem(*arguments, n_jobs=n_jobs, **options)

    monkeypatch.setattr("parzen.bandwidth.adaptive.Problem", noted)
    abramson(Sample.of(clusters(rng, 50, 2)), 0.5, n_jobs=3)
    assert seen == [3]
