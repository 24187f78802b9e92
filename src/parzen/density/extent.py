"""Where nearly all of a density's mass lies, for grids and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.boundary import Cut, Mirror, Periodic, Transform, Union
from parzen.boundary.transform import from_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary import Boundary, Bounds
    from parzen.engines.engine import Problem
    from parzen.sample import Sample

    Ends = tuple[NDArray[np.float64], NDArray[np.float64]]

# Mass of each kernel that may be left out, and the widths that are added at most.
TAIL = 1e-6
WIDTHS = 10.0


def extent(problem: Problem, sample: Sample, edge: Boundary | None) -> Ends:
    """Return the lower and upper ends on each axis, within the bounds, shape (d,)."""
    kernel, placed = problem.kernel, problem.sample
    reach = min(kernel.reach(TAIL, sample.d), WIDTHS) * problem.widest
    room = reach * problem.scale.extent(box=kernel.product)
    if edge is None:
        return placed.lower - room, placed.upper + room
    if isinstance(edge, Periodic):
        return edge.bounds.lower.copy(), edge.bounds.upper.copy()
    if isinstance(edge, Transform):
        # far tails of the line are too far apart once mapped back
        ends = np.stack([placed.lower - room / 3, placed.upper + room / 3])
        lower, upper = from_line(ends, edge.bounds)
    else:
        lower, upper = sample.lower - room, sample.upper + room
    return _within(lower, upper, room, edge.bounds)


def _within(
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    room: NDArray[np.float64],
    bounds: Bounds,
) -> Ends:
    """Keep to the bounds; of bounds far from the data, to what is next to them."""
    lower, upper = np.maximum(lower, bounds.lower), np.minimum(upper, bounds.upper)
    beside = upper <= lower
    above = beside & (lower == bounds.lower)
    upper = np.where(above, np.minimum(bounds.upper, lower + room), upper)
    below = beside & ~above
    lower = np.where(below, np.maximum(bounds.lower, upper - room), lower)
    return lower, upper


def support(problem: Problem, sample: Sample, edge: Boundary | None) -> Ends:
    """Return the ends beyond which the density is zero, shape (d,); may be infinite."""
    lower, upper = _reached(problem)
    if edge is None:
        return lower, upper
    bounds = edge.bounds
    if isinstance(edge, Transform):
        ends = from_line(np.stack([lower, upper]), bounds)
        lower = np.where(np.isinf(lower), bounds.lower, ends[0])
        return lower, np.where(np.isinf(upper), bounds.upper, ends[1])
    if isinstance(edge, Periodic):
        # data that wrap around reach both ends of the period
        over = (lower < bounds.lower) | (upper > bounds.upper)
        return np.where(over, bounds.lower, lower), np.where(over, bounds.upper, upper)
    if sample.d > 1 or not isinstance(edge, (Cut, Union)):
        if isinstance(edge, Mirror):
            # what leaks out comes back in, and may reach the other end
            leaks = max(edge.reflect.lower, edge.reflect.upper) > 0
            low, high = bounds.lower, bounds.upper
            with np.errstate(invalid="ignore"):
                above = np.where(upper > high, 2.0 * high - upper, np.inf)
                below = np.where(lower < low, 2.0 * low - lower, -np.inf)
            if leaks:
                lower, upper = np.minimum(lower, above), np.maximum(upper, below)
        return np.maximum(lower, bounds.lower), np.minimum(upper, bounds.upper)
    ranges = bounds.boxes[:, 0, :]
    if isinstance(edge, Union):
        # a range without data holds nothing
        held = [part.bounds.contains(sample.points).any() for part in edge.parts]
        ranges = ranges[np.array(held)]
    ranges = ranges[(ranges[:, 1] > lower) & (ranges[:, 0] < upper)]
    return np.maximum(lower, ranges[:1, 0]), np.minimum(upper, ranges[-1:, 1])


def _reached(problem: Problem) -> Ends:
    """Return the ends of what the kernels of all points reach without bounds."""
    kernel, scale, points = problem.kernel, problem.scale, problem.sample.points
    if kernel.code is not None:
        room = np.asarray(scale.extent(box=kernel.product) * kernel.support)
        below, above = -room, room
    else:
        low, high = kernel._source.ends
        root = np.diag(scale.widths) if scale.root is None else scale.root
        with np.errstate(invalid="ignore"):
            ends = np.where(root == 0.0, 0.0, np.stack([root * low, root * high]))
        below, above = ends.min(axis=0).sum(axis=1), ends.max(axis=0).sum(axis=1)
    if problem.local is None:
        return problem.sample.lower + below, problem.sample.upper + above
    factors = problem.local[:, None]
    return (points + factors * below).min(axis=0), (points + factors * above).max(
        axis=0
    )
