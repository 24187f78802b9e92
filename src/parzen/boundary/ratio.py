"""Boundary kernels: the free estimate times what a bound near the query asks for.

With a_l the integral of u^l K(u) over the u that the bounds leave (Jones 1993,
doi:10.1007/BF00147776), f0 the free estimate and f1 the same with u K(u):

- renormalize: f0 / a0, unbiased where the density is flat;
- linear: (a2 f0 - a1 f1) / (a0 a2 - a1^2), unbiased where it is linear. It may be
  negative, so fbar exp(fL / fbar - 1) with fbar = f0 / a0 stands in (Jones & Foster
  1996, Statistica Sinica 6, 1005-1013), which is positive and equal in the first order.

Both are scaled to mass one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.bounds import Bounds
from parzen.boundary.mass import box_mass, interval_mass, outermost
from parzen.boundary.moments import truncated_moments
from parzen.boundary.quadrature import integral
from parzen.boundary.rejection import keep
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem
    from parzen.kernels import AnyKernel

# A bound is felt as far as the kernel reaches, so many bandwidths at most; kernels that
# keep more than this mass farther out have no correction.
TAIL_LOST = 1e-10
FARTHEST = 1000.0
# Where less of a kernel lies on one side of its centre, correction has no bound.
LEAST_SIDE = 1e-3


@dataclass(frozen=True, eq=False)
class RatioPlan:
    """Correct the free estimate near the ends of a range (d = 1), and normalise.

    Attributes
    ----------
    free : Plan
        The density without bounds, of the distances from `origin`.
    problem : Problem
        What `free` answers.
    bounds : Bounds
        Measured from `origin`, too.
    leans : tuple of (float, Plan or None), or None
        For the linear kernel and each end: the mean distance of the data from it, in
        bandwidths, and the density of the data weighted by that distance. None for
        `renormalize`.
    origin : float
        A bound: differences of close numbers are exact, so that data far from zero keep
        all digits of their distance to it.
    """

    free: Plan
    problem: Problem
    bounds: Bounds
    leans: tuple[tuple[float, Plan | None], ...] | None
    origin: float

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, 1)."""
        return np.exp(self.logpdf(q))

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, 1)."""
        density = np.full(len(q), -np.inf)
        q = q - self.origin
        inside = self.bounds.contains(q)
        logs, gains = self._parts(q[inside])
        density[inside] = logs + gains - math.log(self.mass)
        return density

    @property
    def _h(self) -> float:
        return float(self.problem.scale.widths[0])

    @property
    def _ends(self) -> tuple[float, float]:
        return float(self.bounds.lower[0]), float(self.bounds.upper[0])

    @cached_property
    def _zone(self) -> float:
        """Distance from an end, in bandwidths, over which it is felt."""
        return min(outermost(self.problem.kernel, 1), FARTHEST)

    @cached_property
    def mass(self) -> float:
        """What the corrected estimate integrates to."""

        def gained(q: NDArray[np.float64]) -> NDArray[np.float64]:
            logs, gains = self._parts(q)
            return np.exp(logs) * np.expm1(gains)

        reach = self._h * self.problem.kernel.reach(TAIL_LOST, 1)
        free = box_mass(self.problem, self.bounds.lower, self.bounds.upper)
        return free + integral(gained, self.problem, self._ends, reach)

    def _parts(
        self, q: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logarithms of the free estimate, and of what the bounds multiply it by."""
        logs, gains = self.free.logpdf(q), np.zeros(len(q))
        low, high = self._ends
        before, after = (q[:, 0] - low) / self._h, (high - q[:, 0]) / self._h
        near = (np.minimum(before, after) < self._zone) & (logs > -np.inf)
        if not near.any():
            return logs, gains
        before, after = before[near], after[near]
        if self.leans is None:
            kernel = self.problem.kernel
            gains[near] = -np.log(interval_mass(kernel, -after, before))
        else:
            tilts = _tilts(self.leans, q[near], logs[near], before, after)
            gains[near] = _linear_gain(self.problem.kernel, before, after, tilts)
        return logs, gains

    @cached_property
    def _highest_gain(self) -> float:
        """Upper bound of what the free estimate is multiplied by, over all queries."""
        low, high = self._ends
        width = (high - low) / self._h
        t = np.linspace(0.0, min(self._zone, width), 4097)
        gains = [0.0]
        for lower, end in ((True, low), (False, high)):
            if math.isinf(end):
                continue
            rest = np.maximum(width - t, 0.0)
            before, after = (t, rest) if lower else (rest, t)
            kernel = self.problem.kernel
            if self.leans is None:
                logs = -np.log(interval_mass(kernel, -after, before))
                gains.append(float(logs.max()))
                continue
            for mean in (before, -after):
                tilts = np.clip(mean, -self._zone, self._zone)
                logs = _linear_gain(kernel, before, after, tilts)
                gains.append(float(logs.max()))
        # a grid of 4096 steps a zone: the rest is far below one part in a hundred
        return 1.01 * math.exp(max(gains))

    def settle(
        self,
        size: int,
        draw: Callable[[Problem, int], NDArray[np.float64]],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Draw from the free density and keep by the correction, shape (size, 1)."""

        def propose(count: int) -> NDArray[np.float64]:
            q = draw(self.problem, count)
            q = q[self.bounds.contains(q)]
            _, gains = self._parts(q)
            q = q[rng.random(len(q)) * self._highest_gain < np.exp(gains)]
            return q + self.origin

        return keep(size, 1, self.mass / self._highest_gain, propose)


def _tilts(
    leans: tuple[tuple[float, Plan | None], ...],
    q: NDArray[np.float64],
    logs: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mean of u over the data, as the kernel weighs them: f1 / f0."""
    tilts = np.empty(len(q))
    # measured from the nearer end: the difference cancels least
    for lower, chosen in ((True, before <= after), (False, before > after)):
        share, plan = leans[0 if lower else 1]
        distance = before[chosen] if lower else after[chosen]
        if plan is not None:
            ratio = np.exp(plan.logpdf(q[chosen]) - logs[chosen])
            distance = distance - share * ratio
        tilts[chosen] = distance if lower else -distance
    # no mean lies beyond the ends, but for the error of a grid
    return np.clip(tilts, -after, before)


def _linear_gain(
    kernel: AnyKernel,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    tilts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Logarithm of fbar exp(fL / fbar - 1) / f0."""
    # in units of a range narrower than the bandwidth, lest powers underflow
    unit = min(1.0, float(before[0] + after[0]))
    a0, a1, a2 = truncated_moments(kernel).between(-after, before, unit)
    first, second = a1 / a0, a2 / a0
    linear = (second - first * (tilts / unit)) / (second - first**2)
    return np.asarray(linear - 1.0 - np.log(a0))


def ratio_plan(
    problem: Problem,
    bounds: Bounds,
    prepare: Callable[[Problem], Plan],
    *,
    linear: bool,
) -> RatioPlan:
    """Prepare the sums that the correction needs."""
    name = "linear" if linear else "renormalize"
    kernel = problem.kernel
    if problem.sample.d > 1 or problem.local is not None:
        what = "one bandwidth per point" if problem.local is not None else "d > 1"
        msg = f"boundary={name!r} serves 1-D data with one bandwidth; got {what}. "
        raise CapabilityError(msg + "Use boundary='reflect'.")
    if problem.sample.signed:
        msg = f"boundary={name!r} needs non-negative weights. Use boundary='reflect'."
        raise CapabilityError(msg)
    # the table refuses what has no variance or is not symmetric
    leaning = truncated_moments(kernel) if linear else None
    sides = min(float(kernel.cdf(0.0)), float(kernel.sf(0.0)))
    if kernel.reach(TAIL_LOST, 1) > FARTHEST or sides < LEAST_SIDE:
        msg = (
            f"boundary={name!r} needs a kernel with mass on both sides and next to "
            f"none beyond {FARTHEST:g} bandwidths; got {kernel}. Use 'reflect' or "
            "another kernel."
        )
        raise CapabilityError(msg)
    ends = (float(bounds.lower[0]), float(bounds.upper[0]))
    origin = ends[0] if math.isfinite(ends[0]) else ends[1]
    points = problem.sample.points - origin
    problem = replace(problem, sample=replace(problem.sample, points=points))
    leans = None
    if leaning is not None:
        leans = tuple(_lean(problem, end - origin, prepare) for end in ends)
    bounds = Bounds(bounds.boxes - origin)
    return RatioPlan(prepare(problem), problem, bounds, leans, origin)


def _lean(
    problem: Problem, end: float, prepare: Callable[[Problem], Plan]
) -> tuple[float, Plan | None]:
    """Mean distance of the data from an end, and their density weighted by it."""
    if math.isinf(end):
        return 0.0, None
    sample = problem.sample
    distance = np.abs(sample.points[:, 0] - end) / float(problem.scale.widths[0])
    weights = sample.weights if sample.weights is not None else 1.0 / sample.n
    weights = weights * distance
    total = float(weights.sum())
    if total == 0.0:
        return 0.0, None
    chosen = weights > 0
    part = replace(sample, weights=weights / total).take(chosen)
    return total, prepare(replace(problem, sample=part))
