"""Derivatives of a kernel sum: on a line of any order, in space the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.choice import cheapest
from parzen.engines.engine import FEW_PAIRS
from parzen.engines.slopes.line import LineSlopes
from parzen.engines.slopes.space import SpaceSlopes
from parzen.kernels.formulas import check_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import CertifiedEngine
    from parzen.engines.cumulative import Differentiated
    from parzen.engines.engine import Plan, Problem

    Floats = NDArray[np.float64]

# The error of a fast derivative, beside itself or the density over h^order.
FINEST = 1e-9
# Densities below this have lost digits, or are about to.
SMALLEST = 1e-290


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives of f(q) = sum_i w_i K(A_i^-1 (q - x_i)) / |det A_i|; no bounds.

    They exist where no point's kernel has a kink; up to the order for which K^(order)
    is a bounded function they are given everywhere, and at the kink itself as
    `Kernel.derivative` says.

    Attributes
    ----------
    problem : Problem
    engines : tuple of CertifiedEngine
        Those that may know derivatives on a line; the cheapest that can is asked.
    density : Plan or None
        The density on a line, within the error of the problem.
    """

    problem: Problem
    engines: tuple[CertifiedEngine, ...] = ()
    density: Plan | None = None

    def derivative(self, q: Floats, order: int) -> Floats:
        """Return the derivative of order >= 1 on a line, at q (m, 1), shape (m,).

        Right to 1e-9 of the larger of itself and f / h^order, h the narrowest
        bandwidth, where an engine is fast, O(n + m); elsewhere to the rounding of a sum
        over the points in reach.

        Raises
        ------
        CapabilityError
            If the kernel has no derivative of this order.
        """
        check_order(self.problem.kernel, order)
        if self._few(q):
            return self._line.derivative(q[:, 0], order)
        values, left, _ = self._known(q, order)
        if left.size:
            values[left] = self._line.derivative(q[left, 0], order)
        return values

    def gradient(self, q: Floats) -> Floats:
        """Gradient at q of shape (m, d), shape (m, d).

        On a line as `derivative`, else a plain sum: O(n m d).
        """
        if q.shape[1] == 1:
            return self.derivative(q, 1)[:, None]
        check_order(self.problem.kernel, 1)
        with np.errstate(over="ignore"):
            return self._space.sums(q, relative=False)[0]

    def score(self, q: Floats) -> Floats:
        """Gradient of log f at q of shape (m, d), shape (m, d).

        Right in the tails, where f is no number any more; NaN where f is zero. Cost as
        for `gradient`.
        """
        check_order(self.problem.kernel, 1)
        if q.shape[1] > 1:
            return self._space.sums(q, relative=True)[0]
        if self._few(q):
            return self._line.score_and_log(q[:, 0])[0][:, None]
        values, left, density = self._known(q, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            values /= density
        left = np.union1d(left, np.flatnonzero(~(density > SMALLEST)))
        if left.size:
            values[left] = self._line.score_and_log(q[left, 0])[0]
        return values[:, None]

    def score_and_log(self, q: Floats) -> tuple[Floats, Floats]:
        """Score (m, d) and log density (m,), of the same sum."""
        check_order(self.problem.kernel, 1)
        if q.shape[1] > 1:
            return self._space.sums(q, relative=True)
        score, logs = self._line.score_and_log(q[:, 0])
        return score[:, None], logs

    def _few(self, q: Floats) -> bool:
        """Whether a plain sum will do."""
        return len(q) * self.problem.sample.n <= FEW_PAIRS

    @cached_property
    def _line(self) -> LineSlopes:
        return LineSlopes(self.problem)

    @cached_property
    def _space(self) -> SpaceSlopes:
        return SpaceSlopes(self.problem)

    @cached_property
    def _fast(self) -> dict[int, Differentiated | None]:
        """What engines know of each order that was asked for."""
        return {}

    def _known(self, q: Floats, order: int) -> tuple[Floats, NDArray[np.intp], Floats]:
        """Ask a fast engine for derivatives (m,), which are not right, and f."""
        if order not in self._fast:
            able = cheapest(self.engines, self.problem) if self.density else []
            found = (e.differentiated(self.problem, order) for e in able)
            self._fast[order] = next((known for known in found if known), None)
        fast = self._fast[order]
        if fast is None or self.density is None:
            return np.zeros(len(q)), np.arange(len(q)), np.zeros(len(q))
        values, errors = fast.values(q[:, 0])
        density = self.density.pdf(q)
        h = float(self.problem.scale.widths[0]) * self.problem.narrowest
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.maximum(np.abs(values), density * h**-order)
            left = ~(errors <= FINEST * size)
        return values, np.flatnonzero(left), density
