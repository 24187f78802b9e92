"""Queries in the order of their places, a batch at a time, on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.buckets import PLACE
from parzen.engines.sweep.sort import Buckets, core, share
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.sweep.order import Line

# Queries put in order together: what they need beside O(n) memory.
BATCH = 1 << 23
# Queries that one thread takes at a time, about 1 ms.
SOME = 1 << 13
# Fewer queries than this are not put in order, nor are they if the points are so few
# that they fit into the second-level cache.
MANY = 1 << 13


def swept(
    line: Line,
    loop: Any,
    tables: tuple[Any, ...],
    queries: NDArray[np.float64],
    n_jobs: Any,
    *,
    columns: tuple[int, ...] = (),
) -> NDArray[np.float64]:
    """Call a compiled loop on neighbouring queries together; return the sums (m,).

    Parameters
    ----------
    line : Line
        The points that the sums look at.
    loop : callable
        Takes queries and their places, the arrays of the line, the tables, and out: it
        puts the sum at its k-th query into `out[places[k]]`.
    tables : tuple of ndarray
        What else it needs.
    queries : ndarray of shape (m,)
    n_jobs : int, optional
        Threads; the result does not depend on it.
    columns : tuple of int, optional
        What the loop puts for each query: its shape, a number by default.

    Returns
    -------
    out : ndarray of shape (m, *columns)
    """
    out, n = np.empty((len(queries), *columns)), len(line.points)
    points = line.points, line.payload, line.table
    for first in range(0, len(queries), BATCH):
        some = queries[first : first + BATCH]
        if min(len(some), n) < MANY:
            places = np.arange(len(some))
        else:
            buckets = Buckets.of(*core(some), n)
            none = np.empty(0, np.int64)
            some, places, _ = share(some, none, buckets, PLACE, n_jobs)
        part = out[first : first + BATCH]

        def task(
            block: int,
            some: NDArray[np.float64] = some,
            places: NDArray[np.int64] = places,
            part: NDArray[np.float64] = part,
        ) -> None:
            chosen = slice(block * SOME, (block + 1) * SOME)
            loop(some[chosen], places[chosen], *points, *tables, part)

        run_blocks(task, -(-len(some) // SOME), n_jobs)
    return out
