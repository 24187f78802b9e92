"""Derivatives through a map to the line: Faa di Bruno's formula.

With T the map, f(x) = g(T(x)) T'(x) is the derivative of G(T(x)) for G' = g, so that

    f^(n) = sum_{k=1}^{n+1} g^(k-1)(T) B_{n+1,k}(T', T'', ...)

with the partial Bell polynomials B. T is log(x - lower), -log(upper - x) or their sum.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary.bounds import Bounds

    Floats = NDArray[np.float64]


def slopes(x: Floats, bounds: Bounds) -> tuple[Floats, Floats]:
    """Return T' and T'' / T' on each axis, at points (m, d) inside, (m, d) each."""
    below, above = 1.0 / (x - bounds.lower), 1.0 / (bounds.upper - x)
    first = below + above
    first[:, np.isinf(bounds.lower) & np.isinf(bounds.upper)] = 1.0
    return first, above - below


def derivative(x: Floats, bounds: Bounds, terms: list[Floats]) -> Floats:
    """Differentiate f at x (m,) inside, from g and its n derivatives at T(x).

    In units of the distance to the nearer bound, lest powers leave the floats.
    """
    low, high = float(bounds.lower[0]), float(bounds.upper[0])
    before, after = x - low, high - x
    unit = np.minimum(before, after)
    count = len(terms)
    # derivatives of T, of orders 1 to n + 1, times powers of the unit
    inner = [
        math.factorial(i - 1) * ((unit / after) ** i - (-unit / before) ** i)
        for i in range(1, count + 1)
    ]
    # row k holds B_{0,k}, B_{1,k}, ...
    row = [np.ones_like(x)] + [np.zeros_like(x)] * count
    total = np.zeros_like(x)
    for k in range(1, count + 1):
        following = [np.zeros_like(x)]
        for n in range(1, count + 1):
            parts = (
                math.comb(n - 1, i - 1) * inner[i - 1] * row[n - i]
                for i in range(1, n - k + 2)
            )
            following.append(sum(parts, start=np.zeros_like(x)))
        row = following
        total += terms[k - 1] * row[count]
    # one division after the other: their product may overflow before the sum does
    with np.errstate(over="ignore"):
        for _ in range(count):
            total = np.where(total == 0.0, 0.0, total / unit)
    return total
