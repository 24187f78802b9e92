"""Search on the line of widths: the minimum of a criterion, the root of an equation.

Widths are searched on a logarithmic scale, where criteria of bandwidths are smooth.
Importing scipy.optimize would take longer than a hundred searches.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.errors import BandwidthError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Widths of the scan for each factor of two: 9 % apart.
DENSITY = 8
# The smaller part of the golden section.
GOLDEN = 0.5 * (3.0 - math.sqrt(5.0))
# Steps that neither search needs: a bracket shrinks by a third or more in two.
STEPS = 100


class Minimum(NamedTuple):
    """Where a criterion is least, and what was seen on the way.

    Attributes
    ----------
    width : float
    interior : bool
        False where the best value is at an end of the range.
    candidates : ndarray of shape (k,)
        Widths at which the criterion was computed, rising; `width` is one of them.
    scores : ndarray of shape (k,)
    """

    width: float
    interior: bool
    candidates: NDArray[np.float64]
    scores: NDArray[np.float64]


def minimise(
    criterion: Callable[[float], float],
    low: float,
    high: float,
    *,
    slack: Callable[[float], float] | None = None,
    density: int = DENSITY,
    tolerance: float = 1e-7,
) -> Minimum:
    """Find the least value of a criterion between two widths: scan, then refine.

    Parameters
    ----------
    criterion : callable
        Maps a width to a finite number.
    low, high : float
        Ends of the range, both positive and both scanned.
    slack : callable, optional
        Maps the width of the lowest value to how much higher a local minimum may be:
        of all such minima the one of largest width is taken. By default the lowest.
    density : int
        Widths of the scan for each factor of two. A minimum narrower than that may be
        missed; criteria of bandwidths have none, their kernels overlap.
    tolerance : float
        Relative accuracy of the width; below 1e-8 rounding decides.

    Returns
    -------
    Minimum
        `density` criteria for each factor of two, and some 10 to refine.
    """
    steps = max(2, math.ceil(density * math.log2(high / low))) if high > low else 0
    candidates = np.geomspace(low, high, steps + 1)
    scores = np.array([criterion(width) for width in candidates.tolist()])
    best = _best(candidates, scores, slack)
    interior = 0 < best < steps
    if interior:
        low, high = candidates[best - 1], candidates[best + 1]
        width = refine(criterion, float(low), float(high), tolerance=tolerance)
        score = criterion(width)
        if score < scores[best]:
            at = best + int(width > candidates[best])
            candidates = np.insert(candidates, at, width)
            scores = np.insert(scores, at, score)
            best = at
    return Minimum(float(candidates[best]), interior, candidates, scores)


def among(
    criterion: Callable[[float], float],
    candidates: NDArray[np.float64],
    *,
    least: float = 0.0,
    most: float = math.inf,
    slack: Callable[[float], float] | None = None,
) -> Minimum:
    """Find the best of some rising widths, from `least` to `most` if there are such.

    The criterion is computed at each of them once, and nowhere else; `slack` is that
    of `minimise`. Where it leaves the range of floats it counts as infinite.

    Raises
    ------
    BandwidthError
        If it does so at all of them.
    """
    scores = np.array([_finite(criterion, width) for width in candidates.tolist()])
    if not np.isfinite(scores).any():
        msg = (
            f"`candidates` from {candidates[0]:.3g} to {candidates[-1]:.3g} spreads of "
            "the data have no finite score. Give widths nearer to the spread."
        )
        raise BandwidthError(msg)
    first = min(int(np.searchsorted(candidates, least)), len(scores) - 1)
    last = max(int(np.searchsorted(candidates, most, "right")), first + 1)
    if not np.isfinite(scores[first:last]).any():
        first, last = 0, len(scores)
    best = first + _best(candidates[first:last], scores[first:last], slack)
    interior = first < best < last - 1
    return Minimum(float(candidates[best]), interior, candidates, scores)


def _finite(criterion: Callable[[float], float], width: float) -> float:
    """Compute a criterion; infinity where a float cannot hold it."""
    if not 0.0 < width < math.inf:
        return math.inf
    try:
        with np.errstate(all="ignore"):
            score = criterion(width)
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return score if math.isfinite(score) else math.inf


def _best(
    candidates: NDArray[np.float64],
    scores: NDArray[np.float64],
    slack: Callable[[float], float] | None,
) -> int:
    """Index of the lowest score, or of the last local minimum that is nearly as low."""
    lowest = int(np.argmin(scores))
    if slack is None:
        return lowest
    limit = scores[lowest] + slack(float(candidates[lowest]))
    inner = scores[1:-1]
    minima = (inner < scores[:-2]) & (inner <= scores[2:]) & (inner <= limit)
    return int(np.flatnonzero(minima)[-1]) + 1 if minima.any() else lowest


def refine(
    criterion: Callable[[float], float],
    low: float,
    high: float,
    *,
    tolerance: float = 1e-7,
) -> float:
    """Minimise between two widths by parabolas through the three best points.

    Where these fail, by golden sections (Brent 1973). The search starts in the
    geometric middle, so that a minimum that a scan has seen there is not lost.

    Parameters
    ----------
    criterion : callable
        Maps a width to a number.
    low, high : float
        Ends of the range, positive.
    tolerance : float
        Relative accuracy of the width; below 1e-8 rounding decides.

    Returns
    -------
    float
        The best width seen: some 10 criteria.

    References
    ----------
    .. [1] Brent, R. P. (1973). Algorithms for Minimization without Derivatives.
       Prentice-Hall, chapter 5.
    """
    first, last = math.log(low), math.log(high)
    x = 0.5 * (first + last)
    best = second = third = (x, criterion(math.exp(x)))
    step = before = 0.0
    for _ in range(STEPS):
        x, centre = best[0], 0.5 * (first + last)
        if abs(x - centre) + 0.5 * (last - first) <= 2.0 * tolerance:
            break
        move = _vertex(best, second, third)
        # a parabola must stay inside, and shrink its steps faster than bisection
        if abs(move) < 0.5 * abs(before) and first < x + move < last:
            before, step = step, move
            if min(x + step - first, last - x - step) < 2.0 * tolerance:
                step = math.copysign(tolerance, centre - x)
        else:
            before = last - x if x < centre else first - x
            step = GOLDEN * before
        y = x + (step if abs(step) >= tolerance else math.copysign(tolerance, step))
        point = (y, criterion(math.exp(y)))
        # the worse of two points is an end of what is left
        end = x if point[1] <= best[1] else y
        if (end < x) or (end == x and y > x):
            first = end
        else:
            last = end
        if point[1] <= best[1]:
            best, second, third = point, best, second
        elif point[1] <= second[1] or second[0] == x:
            second, third = point, second
        elif point[1] <= third[1] or third[0] in {x, second[0]}:
            third = point
    return math.exp(best[0])


def _vertex(
    best: tuple[float, float], second: tuple[float, float], third: tuple[float, float]
) -> float:
    """Step from the best point to the vertex of a parabola; infinite if there is none.

    It may be a maximum: that step leads to no better point, and is not taken twice.
    """
    apart, further = best[0] - second[0], best[0] - third[0]
    left, right = apart * (best[1] - third[1]), further * (best[1] - second[1])
    curvature = 2.0 * (right - left)
    if curvature == 0.0:
        return math.inf
    return (apart * left - further * right) / curvature


def root(
    excess: Callable[[float], float],
    low: float,
    high: float,
    below: float,
    above: float,
    *,
    tolerance: float = 1e-12,
) -> float:
    """Root between `low` and `high`, where the function is `below` 0 and `above`.

    Parameters
    ----------
    excess : callable
        Negative at `low`, positive or zero at `high`.
    low, high : float
        Ends of the bracket.
    below, above : float
        The function at the ends; `below` may be -inf.
    tolerance : float
        On the place of the root and on the function there, absolute.

    Returns
    -------
    float
        By regula falsi, Illinois variant: about six evaluations of a smooth function.

    References
    ----------
    .. [1] Dowell, M. and Jarratt, P. (1971). A modified regula falsi method for
       computing the root of an equation. BIT 11, 168-174, doi:10.1007/BF01934364.
    """
    side = 0
    for _ in range(STEPS):
        if high - low <= tolerance:
            break
        part = below / (below - above) if math.isfinite(below) else 0.5
        middle = low + part * (high - low)
        value = excess(middle)
        if abs(value) <= tolerance:
            return middle
        # an end that stays twice loses weight, or it would stay for ever
        if value < 0.0:
            above *= 0.5 if side < 0 else 1.0
            low, below, side = middle, value, -1
        else:
            below *= 0.5 if side > 0 else 1.0
            high, above, side = middle, value, 1
    return 0.5 * (low + high)
