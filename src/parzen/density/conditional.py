"""Conditionals of a kernel density: slices through its kernels, weighted anew."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.boundary.boundary import Mirror, Periodic, Transform
from parzen.boundary.bounds import Bounds
from parzen.boundary.images import IDENTITY, ImagesPlan
from parzen.boundary.transform import from_line, to_line
from parzen.density.rebuild import (
    as_widths,
    from_logs,
    log_weights,
    rebuild,
    refuse_matrix,
    reweighted,
    sub_edge,
    sub_sample,
    sub_scale,
    sub_size,
)
from parzen.density.shadows import POWERS
from parzen.engines.masses.boxes import separable
from parzen.errors import CapabilityError, DataError
from parzen.kernels import DistributionKernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.engines.engine import Problem
    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

    Floats = NDArray[np.float64]

# Weights below e^-700 of the largest add nothing to any density.
NEGLIGIBLE = 700.0


class Slice(NamedTuple):
    """What the kernels are where some coordinates are given.

    Attributes
    ----------
    logs : ndarray of shape (n,)
        Logarithms of each kernel's mass there, up to a constant.
    shift : ndarray of shape (n, d_m) or None
        How far centres move; None where they do not.
    factors : ndarray of shape (n,) or None
        What bandwidths are multiplied by.
    """

    logs: Floats
    shift: Floats | None
    factors: Floats | None


def conditional(density: Density, axes: tuple[int, ...], values: Floats) -> Density:
    """Return the density of the other axes, given values (k,) of some."""
    edge, sample = density._edge, density._sample
    problem = as_widths(density._problem)
    d, given = sample.d, list(axes)
    rest = [k for k in range(d) if k not in axes]
    refuse_matrix(problem)
    values = _on_line(edge, given, values)
    kernel, scale = _cut_through(problem, given, rest)
    own, signs = log_weights(problem.sample)
    slices = _slices(problem, given, rest, _images(density, given, values), own)
    logs, rows = _joined(slices, own)
    shifts = [part.shift for part in slices if part.shift is not None]
    factors = [part.factors for part in slices if part.factors is not None]
    weights = from_logs(logs, signs[rows], _nothing(given, values))

    def pick(data: Sample) -> Sample:
        part = sub_sample(data, rest)
        if len(slices) == 1 and not shifts:
            return part
        points = part.points[rows]
        points = points + np.concatenate(shifts) if shifts else points
        origin = None if data.rows is None else data.rows[rows]
        # moved nodes are on no grid
        return replace(part, points=points, rows=origin, spacing=None)

    local = None if problem.local is None else problem.local[rows]
    if factors:
        both = np.concatenate(factors)
        local = both if local is None else local * both
    placed = pick(problem.sample)
    problem = replace(
        problem,
        sample=placed,
        kernel=kernel,
        scale=scale,
        grid_size=sub_size(problem, rest),
        local=None if local is None else np.where(weights != 0, local, 1.0),
    )
    new_edge = sub_edge(edge, rest)
    if not shifts:
        sample = pick(sample)
    elif isinstance(edge, Transform) and new_edge is not None:
        sample = replace(placed, points=from_line(placed.points, new_edge.bounds))
    else:
        sample = _brought_inside(placed, scale, new_edge)
        problem = replace(problem, sample=sample)
    problem, sample = reweighted(problem, sample, weights)
    note = f"of the density in {d} dimensions, given the axes {given}"
    return rebuild(density, problem, sample, new_edge, note)


def _nothing(given: list[int], values: Floats) -> str:
    """Write why there is no conditional."""
    return (
        "`values` must be where the density is positive; it is zero at "
        f"{values.tolist()} on the axes {given}. Choose others, or a kernel with tails."
    )


def _on_line(edge: Boundary | None, given: list[int], values: Floats) -> Floats:
    """Check that the values are within the bounds; map them where the data are."""
    if edge is None:
        return values
    bounds = Bounds(edge.bounds.boxes[:, given].copy())
    inside = bounds.contains(values[None]).all()
    if isinstance(edge, Transform):
        inside &= ((values > bounds.lower) & (values < bounds.upper)).all()
    if not inside:
        raise DataError(_nothing(given, values))
    return to_line(values[None], bounds)[0] if isinstance(edge, Transform) else values


def _images(density: Density, given: list[int], values: Floats) -> Iterator[Floats]:
    """Yield the images of the values that the bounds add up."""
    plan, edge = density._plan, density._edge
    maps: list[tuple[Any, ...]] = [(IDENTITY,)] * len(given)
    if isinstance(plan, ImagesPlan) and isinstance(edge, (Mirror, Periodic)):
        maps = [plan.images[k] for k in given]
    for images in itertools.product(*maps):
        signs, shifts = np.array(images).T
        yield signs * values + shifts


def _cut_through(
    problem: Problem, given: list[int], rest: list[int]
) -> tuple[AnyKernel, Scale]:
    """Return the kernel and the bandwidth of a slice."""
    kernel, d = problem.kernel, problem.sample.d
    block = sub_scale(problem.scale, rest)
    if separable(problem):
        return kernel, block
    if kernel.name not in (*POWERS, "gaussian", "cauchy") or (
        kernel.name == "cauchy" and len(rest) > 1
    ):
        msg = (
            f"a slice through a radial {kernel} kernel is none that parzen has. Use "
            f"Kernel({kernel.name!r}, product=True), or the Gaussian kernel."
        )
        raise CapabilityError(msg)
    if problem.scale.root is not None:
        correlation, widths = _correlation(problem.scale)
        inner, cross = np.ix_(given, given), np.ix_(rest, given)
        left = correlation[np.ix_(rest, rest)]
        left = left - correlation[cross] @ np.linalg.solve(
            correlation[inner], correlation[cross].T
        )
        left = 0.5 * (left + left.T)
        if len(rest) == 1:
            block = Scale(float(widths[rest[0]] * math.sqrt(left[0, 0])), 1)
        else:
            block = Scale(left * np.outer(widths[rest], widths[rest]), len(rest))
    if kernel.name == "cauchy":
        from scipy import stats

        kernel = DistributionKernel(stats.t(df=float(d)))
    return kernel, block


def _correlation(scale: Scale) -> tuple[Floats, Floats]:
    """Return the covariance in units of its widths, and these."""
    widths = scale.widths
    return scale.bandwidth / widths[:, None] / widths, widths


def _slices(
    problem: Problem,
    given: list[int],
    rest: list[int],
    images: Iterator[Floats],
    own: Floats,
) -> list[Slice]:
    """Cut the kernels at all images of the values; leave out those that add nothing."""
    slices: list[Slice] = []
    highest = -math.inf
    for values in images:
        part = _slice(problem, given, rest, values)
        top = float((part.logs + own).max())
        if slices and not top > highest - NEGLIGIBLE:
            continue
        highest = max(highest, top)
        if slices and part.shift is None and part.factors is None:
            # the same kernels again: only their weights add up
            slices[0] = Slice(np.logaddexp(slices[0].logs, part.logs), None, None)
        else:
            slices.append(part)
    return slices


def _slice(
    problem: Problem, given: list[int], rest: list[int], values: Floats
) -> Slice:
    """Cut the kernels where some coordinates have values (k,)."""
    sample, kernel, scale = problem.sample, problem.kernel, problem.scale
    local = np.ones(1) if problem.local is None else problem.local
    with np.errstate(over="ignore"):
        away = (values - sample.points[:, given]) / scale.widths[given]
    logs = np.broadcast_to(-len(given) * np.log(local), sample.n)
    if separable(problem):
        with np.errstate(over="ignore"):
            u = away / local[:, None]
        terms = (kernel.logpdf(u[:, k : k + 1]) for k in range(len(given)))
        return Slice(logs + sum(terms), None, None)
    shift = None
    if scale.root is not None:
        correlation, widths = _correlation(scale)
        inner, cross = np.ix_(given, given), np.ix_(rest, given)
        pull = np.linalg.solve(correlation[inner], correlation[cross].T)
        if pull.any():
            shift = (away @ pull) * widths[rest]
        root = np.linalg.cholesky(correlation[inner])
        for k in range(len(given)):
            away[:, k] = (away[:, k] - away[:, :k] @ root[k, :k]) / root[k, k]
    with np.errstate(over="ignore"):
        r = np.linalg.norm(away, axis=1) / local
        square = r**2
    if kernel.name == "gaussian":
        return Slice(logs - 0.5 * square, shift, None)
    if kernel.name == "cauchy":
        # what is left of (1 + r^2 + s^2)^(-(d+1)/2), a kernel in s, is t with df = d
        left = 1.0 + square
        logs = logs - 0.5 * (sample.d + 1 - len(rest)) * np.log(left)
        return Slice(logs, shift, np.sqrt(left / sample.d))
    b = POWERS[kernel.name]
    with np.errstate(divide="ignore"):
        left = np.maximum((1.0 - r) * (1.0 + r), 0.0)
        logs = logs + (b + 0.5 * len(rest)) * np.log(left)
    return Slice(logs, shift, np.sqrt(left))


def _joined(slices: list[Slice], own: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return the logarithms of all weights, and the point that each is of."""
    rows = np.tile(np.arange(len(own)), len(slices))
    return np.concatenate([own + part.logs for part in slices]), rows


def _brought_inside(placed: Sample, scale: Scale, edge: Boundary | None) -> Sample:
    """Fold or wind points that have moved beyond bounds: their images are the same."""
    if isinstance(edge, Periodic):
        return edge.move(placed)
    if not isinstance(edge, Mirror):
        return placed
    points = placed.points.copy()
    mirrored = np.zeros(len(points), dtype=bool)
    for k, (low, high) in enumerate(edge.bounds.boxes[0].tolist()):
        x = points[:, k]
        below = bool(edge.reflect.lower) and math.isfinite(low)
        above = bool(edge.reflect.upper) and math.isfinite(high)
        if below and above:
            turn = np.mod(x - low, 2.0 * (high - low))
            turn = low + np.minimum(turn, 2.0 * (high - low) - turn)
            outside = (x < low) | (x > high)
            points[:, k] = np.where(outside, turn, x)
        else:
            outside = (below & (x < low)) | (above & (x > high))
            end = low if below else high
            points[:, k] = np.where(outside, 2.0 * end - x, x)
        mirrored |= outside
    if mirrored.any() and np.ndim(scale.bandwidth) == 2:
        msg = (
            "a bandwidth matrix moves points beyond the bounds that mirror them, where "
            "it would turn over. Use one width for each axis, or boundary='transform'."
        )
        raise CapabilityError(msg)
    return replace(placed, points=points)
