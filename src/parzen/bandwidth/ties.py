"""Tied points: rounded, so that each of them is news, or repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from parzen.column import between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.binning.grid import Grid
    from parzen.sample import Sample

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


def merge_ties(sample: Sample) -> Sample:
    """Points that repeat as one of their weight; the sample itself if none do."""
    rows = sample.points[:, 0] if sample.d == 1 else sample.points
    points, group, counts = np.unique(
        rows, axis=0, return_inverse=True, return_counts=True
    )
    if len(points) == sample.n:
        return sample
    shares = np.asarray(counts / sample.n)
    if sample.weights is not None:
        shares = np.bincount(group.reshape(-1), sample.weights).astype(np.float64)
    points = points.reshape(-1, sample.d)
    return replace(sample, points=points, weights=shares, rows=None)


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
