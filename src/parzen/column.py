"""Passes over one long column: its moments and its quantiles.

A million numbers are read in 0.1 ms, so what costs is temporaries and a full partition.
The loops here read the column in blocks whose borders depend on its length alone, and
what the blocks find is merged in order: bitwise the same for any number of threads.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import compile_loop
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Below, plain NumPy takes a few milliseconds, and importing numba half a second; from
# here on even one query of the direct sum imports it.
LARGE = 1 << 17
# Where a partition takes no longer than the passes that could spare it.
FEW = 5_000
# Points that one thread takes at a time: a thread costs 0.1 ms, on a busy machine 4.
BLOCK = 1 << 22
# Points whose sum has an accumulator of its own, so that rounding does not add up.
TILE = 1024
# Half the width of a bracket, in standard errors of the median of the subsample.
STANDARD_ERRORS = 3.7


def serves(points: NDArray[np.float64]) -> bool:
    """Whether points (n, d) are one column, and so long that these passes pay."""
    return points.shape[1] == 1 and len(points) >= LARGE


def moments(
    column: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    factor: float,
    n_jobs: Any = None,
) -> tuple[float, float]:
    """Mean and centred sum of squares of a scaled column.

    Parameters
    ----------
    column : ndarray of shape (n,)
        Contiguous.
    weights : ndarray of shape (n,) or None
        They sum to one; None for 1/n each in the mean, and one each in the squares.
    factor : float
        The power of two to scale by: exact, and squares stay within range.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    mean, squares : float
        Of factor times the column.
    """
    total = float(len(column)) if weights is None else 1.0
    mean = _centred_sums(column, weights, factor, 0.0, n_jobs)[0] / total
    # the mean of the residuals is the rounding error of the mean
    rest, squares = _centred_sums(column, weights, factor, mean, n_jobs)
    return mean + rest / total, squares - rest * rest / total


def quantiles(
    column: NDArray[np.float64], p: NDArray[np.float64], n_jobs: Any = None
) -> NDArray[np.float64]:
    """Quantiles as `np.quantile` defines and rounds them, from few order statistics.

    Parameters
    ----------
    column : ndarray of shape (n,)
        Contiguous.
    p : ndarray of shape (k,)
        Probabilities.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    quantiles : ndarray of shape (k,)
    """
    if p.size == 0 or not ((p >= 0) & (p <= 1)).all():
        # NumPy says what is wrong
        return np.asarray(np.quantile(column, p))
    position = (len(column) - 1) * p
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, len(column) - 1)
    ranks, place = np.unique(np.concatenate([below, above]), return_inverse=True)
    a, b = order_statistics(column, ranks, n_jobs)[place].reshape(2, -1)
    t = position - below
    # from the nearer end, as NumPy does it
    return np.where(t < 0.5, a + (b - a) * t, b - (b - a) * (1.0 - t))


def order_statistics(
    column: NDArray[np.float64], ranks: NDArray[np.int64], n_jobs: Any = None
) -> NDArray[np.float64]:
    """Find the values that sorting would put at some ranks.

    A regular subsample tells a bracket of values for each rank (Floyd and Rivest 1975,
    doi:10.1145/360680.360691); one pass counts the points below the brackets and
    gathers those inside, a few percent, which are partitioned. Outliers and ties do not
    matter. Where a bracket misses its rank, all points are partitioned.

    Parameters
    ----------
    column : ndarray of shape (n,)
        Contiguous.
    ranks : ndarray of shape (k,)
        Without repetition, increasing, from 0 to n - 1.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    values : ndarray of shape (k,)
    """
    brackets = _brackets(column, ranks) if len(column) >= FEW else None
    if brackets is None:
        return _partitioned(column, ranks)
    lower, upper, which = brackets
    counts, gathered = _gather(column, lower, upper, n_jobs)
    before, through, until, end = counts[which].T
    if (ranks < before).any() or (ranks >= end).any():
        return _partitioned(column, ranks)
    inside = np.maximum(counts[:, 2] - counts[:, 1], 0)
    first = np.cumsum(inside) - inside
    # where ties make up an end of the bracket, that end is the answer
    values = np.where(ranks < through, lower[which], upper[which])
    chosen = (ranks >= through) & (ranks < until)
    if chosen.any():
        places = (first[which] + ranks - through)[chosen]
        # so few as a rule that the same again is faster than a partition
        again = order_statistics if 2 * len(gathered) < len(column) else _partitioned
        values[chosen] = again(gathered, places)
    return values


def between(
    column: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    low: float,
    high: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the points strictly between two values, and their weights; any n."""
    if weights is None and len(column) >= LARGE:
        return _gather(column, np.array([low]), np.array([high]), None)[1], None
    chosen = (column > low) & (column < high)
    return column[chosen], None if weights is None else weights[chosen]


def _partitioned(
    column: NDArray[np.float64], ranks: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Values at some ranks, by a partition of all points."""
    return np.asarray(np.partition(column, ranks)[ranks])


def _brackets(
    column: NDArray[np.float64], ranks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]] | None:
    """Lower and upper ends of disjoint brackets, and which one each rank is in.

    None where they would hold so many points that a partition is as fast.
    """
    n = len(column)
    # a larger subsample costs more itself, and narrows the brackets by its root
    some = np.ascontiguousarray(column[:: n // int(3.0 * n ** (2.0 / 3.0))])
    m = len(some)
    margin = math.ceil(STANDARD_ERRORS * 0.5 * math.sqrt(m))
    centre = ranks * m // n
    first, last = centre - margin, centre + margin
    apart = first[1:] > last[:-1]
    first = first[np.append(True, apart)]
    last = last[np.append(apart, True)]
    if (last - first).sum() > m // 2:
        return None
    places = np.unique(np.clip(np.append(first, last), 0, m - 1))
    values = order_statistics(some, places)
    lower = values[np.searchsorted(places, np.maximum(first, 0))]
    upper = values[np.searchsorted(places, np.minimum(last, m - 1))]
    lower = np.where(first >= 0, lower, -np.inf)
    upper = np.where(last < m, upper, np.inf)
    return lower, upper, np.append(0, np.cumsum(apart))


def _part(column: NDArray[np.float64], block: slice) -> NDArray[np.float64]:
    """Return a block, read-only, so that a loop is compiled for one type of array."""
    part = column[block]
    part.setflags(write=False)
    return part


def _over_blocks(n: int, task: Callable[[slice], Any], n_jobs: Any) -> list[Any]:
    """Do a task on each block of n points; return the answers in order."""
    answers: list[Any] = [None] * -(-n // BLOCK)

    def one(block: int) -> None:
        answers[block] = task(slice(block * BLOCK, (block + 1) * BLOCK))

    run_blocks(one, len(answers), n_jobs)
    return answers


def _centred_sums(
    column: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    factor: float,
    centre: float,
    n_jobs: Any,
) -> tuple[float, float]:
    """Sum t and t^2 for t = factor x - centre, weighted if there are weights."""
    loop = _sums_loop(int(weights is not None))
    other = column if weights is None else weights
    sums = _over_blocks(
        len(column),
        lambda block: loop(_part(column, block), _part(other, block), factor, centre),
        n_jobs,
    )
    return math.fsum(s[0] for s in sums), math.fsum(s[1] for s in sums)


@functools.cache
def _sums_loop(weighted: int) -> Any:
    """Compile the sums of residuals and of their squares."""

    def loop(column: Any, weights: Any, factor: Any, centre: Any) -> Any:
        total = 0.0
        squares = 0.0
        for first in range(0, column.shape[0], TILE):
            tile = column[first : first + TILE]
            w = weights[first : first + TILE]
            part = 0.0
            square = 0.0
            for i in range(tile.shape[0]):
                t = tile[i] * factor - centre
                share = w[i] * t if weighted else t
                part += share
                square += share * t
            total += part
            squares += square
        return total, squares

    return compile_loop(loop)


def _gather(
    column: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    n_jobs: Any,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count the points at the ends of the brackets, and fetch those strictly inside.

    For each bracket the points < lower, <= lower, < upper and <= upper, shape (k, 4).
    """

    def task(block: slice) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        part = _part(column, block)
        inside = np.empty(len(part))
        counts = np.zeros((len(lower), 4), dtype=np.int64)
        size = _gather_loop()(part, lower, upper, counts, inside)
        return counts, inside[:size].copy()

    found = _over_blocks(len(column), task, n_jobs)
    counts = np.sum([f[0] for f in found], axis=0)
    return counts, np.concatenate([f[1] for f in found])


@functools.cache
def _gather_loop() -> Any:
    """Compile the counts, and the gathering without branches."""

    def loop(column: Any, lower: Any, upper: Any, counts: Any, inside: Any) -> int:
        size = 0
        marks = np.empty(TILE, np.uint8)
        for first in range(0, column.shape[0], TILE):
            tile = column[first : first + TILE]
            count = tile.shape[0]
            marks[:count] = 0
            for k in range(lower.shape[0]):
                low, high = lower[k], upper[k]
                before = through = until = end = 0
                for i in range(count):
                    x = tile[i]
                    before += x < low
                    through += x <= low
                    until += x < high
                    end += x <= high
                    marks[i] |= (x > low) & (x < high)
                counts[k, 0] += before
                counts[k, 1] += through
                counts[k, 2] += until
                counts[k, 3] += end
            for i in range(count):
                # written in any case and kept by the count: no branch to mispredict
                inside[size] = tile[i]
                size += marks[i]
        return size

    return compile_loop(loop)
