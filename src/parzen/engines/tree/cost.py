"""What a pruned sum over a tree will cost, told from a few pairs of the sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.tree.growth import LEAF
from parzen.kernels.profiles import (
    CAUCHY,
    EXPONENTIAL,
    GAUSSIAN,
    LOGISTIC,
    decay,
    factor,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Queries and points looked at: 0.3 ms, and clusters are seen for what they are.
QUERIES, POINTS = 16, 128
# Measured on one core, AVX-512, beside the direct sum on the same machine: seconds a
# query, a pair, a pair and dimension, a node, a node and dimension.
SECONDS_A_QUERY = 2e-7
SECONDS_A_PAIR = 7e-10
SECONDS_A_COORDINATE = 1e-10
SECONDS_A_NODE = 1e-8
SECONDS_A_SIDE = 2e-9
# Building: seconds a tree, a point and level, a point, level and dimension.
SECONDS_A_TREE = 1e-4
SECONDS_A_MOVE = 9e-9
SECONDS_A_MOVED_COORDINATE = 2.5e-9


def build_seconds(problem: Problem) -> float:
    """Predict the time to build a tree on one thread."""
    n, d = problem.sample.n, problem.sample.d
    a_level = SECONDS_A_MOVE + SECONDS_A_MOVED_COORDINATE * d
    return SECONDS_A_TREE + n * (1 + _levels(n)) * a_level


@np.errstate(all="ignore")
def query_seconds(
    problem: Problem, relative: float, absolute: float, *, loose: bool
) -> float:
    """Predict the time of a query that falls where the points are.

    A node that holds a share 2^-k of the points is taken for a ball that holds as many
    around the query. It is split, and a leaf is summed, where the ball around a point
    reaches into what matters to the query, at the share of all points where it does.
    """
    n, d = problem.sample.n, problem.sample.d
    radii = np.sort(_radii(problem), axis=1)
    nearest = radii[:, :1]
    sums = _profile(problem.kernel, radii, d).mean(axis=1) + 1.0 / n
    least = np.maximum(relative * sums, absolute)
    reach = _reach(problem.kernel, least, d)
    shares = 0.5 ** np.arange(_levels(n) + 1)
    # the ball of each share; below the nearest of the pairs, as in a uniform cloud
    held = np.clip(np.rint(shares * POINTS).astype(int) - 1, 0, None)
    thin = np.minimum(1.0, shares * POINTS) ** (1.0 / d)
    balls = radii[:, held] * thin
    within = reach[:, None] + balls
    found = (radii[:, :, None] < within[:, None, :]).mean(axis=1)
    fewer = np.minimum(1.0, within / nearest) ** d / POINTS
    split = np.where(nearest < within, found, fewer)
    if loose:
        far = _profile(problem.kernel, radii[:, :, None] + balls[:, None, :], d)
        near = np.maximum(radii[:, :, None] - balls[:, None, :], 0.0)
        spread = _profile(problem.kernel, near, d) - far
        coarse = (spread > 2.0 * least[:, None, None]).mean(axis=1)
        split = np.minimum(split, coarse)
    nodes = np.maximum(split / shares, 0.0 if loose else 1.0)
    a_node = SECONDS_A_NODE + SECONDS_A_SIDE * d * (2 if loose else 1)
    a_pair = SECONDS_A_PAIR + SECONDS_A_COORDINATE * d
    pairs = np.minimum(nodes[:, -1] * LEAF, n)
    seconds = nodes.sum(axis=1) * a_node + pairs * a_pair
    return SECONDS_A_QUERY + float(np.nan_to_num(seconds, nan=n * a_pair).mean())


def _levels(n: int) -> int:
    """Return how often n points are halved until they are a leaf."""
    return max(0, math.ceil(math.log2(n / LEAF)))


def _radii(problem: Problem) -> NDArray[np.float64]:
    """Distances of some points to some others, (QUERIES, POINTS), in kernel units."""
    points, kernel = problem.sample.points, problem.kernel
    # the golden ratio spreads them evenly over data that may be sorted
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    some = np.arange(1, POINTS + QUERIES + 1) * golden % 1.0 * len(points)
    rows = some.astype(np.int64)
    x, q = points[rows[:POINTS]], points[rows[POINTS:]]
    u = np.abs(problem.scale.to_kernel_units(q[:, None, :] - x))
    if problem.local is not None:
        u /= problem.local[rows[:POINTS], None]
    if kernel.product and math.isfinite(kernel.support):
        return np.asarray(u.max(axis=-1))
    if kernel.product and kernel.code in (EXPONENTIAL, LOGISTIC):
        return np.asarray(u.sum(axis=-1))
    return np.asarray(np.sqrt(np.square(u).sum(axis=-1)))


def _profile(kernel: Any, r: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Return the kernel at distances of any shape, over its peak."""
    s = np.square(r)
    return np.asarray(np.exp2(decay(kernel.code, s, d)) * factor(kernel.code, s))


def _reach(kernel: Any, least: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Return how far a kernel exceeds `least`, a share of its peak, same shape."""
    if math.isfinite(kernel.support):
        return np.ones_like(least)
    depth = np.maximum(-np.log(least), 0.0)
    if kernel.code == GAUSSIAN:
        return np.sqrt(2.0 * depth)
    if kernel.code == CAUCHY:
        return np.exp(depth / (2 if kernel.product else d + 1))
    return depth + (math.log(4.0) if kernel.code == LOGISTIC else 0.0)
