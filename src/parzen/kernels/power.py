"""The compact kernels phi(r) = (1 - r^a)^b on r < 1, with whole a and b.

Integrals are Beta functions; for whole b they are rational:
B(x, b+1) = b! / (x (x+1) ... (x+b)).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels import profiles
from parzen.kernels.formulas import Floats, Profile, direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator


def log_beta(x: float, b: int) -> float:
    """Return log B(x, b+1)."""
    return math.lgamma(b + 1.0) - math.fsum(math.log(x + j) for j in range(b + 1))


def slope(a: int, b: int) -> float:
    """Return the largest a b r^(a-1) (1 - r^a)^(b-1): at r^a = p / (p+q)."""
    if b == 0:
        return math.inf  # a jump
    p, q = (a - 1.0) / a, b - 1.0
    return a * b * p**p * q**q / (p + q) ** (p + q) if p + q else float(a * b)


def pull(s: Floats, a: int, b: int) -> Floats:
    """Return phi'(r) / (r phi(r)) = -a b r^(a-2) / (1 - r^a) at s = r^2."""
    if a == 2:
        return -2.0 * b / (1.0 - s)
    r = np.sqrt(s)
    # 1 - r^3 without its cancellation, as in the profile
    rest = (1.0 - r) * (1.0 + r + s) if a == 3 else 1.0 - r
    value: Floats = -a * b * r ** (a - 2.0) / rest
    return value


def row(
    name: str,
    code: int,
    *,
    a: int,
    b: int,
    edge: Callable[[Floats], Floats],
    derivatives: tuple[Callable[[Floats], Floats], ...],
    curve: float = math.inf,
    product_slope: Callable[[int], float] | None = None,
) -> Profile:
    """Make the row of (1 - r^a)^b.

    `edge` is the 1-D distribution function at y - 1, y in [0, 1] being the distance
    from the edge of the support: a polynomial with a root of order b + 1 at zero.
    `derivatives` are those of phi, as many as are bounded functions.
    """

    def draw(size: int, d: int, rng: Generator) -> Floats:
        # r^(d-1) (1 - r^a)^b dr makes r^a a Beta(d/a, b+1) number
        radius = rng.beta(d / a, b + 1.0, (size, 1)) ** (1.0 / a)
        return radius * direction(size, d, rng)

    return Profile(
        name=name,
        code=code,
        support=1.0,
        log_moment=lambda k, _d: log_beta((k + 1) / a, b) - math.log(a),
        log_square_moment=lambda k, _d: log_beta((k + 1) / a, 2 * b) - math.log(a),
        lower_tail=lambda r: edge(1.0 - np.minimum(r, 1.0)),
        draw=draw,
        slope=lambda _d: slope(a, b),
        curve=lambda _d: curve,
        derivative=lambda r, k: derivatives[k - 1](r),
        pull=lambda s, _d: pull(s, a, b),
        smoothness=len(derivatives),
        product_slope=product_slope,
    )


def tricube_edge(y: Floats) -> Floats:
    """Return 70/81 of the integral of (1 - |v|^3)^3 from -1 to y - 1.

    Expanded about the edge the coefficients cancel near the centre, and the other way
    round, so each half has its own expansion.
    """
    near = np.polyval((0.1, -1.0, 4.5, -81 / 7, 18.0, -16.2, 6.75, 0, 0, 0, 0), y)
    t = (1.0 - y) ** 3
    centre = (1.0 - y) * (1.0 + t * (-3 / 4 + t * (3 / 7 - t / 10)))
    return np.where(y < 0.5, 70 / 81 * near, 0.5 - 70 / 81 * centre)


# phi'' = 18 r (1 - t) (4 t - 1), t = r^3, is largest at t = (5 + 3 sqrt(2)) / 14
_T = (5.0 + 3.0 * math.sqrt(2.0)) / 14.0
TRICUBE_CURVE = 18.0 * _T ** (1 / 3) * (1.0 - _T) * (4.0 * _T - 1.0)

TOPHAT = row("tophat", profiles.TOPHAT, a=2, b=0, edge=lambda y: y / 2, derivatives=())
TRIANGULAR = row(
    "triangular",
    profiles.TRIANGULAR,
    a=1,
    b=1,
    edge=lambda y: y**2 / 2,
    derivatives=(lambda r: np.full_like(r, -1.0),),
    product_slope=math.sqrt,  # near the centre every axis has slope 1
)
EPANECHNIKOV = row(
    "epanechnikov",
    profiles.EPANECHNIKOV,
    a=2,
    b=1,
    edge=lambda y: y**2 * (3 - y) / 4,
    derivatives=(lambda r: -2 * r,),
)
BIWEIGHT = row(
    "biweight",
    profiles.BIWEIGHT,
    a=2,
    b=2,
    edge=lambda y: y**3 * (20 - 15 * y + 3 * y**2) / 16,
    derivatives=(lambda r: -4 * r * (1 - r) * (1 + r), lambda r: 12 * r**2 - 4),
    curve=8.0,  # at the edge; at the centre it is 4
)
TRIWEIGHT = row(
    "triweight",
    profiles.TRIWEIGHT,
    a=2,
    b=3,
    edge=lambda y: y**4 * (70 - 84 * y + 35 * y**2 - 5 * y**3) / 32,
    derivatives=(
        lambda r: -6 * r * ((1 - r) * (1 + r)) ** 2,
        lambda r: -6 * (1 - r) * (1 + r) * (1 - 5 * r**2),
        lambda r: 24 * r * (3 - 5 * r**2),
    ),
    curve=6.0,  # at the centre
)
TRICUBE = row(
    "tricube",
    profiles.TRICUBE,
    a=3,
    b=3,
    edge=tricube_edge,
    derivatives=(
        lambda r: -9 * r**2 * ((1 - r) * (1 + r + r**2)) ** 2,
        lambda r: -18 * r * (1 - r) * (1 + r + r**2) * (1 - 4 * r**3),
        lambda r: -18 * (1 - 20 * r**3 + 28 * r**6),
    ),
    curve=TRICUBE_CURVE,
)
