"""What a distribution must be able to do, for all other questions to follow from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.checks import check_queries
from parzen.errors import CapabilityError
from parzen.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.distribution.distribution import Distribution

    Floats = NDArray[np.float64]


class Panels(NamedTuple):
    """Where a 1-D density has to be looked at, to be integrated or searched.

    Attributes
    ----------
    edges : ndarray of shape (k,)
        Ascending and finite. Between two of them the density is smooth enough for a
        Gauss-Legendre rule of 16 nodes to be within 1e-10 of its mass there, but for
        the kinks that `kinked` admits. What lies beyond the outermost two is below
        1e-17 of all mass, unless the kernel has tails like a power.
    kinked : bool
        Whether kinks or jumps lie inside of panels, because they are too many.
    """

    edges: NDArray[np.float64]
    kinked: bool


class Unmapped(NamedTuple):
    """A distribution of y on the whole space, of which x is a function, axis by axis.

    Attributes
    ----------
    distribution : Distribution
        That of y.
    place : callable
        Takes y (m, d); returns x (m, d) and log |dx/dy| (m,), right also where x is
        rounded to a bound.
    onto : callable
        Takes x (m, d), returns y, infinite on the bounds and beyond.
    key : bytes
        Equal where the function is.
    """

    distribution: Distribution
    place: Callable[[Floats], tuple[Floats, Floats]]
    onto: Callable[[Floats], Floats]
    key: bytes


class Primitives(ABC):
    """The numerics that a distribution has of its own.

    Points are (m, d), also where d = 1; nothing is checked here, nothing is infinite
    but the ends of boxes.
    """

    @property
    @abstractmethod
    def n_axes(self) -> int:
        """Number of dimensions, d."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where the data had names."""

    @property
    @abstractmethod
    def _flat(self) -> bool:
        """Whether answers are 1-D, because the data came as an array (n,)."""

    @property
    @abstractmethod
    def _signed(self) -> bool:
        """Whether the density may be negative, because weights are."""

    @property
    def _jumps(self) -> bool:
        """Whether the density jumps inside of its support, and slopes are refused."""
        return False

    @property
    def _circular(self) -> bool:
        """Whether the ends of the 1-D support are one place, as on a circle."""
        return False

    @property
    def _noise(self) -> float:
        """Absolute error of the density, beyond `_tolerance`."""
        return 0.0

    @property
    @abstractmethod
    def _tolerance(self) -> float:
        """Relative error that the user accepts."""

    @abstractmethod
    def _pdf(self, q: Floats) -> Floats:
        """Density at points (m, d), shape (m,)."""

    @abstractmethod
    def _logpdf(self, q: Floats) -> Floats:
        """Log density at points (m, d), shape (m,)."""

    @abstractmethod
    def _mass(self, lower: Floats, upper: Floats) -> Floats:
        """Probability of boxes with ends (m, d), which may be infinite, shape (m,).

        lower <= upper. In 1-D right to `_tolerance`, relative, however small: a tail
        is the mass between an end and infinity.
        """

    @abstractmethod
    def _log_mass(self, lower: Floats, upper: Floats) -> Floats:
        """Logarithm of `_mass` in 1-D, down to the smallest representable number."""

    @abstractmethod
    def _derivative(self, q: Floats, order: int) -> Floats:
        """Evaluate the derivative of an order >= 1, in 1-D, at (m, 1), shape (m,)."""

    @abstractmethod
    def _gradient(self, q: Floats) -> Floats:
        """Gradient of the density at points (m, d), shape (m, d)."""

    @abstractmethod
    def _score(self, q: Floats) -> Floats:
        """Gradient of the log density at points (m, d), shape (m, d).

        Right in the tails where the density itself is no number any more.
        """

    @abstractmethod
    def _draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw points, shape (count, d)."""

    @abstractmethod
    def _draw_qmc(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw points of low discrepancy, shape (count, d)."""

    @abstractmethod
    def _raw_moments(self, order: int, centre: Floats) -> Floats:
        """Means of (x - centre)^k on each axis for k = 0, ..., order: (order + 1, d).

        `centre` is (d,); inf or NaN where a kernel has no such moment.
        """

    @abstractmethod
    def _covariance(self) -> Floats:
        """Covariance matrix, shape (d, d)."""

    @abstractmethod
    def _support(self) -> tuple[Floats, Floats]:
        """Return the ends of the support on each axis, (d,) each; may be infinite."""

    @abstractmethod
    def _extent(self) -> tuple[Floats, Floats]:
        """Finite ends on each axis, (d,) each, between which nearly all mass lies."""

    @abstractmethod
    def _panels(self) -> Panels:
        """Where the 1-D density has to be looked at."""

    @abstractmethod
    def _narrowest(self) -> Floats:
        """Width of the narrowest structure on each axis, shape (d,): a bandwidth."""

    @abstractmethod
    def _marginal(self, axes: tuple[int, ...]) -> Distribution:
        """Distribution of some axes, in the order asked for; at least one."""

    @abstractmethod
    def _conditional(self, axes: tuple[int, ...], values: Floats) -> Distribution:
        """Distribution of the other axes, given values (k,) of some."""

    @abstractmethod
    def _affine(self, scale: Floats, shift: Floats) -> Distribution:
        """Distribution of A x + b, for A = diag(scale) from (d,) or scale (d, d)."""

    @abstractmethod
    def _truncate(self, boxes: Floats) -> Distribution:
        """Distribution within boxes (k, d, 2); several only in 1-D, in rising order."""

    def _unmapped(self) -> Unmapped | None:
        """Return what a change of variable has made this distribution of, if any."""
        return None

    def _quantile(self, p: Floats, *, upper: bool) -> Floats | None:  # noqa: ARG002
        """Solve mass below (or above) x = p, shape (m,), where there is a closed form.

        p in [0, 1]; of p > 1/2 the mass on the other side is 1 - p. NaN where it does
        not serve a probability; None where there is none at all.
        """
        return None

    def _points(self, q: Any, name: str = "q") -> tuple[Floats, tuple[int, ...]]:
        """Check queries; return them as (m, d), with the shape that the answer has."""
        return check_queries(
            q, self.n_axes, flat=self._flat, columns=self.columns, name=name
        )

    def _answer(
        self,
        q: Any,
        evaluate: Callable[[Floats], Floats],
        at_infinity: float,
        *,
        progress: Any = False,
    ) -> Any:
        """Check the queries, evaluate the finite ones, restore the shape."""
        points, shape = self._points(q)
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

    def _need_line(self, method: str, instead: str) -> None:
        """Raise `CapabilityError` for a question that has an answer in 1-D only."""
        if self.n_axes > 1:
            msg = f"`{method}` serves 1-D data; the data have {self.n_axes} "
            raise CapabilityError(msg + "dimensions. " + instead)

    def _need_positive(self, method: str) -> None:
        """Raise `CapabilityError` where negative weights leave no distribution."""
        if self._signed:
            msg = f"`{method}` needs weights that are not negative; got some that are. "
            raise CapabilityError(msg + "Clip them, or fit a subset.")
