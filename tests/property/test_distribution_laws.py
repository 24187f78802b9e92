"""Laws of masses, quantiles, slopes and modes, for every kernel, weight and unit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from tests.reference import KERNELS
from tests.strategies import SEEDS

LAW = settings(max_examples=25)
# The error that all answers keep, for both sides of an equation.
RTOL = 4e-8


@st.composite
def lines(draw, scales=(1.0,), weights=True):
    """Data, kernel, width and weights of a density on a line."""
    rng = np.random.default_rng(draw(SEEDS))
    x = rng.normal(size=draw(st.sampled_from([1, 2, 3, 20, 60])))
    if draw(st.booleans()):
        x = np.round(x, 1)
    scale = draw(st.sampled_from(scales))
    w = rng.random(len(x)) + 1e-6 if weights and draw(st.booleans()) else None
    h = draw(st.sampled_from([0.02, 0.3, 2.0]))
    options = {"kernel": draw(st.sampled_from(KERNELS)), "weights": w}
    return x * scale, h * scale, options, rng


def density(x, h, options):
    """A density of these data."""
    return parzen.kde(x, bandwidth=h, **options)


@LAW
@given(lines(scales=(1e-250, 1.0, 1e250)))
def test_cdf_rises_from_zero_to_one_and_ccdf_falls(line):
    """In every unit, and logarithms agree with them."""
    x, h, options, rng = line
    f = density(x, h, options)
    q = np.sort(rng.choice(x, size=40) + 3.0 * h * rng.normal(size=40))
    below, above = f.cdf(q), f.ccdf(q)
    assert (np.diff(below) >= -RTOL * below[1:]).all()
    assert (np.diff(above) <= RTOL * above[:-1]).all()
    assert ((below >= 0.0) & (below <= 1.0)).all()
    np.testing.assert_allclose(below + above, 1.0, rtol=RTOL)
    np.testing.assert_allclose(np.exp(f.logcdf(q)), below, rtol=RTOL)
    np.testing.assert_allclose(np.exp(f.logccdf(q)), above, rtol=RTOL)


@LAW
@given(lines())
def test_masses_of_neighbours_add(line):
    """The mass of an interval is the sum over its parts."""
    x, h, options, rng = line
    f = density(x, h, options)
    q = np.sort(rng.choice(x, size=(30, 3)) + 3.0 * h * rng.normal(size=(30, 3)))
    a, b, c = q.T
    both = f.integrate(a, b) + f.integrate(b, c)
    np.testing.assert_allclose(both, f.integrate(a, c), rtol=RTOL, atol=1e-14)


@LAW
@given(lines(scales=(1e-250, 1.0, 1e250)))
def test_the_quantile_of_a_mass_is_the_point(line):
    """From both sides, where there is density enough to tell."""
    x, h, options, rng = line
    f = density(x, h, options)
    q = np.sort(rng.choice(x, size=40) + h * rng.normal(size=40))
    # where there is enough density to tell
    lower = np.minimum(f.cdf(q), f.ccdf(q))
    q = q[(f.pdf(q) * h > 1e-3) & (lower > 1e-6)]
    np.testing.assert_allclose(f.icdf(f.cdf(q)) / h, q / h, rtol=1e-13, atol=1e-7)
    np.testing.assert_allclose(f.iccdf(f.ccdf(q)) / h, q / h, rtol=1e-13, atol=1e-7)


@LAW
@given(lines(), SEEDS)
def test_quantiles_rise_and_have_their_mass(line, seed):
    """Down to probabilities of 1e-300."""
    x, h, options, _ = line
    f = density(x, h, options)
    rng = np.random.default_rng(seed)
    p = np.sort(np.concatenate([rng.random(60), 10.0 ** -rng.uniform(1, 300, size=20)]))
    q = f.icdf(p)
    assert (q[1:] >= q[:-1]).all()
    inside = np.isfinite(q)
    room = 1e-6 * h + 4.0 * np.spacing(np.abs(q[inside]))
    assert (f.cdf(q[inside] - room) <= p[inside] * (1.0 + 1e-6)).all()
    assert (f.cdf(q[inside] + room) >= p[inside] * (1.0 - 1e-6)).all()


@LAW
@given(lines(), st.sampled_from([0.25, 8.0, 2.0**300, 2.0**-300]))
def test_units_move_quantiles_and_masses_along(line, scale):
    """Masses have no unit, and quantiles that of the data."""
    x, h, options, rng = line
    f, g = density(x, h, options), density(scale * x, scale * h, options)
    q = rng.choice(x, size=20) + h * rng.normal(size=20)
    np.testing.assert_allclose(g.cdf(scale * q), f.cdf(q), rtol=RTOL, atol=1e-300)
    p = rng.uniform(0.01, 0.99, size=20)
    np.testing.assert_allclose(g.cdf(scale * f.icdf(p)), p, rtol=1e-6)


@LAW
@given(lines(weights=False))
def test_the_order_of_the_data_does_not_matter(line):
    """A permuted sample has the same masses and median."""
    x, h, options, rng = line
    f, g = density(x, h, options), density(rng.permutation(x), h, options)
    q = rng.choice(x, size=20) + h * rng.normal(size=20)
    np.testing.assert_allclose(g.cdf(q), f.cdf(q), rtol=RTOL, atol=1e-15)
    np.testing.assert_allclose(
        g.pdf(g.median()), f.pdf(f.median()), rtol=1e-5, atol=1e-9
    )


@LAW
@given(lines(weights=False), st.sampled_from(["gaussian", "logistic", "cauchy"]))
def test_slopes_are_those_of_the_density(line, kernel):
    """Derivative, gradient and score against differences."""
    x, h, options, rng = line
    f = density(x, h, options | {"kernel": kernel})
    q = rng.choice(x, size=20) + h * rng.normal(size=20)
    step = 1e-4 * h
    slope = (f.pdf(q + step) - f.pdf(q - step)) / (2.0 * step)
    room = 1e-5 * f.pdf(q).max() / h
    np.testing.assert_allclose(f.derivative(q), slope, atol=room)
    np.testing.assert_allclose(f.gradient(q), slope, atol=room)
    np.testing.assert_allclose(f.score(q) * f.pdf(q), slope, atol=room)


@LAW
@given(lines())
def test_modes_and_antimodes_take_turns(line):
    """Between two modes lies one lower antimode."""
    x, h, options, _ = line
    f = density(x, h, options)
    modes, antimodes = f.modes(), f.antimodes()
    assert len(modes.location) == len(antimodes.location) + 1
    assert (modes.location[:-1] <= antimodes.location).all()
    assert (antimodes.location <= modes.location[1:]).all()
    for low, high in (
        (modes.density[:-1], antimodes.density),
        (modes.density[1:], antimodes.density),
    ):
        assert (high <= low * (1.0 + RTOL)).all()
    assert modes.density.max() >= f.pdf(x).max() * (1.0 - 1e-6)
