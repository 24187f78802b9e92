"""How far away a share of the other points is: on a line by sorting, else by a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

# In d > 1 so many distances are looked at, some seconds; then of some of the points
# only, but of so many neighbours at least, which tell a distance to a few percent.
MOST_DISTANCES, LEAST_NEIGHBOURS = 1 << 22, 64
# Points in one block of work.
ROWS = 256
# Weights that add up to a share but for rounding do.
ROUNDING = 1e-9


def line_distances(
    x: NDArray[np.float64], weights: NDArray[np.float64] | None, k: int, share: float
) -> NDArray[np.float64]:
    """Distance of each of x (n,) to its k-th neighbour, or to a share of the weights.

    The neighbours of a point are a window of the sorted points. The further left it
    begins, the nearer it ends: where it is as wide on both sides is found by bisection,
    for all points at once. Where all others weigh less, the farthest counts.
    """
    n = len(x)
    order = np.argsort(x)
    s = x[order]
    own = np.arange(n)
    if weights is not None:
        sums = np.concatenate([[0.0], np.cumsum(weights[order])])
        need = share * (1.0 - ROUNDING) + weights[order]

    def sides(left: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Widths of windows that begin `left` points to the left of each point."""
        first = own - left
        if weights is None:
            last = first + k
        else:
            last = np.searchsorted(sums, sums[first] + need) - 1
        last = np.maximum(last, own)
        right = np.where(last < n, s[np.minimum(last, n - 1)] - s, np.inf)
        return s - s[first], right

    # the fewest points on the left for which that side is the wider one
    low, high = np.zeros(n, dtype=np.intp), own + 1
    if weights is None:
        low, high = np.maximum(low, own + k - (n - 1)), np.minimum(high, k)
    while (low < high).any():
        middle = (low + high) // 2
        left, right = sides(np.minimum(middle, own))
        wider = left >= right
        high = np.where(wider, middle, high)
        low = np.where(wider, low, np.minimum(middle + 1, high))
    left, right = sides(np.minimum(low, own))
    distance = np.maximum(left, right)
    left, right = sides(np.maximum(low - 1, 0))
    distance = np.minimum(distance, np.maximum(left, right))
    farthest = np.maximum(s - s[0], s[-1] - s)
    result = np.empty(n)
    result[order] = np.minimum(distance, farthest)
    return result


def cloud_distances(
    z: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    k: int,
    share: float,
    n_jobs: Any = None,
) -> NDArray[np.float64]:
    """Do the same for points z (n, d), in O(n k log n) or less."""
    n = len(z)
    # with weights, k neighbours are as many as weigh that share on average
    if n * max(k, share * n) > MOST_DISTANCES:
        return _among_some(z, weights, share, n_jobs)
    if weights is None:
        return _ranked(z, z, np.full(n, k + 1), n_jobs)
    return _weighed(z, weights, share * (1.0 - ROUNDING), n_jobs)


def _ranked(
    z: NDArray[np.float64],
    pool: NDArray[np.float64],
    ranks: NDArray[np.intp],
    n_jobs: Any,
) -> NDArray[np.float64]:
    """Distance of each of z (n, d) to the `ranks`-th nearest of a pool, shape (n,)."""
    from scipy.spatial import cKDTree

    tree = cKDTree(pool)
    result = np.empty(len(z))

    def task(block: int) -> None:
        some = np.arange(block * ROWS, min((block + 1) * ROWS, len(z)))
        for rank in np.unique(ranks[some]):
            rows = some[ranks[some] == rank]
            result[rows] = tree.query(z[rows], [rank])[0][:, 0]

    run_blocks(task, -(-len(z) // ROWS), n_jobs)
    return result


def _weighed(
    z: NDArray[np.float64], weights: NDArray[np.float64], need: float, n_jobs: Any
) -> NDArray[np.float64]:
    """Distance within which others weigh as much as needed: more and more of them."""
    from scipy.spatial import cKDTree

    n = len(z)
    tree = cKDTree(z)
    result = np.empty(n)

    def task(block: int) -> None:
        rows = np.arange(block * ROWS, min((block + 1) * ROWS, n))
        count = min(n, 2 + round(2.0 * need * n))
        while rows.size:
            away, which = tree.query(z[rows], np.arange(1, count + 1))
            others = np.where(which == rows[:, None], 0.0, weights[which])
            enough = np.cumsum(others, axis=1) >= need
            # where all others weigh less, the farthest counts
            enough[:, -1] |= count == n
            found = enough[:, -1]
            nearest = np.argmax(enough[found], axis=1)[:, None]
            result[rows[found]] = np.take_along_axis(away[found], nearest, 1)[:, 0]
            rows, count = rows[~found], min(n, 2 * count)

    run_blocks(task, -(-n // ROWS), n_jobs)
    return result


def _among_some(
    z: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    share: float,
    n_jobs: Any,
) -> NDArray[np.float64]:
    """Look among points that stand for all: at equal steps of weight along an axis."""
    n = len(z)
    k = max(LEAST_NEIGHBOURS, MOST_DISTANCES // n)
    size = max(k + 1, round(k / share))
    order = np.argsort(z[:, 0], kind="stable")
    sums = np.arange(1, n + 1) / n if weights is None else np.cumsum(weights[order])
    steps = (np.arange(size) + 0.5) / size * sums[-1]
    chosen = order[np.searchsorted(sums, steps)]
    # a point is no neighbour of its own, however often it was chosen
    ranks = np.minimum(k + np.bincount(chosen, minlength=n), size)
    return _ranked(z, z[chosen], ranks, n_jobs)


def gaps(
    x: NDArray[np.float64], z: NDArray[np.float64], *, every: bool, n_jobs: Any = None
) -> NDArray[np.float64]:
    """Distance in z to the next place, for points that share theirs; 0 for others.

    Points (n, d) share a place where their x are equal; `every` asks for all points.
    """
    order = np.lexsort(x.T)
    ordered = x[order]
    new = np.ones(len(x), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.cumsum(new) - 1
    crowded = np.bincount(place) > (0 if every else 1)
    result = np.zeros(len(x))
    if not crowded.any():
        return result
    places = z[order[new]]
    away = np.zeros(len(places))
    if z.shape[1] == 1:
        steps = np.abs(np.diff(places[:, 0]))
        away = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))
        away[~crowded] = 0.0
    else:
        rank = np.full(np.count_nonzero(crowded), 2)
        away[crowded] = _ranked(places[crowded], places, rank, n_jobs)
    result[order] = away[place]
    return result
