"""Kernel profiles phi(r) = 2^decay * factor, as functions of s = r^2.

The same few lines run on NumPy arrays and inside compiled loops. There, `code` and `d`
are integers that the loop closes over, so the compiler keeps one branch and the loop
uses vector registers; hence no data-dependent `if`, and no square root where the
profile has none. The decaying part is a base-2 logarithm, because a loop can then take
out the largest one and never underflows.

The caller's s may be infinite (a distance overflows), never NaN: clip s first and
multiply afterwards, since 0 * inf is NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parzen.jit import exp2, jitable, log2

GAUSSIAN = 0
EPANECHNIKOV = 1
TOPHAT = 2
TRIANGULAR = 3
BIWEIGHT = 4
TRIWEIGHT = 5
TRICUBE = 6
COSINE = 7
EXPONENTIAL = 8
LOGISTIC = 9
CAUCHY = 10

LOG2_E = 1.0 / math.log(2.0)

# Exponents below this are clipped: 2^-1000 vanishes beside 1, and exp2 of compiled
# loops ends at -1022.
_LOWEST = -1000.0


def cosine_coefficients() -> tuple[float, ...]:
    """Return b_k of cos(pi r / 2) = (1 - s) (b_0 + b_1 s + ... + b_10 s^10).

    With a_k the Taylor coefficients, b_k = a_0 + ... + a_k. All a_k add up to
    cos(pi / 2) = 0, so b_k is minus the tail, which has no cancellation. What is left
    out, b_11, is below 1e-19, while the sum is at least pi / 4.
    """
    taylor = [
        (-1) ** k * (math.pi / 2.0) ** (2 * k) / math.factorial(2 * k)
        for k in range(20)
    ]
    return tuple(-math.fsum(taylor[k + 1 :]) for k in range(11))


_B0, _B1, _B2, _B3, _B4, _B5, _B6, _B7, _B8, _B9, _B10 = cosine_coefficients()


@jitable
def decay(code: int, s: Any, d: int) -> Any:
    """Return the base-2 logarithm of the decaying part at s = r^2, in d dimensions."""
    if code == GAUSSIAN:
        return s * (-0.5 * LOG2_E)
    if code in (EXPONENTIAL, LOGISTIC):
        return np.sqrt(s) * -LOG2_E
    if code == CAUCHY:
        return log2(1.0 + s) * (-0.5 * (d + 1))
    return 0.0


def far_decay(code: int, r: Any, d: int) -> Any:
    """Return `decay` where r^2 has overflowed: the same, from the radius itself."""
    if code == GAUSSIAN:
        return r * -np.inf
    if code in (EXPONENTIAL, LOGISTIC):
        return r * -LOG2_E
    if code == CAUCHY:
        return log2(r) * -(d + 1)
    return 0.0


@jitable
def factor(code: int, s: Any) -> Any:  # noqa: PLR0911 (one return a profile)
    """Return the bounded rest of the profile at s = r^2: at most 4, 0 outside."""
    if code == LOGISTIC:
        tail = exp2(np.maximum(np.sqrt(s) * -LOG2_E, _LOWEST))
        return 4.0 / ((1.0 + tail) * (1.0 + tail))
    if code == TOPHAT:
        return (s < 1.0) * 1.0
    t = np.minimum(s, 1.0)
    w = 1.0 - t
    if code == EPANECHNIKOV:
        return w
    if code == BIWEIGHT:
        return w * w
    if code == TRIWEIGHT:
        return w * w * w
    if code == TRIANGULAR:
        return 1.0 - np.sqrt(t)
    if code == TRICUBE:
        r = np.sqrt(t)
        v = (1.0 - r) * (1.0 + r + t)  # 1 - r^3 without its cancellation
        return v * v * v
    if code == COSINE:
        p = _B10
        for b in (_B9, _B8, _B7, _B6, _B5, _B4, _B3, _B2, _B1, _B0):
            p = p * t + b
        return w * p
    return 1.0
