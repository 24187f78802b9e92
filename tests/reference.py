"""Slow, exact oracles that share nothing with the library but its definitions.

Extended precision where the platform has it, and the log domain with radii that are
scaled before they are squared, so that an oracle overflows nowhere the answer does not.
"""

from __future__ import annotations

import functools
import itertools
import math

import mpmath as mp
import numpy as np

KERNELS = (
    "gaussian",
    "epanechnikov",
    "tophat",
    "triangular",
    "biweight",
    "triweight",
    "tricube",
    "cosine",
    "exponential",
    "logistic",
    "cauchy",
)
UNBOUNDED = ("gaussian", "exponential", "logistic", "cauchy")
COMPACT = tuple(name for name in KERNELS if name not in UNBOUNDED)

Real = np.longdouble


def log_profile(name, r, d):
    """Return log phi(r) for radii r >= 0: zero at the centre, -inf off the support."""
    r = np.asarray(r, dtype=Real)
    inside = np.where(r < 1, r, 0)
    half_pi = Real(mp.nstr(mp.pi / 2, 30))
    with np.errstate(all="ignore"):
        if name in UNBOUNDED:
            return {
                "gaussian": lambda: -r * r / 2,
                "exponential": lambda: -r,
                "logistic": lambda: -r - 2 * np.log1p(np.expm1(-r) / 2),
                "cauchy": lambda: -(d + 1) * np.log(np.hypot(Real(1), r)),
            }[name]()
        log_parabola = np.log1p(-inside) + np.log1p(inside)
        value = {
            "epanechnikov": lambda: log_parabola,
            "tophat": lambda: 0 * inside,
            "triangular": lambda: np.log1p(-inside),
            "biweight": lambda: 2 * log_parabola,
            "triweight": lambda: 3 * log_parabola,
            "tricube": lambda: 3 * np.log1p(-(inside**3)),
            "cosine": lambda: np.log(np.sin(half_pi * (1 - inside))),
        }[name]()
        return np.where(r < 1, value, -np.inf)


@functools.cache
def log_norm(name, d):
    """Return minus the log of the mass of phi(|u|) over d dimensions, by quadrature."""
    profiles = {
        "gaussian": lambda r: mp.exp(-r * r / 2),
        "epanechnikov": lambda r: 1 - r**2,
        "tophat": lambda _: mp.mpf(1),
        "triangular": lambda r: 1 - r,
        "biweight": lambda r: (1 - r**2) ** 2,
        "triweight": lambda r: (1 - r**2) ** 3,
        "tricube": lambda r: (1 - r**3) ** 3,
        "cosine": lambda r: mp.cos(mp.pi * r / 2),
        "exponential": lambda r: mp.exp(-r),
        "logistic": lambda r: mp.sech(r / 2) ** 2,
        # r = tan(t): the integral of r^(d-1) (1 + r^2)^(-(d+1)/2) dr
        "cauchy": lambda t: mp.sin(t) ** (d - 1) / t ** (d - 1),
    }
    with mp.workdps(30):
        far = mp.mpf(12 + 4 * d)
        borders = [0, 1] if name in COMPACT else [0, 1, far / 2, far, 2 * far, mp.inf]
        if name == "cauchy":
            borders = [0, mp.pi / 2]
        radial = mp.quad(lambda r: r ** (d - 1) * profiles[name](r), borders)
        sphere = 2 * mp.pi ** (mp.mpf(d) / 2) / mp.gamma(mp.mpf(d) / 2)
        return Real(mp.nstr(-mp.log(sphere * radial), 25))


def cholesky(matrix):
    """Return the lower root A of a covariance H = A A^T, in extended precision."""
    matrix = np.asarray(matrix, dtype=Real)
    root = np.zeros_like(matrix)
    for i, j in itertools.product(range(len(matrix)), repeat=2):
        if j < i:
            root[i, j] = (matrix[i, j] - root[i, :j] @ root[j, :j]) / root[j, j]
        elif j == i:
            root[i, i] = np.sqrt(matrix[i, i] - root[i, :i] @ root[i, :i])
    return root


def bandwidth_root(h, d):
    """Return A, with u = A^-1 (q - x), for a width, d widths or a (d, d) covariance."""
    h = np.asarray(h, dtype=Real)
    return cholesky(h) if h.ndim == 2 else np.diag(np.broadcast_to(h, d))


def whiten(differences, root):
    """Solve A u = q - x for each row, by forward substitution."""
    u = np.zeros_like(differences)
    for k in range(len(root)):
        rest = differences[..., k] - u[..., :k] @ root[k, :k]
        u[..., k] = rest / root[k, k]
    return u


def radius(u):
    """Return the length of each row, without overflow on the way."""
    largest = np.abs(u).max(axis=-1)
    safe = np.where(largest > 0, largest, 1)
    return safe * np.sqrt(((u / safe[..., None]) ** 2).sum(axis=-1))


def log_kernel(name, u, *, product=False):
    """Return log K(u) for u of shape (..., d)."""
    d = u.shape[-1]
    if product:
        parts = log_profile(name, np.abs(u), 1)
        return parts.sum(axis=-1) + d * log_norm(name, 1)
    return log_profile(name, radius(u), d) + log_norm(name, d)


def log_weights(weights, n):
    """Return logarithms of weights that sum to one."""
    w = np.ones(n, dtype=Real) if weights is None else np.asarray(weights, dtype=Real)
    with np.errstate(divide="ignore"):
        return np.log(w) - np.log(w.max()) - np.log((w / w.max()).sum())


def log_terms(x, q, h, kernel="gaussian", *, product=False, weights=None):
    """Return log(w_i K((q_j - x_i) / h) / det A), shape (m, n), extended precision."""
    x = np.asarray(x, dtype=Real).reshape(len(x), -1)
    q = np.asarray(q, dtype=Real).reshape(-1, x.shape[1])
    root = bandwidth_root(h, x.shape[1])
    volume = np.log(np.diag(root)).sum()
    u = whiten(q[:, None, :] - x, root)
    return (
        log_kernel(kernel, u, product=product) + log_weights(weights, len(x)) - volume
    )


def log_sum(terms):
    """Return the log of a sum of exponentials over the last axis."""
    top = terms.max(axis=-1)
    base = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return base + np.log(np.exp(terms - base[..., None]).sum(axis=-1))


def log_density(x, q, h, kernel="gaussian", *, product=False, weights=None):
    """Return the log of the kernel sum at q, in extended precision, shape (m,)."""
    terms = (
        log_terms(x, some, h, kernel, product=product, weights=weights)
        for some in np.array_split(q, max(1, len(q) * len(x) // 100_000))
    )
    return np.concatenate([log_sum(block) for block in terms])


def density(x, q, h, kernel="gaussian", *, product=False, weights=None):
    """Return the kernel sum at q, shape (m,)."""
    logs = log_density(x, q, h, kernel, product=product, weights=weights)
    return np.exp(logs).astype(float)


def local_log_terms(x, q, h, kernel="gaussian", *, weights=None):
    """Return log(w_i K((q_j - x_i) / h_i) / h_i) for 1-D data, shape (m, n).

    Point by point: the kernel around one point with its own bandwidth.
    """
    q = np.asarray(q, dtype=Real).reshape(-1)
    columns = [
        log_terms([point], q, width, kernel)[:, 0]
        for point, width in zip(np.ravel(x), h, strict=True)
    ]
    return np.stack(columns, axis=-1) + log_weights(weights, len(columns))


def local_log_density(x, q, h, kernel="gaussian", *, weights=None):
    """Return the log of the sum with a bandwidth for each point, shape (m,)."""
    return log_sum(local_log_terms(x, q, h, kernel, weights=weights))


def local_density(x, q, h, kernel="gaussian", *, weights=None):
    """Return the sum with a bandwidth for each point, shape (m,)."""
    logs = local_log_density(x, q, h, kernel, weights=weights)
    return np.exp(logs).astype(float)


def signed_sums(terms, weights):
    """Return the sums over positive and over negative weights, each shape (m,).

    `terms` are logarithms for equal weights, shape (m, n). The density is the first
    sum less the second.
    """
    values = np.exp(terms) * terms.shape[-1]
    w = np.asarray(weights, dtype=Real)
    w = w / w.sum()
    return values @ np.where(w > 0, w, 0), values @ np.where(w < 0, -w, 0)


def moments(x, weights=None):
    """Return the weighted mean, the unbiased covariance and n_eff."""
    x = np.asarray(x, dtype=Real).reshape(len(x), -1)
    w = np.exp(log_weights(weights, len(x)))
    mean = w @ x
    centred = x - mean
    n_eff = 1 / (w**2).sum()
    covariance = (centred * w[:, None]).T @ centred / (1 - 1 / n_eff)
    return mean, covariance, n_eff


def quantile(values, p, weights=None):
    """Return a weighted quantile by walking along the sorted values.

    The k-th value stands at (C_k - w_k/2 - w_1/2) / (W - w_1/2 - w_n/2); equal values
    share their weight equally.
    """
    weights = np.ones(len(values)) if weights is None else weights
    pairs = sorted((v, w) for v, w in zip(values, weights, strict=True) if w > 0)
    ties = {
        v: [w for _, w in group]
        for v, group in itertools.groupby(pairs, key=lambda pair: pair[0])
    }
    pairs = [(v, math.fsum(ws) / len(ws)) for v, ws in ties.items() for _ in ws]
    first, last = pairs[0][1], pairs[-1][1]
    span = math.fsum(w for _, w in pairs) - first / 2 - last / 2
    place, before = -first / 2, None
    for value, weight in pairs:
        here = (place + weight / 2) / span if span > 0 else 0.0
        if here >= p:
            if before is None or here == p:
                return value
            share = (p - before[0]) / (here - before[0])
            return before[1] + share * (value - before[1])
        before, place = (here, value), place + weight
    return pairs[-1][0]


def rule_bandwidth(x, rule, weights=None):
    """Return h (d = 1) or H (d > 1) of a rule of thumb for the Gaussian kernel."""
    x = np.asarray(x).reshape(len(x), -1)
    d = x.shape[1]
    _, covariance, n = moments(x, weights)
    normal = (4 / ((d + 2) * n)) ** Real(1 / (d + 4))
    if d > 1:
        factor = n ** Real(-1 / (d + 4)) if rule == "scott" else normal
        return (factor**2 * covariance).astype(float)
    s = math.sqrt(covariance[0, 0])
    iqr = quantile(x[:, 0], 0.75, weights) - quantile(x[:, 0], 0.25, weights)
    robust = min(s, iqr / 1.3489795003921634) if iqr > 0 else s
    return float(
        {
            "silverman": 0.9 * robust * n ** Real(-0.2),
            "scott": normal * robust,
            "normal_reference": normal * s,
        }[rule]
    )


def binned(x, lower, step, shape, *, weights=None, linear=True):
    """Share points among the nodes lower + j step, one point and corner at a time."""
    x = np.asarray(x).reshape(len(x), -1)
    w = np.exp(log_weights(weights, len(x))).astype(float)
    masses = np.zeros(shape)
    for point, mass in zip(x, w, strict=True):
        t = (point - lower) / step
        cell = np.clip(np.floor(t).astype(int), 0, np.array(shape) - 2)
        part = np.clip(t - cell, 0, 1) if linear else (t - cell >= 0.5).astype(float)
        for corner in itertools.product((0, 1), repeat=len(shape)):
            share = np.prod(np.where(corner, part, 1 - part))
            masses[tuple(cell + corner)] += mass * share
    return masses


def binned_sum(masses, nodes, h, kernel, *, product=False):
    """Sum kernels over the nodes that hold mass, at every node, without a transform."""
    filled = masses.ravel() > 0
    return density(
        nodes[filled], nodes, h, kernel, product=product, weights=masses.ravel()[filled]
    ).reshape(masses.shape)
