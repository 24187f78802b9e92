"""Slow, exact oracles for densities within bounds (d = 1), from definitions alone.

Mirror images and periods are summed one by one, masses and moments integrated by
composite Gauss-Legendre rules that know every kink. Extended precision throughout.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from tests.reference import (
    COMPACT,
    KERNELS,
    Real,
    log_norm,
    log_profile,
    log_sum,
    log_weights,
)

NODES, SHARES = (part.astype(Real) for part in np.polynomial.legendre.leggauss(30))


def lopsided(u):
    """A kernel as a function: not symmetric, of mass 32, zero beyond two."""
    u = np.asarray(u)
    return np.where(np.abs(u) < 2, (4 - u**2) * (3 + u), 0.0)


SPECIAL = {"moyal": stats.moyal, "t5": stats.t(df=5), "callable": lopsided}
NAMES = (*KERNELS, *SPECIAL)
SYMMETRIC = (*KERNELS, "t5")
# where a kernel ends; where it has become 1e-20 of its peak
ENDS = {**dict.fromkeys(COMPACT, 1.0), "callable": 2.0}
REACH = {"gaussian": 10, "exponential": 48, "logistic": 50, "moyal": 95, "t5": 4000}


def kernel_of(name):
    """The `kernel` argument that a name here stands for."""
    return SPECIAL.get(name, name)


def log_kernel(name, u):
    """Return log K(u) of a 1-D kernel."""
    u = np.asarray(u, dtype=Real)
    if name == "moyal":
        with np.errstate(over="ignore"):
            tail = np.exp(-u)
        return -(u + tail) / 2 - np.log(2 * Real(np.pi)) / 2
    if name == "t5":
        peak = Real(8) / (3 * Real(np.pi) * np.sqrt(Real(5)))
        return np.log(peak) - 3 * np.log1p(u * u / 5)
    if name == "callable":
        with np.errstate(divide="ignore"):
            return np.log(lopsided(u)) - np.log(Real(32))
    return log_profile(name, np.abs(u), 1) + log_norm(name, 1)


def span(name):
    """Bandwidths beyond which a kernel is nothing."""
    return ENDS.get(name) or REACH[name]


def places(name):
    """Where the kernel has kinks, or its tails begin, in bandwidths."""
    end = ENDS.get(name)
    return (-end, 0.0, end) if end else (0.0,)


class Case(NamedTuple):
    """A 1-D estimate without bounds: kernel, data, bandwidths and weights."""

    name: str
    x: Any
    h: Any
    weights: Any = None

    @property
    def shares(self):
        """Weights that sum to one."""
        return np.exp(log_weights(self.weights, len(self.x)))


def log_free(case, q):
    """Return the log density without bounds at q of any shape."""
    x, h, q = (np.asarray(part, dtype=Real) for part in (case.x, case.h, q))
    u = (q[..., None] - x) / h
    logs = log_kernel(case.name, u) + log_weights(case.weights, len(x))
    return log_sum(logs - np.log(h))


def panels(first, last, kinks, width):
    """Borders from first to last, at most `width` apart, at every kink."""
    kinks = [k for k in kinks if first < k < last]
    borders = np.unique(np.array([first, *kinks, last], dtype=Real))
    parts = []
    for low, high in itertools.pairwise(borders):
        count = max(1, math.ceil((high - low) / width))
        parts.append(low + (high - low) * np.arange(count) / Real(count))
    return np.append(np.concatenate(parts), borders[-1])


def quad(f, borders):
    """Integrate f over panels."""
    half = np.diff(borders) / 2
    q = (borders[:-1] + half)[:, None] + half[:, None] * NODES
    return half @ (f(q) @ SHARES)


def moments(name, powers, low, high):
    """Integrate u^l K(u) between ends (m,), for each power l.

    One rule over all panels between the ends; differences of the running total.
    """
    far = span(name)
    if name == "t5":
        outer = np.geomspace(60, 1e7, 200)
        base = [*-outer, *np.arange(-60, 60, 0.5), *outer]
    else:
        base = [*np.arange(-far, far, 0.5), far, *places(name)]
    base = np.asarray(base, dtype=Real)
    low, high = (np.clip(end, base.min(), base.max()) for end in (low, high))
    borders = np.unique(np.concatenate([base, low, high]))
    half = np.diff(borders) / 2
    u = (borders[:-1] + half)[:, None] + half[:, None] * NODES
    values = np.exp(log_kernel(name, u))
    first, last = (np.searchsorted(borders, end) for end in (low, high))
    found = []
    for power in powers:
        total = np.append(0, np.cumsum(half * ((u**power * values) @ SHARES)))
        found.append(total[last] - total[first])
    return found


def mass_inside(case, ends):
    """Integrate the density without bounds between ends, point by point."""
    low, high = ((Real(end) - np.asarray(case.x, dtype=Real)) / case.h for end in ends)
    if case.name == "cauchy":
        low, high = (np.clip(end, -1e30, 1e30) for end in (low, high))
        parts = np.arctan2(high - low, 1 + low * high) / Real(np.pi)
    else:
        (parts,) = moments(case.name, [0], low, high)
    return case.shares @ parts


def log_cut(case, ends, q):
    """Return the log density over its mass inside."""
    return log_free(case, q) - np.log(mass_inside(case, ends))


def log_images(case, q, images):
    """Return the log of the sum of the density over maps of the query."""
    q = np.asarray(q, dtype=Real)
    return log_sum(np.stack([log_free(case, image(q)) for image in images], axis=-1))


def log_reflect(case, ends, q):
    """Sum mirror images; the Cauchy's by its closed form on a circle."""
    low, high = map(Real, ends)
    q = np.asarray(q, dtype=Real)
    if np.isinf(high - low):
        end = high if np.isinf(low) else low
        return log_images(case, q, [lambda q: q, lambda q: 2 * end - q])
    period = 2 * (high - low)
    if case.name == "cauchy":
        both = (q, 2 * low - q)
        return np.log(sum(wrapped_cauchy(case, period, part) for part in both))
    count = math.ceil(span(case.name) * np.max(case.h) / (high - low)) + 3
    images = [
        lambda q, k=k, mirror=mirror: (2 * low - q if mirror else q) + k * period
        for k in range(-count, count + 1)
        for mirror in (False, True)
    ]
    return log_images(case, q, images)


def log_periodic(case, ends, q):
    """Sum over all periods; the Cauchy's by its closed form."""
    low, high = map(Real, ends)
    period = high - low
    if case.name == "cauchy":
        return np.log(wrapped_cauchy(case, period, q))
    offset = math.ceil(np.abs(np.asarray(case.x) - low).max() / period)
    count = math.ceil(span(case.name) * np.max(case.h) / period) + 3 + offset
    images = [lambda q, k=k: q + k * period for k in range(-count, count + 1)]
    return log_images(case, q, images)


def wrapped_cauchy(case, period, q):
    """Return the sum of Cauchy kernels over all periods, in closed form."""
    turn = 2 * Real(np.pi) / period
    x, q = np.asarray(case.x, dtype=Real), np.asarray(q, dtype=Real)
    g = turn * np.asarray(case.h, dtype=Real)
    # cosh g - cos a = 2 sinh^2(g/2) + 2 sin^2(a/2), without cancellation
    half = np.sin(turn * (q[..., None] - x) / 2) ** 2
    terms = np.sinh(g) / (2 * np.sinh(g / 2) ** 2 + 2 * half) / period
    return terms @ case.shares


def log_renormalize(case, ends, q):
    """Return the log of F over the mass of the kernel inside, normalised."""
    return _normalised(_log_over_mass, case, ends, q)


def log_linear(case, ends, q):
    """Return the log of the local-linear estimate made positive, normalised."""
    return _normalised(_log_tilted, case, ends, q)


def _log_over_mass(case, ends, q):
    """Return log F / a0 at q (m,)."""
    (a0,) = moments(case.name, [0], (q - ends[1]) / case.h, (q - ends[0]) / case.h)
    return log_free(case, q) - np.log(a0)


def _log_tilted(case, ends, q):
    """Return the log of fbar exp(fL / fbar - 1) at q (m,)."""
    low, high = (q - ends[1]) / case.h, (q - ends[0]) / case.h
    a0, a1, a2 = moments(case.name, range(3), low, high)
    f0 = log_free(case, q)
    u = (q[:, None] - np.asarray(case.x, dtype=Real)) / case.h
    base = np.where(np.isfinite(f0), f0, 0)
    # relative to f0, which is right in any tail
    terms = np.exp(log_kernel(case.name, u) - np.log(Real(case.h)) - base[:, None])
    lean = (terms * u) @ case.shares
    return f0 - np.log(a0) + a0 * (a2 - a1 * lean) / (a0 * a2 - a1**2) - 1


def _normalised(corrected, case, ends, q):
    """Divide a corrected estimate by its integral between the ends."""
    name, x, h, _ = case
    far = span(name) * h
    first, last = max(ends[0], min(x) - far), min(ends[1], max(x) + far)
    kinks = [end + p * h for end in (*ends, *x) for p in places(name)]
    borders = panels(first, last, kinks, min(h / 4, (last - first) / 32))
    if name == "t5":
        # beyond the data the tail is smooth
        inner = (borders > min(x) - 60 * h) & (borders < max(x) + 60 * h)
        outer = np.geomspace(60 * h, 4000 * h, 60)
        outer = np.concatenate([min(x) - outer, max(x) + outer])
        outer = outer[(outer > first) & (outer < last)]
        borders = np.union1d(borders[inner], np.append(outer, [first, last]))

    def density(q):
        return np.exp(corrected(case, ends, q.ravel())).reshape(q.shape)

    total = quad(density, borders)
    return corrected(case, ends, np.asarray(q, dtype=Real)) - np.log(total)


def log_transform(case, ends, q):
    """Return the log density by a change of variable."""
    low, high = ends
    q = np.asarray(q, dtype=Real)

    def line(v):
        v = np.asarray(v, dtype=Real)
        below = np.log(v - low) if math.isfinite(low) else 0
        above = np.log(high - v) if math.isfinite(high) else 0
        return below - above

    slope = sum(1 / np.abs(q - end) for end in ends if math.isfinite(end))
    return log_free(case._replace(x=line(case.x)), line(q)) + np.log(slope)


LOGS = {
    None: log_cut,
    "reflect": log_reflect,
    "periodic": log_periodic,
    "renormalize": log_renormalize,
    "linear": log_linear,
    "transform": log_transform,
}
