from __future__ import annotations

import numpy as np
import pytest

from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.matrix.search import lowest_dip, minimise_form
from parzen.sample import Sample

RNG = np.random.default_rng(1)
FORM = Form.of(Sample.of(RNG.normal(size=(500, 3))), "full")
ROOT = RNG.normal(size=(3, 3))
# widths of 0.2 to 0.5, around the reference of 0.4
TARGET = 0.08 * (np.eye(3) + 0.3 * ROOT @ ROOT.T)


def stein(matrix):
    """tr(H T^-1) - log det(H T^-1), least at H = T; and its gradient."""
    inverse = np.linalg.inv(TARGET)
    value = np.trace(matrix @ inverse) - np.linalg.slogdet(matrix @ inverse)[1]
    return float(value), inverse - np.linalg.inv(matrix)


def test_finds_the_minimum_with_a_gradient():
    """BFGS ends at the matrix that is least, to rounding."""
    found = minimise_form(stein, FORM)
    assert found.converged
    np.testing.assert_allclose(found.matrix, TARGET, atol=1e-7)
    assert found.score == pytest.approx(3.0, abs=1e-12)


def test_finds_the_minimum_without_a_gradient():
    """Central differences do as well."""
    found = minimise_form(lambda h: (stein(h)[0], None), FORM)
    assert found.converged
    np.testing.assert_allclose(found.matrix, TARGET, atol=1e-5)


def test_turned_coordinates_give_turned_steps():
    """No axis is special: the trace of the search, not only its end, turns along."""
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    calls = [], []

    def plain(h):
        calls[0].append(h)
        return stein(h)

    def turned(h):
        back = turn.T @ h @ turn
        calls[1].append(back)
        value, gradient = stein(back)
        return value, turn @ gradient @ turn.T

    minimise_form(plain, FORM)
    minimise_form(turned, FORM)
    # up to where rounding decides when to stop
    common = min(map(len, calls)) - 3
    assert common > 25
    np.testing.assert_allclose(calls[0][:common], calls[1][:common], atol=1e-8)


def test_the_scan_takes_the_lowest_of_several_minima():
    """Two dips along the widths: the deeper one is searched."""

    def two(h):
        t = np.log(np.linalg.det(h)) / 6.0 - np.log(FORM.reference)
        return float(min((t + 2.0) ** 2, 0.5 * (t - 0.5) ** 2 - 0.1)), None

    isotropic = Form.of(Sample.of(FORM.points), "scaled")
    found = minimise_form(two, isotropic)
    assert found.converged
    width = np.sqrt(found.matrix[0, 0]) / FORM.reference
    assert width == pytest.approx(np.exp(0.5), rel=1e-6)
    assert (np.diff(found.widths) > 0).all()
    assert found.scores.min() >= found.score


def test_no_minimum_within_the_range_is_told():
    """A criterion that only falls: the reference rule, and why."""
    found = minimise_form(lambda h: (float(np.linalg.det(h)), None), FORM)
    assert not found.converged
    assert "no minimum" in found.fault
    np.testing.assert_allclose(found.matrix, FORM.reference**2 * np.eye(3))


def test_a_fall_in_one_direction_is_told():
    """Least along multiples, but a thin ellipsoid is ever better."""

    def leak(h):
        size = np.linalg.slogdet(h)[1] / 3.0
        return float((size + 2.0) ** 2 + np.log(h[0, 0]) - size), None

    found = minimise_form(leak, FORM)
    assert not found.converged
    assert "in some direction" in found.fault
    # the best multiple of the identity stands in, and `edge` says where it led
    assert np.ptp(np.log(np.linalg.eigvalsh(found.edge))) > 5.0
    assert np.ptp(np.linalg.eigvalsh(found.matrix)) < 1e-12
    solution = found.solution(FORM, "a rule")
    assert not solution.converged
    assert "in some direction" in solution.note


@pytest.mark.parametrize(
    ("scores", "place"),
    [
        ([3, 2, 1], None),
        ([1, 2, 3], None),
        ([0, 3, 1, 2, 0], 2),
        ([9, 3, 5, 2, 4], 3),
        ([3, 1, 1, 2], 1),
    ],
)
def test_lowest_dip(scores, place):
    """Ends are no dips, however low."""
    assert lowest_dip(np.array(scores, dtype=float)) == place
