"""Derivatives of a density that boundary kernels correct.

With f = f0 G the score is that of f0 and of the gain G. Of the moments a_l between the
ends u = -after and u = before, h a_l' = before^l K(before) - (-after)^l K(-after); of
the mean u of the data, t = f1 / f0 = before - share lean / f0, it is

    t' = 1 / h + (before - t) (score of f0 - score of lean).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.moments import truncated_moments
from parzen.errors import CapabilityError
from parzen.kernels.interval import interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary.ratio import RatioPlan
    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]


def check_order(order: int, name: str) -> None:
    """Raise `CapabilityError` for derivatives that have no formula here."""
    if order > 1:
        msg = (
            f"`order` must be 1 for a density with boundary={name!r}; got {order}. Use "
            "boundary='reflect' or 'transform', or differences of first derivatives."
        )
        raise CapabilityError(msg)


def score(plan: RatioPlan, q: Floats) -> Floats:
    """Gradient of the log density at q (m, 1) measured from the origin, shape (m, 1).

    NaN where the density is zero.
    """
    scores = np.full(q.shape, np.nan)
    inside = plan.bounds.contains(q)
    q = q[inside]
    mean = plan.slopes.score(q)
    logs = plan.free.logpdf(q)
    mean[np.isneginf(logs)] = np.nan
    near = np.flatnonzero(plan.near(q) & (logs > -np.inf))
    if near.size:
        low, high = plan.ends
        before, after = (q[near, 0] - low) / plan.h, (high - q[near, 0]) / plan.h
        kernel = plan.problem.kernel
        if plan.leans is None:
            rise = _rise(kernel, before, after, 0, 1.0)
            mean[near, 0] -= rise / interval_mass(kernel, -after, before) / plan.h
        else:
            tilts = plan.tilts(q[near], logs[near])
            mean[near, 0] += _linear(plan, q[near], mean[near, 0], tilts) / plan.h
    scores[inside] = mean
    return scores


def _rise(
    kernel: AnyKernel, before: Floats, after: Floats, power: int, unit: float
) -> Floats:
    """Return the derivative of the integral of (u / unit)^l K, l = power, in q / h.

    The integral is that from -after to before.
    """
    total = np.zeros(len(before))
    for sign, end in ((1.0, before), (-1.0, -after)):
        height = kernel.pdf(end[:, None])
        some = height > 0.0
        total[some] += sign * (end[some] / unit) ** power * height[some]
    return total


def _linear(plan: RatioPlan, q: Floats, free: Floats, tilts: Floats) -> Floats:
    """Return the derivative of the log of the linear gain, in q / h.

    `free` is the score of the free density, `tilts` the mean of u, both (m,).
    """
    kernel, (low, high) = plan.problem.kernel, plan.ends
    before, after = (q[:, 0] - low) / plan.h, (high - q[:, 0]) / plan.h
    bend = np.ones(len(q))
    for k, chosen in enumerate((before <= after, before > after)):
        slopes = plan.lean_slopes[k]
        if slopes is None or not chosen.any():
            continue
        away = (before - tilts)[chosen] if k == 0 else (-after - tilts)[chosen]
        # where no point leans, there is nothing that its score could weigh
        lean = np.where(away == 0.0, free[chosen], slopes.score(q[chosen])[:, 0])
        bend[chosen] += plan.h * away * (free[chosen] - lean)
    # in units of a range narrower than the bandwidth, lest powers underflow
    unit = min(1.0, float(before[0] + after[0]))
    a0, a1, a2 = truncated_moments(kernel).between(-after, before, unit)
    r0, r1, r2 = (_rise(kernel, before, after, power, unit) for power in range(3))
    first, second = a1 / a0, a2 / a0
    first_rise, second_rise = (r1 - first * r0) / a0, (r2 - second * r0) / a0
    tilt, turn = tilts / unit, bend / unit
    spread = second - first**2
    linear = (second - first * tilt) / spread
    above = second_rise - first_rise * tilt - first * turn
    below = second_rise - 2.0 * first * first_rise
    return np.asarray((above - linear * below) / spread - r0 / a0)
