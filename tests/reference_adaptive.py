"""The adaptive rules as written in the documentation, from the exact oracle's pilot."""

from __future__ import annotations

import numpy as np

from tests import reference


def bandwidths(x, rule, weights=None):
    """Return one h for each point, (n,)."""
    x = np.asarray(x, dtype=float)
    w = np.exp(reference.log_weights(weights, len(x)))
    n = 1 / (w**2).sum()
    scott = reference.rule_bandwidth(x, "scott", weights)
    silverman = reference.rule_bandwidth(x, "silverman", weights)
    spread = silverman / 0.9 * n ** reference.Real(0.2)
    log_f = reference.log_density(x, x, silverman, weights=weights)
    f = np.exp(log_f)
    return {
        "adaptive_zfit": scott * (w * np.sqrt(f)).sum() / np.sqrt(f),
        "adaptive_geom": spread
        * n ** reference.Real(-0.2)
        * np.exp(((w * log_f).sum() - log_f) / 2),
        "adaptive_std": (reference.Real(4) / 3) ** reference.Real(0.2)
        * n ** reference.Real(-0.2)
        * np.sqrt(spread / f),
    }[rule].astype(float)


def density(x, q, h, kernel="gaussian", weights=None):
    """Return the sum of kernels of a bandwidth each, point by point, shape (m,)."""
    w = np.exp(reference.log_weights(weights, len(x)))
    q = np.asarray(q, dtype=reference.Real)
    total = np.zeros(len(q), dtype=reference.Real)
    for point, width, weight in zip(x, h, w, strict=True):
        u = (q - reference.Real(point)) / reference.Real(width)
        total += weight * np.exp(reference.log_kernel(kernel, u[:, None])) / width
    return total.astype(float)


def log_pilot(x, q, weights=None):
    """Return the log of Silverman's estimate at q, shape (m,)."""
    h = reference.rule_bandwidth(x, "silverman", weights)
    return reference.log_density(x, q, h, weights=weights)


def times(h, factor):
    """Return a width, widths or a covariance for kernels `factor` times as wide."""
    h = np.asarray(h, dtype=reference.Real)
    return h * reference.Real(factor) ** (2 if h.ndim == 2 else 1)


def local_log_density(
    x, q, h, factors, kernel="gaussian", *, product=False, weights=None
):
    """Return the log of the sum where point i has `factors[i]` times h, shape (m,)."""
    columns = [
        reference.log_terms([point], q, times(h, factor), kernel, product=product)[:, 0]
        for point, factor in zip(np.asarray(x), factors, strict=True)
    ]
    terms = np.stack(columns, axis=-1) + reference.log_weights(weights, len(columns))
    return reference.log_sum(terms)


def abramson(x, h, weights=None):
    """Return the factors of the square root law, (n,), for a pilot of bandwidth h."""
    w = np.exp(reference.log_weights(weights, len(x)))
    log_f = reference.log_density(x, x, h, weights=weights)
    return np.exp(((w * log_f).sum() - log_f) / 2)


def neighbour_distances(x, k, weights=None):
    """Return how far the k-th other point is, or a share k / n_eff of them, (n,).

    Point by point: all others in the order of their distance, and their weights.
    """
    x = np.asarray(x, dtype=reference.Real).reshape(len(x), -1)
    w = np.exp(reference.log_weights(weights, len(x)))
    n_eff = 1 / (w**2).sum()
    result = []
    for i in range(len(x)):
        away = reference.radius(x - x[i])
        order = [j for j in np.argsort(away, kind="stable") if j != i]
        sums = np.cumsum(w[order])
        # a share that is reached but for rounding is reached
        there = np.flatnonzero(sums > k / n_eff * (1 - reference.Real(1e-9)))
        result.append(away[order[there[0] if there.size else -1]])
    return np.array(result)
