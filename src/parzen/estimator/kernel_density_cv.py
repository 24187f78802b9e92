"""`KernelDensityCV`: a density whose bandwidth and kernel are cross-validated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata
from sklearn.model_selection import LeaveOneOut, check_cv

from parzen.bandwidth import PILOTS, BandwidthResult, Selector
from parzen.bandwidth.held_out import HeldOut, Split, splits_of
from parzen.bandwidth.rules import axis_widths, rank_fault
from parzen.bandwidth.selector import check_candidates
from parzen.checks import check_choice
from parzen.density import choose_placed, place
from parzen.errors import (
    BandwidthError,
    CapabilityError,
    ConvergenceWarning,
    UnknownNameError,
    warn,
)
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
    Weights count in the scores as well.

    Parameters
    ----------
    bandwidths : array_like of shape (k,), optional
        Widths to choose among, for each kernel; None to search for the optimum: by
        "likelihood" in d > 1 the better of one width and a factor on the covariance of
        the data; within bounds the best of 13 widths from 1/16 to 4 times the normal
        reference.
    kernels : str, Kernel, distribution, callable, or list of these
        The kernel, or kernels to choose among.
    criterion : str or Selector
        "likelihood" of the points held out; or "ucv", "bcv", "scv", "isj" or any other
        selector of `parzen.select_bandwidth` with one bandwidth for all points, which
        looks at all of them at once. Kernels are compared by the likelihood, whatever
        chose their bandwidths.
    cv : int, splitter or iterable of pairs, optional
        Folds, as scikit-learn takes them; None for five blocks of consecutive rows.
        `sklearn.model_selection.LeaveOneOut()` is exact, and as fast; its n columns are
        left out of `cv_results_`.
    method : str
        The engine of the density; see `parzen.kde`.
    bounds : pair of float, or one for each feature, optional
        Where the density is normalised, and zero outside.
    boundary : {None, "renormalize", "reflect", "periodic", "linear", "transform"}
        What happens at the bounds, or a `parzen.Reflect`. Held-out scores are those of
        the bounded density, which is then fitted for each bandwidth and fold.
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
            If the criterion finds no optimum, or no bandwidth reaches all points.
        """
        selector = self._selector()
        several = isinstance(self.kernels, (list, tuple))
        kernels = list(self.kernels) if several else [self.kernels]
        if not kernels:
            msg = "`kernels` must hold a kernel; got an empty list. Use 'gaussian'."
            raise UnknownNameError(msg)
        sample = self._checked(X, y, sample_weight)
        # what is dropped outside the bounds is in no fold
        _, sample, _ = place(sample, self.bounds, self.boundary, self.outside)
        splits = self._splits(sample, X, y)
        results: list[BandwidthResult | None] = []
        bandwidths: list[list[Any]] = []
        totals = []
        for kernel in map(Kernel.of, kernels):
            grid = None
            if selector.method == "likelihood":
                grid = self._grid(sample, kernel)
            if grid is not None:
                results.append(None)
                bandwidths.append(grid)
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
        lost = self.best_score_ == -math.inf
        if lost:
            msg = (
                "every bandwidth leaves some held-out point out of reach of all "
                "others; the first is used. Widen `bandwidths`."
            )
            warn(msg, ConvergenceWarning)
        self.bandwidth_result_ = results[column] or BandwidthResult(
            self.bandwidth_,
            method="likelihood",
            converged=not lost,
            n_eff=sample.n_eff,
            kernel=self.kernel_,
            note="the largest likelihood of the candidates",
            candidates=np.asarray(bandwidths[column]),
            scores=totals[column].sum(axis=1) / sample.n,
        )
        return self

    def _selector(self) -> Selector:
        """Validate the criterion."""
        selector = self.criterion
        if not isinstance(selector, Selector):
            selector = Selector(check_choice(selector, PILOTS, "criterion"))
        check_choice(selector.method, PILOTS, "criterion")
        for option, own in (("candidates", "bandwidths"), ("folds", "cv")):
            if getattr(selector, option) is not None:
                msg = f"`criterion` must leave `{option}` to the search; pass them as "
                raise CapabilityError(msg + f"`{own}`.")
        return selector

    def _estimator(self, kernel: Any, bandwidth: Any) -> KernelDensity:
        """Make an estimator with a choice, and the other parameters of this one."""
        shared = self.get_params(deep=False)
        for own in ("bandwidths", "kernels", "criterion", "cv"):
            del shared[own]
        return KernelDensity(kernel=kernel, bandwidth=bandwidth, **shared)

    def _splits(self, sample: Sample, X: Any, y: Any) -> list[Split] | None:
        """Rows to fit on and to test in each fold; None for leave-one-out."""
        if isinstance(self.cv, LeaveOneOut):
            return None
        folds = check_cv(FOLDS if self.cv is None else self.cv, y)
        return splits_of(list(folds.split(X, y)), sample)

    def _grid(self, sample: Sample, kernel: AnyKernel) -> list[Any] | None:
        """Bandwidths to fit one by one; None where the selector searches by itself."""
        if self.bandwidths is not None:
            return _widths(self.bandwidths)
        if self.bounds is None:
            return None
        _, _, moved = place(sample, self.bounds, self.boundary, self.outside)
        rule = axis_widths(moved) * kernel.bandwidth_ratio(sample.d)
        factors = (math.sqrt(2.0) ** power for power in range(-8, 5))
        return [float(f * rule[0]) if sample.d == 1 else f * rule for f in factors]

    def _chosen(
        self,
        sample: Sample,
        kernel: AnyKernel,
        selector: Selector,
        splits: list[Split] | None,
    ) -> BandwidthResult:
        """Choose a bandwidth for one kernel by the criterion."""
        told = replace(selector, candidates=self.bandwidths)
        edge, _, moved = place(sample, self.bounds, self.boundary, self.outside)

        def choose(one: Selector) -> BandwidthResult:
            return choose_placed(
                moved, edge, kernel, one, self.adjust, n_jobs=self.n_jobs
            )

        if selector.method != "likelihood":
            return choose(told)
        shapes = [selector.matrix]
        if selector.matrix is None and sample.d > 1:
            shapes = ["isotropic"] if rank_fault(moved) else ["scaled", "isotropic"]
        results = [choose(replace(told, matrix=form, folds=splits)) for form in shapes]
        return max(results, key=lambda result: np.max(np.asarray(result.scores)))

    def _totals(
        self,
        sample: Sample,
        kernel: AnyKernel,
        bandwidths: list[Any],
        splits: list[Split] | None,
    ) -> NDArray[np.float64]:
        """Log likelihood of each fold at each bandwidth, shape (k, s)."""
        if self.bounds is not None:
            return self._bounded_totals(sample, kernel, bandwidths, splits)
        held_out = HeldOut(sample, kernel, splits, self.n_jobs)
        if np.ndim(bandwidths[0]) == 0:
            # all widths share their distances
            unit = float(np.exp(np.log(bandwidths).mean()))
            factors = np.asarray(bandwidths) / unit
            means = held_out.scores(Scale(unit, sample.d), factors)
        else:
            means = held_out.scores(Scale(bandwidths[0], sample.d), np.ones(1))
        return np.asarray(means * held_out.sizes)

    def _bounded_totals(
        self,
        sample: Sample,
        kernel: AnyKernel,
        bandwidths: list[Any],
        splits: list[Split] | None,
    ) -> NDArray[np.float64]:
        """Log likelihood of each fold, of densities within bounds: a fit for each."""
        weights = np.ones(sample.n)
        if sample.weights is not None:
            weights = sample.n * sample.weights
        tests = np.arange(sample.n)[:, None] if splits is None else splits
        totals = np.empty((len(bandwidths), len(tests)))
        for column, split in zip(totals.T, tests, strict=True):
            mask = np.ones(sample.n, dtype=bool)
            test = split
            if splits is not None:
                train, test = split
                mask[:] = False
                mask[train] = True
            else:
                mask[test] = False
            for i, h in enumerate(bandwidths):
                density = self._estimate(sample.take(mask), kernel, h)
                column[i] = density.logpdf(sample.points[test]) @ weights[test]
        return totals

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
        if not isinstance(self.cv, LeaveOneOut):
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


def _widths(bandwidths: Any) -> list[float]:
    """Widths to choose among, in the order given."""
    checked = check_candidates(bandwidths, "bandwidths")
    if checked.ndim > 1:
        msg = f"`bandwidths` must be a list of widths; got shape {checked.shape}. Use "
        raise BandwidthError(msg + "`parzen.Selector('ucv', candidates=...)`.")
    return [float(width) for width in bandwidths]
