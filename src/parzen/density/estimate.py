"""The one way from a sample to a density; every front end comes through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth import Setting, choose
from parzen.binning.spread import BINNINGS
from parzen.boundary import boundary_of
from parzen.boundary.folding import Cut
from parzen.checks import check_choice, check_grid_size, check_tolerance
from parzen.density.density import Density
from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.errors import AccuracyWarning, DataError, warn
from parzen.kernels import Kernel
from parzen.parallel import thread_count
from parzen.scale import LocalBandwidth, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth import BandwidthResult
    from parzen.boundary import Boundary
    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

# Nodes farther apart than this, in bandwidths, show as ripples of a percent and more.
APART = 2.0
OUTSIDE = ("keep", "drop")


def estimate(
    sample: Sample,
    *,
    kernel: Any,
    bandwidth: Any,
    adjust: float,
    method: str,
    bounds: Any,
    boundary: Any,
    outside: str,
    rtol: float,
    atol: float,
    grid_size: Any,
    binning: str,
    n_jobs: Any,
) -> Density:
    """Place the sample, choose bandwidth and engine, and prepare the density."""
    kernel = Kernel.of(kernel)
    thread_count(n_jobs)
    check_choice(binning, BINNINGS, "binning")
    rtol, atol = check_tolerance(rtol, "rtol"), check_tolerance(atol, "atol")
    shape = check_grid_size(grid_size, sample.d)
    edge, sample, placed = place(sample, bounds, boundary, outside)
    result = choose_placed(placed, edge, kernel, bandwidth, adjust, n_jobs=n_jobs)
    scale, local = split_bandwidth(result, placed)
    problem = Problem(placed, kernel, scale, rtol, atol, shape, binning, n_jobs, local)
    _warn_if_coarse(problem)
    return plan(problem, sample, result, edge, method)


def _warn_if_coarse(problem: Problem) -> None:
    """Warn where data that are nodes lie too far apart for the bandwidth."""
    spacing = problem.sample.spacing
    if spacing is None:
        return
    apart = float((spacing * problem.scale.steepness).max()) / problem.narrowest
    if apart > APART:
        msg = (
            f"the nodes of the binned data are {apart:.3g} bandwidths apart, and the "
            "density shows them. Bin with a larger `grid_size`, or widen `bandwidth`."
        )
        warn(msg, AccuracyWarning)


def place(
    sample: Sample, bounds: Any, boundary: Any, outside: str
) -> tuple[Boundary | None, Sample, Sample]:
    """Make the boundary, drop what is outside if asked to, and move the data."""
    edge = boundary_of(boundary, bounds, sample.d)
    sample = _without_outside(sample, edge, outside)
    return edge, sample, sample if edge is None else edge.move(sample)


def choose_placed(
    placed: Sample,
    edge: Boundary | None,
    kernel: AnyKernel,
    bandwidth: Any,
    adjust: float,
    *,
    n_jobs: Any = None,
) -> BandwidthResult:
    """Choose the bandwidth of moved data, as their boundary asks for it."""
    setting = Setting(kernel, n_jobs=n_jobs)
    if edge is not None:
        # the mass of a box has a closed form for widths along its axes
        by_axis = isinstance(edge, Cut)
        setting = setting._replace(domain=edge.domain(placed), by_axis=by_axis)
    return choose(placed, bandwidth, setting, adjust)


def plan(
    problem: Problem,
    sample: Sample,
    result: BandwidthResult,
    edge: Boundary | None,
    method: str,
) -> Density:
    """Choose an engine and prepare the density."""
    free = problem if edge is None else edge.ease(problem)
    decision = planner.decide(free, method)

    def prepare(part: Problem) -> Any:
        return planner.plan(part, decision)

    answer = prepare(free) if edge is None else edge.plan(free, prepare)
    return Density(problem, result, decision, answer, sample, edge)


def split_bandwidth(
    result: BandwidthResult, sample: Sample
) -> tuple[Scale, NDArray[np.float64] | None]:
    """Split a bandwidth into a scale and, where points differ, factors (n,) on it."""
    value = result.value
    if isinstance(value, LocalBandwidth):
        return value.split(sample.d)
    if sample.d > 1 or np.ndim(value) == 0:
        return Scale(value, sample.d), None
    return LocalBandwidth(1.0, np.asarray(value)).split(1)


def _without_outside(sample: Sample, edge: Boundary | None, outside: str) -> Sample:
    """Drop the points outside the bounds, where asked to."""
    check_choice(outside, OUTSIDE, "outside")
    if outside == "keep" or edge is None:
        return sample
    inside = edge.bounds.contains(sample.points)
    if inside.all():
        return sample
    if not inside.any():
        msg = (
            f"`bounds` must hold some of the data; none of the {sample.n} points lies "
            f"in {edge.bounds}. Widen `bounds`, or check the units."
        )
        raise DataError(msg)
    return sample.take(inside)
