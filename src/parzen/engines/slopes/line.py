"""Derivatives of a 1-D kernel sum, over the points that matter to each query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.engine import FEW_PAIRS
from parzen.engines.levels import Level, levels_of, solve_reach
from parzen.engines.ragged import sum_ranges
from parzen.engines.slopes.sums import Pairs, summed
from parzen.kernels.interval import outermost

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# What may be left out beside the nearest point's density, as a logarithm: e^-45 leaves
# room for what derivatives of high order add to the tails.
LOST = -45.0
# Distances beyond overflow when they are squared; sums below may have lost digits.
FARTHEST, SMALLEST = 1e150, 1e-250


@dataclass(frozen=True, eq=False)
class LineSlopes:
    """Derivatives, scores and log densities by sums over the points in reach.

    O(n log n) to prepare, O(log n) and the points in reach for each query; for kernels
    with tails like a power these are all points. Memory O(n + m).
    """

    problem: Problem

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The points, sorted; one level for each octave of local bandwidths."""
        return levels_of(self.problem)

    def derivative(self, q: Floats, order: int) -> Floats:
        """Return the derivative of an order at q of shape (m,)."""
        kernel = self.problem.kernel
        total = np.zeros(q.shape)

        def term(level: Level, query: Indices, point: Indices) -> Floats:
            h = level.h[point]
            with np.errstate(over="ignore", invalid="ignore"):
                u = (q[query] - level.x[point]) / h
                values = kernel.derivative(u, order) * level.weights[point]
            # in units of the widest: sums of what overflows have no sign
            share = level.widest / h
            for _ in range(order + 1):
                values = values * share
            return np.asarray(values)

        sums = self._sums(q, term, logs=False)
        for level, part in zip(self.levels, sums, strict=True):
            # one division at a time: a power of h may leave the range of floats
            with np.errstate(over="ignore", invalid="ignore"):
                for _ in range(order + 1):
                    part = part / level.widest  # noqa: PLW2901 - step by step
                total += part
        return total

    def score_and_log(self, q: Floats) -> tuple[Floats, Floats]:
        """Return the derivative of the log density, and that itself, at q (m,)."""
        kernel = self.problem.kernel
        if kernel.code is not None and q.size * self.problem.sample.n > FEW_PAIRS:
            found = self._compiled(q)
            if found is not None:
                return found
        logs = np.full(q.shape, -np.inf)

        def log_term(level: Level, query: Indices, point: Indices) -> Floats:
            with np.errstate(over="ignore"):
                u = (q[query] - level.x[point]) / level.h[point]
            sizes = level.log_weights[point] - np.log(level.h[point])
            return np.asarray(kernel.logpdf(u[:, None]) + sizes)

        for part in self._sums(q, log_term, logs=True):
            logs = np.logaddexp(logs, part)
        base = np.where(np.isfinite(logs), logs, 0.0)
        score, total = np.zeros(q.shape), np.zeros(q.shape)

        def share(level: Level, query: Indices, point: Indices) -> Floats:
            return np.asarray(np.exp(log_term(level, query, point) - base[query]))

        def term(level: Level, query: Indices, point: Indices) -> Floats:
            shares = share(level, query, point)
            with np.errstate(over="ignore", invalid="ignore"):
                u = (q[query] - level.x[point]) / level.h[point]
                pull = kernel.log_gradient(u[:, None])[:, 0] / level.h[point]
            return np.asarray(np.where(shares > 0.0, shares * pull, 0.0))

        for part in self._sums(q, term, logs=False):
            score += part
        # far out a logarithm has few digits behind the point, and shares not sum one
        for part in self._sums(q, share, logs=False):
            total += part
        with np.errstate(invalid="ignore"):
            score /= total
        return np.where(np.isneginf(logs), np.nan, score), logs

    @cached_property
    def _pairs(self) -> tuple[Pairs, ...] | None:
        """The levels as the compiled loop takes them; None where NumPy has to sum."""
        compact = np.isfinite(self.problem.kernel.support)
        made = []
        with np.errstate(all="ignore"):
            for level in self.levels:
                inverse = 1.0 / level.h
                heights = np.log2(level.weights) + np.log2(inverse)
                heights = np.exp2(heights) if compact else heights
                most = np.abs(level.x).max() * inverse.max()
                if not (np.isfinite(heights).all() and most <= FARTHEST):
                    return None
                if compact and not heights.min() >= SMALLEST:
                    return None
                made.append(Pairs(level.x[None], np.ones(1), inverse, heights))
        return tuple(made)

    def _compiled(self, q: Floats) -> tuple[Floats, Floats] | None:
        """Return score and log density by a compiled loop, in one pass."""
        kernel, pairs = self.problem.kernel, self._pairs
        with np.errstate(over="ignore"):
            if pairs is None or not all(
                np.abs(q).max() * one.narrow.max() <= FARTHEST for one in pairs
            ):
                return None
        reach = self._reaches(q)
        parts = []
        for level, one in zip(self.levels, pairs, strict=True):
            with np.errstate(over="ignore"):
                far = reach * level.widest
                first = np.searchsorted(level.x, q - far, side="left")
                last = np.searchsorted(level.x, q + far, side="right")
            ends = first.astype(np.intp), last.astype(np.intp)
            parts.append(summed(kernel, one, q[:, None], ends, self.problem.n_jobs))
        top = np.max([part.reference for part in parts], axis=0)
        with np.errstate(all="ignore"):
            shares = [np.exp2(part.reference - top) for part in parts]
            # a level out of reach has no share
            shares = [np.where(np.isnan(share), 0.0, share) for share in shares]
            pairs_of = list(zip(shares, parts, strict=True))
            total = np.sum([share * part.total for share, part in pairs_of], axis=0)
            slopes = [share * part.slopes[:, 0] for share, part in pairs_of]
            logs = top * np.log(2.0) + np.log(total) + kernel.log_norm(1)
            if np.isfinite(kernel.support) and ((total > 0) & (total < SMALLEST)).any():
                return None
            score = np.sum(slopes, axis=0) / total
        return np.where(total > 0.0, score, np.nan), np.where(total > 0, logs, -np.inf)

    def _sums(
        self,
        q: Floats,
        term: Callable[[Level, Indices, Indices], Floats],
        *,
        logs: bool,
    ) -> list[Floats]:
        """Sum a term over the points in reach, level by level."""
        reach = self._reaches(q)
        n_jobs = 1 if self.problem.kernel.code is None else self.problem.n_jobs
        sums = []
        for level in self.levels:
            with np.errstate(over="ignore"):
                far = reach * level.widest
                first = np.searchsorted(level.x, q - far, side="left")
                last = np.searchsorted(level.x, q + far, side="right")

            def some(query: Indices, point: Indices, level: Level = level) -> Floats:
                return term(level, query, point)

            sums.append(sum_ranges([(first, last)], some, n_jobs, logs=logs))
        return sums

    def _reaches(self, q: Floats) -> Floats:
        """Return how far a kernel matters at each query, in bandwidths, shape (m,)."""
        kernel = self.problem.kernel
        if np.isfinite(kernel.support):
            return np.full(q.shape, kernel.support)
        if q.size * self.problem.sample.n <= FEW_PAIRS:
            return np.full(q.shape, np.inf)
        least = np.full(q.shape, -np.inf)
        nearest = np.full(q.shape, np.inf)
        for level in self.levels:
            after = np.searchsorted(level.x, q)
            for near in (after - 1, after):
                i = np.clip(near, 0, level.x.size - 1)
                with np.errstate(over="ignore"):
                    u = (q - level.x[i]) / level.h[i]
                sizes = level.log_weights[i] - np.log(level.h[i])
                np.maximum(least, kernel.logpdf(u[:, None]) + sizes, out=least)
                np.minimum(nearest, np.abs(u), out=nearest)
        if kernel.code is None:
            # of the tails of any distribution nothing is known but quantiles
            reach = outermost(kernel, 1)
            return np.where(nearest < 0.5 * reach, 1.2 * reach, np.inf)
        narrowest = float(self.problem.scale.widths[0]) * self.problem.narrowest
        wanted = least + np.log(narrowest) + LOST
        reach_of = np.full(q.shape, np.inf)
        some = np.isfinite(wanted)
        reach_of[some] = solve_reach(lambda r: kernel.logpdf(r[:, None]), wanted[some])
        return reach_of
