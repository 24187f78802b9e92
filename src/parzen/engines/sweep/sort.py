"""Sorting by buckets: O(n) for most data, at a third of the time of one long sort.

Values are shared among buckets of a thousand or so, by arithmetic. Within a bucket they
are shared again, among cells of two, and put in order by insertion. A bucket whose
cells are too full (ties, clusters) is sorted by NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.buckets import (
    NOTHING,
    NUMBER,
    bucket_loop,
    count_loop,
    scatter_loop,
)
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Values of a regular subsample that tells where most of the values are.
SUBSAMPLE = 1024
# Values in a bucket: what sorting them touches stays in the first-level cache.
BUCKET = 1024
# More buckets than lines in the second-level cache make the sharing itself slow.
MOST_BUCKETS = 2048
# Values that one thread takes at a time, about 1 ms.
CHUNK = 1 << 18
# Buckets that one thread sorts at a time: with full buckets, about 1 ms.
SOME_BUCKETS = 32
# Longer buckets are left to NumPy, whose sort is faster than work outside the cache.
LONGEST = 1 << 18


@dataclass(frozen=True)
class Buckets:
    """Equal buckets of a line; the first and the last hold all that lies beyond.

    Attributes
    ----------
    low, inverse : float
        Where the first begins, and one over their width.
    size : int
        Number of buckets.
    """

    low: float
    inverse: float
    size: int

    @classmethod
    def of(cls, low: float, high: float, n: int) -> Buckets:
        """Lay buckets for n values from low to high."""
        size = min(max(n // BUCKET, 1), MOST_BUCKETS)
        # one over a tiny width may overflow: then all values share a bucket or two
        return cls(low, min(size / (high - low), 1e300) if high > low else 0.0, size)


def core(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return an interval with most of the values (n,), by the quartiles of a few.

    Outliers would leave all others in one cell of a table over the whole range.
    """
    some = np.sort(values[:: max(1, len(values) // SUBSAMPLE)])
    low, high = float(values.min()), float(values.max())
    lower, upper = float(some[len(some) // 4]), float(some[3 * len(some) // 4])
    room = 3.0 * (upper - lower)
    if room == 0.0:
        return low, high
    return max(low, lower - room), min(high, upper + room)


def ordered(
    values: NDArray[np.float64], payload: NDArray[Any] | None, n_jobs: Any
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Sort values (n,), and bring what comes with them (n,) in the same order."""
    kind = NOTHING if payload is None else NUMBER
    none = np.empty(0) if payload is None else payload
    buckets = Buckets.of(*core(values), len(values))
    values, loads, starts = share(values, none, buckets, kind, n_jobs)
    hard = np.zeros(buckets.size, dtype=np.int8)
    loop = bucket_loop(kind)

    def task(block: int) -> None:
        some = slice(block * SOME_BUCKETS, (block + 1) * SOME_BUCKETS)
        edges = starts[some.start : some.stop + 1]
        longest = min(int(np.diff(edges).max()), LONGEST)
        work = np.empty(longest), np.empty(longest, loads.dtype)
        loop(values, loads, edges, hard[some], *work, np.empty(longest + 2, np.int64))
        for bucket in np.flatnonzero(hard[some]):
            _sort_slowly(values, loads, slice(*edges[bucket : bucket + 2]))

    run_blocks(task, -(-buckets.size // SOME_BUCKETS), n_jobs)
    return values, loads


def share(
    values: NDArray[np.float64],
    payload: NDArray[Any],
    buckets: Buckets,
    kind: int,
    n_jobs: Any,
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.int64]]:
    """Bring values (n,) in the order of their buckets; they keep theirs within one.

    Returns
    -------
    values : ndarray of shape (n,)
    payload : ndarray of shape (n,) or (0,)
        What came with each, or its place before.
    starts : ndarray of shape (buckets + 1,)
    """
    n, size = len(values), buckets.size
    blocks = -(-n // CHUNK)
    counts = np.zeros((blocks, size), dtype=np.int64)
    count, scatter = count_loop(), scatter_loop(kind)

    def count_block(block: int) -> None:
        some = values[block * CHUNK : (block + 1) * CHUNK]
        count(some, buckets.low, buckets.inverse, counts[block])

    run_blocks(count_block, blocks, n_jobs)
    # a bucket takes from block after block
    ends = np.cumsum(counts.T.ravel()).reshape(size, blocks).T
    places = np.ascontiguousarray(ends - counts)
    out = np.empty(n)
    loads = np.empty(0 if kind == NOTHING else n, payload.dtype)

    def scatter_block(block: int) -> None:
        some = slice(block * CHUNK, (block + 1) * CHUNK)
        scatter(
            values[some],
            payload[some],
            block * CHUNK,
            buckets.low,
            buckets.inverse,
            places[block],
            out,
            loads,
        )

    run_blocks(scatter_block, blocks, n_jobs)
    return out, loads, np.append(0, ends[-1])


def _sort_slowly(values: NDArray[np.float64], loads: NDArray[Any], some: slice) -> None:
    """Sort a slice of the values (n,) in place, and what they carry."""
    if loads.size == 0:
        values[some].sort()
        return
    order = np.argsort(values[some])
    values[some] = values[some][order]
    loads[some] = loads[some][order]
