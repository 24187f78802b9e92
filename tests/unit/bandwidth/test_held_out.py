"""Scores of points held out, against sums over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold, ShuffleSplit

import parzen
from parzen import DataError
from parzen.bandwidth import held_out
from parzen.bandwidth.held_out import HeldOut, splits_of
from parzen.kernels import Kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference

RNG = np.random.default_rng(11)
FACTORS = np.array([0.5, 2.0, 1.0])


def exact_scores(sample, kernel, h, splits):
    """Weighted mean log density of each fold, or of each point by all the others."""
    x, n = sample.points, sample.n
    w = np.full(n, 1.0 / n) if sample.weights is None else sample.weights
    if splits is None:
        splits = [(np.delete(np.arange(n), i), np.array([i])) for i in range(n)]
        logs = [
            reference.log_density(x[a], x[b], h, kernel, weights=w[a])[0]
            for a, b in splits
        ]
        return np.array([float(np.average(logs, weights=w))])
    return np.array(
        [
            float(
                np.average(
                    reference.log_density(x[a], x[b], h, kernel, weights=w[a]),
                    weights=w[b],
                )
            )
            for a, b in splits
        ]
    )


@pytest.mark.parametrize("kernel", ["gaussian", "logistic", "cauchy"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("folds", [None, 4, ShuffleSplit(3, random_state=0)], ids=str)
def test_scores_are_those_of_all_pairs(folds, d, weighted, kernel):
    """For each width and split, in the order of the widths given."""
    w = RNG.uniform(0.1, 2, 60) if weighted else None
    sample = Sample.of(RNG.normal(size=(60, d)), w)
    splits = splits_of(folds, sample)
    held_out = HeldOut(sample, Kernel(kernel), splits)
    scores = held_out.scores(Scale(0.6, d), FACTORS)
    if splits is None:
        # one split a point
        assert scores.shape == (3, 60)
        scores = held_out.means(Scale(0.6, d), FACTORS)[:, None]
    for row, factor in zip(scores, FACTORS, strict=True):
        exact = exact_scores(sample, kernel, 0.6 * factor, splits)
        np.testing.assert_allclose(row, exact, rtol=1e-11)


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "exponential"])
@pytest.mark.parametrize("h", [0.003, 0.05, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_fast_sums_leave_out_as_exactly(weighted, h, kernel):
    """On a line with heavy tails, where many points stand alone."""
    x = np.sort(RNG.standard_t(2, size=30_000))
    w = RNG.uniform(0.1, 2, len(x)) if weighted else None
    some = np.r_[0:6, len(x) - 6 : len(x), RNG.integers(0, len(x), 6)]
    check_points(Sample.of(x, w), kernel, h, some)


def test_fast_sums_in_the_plane():
    """The same, by an engine of two dimensions."""
    x = RNG.standard_t(3, size=(20_000, 2))
    far = np.argsort(np.abs(x).sum(axis=1))
    check_points(Sample.of(x), "gaussian", 0.2, np.r_[far[-5:], far[:3]])


def check_points(sample, kernel, h, some):
    """Judge the sums at some points, of a sample in order, by long double sums."""
    held_out = HeldOut(sample, Kernel(kernel), None)
    scale = Scale(h, sample.d)
    assert held_out._fast(sample, scale)
    logs = held_out._leave_one_out(scale, np.ones(1))[0]
    n = sample.n
    w = np.full(n, 1.0 / n) if sample.weights is None else sample.weights
    for i in some:
        keep = np.arange(n) != i
        exact = reference.log_density(
            sample.points[keep], sample.points[[i]], h, kernel, weights=w[keep]
        )
        assert logs[i] == pytest.approx(float(exact[0]), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("fast", [False, True])
def test_folds_by_a_fast_engine_are_those_by_the_plain_sum(fast, monkeypatch):
    """Whichever answers."""
    sample = Sample.of(RNG.normal(size=12_000))
    splits = splits_of(3, sample)
    monkeypatch.setattr(held_out, "FEW", 0 if fast else 20_000)
    scores = HeldOut(sample, Kernel(), splits).scores(Scale(0.1, 1), np.ones(1))[0]
    for score, (train, test) in zip(scores, splits, strict=True):
        some = test[:: len(test) // 20]
        exact = reference.log_density(
            sample.points[train], sample.points[some], 0.1
        ).astype(float)
        density = parzen.kde(sample.points[train], bandwidth=0.1)
        np.testing.assert_allclose(density.logpdf(sample.points[some]), exact)
        assert score == pytest.approx(density.logpdf(sample.points[test]).mean())


@pytest.mark.parametrize("n", [10, 13])
@pytest.mark.parametrize("folds", [2, 5, 10])
def test_blocks_are_those_of_scikit_learn(n, folds):
    """An integer cuts as KFold does."""
    points = np.arange(float(n))[:, None]
    ours = splits_of(folds, Sample.of(points))
    for split, (train, test) in zip(ours, KFold(folds).split(points), strict=True):
        np.testing.assert_array_equal(split.train, train)
        np.testing.assert_array_equal(split.test, test)


@pytest.mark.parametrize(
    "folds",
    [1, 11, 0, -3, True, "loo", 2.5, [(np.arange(3), [])], [([0], [99])], [5], []],
)
def test_folds_that_are_none_are_refused(folds):
    """With the rule."""
    with pytest.raises(DataError, match=r"`folds` must"):
        splits_of(folds, Sample.of(np.arange(10.0)))


def test_masks_are_rows_too():
    """As scikit-learn indexes with them."""
    mask = np.arange(6) < 4
    split = splits_of([(mask, ~mask)], Sample.of(np.arange(6.0)))[0]
    np.testing.assert_array_equal(split.test, [4, 5])


def test_rows_of_pairs_count_as_the_caller_does():
    """A point of weight zero is in no fold, and shifts no other."""
    w = np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    sample = Sample.of(np.arange(6.0), w)
    split = splits_of([([0, 1, 2], [3, 4, 5])], sample)[0]
    np.testing.assert_array_equal(sample.points[split.train, 0], [0.0, 2.0])
    np.testing.assert_array_equal(sample.points[split.test, 0], [3.0, 4.0, 5.0])


def test_the_rest_beside_a_point_that_weighs_all():
    """What is left of the weight is not lost in rounding."""
    sample = Sample.of([0.0, 1.0, 2.0], [1.0, 1e-20, 1e-20])
    logs = HeldOut(sample, Kernel(), None).scores(Scale(1.0, 1), np.ones(1))[0]
    density = parzen.kde([1.0, 2.0], bandwidth=1.0)
    assert logs[0] == pytest.approx(density.logpdf(0.0), rel=1e-12)
