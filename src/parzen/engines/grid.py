"""Binned sum without a transform: points onto nodes, then every node at every query.

The nodes are summed like points, by an exact engine, at the query itself. So there is
no interpolation between nodes, no cut tail, and any kernel and local bandwidth will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.engine import ErrorBound
from parzen.engines.layout import (
    SECONDS_A_SHARE,
    discretisation,
    grid_refusal,
    levels,
    make_grid,
    node_refusal,
    on_nodes,
    peak,
    warn_if_coarse,
)

if TYPE_CHECKING:
    from parzen.binning.grid import Grid
    from parzen.engines.engine import Engine, Plan, Problem


@dataclass(frozen=True)
class GridEngine:
    """Bin, then sum the nodes by an exact engine: any kernel, d = 1, 2, 3.

    Attributes
    ----------
    exact : Engine
        Sums the nodes.
    """

    exact: Engine
    name = "grid"
    relative = False

    def nodes(self, problem: Problem) -> Grid:
        """Lay the grid over the data: the nodes need not go beyond them."""
        unit = problem.narrowest / problem.scale.steepness
        slope = 0.0
        if problem.atol > 0:
            error, order = discretisation(problem, unit, 1.0)
            slope = error if order == 2 else error**2 / problem.atol
        # half a bandwidth beyond, so that equal points have a grid too
        return make_grid(problem, 0.5 * unit, slope)

    @np.errstate(all="ignore")
    def refusal(self, problem: Problem) -> str | None:
        """Refuse more than three dimensions, and grids that cannot be stored."""
        return grid_refusal(problem) or node_refusal(self.nodes(problem))

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound what binning shifts: absolute, and capped by the peak."""
        error, _ = discretisation(problem, self.nodes(problem).step, 1.0)
        rounding = self.exact.error_bound(problem).relative
        return ErrorBound(rounding, min(error, peak(problem)))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add the shares of the points and the sum over the nodes."""
        sample = problem.sample
        layers, axes = 1, sample.d
        if problem.local is not None:
            layers, axes = levels(problem)[2], sample.d + 1
        filled = min(layers * self.nodes(problem).size, sample.n << axes)
        # one exact sum over as many nodes, from the cost of one over the points
        pairs = self.exact.cost(problem, n_queries) * filled / sample.n
        return (sample.n << axes) * SECONDS_A_SHARE + pairs

    def plan(self, problem: Problem) -> Plan:
        """Bin, and prepare the sum over the nodes that hold mass: O(2^d n)."""
        grid = self.nodes(problem)
        warn_if_coarse(problem, grid, self)
        return self.exact.plan(on_nodes(problem, grid))
