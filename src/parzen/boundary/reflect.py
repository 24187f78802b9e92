"""`Reflect`: mirror the data, or the density, at the bounds."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import ParzenError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Reflect:
    """Mirror at the bounds what lies within a fraction of the range from them.

    A fraction of one, the default, folds the density itself: all that leaks out comes
    back in, for any kernel, in any dimension, and the slope at the bound is zero. A
    smaller one copies those points of 1-D data to the other side of the bound (zfit's
    padding), which is the same near the bound. Zero leaves the end cut.

    Attributes
    ----------
    lower, upper : float
        Fractions in [0, 1] of the range between the bounds; of the data's range where
        the other bound is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.linspace(0, 1, 11)
    >>> density = parzen.kde(
    ...     x, bandwidth=0.1, bounds=(0, 1), boundary=parzen.Reflect(lower=0.5, upper=0)
    ... )
    >>> density.pdf([0.0, 1.0]).round(2)
    array([1.36, 0.68])
    """

    lower: float = 1.0
    upper: float = 1.0

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            value = getattr(self, name)
            real = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not real or not 0 <= value <= 1:
                msg = f"`{name}` must be a fraction between 0 and 1; got {value!r}. "
                raise ParzenError(msg + "It is the part of the range that is mirrored.")
            object.__setattr__(self, name, float(value))

    @property
    def folds(self) -> bool:
        """Whether both ends are folded or cut, without copies of points."""
        return {self.lower, self.upper} <= {0.0, 1.0}

    def mirrored(
        self, x: NDArray[np.float64], low: float, high: float
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Mirror 1-D data at finite ends.

        Parameters
        ----------
        x : ndarray of shape (n,)
            Data between the ends.
        low, high : float
            The ends; an infinite one mirrors nothing.

        Returns
        -------
        copies : ndarray of shape (k,)
            2 low - x for x < low + lower (high - low), then 2 high - x for
            x > high - upper (high - low).
        rows : ndarray of shape (k,)
            The points that were copied, to carry weights and bandwidths along.
        """
        first = low if np.isfinite(low) else float(x.min())
        last = high if np.isfinite(high) else float(x.max())
        span = last - first
        below = np.flatnonzero((x < low + self.lower * span) & np.isfinite(low))
        above = np.flatnonzero((x > high - self.upper * span) & np.isfinite(high))
        if not self.lower:
            below = below[:0]
        if not self.upper:
            above = above[:0]
        copies = np.concatenate([2.0 * low - x[below], 2.0 * high - x[above]])
        return copies, np.concatenate([below, above])
