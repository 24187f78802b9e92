"""From a histogram to binned data: the contents of a bin spread evenly over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.binning.binned import NODES, BinnedSample, lay
from parzen.checks import check_finite, check_flag, check_grid_size, real_array
from parzen.errors import DataError, ShapeError, WeightError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.binning.grid import Grid

# Nodes that a histogram is laid on at most: 32 MiB.
MOST_BINS = 1 << 22


def from_histogram(
    counts: Any,
    edges: Any = None,
    *,
    variances: Any = None,
    grid_size: Any = None,
    signed_weights: bool = False,
) -> BinnedSample:
    """Lay a histogram on the nodes of a regular grid.

    The linear share of a piecewise constant density is exact: between neighbouring
    edges and nodes it has the share of the middle.

    Parameters
    ----------
    counts : array_like of shape (k,), or histogram with the UHI protocol
    edges : array_like of shape (k + 1,), optional
    variances : array_like of shape (k,), optional
        Of weighted counts.
    grid_size : int, optional
    signed_weights : bool

    Returns
    -------
    BinnedSample
        On a grid over all the bins.
    """
    signed = check_flag(signed_weights, "signed_weights")
    if edges is None:
        counts, edges, variances = _from_uhi(counts, variances)
    heights, ends = real_array(counts, "counts"), real_array(edges, "edges")
    if heights.ndim != 1 or ends.shape != (len(heights) + 1,) or not len(heights):
        msg = (
            "`edges` must have one entry more than `counts`, both 1-D; got shapes "
            f"{ends.shape} and {heights.shape}. Pass what numpy.histogram returns."
        )
        raise ShapeError(msg)
    check_finite(heights, "counts")
    check_finite(ends, "edges")
    with np.errstate(over="ignore"):
        rising = np.diff(ends) > 0
    if not rising.all():
        i = int(np.argmin(rising))
        msg = (
            f"`edges` must rise; got {ends[i]:g} before {ends[i + 1]:g}. Sort the bins."
        )
        raise DataError(msg)
    if not signed and (heights < 0).any():
        i = int(np.argmin(heights))
        msg = f"`counts` must be non-negative; got {heights[i]:g} in bin {i}. "
        raise WeightError(msg + "Clip it, or pass `signed_weights=True`.")
    with np.errstate(over="ignore"):
        total = float(heights.sum())
    if not 0 < total < np.inf:
        msg = f"`counts` must have a positive, finite sum; got {total:g}. "
        raise WeightError(msg + "Check the filling of the histogram.")
    given = check_grid_size(grid_size, 1)
    typical = _typical_width(heights, ends)
    if given is None:
        # four nodes a bin; where others are narrower still, a narrow `bandwidth` warns
        wanted = 4.0 * (ends[-1] / typical - ends[0] / typical)
        given = (int(min(max(NODES[1], wanted), MOST_BINS)),)
    count = given[0]
    grid = lay(ends[:1].copy(), ends[-1:].copy(), (count,))
    squares = float(np.abs(heights).sum())
    whole = bool((heights == np.rint(heights)).all())
    if variances is None and not (whole or signed):
        i = int(np.argmin(heights == np.rint(heights)))
        msg = f"`counts` must be whole numbers; got {heights[i]:g} in bin {i}. "
        msg += "Give `variances` with weighted counts, and no densities."
        raise WeightError(msg)
    if variances is not None:
        squares = _total_variance(variances, len(heights))
    masses = _shares(heights, ends, grid)
    return BinnedSample(
        grid,
        masses,
        max(round(total), 1),
        squares,
        resolution=typical,
    )


def _typical_width(heights: NDArray[np.float64], ends: NDArray[np.float64]) -> float:
    """Width of the bin of a content that is met at random: the median of those."""
    with np.errstate(over="ignore"):
        widths = np.diff(ends)
    order = np.argsort(widths)
    # in units of the largest, so that sums stay finite
    shares = np.abs(heights[order]) / np.abs(heights).max()
    cumulative = np.cumsum(shares)
    return float(widths[order[np.searchsorted(cumulative, 0.5 * cumulative[-1])]])


def _shares(
    heights: NDArray[np.float64], ends: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64]:
    """Linear shares of the nodes in a piecewise constant density; O(k + G)."""
    nodes, last_bin, last_cell = grid.axes[0], len(heights) - 1, grid.shape[0] - 2
    # between these the density is constant and the shares are linear
    breaks = np.union1d(nodes, ends)
    middle = breaks[:-1] + 0.5 * np.diff(breaks)
    bins = np.clip(np.searchsorted(ends, middle, side="right") - 1, 0, last_bin)
    masses = heights[bins] * (np.diff(breaks) / np.diff(ends)[bins])
    cells = np.clip(np.searchsorted(nodes, middle, side="right") - 1, 0, last_cell)
    part = np.clip((middle - nodes[cells]) / np.diff(nodes)[cells], 0.0, 1.0)
    shares = np.bincount(cells, masses * (1.0 - part), len(nodes))
    shares += np.bincount(cells + 1, masses * part, len(nodes))
    return np.asarray(shares, dtype=np.float64)


def _total_variance(variances: Any, k: int) -> float:
    """Sum of the variances of k bins."""
    array = real_array(variances, "variances")
    if array.shape != (k,):
        msg = f"`variances` must have one entry per bin, shape ({k},); "
        raise ShapeError(msg + f"got {array.shape}. Align them with the counts.")
    check_finite(array, "variances")
    if (array < 0).any():
        i = int(np.argmin(array))
        msg = f"`variances` must be non-negative; got {array[i]:g} in bin {i}. "
        raise WeightError(msg + "Give the sums of squared weights.")
    total = float(array.sum())
    if not 0 < total < np.inf:
        msg = f"`variances` must have a positive, finite sum; got {total:g}. "
        raise WeightError(msg + "Leave them out for plain counts.")
    return total


def _from_uhi(histogram: Any, variances: Any) -> tuple[Any, Any, Any]:
    """Read counts, edges and variances off an object with the UHI protocol."""
    if not (hasattr(histogram, "axes") and hasattr(histogram, "values")):
        msg = (
            "`counts` without `edges` must be a histogram with the UHI protocol "
            f"(boost-histogram, hist); got {type(histogram).__name__}. Pass `edges`."
        )
        raise ShapeError(msg)
    if len(histogram.axes) != 1:
        msg = f"`counts` must be a 1-D histogram; got {len(histogram.axes)} axes. "
        raise ShapeError(msg + "Project it on one axis.")
    axis = histogram.axes[0]
    if str(getattr(histogram, "kind", "COUNT")).rpartition(".")[2] != "COUNT":
        msg = f"`counts` must be a histogram of counts; got one of {histogram.kind}. "
        raise DataError(msg + "Its contents are no numbers of points.")
    if isinstance(axis[0], str):
        msg = "`counts` must have a numeric axis; got one of categories."
        raise DataError(msg + " A density needs numbers.")
    edges = getattr(axis, "edges", None)
    if edges is None:
        # the protocol alone: one pair (lower, upper) for each bin
        pairs = np.asarray([axis[i] for i in range(len(axis))], dtype=np.float64)
        edges = np.append(pairs[:, 0], pairs[-1, 1])
    if variances is None:
        variances = histogram.variances()
    return histogram.values(), edges, variances
