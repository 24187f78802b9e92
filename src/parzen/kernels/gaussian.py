"""The Gaussian kernel, phi(r) = exp(-r^2 / 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.formulas import ORDERS, Floats, Profile, upper_gamma
from parzen.kernels.profiles import GAUSSIAN as CODE

if TYPE_CHECKING:
    from numpy.random import Generator


def log_moment(k: int, _d: int) -> float:
    """Return log of 2^((k-1)/2) Gamma((k+1)/2)."""
    return 0.5 * (k - 1) * math.log(2.0) + math.lgamma(0.5 * (k + 1))


def log_square_moment(k: int, _d: int) -> float:
    """Return log of Gamma((k+1)/2) / 2, since phi^2 = exp(-r^2)."""
    return math.lgamma(0.5 * (k + 1)) - math.log(2.0)


def lower_tail(r: Floats) -> Floats:
    """Return erfc(r / sqrt(2)) / 2; NumPy has no error function."""
    from scipy.special import ndtr

    tail: Floats = ndtr(-r)
    return tail


def log_tail(r: Floats) -> Floats:
    """Return the logarithm of the same, right also where it is too small a number."""
    from scipy.special import log_ndtr

    tail: Floats = log_ndtr(-r)
    return tail


def derivative(r: Floats, order: int) -> Floats:
    """Return (-1)^k He_k(r) phi(r), by the recurrence of the Hermite polynomials."""
    # where phi is zero, the polynomial may be infinite
    r = np.minimum(r, 64.0)
    last, here = np.zeros_like(r), np.ones_like(r)
    for k in range(order):
        last, here = here, -r * here - k * last
    value: Floats = here * np.exp(-0.5 * r * r)
    return value


def outside(r: float, d: int) -> float:
    """Return the upper tail of the chi distribution with d degrees of freedom."""
    return upper_gamma(0.5 * d, 0.5 * r * r)


def draw(size: int, d: int, rng: Generator) -> Floats:
    """Draw standard normal points."""
    return rng.standard_normal((size, d))


ROW = Profile(
    name="gaussian",
    code=CODE,
    support=math.inf,
    log_moment=log_moment,
    log_square_moment=log_square_moment,
    lower_tail=lower_tail,
    outside=outside,
    draw=draw,
    slope=lambda _d: math.exp(-0.5),  # r phi at r = 1
    curve=lambda _d: 1.0,  # (r^2 - 1) phi at r = 0
    derivative=derivative,
    pull=lambda s, _d: np.full_like(s, -1.0),
    smoothness=ORDERS,
    log_tail=log_tail,
)
