"""Sweep along a line: exact sums in O(n log n) for kernels that separate.

A polynomial in q - x is a sum of products of a power of q and a power of x, a cosine
and an exponential separate as well: so a sum over many points is one over few numbers,
which are there before the query comes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from parzen.engines.certified import CertifiedEngine
from parzen.engines.sweep.axis import Axis
from parzen.engines.sweep.basis import POLYNOMIALS, code_of, sides, terms
from parzen.engines.sweep.bounded import derivative, masses
from parzen.engines.sweep.cover import CoverSums
from parzen.engines.sweep.decay import DecaySums
from parzen.engines.sweep.window import WindowSums
from parzen.kernels.profiles import COSINE, EXPONENTIAL

if TYPE_CHECKING:
    from parzen.engines.certified import Approximation
    from parzen.engines.cumulative import Cumulative, Differentiated
    from parzen.engines.engine import Problem

# Coordinates, about bandwidths: beyond, centres of blocks are rounded, and rounding of
# their borders exceeds what they leave room for.
FARTHEST = 2.0**42
# Bandwidths farther apart leave the range of floats as heights.
WIDEST_RATIO = 1e100
# Measured on one core: seconds a fit, a point, a query; a term of a polynomial; a node
# of the tree and an event of local bandwidths.
SECONDS_A_FIT = 2e-4
SECONDS_A_POINT = 3e-8
SECONDS_A_QUERY = 6.5e-8
SECONDS_A_TERM = 8e-10
SECONDS_A_NODE = 7e-9
SECONDS_AN_EVENT = 4e-8


class SweepEngine(CertifiedEngine):
    """Sums of powers in blocks: one dimension, all compact kernels and the exponential.

    Attributes
    ----------
    exact : Engine
        Sums the queries whose rounding exceeds the accepted error: at the very edge of
        a support, beside a weight far larger, or where the sum underflows.
    """

    name: ClassVar[str] = "sweep"

    def refusal(self, problem: Problem) -> str | None:
        """Serve one dimension, and kernels that are sums of products."""
        code, sample = code_of(problem), problem.sample
        if sample.d > 1:
            return f"it serves one dimension; the data have {sample.d}"
        if code not in {*POLYNOMIALS, COSINE, EXPONENTIAL}:
            return f"it serves kernels that separate, not {problem.kernel.name}"
        if problem.local is not None:
            if code not in POLYNOMIALS:
                return (
                    f"with a bandwidth for each point it serves kernels that are "
                    f"polynomials; {problem.kernel} is not"
                )
            if not problem.widest / problem.narrowest <= WIDEST_RATIO:
                return "bandwidths lie too far apart, their ratio exceeds 1e100"
        axis = Axis.of(problem)
        ends = axis.place(np.array([sample.lower[0], sample.upper[0]]))
        farthest = float(np.abs(ends).max())
        if not farthest <= FARTHEST:
            return f"the data span more than {FARTHEST:.0e} bandwidths"
        return None

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Sort, add up, and look up, on one thread."""
        code, n = code_of(problem), problem.sample.n
        if code == EXPONENTIAL:
            point, query = SECONDS_A_POINT, SECONDS_A_QUERY
        else:
            size, pieces = terms(code), sides(code)
            # polynomials in d, at two blocks for each piece; a cosine is a long one
            work = SECONDS_A_TERM * (60 if code == COSINE else size * size)
            point = SECONDS_A_POINT + SECONDS_A_TERM * size
            query = 0.5 * SECONDS_A_QUERY * (pieces + 1) + pieces * work
            if problem.local is not None:
                node = SECONDS_A_NODE + 0.5 * work
                point = (
                    SECONDS_AN_EVENT * (pieces + 2) + pieces * math.log2(n + 1) * node
                )
                query = 2.0 * SECONDS_A_QUERY
        return SECONDS_A_FIT + n * point + n_queries * query

    def approximate(self, problem: Problem) -> Approximation:
        """Sort the points and take their sums."""
        tolerance = self.tolerance(problem)
        if problem.local is not None:
            return CoverSums.of(problem, tolerance)
        if problem.kernel.code == EXPONENTIAL:
            return DecaySums.of(problem, tolerance)
        return WindowSums.of(problem, tolerance)

    def cumulative(self, problem: Problem) -> Cumulative | None:
        """Prepare masses on either side, at about the cost of densities."""
        return masses(problem) if self.refusal(problem) is None else None

    def differentiated(self, problem: Problem, order: int) -> Differentiated | None:
        """Prepare a derivative; None beyond the last one that is a function."""
        return derivative(problem, order) if self.refusal(problem) is None else None
