"""What happens at the bounds: the protocol of all ways, and one door to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from parzen.boundary.bounds import LINE, Bounds
from parzen.boundary.folding import Cut, Mirror, Periodic
from parzen.boundary.ratio import RatioPlan, ratio_plan
from parzen.boundary.reflect import Reflect
from parzen.boundary.transform import TransformedPlan, check_inside, to_line
from parzen.boundary.union import UnionPlan, union_plan
from parzen.checks import unknown_name
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem
    from parzen.sample import Sample

    Prepare = Callable[[Problem], Plan]

__all__ = [
    "BOUNDARIES",
    "Boundary",
    "BoundedPlan",
    "Cut",
    "Mirror",
    "Periodic",
    "Ratio",
    "Transform",
    "Union",
    "boundary_of",
]

BOUNDARIES = ("renormalize", "reflect", "periodic", "linear", "transform")


class BoundedPlan(Protocol):
    """A density within bounds, in the coordinates of the data."""

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d), zero outside."""
        ...

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d), -inf outside."""
        ...

    def mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of boxes with ends (m, d), which may be infinite, shape (m,).

        In 1-D relatively accurate, however small; zero where upper <= lower.
        """
        ...

    def log_mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Logarithm of `mass` in 1-D, right where that is no float any more."""
        ...

    def quantile(
        self, p: NDArray[np.float64], *, upper: bool
    ) -> NDArray[np.float64] | None:
        """Solve mass below (above) x = p (m,) in 1-D; NaN or None if in no closed form.

        p is positive, and below one.
        """
        ...

    def derivative(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the derivative of order >= 1 in 1-D at q of shape (m, 1)."""
        ...

    def gradient(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient at q of shape (m, d), shape (m, d), zero outside."""
        ...

    def score(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gradient of the log density at q of shape (m, d); NaN where it is zero."""
        ...

    def settle(
        self, size: int, draw: Any, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw (size, d) points; `draw(problem, size)` draws without bounds."""
        ...


class Boundary(Protocol):
    """A way to treat bounds."""

    @property
    def bounds(self) -> Bounds:
        """Where the density is normalised."""
        ...

    @property
    def name(self) -> str | None:
        """What `boundary` asks for it by."""
        ...

    def domain(self, sample: Sample) -> tuple[float, float]:
        """Return ends where the 1-D density of the moved data need not be zero."""
        ...

    def move(self, sample: Sample) -> Sample:
        """Return the data as the free density sees them: bandwidths are chosen here."""
        ...

    def ease(self, problem: Problem) -> Problem:
        """Return the problem with the error that the free density may have."""
        ...

    def plan(self, problem: Problem, prepare: Prepare) -> BoundedPlan:
        """Plan the free density, by `prepare`, and what the bounds make of it."""
        ...


@dataclass(frozen=True)
class Ratio:
    """Boundary kernels: renormalized, or local-linear."""

    bounds: Bounds
    linear: bool

    @property
    def name(self) -> str:
        """Which of the two."""
        return "linear" if self.linear else "renormalize"

    def domain(self, sample: Sample) -> tuple[float, float]:  # noqa: ARG002
        """Return both ends."""
        return float(self.bounds.lower[0]), float(self.bounds.upper[0])

    def move(self, sample: Sample) -> Sample:
        """Leave the data as they are."""
        self.bounds.check_holds(sample.points, self.name)
        return sample

    def ease(self, problem: Problem) -> Problem:
        """Admit no absolute error: ratios of small numbers would magnify it."""
        return replace(problem, atol=0.0)

    def plan(self, problem: Problem, prepare: Prepare) -> RatioPlan:
        """Correct the free estimate at each end."""
        return ratio_plan(problem, self.bounds, prepare, linear=self.linear)


@dataclass(frozen=True)
class Transform:
    """Change of variable: log or logit, axis by axis."""

    bounds: Bounds
    name: ClassVar[str] = "transform"

    def domain(self, sample: Sample) -> tuple[float, float]:  # noqa: ARG002
        """Return the whole line."""
        return LINE

    def move(self, sample: Sample) -> Sample:
        """Map the data to the line."""
        self.bounds.check_holds(sample.points, self.name)
        points = sample.points
        if sample.spacing is not None:
            # a node on the bound stands for points of its cell, which are inside
            half = 0.5 * sample.spacing
            points = np.clip(points, self.bounds.lower + half, self.bounds.upper - half)
        check_inside(points, self.bounds)
        return replace(sample, points=to_line(points, self.bounds), spacing=None)

    def ease(self, problem: Problem) -> Problem:
        """Admit no absolute error: the slope of the map has no bound."""
        return replace(problem, atol=0.0)

    def plan(self, problem: Problem, prepare: Prepare) -> TransformedPlan:
        """Map the queries."""
        return TransformedPlan(prepare(problem), problem, self.bounds)


@dataclass(frozen=True)
class Union:
    """Several ranges of a line, each with its own data and boundary."""

    bounds: Bounds
    parts: tuple[Boundary, ...]

    @property
    def name(self) -> str | None:
        """That of the parts."""
        return self.parts[0].name

    def domain(self, sample: Sample) -> tuple[float, float]:  # noqa: ARG002
        """Return the whole line."""
        return LINE

    def move(self, sample: Sample) -> Sample:
        """Leave the data as they are."""
        self.bounds.check_holds(sample.points, self.name)
        return sample

    def ease(self, problem: Problem) -> Problem:
        """As the part with the smallest error."""
        eased = [part.ease(problem) for part in self.parts]
        return min(eased, key=lambda part: part.atol)

    def plan(self, problem: Problem, prepare: Prepare) -> UnionPlan:
        """Plan each range that holds data."""
        return union_plan(problem, self.parts, prepare)


def boundary_of(value: Any, bounds: Any, d: int) -> Boundary | None:
    """Turn the arguments `boundary` and `bounds` into a boundary; None for neither.

    Raises
    ------
    UnknownNameError
        If there is no such boundary.
    CapabilityError
        If a boundary needs bounds, one dimension or a single range, and has it not.
    """
    named = isinstance(value, str) and value in BOUNDARIES
    if not (value is None or named or isinstance(value, Reflect)):
        raise unknown_name(value, BOUNDARIES, "boundary")
    where = Bounds.of(bounds, d)
    if where is None:
        if value is None:
            return None
        msg = f"boundary={value!r} needs `bounds`; got {bounds!r}. "
        raise CapabilityError(msg + "Give (lower, upper); one may be infinite.")
    if value is None:
        return Cut(where)
    if len(where.boxes) == 1:
        return _single(value, where, d)
    if value in ("periodic", "transform"):
        msg = f"boundary={value!r} serves a single range; got {where}. "
        raise CapabilityError(msg + "Use 'reflect', 'linear', 'renormalize' or None.")
    return Union(where, tuple(_single(value, piece, d) for piece in where.pieces))


def _single(value: str | Reflect, bounds: Bounds, d: int) -> Boundary:
    """Make the boundary of one box."""
    if isinstance(value, Reflect):
        return Mirror(bounds, value)
    if value == "reflect":
        return Mirror(bounds, Reflect())
    if value == "periodic":
        return Periodic(bounds)
    if value == "transform":
        return Transform(bounds)
    if d > 1:
        msg = f"boundary={value!r} serves 1-D data; the data have {d} dimensions. "
        raise CapabilityError(msg + "Use 'reflect', 'periodic' or 'transform'.")
    return Ratio(bounds, linear=value == "linear")
