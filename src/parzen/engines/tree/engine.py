"""Pruned sum over a k-d tree: a proven relative error, for any built-in kernel.

It pays where few points matter to a query, or where the accepted error is large enough
to count whole nodes at once; the exact engine beside it answers few queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from parzen.engines.coordinates import STRETCH, Coordinates
from parzen.engines.engine import attainable
from parzen.engines.kernel_sums import BY_DIFFERENCE
from parzen.engines.tree.cost import build_seconds, query_seconds
from parzen.engines.tree.plan import TreePlan, absolute_share, is_loose

if TYPE_CHECKING:
    from parzen.engines.engine import Engine, ErrorBound, Plan, Problem

# Squares of local bandwidths farther from the common one leave the range of a double.
WIDEST_FACTOR = 1e100


@dataclass(frozen=True)
class TreeEngine:
    """Sum the points that matter to each query: any d, best where they are few.

    Attributes
    ----------
    exact : Engine
        Answers few queries, and those whose distances leave the range of a double.
    """

    exact: Engine
    name: ClassVar[str] = "tree"
    relative: ClassVar[bool] = True

    def refusal(self, problem: Problem) -> str | None:
        """Say that a kernel is not compiled, or that boxes have no distances."""
        if problem.kernel.code is None:
            return "a tree needs a built-in kernel, whose bounds over a box are known"
        if not 1.0 / WIDEST_FACTOR < problem.narrowest <= problem.widest:
            return "local bandwidths below 1e-100 of the common one"
        if problem.widest > WIDEST_FACTOR:
            return "local bandwidths above 1e100 of the common one"
        if problem.scale.root is not None and _coordinates(problem) is None:
            return (
                f"with a covariance matrix, a tree needs data within {STRETCH:g} "
                "bandwidths of their mean; pass widths by axis"
            )
        return None

    def error_bound(self, problem: Problem) -> ErrorBound:
        """State the error that the user accepts; half of it at most is rounding."""
        return attainable(problem, 2.0 * self._rounding(problem))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Predict the pairs that matter from those of a small subsample."""
        relative = self.error_bound(problem).relative - self._rounding(problem)
        absolute = absolute_share(problem, 0.0)
        loose = is_loose(problem, relative, absolute)
        query = query_seconds(problem, relative, absolute, loose=loose)
        return build_seconds(problem) + n_queries * query

    def plan(self, problem: Problem) -> Plan:
        """Lay out the coordinates; the tree is built when queries come."""
        coordinates = _coordinates(problem)
        if coordinates is None or self.refusal(problem) is not None:
            return self.exact.plan(problem)
        return TreePlan(
            problem,
            self.error_bound(problem),
            self._rounding(problem),
            coordinates,
            self.exact,
        )

    def _rounding(self, problem: Problem) -> float:
        """Relative rounding of any sum."""
        return self.exact.error_bound(problem).relative


def _coordinates(problem: Problem) -> Coordinates | None:
    """Lay out the points; None where distances need a solution for each difference."""
    product = problem.kernel.product
    layout = Coordinates.of(problem.sample.points, problem.scale, product=product)
    return None if layout is None or layout.form == BY_DIFFERENCE else layout
