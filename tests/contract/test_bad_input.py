"""Each wrong input has one clear error, the same at all three front doors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError

from parzen import (
    BandwidthError,
    CapabilityError,
    DataError,
    KernelDensity,
    ParzenError,
    Reflect,
    ShapeError,
    UnknownNameError,
    WeightError,
    kde,
    select_bandwidth,
)

NAN, INF = np.nan, np.inf
X = np.array([1.0, 2.0, 4.0, 7.0])
X2 = np.column_stack((X, [3.0, 1.0, 5.0, 2.0]))


def fit(x, *, weights=None, **keywords):
    """Fit the estimator as kde is called."""
    return KernelDensity(**keywords).fit(x, sample_weight=weights)


def caught(kind, call, *arguments, **keywords):
    """Call, and return the error, which must be of this kind."""
    with pytest.raises(kind) as error:
        call(*arguments, **keywords)
    if isinstance(error.value, ParzenError):
        assert error.value.__cause__ is None
    return error.value


# --- data -----------------------------------------------------------------------------

DATA = {
    # x, error of kde and select_bandwidth, part of its text
    "nan": ([1.0, NAN, 2.0], DataError, "finite; got nan at row 1"),
    "infinity": ([[1.0, 2.0], [3.0, -INF]], DataError, "got -inf at row 1, column 1"),
    "missing": (pd.Series([1, pd.NA], dtype="Int64"), DataError, "got nan at row 1"),
    "null": (pl.Series([1.0, None]), DataError, "got nan at row 1"),
    "empty": ([], ShapeError, "at least one point; got shape (0,)"),
    "no rows": (np.empty((0, 2)), ShapeError, "got shape (0, 2)"),
    "no columns": (np.empty((2, 0)), ShapeError, "got shape (2, 0)"),
    "0-d": (5.0, ShapeError, "(n,) or (n, d); got ()"),
    "3-d": (np.ones((2, 2, 2)), ShapeError, "got (2, 2, 2)"),
    "ragged": ([[1.0, 2.0], [3.0]], ShapeError, "rectangular"),
    "complex": (np.array([1j, 2.0]), DataError, "real; got complex"),
    "sparse": (scipy.sparse.csr_array(np.eye(3)), DataError, "toarray()"),
    "objects": (np.array([1.0, "a"], object), DataError, "'a' of type str at 1"),
    "text": (np.array(["a", "b"]), DataError, "numeric; got dtype <U1"),
    "numbers as text": (np.array(["1", "2"]), DataError, "numeric; got dtype <U1"),
    "dates": (pd.date_range("2020-01-01", periods=3), DataError, "datetime64"),
    "durations": (np.array([1, 2, 4], "m8[s]"), DataError, "timedelta64"),
    "masked": (np.ma.array(X, mask=[0, 1, 0, 0]), DataError, "masked entries; got 1"),
    "masked rows": (np.ma.array(X2, mask=X2 > 6), DataError, "masked entries; got 1"),
    "a table with text": (pd.DataFrame([[1, "x"]]), DataError, "'x' of type str"),
    "beyond floats": ([10**400, 1], DataError, "x"),
    "none": (None, DataError, "NoneType"),
}
each_data = pytest.mark.parametrize(
    ("x", "kind", "text"), DATA.values(), ids=list(DATA)
)


@pytest.mark.parametrize("call", [kde, select_bandwidth])
@each_data
def test_data_are_refused_by_the_functions(call, x, kind, text):
    """Argument, rule, value and remedy in the text, and the type says what is wrong."""
    error = caught(kind, call, x)
    assert type(error) is kind
    assert str(error).startswith("`x` must ")
    assert text in str(error)
    # rule; value. Remedy.
    assert str(error).count(". ") >= 1


@each_data
def test_data_are_refused_by_the_estimator(x, kind, text):  # noqa: ARG001 - one table
    """In scikit-learn's words where its validation finds them first; never accepted."""
    error = caught((ValueError, TypeError), fit, x, bandwidth=1.0)
    if isinstance(error, TypeError):
        # scikit-learn's check demands this type for sparse data
        assert "dense" in str(error)


@each_data
def test_data_are_refused_as_queries_of_the_estimator(x, kind, text):  # noqa: ARG001
    """What cannot be fitted cannot be scored, with one feature or two."""
    for data in (X, X2):
        model = fit(data, bandwidth=1.0)
        caught((ValueError, TypeError), model.score_samples, x)


# --- weights --------------------------------------------------------------------------

WEIGHTS = {
    "negative": ([1, -0.2, 1, 1], WeightError, "non-negative; got -0.2 at index 1"),
    "all zero": ([0, 0, 0, 0], WeightError, "positive sum; all are zero"),
    "nan": ([1, 1, NAN, 1], WeightError, "finite; got nan at index 2"),
    "infinite": ([1, 1, 1, INF], WeightError, "finite; got inf at index 3"),
    "too few": ([1, 1], WeightError, "shape (4,); got (2,)"),
    "too many": ([1] * 5, WeightError, "shape (4,); got (5,)"),
    "none at all": ([], WeightError, "shape (4,); got (0,)"),
    "a column": (np.ones((4, 1)), WeightError, "shape (4,); got (4, 1)"),
    "complex": ([1j, 1, 1, 1], DataError, "real; got complex"),
    "text": (["a"] * 4, DataError, "numeric; got dtype <U1"),
    "masked": (np.ma.array([1.0] * 4, mask=[1, 0, 0, 0]), DataError, "masked entries"),
    "dates": (np.array(["2020-01-01"] * 4, "M8[D]"), DataError, "datetime64"),
    "sparse": (scipy.sparse.csr_array(np.ones((4, 1))), DataError, "dense"),
    "ragged": ([[1], [1, 2], 1, 1], (ShapeError, WeightError), "rectangular"),
}
each_weighting = pytest.mark.parametrize(
    ("weights", "kind", "text"), WEIGHTS.values(), ids=list(WEIGHTS)
)


@pytest.mark.parametrize("call", [kde, select_bandwidth])
@each_weighting
def test_weights_are_refused_by_the_functions(call, weights, kind, text):
    """The place of the first wrong one is shown."""
    error = caught(kind, call, X, weights=weights)
    assert str(error).startswith("`weights` must ")
    assert text in str(error)


@pytest.mark.parametrize("call", [kde, fit])
@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([-1, -1, 1, 1], "positive sum; got 0. "),
        ([-1, -1, 1, 0.5], "positive sum; got -0.5. "),
        ([0.1, 0.2, -0.3, 0], "positive sum; got "),
        ([0, 0, 0, 0], "positive sum; all are zero"),
        ([1, NAN, -0.5, 1], "finite; got nan at index 1"),
    ],
    ids=["none left", "negative", "rounding only", "all zero", "nan"],
)
def test_signed_weights_need_a_positive_sum(call, weights, text):
    """Negative ones are allowed where asked for; what is left over must be mass."""
    error = caught(
        WeightError, call, X, weights=weights, bandwidth=1.0, signed_weights=True
    )
    name = "weights" if call is kde else "sample_weight"
    assert str(error).startswith(f"`{name}` must ")
    assert text in str(error)


@each_weighting
def test_weights_are_refused_by_the_estimator(weights, kind, text):  # noqa: ARG001
    """Never accepted, masked or dated ones included."""
    error = caught((ValueError, TypeError), fit, X, weights=weights, bandwidth=1.0)
    if isinstance(error, TypeError):
        # scikit-learn's type for sparse data
        assert "dense" in str(error)


# --- bandwidth ------------------------------------------------------------------------

ADAPTIVE = ["adaptive_zfit", "adaptive_geom", "adaptive_std"]
BANDWIDTHS = {
    "zero": (X, 0, BandwidthError, "positive; got 0"),
    "negative": (X, -1.0, BandwidthError, "positive; got -1.0"),
    "nan": (X, NAN, BandwidthError, "finite; got nan"),
    "infinite": (X, INF, BandwidthError, "finite; got inf"),
    "boolean": (X, True, BandwidthError, "True"),
    "two for one axis": (X, [1.0, 2.0], BandwidthError, "got shape (2,)"),
    "too few for the points": (X, np.ones(3), BandwidthError, "got shape (3,)"),
    "a column of widths": (X, np.ones((4, 1)), BandwidthError, "got shape (4, 1)"),
    "a point has none": (X, [1, 2, 0, 1], BandwidthError, "positive; got 0.0 at row 2"),
    "a point has inf": (X, [1, 2, INF, 1], BandwidthError, "finite; got [1, 2, inf"),
    "one too few in 2-D": (X2, np.ones(3), BandwidthError, "each of the 4 points"),
    "one for two axes": (X2, [1.0], BandwidthError, "got shape (1,)"),
    "an axis is zero": (X2, [1.0, 0.0], BandwidthError, "got 0.0 at axis 1"),
    "wrong matrix": (X2, np.eye(3), BandwidthError, "got shape (3, 3)"),
    "not symmetric": (X2, [[1, 0.5], [0.2, 1]], BandwidthError, "symmetric; got [[1"),
    "not definite": (X2, [[1, 2], [2, 1]], BandwidthError, "positive definite"),
    "ragged": (X2, [[1, 0], [0]], BandwidthError, "2 x 2 covariance matrix"),
    "unknown": (X, "silvermann", UnknownNameError, "Did you mean 'silverman'"),
    "capital": (X, "Scott", UnknownNameError, "Did you mean 'scott'"),
    "number as text": (X, "1.0", UnknownNameError, "got '1.0'"),
    "complex": (X, 1j, BandwidthError, "each of the 4 points, or one of 'auto', "),
    "complex in 2-D": (X2, 1j, BandwidthError, "each of the 4 points, or one of"),
    "complex of one point": ([3.0], 1j, BandwidthError, "a positive number, or one of"),
    "a function's": (X, lambda _x, _w: -1.0, BandwidthError, "positive; got -1.0"),
    "too small": (X, 1e-320, BandwidthError, "too small"),
    "beyond floats": (X, 10**400, (BandwidthError, DataError), "bandwidth"),
}


@pytest.mark.parametrize("call", [kde, fit])
@pytest.mark.parametrize(
    ("x", "bandwidth", "kind", "text"), BANDWIDTHS.values(), ids=list(BANDWIDTHS)
)
def test_bandwidths_are_refused(call, x, bandwidth, kind, text):
    """With the rule and the value, at both doors in the same words."""
    error = caught(kind, call, x, bandwidth=bandwidth)
    assert str(error).startswith("`bandwidth` ")
    assert text in str(error)


def select(x, *, bandwidth):
    """Call the selector as kde is called."""
    return select_bandwidth(x, bandwidth)


@pytest.mark.parametrize("call", [kde, fit, select])
@pytest.mark.parametrize("rule", ["auto", "isj", *ADAPTIVE])
@pytest.mark.parametrize(
    ("x", "text"),
    [
        ([3.0], "at least two points; got n = 1"),
        ([3.0, 3.0, 3.0], "vary; all 3 points are 3"),
    ],
    ids=["one point", "constant"],
)
def test_degenerate_data_have_no_bandwidth_from_the_data(call, x, rule, text):
    """The default, plug-in and adaptive rules say so as the rules of thumb do."""
    error = caught(BandwidthError, call, x, bandwidth=rule)
    assert text in str(error)
    assert "`bandwidth` as a number" in str(error)


@pytest.mark.parametrize("call", [kde, fit, select])
@pytest.mark.parametrize("rule", ["isj", *ADAPTIVE])
def test_rules_of_one_dimension_refuse_more(call, rule):
    """By name, with those that can."""
    error = caught(CapabilityError, call, X2, bandwidth=rule)
    assert f"{rule!r} serves one dimension; the data have 2. Use " in str(error)


@pytest.mark.parametrize("call", [kde, fit, select])
@pytest.mark.parametrize("rule", ["silverman", "scott", "normal_reference"])
@pytest.mark.parametrize(
    ("x", "text"),
    [
        ([3.0], "at least two points; got n = 1"),
        ([3.0, 3.0, 3.0], "vary; all 3 points are 3"),
        (np.column_stack((X, np.ones(4))), "column 1 is constant at 1"),
        (np.column_stack((X, 2 * X)), "full rank"),
        (np.eye(3), "more than 3 points; got n = 3"),
    ],
    ids=["one point", "constant", "a constant column", "dependent columns", "n <= d"],
)
def test_degenerate_data_have_no_bandwidth_by_rule(call, x, rule, text):
    """A clear error with the way out, never NaN."""
    error = caught(BandwidthError, call, x, bandwidth=rule)
    assert text in str(error)
    assert "`bandwidth` as a number" in str(error)


def test_a_constant_column_is_called_by_its_name():
    """Where the data have names."""
    frame = pd.DataFrame({"height": X, "year": 2020.0})
    for call in (kde, fit, select):
        error = caught(BandwidthError, call, frame, bandwidth="scott")
        assert "'year' is constant" in str(error)


# --- the other arguments --------------------------------------------------------------

KEYWORDS = {
    "kernel": ({"kernel": "gausian"}, UnknownNameError, "Did you mean 'gaussian'"),
    "kernel None": ({"kernel": None}, UnknownNameError, "got None"),
    "kernel class": ({"kernel": object}, UnknownNameError, "got <class"),
    "method": ({"method": "ftt"}, UnknownNameError, "Did you mean 'fft'"),
    "method number": ({"method": 1}, UnknownNameError, "got 1."),
    "binning": ({"binning": "liner"}, UnknownNameError, "Did you mean 'linear'"),
    "binning None": ({"binning": None}, UnknownNameError, "got None"),
    "rtol": ({"rtol": -1.0}, ParzenError, "finite number >= 0; got -1.0"),
    "rtol nan": ({"rtol": NAN}, ParzenError, "got nan"),
    "rtol text": ({"rtol": "small"}, ParzenError, "got 'small'"),
    "atol": ({"atol": -1e-9}, ParzenError, "got -1e-09"),
    "atol None": ({"atol": None}, ParzenError, "got None"),
    "grid_size": ({"grid_size": 1}, ParzenError, "integer >= 2; got 1"),
    "grid_size float": ({"grid_size": 99.0}, ParzenError, "got 99.0"),
    "grid_size axes": ({"grid_size": (9, 9)}, ShapeError, "got (9, 9)"),
    "grid_size huge": ({"grid_size": 1 << 50, "method": "fft"}, ShapeError, "GiB"),
    "n_jobs": ({"n_jobs": 0}, ParzenError, "non-zero integer or None; got 0"),
    "n_jobs float": ({"n_jobs": 1.5}, ParzenError, "got 1.5"),
    "kernel of no use": ({"kernel": len}, ShapeError, "(2, 3) into ()"),
    "adjust": ({"adjust": 0}, ParzenError, "finite number > 0; got 0"),
    "adjust nan": ({"adjust": NAN}, ParzenError, "got nan"),
    "adjust text": ({"adjust": "2"}, ParzenError, "got '2'"),
    "signed_weights": ({"signed_weights": 1}, ParzenError, "True or False; got 1"),
    "signed_weights None": ({"signed_weights": None}, ParzenError, "got None"),
    "bounds": ({"bounds": (7, 0)}, DataError, "rising ends; got (7, 0)"),
    "bounds empty": ({"bounds": (1, 1)}, DataError, "rising ends; got (1, 1)"),
    "bounds nan": ({"bounds": (0, NAN)}, DataError, "rising ends; got (0, nan)"),
    "bounds number": ({"bounds": 5}, ShapeError, "a pair (lower, upper); got 5"),
    "bounds text": ({"bounds": "half"}, ShapeError, "got 'half'"),
    "bounds one end": ({"bounds": (0,)}, ShapeError, "(lower, upper); got "),
    "bounds overlap": ({"bounds": [(0, 3), (2, 8)]}, DataError, "do not overlap"),
    "bounds of nothing": (
        {"bounds": (10, 20), "outside": "drop"},
        DataError,
        "none of the 4 points lies in [10, 20]",
    ),
    "boundary": ({"boundary": "reflct"}, UnknownNameError, "Did you mean 'reflect'"),
    "boundary number": ({"boundary": 3}, UnknownNameError, "got 3."),
    "boundary class": ({"boundary": Reflect}, UnknownNameError, "got <class"),
    "outside": ({"outside": "dropp"}, UnknownNameError, "Did you mean 'drop'"),
    "outside None": ({"outside": None}, UnknownNameError, "got None"),
}


@pytest.mark.parametrize("call", [kde, fit])
@pytest.mark.parametrize(
    ("keywords", "kind", "text"), KEYWORDS.values(), ids=list(KEYWORDS)
)
def test_keywords_are_refused(call, keywords, kind, text):
    """The argument is named, with its rule, its value and the way out."""
    error = caught(kind, call, X, bandwidth=1.0, **keywords)
    assert type(error) is kind
    if kind is not CapabilityError:
        assert str(error).startswith(f"`{next(iter(keywords))}` must ")
    assert text in str(error)


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("fft", "1, 2 or 3 dimensions; the data have 4"),
        ("grid", "1, 2 or 3 dimensions; the data have 4"),
        ("diffusion", "one dimension; the data have 4"),
    ],
)
def test_the_grid_serves_three_dimensions_at_most(method, text):
    """An engine named by hand that cannot answer is an error with the alternatives."""
    x = np.random.default_rng(1).normal(size=(20, 4))
    for call in (kde, fit):
        error = caught(CapabilityError, call, x, method=method)
        assert text in str(error)
        assert "Use 'direct', 'tree' or 'auto'" in str(error)


HALF, PAIR = [(0, 8), None], [(0, 3), (3.5, 8)]
BOUNDARIES = {
    # x, bounds, boundary, error, part of its text
    "reflect without": (X, None, "reflect", CapabilityError, "`bounds`; got None"),
    "Reflect without": (X, None, Reflect(), CapabilityError, "`bounds`; got None"),
    "reflect the line": (X, (None, INF), "reflect", CapabilityError, "needs `bounds`"),
    "half a period": (X, (0, None), "periodic", CapabilityError, "finite `bounds`"),
    "an axis open": (X2, HALF, "periodic", CapabilityError, "finite `bounds`"),
    "linear in 2-D": (X2, HALF, "linear", CapabilityError, "have 2 dimensions"),
    "renormalize 2-D": (X2, HALF, "renormalize", CapabilityError, "have 2 dimensions"),
    "two periods": (X, PAIR, "periodic", CapabilityError, "a single range"),
    "two transforms": (X, PAIR, "transform", CapabilityError, "a single range"),
    "on the bound": (X, (1, 8), "transform", DataError, "the first is [1.0]"),
    "one pair for two": (X2, (0, 8), None, ShapeError, "each of the 2 axes"),
    "one for two axes": (X2, [(0, 8)], None, ShapeError, "each of the 2 axes"),
    "an axis falls": (X2, [(0, 8), (9, 1)], None, DataError, "got (9, 1)"),
    **{
        f"outside {name}": (X, (2, 8), name, DataError, "1 of 4 points do, the first")
        for name in ("reflect", "linear", "renormalize", "transform")
    },
}


@pytest.mark.parametrize("call", [kde, fit])
@pytest.mark.parametrize("case", BOUNDARIES)
def test_boundaries_that_cannot_be_are_refused(call, case):
    """What bounds, dimension or data do not allow, with the argument and a remedy."""
    x, bounds, boundary, kind, text = BOUNDARIES[case]
    error = caught(kind, call, x, bandwidth=1.0, bounds=bounds, boundary=boundary)
    assert type(error) is kind
    name = "`bounds` must" if boundary is None else f"boundary={boundary!r} "
    assert str(error).startswith(name)
    assert text in str(error)
    # rule; value. Remedy.
    assert str(error).count(". ") >= 1


@pytest.mark.parametrize("fraction", [-0.1, 1.1, NAN, "all", None, True], ids=str)
def test_fractions_of_a_reflection_are_refused(fraction):
    """When they are written down, before there are any data."""
    for name in ("lower", "upper"):
        error = caught(ParzenError, Reflect, **{name: fraction})
        assert str(error).startswith(f"`{name}` must be a fraction between 0 and 1")


@pytest.mark.parametrize("kernel", ["gausian", "Gaussian", "triangel", "epanechnikof"])
def test_select_bandwidth_refuses_unknown_kernels(kernel):
    """With the nearest that there is."""
    error = caught(UnknownNameError, select_bandwidth, X, kernel=kernel)
    assert "Did you mean" in str(error)


@pytest.mark.parametrize(
    "call",
    [
        lambda: KernelDensity("gaussian"),
        lambda: KernelDensity(bandwith=1.0),
        lambda: kde(X, X),
        lambda: kde(X, bandwith=1.0),
        kde,
        lambda: select_bandwidth(X, "auto", X),
    ],
    ids=[
        "estimator by position",
        "estimator typo",
        "kde by position",
        "kde typo",
        "kde without data",
        "select by position",
    ],
)
def test_only_the_data_go_by_position(call):
    """Everything else is a keyword, and a typo is no keyword."""
    with pytest.raises(TypeError, match="argument"):
        call()


# --- after the fit --------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.score_samples(X2),
        lambda model: model.score(X2),
        lambda model: model.sample(),
    ],
    ids=["score_samples", "score", "sample"],
)
def test_an_unfitted_estimator_says_so(ask):
    """scikit-learn's NotFittedError, before any look at the data."""
    with pytest.raises(NotFittedError, match="not fitted yet"):
        ask(KernelDensity())


@pytest.mark.parametrize(
    ("q", "text"),
    [
        (np.ones((3, 1)), "1 features, but KernelDensity is expecting 2"),
        (np.ones((3, 3)), "3 features, but KernelDensity is expecting 2"),
        ([[1.0, NAN]], "NaN"),
        ([[1.0, INF]], "infinity"),
        ([1.0, 2.0], "Expected 2D array, got 1D"),
        (np.empty((0, 2)), "0 sample"),
        (np.array([[1j, 0]]), "Complex"),
    ],
    ids=["one feature", "three", "nan", "infinite", "1-d", "empty", "complex"],
)
def test_queries_of_the_estimator_follow_scikit_learn(q, text):
    """Same rule, same words as its own estimators."""
    model = fit(X2, bandwidth=1.0)
    assert text in str(caught(ValueError, model.score_samples, q))


@pytest.mark.parametrize("n_samples", [-1, 1.5, "3", True, (2, 2), None], ids=str)
def test_wrong_numbers_of_samples_are_refused(n_samples):
    """A whole number, not negative; the argument is called n_samples here."""
    error = caught(ParzenError, fit(X, bandwidth=1.0).sample, n_samples)
    assert str(error).startswith("`n_samples` must be an integer >= 0; got ")


@pytest.mark.parametrize("state", ["a", 1.5, -1], ids=str)
def test_wrong_seeds_are_refused(state):
    """By NumPy or scikit-learn, as everywhere."""
    model = fit(X, bandwidth=1.0)
    caught(ValueError, model.sample, random_state=state)
    caught((ValueError, TypeError), model.density_.sample, rng=state)


@pytest.mark.parametrize(
    ("x", "weights"),
    [
        (np.array([1e308, -1e308, 3e307]), None),
        (np.array([5e-324, 1e-323, 2e-323]), None),
        (np.array([1.0, 2.0, 4.0]), np.array([1e308, 1e-308, 5e-324])),
        (1e16 + np.array([0.0, 2.0, 4.0, 8.0]), None),
        (np.array([[1e300, 1e-300], [2e300, 3e-300], [5e300, 2e-300]]), None),
    ],
    ids=["largest", "smallest", "weights", "offset", "mixed"],
)
def test_extreme_numbers_work_or_have_one_clear_error(x, weights):
    """At the ends of the range: an answer without NaN, or a ParzenError; no warning."""
    try:
        density = kde(x, weights=weights)
    except ParzenError as error:
        assert len(str(error)) > 40  # noqa: PT017 - either outcome is fine
    else:
        assert not np.isnan(density.logpdf(x)).any()
