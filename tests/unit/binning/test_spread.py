from __future__ import annotations

import itertools

import numpy as np
import pytest

from parzen.binning import spread as module
from parzen.binning.grid import Grid
from parzen.binning.spread import BINNINGS, interpolate, spread

EPS = np.finfo(np.float64).eps
SHAPES = {1: (9,), 2: (6, 4), 3: (4, 5, 3)}
each_dimension = pytest.mark.parametrize("d", [1, 2, 3])
each_binning = pytest.mark.parametrize("binning", BINNINGS)
each_weighting = pytest.mark.parametrize("weighted", [False, True])


def case(d, *, weighted=False, n=60):
    """Points inside a grid, some on its border and on nodes, with probabilities."""
    rng = np.random.default_rng(d)
    lower, upper = np.full(d, -1.0), np.arange(1.0, d + 1.0)
    grid = Grid(lower, upper, SHAPES[d])
    points = rng.uniform(lower, upper, (n, d))
    points[0], points[1] = lower, upper
    points[2:12] = grid.nodes()[rng.integers(0, grid.size, 10)]
    weights = rng.dirichlet(np.ones(n)) if weighted else None
    return grid, points, weights


def plain_spread(points, weights, grid, binning):
    """Share each point among the corners of its cell, as the definition reads."""
    masses = np.zeros(grid.shape)
    if weights is None:
        weights = np.full(len(points), 1 / len(points))
    for point, weight in zip(points, weights, strict=True):
        position = (point - grid.lower) / grid.step
        cell = np.clip(np.floor(position).astype(int), 0, np.array(grid.shape) - 2)
        part = position - cell
        if binning == "simple":
            part = np.where(part >= 0.5, 1.0, 0.0)
        for corner in itertools.product((0, 1), repeat=grid.d):
            shares = np.where(np.array(corner) == 1, part, 1 - part)
            masses[tuple(cell + corner)] += weight * np.prod(shares)
    return masses


@each_dimension
@each_binning
@each_weighting
def test_masses_are_those_of_a_plain_loop(d, binning, weighted):
    """The compiled loop does what the definition says, border points included."""
    grid, points, weights = case(d, weighted=weighted)
    masses = spread(points, weights, grid, binning)
    expected = plain_spread(points, weights, grid, binning)
    assert masses.shape == grid.shape
    np.testing.assert_allclose(masses, expected, rtol=0, atol=100 * EPS)


@each_dimension
@each_binning
@each_weighting
def test_mass_is_kept(d, binning, weighted):
    """The masses are non-negative and sum to one."""
    grid, points, weights = case(d, weighted=weighted)
    masses = spread(points, weights, grid, binning)
    assert (masses >= 0).all()
    assert masses.sum() == pytest.approx(1.0, rel=len(points) * EPS)


@each_dimension
@each_weighting
def test_linear_binning_keeps_the_mean(d, weighted):
    """The mean of the masses at the nodes is the mean of the data."""
    grid, points, weights = case(d, weighted=weighted)
    masses = spread(points, weights, grid, "linear")
    mean = masses.ravel() @ grid.nodes()
    expected = np.average(points, axis=0, weights=weights)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=100 * EPS)


@each_dimension
@each_binning
def test_points_on_nodes_stay_there(d, binning):
    """A point on a node gives it all of its mass, on the last node, too."""
    grid, _, _ = case(d)
    nodes = grid.nodes()
    masses = spread(nodes, None, grid, binning)
    # (q - lower) / step of a node misses a whole number by a few roundings
    np.testing.assert_allclose(masses, 1 / grid.size, rtol=100 * EPS)


def test_a_point_just_outside_by_rounding_counts_at_the_border():
    """One unit in the last place beyond the bounds loses no mass and no index."""
    grid = Grid(np.array([0.1]), np.array([0.7]), (4,))
    outside = np.array([[np.nextafter(0.1, -1)], [np.nextafter(0.7, 1)]])
    masses = spread(outside, None, grid, "linear")
    np.testing.assert_allclose(masses, [0.5, 0, 0, 0.5], rtol=0, atol=10 * EPS)


@each_binning
def test_a_weightless_point_adds_nothing(binning):
    """Masses are linear in the weights."""
    grid, points, weights = case(2, weighted=True)
    kept = np.arange(len(points)) % 3 > 0
    weights = np.where(kept, weights, 0.0) / weights[kept].sum()
    np.testing.assert_allclose(
        spread(points, weights, grid, binning),
        spread(points[kept], weights[kept], grid, binning),
        rtol=0,
        atol=10 * EPS,
    )


@each_dimension
def test_interpolation_reproduces_multilinear_functions(d):
    """A function that is linear along each axis comes back exactly."""
    grid, points, _ = case(d)
    nodes = grid.nodes()

    def function(x):
        return 2.0 + x @ np.arange(1.0, d + 1.0) + np.prod(x, axis=-1)

    values = function(nodes).reshape(grid.shape)
    answer = interpolate(points, values, grid)
    # values are below 20
    np.testing.assert_allclose(answer, function(points), rtol=0, atol=20 * 100 * EPS)


@each_dimension
def test_interpolation_at_the_nodes_gives_the_values(d):
    """Up to the rounding of the position in the cell."""
    grid, _, _ = case(d)
    values = np.random.default_rng(5).uniform(size=grid.shape)
    answer = interpolate(grid.nodes(), values, grid)
    np.testing.assert_allclose(answer, values.ravel(), rtol=0, atol=100 * EPS)


@each_dimension
def test_outside_is_zero(d):
    """Not the value at the edge: mass is not invented, along no axis."""
    grid, _, _ = case(d)
    values = np.ones(grid.shape)
    centre = (grid.lower + grid.upper) / 2
    for k in range(d):
        for far in (grid.lower[k] - 1e-9, grid.upper[k] + 1e-9, -1e300, 1e300):
            query = centre.copy()
            query[k] = far
            assert interpolate(query[None], values, grid)[0] == 0.0
    assert interpolate(centre[None], values, grid)[0] == pytest.approx(1.0, rel=1e-12)


@each_dimension
def test_interpolation_is_the_adjoint_of_linear_binning(d):
    """sum_i w_i g(x_i) = sum_j mass_j g_j: both use the same shares."""
    grid, points, weights = case(d, weighted=True)
    values = np.random.default_rng(6).uniform(size=grid.shape)
    masses = spread(points, weights, grid, "linear")
    assert weights @ interpolate(points, values, grid) == pytest.approx(
        np.sum(masses * values), rel=1e-13
    )


def test_queries_need_not_be_contiguous():
    """Any memory layout is read right."""
    grid, points, _ = case(2)
    values = np.random.default_rng(7).uniform(size=grid.shape)
    np.testing.assert_array_equal(
        interpolate(np.asfortranarray(points), values, grid),
        interpolate(points, values, grid),
    )


def test_no_queries_give_no_answers():
    """An empty set of queries is fine."""
    grid, _, _ = case(2)
    assert interpolate(np.empty((0, 2)), np.ones(grid.shape), grid).shape == (0,)


@each_dimension
@each_binning
@pytest.mark.parametrize("weighting", ["none", "positive", "signed"])
def test_compiled_and_numpy_paths_agree(d, binning, weighting, monkeypatch):
    """Few points take NumPy and many the compiled loop: the same up to rounding."""
    grid, points, weights = case(d, weighted=True, n=500)
    if weighting == "none":
        weights = None
    elif weighting == "signed":
        weights[::3] *= -1.0
    few = spread(points, weights, grid, binning)
    monkeypatch.setattr(module, "FEW_SHARES", 0)
    many = spread(points, weights, grid, binning)
    np.testing.assert_allclose(many, few, rtol=0, atol=100 * EPS)
    np.testing.assert_allclose(
        few, plain_spread(points, weights, grid, binning), rtol=0, atol=100 * EPS
    )


@each_dimension
def test_compiled_and_numpy_interpolation_agree(d, monkeypatch):
    """Inside, on the border, outside and at infinity."""
    grid, points, _ = case(d, n=200)
    values = np.random.default_rng(8).normal(size=grid.shape)
    queries = np.concatenate([points, 3 * points, np.full((1, d), np.inf)])
    few = interpolate(queries, values, grid)
    monkeypatch.setattr(module, "FEW_SHARES", 0)
    many = interpolate(queries, values, grid)
    np.testing.assert_allclose(many, few, rtol=0, atol=100 * EPS)
    assert few[-1] == 0.0


@each_dimension
@each_weighting
def test_the_number_of_threads_changes_no_bit(d, weighted, monkeypatch):
    """Blocks depend on the number of points and nodes alone."""
    grid, points, weights = case(d, weighted=weighted, n=3000)
    expected = spread(points, weights, grid, "linear")
    monkeypatch.setattr(module, "FEW_SHARES", 0)
    monkeypatch.setattr(module, "BLOCK_SHARES", 1024)
    one, two, three = (
        spread(points, weights, grid, "linear", n_jobs=n_jobs) for n_jobs in (1, 2, 3)
    )
    np.testing.assert_array_equal(two, one)
    np.testing.assert_array_equal(three, one)
    np.testing.assert_allclose(one, expected, rtol=0, atol=100 * EPS)


def test_blocks_never_take_more_memory_than_the_points(monkeypatch):
    """Where the grid is large beside the points, one array of masses must do."""
    monkeypatch.setattr(module, "FEW_SHARES", 0)
    monkeypatch.setattr(module, "BLOCK_SHARES", 64)
    blocks = []
    monkeypatch.setattr(
        module, "run_blocks", lambda task, count, _: blocks.append(count) or task(0)
    )
    grid = Grid(np.array([-1.0]), np.array([1.0]), (500,))
    points = np.random.default_rng(9).uniform(-1, 1, (600, 1))
    masses = spread(points, None, grid, "linear")
    assert blocks == [1]
    assert masses.sum() == pytest.approx(1.0, rel=1e-12)
