"""Queries in the order of their places, a batch at a time, on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.buckets import PLACE
from parzen.engines.sweep.sort import Buckets, core, share
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Queries put in order together: what they need beside O(n) memory.
BATCH = 1 << 23
# Queries that one thread takes at a time, about 1 ms.
SOME = 1 << 13
# Fewer queries than this are not put in order, nor are they if the points are so few
# that they fit into the second-level cache.
MANY = 1 << 13


def swept(
    queries: NDArray[np.float64],
    n: int,
    sums: Callable[[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]], None],
    n_jobs: Any,
) -> NDArray[np.float64]:
    """Call `sums(queries, places, out)` on neighbours together; return out (m,).

    Parameters
    ----------
    queries : ndarray of shape (m,)
    n : int
        Points that the sums look at.
    sums : callable
        Puts the sum at its k-th query into `out[places[k]]`.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    out : ndarray of shape (m,)
    """
    out = np.empty(len(queries))
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
            sums(some[chosen], places[chosen], part)

        run_blocks(task, -(-len(some) // SOME), n_jobs)
    return out
