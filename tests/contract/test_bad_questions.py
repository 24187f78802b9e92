"""Each wrong question has one clear error: argument, rule, value and remedy."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import parzen
from parzen import ParzenError, kde, mixture, product

NAN = np.nan
FRAME = pd.DataFrame({"height": [1.0, 2.0, 4.0], "mass": [3.0, 1.0, 5.0]})
LINE = kde([1.0, 2.0, 4.0], bandwidth=1.0)
PLANE = kde(FRAME, bandwidth=1.0)
SPACE = kde([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]], bandwidth=1.0)
# every class of distribution has the same doors
LINES = {
    "density": LINE,
    "bounded": kde([1.0, 2.0, 4.0], bandwidth=1.0, bounds=(0, 5)),
    "mixture": 0.3 * LINE + 0.7 * kde([9.0], bandwidth=2.0),
    "truncated": LINE.truncate((0.5, 3.0)),
}
PLANES = {
    "density": PLANE,
    "mixture": mixture([PLANE, PLANE], [1.0, 3.0]),
    "product": product(LINE, LINE),
    "truncated": PLANE.truncate([(0.0, 4.0), (0.0, 9.0)]),
}
AT_POINTS = ["pdf", "logpdf", "cdf", "logcdf", "gradient", "score", "rank"]
ON_LINES = ["ccdf", "logccdf", "derivative"]
OF_MASSES = ["icdf", "iccdf", "interval"]


def refused(call, *arguments, name, **keywords):
    """Call; the error is ours, names the argument, and says what to do instead."""
    with pytest.raises(ParzenError) as error:
        call(*arguments, **keywords)
    text = str(error.value)
    assert f"`{name}`" in text
    # rule; value. Remedy, as a sentence of its own
    assert re.search(r"[.?] [A-Z][^.]*(\.|\?|\()", text), text
    return text


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("method", [*AT_POINTS, *ON_LINES])
@pytest.mark.parametrize(
    "q", [NAN, [0.0, NAN], "a", ["1.0"], 1j, None, [[1.0], [1.0, 2.0]]], ids=str
)
def test_no_points_of_a_line(kind, method, q):
    """What is not a real number is no place."""
    refused(getattr(LINES[kind], method), q, name="q")


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize("method", AT_POINTS)
@pytest.mark.parametrize(
    "q", [[0.0, NAN], "a", 1.0, [1.0, 2.0, 3.0], [[[1.0]]]], ids=str
)
def test_no_points_of_a_plane(kind, method, q):
    """A point there has two coordinates."""
    refused(getattr(PLANES[kind], method), q, name="q")


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("method", OF_MASSES)
@pytest.mark.parametrize(
    "p", [-1e-9, 1.0000001, 50, NAN, [0.5, 2.0], "half", None, 1j], ids=str
)
def test_no_probabilities(kind, method, p):
    """They lie between zero and one."""
    refused(getattr(LINES[kind], method), p, name="p")


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.5, NAN, "half", None, [0.5]], ids=str)
@pytest.mark.parametrize("ask", [LINE, PLANE, SPACE], ids=["1", "2", "3"])
def test_no_region(ask, p):
    """A region holds one probability, neither nothing nor all."""
    refused(ask.hdr, p, name="p")


@pytest.mark.parametrize("method", [*ON_LINES, *OF_MASSES, "antimodes", "median"])
@pytest.mark.parametrize("kind", PLANES)
def test_questions_of_a_line_to_a_plane(kind, method):
    """They name themselves, the dimension, and what to ask instead."""
    ask = getattr(PLANES[kind], method)
    argument = () if method in {"antimodes", "median"} else (0.5,)
    assert "2 dimensions" in refused(ask, *argument, name=method)


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("order", [0, -1, 1.5, "1", True, None, NAN], ids=str)
def test_no_derivative(kind, order):
    """Orders are whole and positive; a moment may be of order zero."""
    refused(LINES[kind].derivative, 0.0, order, name="order")
    if order != 0:
        refused(LINES[kind].moment, order, name="order")


@pytest.mark.parametrize("order", [17, 10**6])
def test_no_moment(order):
    """Moments have no digits left above sixteen."""
    refused(LINE.moment, order, name="order")


def test_no_kind_of_moment():
    """With the nearest that there is."""
    with pytest.raises(ParzenError, match=r"`kind` must .* Did you mean 'central'"):
        LINE.moment(2, "centrall")


@pytest.mark.parametrize("kind", [*LINES, *(f"plane {k}" for k in PLANES)])
@pytest.mark.parametrize(
    ("lower", "upper", "name"),
    [
        (2.0, 1.0, "lower"),
        (np.inf, 0.0, "lower"),
        (NAN, 1.0, "lower"),
        (0.0, NAN, "upper"),
        ("a", 1.0, "lower"),
        (0.0, "b", "upper"),
        (np.zeros(3), 1.0, "lower"),
        (np.zeros((2, 2)), np.ones((5, 2)), "upper"),
    ],
)
def test_no_boxes(kind, lower, upper, name):
    """Ends are numbers, rising, one for each axis, of shapes that fit."""
    some = PLANES[kind.split()[1]] if kind.startswith("plane") else LINES[kind]
    if some.n_axes == 1 and np.shape(lower) == (3,):
        upper = np.ones(2)
    refused(some.integrate, lower, upper, name=name)


@pytest.mark.parametrize("kind", ["density", "mixture", "truncated"])
@pytest.mark.parametrize("size", [-1, 1.5, "3", True, (2, 2)], ids=str)
def test_no_number_of_draws(kind, size):
    """A whole number, not negative, whatever draws."""
    for some in (LINES[kind], PLANES[kind]):
        refused(some.sample, size, name="size")
        refused(some.sample, size, qmc=True, name="size")


@pytest.mark.parametrize("size", [-1, 0, 1, 1.5, "3", True], ids=str)
def test_no_number_of_draws_in_space(size):
    """Where answers come from draws, there must be some."""
    refused(SPACE.hdr, 0.5, size=size, name="size")
    refused(SPACE.rank, [0.0, 0.0, 0.0], size=size, name="size")
    refused(SPACE.entropy, size=size, name="size")
    refused(SPACE.expect, np.cos, size=size, name="size")
    for distance in (parzen.kl, parzen.js, parzen.hellinger, parzen.ise):
        refused(distance, SPACE, SPACE, size=size, name="size")


@pytest.mark.parametrize("size", [0, 1, -1, 2.5, "9", (3, 3, 3), 1 << 50], ids=str)
def test_no_grid(size):
    """Two nodes at least, and not more than a memory holds."""
    for some in (*LINES.values(), *PLANES.values()):
        refused(some.grid, size, name="size")
    refused(LINE.to_pandas, size, name="size")
    refused(LINE.to_xarray, size, name="size")


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (None, "f"),
        (1.0, "f"),
        ("cos", "f"),
        (lambda q: np.full(len(q), NAN), "f"),
        (lambda _: np.ones(1_000_003), "f"),
    ],
    ids=["none", "number", "text", "nan", "shape"],
)
def test_no_expectation(f, name):
    """Of a function of points, a number for each."""
    for some in (LINE, PLANE, SPACE):
        refused(some.expect, f, name=name)


@pytest.mark.parametrize(
    ("lower", "upper", "name"),
    [(2.0, 1.0, "lower"), (NAN, 1.0, "lower"), (0.0, "b", "upper"), ([], 1, "lower")],
    ids=str,
)
def test_no_limits_of_an_expectation(lower, upper, name):
    """As for `integrate`."""
    for some in (LINE, PLANE):
        refused(some.expect, np.cos, lower, upper, name=name)


DIMS = [2, -3, "width", "Mass", [], [0, 0], [0, "height"], 1.5, None, True, [[0]]]


@pytest.mark.parametrize("dims", DIMS, ids=str)
@pytest.mark.parametrize("kind", ["density", "mixture", "truncated"])
def test_no_dimensions(kind, dims):
    """Neither by number nor by name, or twice."""
    refused(PLANES[kind].marginal, dims, name="dims")
    refused(PLANES[kind].conditional, dims, 1.0, name="dims")


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize(
    ("dims", "values", "name"),
    [
        (0, NAN, "values"),
        (0, np.inf, "values"),
        (0, "a", "values"),
        (0, [1.0, 2.0], "values"),
        (0, [], "values"),
        ([0, 1], [1.0, 2.0], "dims"),
        (0, 1e300, "values"),
    ],
    ids=str,
)
def test_no_conditional(kind, dims, values, name):
    """Values are finite, one for each dimension, where there is density."""
    some = PLANES[kind]
    if values == 1e300 and kind == "truncated":
        # within bounds the values are outside at once
        name = "values"
    refused(some.conditional, dims, values, name=name)


@pytest.mark.parametrize("kind", ["density", "mixture", "product", "truncated"])
@pytest.mark.parametrize(
    ("scale", "shift", "name"),
    [
        (0.0, 0.0, "scale"),
        ([1.0, 0.0], 0.0, "scale"),
        ([[1.0, 1.0], [1.0, 1.0]], 0.0, "scale"),
        (NAN, 0.0, "scale"),
        (np.inf, 0.0, "scale"),
        ("a", 0.0, "scale"),
        ([1.0, 2.0, 3.0], 0.0, "scale"),
        (1.0, NAN, "shift"),
        (1.0, "a", "shift"),
        (1.0, [1.0, 2.0, 3.0], "shift"),
    ],
    ids=str,
)
def test_no_affine_map(kind, scale, shift, name):
    """Finite, of a shape that fits, with an inverse."""
    refused(PLANES[kind].affine, scale, shift, name=name)


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize(
    "bounds",
    [(3, 1), (1, 1), (0, NAN), 5, "half", (0,), [(0, 3), (2, 8)]],
    ids=str,
)
def test_no_truncation(kind, bounds):
    """Rising ends, of ranges that lie apart."""
    refused(LINES[kind].truncate, bounds, name="bounds")


def test_no_truncation_to_nothing():
    """Some mass must be left; a Gaussian has some everywhere."""
    hats = kde([1.0, 2.0], kernel="tophat", bandwidth=0.1)
    for some in (hats, hats * 0.5 + hats, hats.truncate((0.95, 2.0))):
        refused(some.truncate, (1.3, 1.7), name="bounds")
    refused(product(hats, LINE).truncate, [(1.3, 1.7), (0, 1)], name="bounds")


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize(
    "bounds", [(0, 1), [(0, 1)], [(0, 1), (2, 1)], 5, "all"], ids=str
)
def test_no_truncation_of_a_plane(kind, bounds):
    """A pair for each axis."""
    refused(PLANES[kind].truncate, bounds, name="bounds")


@pytest.mark.parametrize("level", [0, 1, 0.0, 1.0, -0.1, 95, NAN, "95%", None, True])
def test_no_confidence_band(level):
    """A level is a probability, neither none nor certain."""
    refused(LINE.confidence_band, level, name="level")


@pytest.mark.parametrize("points", [NAN, "a", [1j]], ids=str)
def test_no_points_of_a_band(points):
    """As for `pdf`."""
    refused(LINE.confidence_band, points=points, name="points")


@pytest.mark.parametrize("weight", [-1.0, NAN, np.inf, "a", None, [1.0]], ids=str)
def test_no_mixture(weight):
    """By the function and by the operator."""
    for some in (LINE, LINES["mixture"]):
        with pytest.raises((ParzenError, TypeError)) as error:
            weight * some + some
        assert len(str(error.value)) > 20
    if not isinstance(weight, list):
        refused(mixture, [LINE, LINE], [weight, 1.0], name="weights")
    refused(mixture, [LINE, LINE], [1.0, 1.0, 1.0], name="weights")
    refused(mixture, [LINE, LINE], [0.0, 0.0], name="weights")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [LINE, PLANE],
        [LINE, 3],
        [None],
        [PLANE, kde(FRAME[["mass", "height"]], bandwidth=1.0)],
    ],
    ids=["none", "dimensions", "number", "nothing", "columns"],
)
def test_no_components_of_a_mixture(parts):
    """Distributions of the same axes."""
    refused(mixture, parts, name="components")


@pytest.mark.parametrize(
    "parts", [[], [LINE, "a"], [PLANE, PLANE]], ids=["none", "text", "columns"]
)
def test_no_components_of_a_product(parts):
    """Distributions of different axes."""
    refused(product, *parts, name="components")


@pytest.mark.parametrize(
    "distance",
    [
        parzen.kl,
        parzen.js,
        parzen.hellinger,
        parzen.total_variation,
        parzen.overlap,
        parzen.ise,
    ],
)
def test_no_distance(distance):
    """Two distributions, in one dimension."""
    refused(distance, LINE, 1.0, name="b")
    refused(distance, [1.0], LINE, name="a")
    refused(distance, LINE, PLANE, name="b")


@pytest.mark.parametrize("method", ["icdf", "iccdf", "interval", "hdr", "rank"])
def test_signed_weights_have_no_such_answer(method):
    """Where the density may be negative, with a way out."""
    options = {"weights": [2.0, -0.5], "signed_weights": True, "bandwidth": 1.0}
    refused(getattr(kde([0.0, 3.0], **options), method), 0.5, name=method)
