"""The answer to a fit: an immutable density."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.binning.grid import Grid
from parzen.checks import check_count, check_grid_size, check_queries
from parzen.density.explain import explain
from parzen.density.sampling import WeightedIndex
from parzen.engines.fft import FFTPlan
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth import BandwidthResult
    from parzen.engines.engine import Plan, Problem
    from parzen.engines.planner import Decision
    from parzen.kernels import Kernel

# Nodes on each axis of `Density.grid`, by dimension.
GRID_NODES = {1: 1024, 2: 256, 3: 64}
# Mass of each kernel that `Density.grid` may leave out, and the widths it adds at most.
GRID_TAIL = 1e-6
GRID_WIDTHS = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class Density:
    """A kernel density estimate; made by `parzen.kde`, never changed afterwards.

    f(q) = sum_i w_i K(A^-1 (q - x_i)) / det A, with weights w that sum to one and
    A = h, diag(h), or the Cholesky root of the covariance H. A density of 1-D data
    answers in 1-D; one of (n, d) data takes points in the last axis of an array.
    Safe to share between threads; pickles and copies.

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

    @property
    def sample_size(self) -> int:
        """Number of points, n."""
        return self._problem.sample.n

    @property
    def n_axes(self) -> int:
        """Number of dimensions, d."""
        return self._problem.sample.d

    @property
    def points(self) -> NDArray[np.float64]:
        """The data, shape (n,) if they came as 1-D, else (n, d); read-only."""
        data = self._problem.sample
        return data.points[:, 0] if data.flat else data.points

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Weights that sum to one, shape (n,), read-only; None where all are equal."""
        return self._problem.sample.weights

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where the data had names."""
        return self._problem.sample.columns

    @property
    def kernel(self) -> Kernel:
        """The kernel."""
        return self._problem.kernel

    @property
    def bandwidth(self) -> float | NDArray[np.float64]:
        """A width, a width per axis (d,), or a covariance (d, d), in units of x."""
        value = self.bandwidth_result.value
        return value if isinstance(value, float) else value.copy()

    @property
    def method(self) -> str:
        """Name of the engine that answers."""
        return self.decision.method

    def pdf(self, q: Any) -> Any:
        """Evaluate the density.

        Parameters
        ----------
        q : array_like
            Points: any shape for 1-D data, else shape (..., d). Infinite ones are
            allowed, NaN is not.

        Returns
        -------
        density : float or ndarray
            In 1 / units(x)^d, non-negative, one value a point, within the error that
            `explain` states. Cost: what the engine needs, see `explain`.

        Raises
        ------
        ShapeError, DataError
            If `q` has the wrong number of coordinates, or is NaN somewhere.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.pdf([0.0, 2.0]).round(6)
        array([0.098699, 0.231635])
        """
        return self._answer(q, self._plan.pdf, 0.0)

    def logpdf(self, q: Any) -> Any:
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

        Returns
        -------
        log_density : float or ndarray
            Natural logarithm of `pdf`.

        Raises
        ------
        ShapeError, DataError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(density.logpdf(1000.0).round(6))
        -496010.017551
        """
        return self._answer(q, self._plan.logpdf, -np.inf)

    def _answer(self, q: Any, evaluate: Any, at_infinity: float) -> Any:
        """Check the queries, evaluate the finite ones, restore the shape."""
        sample = self._problem.sample
        points, shape = check_queries(
            q, sample.d, flat=sample.flat, columns=sample.columns
        )
        finite = np.isfinite(points).all(axis=1)
        if finite.all():
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
        if isinstance(self._plan, FFTPlan) and grid is self._plan.grid:
            values = self._plan.values.copy()
        else:
            values = self._plan.pdf(grid.nodes()).reshape(grid.shape)
        axes = tuple(axis.copy() for axis in grid.axes)
        return (axes[0] if self._problem.sample.flat else axes), values

    def _grid(self, size: Any) -> Grid:
        """Lay the grid that `grid(size)` evaluates on."""
        sample, scale = self._problem.sample, self._problem.scale
        shape = check_grid_size(size, sample.d, "size")
        if isinstance(self._plan, FFTPlan):
            own = self._plan.grid
            if shape is None or shape == own.shape:
                return own
            return Grid(own.lower, own.upper, shape)
        if sample.d not in GRID_NODES:
            msg = (
                f"`grid` serves 1, 2 or 3 dimensions; the data have {sample.d}. "
                "Evaluate `pdf` at chosen points."
            )
            raise CapabilityError(msg)
        shape = shape or self._problem.grid_size or (GRID_NODES[sample.d],) * sample.d
        reach = min(self.kernel.reach(GRID_TAIL, sample.d), GRID_WIDTHS)
        extent = reach * scale.extent(box=self.kernel.product)
        with np.errstate(over="ignore"):
            grid = Grid(sample.lower - extent, sample.upper + extent, shape)
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

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=0.1)
        >>> density.sample(3, rng=0).round(2)
        array([4.06, 2.01, 1.95])
        """
        count = 1 if size is None else check_count(size, "size")
        generator = np.random.default_rng(rng)
        data = self._problem.sample
        if self._index is None:
            index = generator.integers(data.n, size=count)
        else:
            index = self._index.draw(count, generator)
        noise = self.kernel.sample(count, data.d, generator)
        draws = data.points[index] + self._problem.scale.from_kernel_units(noise)
        if data.flat:
            draws = draws[:, 0]
        return draws[0] if size is None else draws

    @cached_property
    def _index(self) -> WeightedIndex | None:
        """Where weights differ, the table that draws by them."""
        weights = self._problem.sample.weights
        return None if weights is None else WeightedIndex(weights)

    def explain(self) -> str:
        """Say which bandwidth and engine answer, and why, like a query plan.

        Returns
        -------
        text : str
            The bandwidth with its rule, the error accepted, and for each engine its
            error bound, predicted time and verdict.
        """
        return explain(self._problem, self.bandwidth_result, self.decision)

    def __repr__(self) -> str:
        """Name the size, the kernel, the bandwidth and the method."""
        value = self.bandwidth_result.value
        width = f"{value:.4g}" if isinstance(value, float) else f"{value.shape} array"
        return (
            f"Density(n={self.sample_size}, d={self.n_axes}, "
            f"kernel={str(self.kernel)!r}, bandwidth={width}, method={self.method!r})"
        )
