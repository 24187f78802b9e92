"""Compiled growth of a k-d tree: boxes, and splits by selection in linear time."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from parzen.jit import compile_loop, jitable

# Points in a leaf: a multiple of eight doubles. 64 takes 1.5 times as long where all
# points matter; 256 takes longer where few do.
LEAF = 128
# Keys drawn to guess a median; a range shorter than eight times as many draws three.
DRAWN = 48


@jitable
def widest_axis(
    rows: Any, metric: Any, boxes: Any, node: Any, start: Any, stop: Any
) -> Any:
    """Put the box of rows start, ..., stop - 1 into `boxes`; return its widest axis."""
    longest, widest = 0, -1.0
    for k in range(rows.shape[1]):
        low, high = rows[start, k], rows[start, k]
        for j in range(start + 1, stop):
            low = min(low, rows[j, k])
            high = max(high, rows[j, k])
        boxes[node, 0, k], boxes[node, 1, k] = low, high
        # halves: the extent of finite numbers may overflow
        width = (0.5 * high - 0.5 * low) * math.sqrt(metric[k])
        if width > widest:
            longest, widest = k, width
    return longest


@jitable
def guess(rows: Any, k: Any, low: Any, high: Any, rank: Any, keys: Any) -> Any:
    """Return a value near the one of `rank` among rows[low : high + 1, k].

    After Floyd and Rivest (1975): from a sample, and a little to the side on which more
    values lie, so that the next range is short. Drawn by Fibonacci hashing, lest a
    pattern in the data make every guess a bad one.
    """
    size = high - low + 1
    drawn = DRAWN if size > 8 * DRAWN else 3
    for j in range(drawn):
        at = np.uint64(size * 31 + j + 1) * np.uint64(0x9E3779B97F4A7C15)
        key = rows[low + np.int64((at >> np.uint64(32)) % np.uint64(size)), k]
        place = j
        while place > 0 and keys[place - 1] > key:
            keys[place] = keys[place - 1]
            place -= 1
        keys[place] = key
    part = (rank - low + 0.5) / size
    aside = 0.5 / math.sqrt(drawn) if part < 0.5 else -0.5 / math.sqrt(drawn)
    return keys[min(max(int((part + aside) * drawn), 0), drawn - 1)]


@jitable
def select(rows: Any, order: Any, k: Any, start: Any, stop: Any, rank: Any) -> None:
    """Order rows start, ..., stop - 1 so that on axis k none before `rank` is larger.

    Hoare's partition stops at equal keys, so ties split evenly.
    """
    keys = np.empty(DRAWN)
    low, high = start, stop - 1
    while low < high:
        pivot = guess(rows, k, low, high, rank, keys)
        i, j = low, high
        while i <= j:
            while rows[i, k] < pivot:
                i += 1
            while pivot < rows[j, k]:
                j -= 1
            if i <= j:
                for axis in range(rows.shape[1]):
                    rows[i, axis], rows[j, axis] = rows[j, axis], rows[i, axis]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            return


@functools.cache
def grow_loop() -> Any:
    """Compile the splitting of a node, or of the whole subtree below it."""

    def loop(
        rows: Any,
        order: Any,
        metric: Any,
        boxes: Any,
        counts: Any,
        axes: Any,
        node: Any,
        first: Any,
        count: Any,
        whole: Any,
    ) -> None:
        # a node waits here while the subtree of its left sibling grows
        waiting = np.empty((64, 3), dtype=np.int64)
        depth = 0
        while True:
            start, stop = first * LEAF, min((first + count) * LEAF, len(rows))
            counts[node] = count
            k = widest_axis(rows, metric, boxes, node, start, stop)
            axes[node] = k
            half = count // 2
            if half > 0:
                middle = start + half * LEAF
                select(rows, order, k, start, stop, middle)
                waiting[depth] = node + 2 * half, first + half, count - half
                depth += 1
                node, count = node + 1, half
            else:
                if depth == 0:
                    return
                depth -= 1
                node, first, count = waiting[depth]
            if not whole:
                return

    return compile_loop(loop)
