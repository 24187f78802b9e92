"""The boundaries that images make: cut, mirrored, wound around a circle."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from parzen.boundary.bounds import LINE, Bounds
from parzen.boundary.images import IDENTITY, ImagesPlan, images_plan
from parzen.boundary.mass import box_mass
from parzen.boundary.tiles import Image, Run, check_count, tiles
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.boundary.reflect import Reflect
    from parzen.engines.engine import Plan, Problem
    from parzen.sample import Sample

    Prepare = Callable[[Problem], Plan]


class Fold(NamedTuple):
    """Images on each axis, the box that they cover (None: all), and far ones."""

    images: tuple[tuple[Image, ...], ...]
    covered: NDArray[np.float64] | None = None
    runs: tuple[Run, ...] = ()

    def eased(self, problem: Problem) -> Problem:
        """Share the error that the user accepts among the images that add up."""
        check_count(self.images)
        count = math.prod(map(len, self.images))
        return replace(problem, atol=problem.atol / count)

    def plan(self, free: Plan, problem: Problem, bounds: Bounds) -> ImagesPlan:
        """Sum over the images."""
        covered = None if self.covered is None else self.covered[None]
        return images_plan(
            free, problem, bounds, self.images, covered=covered, runs=self.runs
        )


@dataclass(frozen=True)
class Cut:
    """No correction: the density is cut and normalised; data outside are guard data."""

    bounds: Bounds
    name: ClassVar[str | None] = None

    def domain(self, sample: Sample) -> tuple[float, float]:  # noqa: ARG002
        """Return the whole line."""
        return LINE

    def move(self, sample: Sample) -> Sample:
        """Leave the data as they are."""
        return sample

    def ease(self, problem: Problem) -> Problem:
        """Normalisation magnifies an absolute error."""
        if problem.atol == 0:
            return problem
        boxes = self.bounds.boxes
        mass = sum(box_mass(problem, box[:, 0], box[:, 1]) for box in boxes)
        return replace(problem, atol=problem.atol * max(mass, 0.0))

    def plan(self, problem: Problem, prepare: Prepare) -> ImagesPlan:
        """Divide by the mass inside."""
        images = ((IDENTITY,),) * problem.sample.d
        boxes = self.bounds.boxes
        return images_plan(
            prepare(problem), problem, self.bounds, images, covered=boxes
        )


@dataclass(frozen=True)
class Mirror:
    """Reflection: fold the density at the bounds, or copy points beyond them."""

    bounds: Bounds
    reflect: Reflect
    name: ClassVar[str] = "reflect"

    def domain(self, sample: Sample) -> tuple[float, float]:  # noqa: ARG002
        """Return the ends that are mirrored."""
        return (
            float(self.bounds.lower[0]) if self.reflect.lower else -math.inf,
            float(self.bounds.upper[0]) if self.reflect.upper else math.inf,
        )

    def move(self, sample: Sample) -> Sample:
        """Leave the data as they are: the bandwidth is chosen without the copies."""
        self.bounds.check_holds(sample.points, self.name)
        if sample.d > 1 and not self.reflect.folds:
            msg = f"{self.reflect} copies points of 1-D data only. Use Reflect()."
            raise CapabilityError(msg)
        return sample

    def ease(self, problem: Problem) -> Problem:
        """Errors add up over the images, and normalisation magnifies them."""
        if problem.atol == 0:
            return problem
        if not self.reflect.folds:
            atol = Cut(self.bounds).ease(self._padded(problem)).atol
            return replace(problem, atol=atol)
        fold = self._fold(problem)
        eased = fold.eased(problem)
        if fold.covered is None:
            return eased
        mass = box_mass(problem, fold.covered[:, 0], fold.covered[:, 1])
        return replace(eased, atol=eased.atol * max(mass, 0.0))

    def plan(self, problem: Problem, prepare: Prepare) -> ImagesPlan:
        """Fold, or pad the sample and cut."""
        if self.reflect.folds:
            return self._fold(problem).plan(prepare(problem), problem, self.bounds)
        return Cut(self.bounds).plan(self._padded(problem), prepare)

    def _fold(self, problem: Problem) -> Fold:
        """Images for every axis: a few at one bound, tiles between two."""
        images: list[tuple[Image, ...]] = []
        runs: list[Run] = []
        covered = np.tile(LINE, (problem.sample.d, 1))
        for k, (low, high) in enumerate(self.bounds.boxes[0].tolist()):
            below = bool(self.reflect.lower) and math.isfinite(low)
            above = bool(self.reflect.upper) and math.isfinite(high)
            if below and above:
                copies, endless = tiles(problem, k, high - low)
                folds = [_fold(low, high, t) for t in _outward(copies)]
                images.append(tuple(folds))
                if endless:
                    step = 2.0 * (high - low)
                    starts = (copies + 1, copies + 2, -copies - 1, -copies - 2)
                    runs += [
                        Run(_fold(low, high, t), math.copysign(step, t)) for t in starts
                    ]
                continue
            ends = [(below, low), (above, high)]
            mirrors = [Image(-1.0, 2.0 * end) for there, end in ends if there]
            images.append((IDENTITY, *mirrors))
            # one mirror carries the line up to the image of the other end
            covered[k] = (
                2.0 * low - high if below else low,
                2.0 * high - low if above else high,
            )
        whole = bool(np.isinf(covered).all())
        return Fold(tuple(images), None if whole else covered, tuple(runs))

    def _padded(self, problem: Problem) -> Problem:
        """Add the mirrored points, with their weights and bandwidths."""
        sample = problem.sample
        low, high = self.bounds.boxes[0, 0].tolist()
        copies, rows = self.reflect.mirrored(sample.points[:, 0], low, high)
        order = np.concatenate([np.arange(sample.n), rows])
        weights = None if sample.weights is None else sample.weights[order]
        padded = replace(
            sample,
            points=np.concatenate([sample.points[:, 0], copies])[:, None],
            weights=None if weights is None else weights / weights.sum(),
            spacing=None,
        )
        local = None if problem.local is None else problem.local[order]
        size = problem.grid_size
        if size is not None:
            # nodes as close as the user asked for, over the wider range
            unit = problem.narrowest * float(problem.scale.widths[0])
            spans = [float(part.upper[0] - part.lower[0]) for part in (padded, sample)]
            size = (math.ceil(size[0] * (spans[0] + unit) / (spans[1] + unit)),)
        return replace(problem, sample=padded, local=local, grid_size=size)


def _outward(count: int) -> list[int]:
    """Tiles 0, -1, 1, -2, 2, ..., nearest first."""
    return sorted(range(-count, count + 1), key=abs)


def _fold(low: float, high: float, tile: int) -> Image:
    """Map a query to its image in a tile of the line, mirrored in odd ones."""
    if tile % 2 == 0:
        return Image(1.0, tile * (high - low))
    # 2 low - q lies in tile -1, 2 high - q in tile 1, and so on
    return Image(-1.0, 2.0 * low + (tile + 1) * (high - low))


@dataclass(frozen=True)
class Periodic:
    """The line wound around a circle: angles, hours, days of the year."""

    bounds: Bounds
    name: ClassVar[str] = "periodic"

    def domain(self, sample: Sample) -> tuple[float, float]:
        """Return the circle, cut in the middle of the largest gap."""
        period = float(self.bounds.upper[0] - self.bounds.lower[0])
        low, high = float(sample.lower[0]), float(sample.upper[0])
        gap = max(period - (high - low), 0.0)
        return low - 0.5 * gap, high + 0.5 * gap

    def move(self, sample: Sample) -> Sample:
        """Wrap each axis, cut at the largest gap, so that clusters stay whole."""
        points = sample.points.copy()
        for k, (low, high) in enumerate(self.bounds.boxes[0].tolist()):
            if math.isinf(low) or math.isinf(high):
                msg = f"boundary='periodic' needs finite `bounds`; got {self.bounds}. "
                raise CapabilityError(msg + "Give the ends of one period.")
            x = low + np.mod(points[:, k] - low, high - low)
            around = np.sort(x)
            gaps = np.diff(around, append=around[0] + (high - low))
            start = around[(int(np.argmax(gaps)) + 1) % len(around)]
            points[:, k] = np.where(x < start, x + (high - low), x)
        return replace(sample, points=points, spacing=None)

    def ease(self, problem: Problem) -> Problem:
        """Errors add up over the images."""
        return problem if problem.atol == 0 else self._fold(problem).eased(problem)

    def plan(self, problem: Problem, prepare: Prepare) -> ImagesPlan:
        """Sum over shifts by whole periods."""
        return self._fold(problem).plan(prepare(problem), problem, self.bounds)

    def _fold(self, problem: Problem) -> Fold:
        """Shifts on every axis."""
        images: list[tuple[Image, ...]] = []
        runs: list[Run] = []
        for k, (low, high) in enumerate(self.bounds.boxes[0].tolist()):
            period = high - low
            copies, endless = tiles(problem, k, period)
            # the data may lie one period up, where the circle is cut
            shifts = [Image(1.0, t * period) for t in (*_outward(copies), copies + 1)]
            images.append(tuple(shifts))
            if endless:
                runs.append(Run(Image(1.0, (copies + 2) * period), period))
                runs.append(Run(Image(1.0, -(copies + 1) * period), -period))
        return Fold(tuple(images), None, tuple(runs))
