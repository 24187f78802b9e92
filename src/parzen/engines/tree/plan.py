"""Pruned sum over a k-d tree: the points that matter to a query, and a proven error.

What the sum leaves out is bounded query by query, relative to its own result, at any
distance from the data: see `parzen.engines.tree.sums`. The answer to a query depends on
no other query, except that a call with few of them is answered by the exact engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.engines.engine import FEW_PAIRS
from parzen.engines.tree.cost import build_seconds, query_seconds
from parzen.engines.tree.kd_tree import ADD, LARGEST, SMALLEST, Tree
from parzen.engines.tree.sums import tree_loop
from parzen.kernels.profiles import GAUSSIAN, TOPHAT
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.coordinates import Coordinates
    from parzen.engines.engine import Engine, ErrorBound, Plan, Problem

# Queries of a block: enough for the price of a call, few enough to busy all threads.
ROWS, BLOCKS = 1024, 64
# A shorter sum gains nothing from a second thread, which takes 0.1 ms to start.
THREAD_SECONDS = 1e-3
# Where the tree exceeds the cache, queries are sorted by cells of so many leaves.
CELL, CACHED_NUMBERS = 8, 1 << 16
# Nodes are worth a summary from this error on, relative to the density or to the peak.
LOOSE = 1e-7
# Heights below this lose digits beside a compact kernel, or in a summary.
SMALLEST_HEIGHT = 1e-250


class Tables(NamedTuple):
    """What the compiled loop takes besides the points.

    Attributes
    ----------
    shrink : ndarray of shape (leaves, LEAF) or (0, 0)
        What local bandwidths do to squared distances.
    heights : ndarray of shape (leaves, LEAF)
        Weights over local volumes, which sum to one; base-2 logarithms for kernels
        without bounded support.
    masses : ndarray of shape (nodes,) or (0,)
        Heights of all points of a node together.
    shrinks : ndarray of shape (nodes, 2) or (0, 0)
        Smallest and largest `shrink` of each node.
    """

    shrink: NDArray[np.float64]
    heights: NDArray[np.float64]
    masses: NDArray[np.float64]
    shrinks: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TreePlan:
    """A tree and its sums; memory O(n d), as much again while it is built.

    Attributes
    ----------
    problem : Problem
    bound : ErrorBound
        The error that an answer may have.
    rounding : float
        The part of it, relative, that rounding needs.
    coordinates : Coordinates
    exact : Engine
        Answers few queries, and those whose distances leave the range of a double.
    """

    problem: Problem
    bound: ErrorBound
    rounding: float
    coordinates: Coordinates
    exact: Engine

    @cached_property
    def exact_plan(self) -> Plan:
        """The exact sum."""
        return self.exact.plan(self.problem)

    @cached_property
    def tree(self) -> Tree:
        """The tree, built when many queries come for the first time."""
        return Tree.of(
            self.coordinates.points[: self.problem.sample.d],
            self._metric,
            self.problem.n_jobs,
        )

    @cached_property
    def tables(self) -> Tables:
        """Heights and masses in the order of the tree."""
        tree, local = self.tree, self.problem.local
        nothing = np.empty((0, 0))
        tables = Tables(nothing, nothing, np.empty(0), nothing)
        logs = self._log_heights()
        if self._loose:
            plain = tree.in_slots(np.exp2(logs), 0.0)
            tables = tables._replace(masses=tree.collect(ADD, plain.sum(axis=1)))
        if math.isfinite(self.problem.kernel.support):
            tables = tables._replace(heights=tree.in_slots(np.exp2(logs), 0.0))
        else:
            tables = tables._replace(heights=tree.in_slots(logs, -np.inf))
        if local is None:
            return tables
        # an empty slot must neither widen nor narrow its leaf
        shrink = tree.in_slots(local**-2.0, float(local[tree.order[-1]]) ** -2.0)
        narrow = tree.collect(SMALLEST, shrink.min(axis=1))
        wide = tree.collect(LARGEST, shrink.max(axis=1))
        shrinks = np.stack([narrow, wide], axis=1)
        return tables._replace(shrink=shrink, shrinks=shrinks)

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d)."""
        with np.errstate(over="ignore"):
            return np.exp(self.logpdf(q))

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        if self._few(len(q)):
            return self.exact_plan.logpdf(q)
        queries = self.coordinates.place(q)[:, : q.shape[1]]
        total, logs = self._sums(np.ascontiguousarray(queries))
        # Where distances, or weights times a compact kernel, leave the range of a
        # double, the exact engine sums in log space throughout.
        lost = ~np.isfinite(queries).all(axis=1)
        if not math.isfinite(self.problem.kernel.support):
            lost |= ~np.isfinite(logs)
        elif self._smallest < SMALLEST_HEIGHT:
            lost |= ~(total > SMALLEST_HEIGHT)
        if lost.any():
            logs[lost] = self.exact_plan.logpdf(q[lost])
        return logs

    def _few(self, m: int) -> bool:
        """Whether the exact engine answers m queries before the tree is built.

        Whether it is built already does not count: answers must not depend on that.
        """
        if m * self.problem.sample.n <= FEW_PAIRS:
            return True
        return self.exact.cost(self.problem, m) < build_seconds(self.problem)

    def _sums(
        self, queries: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum at placed queries (m, d): S up to a power of two, and log f, (m,)."""
        m, tree = len(queries), self.tree
        order = None
        if tree.points.size > CACHED_NUMBERS:
            # neighbours visit the same leaves, which are in the cache then
            order = np.argsort(tree.cells(queries, CELL), kind="stable")
            queries = queries[order]
        reference, total = np.empty(m), np.empty(m)
        loop, metric, tables = self.loop, self._metric, self.tables
        relative, absolute = self._shares
        rows = max(16, min(ROWS, -(-m // BLOCKS)))

        def task(block: int) -> None:
            at, stop = block * rows, min((block + 1) * rows, m)
            while at < stop:
                # returns early after much work, so that Ctrl-C acts
                at = loop(
                    queries,
                    tree.points,
                    metric,
                    tables.shrink,
                    tables.heights,
                    tree.boxes,
                    tables.masses,
                    tables.shrinks,
                    relative,
                    absolute,
                    at,
                    stop,
                    reference,
                    total,
                )

        busy = m * self._seconds > THREAD_SECONDS
        run_blocks(task, -(-m // rows), self.problem.n_jobs if busy else 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = reference * math.log(2.0) + np.log(total)
            logs += self._log_sum + self.problem.log_peak
        if order is None:
            return total, logs
        back = np.empty_like(order)
        back[order] = np.arange(m)
        return total[back], logs[back]

    @cached_property
    def _metric(self) -> NDArray[np.float64]:
        """Weights of the squared differences by axis, shape (d,)."""
        metric = self.coordinates.metric
        return metric if metric.size else np.ones(self.problem.sample.d)

    @cached_property
    def loop(self) -> Any:
        """The compiled sum."""
        problem = self.problem
        local = int(problem.local is not None)
        return tree_loop(
            problem.kernel.code, int(_product(problem)), local, int(self._loose)
        )

    @cached_property
    def _seconds(self) -> float:
        """Predicted time of a query on one thread."""
        return query_seconds(self.problem, *self._shares, loose=self._loose)

    def _log_heights(self) -> NDArray[np.float64]:
        """Base-2 logarithms of the heights, which sum to one, shape (n,)."""
        return self.problem.log_heights() - self._log_sum / math.log(2.0)

    @cached_property
    def _log_sum(self) -> float:
        """Logarithm of the sum of weights over local bandwidths."""
        if self.problem.local is None:
            return 0.0
        logs = self.problem.log_heights()
        top = float(logs.max())
        return math.log(2.0) * (top + math.log2(np.exp2(logs - top).sum()))

    @cached_property
    def _smallest(self) -> float:
        """Smallest height."""
        if self.problem.sample.weights is None and self.problem.local is None:
            return 1.0 / self.problem.sample.n
        return float(np.exp2(self._log_heights().min()))

    @cached_property
    def _shares(self) -> tuple[float, float]:
        """What the sum S may leave out: relative to S, and absolute."""
        relative = self.bound.relative - self.rounding
        return relative, absolute_share(self.problem, self._log_sum)

    @cached_property
    def _loose(self) -> bool:
        """Whether nodes are worth a summary; those within a top hat always are."""
        tame = self._smallest >= SMALLEST_HEIGHT
        return tame and is_loose(self.problem, *self._shares)


def absolute_share(problem: Problem, log_sum: float) -> float:
    """Return the absolute error that S may have; S is at most one."""
    with np.errstate(over="ignore", invalid="ignore"):
        absolute = problem.atol * np.exp(-problem.log_peak - log_sum)
    # zero times infinity, where densities are too small for a float
    return float(min(1.0, absolute)) if problem.atol > 0.0 else 0.0


def is_loose(problem: Problem, relative: float, absolute: float) -> bool:
    """Whether nodes are worth a summary; those inside a top hat always are."""
    accepted = max(relative, absolute) >= LOOSE or problem.kernel.code == TOPHAT
    return accepted and not _product(problem)


def _product(problem: Problem) -> bool:
    """Whether to multiply over the axes; a Gaussian is radial whatever it is called."""
    kernel = problem.kernel
    return kernel.product and problem.sample.d > 1 and kernel.code != GAUSSIAN
