"""Slow, exact oracles for probabilities and slopes within bounds (d = 1).

Densities of `bounded_reference` are integrated by its composite rule, split at every
kink of every image, and differentiated by Richardson extrapolation in long doubles.
"""

from __future__ import annotations

import math

import numpy as np

from tests import bounded_reference as oracle
from tests.reference import Real

NODES, SHARES = (part.astype(Real) for part in np.polynomial.legendre.leggauss(16))


def to_line(ends, v):
    """Map places between the ends to the line."""
    low, high = ends
    v = np.asarray(v, dtype=Real)
    with np.errstate(divide="ignore"):
        below = np.log(v - low) if math.isfinite(low) else 0
        above = np.log(high - v) if math.isfinite(high) else 0
    return below - above


def kinks(case, ends, boundary):
    """Where the density within bounds may have a kink."""
    h = np.broadcast_to(np.asarray(case.h, dtype=Real), np.shape(case.x))
    x = np.asarray(case.x, dtype=Real)
    own = np.concatenate([x + p * h for p in oracle.places(case.name)])
    low, high = map(Real, ends)
    if boundary in ("reflect", "periodic") and math.isfinite(high - low):
        period = (high - low) * (2 if boundary == "reflect" else 1)
        turns = np.arange(-40, 41) * period
        both = [own, 2 * low - own] if boundary == "reflect" else [own]
        own = np.concatenate([(part[:, None] + turns).ravel() for part in both])
    elif boundary == "reflect":
        end = low if math.isfinite(low) else high
        own = np.concatenate([own, 2 * end - own])
    elif boundary in ("renormalize", "linear"):
        places = np.array(oracle.places(case.name), dtype=Real) * h[0]
        finite = [end for end in ends if math.isfinite(end)]
        sides = [end + side * places for end in finite for side in (-1, 1)]
        own = np.concatenate([own, *sides])
    inside = own[(own > low) & (own < high)]
    return np.unique(inside)


def graded(low, high, bent, width, x):
    """Panels that grow with their distance from the data, for tails like powers."""
    near = x.min() - 60 * width, x.max() + 60 * width
    out = 60 * width * Real(1.3) ** np.arange(500)
    ends = np.concatenate([x.min() - out, x.max() + out])
    ends = np.unique(np.concatenate([[low, high], ends[(ends > low) & (ends < high)]]))
    inner = np.clip(near, low, high)
    if inner[1] > inner[0]:
        ends = np.union1d(ends, oracle.panels(*inner, bent, width))
    return np.union1d(ends, [b for b in bent if low < b < high])


def masses(case, boundary, ends, intervals, widest=1.0):
    """Integrate the density over intervals (m, 2), by panels of `widest` bandwidths."""
    # wide enough for tails that are nothing: of compact kernels exactly
    heavy = case.name in ("cauchy", "t5")
    far = Real(1e40) if heavy else 3 * oracle.span(case.name) * np.max(case.h)
    if boundary == "transform":
        case = case._replace(x=to_line(ends, case.x))
        log_density = oracle.log_free
        line = [to_line(ends, np.clip(pair, *ends)) for pair in intervals]
        intervals, ends = line, (-math.inf, math.inf)
        bent = kinks(case, ends, None)
        if case.name in oracle.ENDS:
            far = oracle.span(case.name) * np.max(case.h)
    else:
        bent = kinks(case, ends, boundary)

        def log_density(case, q):
            return oracle.LOGS[boundary](case, ends, q)

    x = np.asarray(case.x, dtype=Real)
    first, last = max(ends[0], x.min() - far), min(ends[1], x.max() + far)
    borders, owners = [], []
    for k, (a, b) in enumerate(intervals):
        low, high = np.clip(Real(a), first, last), np.clip(Real(b), first, last)
        if high <= low:
            continue
        width = Real(min(widest * np.min(case.h), (high - low) / 2))
        if heavy:
            parts = graded(low, high, bent, width, x)
        else:
            parts = oracle.panels(low, high, bent, width)
        borders.append(np.column_stack([parts[:-1], parts[1:]]))
        owners.append(np.full(len(parts) - 1, k))
    low, high = np.concatenate(borders).T
    half = (high - low) / 2
    q = (low + half)[:, None] + half[:, None] * NODES
    values = np.exp(log_density(case, q.ravel())).reshape(q.shape)
    total = np.zeros(len(intervals), dtype=Real)
    np.add.at(total, np.concatenate(owners), half * (values @ SHARES))
    return total


def slopes(case, boundary, ends, q, step=1e-3):
    """Differentiate the log density at q (m,), inside, by extrapolated differences."""
    q = np.asarray(q, dtype=Real)
    unit = Real(step * min(np.min(case.h), 1))
    if boundary == "transform":
        # a map to the line bends on the scale of the distance to a bound
        unit = unit * np.minimum(q - ends[0], ends[1] - q)
    row = []
    for level in range(5):
        d = unit / 2**level
        up, down = (oracle.LOGS[boundary](case, ends, q + s * d) for s in (1, -1))
        # NaN where the density is zero
        with np.errstate(invalid="ignore"):
            following = [(up - down) / (2 * d)]
            for k, before in enumerate(row):
                factor = Real(4) ** (k + 1)
                following.append((factor * following[k] - before) / (factor - 1))
        row = following
    return row[-1]
