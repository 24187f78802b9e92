"""`KernelDensityCV`: a density whose bandwidth and kernel are cross-validated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata
from sklearn.model_selection import LeaveOneOut, check_cv

from parzen.bandwidth import PILOTS, BandwidthResult, Selector
from parzen.bandwidth.held_out import HeldOut, Split, splits_of
from parzen.bandwidth.selector import check_candidates
from parzen.checks import check_choice
from parzen.density import choose_placed, place
from parzen.errors import BandwidthError, UnknownNameError
from parzen.estimator.kernel_density import KernelDensity
from parzen.kernels import Kernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

FOLDS = 5


class KernelDensityCV(KernelDensity):
    """Kernel density whose bandwidth, and kernel, are chosen by cross-validation.

    Takes the place of `GridSearchCV(KernelDensity(), {"bandwidth": bandwidths})`: the
    same folds, scores and choice, in one pass over the distances for all bandwidths.

    Parameters
    ----------
    bandwidths : array_like of shape (k,), optional
        Widths to choose among, for each kernel; None to search for the optimum.
    kernels : str, Kernel, distribution, callable, or list of these
        The kernel, or kernels to choose among.
    criterion : str or Selector
        "likelihood" of the points held out; or "ucv", "bcv", "scv", "isj" or any other
        selector of `parzen.select_bandwidth` with one bandwidth for all points, which
        looks at all of them at once. Kernels are compared by the likelihood, whatever
        chose their bandwidths.
    cv : int, splitter or iterable of pairs, optional
        Folds, as scikit-learn takes them; None for five blocks of consecutive rows.
        `sklearn.model_selection.LeaveOneOut()` is exact, and as fast.
    method : str
        The engine of the density; see `parzen.kde`.
    bounds : pair of float, or one for each feature, optional
        Where the density is normalised, and zero outside.
    boundary : {None, "renormalize", "reflect", "periodic", "linear", "transform"}
        What happens at the bounds, or a `parzen.Reflect`. Held-out scores are those of
        the bounded density; each bandwidth is then fitted by itself.
    outside : {"keep", "drop"}
        What becomes of data outside the bounds.
    rtol, atol : float
        Error you accept in the density, relative and absolute.
    grid_size : int or tuple of int, optional
        Nodes on each axis for methods on a grid.
    binning : {"linear", "simple"}
        How methods on a grid share a point among the nodes.
    n_jobs : int, optional
        Threads; None for all processors. The result does not depend on it.

    Attributes
    ----------
    bandwidth_ : float or ndarray
        The bandwidth chosen.
    kernel_ : Kernel or DistributionKernel
        The kernel chosen.
    best_estimator_ : KernelDensity
        Fitted on all data with the choice.
    best_params_ : dict
        `bandwidth`, and `kernel` where there was a list of them.
    best_score_ : float
        Mean score of the choice.
    best_index_ : int
        Its place in `cv_results_`.
    cv_results_ : dict of ndarray
        `params`, `param_bandwidth`, `mean_test_score`, `std_test_score`,
        `rank_test_score` and, for each fold, `split0_test_score` and so on, as
        `GridSearchCV` has them: the total log likelihood of the fold, the larger the
        better. Without `bandwidths`, or by another criterion, a row for each kernel.
    n_splits_ : int
        Number of folds.
    bandwidth_result_ : BandwidthResult
        How the bandwidth was found; draws itself by `plot`.
    density_ : Density
        The fitted density.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` had string names.

    See Also
    --------
    KernelDensity : One bandwidth, by rule or by hand.
    parzen.select_bandwidth : The bandwidth alone.

    Notes
    -----
    Cost O(n^2 (d + k)) for k bandwidths where sums are direct, on all processors;
    about O(k n) where a fast engine serves the kernel (`parzen.kde`). A compact kernel
    has a likelihood of zero, a score of -inf, where a held-out point lies out of reach
    of all others: widen the bandwidths, or leave them out, and the optimum is searched
    for the Gaussian kernel and converted.

    Examples
    --------
    >>> import numpy as np
    >>> from parzen import KernelDensityCV
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> search = KernelDensityCV(bandwidths=np.logspace(-1, 1, 20)).fit(X)
    >>> round(search.best_params_["bandwidth"], 3)
    0.546
    """

    # what a search has no use for
    adjust = 1.0
    signed_weights = False

    def __init__(
        self,
        *,
        bandwidths: Any = None,
        kernels: Any = "gaussian",
        criterion: Any = "likelihood",
        cv: Any = None,
        method: str = "auto",
        bounds: Any = None,
        boundary: Any = None,
        outside: str = "keep",
        rtol: float = 1e-8,
        atol: float = 0.0,
        grid_size: Any = None,
        binning: str = "linear",
        n_jobs: int | None = None,
    ) -> None:
        self.bandwidths = bandwidths
        self.kernels = kernels
        self.criterion = criterion
        self.cv = cv
        self.method = method
        self.bounds = bounds
        self.boundary = boundary
        self.outside = outside
        self.rtol = rtol
        self.atol = atol
        self.grid_size = grid_size
        self.binning = binning
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KernelDensityCV:
        """Score all candidates, and fit the best on all data.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features) or (n_samples,)
            Data, finite.
        y : None
            Ignored.
        sample_weight : array_like of shape (n_samples,), optional
            Non-negative, of any scale; in the estimates and in the scores.

        Returns
        -------
        self : KernelDensityCV
            The fitted estimator.

        Raises
        ------
        ValueError
            For data, weights or parameters that are not valid; see `parzen.kde`.

        Warns
        -----
        ConvergenceWarning
            If no bandwidth is an optimum.
        """
        selector = self.criterion
        if not isinstance(selector, Selector):
            check_choice(selector, PILOTS, "criterion")
            selector = Selector(selector)
        several = isinstance(self.kernels, (list, tuple))
        kernels = list(self.kernels) if several else [self.kernels]
        if not kernels:
            msg = "`kernels` must hold a kernel; got an empty list. Use 'gaussian'."
            raise UnknownNameError(msg)
        sample = self._checked(X, y, sample_weight)
        # what is dropped outside the bounds is in no fold
        _, sample, _ = place(sample, self.bounds, self.boundary, self.outside)
        splits = self._splits(sample)
        results: list[BandwidthResult | None] = []
        bandwidths: list[list[Any]] = []
        totals = []
        for kernel in map(Kernel.of, kernels):
            if selector.method == "likelihood" and self.bandwidths is not None:
                results.append(None)
                bandwidths.append(_widths(self.bandwidths))
            else:
                chosen = self._chosen(sample, kernel, selector, splits)
                results.append(chosen)
                bandwidths.append([chosen.value])
            totals.append(self._totals(sample, kernel, bandwidths[-1], splits))
        # as ParameterGrid orders them: all kernels for each bandwidth
        settings = [
            {"bandwidth": h, "kernel": kernel}
            for row in zip(*bandwidths, strict=True)
            for h, kernel in zip(row, kernels, strict=True)
        ]
        scores = np.stack(totals, axis=1).reshape(len(settings), -1)
        best = self._report(settings, scores, several=several)
        column = best % len(kernels)
        self.kernel_ = Kernel.of(kernels[column])
        self.best_estimator_ = self._estimator(**settings[best]).fit(
            X, y, sample_weight
        )
        self.density_ = self.best_estimator_.density_
        self.bandwidth_ = self.best_estimator_.bandwidth_
        sizes = HeldOut(sample, self.kernel_, splits).sizes
        self.bandwidth_result_ = results[column] or BandwidthResult(
            self.bandwidth_,
            method="likelihood",
            converged=True,
            n_eff=sample.n_eff,
            kernel=self.kernel_,
            note="the largest likelihood of the candidates",
            candidates=np.asarray(bandwidths[column]),
            scores=totals[column].sum(axis=1) / sizes.sum(),
        )
        return self

    def _estimator(self, kernel: Any, bandwidth: Any) -> KernelDensity:
        """Make an estimator with a choice, and the other parameters of this one."""
        shared = self.get_params(deep=False)
        for own in ("bandwidths", "kernels", "criterion", "cv"):
            del shared[own]
        return KernelDensity(kernel=kernel, bandwidth=bandwidth, **shared)

    def _splits(self, sample: Sample) -> list[Split] | None:
        """Rows to fit on and to test in each fold; None for leave-one-out."""
        if isinstance(self.cv, LeaveOneOut):
            return None
        # rows as the caller counts them, some of which may have no weight
        given = np.empty((sample.size, 1))
        folds = check_cv(FOLDS if self.cv is None else self.cv).split(given)
        if sample.rows is not None:
            places = np.full(sample.size, -1)
            places[sample.rows] = np.arange(sample.n)
            folds = [[_there(places[rows]) for rows in pair] for pair in folds]
        return splits_of(folds, sample.points)

    def _chosen(
        self,
        sample: Sample,
        kernel: AnyKernel,
        selector: Selector,
        splits: list[Split] | None,
    ) -> BandwidthResult:
        """Choose a bandwidth for one kernel by the criterion."""
        folds = splits if selector.method == "likelihood" else None
        told = replace(selector, candidates=self.bandwidths, folds=folds)
        edge, _, moved = place(sample, self.bounds, self.boundary, self.outside)
        return choose_placed(moved, edge, kernel, told, self.adjust, n_jobs=self.n_jobs)

    def _totals(
        self,
        sample: Sample,
        kernel: AnyKernel,
        bandwidths: list[Any],
        splits: list[Split] | None,
    ) -> NDArray[np.float64]:
        """Log likelihood of each fold at each bandwidth, shape (k, s)."""
        held_out = HeldOut(sample, kernel, splits, self.n_jobs)
        if self.bounds is not None:
            means = self._bounded_means(sample, kernel, bandwidths, splits)
        elif np.ndim(bandwidths[0]) == 0:
            # all widths share their distances
            unit = float(np.exp(np.log(bandwidths).mean()))
            factors = np.asarray(bandwidths) / unit
            means = held_out.scores(Scale(unit, sample.d), factors)
        else:
            means = held_out.scores(Scale(bandwidths[0], sample.d), np.ones(1))
        return np.asarray(means * held_out.sizes)

    def _bounded_means(
        self,
        sample: Sample,
        kernel: AnyKernel,
        bandwidths: list[Any],
        splits: list[Split] | None,
    ) -> NDArray[np.float64]:
        """Weighted mean log density of each fold, of densities within bounds."""
        rows = np.arange(sample.n)
        if splits is None:
            splits = [Split(np.delete(rows, i), rows[i : i + 1]) for i in rows]
        means = np.empty((len(bandwidths), len(splits)))
        for column, (train, test) in zip(means.T, splits, strict=True):
            mask = np.isin(rows, train)
            weights = None if sample.weights is None else sample.weights[test]
            for i, h in enumerate(bandwidths):
                density = self._estimate(sample.take(mask), kernel, h)
                logs = density.logpdf(sample.points[test])
                column[i] = np.average(logs, weights=weights)
        return means

    def _report(
        self, settings: list[dict[str, Any]], totals: Any, *, several: bool
    ) -> int:
        """Set what a search of scikit-learn sets, and return the place of the best."""
        if not several:
            settings = [{"bandwidth": setting["bandwidth"]} for setting in settings]
        with np.errstate(invalid="ignore"):
            mean, spread = totals.mean(axis=1), totals.std(axis=1)
        ranks = rankdata(-mean, method="min").astype(np.int32)
        self.cv_results_: dict[str, Any] = {"params": settings}
        for name in settings[0]:
            values = np.empty(len(settings), dtype=object)
            values[:] = [setting[name] for setting in settings]
            self.cv_results_[f"param_{name}"] = np.ma.masked_array(values, mask=False)
        for i, column in enumerate(totals.T):
            self.cv_results_[f"split{i}_test_score"] = column
        self.cv_results_ |= {
            "mean_test_score": mean,
            "std_test_score": spread,
            "rank_test_score": ranks,
        }
        best = int(ranks.argmin())
        self.n_splits_ = totals.shape[1]
        self.best_index_, self.best_score_ = best, float(mean[best])
        self.best_params_ = settings[best]
        return best


def _there(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the places of rows that have weight."""
    return places[places >= 0]


def _widths(bandwidths: Any) -> list[float]:
    """Widths to choose among, in the order given."""
    checked = check_candidates(bandwidths)
    if checked.ndim > 1:
        msg = f"`bandwidths` must be a list of widths; got shape {checked.shape}. Use "
        raise BandwidthError(msg + "`parzen.Selector('ucv', candidates=...)`.")
    return [float(width) for width in bandwidths]
