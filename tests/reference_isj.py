"""A slow, independent solution of the improved Sheather-Jones equation.

Botev, Grotowski & Kroese (2010), algorithm 1, term by term in extended precision:
explicit cosine sums over the cells instead of a transform, every norm over the same
long list of frequencies, the root by Brent's method between brackets from a fine scan.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize

CELLS = 1 << 14
Real = np.longdouble
PI = Real(np.pi) + Real(1.2246467991473532e-16)


def coefficients(x, weights=None, ends=None, *, binned=True, count=1200):
    """Return the cosine coefficients a_1, ..., a_count and the width of the interval.

    On [min - R/2, max + R/2], or between `ends` where these are finite; from the cells'
    contents, shared linearly between the middles of neighbouring cells, or from the
    points themselves.
    """
    x = np.asarray(x, dtype=float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    w = (w / w.sum()).astype(Real)
    low, high = x.min(), x.max()
    first, last = low - (high - low) / 2, high + (high - low) / 2
    if ends is not None:
        first = ends[0] if math.isfinite(ends[0]) else first
        last = ends[1] if math.isfinite(ends[1]) else last
    width = Real(last) - Real(first)
    place = (x.astype(Real) - Real(first)) / width
    if binned:
        t = np.clip(place * CELLS - Real(0.5), 0, CELLS - 1)
        cell = np.minimum(np.floor(t).astype(int), CELLS - 2)
        masses = np.zeros(CELLS, dtype=Real)
        np.add.at(masses, cell, w * (1 - (t - cell)))
        np.add.at(masses, cell + 1, w * (t - cell))
        filled = np.flatnonzero(masses)
        place, w = (filled + Real(0.5)) / CELLS, masses[filled]
    # cos(k t) by the recurrence of Chebyshev would lose digits: term by term
    angle = (PI * place).astype(float)
    weight = w.astype(float)
    sums = [2 * (np.cos(k * angle) * weight).sum() for k in range(1, count + 1)]
    return np.array(sums, dtype=Real), width


def norm(s, t, a):
    """Return |f^(s)|^2 = 2 pi^(2s) sum k^(2s) (a_k/2)^2 exp(-k^2 pi^2 t)."""
    k = np.arange(1, len(a) + 1, dtype=Real)
    terms = k ** (2 * s) * (a / 2) ** 2 * np.exp(-(k**2) * PI**2 * Real(t))
    return 2 * PI ** (2 * s) * terms.sum()


def next_t(t, a, n):
    """Return xi gamma(t): five stages down from the seventh derivative."""
    f = norm(7, t, a)
    for s in (6, 5, 4, 3, 2):
        odd = Real(math.prod(range(1, 2 * s, 2))) / np.sqrt(2 * PI)
        constant = (1 + Real(2) ** -(s + Real(0.5))) / 3
        t = (2 * constant * odd / (n * f)) ** (2 / Real(3 + 2 * s))
        f = norm(s, t, a)
    return (2 * n * np.sqrt(PI) * f) ** Real(-0.4)


def bandwidth(x, weights=None, ends=None, *, n=None, binned=True, count=1200):
    """Return h, with n the effective number of points unless given."""
    a, width = coefficients(x, weights, ends, binned=binned, count=count)
    if n is None:
        w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=Real)
        n = w.sum() ** 2 / (w**2).sum()

    def excess(log_t):
        t = np.exp(Real(log_t))
        return float(np.log(next_t(t, a, n)) - np.log(t))

    # the largest t at which xi gamma(t) - t turns negative: smaller ones are spikes
    scan = np.arange(math.log(110 / (math.pi * count) ** 2), math.log(0.25), 0.05)
    signs = [excess(point) > 0 for point in scan]
    last = max(i for i in range(len(scan) - 1) if signs[i] and not signs[i + 1])
    root = optimize.brentq(excess, scan[last], scan[last + 1], xtol=1e-14)
    return float(np.sqrt(np.exp(Real(root))) * width)
