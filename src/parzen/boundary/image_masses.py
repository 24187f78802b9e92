"""Probabilities of boxes, where images make the bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.masses.integrals import FINEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from parzen.boundary.images import ImagesPlan

    Floats = NDArray[np.float64]

# Of a mass so many times smaller than what it is the difference of, digits are lost.
CANCELLED = 1e-3
# Masses below this have lost digits to underflow: they are summed in logarithms.
SMALLEST = 1e-280


def mass(plan: ImagesPlan, lower: Floats, upper: Floats) -> Floats:
    """Probability of boxes with ends (m, d), shape (m,).

    The sum of the free masses of all images of a box: no term is negative, unless
    weights are, so that a mass is as accurate, relative to itself, as the free ones.
    """
    total = np.zeros(len(lower))
    for low, high, held in clipped(plan.bounds.boxes, lower, upper):
        total[held] += _one_box(plan, low, high)
    return total / plan.held


def log_mass(plan: ImagesPlan, lower: Floats, upper: Floats) -> Floats:
    """Logarithm of `mass` in 1-D, shape (m,); NaN where that is negative."""
    found = mass(plan, lower, upper)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.asarray(np.log(found))
    if plan.problem.sample.signed:
        return logs
    small = np.flatnonzero(found < SMALLEST)
    if small.size:
        total = np.full(len(small), -np.inf)
        boxes = plan.bounds.boxes
        for low, high, held in clipped(boxes, lower[small], upper[small]):
            total[held] = np.logaddexp(total[held], _log_one_box(plan, low, high))
        logs[small] = total - math.log(plan.held)
    return logs


def clipped(
    boxes: Floats, lower: Floats, upper: Floats
) -> Iterator[tuple[Floats, Floats, NDArray[np.bool_]]]:
    """Yield what each of the boxes (k, d, 2) holds of others, and of which of these."""
    for box in boxes:
        low, high = (np.clip(end, box[:, 0], box[:, 1]) for end in (lower, upper))
        held = np.asarray((high > low).all(axis=1))
        if held.any():
            yield low[held], high[held], held


def _one_box(plan: ImagesPlan, low: Floats, high: Floats) -> Floats:
    """Sum over the images of boxes within the bounds."""
    if plan.problem.sample.d > 1:
        return _summed(plan, low, high, lambda *ends: plan.integrals.mass(*ends[:2]))
    with np.errstate(invalid="ignore"):
        widths = high - low
    bounds = np.zeros(len(low))

    def at_once(
        low: Floats, high: Floats, needed: NDArray[np.bool_], beside: Floats
    ) -> Floats:
        known = plan.moved.bounded(low, high, widths[needed])
        if known is None:
            return plan.moved.mass(low, high, widths[needed], beside)
        bounds[needed] += known[1]
        return known[0]

    total = _summed(plan, low, high, at_once)
    if plan.problem.sample.signed:
        return total
    # what is far off, is so in a single image, or in a few
    tolerance = max(plan.problem.rtol, FINEST)
    rest = np.flatnonzero(~(bounds <= tolerance * total))
    if rest.size:
        some = widths[rest]
        # what they are added to, at least
        least = np.maximum(total[rest] - bounds[rest], 0.0)

        def with_care(
            low: Floats, high: Floats, needed: NDArray[np.bool_], beside: Floats
        ) -> Floats:
            beside = np.maximum(beside, least[needed])
            return plan.moved.mass(low, high, some[needed], beside)

        total[rest] = _summed(plan, low[rest], high[rest], with_care)
    return total


def _summed(
    plan: ImagesPlan,
    low: Floats,
    high: Floats,
    masses: Callable[[Floats, Floats, NDArray[np.bool_], Floats], Floats],
) -> Floats:
    """Sum masses over images; each knows of which boxes, and what it is added to."""
    total = np.zeros(len(low))
    total += masses(low, high, np.ones(len(low), dtype=bool), total)

    def logs() -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(total))

    for image in plan.images_of(low, high, logs):
        needed = image.needed
        total[needed] += masses(image.lower, image.upper, needed, total[needed])
    if plan.rest is not None:
        total += plan.rest.between(low, high)
    return total


def _log_one_box(plan: ImagesPlan, low: Floats, high: Floats) -> Floats:
    """Sum over the images of intervals within the bounds, in logarithms."""
    widths = high - low
    total = plan.moved.log_mass(low, high, widths)
    for image in plan.images_of(low, high, lambda: total):
        ends = image.lower, image.upper
        more = plan.moved.log_mass(*ends, widths[image.needed])
        total[image.needed] = np.logaddexp(total[image.needed], more)
    if plan.rest is not None:
        with np.errstate(divide="ignore"):
            total = np.logaddexp(total, np.log(plan.rest.between(low, high)))
    return total


def quantile(plan: ImagesPlan, p: Floats, *, upper: bool) -> Floats | None:
    """Solve mass below (above) x = p (m,), where one range is cut from the free line.

    It is a free quantile then: of the mass outside, on the side where there is less of
    it, and p times the mass inside. None where images add up, NaN where p is lost in
    that sum.
    """
    box = plan.bounds.boxes
    signed = plan.problem.sample.signed
    if plan.several or plan.problem.sample.d > 1 or len(box) > 1 or signed:
        return None
    x = np.full(len(p), np.nan)
    # 1 - p is exact for p > 1/2
    for some, small, side in ((p <= 0.5, p, upper), (p > 0.5, 1.0 - p, not upper)):
        if some.any():
            solved = _free_quantile(plan, small[some], upper=side)
            if solved is None:
                return None
            x[some] = solved
    return x


def _free_quantile(plan: ImagesPlan, p: Floats, *, upper: bool) -> Floats | None:
    """Solve for p <= 1/2 on one side of the free line."""
    box = plan.bounds.boxes
    low, high = (np.array([[end]]) for end in box[0, 0])
    infinite = np.array([[math.inf]])
    inside = p * plan.held
    # the four ways to the same place: from either end, counted from below or above
    end = high if upper else low
    ends = np.concatenate([-infinite, end]), np.concatenate([end, infinite])
    below, above = plan.integrals.mass(*ends)
    if below <= above:
        outside, free = below, below - inside if upper else below + inside
    else:
        outside, free = above, above + inside if upper else above - inside
    solved = plan.integrals.quantile(np.clip(free, 0.0, 1.0), upper=bool(below > above))
    if solved is None:
        return None
    lost = inside < CANCELLED * outside
    return np.where(lost, np.nan, np.clip(solved, low[0], high[0]))
