"""Integrands of distances, as functions of r = log(a / b).

In units of the larger of the two densities a and b, or of its square.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Form: TypeAlias = Callable[[Floats], Floats]

# Ratios so close to one are expanded.
CLOSE = 1e-2


def of_kl(r: Floats) -> Floats:
    """Return a log(a / b) - a + b: r - 1 + e^-r for a = 1, e^r of that for b = 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = r + np.expm1(-r)
        value = np.where(r < 0.0, np.exp(r) * (r - 1.0) + 1.0, exact)
    value = np.where(r == -np.inf, 1.0, value)
    small = np.where(np.abs(r) < CLOSE, r, 0.0)
    series = small**2 * (0.5 - small * (1 / 6 - small * (1 / 24 - small / 120)))
    series = series * np.exp(np.minimum(small, 0.0))
    return np.where(np.abs(r) < CLOSE, series, value)


def of_js(r: Floats) -> Floats:
    """Return the mean of both divergences; r^2 / 8 where the ratio is near one."""
    x = np.abs(r)
    s = np.exp(-x)
    with np.errstate(invalid="ignore"):
        rest = np.where(s > 0.0, s * x, 0.0)
    value = -0.5 * ((1.0 + s) * np.log(0.5 * (1.0 + s)) + rest)
    return np.where(
        x < CLOSE, 0.125 * np.exp(-0.5 * x) * np.where(s > 0, x, 0) ** 2, value
    )


def of_hellinger(r: Floats) -> Floats:
    """Return (sqrt(a) - sqrt(b))^2 / 2."""
    return 0.5 * np.square(np.expm1(-0.5 * np.abs(r)))


def of_variation(r: Floats) -> Floats:
    """Return abs(a - b) / 2."""
    return -0.5 * np.expm1(-np.abs(r))


def of_overlap(r: Floats) -> Floats:
    """Return the smaller one."""
    return np.exp(-np.abs(r))


def of_squares(r: Floats) -> Floats:
    """Return (a - b)^2."""
    return np.square(np.expm1(-np.abs(r)))


# How far an error of the densities, relative to them, moves each integral: from
# abs(a - b), of which the integral is bounded by the distance itself (Pinsker), and
# for squares from the integral of (a + b)^2.
SHIFTS: dict[Form, Callable[[float, float], float]] = {
    of_kl: lambda v, _: v + 4.0 * math.sqrt(0.5 * v),
    of_js: lambda v, _: v + math.sqrt(2.0 * v),
    of_hellinger: lambda v, _: math.sqrt(2.0 * v),
    of_variation: lambda _v, _: 1.0,
    of_overlap: lambda v, _: v,
    of_squares: lambda v, both: 2.0 * math.sqrt(v * both),
}
