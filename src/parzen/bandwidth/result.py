"""What a choice of bandwidth returns."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.scale import LocalBandwidth


@dataclass(frozen=True, eq=False, repr=False)
class BandwidthResult(ReadOnly):
    """A bandwidth and how it came about.

    Attributes
    ----------
    value : float, ndarray of shape (d,), (d, d) or (n,), or LocalBandwidth
        For `kernel`, in units of the data: a width, a width per axis, a covariance; or
        one for each point, of 1-D data as an array (points of weight zero have none).
    method : str
        The selector that chose it; "manual" where it was given.
    converged : bool
        Whether the selector finished by its own criterion; rules in closed form do.
    n_eff : float
        Effective number of points, (sum w)^2 / sum w^2.
    kernel : Kernel
        The kernel that the value is for.
    note : str
        Why this selector, and how its value was turned to the kernel.
    candidates : ndarray of shape (k,), (k, d) or (k, d, d), or None
        Bandwidths at which a criterion was computed, for `kernel`; None where the
        selector has no criterion.
    scores : ndarray of shape (k,) or None
        The criterion there. "likelihood": the mean log density of points held out, the
        larger the better; "ucv", "bcv", "scv": an estimate of the integrated squared
        error, up to a constant, the smaller the better.
    """

    value: float | NDArray[np.float64] | LocalBandwidth
    method: str
    converged: bool
    n_eff: float
    kernel: AnyKernel
    note: str
    candidates: NDArray[np.float64] | None = None
    scores: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        """Name the value and the selector; criteria are for `plot`."""
        value: Any = self.value
        if isinstance(value, np.ndarray):
            text = np.array2string(value, precision=4, separator=", ", threshold=16)
            value = " ".join(text.split())
        elif isinstance(value, float):
            value = f"{value:.4g}"
        return (
            f"BandwidthResult(value={value}, method={self.method!r}, "
            f"converged={self.converged}, n_eff={self.n_eff:.6g}, "
            f"kernel={str(self.kernel)!r})"
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the criterion against the bandwidth, and mark the choice.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure, at hand as `.figure` of the
            result, which pyplot does not know.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on; both in units of the data.

        Raises
        ------
        CapabilityError
            If the selector has no criterion.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from parzen import select_bandwidth
        >>> x = np.random.default_rng(0).normal(size=200)
        >>> ax = select_bandwidth(x, "likelihood").plot()
        >>> ax.get_ylabel()
        'mean log density, held out'
        """
        # by name, because pictures stand above: nothing here may need them
        drawn: Axes = importlib.import_module("parzen.plot").plot_scores(self, ax)
        return drawn
