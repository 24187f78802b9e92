"""What engines that bin have in common: the grid, the refusals, the answer on nodes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from parzen.binning.spread import interpolate
from parzen.checks import MOST_NODES
from parzen.engines.layout import (
    FARTHEST,
    NODES_A_WIDTH,
    bin_layers,
    discretisation,
    floor,
    levels,
    make_grid,
    padding,
    resolution,
)
from parzen.errors import AccuracyWarning, warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.binning.grid import Grid
    from parzen.engines.engine import ErrorBound, Problem

# A step of more bandwidths than this draws a warning.
COARSEST = 0.5


class NodeEngine:
    """Base of engines that put the points on the nodes of a regular grid, d <= 3.

    Attributes
    ----------
    interpolations : float
        How many linear interpolations the answer may err by, see `discretisation`.
    """

    interpolations: ClassVar[float]
    relative: ClassVar[bool] = False

    def nodes(self, problem: Problem) -> Grid:
        """Lay the grid: over the data and as far beyond as the engine needs."""
        slope = 0.0
        if problem.atol > self._unmendable(problem):
            unit = problem.narrowest / problem.scale.steepness
            slope, order = discretisation(problem, unit, self.interpolations)
            if order == 1:
                # kinks err with the first power of the step: a slope for its square
                slope = slope**2 / problem.atol
        return make_grid(problem, self._room(problem), slope)

    # ranges beyond floats become inf, which is refused or stated as the bound
    @np.errstate(all="ignore")
    def refusal(self, problem: Problem) -> str | None:
        """Refuse more than three dimensions, and grids that cannot be stored."""
        return _grid_refusal(problem) or _node_refusal(self.nodes(problem))

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the discretisation error."""
        raise NotImplementedError

    def checked_nodes(self, problem: Problem) -> Grid:
        """Lay the grid, and warn where it is too coarse for the bandwidth."""
        grid = self.nodes(problem)
        coarse = resolution(problem, grid)
        if coarse > COARSEST:
            worst = self.error_bound(problem).absolute
            msg = (
                f"the grid's step is {coarse:.3g} bandwidths and does not resolve the "
                f"kernel; the error may reach {worst:.3g}. Raise `grid_size`, widen "
                "`bandwidth`, or use method='direct'."
            )
            warn(msg, AccuracyWarning)
        return grid

    def _room(self, problem: Problem) -> NDArray[np.float64]:
        """Distance that the grid reaches beyond the data, shape (d,)."""
        return padding(problem)

    def _unmendable(self, problem: Problem) -> float:
        """Error that no step of the grid mends."""
        return floor(problem)


def _grid_refusal(problem: Problem) -> str | None:
    """Say why no regular grid can serve, if so."""
    d = problem.sample.d
    if d not in NODES_A_WIDTH:
        return f"a regular grid serves 1, 2 or 3 dimensions; the data have {d}"
    if not math.isfinite(problem.peak):
        return "the density exceeds the largest float"
    if problem.local is not None and d > 1:
        return f"it bins a bandwidth for each point on a line only; got d = {d}"
    mean = abs(problem.kernel.mean)
    if mean > 0.5 * FARTHEST:
        return f"the kernel lies {mean:.3g} bandwidths from its points"
    if problem.local is not None and problem.grid_size is not None:
        cells = math.prod(problem.grid_size) * levels(problem)[2]
        if cells > MOST_NODES:
            return f"nodes times levels of local bandwidths, {cells:,}, exceed memory"
    return None


def _node_refusal(grid: Grid) -> str | None:
    """Say why the nodes of a grid cannot be told apart, if so."""
    if not (np.isfinite(grid.step).all() and np.isfinite(1.0 / grid.step).all()):
        return "the range of the data in bandwidths leaves the range of floats"
    if (grid.lower + grid.step == grid.lower).any():
        return "the offset of the data is too large for distinct nodes"
    return None


@dataclass(frozen=True, eq=False)
class NodePlan:
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


def on_nodes(problem: Problem, grid: Grid) -> Problem:
    """Bin the data: the problem of the nodes that hold mass, in place of the points."""
    layers = bin_layers(problem, grid)
    level, *nodes = np.nonzero(layers.masses)
    axes = zip(grid.axes, nodes, strict=True)
    sample = replace(
        problem.sample,
        points=np.column_stack([axis[node] for axis, node in axes]),
        weights=layers.masses[(level, *nodes)],
        rows=None,
        n_given=problem.sample.size,
        effective=problem.sample.n_eff,
        spacing=grid.step,
    )
    local = None if problem.local is None else layers.factors[level]
    return replace(problem, sample=sample, local=local)
