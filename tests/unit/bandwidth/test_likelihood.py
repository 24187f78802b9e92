"""Likelihood cross-validation: its criterion, its optimum, and its traps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.model_selection import KFold

from parzen import (
    BandwidthError,
    BinnedSample,
    CapabilityError,
    ConvergenceWarning,
    kde,
    select_bandwidth,
)
from tests import reference

RNG = np.random.default_rng(21)
X = np.concatenate([RNG.normal(-2, 0.5, 120), RNG.normal(1, 1.0, 80)])
W = RNG.uniform(0.1, 2.0, 200)
PLANE = RNG.normal(size=(150, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])


def criterion(x, h, weights=None, kernel="gaussian"):
    """Weighted mean log density of each point by all the others, all pairs."""
    x = x.reshape(len(x), -1)
    n = len(x)
    w = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    logs = [
        reference.log_density(
            np.delete(x, i, axis=0), x[[i]], h, kernel, weights=np.delete(w, i)
        )[0]
        for i in range(n)
    ]
    return float(np.average(logs, weights=w))


@pytest.mark.parametrize("weights", [None, W], ids=["equal", "weighted"])
def test_the_optimum_on_a_line(weights):
    """That of the criterion over all pairs."""
    result = select_bandwidth(X, "likelihood", weights=weights)
    found = minimize_scalar(
        lambda h: -criterion(X, h, weights),
        bounds=(0.05, 1.0),
        method="bounded",
        options={"xatol": 1e-7},
    )
    assert result.converged
    assert result.value == pytest.approx(found.x, rel=3e-5)
    at = np.argmin(np.abs(result.candidates - 0.4))
    expected = criterion(X, result.candidates[at], weights)
    assert result.scores[at] == pytest.approx(expected, rel=1e-11)
    assert (np.diff(result.candidates) > 0).all()


@pytest.mark.parametrize("matrix", ["scaled", "isotropic", "diagonal", "full"])
def test_no_neighbour_of_the_optimum_is_better(matrix):
    """In the plane, for each shape of the bandwidth."""
    value = select_bandwidth(PLANE, "likelihood", matrix=matrix).value
    best = criterion(PLANE, value)
    tilt = np.array([[1.0, 0.03], [0.03, 1.0]])
    moves = {
        "scaled": [0.98, 1.02],
        "isotropic": [0.98, 1.02],
        "diagonal": [np.array([0.98, 1.0]), np.array([1.0, 1.02])],
        "full": [0.97, 1.03, tilt, np.array([[1.03, 1.0], [1.0, 1.0]])],
    }[matrix]
    for move in moves:
        assert criterion(PLANE, value * move) < best


def test_richer_shapes_have_higher_likelihoods():
    """A matrix contains the widths, and those the one width."""
    scores = [
        criterion(PLANE, select_bandwidth(PLANE, "likelihood", matrix=name).value)
        for name in ("isotropic", "diagonal", "full")
    ]
    assert scores[0] < scores[1] < scores[2]


def test_scores_of_matrices_are_in_units_of_the_data():
    """The search is in other coordinates, its scores are not."""
    result = select_bandwidth(PLANE * 1000.0, "likelihood")
    at = int(np.argmax(result.scores))
    expected = criterion(PLANE * 1000.0, result.candidates[at])
    assert result.scores[at] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "cauchy"])
def test_candidates_are_scored_with_the_kernel_itself(kernel):
    """In rising order, and nothing else is tried."""
    some = [0.8, 0.2, 0.4]
    result = select_bandwidth(X, "likelihood", candidates=some, kernel=kernel)
    expected = [criterion(X, h, kernel=kernel) for h in sorted(some)]
    np.testing.assert_array_equal(result.candidates, sorted(some))
    np.testing.assert_allclose(result.scores, expected, rtol=1e-11)
    assert result.value == sorted(some)[int(np.argmax(expected))]


def test_folds_of_a_splitter():
    """The mean over all points held out, weighted by the sizes of the folds."""
    folds = KFold(3, shuffle=True, random_state=0)
    result = select_bandwidth(X, "likelihood", candidates=[0.4], folds=folds)
    logs = [
        kde(X[train], bandwidth=0.4).logpdf(X[test]) for train, test in folds.split(X)
    ]
    assert result.scores[0] == pytest.approx(np.concatenate(logs).mean(), rel=1e-12)


def test_lonely_points_of_compact_kernels_are_named():
    """A score of -inf is said; the optimum is the Gaussian one, converted."""
    x = np.append(X, 50.0)
    result = select_bandwidth(
        x, "likelihood", candidates=[1.0, 60.0], kernel="biweight"
    )
    assert result.scores[0] == -np.inf
    assert result.value == 60.0
    assert "1 of them leave some point out of reach" in result.note
    with pytest.warns(ConvergenceWarning, match="out of reach of all others"):
        bad = select_bandwidth(
            x, "likelihood", candidates=[0.5, 1.0], kernel="biweight"
        )
    assert not bad.converged
    assert bad.value == 1.0
    free = select_bandwidth(X, "likelihood", kernel="biweight")
    ratio = free.kernel.bandwidth_ratio(1)
    gaussian = select_bandwidth(X, "likelihood").value
    assert free.value == pytest.approx(ratio * gaussian, rel=1e-13)


@pytest.mark.parametrize("copies", [2, 5])
@pytest.mark.parametrize("x", [X, PLANE], ids=["line", "plane"])
def test_repeated_points_do_not_narrow_it(x, copies):
    """Each would be predicted by its copies, the better the narrower the kernel."""
    once = select_bandwidth(x, "likelihood").value
    result = select_bandwidth(np.concatenate([x] * copies), "likelihood")
    np.testing.assert_allclose(result.value, once, rtol=1e-3)
    assert "tied points left out together" in result.note


@pytest.mark.parametrize("step", [0.03, 0.1, 0.2])
@pytest.mark.parametrize("n", [1000, 100_000])
def test_rounded_points_do_not_narrow_it(n, step):
    """Their spikes have a likelihood of their own, which is not looked for."""
    x = np.random.default_rng(4).normal(size=n)
    exact = select_bandwidth(x, "likelihood").value
    rounded = select_bandwidth(np.round(x / step) * step, "likelihood").value
    assert 0.5 * step <= rounded
    # rounding widens the data; beyond a step of the bandwidth little is left to see
    assert rounded == pytest.approx(exact, rel=0.15 if step < exact else 0.9)


@pytest.mark.parametrize("outlier", [1e3, 1e6])
def test_the_outermost_points_may_ask_for_a_wide_kernel(outlier):
    """The search goes up as far as it needs: a grid finds nothing better."""
    x = np.append(np.random.default_rng(0).normal(size=500), outlier)
    result = select_bandwidth(x, "likelihood")
    assert result.converged
    grid = np.geomspace(0.01 * result.value, 100 * result.value, 41)
    best = select_bandwidth(x, "likelihood", candidates=grid)
    assert result.scores.max() >= best.scores.max() - 1e-9


def test_equivariance():
    """Units, offsets, order and the scale of weights; rotations of the plane."""
    h = select_bandwidth(X, "likelihood", weights=W).value
    moved = select_bandwidth(X[::-1] * 8.0 + 100.0, "likelihood", weights=W[::-1] * 3)
    assert moved.value == pytest.approx(8.0 * h, rel=1e-5)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    value = select_bandwidth(PLANE, "likelihood").value
    turned = select_bandwidth(PLANE @ turn.T, "likelihood").value
    np.testing.assert_allclose(turned, turn @ value @ turn.T, rtol=1e-4)


def test_two_points_suffice():
    """Their distance is the optimum."""
    assert select_bandwidth([0.0, 3.0], "likelihood").value == pytest.approx(3.0, 1e-4)


@pytest.mark.parametrize(
    ("x", "error", "text", "options"),
    [
        ([1.0], BandwidthError, "at least two points", {}),
        ([1.0, 1.0, 1.0], BandwidthError, "data that vary", {}),
        (BinnedSample.of(X), CapabilityError, "leaves out points", {}),
        (X, CapabilityError, "`pilot` is no option", {"pilot": 1.0}),
        (X, BandwidthError, "positive and finite", {"candidates": [1.0, -1.0]}),
        (X, CapabilityError, "several dimensions", {"matrix": "full"}),
        (PLANE, CapabilityError, "one width", {"candidates": np.ones((4, 2))}),
    ],
)
def test_what_it_cannot_do_is_said(x, error, text, options):
    """With the remedy."""
    with pytest.raises(error, match=text):
        select_bandwidth(x, "likelihood", **options)


def test_signed_weights_have_no_likelihood():
    """Their density may be negative."""
    w = np.where(np.arange(200) % 9, 1.0, -0.2)
    with pytest.raises(BandwidthError, match="non-negative weights"):
        select_bandwidth(X, "likelihood", weights=w, signed_weights=True)
