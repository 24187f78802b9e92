"""Quantiles: that they solve the equation, in every unit, tail and gap."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from tests.reference_distribution import SHAPES, Line

RNG = np.random.default_rng(5)
SAMPLES = {
    "one": ([0.3], 1.0),
    "few": ([1.0, 2.0, 4.0], 1.0),
    "ties": ([2.0, 2.0, 2.0, 3.0], 0.7),
    "far apart": ([0.0, 10.0, 100.0], 0.5),
    "two widths": ([0.0, 1.0, 5.0], [1.0, 0.01, 3.0]),
    "smallest": ([0.0, 1e-290, 3e-290], 1e-290),
    "largest": ([-1e290, 2e290], 1e290),
    "offset": ([1e9, 1e9 + 1.0, 1e9 + 3.0], 1.0),
    "many": (RNG.normal(size=60), 0.05),
}
P = np.concatenate(
    [10.0 ** -np.arange(1.0, 301.0, 13.0), np.linspace(0.001, 0.999, 41), [0.25, 0.5]]
)


def assert_solves(line, p, x, *, upper):
    """`p` lies between the masses beside x: a distance of 1e-8 widths, or rounding."""
    log_mass = line.logccdf if upper else line.logcdf
    room = 1e-8 * line.h.min() + 4.0 * np.spacing(np.abs(x))
    lower, upper_end = line.support()
    beside = [np.maximum(x - room, lower), np.minimum(x + room, upper_end)]
    low, high = (log_mass(b) for b in (beside[::-1] if upper else beside))
    # the support itself is rounded
    low = np.where(beside[int(upper)] == line.support()[int(upper)], -np.inf, low)
    assert (low <= np.log(p) + 1e-9).all()
    assert (high >= np.log(p) - 1e-9).all()


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("kernel", SHAPES)
def test_mass_beside_a_quantile_is_the_probability(kernel, sample):
    """In every unit, tail and gap, from both sides."""
    line = Line(*SAMPLES[sample], kernel=kernel)
    for upper in (False, True):
        x = (line.iccdf if upper else line.icdf)(P)
        finite = np.isfinite(x)
        assert finite.all() or kernel == "cauchy"
        assert_solves(line, P[finite], x[finite], upper=upper)


@pytest.mark.parametrize("kernel", SHAPES)
def test_they_rise_with_the_probability(kernel):
    """Also between probabilities one rounding apart."""
    line = Line(*SAMPLES["many"], kernel=kernel)
    p = np.sort(np.concatenate([P, P * (1.0 + 1e-15), 1.0 - P, RNG.random(200)]))
    x = line.icdf(np.minimum(p, 1.0))
    assert (x[1:] >= x[:-1]).all()
    x = line.iccdf(np.minimum(p, 1.0))
    assert (x[1:] <= x[:-1]).all()


@pytest.mark.parametrize("p", [0.01, 1e-20, 1e-300, 5e-324])
def test_tails_of_a_gaussian_against_mpmath(p):
    """To the smallest probability that there is."""
    line = Line([1.0, 2.0, 4.0])
    with mp.workdps(40):

        def miss(x):
            tails = [mp.erfc((at - x) / mp.sqrt(2)) / 2 for at in (1, 2, 4)]
            return mp.log(mp.fsum(tails) / 3) - mp.log(mp.mpf(p))

        exact = float(mp.findroot(miss, line.icdf(p)))
    assert line.icdf(p) == pytest.approx(exact, rel=1e-12)
    # the mirror image, which the other side of the solver answers
    mirror = Line([-1.0, -2.0, -4.0])
    assert mirror.iccdf(p) == pytest.approx(-exact, rel=1e-12)


def test_tails_of_cauchy_reach_as_far_as_floats():
    """Beyond the largest float they are infinite."""
    line = Line([0.0], kernel="cauchy")
    p = np.array([1e-10, 1e-100, 1e-300])
    np.testing.assert_allclose(line.icdf(p), -1.0 / (np.pi * p), rtol=1e-10)
    wide = Line([0.0], 1e200, kernel="cauchy")
    assert wide.icdf(1e-150) == -np.inf
    assert wide.iccdf(1e-150) == np.inf


def test_ends_of_the_support():
    """Probabilities zero and one."""
    line = Line([1.0, 5.0], kernel="tophat")
    assert line.icdf([0.0, 1.0]).tolist() == [0.0, 6.0]
    assert line.iccdf([0.0, 1.0]).tolist() == [6.0, 0.0]
    assert Line([1.0]).icdf([0.0, 1.0]).tolist() == [-np.inf, np.inf]


def test_beside_a_bound_at_zero_they_are_right_relatively():
    """A quantile of 1e-300 has all its digits."""
    line = Line([1.0, 2.0], 0.5, mirrored=True)
    height = line.pdf(0.0)
    p = np.array([1e-20, 1e-150, 1e-300])
    np.testing.assert_allclose(line.icdf(p), p / height, rtol=1e-12)


@pytest.mark.parametrize("kernel", ["epanechnikov", "triangular", "tophat"])
@pytest.mark.parametrize("scale", [1e-290, 1.0, 1e290])
def test_in_a_gap_the_left_end(kernel, scale):
    """Where no density lies the first place that has the mass."""
    # masses below are 1/3, 2/3, which no float is, and their sums are rounded
    x = np.array([0.0, 5.0, 20.0]) * scale
    line = Line(x, scale, kernel=kernel)
    ends = np.array([1.0, 6.0]) * scale
    levels = np.array([1.0, 2.0]) / 3.0
    np.testing.assert_allclose(line.icdf(levels), ends, rtol=1e-12)
    np.testing.assert_allclose(line.iccdf(1.0 - levels), ends, rtol=1e-12)
    beyond = line.icdf(levels * (1.0 + 1e-9))
    assert (beyond > np.array([4.0, 19.0]) * scale).all()


def test_in_a_valley_without_density_the_middle():
    """Where densities underflow they are still solved for."""
    line = Line([0.0, 100.0])
    assert line.median() == pytest.approx(50.0, abs=1e-6)


def test_they_do_not_depend_on_each_other():
    """One by one, all at once, many times over."""
    line = Line(*SAMPLES["many"])
    p = RNG.random(50)
    alone = [line.icdf(value) for value in p]
    np.testing.assert_allclose(line.icdf(p), alone, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        line.icdf(np.tile(p, 100)), np.tile(alone, 100), rtol=1e-12, atol=1e-12
    )


def test_few_evaluations_are_enough():
    """About five a quantile, of masses and densities."""
    line = Line(*SAMPLES["many"])
    p = RNG.random(20_000)
    line.icdf(0.5)
    line.asked = 0
    line.icdf(p)
    # masses and densities together
    assert line.asked < 5.5 * len(p)


def test_what_has_a_closed_form_is_asked_first():
    """And solved for only where that does not serve."""

    class Closed(Line):
        def _quantile(self, p, *, upper):
            served = (p >= 0.3) & (p <= 0.7)
            return np.where(served, 0.1 if upper else -0.1, np.nan)

    line = Closed([0.0])
    x = line.icdf([0.1, 0.4, 0.6, 0.9])
    np.testing.assert_allclose(x[[0, 3]], [-1.2815515655446004, 1.2815515655446004])
    assert x[1:3].tolist() == [-0.1, -0.1]
    line.asked = 0
    assert line.icdf([0.4, 0.6]).tolist() == [-0.1, -0.1]
    assert line.iccdf([0.4, 0.6]).tolist() == [0.1, 0.1]
    assert line.asked == 0
