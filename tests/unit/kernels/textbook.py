"""Profiles as textbooks write them, and integrals of them by quadrature."""

from __future__ import annotations

import math

import numpy as np

from parzen.kernels import Kernel, kernel_names

DIMENSIONS = (1, 2, 3, 5, 10, 20)

# phi(r) in d dimensions; the compact ones on r < 1 only.
COMPACT = {
    "epanechnikov": lambda r: 1 - r**2,
    "tophat": np.ones_like,
    "triangular": lambda r: 1 - r,
    "biweight": lambda r: (1 - r**2) ** 2,
    "triweight": lambda r: (1 - r**2) ** 3,
    "tricube": lambda r: (1 - r**3) ** 3,
    "cosine": lambda r: np.cos(math.pi * r / 2),
}
DECAYING = {
    "gaussian": lambda r, _d: np.exp(-(r**2) / 2),
    "exponential": lambda r, _d: np.exp(-r),
    "logistic": lambda r, _d: np.cosh(r / 2) ** -2.0,
    "cauchy": lambda r, d: (1 + r**2) ** (-(d + 1) / 2),
}


def log_profile(kernel, r, d):
    """The log of phi(r): the log density along an axis, less that at the centre."""
    u = np.zeros((*np.shape(r), d))
    u[..., 0] = r
    return kernel.logpdf(u) - kernel.logpdf(np.zeros(d))


def nodes(first, last):
    """Nodes and weights of a rule on [first, last] that leaves rounding only.

    Profiles are analytic inside their support: 100 Gauss-Legendre nodes there. To
    infinity the trapezoidal rule after r = first + exp(pi/2 sinh t), which suits
    exponential and algebraic tails (Takahasi & Mori 1974).
    """
    if math.isinf(last):
        t = np.linspace(-5, 5, 1001)
        x = np.exp(math.pi / 2 * np.sinh(t))
        return first + x, math.pi / 2 * np.cosh(t) * x * (t[1] - t[0])
    x, w = np.polynomial.legendre.leggauss(100)
    return first + (last - first) * (x + 1) / 2, (last - first) * w / 2


def radial_integral(kernel, k, d, power=1, first=0.0):
    """The integral of r^k phi(r)^power over r > first."""
    r, w = nodes(first, kernel.support)
    # in logarithms: r^k overflows where the product does not
    log_integrand = k * np.log(r) + power * log_profile(kernel, r, d)
    return np.sum(w * np.exp(log_integrand))


def sphere(d):
    """Area of the unit sphere in d dimensions."""
    return 2 * math.pi ** (d / 2) / math.gamma(d / 2)


def mass_outside(kernel, radius, d):
    """Mass of a radial kernel outside a radius."""
    integral = radial_integral(kernel, d - 1, d, first=radius)
    return math.exp(kernel.log_norm(d)) * sphere(d) * integral


def unbounded_names():
    """Built-in kernels whose support has no edge."""
    return [name for name in kernel_names() if math.isinf(Kernel(name).support)]
