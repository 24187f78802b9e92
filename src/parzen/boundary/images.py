"""Bounds by images: the free density at the query and at its images, then normalised.

No image cuts the density at its bounds; mirror images fold what leaks out back in;
shifted images wind a line around a circle. Images of the *query* fold any kernel, and
leave the sample and its bandwidth alone.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.boundary.mass import box_mass
from parzen.boundary.rejection import keep
from parzen.boundary.tiles import Image, Remainder, Run, check_count, remainder
from parzen.engines.layout import heavy_tailed
from parzen.engines.nodes import NodePlan
from parzen.errors import CapabilityError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from parzen.boundary.bounds import Bounds
    from parzen.engines.engine import Plan, Problem

IDENTITY = Image(1.0, 0.0)
# Terms below e^-40 of a sum change no digit of it.
NEGLIGIBLE = 40.0
# Less mass than this has lost its digits to underflow.
SMALLEST_MASS = 1e-290


@dataclass(frozen=True, eq=False)
class ImagesPlan:
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
    mass : float
        What the sum integrates to over the bounds.
    rest : Remainder or None
        What farther images add, for kernels that never end.
    """

    free: Plan
    problem: Problem
    bounds: Bounds
    images: tuple[tuple[Image, ...], ...]
    mass: float
    rest: Remainder | None

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d)."""
        inside = self.bounds.contains(q)
        q = q[inside]
        total = self.free.pdf(q)
        for image, needed in self._images(q, total, log=False):
            total[needed] += self.free.pdf(image)
        if self.rest is not None:
            total += self.rest(q)
        density = np.zeros(len(inside))
        density[inside] = total / self.mass
        return density

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        several = any(len(images) > 1 for images in self.images)
        if self.problem.sample.signed and several:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(self.pdf(q))
        inside = self.bounds.contains(q)
        q = q[inside]
        total = self.free.logpdf(q)
        for image, needed in self._images(q, total, log=True):
            total[needed] = np.logaddexp(total[needed], self.free.logpdf(image))
        if self.rest is not None:
            with np.errstate(divide="ignore"):
                total = np.logaddexp(total, np.log(self.rest(q)))
        density = np.full(len(inside), -np.inf)
        density[inside] = total - math.log(self.mass)
        return density

    def _images(
        self, q: NDArray[np.float64], total: NDArray[np.float64], *, log: bool
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
        """Yield images of the queries that may add to their sums, and which these are.

        A term is at most the kernel at the distance of the image from all the data.
        """
        problem = self.problem
        sample, scale, kernel = problem.sample, problem.scale, problem.kernel
        known = kernel.code is not None and (scale.root is None or not kernel.product)
        for maps in itertools.islice(itertools.product(*self.images), 1, None):
            signs, shifts = np.array(maps).T
            image = signs * q + shifts
            needed = np.ones(len(q), dtype=bool)
            if known and not sample.signed:
                away = np.maximum(sample.lower - image, image - sample.upper)
                u = np.zeros_like(q)
                with np.errstate(over="ignore"):
                    away = np.maximum(away, 0.0) / scale.widths
                    u[:, 0] = away.max(axis=1) / problem.widest
                highest = kernel.logpdf(u) - scale.log_volume
                highest -= sample.d * math.log(problem.narrowest)
                with np.errstate(divide="ignore"):
                    so_far = total if log else np.log(total)
                needed = (highest > so_far - NEGLIGIBLE) & (highest > -np.inf)
            if needed.any():
                yield image[needed], needed

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
        return keep(size, self.problem.sample.d, min(self.mass, 1.0), propose)

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
    covered: Any = None,
    runs: tuple[Run, ...] = (),
) -> ImagesPlan:
    """Sum over images, and normalise where these do not cover the line.

    `covered` holds the boxes that they cover, each of shape (d, 2); None for all.
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
    return ImagesPlan(free, problem, bounds, images, mass, rest)
