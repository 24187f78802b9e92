"""Sums over ranges of a sorted array, each query with a range of its own length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# Pairs in one block of work, whose temporaries stay in the second-level cache.
BLOCK_PAIRS = 1 << 15


def ranges(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """List the numbers first_k, ..., last_k - 1 for all k, and the k of each."""
    counts = last - first
    owner = np.repeat(np.arange(counts.size), counts)
    starts = np.cumsum(counts) - counts
    return np.arange(owner.size) + np.repeat(first - starts, counts), owner


def sum_ranges(
    spans: Sequence[tuple[Indices, Indices]],
    term: Callable[[Indices, Indices], Floats],
    n_jobs: Any,
    *,
    logs: bool = False,
) -> Floats:
    """Sum term(query, point) over the points of each query's ranges, shape (m,).

    Where `logs`, terms are logarithms, and so are the sums. Blocks are cut where the
    pairs of all queries before them fill one: they depend on the ranges alone.
    """
    counts = np.sum([last - first for first, last in spans], axis=0)
    block = np.cumsum(counts) // BLOCK_PAIRS
    cuts = np.append(np.flatnonzero(np.diff(block, prepend=-1)), counts.size)
    total = np.full(counts.size, -np.inf if logs else 0.0)

    def task(k: int) -> None:
        some = np.arange(cuts[k], cuts[k + 1])
        for first, last in spans:
            filled = some[last[some] > first[some]]
            if not filled.size:
                continue
            point, owner = ranges(first[filled], last[filled])
            values = term(filled[owner], point)
            starts = np.flatnonzero(np.diff(owner, prepend=-1))
            if not logs:
                total[filled] += np.add.reduceat(values, starts)
                continue
            top = np.maximum.reduceat(values, starts)
            base = np.where(np.isfinite(top), top, 0.0)
            with np.errstate(divide="ignore"):
                sums = np.log(np.add.reduceat(np.exp(values - base[owner]), starts))
            total[filled] = np.logaddexp(total[filled], base + sums)

    run_blocks(task, cuts.size - 1, n_jobs)
    return total
