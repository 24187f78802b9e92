"""Everything that one may ask of a probability distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.binning.grid import Grid
from parzen.checks import check_count, check_flag, check_grid_size, check_rng
from parzen.distribution.algebra import Algebra
from parzen.distribution.calculus import Calculus
from parzen.distribution.export import Export
from parzen.distribution.moments import Moments
from parzen.distribution.probability import Probability
from parzen.distribution.regions import Regions
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Nodes on each axis of `grid`, by dimension.
GRID_NODES = {1: 1024, 2: 256, 3: 64}


class Distribution(Probability, Moments, Calculus, Regions, Algebra, Export):
    """Base of all densities: kernel density estimates, mixtures, products.

    Never changed after it was made, and safe to share between threads. One of 1-D data
    answers in 1-D; any other takes points in the last axis of an array.

    See Also
    --------
    parzen.kde : Estimates one from data.
    """

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
        return self._answer(q, self._pdf, 0.0, progress=progress)

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
        return self._answer(q, self._logpdf, -np.inf, progress=progress)

    def grid(self, size: Any = None) -> tuple[Any, NDArray[np.float64]]:
        """Evaluate the density on a regular grid that covers the data.

        The grid of a density by a grid method is its own; that of any other kernel
        density reaches beyond the data until 1e-6 of a kernel's mass is left (at most
        10 bandwidths); a mixture's covers the grids of all components.

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
        values = self._on_grid(grid)
        axes = tuple(axis.copy() for axis in grid.axes)
        return (axes[0] if self._flat else axes), values

    def _grid(self, size: Any) -> Grid:
        """Lay the grid that `grid(size)` evaluates on."""
        d = self.n_axes
        shape = check_grid_size(size, d, "size")
        if d not in GRID_NODES:
            msg = (
                f"`grid` serves 1, 2 or 3 dimensions; the data have {d}. "
                "Evaluate `pdf` at chosen points."
            )
            raise CapabilityError(msg)
        with np.errstate(over="ignore"):
            grid = Grid(*self._extent(), shape or (GRID_NODES[d],) * d)
            finite = np.isfinite(grid.step).all()
        if not finite:
            msg = "the range of the data exceeds the largest float; no grid covers it. "
            raise CapabilityError(msg + "Change the units of the data.")
        return grid

    def _on_grid(self, grid: Grid) -> NDArray[np.float64]:
        """Evaluate at the nodes, shape as the grid has it."""
        return self._pdf(grid.nodes()).reshape(grid.shape)

    def sample(self, size: Any = None, *, rng: Any = None, qmc: bool = False) -> Any:
        """Draw from the distribution.

        Parameters
        ----------
        size : int, optional
            Number of draws; None for a single one.
        rng : int, Generator or other seed, optional
            What `numpy.random.default_rng` takes; an int makes the draws repeatable.
        qmc : bool
            Spread the draws evenly by a scrambled Sobol sequence, instead of at random.

        Returns
        -------
        draws : ndarray of shape (size,) for 1-D data, else (size, d)
            Without the first axis where `size` is None. Cost O(size d) and, with
            weights, O(n) once.

        Raises
        ------
        ParzenError
            If `size` is no integer >= 0, or `rng` no seed.
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
        self._need_positive("sample")
        draw = self._draw_qmc if check_flag(qmc, "qmc") else self._draw
        draws = draw(count, check_rng(rng))
        if self._flat:
            draws = draws[:, 0]
        return draws[0] if size is None else draws
