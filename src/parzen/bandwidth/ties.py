"""Tied points: rounded, so that each of them is news, or repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from parzen.binning.grid import Grid
from parzen.binning.spread import spread
from parzen.column import between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

# Places of points, or of nodes.
T = TypeVar("T", np.float64, np.int64)

# Cells among which the middle of many points is looked for.
CELLS = 1 << 14
# Above, ties are looked for among this many points around the median.
MANY = 10_000
# Fewer distinct values there tell nothing of their gaps.
FEW = 8
# Distinct values are regular if the 10 % quantile of their gaps is this much of the
# median gap; it is 0.15 of it at random.
REGULAR = 0.4


def ties(
    sample: Sample, masses: NDArray[np.float64], grid: Grid
) -> tuple[float, float]:
    """Look at tied points: the factor on n_eff they ask for, and their resolution.

    Repeated points (a bootstrap, weights written out) count as one point of more
    weight. Rounded data have ties as well, but every point of them is news: their
    distinct values lie about equally far apart, those of repeated data at random. Of
    many points those around the median tell.
    """
    column, weights = sample.points[:, 0], sample.weights
    if sample.binned:
        # between the nodes, or within the bins, nothing is known
        spacing = 0.0 if sample.spacing is None else float(sample.spacing[0])
        return 1.0, max(sample.resolution, spacing)
    if sample.n > MANY:
        cumulative = np.cumsum(masses)
        share = MANY / sample.n / 2.0
        cells = np.searchsorted(cumulative, (0.5 - share, 0.5 + share))
        first, last = grid.axes[0][
            np.clip(cells + np.array([-1, 1]), 0, len(masses) - 1)
        ]
        few, shares, starts = _grouped(*between(column, weights, first, last))
        # where a few values hold them all, more of them must tell
        if len(starts) < FEW:
            few, shares, starts = _grouped(column, weights)
    else:
        few, shares, starts = _grouped(column, weights)
    if len(starts) == len(few) or len(starts) < 3:
        return 1.0, 0.0
    gaps = np.diff(few[starts])
    near, typical = np.quantile(gaps, (0.1, 0.5))
    if near > REGULAR * typical or _lattice(gaps, np.abs(few).max()):
        return 1.0, float(typical)
    return float(np.sum(shares**2) / np.sum(np.add.reduceat(shares, starts) ** 2)), 0.0


def axis_steps(sample: Sample) -> NDArray[np.float64]:
    """Step of rounded or binned data on each axis, shape (d,); zero if there is none.

    Cost O(n) for each, of many points; or a sort.
    """
    steps = np.zeros(sample.d)
    for k in range(sample.d):
        column = np.ascontiguousarray(sample.points[:, k : k + 1])
        spacing = None if sample.spacing is None else sample.spacing[k : k + 1]
        one = replace(sample, points=column, spacing=spacing)
        grid = Grid(one.lower, one.upper, (CELLS,))
        masses = np.empty(0)
        if one.n > MANY and not one.binned:
            masses = spread(one.points, one.weights, grid, "linear")
        steps[k] = ties(one, masses, grid)[1]
    return steps


def merge_ties(sample: Sample) -> Sample:
    """Points that repeat as one of their weight; the sample itself if none do.

    Cost O(d n log n), a sort of the first column where that has no ties.
    """
    points, n = sample.points, sample.n
    column = np.sort(points[:, 0])
    if (column[1:] != column[:-1]).all():
        return sample
    order = np.lexsort(points.T[::-1])
    points = points[order]
    new = np.ones(n, dtype=np.bool_)
    new[1:] = (points[1:] != points[:-1]).any(axis=1)
    if new.all():
        return sample
    weights = np.full(n, 1.0 / n) if sample.weights is None else sample.weights[order]
    shares = np.add.reduceat(weights, np.flatnonzero(new))
    return replace(sample, points=points[new], weights=shares, rows=None)


def merged(
    places: NDArray[T], shares: NDArray[np.float64]
) -> tuple[NDArray[T], NDArray[np.float64]]:
    """Add up shares (..., k) of what lies at the same place; places (k,) are rising."""
    new = np.ones(len(places), dtype=np.bool_)
    np.not_equal(places[1:], places[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    return places[starts], np.add.reduceat(shares, starts, axis=-1)


def _grouped(
    column: NDArray[np.float64], weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Sort points and weights, and say where each distinct value starts."""
    if weights is None:
        column, weights = np.sort(column), np.ones(len(column))
    else:
        order = np.argsort(column)
        column, weights = column[order], weights[order]
    return column, weights, np.flatnonzero(np.diff(column, prepend=-np.inf))


def _lattice(gaps: NDArray[np.float64], largest: float) -> bool:
    """Whether all gaps are multiples of the smallest: decimals cut off somewhere."""
    steps = gaps / gaps.min()
    # decimals are not exact in binary
    slack = 1e-3 + 4.0 * np.finfo(float).eps * largest / gaps.min()
    return bool(slack < 0.1 and np.abs(steps - np.rint(steps)).max() < slack)
