"""Bandwidths that the caller names, in several dimensions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parzen import BandwidthError
from parzen.bandwidth.matrix import candidates, scv, ucv
from parzen.sample import Sample

SELECTORS = {"ucv": ucv, "scv": scv}
names = pytest.mark.parametrize("name", SELECTORS)


def exact_ucv(x, widths):
    """Over all pairs, for a width per axis."""
    n, h = len(x), np.broadcast_to(widths, x.shape[1])
    u = (x[:, None] - x) / h
    squares = np.sum(u * u, axis=-1)[np.triu_indices(n, 1)]
    volume = math.prod(h) * (2 * math.pi) ** (x.shape[1] / 2)
    wide = 2 * np.exp(-squares / 4).sum() / n**2 / volume / 2 ** (x.shape[1] / 2)
    narrow = 2 * np.exp(-squares / 2).sum() / n**2 / volume
    own = 1 / (n * volume * 2 ** (x.shape[1] / 2))
    return own + wide - 2 * narrow / (1 - 1 / n)


def test_narrow_candidates_are_scored_by_pairs():
    """What no grid resolves is summed one by one, and not chosen for its blur."""
    x = np.random.default_rng(0).normal(size=(1500, 2))
    values = np.array([[1e-3, 1.0], [0.3, 0.3], [0.01, 5.0]])
    found = ucv(Sample.of(x), candidates=values)
    expected = [exact_ucv(x, h) for h in values]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-3)
    assert found.scores[0] == pytest.approx(expected[0], rel=1e-9)
    np.testing.assert_array_equal(found.value, values[int(np.argmin(expected))])


def test_far_clusters_are_scored_by_pairs():
    """A cluster on a coarse grid, where kernels of its width would be smeared."""
    rng = np.random.default_rng(1)
    x = 1e-3 * rng.normal(size=(1500, 2))
    x[1000:] += 1e6
    values = np.array([1e-4, 3e-4, 1e-3])
    found = ucv(Sample.of(x), candidates=values)
    # 1e6 leaves ten digits behind the comma
    np.testing.assert_allclose(
        found.scores, [exact_ucv(x, h) for h in values], rtol=1e-5
    )


@names
def test_many_points_refuse_what_no_grid_resolves(name, monkeypatch):
    """The error names a width that it does; the pilot of SCV smooths all sums."""
    monkeypatch.setattr(candidates, "EXACT", 1400)
    sample = Sample.of(np.random.default_rng(2).normal(size=(1500, 2)))
    if name == "ucv":
        with pytest.raises(BandwidthError, match="as a grid resolves no less"):
            ucv(sample, candidates=[1e-4, 0.3])
    else:
        assert scv(sample, candidates=[1e-4, 0.3]).value == 0.3


@names
@pytest.mark.parametrize("n", [200, 1500])
def test_extreme_candidates(name, n):
    """Beyond the range of floats: infinite, never chosen, and said."""
    sample = Sample.of(np.random.default_rng(3).normal(size=(n, 2)))
    found = SELECTORS[name](sample, candidates=[1e-200, 0.4, 1e200])
    assert found.value == 0.4
    assert found.converged
    np.testing.assert_array_equal(np.isinf(found.scores), [True, False, True])
    assert "2 of them beyond the range of floats" in found.note
    with pytest.raises(BandwidthError, match="no"):
        SELECTORS[name](sample, candidates=[1e-200, 1e200])
    matrices = np.array([1e-300, 0.16, 1e300])[:, None, None] * np.eye(2)
    found = SELECTORS[name](sample, candidates=matrices)
    np.testing.assert_array_equal(found.value, matrices[1])


@names
def test_candidates_below_half_a_step_are_left_out(name):
    """Of counts, where ties make narrow widths the best by the score."""
    z = np.random.default_rng(4).poisson(2, size=(400, 2)).astype(float)
    found = SELECTORS[name](Sample.of(z), candidates=[0.01, 0.6, 0.8])
    assert found.value >= 0.6
    assert "1 of them below half a step" in found.note
    none = SELECTORS[name](Sample.of(z), candidates=[0.01, 0.02])
    assert none.value == 0.02
    assert not none.converged
