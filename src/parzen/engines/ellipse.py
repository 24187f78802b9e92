"""How well a polynomial follows a kernel on a short interval: bounds that are proven.

For a function f that is analytic, and at most M in modulus, inside the Bernstein
ellipse with parameter r > 1 (foci -1 and 1, half axes (r +- 1/r)/2), the interpolant of
degree n in the n + 1 Chebyshev nodes errs by at most 4 M r^-n / (r - 1) on [-1, 1]
(Trefethen 2019, Approximation Theory and Approximation Practice, theorem 8.2,
doi:10.1137/1.9781611975949). Any r gives a bound; the best of many is taken.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.kernel_slopes import log_slope_bound
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOGISTIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# Parameters of the ellipses that are tried.
_R = np.exp(np.linspace(0.05, 5.0, 200))
_HALF_WIDTH, _HALF_HEIGHT = 0.5 * (_R + 1.0 / _R), 0.5 * (_R - 1.0 / _R)


def _log_gaussian(x: Floats, y: Floats) -> Floats:
    """Bound log |exp(-u^2/2)| where |Re u| >= x and |Im u| <= y."""
    return np.asarray(0.5 * (y * y - x * x))


def _log_logistic(x: Floats, y: Floats) -> Floats:
    """Bound log |sech(u/2)^2|, which is 1 / (sinh(x/2)^2 + cos(y/2)^2)."""
    below = np.where(y < math.pi, np.cos(0.5 * np.minimum(y, math.pi)), 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(-np.log(np.sinh(0.5 * x) ** 2 + below**2))


def _log_cauchy(x: Floats, y: Floats) -> Floats:
    """Bound log |1 / (1 + u^2)|.

    |1 + u^2|^2 = (1 + x^2 - y^2)^2 + 4 x^2 y^2 is least at y^2 = 1 - x^2, where it is
    4 x^2, or at y = 0, or at the end of the range of y if that is nearer.
    """
    turning = np.sqrt(np.maximum(1.0 - x * x, 0.0))
    least = np.minimum(y, turning)
    square = (1.0 + x**2 - least**2) ** 2 + 4.0 * x**2 * least**2
    with np.errstate(divide="ignore"):
        return np.asarray(-0.5 * np.log(square))


MODULUS: dict[int, Callable[[Floats, Floats], Floats]] = {
    GAUSSIAN: _log_gaussian,
    LOGISTIC: _log_logistic,
    CAUCHY: _log_cauchy,
}


@functools.lru_cache(maxsize=256)
def interpolation_errors(
    code: int, terms: int, count: int, narrow: float, wide: float, *, order: int = 0
) -> NDArray[np.float64]:
    """Bound the error of interpolating phi(u) on a cell, by the distance of the cell.

    Or of its derivative of an order, as a function of its own.

    Parameters
    ----------
    code : int
        Of a kernel in `MODULUS`.
    terms : int
        Of the polynomial: its degree plus one.
    count : int
        Cells to go.
    narrow, wide : float
        Width of the cell in bandwidths: any between these two.
    order : int
        Of the derivative.

    Returns
    -------
    errors : ndarray of shape (count + 1,)
        Where the kernel's centre lies anywhere in a cell 0, ..., count cells away;
        phi(0) is one.
    """
    centre = np.arange(count + 1.0)[:, None]
    distance = np.maximum(centre - 0.5, 0.0)
    # the bounds fall with the distance on the line and grow with that from it
    near = np.maximum(distance - 0.5 * _HALF_WIDTH, 0.0) * narrow
    high = np.broadcast_to(0.5 * wide * _HALF_HEIGHT, near.shape)
    logs = MODULUS[code](near, high)
    if order:
        far = (centre + 0.5 + 0.5 * _HALF_WIDTH) * wide
        logs = logs + log_slope_bound(code, order, logs, (near, far, high))
    logs = logs + math.log(4.0) - (terms - 1) * np.log(_R) - np.log(_R - 1.0)
    return np.asarray(np.exp(np.minimum(logs.min(axis=1), 700.0)))


def lebesgue(nodes: int) -> float:
    """Bound how much Chebyshev interpolation magnifies errors at its nodes."""
    return 2.0 / math.pi * math.log(nodes) + 1.0


def chebyshev_nodes(count: int) -> NDArray[np.float64]:
    """Return the zeros of T_count in [-1, 1], shape (count,)."""
    k = np.arange(count)
    return np.asarray(np.cos(np.pi * (2 * k + 1) / (2 * count)))


@functools.cache
def to_chebyshev(count: int) -> NDArray[np.float64]:
    """Return the matrix from values at Chebyshev nodes to coefficients of T_k.

    Shape (count, count): a cosine transform, which magnifies no rounding.
    """
    angles = np.pi * (2 * np.arange(count) + 1) / (2 * count)
    matrix = np.cos(np.arange(count)[:, None] * angles) * (2.0 / count)
    matrix[0] /= 2.0
    return np.asarray(matrix)


@functools.cache
def to_monomials(count: int) -> NDArray[np.float64]:
    """Return the matrix from coefficients of T_k to those of x^k, shape (count, count).

    Whole numbers, exact. They reach 2.4^count, but a rounded coefficient of T_k still
    stands for a polynomial no farther off than its rounding; and coefficients of smooth
    functions fall faster than these numbers grow. One matrix from values to powers of x
    would magnify the rounding of what cancels.
    """
    powers = np.zeros((count, count))
    powers[0, 0] = powers[1, 1] = 1.0
    for k in range(2, count):
        powers[k, 1:] = 2.0 * powers[k - 1, :-1]
        powers[k] -= powers[k - 2]
    return powers.T


def basis_rounding(count: int) -> float:
    """Bound the rounding of both changes of basis, for values of at most one.

    Each coefficient of T_k is a sum of `count` products, and there are `count` of them;
    the powers of x add up to a few times the largest value.
    """
    return (2.0 * count * (count + 2.0) + 64.0) * EPS
