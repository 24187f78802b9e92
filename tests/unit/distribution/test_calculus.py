"""Derivatives, gradients and scores: shapes, infinities, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from parzen import CapabilityError, DataError, ParzenError, ShapeError
from tests.reference_distribution import Line, Space

LINE = Line([1.0, 2.0, 4.0])
SPACE = Space([[0.0, 0.0], [1.0, 3.0]], [[1.0, 0.3], [0.3, 2.0]])


@pytest.mark.parametrize("order", [1, 2])
def test_a_derivative_is_the_slope_of_the_one_before(order):
    """Against central differences."""
    x, step = np.linspace(-3.0, 8.0, 23), 1e-5
    before = LINE.pdf if order == 1 else LINE.derivative
    slope = (before(x + step) - before(x - step)) / (2.0 * step)
    np.testing.assert_allclose(LINE.derivative(x, order), slope, atol=1e-10)


@pytest.mark.parametrize("method", ["derivative", "gradient", "score"])
def test_answers_take_the_shape_of_the_question(method):
    """A number, nothing at all, a table."""
    ask = getattr(LINE, method)
    assert isinstance(ask(0.25), float)
    assert ask([]).shape == (0,)
    table = np.linspace(0.1, 0.9, 6).reshape(2, 3)
    assert ask(table).shape == (2, 3)
    assert ask(table)[1, 2] == pytest.approx(ask(table[1, 2]), rel=1e-13)


def test_on_a_line_the_gradient_is_the_derivative():
    """They are one question there."""
    x = np.linspace(-3.0, 8.0, 23)
    np.testing.assert_array_equal(LINE.gradient(x), LINE.derivative(x))


def test_the_score_is_the_slope_of_the_log_density_however_far():
    """Where the density itself is no number any more."""
    np.testing.assert_allclose(LINE.score([-1e6, 1e6]), [1e6 + 1.0, -1e6 + 4.0])


@pytest.mark.parametrize("method", ["gradient", "score"])
def test_in_space_there_is_one_for_each_coordinate(method):
    """In a last axis, each against differences."""
    ask = getattr(SPACE, method)
    points = np.linspace(-1.0, 2.0, 12).reshape(2, 3, 2)
    got, step = ask(points), 1e-5
    assert got.shape == (2, 3, 2)
    before = SPACE.pdf if method == "gradient" else SPACE.logpdf
    for axis in range(2):
        moved = step * np.eye(2)[axis]
        slope = (before(points + moved) - before(points - moved)) / (2.0 * step)
        np.testing.assert_allclose(got[..., axis], slope, atol=1e-9)
    with pytest.raises(ShapeError, match="2 coordinates"):
        ask([1.0, 2.0, 3.0])


def test_at_infinity_there_is_no_slope():
    """Nor a score."""
    assert LINE.derivative([-np.inf, np.inf]).tolist() == [0.0, 0.0]
    assert LINE.gradient(np.inf) == 0.0
    assert np.isnan(LINE.score(np.inf))
    assert SPACE.gradient([np.inf, 0.0]).tolist() == [0.0, 0.0]


def test_what_has_no_answer_is_refused():
    """With the way out."""
    with pytest.raises(CapabilityError, match="Ask `gradient`"):
        SPACE.derivative([0.0, 0.0])
    with pytest.raises(CapabilityError, match=r"2 dimensions. Ask one axis"):
        SPACE.antimodes()
    for order in (0, -1, 1.5):
        with pytest.raises(ParzenError, match="`order`"):
            LINE.derivative(0.0, order)
    with pytest.raises(DataError, match="NaN"):
        LINE.score(np.nan)
    signed = Line([0.0, 3.0], weights=[2.0, -1.0])
    with pytest.raises(CapabilityError, match="`score` needs weights"):
        signed.score(0.0)
