"""Probabilities and quantiles: cdf, icdf, boxes, intervals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import real_array
from parzen.distribution.primitives import Primitives
from parzen.distribution.quantile import Solver, quantiles
from parzen.errors import DataError, ShapeError
from parzen.progress import reporting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# What to do in several dimensions, where there is no "above" and no order of points.
BOXES = "Ask `integrate(lower, upper)` for boxes, or one axis with `marginal`."
ONE_AXIS = "Ask one axis with `marginal`, or `hdr` for regions."


class Probability(Primitives):
    """Probabilities and quantiles: cdf, icdf, boxes, intervals."""

    def cdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the distribution function.

        Parameters
        ----------
        q : array_like
            Points: any shape for 1-D data, else shape (..., d). Infinite ones are
            allowed, NaN is not.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        mass : float or ndarray
            P(X <= q), of all coordinates at once where there are several. In 1-D right
            to a relative error in the lower tail; ask `ccdf` in the upper one. May
            leave [0, 1], and fall, where weights are negative.

        Raises
        ------
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.cdf([0.0, 2.0]).round(6)
        array([0.060479, 0.454698])
        """
        return self._orthant(q, logarithm=False, progress=progress)

    def logcdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the logarithm of the distribution function.

        Parameters
        ----------
        q : array_like
            Points, as for `cdf`.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        log_mass : float or ndarray
            Natural logarithm of `cdf`. In 1-D finite wherever there is mass below, and
            right to a relative error in both tails.

        Raises
        ------
        CapabilityError
            If weights are negative.
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(density.logcdf(-99.0).round(6))
        -5006.622821
        """
        self._need_positive("logcdf")
        return self._orthant(q, logarithm=True, progress=progress)

    def ccdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the mass above a point: 1 - cdf, right to a relative error.

        Parameters
        ----------
        q : array_like
            Points of any shape, as for `pdf`.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        mass : float or ndarray
            P(X > q), however small.

        Raises
        ------
        CapabilityError
            In more than one dimension.
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(f"{density.ccdf(20.0):.6e}")
        2.129585e-58
        """
        self._need_line("ccdf", BOXES)
        return self._tail(q, upper=True, logarithm=False, progress=progress)

    def logccdf(self, q: Any, *, progress: Any = False) -> Any:
        """Evaluate the logarithm of the mass above a point.

        Parameters
        ----------
        q : array_like
            Points of any shape, as for `pdf`.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        log_mass : float or ndarray
            Natural logarithm of `ccdf`, right to a relative error in both tails.

        Raises
        ------
        CapabilityError
            In more than one dimension, or if weights are negative.
        ShapeError, DataError, ParzenError, ImportError
            As for `pdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(density.logccdf(104.0).round(6))
        -5006.622821
        """
        self._need_line("logccdf", BOXES)
        self._need_positive("logccdf")
        return self._tail(q, upper=True, logarithm=True, progress=progress)

    def icdf(self, p: Any, *, progress: Any = False) -> Any:
        """Find the quantile: the point that has the probability `p` below it.

        Parameters
        ----------
        p : array_like
            Probabilities in [0, 1], of any shape.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        x : float or ndarray
            The smallest x with `cdf(x)` >= p, in units of x; the ends of the support
            for 0 and 1. Of the shape of `p`; points in a last axis of length 1 where
            the data came as (n, 1). It never falls as `p` rises.

        Raises
        ------
        CapabilityError
            In more than one dimension, or if weights are negative.
        DataError
            If a probability is outside [0, 1], or NaN.
        ParzenError, ImportError
            As for `pdf`.

        Notes
        -----
        Solved on the side of the smaller mass and for its logarithm, by Newton steps
        within a bracket that shrinks: it converges for every `p`, also 5e-324. Right
        to 1e-8 of the narrowest bandwidth, and in tails to that relative error. Where
        the density is zero between two clusters, the answer is the left end of the gap
        for a `p` within 6e-14 of the mass below, and the middle of the stretch where it
        is too small for the mass to change.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.icdf([0.0, 1e-300, 0.5]).round(6)
        array([      -inf, -36.017452,   2.199819])
        """
        return self._inverse(p, "icdf", upper=False, progress=progress)

    def iccdf(self, p: Any, *, progress: Any = False) -> Any:
        """Find the point that has the probability `p` above it.

        Parameters
        ----------
        p : array_like
            Probabilities in [0, 1], of any shape.
        progress : bool or callable, optional
            A bar, or a function of `(done, total)`, as for `pdf`.

        Returns
        -------
        x : float or ndarray
            The smallest x with `ccdf(x)` <= p: `icdf(1 - p)`, also where 1 - p is 1
            to rounding.

        Raises
        ------
        CapabilityError, DataError, ParzenError, ImportError
            As for `icdf`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.iccdf([1e-300, 0.5, 1.0]).round(6)
        array([41.017452,  2.199819,      -inf])
        """
        return self._inverse(p, "iccdf", upper=True, progress=progress)

    def median(self) -> Any:
        """Find the median.

        Returns
        -------
        x : float, or ndarray of shape (1,) where the data came as (n, 1)
            The point with half of the mass on either side, `icdf(0.5)`.

        Raises
        ------
        CapabilityError
            As for `icdf`.

        Examples
        --------
        >>> import parzen
        >>> print(parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).median().round(6))
        2.199819
        """
        return self._inverse(0.5, "median", upper=False)

    def interval(self, p: Any) -> tuple[Any, Any]:
        """Find the central interval of a probability, with equal tails.

        Parameters
        ----------
        p : array_like
            Probabilities within, in [0, 1], of any shape.

        Returns
        -------
        lower, upper : float or ndarray
            The points with (1 - p) / 2 below and above; of the shape of `p`.

        Raises
        ------
        CapabilityError, DataError
            As for `icdf`.

        See Also
        --------
        hdr : The shortest region instead.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(*(round(end, 6) for end in density.interval(0.9)))
        -0.113676 5.041607
        """
        self._need_quantiles("interval")
        tails = (1.0 - _probabilities(p)) / 2.0
        return self.icdf(tails), self.iccdf(tails)

    def integrate(self, lower: Any = None, upper: Any = None) -> Any:
        """Integrate the density over intervals or boxes.

        Parameters
        ----------
        lower, upper : array_like, optional
            Ends in units of x, which may be infinite; None for infinite on every axis.
            Numbers or arrays of any shape for 1-D data, else numbers (for every axis)
            or arrays (..., d); the two are broadcast.

        Returns
        -------
        mass : float or ndarray
            P(lower < X < upper), one value a box. In 1-D right to a relative error.

        Raises
        ------
        ShapeError
            If an end has the wrong number of coordinates, or the two do not fit.
        DataError
            If a lower end is above its upper one, or one is NaN.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.integrate(0.0, [1.0, 2.0, float("inf")]).round(6)
        array([0.159523, 0.394219, 0.939521])
        """
        low, high = (
            self._ends(lower, "lower", -np.inf),
            self._ends(upper, "upper", np.inf),
        )
        try:
            low, high = (np.array(end) for end in np.broadcast_arrays(low, high))
        except ValueError:
            msg = (
                f"`lower` and `upper` must fit each other; got shapes {low.shape} and "
            )
            raise ShapeError(msg + f"{high.shape}. Make them broadcast.") from None
        if (wrong := low > high).any():
            index = tuple(int(i) for i in np.argwhere(wrong)[0])
            msg = (
                f"`lower` must not be above `upper`; got {low[index]} > {high[index]} "
            )
            msg += f"at {index}. " if index else "here. "
            raise DataError(msg + "Swap them.")
        shape = low.shape if self._flat else low.shape[:-1]
        low, high = low.reshape(-1, self.n_axes), high.reshape(-1, self.n_axes)
        # an empty box needs no sum, least of all one at infinity
        full = (low < high).all(axis=1)
        mass = np.zeros(len(low))
        if full.any():
            mass[full] = self._probability(self._mass(low[full], high[full]))
        return mass.reshape(shape)[()]

    def support(self) -> tuple[Any, Any]:
        """Say where the density may be positive.

        Returns
        -------
        lower, upper : float, or ndarray of shape (d,)
            Ends on each axis in units of x, infinite where there is none. There may be
            gaps between them.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], kernel="triangular", bandwidth=1.0)
        >>> density.support()
        (0.0, 5.0)
        """
        lower, upper = self._support()
        if self._flat:
            return float(lower[0]), float(upper[0])
        return lower.copy(), upper.copy()

    @cached_property
    def _solver(self) -> Solver:
        """What every quantile without a closed form needs, as far as it is shared."""
        return Solver.of(self)

    def _orthant(self, q: Any, *, logarithm: bool, progress: Any) -> Any:
        """Mass below q, on all axes at once."""
        if self.n_axes == 1:
            return self._tail(q, upper=False, logarithm=logarithm, progress=progress)
        points, shape = self._points(q)
        inside = (points > -np.inf).all(axis=1)
        mass = np.zeros(len(points))
        with reporting(progress):
            if inside.any():
                high = points[inside]
                mass[inside] = self._mass(np.full_like(high, -np.inf), high)
        mass = self._probability(mass)
        if logarithm:
            with np.errstate(divide="ignore"):
                mass = np.log(mass)
        return mass.reshape(shape)[()]

    def _tail(self, q: Any, *, upper: bool, logarithm: bool, progress: Any) -> Any:
        """Mass on one side of q, or its logarithm, in 1-D."""
        points, shape = self._points(q)
        evaluate = self._log_tail if logarithm else self._plain_tail
        # a sum needs no temporaries; it is finite only where all points are
        with np.errstate(over="ignore", invalid="ignore"):
            plain = bool(np.isfinite(points.sum()))
        with reporting(progress):
            if plain and points.size:
                return evaluate(points, upper=upper).reshape(shape)[()]
            x = points[:, 0]
            # at infinity all mass lies on one side
            mass = np.where((x < 0.0) == upper, 1.0, 0.0)
            if logarithm:
                mass = np.where(mass == 1.0, 0.0, -np.inf)
            finite = np.isfinite(x)
            if finite.any():
                mass[finite] = evaluate(points[finite], upper=upper)
        return mass.reshape(shape)[()]

    def _plain_tail(self, points: Floats, *, upper: bool) -> Floats:
        """Mass on one side of finite points (m, 1)."""
        return self._probability(self._mass(*_beyond(points, upper=upper)))

    def _log_tail(self, points: Floats, *, upper: bool) -> Floats:
        """Logarithm of the mass on one side, right also where that is nearly one."""
        values = self._log_mass(*_beyond(points, upper=upper))
        most = values > -0.5
        if most.any():
            other = self._plain_tail(points[most], upper=not upper)
            with np.errstate(divide="ignore"):
                values[most] = np.log1p(-other)
        return values

    def _probability(self, mass: Floats) -> Floats:
        """Keep rounding out of what must be a probability; signed weights are not."""
        return mass if self._signed else np.clip(mass, 0.0, 1.0, out=mass)

    def _need_quantiles(self, method: str) -> None:
        """Raise `CapabilityError` where there are no quantiles."""
        self._need_line(method, ONE_AXIS)
        self._need_positive(method)

    def _inverse(
        self, p: Any, method: str, *, upper: bool, progress: Any = False
    ) -> Any:
        """Check probabilities, and find the points with this mass on one side."""
        self._need_quantiles(method)
        values = _probabilities(p)
        with reporting(progress):
            x = quantiles(self, values.ravel(), upper=upper)
        return x.reshape(values.shape if self._flat else (*values.shape, 1))[()]

    def _ends(self, values: Any, name: str, default: float) -> Floats:
        """Check the ends of boxes; return an array (..., d), or any shape in 1-D."""
        ends = real_array(default if values is None else values, name, own=False)
        if np.isnan(ends).any():
            index = tuple(int(i) for i in np.argwhere(np.isnan(ends))[0])
            msg = f"`{name}` must not be NaN; got one at {index}. Drop these boxes."
            raise DataError(msg)
        if self._flat:
            return ends
        if ends.ndim == 0:
            return np.full(self.n_axes, float(ends))
        if ends.shape[-1] != self.n_axes:
            msg = f"`{name}` must be a number or have shape (..., {self.n_axes}); got "
            raise ShapeError(msg + f"{ends.shape}. Give one coordinate for each axis.")
        return ends


def _beyond(points: Floats, *, upper: bool) -> tuple[Floats, Floats]:
    """Return ends (m, 1) of what lies beyond points; infinite ones take no room."""
    far = np.broadcast_to(np.inf if upper else -np.inf, points.shape)
    return (points, far) if upper else (far, points)


def _probabilities(p: Any) -> Floats:
    """Return probabilities as an array, or say why they are none."""
    values = real_array(p, "p", own=False)
    # written so that NaN fails
    if values.size and not (values.min() >= 0.0 and values.max() <= 1.0):
        bad = values[~((values >= 0.0) & (values <= 1.0))].flat[0]
        msg = f"`p` must be probabilities in [0, 1]; got {bad}. "
        raise DataError(msg + "Divide percentages by 100.")
    return values
