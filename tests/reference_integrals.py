"""Exact masses and derivatives of kernel sums, in 60 digits; definitions alone."""

from __future__ import annotations

import functools
import math

import mpmath as mp
import numpy as np

from tests.reference import COMPACT

DIGITS = 60
# phi(r) on [0, 1] as coefficients of r^0, r^1, ...
POLYNOMIALS = {
    "epanechnikov": [1, 0, -1],
    "tophat": [1],
    "triangular": [1, -1],
    "biweight": [1, 0, -2, 0, 1],
    "triweight": [1, 0, -3, 0, 3, 0, -1],
    "tricube": [1, 0, 0, -3, 0, 0, 3, 0, 0, -1],
}


def profile(name, r):
    """Return the 1-D phi(r) at r >= 0, inside of the support."""
    if name in POLYNOMIALS:
        return sum(mp.mpf(c) * r**k for k, c in enumerate(POLYNOMIALS[name]))
    return {
        "gaussian": lambda: mp.exp(-r * r / 2),
        "cosine": lambda: mp.cos(mp.pi * r / 2),
        "exponential": lambda: mp.exp(-r),
        "logistic": lambda: mp.sech(r / 2) ** 2,
        "cauchy": lambda: 1 / (1 + r * r),
    }[name]()


def half_mass(name, r):
    """Return the integral of phi from r to infinity, or to the edge."""
    if name in POLYNOMIALS:
        r = min(r, mp.mpf(1))
        terms = enumerate(POLYNOMIALS[name])
        return sum(mp.mpf(c) / (k + 1) * (1 - r ** (k + 1)) for k, c in terms)
    return {
        "gaussian": lambda: mp.sqrt(mp.pi / 2) * mp.erfc(r / mp.sqrt(2)),
        "cosine": lambda: 2 / mp.pi * (1 - mp.sin(mp.pi * min(r, mp.mpf(1)) / 2)),
        "exponential": lambda: mp.exp(-r),
        "logistic": lambda: 4 / (1 + mp.exp(r)),
        "cauchy": lambda: mp.acot(r) if r else mp.pi / 2,
    }[name]()


@functools.cache
def whole(name):
    """Return the integral of phi(|u|) over the line."""
    with mp.workdps(DIGITS):
        return 2 * half_mass(name, mp.mpf(0))


def tail(name, u):
    """Return the mass of the kernel below u, in as many digits as are at work."""
    if u == mp.inf:
        return mp.mpf(1)
    if u == -mp.inf:
        return mp.mpf(0)
    small = half_mass(name, abs(u)) / whole(name)
    return 1 - small if u > 0 else small


def piece(name, low, high):
    """Return the mass of the kernel between two ends."""
    if low >= 0:
        low, high = -high, -low
    return tail(name, high) - tail(name, low)


def derivative(name, u, order):
    """Return K^(order)(u) where it is smooth; zero off the support."""
    r = abs(u)
    if name in COMPACT and r >= 1:
        return mp.mpf(0)
    side = mp.sign(u) if order % 2 else 1
    if name in POLYNOMIALS:
        total = sum(
            mp.mpf(c) * math.perm(k, order) * r ** (k - order)
            for k, c in enumerate(POLYNOMIALS[name])
            if k >= order
        )
    else:
        total = mp.diff(lambda v: profile(name, v), r, order)
    return side * total / whole(name)


def _parts(x, weights, h):
    x = np.asarray(x, dtype=float)
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    h = np.broadcast_to(np.asarray(h, float), x.shape)
    total = mp.fsum(map(mp.mpf, weights))
    return [
        (mp.mpf(a), mp.mpf(w) / total, mp.mpf(s))
        for a, w, s in zip(x.tolist(), weights.tolist(), h.tolist(), strict=True)
    ]


def line_mass(name, x, weights, h, low, high):  # noqa: PLR0917 - data, then ends
    """Return the mass between two ends, a number of any size."""
    # tails at 1e5 bandwidths differ by e^-5e9: relative precision, whatever the size
    with mp.workdps(DIGITS):
        low, high = mp.mpf(float(low)), mp.mpf(float(high))
        return mp.fsum(
            w * piece(name, (low - a) / s, (high - a) / s)
            for a, w, s in _parts(x, weights, h)
        )


def log_line_mass(name, x, weights, h, low, high):  # noqa: PLR0917 - likewise
    """Return the logarithm of the mass as a float, -inf where there is none."""
    mass = line_mass(name, x, weights, h, low, high)
    with mp.workdps(DIGITS):
        return float(mp.log(mass)) if mass > 0 else -math.inf


def line_derivative(name, x, weights, h, q, order):  # noqa: PLR0917 - likewise
    """Return the derivative of an order of a sum, a number of any size."""
    with mp.workdps(DIGITS):
        q = mp.mpf(float(q))
        return mp.fsum(
            w * derivative(name, (q - a) / s, order) / s ** (order + 1)
            for a, w, s in _parts(x, weights, h)
        )


def line_score(name, x, weights, h, q):
    """Return the derivative of the log density as a float."""
    slope = line_derivative(name, x, weights, h, q, 1)
    density = line_derivative(name, x, weights, h, q, 0)
    with mp.workdps(DIGITS):
        return float(slope / density)


def box_mass(profile_2d, points, weights, root, *box, pieces=12):
    """Return the mass of a radial or other kernel K(A^-1 (q - x)) in a finite box.

    Gauss-Legendre rules on many panels, the panels cut at the points: slow.
    """
    (low, high), d = box, len(root)
    nodes, shares = np.polynomial.legendre.leggauss(16)
    axes = []
    for k in range(d):
        cuts = np.linspace(low[k], high[k], pieces + 1)
        inner = [p for p in points[:, k] if low[k] < p < high[k]]
        cuts = np.unique(np.concatenate((cuts, inner)))
        half = 0.5 * np.diff(cuts)[:, None]
        at = (cuts[:-1, None] + half) + half * nodes
        axes.append((at.ravel(), (half * shares).ravel()))
    grid = np.stack(np.meshgrid(*[a for a, _ in axes], indexing="ij"), axis=-1)
    share = functools.reduce(np.multiply.outer, [s for _, s in axes])
    total, inverse = 0.0, np.linalg.inv(root)
    for point, weight in zip(points, weights, strict=True):
        total += weight * float((profile_2d((grid - point) @ inverse.T) * share).sum())
    return total / abs(np.linalg.det(root))
