"""The answer to a fit: an immutable density."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from parzen.binning.grid import Grid
from parzen.boundary.folding import Cut, Periodic
from parzen.checks import check_grid_size
from parzen.density.band import Uncertainty
from parzen.density.explain import explain
from parzen.density.extent import extent, support
from parzen.density.moments import covariance, raw_moments
from parzen.density.panels import narrowest, panels, unmapped
from parzen.density.sampling import FreeDraws, draw_evenly
from parzen.distribution import Distribution
from parzen.distribution.rejection import LEAST_CHANCE, inverted
from parzen.engines import planner
from parzen.engines.nodes import NodePlan

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from parzen.bandwidth import BandwidthResult
    from parzen.boundary import Boundary
    from parzen.boundary.boundary import BoundedPlan
    from parzen.density.extent import Ends
    from parzen.distribution.primitives import Panels, Unmapped
    from parzen.engines.engine import Plan, Problem
    from parzen.engines.masses.integrals import Integrals
    from parzen.engines.planner import Decision
    from parzen.engines.signed import SignedIntegrals, SignedSlopes
    from parzen.engines.slopes.slopes import Slopes
    from parzen.kernels import AnyKernel
    from parzen.sample import Sample
    from parzen.scale import LocalBandwidth


@dataclass(frozen=True, eq=False, repr=False)
class Density(Uncertainty, Distribution):
    """A kernel density estimate; made by `parzen.kde`, never changed afterwards.

    f(q) = sum_i w_i K(A^-1 (q - x_i)) / det A, with weights w that sum to one and
    A = h, diag(h), or the Cholesky root of the covariance H, times a factor for each
    point where bandwidths differ; within bounds, what `parzen.kde` makes of it. A
    density of 1-D data answers in 1-D; one of (n, d) data takes points in the last axis
    of an array. Safe to share between threads; pickles and copies.

    Attributes
    ----------
    bandwidth_result : BandwidthResult
        The bandwidth and how it was chosen.
    decision : Decision
        The engine and why it was chosen.
    """

    _problem: Problem
    bandwidth_result: BandwidthResult
    decision: Decision
    _plan: Plan
    _sample: Sample
    _edge: Boundary | None = None

    @property
    def sample_size(self) -> int:
        """Number of points, n; of binned data, before they were binned."""
        data = self._sample
        return data.size if data.binned else data.n

    @property
    def n_axes(self) -> int:
        """Number of dimensions, d."""
        return self._sample.d

    @property
    def points(self) -> NDArray[np.float64]:
        """The data, shape (n,) if they came as 1-D, else (n, d); read-only.

        Of binned data, the nodes that hold mass.
        """
        data = self._sample
        return data.points[:, 0] if data.flat else data.points

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Weights that sum to one, shape (n,), read-only; None where all are equal."""
        return self._sample.weights

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where the data had names."""
        return self._sample.columns

    @property
    def bounds(self) -> Any:
        """Where the density is normalised, and zero outside; None for everywhere.

        A pair for 1-D data, else one for each axis; a list where there are several
        ranges.
        """
        if self._edge is None:
            return None
        boxes = self._edge.bounds.boxes.tolist()
        if self.n_axes > 1:
            return [tuple(pair) for pair in boxes[0]]
        ranges = [tuple(box[0]) for box in boxes]
        return ranges if len(ranges) > 1 else ranges[0]

    @property
    def boundary(self) -> str | None:
        """What happens at the bounds, as `parzen.kde` names it."""
        return None if self._edge is None else self._edge.name

    @property
    def kernel(self) -> AnyKernel:
        """The kernel."""
        return self._problem.kernel

    @property
    def bandwidth(self) -> float | NDArray[np.float64] | LocalBandwidth:
        """A width, a width per axis (d,), a covariance (d, d), or one for each point.

        The latter is an array (n,) for 1-D data, else a `LocalBandwidth`. In units of
        x; of the mapped x for boundary="transform".
        """
        value = self.bandwidth_result.value
        return value.copy() if isinstance(value, np.ndarray) else value

    @property
    def method(self) -> str:
        """Name of the engine that answers."""
        return self.decision.method

    def _grid(self, size: Any) -> Grid:
        if isinstance(self._plan, NodePlan):
            own = self._plan.grid
            shape = check_grid_size(size, self.n_axes, "size")
            if shape is None or shape == own.shape:
                return own
            return Grid(own.lower, own.upper, shape)
        return super()._grid(self._problem.grid_size if size is None else size)

    def _on_grid(self, grid: Grid) -> NDArray[np.float64]:
        if isinstance(self._plan, NodePlan) and grid is self._plan.grid:
            return self._plan.values.copy()
        return super()._on_grid(grid)

    @property
    def _flat(self) -> bool:
        return self._sample.flat

    @property
    def _signed(self) -> bool:
        return self._sample.signed

    @property
    def _tolerance(self) -> float:
        return self._problem.rtol

    @property
    def _jumps(self) -> bool:
        return self.kernel.smoothness < 1

    @property
    def _circular(self) -> bool:
        return isinstance(self._edge, Periodic)

    @property
    def _noise(self) -> float:
        return self.decision.bound.absolute

    def _pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._plan.pdf(q)

    def _logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._plan.logpdf(q)

    def _mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return self._integrals.mass(lower, upper)

    def _log_mass(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return self._integrals.log_mass(lower, upper)

    def _quantile(
        self, p: NDArray[np.float64], *, upper: bool
    ) -> NDArray[np.float64] | None:
        return self._integrals.quantile(p, upper=upper)

    def _derivative(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        return self._slopes.derivative(q, order)

    def _gradient(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._slopes.gradient(q)

    def _score(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._slopes.score(q)

    def _draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        if self._edge is None:
            return self._draws(self._problem, count, rng)
        bounded = cast("BoundedPlan", self._plan)
        rare = getattr(bounded, "whole", 1.0) < LEAST_CHANCE
        if rare and self.n_axes == 1 and isinstance(self._edge, Cut):
            return inverted(self, rng.random(count))
        return bounded.settle(
            count, lambda problem, some: self._draws(problem, some, rng), rng
        )

    def _draw_qmc(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        return draw_evenly(self, count, rng)

    def _raw_moments(
        self, order: int, centre: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return raw_moments(self, order, centre)

    def _covariance(self) -> NDArray[np.float64]:
        return covariance(self)

    def _support(self) -> Ends:
        return support(self._problem, self._sample, self._edge)

    def _extent(self) -> Ends:
        return extent(self._problem, self._sample, self._edge)

    def _panels(self) -> Panels:
        return panels(self)

    def _unmapped(self) -> Unmapped | None:
        return unmapped(self)

    def _narrowest(self) -> NDArray[np.float64]:
        return narrowest(self)

    def _marginal(self, axes: tuple[int, ...]) -> Distribution:
        from parzen.density.algebra import marginal

        return marginal(self, axes)

    def _conditional(
        self, axes: tuple[int, ...], values: NDArray[np.float64]
    ) -> Distribution:
        from parzen.density.algebra import conditional

        return conditional(self, axes, values)

    def _affine(
        self, scale: NDArray[np.float64], shift: NDArray[np.float64]
    ) -> Distribution:
        from parzen.density.algebra import affine

        return affine(self, scale, shift)

    def _truncate(self, boxes: NDArray[np.float64]) -> Distribution:
        from parzen.density.algebra import truncate

        return truncate(self, boxes)

    @cached_property
    def _integrals(self) -> Integrals | SignedIntegrals | BoundedPlan:
        """Masses: of the free kernel sum, or of what the bounds make of it."""
        if self._edge is None:
            return planner.integrals(self._problem)
        return cast("BoundedPlan", self._plan)

    @cached_property
    def _slopes(self) -> Slopes | SignedSlopes | BoundedPlan:
        """Derivatives, likewise."""
        if self._edge is None:
            return planner.slopes(self._problem)
        return cast("BoundedPlan", self._plan)

    @cached_property
    def _draws(self) -> FreeDraws:
        """Draws without bounds, with the tables they have made so far."""
        return FreeDraws()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the density to a file that `parzen.load` reads.

        A `.npz` of arrays and plain text with a format version. By a method on a grid
        it holds the nodes and their masses, not the data, O(G) for G nodes, and answers
        as before to rounding, or within the stated error where there are bounds. (The
        data themselves are kept for signed weights, several ranges and mirrored points,
        which no single grid can bring again.)

        Parameters
        ----------
        path : path-like
            The file; written whole or not at all.

        Raises
        ------
        CapabilityError
            If the kernel is a function, of yours or what became of a kernel in a
            `marginal` or `affine`, which no file can hold: use `pickle`.

        Examples
        --------
        See `parzen.load`.
        """
        from parzen.density.store import save

        save(self, path)

    def explain(self) -> str:
        """Say which bandwidth and engine answer, and why, like a query plan.

        Returns
        -------
        text : str
            The bandwidth with its rule, the error accepted, and for each engine its
            error bound, predicted time and verdict.
        """
        return explain(self)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was worked out since, and can be again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __repr__(self) -> str:
        """Name the size, the kernel, the bandwidth and the method."""
        value = self.bandwidth_result.value
        width = f"{value:.4g}" if isinstance(value, float) else "one for each point"
        if isinstance(value, np.ndarray):
            width = f"{value.shape} array"
        # in one dimension a product is nothing new
        kernel = self.kernel.name if self.n_axes == 1 else str(self.kernel)
        where = "" if self._edge is None else f", bounds={self.bounds}"
        return (
            f"Density(n={self.sample_size}, d={self.n_axes}, "
            f"kernel={kernel!r}, bandwidth={width}, "
            f"method={self.method!r}{where})"
        )
