"""Oracles for distributions made of others: sums in long doubles, kernels by mpmath.

A kernel with some axes integrated is the integral of its profile over these; nothing is
taken from the closed forms that the library has.
"""

from __future__ import annotations

import functools

import mpmath as mp
import numpy as np

from tests import reference

Real = reference.Real


def profile(name, r, d):
    """Return phi(r) in mpmath."""
    return {
        "gaussian": lambda: mp.exp(-r * r / 2),
        "epanechnikov": lambda: 1 - r**2,
        "tophat": lambda: mp.mpf(1),
        "triangular": lambda: 1 - r,
        "biweight": lambda: (1 - r**2) ** 2,
        "triweight": lambda: (1 - r**2) ** 3,
        "tricube": lambda: (1 - r**3) ** 3,
        "cosine": lambda: mp.cos(mp.pi * r / 2),
        "exponential": lambda: mp.exp(-r),
        "logistic": lambda: mp.sech(r / 2) ** 2,
        "cauchy": lambda: (1 + r * r) ** (-mp.mpf(d + 1) / 2),
    }[name]()


@functools.cache
def shadow(name, d, kept, r):
    """Return the radial kernel in d dimensions with d - kept integrated, at r >= 0."""
    gone = d - kept
    with mp.workdps(25):
        norm = mp.exp(mp.mpf(str(reference.log_norm(name, d))))
        if not gone:
            inside = name in reference.UNBOUNDED or r < 1
            return float(norm * profile(name, mp.mpf(r), d)) if inside else 0.0
        r = mp.mpf(r)
        borders = [0, r / 8 + 0.01, r + 0.1, 2 * r + 1, 4 * r + 8, 20 * r + 60]
        if name == "cauchy":
            borders.append(mp.inf)
        if name in reference.COMPACT:
            if r >= 1:
                return 0.0
            end = mp.sqrt(1 - r * r)
            borders = [0, min(r, end) / 8, min(r, end) / 2, end]
        sphere = 2 * mp.pi ** (mp.mpf(gone) / 2) / mp.gamma(mp.mpf(gone) / 2)

        def integrand(t):
            return profile(name, mp.sqrt(r * r + t * t), d) * t ** (gone - 1)

        borders = sorted(set(borders))
        return float(norm * sphere * mp.quad(integrand, borders))


def marginal(x, q, h, name, axes, *, product=False, weights=None, local=None):
    """Return the kernel sum with all but some axes integrated, at q (m, k)."""
    n, d = x.shape
    axes = list(axes)
    w = np.ones(n) / n if weights is None else np.asarray(weights) / np.sum(weights)
    local = np.ones(n) if local is None else local
    matrix = np.asarray(h, dtype=float)
    if matrix.ndim < 2:
        matrix = np.diag(np.broadcast_to(matrix, d) ** 2)
    block = reference.cholesky(matrix[np.ix_(axes, axes)])
    total = np.zeros(len(q))
    for i in range(n):
        u = reference.whiten((np.asarray(q) - x[i, axes]).astype(Real), block)
        u = u / local[i]
        volume = np.prod(np.diag(block)) * local[i] ** len(axes)
        if product or name == "gaussian":
            values = np.exp(reference.log_kernel(name, u, product=True))
        else:
            radii = reference.radius(u).astype(float)
            values = np.array([shadow(name, d, len(axes), float(r)) for r in radii])
        total += (w[i] * values / volume).astype(float)
    return total


def joint(x, q, h, name, *, product=False, weights=None, local=None):
    """Return the kernel sum with a factor on the bandwidth for each point, at q."""
    return marginal(
        x,
        q,
        h,
        name,
        range(x.shape[1]),
        product=product,
        weights=weights,
        local=local,
    )


def images(q, bounds, boundary, count=12):
    """Yield the images of points (m, d) that a boundary sums over, axis by axis."""
    if not len(bounds):
        yield q
        return
    low, high = bounds[0]
    first, rest = q[:, :1], q[:, 1:]
    maps = [first]
    if boundary == "periodic":
        maps = [first + t * (high - low) for t in range(-count, count + 1)]
    elif boundary == "reflect":
        ends = np.isfinite(low), np.isfinite(high)
        if all(ends):
            shifts = [2 * t * (high - low) for t in range(-count, count + 1)]
            maps = [
                s * first + a + b for a in shifts for s, b in ((1, 0), (-1, 2 * low))
            ]
        elif any(ends):
            maps = [first, 2 * (low if ends[0] else high) - first]
    for tail in images(rest, bounds[1:], boundary, count):
        for image in maps:
            yield np.concatenate([image, tail], axis=1)
