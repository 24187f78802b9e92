"""Diffusion: the Gaussian sum as heat that has flowed from the data for a time h^2/2.

On an interval without flow through its ends the cosine series of the data decays by
exp(-k^2 pi^2 h^2 / (2 W^2)), W the width of the interval: one cosine transform, one
product, one transform back (Botev, Grotowski & Kroese 2010, eq. 12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.engine import ErrorBound
from parzen.engines.layout import (
    NOISE,
    SECONDS_A_QUERY,
    SECONDS_A_SHARE,
    bin_layers,
    discretisation,
    floor,
    resolution,
)
from parzen.engines.nodes import COARSEST, NodeEngine, NodePlan

if TYPE_CHECKING:
    from parzen.engines.engine import Problem

SECONDS_A_NODE = 40e-9


class DiffusionEngine(NodeEngine):
    """Bin, then let heat flow, by cosine transforms: Gaussian kernel, d = 1."""

    name = "diffusion"
    # Binning and evaluation interpolate; the kernel is not sampled but exact.
    interpolations = 2.0

    def refusal(self, problem: Problem) -> str | None:
        """Refuse what heat cannot be: other kernels, several axes, local bandwidths."""
        if problem.sample.d > 1:
            return f"diffusion serves one dimension; the data have {problem.sample.d}"
        if problem.kernel.name != "gaussian":
            return f"heat spreads by the gaussian kernel; got {problem.kernel}"
        if problem.local is not None:
            return "heat flows for one time; each point has its own bandwidth"
        return super().refusal(problem)

    @np.errstate(all="ignore")
    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the discretisation error: absolute, and capped near twice the peak."""
        grid = self.nodes(problem)
        error, _ = discretisation(problem, grid.step, self.interpolations)
        highest = 2.0 * problem.peak
        if resolution(problem, grid) > COARSEST:
            # a series that ends too early overshoots, by less than its sum
            highest = max(highest, 2.0 / float(grid.step[0]))
        rest = floor(problem) + 90.0 * NOISE * problem.peak
        return ErrorBound(0.0, min(rest + error, highest))

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add the shares of the points, the nodes, and the corners of the queries."""
        points = problem.sample.n * SECONDS_A_SHARE + n_queries * SECONDS_A_QUERY
        return 2 * points + self.nodes(problem).size * SECONDS_A_NODE

    def plan(self, problem: Problem) -> NodePlan:
        """Bin, transform, damp, transform back: O(n + G log G), memory O(n + G)."""
        from scipy import fft

        grid = self.checked_nodes(problem)
        masses = bin_layers(problem, grid).masses[0]
        # nodes are the middles of cells, half a step inside the ends of the interval
        step, count = float(grid.step[0]), grid.shape[0]
        k = np.arange(count) * (np.pi / (count * step))
        h = float(problem.scale.widths[0])
        series = fft.dct(masses) * np.exp(-0.5 * (k * h) ** 2)
        values = fft.idct(series) / step
        return NodePlan(grid, np.where(values > NOISE * values.max(), values, 0.0))
