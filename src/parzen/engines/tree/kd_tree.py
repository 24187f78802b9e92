"""A k-d tree whose leaves are as long as the vectors that sum them.

Every leaf holds exactly `LEAF` slots, so that a loop over a leaf has a constant length
and no remainder. A node is split at a multiple of `LEAF` in the order of its widest
axis: by position, not by value, hence ties and constant columns need no care. A node
that covers c leaves has 2 c - 1 nodes in its subtree; they are numbered in preorder, so
its children are node + 1 and node + 2 (c // 2), and no links are stored.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.tree.growth import LEAF, grow_loop
from parzen.jit import compile_loop
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Leaves of a subtree that one compiled call grows, about 10 ms.
SUBTREE = 1024
# How `Tree.collect` merges children.
ADD, LARGEST, SMALLEST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Tree:
    """Points in the order of the leaves, and the boxes of all nodes; memory O(n d).

    Attributes
    ----------
    points : ndarray of shape (leaves, d, LEAF)
        One leaf after the other, in each one axis after the other. The slots beyond n
        repeat the last point.
    order : ndarray of shape (n,)
        Which point lies in each slot.
    boxes : ndarray of shape (2 leaves - 1, 2, d)
        Smallest and largest coordinates of each node, in preorder.
    counts : ndarray of shape (2 leaves - 1,)
        Leaves below each node.
    axes : ndarray of shape (2 leaves - 1,)
        The axis on which each node is split.
    """

    points: NDArray[np.float64]
    order: NDArray[np.int64]
    boxes: NDArray[np.float64]
    counts: NDArray[np.int64]
    axes: NDArray[np.int64]

    @classmethod
    def of(
        cls, points: NDArray[np.float64], metric: NDArray[np.float64], n_jobs: Any
    ) -> Tree:
        """Build the tree of points (d, n) whose axes weigh `metric` (d,).

        Takes about n log2(n / LEAF) steps, and a second copy of the points meanwhile.
        """
        d, n = points.shape
        leaves = -(-n // LEAF)
        nodes = 2 * leaves - 1
        rows = np.array(points.T, order="C")
        order = np.arange(n)
        boxes = np.empty((nodes, 2, d))
        counts = np.ones(nodes, dtype=np.int64)
        axes = np.zeros(nodes, dtype=np.int64)
        grow = grow_loop()

        def split(some: list[tuple[int, int, int]], *, whole: bool) -> None:
            def task(block: int) -> None:
                grow(rows, order, metric, boxes, counts, axes, *some[block], whole)

            run_blocks(task, len(some), n_jobs)

        # no compiled call takes longer than to split all points once
        level, subtrees = [(0, 0, leaves)], []
        while level:
            subtrees += [node for node in level if node[2] <= SUBTREE]
            level = [node for node in level if node[2] > SUBTREE]
            split(level, whole=False)
            level = [child for node in level for child in children(*node)]
        split(subtrees, whole=True)
        full = np.empty((leaves * LEAF, d))
        full[:n], full[n:] = rows, rows[-1]
        blocks = full.reshape(leaves, LEAF, d).transpose(0, 2, 1)
        return cls(np.ascontiguousarray(blocks), order, boxes, counts, axes)

    def in_slots(self, values: NDArray[np.float64], rest: float) -> NDArray[np.float64]:
        """Put values (n,) of the points, and `rest`, into the slots (leaves, LEAF)."""
        slots = np.full(self.points.shape[0] * LEAF, rest)
        slots[: len(values)] = values[self.order]
        return slots.reshape(-1, LEAF)

    def collect(self, merge: int, leaves: NDArray[np.float64]) -> NDArray[np.float64]:
        """Merge values (leaves,) upwards into all nodes, shape (2 leaves - 1,)."""
        nodes = np.empty(len(self.counts))
        collect_loop(merge)(self.counts, np.asarray(leaves), nodes)
        return nodes

    def cells(self, queries: NDArray[np.float64], size: int) -> NDArray[np.uint16]:
        """Tell in which cell of at most `size` leaves each query (m, d) lies.

        Numbers (m,) grow from left to right, wrap at 2^16, and serve to sort.
        """
        cells = np.empty(len(queries), dtype=np.uint16)
        cell_loop()(queries, self.boxes, self.axes, len(self.points), size, cells)
        return cells


def children(node: int, first: int, count: int) -> tuple[tuple[int, int, int], ...]:
    """Return number, first leaf and leaves of both children."""
    half = count // 2
    return (node + 1, first, half), (node + 2 * half, first + half, count - half)


@functools.cache
def collect_loop(merge: int) -> Any:
    """Compile the merging of values from the leaves up to the root."""

    def loop(counts: Any, leaves: Any, nodes: Any) -> None:
        leaf = len(leaves)
        # children have larger numbers than their parent
        for node in range(len(counts) - 1, -1, -1):
            if counts[node] == 1:
                leaf -= 1
                nodes[node] = leaves[leaf]
            else:
                a, b = nodes[node + 1], nodes[node + 2 * (counts[node] // 2)]
                if merge == ADD:
                    nodes[node] = a + b
                else:
                    nodes[node] = max(a, b) if merge == LARGEST else min(a, b)

    return compile_loop(loop)


@functools.cache
def cell_loop() -> Any:
    """Compile the way of queries down to their cells."""

    def loop(
        queries: Any, boxes: Any, axes: Any, leaves: Any, size: Any, cells: Any
    ) -> None:
        for i in range(len(queries)):
            node, first, count = 0, 0, leaves
            while count > size:
                half = count // 2
                right, k = node + 2 * half, axes[node]
                if queries[i, k] < boxes[right, 0, k]:
                    node, count = node + 1, half
                else:
                    node, first, count = right, first + half, count - half
            cells[i] = first * 2 // size

    return compile_loop(loop)
