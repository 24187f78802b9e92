"""Where a kernel density has to be looked at, to be integrated or searched."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.boundary.boundary import Mirror, Periodic, Ratio, Transform, Union
from parzen.boundary.transform import from_line, log_slope, to_line
from parzen.distribution.primitives import Panels, Unmapped
from parzen.kernels.interval import outermost
from parzen.kernels.measure import integrate

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.engines.engine import Problem
    from parzen.kernels import AnyKernel
    from parzen.kernels.distribution import DistributionKernel

    Floats = NDArray[np.float64]

# Kinks in all that become edges; more of them average out.
MOST_KINKS = 9000
# Widest panel, in units of the kernel's own scale: 16 nodes see poles at i well.
WIDTH = 2.0
# So far from a point, in the same units, panels keep that width; then they double.
NEAR = 8.0
# A power law goes on to so many times the range of the data.
FAR = 32.0
# Quantiles between which a kernel of which values are known is fitted at first.
LEVELS = np.array([1e-15, 1e-10, 1e-6, 1e-3, 0.05, 0.5])
# A change of variable bends within one e-folding of the distance from a bound.
WIDEST_MAPPED = 1.0


class Shape(NamedTuple):
    """What matters of a 1-D kernel, in bandwidths.

    Attributes
    ----------
    low, high : float
        Ends of nearly all mass, infinite for power laws.
    unit : float
        Distance on which it varies.
    kinks : ndarray of shape (k,)
        Where it is not analytic.
    whole : bool
        Whether a panel may reach from kink to kink.
    """

    low: float
    high: float
    unit: float
    kinks: NDArray[np.float64]
    whole: bool = False


@functools.lru_cache(maxsize=64)
def shape_of(kernel: AnyKernel) -> Shape:
    """Describe a kernel, once."""
    if kernel.code is None:
        return _measured(kernel)
    if math.isfinite(kernel.support):
        peaked = kernel.name in ("triangular", "tricube")
        kinks = [-1.0, 0.0, 1.0] if peaked else [-1.0, 1.0]
        return Shape(-1.0, 1.0, 0.5, np.array(kinks), whole=True)
    far = math.inf if kernel.name == "cauchy" else outermost(kernel, 1)
    kinks = [0.0] if kernel.name == "exponential" else []
    return Shape(-far, far, 1.0, np.array(kinks))


def _measured(kernel: DistributionKernel) -> Shape:
    """Describe a kernel of which values are known, from panels that fit them."""
    source = kernel._source
    ends = np.array(source.ends)
    start = np.concatenate([source.ppf(LEVELS), source.isf(LEVELS), ends])
    edges, masses = integrate(source.pdf, np.unique(start[np.isfinite(start)]))
    widths = np.diff(edges)
    quartile = np.array([0.25])
    spread = float((source.isf(quartile) - source.ppf(quartile))[0])
    # what had to be halved to fit is the finest structure
    unit = float(min(widths[masses >= 0.05].min(initial=np.inf), spread)) / WIDTH
    found = [ends[np.isfinite(ends)]]
    # panels so thin were halved again and again, to narrow down a kink
    thin = np.flatnonzero(widths < 1e-6 * spread)
    if thin.size and math.isinf(kernel.curvature(1)):
        runs = np.split(thin, np.flatnonzero(np.diff(thin) > 1) + 1)
        found += [0.5 * (edges[run[:1]] + edges[run[-1:] + 1]) for run in runs]
    near = np.concatenate(found)
    kinks = np.unique(near)
    # an end of the support and the thin panels beside it are one kink
    keep = np.diff(kinks, prepend=-np.inf) > 1e-6 * spread
    last = np.isin(kinks, ends) & ~keep
    kinks[np.flatnonzero(last) - 1] = kinks[last]
    low, high = ends.tolist()
    tail = np.array([1e-17])
    if math.isinf(low):
        low = _tail_end(float(source.ppf(tail)[0]), -1.0, source, spread)
    if math.isinf(high):
        high = _tail_end(float(source.isf(tail)[0]), 1.0, source, spread)
    return Shape(low, high, unit, kinks[keep])


def _tail_end(quantile: float, side: float, source: Any, spread: float) -> float:
    """Return the end of a tail: infinite where it falls like a power."""
    rough = np.array([1e-4, 1e-8, 1e-15])
    at = side * (source.isf(rough) if side > 0 else source.ppf(rough))
    middle = side * float(source.ppf(np.array([0.5]))[0])
    away = at - middle
    if away[2] - away[1] > 3.0 * away[1] and away[1] > 3.0 * away[0]:
        return side * math.inf
    end = quantile if math.isfinite(quantile) else side * 1.2 * float(at[2])
    return end + side * 0.01 * spread


def panels(density: Density) -> Panels:
    """Return edges between which the 1-D density is smooth.

    Cells of one to two bandwidths, the finest where bandwidths differ, cover what
    points reach, and no gaps; so there are O(n) of them at most. Kinks of kernels are
    edges, too, while they are few. O(n log n).
    """
    edge, plan = density._edge, density._plan
    if edge is None:
        return free_panels(density._problem)
    if isinstance(edge, Union):
        pieces = zip(plan.bounds, plan.plans, strict=True)  # type: ignore[attr-defined]
        owners = {part.bounds.boxes.tobytes(): part for part in edge.parts}
        made = [_bounded(owners[where.boxes.tobytes()], p) for where, p in pieces]
    else:
        made = [_bounded(edge, plan)]
    edges = np.unique(np.concatenate([part.edges for part in made]))
    return Panels(edges, any(part.kinked for part in made))


def unmapped(density: Density) -> Unmapped | None:
    """Return the density on the line that boundary="transform" brought back."""
    edge, plan = density._edge, density._plan
    if not isinstance(edge, Transform):
        return None
    bounds = edge.bounds
    mapped: Any = plan
    free = dataclasses.replace(
        density,
        _problem=mapped.problem,
        _plan=mapped.free,
        _sample=mapped.problem.sample,
        _edge=None,
    )
    low, high = bounds.lower, bounds.upper

    def place(y: Floats) -> tuple[Floats, Floats]:
        slopes = np.zeros(len(y))
        for k, (first, last) in enumerate(bounds.boxes[0].tolist()):
            column = y[:, k]
            if math.isfinite(first) and math.isfinite(last):
                # of the logistic function
                slopes += math.log(last - first) - np.logaddexp(0.0, column)
                slopes -= np.logaddexp(0.0, -column)
            elif math.isfinite(first):
                slopes += column
            elif math.isfinite(last):
                slopes -= column
        return from_line(y, bounds), slopes

    def onto(x: Floats) -> Floats:
        return to_line(np.clip(x, low, high), bounds)

    return Unmapped(free, place, onto, bounds.boxes.tobytes())


def free_panels(problem: Problem, widest: float = math.inf) -> Panels:
    """Edges of a kernel sum on the whole line."""
    x, shape = problem.sample.points[:, 0], shape_of(problem.kernel)
    h = np.broadcast_to(float(problem.scale.widths[0]), x.shape)
    if problem.local is not None:
        h = h * problem.local
    kinked = x.size * shape.kinks.size > MOST_KINKS
    if kinked:
        # many points at the same place, such as rounded data, have few kinks
        places = np.unique(np.column_stack([x, h]), axis=0)
        if len(places) * shape.kinks.size <= MOST_KINKS:
            x, h, kinked = places[:, 0], places[:, 1], False
    origin = float(x.min())
    parts = []
    if not kinked:
        parts.append((x[:, None] + h[:, None] * shape.kinks).ravel())
    if kinked or not shape.whole or math.isfinite(widest):
        parts.append(origin + cells(x - origin, h, shape, widest))
    edges = np.unique(np.concatenate(parts))
    edges = edges[np.isfinite(edges)]
    if edges.size < 2:
        # a bandwidth below the distance of two floats
        edges = np.array([np.nextafter(origin, -np.inf), np.nextafter(origin, np.inf)])
    return Panels(edges, kinked)


def cells(x: Floats, h: Floats, shape: Shape, widest: float) -> Floats:
    """Cover what points x reach by cells whose widths are powers of two."""
    order = np.argsort(x, kind="stable")
    x, h = x[order], h[order]
    width = np.minimum(WIDTH * shape.unit * h, widest)
    exponents = np.frexp(width)[1] - 1
    with np.errstate(over="ignore"):
        largest = FAR * (float(x[-1] - x[0]) + NEAR * float(h.max()))
    found = []
    for exponent in np.unique(exponents).tolist():
        mine = exponents == exponent
        near, wide = x[mine], h[mine]
        reach, cell, ring = NEAR * shape.unit, math.ldexp(1.0, exponent), exponent
        while True:
            low = max(shape.low, -reach) * wide
            high = min(shape.high, reach) * wide
            found.append(_cover(near, low, high, cell))
            done = -shape.low <= reach and shape.high <= reach
            if done or reach * float(wide.min()) >= largest or ring > 1020:
                break
            reach *= 2.0
            ring += 1
            cell = min(math.ldexp(1.0, ring), widest)
    return np.unique(np.concatenate(found))


def _cover(x: Floats, low: Floats, high: Floats, cell: float) -> Floats:
    """Borders of the cells that intervals x + low to x + high touch, x in order."""
    with np.errstate(over="ignore"):
        first, last = np.floor((x + low) / cell), np.ceil((x + high) / cell)
    good = np.isfinite(first) & np.isfinite(last)
    first, last = first[good], last[good]
    if first.size == 0:
        return np.empty(0)
    # widths of one level differ by a factor of two: starts are nearly in order
    order = np.argsort(first, kind="stable")
    first, last = first[order], np.maximum.accumulate(last[order])
    begin = np.append(True, first[1:] > last[:-1])
    starts = first[begin]
    ends = np.append(last[:-1][begin[1:]], last[-1])
    counts = (ends - starts).astype(np.int64) + 1
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    borders: Floats = (np.repeat(starts, counts) + places) * cell
    return borders


def _bounded(edge: Boundary, plan: Any) -> Panels:
    """Edges within one range, or several that are cut out of one kernel sum."""
    free = free_panels(
        plan.problem, WIDEST_MAPPED if isinstance(edge, Transform) else np.inf
    )
    bounds = edge.bounds
    low, high = float(bounds.lower[0]), float(bounds.upper[0])
    edges = free.edges
    if isinstance(edge, Transform):
        edges = from_line(edges[:, None], bounds)[:, 0]
    elif isinstance(edge, Ratio):
        edges = np.concatenate([edges, _corrected(plan)]) + plan.origin
    elif isinstance(edge, Periodic):
        edges = low + np.mod(edges - low, high - low)
    elif isinstance(edge, Mirror) and edge.reflect.folds:
        edges = folded(
            edges,
            low if edge.reflect.lower else -math.inf,
            high if edge.reflect.upper else math.inf,
        )
    ends = bounds.boxes[:, 0, :].ravel()
    inside = edges[bounds.contains(edges[:, None])]
    return Panels(np.union1d(inside, ends[np.isfinite(ends)]), free.kinked)


def folded(x: Floats, low: float, high: float) -> Floats:
    """Map places outside of mirrors to their images between these."""
    if math.isfinite(low) and math.isfinite(high):
        y = np.mod(x - low, 2.0 * (high - low))
        return np.asarray(low + np.minimum(y, 2.0 * (high - low) - y))
    if math.isfinite(low):
        return np.asarray(low + np.abs(x - low))
    return np.asarray(high - np.abs(x - high)) if math.isfinite(high) else x


def _corrected(plan: Any) -> Floats:
    """Edges where the correction at a bound varies, measured from the plan's origin."""
    shape = shape_of(plan.problem.kernel)
    h = float(plan.problem.scale.widths[0])
    zone = plan._zone
    step = 0.5 * WIDTH * shape.unit
    u = np.arange(0.0, min(NEAR * shape.unit, zone) + step, step)
    u = np.concatenate([u, np.geomspace(max(NEAR * shape.unit, step), zone + step, 17)])
    ends = np.concatenate([plan.bounds.lower, plan.bounds.upper])
    inwards = ((ends[0], 1.0), (ends[1], -1.0))
    edges = [end + side * h * u for end, side in inwards if math.isfinite(end)]
    edges += [end + h * shape.kinks for end in ends if math.isfinite(end)]
    return np.concatenate(edges)


def narrowest(density: Density) -> Floats:
    """Width of the narrowest structure on each axis, shape (d,)."""
    problem, edge = density._problem, density._edge
    unit = 1.0
    if problem.kernel.code is None:
        unit = min(1.0, WIDTH * shape_of(problem.kernel).unit)
    widths = np.asarray(problem.scale.widths * (problem.narrowest * unit))
    if not isinstance(edge, Transform):
        return widths
    least = np.empty(problem.sample.d)
    points = density._sample.points
    for k in range(problem.sample.d):
        pieces = type(edge.bounds)(edge.bounds.boxes[:, k : k + 1].copy())
        steepest = float(log_slope(points[:, k : k + 1], pieces).max())
        with np.errstate(under="ignore"):
            least[k] = min(widths[k], 1.0) * math.exp(-steepest)
    return least
