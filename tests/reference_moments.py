"""Slow, exact oracles of moments, entropies and distances: mpmath on plain formulas."""

from __future__ import annotations

import functools

import mpmath as mp
import numpy as np

# K(u) in one dimension, normalised
KERNELS_1D = {
    "gaussian": lambda u: mp.exp(-u * u / 2) / mp.sqrt(2 * mp.pi),
    "epanechnikov": lambda u: mp.mpf(3) / 4 * (1 - u * u) if abs(u) < 1 else 0,
    "tophat": lambda u: mp.mpf(1) / 2 if abs(u) < 1 else 0,
    "triangular": lambda u: 1 - abs(u) if abs(u) < 1 else 0,
    "biweight": lambda u: mp.mpf(15) / 16 * (1 - u * u) ** 2 if abs(u) < 1 else 0,
    "triweight": lambda u: mp.mpf(35) / 32 * (1 - u * u) ** 3 if abs(u) < 1 else 0,
    "tricube": lambda u: mp.mpf(70) / 81 * (1 - abs(u) ** 3) ** 3 if abs(u) < 1 else 0,
    "cosine": lambda u: mp.pi / 4 * mp.cos(mp.pi * u / 2) if abs(u) < 1 else 0,
    "exponential": lambda u: mp.exp(-abs(u)) / 2,
    "logistic": lambda u: mp.sech(u / 2) ** 2 / 4,
    "cauchy": lambda u: 1 / (mp.pi * (1 + u * u)),
}
COMPACT = ("epanechnikov", "tophat", "triangular", "biweight", "triweight", "tricube")


def density(name, points, weights, widths):
    """Return f as a function of one mpf, and where it has kinks."""
    kernel = KERNELS_1D[name]
    x = [mp.mpf(float(p)) for p in points]
    w = [mp.mpf(float(p)) for p in weights]
    h = [mp.mpf(float(p)) for p in widths]
    total = mp.fsum(w)

    def f(q):
        return (
            mp.fsum(
                wi * kernel((q - xi) / hi) / hi
                for xi, wi, hi in zip(x, w, h, strict=True)
            )
            / total
        )

    around = (
        (-1, 0, 1) if name in (*COMPACT, "cosine") else (-60, -12, -4, 0, 4, 12, 60)
    )
    places = sorted({xi + k * hi for xi, hi in zip(x, h, strict=True) for k in around})
    return f, places


def integral(g, places, lower=None, upper=None):
    """Integrate g, which may have kinks at some places."""
    inside = [
        p
        for p in places
        if (lower is None or p > lower) and (upper is None or p < upper)
    ]
    first = [lower] if lower is not None else []
    last = [upper] if upper is not None else []
    return mp.quad(g, [*first, *inside, *last])


def moment(model, order, centre, lower=None, upper=None):
    """Mean of (x - centre)^order, of the density cut to an interval.

    `model` is (name, points, weights, widths).
    """
    f, places = density(*model)
    c = mp.mpf(float(centre))
    top = integral(lambda q: (q - c) ** order * f(q), places, lower, upper)
    return float(top / integral(f, places, lower, upper))


@functools.cache
def kernel_moment(name, order):
    """Mean of u^order under a kernel, in 50 digits."""
    kernel = KERNELS_1D[name]
    compact = name in (*COMPACT, "cosine")
    ends = [-1, 0, 1] if compact else [-400, -40, -8, 0, 8, 40, 400]
    with mp.workdps(50):
        return mp.quad(lambda u: u**order * kernel(u), ends)


def exact_sum_moment(model, order, centre):
    """Mean of (x - centre)^order by the binomial theorem, in 50 digits."""
    name, points, weights, widths = model
    mu = [kernel_moment(name, j) for j in range(order + 1)]
    with mp.workdps(50):
        w = [mp.mpf(float(v)) for v in weights]
        c = mp.mpf(float(centre))
        total = mp.mpf(0)
        for x, wi, h in zip(points, w, widths, strict=True):
            y, width = mp.mpf(float(x)) - c, mp.mpf(float(h))
            total += wi * mp.fsum(
                mp.binomial(order, j) * y ** (order - j) * width**j * mu[j]
                for j in range(order + 1)
            )
        return float(total / mp.fsum(w))


def entropy(model, lower=None, upper=None):
    """Mean of -log f of the density cut to an interval."""
    f, places = density(*model)
    mass = integral(f, places, lower, upper)

    def g(q):
        value = f(q) / mass
        return -value * mp.log(value) if value > 0 else mp.mpf(0)

    return float(integral(g, places, lower, upper))


def mass_above(pdf, level, ends, count=100_001):
    """Mass where a density exceeds a level, by a fine midpoint rule; to about 1e-4."""
    edges = np.linspace(*ends, count)
    middle = 0.5 * (edges[1:] + edges[:-1])
    f = pdf(middle)
    return float(f[f > level].sum() * (edges[1] - edges[0]))
