"""Likelihood cross-validation: the bandwidth that best predicts points held out.

CV(h) = sum_i w_i log f_{-i}(x_i), f_{-i} the estimate from the points that are not held
out together with x_i; Duin (1976), doi:10.1109/TC.1976.1674577. It is minus the
Kullback-Leibler distance to the truth, up to a constant.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.bandwidth.held_out import HeldOut, splits_of
from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.matrix.search import minimise_form
from parzen.bandwidth.rules import check_varied, normal_reference
from parzen.bandwidth.search import refine
from parzen.bandwidth.solution import Solution
from parzen.bandwidth.ties import axis_steps, merge_ties
from parzen.errors import BandwidthError, CapabilityError
from parzen.kernels import Kernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

# Widths of the search: steps of half an octave, and so many below and above the best
# one before it is believed.
STEP = math.sqrt(2.0)
BELOW, ABOVE = 8, 3
# Widths after which the search ends.
MOST = 200
# Relative accuracy of the width: what is left in the score is its square.
TOLERANCE = 1e-5
# Matrices are searched among widths so many times narrower and wider than the best one.
NEARBY = 16.0


def likelihood(
    sample: Sample,
    kernel: AnyKernel,
    *,
    candidates: NDArray[np.float64] | None = None,
    folds: Any = None,
    matrix: str | None = None,
    n_jobs: Any = None,
) -> Solution:
    """Choose by the likelihood of points held out.

    Parameters
    ----------
    sample : Sample
    kernel : Kernel or DistributionKernel
        Of the `candidates`; the optimum is one for the Gaussian kernel, where no lonely
        point has a density of zero.
    candidates : ndarray of shape (k,), optional
        Widths to choose among, the same on all axes.
    folds : int, splitter, pairs of rows, or None
        None leaves one point out at a time.
    matrix : {"scaled", "isotropic", "diagonal", "full"}, optional
        Shape of the bandwidth in d > 1: a factor on the covariance of the data (the
        default), one width, a width per axis, or any matrix.
    n_jobs : int or None

    Returns
    -------
    Solution
        Cost of one width: O(n) in 1-D, O(n) to O(n^2 d) above; some 20 widths are
        scored, many at once, for each parameter of the shape a few more.

    Raises
    ------
    BandwidthError
        If the data do not vary, or weights are signed.
    CapabilityError
        For binned data, whose points cannot be left out.
    """
    _check_points(sample)
    if candidates is not None:
        splits = splits_of(folds, sample)
        return _best_of(HeldOut(sample, kernel, splits, n_jobs), candidates)
    check_varied(sample)
    steps = axis_steps(sample)
    merged = sample
    if folds is None and not steps.all():
        # copies predict each other, the better the narrower the kernel
        merged = merge_ties(sample)
    found = _optimum(merged, steps, folds, matrix, n_jobs)
    if merged is not sample:
        found = found._replace(note=found.note + ", tied points left out together")
    return found


def _check_points(sample: Sample) -> None:
    """Raise where a point cannot be left out."""
    if sample.binned:
        msg = "'likelihood' leaves out points, and binned data have none. Use 'isj', "
        raise CapabilityError(msg + "'ucv' or 'sheather_jones'.")
    if sample.signed:
        msg = "'likelihood' needs non-negative weights: a density below zero has no "
        raise BandwidthError(msg + "logarithm. Use 'isj' or 'normal_reference'.")
    if sample.n < 2:
        msg = "'likelihood' needs at least two points; got n = 1. Give `bandwidth` as "
        raise BandwidthError(msg + "a number, in units of the data.")


def _best_of(criterion: HeldOut, candidates: NDArray[np.float64]) -> Solution:
    """Take the candidate with the largest score, the first of equals."""
    unit = Scale(float(np.exp(np.log(candidates).mean())), criterion.sample.d)
    scores = criterion.means(unit, candidates / unit.bandwidth)
    best = float(candidates[int(np.argmax(scores))])
    note = "the largest likelihood of the candidates"
    lost = np.count_nonzero(scores == -np.inf)
    if lost == len(scores):
        note = (
            "every candidate leaves some point out of reach of all others, so the "
            "widest of them"
        )
        return Solution(float(candidates.max()), note, False, candidates, scores)
    if lost:
        note += f"; {lost} of them leave some point out of reach of all others"
    return Solution(best, note, True, candidates, scores)


def _optimum(
    sample: Sample,
    steps: NDArray[np.float64],
    folds: Any,
    matrix: str | None,
    n_jobs: Any,
) -> Solution:
    """Search for the optimum for the Gaussian kernel, half the `steps` wide or more."""
    splits = splits_of(folds, sample)
    if sample.d == 1:
        criterion = HeldOut(sample, Kernel(), splits, n_jobs)
        start = float(normal_reference(sample))
        width, end, widths, scores = _along(criterion, start, 0.5 * float(steps[0]))
        return Solution(width, end.note, end.converged, widths, scores)
    form = Form.of(sample, matrix or "scaled")
    standard = replace(sample, points=form.points)
    criterion = HeldOut(standard, Kernel(), splits, n_jobs)
    unit = Scale(form.value(np.eye(form.d)), form.d).widths
    least = 0.5 * float((steps / unit).max())
    # from the widest to be expected: the outermost points may ask for it
    width, end, widths, scores = _along(criterion, form.widest, least)
    best = width**2 * np.eye(form.d)
    if form.size > 1 and end.converged:
        found = minimise_form(
            lambda h: (-float(criterion.means(Scale(h, form.d), np.ones(1))[0]), None),
            form,
            narrowest=max(least, width / NEARBY),
            widest=width * NEARBY,
        )
        best = found.matrix
        if found.fault:
            note = f"the best of round matrices, because {found.fault},"
            end = End(note, converged=False)
    return Solution(
        form.value(best),
        end.note,
        end.converged,
        np.stack([form.value(w**2 * np.eye(form.d)) for w in widths]),
        scores - form.log_volume,
    )


class End(NamedTuple):
    """How a search ended."""

    note: str = "the largest likelihood of points held out"
    converged: bool = True


def _along(
    criterion: HeldOut, start: float, least: float
) -> tuple[float, End, NDArray[np.float64], NDArray[np.float64]]:
    """Maximise over one width, at least `least`: scan, then refine the best.

    The scan goes on until BELOW narrower widths in a row were worse than the best, and
    ABOVE wider ones, for the outermost points may ask for a wide kernel.

    Returns
    -------
    width : float
    end : End
    widths, scores : ndarray of shape (k,)
        What was computed, widths in rising order.
    """
    d = criterion.sample.d

    def score(some: NDArray[np.float64]) -> NDArray[np.float64]:
        return criterion.means(Scale(start, d), some / start)

    start = max(start, least)
    widths = start * STEP ** np.arange(4.0, -1.0, -1.0)
    scores = score(widths)
    while len(widths) < MOST:
        best, last = int(np.argmax(scores)), len(widths) - 1
        if best < ABOVE:
            more = widths[0] * STEP ** np.arange(4.0, 0.0, -1.0)
            widths = np.append(more, widths)
            scores = np.append(score(more), scores)
        elif best > last - BELOW and widths[-1] > least:
            more = widths[-1] * STEP ** -np.arange(1.0, BELOW + 1.0)
            more = np.append(more[more > least], least if more[-1] <= least else [])
            widths, scores = np.append(widths, more), np.append(scores, score(more))
        else:
            break
    best, last = int(np.argmax(scores)), len(widths) - 1
    if least > 0.0:
        # the spikes of rounded data have a maximum of their own, below the right one
        best = _widest_peak(scores, best)
    found = widths[::-1], scores[::-1]
    if best == last and widths[-1] == least:
        note = "but half the step of the rounded data, at least,"
        return least, End(f"{End().note}, {note}"), *found
    if not 0 < best < last:
        side = "widest" if best == 0 else "narrowest"
        note = f"the likelihood rises without end, so the {side} bandwidth tried"
        return float(widths[best]), End(note, converged=False), *found

    @functools.cache  # the best width is asked for once more
    def loss(width: float) -> float:
        return -float(criterion.means(Scale(width, d), np.ones(1))[0])

    ends = float(widths[best + 1]), float(widths[best - 1])
    width = refine(loss, *ends, tolerance=TOLERANCE)
    place = best + int(width < widths[best])
    widths = np.insert(widths, place, width)
    scores = np.insert(scores, place, -loss(width))
    return width, End(), widths[::-1], scores[::-1]


def _widest_peak(scores: NDArray[np.float64], best: int) -> int:
    """Place of the first maximum inside, of widths in falling order; else the best."""
    inner = scores[1:-1]
    peaks = np.flatnonzero((inner > scores[:-2]) & (inner >= scores[2:]))
    return int(peaks[0]) + 1 if peaks.size else best
