"""Masses and derivatives of 1-D kernels in extended precision, by other formulas.

A mass is a Gauss-Legendre sum over the profile from the edge of its support, exact for
the polynomials and relatively right in the tail; derivatives are written out by hand.
"""

from __future__ import annotations

import functools

import mpmath as mp
import numpy as np

from tests.reference import Real

NODES = 5


@functools.cache
def rule():
    """Return nodes and weights on [0, 1]; exact to degree 9."""
    with mp.workdps(30):
        rough = np.polynomial.legendre.leggauss(NODES)[0].tolist()
        roots = [mp.findroot(lambda t: mp.legendre(NODES, t), r) for r in rough]
        # (1 - r^2) P'(r) = n (P_n-1(r) - r P_n(r))
        slopes = [NODES * mp.legendre(NODES - 1, r) / (1 - r * r) for r in roots]
        weights = [
            1 / ((1 - r * r) * s * s) for r, s in zip(roots, slopes, strict=True)
        ]
        nodes = [(1 + r) / 2 for r in roots]
        return [[Real(mp.nstr(v, 25)) for v in row] for row in (nodes, weights)]


def lower_tail(name, r):
    """Return the mass of the kernel below -r, for r >= 0."""
    if name == "exponential":
        return np.exp(-r) / 2
    length = 1 - np.minimum(r, 1)
    if name == "cosine":
        return np.sin(Real(mp.nstr(mp.pi / 4, 30)) * length) ** 2
    # the profile at a distance of t from the edge, and its mass
    profile, mass = {
        "tophat": (np.ones_like, 2),
        "epanechnikov": (lambda t: t * (2 - t), Real(4) / 3),
        "biweight": (lambda t: (t * (2 - t)) ** 2, Real(16) / 15),
        "triweight": (lambda t: (t * (2 - t)) ** 3, Real(32) / 35),
        "triangular": (lambda t: t, 1),
        "tricube": (lambda t: (t * (3 - 3 * t + t * t)) ** 3, Real(81) / 70),
    }[name]
    total = np.zeros_like(length)
    for node, weight in zip(*rule(), strict=True):
        total += weight * profile(length * node)
    return length * total / mass


def kernel_derivative(name, u, order):
    """Return a derivative of the kernel; zero where it is a kink or an edge."""
    u = np.asarray(u, dtype=Real)
    sign, r, s = np.sign(u), np.abs(u), u * u
    if name == "exponential":
        return -sign * np.exp(-r) / 2
    half_pi = Real(mp.nstr(mp.pi / 2, 30))
    t = r**3
    value = {
        ("epanechnikov", 1): lambda: -3 * u / 2,
        ("biweight", 1): lambda: -15 * u * (1 - s) / 4,
        ("biweight", 2): lambda: -15 * (1 - 3 * s) / 4,
        ("triweight", 1): lambda: -105 * u * (1 - s) ** 2 / 16,
        ("triweight", 2): lambda: -105 * (1 - s) * (1 - 5 * s) / 16,
        ("triweight", 3): lambda: 105 * u * (3 - 5 * s) / 4,
        ("triangular", 1): lambda: -sign,
        ("tricube", 1): lambda: -70 * sign * s * (1 - t) ** 2 / 9,
        ("tricube", 2): lambda: -140 * r * (1 - t) * (1 - 4 * t) / 9,
        ("tricube", 3): lambda: -140 * sign * (1 - 20 * t + 28 * t * t) / 9,
        ("cosine", 1): lambda: -half_pi * half_pi * np.sin(half_pi * u) / 2,
    }[name, order]()
    return np.where(r < 1, value, 0)


def shares(weights, n):
    """Return weights that sum to one."""
    w = np.ones(n) if weights is None else weights
    w = np.asarray(w, dtype=Real)
    return w / w.sum()


def masses(name, x, h, q, weights=None):
    """Return the masses below and above each query."""
    u = (np.asarray(q, Real)[:, None] - np.asarray(x, Real)) / np.asarray(h, Real)
    w = shares(weights, len(x))
    tail = lower_tail(name, np.abs(u))
    below = np.where(u > 0, 1 - tail, tail)
    return below @ w, np.where(u > 0, tail, 1 - tail) @ w


def derivative(name, x, h, q, order, *, weights=None):
    """Return a derivative of the density at each query."""
    h = np.broadcast_to(np.asarray(h, Real), len(x))
    u = (np.asarray(q, Real)[:, None] - np.asarray(x, Real)) / h
    return kernel_derivative(name, u, order) @ (
        shares(weights, len(x)) / h ** (order + 1)
    )
