"""The first job the library was made for: choose the bandwidth for handwritten digits.

All exact values are sums over all pairs of points, in long doubles.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold

import parzen

BANDWIDTHS = np.logspace(-1, 1, 20)
BEST = 3.79269019073225
# Stored: the exact total log likelihood of each fold at the best bandwidth.
FOLDS = [-16818.041495, -16969.070619, -16565.659100, -16522.335650, -16732.155542]
# Stored: the exact mean over the folds at some bandwidths, to the digits known.
MEANS = {
    0: -3139643.5595163,
    10: -32880.744230805,
    13: -17825.327861953,
    14: -16864.905732721,
    15: -16721.452481152,
    16: -17055.360272703,
    19: -19248.177710964,
}


@pytest.fixture(scope="module")
def digits():
    """The images in 15 principal components, shape (1797, 15)."""
    data, _ = load_digits(return_X_y=True)
    return PCA(15, whiten=False, random_state=0).fit_transform(data)


@pytest.fixture(scope="module")
def search(digits):
    """The grid search, as scikit-learn's gallery has it."""
    grid = GridSearchCV(parzen.KernelDensity(), {"bandwidth": BANDWIDTHS})
    return grid.fit(digits)


def exact_scores(train, test):
    """Total log likelihood of `test` at each bandwidth, by brute force."""
    d = train.shape[1]
    total = np.zeros(len(BANDWIDTHS), dtype=np.longdouble)
    for q in test:
        squares = ((q - train) ** 2).sum(axis=1, dtype=np.longdouble)
        nearest = squares.min()
        terms = np.exp((nearest - squares) / (2 * BANDWIDTHS[:, None] ** 2))
        total += np.log(terms.sum(axis=1)) - nearest / (2 * BANDWIDTHS**2)
    norm = math.log(len(train)) + 0.5 * d * math.log(2 * math.pi)
    return total - len(test) * (norm + d * np.log(BANDWIDTHS))


def test_the_best_bandwidth_is_the_known_one(search):
    """As printed, to the last digit."""
    assert repr(float(search.best_params_["bandwidth"])) == repr(BEST)
    assert search.best_estimator_.bandwidth_ == BEST


def test_fold_scores_are_the_stored_exact_ones(search):
    """Each fold at the best bandwidth, and means from 0.1 to 10."""
    results = search.cv_results_
    best = search.best_index_
    for fold, expected in enumerate(FOLDS):
        score = results[f"split{fold}_test_score"][best]
        # stored with 6 decimals
        assert score == pytest.approx(expected, abs=1e-6)
    for index, expected in MEANS.items():
        score = results["mean_test_score"][index]
        assert score == pytest.approx(expected, rel=1e-10)


@pytest.mark.slow
def test_every_mean_score_is_exact(digits, search):
    """20 bandwidths, 5 folds, against sums in long doubles."""
    scores = [
        exact_scores(digits[train], digits[test])
        for train, test in KFold(5).split(digits)
    ]
    exact = np.mean(scores, axis=0).astype(float)
    # the sums in long doubles start from the same components, so what differs is
    # our rounding: the bound of the direct sum is 1e-12 of a density
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], exact, rtol=1e-11)


def test_new_digits_can_be_drawn(digits, search):
    """44 new rows in the space of the components, repeatable, near the data."""
    model = search.best_estimator_
    new = model.sample(44, random_state=0)
    assert new.shape == (44, 15)
    np.testing.assert_array_equal(model.sample(44, random_state=0), new)
    distance = np.linalg.norm(new[:, None] - digits, axis=-1).min(axis=1)
    # the squared length of the noise is h^2 chi2(15), beyond 10.2 h with chance 1e-12
    assert distance.max() < 10.2 * BEST


def test_the_refit_scores_all_data(digits, search):
    """The total over all 1797 rows, where scikit-learn, too, is exact."""
    model = search.best_estimator_
    assert model.score(digits) == pytest.approx(-74006.55121494556, rel=1e-10)
    np.testing.assert_allclose(
        model.score_samples(digits[:3]),
        [-40.77047371428363, -41.25297533834462, -41.27214293451754],
        rtol=1e-10,
    )
