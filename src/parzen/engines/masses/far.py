"""Masses of intervals beyond all data, for kernels whose tails take in all points.

There a tail is a series in moments of the data, which are summed once:

- logistic: with z = e^-(a - q)/h for the lower end a, and t_i = e^-(x_i - a)/h, a point
  has z t_i / (1 + z t_i) below q: the mass is z M_1 - z^2 M_2 + ..., and M_k the mean
  of t^k;
- Cauchy: a point has arg(q - x_i + i h) / pi above q, and the logarithm of the complex
  number is a series in (x_i - c) / (q - c + i h), as in a multipole expansion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.profiles import CAUCHY, LOGISTIC
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Terms of the series, and what each is smaller than the last by, at least: what is left
# out is below 1e-15 of the first.
TERMS = {LOGISTIC: 17, CAUCHY: 51}
RATIO = {LOGISTIC: 0.125, CAUCHY: 0.5}
# Points, or intervals, in one block of work.
BLOCK = 1 << 14
# A difference of two tails keeps its digits where one is at most so much of the other.
APART = 0.5


@dataclass(frozen=True, eq=False)
class FarMasses:
    """Masses beyond the data by moments: O(n) to prepare, O(1) an interval.

    Right to 1e-14, relative, as far as the floats reach.

    Attributes
    ----------
    problem : Problem
        One dimension, one bandwidth, and a kernel of `TERMS`.
    """

    problem: Problem

    @staticmethod
    def of(problem: Problem) -> FarMasses | None:
        """Serve a problem, or return None."""
        known = problem.kernel.code in TERMS and problem.local is None
        span = float((problem.sample.upper - problem.sample.lower)[0])
        with np.errstate(over="ignore"):
            wide = np.isfinite(span / float(problem.scale.widths[0]))
        return FarMasses(problem) if known and wide else None

    @property
    def _ends(self) -> tuple[float, float]:
        return float(self.problem.sample.lower[0]), float(self.problem.sample.upper[0])

    @property
    def _h(self) -> float:
        return float(self.problem.scale.widths[0])

    @cached_property
    def _margin(self) -> float:
        """Distance from the data from which on the series serves."""
        if self.problem.kernel.code == LOGISTIC:
            return -float(np.log(RATIO[LOGISTIC])) * self._h
        low, high = self._ends
        return 0.5 * (high - low) * (1.0 / RATIO[CAUCHY] - 1.0)

    def serves(self, low: Floats, high: Floats) -> NDArray[np.bool_]:
        """Mark intervals (m,) beyond the data, or from beyond them to beyond them.

        Of the former the ends must have other tails, of the latter most of the mass.
        """
        first, last = self._ends[0] - self._margin, self._ends[1] + self._margin
        found = np.zeros(low.shape, dtype=bool)
        for side, near, far in ((high < first, high, low), (low > last, low, high)):
            some = np.flatnonzero(side & (low < high))
            logs = self._log_tail(near[some])
            found[some] = self._log_tail(far[some]) <= logs + np.log(APART)
        some = np.flatnonzero((low < first) & (high > last))
        found[some] = self._outside(low[some], high[some]) <= APART
        return found

    def log_mass(self, low: Floats, high: Floats) -> Floats:
        """Logarithm of the mass of such intervals (m,), shape (m,)."""
        first, last = self._ends
        logs = np.empty(low.shape)
        for side, near, far in ((high < first, high, low), (low > last, low, high)):
            some = np.flatnonzero(side)
            tail = self._log_tail(near[some])
            ratio = np.exp(self._log_tail(far[some]) - tail)
            logs[some] = tail + np.log1p(-ratio)
        some = np.flatnonzero((low < first) & (high > last))
        logs[some] = np.log1p(-self._outside(low[some], high[some]))
        return logs

    def _outside(self, low: Floats, high: Floats) -> Floats:
        """Mass of both tails."""
        below, above = self._log_tail(low), self._log_tail(high)
        return np.asarray(np.exp(below) + np.exp(above))

    def mass(self, low: Floats, high: Floats) -> Floats:
        """Mass of such intervals (m,), shape (m,)."""
        return np.asarray(np.exp(self.log_mass(low, high)))

    def _log_tail(self, q: Floats) -> Floats:
        """Logarithm of the mass between q (m,), beyond the data, and infinity."""
        logs = np.full(q.shape, -np.inf)
        tail = self._logistic if self.problem.kernel.code == LOGISTIC else self._cauchy
        moments = self._moments
        for begin in range(0, len(q), BLOCK):
            some = q[begin : begin + BLOCK]
            finite = np.flatnonzero(np.isfinite(some))
            if finite.size:
                part = tail(some[finite], moments)
                logs[begin : begin + BLOCK][finite] = part
        return logs

    def _logistic(self, q: Floats, moments: Floats) -> Floats:
        (first, last), h = self._ends, self._h
        below = q < first
        with np.errstate(over="ignore"):
            away = np.where(below, first - q, q - last) / h
        z = -np.exp(-away)
        total = np.zeros(q.shape)
        for k in range(TERMS[LOGISTIC] - 1, -1, -1):
            total = total * z + np.where(below, moments[0, k], moments[1, k])
        return np.asarray(np.log(total) - away)

    def _cauchy(self, q: Floats, moments: Floats) -> Floats:
        (first, last), h = self._ends, self._h
        away = np.abs(q - (0.5 * first + 0.5 * last))
        angle = np.arctan2(h, away)
        ratio = 0.5 * (last - first) / np.hypot(away, h)
        row = (q > last).astype(np.intp)
        total, power = angle.copy(), np.ones(q.shape)
        for k in range(1, TERMS[CAUCHY] + 1):
            power *= ratio
            total += moments[row, k - 1] * power * np.sin(k * angle) / k
        return np.asarray(np.log(total / np.pi))

    @cached_property
    def _moments(self) -> Floats:
        """Moments as seen from below and from above, (2, terms), the first first."""
        sample, (first, last) = self.problem.sample, self._ends
        terms = TERMS[int(self.problem.kernel.code or 0)]
        x, weights = sample.points[:, 0], sample.weights
        blocks = -(-sample.n // BLOCK)
        sums = np.empty((blocks, 2, terms))

        def task(block: int) -> None:
            some = slice(block * BLOCK, (block + 1) * BLOCK)
            part = x[some]
            share = np.full(len(part), 1.0 / sample.n)
            if weights is not None:
                share = weights[some]
            if self.problem.kernel.code == LOGISTIC:
                each = (first - part) / self._h, (part - last) / self._h
                bases = tuple(np.exp(away) for away in each)
            else:
                half = 0.5 * (last - first)
                middle = 0.5 * first + 0.5 * last
                base = (part - middle) / half if half > 0.0 else np.zeros(len(part))
                bases = -base, base
            for side, base in enumerate(bases):
                power = np.ones(len(part))
                for k in range(terms):
                    power *= base
                    sums[block, side, k] = share @ power

        run_blocks(task, blocks, self.problem.n_jobs)
        return np.asarray(sums.sum(axis=0))
