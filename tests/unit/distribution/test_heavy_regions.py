"""Highest-density regions in the plane, where no grid holds the tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import parzen
from parzen import AccuracyWarning


def test_a_cauchy_has_mass_beyond_any_grid():
    """Radius r holds 1 - (1 + r^2)^(-1/2) of a bivariate Cauchy."""
    density = parzen.kde([[0.0, 0.0]], kernel="cauchy", bandwidth=1.0)
    with pytest.warns(AccuracyWarning, match="ends before these tails"):
        region = density.hdr(0.7)
    radius = np.sqrt(1.0 / 0.3**2 - 1.0)
    assert region.level == pytest.approx(density.pdf([radius, 0.0]), rel=0.02)
    places = np.array([1.0, 3.0, 10.0])
    ranks = density.rank(np.column_stack([places, np.zeros(3)]))
    np.testing.assert_allclose(ranks, 1.0 - (1.0 + places**2) ** -0.5, atol=5e-3)


def test_a_distribution_without_ends_has_a_support():
    """Infinite ends times zero are no ends: nothing warns."""
    density = parzen.kde(np.zeros((1, 2)), kernel=stats.t(df=3), bandwidth=1.0)
    lower, upper = density.support()
    assert np.isneginf(lower).all()
    assert np.isposinf(upper).all()
