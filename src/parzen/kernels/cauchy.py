"""The Cauchy kernel, phi(r) = (1 + r^2)^(-(d+1)/2).

This is the multivariate Cauchy distribution (Student's t with one degree of freedom):
its margins are Cauchy again, and it has no moments.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.formulas import ORDERS, Floats, Profile
from parzen.kernels.profiles import CAUCHY as CODE

if TYPE_CHECKING:
    from numpy.random import Generator


def log_moment(k: int, d: int) -> float:
    """Return log of B((k+1)/2, (d-k)/2) / 2, which is infinite from k = d on."""
    return _log_half_beta(0.5 * (k + 1), 0.5 * (d - k))


def log_square_moment(k: int, d: int) -> float:
    """Return the same with phi^2, whose exponent is d + 1."""
    return _log_half_beta(0.5 * (k + 1), 0.5 * (2 * d + 1 - k))


def _log_half_beta(a: float, b: float) -> float:
    """Return log(B(a, b) / 2), the integral of r^(2a-1) (1 + r^2)^-(a+b)."""
    if b <= 0.0:
        return math.inf
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b) - math.log(2.0)


def lower_tail(r: Floats) -> Floats:
    """Return arccot(r) / pi."""
    tail: Floats = np.arctan2(1.0, r) / math.pi
    return tail


def derivative(r: Floats, order: int) -> Floats:
    """Return the k-th derivative of 1/(1 + r^2), which is -Im 1/(r + i).

    That is (-1)^k k! sin((k+1) t) / |r + i|^(k+1), with t the argument of r + i.
    """
    k = order + 1
    with np.errstate(over="ignore"):
        value: Floats = np.sin(k * np.arctan2(1.0, r)) / np.hypot(1.0, r) ** k
    return (-1.0) ** order * math.factorial(order) * value


def outside(r: float, d: int) -> float:
    """Return I_x(1/2, d/2) at x = 1 / (1 + r^2), the tail of a ratio of normals.

    The recurrence I_x(a, b+1) = I_x(a, b) + x^a (1-x)^b / (b B(a, b)) starts from the
    arcsine (b = 1/2) or the square root (b = 1); all terms are positive (DLMF 8.17.21).
    """
    root = 1.0 / math.hypot(1.0, r)
    y = (r * root) ** 2
    if d % 2:
        b, total, term = 0.5, 2.0 / math.pi * math.asin(root), 2.0 / math.pi * r * root
    else:
        b, total, term = 1.0, root, 0.5 * y
    while b < 0.5 * d:
        total += root * term
        term *= y * (b + 0.5) / (b + 1.0)
        b += 1.0
    return total


def draw(size: int, d: int, rng: Generator) -> Floats:
    """Draw normal points over an independent normal number."""
    points = rng.standard_normal((size, d))
    return points / np.abs(rng.standard_normal((size, 1)))


def slope(d: int) -> float:
    """Return (d+1) r (1+r^2)^(-(d+3)/2) at its maximum, r^2 = 1/(d+2)."""
    peak: float = ((d + 2.0) / (d + 3.0)) ** (0.5 * (d + 3))
    return (d + 1.0) / math.sqrt(d + 2.0) * peak


def product_slope(d: int) -> float:
    """Return the largest gradient of the product, attained on the diagonal.

    With x_k = phi(u_k), phi'^2 = 4 (1 - x) x^3, so the squared length is
    prod x_k^2 sum 4 x_k (1 - x_k): log-concave and symmetric, hence largest at equal
    x = (2d+1) / (2d+2).
    """
    x = (2.0 * d + 1.0) / (2.0 * d + 2.0)
    return 2.0 * x**d * math.sqrt(d * x * (1.0 - x))


ROW = Profile(
    name="cauchy",
    code=CODE,
    support=math.inf,
    log_moment=log_moment,
    log_square_moment=log_square_moment,
    lower_tail=lower_tail,
    outside=outside,
    draw=draw,
    slope=slope,
    curve=lambda d: d + 1.0,  # at r = 0
    derivative=derivative,
    pull=lambda s, d: -(d + 1.0) / (1.0 + s),
    smoothness=ORDERS,
    product_slope=product_slope,
)
