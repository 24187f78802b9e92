"""Where the nodes lie, when they are those of the data, and what levels cost."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import parzen
from parzen import BinnedSample, kde
from tests import reference


def stated(density):
    """The absolute error that a density states."""
    return density.decision.bound.absolute


@pytest.mark.parametrize(
    ("d", "size", "h"),
    [(1, 1 << 23, 0.02), (1, 1024, 0.1), (2, (3000, 64), 0.5), (3, 16, 2.0)],
    ids=["too many", "few", "long and short", "wide kernel"],
)
def test_nodes_of_the_data_are_all_kept(rng, d, size, h):
    """No cap on nodes may cut the grid, or wrap a kernel around it."""
    x = rng.random((4000, d)) * 3.0
    binned = BinnedSample.of(x[:, 0] if d == 1 else x, grid_size=size)
    q = rng.random((9, d)) * 3.0
    q = q[:, 0] if d == 1 else q
    density = kde(binned, bandwidth=h, method="fft")
    exact = kde(binned, bandwidth=h, method="direct").pdf(q)
    assert np.abs(density.pdf(q) - exact).max() <= stated(density) + 1e-12


@pytest.mark.parametrize("name", ["epanechnikov", "triangular", "cosine", "tricube"])
@pytest.mark.parametrize("method", ["grid", "fft"])
def test_levels_of_a_kernel_with_an_edge(rng, name, method):
    """Between two levels lies an edge of the wider kernel: the bound must see it."""
    x = rng.normal(size=4)
    h = 0.5 * np.exp(rng.uniform(0.0, 3.0, 4))
    q = np.linspace(-12, 12, 2001)
    density = kde(x, kernel=name, bandwidth=h, method=method, grid_size=1 << 15)
    exact = reference.local_density(x, q, h, name)
    assert np.abs(density.pdf(q) - exact).max() <= stated(density)


def test_a_kernel_between_two_nodes_keeps_its_mass():
    """Where no node meets it, the nearest one holds it, and a warning says so."""
    kernel = stats.uniform(loc=0.3011, scale=0.0001)
    x = np.linspace(0, 1, 30)
    with pytest.warns(parzen.AccuracyWarning, match="bandwidths"):
        density = kde(x, kernel=kernel, bandwidth=1.0, method="fft", grid_size=200)
    points, values = density.grid()
    assert values.sum() * (points[1] - points[0]) == pytest.approx(1.0, abs=1e-9)


def test_the_grid_follows_a_narrow_distribution(rng):
    """The step is a fraction of the kernel's own width, not of its nominal scale."""
    x = rng.normal(size=50)
    narrow = kde(x, kernel=stats.norm(0, 0.01), bandwidth=1.0, method="fft")
    plain = kde(x, bandwidth=0.01, method="fft")
    q = np.linspace(-2, 2, 101)
    np.testing.assert_allclose(narrow.pdf(q), plain.pdf(q), atol=stated(plain))


def test_a_kernel_far_from_its_points_is_refused():
    """A grid around the data would not hold it."""
    with pytest.raises(parzen.CapabilityError, match="150 bandwidths"):
        kde([0.0, 1.0], kernel=stats.norm(150, 1), bandwidth=0.1, method="fft")


def test_grids_are_read_only():
    """The nodes of a binned sample cannot be moved."""
    grid = BinnedSample.of([0.0, 1.0]).grid
    with pytest.raises(ValueError, match="read-only"):
        grid.lower[0] = -9.0
