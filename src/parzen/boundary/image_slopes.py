"""Derivatives of a density, where images make the bounds: d/dq f(s q + t) = s f'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.boundary.images import ImagesPlan

    Floats = NDArray[np.float64]

# A derivative of a far kernel is larger than the kernel: by powers of 40 bandwidths.
SPARE = 4.0


def derivative(plan: ImagesPlan, q: Floats, order: int) -> Floats:
    """Return the derivative in 1-D at q of shape (m, 1), shape (m,); zero outside."""
    slopes = np.zeros(len(q))
    inside = plan.bounds.contains(q)
    q = q[inside]
    total = plan.slopes.derivative(q, order)
    for image in plan.images_of(q, q, _logs(plan, q), SPARE * order):
        more = plan.slopes.derivative(image.lower, order)
        total[image.needed] += image.signs[0] ** order * more
    if plan.rest is not None:
        total += plan.rest.slope(q, order)
    slopes[inside] = total / plan.whole
    return slopes


def gradient(plan: ImagesPlan, q: Floats) -> Floats:
    """Gradient at q of shape (m, d), shape (m, d); zero outside."""
    slopes = np.zeros(q.shape)
    inside = plan.bounds.contains(q)
    q = q[inside]
    total = plan.slopes.gradient(q)
    for image in plan.images_of(q, q, _logs(plan, q), SPARE):
        total[image.needed] += image.signs * plan.slopes.gradient(image.lower)
    if plan.rest is not None:
        total[:, 0] += plan.rest.slope(q, 1)
    slopes[inside] = total / plan.whole
    return slopes


def score(plan: ImagesPlan, q: Floats) -> Floats:
    """Gradient of the log density at q of shape (m, d), shape (m, d).

    The mean of the images' scores by their densities, which may be no numbers any more:
    their logarithms are. NaN where the density is zero.
    """
    if plan.problem.sample.signed and plan.several:
        with np.errstate(divide="ignore", invalid="ignore"):
            return gradient(plan, q) / plan.pdf(q)[:, None]
    scores = np.full(q.shape, np.nan)
    inside = plan.bounds.contains(q)
    q = q[inside]
    mean = plan.slopes.score(q)
    if plan.several:
        total = plan.free.logpdf(q)
        mean[np.isneginf(total)] = 0.0
        for image in plan.images_of(q, q, lambda: total, SPARE):
            logs = plan.free.logpdf(image.lower)
            some = logs > -np.inf
            rows = np.flatnonzero(image.needed)[some]
            here = image.signs * plan.slopes.score(image.lower[some])
            _merge(mean, total, rows, here, logs[some])
        if plan.rest is not None:
            far = plan.rest(q)
            rows = np.flatnonzero(far > 0.0)
            here = (plan.rest.slope(q, 1)[rows] / far[rows])[:, None]
            _merge(mean, total, rows, here, np.log(far[rows]))
        mean[np.isneginf(total)] = np.nan
    scores[inside] = mean
    return scores


def _merge(
    mean: Floats, total: Floats, rows: NDArray[np.intp], here: Floats, logs: Floats
) -> None:
    """Add terms to means (m, d) of log weight (m,), in place."""
    both = np.logaddexp(total[rows], logs)
    before, now = (np.exp(part - both)[:, None] for part in (total[rows], logs))
    mean[rows] = before * mean[rows] + now * here
    total[rows] = both


def _logs(plan: ImagesPlan, q: Floats) -> Callable[[], Floats]:
    """Return what tells the log density that images have to be compared with."""
    logs: list[Floats] = []

    def once() -> Floats:
        if not logs:
            logs.append(plan.free.logpdf(q))
        return logs[0]

    return once
