"""Moments within bounds in several dimensions, point by point and axis by axis.

Where a kernel is a product over the axes, so is each point's share of a density that is
cut, mirrored, wound or mapped on each axis; its moments are sums over the points of
products of 1-D integrals, by Gauss-Legendre panels between kinks of kernel and fold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from parzen.boundary.boundary import Mirror, Periodic, Transform
from parzen.boundary.bounds import Bounds
from parzen.boundary.transform import from_line
from parzen.density.panels import Shape, cells, folded, shape_of
from parzen.engines.masses.boxes import separable
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Points whose panels are in memory at once, and nodes a panel.
BLOCK, NODES = 1 << 12, 16
# Bandwidths of a map, beyond which its moments have their mass outside the panels.
WIDEST = 0.5


def folded_moments(density: Density, order: int, centre: Floats) -> Floats:
    """Means of (x - centre)^k on each axis within bounds, shape (order + 1, d)."""
    problem, d = _checked(density), density.n_axes
    weights = _weights(problem)
    axes = [_axis(density, k, order, float(centre[k])) for k in range(d)]
    masses = np.array([axis[0] for axis in axes])
    total = weights @ masses.prod(axis=0)
    moments = np.empty((order + 1, d))
    for k in range(d):
        others = np.delete(masses, k, axis=0).prod(axis=0)
        moments[:, k] = axes[k] @ (weights * others) / total
    return moments


def folded_covariance(density: Density) -> Floats:
    """Covariance matrix within bounds, shape (d, d)."""
    problem, d = _checked(density), density.n_axes
    weights = _weights(problem)
    rough = folded_moments(density, 1, np.zeros(d))[1]
    axes = [_axis(density, k, 2, float(rough[k])) for k in range(d)]
    masses = np.array([axis[0] for axis in axes])
    total = weights @ masses.prod(axis=0)
    mean, second = np.empty(d), np.empty((d, d))
    for k in range(d):
        rest = weights * np.delete(masses, k, axis=0).prod(axis=0)
        mean[k] = axes[k][1] @ rest / total
        second[k, k] = axes[k][2] @ rest / total
        for j in range(k):
            rest = weights * np.delete(masses, [j, k], axis=0).prod(axis=0)
            second[j, k] = (axes[k][1] * axes[j][1]) @ rest / total
            second[k, j] = second[j, k]
    return second - np.outer(mean, mean)


def _checked(density: Density) -> Problem:
    """Return the problem, if its kernel is a product that ends."""
    problem = density._problem
    light = math.isfinite(shape_of(problem.kernel).high)
    light &= math.isfinite(shape_of(problem.kernel).low)
    if separable(problem) and light:
        return problem
    what = f"a {problem.kernel} kernel"
    if problem.scale.root is not None:
        what += " with a bandwidth matrix"
    msg = (
        "moments within `bounds` in several dimensions need a kernel that is a product "
        f"over the axes, with tails lighter than a power; got {what}. Use "
        "Kernel(name, product=True) and one width per axis, or ask "
        "`expect(lambda x: x)`."
    )
    raise CapabilityError(msg)


def _weights(problem: Problem) -> Floats:
    sample = problem.sample
    if sample.weights is None:
        return np.full(sample.n, 1.0 / sample.n)
    return sample.weights


def _axis(density: Density, k: int, order: int, centre: float) -> Floats:
    """Means of (x - centre)^p within the bounds of an axis for each point: (p, n)."""
    problem, edge = density._problem, cast("Boundary", density._edge)
    x = problem.sample.points[:, k]
    h = np.broadcast_to(float(problem.scale.widths[k]), x.shape)
    if problem.local is not None:
        h = h * problem.local
    low, high = edge.bounds.boxes[0, k].tolist()
    shape = shape_of(problem.kernel)
    base = _base(problem, order, float(h.max()), mapped=isinstance(edge, Transform))
    mapped = isinstance(edge, Transform)
    breaks = np.empty(0) if mapped else _breaks(low, high, x, h, shape)
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    means = np.empty((order + 1, x.size))
    for first in range(0, x.size, BLOCK):
        some = slice(first, first + BLOCK)
        here, wide = x[some, None], h[some, None]
        borders = np.broadcast_to(base, (here.size, base.size))
        inner = np.clip((breaks - here) / wide, base[0], base[-1])
        borders = np.sort(np.concatenate([borders, inner], axis=1), axis=1)
        half = 0.5 * np.diff(borders, axis=1)[..., None]
        u = (borders[:, :-1, None] + half + half * nodes).reshape(here.size, -1)
        at = _placed(edge, k, here + wide * u)
        mass = problem.kernel.pdf(u[..., None])
        mass = mass * (half * shares).reshape(here.size, -1)
        if not mapped:
            mass = np.where((at >= low) & (at <= high), mass, 0.0)
        for p in range(order + 1):
            means[p, some] = (mass * (at - centre) ** p).sum(axis=1)
    return means


def _base(problem: Problem, order: int, widest: float, *, mapped: bool) -> Floats:
    """Panels of a kernel, in bandwidths, that serve each point."""
    shape = shape_of(problem.kernel)
    base = np.union1d(cells(np.zeros(1), np.ones(1), shape, WIDEST), shape.kinks)
    base = np.clip(base, shape.low, shape.high)
    endless = math.isinf(problem.kernel.support)
    if mapped and endless:
        if widest > WIDEST and problem.kernel.name != "gaussian":
            msg = (
                f"moments need less smoothing: a {problem.kernel} kernel {widest:.3g} "
                "wide, mapped by an exponential, leaves most of them in its tails. "
                "Narrow `bandwidth`, or use the gaussian kernel."
            )
            raise CapabilityError(msg)
        # exp(p y) moves the mass of a Gaussian by p h, that of others farther
        far = order * widest
        if problem.kernel.name != "gaussian":
            far = (shape.high - shape.low) * min(far, 1.0)
        extra = np.arange(0.0, far + 1.0, WIDEST)
        base = np.concatenate([base, shape.high + extra, shape.low - extra])
    return np.unique(base)


def _placed(edge: Boundary, k: int, y: Floats) -> Floats:
    """Where a boundary brings places y of an axis."""
    low, high = edge.bounds.boxes[0, k].tolist()
    if isinstance(edge, Transform):
        where = Bounds(edge.bounds.boxes[:, k : k + 1].copy())
        return np.asarray(from_line(y.reshape(-1, 1), where).reshape(y.shape))
    if isinstance(edge, Periodic):
        wound: Floats = low + np.mod(y - low, high - low)
        return wound
    if isinstance(edge, Mirror):
        lower = low if edge.reflect.lower else -math.inf
        upper = high if edge.reflect.upper else math.inf
        return np.asarray(folded(y, lower, upper))
    return y


def _breaks(low: float, high: float, x: Floats, h: Floats, shape: Shape) -> Floats:
    """Places where a fold has kinks or jumps, as far as kernels reach."""
    first = float((x + shape.low * h).min())
    last = float((x + shape.high * h).max())
    if math.isinf(low) or math.isinf(high):
        return np.array([end for end in (low, high) if math.isfinite(end)])
    period = high - low
    tiles = np.arange(math.floor((first - low) / period), (last - low) / period + 2)
    return np.asarray(low + period * tiles)
