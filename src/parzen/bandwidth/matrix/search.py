"""The search for the matrix of a form that makes a criterion least.

First a scan of round matrices w^2 I over all widths, because criteria have several
minima; from the best, quasi-Newton steps (BFGS; Nocedal & Wright 2006, chapter 6) down
to a minimum within the range of widths. Criteria of cross-validation may fall without
end where points are tied or rounded, towards a matrix without volume. That is no
answer, and neither is a criterion without a minimum within the range: `Found.converged`
says so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.bandwidth.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.forms import Form

    # of H_z, shape (d, d): the criterion, and its gradient by H_z if there is one
    Criterion = Callable[
        [NDArray[np.float64]], tuple[float, NDArray[np.float64] | None]
    ]

# By default widths from 1/32 of the reference to this many times it are searched.
NARROWEST, WIDEST = 1.0 / 32.0, 3.0
# Widths of the scan in one octave.
PER_OCTAVE = 3
# Steps in units of log H: no longer than this, and when one is short enough to stop.
LONGEST, SHORTEST = 1.0, 1e-8
# A search that can get no lower is at its minimum if the step it wants is this short.
NEARLY = 1e-4
STEPS = 200
# Heights closer than this, relative to them, may differ by what a sum leaves out.
NOISE = 1e-10
# Of central differences, in units of log H.
DIFFERENCE = 1e-4


NO_DIP = (
    "the criterion has no minimum within the widths searched, so the normal "
    "reference rule"
)
NO_END = (
    "the criterion falls beyond the widths searched in some direction, so the best "
    "of one shape"
)
_SHAPES = {
    "full": "any matrix",
    "diagonal": "a width for each axis",
    "scaled": "a multiple of the covariance",
    "isotropic": "one width",
}


class Found(NamedTuple):
    """What a search found.

    Attributes
    ----------
    matrix : ndarray of shape (d, d)
        H_z of the least criterion; of the reference rule where there is none.
    score : float
        The criterion there.
    fault : str
        Why this is not a minimum; empty if it is.
    widths, scores : ndarray of shape (k,)
        Of the scan, widths in rising order.
    edge : ndarray of shape (d, d)
        The last matrix of the search: where it is no minimum, the way down goes on.
    """

    matrix: NDArray[np.float64]
    score: float
    fault: str
    widths: NDArray[np.float64]
    scores: NDArray[np.float64]
    edge: NDArray[np.float64]

    @property
    def converged(self) -> bool:
        """Whether the search ended in a minimum."""
        return not self.fault

    def solution(self, form: Form, rule: str) -> Solution:
        """Turn what was found into units of the data; the scan becomes candidates."""
        note = f"{rule}, {_SHAPES[form.name]}"
        if self.fault:
            note += f"; {self.fault}"
        identity = np.eye(form.d)
        candidates = np.array([form.value(w**2 * identity) for w in self.widths])
        value = form.value(self.matrix)
        scores = form.scores(self.scores)
        return Solution(value, note, self.converged, candidates, scores)


def minimise_form(
    criterion: Criterion,
    form: Form,
    *,
    narrowest: float | None = None,
    widest: float | None = None,
) -> Found:
    """Find the matrix of a form with the least criterion.

    Parameters
    ----------
    criterion : callable
        From H_z, shape (d, d), to the criterion and its gradient by H_z, shape (d, d),
        or None: then the gradient is computed by central differences, at 2 p calls.
    form : Form
        What is searched.
    narrowest, widest : float, optional
        Widths in z that are searched. By default 1/32 of `form.reference` and three
        times `form.widest`.

    Returns
    -------
    Found
        About 20 calls for the scan, and 10 to 30 for the steps.
    """
    low = NARROWEST * form.reference if narrowest is None else narrowest
    high = WIDEST * form.widest if widest is None else widest
    count = 2 + math.ceil(PER_OCTAVE * math.log2(high / low))
    widths = np.geomspace(low, high, count)
    scores = np.array([criterion(w**2 * np.eye(form.d))[0] for w in widths])
    best = lowest_dip(scores)
    if best is None:
        matrix = min(max(form.reference, low), high) ** 2 * np.eye(form.d)
        edge = widths[np.argmin(scores)] ** 2 * np.eye(form.d)
        return Found(matrix, criterion(matrix)[0], NO_DIP, widths, scores, edge)

    def height(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64] | None]:
        first, last = form.widths(theta)
        # the ends of the scan itself are within reach
        if not 0.999 * low <= first <= last <= 1.001 * high:
            return math.inf, None
        value, gradient = criterion(form.matrix(theta))
        return value, None if gradient is None else form.slope(theta, gradient)

    start = form.multiple(float(widths[best]))
    theta, score, settled = _descend(height, start)
    end = form.matrix(theta)
    if settled:
        return Found(end, score, "", widths, scores, end)
    matrix = form.matrix(start)
    return Found(matrix, float(scores[best]), NO_END, widths, scores, end)


def lowest_dip(scores: NDArray[np.float64]) -> int | None:
    """Index of the lowest local minimum inside; None if there is none."""
    inner = scores[1:-1]
    dips = np.flatnonzero((inner < scores[:-2]) & (inner <= scores[2:]))
    return int(dips[np.argmin(inner[dips])]) + 1 if dips.size else None


def _descend(
    height: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64] | None]],
    theta: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float, bool]:
    """Go down by BFGS steps: where it ends, the height there, and if that is a minimum.

    Outside the range the height is infinite, and a step is halved until it stays in.
    The first metric is a multiple of the identity: nothing depends on the axes.
    """
    value, slope = height(theta)
    slope = _differences(height, theta) if slope is None else slope
    length = float(np.linalg.norm(slope))
    if length == 0.0:
        return theta, value, True
    inverse = np.eye(len(theta)) * (0.25 / length)
    fresh = True
    for _ in range(STEPS):
        step = -inverse @ slope
        size = float(np.linalg.norm(step))
        if not fresh and size <= SHORTEST:
            return theta, value, True
        step *= min(1.0, LONGEST / size)
        moved, lower, new_slope = _halved(height, theta, value, slope, step)
        if moved is None:
            return theta, value, not fresh and size <= NEARLY
        new_slope = _differences(height, moved) if new_slope is None else new_slope
        if not np.isfinite(new_slope).all():
            # differences reach over the edge of the range
            return moved, lower, False
        shift, change = moved - theta, new_slope - slope
        curvature = float(shift @ change)
        if curvature > 1e-10 * np.linalg.norm(shift) * np.linalg.norm(change):
            if fresh:
                inverse = np.eye(len(theta)) * (curvature / float(change @ change))
                fresh = False
            project = np.eye(len(theta)) - np.outer(shift, change) / curvature
            inverse = project @ inverse @ project.T + np.outer(shift, shift) / curvature
        elif fresh:
            inverse *= 2.0
        theta, value, slope = moved, lower, new_slope
    return theta, value, False


def _halved(
    height: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64] | None]],
    theta: NDArray[np.float64],
    value: float,
    slope: NDArray[np.float64],
    step: NDArray[np.float64],
) -> tuple[NDArray[np.float64] | None, float, NDArray[np.float64] | None]:
    """Halve a step until the height falls by a part of what the slope promises.

    Hager & Zhang (2005), doi:10.1137/030601880, tell near the minimum by the slope.
    """
    promise = float(slope @ step)
    for _ in range(40):
        moved = theta + step
        lower, new_slope = height(moved)
        if lower <= value + 1e-4 * promise and lower < value:
            return moved, lower, new_slope
        # too near for the height to tell, the slope still can
        if new_slope is not None and abs(lower - value) <= NOISE * abs(value):
            flatter = abs(float(new_slope @ step)) <= 0.5 * abs(promise)
            if flatter:
                return moved, lower, new_slope
        step, promise = 0.5 * step, 0.5 * promise
    return None, value, None


def _differences(
    height: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64] | None]],
    theta: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Gradient by central differences."""
    steps = DIFFERENCE * np.eye(len(theta))
    ups, downs = ([height(theta + s * sign)[0] for s in steps] for sign in (1, -1))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.subtract(ups, downs) / (2.0 * DIFFERENCE))
