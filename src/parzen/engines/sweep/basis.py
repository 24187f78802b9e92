"""Kernels as sums of products of a function of q and a function of x.

A polynomial p(d - y), with d and y the distances of a query and of a point from the
centre of a block in bandwidths, is sum_j a_j(d) y^j with a_j(d) = sum_l T_jl d^l. The
cosine kernel is cos(a d) cos(a y) + sin(a d) sin(a y).

The same holds for their derivatives and for their distribution functions: each is a
kernel of some `order`, 0 for itself, 1, 2, ... for derivatives and `MASS` for the mass
below. These have mass one, the kernel itself is one at its centre.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import jitable
from parzen.kernels.profiles import (
    BIWEIGHT,
    COSINE,
    EPANECHNIKOV,
    EXPONENTIAL,
    TOPHAT,
    TRIANGULAR,
    TRICUBE,
    TRIWEIGHT,
    factor,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# The order of the distribution function.
MASS = -1
# Coefficients of phi(t) = sum_k c_k t^k for t from 0 to 1.
POLYNOMIALS: dict[int, tuple[int, ...]] = {
    TOPHAT: (1,),
    EPANECHNIKOV: (1, 0, -1),
    BIWEIGHT: (1, 0, -2, 0, 1),
    TRIWEIGHT: (1, 0, -3, 0, 3, 0, -1),
    TRIANGULAR: (1, -1),
    TRICUBE: (1, 0, 0, -3, 0, 0, 3, 0, 0, -1),
}
# Kernels with two polynomials, for the points left and right of the query.
TWO_SIDED = (TRIANGULAR, TRICUBE)
# The last derivative that is a function; it jumps.
LAST_ORDER: dict[int, int] = {
    TOPHAT: 0,
    EPANECHNIKOV: 1,
    BIWEIGHT: 2,
    TRIWEIGHT: 3,
    TRIANGULAR: 1,
    TRICUBE: 3,
    COSINE: 1,
    EXPONENTIAL: 1,
}


def code_of(problem: Problem) -> int:
    """Return the code of the kernel; -1 if it has no compiled profile."""
    code = problem.kernel.code
    return -1 if code is None else code


def terms(code: int, order: int = 0) -> int:
    """Return the number of sums that a kernel takes."""
    return 3 if code == COSINE else len(POLYNOMIALS[code]) - order


def sides(code: int) -> int:
    """Return the number of polynomials of a kernel: two if it has a kink at zero."""
    return 2 if code in TWO_SIDED else 1


def jumps(code: int, order: int) -> bool:
    """Return whether a derivative jumps, where a support ends or at a kink."""
    return 0 < order == LAST_ORDER[code]


def curves(code: int, order: int) -> NDArray[np.float64]:
    """Return what a kernel is at u = (q - x) / h, shape (2, terms).

    Coefficients of |u| for points left of the query, and for those right of it; with
    one polynomial for both, those of u, twice. For the cosine kernel c and a in
    c + a sin(pi u / 2).
    """
    if code == COSINE:
        row = (0.5, 0.5, 0.0) if order == MASS else (0.0, -0.125 * math.pi**2, 0.0)
        return np.array([row, row])
    left = [Fraction(c) for c in POLYNOMIALS[code]]
    mass = 2 * sum(c / (k + 1) for k, c in enumerate(left))
    left = [c / mass for c in left]
    if order == MASS:
        left = [Fraction(1, 2), *(c / (k + 1) for k, c in enumerate(left))]
    for _ in range(order):
        left = [k * c for k, c in enumerate(left)][1:]
    right = left
    if sides(code) == 2:
        # the distribution function less a half and odd derivatives are odd
        sign = -1 if order % 2 else 1
        right = [sign * c for c in left]
        if order == MASS:
            right[0] = left[0]
    return np.array([left, right], dtype=np.float64)


def tables(code: int, order: int = 0) -> NDArray[np.float64]:
    """Return T for p(d - y) and for p(y - d), shape (2, terms, terms)."""
    size = terms(code, order)
    result = np.zeros((2, size, size))
    if code == COSINE:
        return result
    left = right = np.array(POLYNOMIALS[code], dtype=np.float64)
    if order:
        left, right = curves(code, order)
    for k in range(size):
        for j in range(k + 1):
            result[0, j, k - j] = left[k] * math.comb(k, j) * (-1) ** j
            result[1, j, k - j] = right[k] * math.comb(k, j) * (-1) ** (k - j)
    return result


def magnitude(code: int, reach: float, order: int = 0) -> float:
    """Bound the sum of absolute terms, for |d| + |y| up to `reach`."""
    if code == COSINE:
        return 2.0 if order <= 0 else 3.0
    row = np.abs(curves(code, order)[0]).tolist() if order else POLYNOMIALS[code]
    return math.fsum(abs(c) * reach**k for k, c in enumerate(row))


def steepness(code: int, order: int) -> float:
    """Bound the slope within the support by the sum of its absolute terms."""
    if code == COSINE:
        return 4.0
    row = np.abs(curves(code, order)[0]).tolist()
    return math.fsum(k * c for k, c in enumerate(row))


@jitable
def add_terms(trigonometric: int, size: Any, y: Any, weight: Any, sums: Any) -> None:
    """Add the functions of a point at y, times its weight, to `sums` (size,)."""
    if trigonometric:
        r = min(abs(y), 1.0)
        sine = weight * factor(COSINE, (1.0 - r) * (1.0 - r))
        sums[0] += weight
        sums[1] += weight * factor(COSINE, r * r)
        sums[2] += sine if y > 0.0 else -sine
    else:
        power = weight
        for j in range(size):
            sums[j] += power
            power *= y


@jitable
def kernel_value(code: int, t: Any, width: Any, s: Any) -> Any:
    """Return the kernel at a difference t, with s = (t / width)^2."""
    if code == TOPHAT:
        # not by the square, so that a point at the very edge is out, always
        return (abs(t) < width) * 1.0
    return factor(code, s)


@jitable
def order_value(code: int, pieces: int, size: int, u: Any, rows: Any) -> Any:
    """Return a kernel of another order at u = (q - x) / h from -1 to 1, see `curves`.

    Where two polynomials meet it is the right one.
    """
    r = abs(u)
    if code == COSINE:
        sine = factor(COSINE, (1.0 - r) * (1.0 - r))
        return rows[0, 0] + rows[0, 1] * (sine if u > 0.0 else -sine)
    side, at = 0, u
    if pieces == 2:
        side, at = (0 if u > 0.0 else 1), r
    value = 0.0
    for k in range(size - 1, -1, -1):
        value = value * at + rows[side, k]
    return value
