"""Queries beyond the data on the line: only the outermost points matter to them.

At a distance of delta bandwidths from the outermost point, of weight w, the points
more than sqrt(delta^2 + 2 log(1 / (w eps))) away add less than eps to the density,
relative: their mass is at most one. A comparison with one number finds them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.profiles import GAUSSIAN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Engine, Problem

# What is left out, relative: less than the rounding of the sum.
EPS = 1e-18


def beyond(problem: Problem, q: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the queries (m, 1) that lie beyond all points, where that can be used."""
    sample = problem.sample
    if sample.d > 1 or problem.kernel.code != GAUSSIAN or problem.local is not None:
        return np.zeros(len(q), dtype=bool)
    return np.asarray(((q < sample.lower) | (q > sample.upper))[:, 0])


def fringe_logpdf(
    problem: Problem, q: NDArray[np.float64], exact: Engine
) -> NDArray[np.float64]:
    """Log density at queries (m, 1) beyond the data, (m,); O(n + m k) for k points.

    The exact engine sums the k outermost points.
    """
    logs = np.empty(len(q))
    for sign, end in ((-1.0, problem.sample.lower[0]), (1.0, problem.sample.upper[0])):
        some = sign * (q[:, 0] - end) > 0.0
        if some.any():
            logs[some] = _one_side(problem, q[some], exact, sign, float(end))
    return logs


def _one_side(
    problem: Problem, q: NDArray[np.float64], exact: Engine, sign: float, end: float
) -> NDArray[np.float64]:
    """Sum the points within reach of the nearest query on one side of the data."""
    sample, h = problem.sample, float(problem.scale.widths[0])
    x = sample.points[:, 0]
    weight = 1.0 / sample.n
    if sample.weights is not None:
        weight = sample.share(x == end)
    distance = float((sign * (q[:, 0] - end)).min()) / h
    # the depth, without the cancellation of sqrt(delta^2 + c) - delta
    c = -2.0 * (math.log(weight) + math.log(EPS))
    depth = c / (math.hypot(distance, math.sqrt(c)) + distance) * h
    near = x >= end - depth if sign > 0 else x <= end + depth
    part = problem.take(near)
    return exact.plan(part).logpdf(q) + math.log(sample.share(near))
