"""Gaussian sums in two and three dimensions by nonuniform fast Fourier transforms.

In a periodic box the kernel exp(-|y|^2/2) is a short Fourier series. Points are spread
on a grid by a smooth window, transformed, weighed, transformed back and interpolated by
the same window (Dutt & Rokhlin 1993, doi:10.1137/0914081; Barnett, Magland & af
Klinteberg 2019, doi:10.1137/18M120885X). As the series and both windows are known, the
two transforms are one convolution of a grid, which a plan keeps; and as the kernel
damps high frequencies, whose aliases are the worst, a grid and windows will do that are
coarser and narrower than those of a general transform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from parzen.engines.certified import DOUBTFUL, CertifiedEngine, Tolerance
from parzen.engines.nufft.error import (
    Axis,
    relative_error,
    rounding_error,
    series_error,
)
from parzen.engines.nufft.grid import Places, interpolate, sum_on_nodes
from parzen.engines.nufft.kaiser_bessel import make_window
from parzen.engines.nufft.layout import Extent, choose, lay_out, most_nodes
from parzen.errors import CapabilityError
from parzen.kernels.profiles import GAUSSIAN
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem
    from parzen.engines.nufft.kaiser_bessel import Window
    from parzen.engines.nufft.layout import Choice, Layout

# Share of the accepted relative error that rounded coordinates may take.
COORDINATES = 0.1


@dataclass(frozen=True, eq=False)
class FourierSum(ReadOnly):
    """A Gaussian sum on the nodes of a grid, ready to be interpolated.

    Attributes
    ----------
    layout : Layout
    values : ndarray of shape layout.lengths
        The convolution that windows are put on.
    error : float
        Bound of the error of a sum, in units of the peak.
    least : float
        Smallest computed sum for which that is small enough.
    n_jobs : int or None
    """

    layout: Layout
    values: NDArray[np.float64]
    error: float
    least: float
    n_jobs: Any

    @property
    def window(self) -> Window:
        """The window that interpolates."""
        return make_window(self.layout.width, self.layout.beta)

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, d): shape (m,), certified or `DOUBTFUL`."""
        result = self.all_sums(q)
        doubtful = ~(result >= self.least)
        # a sum is not negative, and neither is its best guess
        np.maximum(result, 0.0, out=result)
        result[doubtful] = DOUBTFUL
        return result

    def all_sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, d), however small: shape (m,), NaN outside the box."""
        result = np.empty(len(q))
        places = Places.of(np.ascontiguousarray(q), self.layout, self.n_jobs)
        interpolate(places, self.values, self.window, result, self.n_jobs)
        result[places.outside] = math.nan
        return result


class NUFFTEngine(CertifiedEngine):
    """Spread, convolve, interpolate: the Gaussian in two and three dimensions.

    Attributes
    ----------
    exact : Engine
        Sums the queries whose density is too small for the error of the series.
    """

    name: ClassVar[str] = "nufft"

    def refusal(self, problem: Problem) -> str | None:
        """Serve the Gaussian with one bandwidth, where a grid can resolve it."""
        if problem.kernel.code != GAUSSIAN:
            return f"it serves the Gaussian kernel, not {problem.kernel.name}"
        if problem.sample.d not in (2, 3):
            return (
                f"it serves two and three dimensions; the data have {problem.sample.d}"
            )
        if problem.local is not None:
            return "it needs one bandwidth for all points"
        return Design(self, problem, problem.sample.n).refusal

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Add points, nodes, queries, and sums too small for the error."""
        choice = Design(self, problem, n_queries).choice
        return math.inf if choice is None else choice.seconds

    def approximate(self, problem: Problem) -> FourierSum:
        """Put the sum on its nodes, and bound its error."""
        design = Design(self, problem, problem.sample.n)
        layout, sample, n_jobs = design.layout, problem.sample, problem.n_jobs
        window = make_window(layout.width, layout.beta)
        axes = tuple(Axis.of(window, layout.step, count) for count in layout.lengths)
        places = Places.of(sample.points, layout, n_jobs)
        values, norms = sum_on_nodes(
            places, sample.weights, layout, window, axes, n_jobs=n_jobs
        )
        error = series_error(layout, axes)
        error += rounding_error(layout, window, axes, norms)
        least = design.tolerance.least(np.array(error))
        return FourierSum(layout, values, error, float(least), n_jobs)


@dataclass(frozen=True, eq=False)
class Design:
    """What an engine would do for a problem, before it does any of it.

    Attributes
    ----------
    engine : NUFFTEngine
    problem : Problem
    n_queries : int
    """

    engine: NUFFTEngine
    problem: Problem
    n_queries: int

    @cached_property
    def extent(self) -> Extent:
        """Where the whitened data lie."""
        return Extent.of(self.problem)

    @cached_property
    def accepted(self) -> Tolerance:
        """The error that a sum may have."""
        return self.engine.tolerance(self.problem)

    @cached_property
    def choice(self) -> Choice | None:
        """Step and width; None where all would take too many nodes."""
        if not np.isfinite(self.extent.inverse).all():
            return None
        exact = self.engine.exact.cost(self.problem, self.problem.sample.n)
        return choose(
            self.problem,
            self.extent,
            self.n_queries,
            self.accepted.relative,
            exact / self.problem.sample.n,
        )

    @cached_property
    def layout(self) -> Layout:
        """Where the nodes lie."""
        if self.choice is None:
            raise CapabilityError(self.refusal)
        return lay_out(self.extent, self.choice)

    @cached_property
    def moved(self) -> float:
        """What rounded coordinates change, relative to a sum."""
        if self.choice is None:
            return math.inf
        largest = self.extent.largest(self.choice.room)
        condition = self.problem.scale.condition
        return relative_error(self.problem.sample.d, largest, condition)

    @cached_property
    def tolerance(self) -> Tolerance:
        """What of the accepted error is left for the series."""
        relative = self.accepted.relative - self.moved
        return Tolerance(relative, self.accepted.absolute)

    @cached_property
    def refusal(self) -> str | None:
        """Say why there is no grid; None if there is one."""
        if self.choice is None:
            most = most_nodes(self.problem.sample.n)
            widest = float(self.extent.span.max())
            return (
                f"the data span {widest:.3g} bandwidths, which takes more than the "
                f"{most} nodes allowed for {self.problem.sample.n} points"
            )
        if not self.moved <= COORDINATES * self.accepted.relative:
            return (
                f"rounded coordinates would change sums by up to {self.moved:.1e}, "
                f"relative; accepted are {self.accepted.relative:.1e}"
            )
        return None
