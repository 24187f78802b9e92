"""What a sum of points is rounded by, and whether that is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.certified import DOUBTFUL
from parzen.jit import jitable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import Tolerance
    from parzen.engines.engine import Problem

# Rounding of a kernel at a point, in the weight of the point.
POINT_ERROR = 64.0 * 2.0**-53
# Rounding of the sum of those points that no group took, some hundred at most.
SUM_ERROR = 256.0 * 2.0**-53
# Additions that the sum at one query takes, at most.
SUMMANDS = 256
# A point so near to the edge may be in or out.
EDGE = 1.0 + 2.0**-48
# What underflow may have lost, in units of the peak.
UNDERFLOW = 1e-298


@jitable
def certified(total: Any, error: Any, relative: Any, absolute: Any, unit: Any) -> Any:
    """Return a sum in units of the peak if its error is accepted, else `DOUBTFUL`.

    Only the answer has these units: the sum, its error and `absolute` are to be
    multiplied by `unit`.
    """
    error += UNDERFLOW / unit
    # |total - S| <= error implies S >= total - error
    if error <= absolute + relative * max(total - error, 0.0):
        return max(total, 0.0) * unit
    return DOUBTFUL


def limits_of(
    problem: Problem, tolerance: Tolerance, rounding: float
) -> NDArray[np.float64]:
    """Return what sums are certified by, shape (4,).

    The accepted error, relative and absolute; the unit of the sums, one point where all
    weigh the same; and what the sums are rounded by.
    """
    sample = problem.sample
    unit = 1.0 / sample.n if sample.weights is None else 1.0
    return np.array([tolerance.relative, tolerance.absolute / unit, unit, rounding])
