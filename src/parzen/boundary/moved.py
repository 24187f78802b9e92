"""Masses of short intervals, and of the images of intervals, with all their digits.

A tail next to a bound is a short interval, perhaps [0, 1e-200]: seen from a point, both
of its ends are one float, and so are their images on the other side of a circle. But
the distance of the ends is known, and the density between them is smooth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from parzen.engines import planner
from parzen.engines.masses.short import ShortMasses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem
    from parzen.engines.masses.integrals import Integrals
    from parzen.engines.signed import SignedIntegrals, SignedSlopes
    from parzen.engines.slopes.slopes import Slopes

    Floats = NDArray[np.float64]

# Ends fewer floats apart have no interval of their own any more.
FLOATS = 16
# Intervals shorter than this, in the narrowest bandwidth, lose digits in differences.
# Where a kernel jumps, but nobody knows where, fewer are integrated, lest it counts.
SHORT, WITH_JUMPS = 1e-5, 1e-9
# Masses below this have lost digits, or are about to.
SMALLEST = 1e-290
# Gauss-Legendre nodes: beyond need for intervals so short.
NODES = 4


class FreeSums:
    """What a plan over a free density asks of it; for frozen dataclasses with both.

    Attributes
    ----------
    free : Plan
        The density without bounds.
    problem : Problem
        What `free` answers.
    """

    free: Plan
    problem: Problem

    @cached_property
    def moved(self) -> MovedMasses:
        """Masses of the free density on a line."""
        return MovedMasses(self.problem, self.free)

    @property
    def integrals(self) -> Integrals | SignedIntegrals:
        """Masses of the free density."""
        return self.moved.integrals

    @cached_property
    def slopes(self) -> Slopes | SignedSlopes:
        """Derivatives of the free density."""
        return planner.slopes(self.problem)


@dataclass(frozen=True, eq=False)
class MovedMasses:
    """Masses of a 1-D kernel sum between ends whose distance is known better.

    Attributes
    ----------
    problem : Problem
    density : Plan
        The kernel sum itself.
    """

    problem: Problem
    density: Plan

    @cached_property
    def integrals(self) -> Integrals | SignedIntegrals:
        """Masses of the kernel sum between any ends."""
        return planner.integrals(self.problem)

    @cached_property
    def _short(self) -> float:
        """Width below which an interval is integrated by a rule over the density."""
        kernel = self.problem.kernel
        h = float(self.problem.scale.widths[0]) * self.problem.narrowest
        jumps = kernel.code is None and math.isinf(kernel.lipschitz(1))
        return h * (WITH_JUMPS if jumps else SHORT)

    @cached_property
    def _exact(self) -> ShortMasses | None:
        """Short masses, with the kinks of a kernel where these are known."""
        if self.problem.kernel.code is None or self.problem.sample.signed:
            return None
        return ShortMasses(self.problem, self.density)

    def bounded(
        self, low: Floats, high: Floats, widths: Floats
    ) -> tuple[Floats, Floats] | None:
        """Masses at once and how far they may be off, (m,) each; None if none is fast.

        Nothing is known of those that `mass` has to take apart.
        """
        if self.problem.sample.signed:
            return None
        known = cast("Integrals", self.integrals).bounded(low, high)
        if known is None:
            return None
        masses, bounds = known
        lost, ratio = rounded(low, high, widths)
        masses *= ratio
        bounds *= ratio
        bounds[lost | (widths[:, 0] < self._short)] = math.inf
        return masses, bounds

    def mass(
        self,
        low: Floats,
        high: Floats,
        widths: Floats,
        beside: Floats | None = None,
    ) -> Floats:
        """Mass between ends (m, 1) that should be (m, 1) `widths` apart, shape (m,).

        Accurate relative to the sum with what it is added to, `beside` of shape (m,).
        """
        lost, ratio = rounded(low, high, widths)
        masses = np.zeros(len(low))
        short = ~lost & (widths[:, 0] < self._short)
        if short.any():
            if self._exact is None:
                masses[short] = self._ruled(low[short], high[short])
            else:
                masses[short] = self._exact.mass(low[short, 0], high[short, 0])
        rest = ~(lost | short)
        if rest.any():
            ends = low[rest], high[rest]
            if beside is None or self.problem.sample.signed:
                masses[rest] = self.integrals.mass(*ends)
            else:
                integrals = cast("Integrals", self.integrals)
                masses[rest] = integrals.mass(*ends, beside[rest])
        masses *= ratio
        if lost.any():
            middle = low[lost] + 0.5 * (high[lost] - low[lost])
            masses[lost] = self.density.pdf(middle) * widths[lost, 0]
        return masses

    def log_mass(self, low: Floats, high: Floats, widths: Floats) -> Floats:
        """Logarithm of `mass`, also where that is no float any more."""
        lost, ratio = rounded(low, high, widths)
        logs = np.full(len(low), -np.inf)
        short = ~lost & (widths[:, 0] < self._short)
        if short.any():
            masses = self.mass(low[short], high[short], high[short] - low[short])
            with np.errstate(divide="ignore"):
                some = np.log(masses)
            tiny = np.flatnonzero(masses < SMALLEST)
            if tiny.size:
                ends = low[short][tiny], high[short][tiny]
                some[tiny] = self._log_ruled(*ends)
            logs[short] = some
        rest = ~(lost | short)
        if rest.any():
            logs[rest] = self.integrals.log_mass(low[rest], high[rest])
        logs += np.log(ratio)
        if lost.any():
            middle = low[lost] + 0.5 * (high[lost] - low[lost])
            logs[lost] = self.density.logpdf(middle) + np.log(widths[lost, 0])
        return logs

    def _ruled(self, low: Floats, high: Floats) -> Floats:
        """Integrate the density by a Gauss-Legendre rule."""
        nodes, shares = np.polynomial.legendre.leggauss(NODES)
        half = 0.5 * (high - low)
        q = low + half + half * nodes
        values = self.density.pdf(q.reshape(-1, 1)).reshape(q.shape)
        return np.asarray(half[:, 0] * (values @ shares))

    def _log_ruled(self, low: Floats, high: Floats) -> Floats:
        """Take the logarithm of that, from logarithms."""
        nodes, shares = np.polynomial.legendre.leggauss(NODES)
        half = 0.5 * (high - low)
        q = low + half + half * nodes
        logs = self.density.logpdf(q.reshape(-1, 1)).reshape(q.shape)
        with np.errstate(divide="ignore"):
            logs = logs + np.log(shares) + np.log(half)
        return np.asarray(np.logaddexp.reduce(logs, axis=1))


def rounded(
    low: Floats, high: Floats, widths: Floats
) -> tuple[NDArray[np.bool_], Floats]:
    """Say which intervals are lost, and by what the others' masses are to be scaled."""
    with np.errstate(invalid="ignore"):
        found = (high - low)[:, 0]
    width = widths[:, 0]
    finite = np.isfinite(found) & np.isfinite(width)
    far = np.maximum(np.abs(low), np.abs(high))[:, 0]
    lost = np.zeros(len(found), dtype=bool)
    # the spacing of the largest float is none
    lost[finite] = 0.5 * found[finite] < FLOATS * np.spacing(0.5 * far[finite])
    # ends that have not moved are what they are
    lost &= found != width
    ratio = np.ones(len(found))
    exact = finite & ~lost & (found > 0.0)
    ratio[exact] = width[exact] / found[exact]
    return lost, ratio
