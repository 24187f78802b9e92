"""Masses: values against mpmath, shapes, infinities, and what is refused."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from parzen import CapabilityError, DataError, ParzenError, ShapeError
from tests.reference_distribution import Line, Space

POINTS = [1.0, 2.0, 4.0]


@pytest.fixture
def line():
    """Three Gaussians of width one."""
    return Line(POINTS)


def exact(x, *, upper=False):
    """Return log P(X < x), or > x, of the unit Gaussians on POINTS."""
    with mp.workdps(400):
        way = 1 if upper else -1
        terms = [mp.erfc(way * (mp.mpf(x) - at) / mp.sqrt(2)) / 2 for at in POINTS]
        return float(mp.log(mp.fsum(terms) / len(POINTS)))


@pytest.mark.parametrize(
    "x", [-99.0, -30.0, -5.0, 0.0, 2.2, 5.0, 9.0, 12.0, 40.0, 99.0]
)
def test_both_tails_are_right_to_a_relative_error(line, x):
    """And so are their logarithms, to 1e-2000."""
    below, above = exact(x), exact(x, upper=True)
    np.testing.assert_allclose(line.logcdf(x), below, rtol=1e-12)
    np.testing.assert_allclose(line.logccdf(x), above, rtol=1e-12)
    np.testing.assert_allclose(line.cdf(x), math.exp(below), rtol=1e-12)
    np.testing.assert_allclose(line.ccdf(x), math.exp(above), rtol=1e-12)


def test_at_infinity_all_mass_lies_on_one_side(line):
    """Exactly."""
    ends = [-np.inf, np.inf]
    assert line.cdf(ends).tolist() == [0.0, 1.0]
    assert line.ccdf(ends).tolist() == [1.0, 0.0]
    assert line.logcdf(ends).tolist() == [-np.inf, 0.0]
    assert line.logccdf(ends).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize(
    "method", ["cdf", "logcdf", "ccdf", "logccdf", "icdf", "iccdf"]
)
def test_answers_take_the_shape_of_the_question(line, method):
    """A number, nothing at all, a table."""
    ask = getattr(line, method)
    assert isinstance(ask(0.25), float)
    assert ask([]).shape == (0,)
    table = np.linspace(0.1, 0.9, 6).reshape(2, 3)
    assert ask(table).shape == (2, 3)
    assert ask(table)[1, 2] == pytest.approx(ask(table[1, 2]), rel=1e-13)


@pytest.mark.parametrize("method", ["cdf", "logcdf", "ccdf", "logccdf"])
def test_nan_is_refused(line, method):
    """It is no place."""
    with pytest.raises(DataError, match="`q` must not be NaN"):
        getattr(line, method)([0.0, np.nan])


@pytest.mark.parametrize("method", ["icdf", "iccdf", "interval"])
@pytest.mark.parametrize("p", [-0.1, 1.5, np.nan, [0.5, 2.0]])
def test_what_is_no_probability_is_refused(line, method, p):
    """With the rule and the value."""
    with pytest.raises(DataError, match=r"`p` must be probabilities in \[0, 1\]; got"):
        getattr(line, method)(p)


def test_progress_is_told(line):
    """A wrong listener is refused as for `pdf`."""
    with pytest.raises(ParzenError, match="`progress` must be"):
        line.cdf(0.0, progress=3)


class TestIntegrate:
    def test_of_an_interval_is_a_difference_of_cdf(self, line):
        """Where neither is small."""
        got = line.integrate([0.0, 1.0], 2.5)
        np.testing.assert_allclose(
            got, line.cdf(2.5) - line.cdf([0.0, 1.0]), rtol=1e-12
        )

    def test_open_ends_are_infinite(self, line):
        """None stands for infinity on either side."""
        assert line.integrate() == pytest.approx(1.0, rel=1e-15)
        assert line.integrate(3.0) == pytest.approx(line.ccdf(3.0), rel=1e-14)
        assert line.integrate(None, 3.0) == pytest.approx(line.cdf(3.0), rel=1e-14)

    def test_an_empty_interval_has_none(self, line):
        """Also at infinity."""
        assert line.integrate(2.0, 2.0) == 0.0
        assert line.integrate(np.inf, np.inf) == 0.0
        assert line.integrate(-np.inf, -np.inf) == 0.0

    def test_the_wrong_order_is_refused(self, line):
        """With the first place where it is wrong."""
        with pytest.raises(DataError, match=r"got 3.0 > 1.0 at \(1,\). Swap them"):
            line.integrate([0.0, 3.0], 1.0)
        with pytest.raises(DataError, match=r"got 3.0 > 1.0 here\. Swap"):
            line.integrate(3.0, 1.0)

    def test_what_does_not_fit_is_refused(self, line):
        """Shapes that do not broadcast, ends that are NaN."""
        with pytest.raises(ShapeError, match=r"`lower` and `upper` must fit"):
            line.integrate([0.0, 1.0], [2.0, 3.0, 4.0])
        with pytest.raises(DataError, match="`upper` must not be NaN"):
            line.integrate(0.0, np.nan)

    def test_boxes_in_space(self):
        """Products of Gaussian intervals, in closed form."""
        space = Space([[0.0, 0.0], [1.0, 3.0]], 1.0)
        box = space.integrate([-1.0, -1.0], [[1.0, 1.0], [2.0, np.inf]])
        with mp.workdps(20):

            def side(low, high, at):
                return mp.ncdf(high - at) - mp.ncdf(low - at)

            first = side(-1, 1, 0) ** 2 + side(-1, 1, 1) * side(-1, 1, 3)
            second = side(-1, 2, 0) * side(-1, mp.inf, 0)
            second += side(-1, 2, 1) * side(-1, mp.inf, 3)
        np.testing.assert_allclose(
            box, [float(first / 2), float(second / 2)], rtol=1e-13
        )
        assert space.integrate(-1.0, 1.0) == pytest.approx(box[0], rel=1e-14)
        assert space.integrate() == pytest.approx(1.0)
        with pytest.raises(ShapeError, match=r"shape \(..., 2\); got \(3,\)"):
            space.integrate([0.0, 0.0, 0.0])


class TestSpace:
    space = Space([[0.0, 0.0], [1.0, 3.0]], 1.0)

    def test_cdf_is_the_lower_orthant(self):
        """The mass below on every axis."""
        got = self.space.cdf([[0.5, 1.0], [0.5, -np.inf], [np.inf, np.inf]])
        assert got[0] == pytest.approx(
            self.space.integrate(None, [0.5, 1.0]), rel=1e-14
        )
        assert got[1:].tolist() == [0.0, 1.0]
        assert self.space.logcdf([0.5, 1.0]) == pytest.approx(math.log(got[0]))

    @pytest.mark.parametrize("method", ["ccdf", "logccdf"])
    def test_there_is_no_above(self, method):
        """Upper tails are a matter of the line."""
        with pytest.raises(CapabilityError, match=r"2 dimensions. Ask `integrate"):
            getattr(self.space, method)([0.0, 0.0])

    @pytest.mark.parametrize("method", ["icdf", "iccdf", "interval"])
    def test_there_are_no_quantiles(self, method):
        """They are a matter of the line."""
        with pytest.raises(CapabilityError, match=f"`{method}` serves 1-D data"):
            getattr(self.space, method)(0.5)
        with pytest.raises(CapabilityError, match="`median` serves 1-D data"):
            self.space.median()

    def test_support_is_told_by_axis(self):
        """Two arrays of ends."""
        lower, upper = self.space.support()
        assert lower.tolist() == [-np.inf] * 2
        assert upper.tolist() == [np.inf] * 2


def test_support_of_a_line_is_two_numbers():
    """A pair of floats for 1-D data."""
    assert Line([1.0, 5.0], kernel="tophat").support() == (0.0, 6.0)


def test_the_interval_leaves_equal_tails(line):
    """From nothing, the median, to everything."""
    lower, upper = line.interval([0.5, 0.9])
    np.testing.assert_allclose(line.cdf(lower), [0.25, 0.05], rtol=1e-12)
    np.testing.assert_allclose(line.ccdf(upper), [0.25, 0.05], rtol=1e-12)
    assert line.interval(1.0) == (-np.inf, np.inf)
    np.testing.assert_allclose(line.interval(0.0), line.median(), rtol=1e-12)


def test_signed_weights_have_masses_but_no_quantiles():
    """A mass may exceed one; no logarithm or inverse follows."""
    line = Line([0.0, 3.0], weights=[2.0, -1.0])
    assert line.cdf(1.5) > 1.0
    for method in ("icdf", "iccdf", "interval", "logcdf", "logccdf"):
        with pytest.raises(CapabilityError, match=f"`{method}` needs weights"):
            getattr(line, method)(0.5)
