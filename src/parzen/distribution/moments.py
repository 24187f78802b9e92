"""Moments, expectations and entropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_choice, check_count
from parzen.distribution.expectations import Expectations
from parzen.errors import ParzenError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KINDS = ("raw", "central", "standardized")
# Powers above leave no digits to the sums they are made of.
HIGHEST = 16
# Widths farther from one than this power of two are scaled before they are squared.
FAR = 60


class Moments(Expectations):
    """Moments, expectations and entropy."""

    def mean(self) -> Any:
        """Mean of the distribution.

        Returns
        -------
        mean : float, or ndarray of shape (d,)
            In units of x. A float for 1-D data, else one for each axis. NaN where the
            kernel has none (cauchy), infinite where it is.

        Raises
        ------
        CapabilityError
            Within bounds in several dimensions, if the kernel is no product over the
            axes.

        Notes
        -----
        Without bounds that of the points, plus that of the kernel where it is not
        symmetric; within bounds by quadrature. Relative error 1e-9, O(n) or what a
        quadrature costs.

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).mean(), 6))
        2.333333
        """
        return self._shaped(self._centre())

    def variance(self) -> Any:
        """Variance on each axis: that of the points, plus that of the kernel.

        Returns
        -------
        variance : float, or ndarray of shape (d,)
            In units of x^2. Infinite or NaN where the kernel has none.

        Raises
        ------
        CapabilityError
            As for `mean`.

        Notes
        -----
        sum_i w_i (x_i - mean)^2 + mu_2 h^2, without the correction n / (n - 1) that an
        estimate of a population's variance has: this is the variance of the density.

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).variance(), 6))
        2.555556
        """
        return self._shaped(self._moments_about_mean(2))

    def covariance(self) -> Any:
        """Covariance of the axes.

        Returns
        -------
        covariance : float, or ndarray of shape (d, d)
            In units of x^2; for 1-D data the variance.

        Raises
        ------
        CapabilityError
            As for `mean`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([[1.0, 0.0], [2.0, 1.0]], bandwidth=1.0)
        >>> density.covariance().round(6)
        array([[1.25, 0.25],
               [0.25, 1.25]])
        """
        if self._flat:
            return self.variance()
        scaled, factors = self._scaled()
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            # one factor at a time: their product may leave the range of floats
            return scaled._covariance() * factors * factors[:, None]

    def std(self) -> Any:
        """Return the standard deviation on each axis, the root of `variance`.

        Returns
        -------
        std : float, or ndarray of shape (d,)
            In units of x.

        Raises
        ------
        CapabilityError
            As for `mean`.

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([0.0], bandwidth=3.0).std(), 6))
        3.0
        """
        scaled, factors = self._scaled()
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            return self._shaped(np.sqrt(scaled._central(2)[2]) * factors)

    def skewness(self) -> Any:
        """Third central moment over the cube of the standard deviation, by axis.

        Returns
        -------
        skewness : float, or ndarray of shape (d,)
            Without a unit; NaN where the third moment does not exist.

        Raises
        ------
        CapabilityError
            As for `mean`.

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).skewness(), 6))
        0.181317
        """
        return self.moment(3, "standardized")

    def kurtosis(self) -> Any:
        """Fourth central moment over the squared variance, by axis.

        Returns
        -------
        kurtosis : float, or ndarray of shape (d,)
            Three for a normal distribution, as in the current interface of scipy.stats:
            take off 3 for the excess. inf or NaN where there is none.

        Raises
        ------
        CapabilityError
            As for `mean`.

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([0.0], bandwidth=2.0).kurtosis(), 6))
        3.0
        """
        return self.moment(4, "standardized")

    def moment(self, order: int = 1, kind: str = "raw") -> Any:
        """Return a moment on each axis.

        Parameters
        ----------
        order : int
            From 0 to 16.
        kind : {"raw", "central", "standardized"}
            The mean of x^order, of (x - mean)^order, or of ((x - mean) / std)^order.

        Returns
        -------
        moment : float, or ndarray of shape (d,)
            In units of x^order, without a unit if standardized. Infinite where it
            diverges, NaN where it does not exist.

        Raises
        ------
        ParzenError
            If `order` is no integer from 0 to 16.
        UnknownNameError
            If there is no such kind.
        CapabilityError
            As for `mean`.

        Notes
        -----
        E (x_i + h u - c)^k = sum_j C(k, j) h^j mu_j sum_i w_i (x_i - c)^(k-j), with the
        moments mu_j of the kernel, in closed form or, of your own kernels, by
        quadrature. Relative error 1e-9 of the mean of abs(x - c)^k.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> print(round(density.moment(2), 6), round(density.moment(3, "central"), 6))
        8.0 0.740741
        """
        power = check_count(order, "order")
        if power > HIGHEST:
            msg = f"`order` must be at most {HIGHEST}; got {power}: no digits would be "
            raise ParzenError(msg + "left. Use `expect` on a function that is bounded.")
        check_choice(kind, KINDS, "kind")
        if kind == "raw":
            # powers that leave the range of floats are infinite
            with np.errstate(all="ignore"):
                raw = self._raw_moments(power, np.zeros(self.n_axes))[power]
            return self._shaped(raw)
        if kind == "central":
            return self._shaped(self._moments_about_mean(power))
        scaled, _ = self._scaled()
        moments = scaled._central(max(power, 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._shaped(moments[power] / np.sqrt(moments[2]) ** power)

    def _shaped(self, values: Floats) -> Any:
        """Return one number for 1-D data, else the array of one for each axis."""
        return float(values[0]) if self._flat else values

    def _centre(self) -> Floats:
        """Mean, shape (d,): once more about itself, so that an offset costs nothing."""
        rough = self._raw_moments(1, np.zeros(self.n_axes))[1]
        if not np.isfinite(rough).all():
            return np.asarray(rough)
        return np.asarray(rough + self._raw_moments(1, rough)[1])

    def _moments_about_mean(self, order: int) -> Floats:
        """Moment about the mean, (d,); infinite where it leaves the range of floats."""
        scaled, factors = self._scaled()
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            moments = scaled._central(order)[order]
            for _ in range(order):
                moments = np.where(moments == 0.0, 0.0, moments * factors)
            return np.asarray(moments)

    def _central(self, order: int) -> Floats:
        """Moments about the mean, shape (order + 1, d)."""
        rough = self._raw_moments(1, np.zeros(self.n_axes))[1]
        known = np.isfinite(rough)
        about = self._raw_moments(order, np.where(known, rough, 0.0))
        if order == 0:
            return about
        # what rounding has left of the mean
        left = np.where(known, about[1], np.nan)
        central = np.empty_like(about)
        for p in range(order + 1):
            terms = [
                math.comb(p, j) * about[p - j] * (-left) ** j for j in range(p, 0, -1)
            ]
            central[p] = about[p] + sum(terms) if p else about[p]
        central[1] = np.where(known, 0.0, np.nan)
        return central

    def _scaled(self) -> tuple[Moments, Floats]:
        """Return it in units in which squares stay numbers, and the units."""
        lower, upper = self._extent()
        with np.errstate(over="ignore"):
            spread = upper - lower
        exponents = np.frexp(np.where(np.isfinite(spread), spread, 1e308))[1]
        if (np.abs(exponents) < FAR).all():
            return self, np.ones(self.n_axes)
        units = np.ldexp(1.0, np.clip(exponents, -1022, 1022))
        return self._affine(1.0 / units, np.zeros(self.n_axes)), units
