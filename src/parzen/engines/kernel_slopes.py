"""Derivatives of smooth kernels: phi^(j)(u) = phi(u) times a polynomial over another.

With p of degree j, in v = u or, for the logistic kernel, v = tanh(u / 2):

- Gaussian: p(u), (-1)^j times the Hermite polynomial He_j;
- logistic: p(tanh(u / 2)), for phi = 1 - v^2 and dv = phi / 2 du;
- Cauchy: p(u) / (1 + u^2)^j, with p the imaginary part of (-1)^j j! (u + i)^(j+1).

The last is because 1 / (1 + u^2) is the imaginary part of 1 / (u - i).
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import exp2, jitable
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOG2_E, LOGISTIC, decay, factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Orders beyond would leave the range of floats for a Cauchy kernel on wide cells.
MOST_ORDER = 8
# Where a derivative is sampled to bound it on a cell.
SAMPLES = 257


@functools.cache
def slope_coefficients(code: int, order: int) -> Floats:
    """Return the coefficients of p, the constant first, shape (order + 1,)."""
    poly = np.polynomial.Polynomial
    v = poly([0.0, 1.0])
    p = poly([1.0])
    if code == CAUCHY:
        signs = math.factorial(order) * (-1.0) ** order
        # i^k is imaginary for odd k, and of alternating sign
        terms = [
            math.comb(order + 1, k) * (-1.0) ** (k // 2) * v ** (order + 1 - k)
            for k in range(1, order + 2, 2)
        ]
        p = signs * sum(terms[1:], terms[0])
    else:
        for _ in range(order):
            if code == GAUSSIAN:
                p = p.deriv() - v * p
            else:
                p = 0.5 * (1.0 - v * v) * p.deriv() - v * p
    out = np.zeros(order + 1)
    out[: len(p.coef)] = p.coef[: order + 1]
    return out


@functools.cache
def slope_powers(code: int, order: int) -> tuple[Floats, float]:
    """Return what a loop takes for any order: p, padded, and a power of phi.

    The powers of 1 + u^2 are powers of phi, so that one compiled loop serves all
    orders.
    """
    padded = np.zeros(MOST_ORDER + 1)
    padded[: order + 1] = slope_coefficients(code, order)
    return padded, order + 1.0 if code == CAUCHY else 1.0


@jitable
def slope_polynomial(code: int, powers: Any, u: Any) -> Any:
    """Return p for the padded coefficients of `slope_powers`."""
    v = u
    if code == LOGISTIC:
        tail = exp2(np.maximum(np.abs(u) * -LOG2_E, -1000.0))
        v = np.copysign((1.0 - tail) / (1.0 + tail), u)
    p = v * powers[MOST_ORDER] + powers[MOST_ORDER - 1]
    for k in range(MOST_ORDER - 2, -1, -1):
        p = p * v + powers[k]
    return p


def slope(code: int, order: int, u: Floats) -> Floats:
    """Return phi^(order)(u), for u of any shape."""
    s = u * u
    powers, power = slope_powers(code, order)
    size = np.exp2(decay(code, s, 1) * power) * factor(code, s)
    return np.asarray(size * slope_polynomial(code, powers, u))


def slope_majorant(code: int, order: int, near: Any, far: Any) -> Floats:
    """Bound phi^(order) / phi, and its rounding in units, where near <= |u| <= far.

    The polynomial with the moduli of all coefficients.
    """
    sizes = np.abs(slope_coefficients(code, order))
    near, far = np.asarray(near, dtype=float), np.asarray(far, dtype=float)
    v = np.ones_like(far) if code == LOGISTIC else far
    p = np.polynomial.polynomial.polyval(v, sizes)
    return np.asarray(p / (1.0 + near * near) ** order if code == CAUCHY else p)


def slope_supremum(code: int, order: int, near: Floats, far: Floats) -> Floats:
    """Bound |phi^(order)(u)| where near <= u <= far, two of shape (k,): shape (k,).

    The largest of samples, and the next derivative over half of their step.
    """
    u = near[:, None] + (far - near)[:, None] * np.linspace(0.0, 1.0, SAMPLES)
    steepest = slope_majorant(code, order + 1, near, far) * slope(code, 0, near)
    half_step = 0.5 * (far - near) / (SAMPLES - 1.0)
    return np.asarray(np.abs(slope(code, order, u)).max(axis=1) + half_step * steepest)


def log_slope_bound(
    code: int, order: int, log_modulus: Floats, region: tuple[Floats, Floats, Floats]
) -> Floats:
    """Bound the logarithm of |phi^(order) / phi| off the line.

    Parameters
    ----------
    code, order : int
    log_modulus : ndarray
        Bound on log |phi| there.
    region : tuple of three ndarray
        Least and largest |Re u|, and largest |Im u|. What is returned may only be added
        to `log_modulus`: it bounds the product of the two.
    """
    sizes = np.abs(slope_coefficients(code, order))
    near, far, high = region
    if code == CAUCHY:
        # j! times the mean of |u - i|^-(j+1) and |u + i|^-(j+1)
        gap = np.hypot(near, np.maximum(1.0 - high, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = math.lgamma(order + 1.0) - (order + 1.0) * np.log(gap)
            return np.where(np.isfinite(log_modulus), logs - log_modulus, np.inf)
    if code == LOGISTIC:
        # |v|^2 = |1 - phi|
        log_v = 0.5 * np.logaddexp(0.0, log_modulus)
    else:
        log_v = np.log(np.hypot(far, high))
    # where |phi| has no bound, its product with anything has none, either
    log_v = np.where(np.isfinite(log_modulus), log_v, 0.0)
    kept = np.flatnonzero(sizes)
    parts = np.log(sizes[kept]) + kept * log_v[..., None]
    return np.asarray(np.logaddexp.reduce(parts, axis=-1))
