"""Minima and roots on the line of widths, against what calculus says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parzen.bandwidth.search import among, minimise, refine, root

LOW, HIGH = 1e-4, 1e3


def bowl(centre, power=2.0):
    """A minimum at `centre`, on a logarithmic scale."""
    return lambda h: abs(math.log(h / centre)) ** power


CURVES = {
    "parabola": (bowl(0.37), 0.37),
    "sharp": (bowl(0.37, 1.2), 0.37),
    "flat": (bowl(20.0, 4.0), 20.0),
    # the asymptotic error of an estimate of a normal density
    "error": (lambda h: 1 / h + h**4, 0.25**0.2),
    "well": (lambda h: -math.exp(-0.5 * (math.log(h / 3.0) / 0.1) ** 2), 3.0),
}


@pytest.mark.parametrize("name", CURVES)
def test_minimum(name):
    """Of one valley, wherever it lies in a range of seven decades."""
    curve, exact = CURVES[name]
    found = minimise(curve, LOW, HIGH)
    assert found.interior
    # where rounding hides the curve, nothing can be nearer
    rel = 1e-3 if name == "flat" else 1e-6
    assert found.width == pytest.approx(exact, rel=rel)


def test_lowest_of_several():
    """The lowest valley, and the last one where that is asked for."""

    def curve(h):
        return min(bowl(0.01)(h) + 0.1, bowl(0.5)(h), bowl(30.0)(h) + 0.2)

    assert minimise(curve, LOW, HIGH).width == pytest.approx(0.5, rel=1e-6)
    # the others are 0.1 and 0.2 higher
    for slack, width in ((0.15, 0.5), (0.25, 30.0), (math.inf, 30.0)):
        last = minimise(curve, LOW, HIGH, slack=lambda _, extra=slack: extra)
        assert last.width == pytest.approx(width, rel=1e-6)
        assert last.interior


@pytest.mark.parametrize("slack", [None, lambda _: math.inf], ids=["lowest", "last"])
@pytest.mark.parametrize(("slope", "end"), [(1.0, LOW), (-1.0, HIGH)])
def test_ends_are_no_minimum(slope, end, slack):
    """They are returned, and said to be ends."""
    found = minimise(lambda h: slope * math.log(h), LOW, HIGH, slack=slack)
    assert not found.interior
    assert found.width == pytest.approx(end)


def test_curve_is_what_was_computed():
    """Candidates rise, the width is one of them, and scores belong to them."""
    curve = bowl(0.37)
    found = minimise(curve, LOW, HIGH, density=5)
    assert (np.diff(found.candidates) > 0).all()
    assert found.candidates[0] == pytest.approx(LOW)
    assert found.candidates[-1] == pytest.approx(HIGH)
    assert found.candidates[np.argmin(found.scores)] == found.width
    np.testing.assert_array_equal(found.scores, [curve(h) for h in found.candidates])


def test_number_of_criteria():
    """A dozen to refine, beside the scan: criteria may be costly."""
    seen = []

    def curve(h):
        seen.append(h)
        return 1 / h + h**4

    minimise(curve, 0.1, 1.0, density=4)
    assert len(seen) <= 15 + 14


@pytest.mark.parametrize("name", CURVES)
def test_refine_keeps_the_middle(name):
    """Within a bracket, whatever the curve; never worse than its geometric middle."""
    curve, exact = CURVES[name]
    width = refine(curve, exact / 1.3, exact * 1.2, tolerance=1e-4)
    assert width == pytest.approx(exact, rel=1e-2 if name == "flat" else 1e-3)
    jagged = {"middle": 0.0}
    middle = refine(lambda h: jagged["middle"] if abs(h - 2) < 1e-9 else 1.0, 1.0, 4.0)
    assert middle == pytest.approx(2.0)


WIDTHS = np.array([0.1, 0.2, 0.4, 0.8, 1.6])


@pytest.mark.parametrize(
    ("centre", "least", "best"),
    [
        (0.41, 0.0, 0.4),
        (0.01, 0.0, 0.1),
        (9.0, 0.0, 1.6),
        (0.1, 0.3, 0.4),
        (0.1, 5, 1.6),
    ],
)
def test_among_candidates(centre, least, best):
    """The best one that is not below `least`; the widest if all are."""
    found = among(bowl(centre), WIDTHS, least=least)
    assert found.width == best
    np.testing.assert_array_equal(found.candidates, WIDTHS)
    np.testing.assert_array_equal(found.scores, [bowl(centre)(h) for h in WIDTHS])
    assert found.interior == (0.1 < best < 1.6 and least < 0.1)


def test_candidates_up_to_a_limit():
    """None above `most`, unless all are."""
    assert among(bowl(1.6), WIDTHS, most=0.5).width == 0.4
    assert among(bowl(1.6), WIDTHS, most=0.01).width == 0.1


def test_one_candidate():
    """It is the best, whatever its score."""
    for slack in (None, lambda _: 1.0):
        found = among(bowl(5.0), np.array([2.0]), slack=slack)
        assert found.width == 2.0
        assert not found.interior


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (lambda t: t - 0.3, 0.3),
        (lambda t: t**3 - 0.02, 0.02 ** (1 / 3)),
        (lambda t: math.expm1(5 * (t - 0.7)), 0.7),
        (lambda t: -math.inf if t < 0.2 else t - 0.25, 0.25),
    ],
)
def test_root(function, exact):
    """Between the ends, also where the function is minus infinity at one."""
    found = root(function, 0.0, 1.0, function(0.0), function(1.0))
    assert found == pytest.approx(exact, abs=1e-11)
