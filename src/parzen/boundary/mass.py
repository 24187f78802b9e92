"""The mass of a kernel density in a box, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.engines import planner
from parzen.engines.masses.boxes import separable
from parzen.errors import CapabilityError
from parzen.kernels.interval import interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# How far the mass of a radial kernel in a rectangle may be off.
PLANE_ERROR = 1e-12


def box_mass(
    problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> float:
    """Integrate the density over a box with ends (d,); O(n d), relatively accurate.

    A radial kernel in the plane is integrated to `PLANE_ERROR`.

    Raises
    ------
    CapabilityError
        If the kernel is no product over the axes, and not in the plane.
    """
    if problem.sample.d == 2 and not separable(problem) and not problem.kernel.product:
        return _plane_mass(problem, lower, upper)
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


def _plane_mass(
    problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> float:
    """Integrate over a rectangle, unless that is too little to divide by."""
    mass = float(planner.integrals(problem).mass(lower[None], upper[None])[0])
    if PLANE_ERROR < mass < PLANE_ERROR / problem.rtol:
        msg = (
            f"`bounds` hold a mass of {mass:.2g} of the density, which is known to "
            f"{PLANE_ERROR:g} only for a {problem.kernel} kernel: too little to divide "
            "by. Widen `bounds`, or use one width per axis and Kernel(name, "
            "product=True)."
        )
        raise CapabilityError(msg)
    return mass if mass > PLANE_ERROR else 0.0
