"""KernelDensity is a scikit-learn estimator in name, contract and behaviour."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone, is_clusterer, is_outlier_detector
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import parzen
from parzen import Kernel, KernelDensity, KernelDensityCV

X = np.random.default_rng(1).normal(size=(60, 4)) @ np.diag([1.0, 2.0, 0.5, 3.0])
WEIGHTS = np.random.default_rng(2).uniform(0.1, 2, 60)
PARAMETERS = {
    "adjust": 1.0,
    "atol": 0.0,
    "bandwidth": "auto",
    "binning": "linear",
    "boundary": None,
    "bounds": None,
    "grid_size": None,
    "kernel": "gaussian",
    "method": "auto",
    "n_jobs": None,
    "outside": "keep",
    "rtol": 1e-8,
    "signed_weights": False,
}
VARIANTS = {
    "default": {},
    "by hand": {"bandwidth": 0.7, "kernel": "epanechnikov", "method": "direct"},
    "matrix": {"bandwidth": np.diag([1.0, 2.0, 3.0, 4.0]), "kernel": Kernel("cauchy")},
}
each_variant = pytest.mark.parametrize(
    "parameters", VARIANTS.values(), ids=list(VARIANTS)
)


@parametrize_with_checks(
    [
        KernelDensity(),
        KernelDensity(bandwidth=0.5, kernel="tophat"),
        KernelDensity(bandwidth=1.0, kernel=Kernel("logistic", product=True)),
        KernelDensityCV(bandwidths=[0.5, 1.0]),
        KernelDensityCV(criterion="auto"),
    ]
)
def test_scikit_learns_own_checks(estimator, check):
    """The whole suite, no failure expected."""
    check(estimator)


# --- parameters -----------------------------------------------------------------------


def test_parameters_and_defaults():
    """The constructor's, all keywords."""
    assert KernelDensity().get_params() == PARAMETERS


def test_before_the_fit_there_are_parameters_only():
    """Nothing is computed, and nothing is set, by the constructor."""
    given = {**PARAMETERS, "bandwidth": [1.0, 2.0], "kernel": "no such kernel"}
    assert vars(KernelDensity(**given)) == given


@each_variant
def test_set_params_and_clone(parameters):
    """A clone has the parameters and no fit."""
    model = KernelDensity().set_params(**parameters).fit(X)
    again = clone(model)
    assert not hasattr(again, "density_")
    # NumPy arrays have no truth value of equality
    assert repr(again.get_params()) == repr(model.get_params())
    np.testing.assert_array_equal(again.fit(X).score_samples(X), model.score_samples(X))


def test_unknown_parameters_are_refused():
    """By scikit-learn, naming what there is."""
    with pytest.raises(ValueError, match="Invalid parameter 'leaf_size'"):
        KernelDensity().set_params(leaf_size=40)


def test_repr_shows_what_differs():
    """scikit-learn's short form."""
    assert repr(KernelDensity(bandwidth=0.5)) == "KernelDensity(bandwidth=0.5)"


def test_tags():
    """A density estimator of dense 2-D data without missing values."""
    tags = get_tags(KernelDensity())
    assert tags.estimator_type == "density_estimator"
    assert tags.requires_fit
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan
    assert not is_clusterer(KernelDensity())
    assert not is_outlier_detector(KernelDensity())


def test_the_fitted_attributes():
    """Those documented, and no others."""
    model = KernelDensity().fit(X)
    fitted = set(vars(model)) - set(PARAMETERS)
    assert fitted == {"density_", "bandwidth_", "n_features_in_"}
    named = KernelDensity().fit(pd.DataFrame(X, columns=list("abcd")))
    assert set(vars(named)) - set(vars(model)) == {"feature_names_in_"}


# --- in other tools -------------------------------------------------------------------


def test_a_pipeline():
    """Scaled, projected, estimated; new points come back through the steps."""
    pipeline = make_pipeline(StandardScaler(), PCA(2), KernelDensity(bandwidth=0.4))
    pipeline.fit(X)
    projected = pipeline[:-1].transform(X)
    expected = parzen.kde(projected, bandwidth=0.4).logpdf(projected)
    np.testing.assert_allclose(pipeline.score_samples(X), expected, rtol=1e-13)
    assert pipeline.score(X) == pytest.approx(expected.sum(), rel=1e-13)
    new = pipeline[:-1].inverse_transform(pipeline[-1].sample(5, random_state=0))
    assert new.shape == (5, 4)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_a_grid_search(n_jobs):
    """The total log likelihood of the left-out fold decides, in processes, too."""
    grid = {"bandwidth": [0.2, 0.6, 2.0, 6.0], "kernel": ["gaussian", "exponential"]}
    search = GridSearchCV(KernelDensity(), grid, n_jobs=n_jobs).fit(X)
    for setting, mean in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        scores = [
            parzen.kde(X[train], **setting).logpdf(X[test]).sum()
            for train, test in KFold(5).split(X)
        ]
        assert mean == pytest.approx(np.mean(scores), rel=1e-13)
    assert search.best_estimator_.bandwidth_ == search.best_params_["bandwidth"]
    assert search.score(X) == search.best_estimator_.score(X)


def test_a_search_inside_a_pipeline_with_targets():
    """Targets go along and are ignored."""
    pipeline = make_pipeline(StandardScaler(), KernelDensity(kernel="biweight"))
    grid = {"kerneldensity__bandwidth": [4.0, 8.0]}
    plain = GridSearchCV(pipeline, grid).fit(X)
    targets = GridSearchCV(pipeline, grid, cv=KFold(5)).fit(X, np.arange(60) % 2)
    np.testing.assert_array_equal(
        plain.cv_results_["mean_test_score"], targets.cv_results_["mean_test_score"]
    )


def test_a_cross_validation():
    """One sum of log densities for each fold."""
    scores = cross_val_score(KernelDensity(bandwidth=0.8), X, cv=KFold(3))
    expected = [
        parzen.kde(X[train], bandwidth=0.8).logpdf(X[test]).sum()
        for train, test in KFold(3).split(X)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-13)


def test_weights_are_routed():
    """A search hands each fold its share of sample_weight once it is requested."""
    grid = {"bandwidth": [0.4, 1.0]}
    with sklearn.config_context(enable_metadata_routing=True):
        model = KernelDensity().set_fit_request(sample_weight=True)
        search = GridSearchCV(model, grid, cv=KFold(3)).fit(X, sample_weight=WEIGHTS)
    expected = [
        np.mean(
            [
                parzen.kde(X[a], weights=WEIGHTS[a], bandwidth=h).logpdf(X[b]).sum()
                for a, b in KFold(3).split(X)
            ]
        )
        for h in grid["bandwidth"]
    ]
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], expected, rtol=1e-12
    )


@each_variant
@pytest.mark.parametrize("store", ["pickle", "joblib"])
def test_stored_models_answer_alike(parameters, store, tmp_path):
    """Bitwise the same scores and draws, fitted or not."""
    model = KernelDensity(**parameters).fit(X, sample_weight=WEIGHTS)
    if store == "pickle":
        again = pickle.loads(pickle.dumps(model))
        pickle.loads(pickle.dumps(KernelDensity(**parameters))).fit(X)
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(
        again.sample(5, random_state=1), model.sample(5, random_state=1)
    )


# --- forms of data --------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        np.asarray,
        list,
        tuple,
        pd.Series,
        pl.Series,
        lambda x: x[:, None],
        lambda x: pd.DataFrame({"a": x}),
        lambda x: pl.DataFrame({"a": x}),
    ],
    ids=[
        "array",
        "list",
        "tuple",
        "pandas series",
        "polars series",
        "column",
        "pandas frame",
        "polars frame",
    ],
)
def test_one_feature_comes_in_many_forms(make):
    """1-D data are one feature, in the fit and in the queries."""
    x = X[:, 0]
    model = KernelDensity(bandwidth=0.3).fit(make(x))
    expected = parzen.kde(x, bandwidth=0.3).logpdf(x)
    scores = model.score_samples(make(x))
    assert scores.shape == (60,)
    np.testing.assert_array_equal(scores, expected)
    assert model.n_features_in_ == 1
    assert model.score(make(x)) == pytest.approx(expected.sum(), rel=1e-14)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"]
)
def test_feature_names_are_kept_and_checked(frame):
    """Names of a frame's columns are remembered; other names or orders are refused."""
    columns = {name: X[:, k] for k, name in enumerate("abcd")}
    model = KernelDensity(bandwidth=1.0).fit(frame(columns))
    assert model.feature_names_in_.tolist() == list("abcd")
    assert model.density_.columns == tuple("abcd")
    np.testing.assert_array_equal(
        model.score_samples(frame(columns)),
        KernelDensity(bandwidth=1.0).fit(X).score_samples(X),
    )
    swapped = frame({name: columns[name] for name in "bacd"})
    with pytest.raises(ValueError, match="feature names should match"):
        model.score_samples(swapped)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.score_samples(X)


def test_a_series_keeps_its_name():
    """One named feature is named in the density, too."""
    model = KernelDensity(bandwidth=1.0).fit(pd.DataFrame({"waiting": X[:, 0]}))
    assert model.density_.columns == ("waiting",)


@pytest.mark.parametrize("dtype", ["float32", "int64", "object", "bool"])
def test_other_types_of_numbers(dtype):
    """Scores are those of the same numbers as float64."""
    data = (X > 0 if dtype == "bool" else np.round(X * 4)).astype(dtype)
    model = KernelDensity(bandwidth=0.7).fit(data)
    scores = model.score_samples(data)
    assert scores.dtype == np.float64
    expected = parzen.kde(data.astype(float), bandwidth=0.7).logpdf(data.astype(float))
    np.testing.assert_array_equal(scores, expected)


def test_the_data_are_copied():
    """A change of the array after the fit changes no score."""
    data, weights = X.copy(order="C"), WEIGHTS.copy()
    model = KernelDensity(bandwidth=0.7).fit(data, sample_weight=weights)
    before = model.score_samples(X)
    np.testing.assert_array_equal(data, X)
    data[:], weights[:] = 0.0, 1.0
    np.testing.assert_array_equal(model.score_samples(X), before)


def test_zero_weights_equal_absent_rows():
    """For the automatic bandwidth as well."""
    weights = np.where(np.arange(60) < 20, 0.0, WEIGHTS)
    a = KernelDensity().fit(X, sample_weight=weights)
    b = KernelDensity().fit(X[20:], sample_weight=weights[20:])
    np.testing.assert_allclose(a.bandwidth_, b.bandwidth_, rtol=1e-12)
    np.testing.assert_allclose(a.score_samples(X), b.score_samples(X), rtol=1e-11)
