"""The mass of a 1-D kernel between two ends, however small, and its logarithm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels.specs import AnyKernel

# Narrower intervals are integrated: a difference of distribution functions cancels.
THIN = 0.05
# How steep the tails are: the powers of |u| that the logarithm's slope follows.
CURVED = {"cauchy": -1, "exponential": 0, "logistic": 0}
# A density that changes by less than this is even.
EVEN = 1e-7
# Gauss-Legendre nodes, which leave 1e-20 of an interval so thin.
NODES = 4


def outermost(kernel: AnyKernel, d: int) -> float:
    """Distance in bandwidths beyond which a kernel adds nothing: 1e-17 of its mass."""
    reach = kernel.reach(1e-17, d)
    # quantiles of some distributions end before that; their tails are exponential
    return reach if math.isfinite(reach) else 1.2 * kernel.reach(1e-15, d)


def interval_mass(
    kernel: AnyKernel,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    size: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Mass of the 1-D kernel between two ends, from the tail that cancels least.

    `size` is high - low before it was rounded, where the caller knows it.
    """
    below = kernel.cdf(np.minimum(high, 0.0)) - kernel.cdf(np.minimum(low, 0.0))
    above = kernel.sf(np.maximum(low, 0.0)) - kernel.sf(np.maximum(high, 0.0))
    mass = np.asarray(np.maximum(below + above, 0.0))
    with np.errstate(invalid="ignore"):
        size = high - low if size is None else size
    thin = _thin(kernel, low, high, size)
    if thin.any():
        shape = mass.shape
        low, high, size = (np.broadcast_to(v, shape)[thin] for v in (low, high, size))
        if kernel.code is None:
            mass[thin] = _smooth_mass(kernel, low, size, mass[thin])
        else:
            mass[thin] = _thin_mass(kernel, low, high, size)
    return mass


def _thin(
    kernel: AnyKernel,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    size: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Mark intervals in which the kernel hardly changes."""
    with np.errstate(invalid="ignore", over="ignore"):
        far = 1.0 + np.maximum(np.abs(low), np.abs(high))
        # a power bends on the scale of 1 + |u|, an exponential on that of one, and
        # nothing on a smaller one than 1 / (1 + |u|)
        power = CURVED.get(kernel.name, 1)
        change = size * far if power > 0 else size / far if power < 0 else size
    return np.broadcast_to(change < THIN, far.shape)


def _thin_mass(
    kernel: AnyKernel,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    size: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integrate the kernel, on each side of the centre and within its support."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    total = np.zeros(low.shape)
    for first, last in ((-kernel.support, 0.0), (0.0, kernel.support)):
        start, end = np.clip(low, first, last), np.clip(high, first, last)
        whole = (low >= first) & (high <= last)
        half = 0.5 * np.where(whole, size, end - start)
        u = (start + half)[:, None] + half[:, None] * nodes
        total += half * (kernel.pdf(u[..., None]) @ shares)
    return total


def _smooth_mass(
    kernel: AnyKernel,
    low: NDArray[np.float64],
    size: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integrate a kernel that may jump anywhere, where it is seen not to change.

    A kink that hides in a change of 1e-7 does no harm; where there is more of it, the
    interval is so wide that a difference of distribution functions keeps 1e-8.
    """
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    places = np.concatenate(([0.0], 0.5 * (nodes + 1.0), [1.0]))
    values = kernel.pdf((low[:, None] + size[:, None] * places)[..., None])
    top = values.max(axis=1)
    even = top - values.min(axis=1) <= EVEN * top
    return np.where(even, 0.5 * size * (values[:, 1:-1] @ shares), mass)


def log_interval_mass(
    kernel: AnyKernel,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    size: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Logarithm of the mass between two ends, right where the mass underflows.

    -inf where there is none. The interval is mirrored into the lower tail where it lies
    above the centre; the logarithms of two tails make that of their difference.
    """
    low, high = np.broadcast_arrays(low, high)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.broadcast_to(high - low if size is None else size, low.shape)
        logs = np.asarray(np.log(interval_mass(kernel, low, high, size)))
        # next to the smallest float a mass has lost digits
        tiny = ~(logs > -600.0) & (size > 0.0)
        for side, tail, inner, outer in (
            (tiny & (high <= 0.0), kernel.logcdf, high, low),
            (tiny & (low >= 0.0), kernel.logsf, low, high),
        ):
            top = tail(inner[side])
            rest = tail(outer[side]) - top
            # exact on either side of log 2
            some = np.where(
                rest > -0.7, np.log(-np.expm1(rest)), np.log1p(-np.exp(rest))
            )
            logs[side] = np.where(np.isneginf(top), -np.inf, top + some)
        thin = tiny & _thin(kernel, low, high, size)
        if thin.any():
            logs[thin] = _thin_logs(kernel, low[thin], size[thin])
    return logs


def _thin_logs(
    kernel: AnyKernel, low: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integrate with the logarithms of the kernel's values; far from the centre."""
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * size
    u = (low + half)[:, None] + half[:, None] * nodes
    values = kernel.logpdf(u[..., None]) + np.log(shares)
    top = values.max(axis=-1)
    total = np.exp(values - np.where(np.isfinite(top), top, 0.0)[:, None]).sum(axis=-1)
    return np.asarray(np.where(np.isneginf(top), -np.inf, top + np.log(total * half)))
