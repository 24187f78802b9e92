"""Several ranges, each with a density of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from parzen.boundary.boundary import Boundary, BoundedPlan
    from parzen.boundary.bounds import Bounds
    from parzen.engines.engine import Plan, Problem


@dataclass(frozen=True, eq=False)
class UnionPlan:
    """A mixture of densities on ranges that do not overlap.

    Attributes
    ----------
    bounds : tuple of Bounds
        The ranges that hold data.
    shares : ndarray of shape (k,)
        Mass of each range.
    plans : tuple of BoundedPlan
    """

    bounds: tuple[Bounds, ...]
    shares: NDArray[np.float64]
    plans: tuple[BoundedPlan, ...]

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, 1)."""
        density = np.zeros(len(q))
        for k, mine in _owners(self.bounds, q):
            density[mine] = self.shares[k] * self.plans[k].pdf(q[mine])
        return density

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, 1)."""
        density = np.full(len(q), -np.inf)
        for k, mine in _owners(self.bounds, q):
            density[mine] = self.plans[k].logpdf(q[mine]) + np.log(self.shares[k])
        return density

    def mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of intervals with ends (m, 1), shape (m,)."""
        parts = [plan.mass(lower, upper) for plan in self.plans]
        return np.asarray(self.shares @ np.stack(parts))

    def log_mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Logarithm of `mass`."""
        parts = [plan.log_mass(lower, upper) for plan in self.plans]
        logs = np.stack(parts) + np.log(self.shares)[:, None]
        return np.asarray(np.logaddexp.reduce(logs, axis=0))

    def quantile(self, p: NDArray[np.float64], *, upper: bool) -> None:
        """Return None: the parts have no closed form either."""

    def derivative(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the derivative at q of shape (m, 1); from inside on a bound."""
        slopes = np.zeros(len(q))
        for k, mine in _owners(self.bounds, q):
            slopes[mine] = self.shares[k] * self.plans[k].derivative(q[mine], order)
        return slopes

    def gradient(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient at q of shape (m, 1), shape (m, 1); zero outside."""
        slopes = np.zeros(q.shape)
        for k, mine in _owners(self.bounds, q):
            slopes[mine] = self.shares[k] * self.plans[k].gradient(q[mine])
        return slopes

    def score(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient of the log density at q of shape (m, 1); NaN where it is zero."""
        scores = np.full(q.shape, np.nan)
        for k, mine in _owners(self.bounds, q):
            scores[mine] = self.plans[k].score(q[mine])
        return scores

    def settle(
        self, size: int, draw: Any, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from each range by its mass, in random order, shape (size, 1)."""
        counts = rng.multinomial(size, self.shares)
        pairs = zip(counts, self.plans, strict=True)
        draws = [plan.settle(int(count), draw, rng) for count, plan in pairs]
        return rng.permutation(np.concatenate(draws))


def _owners(
    bounds: tuple[Bounds, ...], points: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield which of the points (m, 1) each range owns: an end shared, the first."""
    free = np.ones(len(points), dtype=bool)
    for k, part in enumerate(bounds):
        mine = free & part.contains(points)
        free &= ~mine
        yield k, mine


def union_plan(
    problem: Problem, parts: tuple[Boundary, ...], prepare: Callable[[Problem], Plan]
) -> UnionPlan:
    """Plan each range that holds data by its own boundary."""
    sample = problem.sample
    if sample.signed:
        msg = f"boundary={parts[0].name!r} on several ranges needs non-negative "
        raise CapabilityError(msg + "weights. Use boundary=None.")
    bounds, shares, plans = [], [], []
    for k, mine in _owners(tuple(part.bounds for part in parts), sample.points):
        if not mine.any():
            continue
        shares.append(sample.share(mine))
        bounds.append(parts[k].bounds)
        plans.append(parts[k].plan(problem.take(mine), prepare))
    return UnionPlan(tuple(bounds), np.array(shares) / sum(shares), tuple(plans))
