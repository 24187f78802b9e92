"""Sums of the exponential kernel: what is left and what is right of a query, decaying.

With x_k the last point of a group, L_k = sum_i<=k w_i e^-(x_k - x_i) follows from the
group before by one factor, and so does its mirror image. All terms are positive:
nothing cancels, and the error is relative however far in the tail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.axis import Axis
from parzen.engines.sweep.certificate import limits_of
from parzen.engines.sweep.decay_loops import (
    GROUP,
    LEVELS,
    RADIX,
    query_loop,
    scan_loop,
)
from parzen.engines.sweep.order import Line
from parzen.engines.sweep.queries import swept
from parzen.kernels.profiles import LOG2_E
from parzen.parallel import run_blocks
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import Tolerance
    from parzen.engines.engine import Problem

# Half ulps a step: the argument of an exponential, itself, a product and a sum.
STEP = 6.0
# Half ulps for exponents: they are rounded relative to the distance in bandwidths, and
# sums beyond 700 of these are not answered.
DISTANCE = 8.0 * 700.0
# Groups of which one call takes the sums, about 30 ms.
PART = 1 << 18


@dataclass(frozen=True, eq=False)
class DecaySums(ReadOnly):
    """Decayed sums left and right of every eighth point; 14 bytes a point in all.

    Attributes
    ----------
    axis : Axis
    line : Line
        The points, and their weights unless these are equal.
    numbers : ndarray of shape (4,)
        Decay over a unit of length, base two; the cells of the table: frequency,
        first, last.
    running : ndarray of shape (2, n // GROUP + 2)
        Row 0: the points before k GROUP, decayed to the last of them. Row 1: the points
        from k GROUP on, decayed to the first of them.
    limits : ndarray of shape (4,)
        The accepted error, relative and absolute; the unit of the sums; and their
        relative error.
    n_jobs : int or None
    """

    axis: Axis
    line: Line
    numbers: NDArray[np.float64]
    running: NDArray[np.float64]
    limits: NDArray[np.float64]
    n_jobs: Any

    @classmethod
    def of(cls, problem: Problem, tolerance: Tolerance) -> DecaySums:
        """Sort the points and take their sums: O(n)."""
        axis, line, numbers, running, error = decays_of(problem)
        limits = limits_of(problem, tolerance, error)
        return cls(axis, line, numbers, running, limits, problem.n_jobs)

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, 1): shape (m,), certified or `DOUBTFUL`."""
        tables = self.numbers, self.running, self.limits
        queries = self.axis.place(q)
        return swept(self.line, query_loop(), tables, queries, self.n_jobs)


def decays_of(
    problem: Problem,
) -> tuple[Axis, Line, NDArray[np.float64], NDArray[np.float64], float]:
    """Return the axis, the points on it, numbers and sums, and their relative error."""
    sample, axis, n_jobs = problem.sample, Axis.of(problem), problem.n_jobs
    n = sample.n
    points = axis.place(sample.points)
    line = Line.of(points, sample.weights, 1.0 / axis.width, n_jobs)
    cells = line.frequency, line.first, line.last
    numbers = np.array([LOG2_E / axis.width, *cells])
    running = np.zeros((2, n // GROUP + 2))
    _scan(line, numbers, running, n_jobs)
    levels = math.ceil(math.log(max(n // GROUP, 2), RADIX))
    steps = 2 * GROUP + (RADIX + 1) * levels + LEVELS + 64
    return axis, line, numbers, running, (STEP * steps + DISTANCE) * 2.0**-53


def _scan(
    line: Line, numbers: NDArray[np.float64], running: NDArray[np.float64], n_jobs: Any
) -> None:
    """Take the sums, both ways at once."""
    groups = -(-len(line.points) // GROUP)
    parts = range(0, groups, PART)
    loop = scan_loop()

    def task(backward: int) -> None:
        state = np.zeros((LEVELS, 2))
        for first in reversed(parts) if backward else parts:
            loop(
                line.points,
                line.payload,
                numbers[0],
                first,
                min(first + PART, groups),
                groups,
                backward,
                state,
                running[backward],
            )

    run_blocks(task, 2, n_jobs)
