"""Criteria of bandwidths over all pairs, one by one, in extended precision.

Written from the papers: Scott & Terrell (1987) for UCV and BCV, Jones, Marron & Park
(1991) for SCV, Sheather & Jones (1991), Wand & Jones (1995) for plug-ins. The normal
derivatives are explicit polynomials.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize

from tests import reference

Real = np.longdouble
ROOT_2PI = np.sqrt(2 * np.arccos(Real(-1)))
ROOT_PI = np.sqrt(np.arccos(Real(-1)))

# Hermite polynomials: coefficients of u^0, u^2, u^4, ...
HERMITE = {
    0: (1,),
    2: (-1, 1),
    4: (3, -6, 1),
    6: (-15, 45, -15, 1),
    8: (105, -420, 210, -28, 1),
    10: (-945, 4725, -3150, 630, -45, 1),
    12: (10395, -62370, 51975, -13860, 1485, -66, 1),
}
# What Sheather & Jones's equation needs, and as R rounds it: the two pilots for normal
# data, the factor of alpha_2, and that of the direct plug-in.
EXACT = {
    "a": (96 / (15 * math.sqrt(2))) ** (1 / 7),
    "b": (960 / (105 * math.sqrt(2))) ** (1 / 9),
    "alpha": (6 * math.sqrt(2)) ** (1 / 7),
    "iqr": 1.3489795003921634,
}
ROUNDED = {"a": 1.24, "b": 1.23, "alpha": 1.357, "iqr": 1.349}


def weights_of(x, weights):
    """Return weights that sum to one."""
    w = np.ones(len(x)) if weights is None else weights
    w = np.asarray(w, dtype=Real)
    return w / w.sum()


def derivative(u, order):
    """Return the derivative of the standard normal density."""
    square = u * u
    polynomial = sum(c * square**k for k, c in enumerate(HERMITE[order]))
    return polynomial * np.exp(-square / 2) / ROOT_2PI


def pair_sum(x, width, order, weights=None, *, own=False):
    """Sum w_i w_j phi_g^(r)(x_i - x_j) over i != j, or over all i and j."""
    x, w, g = np.asarray(x, dtype=Real), weights_of(x, weights), Real(width)
    i, j = np.triu_indices(len(x), 1)
    values = derivative((x[i] - x[j]) / g, order)
    total = 2 * (w[i] * w[j] * values).sum()
    if own:
        total += (w * w).sum() * derivative(Real(0), order)
    return total / g ** (order + 1)


def size(x, weights=None):
    """Return n_eff."""
    return 1 / (weights_of(x, weights) ** 2).sum()


def spread(x, weights=None, constants=EXACT):
    """Return min(s, IQR / 1.349)."""
    _, covariance, _ = reference.moments(x, weights)
    first, last = (reference.quantile(x, p, weights) for p in (0.25, 0.75))
    s = float(np.sqrt(covariance[0, 0]))
    return min(s, (last - first) / constants["iqr"]) if last > first else s


def ucv(x, h, weights=None):
    """Integrate the squared estimate, less twice its mean at left out points."""
    wide = pair_sum(x, math.sqrt(2) * h, 0, weights)
    return float(
        1 / (2 * ROOT_PI * size(x, weights) * Real(h))
        + wide
        - 2 * pair_sum(x, h, 0, weights) / (1 - 1 / size(x, weights))
    )


def bcv(x, h, weights=None):
    """Asymptotic error, with R(f'') estimated without pairs of a point with itself."""
    roughness = pair_sum(x, math.sqrt(2) * h, 4, weights)
    own = 1 / (2 * ROOT_PI * size(x, weights) * Real(h))
    return float(own + Real(h) ** 4 / 4 * roughness)


def normal_functional(order, sigma):
    """Integrate f^(r) f for a normal density of deviation sigma."""
    sign = (-1) ** (order // 2)
    ratio = math.factorial(order) / math.factorial(order // 2)
    return sign * ratio / (ROOT_PI * (2 * Real(sigma)) ** (order + 1))


def staged(x, order, sigma, weights=None, stages=2):
    """Estimate psi_r in so many stages from a normal density of deviation sigma."""
    n = size(x, weights)
    psi = normal_functional(order + 2 * stages, sigma)
    for r in range(order + 2 * stages - 2, order - 2, -2):
        peak = derivative(Real(0), r)
        g = (-2 * peak / (psi * n)) ** (1 / Real(r + 3))
        psi = pair_sum(x, g, r, weights, own=True)
    return psi


def pilot_constant(x, weights=None, sigma=None):
    """Return C of the pilot width C n^(-23/45) h^(-2)."""
    sigma = spread(x, weights) if sigma is None else sigma
    return (
        (441 / (64 * ROOT_PI**2)) ** (1 / Real(18))
        * (4 * ROOT_PI**2) ** Real(-0.2)
        * staged(x, 4, sigma, weights) ** Real(-0.4)
        * staged(x, 8, sigma, weights) ** (-1 / Real(9))
    )


def scv(x, h, weights=None, constant=None):
    """Return the smoothed score, with the pilot that follows h."""
    n, h = size(x, weights), Real(h)
    constant = pilot_constant(x, weights) if constant is None else constant
    g = constant * n ** (-23 / Real(45)) / h**2
    widths = [np.sqrt(k * h**2 + 2 * g**2) for k in (2, 1, 0)]
    wide, middle, narrow = (pair_sum(x, v, 0, weights, own=True) for v in widths)
    return float(1 / (2 * ROOT_PI * n * h) + wide - 2 * middle + narrow)


def plugin(x, weights=None, stages=2, sigma=None):
    """Return the direct plug-in bandwidth."""
    sigma = spread(x, weights) if sigma is None else sigma
    psi = staged(x, 4, sigma, weights, stages)
    return float((2 * ROOT_PI * psi * size(x, weights)) ** Real(-0.2))


def sheather_jones(x, weights=None, constants=EXACT):
    """Return the root of h = (2 sqrt(pi) n S(alpha(h)))^(-1/5)."""
    n, sigma = float(size(x, weights)), spread(x, weights, constants)

    def functional(width, order):
        total = pair_sum(x, width, order, weights, own=True)
        return float(total) / (1 - 1 / n)

    s = functional(constants["a"] * sigma * n ** (-1 / 7), 4)
    t = -functional(constants["b"] * sigma * n ** (-1 / 9), 6)
    alpha = constants["alpha"] * (s / t) ** (1 / 7)

    def excess(h):
        psi = functional(alpha * h ** (5 / 7), 4)
        return h - (2 * float(ROOT_PI) * n * psi) ** -0.2

    normal = 1.06 * sigma * n**-0.2
    return optimize.brentq(excess, 0.05 * normal, 3 * normal, xtol=1e-12 * normal)


def oversmoothed(x, weights=None):
    """Return Terrell's bound, 3 (R(K) / (35 n))^(1/5) s."""
    _, covariance, n = reference.moments(x, weights)
    s = float(np.sqrt(covariance[0, 0]))
    return 3 * (1 / (2 * math.sqrt(math.pi) * 35 * float(n))) ** 0.2 * s


def minimum(score, low, high):
    """Return where a score is least: a scan, 5 % apart, and Brent's method."""
    scan = np.geomspace(low, high, 1 + math.ceil(math.log(high / low) / 0.05))
    k = int(np.argmin([score(h) for h in scan]))
    found = optimize.minimize_scalar(
        score, bounds=(scan[k - 1], scan[k + 1]), method="bounded",
        options={"xatol": 1e-8 * scan[k]},
    )  # fmt: skip
    return float(found.x)
