"""The exponential (Laplace) kernel, phi(r) = exp(-r)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.formulas import Floats, Profile, direction, upper_gamma
from parzen.kernels.profiles import EXPONENTIAL as CODE

if TYPE_CHECKING:
    from numpy.random import Generator


def log_moment(k: int, _d: int) -> float:
    """Return log Gamma(k+1)."""
    return math.lgamma(k + 1.0)


def log_square_moment(k: int, _d: int) -> float:
    """Return log of Gamma(k+1) / 2^(k+1), since phi^2 = exp(-2 r)."""
    return math.lgamma(k + 1.0) - (k + 1) * math.log(2.0)


def lower_tail(r: Floats) -> Floats:
    """Return exp(-r) / 2."""
    tail: Floats = 0.5 * np.exp(-r)
    return tail


def log_tail(r: Floats) -> Floats:
    """Return the logarithm of the same."""
    tail: Floats = -r - math.log(2.0)
    return tail


def outside(r: float, d: int) -> float:
    """Return the upper tail of Gamma(d), the distribution of the radius."""
    return upper_gamma(d, r)


def draw(size: int, d: int, rng: Generator) -> Floats:
    """Draw radii from Gamma(d), and directions."""
    return rng.standard_gamma(d, (size, 1)) * direction(size, d, rng)


ROW = Profile(
    name="exponential",
    code=CODE,
    support=math.inf,
    log_moment=log_moment,
    log_square_moment=log_square_moment,
    lower_tail=lower_tail,
    outside=outside,
    draw=draw,
    slope=lambda _d: 1.0,
    curve=lambda _d: math.inf,  # a cusp at the centre
    derivative=lambda r, k: (-1.0) ** k * np.exp(-r),
    pull=lambda s, _d: -1.0 / np.sqrt(s),
    smoothness=1,
    log_tail=log_tail,
    # near the centre every axis has slope 1
    product_slope=math.sqrt,
)
