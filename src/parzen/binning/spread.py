"""Share points among the nodes of a grid, and interpolate between the nodes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import compile_loop, jitable
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parzen.binning.grid import Grid

BINNINGS = ("linear", "simple")
# Up to so many corners in all, NumPy needs less than the import of numba takes.
FEW_SHARES = 50_000
# Shares that one thread takes at a time, some 2 ms: a busy machine takes as long to
# start a thread.
BLOCK_SHARES = 1 << 21


@jitable
def locate(x: Any, lower: Any, inverse_step: Any, last_cell: Any) -> Any:
    """Return the cell that a coordinate is in, and how far in it, from 0 to 1."""
    t = (x - lower) * inverse_step
    cell = min(max(int(t), 0), last_cell)
    # clipped: rounding may put a border point 1e-16 outside
    return cell, min(max(t - cell, 0.0), 1.0)


@functools.cache
def _line_loop(linear: int, weighted: int) -> Any:
    """Compile the sharing on one axis, at 2 ns a point; the general loop takes 3."""

    def loop(
        points: Any,
        weights: Any,
        lower: Any,
        inverse_step: Any,
        _strides: Any,
        last_cell: Any,
        masses: Any,
    ) -> None:
        # in registers: the compiler cannot know that writing a mass leaves them alone
        low, inverse, last = lower[0], inverse_step[0], last_cell[0]
        for i in range(points.shape[0]):
            cell, part = locate(points[i, 0], low, inverse, last)
            mass = weights[i] if weighted else 1.0
            if linear:
                masses[cell] += mass * (1.0 - part)
                masses[cell + 1] += mass * part
            else:
                masses[cell + int(part >= 0.5)] += mass

    return compile_loop(loop)


@functools.cache
def _spread_loop(d: int, linear: int, weighted: int) -> Any:
    """Compile the sharing of points among the 2^d corners of their cells."""
    if d == 1:
        return _line_loop(linear, weighted)
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
        parts = np.empty(d)
        for i in range(points.shape[0]):
            corner = 0
            for k in range(d):
                cell, part = locate(
                    points[i, k], lower[k], inverse_step[k], last_cell[k]
                )
                near = 1.0 if part >= 0.5 else 0.0
                parts[k] = part if linear else near
                corner += cell * strides[k]
            mass = weights[i] if weighted else 1.0
            for c in range(corners):
                share = mass
                node = corner
                for k in range(d):
                    if (c >> k) & 1:
                        share *= parts[k]
                        node += strides[k]
                    else:
                        share *= 1.0 - parts[k]
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
        parts = np.empty(d)
        for i in range(queries.shape[0]):
            corner = 0
            inside = True
            for k in range(d):
                q = queries[i, k]
                if q < lower[k] or q > upper[k]:
                    inside = False
                else:
                    cell, part = locate(q, lower[k], inverse_step[k], last_cell[k])
                    parts[k] = part
                    corner += cell * strides[k]
            total = 0.0
            if inside:
                for c in range(corners):
                    share = 1.0
                    node = corner
                    for k in range(d):
                        if (c >> k) & 1:
                            share *= parts[k]
                            node += strides[k]
                        else:
                            share *= 1.0 - parts[k]
                    total += share * values[node]
            out[i] = total

    return compile_loop(loop)


def spread(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    grid: Grid,
    binning: str,
    *,
    n_jobs: Any = None,
) -> NDArray[np.float64]:
    """Share points among the nodes; the masses sum to one.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Inside the grid.
    weights : ndarray of shape (n,) or None
        They sum to one, and may be negative; None for 1/n each.
    grid : Grid
    binning : {"linear", "simple"}
        Linear: to all corners of the cell, by nearness, which keeps the mean of the
        data. Simple: all to the nearest node. Cost O(2^d n), about 2 ns a point in 1-D.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    masses : ndarray of shape grid.shape
    """
    n = len(points)
    if n << grid.d <= FEW_SHARES:
        masses = np.zeros(grid.size)
        for node, share in _shares(points, grid, linear=binning == "linear"):
            np.add.at(masses, node, share if weights is None else share * weights)
    else:
        masses = _spread_blocks(points, weights, grid, binning, n_jobs)
    if weights is None:
        masses /= n
    return masses.reshape(grid.shape)


def _spread_blocks(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    grid: Grid,
    binning: str,
    n_jobs: Any,
) -> NDArray[np.float64]:
    """Share the points of each block among nodes of its own, and add the blocks up."""
    n = len(points)
    size = max(1, BLOCK_SHARES >> grid.d)
    n_blocks = -(-n // size)
    if n_blocks * grid.size > n:
        # the nodes of all blocks would take more memory than the points
        size, n_blocks = n, 1
    loop = _spread_loop(grid.d, int(binning == "linear"), int(weights is not None))
    strides, last_cell = _strides(grid), np.array(grid.shape) - 2
    parts = np.zeros((n_blocks, grid.size))

    def task(block: int) -> None:
        some = slice(block * size, (block + 1) * size)
        share = parts[block] if weights is None else weights[some]
        loop(
            points[some],
            share,
            grid.lower,
            1.0 / grid.step,
            strides,
            last_cell,
            parts[block],
        )

    run_blocks(task, n_blocks, n_jobs)
    return np.asarray(parts.sum(axis=0))


def interpolate(
    queries: NDArray[np.float64], values: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64]:
    """Interpolate node values at queries (m, d) multilinearly; zero outside."""
    values = values.reshape(-1)
    if len(queries) << grid.d <= FEW_SHARES:
        out = np.zeros(len(queries))
        inside = ((queries >= grid.lower) & (queries <= grid.upper)).all(axis=1)
        for node, share in _shares(queries[inside], grid, linear=True):
            out[inside] += share * values[node]
        return out
    out = np.empty(len(queries))
    _interpolation_loop(grid.d)(
        np.ascontiguousarray(queries),
        values,
        grid.lower,
        grid.upper,
        1.0 / grid.step,
        _strides(grid),
        np.array(grid.shape) - 2,
        out,
    )
    return out


def _shares(
    points: NDArray[np.float64], grid: Grid, *, linear: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """For each corner of the cells, the nodes (n,) and their shares (n,), in NumPy."""
    t = (points - grid.lower) * (1.0 / grid.step)
    cells = np.clip(t.astype(np.int64), 0, np.array(grid.shape) - 2)
    parts = np.clip(t - cells, 0.0, 1.0)
    if not linear:
        parts = (parts >= 0.5).astype(np.float64)
    for corner in np.ndindex(*(2,) * grid.d):
        upper = np.array(corner)
        node = (cells + upper) @ _strides(grid)
        yield node, np.where(upper, parts, 1.0 - parts).prod(axis=1)


def _strides(grid: Grid) -> NDArray[np.int64]:
    """Distance in memory of neighbours along each axis, in nodes."""
    return np.array(
        [int(np.prod(grid.shape[k + 1 :])) for k in range(grid.d)], dtype=np.int64
    )
