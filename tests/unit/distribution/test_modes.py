"""Modes and antimodes: all of them, against dense grids and by symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from parzen import CapabilityError
from tests.reference_distribution import SHAPES, Line, Space

SMOOTH = ("gaussian", "cauchy")


def turns_on_a_grid(line, sign, count=60_001):
    """Places where a density turns on a dense grid, by more than rounding."""
    x = np.linspace(
        line.x.min() - 9.0 * line.h[0], line.x.max() + 9.0 * line.h[0], count
    )
    rise = np.diff(sign * line.logpdf(x))
    told = np.flatnonzero(np.abs(rise) > 1e-13)
    way = np.sign(rise[told])
    at = np.flatnonzero((way[:-1] > 0) & (way[1:] < 0))
    return (x[told[at] + 1] + x[told[at + 1]]) / 2.0, x[1] - x[0]


@pytest.mark.parametrize("kernel", SMOOTH)
@pytest.mark.parametrize("h", [0.02, 0.1, 0.4])
def test_all_turns_of_a_smooth_density_are_found(kernel, h, rng):
    """As many as a dense grid sees, at the same places, to 1e-8 of a width."""
    line = Line(rng.normal(size=40), h, kernel=kernel)
    for sign, got in ((1, line.modes()), (-1, line.antimodes())):
        exact, step = turns_on_a_grid(line, sign)
        assert len(got.location) == len(exact)
        np.testing.assert_allclose(got.location, exact, atol=2.0 * step)
        np.testing.assert_array_equal(got.density, line.pdf(got.location))
    np.testing.assert_allclose(
        line.derivative(line.modes().location), 0.0, atol=1e-8 / h
    )


def test_two_gaussians_are_two_modes_from_two_widths_on():
    """The known condition for two modes, on both sides of it."""
    for apart, count in (
        (1.9, 1),
        (1.99, 1),
        (2.01, 2),
        (2.1, 2),
        (5.0, 2),
        (200.0, 2),
    ):
        line = Line([0.0, apart])
        modes, antimodes = line.modes(), line.antimodes()
        assert len(modes.location) == count
        assert len(antimodes.location) == count - 1
        middle = (modes if count == 1 else antimodes).location[0]
        assert middle == pytest.approx(apart / 2.0, abs=1e-6)


@pytest.mark.parametrize("scale", [1e-290, 1e-5, 1.0, 1e290])
@pytest.mark.parametrize("kernel", SHAPES)
def test_units_and_offsets_move_them(kernel, scale):
    """Places scale and move with the data."""
    x = np.array([0.0, 1.1, 4.5])
    places = Line(x, kernel=kernel).modes().location
    scaled = Line(x * scale, scale, kernel=kernel).modes().location
    np.testing.assert_allclose(scaled, places * scale, rtol=1e-6, atol=1e-7 * scale)
    moved = Line(x + 1024.0, kernel=kernel).modes().location
    np.testing.assert_allclose(moved, places + 1024.0, atol=1e-7)


@pytest.mark.parametrize("kernel", SHAPES)
def test_separate_points_are_modes_and_gaps_lie_between(kernel):
    """A point far from others is a mode, for every kernel."""
    x = np.array([0.0, 10.0, 100.0])
    line = Line(x, 0.5, kernel=kernel)
    # others pull at what has no end
    near = 1e-3 if kernel == "cauchy" else 1e-9
    np.testing.assert_allclose(line.modes().location, x, atol=near)
    if kernel != "cauchy":
        np.testing.assert_allclose(line.antimodes().location, [5.0, 55.0], atol=1e-3)


def test_a_plateau_is_one_mode_by_its_middle():
    """Where a density is flat at the top, it is counted once."""
    line = Line([0.0, 0.5], kernel="tophat")
    modes = line.modes()
    np.testing.assert_allclose(modes.location, [0.25], atol=1e-12)
    assert modes.density.tolist() == [0.5]
    stairs = Line([0.0, 0.5, 3.0, 3.5], kernel="tophat").modes()
    np.testing.assert_allclose(stairs.location, [0.25, 3.25], atol=1e-12)


def test_a_bound_may_be_a_mode():
    """A density that falls from its bound on has a mode there."""
    line = Line([0.0, 3.0], 0.5, mirrored=True)
    np.testing.assert_allclose(line.modes().location, [0.0, 3.0], atol=1e-6)
    line = Line([0.0, 0.1, 0.3], kernel="exponential", mirrored=True)
    assert line.modes().location[0] == pytest.approx(line.modes().location.min())
    assert len(Line([0.0], kernel="cauchy", mirrored=True).modes().location) == 1


def test_kinks_of_triangles_are_modes():
    """Where the slope jumps through zero, too."""
    line = Line([0.0, 0.3, 2.0], kernel="triangular")
    assert line.modes().location[-1] == 2.0


@pytest.mark.parametrize("weights", [[1.0, 1e-12], [1e-9, 1.0]])
def test_a_light_point_is_a_mode_too(weights):
    """However little its weight."""
    line = Line([0.0, 20.0], weights=weights)
    np.testing.assert_allclose(line.modes().location, [0.0, 20.0], atol=1e-6)


def test_signed_weights_have_modes():
    """A dip by a negative weight is an antimode."""
    line = Line([0.0, 0.0], [1.0, 0.5], weights=[2.0, -0.9])
    got = line.modes().location
    assert len(got) == 2
    assert got[0] == pytest.approx(-got[1], abs=1e-9)
    assert line.antimodes().location.tolist() == pytest.approx([0.0], abs=1e-9)


class TestSpace:
    def test_they_are_where_the_score_vanishes_by_falling_density(self, rng):
        """The highest comes first."""
        x = rng.normal(size=(60, 2))
        space = Space(x, 0.2)
        modes = space.modes()
        np.testing.assert_allclose(space.score(modes.location), 0.0, atol=1e-6)
        assert (np.diff(modes.density) <= 0.0).all()
        np.testing.assert_array_equal(modes.density, space.pdf(modes.location))

    @pytest.mark.parametrize("h2", [0.01, 0.04, 0.5])
    def test_no_ascent_from_a_grid_finds_another(self, h2, rng):
        """Ascents from elsewhere end at modes that are known."""
        x = rng.normal(size=(25, 2))
        space = Space(x, h2)
        space.points = x
        got = space.modes().location
        for start in rng.uniform(-2.0, 2.0, size=(15, 2)):
            top = optimize.minimize(
                lambda q: -space.logpdf(q),
                start,
                jac=lambda q: -space.score(q),
                options={"gtol": 1e-9},
            )
            if np.linalg.eigvalsh(top.hess_inv)[0] > 0.0 and top.success:
                apart = np.linalg.norm(got - top.x, axis=1).min()
                assert apart < 1e-4

    def test_saddles_are_left(self):
        """What is a maximum along one axis only is none."""
        # points on both sides of one that ascent by the gradient alone would end at
        space = Space([[-2.0, 0.0], [2.0, 0.0]], 1.0)
        space.points = np.array([[0.0, 0.5], [0.0, -0.5], [0.0, 0.0]])
        got = space.modes().location
        for place in got:
            assert abs(place[0]) > 1.0

    def test_many_points_are_thinned(self, rng):
        """Thousands of starts find the same two modes."""
        x = rng.normal(size=(3000, 2))
        x[:1500] += 6.0
        space = Space([[0.0, 0.0], [6.0, 6.0]], 1.0)
        space.points = x
        got = np.sort(space.modes().location, axis=0)
        np.testing.assert_allclose(got, [[0.0, 0.0], [6.0, 6.0]], atol=1e-6)

    def test_the_order_of_points_does_not_matter(self, rng):
        """Reversed data have the same modes."""
        x = rng.normal(size=(40, 3))
        answers = []
        for points in (x, x[::-1]):
            space = Space(points, 0.3)
            space.points = points
            answers.append(space.modes().location)
        np.testing.assert_allclose(*answers, atol=1e-7)

    def test_a_flat_density_is_refused(self):
        """A sum of steps has no places to name."""

        class Flat(Space):
            def _logpdf(self, q):
                return np.where(np.abs(q).max(axis=1) < 1.0, -1.0, -np.inf)

            def _score(self, q):
                return np.zeros_like(q)

        flat = Flat([[0.0, 0.0]], 1.0)
        flat.points = np.zeros((1, 2))
        with pytest.raises(CapabilityError, match="flat wherever it is not zero"):
            flat.modes()
