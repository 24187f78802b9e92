"""The mass of a kernel density in a box, in closed form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem
    from parzen.kernels import AnyKernel

# Narrower intervals are integrated: a difference of distribution functions cancels.
THIN = 0.05
# Gauss-Legendre nodes, which leave 1e-20 of an interval so thin.
NODES = 4


def outermost(kernel: AnyKernel, d: int) -> float:
    """Distance in bandwidths beyond which a kernel adds nothing: 1e-17 of its mass."""
    reach = kernel.reach(1e-17, d)
    # quantiles of some distributions end before that; their tails are exponential
    return reach if math.isfinite(reach) else 1.2 * kernel.reach(1e-15, d)


def separable(problem: Problem) -> bool:
    """Whether the kernel is a product over the axes of the data."""
    product = problem.kernel.product or problem.kernel.name == "gaussian"
    return problem.sample.d == 1 or (product and problem.scale.root is None)


def box_mass(
    problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> float:
    """Integrate the density over a box with ends (d,); O(n d), relatively accurate.

    Raises
    ------
    CapabilityError
        If the kernel is no product over the axes.
    """
    if not separable(problem):
        msg = (
            "`bounds` without reflection need the mass of a box, which has a closed "
            "form for kernels that are products over the axes only; got a "
            f"{problem.kernel} kernel"
        )
        if problem.scale.root is not None:
            msg += " with a bandwidth matrix. Give one width per axis"
            raise CapabilityError(msg + ", or boundary='reflect' or 'transform'.")
        msg += ". Use Kernel(name, product=True)"
        raise CapabilityError(msg + ", or boundary='reflect' or 'transform'.")
    sample = problem.sample
    masses = np.ones(sample.n)
    for k in range(sample.d):
        width = problem.scale.widths[k]
        if problem.local is not None:
            width = width * problem.local
        with np.errstate(over="ignore"):
            low = (lower[k] - sample.points[:, k]) / width
            high = (upper[k] - sample.points[:, k]) / width
        masses *= interval_mass(problem.kernel, low, high)
    if sample.weights is None:
        return float(masses.mean())
    return float(sample.weights @ masses)


def interval_mass(
    kernel: AnyKernel, low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mass of the 1-D kernel between two ends, from the tail that cancels least."""
    below = kernel.cdf(np.minimum(high, 0.0)) - kernel.cdf(np.minimum(low, 0.0))
    above = kernel.sf(np.maximum(low, 0.0)) - kernel.sf(np.maximum(high, 0.0))
    mass = np.asarray(np.maximum(below + above, 0.0))
    if kernel.code is None:
        return mass
    # a profile bends on the scale of 1 / (1 + |u|), whatever the kernel
    with np.errstate(invalid="ignore"):
        thin = (high - low) * (1.0 + np.maximum(np.abs(low), np.abs(high))) < THIN
    if thin.any():
        low, high = (np.broadcast_to(end, mass.shape)[thin] for end in (low, high))
        mass[thin] = _thin_mass(kernel, low, high)
    return mass


def _thin_mass(
    kernel: AnyKernel, low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integrate the kernel, on each side of the centre and within its support."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    total = np.zeros(low.shape)
    for first, last in ((-kernel.support, 0.0), (0.0, kernel.support)):
        start, end = np.clip(low, first, last), np.clip(high, first, last)
        half = 0.5 * (end - start)
        u = (start + half)[:, None] + half[:, None] * nodes
        total += half * (kernel.pdf(u[..., None]) @ shares)
    return total
