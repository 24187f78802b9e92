from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from parzen import (
    BandwidthResult,
    LocalBandwidth,
    Selector,
    kde,
    select_bandwidth,
)
from parzen.bandwidth.rules import RULES
from parzen.bandwidth.selector import SELECTORS
from parzen.errors import BandwidthError, CapabilityError, UnknownNameError
from parzen.kernels import Kernel, kernel_names
from parzen.sample import Sample

X1 = np.random.default_rng(1).normal(size=60)
X2 = np.random.default_rng(2).normal(size=(60, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
# two modes, so that every criterion has its minimum inside
WIDE = np.concatenate([X1 - 2.0, np.random.default_rng(4).normal(3.0, 0.5, size=90)])
W = np.random.default_rng(3).uniform(0.1, 2, 60)


@pytest.mark.parametrize("x", [X1, X2], ids=["1-D", "2-D"])
@pytest.mark.parametrize("method", RULES)
def test_the_door_leads_to_the_rules(method, x):
    """For the Gaussian the value is the rule's own, weights included."""
    result = select_bandwidth(x, method, weights=W)
    np.testing.assert_array_equal(result.value, RULES[method](Sample.of(x, W)))
    assert result.method == method
    assert result.converged
    assert result.kernel == Kernel("gaussian")
    assert result.n_eff == pytest.approx(W.sum() ** 2 / (W**2).sum(), rel=1e-13)


def test_auto_says_what_it_picked():
    """The rule is recorded, not the word "auto": isj in 1-D, Silverman's above."""
    for x, rule in ((X1, "isj"), (X2, "silverman")):
        result = select_bandwidth(x)
        assert result.method == rule
        assert result.converged
        np.testing.assert_array_equal(result.value, select_bandwidth(x, rule).value)
        assert "default" in result.note
        assert "name" in select_bandwidth(x, rule).note


def test_the_names_are_these():
    """A new selector is a new name here."""
    assert SELECTORS == (
        "auto",
        "silverman",
        "scott",
        "normal_reference",
        "isj",
        "likelihood",
        "ucv",
        "bcv",
        "scv",
        "sheather_jones",
        "plugin",
        "abramson",
        "knn",
        "adaptive_zfit",
        "adaptive_geom",
        "adaptive_std",
    )


@pytest.mark.parametrize("x", [X1, X2], ids=["1-D", "2-D"])
@pytest.mark.parametrize("kernel", kernel_names())
def test_other_kernels_get_their_canonical_share(kernel, x):
    """H times the ratio of canonical bandwidths, H times its square; it is noted."""
    gaussian = select_bandwidth(x)
    result = select_bandwidth(x, kernel=kernel)
    d = 1 if x.ndim == 1 else x.shape[1]
    ratio = Kernel(kernel).bandwidth_ratio(d)
    np.testing.assert_allclose(
        result.value, gaussian.value * (ratio if d == 1 else ratio**2), rtol=1e-14
    )
    assert result.kernel == Kernel(kernel)
    assert (kernel in result.note) == (kernel != "gaussian")


def test_the_epanechnikov_bandwidth_is_the_textbooks():
    """2.2138 times the Gaussian one (Marron and Nolan 1988: 1.7188 / 0.7764)."""
    ratio = (
        select_bandwidth(X1, kernel="epanechnikov").value / select_bandwidth(X1).value
    )
    assert ratio == pytest.approx(1.7188 / 0.7764, rel=1e-4)


@pytest.mark.parametrize("x", [X1, X2], ids=["1-D", "2-D"])
@pytest.mark.parametrize("kernel", ["gaussian", "tricube"])
def test_a_density_takes_the_same_bandwidth(x, kernel):
    """kde(bandwidth=rule) and select_bandwidth(rule) are one."""
    density = kde(x, weights=W, bandwidth="scott", kernel=kernel)
    result = select_bandwidth(x, "scott", weights=W, kernel=kernel)
    np.testing.assert_array_equal(density.bandwidth, result.value)
    assert density.bandwidth_result.method == "scott"


def test_one_column_is_one_dimension():
    """(n,) and (n, 1) have the same width, as a float."""
    column = select_bandwidth(X1[:, None]).value
    assert isinstance(column, float)
    assert column == select_bandwidth(X1).value


@pytest.mark.parametrize(
    ("x", "value"),
    [(X1, 0.3), (X2, np.array([0.3, 0.4])), (X2, np.array([[1.0, 0.1], [0.1, 2.0]]))],
    ids=["width", "widths", "matrix"],
)
def test_a_bandwidth_by_hand_is_recorded_as_such(x, value):
    """It is not converted to the kernel: it is the kernel's own scale."""
    result = kde(x, bandwidth=value, kernel="biweight").bandwidth_result
    assert result.method == "manual"
    np.testing.assert_array_equal(result.value, value)


def test_results_are_frozen_and_pickle():
    """Part of an immutable density."""
    result = select_bandwidth(X2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.value = 1.0
    again = pickle.loads(pickle.dumps(result))
    assert isinstance(again, BandwidthResult)
    np.testing.assert_array_equal(again.value, result.value)


GLOBAL = ["likelihood", "ucv", "bcv", "scv", "sheather_jones", "plugin"]


@pytest.mark.parametrize("kernel", ["epanechnikov", "logistic", "cauchy"])
@pytest.mark.parametrize("method", [*GLOBAL, "abramson", "knn"])
def test_every_selector_converts_to_the_kernel(method, kernel):
    """The value and the candidates of its criterion, by the canonical ratio."""
    gaussian = select_bandwidth(WIDE, method)
    result = select_bandwidth(WIDE, method, kernel=kernel)
    ratio = Kernel(kernel).bandwidth_ratio(1)
    np.testing.assert_allclose(result.value, gaussian.value * ratio, rtol=1e-13)
    if gaussian.candidates is not None:
        np.testing.assert_allclose(result.candidates, gaussian.candidates * ratio)
        np.testing.assert_array_equal(result.scores, gaussian.scores)


@pytest.mark.parametrize("method", GLOBAL)
def test_scores_come_with_candidates(method):
    """Rising widths, and the choice among them or between its neighbours."""
    result = select_bandwidth(WIDE, method)
    assert result.converged
    assert isinstance(result.value, float)
    if method in {"sheather_jones", "plugin"}:
        assert result.candidates is None
        return
    assert result.candidates.shape == result.scores.shape
    assert (np.diff(result.candidates) > 0).all()
    assert result.candidates[0] < result.value < result.candidates[-1]


@pytest.mark.parametrize("method", ["ucv", "scv", "plugin", "likelihood"])
@pytest.mark.parametrize(
    ("matrix", "shape"),
    [("full", (2, 2)), ("scaled", (2, 2)), ("diagonal", (2,)), ("isotropic", ())],
)
def test_shapes_of_the_bandwidth(method, matrix, shape):
    """As asked for; a density takes the selector as its bandwidth."""
    result = select_bandwidth(X2, method, matrix=matrix)
    assert np.shape(result.value) == shape
    density = kde(X2, bandwidth=Selector(method, matrix=matrix))
    np.testing.assert_array_equal(density.bandwidth, result.value)
    assert density.bandwidth_result.method == method


@pytest.mark.parametrize("method", ["bcv", "sheather_jones"])
def test_selectors_of_a_line_say_so(method):
    """In the plane, with those that serve it."""
    with pytest.raises(CapabilityError, match="serves one dimension"):
        select_bandwidth(X2, method)


def test_candidates_of_a_criterion_are_widths_of_the_kernel():
    """The best of them, not converted again."""
    some = np.array([0.5, 1.0, 2.0])
    result = select_bandwidth(X1, "ucv", candidates=some, kernel="epanechnikov")
    assert result.value in some
    np.testing.assert_allclose(result.candidates, some, rtol=1e-14)
    ratio = Kernel("epanechnikov").bandwidth_ratio(1)
    gaussian = select_bandwidth(X1, "ucv", candidates=some / ratio)
    np.testing.assert_allclose(result.scores, gaussian.scores, rtol=1e-12)


def test_a_pilot_by_name_number_or_selector():
    """All three are the same pilot."""
    named = select_bandwidth(X1, "abramson", pilot="isj").value
    width = select_bandwidth(X1, "isj").value
    np.testing.assert_array_equal(
        select_bandwidth(X1, "abramson", pilot=width).value, named
    )
    np.testing.assert_array_equal(
        select_bandwidth(X1, "abramson", pilot=Selector("isj")).value, named
    )
    with pytest.raises(UnknownNameError, match="`pilot` must be one of"):
        select_bandwidth(X1, "abramson", pilot="knn")


@pytest.mark.parametrize(
    "options",
    [
        {"method": "isj", "candidates": [1.0]},
        {"method": "ucv", "folds": 5},
        {"method": "ucv", "neighbors": 5},
        {"method": "knn", "pilot": "isj"},
        {"method": "silverman", "matrix": "full"},
    ],
)
def test_options_of_another_method_are_refused(options):
    """With the methods that have them."""
    with pytest.raises(CapabilityError, match=r"is no option of .*, but of '"):
        Selector(**options)


def test_selectors_pickle_and_keep_their_candidates():
    """Read-only, in rising order."""
    one = pickle.loads(pickle.dumps(Selector("ucv", candidates=[2.0, 1.0])))
    np.testing.assert_array_equal(one.candidates, [1.0, 2.0])
    assert not one.candidates.flags.writeable


def test_a_result_is_a_bandwidth():
    """With its method and criterion; for the kernel that it was chosen for."""
    result = select_bandwidth(X1, "ucv", kernel="logistic")
    density = kde(X1, bandwidth=result, kernel="logistic")
    assert density.bandwidth == result.value
    assert density.bandwidth_result.method == "ucv"
    np.testing.assert_array_equal(density.bandwidth_result.scores, result.scores)
    with pytest.raises(BandwidthError, match="chosen for the logistic kernel"):
        kde(X1, bandwidth=result)


@pytest.mark.parametrize("method", ["ucv", "scv", "plugin", "abramson", "knn"])
def test_the_number_of_threads_reaches_every_selector(method, monkeypatch):
    """One thread asked for is one thread used, and the answer is the same."""
    from parzen import parallel

    seen = []
    count = parallel.thread_count
    monkeypatch.setattr(
        parallel, "thread_count", lambda n_jobs: seen.append(n_jobs) or count(n_jobs)
    )
    x = np.random.default_rng(6).normal(size=(1500, 2))
    one = select_bandwidth(x, method, n_jobs=1).value
    assert None not in seen
    two = select_bandwidth(x, method, n_jobs=2).value
    if isinstance(one, LocalBandwidth):
        one, two = one.factors, two.factors
    np.testing.assert_array_equal(one, two)


def test_a_selector_is_a_method():
    """Its options are its own."""
    one = Selector("ucv", candidates=[0.2, 0.4])
    assert select_bandwidth(X1, one).value in {0.2, 0.4}
    with pytest.raises(CapabilityError, match="has its own options"):
        select_bandwidth(X1, one, folds=3)


@pytest.mark.parametrize("method", ["ucv", "knn"])
def test_a_result_shows_itself_in_a_line(method):
    """However many candidates and points there are."""
    text = repr(select_bandwidth(np.tile(WIDE, 20), method))
    assert len(text) < 250
    assert method in text


@pytest.mark.parametrize(
    ("candidates", "text"),
    [
        (-np.eye(2)[None], "positive definite"),
        ([[[1.0, 0.5], [0.0, 1.0]]], "symmetric"),
        ([[[1.0, np.nan], [np.nan, 1.0]]], "positive and finite"),
    ],
)
def test_covariances_to_choose_among_are_checked(candidates, text):
    """As one by hand is."""
    with pytest.raises(BandwidthError, match=text):
        select_bandwidth(X2, "ucv", candidates=candidates)


@pytest.mark.parametrize("pilot", [np.full(60, 0.3), LocalBandwidth(0.3, np.ones(60))])
@pytest.mark.parametrize("x", [X1, X2], ids=["line", "plane"])
def test_a_pilot_is_one_bandwidth_for_all_points(x, pilot):
    """One for each is no pilot."""
    with pytest.raises(BandwidthError, match="one bandwidth for all points"):
        select_bandwidth(x, "abramson", pilot=pilot)


def test_numpys_strings_are_names():
    """A rule picked from an array of names is a rule."""
    assert select_bandwidth(X1, np.str_("scott")).method == "scott"


@pytest.mark.parametrize("method", ["Scott", "silvermann", "ISJ", "", "1.0"])
def test_unknown_rules_are_refused(method):
    """With the list of the rules that exist."""
    with pytest.raises(UnknownNameError, match="'auto', 'silverman', 'scott'"):
        select_bandwidth(X1, method)


def answer(value):
    """A function of the data that returns a value whatever they are."""
    return lambda _x, _weights: value


@pytest.mark.parametrize("method", [None, len, {}, 1j], ids=str)
def test_what_is_no_rule_and_no_width_is_refused(method):
    """The error is about the argument, not about a place in an array or a row."""
    with pytest.raises(UnknownNameError, match=r"^`method` must be one of 'auto'"):
        select_bandwidth(X1, method)
    if method is len:
        # a function is a bandwidth if what it returns is one
        method = answer(method)
    with pytest.raises(BandwidthError, match=r"^`bandwidth` must be a positive number"):
        kde(X1, bandwidth=method)


def test_a_function_is_called_with_the_data_and_their_weights():
    """Once, as they count: without points of no weight, in the shape they came in."""
    calls = []

    def rule(x, weights):
        calls.append((x, weights))
        return 0.25

    weights = W.copy()
    weights[::9] = 0.0
    kept = weights > 0
    for x in (X1, X2):
        result = kde(x, weights=weights, bandwidth=rule).bandwidth_result
        assert (result.value, result.method) == (0.25, "callable")
        assert "function" in result.note
    kde(X1, bandwidth=rule)
    assert len(calls) == 3
    for (x, w), given in zip(calls, (X1, X2), strict=False):
        np.testing.assert_array_equal(x, given[kept])
        np.testing.assert_allclose(w, weights[kept] / weights.sum(), rtol=1e-14)
    assert calls[2][1] is None


@pytest.mark.parametrize(
    ("x", "value"),
    [(X1, np.linspace(0.1, 0.9, 60)), (X2, [0.3, 0.4]), (X2, np.eye(2))],
    ids=["one a point", "widths", "matrix"],
)
def test_a_function_may_return_every_form_of_bandwidth(x, value):
    """What is returned goes the way of what is given."""
    result = kde(x, bandwidth=answer(value)).bandwidth_result
    np.testing.assert_array_equal(result.value, value)
    by_hand, returned = kde(x, bandwidth=value), kde(x, bandwidth=answer(value))
    np.testing.assert_array_equal(returned.pdf(x[:9]), by_hand.pdf(x[:9]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "positive; got 0"),
        (np.nan, "finite; got nan"),
        (np.ones(59), r"each of the 60 points; got shape \(59,\)"),
        ("scott", "must be a positive number"),
        (None, "must be a positive number"),
    ],
    ids=str,
)
def test_what_a_function_returns_is_checked(value, text):
    """As if it had been given."""
    with pytest.raises(BandwidthError, match=f"^`bandwidth` .*{text}"):
        kde(X1, bandwidth=answer(value))
