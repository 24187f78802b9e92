"""`KernelDensityCV` is a search of scikit-learn in one pass."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
)

import parzen
from parzen import (
    BandwidthError,
    CapabilityError,
    ConvergenceWarning,
    KernelDensity,
    KernelDensityCV,
    Selector,
    UnknownNameError,
    select_bandwidth,
)

X = np.random.default_rng(1).normal(size=(60, 3)) @ np.diag([1.0, 2.0, 0.5])
WEIGHTS = np.random.default_rng(2).uniform(0.1, 2, 60)
WIDTHS = np.array([0.8, 0.4, 1.6])
KERNELS = ["gaussian", "exponential", "cauchy"]


@pytest.mark.parametrize(
    "cv", [None, 3, KFold(4, shuffle=True, random_state=0), LeaveOneOut()], ids=str
)
def test_it_is_the_grid_search(cv):
    """The same scores, ranks and choice, fold by fold."""
    ours = KernelDensityCV(bandwidths=WIDTHS, cv=cv).fit(X)
    search = GridSearchCV(KernelDensity(), {"bandwidth": WIDTHS}, cv=cv).fit(X)
    folds = [key for key in search.cv_results_ if key.startswith("split")]
    if isinstance(cv, LeaveOneOut):
        # a column for each point would be too many
        folds = []
    assert ours.n_splits_ == search.n_splits_
    for key in (*folds, "mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_allclose(
            ours.cv_results_[key], search.cv_results_[key], rtol=1e-10, err_msg=key
        )
    assert ours.best_score_ == pytest.approx(search.best_score_, rel=1e-12)
    assert ours.cv_results_["params"] == search.cv_results_["params"]
    assert ours.best_params_ == search.best_params_
    assert ours.best_index_ == search.best_index_
    np.testing.assert_array_equal(
        ours.score_samples(X), search.best_estimator_.score_samples(X)
    )
    np.testing.assert_array_equal(
        ours.sample(5, random_state=0),
        search.best_estimator_.sample(5, random_state=0),
    )


def test_kernels_too():
    """In the order of scikit-learn's grid."""
    grid = {"bandwidth": WIDTHS, "kernel": KERNELS}
    ours = KernelDensityCV(bandwidths=WIDTHS, kernels=KERNELS).fit(X)
    search = GridSearchCV(KernelDensity(), grid).fit(X)
    assert ours.cv_results_["params"] == search.cv_results_["params"]
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )
    assert ours.best_params_ == search.best_params_
    assert ours.kernel_.name == search.best_params_["kernel"]


def test_within_bounds_each_density_is_the_bounded_one():
    """The same as the search over densities with those bounds."""
    x = np.abs(X[:, 0])
    options = {"bounds": (0.0, None), "boundary": "reflect"}
    ours = KernelDensityCV(bandwidths=WIDTHS, **options).fit(x)
    search = GridSearchCV(KernelDensity(**options), {"bandwidth": WIDTHS}).fit(
        x[:, None]
    )
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"],
        search.cv_results_["mean_test_score"],
        rtol=1e-10,
    )
    assert ours.density_.bounds == search.best_estimator_.density_.bounds


@pytest.mark.parametrize("bandwidths", [None, WIDTHS])
def test_what_is_dropped_is_in_no_fold(bandwidths):
    """As if the rows outside the bounds had never been there."""
    x = X[:, 0]
    options = {"bounds": (-1.0, 2.0), "bandwidths": bandwidths}
    model = KernelDensityCV(outside="drop", cv=KFold(3), **options).fit(x)
    rows = [
        [rows[(x[rows] >= -1.0) & (x[rows] <= 2.0)] for rows in pair]
        for pair in KFold(3).split(x)
    ]
    places = np.cumsum((x >= -1.0) & (x <= 2.0)) - 1
    inside = x[(x >= -1.0) & (x <= 2.0)]
    folds = [[places[part] for part in pair] for pair in rows]
    again = KernelDensityCV(cv=folds, **options).fit(inside)
    assert model.best_score_ == pytest.approx(again.best_score_, rel=1e-12)
    np.testing.assert_allclose(model.bandwidth_, again.bandwidth_, rtol=1e-12)


@pytest.mark.parametrize("criterion", ["likelihood", "silverman", "ucv", "plugin"])
def test_without_candidates_the_criterion_searches(criterion):
    """By the selector of that name, from the folds for the likelihood."""
    model = KernelDensityCV(criterion=criterion).fit(X)
    if criterion == "likelihood":
        expected = max(
            (
                select_bandwidth(X, criterion, folds=5, matrix=matrix)
                for matrix in ("scaled", "isotropic")
            ),
            key=lambda result: result.scores.max(),
        )
    else:
        expected = select_bandwidth(X, criterion)
    np.testing.assert_array_equal(model.bandwidth_, expected.value)
    np.testing.assert_array_equal(model.bandwidth_result_.value, expected.value)
    logs = [
        parzen.kde(X[a], bandwidth=expected.value).logpdf(X[b]).sum()
        for a, b in KFold(5).split(X)
    ]
    assert model.best_score_ == pytest.approx(np.mean(logs), rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("folds", [3, LeaveOneOut()], ids=str)
def test_bounds_far_away_change_nothing(folds, weighted):
    """Scores of bounded densities are of the same kind, weights and all."""
    w = WEIGHTS**4 if weighted else None
    free = KernelDensityCV(bandwidths=WIDTHS, cv=folds).fit(X, sample_weight=w)
    box = [(-1e3, 1e3)] * 3
    bounded = KernelDensityCV(bandwidths=WIDTHS, cv=folds, bounds=box).fit(
        X, sample_weight=w
    )
    for key in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(
            bounded.cv_results_[key], free.cv_results_[key], rtol=1e-9
        )
    assert bounded.bandwidth_ == free.bandwidth_
    np.testing.assert_allclose(
        bounded.bandwidth_result_.scores, free.bandwidth_result_.scores, rtol=1e-9
    )


def test_a_search_within_bounds_scores_the_bounded_density():
    """The best of widths around the normal reference, by the density with bounds."""
    x = np.random.default_rng(6).exponential(size=200)
    options = {"bounds": (0, None), "boundary": "reflect"}
    model = KernelDensityCV(**options).fit(x)
    widths = model.bandwidth_result_.candidates
    rule = select_bandwidth(x, "normal_reference").value
    np.testing.assert_allclose(widths[[0, 8, 12]], rule * np.array([1 / 16, 1, 4]))
    again = KernelDensityCV(bandwidths=widths, **options).fit(x)
    assert model.bandwidth_ == again.bandwidth_
    free = KernelDensityCV().fit(x).bandwidth_
    assert (
        model.best_score_
        > KernelDensityCV(bandwidths=[free], **options).fit(x).best_score_
    )


def test_splitters_see_the_data_and_the_targets():
    """As in a search of scikit-learn."""

    class Halves:
        def split(self, X, y=None, groups=None):  # noqa: ARG002 - scikit-learn's
            order = np.argsort(np.asarray(X)[:, 0])
            yield order[::2], order[1::2]

        def get_n_splits(self, X=None, y=None, groups=None):  # noqa: ARG002 - same
            return 1

    for cv in (Halves(), StratifiedKFold(3)):
        y = np.arange(60) % 2
        ours = KernelDensityCV(bandwidths=WIDTHS, cv=cv).fit(X, y)
        search = GridSearchCV(KernelDensity(), {"bandwidth": WIDTHS}, cv=cv).fit(X, y)
        assert ours.best_score_ == pytest.approx(search.best_score_, rel=1e-12)


def test_no_bandwidth_that_reaches_all_points_is_told():
    """Scores of -inf: the first is used, as scikit-learn would."""
    with pytest.warns(ConvergenceWarning, match="out of reach of all others"):
        model = KernelDensityCV(bandwidths=[1e-6, 2e-6], kernels="tophat").fit(X)
    assert not model.bandwidth_result_.converged
    assert model.bandwidth_ == 1e-6


def test_other_criteria_among_candidates():
    """Least squares instead of likelihood."""
    x = X[:, 0]
    model = KernelDensityCV(criterion="ucv", bandwidths=WIDTHS).fit(x)
    expected = select_bandwidth(x, "ucv", candidates=WIDTHS)
    assert model.bandwidth_ == expected.value
    np.testing.assert_array_equal(model.bandwidth_result_.scores, expected.scores)


def test_a_selector_with_options():
    """Its shape of the bandwidth is kept; candidates and folds are the search's."""
    one = Selector("likelihood", matrix="isotropic")
    model = KernelDensityCV(criterion=one).fit(X)
    assert isinstance(model.bandwidth_, float)
    expected = select_bandwidth(X, "likelihood", matrix="isotropic", folds=5)
    assert model.bandwidth_ == expected.value


def test_the_kernel_is_chosen_by_likelihood():
    """Whatever chose the bandwidths: each kernel has its own."""
    model = KernelDensityCV(kernels=KERNELS, criterion="silverman").fit(X)
    assert len(model.cv_results_["params"]) == 3
    best = int(np.argmax(model.cv_results_["mean_test_score"]))
    assert model.best_params_["kernel"] == KERNELS[best]
    expected = select_bandwidth(X, "silverman", kernel=KERNELS[best]).value
    np.testing.assert_array_equal(model.bandwidth_, expected)


def test_weights_count_in_estimates_and_scores():
    """A weight of zero leaves a row out; the scale of all does not matter."""
    w = np.where(np.arange(60) % 7 == 3, 0.0, WEIGHTS)
    cv = ShuffleSplit(3, random_state=1)
    model = KernelDensityCV(bandwidths=WIDTHS, cv=cv).fit(X, sample_weight=w)
    again = KernelDensityCV(bandwidths=WIDTHS, cv=cv).fit(X, sample_weight=10.0 * w)
    assert model.best_score_ == pytest.approx(again.best_score_, rel=1e-12)
    totals = []
    for train, test in cv.split(X):
        density = parzen.kde(X[train], weights=w[train], bandwidth=0.8)
        mean = w.sum() / np.count_nonzero(w)
        totals.append((w[test] * density.logpdf(X[test])).sum() / mean)
    scores = model.cv_results_["mean_test_score"]
    assert scores[0] == pytest.approx(np.mean(totals), rel=1e-10)


def test_it_clones_and_keeps_its_parameters():
    """As every estimator does."""
    model = KernelDensityCV(bandwidths=WIDTHS, criterion=Selector("likelihood"))
    again = clone(model)
    assert again.get_params()["criterion"].method == "likelihood"
    np.testing.assert_array_equal(again.bandwidths, WIDTHS)
    assert "adjust" not in model.get_params()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"criterion": "abramson"}, UnknownNameError, "`criterion` must be one of"),
        ({"kernels": []}, UnknownNameError, "`kernels` must hold"),
        ({"bandwidths": []}, BandwidthError, "`bandwidths` must be a list"),
        ({"bandwidths": [[1.0, 2.0, 3.0]]}, BandwidthError, "list of widths"),
        ({"bandwidths": [1.0, 0.0]}, BandwidthError, "positive and finite"),
        ({"criterion": "isj", "bandwidths": [1.0]}, CapabilityError, "no option"),
        ({"criterion": Selector("knn")}, UnknownNameError, "`criterion` must be one"),
        (
            {"criterion": Selector("ucv", candidates=[1.0])},
            CapabilityError,
            "as `bandwidths`",
        ),
        ({"criterion": Selector("likelihood", folds=3)}, CapabilityError, "as `cv`"),
    ],
)
def test_what_cannot_be_searched_is_said(options, error, text):
    """At the fit, with the remedy."""
    with pytest.raises(error, match=text):
        KernelDensityCV(**options).fit(X)
