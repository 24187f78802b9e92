"""The cosine kernel, phi(r) = cos(pi r / 2) on r < 1.

As in the profile itself, cos(pi r / 2) = (1 - s) P(s) with s = r^2: its integrals are
then short sums of rational numbers without cancellation in any dimension. (The usual
recursion over d by partial integration is the place where signs and factors go wrong.)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.formulas import Floats, Profile, accepted, direction
from parzen.kernels.profiles import COSINE as CODE
from parzen.kernels.profiles import cosine_coefficients

if TYPE_CHECKING:
    from numpy.random import Generator


def log_moment(k: int, _d: int) -> float:
    """Return log of sum_j b_j 2 / ((m+1) (m+3)), m = k + 2j."""
    return math.log(
        math.fsum(
            2.0 * b / ((m + 1) * (m + 3))
            for m, b in enumerate_even(k, cosine_coefficients())
        )
    )


def log_square_moment(k: int, _d: int) -> float:
    """Return the same for (1 - s)^2 P(s)^2: 8 / ((m+1) (m+3) (m+5))."""
    b = cosine_coefficients()
    return math.log(
        math.fsum(
            8.0 * q / ((m + 1) * (m + 3) * (m + 5))
            for m, q in enumerate_even(k, np.convolve(b, b))
        )
    )


def enumerate_even(
    k: int, coefficients: Floats | tuple[float, ...]
) -> list[tuple[int, float]]:
    """Return the coefficients of r^k P(r^2) with their powers of r."""
    return [(k + 2 * j, float(c)) for j, c in enumerate(coefficients)]


def lower_tail(r: Floats) -> Floats:
    """Return (1 - sin(pi r / 2)) / 2 in the form that keeps small numbers."""
    tail: Floats = np.sin(0.25 * math.pi * (1.0 - np.minimum(r, 1.0))) ** 2
    return tail


def pull(s: Floats, _d: int) -> Floats:
    """Return -(pi / 2) tan(pi r / 2) / r, as cotangent of the distance to the edge."""
    r = np.sqrt(s)
    value: Floats = -0.5 * math.pi / (r * np.tan(0.5 * math.pi * (1.0 - r)))
    return value


def draw(size: int, d: int, rng: Generator) -> Floats:
    """Draw radii by rejection from Beta(d, 2), and directions.

    The proposal has the density r^(d-1) (1 - r), and the ratio
    cos(pi r / 2) / (1 - r) = (pi / 2) sinc((1 - r) / 2) falls by 2/pi at most.
    """
    radius = accepted(
        size,
        lambda n: rng.beta(d, 2.0, n),
        lambda r: np.sinc(0.5 * (1.0 - r)),
        rng,
    )
    return radius[:, None] * direction(size, d, rng)


ROW = Profile(
    name="cosine",
    code=CODE,
    support=1.0,
    log_moment=log_moment,
    log_square_moment=log_square_moment,
    lower_tail=lower_tail,
    draw=draw,
    slope=lambda _d: 0.5 * math.pi,
    curve=lambda _d: math.inf,  # the slope jumps at r = 1
    derivative=lambda r, _k: -0.5 * math.pi * np.sin(0.5 * math.pi * r),
    pull=pull,
    smoothness=1,
)
