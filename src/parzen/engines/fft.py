"""Binned sum: points onto a regular grid, one fast Fourier transform, interpolation.

The answer is the kernel sum of the binned data at the nodes (Silverman 1982; Wand
1994), and their multilinear interpolant between the nodes. It is zero outside the
grid, which reaches beyond the data as far as the kernel does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.engine import ErrorBound
from parzen.engines.layout import (
    NOISE,
    SECONDS_A_QUERY,
    SECONDS_A_SHARE,
    bin_layers,
    discretisation,
    floor,
    heavy_tailed,
    levels,
    padding,
    resolution,
)
from parzen.engines.nodes import COARSEST, NodeEngine, NodePlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.binning.grid import Grid
    from parzen.engines.engine import Problem
    from parzen.engines.layout import Layers
    from parzen.scale import Scale

# Nodes in one temporary array of coordinates.
SLAB = 1 << 18
SECONDS_A_NODE = 60e-9


class FFTEngine(NodeEngine):
    """Bin, transform, interpolate: any kernel on a regular grid, d = 1, 2, 3."""

    name = "fft"
    # Binning and evaluation interpolate; the factor of two covers the sampled kernel's
    # scaling to mass one, an error of a higher order of the step (the conformance tests
    # never see more than half the bound).
    interpolations = 2.0 * 2.0

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the discretisation error: absolute, and capped near twice the peak."""
        grid = self.nodes(problem)
        error, _ = discretisation(problem, grid.step, self.interpolations)
        highest = 2.0 * problem.peak
        if resolution(problem, grid) > COARSEST:
            # scaled to mass one on a coarse grid, a kernel may stand above its own
            # peak, but never above its mass on a single node
            highest = max(highest, 1.0 / math.prod(grid.step))
        absolute = min(floor(problem) + error, highest)
        return ErrorBound(relative=0.0, absolute=absolute)

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add the shares of the points, the nodes, and the corners of the queries."""
        corners = 1 << problem.sample.d
        layers, sides = (1, 1) if problem.local is None else (levels(problem)[2], 2)
        points = sides * problem.sample.n * SECONDS_A_SHARE
        points += n_queries * SECONDS_A_QUERY
        nodes = layers * self.nodes(problem).size
        return corners * points + nodes * SECONDS_A_NODE

    def plan(self, problem: Problem) -> NodePlan:
        """Bin and convolve: O(2^d n + G log G) for G nodes, memory O(n + G)."""
        grid = self.checked_nodes(problem)
        return NodePlan(grid, convolve(bin_layers(problem, grid), grid, problem))


def convolve(layers: Layers, grid: Grid, problem: Problem) -> NDArray[np.float64]:
    """Convolve masses on a grid with the kernel: the density at the nodes.

    The grid reaches `padding` beyond the masses, so that a periodic convolution of its
    own length wraps nothing around; a kernel that is longer than the padding (heavy
    tails) gets a longer transform.
    """
    from scipy import fft

    sample = problem.sample
    beyond = padding(problem) / grid.step
    count = np.array(grid.shape)
    heavy = heavy_tailed(problem)
    half = count - 1 if heavy else np.minimum(np.floor(beyond).astype(int), count - 1)
    # what lies free at both ends of the data can take what is wrapped around
    ends = np.minimum(sample.lower - grid.lower, grid.upper - sample.upper)
    room = np.floor(ends / grid.step)
    lengths = [
        fft.next_fast_len(int(c + max(h - free, 0)), real=True)
        for c, h, free in zip(count, half, room, strict=True)
    ]
    spectrum: Any = 0.0
    for factor, masses in zip(layers.factors, layers.masses, strict=True):
        if len(layers.factors) > 1 and not masses.any():
            continue
        near = half
        if not heavy:
            # a narrow kernel among local bandwidths needs few of the offsets
            near = np.ceil(beyond * (factor / problem.widest)).astype(int)
            near = np.minimum(half, near)
        values = kernel_table(problem, problem.scale.times(factor), grid, near)
        if not heavy:
            values = normalised(values, problem, factor, grid)
        table = np.zeros(lengths)
        offsets = [np.arange(-h, h + 1) % n for h, n in zip(near, lengths, strict=True)]
        table[np.ix_(*offsets)] = values
        spectrum = spectrum + fft.rfftn(masses, lengths) * fft.rfftn(table)
    density = fft.irfftn(spectrum, lengths, overwrite_x=True)
    density = density[tuple(slice(c) for c in grid.shape)]
    return np.where(density > NOISE * density.max(), density, 0.0)


def normalised(
    values: NDArray[np.float64], problem: Problem, factor: float, grid: Grid
) -> NDArray[np.float64]:
    """Scale a kernel's values to mass one on the grid too, however coarse that is.

    A kernel that falls between the nodes is put on the one nearest to its mean.
    """
    if not values.any():
        moved = problem.kernel.mean * factor * problem.scale.widths / grid.step
        middle = (np.array(values.shape) - 1) / 2 + moved
        nearest = np.clip(np.rint(middle), 0, np.array(values.shape) - 1)
        values[tuple(nearest.astype(int))] = 1.0
    return np.asarray(values / (values.sum() * math.prod(grid.step)))


def kernel_table(
    problem: Problem, scale: Scale, grid: Grid, half: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Kernel at the offsets -half, ..., half nodes of each axis."""
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
