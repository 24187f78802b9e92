from __future__ import annotations

import numpy as np
import pytest

from parzen import BandwidthError, KernelDensity, kde, select_bandwidth
from parzen.density import Density

X = np.random.default_rng(1).normal(size=(40, 3))


def test_fit_returns_the_estimator():
    """For chaining, with the fitted attributes in place."""
    model = KernelDensity(bandwidth=0.5)
    assert model.fit(X) is model
    assert isinstance(model.density_, Density)
    assert model.bandwidth_ == 0.5
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("bandwidth", ["auto", "scott", 0.5, [0.5, 1.0, 2.0]], ids=str)
def test_the_bandwidth_in_use_is_shown(bandwidth):
    """bandwidth_ is the value, bandwidth stays what was asked for."""
    model = KernelDensity(bandwidth=bandwidth).fit(X)
    assert model.bandwidth is bandwidth
    np.testing.assert_array_equal(model.bandwidth_, model.density_.bandwidth)
    if isinstance(bandwidth, str):
        expected = select_bandwidth(X, bandwidth).value
        np.testing.assert_array_equal(model.bandwidth_, expected)


def test_scores_are_log_densities():
    """score_samples is logpdf, score their sum as a float."""
    model = KernelDensity(bandwidth=0.5).fit(X)
    scores = model.score_samples(X[:7])
    np.testing.assert_array_equal(scores, kde(X, bandwidth=0.5).logpdf(X[:7]))
    total = model.score(X[:7])
    assert isinstance(total, float)
    assert total == pytest.approx(scores.sum(), rel=1e-15)


def test_fitting_again_forgets_the_first_fit():
    """Nothing of the old data is left, in another number of dimensions either."""
    model = KernelDensity(bandwidth=0.5).fit(X)
    model.fit(X[:, 0])
    assert model.n_features_in_ == 1
    np.testing.assert_array_equal(
        model.score_samples(X[:, 0]), kde(X[:, 0], bandwidth=0.5).logpdf(X[:, 0])
    )


def test_parameters_are_read_at_the_fit():
    """A change by set_params counts from the next fit on."""
    model = KernelDensity(bandwidth=0.5).fit(X)
    before = model.score(X)
    model.set_params(bandwidth=1.0)
    assert model.score(X) == before
    assert model.fit(X).score(X) == kde(X, bandwidth=1.0).logpdf(X).sum()


def test_the_constructor_validates_nothing():
    """As in scikit-learn: errors come from fit."""
    model = KernelDensity(bandwidth=-1.0, kernel="none", method=3)
    with pytest.raises(ValueError, match="`kernel`"):
        model.fit(X)


def test_a_failed_fit_is_no_fit():
    """After an error the estimator has no density."""
    model = KernelDensity(bandwidth=-1.0)
    with pytest.raises(BandwidthError):
        model.fit(X)
    assert not hasattr(model, "density_")


def test_one_number_weighs_all_rows_alike():
    """A scalar sample_weight is scikit-learn's custom."""
    plain = KernelDensity().fit(X).score_samples(X)
    same = KernelDensity().fit(X, sample_weight=2.0).score_samples(X)
    np.testing.assert_allclose(same, plain, rtol=1e-13)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_samples_are_rows(size):
    """(n_samples, n_features), for one feature given in 1-D, too."""
    assert KernelDensity(bandwidth=1.0).fit(X).sample(size).shape == (size, 3)
    assert KernelDensity(bandwidth=1.0).fit(X[:, 0]).sample(size).shape == (size, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: 7,
        lambda: np.int32(7),
        lambda: np.random.RandomState(7),
        lambda: np.random.default_rng(7),
    ],
    ids=["int", "numpy int", "RandomState", "Generator"],
)
def test_the_random_state_makes_draws_repeatable(make):
    """In every form that scikit-learn or NumPy users hold one."""
    model = KernelDensity(bandwidth=0.5, kernel="cosine").fit(X)
    first = model.sample(9, random_state=make())
    np.testing.assert_array_equal(model.sample(9, random_state=make()), first)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_generators_go_on(make):
    """A generator object is used up by the draws, so a second call differs."""
    model, state = KernelDensity(bandwidth=0.5).fit(X), make(7)
    first = model.sample(9, random_state=state)
    assert not np.array_equal(model.sample(9, random_state=state), first)


def test_no_random_state_uses_numpys_global_one():
    """scikit-learn's convention: np.random.seed governs random_state=None."""
    model = KernelDensity(bandwidth=0.5).fit(X)
    state = np.random.get_state()  # noqa: NPY002
    draws = []
    for _ in range(2):
        np.random.seed(5)  # noqa: NPY002
        draws.append(model.sample(9))
    np.random.set_state(state)  # noqa: NPY002
    np.testing.assert_array_equal(draws[0], draws[1])


@pytest.mark.parametrize("name", ["density_", "bandwidth_", "n_features_in_"])
def test_fitted_attributes_are_documented(name):
    """Each is in the section Attributes."""
    assert f"\n    {name} : " in KernelDensity.__doc__
