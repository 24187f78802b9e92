"""Probabilities of intervals, where boundary kernels make the bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.image_masses import clipped
from parzen.boundary.moved import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary.ratio import RatioPlan

    Floats = NDArray[np.float64]

# Masses below this have lost digits to underflow: they are summed in logarithms.
SMALLEST = 1e-280
# A tail is followed until it is e^-30 times, at least, and e^-60 at most, lower.
DEEP = 60.0
# Panels of such a tail and nodes in each, and halvings until it is short enough.
PANELS, NODES, HALVINGS = 8, 12, 1100


def mass(plan: RatioPlan, lower: Floats, upper: Floats) -> Floats:
    """Probability of intervals with ends (m, 1) within the bounds, shape (m,)."""
    low, high = lower - plan.origin, upper - plan.origin
    lost, ratio = rounded(low, high, upper - lower)
    found = _mass(plan, low, high) * ratio
    if lost.any():
        # the origin is a bound, and these are nowhere near it
        middle = lower[lost] + 0.5 * (upper[lost] - lower[lost])
        found[lost] = plan.pdf(middle) * (upper - lower)[lost, 0]
    return found


def _mass(plan: RatioPlan, lower: Floats, upper: Floats) -> Floats:
    """Probability of intervals with ends (m, 1), measured from the origin.

    The panels of the zones that feel a bound, and the free mass between these.
    """
    total = np.zeros(len(lower))
    for zone in plan.zones:
        box = np.array([[zone.ends]])
        for low, high, held in clipped(box, lower, upper):
            total[held] += zone.between(plan.corrected, low[:, 0], high[:, 0])
    if plan.middle is not None:
        box = np.array([[plan.middle]])
        for low, high, held in clipped(box, lower, upper):
            total[held] += plan.moved.mass(low, high, high - low)
    return total / plan.whole


def log_mass(plan: RatioPlan, lower: Floats, upper: Floats) -> Floats:
    """Logarithm of `mass`, shape (m,)."""
    found = mass(plan, lower, upper)
    with np.errstate(divide="ignore"):
        logs = np.asarray(np.log(found))
    small = found < SMALLEST
    if small.any():
        ends = lower[small] - plan.origin, upper[small] - plan.origin
        logs[small] = _small(plan, *ends)
    return logs


def _small(plan: RatioPlan, lower: Floats, upper: Floats) -> Floats:
    """Sum in logarithms throughout."""
    total = np.full(len(lower), -np.inf)
    for zone in plan.zones:
        box = np.array([[zone.ends]])
        for low, high, held in clipped(box, lower, upper):
            more = _log_tail(plan, low[:, 0], high[:, 0])
            total[held] = np.logaddexp(total[held], more)
    if plan.middle is not None:
        box = np.array([[plan.middle]])
        for low, high, held in clipped(box, lower, upper):
            more = plan.moved.log_mass(low, high, high - low)
            total[held] = np.logaddexp(total[held], more)
    return total - math.log(plan.whole)


def _log_tail(plan: RatioPlan, low: Floats, high: Floats) -> Floats:
    """Integrate a tail (m,) that falls from one of its ends, in the logarithm."""

    def logs(q: Floats) -> Floats:
        return plan.log_corrected(q.reshape(-1, 1)).reshape(q.shape)

    first, last = logs(low), logs(high)
    start, side = np.where(first >= last, low, high), np.where(first >= last, 1.0, -1.0)
    highest, width = np.maximum(first, last), high - low
    long = np.isfinite(highest)
    for _ in range(HALVINGS):
        rows = np.flatnonzero(long)
        end = np.clip(start[rows] + side[rows] * width[rows], low[rows], high[rows])
        long[rows] = logs(end) < highest[rows] - DEEP
        if not long.any():
            break
        width[long] *= 0.5
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    t = (np.arange(PANELS)[:, None] + 0.5 * (1.0 + nodes)).ravel() / PANELS
    shares = np.tile(shares, PANELS) / (2.0 * PANELS)
    terms = logs(start[:, None] + (side * width)[:, None] * t)
    top = terms.max(axis=1)
    safe = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        inner = np.log(np.exp(terms - safe[:, None]) @ shares)
    return np.asarray(safe + inner + np.log(width))
