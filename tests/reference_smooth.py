"""Exact masses and derivatives of smooth kernels, in mpmath; nothing from src."""

from __future__ import annotations

import mpmath as mp
import numpy as np

DIGITS = 30


def mass_below(name, u):
    """Return the mass of a kernel below u, an mpf."""
    if name == "gaussian":
        return mp.erfc(-u / mp.sqrt(2)) / 2
    if name == "logistic":
        return 1 / (1 + mp.exp(-u))
    return mp.atan2(1, -u) / mp.pi


def derivative(name, order, u):
    """Return the derivative of a kernel at u, an mpf."""
    if name == "gaussian":
        hermite = mp.hermite(order, u / mp.sqrt(2)) / mp.sqrt(2) ** order
        return (-1) ** order * hermite * mp.npdf(u)
    if name == "cauchy":
        pole = (mp.mpc(u, -1)) ** (-order - 1)
        return (-1) ** order * mp.factorial(order) * pole.imag / mp.pi
    # the distribution function s has s' = s - s^2: polynomials in s, the constant first
    p = [0, 1, -1]
    for _ in range(order):
        steps = [k * c for k, c in enumerate(p)]
        p = [a - b for a, b in zip([*steps, 0], [0, *steps], strict=True)]
    s = mass_below("logistic", u)
    return mp.fsum(c * s**k for k, c in enumerate(p))


def masses(name, x, h, w, q, *, upper=False):
    """Mass below (above) each query: mpf numbers."""
    sign = -1 if upper else 1
    return [
        mp.fsum(
            mp.mpf(float(weight)) * mass_below(name, sign * _units(at, point, width))
            for point, width, weight in zip(x, h, w, strict=True)
        )
        for at in q
    ]


def derivatives(name, x, h, w, q, *, order):
    """Derivatives of the density (mpf), and sums of their absolute terms (float)."""
    exact, sizes = [], []
    for at in q:
        terms = [
            mp.mpf(float(weight))
            * derivative(name, order, _units(at, point, width))
            / mp.mpf(float(width)) ** (order + 1)
            for point, width, weight in zip(x, h, w, strict=True)
        ]
        exact.append(mp.fsum(terms))
        sizes.append(float(mp.fsum(abs(term) for term in terms)))
    return exact, np.array(sizes)


def errors(values, exact):
    """Absolute errors of floats against mpf numbers, shape (m,)."""
    pairs = zip(values, exact, strict=True)
    return np.array([float(abs(mp.mpf(float(v)) - e)) for v, e in pairs])


def _units(at, point, width):
    return (mp.mpf(float(at)) - mp.mpf(float(point))) / mp.mpf(float(width))
