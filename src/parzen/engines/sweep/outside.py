"""Weights of all points before, or from, a place in their order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.scan import GROUP, SHIFT
from parzen.jit import jitable

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Terms that are added one after another; sums of them are added up likewise.
RADIX = 64
# Rounding of a weight, relative, of any number of points that fits into memory: a
# group, its levels, and the points that no group took.
WEIGHT_ERROR = (2.0 * GROUP + 8.0 * RADIX) * 2.0**-53


def accumulated(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running sums of values (n,) in levels, with zero before, (n + 1,)."""
    n = len(values)
    if n <= RADIX:
        return np.append(0.0, np.cumsum(values))
    rows = np.zeros((math.ceil(n / RADIX), RADIX))
    rows.reshape(-1)[:n] = values
    inner = np.cumsum(rows, axis=1)
    inner += accumulated(inner[:, -1])[:-1, None]
    return np.append(0.0, inner.reshape(-1)[:n])


def outer_sums(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights before and from each group on, (2, groups + 1), or (2, 0)."""
    n = len(weights)
    if n == 0:
        return np.empty((2, 0))
    rows = np.zeros((-(-n // GROUP), GROUP))
    rows.reshape(-1)[:n] = weights
    groups = rows.sum(axis=1)
    return np.stack([accumulated(groups), accumulated(groups[::-1])[::-1]])


@jitable
def outside(weights: Any, outer: Any, n: Any, index: Any, mirrored: Any) -> Any:
    """Return the weight of the points before an index, or from there on."""
    if weights.shape[0] == 0:
        return float(n - index if mirrored else index)
    if mirrored:
        group = (index + GROUP - 1) >> SHIFT
        total, start, stop = outer[1, group], index, min(group << SHIFT, n)
    else:
        group = index >> SHIFT
        total, start, stop = outer[0, group], group << SHIFT, index
    for k in range(start, stop):
        total += weights[k]
    return total
