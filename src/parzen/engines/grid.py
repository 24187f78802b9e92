"""Binned sum without a transform: points onto nodes, then every node at every query.

The nodes are summed like points, by an exact engine, at the query itself. So there is
no interpolation between nodes, no cut tail, and any kernel and local bandwidth will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from parzen.engines.engine import ErrorBound
from parzen.engines.layout import SECONDS_A_SHARE, discretisation, levels
from parzen.engines.nodes import NodeEngine, on_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Engine, Plan, Problem


@dataclass(frozen=True)
class GridEngine(NodeEngine):
    """Bin, then sum the nodes by an exact engine: any kernel, d = 1, 2, 3.

    Attributes
    ----------
    exact : Engine
        Sums the nodes.
    """

    exact: Engine
    name: ClassVar[str] = "grid"
    interpolations: ClassVar[float] = 1.0

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound what binning shifts: absolute, and capped by the peak."""
        error, _ = discretisation(
            problem, self.nodes(problem).step, self.interpolations
        )
        rounding = self.exact.error_bound(problem).relative
        return ErrorBound(rounding, min(error, problem.peak))

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
        return self.exact.plan(on_nodes(problem, self.checked_nodes(problem)))

    def _room(self, problem: Problem) -> NDArray[np.float64]:
        """Half a bandwidth, so that equal points have a grid, too: no tail is cut."""
        return np.asarray(0.5 * problem.narrowest / problem.scale.steepness)

    def _unmendable(self, problem: Problem) -> float:  # noqa: ARG002 - as its base
        """Nothing: finer nodes are as near to the points as one likes."""
        return 0.0
