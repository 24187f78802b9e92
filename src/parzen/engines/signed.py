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
    from parzen.engines.masses.integrals import Integrals
    from parzen.engines.slopes.slopes import Slopes


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
        return _log_difference(plus, minus)


@dataclass(frozen=True, eq=False)
class SignedIntegrals:
    """Masses of two sums and their difference.

    Attributes
    ----------
    shares : tuple of float
        Absolute mass of the positive and of the negative weights.
    integrals : tuple of Integrals
    """

    shares: tuple[float, float]
    integrals: tuple[Integrals, ...]

    def mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mass in boxes with ends (m, d), negative where negative weights prevail."""
        plus, minus = self.integrals
        positive = self.shares[0] * plus.mass(lower, upper)
        return np.asarray(positive - self.shares[1] * minus.mass(lower, upper))

    def log_mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Logarithm of `mass`; NaN where that is negative."""
        plus, minus = (
            part.log_mass(lower, upper) + np.log(share)
            for part, share in zip(self.integrals, self.shares, strict=True)
        )
        return _log_difference(plus, minus)

    def quantile(self, p: NDArray[np.float64], *, upper: bool) -> None:  # noqa: ARG002
        """Return None: masses need not be monotone."""
        return


@dataclass(frozen=True, eq=False)
class SignedSlopes:
    """Derivatives of two sums and their difference.

    Attributes
    ----------
    shares : tuple of float
        Absolute mass of the positive and of the negative weights.
    slopes : tuple of Slopes
    """

    shares: tuple[float, float]
    slopes: tuple[Slopes, ...]

    def derivative(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the derivative of order >= 1 on a line, at q (m, 1), shape (m,)."""
        plus, minus = (part.derivative(q, order) for part in self.slopes)
        return np.asarray(self.shares[0] * plus - self.shares[1] * minus)

    def gradient(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient at q of shape (m, d), shape (m, d)."""
        plus, minus = (part.gradient(q) for part in self.slopes)
        return np.asarray(self.shares[0] * plus - self.shares[1] * minus)

    def score(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient of the logarithm, shape (m, d); NaN where f is not positive.

        The mean of the two scores with the weights f+ / f and -f- / f, whose ratio
        comes from logarithms.
        """
        (first, plus), (second, minus) = (part.score_and_log(q) for part in self.slopes)
        with np.errstate(all="ignore"):
            ratio = np.exp(minus - plus) * (self.shares[1] / self.shares[0])
            # where one sum is zero, so is what it pulls
            ratio = np.where(np.isneginf(minus), 0.0, ratio)[:, None]
            second = np.where(ratio == 0.0, 0.0, second)
            score = (first - ratio * second) / (1.0 - ratio)
            return np.where(ratio < 1.0, score, np.nan)


def _log_difference(
    plus: NDArray[np.float64], minus: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithm of e^plus - e^minus; NaN where that is negative."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        difference = plus + np.log1p(-np.exp(minus - plus))
    nothing = np.isneginf(plus) & np.isneginf(minus)
    return np.where(nothing, -np.inf, difference)
