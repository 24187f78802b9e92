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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.boundary import ratio_masses, ratio_slopes
from parzen.boundary.bounds import Bounds
from parzen.boundary.mass import box_mass
from parzen.boundary.moments import truncated_moments
from parzen.boundary.moved import MovedMasses
from parzen.boundary.quadrature import panels, zones
from parzen.distribution.rejection import keep
from parzen.engines import planner
from parzen.errors import CapabilityError
from parzen.kernels.interval import interval_mass, outermost

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.boundary.quadrature import Panels
    from parzen.engines.engine import Plan, Problem
    from parzen.engines.signed import SignedSlopes
    from parzen.engines.slopes.slopes import Slopes
    from parzen.kernels import AnyKernel

# A bound is felt as far as the kernel reaches, so many bandwidths at most; kernels that
# keep more than this mass farther out have no correction.
TAIL_LOST = 1e-10
FARTHEST = 1000.0
# Where less of a kernel lies on one side of its centre, correction has no bound.
LEAST_SIDE = 1e-3
# The correction is integrated until less of a kernel than this is beyond a bound.
TAIL_FREE = 1e-12


class Lean(NamedTuple):
    """How the data lean away from an end: their density weighted by the distance.

    Attributes
    ----------
    share : float
        Mean distance of the data from the end, in bandwidths.
    plan : Plan or None
        The density of the data weighted by that distance; None where that is zero.
    problem : Problem or None
        What `plan` answers.
    """

    share: float
    plan: Plan | None = None
    problem: Problem | None = None


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
    leans : tuple of Lean or None
        Of each end, for the linear kernel; None for `renormalize`.
    origin : float
        A bound: differences of close numbers are exact, so that data far from zero keep
        all digits of their distance to it.
    """

    free: Plan
    problem: Problem
    bounds: Bounds
    leans: tuple[Lean, ...] | None
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
        density[inside] = logs + gains - math.log(self.whole)
        return density

    def mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of intervals with ends (m, 1), shape (m,)."""
        low, high = (np.clip(end, *self.limits) for end in (lower, upper))
        return ratio_masses.mass(self, low, high)

    def log_mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Logarithm of `mass`."""
        low, high = (np.clip(end, *self.limits) for end in (lower, upper))
        return ratio_masses.log_mass(self, low, high)

    def quantile(self, p: NDArray[np.float64], *, upper: bool) -> None:
        """Return None: there is no closed form."""

    def derivative(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the derivative at q of shape (m, 1); from inside on a bound."""
        ratio_slopes.check_order(order, self.name)
        density = self.pdf(q)
        slopes = self.score(q)[:, 0]
        # where the density is zero it has no logarithm, but a slope: none
        return np.where(density == 0.0, 0.0, slopes * density)

    def gradient(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient at q of shape (m, 1), shape (m, 1); zero outside."""
        return self.derivative(q, 1)[:, None]

    def score(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient of the log density at q of shape (m, 1); NaN where it is zero."""
        return ratio_slopes.score(self, q - self.origin)

    @property
    def name(self) -> str:
        """What `boundary` asks for it by."""
        return "renormalize" if self.leans is None else "linear"

    @property
    def h(self) -> float:
        """The bandwidth."""
        return float(self.problem.scale.widths[0])

    @property
    def ends(self) -> tuple[float, float]:
        """The bounds, measured from `origin`."""
        return float(self.bounds.lower[0]), float(self.bounds.upper[0])

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The bounds, measured from zero."""
        low, high = self.ends
        return low + self.origin, high + self.origin

    @cached_property
    def _zone(self) -> float:
        """Distance from an end, in bandwidths, over which it is felt."""
        return min(outermost(self.problem.kernel, 1), FARTHEST)

    @cached_property
    def zones(self) -> tuple[Panels, ...]:
        """The corrected estimate, integrated over the zones where bounds are felt."""
        reach = self.h * min(self.problem.kernel.reach(TAIL_FREE, 1), self._zone)
        found = zones(*self.ends, reach)
        return tuple(panels(self.corrected, self.problem, self.ends, z) for z in found)

    @cached_property
    def middle(self) -> tuple[float, float] | None:
        """Where no bound is felt, if anywhere."""
        first, last = self.ends
        if math.isfinite(first):
            first = self.zones[0].ends[1]
        if math.isfinite(last):
            last = self.zones[-1].ends[0]
        return (first, last) if first < last else None

    @cached_property
    def whole(self) -> float:
        """What the corrected estimate integrates to."""
        total = math.fsum(zone.total for zone in self.zones)
        if self.middle is None:
            return total
        first, last = (np.array([end]) for end in self.middle)
        return total + box_mass(self.problem, first, last)

    @cached_property
    def moved(self) -> MovedMasses:
        """Masses of the free density."""
        return MovedMasses(self.problem, self.free)

    @cached_property
    def slopes(self) -> Slopes | SignedSlopes:
        """Derivatives of the free density."""
        return planner.slopes(self.problem)

    @cached_property
    def lean_slopes(self) -> tuple[Slopes | SignedSlopes | None, ...]:
        """Derivatives of the densities that say how data lean."""
        problems = [lean.problem for lean in self.leans or ()]
        return tuple(None if p is None else planner.slopes(p) for p in problems)

    def corrected(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Corrected estimate before it is normalised, at q (m, 1) from `origin`."""
        logs, gains = self._parts(q)
        return np.exp(logs + gains)

    def log_corrected(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of `corrected`."""
        logs, gains = self._parts(q)
        return logs + gains

    def near(self, q: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a bound is felt at points (m, 1), measured from `origin`."""
        low, high = self.ends
        nearer = np.minimum(q[:, 0] - low, high - q[:, 0])
        return np.asarray(nearer / self.h < self._zone)

    def _parts(
        self, q: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logarithms of the free estimate, and of what the bounds multiply it by."""
        logs, gains = self.free.logpdf(q), np.zeros(len(q))
        low, high = self.ends
        before, after = (q[:, 0] - low) / self.h, (high - q[:, 0]) / self.h
        near = self.near(q) & (logs > -np.inf)
        if not near.any():
            return logs, gains
        before, after = before[near], after[near]
        if self.leans is None:
            kernel = self.problem.kernel
            gains[near] = -np.log(interval_mass(kernel, -after, before))
        else:
            tilts = self.tilts(q[near], logs[near])
            gains[near] = _linear_gain(self.problem.kernel, before, after, tilts)
        return logs, gains

    def tilts(
        self, q: NDArray[np.float64], logs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mean of u over the data, as the kernel weighs them: f1 / f0, shape (m,).

        For the linear kernel, at points (m, 1) of log density `logs`.
        """
        low, high = self.ends
        before, after = (q[:, 0] - low) / self.h, (high - q[:, 0]) / self.h
        tilts = np.empty(len(q))
        # measured from the nearer end: the difference cancels least
        for lower, chosen in ((True, before <= after), (False, before > after)):
            lean = (self.leans or ())[0 if lower else 1]
            distance = before[chosen] if lower else after[chosen]
            if lean.plan is not None:
                ratio = np.exp(lean.plan.logpdf(q[chosen]) - logs[chosen])
                distance = distance - lean.share * ratio
            tilts[chosen] = distance if lower else -distance
        # no mean lies beyond the ends, but for the error of a grid
        return np.clip(tilts, -after, before)

    @cached_property
    def _highest_gain(self) -> float:
        """Upper bound of what the free estimate is multiplied by, over all queries."""
        low, high = self.ends
        width = (high - low) / self.h
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

        return keep(size, 1, self.whole / self._highest_gain, propose)


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


def _lean(problem: Problem, end: float, prepare: Callable[[Problem], Plan]) -> Lean:
    """Weigh the data by their distance from an end."""
    if math.isinf(end):
        return Lean(0.0)
    sample = problem.sample
    distance = np.abs(sample.points[:, 0] - end) / float(problem.scale.widths[0])
    weights = sample.weights if sample.weights is not None else 1.0 / sample.n
    weights = weights * distance
    total = float(weights.sum())
    if total == 0.0:
        return Lean(0.0)
    chosen = weights > 0
    part = replace(sample, weights=weights / total).take(chosen)
    leaning = replace(problem, sample=part)
    return Lean(total, prepare(leaning), leaning)
