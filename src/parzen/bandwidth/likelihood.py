"""Likelihood cross-validation: the bandwidth that best predicts points held out.

CV(h) = sum_i w_i log f_{-i}(x_i), f_{-i} the estimate from the points that are not held
out together with x_i; Duin (1976), doi:10.1109/TC.1976.1674577. It is minus the
Kullback-Leibler distance to the truth, up to a constant.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.held_out import HeldOut, splits_of
from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.matrix.search import minimise_form
from parzen.bandwidth.rules import check_varied, normal_reference
from parzen.bandwidth.search import refine
from parzen.bandwidth.solution import Solution
from parzen.bandwidth.ties import merge_ties
from parzen.errors import BandwidthError, CapabilityError
from parzen.kernels import Kernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

# Widths of the search: steps of half an octave, so many at once, and as many beyond the
# best one before it is believed.
STEP = math.sqrt(2.0)
AT_ONCE = 8
# Octaves below the first one after which the search ends.
DEEPEST = 60
# Relative accuracy of the width: what is left in the score is its square.
TOLERANCE = 1e-5
# Matrices are searched among widths so many times narrower and wider than the best one.
NEARBY = 16.0
NOTE = "the largest likelihood of points held out"
# An optimum narrower than this part of the one without ties is theirs.
SPIKES = 0.5


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
        splits = splits_of(folds, sample.points)
        return _best_of(HeldOut(sample, kernel, splits, n_jobs), candidates)
    check_varied(sample)
    solution = _optimum(sample, folds, matrix, n_jobs)
    merged = merge_ties(sample) if folds is None else sample
    if merged is sample:
        return solution
    apart = _optimum(merged, folds, matrix, n_jobs)
    if solution.converged and _width(solution) > SPIKES * _width(apart):
        return solution
    # tied points predict each other, the better the narrower the kernel
    return apart._replace(note=apart.note + ", tied points left out together")


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


def _optimum(sample: Sample, folds: Any, matrix: str | None, n_jobs: Any) -> Solution:
    """Search for the optimum, for the Gaussian kernel."""
    splits = splits_of(folds, sample.points)
    if sample.d == 1:
        criterion = HeldOut(sample, Kernel(), splits, n_jobs)
        start = float(normal_reference(sample))
        width, converged, widths, scores = _along(criterion, start)
        return Solution(width, NOTE, converged, widths, scores)
    form = Form.of(sample, matrix or "scaled")
    standard = replace(sample, points=form.points)
    criterion = HeldOut(standard, Kernel(), splits, n_jobs)
    width, converged, widths, scores = _along(criterion, form.reference)
    best = width**2 * np.eye(form.d)
    if form.size > 1 and converged:
        found = minimise_form(
            lambda h: (-float(criterion.means(Scale(h, form.d), np.ones(1))[0]), None),
            form,
            narrowest=width / NEARBY,
            widest=width * NEARBY,
        )
        best, converged = found.matrix, found.converged
    return Solution(
        form.value(best),
        NOTE,
        converged,
        np.stack([form.value(w**2 * np.eye(form.d)) for w in widths]),
        scores - form.log_volume,
    )


def _along(
    criterion: HeldOut, start: float
) -> tuple[float, bool, NDArray[np.float64], NDArray[np.float64]]:
    """Maximise over one width: scan, then refine the best.

    The scan goes down from four times the start until so many widths in a row were
    worse than the best.

    Returns
    -------
    width : float
    interior : bool
        Whether the scan saw worse on both sides.
    widths, scores : ndarray of shape (k,)
        What was computed, widths in rising order.
    """
    d = criterion.sample.d
    widths, scores = np.empty(0), np.empty(0)
    top, best, last = 4.0 * start, 0, 0
    while best > last - AT_ONCE and last < 2 * DEEPEST:
        more = top * STEP ** -np.arange(AT_ONCE, dtype=np.float64)
        widths = np.append(widths, more)
        scores = np.append(scores, criterion.means(Scale(start, d), more / start))
        best, last = int(np.argmax(scores)), len(widths) - 1
        top = float(more[-1]) / STEP
    if not 0 < best < last:
        return float(widths[best]), False, widths[::-1], scores[::-1]

    def loss(width: float) -> float:
        return -float(criterion.means(Scale(width, d), np.ones(1))[0])

    ends = float(widths[best + 1]), float(widths[best - 1])
    width = refine(loss, *ends, tolerance=TOLERANCE)
    place = best + int(width < widths[best])
    widths = np.insert(widths, place, width)
    scores = np.insert(scores, place, -loss(width))
    return width, True, widths[::-1], scores[::-1]


def _width(solution: Solution) -> float:
    """Geometric mean of the widths of a bandwidth."""
    value = np.asarray(solution.value)
    d = value.shape[0] if value.ndim else 1
    return math.exp(Scale(solution.value, d).log_volume / d)
