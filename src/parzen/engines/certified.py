"""A fast sum that knows its own error, and an exact one where that is too large.

The fast engines bound their error query by query, after the fact: a query counts as
answered only if that bound keeps the error its user accepts. All others (far tails, the
edges of supports, points beside a mass 1e12 times theirs) are summed exactly. So a fast
engine may be wrong anywhere, as long as it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from parzen.engines.engine import FEW_PAIRS, attainable
from parzen.engines.fringe import beyond, fringe_logpdf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.cumulative import Cumulative, Differentiated
    from parzen.engines.engine import Engine, ErrorBound, Plan, Problem

# What an approximation returns for a query that it cannot certify.
DOUBTFUL = -1.0
# What sums may lose to rounding after they were certified.
RESERVE = 1e-12
# Peaks beyond e^600 would overflow or underflow beside a sum: use the logarithm.
TAME_PEAK = 600.0


@dataclass(frozen=True)
class Tolerance:
    """The error that an approximation of S = f / peak may have: absolute + relative S.

    Attributes
    ----------
    relative : float
    absolute : float
        In units of the peak, e^log_peak.
    """

    relative: float
    absolute: float

    @classmethod
    def of(cls, problem: Problem, exact: Engine) -> Tolerance:
        """Return the user's error, or what the exact engine rounds by, if larger."""
        bound = attainable(problem, exact.error_bound(problem).relative)
        relative = bound.relative - RESERVE
        if bound.absolute == 0.0:
            return cls(relative, 0.0)
        with np.errstate(over="ignore"):
            absolute = float(bound.absolute * np.exp(-problem.log_peak))
        # no sum exceeds one: with more, what is not known at all would count as right
        return cls(relative, min(absolute, 2.0))

    def least(self, error: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the smallest computed sum that an error bound is small enough for.

        |s - S| <= error implies S >= s - error, so the error is kept where
        error <= absolute + relative (s - error).
        """
        least = (error * (1.0 + self.relative) - self.absolute) / self.relative
        # an error within `absolute` is small enough for any sum, even one below zero
        return np.asarray(np.where(error <= self.absolute, -np.inf, least))

    def certify(self, sums: NDArray[np.float64], error: NDArray[np.float64]) -> None:
        """Mark the sums (m,) whose error bound (m,) is too large; none is negative."""
        np.maximum(sums, 0.0, out=sums)
        with np.errstate(invalid="ignore"):
            kept = error * (1.0 + self.relative) <= self.absolute + self.relative * sums
        sums[~kept] = DOUBTFUL


class Approximation(Protocol):
    """A fast sum S(q) = f(q) / peak; immutable and picklable."""

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, d): shape (m,), certified or `DOUBTFUL`."""
        ...


@dataclass(frozen=True)
class CertifiedEngine:
    """Base of the fast engines: they keep the user's error, query by query.

    Attributes
    ----------
    exact : Engine
        Sums the queries whose error is not small enough.
    """

    exact: Engine
    relative: ClassVar[bool] = True

    def error_bound(self, problem: Problem) -> ErrorBound:
        """Return what the certificate keeps: the user's error."""
        return attainable(problem, self.exact.error_bound(problem).relative)

    def tolerance(self, problem: Problem) -> Tolerance:
        """Return the error that a certified sum may have."""
        return Tolerance.of(problem, self.exact)

    def plan(self, problem: Problem) -> CertifiedPlan:
        """Prepare nothing yet: that is for the first query to ask."""
        return CertifiedPlan(problem, self, self.exact)

    def approximate(self, problem: Problem) -> Approximation:
        """Prepare the fast sum."""
        raise NotImplementedError

    def cumulative(self, problem: Problem) -> Cumulative | None:  # noqa: ARG002
        """Prepare masses on either side, on a line; None where there is no fast way.

        What it returns may also have `quantile(p, upper)`, of shape (m,): where the
        mass below (above) is p, NaN where that is not certain.
        """
        return None

    def differentiated(
        self,
        problem: Problem,  # noqa: ARG002
        order: int,  # noqa: ARG002
    ) -> Differentiated | None:
        """Prepare the derivative of an order, on a line; None where there is none."""
        return None


@dataclass(frozen=True, eq=False)
class CertifiedPlan:
    """A fast sum, and an exact one for the queries that it doubts.

    Both are prepared when the first query asks for them. A few queries on a few points
    are summed exactly: neither is worth its preparation then.

    Attributes
    ----------
    problem : Problem
    fast : CertifiedEngine
    exact : Engine
    """

    problem: Problem
    fast: CertifiedEngine
    exact: Engine

    @cached_property
    def approximation(self) -> Approximation:
        """The fast sum."""
        return self.fast.approximate(self.problem)

    @cached_property
    def exact_plan(self) -> Plan:
        """The exact sum."""
        return self.exact.plan(self.problem)

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d)."""
        if self._few(q):
            return self.exact_plan.pdf(q)
        if abs(self.problem.log_peak) > TAME_PEAK:
            with np.errstate(over="ignore"):
                return np.exp(self.logpdf(q))
        sums = self.approximation.sums(q)
        doubtful = np.flatnonzero(sums < 0.0)
        sums *= np.exp(self.problem.log_peak)
        if doubtful.size:
            with np.errstate(over="ignore"):
                sums[doubtful] = np.exp(self._exact_logpdf(q[doubtful]))
        return sums

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        if self._few(q):
            return self.exact_plan.logpdf(q)
        sums = self.approximation.sums(q)
        doubtful = np.flatnonzero(sums < 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(sums)
            logs += self.problem.log_peak
        if doubtful.size:
            logs[doubtful] = self._exact_logpdf(q[doubtful])
        return logs

    def _exact_logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at doubtful queries (m, d)."""
        outside = beyond(self.problem, q)
        logs = np.empty(len(q))
        if outside.any():
            logs[outside] = fringe_logpdf(self.problem, q[outside], self.exact)
        if not outside.all():
            logs[~outside] = self.exact_plan.logpdf(q[~outside])
        return logs

    def _few(self, q: NDArray[np.float64]) -> bool:
        """Whether the queries are too few for anything but a plain sum."""
        return len(q) * self.problem.sample.n <= FEW_PAIRS
