from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen import Reflect
from parzen.boundary.bounds import Bounds
from parzen.errors import (
    CapabilityError,
    DataError,
    ParzenError,
    ShapeError,
    UnknownNameError,
)

INF = math.inf
X = np.linspace(0.1, 0.9, 9)
XY = np.column_stack([X, X**2])


@pytest.mark.parametrize(
    ("value", "d", "boxes"),
    [
        ((0, 1), 1, [[[0, 1]]]),
        ([0, None], 1, [[[0, INF]]]),
        ((None, 1), 1, [[[-INF, 1]]]),
        (np.array([0, 1]), 1, [[[0, 1]]]),
        ([(0, 1)], 1, [[[0, 1]]]),
        ([(2, 3), (0, 1)], 1, [[[0, 1]], [[2, 3]]]),
        ([(2, None), (None, 1)], 1, [[[-INF, 1]], [[2, INF]]]),
        ([(0, 1), (1, 2), (2, 3)], 1, [[[0, 1]], [[1, 2]], [[2, 3]]]),
        ([(0, 1), None], 2, [[[0, 1], [-INF, INF]]]),
        ([(0, None), (None, 2)], 2, [[[0, INF], [-INF, 2]]]),
        (np.array([[0, 1], [0, 2]]), 2, [[[0, 1], [0, 2]]]),
    ],
    ids=repr,
)
def test_forms(value, d, boxes):
    """A pair, a pair for each axis, or several ranges; None is an infinite end."""
    found = Bounds.of(value, d)
    np.testing.assert_array_equal(found.boxes, boxes)
    np.testing.assert_array_equal(found.lower, np.array(boxes)[0, :, 0])
    np.testing.assert_array_equal(found.upper, np.array(boxes)[-1, :, 1])


@pytest.mark.parametrize(
    ("value", "d"), [((None, None), 1), ((-INF, INF), 1), ([None, None], 2), (None, 3)]
)
def test_no_bounds(value, d):
    """Infinite ends only are no bounds at all."""
    assert Bounds.of(value, d) is None


@pytest.mark.parametrize(
    ("value", "d", "error", "text"),
    [
        ((1, 0), 1, DataError, "rising"),
        ((1, 1), 1, DataError, "rising"),
        ((0, np.nan), 1, DataError, "rising"),
        (3.0, 1, ShapeError, "pair"),
        ((0, 1, 2), 1, ShapeError, "pair"),
        ([], 1, ShapeError, "pair"),
        ("unit", 1, ShapeError, "pair"),
        (("a", "b"), 1, ShapeError, "pair"),
        ([(0, 2), (1, 3)], 1, DataError, "overlap"),
        ([(0, 1), (3, 2)], 1, DataError, "rising"),
        ((0, 1), 2, ShapeError, "2 axes"),
        ([(0, 1)], 2, ShapeError, "2 axes"),
        ([(0, 1), (1, 0)], 2, DataError, "rising"),
    ],
    ids=repr,
)
def test_bad_bounds(value, d, error, text):
    """Each error names the argument, the rule and the value."""
    with pytest.raises(error, match=text) as raised:
        Bounds.of(value, d)
    assert "`bounds`" in str(raised.value)
    assert "got" in str(raised.value)


def test_contains_its_ends():
    """Ranges are closed."""
    bounds = Bounds.of([(0, 1), (2, INF)], 1)
    points = np.array([[-1e-9], [0.0], [1.0], [1.5], [2.0], [1e300]])
    expected = [False, True, True, False, True, True]
    np.testing.assert_array_equal(bounds.contains(points), expected)


@pytest.mark.parametrize("value", ["mirror", 1, Reflect, np.array([1, 2])])
def test_unknown_boundary(value):
    """The error lists those that exist."""
    with pytest.raises(UnknownNameError, match=r"`boundary` must be one of.*reflect"):
        parzen.kde(X, bandwidth=0.1, bounds=(0, 1), boundary=value)


@pytest.mark.parametrize("boundary", ["reflect", "linear", Reflect(0.5, 0.5)])
def test_a_boundary_needs_bounds(boundary):
    """Else it would silently do nothing."""
    with pytest.raises(CapabilityError, match="needs `bounds`"):
        parzen.kde(X, bandwidth=0.1, boundary=boundary)
    with pytest.raises(CapabilityError, match="needs `bounds`"):
        parzen.kde(X, bandwidth=0.1, bounds=(None, None), boundary=boundary)


@pytest.mark.parametrize("bounds", [(0, None), (None, 1)])
def test_a_period_needs_two_ends(bounds):
    """Half a line has no period."""
    with pytest.raises(CapabilityError, match="needs finite `bounds`"):
        parzen.kde(X, bandwidth=0.1, bounds=bounds, boundary="periodic")


@pytest.mark.parametrize("boundary", ["periodic", "transform"])
def test_one_range_only(boundary):
    """Several ranges have no period and no map."""
    with pytest.raises(CapabilityError, match="serves a single range"):
        parzen.kde(X, bandwidth=0.1, bounds=[(0, 0.4), (0.5, 1)], boundary=boundary)


@pytest.mark.parametrize("boundary", ["linear", "renormalize"])
def test_one_dimension_only(boundary):
    """The way out is named."""
    with pytest.raises(CapabilityError, match=r"serves 1-D data.*'reflect'"):
        parzen.kde(XY, bandwidth=0.1, bounds=[(0, 1), (0, 1)], boundary=boundary)


@pytest.mark.parametrize(
    "boundary", ["reflect", "renormalize", "linear", "transform", Reflect(0.5, 1)]
)
def test_corrections_refuse_guard_data(boundary):
    """Data outside say that the density does not end at the bound."""
    with pytest.raises(DataError, match=r"1 of 9 points do.*outside='drop'"):
        parzen.kde(X, bandwidth=0.1, bounds=(0.15, 1), boundary=boundary)
    density = parzen.kde(
        X, bandwidth=0.1, bounds=(0.15, 1), boundary=boundary, outside="drop"
    )
    assert density.sample_size == 8
    assert "1 points outside" in density.explain()


def test_transform_refuses_data_on_the_bounds():
    """They would go to infinity."""
    with pytest.raises(DataError, match="strictly inside"):
        parzen.kde([0.0, 0.5, 1.0], bandwidth=0.1, bounds=(0, 1), boundary="transform")


def test_outside():
    """What becomes of data outside is one of two words; some must be inside."""
    with pytest.raises(UnknownNameError, match="`outside` must be one of"):
        parzen.kde(X, bandwidth=0.1, bounds=(0, 1), outside="clip")
    with pytest.raises(DataError, match="none of the 9 points"):
        parzen.kde(X, bandwidth=0.1, bounds=(5, 6), outside="drop")


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, "half", None, True])
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_fractions(side, bad):
    """Reflect takes fractions."""
    with pytest.raises(ParzenError, match=f"`{side}` must be a fraction"):
        Reflect(**{side: bad})
