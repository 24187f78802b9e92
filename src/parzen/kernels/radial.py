"""The mass of a radial kernel outside of a radius, in d >= 2 dimensions."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.cosine import enumerate_even
from parzen.kernels.profiles import cosine_coefficients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# The powers of the compact kernels (1 - r^a)^b.
POWERS = {
    "epanechnikov": (2, 1),
    "tophat": (2, 0),
    "triangular": (1, 1),
    "biweight": (2, 2),
    "triweight": (2, 3),
    "tricube": (3, 3),
}
# Octaves of the radius and nodes for the logistic kernel in d > 2.
FARTHEST = 800.0
PANELS = 3200


def outside(name: str, r: Floats, d: int) -> Floats:
    """Return the mass outside of radius r >= 0 of any shape, to 1e-14 absolute.

    For the logistic kernel in d > 2, which has no closed form, to 1e-10.
    """
    from scipy import special

    values: Floats
    with np.errstate(over="ignore", under="ignore"):
        if name == "gaussian":
            s = 0.5 * r * r
            values = np.exp(-s) if d == 2 else special.gammaincc(0.5 * d, s)
        elif name == "exponential":
            values = (1 + r) * np.exp(-r) if d == 2 else special.gammaincc(d, r)
        elif name == "cauchy":
            s = 1.0 / (1.0 + r * r)
            values = np.sqrt(s) if d == 2 else special.betainc(0.5, 0.5 * d, s)
        elif name == "logistic":
            values = _logistic(r) if d == 2 else _table(d)(np.minimum(r, FARTHEST))
        elif name == "cosine":
            values = _cosine(np.minimum(r, 1.0), d)
        else:
            a, b = POWERS[name]
            t = np.minimum(r, 1.0) ** a
            if a == d:
                values = (1.0 - t) ** (b + 1)
            else:
                values = special.betainc(b + 1.0, d / a, 1.0 - t)
    return values


def _logistic(r: Floats) -> Floats:
    """Return the integral of r sech(r/2)^2 by parts: 1 - tanh(r/2) = 2 / (1 + e^r)."""
    t = np.exp(-r)
    far = np.where(np.isinf(r), 0.0, r * t / (1.0 + t))
    values: Floats = (far + np.log1p(t)) / math.log(2.0)
    return values


def _cosine(r: Floats, d: int) -> Floats:
    """Integrate r^(d-1) (1 - r^2) P(r^2), of which the powers are known."""
    total, mass = np.zeros_like(r), 0.0
    for k, b in enumerate_even(d - 1, cosine_coefficients()):
        total += b * (r ** (k + 1) / (k + 1) - r ** (k + 3) / (k + 3))
        mass += b * (1.0 / (k + 1) - 1.0 / (k + 3))
    return np.maximum(1.0 - total / mass, 0.0)


@functools.cache
def _table(d: int) -> functools.partial[Floats]:
    """Tabulate the logistic kernel's mass outside, for interpolation by cubics."""
    from scipy.interpolate import CubicHermiteSpline

    x, w = np.polynomial.legendre.leggauss(8)
    # even in sqrt(r): closest near the centre, and wide in the tail
    edges = FARTHEST * np.linspace(0.0, 1.0, PANELS + 1) ** 2

    def f(r: Floats) -> Floats:
        t = np.exp(-r)
        values: Floats = r ** (d - 1.0) * t / (1.0 + t) ** 2
        return values

    half = 0.5 * np.diff(edges)
    masses = half * (f((edges[:-1] + half)[:, None] + half[:, None] * x) @ w)
    above = np.append(np.cumsum(masses[::-1])[::-1], 0.0)
    return functools.partial(
        CubicHermiteSpline(edges, above / above[0], -f(edges) / above[0])
    )
