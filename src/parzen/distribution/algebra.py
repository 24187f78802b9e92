"""New distributions from old: marginals, conditionals, mixtures, products."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from parzen.checks import check_bounds, check_finite, real_array
from parzen.distribution.primitives import Primitives
from parzen.errors import CapabilityError, ParzenError, ShapeError, WeightError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.distribution import Distribution
    from parzen.distribution.mixture import Mixture

    Floats = NDArray[np.float64]

# Rows scaled to unit length; a matrix nearer to singular than this has no inverse.
SINGULAR = 1e-14


class Algebra(Primitives):
    """New distributions from old: marginals, conditionals, mixtures, products."""

    # NumPy numbers leave `2 * density` to us
    __array_ufunc__ = None

    def marginal(self, dims: Any) -> Distribution:
        """Return the distribution of some dimensions, whatever the others are.

        Parameters
        ----------
        dims : int, str, or list of these
            Dimensions by number, negative ones from the end, or by column name; the
            result has them in this order. All of them in another order are allowed.

        Returns
        -------
        Distribution
            In closed form: a `Density` of a `Density`, a `Mixture` of a `Mixture`. With
            one dimension left it answers in 1-D.

        Raises
        ------
        ShapeError
            If there is no such dimension, or one is named twice.
        CapabilityError
            If the marginal has no closed form: for radial kernels other than the
            Gaussian, Cauchy and (1 - r^2)^b ones above one remaining dimension,
            matrices with product kernels, and ranges that cut a dropped dimension of a
            `Truncated`.

        Notes
        -----
        The marginal of sum_i w_i K_i is sum_i w_i M_i, with M_i the marginal of K_i: of
        a Gaussian with covariance H, a Gaussian with the block of H; of a product, the
        product of the rest; of (1 - r^2)^b with k axes gone, (1 - r^2)^(b + k/2).
        Bounds without reflection multiply w_i by the mass inside on dropped axes.

        Examples
        --------
        >>> import numpy as np
        >>> import parzen
        >>> xy = np.array([[0.0, 5.0], [1.0, 6.0], [3.0, 4.0]])
        >>> density = parzen.kde(xy, bandwidth=1.0)
        >>> density.marginal(1).pdf([4.0, 5.0]).round(6)
        array([0.231635, 0.294295])
        """
        axes = self._axes(dims)
        if self._flat:
            return self._self
        if axes == tuple(range(self.n_axes)) and self.n_axes > 1:
            return self._self
        return self._marginal(axes)

    def conditional(self, dims: Any, values: Any) -> Distribution:
        """Return the distribution of the other dimensions, given values of some.

        Parameters
        ----------
        dims : int, str, or list of these
            The dimensions whose values are known, as for `marginal`; not all of them.
        values : float or array_like of shape (k,)
            Their values, in the units of the data and in the order of `dims`.

        Returns
        -------
        Distribution
            Of the dimensions left, in their order: f(x, values) / f(values). With one
            of them left it answers in 1-D.

        Raises
        ------
        ShapeError
            If `dims` are wrong, or `values` are not as many.
        DataError
            If `values` are not finite, or the density there is zero.
        CapabilityError
            If the result has no closed form: see Notes.

        Notes
        -----
        A point x_i keeps a weight in proportion to w_i K_i(values), in logarithms, so
        that values far from all data have an answer. A Gaussian with covariance H moves
        its centre by H_mc H_cc^-1 (v - x_ic) and keeps H_mm - H_mc H_cc^-1 H_cm. A
        slice of (1 - r^2)^b at a radius r is the same kernel, sqrt(1 - r^2) as wide;
        one of a Cauchy in d dimensions onto a line is Student's t with d degrees of
        freedom. Other radial kernels, and product kernels with a matrix, are refused.
        Cost O(n d^2), times the images that bounds add.

        Examples
        --------
        >>> import numpy as np
        >>> import parzen
        >>> xy = np.array([[0.0, 5.0], [1.0, 6.0], [3.0, 4.0]])
        >>> density = parzen.kde(xy, bandwidth=1.0)
        >>> density.conditional(0, 0.5).pdf(5.5).round(6)
        np.float64(0.34666)
        """
        axes = self._axes(dims)
        if len(axes) == self.n_axes:
            msg = f"`dims` must leave a dimension; got all {self.n_axes} of them. "
            raise ShapeError(msg + "Evaluate `pdf` at the values instead.")
        given = np.atleast_1d(real_array(values, "values"))
        if given.shape != (len(axes),):
            msg = f"`values` must have one number for each of the {len(axes)} `dims`; "
            raise ShapeError(msg + f"got shape {given.shape}. Align the two.")
        check_finite(given, "values")
        return self._conditional(axes, given)

    def affine(self, scale: Any = 1.0, shift: Any = 0.0) -> Distribution:
        """Return the distribution of scale X + shift.

        Parameters
        ----------
        scale : float or array_like of shape (d,) or (d, d)
            A factor, one for each axis, or a matrix; invertible.
        shift : float or array_like of shape (d,)
            In the units of the result.

        Returns
        -------
        Distribution
            With g(y) = f(scale^-1 (y - shift)) / |det scale|, in closed form. Column
            names are kept, unless a matrix mixes the columns.

        Raises
        ------
        ShapeError
            If a shape does not fit.
        ParzenError
            If `scale` has no inverse.
        DataError
            If they are not finite, or the result leaves the range of floats.
        CapabilityError
            If a matrix turns bounds or a kernel that is a product over the axes.

        Examples
        --------
        >>> import parzen
        >>> celsius = parzen.kde([18.0, 20.0, 23.0], bandwidth=1.0)
        >>> celsius.affine(1.8, 32.0).pdf(68.0).round(6)
        np.float64(0.084697)
        """
        d = self.n_axes
        factors = real_array(scale, "scale")
        offsets = real_array(shift, "shift")
        for array, name in ((factors, "scale"), (offsets, "shift")):
            check_finite(array, name)
            forms = [(), (d,), (d, d)] if name == "scale" else [(), (d,)]
            if array.shape not in forms:
                matrix = f" or ({d}, {d})" if name == "scale" else ""
                msg = f"`{name}` must be a number or have shape ({d},){matrix}; got "
                raise ShapeError(msg + f"{array.shape}. Give one for each axis.")
        if factors.ndim == 2:
            off = factors[~np.eye(d, dtype=bool)]
            # a diagonal matrix keeps bounds and products
            factors = factors if off.any() else np.diag(factors).copy()
        factors = np.broadcast_to(factors, (d,)) if factors.ndim == 0 else factors
        if _singular(factors):
            msg = f"`scale` must have an inverse; got {np.asarray(scale).tolist()}. "
            raise ParzenError(msg + "Give factors that are not zero.")
        shifts = np.broadcast_to(offsets, (d,))
        if factors.ndim == 1 and (factors == 1.0).all() and not shifts.any():
            return self._self
        return self._affine(np.array(factors), np.array(shifts))

    def truncate(self, bounds: Any) -> Distribution:
        """Return the distribution within bounds, normalised there and zero outside.

        Parameters
        ----------
        bounds : pair of float, d such pairs, or several ranges of a line
            As for `parzen.kde`; ends may be infinite or None.

        Returns
        -------
        Distribution
            A `Density` with boundary None of one without correction at its bounds,
            else a `Truncated`.

        Raises
        ------
        ShapeError, DataError
            If `bounds` are not valid, or hold none of the distribution.
        CapabilityError
            If weights are negative and leave no positive mass, or the kernel has no
            mass of boxes.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> density.truncate((2.0, None)).pdf([1.0, 3.0]).round(6)
        array([0.      , 0.328829])
        """
        boxes = check_bounds(bounds, self.n_axes)
        return self._self if boxes is None else self._truncate(boxes)

    def __mul__(self, weight: Any) -> Mixture:
        """Return the distribution with a weight, for a sum of several."""
        from parzen.distribution.mixture import Mixture

        if type(weight) is bool or not isinstance(weight, numbers.Real):
            return NotImplemented
        factor = float(weight)
        if not 0.0 <= factor < math.inf:
            msg = "a distribution must be multiplied by a finite weight >= 0; got "
            raise WeightError(msg + f"{weight!r}. Weights become probabilities.")
        parts, raw = self._parts
        return Mixture(parts, raw * factor)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Mixture:
        """Return the mixture, by the weights that both have."""
        from parzen.distribution.mixture import Mixture

        if not isinstance(other, Algebra):
            return NotImplemented
        (mine, first), (theirs, second) = self._parts, other._parts
        return Mixture((*mine, *theirs), np.concatenate([first, second]))

    def __radd__(self, other: Any) -> Any:
        """Start a `sum` of distributions, which adds them to 0."""
        if isinstance(other, numbers.Real) and other == 0:
            return self
        return NotImplemented

    @property
    def _parts(self) -> tuple[tuple[Distribution, ...], Floats]:
        """Components and their weights, of any scale, for a mixture with others."""
        return (self._self,), np.ones(1)

    @property
    def _self(self) -> Distribution:
        """Itself, as the class that is composed of all the mixins."""
        return cast("Distribution", self)

    def _axes(self, dims: Any) -> tuple[int, ...]:
        """Turn numbers and names of dimensions into distinct axes."""
        if isinstance(dims, np.ndarray):
            dims = dims.tolist()
        several = isinstance(dims, Iterable) and not isinstance(dims, str)
        axes = tuple(map(self._axis, dims if several else (dims,)))
        if not axes or len(set(axes)) < len(axes):
            msg = f"`dims` must name at least one dimension, each once; got {dims!r}. "
            raise ShapeError(msg + "Leave out what is named twice.")
        return axes

    def _axis(self, name: Any) -> int:
        """Turn the number or name of a dimension into its axis."""
        d, columns = self.n_axes, self.columns or ()
        if isinstance(name, str) and columns.count(name) == 1:
            return columns.index(name)
        whole = isinstance(name, numbers.Integral) and not isinstance(name, bool)
        if whole and -d <= int(name) < d:
            return int(name) % d
        names = f", or one of {list(columns)}" if columns else ""
        msg = f"`dims` must be dimensions from 0 to {d - 1}{names}; got {name!r}. "
        raise ShapeError(msg + "Count from zero.")


def _singular(scale: Floats) -> bool:
    """Whether factors (d,) or a matrix (d, d) have no inverse, in any units."""
    if scale.ndim == 1:
        return bool((scale == 0).any())
    for axis in (1, 0):
        largest = np.abs(scale).max(axis=axis, keepdims=True)
        if (largest == 0).any():
            return True
        scale = scale / largest
    return bool(np.linalg.svd(scale, compute_uv=False)[-1] < SINGULAR)


def refuse_line() -> CapabilityError:
    """Make the error for a question of the line that reached several dimensions."""
    msg = "this question serves 1-D distributions. Take a `marginal` first."
    return CapabilityError(msg)
