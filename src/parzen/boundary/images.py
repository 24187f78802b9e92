"""Bounds by images: the free density at the query and at its images, then normalised.

No image cuts the density at its bounds; mirror images fold what leaks out back in;
shifted images wind a line around a circle. Images of the *query* fold any kernel, and
leave the sample and its bandwidth alone.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.boundary import image_masses, image_slopes
from parzen.boundary.mass import box_mass
from parzen.boundary.moved import FreeSums
from parzen.boundary.tiles import Image, Remainder, Run, check_count, remainder
from parzen.distribution.rejection import keep
from parzen.engines import planner
from parzen.engines.engine import FEW_PAIRS
from parzen.engines.layout import heavy_tailed
from parzen.engines.nodes import NodePlan
from parzen.errors import CapabilityError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from parzen.boundary.bounds import Bounds
    from parzen.engines.engine import Plan, Problem

    Floats = NDArray[np.float64]

IDENTITY = Image(1.0, 0.0)
# Terms below e^-40 of a sum change no digit of it.
NEGLIGIBLE = 40.0
# Densities of this many peaks let images be off by this share of what is accepted.
FAINT, SHARE = 1e-4, 1e-2
# Less mass than this has lost its digits to underflow.
SMALLEST_MASS = 1e-290


class Imaged(NamedTuple):
    """Where an image takes boxes, or points, that it adds something to.

    Attributes
    ----------
    lower, upper : ndarray of shape (k, d)
        Ends of the images; the same array twice for points.
    needed : ndarray of shape (m,)
        Which k of the boxes these are.
    signs : ndarray of shape (d,)
        Of the map on each axis.
    """

    lower: Floats
    upper: Floats
    needed: NDArray[np.bool_]
    signs: Floats


@dataclass(frozen=True, eq=False)
class ImagesPlan(FreeSums):
    """Sum the free density over the images of the query.

    Attributes
    ----------
    free : Plan
        The density without bounds.
    problem : Problem
        What `free` answers.
    bounds : Bounds
    images : tuple of tuple of Image
        Images on each axis, the identity first.
    whole : float
        What the sum integrates to over the bounds.
    rest : Remainder or None
        What farther images add, for kernels that never end.
    covered : ndarray of shape (k, d, 2) or None
        Boxes that the images of the bounds cover; None for everywhere.
    """

    free: Plan
    problem: Problem
    bounds: Bounds
    images: tuple[tuple[Image, ...], ...]
    whole: float
    rest: Remainder | None
    covered: Floats | None = None

    def pdf(self, q: Floats) -> Floats:
        """Density at q of shape (m, d)."""
        inside = self.bounds.contains(q)
        q = q[inside]
        rough = self._absolute if len(q) * self.problem.sample.n > FEW_PAIRS else None
        if rough is None:
            total = self._summed(self.free, q)
        else:
            # far from the data it is costly to know an image to a relative error
            total = self._summed(rough, q)
            faint = total < FAINT * self.problem.peak
            if faint.any():
                total[faint] = self._summed(self.free, q[faint])
        density = np.zeros(len(inside))
        density[inside] = total / self.whole
        return density

    def _summed(self, free: Plan, q: Floats) -> Floats:
        """Sum a plan of the free density over the images of q (m, d) inside."""
        total = free.pdf(q)

        def logs() -> Floats:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.log(total))

        for image in self.images_of(q, q, logs):
            total[image.needed] += free.pdf(image.lower)
        if self.rest is not None:
            total += self.rest(q)
        return total

    @cached_property
    def _absolute(self) -> Plan | None:
        """The free density to an absolute error beside which none of a sum is seen."""
        if not isinstance(self.free, planner.AutoPlan) or not self.several:
            return None
        atol = SHARE * self.problem.rtol * FAINT * self.problem.peak
        if not 0.0 < atol < math.inf:
            return None
        atol = max(atol, self.problem.atol)
        return planner.AutoPlan(replace(self.problem, atol=atol), self.free.method)

    def logpdf(self, q: Floats) -> Floats:
        """Log density at q of shape (m, d)."""
        if self.problem.sample.signed and self.several:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(self.pdf(q))
        inside = self.bounds.contains(q)
        q = q[inside]
        total = self.free.logpdf(q)
        for image in self.images_of(q, q, lambda: total):
            more = self.free.logpdf(image.lower)
            total[image.needed] = np.logaddexp(total[image.needed], more)
        if self.rest is not None:
            with np.errstate(divide="ignore"):
                total = np.logaddexp(total, np.log(self.rest(q)))
        density = np.full(len(inside), -np.inf)
        density[inside] = total - math.log(self.whole)
        return density

    def mass(self, lower: Floats, upper: Floats) -> Floats:
        """Probability of boxes with ends (m, d), shape (m,)."""
        return image_masses.mass(self, lower, upper)

    def log_mass(self, lower: Floats, upper: Floats) -> Floats:
        """Logarithm of `mass` in 1-D; NaN where negative weights prevail."""
        return image_masses.log_mass(self, lower, upper)

    def quantile(self, p: Floats, *, upper: bool) -> Floats | None:
        """Solve mass below (above) x = p (m,) where the density is cut only."""
        return image_masses.quantile(self, p, upper=upper)

    def derivative(self, q: Floats, order: int) -> Floats:
        """Return the derivative in 1-D at q of shape (m, 1); from inside on a bound."""
        return image_slopes.derivative(self, q, order)

    def gradient(self, q: Floats) -> Floats:
        """Gradient at q of shape (m, d), shape (m, d); zero outside."""
        return image_slopes.gradient(self, q)

    def score(self, q: Floats) -> Floats:
        """Gradient of the log density at q of shape (m, d); NaN where it is zero."""
        return image_slopes.score(self, q)

    @property
    def several(self) -> bool:
        """Whether there are images beside the query itself."""
        return any(len(images) > 1 for images in self.images)

    @cached_property
    def held(self) -> float:
        """What the masses of `problem` add up to: `whole`, unless that was stored."""
        if self.covered is None:
            return 1.0
        boxes = self.covered
        return sum(box_mass(self.problem, box[:, 0], box[:, 1]) for box in boxes)

    def images_of(
        self,
        lower: Floats,
        upper: Floats,
        logs: Callable[[], Floats],
        spare: float = 0.0,
    ) -> Iterator[Imaged]:
        """Yield the images of boxes (m, d), or points, that may add to their sums.

        `logs` tells the logarithms of the sums so far, `spare` how much less than
        `NEGLIGIBLE` counts. A term is at most the volume times the kernel at the
        distance of the image from all the data.
        """
        problem = self.problem
        sample, scale, kernel = problem.sample, problem.scale, problem.kernel
        known = kernel.code is not None and (scale.root is None or not kernel.product)
        points = upper is lower
        with np.errstate(divide="ignore"):
            volume = 0.0 if points else np.log(upper - lower).sum(axis=1)
        for maps in itertools.islice(itertools.product(*self.images), 1, None):
            signs, shifts = np.array(maps).T
            low = high = signs * lower + shifts
            if not points:
                high = signs * upper + shifts
                low, high = np.minimum(low, high), np.maximum(low, high)
            needed = np.ones(len(lower), dtype=bool)
            if known and not sample.signed:
                away = np.maximum(sample.lower - high, low - sample.upper)
                u = np.zeros_like(lower)
                with np.errstate(over="ignore"):
                    away = np.maximum(away, 0.0) / scale.widths
                    u[:, 0] = away.max(axis=1) / problem.widest
                highest = kernel.logpdf(u) - scale.log_volume
                with np.errstate(invalid="ignore"):
                    # nothing, over a box without end, is NaN, and as little needed
                    highest += volume - sample.d * math.log(problem.narrowest)
                # a box without end may hold anything
                needed = (highest > logs() - NEGLIGIBLE - spare) & (highest > -np.inf)
            if needed.any():
                ends = low[needed], high[needed]
                yield Imaged(*ends, needed, signs)

    def settle(
        self,
        size: int,
        draw: Callable[[Problem, int], NDArray[np.float64]],
        rng: np.random.Generator,  # noqa: ARG002 - other boundaries need it
    ) -> NDArray[np.float64]:
        """Draw from the free density and bring the draws inside, shape (size, d)."""

        def propose(count: int) -> NDArray[np.float64]:
            draws = self._fold(draw(self.problem, count))
            return draws[self.bounds.contains(draws)]

        # images bring all that they cover inside; the rest is rejected
        return keep(size, self.problem.sample.d, min(self.whole, 1.0), propose)

    def _fold(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points (m, d) to those whose image they are."""
        x = x.copy()
        for k, images in enumerate(self.images):
            if len(images) == 1:
                continue
            low, high = self.bounds.lower[k], self.bounds.upper[k]
            mirrors = [image for image in images if image.sign < 0]
            if not mirrors:
                x[:, k] = low + np.mod(x[:, k] - low, high - low)
            elif len(images) > 2:
                y = np.mod(x[:, k] - low, 2.0 * (high - low))
                x[:, k] = low + np.minimum(y, 2.0 * (high - low) - y)
            else:
                end = 0.5 * mirrors[0].shift
                away = np.abs(x[:, k] - end)
                x[:, k] = end + away if end == low else end - away
        return x


def images_plan(
    free: Plan,
    problem: Problem,
    bounds: Bounds,
    images: tuple[tuple[Image, ...], ...],
    *,
    covered: Floats | None = None,
    runs: tuple[Run, ...] = (),
) -> ImagesPlan:
    """Sum over images, and normalise where these do not cover the line.

    `covered` holds the boxes that they cover, shape (k, d, 2); None for everywhere.
    """
    check_count(images)
    several = any(len(maps) > 1 for maps in images)
    if several and isinstance(free, NodePlan) and heavy_tailed(problem):
        msg = (
            f"a grid cuts the heavy tails of the {problem.kernel} kernel, which the "
            "bounds would fold back. Use method='direct' or 'grid'."
        )
        raise CapabilityError(msg)
    mass = 1.0
    if covered is not None:
        mass = sum(box_mass(problem, box[:, 0], box[:, 1]) for box in covered)
    if not mass > SMALLEST_MASS:
        msg = (
            f"`bounds` must hold some of the density; got {bounds}, where the data "
            f"leave a mass of {mass:.2g}. Widen `bounds`, or check the units."
        )
        raise DataError(msg)
    rest = None
    if runs:
        rest = remainder(free, float(bounds.lower[0]), float(bounds.upper[0]), runs)
    return ImagesPlan(free, problem, bounds, images, mass, rest, covered)
