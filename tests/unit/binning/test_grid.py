from __future__ import annotations

import numpy as np
import pytest

from parzen.binning.grid import Grid

GRIDS = {
    1: Grid(np.array([-1.0]), np.array([2.0]), (7,)),
    2: Grid(np.array([-1.0, 10.0]), np.array([2.0, 11.0]), (7, 5)),
    3: Grid(np.array([-1.0, 10.0, 1e6]), np.array([2.0, 11.0, 2e6]), (4, 5, 2)),
}
each_dimension = pytest.mark.parametrize("grid", GRIDS.values(), ids=["1", "2", "3"])


@each_dimension
def test_sizes_follow_from_the_shape(grid):
    """Dimensions, nodes in all, and the distance of neighbours."""
    assert grid.d == len(grid.shape)
    assert grid.size == np.prod(grid.shape)
    assert grid.step.shape == (grid.d,)
    span = grid.upper - grid.lower
    np.testing.assert_allclose(grid.step * (np.array(grid.shape) - 1), span)


@each_dimension
def test_axes_begin_and_end_at_the_bounds(grid):
    """The first and the last node are the bounds to the last bit."""
    for k, axis in enumerate(grid.axes):
        assert len(axis) == grid.shape[k]
        assert axis[0] == grid.lower[k]
        assert axis[-1] == grid.upper[k]
        np.testing.assert_allclose(np.diff(axis), grid.step[k], rtol=1e-9)


@each_dimension
def test_nodes_run_like_a_c_ordered_array(grid):
    """nodes() reshaped by the shape is indexed like the values, last axis fastest."""
    nodes = grid.nodes().reshape(*grid.shape, grid.d)
    for index in np.ndindex(grid.shape):
        expected = [grid.axes[k][i] for k, i in enumerate(index)]
        np.testing.assert_array_equal(nodes[index], expected)
