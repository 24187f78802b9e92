from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse

from parzen.checks import (
    check_bandwidth,
    check_choice,
    check_count,
    check_finite,
    check_grid_size,
    check_points,
    check_queries,
    check_tolerance,
    check_weights,
    real_array,
)
from parzen.errors import (
    BandwidthError,
    DataError,
    ParzenError,
    ShapeError,
    UnknownNameError,
    WeightError,
)

NAN, INF = np.nan, np.inf


def error_of(kind, function, *arguments, **keywords):
    """Call, expect an error of exactly this kind, and return its text."""
    with pytest.raises(kind) as caught:
        function(*arguments, **keywords)
    assert type(caught.value) is kind
    return str(caught.value)


# --- arrays ---------------------------------------------------------------------------

NOT_NUMBERS = {
    "complex": ([1 + 1j, 2.0], "complex128"),
    "text": (["a", "b"], "U1"),
    "numbers as text": (["1.0", "2.0"], "U3"),
    "bytes": ([b"1"], "S1"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "datetime64[D]"),
    "durations": (np.array([1], "m8[s]"), "timedelta64[s]"),
    "records": (np.array([(1, 2.0)], "i8,f8"), "f0"),
    "objects": (np.array([1, "a"], object), "'a' of type str at 1"),
    "objects in rows": (np.array([[1, 2], [3, None]], object), "at (1, 1)"),
    "none": (None, "NoneType"),
    "a dict": ({"a": 1}, "dict"),
    "a generator": ((i for i in range(3)), "generator"),
    "sparse matrix": (scipy.sparse.csr_matrix(np.eye(2)), "sparse csr_matrix"),
    "sparse array": (scipy.sparse.coo_array(np.eye(2)), "sparse coo_array"),
    "masked": (np.ma.array([1.0, 2.0], mask=[False, True]), "got 1"),
}


@pytest.mark.parametrize(
    ("values", "shown"), NOT_NUMBERS.values(), ids=list(NOT_NUMBERS)
)
def test_what_holds_no_numbers_is_refused(values, shown):
    """One DataError that names the argument, shows what is wrong and what to do."""
    text = error_of(DataError, real_array, values, "x")
    assert text.startswith("`x` must ")
    assert shown in text
    assert re.search(r"(Pass|Convert|Drop) ", text)


def test_ragged_rows_are_a_matter_of_shape():
    """Rows of different lengths make a ShapeError."""
    text = error_of(ShapeError, real_array, [[1, 2], [3]], "x")
    assert text.startswith("`x` must be rectangular")


@pytest.mark.parametrize(
    "values",
    [[10**400, 1], np.array(["1", "1e400"], dtype=np.longdouble)],
    ids=["integer", "long double"],
)
def test_numbers_beyond_float64_are_refused(values):
    """A number that float64 cannot hold is an error of the data, not an overflow."""
    if np.asarray(values).dtype == np.float64:
        pytest.skip("this platform has no wider float")
    assert "`x`" in error_of(DataError, check_points, values)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        (1.0, 2.0),
        range(1, 3),
        [True, 2],
        np.array([1, 2], np.uint8),
        np.array([1, 2], np.float16),
        np.array([1, 2], np.longdouble),
        np.array([1, 2], ">i4"),
        np.array([1, Fraction(2)], object),
        np.ma.array([1.0, 2.0]),
        [np.float32(1), np.int8(2)],
    ],
    ids=[
        "list",
        "tuple",
        "range",
        "bool",
        "uint8",
        "half",
        "long",
        "big endian",
        "objects",
        "unmasked",
        "scalars",
    ],
)
def test_real_numbers_become_float64(values):
    """Whatever holds real numbers is converted, in C order."""
    array = real_array(values, "x")
    assert type(array) is np.ndarray
    assert array.dtype == np.dtype("=f8")
    np.testing.assert_array_equal(array, [1.0, 2.0])


def test_the_array_is_new():
    """The caller's array is never handed back."""
    x = np.array([1.0, 2.0])
    assert not np.shares_memory(real_array(x, "x"), x)


def test_decimals_are_named_for_what_they_are():
    """Decimal is no numbers.Real in Python: refused by name, not misread."""
    text = error_of(DataError, real_array, np.array([Decimal("1.5")], object), "x")
    assert "Decimal" in text


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([1.0, NAN], "nan at row 1 (1 such value in all)"),
        ([INF, NAN, 1.0], "inf at row 0 (2 such values in all)"),
        ([[1.0, 2.0], [3.0, -INF]], "-inf at row 1, column 1 (1 such value in all)"),
        (NAN, "nan at its only value"),
    ],
)
def test_the_first_value_that_is_not_finite_is_shown(values, place):
    """Where it is, what it is, and how many more there are."""
    text = error_of(DataError, check_finite, np.array(values), "x")
    assert text.startswith("`x` must be finite; got ")
    assert place in text


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (5.0, "()"),
        (np.ones((2, 2, 2)), "(2, 2, 2)"),
        ([], "(0,)"),
        (np.empty((0, 3)), "(0, 3)"),
        (np.empty((3, 0)), "(3, 0)"),
    ],
    ids=["0-d", "3-d", "empty", "no rows", "no columns"],
)
def test_points_need_rows(values, shape):
    """Anything but (n,) or (n, d) with n, d >= 1 is refused, with its shape."""
    text = error_of(ShapeError, check_points, values)
    assert text.startswith("`x` must ")
    assert shape in text


# --- queries --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (1, 1, 4)], ids=str)
def test_flat_queries_keep_any_shape(shape):
    """A density of 1-D data takes an array of any shape and answers in it."""
    points, answer = check_queries(np.zeros(shape), 1, flat=True)
    assert points.shape == (int(np.prod(shape)), 1)
    assert answer == shape


@pytest.mark.parametrize("lead", [(), (0,), (5,), (2, 3)], ids=str)
@pytest.mark.parametrize("d", [1, 3])
def test_the_last_axis_of_queries_holds_coordinates(lead, d):
    """The answer has the shape of the leading axes."""
    points, answer = check_queries(np.zeros((*lead, d)), d, flat=False)
    assert points.shape == (int(np.prod(lead)), d)
    assert answer == lead


@pytest.mark.parametrize("shape", [(), (2,), (4,), (3, 2), (0,), (3, 0)], ids=str)
def test_queries_with_the_wrong_number_of_coordinates(shape):
    """The error says which shape it wants and which it got."""
    text = error_of(ShapeError, check_queries, np.zeros(shape), 3, flat=False)
    assert "`q` must have 3 coordinates" in text
    assert f"got {shape}" in text


@pytest.mark.parametrize("flat", [True, False])
def test_queries_may_be_infinite_but_not_nan(flat):
    """A density is zero at infinity; at NaN it is nothing."""
    points, _ = check_queries([[INF], [-INF]], 1, flat=flat)
    assert np.isinf(points).all()
    text = error_of(DataError, check_queries, [[0.0], [NAN]], 1, flat=flat)
    assert "`q` must not be NaN; got one at (1, 0)" in text


# --- weights --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1, -0.2, 1], "must be non-negative; got -0.2 at index 1"),
        ([1, 1, NAN], "must be finite; got nan at index 2"),
        ([INF, 1, 1], "must be finite; got inf at index 0"),
        ([0, 0, 0], "must have a positive sum; all are zero"),
        ([1, 1], "one entry per row, shape (3,); got (2,)"),
        ([1, 1, 1, 1], "one entry per row, shape (3,); got (4,)"),
        ([[1], [1], [1]], "one entry per row, shape (3,); got (3, 1)"),
        (1.0, "one entry per row, shape (3,); got ()"),
    ],
)
def test_wrong_weights_are_refused(weights, text):
    """The rule, the value and the place are named."""
    message = error_of(WeightError, check_weights, weights, 3)
    assert message.startswith("`weights` must ")
    assert text in message


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1.0, 1e308])
def test_weights_of_any_scale_are_normalised(scale):
    """Their sum may be below or above the range of floats."""
    np.testing.assert_array_equal(
        check_weights([scale] * 4, 4), np.full(4, 0.25), strict=True
    )


def test_no_weights_stay_none():
    """None means equal weights, without an array."""
    assert check_weights(None, 3) is None


# --- bandwidths -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "d", "expected"),
    [
        (2, 1, 2.0),
        (2, 3, 2.0),
        (np.float32(0.25), 2, 0.25),
        (np.array(0.5), 2, 0.5),
        ([2.0], 1, 2.0),
        ([[4.0]], 1, 2.0),
        ([1.0, 2.0], 2, [1.0, 2.0]),
        ([[1.0, 0.5], [0.5, 2.0]], 2, [[1.0, 0.5], [0.5, 2.0]]),
        ([[1e300, 0.0], [0.0, 1e-300]], 2, [[1e300, 0.0], [0.0, 1e-300]]),
    ],
    ids=str,
)
def test_bandwidths_come_in_three_forms(value, d, expected):
    """A number, a width per axis, or a covariance, which in 1-D is h squared."""
    clean = check_bandwidth(value, d)
    assert isinstance(clean, float) == (np.ndim(expected) == 0)
    np.testing.assert_array_equal(clean, expected)


def test_a_nearly_symmetric_matrix_becomes_symmetric():
    """Rounding in a covariance is not an error of the user."""
    matrix = np.array([[1.0, 0.5], [0.5 + 1e-12, 2.0]])
    clean = check_bandwidth(matrix, 2)
    np.testing.assert_array_equal(clean, clean.T)
    np.testing.assert_allclose(clean, matrix, rtol=1e-11)


@pytest.mark.parametrize(
    ("value", "d", "text"),
    [
        (0, 1, "must be positive; got 0.0"),
        (-1.5, 3, "must be positive; got -1.5"),
        (NAN, 1, "must be finite; got nan"),
        (INF, 1, "must be finite; got inf"),
        ([NAN, 1.0], 2, "must be finite"),
        ([1.0, 0.0], 2, "must be positive on every axis; got 0.0 at axis 1"),
        ([1.0, -2.0], 2, "must be positive on every axis; got -2.0 at axis 1"),
        ([1.0, 2.0], 1, "got shape (2,)"),
        ([1.0], 2, "got shape (1,)"),
        ([], 1, "got shape (0,)"),
        ([[1.0, 2.0]], 2, "got shape (1, 2)"),
        (np.eye(3), 2, "got shape (3, 3)"),
        (np.ones((1, 1, 1)), 1, "got shape (1, 1, 1)"),
        ([[-4.0]], 1, "must be positive"),
        (
            [[1.0, 0.5], [0.2, 1.0]],
            2,
            "must be symmetric; got [[1.0, 0.5], [0.2, 1.0]]",
        ),
        ([[1.0, 2.0], [2.0, 1.0]], 2, "must be positive definite"),
        ([[1.0, 1.0], [1.0, 1.0]], 2, "must be positive definite"),
        ([[0.0, 0.0], [0.0, 0.0]], 2, "must be positive definite"),
        ([[-1.0, 0.0], [0.0, 1.0]], 2, "must be positive definite"),
        (True, 1, "True"),
    ],
    ids=lambda part: str(part).replace("\n", ","),
)
def test_wrong_bandwidths_are_refused(value, d, text):
    """The rule and the value are named, and no NaN comes of it later."""
    message = error_of(BandwidthError, check_bandwidth, value, d)
    assert message.startswith("`bandwidth` ")
    assert text in message


# --- names and numbers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "near"),
    [("ftt", "fft"), ("Direct", "direct"), ("dirct", "direct"), ("fft ", "fft")],
)
def test_a_near_miss_is_suggested(value, near):
    """The error lists all names and points at the nearest."""
    text = error_of(UnknownNameError, check_choice, value, ("direct", "fft"), "method")
    assert text == (
        f"`method` must be one of 'direct', 'fft'; got {value!r}. "
        f"Did you mean {near!r}?"
    )


@pytest.mark.parametrize("value", ["sinc", None, 1, b"fft", ["fft"], ("fft",)], ids=str)
def test_what_is_no_name_is_refused(value):
    """Neither a stray TypeError nor a guess where nothing is near."""
    text = error_of(UnknownNameError, check_choice, value, ("direct", "fft"), "method")
    assert text.startswith(f"`method` must be one of 'direct', 'fft'; got {value!r}.")


def test_a_value_that_is_no_text_is_not_likened_to_a_name():
    """None is not a misspelt 'cosine'."""
    text = error_of(
        UnknownNameError, check_choice, None, ("cosine", "tophat"), "kernel"
    )
    assert "Did you mean" not in text


def test_choices_come_back():
    """A name that exists passes."""
    assert check_choice("fft", ("direct", "fft"), "method") == "fft"


@pytest.mark.parametrize("value", [0, 0.0, 1e-8, 1, np.float32(0.5), np.int64(0)])
def test_tolerances_are_floats(value):
    """Any finite non-negative number passes."""
    assert type(check_tolerance(value, "rtol")) is float


@pytest.mark.parametrize(
    "value", [-1e-9, NAN, INF, "a", None, True, 1j, [0.1]], ids=str
)
def test_wrong_tolerances_are_refused(value):
    """The error says what a tolerance is."""
    text = error_of(ParzenError, check_tolerance, value, "rtol")
    assert text.startswith(f"`rtol` must be a finite number >= 0; got {value!r}.")


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)], ids=repr)
def test_counts_are_integers(value):
    """NumPy's integers pass as Python's do."""
    assert type(check_count(value, "size")) is int


@pytest.mark.parametrize("value", [-1, 1.0, "1", None, True, (1, 2)], ids=str)
def test_wrong_counts_are_refused(value):
    """Floats and booleans are no counts."""
    text = error_of(ParzenError, check_count, value, "size")
    assert text.startswith(f"`size` must be an integer >= 0; got {value!r}.")


@pytest.mark.parametrize(
    ("value", "d", "expected"),
    [
        (None, 2, None),
        (7, 1, (7,)),
        (7, 3, (7, 7, 7)),
        ((7,), 2, (7, 7)),
        ([4, 5], 2, (4, 5)),
        (np.array([4, 5]), 2, (4, 5)),
        (np.int64(9), 2, (9, 9)),
        (np.array(9), 2, (9, 9)),
    ],
    ids=repr,
)
def test_grid_sizes_are_one_number_an_axis(value, d, expected):
    """One number serves all axes."""
    assert check_grid_size(value, d) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, ParzenError),
        (0, ParzenError),
        (2.5, ParzenError),
        ("9", ParzenError),
        (True, ParzenError),
        ([9, 1], ParzenError),
        ([9, 9, 9], ShapeError),
        ([], ShapeError),
    ],
    ids=repr,
)
def test_wrong_grid_sizes_are_refused(value, kind):
    """Fewer than two nodes, or not one number an axis."""
    assert error_of(kind, check_grid_size, value, 2).startswith("`grid_size` must ")
