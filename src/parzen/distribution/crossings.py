"""Where a function of one variable crosses zero, in many brackets at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Steps after which even bisection has come to neighbouring floats.
STEPS = 120
# Brackets so narrow, relative to the place, are a number.
ROUNDING = 4e-16
# Golden section.
GOLDEN = 0.5 * (5.0**0.5 - 1.0)


def roots(
    f: Callable[[Floats, NDArray[np.intp]], Floats],
    ends: tuple[Floats, Floats],
    values: tuple[Floats, Floats],
) -> Floats:
    """Solve f(x, i) = 0 in brackets (k,), by Chandrupatla's method, shape (k,).

    `f` gets places and the brackets they belong to; `values` are those at the ends, of
    opposite sign. Where f jumps through zero, the
    place of the jump (Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8).
    """
    b, a = (np.array(end) for end in ends)
    fb, fa = (np.array(value) for value in values)
    c, fc = b.copy(), fb.copy()
    t = np.full(a.shape, 0.5)
    live = np.flatnonzero((fa != 0.0) & (fb != 0.0))
    a[fb == 0.0] = b[fb == 0.0]
    for _ in range(STEPS):
        if not live.size:
            break
        x = a[live] + t[live] * (b[live] - a[live])
        fx = f(x, live)
        same = np.sign(fx) == np.sign(fa[live])
        c[live] = np.where(same, a[live], b[live])
        fc[live] = np.where(same, fa[live], fb[live])
        b[live] = np.where(same, b[live], a[live])
        fb[live] = np.where(same, fb[live], fa[live])
        a[live], fa[live] = x, fx
        span = np.abs(b[live] - a[live])
        least = ROUNDING * np.maximum(np.abs(a[live]), np.abs(b[live])) + 5e-324
        with np.errstate(all="ignore"):
            edge = 0.5 * least / span
            xi = (a[live] - b[live]) / (c[live] - b[live])
            phi = (fa[live] - fb[live]) / (fc[live] - fb[live])
            smooth = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
            step = fa[live] / (fb[live] - fa[live]) * fc[live] / (fb[live] - fc[live])
            step += (
                (c[live] - a[live])
                / (b[live] - a[live])
                * fa[live]
                / (fc[live] - fa[live])
                * fb[live]
                / (fc[live] - fb[live])
            )
        good = smooth & np.isfinite(step)
        t[live] = np.clip(np.where(good, step, 0.5), edge, np.maximum(1.0 - edge, 0.5))
        live = live[~((fx == 0.0) | (span <= 2.0 * least))]
    return a


def extrema(
    f: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int = 42
) -> Floats:
    """Find the largest f in brackets (k,) of one peak each, by golden section."""
    a, b = low.copy(), high.copy()
    x, y = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    fx, fy = f(x), f(y)
    for _ in range(steps):
        left = fx >= fy
        a, b = np.where(left, a, x), np.where(left, y, b)
        fresh = np.where(left, b - GOLDEN * (b - a), a + GOLDEN * (b - a))
        value = f(fresh)
        x, y = np.where(left, fresh, y), np.where(left, x, fresh)
        fx, fy = np.where(left, value, fy), np.where(left, fx, value)
    return np.where(fx >= fy, x, y)
