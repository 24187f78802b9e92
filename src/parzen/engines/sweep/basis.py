"""Kernels as sums of products of a function of q and a function of x.

A polynomial p(d - y), with d and y the distances of a query and of a point from the
centre of a block in bandwidths, is sum_j a_j(d) y^j with a_j(d) = sum_l T_jl d^l. The
cosine kernel is cos(a d) cos(a y) + sin(a d) sin(a y).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import jitable
from parzen.kernels.profiles import (
    BIWEIGHT,
    COSINE,
    EPANECHNIKOV,
    TOPHAT,
    TRIANGULAR,
    TRICUBE,
    TRIWEIGHT,
    factor,
)

if TYPE_CHECKING:
    from parzen.engines.engine import Problem

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


def code_of(problem: Problem) -> int:
    """Return the code of the kernel; -1 if it has no compiled profile."""
    code = problem.kernel.code
    return -1 if code is None else code


def terms(code: int) -> int:
    """Return the number of sums that a kernel takes."""
    return 3 if code == COSINE else len(POLYNOMIALS[code])


def sides(code: int) -> int:
    """Return the number of polynomials of a kernel: two if it has a kink at zero."""
    return 2 if code in TWO_SIDED else 1


def tables(code: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return T for p(d - y) and for p(y - d), shape (2, terms, terms)."""
    size = terms(code)
    result = np.zeros((2, size, size))
    for k, c in enumerate(POLYNOMIALS.get(code, ())):
        for j in range(k + 1):
            both = c * math.comb(k, j)
            result[0, j, k - j] = both * (-1) ** j
            result[1, j, k - j] = both * (-1) ** (k - j)
    return result


def magnitude(code: int, reach: float) -> float:
    """Bound the sum of absolute terms, for |d| + |y| up to `reach`."""
    if code == COSINE:
        return 2.0
    return math.fsum(abs(c) * reach**k for k, c in enumerate(POLYNOMIALS[code]))


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
