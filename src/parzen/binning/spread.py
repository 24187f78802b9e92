"""Share points among the nodes of a grid, and interpolate between the nodes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import compile_loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.binning.grid import Grid

BINNINGS = ("linear", "simple")


@functools.cache
def _spread_loop(d: int, linear: int, weighted: int) -> Any:
    """Compile the sharing of points among the 2^d corners of their cells."""
    corners = 1 << d

    def loop(
        points: Any,
        weights: Any,
        lower: Any,
        inverse_step: Any,
        strides: Any,
        last_cell: Any,
        masses: Any,
    ) -> None:
        part = np.empty(d)
        for i in range(points.shape[0]):
            corner = 0
            for k in range(d):
                t = (points[i, k] - lower[k]) * inverse_step[k]
                cell = min(max(int(t), 0), last_cell[k])
                # clipped: rounding may put a border point 1e-16 outside
                t = min(max(t - cell, 0.0), 1.0)
                if linear:
                    part[k] = t
                else:
                    part[k] = 1.0 if t >= 0.5 else 0.0
                corner += cell * strides[k]
            mass = weights[i] if weighted else 1.0
            for c in range(corners):
                share = mass
                node = corner
                for k in range(d):
                    if (c >> k) & 1:
                        share *= part[k]
                        node += strides[k]
                    else:
                        share *= 1.0 - part[k]
                masses[node] += share

    return compile_loop(loop)


@functools.cache
def _interpolation_loop(d: int) -> Any:
    """Compile multilinear interpolation, zero outside the grid."""
    corners = 1 << d

    def loop(
        queries: Any,
        values: Any,
        lower: Any,
        upper: Any,
        inverse_step: Any,
        strides: Any,
        last_cell: Any,
        out: Any,
    ) -> None:
        part = np.empty(d)
        for i in range(queries.shape[0]):
            corner = 0
            inside = True
            for k in range(d):
                q = queries[i, k]
                if q < lower[k] or q > upper[k]:
                    inside = False
                else:
                    t = (q - lower[k]) * inverse_step[k]
                    cell = min(max(int(t), 0), last_cell[k])
                    part[k] = min(max(t - cell, 0.0), 1.0)
                    corner += cell * strides[k]
            total = 0.0
            if inside:
                for c in range(corners):
                    share = 1.0
                    node = corner
                    for k in range(d):
                        if (c >> k) & 1:
                            share *= part[k]
                            node += strides[k]
                        else:
                            share *= 1.0 - part[k]
                    total += share * values[node]
            out[i] = total

    return compile_loop(loop)


def spread(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    grid: Grid,
    binning: str,
) -> NDArray[np.float64]:
    """Share points among the nodes; the masses sum to one.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Inside the grid.
    weights : ndarray of shape (n,) or None
        Probabilities that sum to one; None for 1/n each.
    grid : Grid
    binning : {"linear", "simple"}
        Linear: to all corners of the cell, by nearness, which keeps the mean of the
        data. Simple: all to the nearest node. Cost O(2^d n), about 3 ns a point in 1-D.

    Returns
    -------
    masses : ndarray of shape grid.shape
    """
    masses = np.zeros(grid.size)
    weighted = weights is not None
    loop = _spread_loop(grid.d, int(binning == "linear"), int(weighted))
    loop(
        points,
        weights if weighted else masses,
        grid.lower,
        1.0 / grid.step,
        _strides(grid),
        np.array(grid.shape) - 2,
        masses,
    )
    if not weighted:
        masses /= len(points)
    return masses.reshape(grid.shape)


def interpolate(
    queries: NDArray[np.float64], values: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64]:
    """Interpolate node values at queries (m, d) multilinearly; zero outside."""
    out = np.empty(len(queries))
    _interpolation_loop(grid.d)(
        np.ascontiguousarray(queries),
        values.reshape(-1),
        grid.lower,
        grid.upper,
        1.0 / grid.step,
        _strides(grid),
        np.array(grid.shape) - 2,
        out,
    )
    return out


def _strides(grid: Grid) -> NDArray[np.int64]:
    """Distance in memory of neighbours along each axis, in nodes."""
    return np.array(
        [int(np.prod(grid.shape[k + 1 :])) for k in range(grid.d)], dtype=np.int64
    )
