"""Points and queries in coordinates whose distances are those of the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.kernel_sums import AXES, BY_AXIS, BY_DIFFERENCE, WHITENED
from parzen.errors import BandwidthError
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.scale import Scale

# Whitened coordinates beyond this lose digits: the exponent of a representable density
# is rounded by 37 STRETCH 1.1e-16 sqrt(d).
STRETCH = 1e3


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Where the points lie, in one of three forms that the compiled loops know.

    whitened: y = A^-1 (x - centre), so that |u|^2 is a plain squared distance; the
    fastest, at the rounding of y.

    by axis: each axis scaled by a power of two, which is exact, and |u|^2 weighted by
    `metric`; for fewer than four axes, and where the data span so many bandwidths that
    whitening would cost digits.

    by difference: the data themselves, and A is solved for each difference; where a
    covariance matrix meets such data.

    Attributes
    ----------
    points : ndarray of shape (d or more, n)
        One axis after the other; whitened ones are padded with zeros to four axes.
    metric : ndarray of shape (d,) or (0,)
        Weights of the squared differences, by axis.
    root : ndarray of shape (d, d) or (0, 0)
        A, by difference.
    centre : ndarray of shape (d,)
    scale : Scale
    """

    points: NDArray[np.float64]
    metric: NDArray[np.float64]
    root: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: Scale

    @classmethod
    def of(
        cls, x: NDArray[np.float64], scale: Scale, *, product: bool
    ) -> Coordinates | None:
        """Lay out points (n, d); None where a product kernel meets the third form."""
        none, nothing = np.empty(0), np.empty((0, 0))
        centre, y = np.zeros(scale.d), x
        whiten = scale.root is not None or (scale.d >= AXES and not product)
        if whiten:
            # beyond the range of floats y is inf or NaN, which the comparison refuses
            with np.errstate(over="ignore", invalid="ignore"):
                centre = x.mean(axis=0)
                y = scale.to_kernel_units(x - centre)
                whiten = bool(np.abs(y).max() <= STRETCH)
        if whiten and product:
            return cls(_by_axis(y), np.ones(scale.d), nothing, centre, scale)
        if whiten:
            return cls(_by_axis(_pad(y)), none, nothing, centre, scale)
        if scale.root is not None:
            if product:
                return None
            return cls(_by_axis(x), none, scale.root, centre, scale)
        exponents, metric = scale.split
        scaled = _by_axis(times_power_of_two(x, -exponents))
        if not np.isfinite([scaled.min(), scaled.max()]).all():
            msg = (
                "`bandwidth` is too small for the data: x / bandwidth exceeds the "
                f"largest float (largest |x| {np.abs(x).max():.3g}, smallest width "
                f"{scale.widths.min():.3g}). Subtract an offset, or widen it."
            )
            raise BandwidthError(msg)
        return cls(scaled, metric, nothing, centre, scale)

    @property
    def form(self) -> int:
        """Which of the three forms this is."""
        if self.root.size:
            return BY_DIFFERENCE
        return BY_AXIS if self.metric.size else WHITENED

    def place(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return queries (m, d) in the same coordinates, one row each."""
        if self.root.size:
            return q
        whitened = self.scale.root is not None or not self.metric.size
        with np.errstate(over="ignore"):
            if not whitened:
                return times_power_of_two(q, -self.scale.split[0])
            y = self.scale.to_kernel_units(q - self.centre)
        return y if self.metric.size else _pad(y)


def _by_axis(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an array (d, n) of the points (n, d), which may share their memory."""
    return np.ascontiguousarray(rows.T)


def _pad(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pad (n, d) coordinates with zeros to the axes that one pass serves."""
    n, d = y.shape
    padded = np.zeros((n, d + -d % AXES))
    padded[:, :d] = y
    return padded
