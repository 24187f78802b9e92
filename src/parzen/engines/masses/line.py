"""Masses of intervals of a 1-D kernel sum, point by point: exact, and pruned.

Points whose kernel lies inside of the interval add their weight, those whose kernel is
too far away nothing; both are ranges of the sorted points. Those between are summed.
How far is too far follows from what the nearest point adds: all that is left out is
below 1e-13 of the mass, however small that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.levels import Level, levels_of, solve_reach
from parzen.engines.ragged import sum_ranges
from parzen.kernels.interval import interval_mass, log_interval_mass, outermost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# What may be left out, relative, and how deep the table of reaches goes: logarithms.
LOST = -30.0
DEEPEST = 760


@dataclass(frozen=True, eq=False)
class LineMasses:
    """Masses of intervals by sums over the points that matter.

    O(n log n) to prepare; then O(log n) and the points in reach for each interval, for
    kernels with tails like a power all of them. Memory O(n + m).
    """

    problem: Problem

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The points, sorted; one level for each octave of local bandwidths."""
        return levels_of(self.problem)

    def mass(self, lower: Floats, upper: Floats) -> Floats:
        """Mass between ends (m,), which may be infinite, shape (m,)."""
        return self._sum(lower, upper, logs=False)

    def log_mass(self, lower: Floats, upper: Floats) -> Floats:
        """Logarithm of the mass, right where that is no number any more."""
        return self._sum(lower, upper, logs=True)

    def _sum(self, lower: Floats, upper: Floats, *, logs: bool) -> Floats:
        kernel = self.problem.kernel
        reach = self._reaches(self._least(lower, upper))
        total = np.full(lower.shape, -np.inf if logs else 0.0)
        whole_at = outermost(kernel, 1)
        # a kernel of the user's need not be safe on several threads
        n_jobs = 1 if kernel.code is None else self.problem.n_jobs
        for level in self.levels:
            x, h = level.x, level.h
            with np.errstate(invalid="ignore", over="ignore"):
                far = reach * level.widest
                first = np.searchsorted(x, lower - far, side="left")
                last = np.searchsorted(x, upper + far, side="right")
                deep = whole_at * level.widest
                start = np.searchsorted(x, lower + deep, side="left")
                stop = np.searchsorted(x, upper - deep, side="right")
            start, stop = np.maximum(start, first), np.minimum(stop, last)
            hollow = stop <= start
            start, stop = np.where(hollow, last, start), np.where(hollow, last, stop)
            whole = level.share(start, stop)

            def term(
                query: Indices,
                point: Indices,
                x: Floats = x,
                h: Floats = h,
                level: Level = level,
            ) -> Floats:
                at, width = x[point], h[point]
                with np.errstate(over="ignore"):
                    low = (lower[query] - at) / width
                    high = (upper[query] - at) / width
                    size = (upper - lower)[query] / width
                if logs:
                    masses = log_interval_mass(kernel, low, high, size)
                    return np.asarray(masses + level.log_weights[point])
                return np.asarray(
                    interval_mass(kernel, low, high, size) * level.weights[point]
                )

            part = sum_ranges([(first, start), (stop, last)], term, n_jobs, logs=logs)
            if logs:
                with np.errstate(divide="ignore"):
                    total = np.logaddexp(total, np.logaddexp(part, np.log(whole)))
            else:
                total += part + whole
        return total

    def _least(self, lower: Floats, upper: Floats) -> Floats:
        """Bound the logarithm of each mass from below: what the nearest points add."""
        kernel = self.problem.kernel
        least = np.full(lower.shape, -np.inf)
        with np.errstate(invalid="ignore", over="ignore"):
            middle = np.where(np.isfinite(lower + upper), 0.5 * (lower + upper), 0.0)
        middle = np.where(
            np.isinf(lower), upper, np.where(np.isinf(upper), lower, middle)
        )
        for level in self.levels:
            after = np.searchsorted(level.x, middle)
            for beside in (after - 1, after):
                near = np.clip(beside, 0, level.x.size - 1)
                at, width = level.x[near], level.h[near]
                with np.errstate(over="ignore"):
                    low, high = (lower - at) / width, (upper - at) / width
                logs = log_interval_mass(kernel, low, high) + level.log_weights[near]
                np.maximum(least, logs, out=least)
        return least

    def _reaches(self, least: Floats) -> Floats:
        """Return how far a kernel matters beside a mass, in bandwidths, shape (m,)."""
        kernel = self.problem.kernel
        reach = np.full(least.shape, np.inf)
        if np.isfinite(kernel.support):
            reach[:] = kernel.support
            return reach
        wanted = least + LOST
        table = np.isfinite(wanted) & (wanted >= -DEEPEST)
        reach[table] = self._table[np.ceil(-wanted[table]).astype(int)]
        deep = np.isfinite(wanted) & ~table
        if deep.any():
            reach[deep] = solve_reach(self._log_outside, wanted[deep])
        # SciPy's own tails may be zero before their time
        return reach * (1.2 if kernel.code is None else 1.0)

    @cached_property
    def _table(self) -> Floats:
        """Reaches for masses e^0, e^-1, ..., from above."""
        return solve_reach(self._log_outside, -np.arange(DEEPEST + 2.0))

    def _log_outside(self, reach: Floats) -> Floats:
        """Logarithm of the kernel's mass outside."""
        kernel = self.problem.kernel
        return np.logaddexp(kernel.logcdf(-reach), kernel.logsf(reach))
