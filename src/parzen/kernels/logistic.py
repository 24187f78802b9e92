"""The logistic kernel, phi(r) = sech(r/2)^2 = 4 e^-r / (1 + e^-r)^2.

Its integrals are alternating series in n e^(-n r): values of the Dirichlet eta
function eta(k) = 1 - 2^-k + 3^-k - ... (DLMF 25.2.3).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import Polynomial

from parzen.kernels.formulas import (
    ORDERS,
    Floats,
    Profile,
    accepted,
    direction,
    upper_gamma,
)
from parzen.kernels.profiles import LOGISTIC as CODE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator


def alternating_sum(term: Callable[[int], float], order: int = 24) -> float:
    """Return term(0) - term(1) + ..., to a relative 5.8^-order.

    References
    ----------
    .. [1] Cohen, H., Rodriguez Villegas, F. and Zagier, D. (2000), "Convergence
       acceleration of alternating series", Experimental Mathematics 9,
       doi:10.1080/10586458.2000.10504632, algorithm 1.
    """
    scale = (3.0 + math.sqrt(8.0)) ** order
    scale = 0.5 * (scale + 1.0 / scale)
    weight, rest, total = -1.0, -scale, 0.0
    for j in range(order):
        rest = weight - rest
        total += rest * term(j)
        weight *= (j + order) * (j - order) / ((j + 0.5) * (j + 1.0))
    return total / scale


@lru_cache
def eta(k: int) -> float:
    """Return the Dirichlet eta function at an integer k >= 0."""
    if k == 0:
        return 0.5  # Abel's 1 - 1 + 1 - ...
    return alternating_sum(lambda j: (j + 1.0) ** -k)


def log_moment(k: int, _d: int) -> float:
    """Return log of 4 Gamma(k+1) eta(k)."""
    return math.log(4.0) + math.lgamma(k + 1.0) + math.log(eta(k))


@lru_cache
def log_square_moment(k: int, _d: int) -> float:
    """Return log of (8/3) Gamma(k+1) (eta(k) - eta(k-2)).

    For large k both etas are nearly 1, so their difference is summed as one series,
    that of (n^2 - 1) / n^k over n = 2, 3, ...
    """
    if k == 0:
        return math.log(4.0 / 3.0)
    series = alternating_sum(lambda j: ((j + 2.0) ** 2 - 1.0) * (j + 2.0) ** -k)
    return math.log(8.0 / 3.0) + math.lgamma(k + 1.0) + math.log(series)


def lower_tail(r: Floats) -> Floats:
    """Return 1 / (1 + e^r), free of overflow."""
    t = np.exp(-r)
    tail: Floats = t / (1.0 + t)
    return tail


def log_tail(r: Floats) -> Floats:
    """Return the logarithm of the same."""
    tail: Floats = -r - np.log1p(np.exp(-r))
    return tail


@lru_cache
def tanh_polynomial(order: int) -> Polynomial:
    """Return P_k with phi^(k) = phi P_k(T), T = tanh(r/2), from phi = 1 - T^2 on.

    T' = phi / 2, hence P_(k+1) = -T P_k + (1 - T^2) P_k' / 2; whole numbers over 2^k.
    """
    p = Polynomial([1.0])
    t, phi = Polynomial([0.0, 1.0]), Polynomial([1.0, 0.0, -1.0])
    for _ in range(order):
        p = 0.5 * phi * p.deriv() - t * p
    return p


def derivative(r: Floats, order: int) -> Floats:
    """Return phi P_k(tanh(r/2))."""
    t = np.exp(-r)
    value: Floats = 4.0 * t / (1.0 + t) ** 2 * tanh_polynomial(order)(np.tanh(0.5 * r))
    return value


def pull(s: Floats, _d: int) -> Floats:
    """Return -tanh(r/2) / r."""
    r = np.sqrt(s)
    value: Floats = -np.tanh(0.5 * r) / r
    return value


def outside(r: float, d: int) -> float:
    """Return an upper bound: phi <= 4 e^-r, as for the exponential kernel."""
    return upper_gamma(d, r) / eta(d - 1)


def draw(size: int, d: int, rng: Generator) -> Floats:
    """Draw radii by rejection from Gamma(d), and directions."""
    radius = accepted(
        size,
        lambda n: rng.standard_gamma(d, n),
        lambda r: (1.0 + np.exp(-r)) ** -2,
        rng,
    )
    return radius[:, None] * direction(size, d, rng)


def product_slope(d: int) -> float:
    """Return the largest gradient of the product, attained on the diagonal.

    phi'^2 = phi^2 (1 - phi), so the squared length is prod x_k^2 sum (1 - x_k) with
    x_k = phi(u_k): log-concave and symmetric, hence largest at equal x = 2d/(2d+1).
    """
    x = 2.0 * d / (2.0 * d + 1.0)
    return x**d * math.sqrt(d * (1.0 - x))


ROW = Profile(
    name="logistic",
    code=CODE,
    support=math.inf,
    log_moment=log_moment,
    log_square_moment=log_square_moment,
    lower_tail=lower_tail,
    outside=outside,
    draw=draw,
    slope=lambda _d: 2.0 / (3.0 * math.sqrt(3.0)),  # (1 - T^2) T, T = tanh(r/2)
    curve=lambda _d: 0.5,  # phi - (3/2) phi^2 at r = 0
    derivative=derivative,
    pull=pull,
    smoothness=ORDERS,
    log_tail=log_tail,
    product_slope=product_slope,
)
