"""The ends of supports in order on a line, and whose they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.nodes import LEAF
from parzen.engines.sweep.order import Line
from parzen.engines.sweep.sort import ordered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem
    from parzen.engines.sweep.axis import Axis


def rows_of(problem: Problem, axis: Axis, order: int = 0) -> NDArray[np.float64]:
    """Return coordinate, width, one over it and height of each point in order, (n, 4).

    Equal points of equal width become one. The height of a kernel of some order is its
    weight over the factor on the bandwidth, to the power of one more than the order.
    """
    sample, weights = problem.sample, problem.sample.weights
    local = np.ones(sample.n) if problem.local is None else problem.local
    v, place = ordered(axis.place(sample.points), np.arange(sample.n), problem.n_jobs)
    h = axis.width * local[place]
    heights = 1.0 / local[place]
    if order:
        heights **= order + 1.0
    if weights is not None:
        heights *= weights[place]
    differs = np.append(True, (v[1:] != v[:-1]) | (h[1:] != h[:-1]))
    first = np.flatnonzero(differs)
    if len(first) < len(v):
        v, h, heights = v[first], h[first], np.add.reduceat(heights, first)
    return np.stack([v, h, 1.0 / h, heights], axis=-1)


def events_of(
    rows: NDArray[np.float64], pieces: int, base: float, n_jobs: Any
) -> tuple[Line, NDArray[np.int64]]:
    """Sort the ends of supports, and the points if kernels have a kink there.

    The payload is 4 owner + 2 (there is another event of it before in the leaf) +
    (it is a kink).

    Returns
    -------
    line : Line
    ranks : ndarray of shape (n, 2 or 3)
        Of the events of each point.
    """
    n, v, h = len(rows), rows[:, 0], rows[:, 1]
    events = [v - h, v + h] if pieces == 1 else [v - h, v, v + h]
    count = len(events)
    line = Line.of(
        np.stack(events, axis=-1).ravel(), np.arange(count * n), base, n_jobs
    )
    ranks = np.empty(count * n, dtype=np.int64)
    ranks[line.payload] = np.arange(count * n)
    # ties come in any order
    ordered_ranks = np.sort(ranks.reshape(n, count), axis=1)
    leaf = ordered_ranks // LEAF
    codes = np.empty((n, count), dtype=np.int64)
    codes[:] = 4 * np.arange(n)[:, None]
    codes[:, 1:] += 2 * (leaf[:, 1:] == leaf[:, :-1])
    if pieces == 2:
        codes[:, 1] += 1
    payload = np.empty(count * n, dtype=np.int32 if n < 1 << 29 else np.int64)
    payload[ordered_ranks.ravel()] = codes.ravel()
    return replace(line, payload=payload), ordered_ranks
