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
