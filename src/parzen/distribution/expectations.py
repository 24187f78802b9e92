"""Expectations and entropy, by quadrature or by draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_count, check_rng, real_array
from parzen.distribution.domain import LOST, over_line, over_plane
from parzen.distribution.overflow import finite_ends
from parzen.distribution.primitives import Primitives
from parzen.errors import AccuracyWarning, DataError, ParzenError, ShapeError, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Draws above two dimensions, and those that are in memory at once.
DRAWS, BLOCK = 1 << 17, 1 << 16
# Errors of quadrature, relative to the integral of the absolute values, above which
# answers come with a warning.
STATED_LINE, STATED_PLANE = 1e-9, 1e-6


class Expectations(Primitives):
    """Expectations and entropy."""

    def entropy(self, *, size: int = DRAWS, rng: Any = None) -> float:
        """Return the differential entropy, in natural units.

        Parameters
        ----------
        size : int
            Draws above two dimensions.
        rng : int, Generator or other seed, optional
            For these draws, which are new at each call where it is None.

        Returns
        -------
        entropy : float
            The mean of -log f, in nats; of x in other units it differs by the logarithm
            of their ratio.

        Raises
        ------
        CapabilityError
            If weights are negative.

        Notes
        -----
        By quadrature, which estimates its own error: on the line to 1e-9, in the plane
        to 1e-6, each of the larger of the entropy and one. Where the estimate exceeds
        that, as for compact kernels in the plane, or for narrow ones that it misses,
        an `AccuracyWarning` states it. To it
        comes the error of the density itself, at most `rtol` times two. Above,
        the mean over `size` draws, with a standard error of std(log f) / sqrt(size),
        about sqrt(d / (2 size)).

        Examples
        --------
        >>> import parzen
        >>> print(round(parzen.kde([0.0], bandwidth=1.0).entropy(), 9))
        1.418938533
        """
        self._need_positive("entropy")
        count, generator = check_count(size, "size", least=2), check_rng(rng)
        if self.n_axes > 2:
            total = 0.0
            for first in range(0, count, BLOCK):
                draws = self._draw(min(BLOCK, count - first), generator)
                total -= float(self._logpdf(draws).sum())
            return total / count
        mapped = self._unmapped()
        of = mapped.distribution if mapped else self
        # relative to a flat density: in other units the digits are the same
        lower, upper = of._extent()
        with np.errstate(over="ignore"):
            flat = -float(np.log(upper - lower).sum())

        def surprise(q: Floats) -> Floats:
            logs = of._logpdf(q)
            slopes = mapped.place(q)[1] if mapped else 0.0
            with np.errstate(invalid="ignore", under="ignore"):
                density = np.exp(logs)
                terms = -density * (logs - flat - slopes)
            return np.stack([np.where(density == 0.0, 0.0, terms), density], axis=1)

        integrate = over_line if self.n_axes == 1 else over_plane
        found = integrate(surprise, [of])
        value = float(found.value[0]) - flat
        error = float(found.error[0])
        self._doubt("entropy", error, max(abs(value), 1.0), found.lost)
        return value

    def expect(
        self,
        f: Callable[[Any], Any],
        lower: Any = None,
        upper: Any = None,
        *,
        size: int = DRAWS,
        rng: Any = None,
    ) -> Any:
        """Integrate a function against the density.

        Parameters
        ----------
        f : callable
            Takes points, an array of shape (m,) for 1-D data, else (m, d), and returns
            as many values: shape (m,), or (m, ...) for several functions at once.
        lower, upper : float or array_like of shape (d,), optional
            Ends of the box to integrate over; by default everything. The result is not
            divided by the mass of the box.
        size : int
            Draws above two dimensions.
        rng : int, Generator or other seed, optional
            For these draws, which are new at each call where it is None.

        Returns
        -------
        mean : float or complex, or ndarray of the shape of one value of `f`
            In units of `f`, complex where `f` is. Infinite where tails make the
            integral so, or where `f` leaves the range of floats at a place that counts;
            NaN where they do so with both signs.

        Raises
        ------
        ParzenError
            If `f` is no function or returns no numbers, the ends are not in order, or
            `rng` is no seed.
        ShapeError
            If `f` does not return a value for each point.
        DataError
            If a value is NaN where the density is not zero.
        CapabilityError
            Above two dimensions, if weights are negative.

        Notes
        -----
        Adaptive quadrature, on the line to 1e-9 of the mean of abs(f), in the plane to
        1e-6; where its own estimate of the error exceeds that, or it misses mass, an
        `AccuracyWarning` states it. To it comes the error of the density, `rtol`.
        Above, the mean over `size` draws, with a standard error of about
        std(f) / sqrt(size). A jump of `f` costs more values, a spike of `f` narrower
        than the bandwidth may be missed.

        Examples
        --------
        >>> import numpy as np
        >>> import parzen
        >>> density = parzen.kde([0.0], bandwidth=1.0)
        >>> print(round(density.expect(np.cos), 9), round(np.exp(-0.5), 9))
        0.60653066 0.60653066
        """
        given: Any = f
        if not callable(given):
            msg = f"`f` must be a function of points; got {f!r}. "
            raise ParzenError(msg + "Pass one, such as np.cos.")
        count, generator = check_count(size, "size", least=2), check_rng(rng)
        low, high = self._box(lower, upper)
        origin = self._values(f, np.zeros((1, self.n_axes)), check=False)
        shape, imaginary = origin.shape[1:], origin.dtype.kind == "c"
        width = math.prod(shape)

        def values(q: Floats, *, check: bool) -> Floats:
            """Real values, and beside them imaginary ones if there are any."""
            found = self._values(f, q, check=check).reshape(len(q), width)
            if imaginary:
                return np.hstack([found.real, found.imag])
            if found.dtype.kind == "c":
                msg = "`f` must return complex numbers for all points or for none; it "
                msg += "does for some. Return values.astype(complex)."
                raise ParzenError(msg)
            return np.asarray(found)

        if self.n_axes > 2:
            self._need_positive("expect")
            value = np.zeros(width * (1 + imaginary))
            for first in range(0, count, BLOCK):
                q = self._draw(min(BLOCK, count - first), generator)
                inside = q[((q >= low) & (q <= high)).all(axis=1)]
                value = value + values(inside, check=True).sum(axis=0) / count
        else:
            value = self._integrated(values, low, high)
        if imaginary:
            value = value[:width] + 1j * value[width:]
        return value.reshape(shape)[()]

    def _integrated(self, values: Any, low: Floats, high: Floats) -> Floats:
        """Integrate functions (k,) of a line or a plane against the density."""
        mapped = self._unmapped()
        of = mapped.distribution if mapped else self

        def weighted(q: Floats) -> Floats:
            density = of._pdf(q)[:, None]
            x = mapped.place(q)[0] if mapped else q
            heights = values(x, check=False)
            with np.errstate(invalid="ignore", over="ignore"):
                product = np.where(density == 0.0, 0.0, heights * density)
            if np.isnan(product).any():
                raise self._not_a_number(x, product)
            return np.hstack([product, density])

        if mapped:
            low, high = mapped.onto(np.stack([low, high]))
        if self.n_axes == 1:

            def heights(q: Floats) -> Floats:
                x = mapped.place(q)[0] if mapped else q
                return np.asarray(values(x, check=False))

            ends = float(low[0]), float(high[0])
            start, end = finite_ends(weighted, heights, of, ends)
            found = over_line(weighted, [of], start, end)
        else:
            open_box = np.isinf(low).all() and np.isinf(high).all()
            box = (None, None) if open_box else (low, high)
            found = over_plane(weighted, [of], *box)
        value = found.value
        size = np.where(found.size > 0.0, found.size, 1.0)
        with np.errstate(invalid="ignore"):
            worst = np.max(np.where(np.isfinite(value), found.error / size, 0.0))
        self._doubt("expect", float(worst), 1.0, found.lost)
        return np.asarray(value)

    def _doubt(self, method: str, error: float, size: float, lost: float) -> None:
        """Warn where a quadrature is coarser than is stated."""
        stated = (STATED_LINE if self.n_axes == 1 else STATED_PLANE) * size
        if not error > stated:
            return
        msg = f"`{method}` may be off by {error:.2g}, which exceeds {stated:.2g}: "
        if lost > LOST:
            msg += f"the quadrature missed {lost:.2g} of the mass, for bandwidths are "
            msg += "too narrow for how far apart points are. Average over `sample`, or "
            msg += "take groups of points that are closer together."
        else:
            msg += "the density or the function has kinks that panels do not resolve. "
            msg += "Average over `sample`, or use a smooth kernel."
        warn(msg, AccuracyWarning)

    def _values(self, f: Callable[[Any], Any], q: Floats, *, check: bool = True) -> Any:
        """Call a function of the user's on points (m, d)."""
        with np.errstate(all="ignore"):
            values = np.asarray(f(q[:, 0].copy() if self._flat else q.copy()))
        if values.shape[:1] != (len(q),):
            msg = (
                f"`f` must return one value for each point; it turned {len(q)} points "
                f"into shape {values.shape}. Write it with NumPy, elementwise."
            )
            raise ShapeError(msg)
        if values.dtype.kind not in "biufcO":
            msg = f"`f` must return numbers; got {values.dtype.name} values. "
            raise ParzenError(msg + "Turn them into floats.")
        if values.dtype.kind != "c":
            try:
                values = values.astype(np.float64)
            except (TypeError, ValueError) as error:
                msg = f"`f` must return numbers; got objects: {error}. "
                raise ParzenError(msg + "Turn them into floats.") from None
        if check and np.isnan(values).any():
            raise self._not_a_number(
                q, values.reshape(len(q), math.prod(values.shape[1:]))
            )
        return values

    def _not_a_number(self, q: Floats, values: Floats) -> DataError:
        """Make the error for a function that is NaN somewhere."""
        where = q[int(np.argmax(np.isnan(values).any(axis=1)))]
        place = f"{where[0]:.6g}" if self._flat else str(where.tolist())
        msg = f"`f` must not be NaN where the density is not zero; it is at {place}. "
        return DataError(msg + "Mend the function there, or give `lower` and `upper`.")

    def _box(self, lower: Any, upper: Any) -> tuple[Floats, Floats]:
        """Check the ends of a box, shape (d,) each; None for infinite ones."""
        d = self.n_axes
        ends = []
        for name, value, free in (("lower", lower, -np.inf), ("upper", upper, np.inf)):
            given = real_array(free if value is None else value, name, own=False)
            if given.shape not in ((), (d,)) or np.isnan(given).any():
                msg = f"`{name}` must be a number or {d} of them; got {value!r}. "
                raise ParzenError(msg + "Use None for an end at infinity.")
            ends.append(np.broadcast_to(given, (d,)).copy())
        if not (ends[0] <= ends[1]).all():
            msg = f"`lower` must not exceed `upper`; got {lower!r} and {upper!r}. "
            raise ParzenError(msg + "Swap them.")
        return ends[0], ends[1]
