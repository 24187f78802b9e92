"""Sums of polynomial kernels of many widths, each where its support covers the line.

The ends of all supports (and the kinks at the points) are events on the line, and
sixteen of them make a leaf of a binary tree. A support covers the leaves between those
of its ends: its polynomial is added to the few nodes of the tree that make up these,
about their centres, and later handed down to the leaves by exact shifts. What the leaf
of a query does not know are the points with an event in it, which are added one by one.
Within its support a polynomial is small and shifts make it no larger: nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.axis import Axis
from parzen.engines.sweep.basis import code_of, magnitude, sides, tables, terms
from parzen.engines.sweep.certificate import SUMMANDS, limits_of
from parzen.engines.sweep.events import events_of, rows_of
from parzen.engines.sweep.nodes import FLUSH, LEAF, add_loop, leaf_loop, shift_loop
from parzen.engines.sweep.queries import swept
from parzen.parallel import run_blocks
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import Tolerance
    from parzen.engines.engine import Problem
    from parzen.engines.sweep.order import Line

# Points that one call adds to the nodes, 15 to 60 ms.
PART = 1 << 15
# Nodes that one call hands down, about 10 ms.
SOME_NODES = 1 << 16


@dataclass(frozen=True, eq=False)
class CoverSums(ReadOnly):
    """A polynomial for each leaf, and the points with an event in it.

    Attributes
    ----------
    axis : Axis
    code : int
        The kernel.
    line : Line
        The events, and whose they are, see `owners`.
    cells : ndarray of shape (3,)
        Of the table of the line: frequency, first, last.
    rows : ndarray of shape (n, 4)
        Of each point: coordinate, width, one over it, height.
    leaves : ndarray of shape (leaves, terms + 3)
        Coefficients about the centre of the leaf, in halves of its width; the height
        of all points in it; and that centre and half.
    limits : ndarray of shape (4,)
        The accepted error, relative and absolute; the unit of the sums; and what the
        polynomials are rounded by, relative to the height.
    n_jobs : int or None
    """

    axis: Axis
    code: int
    line: Line
    cells: NDArray[np.float64]
    rows: NDArray[np.float64]
    leaves: NDArray[np.float64]
    limits: NDArray[np.float64]
    n_jobs: Any

    @classmethod
    def of(cls, problem: Problem, tolerance: Tolerance) -> CoverSums:
        """Sort events and hand polynomials down the tree: O(n log n)."""
        axis, code, n_jobs = Axis.of(problem), code_of(problem), problem.n_jobs
        rows = rows_of(problem, axis)
        line, ranks = events_of(rows, sides(code), 1.0 / axis.width, n_jobs)
        leaves, rounding = leaves_of(code, line, rows, ranks, n_jobs)
        cells = np.array([line.frequency, line.first, line.last])
        limits = limits_of(problem, tolerance, rounding)
        return cls(axis, code, line, cells, rows, leaves, limits, n_jobs)

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, 1): shape (m,), certified or `DOUBTFUL`."""
        none = np.empty((0, 0))
        tables = self.cells, self.rows, self.leaves, self.limits, none, none
        queries = self.axis.place(q)
        return swept(self.line, leaf_loop(self.code), tables, queries, self.n_jobs)


def leaves_of(
    code: int,
    line: Line,
    rows: NDArray[np.float64],
    ranks: NDArray[np.int64],
    n_jobs: Any,
    *,
    order: int = 0,
) -> tuple[NDArray[np.float64], float]:
    """Add every point to the nodes that it covers, and hand them down to the leaves.

    Returns
    -------
    leaves : ndarray of shape (leaves, terms + 3)
    rounding : float
        Error of the polynomials, relative to the heights.
    """
    events, size = line.points, terms(code, order)
    left, right = tables(code, order)
    if sides(code) == 2:
        # from p(y - d) to p(d - y), of queries left of the point; they come first
        power = np.arange(size)
        right = right * (-1.0) ** (power[:, None] + power)
    basis = np.stack([right if sides(code) == 2 else left, left])
    count = -(-len(events) // LEAF)
    depth = max(count - 1, 0).bit_length()
    nodes = np.zeros((2 << depth, size + 1))
    recent = np.zeros_like(nodes)
    adds = np.zeros(2 << depth, dtype=np.int64)
    middles, add = _middles(events, depth), add_loop()
    for first in range(0, len(rows), PART):
        add(
            middles,
            ranks,
            rows,
            basis,
            depth,
            first,
            min(first + PART, len(rows)),
            nodes,
            recent,
            adds,
        )
    nodes += recent
    shift = shift_loop()
    for level in range(depth):
        width = 1 << level

        def task(block: int, width: int = width) -> None:
            start = width + block * SOME_NODES
            shift(middles, start, min(start + SOME_NODES, 2 * width), nodes)

        run_blocks(task, -(-width // SOME_NODES), n_jobs)
    # sums of sums of FLUSH terms; each shift and the evaluation
    steps = FLUSH + adds.max() // FLUSH + 8.0 * (size + 1) * (depth + 4)
    if order:
        steps += SUMMANDS
    rounding = steps * 2.0**-53 * 1.01 * magnitude(code, 1.0, order)
    chosen = slice(1 << depth, (1 << depth) + count)
    return np.hstack([nodes[chosen], middles[chosen]]), float(rounding)


def _middles(events: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
    """Return the centre of each node and half its width, (nodes, 2).

    Centres are rounded, so nodes are as wide as holds their children all the same:
    shifts make no polynomial larger.
    """
    top = len(events) - 1
    middles = np.zeros((2 << depth, 2))
    for level in range(depth, -1, -1):
        start = 1 << level
        borders = np.arange(start + 1) * (LEAF << (depth - level)) - 1
        ends = events[np.clip(borders, 0, top)]
        low, high = ends[:-1], ends[1:]
        centre = 0.5 * low + 0.5 * high
        half = np.maximum(high - centre, centre - low)
        if level < depth:
            children = middles[2 * start : 4 * start].reshape(start, 2, 2)
            away = np.abs(children[:, :, 0] - centre[:, None])
            half = (away + children[:, :, 1]).max(axis=1)
        middles[start : 2 * start, 0] = centre
        middles[start : 2 * start, 1] = half
    return middles
