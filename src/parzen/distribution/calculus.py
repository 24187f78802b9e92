"""Derivatives, score, modes and antimodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_count
from parzen.distribution import mean_shift
from parzen.distribution.modes import Modes, extrema
from parzen.distribution.primitives import Primitives
from parzen.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Calculus(Primitives):
    """Derivatives, score, modes and antimodes."""

    def derivative(self, q: Any, order: int = 1, *, progress: Any = False) -> Any:
        """Evaluate a derivative of a 1-D density.

        Parameters
        ----------
        q : array_like
            Points of any shape, as for `pdf`.
        order : int
            Which derivative, 1 for the slope.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        slope : float or ndarray
            In 1 / units(x)^(order + 1), one value a point; zero at infinity. Where a
            kernel has a kink, a value from one side of it or between the two.

        Raises
        ------
        CapabilityError
            In more than one dimension; or if the kernel has no such derivative.
        ParzenError
            If `order` is no integer >= 1.
        ShapeError, DataError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.derivative([0.0, 2.0]).round(6)
        array([ 0.116829, -0.044663])
        """
        self._need_line("derivative", "Ask `gradient`.")
        order = check_count(order, "order", least=1)
        return self._answer(
            q, lambda x: self._derivative(x, order), 0.0, progress=progress
        )

    def gradient(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the gradient of the density.

        Parameters
        ----------
        q : array_like
            Points: any shape for 1-D data, else shape (..., d).
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        slope : float or ndarray
            Of the shape of `q`, in 1 / units(x)^(d + 1); zero at infinity.

        Raises
        ------
        ShapeError, DataError, ParzenError, ImportError, CapabilityError
            As for `derivative`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([[1.0, 2.0], [4.0, 3.0]], bandwidth=1.0)
        >>> density.gradient([1.0, 1.0]).round(6)
        array([0.000359, 0.048505])
        """
        return self._slopes_at(q, self._gradient, 0.0, progress)

    def score(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the gradient of the log density.

        Parameters
        ----------
        q : array_like
            Points: any shape for 1-D data, else shape (..., d).
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        slope : float or ndarray
            Of the shape of `q`, in 1 / units(x); right in the tails too, where the
            density itself is no number any more. NaN where the density is zero, as it
            is at infinity.

        Raises
        ------
        CapabilityError
            If weights are negative; or as for `derivative`.
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.score([2.0, 10.0]).round(3)
        array([-0.193, -6.   ])
        """
        self._need_positive("score")
        return self._slopes_at(q, self._score, np.nan, progress)

    def modes(self) -> Modes:
        """Find the local maxima of the density.

        Returns
        -------
        modes : Modes
            `location`, of shape (k,) for 1-D data, else (k, d), and `density` (k,).
            In 1-D rising in place, otherwise by falling density.

        Raises
        ------
        CapabilityError
            In more than one dimension, if weights are negative or the density is flat
            wherever it is not zero.

        Notes
        -----
        In 1-D the density is looked at in 13 places or more of each panel, where panels
        are at most two bandwidths wide near points, and end at kinks and jumps; where
        the slope changes sign between two places, its root is one more. A maximum
        counts if the density falls from it on both sides, before it rises higher, by
        more than it may be wrong: by 8 `rtol` of its value, 2e-9 at least, and with an
        engine whose error is absolute by four times that, or 4e-8 of the largest
        density if this is less. All such maxima are found that lie apart by more than
        two places; these are 16 times denser where a slope is near zero, and what is
        closer may count as one. Where kernels with kinks are so many (9000 kinks) that
        panels hold some, these are looked at in 49 places, and steps between are
        missed. Where panels are more than 40 000, in seven.

        A plateau counts once, by its middle. A bound of the support where the density
        is largest is a mode; with boundary="periodic" the bounds are one place, named
        by the lower. O(n log n) for n points, with the time of as many densities and
        scores as there are places.

        In more dimensions by ascent from the points (2000 at most, then one for each
        cell of a grid) or, where there are none, from draws: mean shift [1]_, then
        Newton steps that leave saddles. Nothing proves that these are all.

        References
        ----------
        .. [1] Comaniciu, D. and Meer, P. (2002), Mean shift: a robust approach toward
           feature space analysis, IEEE Trans. Pattern Anal. Mach. Intell. 24, 603-619,
           doi:10.1109/34.1000236.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0, 9.0], bandwidth=0.8)
        >>> modes = density.modes()
        >>> modes.location.round(3), modes.density.round(3)
        (array([1.52 , 3.873, 9.   ]), array([0.206, 0.131, 0.125]))
        """
        if self.n_axes > 1:
            self._need_positive("modes")
            places = mean_shift.modes(self)
            values = self._pdf(places)
            order = np.lexsort((*places.T[::-1], -values))
            return Modes(places[order], values[order])
        return self._turns(1)

    def antimodes(self) -> Modes:
        """Find the local minima of a 1-D density between its modes.

        Returns
        -------
        antimodes : Modes
            `location` and `density`, rising in place: one between each two modes, and
            on a circle (boundary="periodic") one more. A gap where the density is zero
            counts once, by its middle.

        Raises
        ------
        CapabilityError
            In more than one dimension.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0, 9.0], bandwidth=0.8)
        >>> density.antimodes().location.round(3)
        array([3.125, 6.5  ])
        """
        self._need_line("antimodes", "Ask one axis with `marginal`.")
        return self._turns(-1)

    def _turns(self, sign: int) -> Modes:
        """Local maxima, or minima, of a 1-D density with their values."""
        places = extrema(self, sign)
        values = self._pdf(places[:, None])
        return Modes(places if self._flat else places[:, None], values)

    def _slopes_at(
        self,
        q: Any,
        evaluate: Callable[[Floats], Floats],
        at_infinity: float,
        progress: Any,
    ) -> Any:
        """Answer with one value for each coordinate of each query."""
        points, shape = self._points(q)
        values = np.full(points.shape, at_infinity)
        finite = np.isfinite(points).all(axis=1)
        with reporting(progress):
            if finite.any():
                values[finite] = evaluate(points[finite])
        return values.reshape(shape if self._flat else (*shape, self.n_axes))[()]
