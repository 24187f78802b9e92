"""Binned sum: points onto a regular grid, one fast Fourier transform, interpolation.

The answer is the kernel sum of the binned data at the nodes (Silverman 1982; Wand
1994), and their multilinear interpolant between the nodes. It is zero outside the
grid, which reaches beyond the data as far as the kernel does.
"""

from __future__ import annotations

import functools
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.binning.grid import Grid
from parzen.binning.spread import interpolate, spread
from parzen.engines.engine import ErrorBound
from parzen.errors import AccuracyWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Default nodes per bandwidth, and the most nodes on one axis, by dimension.
NODES_A_WIDTH = {1: 32.0, 2: 8.0, 3: 4.0}
MOST_NODES = {1: 1 << 20, 2: 1 << 11, 3: 1 << 8}
# A kernel that keeps more than this mass outside 100 widths is cut, see `padding`.
TAIL_MASS = 1e-12
FARTHEST = 100.0
# Nodes in one temporary array of coordinates.
SLAB = 1 << 18
# A step of more bandwidths than this draws a warning.
COARSEST = 0.5
# Of the largest value: what the transform adds by rounding, and returns as zero.
NOISE = 1e-15
# Measured on one core: seconds a point and corner, a node, a query and corner.
SECONDS_A_SHARE = 1.5e-9
SECONDS_A_NODE = 60e-9
SECONDS_A_QUERY = 4e-9


def padding(problem: Problem) -> NDArray[np.float64]:
    """Distance that the grid reaches beyond the data on each axis, shape (d,).

    Where 1e-12 of the kernel's mass begins; a kernel with heavier tails (Cauchy) is cut
    at ten widths and half the range of the data.
    """
    extent = problem.scale.extent(box=problem.kernel.product)
    if not _heavy_tailed(problem):
        reach = problem.kernel.reach(TAIL_MASS, problem.sample.d)
        return np.asarray(reach * extent)
    span = problem.sample.upper - problem.sample.lower
    return 10.0 * extent + 0.5 * span


def make_grid(problem: Problem) -> Grid:
    """Lay the grid over the data; its size is asked for, or follows from the error.

    Without `grid_size` the step is a bandwidth over 32, 8 or 4 in 1, 2 or 3
    dimensions, or as small as `atol` needs; at most 2^20, 2^11 or 2^8 nodes an axis.
    """
    sample = problem.sample
    pad = padding(problem)
    lower, upper = sample.lower - pad, sample.upper + pad
    shape = problem.grid_size
    if shape is None:
        density = NODES_A_WIDTH[sample.d]
        if problem.atol > 0:
            density = max(density, _nodes_a_width(problem))
        wanted = np.ceil(density * (upper - lower) * problem.scale.steepness) + 1
        counts = np.minimum(wanted, MOST_NODES[sample.d]).astype(int)
        shape = tuple(_fast_length(int(count)) for count in counts)
    return Grid(lower, upper, shape)


def _heavy_tailed(problem: Problem) -> bool:
    """Whether the kernel keeps mass beyond any reasonable grid."""
    return problem.kernel.reach(TAIL_MASS, problem.sample.d) > FARTHEST


def _peak(problem: Problem) -> float:
    """Largest value that the density of any data can take."""
    return float(np.exp(problem.log_peak))


def _nodes_a_width(problem: Problem) -> float:
    """Nodes per bandwidth at which the error bound falls to `atol`."""
    floor, slope, order = _bound_terms(problem, 1.0 / problem.scale.steepness)
    room = problem.atol - floor
    if room <= 0 or not math.isfinite(slope):
        return 0.0
    return float((slope / room) ** (1.0 / order))


def _bound_terms(
    problem: Problem, step: NDArray[np.float64]
) -> tuple[float, float, int]:
    """Split the error bound: a floor, a slope, and the power of the step it goes with.

    Linear interpolation of a function g errs by at most step^2/8 sup|g''|, or by
    step/2 sup|g'| where g has kinks. Binning interpolates the kernel in the data, and
    evaluation interpolates the density in the query. The sampled kernel is scaled to
    mass one: the trapezoid rule errs by a higher order of the step, which a factor of
    two covers (the conformance tests never see more than half the bound).
    """
    kernel, scale, d = problem.kernel, problem.scale, problem.sample.d
    moves = step * scale.steepness
    volume = float(np.exp(-scale.log_volume))
    if kernel.product and scale.root is not None:
        # an axis of the data then crosses all axes of the product
        volume *= d
    # rounding, and what the kernel leaves beyond the padding
    edge = np.zeros(d)
    edge[0] = (padding(problem) / scale.extent(box=kernel.product)).min()
    floor = 10.0 * NOISE * _peak(problem) + float(kernel.pdf(edge)) * volume
    if problem.binning == "linear" and math.isfinite(kernel.curvature(d)):
        slope = float(np.sum(moves**2)) * kernel.curvature(d) * volume / 4.0
        return floor, 2.0 * slope, 2
    slope = float(np.sum(moves)) * kernel.lipschitz(d) * volume
    return floor, 2.0 * slope, 1


class FFTEngine:
    """Bin, transform, interpolate: any kernel on a regular grid, d = 1, 2, 3."""

    name = "fft"
    relative = False

    # ranges beyond floats become inf, which is refused or stated as the bound
    @np.errstate(all="ignore")
    def refusal(self, problem: Problem) -> str | None:
        """Refuse more than three dimensions, and grids that cannot be stored."""
        d = problem.sample.d
        if d not in NODES_A_WIDTH:
            return f"a regular grid serves 1, 2 or 3 dimensions; the data have {d}"
        if not math.isfinite(_peak(problem)):
            return "the density exceeds the largest float"
        grid = make_grid(problem)
        if not (np.isfinite(grid.step).all() and np.isfinite(1.0 / grid.step).all()):
            return "the range of the data in bandwidths leaves the range of floats"
        if (grid.lower + grid.step == grid.lower).any():
            return "the offset of the data is too large for distinct nodes"
        return None

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the discretisation error: absolute, and capped near twice the peak."""
        step = make_grid(problem).step
        floor, slope, _ = _bound_terms(problem, step)
        highest = 2.0 * _peak(problem)
        if (step * problem.scale.steepness).max() > COARSEST:
            # scaled to mass one on a coarse grid, a kernel may stand above its own
            # peak, but never above its mass on a single node
            highest = max(highest, 1.0 / math.prod(step))
        return ErrorBound(relative=0.0, absolute=min(floor + slope, highest))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add the shares of the points, the nodes, and the corners of the queries."""
        corners = 1 << problem.sample.d
        points = problem.sample.n * SECONDS_A_SHARE + n_queries * SECONDS_A_QUERY
        return corners * points + make_grid(problem).size * SECONDS_A_NODE

    def plan(self, problem: Problem) -> FFTPlan:
        """Bin and convolve: O(2^d n + G log G) for G nodes, memory O(n + G)."""
        grid = make_grid(problem)
        sample = problem.sample
        coarse = float((grid.step * problem.scale.steepness).max())
        if coarse > COARSEST:
            worst = self.error_bound(problem).absolute
            msg = (
                f"the grid's step is {coarse:.3g} bandwidths and does not resolve the "
                f"kernel; the error may reach {worst:.3g}. Raise `grid_size`, widen "
                "`bandwidth`, or use method='direct'."
            )
            warnings.warn(msg, AccuracyWarning, stacklevel=5)
        masses = spread(sample.points, sample.weights, grid, problem.binning)
        return FFTPlan(grid, convolve(masses, grid, problem))


def convolve(
    masses: NDArray[np.float64], grid: Grid, problem: Problem
) -> NDArray[np.float64]:
    """Convolve masses on a grid with the kernel: the density at the nodes.

    The grid reaches `padding` beyond the masses, so that a periodic convolution of its
    own length wraps nothing around; a kernel that is longer than the padding (heavy
    tails) gets a longer transform.
    """
    from scipy import fft

    pad = np.floor(padding(problem) / grid.step).astype(int)
    count = np.array(grid.shape)
    heavy = _heavy_tailed(problem)
    half = count - 1 if heavy else np.minimum(pad, count - 1)
    lengths = [
        fft.next_fast_len(int(c + max(h - p, 0)), real=True)
        for c, h, p in zip(count, half, pad, strict=True)
    ]
    values = kernel_table(problem, grid, half)
    if not heavy:
        # mass one on the grid too, however coarse
        values /= values.sum() * math.prod(grid.step)
    table = np.zeros(lengths)
    wrapped = [np.arange(-h, h + 1) % n for h, n in zip(half, lengths, strict=True)]
    table[np.ix_(*wrapped)] = values
    spectrum = fft.rfftn(masses, lengths) * fft.rfftn(table)
    density = fft.irfftn(spectrum, lengths, overwrite_x=True)
    density = density[tuple(slice(c) for c in grid.shape)]
    return np.where(density > NOISE * density.max(), density, 0.0)


def kernel_table(
    problem: Problem, grid: Grid, half: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Kernel at the offsets -half, ..., half nodes of each axis."""
    scale = problem.scale
    offsets = [
        step * np.arange(-h, h + 1) for step, h in zip(grid.step, half, strict=True)
    ]
    shape = tuple(len(axis) for axis in offsets)
    values = np.empty(shape)
    # slabs, because the coordinates need d times the memory of the values
    rows = max(1, SLAB * shape[0] // math.prod(shape))
    for first in range(0, shape[0], rows):
        some = slice(first, first + rows)
        mesh = np.stack(np.meshgrid(offsets[0][some], *offsets[1:], indexing="ij"), -1)
        values[some] = problem.kernel.pdf(scale.to_kernel_units(mesh))
    values *= math.exp(-scale.log_volume)
    return values


@dataclass(frozen=True, eq=False)
class FFTPlan:
    """The density at the nodes of a grid; memory O(G), the data are not kept.

    Attributes
    ----------
    grid : Grid
    values : ndarray of shape grid.shape
        Density at the nodes.
    """

    grid: Grid
    values: NDArray[np.float64]

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolated density at q of shape (m, d); zero outside the grid."""
        return interpolate(q, self.values, self.grid)

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of `pdf`; -inf where that is zero."""
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(q))


@functools.cache
def _fast_length(count: int) -> int:
    """Smallest length >= count whose transform is fast."""
    from scipy import fft

    return int(fft.next_fast_len(max(count, 2), real=True))
