"""`kde`: from data to a density in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parzen.density import Density, estimate
from parzen.sample import Sample

if TYPE_CHECKING:
    from parzen.kernels import Kernel


def kde(
    x: Any,
    *,
    weights: Any = None,
    kernel: str | Kernel = "gaussian",
    bandwidth: Any = "auto",
    method: str = "auto",
    bounds: Any = None,
    boundary: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    grid_size: Any = None,
    binning: str = "linear",
    n_jobs: int | None = None,
) -> Density:
    """Estimate the density of a sample.

    Chooses a bandwidth, and the cheapest engine that keeps the error you accept:
    every answer g satisfies |g - f| <= atol + rtol f, with f the exact kernel sum, at
    every query. (A method named by hand has the error that `Density.explain` states.)
    The data are copied; the density never changes.

    Parameters
    ----------
    x : array_like of shape (n,) or (n, d)
        Sample, finite; a list, an array, a data frame or a series.
    weights : array_like of shape (n,), optional
        Non-negative, of any scale. At a fixed bandwidth an integer weight counts like
        repeated rows; rules see n_eff = (sum w)^2 / sum w^2 points. Ratios beyond 1e300
        are lost.
    kernel : str or Kernel
        "gaussian", "epanechnikov", "tophat", "triangular", "biweight", "triweight",
        "tricube", "cosine", "exponential", "logistic" or "cauchy", radial above one
        dimension; `parzen.Kernel(name, product=True)` for the product kernel.
    bandwidth : str, float or array_like of shape (d,) or (d, d)
        A rule ("auto", "silverman", "scott", "normal_reference"), or the scale of the
        kernel in the units of `x`: for the Gaussian its standard deviation, for compact
        kernels half their support; one width per axis; or a covariance matrix.
    method : {"auto", "direct", "fft"}
        The engine. "direct" is exact; "fft" bins to a grid (d <= 3), at the error that
        `Density.explain` states. "auto" keeps `rtol` and `atol`.
    bounds, boundary : None
        Not available yet.
    rtol, atol : float
        Error you accept in the density, relative and in units of the density. With an
        `atol`, binning to a grid may be precise enough, and is much faster.
    grid_size : int or tuple of int, optional
        Nodes on each axis for methods on a grid; by default a fraction of the bandwidth
        apart: 1/32, 1/8 or 1/4 in 1, 2 or 3 dimensions, closer where `atol` needs it.
    binning : {"linear", "simple"}
        Share each point among the neighbouring nodes, or give all to the nearest.
    n_jobs : int, optional
        Threads; None for all processors. The result does not depend on it.

    Returns
    -------
    Density
        With `pdf`, `logpdf`, `sample`, `grid`, `bandwidth`, `method`, `explain`.

    Raises
    ------
    ShapeError, DataError, WeightError, BandwidthError
        If an argument is not valid; the text says what to do.
    UnknownNameError
        If there is no such kernel, rule, method or binning.
    CapabilityError
        If the method named by hand cannot answer, or for `bounds` and `boundary`.

    Warns
    -----
    AccuracyWarning
        If a grid chosen by hand is too coarse for the bandwidth.

    See Also
    --------
    parzen.KernelDensity : The same as a scikit-learn estimator.
    parzen.select_bandwidth : The bandwidth alone.

    Notes
    -----
    f(q) = sum_i w_i K(A^-1 (q - x_i)) / det A [1]_ [2]_, with w normalised to sum 1 and
    A A^T = H. Distances are rounded like any float: where a single point at the very
    edge of a compact kernel makes up the density, its relative error is that of
    1 - |u|. The fit costs O(n); queries cost O(n m d) with the direct sum. Memory is
    O(n + m), on a grid O(n + G) for G nodes.

    References
    ----------
    .. [1] Rosenblatt, M. (1956). Remarks on some nonparametric estimates of a density
       function. Ann. Math. Statist. 27(3), doi:10.1214/aoms/1177728190.
    .. [2] Parzen, E. (1962). On estimation of a probability density function and mode.
       Ann. Math. Statist. 33(3), doi:10.1214/aoms/1177704472.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> density = parzen.kde(x)
    >>> density
    Density(n=1000, d=1, kernel='gaussian', bandwidth=0.2188, method='direct')
    >>> density.pdf([0.0, 1.0]).round(3)
    array([0.394, 0.227])
    """
    return estimate(
        Sample.of(x, weights),
        kernel=kernel,
        bandwidth=bandwidth,
        method=method,
        bounds=bounds,
        boundary=boundary,
        rtol=rtol,
        atol=atol,
        grid_size=grid_size,
        binning=binning,
        n_jobs=n_jobs,
    )
