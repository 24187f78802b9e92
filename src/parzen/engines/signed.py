"""Signed weights: the sum over positive weights less the sum over negative ones.

Every engine then sees weights it knows. Errors are relative to the two sums, not to
their difference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem


def eased(problem: Problem) -> Problem:
    """Return the problem with the absolute error that each of two sums may have."""
    return replace(problem, atol=problem.atol / total(problem))


def total(problem: Problem) -> float:
    """Sum of the absolute weights, where the weights sum to one."""
    weights = problem.sample.weights
    return 1.0 if weights is None else float(np.abs(weights).sum())


def parts(problem: Problem) -> tuple[tuple[float, float], tuple[Problem, Problem]]:
    """Split a problem by the sign of its weights; each part's weights sum to one."""
    sample, each = problem.sample, eased(problem)
    positive = np.asarray(sample.weights) > 0
    # points of weight zero are left out of samples
    shares = abs(sample.share(positive)), abs(sample.share(~positive))
    return shares, (each.take(positive), each.take(~positive))


@dataclass(frozen=True, eq=False)
class SignedPlan:
    """Two sums and their difference, which may be negative.

    Attributes
    ----------
    shares : tuple of float
        Absolute mass of the positive and of the negative weights.
    plans : tuple of Plan
    """

    shares: tuple[float, float]
    plans: tuple[Plan, ...]

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d), negative where negative weights prevail."""
        plus, minus = self.plans
        return self.shares[0] * plus.pdf(q) - self.shares[1] * minus.pdf(q)

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of `pdf`, right in the tails; NaN where that is negative."""
        plus = self.plans[0].logpdf(q) + np.log(self.shares[0])
        minus = self.plans[1].logpdf(q) + np.log(self.shares[1])
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            difference = plus + np.log1p(-np.exp(minus - plus))
        nothing = np.isneginf(plus) & np.isneginf(minus)
        return np.where(nothing, -np.inf, difference)
