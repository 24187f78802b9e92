"""Derivatives of a function of which nothing but values is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from parzen.kernels.formulas import Floats

# Central differences at -3, ..., 3 steps: errors of order six, and of order four.
SIXTH = {
    1: np.array([-1.0, 9.0, -45.0, 0.0, 45.0, -9.0, 1.0]) / 60.0,
    2: np.array([2.0, -27.0, 270.0, -490.0, 270.0, -27.0, 2.0]) / 180.0,
}
FOURTH = {
    1: np.array([0.0, 1.0, -8.0, 0.0, 8.0, -1.0, 0.0]) / 12.0,
    2: np.array([0.0, -1.0, 16.0, -30.0, 16.0, -1.0, 0.0]) / 12.0,
}
PLACES = np.arange(-3.0, 4.0)
# The first step in spreads of the function, and by how much each try narrows it.
FIRST = {1: 2.0**-6, 2: 2.0**-5}
NARROWER = 0.25
TRIES = 9
# The order of four need not be better than this for that of six to be right.
AGREEMENT = 1e-8


def differentiate(
    f: Callable[[Floats], Floats], x: Floats, spread: float, order: int
) -> Floats:
    """Return the derivative of order 1 or 2 of f at x of any shape.

    Central differences of order six. The step is narrowed until that of order four is
    near, and of all steps the best stays: next to a kink none is good, and farther
    away the first mostly.
    """
    flat = x.ravel()
    best = np.full(flat.shape, np.nan)
    doubt = np.full(flat.shape, np.inf)
    left = np.arange(flat.size)
    step = FIRST[order] * spread
    for _ in range(TRIES):
        at = flat[left]
        # far out a step must be wider than the distance of floats
        each = np.maximum(step, 2.0**-30 * np.abs(at))[:, None]
        nodes = at[:, None] + each * PLACES
        with np.errstate(invalid="ignore"):
            values = f(nodes)
            here = values[:, 3:4]
            rise = values - np.where(np.isfinite(here), here, 0.0)
            fine = (rise @ SIXTH[order]) / each[:, 0] ** order
            rough = np.abs(fine - (rise @ FOURTH[order]) / each[:, 0] ** order)
        better = rough < doubt[left]
        best[left[better]], doubt[left[better]] = fine[better], rough[better]
        left = left[~(doubt[left] <= AGREEMENT * np.abs(best[left]))]
        if left.size == 0:
            break
        step *= NARROWER
    return best.reshape(x.shape)
