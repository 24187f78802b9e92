"""Masses in boxes by evenly spread points in the cube, with an estimate of the error.

Sobol points, shifted by random vectors that are the same in each call (Cranley &
Patterson 1976, doi:10.1137/0713071); each shift is an estimate of its own, and their
scatter is the error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.kernels.radial import outside

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]

SHIFTS = 8
# Points of the cube times points of the data, for all shifts together; and the least
# and largest number of the former.
WORK = 1 << 22
FEWEST, MOST = 1 << 7, 1 << 15
# Numbers in one temporary.
ELEMENTS = 1 << 17
# Uniform numbers stay so far from the ends, where quantiles are infinite.
EDGE = 1e-16


def _estimates(
    d: int,
    weights: Floats,
    masses: Callable[[Floats, slice], Floats],
) -> tuple[Floats, float]:
    """Average masses(points of the cube, points of the data) -> (k,), and the error."""
    from scipy.stats import qmc

    m = weights.size
    count = min(MOST, max(FEWEST, WORK // (SHIFTS * m)))
    lattice = qmc.Sobol(d, scramble=False).random_base2(int(math.log2(count)))
    shifts = np.random.default_rng(0).random((SHIFTS, d))
    rows = max(1, ELEMENTS // len(lattice))
    each = np.empty((SHIFTS, m))
    for k, shift in enumerate(shifts):
        cube = np.clip((lattice + shift) % 1.0, EDGE, 1.0 - EDGE)
        for begin in range(0, m, rows):
            some = slice(begin, begin + rows)
            each[k, some] = masses(cube, some)
    error = float((each @ weights).std(ddof=1)) / math.sqrt(SHIFTS)
    return each.mean(axis=0), 2.0 * error


def separated_masses(
    kernel: AnyKernel, root: Floats, low: Floats, high: Floats, weights: Floats
) -> tuple[Floats, float]:
    """Masses in boxes (m, d) of u in A^-1 box, for Gaussian and product kernels.

    A is lower triangular: once u_1, ..., u_(k-1) are drawn, the box leaves an interval
    to u_k, and the masses of these intervals multiply.
    """
    d = len(root)
    inverse = _inverse(kernel)

    def masses(cube: Floats, some: slice) -> Floats:
        below, above = low[some], high[some]
        product = np.ones((len(below), len(cube)))
        u = np.empty((d - 1, len(below), len(cube)))
        for k in range(d):
            moved = np.tensordot(root[k, :k], u[:k], axes=1) if k else 0.0
            first = (below[:, k, None] - moved) / root[k, k]
            last = (above[:, k, None] - moved) / root[k, k]
            if k == d - 1:
                product *= kernel.cdf(last) - kernel.cdf(first)
            elif inverse is None:
                # even in the support, and weighted by the density
                first = np.clip(first, -kernel.support, kernel.support)
                last = np.clip(last, -kernel.support, kernel.support)
                u[k] = first + (last - first) * cube[:, k]
                product *= (last - first) * kernel.pdf(u[k][..., None])
            else:
                start, stop = kernel.cdf(first), kernel.cdf(last)
                product *= stop - start
                p = start + (stop - start) * cube[:, k]
                u[k] = inverse(np.clip(p, EDGE, 1.0 - EDGE))
        return np.asarray(product.mean(axis=1))

    return _estimates(d - 1, weights, masses)


def _inverse(kernel: AnyKernel) -> Callable[[Floats], Floats] | None:
    """Return the quantiles of the 1-D kernel; None for built-in compact ones."""
    if kernel.code is None:
        source: Any = kernel
        quantile: Callable[[Floats], Floats] = source.source.ppf
        return quantile
    if np.isfinite(kernel.support):
        return None
    return QUANTILES[kernel.name]


def _normal(p: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(p))


QUANTILES: dict[str, Callable[[Floats], Floats]] = {
    "gaussian": _normal,
    "logistic": lambda p: np.log(p) - np.log1p(-p),
    "exponential": lambda p: np.where(
        p < 0.5, np.log(2.0 * p), -np.log(2.0 * np.minimum(1.0 - p, 0.5))
    ),
    "cauchy": lambda p: np.tan(math.pi * (p - 0.5)),
}


def ray_masses(
    name: str, root: Floats, low: Floats, high: Floats, weights: Floats
) -> tuple[Floats, float]:
    """Masses in boxes (m, d) about radial kernels at zero.

    A box is convex, so each ray meets it in an interval of radii.
    """
    d = len(root)

    def masses(cube: Floats, some: slice) -> Floats:
        normal = _normal(cube)
        rays = normal / np.linalg.norm(normal, axis=1, keepdims=True) @ root.T
        start = np.zeros((len(low[some]), len(cube)))
        stop = np.full(start.shape, np.inf)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for k in range(d):
                one = low[some, k, None] / rays[:, k]
                other = high[some, k, None] / rays[:, k]
                np.maximum(start, np.fmin(one, other), out=start)
                np.minimum(stop, np.fmax(one, other), out=stop)
        stop = np.maximum(start, stop)
        shares = outside(name, start, d) - outside(name, stop, d)
        return np.asarray(shares.mean(axis=1))

    return _estimates(d, weights, masses)
