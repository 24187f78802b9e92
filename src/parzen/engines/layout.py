"""Where the nodes lie for engines that bin, and what binning costs in accuracy."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.binning.grid import Grid
from parzen.binning.spread import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Default nodes per bandwidth, and the most nodes on one axis, by dimension.
NODES_A_WIDTH = {1: 32.0, 2: 8.0, 3: 4.0}
MOST_NODES = {1: 1 << 20, 2: 1 << 11, 3: 1 << 8}
# A kernel that keeps more than this mass outside 100 widths is cut, see `padding`.
TAIL_MASS = 1e-12
FARTHEST = 100.0
# Local bandwidths are binned, too: neighbouring levels differ by this logarithm.
LEVEL_STEP = 1.0 / 32.0
MOST_LEVELS = 512
# Nodes times levels: 128 MiB of masses.
MOST_CELLS = 1 << 24
# Of the largest value: what a transform adds by rounding, and returns as zero.
NOISE = 1e-15
# Measured on one core: seconds a point and corner, a query and corner.
SECONDS_A_SHARE = 1.5e-9
SECONDS_A_QUERY = 4e-9


def heavy_tailed(problem: Problem) -> bool:
    """Whether the kernel keeps mass beyond any reasonable grid."""
    return problem.kernel.reach(TAIL_MASS, problem.sample.d) > FARTHEST


def padding(problem: Problem) -> NDArray[np.float64]:
    """Distance that the grid reaches beyond the data on each axis, shape (d,).

    Where 1e-12 of the kernel's mass begins; a kernel with heavier tails (Cauchy) is cut
    at ten widths and half the range of the data.
    """
    extent = problem.scale.extent(box=problem.kernel.product) * problem.widest
    if not heavy_tailed(problem):
        reach = problem.kernel.reach(TAIL_MASS, problem.sample.d)
        return np.asarray(reach * extent)
    span = problem.sample.upper - problem.sample.lower
    return 10.0 * extent + 0.5 * span


def floor(problem: Problem) -> float:
    """Error that no grid mends: rounding, and the kernel beyond the padding."""
    edge = np.zeros(problem.sample.d)
    extent = problem.scale.extent(box=problem.kernel.product) * problem.widest
    edge[0] = (padding(problem) / extent).min()
    beyond = max(float(problem.kernel.pdf(edge)), float(problem.kernel.pdf(-edge)))
    rounding = 10.0 * NOISE * problem.peak
    return rounding + beyond * float(np.exp(-problem.scale.log_volume))


def make_grid(problem: Problem, pad: NDArray[np.float64], slope: float = 0.0) -> Grid:
    """Lay the grid over the data and `pad` beyond; its size is asked for, or follows.

    Without `grid_size` the step is the narrowest bandwidth over 32, 8 or 4 in 1, 2 or 3
    dimensions, or as small as `atol` needs where the error is `slope` times its square;
    at most 2^20, 2^11 or 2^8 nodes an axis, and 2^24 in all levels of local bandwidths.
    Data that are nodes of a grid keep it.
    """
    sample = problem.sample
    lower, upper = sample.lower - pad, sample.upper + pad
    if problem.grid_size is not None:
        return Grid(lower, upper, problem.grid_size)
    if sample.spacing is not None:
        aligned = _aligned(problem, pad, sample.spacing)
        if aligned is not None:
            return aligned
    density = NODES_A_WIDTH[sample.d] * fineness(problem)
    if slope > 0 and problem.atol > 0 and math.isfinite(slope):
        density = max(density, math.sqrt(slope / problem.atol))
    moves = (upper - lower) * problem.scale.steepness / problem.narrowest
    most = MOST_NODES[sample.d]
    if problem.local is not None:
        most = min(most, int((MOST_CELLS / levels(problem)[2]) ** (1 / sample.d)))
    counts = np.minimum(np.ceil(density * moves) + 1, most).astype(int)
    return Grid(lower, upper, tuple(fast_length(int(count)) for count in counts))


def _aligned(
    problem: Problem, pad: NDArray[np.float64], spacing: NDArray[np.float64]
) -> Grid | None:
    """Extend the grid whose nodes the data are; None where that takes too many."""
    sample = problem.sample
    beyond = np.ceil(pad / spacing)
    inner = np.rint((sample.upper - sample.lower) / spacing)
    counts = inner + 2 * beyond + 1
    cells = np.prod(counts) * (1 if problem.local is None else levels(problem)[2])
    if not (counts <= 4 * MOST_NODES[sample.d]).all() or cells > 4 * MOST_CELLS:
        return None
    shape = tuple(fast_length(int(count)) for count in counts)
    lower = sample.lower - beyond * spacing
    return Grid(lower, lower + (np.array(shape) - 1) * spacing, shape)


def fineness(problem: Problem) -> float:
    """How much narrower than the Gaussian a kernel without a profile is, at least 1."""
    if problem.kernel.code is not None:
        return 1.0
    return max(1.0, problem.kernel.bandwidth_ratio(problem.sample.d))


def resolution(problem: Problem, grid: Grid) -> float:
    """Step of the grid in the narrowest bandwidths, on the worst axis."""
    moves = float((grid.step * problem.scale.steepness).max())
    return moves * fineness(problem) / problem.narrowest


def discretisation(
    problem: Problem, step: NDArray[np.float64], interpolations: float
) -> tuple[float, int]:
    """Bound the error of linear interpolation, and say with which power of the step.

    Linear interpolation of a function g errs by at most step^2/8 sup|g''|, or by
    step/2 sup|g'| where g has kinks. Binning interpolates the kernel in the data, once;
    evaluation interpolates the density in the query, again. Local bandwidths are
    binned as well.
    """
    kernel, scale, d = problem.kernel, problem.scale, problem.sample.d
    moves = step * scale.steepness / problem.narrowest
    volume = float(np.exp(-scale.log_volume)) / problem.narrowest**d
    if kernel.product and scale.root is not None:
        # an axis of the data then crosses all axes of the product
        volume *= d
    if problem.binning == "linear" and math.isfinite(kernel.curvature(d)):
        bend = float(np.sum(moves**2)) * kernel.curvature(d) * volume
        return interpolations * bend / 8.0 + _level_error(problem), 2
    slope = float(np.sum(moves)) * kernel.lipschitz(d) * volume
    return interpolations * slope / 2.0 + _level_error(problem), 1


def _level_error(problem: Problem) -> float:
    """Error of binning local bandwidths in their logarithm (d = 1).

    A kernel between two levels is their mean, by nearness. The largest deviation is
    looked up where it lies, for seven places between levels and 4001 distances, and
    half of it added for what lies between those.
    """
    if problem.local is None:
        return 0.0
    kernel = problem.kernel
    low, high, count = levels(problem)
    step = (high - low) / (count - 1)
    # as far as the wider of two levels reaches: its edge may be a kink
    reach = kernel.reach(1e-4, 1) if not heavy_tailed(problem) else FARTHEST
    u = np.linspace(-1.0, 1.0, 4001) * reach * math.exp(step)

    def scaled(log_h: float) -> NDArray[np.float64]:
        return np.asarray(kernel.pdf(u[:, None] * math.exp(-log_h))) * math.exp(-log_h)

    narrow, wide = scaled(0.0), scaled(step)
    worst = 0.0
    for t in np.arange(1, 8) / 8.0:
        part = t if problem.binning == "linear" else float(t >= 0.5)
        between = (1.0 - part) * narrow + part * wide
        deviation = np.abs(between - scaled(t * step)).max()
        worst = max(worst, float(deviation))
    return 1.5 * worst * problem.peak / math.exp(kernel.log_norm(1))


def levels(problem: Problem) -> tuple[float, float, int]:
    """Lowest and highest logarithm of the local bandwidths, and levels between them."""
    low, high = math.log(problem.narrowest), math.log(problem.widest)
    count = math.ceil((high - low) / LEVEL_STEP) + 1
    return low, max(high, low + LEVEL_STEP), min(max(2, count), MOST_LEVELS)


@dataclass(frozen=True, eq=False)
class Layers:
    """Data on the nodes of a grid, one layer of masses for each level of bandwidth.

    Attributes
    ----------
    factors : ndarray of shape (k,)
        Factors on the bandwidth, one for each layer.
    masses : ndarray of shape (k, *grid.shape)
        All sum to one.
    """

    factors: NDArray[np.float64]
    masses: NDArray[np.float64]


def bin_layers(problem: Problem, grid: Grid) -> Layers:
    """Share points among the nodes, and local bandwidths among levels of log h."""
    sample = problem.sample
    if problem.local is None:
        masses = spread(
            sample.points,
            sample.weights,
            grid,
            problem.binning,
            n_jobs=problem.n_jobs,
        )
        return Layers(np.ones(1), masses[None])
    low, high, count = levels(problem)
    deep = Grid(
        np.append(low, grid.lower), np.append(high, grid.upper), (count, *grid.shape)
    )
    points = np.column_stack([np.log(problem.local), sample.points])
    masses = spread(
        points, sample.weights, deep, problem.binning, n_jobs=problem.n_jobs
    )
    return Layers(np.exp(deep.axes[0]), masses)


@functools.cache
def fast_length(count: int) -> int:
    """Smallest length >= count whose transform is fast."""
    from scipy import fft

    return int(fft.next_fast_len(max(count, 2), real=True))
