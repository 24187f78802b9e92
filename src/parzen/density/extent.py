"""Where nearly all of a density's mass lies, for grids and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.boundary import Periodic, Transform
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
