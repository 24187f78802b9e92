"""The answer to a fit: an immutable density."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from parzen.binning.grid import Grid
from parzen.checks import check_count, check_grid_size, check_queries
from parzen.density.explain import explain
from parzen.density.extent import extent
from parzen.density.sampling import FreeDraws
from parzen.engines.nodes import NodePlan
from parzen.errors import CapabilityError
from parzen.progress import reporting

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from parzen.bandwidth import BandwidthResult
    from parzen.boundary import Boundary
    from parzen.boundary.boundary import BoundedPlan
    from parzen.engines.engine import Plan, Problem
    from parzen.engines.planner import Decision
    from parzen.kernels import AnyKernel
    from parzen.sample import Sample
    from parzen.scale import LocalBandwidth

# Nodes on each axis of `Density.grid`, by dimension.
GRID_NODES = {1: 1024, 2: 256, 3: 64}


@dataclass(frozen=True, eq=False, repr=False)
class Density:
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

    def pdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the density.

        Parameters
        ----------
        q : array_like
            Points: any shape for 1-D data, else shape (..., d). Infinite ones are
            allowed, NaN is not.
        progress : bool or callable, optional
            True shows a bar if the work lasts (needs the extra `progress`). A function
            is called as `progress(done, total)`, on this thread and at most twenty
            times a second; an exception in it stops the work. Where the work has
            several stages, each counts from 0 to a total of its own and has a bar of
            its own; the last call has done = total.

        Returns
        -------
        density : float or ndarray
            In 1 / units(x)^d, non-negative unless weights are not, one value a point,
            within the error that `explain` states. Cost: what the engine needs, which
            `explain` predicts.

        Raises
        ------
        ShapeError, DataError
            If `q` has the wrong number of coordinates, or is NaN somewhere.
        ParzenError
            If `progress` is none of these.
        ImportError
            If `progress` is True and tqdm is not installed.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.pdf([0.0, 2.0]).round(6)
        array([0.098699, 0.231635])
        """
        return self._answer(q, self._plan.pdf, 0.0, progress)

    def logpdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the log density.

        Right to the same relative error down to the smallest representable number, and
        -inf only where the density is zero, or where its logarithm or the distance in
        bandwidths leaves the range of floats. An engine on a grid, named by hand or
        admitted by your `atol`, has an absolute error instead: its logarithm is -inf
        where it leaves the density zero.

        Parameters
        ----------
        q : array_like
            Points, as for `pdf`.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        log_density : float or ndarray
            Natural logarithm of `pdf`.

        Raises
        ------
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(density.logpdf(1000.0).round(6))
        -496010.017551
        """
        return self._answer(q, self._plan.logpdf, -np.inf, progress)

    def _answer(self, q: Any, evaluate: Any, at_infinity: float, progress: Any) -> Any:
        """Check the queries, evaluate the finite ones, restore the shape."""
        sample = self._sample
        points, shape = check_queries(
            q, sample.d, flat=sample.flat, columns=sample.columns
        )
        # a sum needs no temporaries; it is finite only where all points are
        with np.errstate(over="ignore", invalid="ignore"):
            plain = bool(np.isfinite(points.sum()))
        with reporting(progress):
            if plain or (finite := np.isfinite(points).all(axis=1)).all():
                values = evaluate(points)
            else:
                values = np.full(len(points), at_infinity)
                values[finite] = evaluate(points[finite])
        return values.reshape(shape)[()]

    def grid(self, size: Any = None) -> tuple[Any, NDArray[np.float64]]:
        """Evaluate the density on a regular grid that covers the data.

        The grid of a density by a grid method is its own; any other reaches beyond the
        data until 1e-6 of a kernel's mass is left (at most 10 bandwidths).

        Parameters
        ----------
        size : int or tuple of int, optional
            Nodes on each axis; by default the method's own, else 1024, 256 or 64 on
            each axis in 1, 2 or 3 dimensions.

        Returns
        -------
        points : ndarray of shape (size,), or tuple of d such axes
            The nodes.
        values : ndarray of shape (size,) or (size_1, ..., size_d)
            The density at the nodes.

        Raises
        ------
        CapabilityError
            Above three dimensions, where a grid is larger than any memory.

        Examples
        --------
        >>> import parzen
        >>> points, values = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).grid(5)
        >>> points.round(2)
        array([-3.89, -0.7 ,  2.5 ,  5.7 ,  8.89])
        """
        grid = self._grid(size)
        if isinstance(self._plan, NodePlan) and grid is self._plan.grid:
            values = self._plan.values.copy()
        else:
            values = self._plan.pdf(grid.nodes()).reshape(grid.shape)
        axes = tuple(axis.copy() for axis in grid.axes)
        return (axes[0] if self._sample.flat else axes), values

    def _grid(self, size: Any) -> Grid:
        """Lay the grid that `grid(size)` evaluates on."""
        d = self.n_axes
        shape = check_grid_size(size, d, "size")
        if isinstance(self._plan, NodePlan):
            own = self._plan.grid
            if shape is None or shape == own.shape:
                return own
            return Grid(own.lower, own.upper, shape)
        if d not in GRID_NODES:
            msg = (
                f"`grid` serves 1, 2 or 3 dimensions; the data have {d}. "
                "Evaluate `pdf` at chosen points."
            )
            raise CapabilityError(msg)
        shape = shape or self._problem.grid_size or (GRID_NODES[d],) * d
        with np.errstate(over="ignore"):
            ends = extent(self._problem, self._sample, self._edge)
            grid = Grid(*ends, shape)
            finite = np.isfinite(grid.step).all()
        if not finite:
            msg = "the range of the data exceeds the largest float; no grid covers it. "
            raise CapabilityError(msg + "Change the units of the data.")
        return grid

    def sample(self, size: Any = None, *, rng: Any = None) -> Any:
        """Draw from the density: a data point by its weight, plus kernel noise.

        Parameters
        ----------
        size : int, optional
            Number of draws; None for a single one.
        rng : int, Generator or other seed, optional
            What `numpy.random.default_rng` takes; an int makes the draws repeatable.

        Returns
        -------
        draws : ndarray of shape (size,) for 1-D data, else (size, d)
            Without the first axis where `size` is None. Cost O(size d) and, with
            weights, O(n) once.

        Raises
        ------
        ParzenError
            If `size` is no integer >= 0.
        CapabilityError
            If weights are negative, or the bounds hold next to no mass.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=0.1)
        >>> density.sample(3, rng=0).round(2)
        array([4.06, 2.01, 1.95])
        """
        count = 1 if size is None else check_count(size, "size")
        generator = np.random.default_rng(rng)
        if self._sample.signed:
            msg = "draws need weights that are not negative; got some that are. "
            raise CapabilityError(msg + "Clip them, or draw from a fit to a subset.")
        if self._edge is None:
            draws = self._draws(self._problem, count, generator)
        else:
            bounded = cast("BoundedPlan", self._plan)
            draws = bounded.settle(
                count,
                lambda problem, some: self._draws(problem, some, generator),
                generator,
            )
        if self._sample.flat:
            draws = draws[:, 0]
        return draws[0] if size is None else draws

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
            If the kernel is a function of yours, which no file can hold: use `pickle`.

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
