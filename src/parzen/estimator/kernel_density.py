"""`KernelDensity`: a density with the scikit-learn contract."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from parzen.binning.binned import BinnedSample
from parzen.checks import check_count, check_flag, check_kind, check_weights
from parzen.density import Density, estimate
from parzen.errors import DataError
from parzen.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray


class KernelDensity(DensityMixin, BaseEstimator):
    """Kernel density estimation with the scikit-learn contract.

    Works in pipelines, grid searches, `clone`, `pickle` and `joblib`, and takes the
    keywords of `parzen.kde`. Log densities are exact to 1e-8 in the farthest tail.

    Parameters
    ----------
    kernel : str, Kernel, distribution of scipy.stats, or callable
        See `parzen.kde`.
    bandwidth : str, Selector, float, array_like, LocalBandwidth or callable
        A selector or the scale of the kernel, see `parzen.kde`. Unlike scikit-learn's,
        the rules "scott" and "silverman" follow the spread of the data.
    adjust : float
        Factor on the bandwidth.
    method : str
        The engine, "auto" for the cheapest within the error; see `parzen.kde`.
    bounds : pair of float, or one for each feature, optional
        Where the density is normalised, and zero outside.
    boundary : {None, "renormalize", "reflect", "periodic", "linear", "transform"}
        What happens at the bounds, or a `parzen.Reflect`; see `parzen.kde`.
    outside : {"keep", "drop"}
        What becomes of data outside the bounds.
    rtol, atol : float
        Error you accept in the density, relative and absolute.
    grid_size : int or tuple of int, optional
        Nodes on each axis for methods on a grid.
    binning : {"linear", "simple"}
        How methods on a grid share a point among the nodes.
    signed_weights : bool
        Whether sample weights may be negative.
    n_jobs : int, optional
        Threads; None for all processors. The result does not depend on it.

    Attributes
    ----------
    bandwidth_ : float, ndarray of shape (d,), (d, d) or (n,), or LocalBandwidth
        The bandwidth in use.
    density_ : Density
        The fitted density; `density_.explain()` says what was chosen, and why.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` had string names.

    See Also
    --------
    KernelDensityCV : Bandwidth and kernel by cross-validation.
    parzen.kde : The same as a function that returns a `Density`.

    Examples
    --------
    >>> import numpy as np
    >>> from parzen import KernelDensity
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> model = KernelDensity(bandwidth=0.5).fit(X)
    >>> model.score_samples(X[:2]).round(3)
    array([-3.388, -3.343])
    """

    def __init__(
        self,
        *,
        kernel: Any = "gaussian",
        bandwidth: Any = "auto",
        adjust: float = 1.0,
        method: str = "auto",
        bounds: Any = None,
        boundary: Any = None,
        outside: str = "keep",
        rtol: float = 1e-8,
        atol: float = 0.0,
        grid_size: Any = None,
        binning: str = "linear",
        signed_weights: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.adjust = adjust
        self.method = method
        self.bounds = bounds
        self.boundary = boundary
        self.outside = outside
        self.rtol = rtol
        self.atol = atol
        self.grid_size = grid_size
        self.binning = binning
        self.signed_weights = signed_weights
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KernelDensity:
        """Fit the density.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features) or (n_samples,)
            Data, finite. A 1-D array is one feature; together with `y` (as in a search
            with targets) scikit-learn's rule holds, and `X` must be 2-D.
        y : None
            Ignored.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative, of any scale; a number weighs all points alike.

        Returns
        -------
        self : KernelDensity
            The fitted estimator. Cost O(n) and what the bandwidth rule needs.

        Raises
        ------
        ValueError
            For data, weights or parameters that are not valid; see `parzen.kde`.
        """
        sample = self._checked(X, y, sample_weight)
        self._settle(sample, self.kernel, self.bandwidth)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Evaluate the log density at each row.

        Parameters
        ----------
        X : array_like of shape (n_queries, n_features)
            Points; 1-D where the fit had one feature.

        Returns
        -------
        log_density : ndarray of shape (n_queries,)
            Natural logarithm, in 1 / units(X)^d.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` is not finite or has another number of features.
        """
        check_is_fitted(self)
        X = self._matrix(X, column=self.n_features_in_ == 1, reset=False)
        return np.asarray(self.density_.logpdf(X))

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002 - the contract
        """Sum the log densities of all rows.

        Parameters
        ----------
        X : array_like of shape (n_queries, n_features)
            Points.
        y : None
            Ignored.

        Returns
        -------
        log_likelihood : float
            Total log likelihood of `X`.
        """
        return float(np.sum(self.score_samples(X)))

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> NDArray[np.float64]:
        """Draw from the density, whatever its kernel.

        Parameters
        ----------
        n_samples : int
            Number of draws.
        random_state : int, RandomState, Generator or None
            Seed; an int makes the draws repeatable.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The draws.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples")
        if not isinstance(random_state, (int, np.integer, np.random.Generator)):
            # a RandomState is used up by the draws, as everywhere in scikit-learn
            legacy = check_random_state(random_state)
            random_state = np.random.Generator(legacy._bit_generator)  # noqa: SLF001
        return np.asarray(self.density_.sample(n_samples, rng=random_state))

    def _checked(self, X: Any, y: Any, sample_weight: Any) -> Sample:
        """Validate what `fit` takes, and remember the features."""
        X = self._matrix(X, column=y is None, reset=True)
        if isinstance(sample_weight, numbers.Real):
            sample_weight = np.full(len(X), sample_weight)
        signed = check_flag(self.signed_weights, "signed_weights")
        sample_weight = check_weights(
            sample_weight, len(X), "sample_weight", signed=signed
        )
        names = getattr(self, "feature_names_in_", None)
        return Sample.of(X, sample_weight, columns=names, signed=signed)

    def _settle(self, sample: Sample, kernel: Any, bandwidth: Any) -> None:
        """Estimate the density, and keep it."""
        self.density_: Density = self._estimate(sample, kernel, bandwidth)
        self.bandwidth_ = self.density_.bandwidth

    def _estimate(self, sample: Sample, kernel: Any, bandwidth: Any) -> Density:
        """Estimate a density with the parameters of this estimator."""
        return estimate(
            sample,
            kernel=kernel,
            bandwidth=bandwidth,
            adjust=self.adjust,
            method=self.method,
            bounds=self.bounds,
            boundary=self.boundary,
            outside=self.outside,
            rtol=self.rtol,
            atol=self.atol,
            grid_size=self.grid_size,
            binning=self.binning,
            n_jobs=self.n_jobs,
        )

    def _matrix(self, X: Any, *, column: bool, reset: bool) -> NDArray[np.float64]:
        """Validate data as a matrix; where allowed a 1-D array is one column."""
        if isinstance(X, BinnedSample):
            msg = "`X` must hold rows; got a BinnedSample. Pass it to `parzen.kde`."
            raise DataError(msg)
        check_kind(X, "X")
        if column and np.ndim(X) == 1:
            X = np.asarray(X).reshape(-1, 1)
        try:
            X = validate_data(self, X, dtype=np.float64, order="C", reset=reset)
        except OverflowError:
            msg = "`X` must fit a float64; got a number above 1.8e308. "
            raise DataError(msg + "Change the units.") from None
        return np.asarray(X)
