"""Numbers measured on a 1-D density of which nothing but values is known.

Peak, roughness and smoothness of kernels that come as a distribution or a function.
Everything here is measured on points that follow the quantiles, not proven: what is
narrower than the distance of these points can be missed.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from parzen.kernels.formulas import Floats

# The lower levels of the knots; the upper ones mirror them.
LEVELS = np.concatenate(
    (10.0 ** np.arange(-15.0, -1.0, 0.25), np.linspace(0.1, 0.5, 17))
)
SAFETY = 2.0


class Source(Protocol):
    """What a kernel asks of a distribution: 1-D, arrays in and arrays out."""

    @property
    def name(self) -> str:
        """The name with parameters, for people."""

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the support."""

    def pdf(self, x: Floats) -> Floats:
        """Return the density."""

    def logpdf(self, x: Floats) -> Floats:
        """Return its logarithm."""

    def cdf(self, x: Floats) -> Floats:
        """Return the mass below x."""

    def sf(self, x: Floats) -> Floats:
        """Return the mass above x."""

    def logcdf(self, x: Floats) -> Floats:
        """Return the logarithm of cdf."""

    def logsf(self, x: Floats) -> Floats:
        """Return the logarithm of sf."""

    def ppf(self, q: Floats) -> Floats:
        """Return the inverse of cdf."""

    def isf(self, q: Floats) -> Floats:
        """Return the inverse of sf."""

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Draw an array of independent numbers."""

    def moments(self) -> tuple[float, float]:
        """Return mean and variance; nan or inf where there are none."""

    def spec(self) -> dict[str, Any]:
        """Return what `kernel_from_spec` takes."""


def knots(source: Source) -> Floats:
    """Return quantiles at `LEVELS` and finite ends of the support, sorted."""
    # some quantiles of scipy warn that they are rough, which is good enough here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points = np.concatenate((source.ppf(LEVELS), source.isf(LEVELS), source.ends))
    return np.unique(points[np.isfinite(points)])


def subdivide(x: Floats, parts: int) -> Floats:
    """Return x with each interval cut into equal parts."""
    inner = x[:-1, None] + np.diff(x)[:, None] * (np.arange(parts) / parts)
    return np.append(inner.ravel(), x[-1])


@functools.cache
def legendre() -> tuple[Floats, Floats]:
    """Return nodes and weights of the Gauss-Legendre rule of 20 nodes on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(20)
    return 0.5 * (x + 1.0), 0.5 * w


def rule(f: Callable[[Floats], Floats], left: Floats, right: Floats) -> Floats:
    """Return the integral of f over each of many panels, shape of left and right."""
    x, w = legendre()
    width = right - left
    total: Floats = (f(left[..., None] + width[..., None] * x) @ w) * width
    return total


@functools.cache
def extended() -> tuple[Floats, Floats, Floats]:
    """Return the nodes with both ends, their weights, and how the ends are missed.

    The third is a matrix: the values at the ends less those of the polynomial through
    the nodes. It sees what begins between an end and the node next to it.
    """
    x, w = legendre()
    powers = np.polynomial.legendre.legvander(np.array([-1.0, 1.0]), x.size - 1)
    basis = np.polynomial.legendre.legvander(2.0 * x - 1.0, x.size - 1)
    # the coefficients of the polynomial are discrete inner products, by Gauss's rule
    norms = 2.0 * np.arange(x.size) + 1.0
    ends = -(powers * norms) @ (basis.T * w)
    missed = np.concatenate(([[1.0, 0.0]], ends.T, [[0.0, 1.0]]))
    return np.concatenate(([0.0], x, [1.0])), np.concatenate(([0.0], w, [0.0])), missed


def panel(
    f: Callable[[Floats], Floats], left: Floats, right: Floats
) -> tuple[Floats, Floats]:
    """Return the integrals over panels, and the doubt that the ends leave."""
    x, w, missed = extended()
    width = right - left
    nodes = left[..., None] + width[..., None] * x
    # exactly the end: a jump may lie there
    nodes[..., -1] = right
    values = f(nodes)
    return (values @ w) * width, np.abs(values @ missed).max(axis=-1) * width


def integrate(f: Callable[[Floats], Floats], edges: Floats) -> tuple[Floats, Floats]:
    """Return finer edges and the integrals of f >= 0 between them.

    A panel is halved until the rule agrees with that of its halves, and the values at
    the ends with those at the nodes: to 1e-12 of itself at first, so that small tails
    come out well; after six halvings, which narrow down kinks and jumps only, to 1e-16
    of the whole.
    """
    left, right = edges[:-1], edges[1:]
    whole, _ = panel(f, left, right)
    lefts, masses, total = [], [], 0.0
    for depth in range(52):
        middle = 0.5 * (left + right)
        parts = panel(f, left, middle), panel(f, middle, right)
        halves = np.array((parts[0][0], parts[1][0]))
        both = halves.sum(axis=0)
        error = np.maximum(np.abs(both - whole), np.maximum(parts[0][1], parts[1][1]))
        done = error <= 1e-12 * both
        if depth >= 6:
            done |= error <= 1e-16 * (total + both.sum())
        done |= (middle <= left) | (middle >= right) | (depth == 51)
        lefts += [left[done], middle[done]]
        masses += [halves[0, done], halves[1, done]]
        total += both[done].sum()
        if done.all():
            break
        left = np.stack((left, middle))[:, ~done].ravel()
        right = np.stack((middle, right))[:, ~done].ravel()
        whole = halves[:, ~done].ravel()
    starts = np.concatenate(lefts)
    order = np.argsort(starts, kind="stable")
    return np.append(starts[order], edges[-1]), np.concatenate(masses)[order]


def roughness(source: Source) -> float:
    """Return the integral of the squared density."""
    _, parts = integrate(lambda x: np.square(source.pdf(x)), knots(source))
    return math.fsum(parts)


def peak(source: Source) -> float:
    """Return the largest value of the density, by zooming in on it.

    Raises
    ------
    CapabilityError
        When it keeps growing as the zoom comes closer.
    """
    grid = subdivide(knots(source), 16)
    heights = [-math.inf]
    for _ in range(13):
        values = np.nan_to_num(source.pdf(grid), nan=0.0, posinf=np.inf)
        best = int(values.argmax())
        heights.append(max(heights[-1], float(values[best])))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
        at = float(grid[best])
        if math.isinf(heights[-1]) or high - low <= 1e-14 * max(-low, high):
            break
        grid = np.linspace(low, high, 33)
    first, middle, last = heights[1], heights[(len(heights) + 1) // 2], heights[-1]
    # A bounded density gains less and less, a power of the distance more and more.
    if math.isinf(last) or last - middle > 0.3 * (middle - first) + 1e-6 * last:
        msg = (
            f"`kernel` must be bounded; the density of {source.name} goes to infinity "
        )
        msg += f"near u = {at:.6g}. Choose a shape with a finite peak."
        raise CapabilityError(msg)
    return last


def slope_bound(source: Source, order: int) -> float:
    """Return `SAFETY` times the largest derivative of order 1 or 2; inf at a break.

    Divided differences on two grids, the finer of 16 times the resolution. Where the
    density is smooth both agree; at a jump (order 2: a kink) the finer are larger.
    """
    x = knots(source)
    quartile = np.array([0.25])
    spread = float((source.isf(quartile) - source.ppf(quartile))[0])
    # closer points give rounding, which a second difference divides by step^2
    x = thin(subdivide(x, 16), 1e-4 * spread)
    beyond = spread * np.arange(1, 4) * 1e-3
    low, high = (np.array([end]) for end in source.ends)
    outside = np.concatenate((low - beyond, high + beyond))
    x = np.union1d(x, outside[np.isfinite(outside)])
    coarse_at, coarse = differences(source, x, order)
    fine_at, fine = differences(source, subdivide(x, 16), order)
    near = np.searchsorted(coarse_at, fine_at)
    around = [np.clip(near + k, 0, coarse.size - 1) for k in (-2, -1, 0, 1)]
    local = np.max([coarse[index] for index in around], axis=0)
    largest = float(fine.max())
    if ((fine > 3.0 * local) & (fine > 1e-3 * largest)).any():
        return math.inf
    return SAFETY * largest


def thin(x: Floats, step: float) -> Floats:
    """Return some of the sorted x, at least a step apart."""
    kept = [x[0]]
    for value in x[1:]:
        if value - kept[-1] >= step:
            kept.append(value)
    return np.array(kept)


def differences(source: Source, x: Floats, order: int) -> tuple[Floats, Floats]:
    """Return places and sizes of the first or second derivative of the density."""
    slope = np.diff(source.pdf(x)) / np.diff(x)
    if order == 1:
        return 0.5 * (x[1:] + x[:-1]), np.abs(slope)
    return x[1:-1], np.abs(2.0 * np.diff(slope) / (x[2:] - x[:-2]))


def is_symmetric(source: Source) -> bool:
    """Whether K(-u) = K(u), to 1e-9 and 1e-12 of the largest value seen."""
    x = subdivide(knots(source), 4)
    here, there = source.pdf(x), source.pdf(-x)
    close = np.isclose(there, here, rtol=1e-9, atol=1e-12 * here.max())
    # a support such as (-1, 1) may own one end only, and the ends are rounded
    return bool(close[1:-1].all() and math.isclose(-source.ends[0], source.ends[1]))
