"""Sums over the neighbours of points that stand nearly alone.

Such a point's own kernel hides what the others add to the density there, so a fast sum
less its own part loses all digits. Its neighbours are few: on a line next to it in
order, in space found by a k-d tree.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.kernel_sums import NEGLIGIBLE_BITS
from parzen.jit import compile_loop, exp2, maximum
from parzen.kernels.profiles import CAUCHY, LOGISTIC, decay, factor
from parzen.parallel import thread_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import Kernel

# Points whose neighbours are looked up at a time.
ROWS = 1024


def neighbour_sums(
    kernel: Kernel,
    ordered: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    width: float,
    places: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Log densities (m,) at some of the points by all the others.

    Parameters
    ----------
    kernel : Kernel
        With a compiled profile.
    ordered : ndarray of shape (n,)
        Points in rising order.
    weights : ndarray of shape (n,) or None
        Theirs; None for 1/n each.
    width : float
    places : ndarray of shape (m,)
        Which of them are asked about.

    Returns
    -------
    ndarray of shape (m,)
        Not made up for the weight left out. Cost O(k) for the k points within the reach
        of a kernel, or as far again as the nearest one.
    """
    compact = int(math.isfinite(kernel.support))
    loop = walk_loop(kernel.code, compact, int(weights is not None))
    n = len(ordered)
    heights = np.full(1, 1.0) if weights is None else weights
    bits = NEGLIGIBLE_BITS + math.log2(n)
    bits += math.log2(heights.max() / heights.min())
    nearest, totals = np.empty(len(places)), np.empty(len(places))
    loop(ordered, heights, 1.0 / width, bits, places, nearest, totals)
    with np.errstate(all="ignore"):
        logs = np.log(totals) - (math.log(n) if weights is None else 0.0)
        if not compact:
            logs += decay(kernel.code, nearest**2, 1) * math.log(2.0)
    return np.asarray(logs + (kernel.log_norm(1) - math.log(width)))


def cloud_sums(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    places: NDArray[np.intp],
    n_jobs: Any = None,
) -> NDArray[np.float64]:
    """Log sums (m,) of exp(-|u|^2 / 2) at some of the points over all the others.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        In units of the kernel.
    weights : ndarray of shape (n,) or None
        Theirs; None for 1/n each.
    places : ndarray of shape (m,)
        Which of them are asked about.
    n_jobs : int or None

    Returns
    -------
    ndarray of shape (m,)
        Cost O(n log n) for the tree, and O(k) for the k points within the reach of a
        kernel, or hardly farther than the nearest one.
    """
    from scipy.spatial import cKDTree

    n = len(points)
    heights = np.full(n, 1.0 / n) if weights is None else weights
    bits = NEGLIGIBLE_BITS + math.log2(n) + math.log2(heights.max() / heights.min())
    tree, workers = cKDTree(points), thread_count(n_jobs)
    logs = np.empty(len(places))
    for start in range(0, len(places), ROWS):
        some = places[start : start + ROWS]
        # the first is the point itself
        nearest = tree.query(points[some], k=2, workers=workers)[0][:, 1]
        reach = np.sqrt(nearest**2 + 2.0 * math.log(2.0) * bits)
        lists = tree.query_ball_point(points[some], reach, workers=workers)
        owner = np.repeat(np.arange(len(some)), [len(row) for row in lists])
        others = np.concatenate(lists).astype(np.intp)
        apart = others != some[owner]
        owner, others = owner[apart], others[apart]
        differences = points[others] - points[some[owner]]
        falls = 0.5 * (np.sum(differences**2, axis=1) - nearest[owner] ** 2)
        terms = heights[others] * np.exp(-falls)
        totals = np.bincount(owner, terms, minlength=len(some))
        logs[start : start + ROWS] = np.log(totals) - 0.5 * nearest**2
    return logs


@functools.cache
def walk_loop(code: int, compact: int, weighted: int) -> Any:
    """Compile the walk from a point outwards, the nearer side first.

    `nearest` is the distance of the first neighbour in widths, and the terms beside its
    own make the totals.
    """
    bounded = int(code == LOGISTIC)
    logarithmic = int(code == CAUCHY)

    def loop(
        ordered: Any,
        heights: Any,
        steepness: Any,
        bits: Any,
        places: Any,
        nearest: Any,
        totals: Any,
    ) -> None:
        last = len(ordered) - 1
        for i in range(len(places)):
            place = places[i]
            left, right = place - 1, place + 1
            total, base = 0.0, 0.0
            nearest[i] = np.inf
            while left >= 0 or right <= last:
                below = np.inf
                if left >= 0:
                    below = ordered[place] - ordered[left]
                above = np.inf
                if right <= last:
                    above = ordered[right] - ordered[place]
                if below <= above:
                    j, distance = left, below * steepness
                    left -= 1
                else:
                    j, distance = right, above * steepness
                    right += 1
                s = distance * distance
                if compact:
                    if s >= 1.0:
                        break
                    term = factor(code, s)
                else:
                    exponent = decay(code, s, 1)
                    if logarithmic and s == np.inf:
                        exponent = -np.inf
                    if nearest[i] == np.inf:
                        nearest[i], base = distance, exponent
                    # all that follow are farther away
                    if not exponent > base - bits and distance > nearest[i]:
                        break
                    term = exp2(maximum(exponent - base, -1000.0))
                    if bounded:
                        term *= factor(code, s)
                total += term * heights[j] if weighted else term
            totals[i] = total

    return compile_loop(loop)
