"""Points of a kernel from points of the unit cube, for draws that are spread evenly."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.kernels.catalog import PROFILES
from parzen.kernels.distribution import DistributionKernel
from parzen.kernels.kernel import Kernel
from parzen.kernels.radial import POWERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]

# Panels of the table of radii where there is no closed form; a cubic is right to 1e-12.
PANELS = 4096
# Mass beyond the end of the table.
BEYOND = 1e-18


def from_cube(kernel: AnyKernel, u: Floats) -> Floats:
    """Map points of the open unit cube to points distributed as the kernel.

    Parameters
    ----------
    kernel : Kernel or DistributionKernel
    u : ndarray of shape (m, cube_axes(kernel, d))
        Strictly between 0 and 1.

    Returns
    -------
    points : ndarray of shape (m, d)
        In units of the bandwidth. Continuous in u, so that points which fill the cube
        evenly fill the kernel evenly.
    """
    if isinstance(kernel, DistributionKernel):
        return _by_distribution(kernel, u)
    if kernel.name == "gaussian":
        return _normal(u)
    if kernel.product or u.shape[1] == 1:
        below = np.minimum(u, 1.0 - u)
        radius = _radius(kernel.name, 1)(2.0 * below)
        return np.asarray(np.copysign(radius, u - 0.5))
    z = _normal(u[:, 1:])
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    # the outside mass, which is small where a rounded mass inside would be one
    return np.asarray(_radius(kernel.name, z.shape[1])(1.0 - u[:, :1]) * z)


def cube_axes(kernel: AnyKernel, d: int) -> int:
    """Return how many coordinates of the cube make a point of the kernel."""
    radial = isinstance(kernel, Kernel) and not kernel.product
    # a radius and a direction
    return d + 1 if radial and d > 1 and kernel.name != "gaussian" else d


def _normal(u: Floats) -> Floats:
    from scipy.special import ndtri

    z: Floats = ndtri(u)
    return z


def _by_distribution(kernel: DistributionKernel, u: Floats) -> Floats:
    """Solve from the tail that is the smaller."""
    source: Any = kernel.source
    points = np.empty_like(u)
    low = u < 0.5
    points[low] = source.ppf(u[low])
    points[~low] = source.isf(1.0 - u[~low])
    return points


def _radius(name: str, d: int) -> Callable[[Floats], Floats]:
    """Return the map from the mass outside a radius, in (0, 1), to the radius."""
    from scipy import special

    if d == 1 and name == "logistic":
        return lambda t: np.log(2.0 / t - 1.0)
    if d == 1 and name == "cosine":
        return lambda t: 1.0 - 4.0 / math.pi * np.arcsin(np.sqrt(0.5 * t))
    if name in POWERS:
        a, b = POWERS[name]
        return lambda t: special.betainccinv(d / a, b + 1.0, t) ** (1.0 / a)
    if name == "exponential":
        return lambda t: special.gammainccinv(d, t)
    if name == "cauchy":
        # r^2 / (1 + r^2) is a Beta number, and so is its complement
        def far(t: Floats) -> Floats:
            rest = special.betaincinv(0.5, 0.5 * d, t)
            return np.asarray(np.sqrt((1.0 - rest) / rest))

        return far
    return _tabulated(name, d)


@functools.lru_cache(maxsize=64)
def _tabulated(name: str, d: int) -> Callable[[Floats], Floats]:
    """Invert the radial distribution function by a table of its quadrature.

    The radius is a smooth function of minus the logarithm of the mass outside, from
    the first node on, and a cubic between nodes; before the first it is a power.
    """
    from scipy.interpolate import CubicHermiteSpline

    row = PROFILES[name]
    kernel = Kernel(name)
    radii = np.linspace(0.0, row.reach(BEYOND, d), PANELS + 1)
    nodes, shares = np.polynomial.legendre.leggauss(8)
    half = 0.5 * radii[1]
    r = radii[:-1, None] + half * (1.0 + nodes)

    def log_density(r: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray((d - 1) * np.log(r) + kernel.logpdf(r[..., None]))

    # in one scale, whatever the dimension
    highest = log_density(r).max()
    parts = half * (np.exp(log_density(r) - highest) @ shares)
    total = parts.sum()
    # from the end that is the nearer, so that small masses keep their digits
    within = np.cumsum(parts)[:-1] / total
    outside = np.cumsum(parts[::-1])[-2::-1] / total
    density = np.exp(log_density(radii[1:-1]) - highest) / total
    depth = np.where(within < 0.5, -np.log1p(-within), -np.log(outside))
    spline = CubicHermiteSpline(depth, radii[1:-1], outside / density)
    first, inside = radii[1], parts[0] / total
    last, compact = outside[-1], math.isfinite(row.support)

    def radius(t: Floats) -> Floats:
        found = spline(np.clip(-np.log(t), depth[0], depth[-1]))
        near = 1.0 - t < inside
        found[near] = first * ((1.0 - t[near]) / inside) ** (1.0 / d)
        far = t < last
        if compact:
            # the profile ends in a straight line
            found[far] = 1.0 - radii[1] * np.sqrt(t[far] / last)
        return np.asarray(found)

    return radius
