from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.boundary.moments import truncated_moments
from parzen.kernels import Kernel
from parzen.kernels.interval import interval_mass
from tests import bounded_reference as oracle
from tests.strategies import SEEDS

BOUNDARIES = (None, "reflect", "periodic", "renormalize", "linear", "transform")
LAW = settings(max_examples=60)


@st.composite
def estimates(draw, *, boundaries=BOUNDARIES, names=oracle.NAMES):
    """Data in [0, 1], a boundary that can serve the kernel, a bandwidth, weights."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.sampled_from([1, 2, 7, 30]))
    x = rng.random(n) ** draw(st.sampled_from([0.3, 1.0, 3.0]))
    if draw(st.booleans()):
        # ties
        x = np.rint(x * 8) / 8
    boundary = draw(st.sampled_from(boundaries))
    name = draw(st.sampled_from(names))
    if boundary in ("renormalize", "linear") and name == "cauchy":
        name = "gaussian"
    if boundary == "linear" and name not in oracle.SYMMETRIC:
        name = "epanechnikov"
    if boundary == "transform":
        x = x.clip(0.01, 0.99)
        # tails of a power law reach into bounds that floats do not tell apart
        name = "gaussian" if name in ("cauchy", "t5") else name
    h = draw(st.sampled_from([0.03, 0.2, 0.9]))
    weights = draw(st.sampled_from([None, 0.1 + rng.random(n)]))
    options = {"kernel": oracle.kernel_of(name), "bandwidth": h, "weights": weights}
    return x, name, options | {"bounds": (0, 1), "boundary": boundary}


@given(estimates())
@LAW
def test_mass_is_one(estimate):
    """By quadrature that knows every kink."""
    x, name, options = estimate
    density = parzen.kde(x, **options)
    h = options["bandwidth"]
    ends, points = np.array([0.0, 1.0]), x
    if options["boundary"] == "transform":
        far = oracle.span(name)
        points = np.log(x / (1 - x))
        # beyond, the logit is a bound itself to rounding
        ends = np.clip([points.min() - far * h, points.max() + far * h], -34, 34)

    def values(y):
        y = y.astype(float)
        if options["boundary"] != "transform":
            return density.pdf(y)
        z = 1 / (1 + np.exp(-y))
        return density.pdf(z) * z * (1 - z)

    kinks = {at + p * h for at in points for p in oracle.places(name)}
    corners = {
        end + s * p * h for end in ends for p in oracle.places(name) for s in (1, -1)
    }
    # whole turns and mirror images, as far as a kernel reaches
    images = {sign * k + t for k in kinks for t in range(-6, 7) for sign in (1, -1)}
    borders = oracle.panels(*ends, kinks | corners | images, h / 2)
    total = float(oracle.quad(values, borders))
    assert total == pytest.approx(1, abs=1e-7)


@given(estimates(), SEEDS)
@LAW
def test_the_order_of_the_data_does_not_matter(estimate, seed):
    """Nor does repetition in place of weights."""
    x, _, options = estimate
    order = np.random.default_rng(seed).permutation(len(x))
    q = np.linspace(0.001, 0.999, 17)
    wanted = parzen.kde(x, **options).pdf(q)
    weights = options.pop("weights")
    if weights is not None:
        options["weights"] = weights[order]
    got = parzen.kde(x[order], **options).pdf(q)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-13)
    if weights is None:
        counts = np.arange(len(x)) % 3 + 1
        repeated = parzen.kde(np.repeat(x, counts), **options).pdf(q)
        weighted = parzen.kde(x, **options | {"weights": counts}).pdf(q)
        np.testing.assert_allclose(repeated, weighted, rtol=1e-9, atol=1e-13)


@given(
    estimates(),
    st.sampled_from([1e-6, 0.37, 5.0, -1.0]),
    st.sampled_from([0.0, 3.7, -1e3]),
)
@LAW
def test_shift_scale_and_mirror(estimate, scale, shift):
    """The density of moved data is the moved density."""
    x, name, options = estimate
    if scale < 0 and name not in oracle.SYMMETRIC:
        scale = -scale
    q = np.linspace(0.001, 0.999, 17)
    wanted = parzen.kde(x, **options).pdf(q) / abs(scale)
    options["bounds"] = tuple(sorted([shift, scale + shift]))
    if options["boundary"] != "transform":
        options["bandwidth"] *= abs(scale)
    density = parzen.kde(x * scale + shift, **options)
    # kernels that jump, and offsets that round: all but the few points on an edge
    got = density.pdf(q * scale + shift)
    close = np.isclose(got, wanted, rtol=1e-4, atol=1e-6 / abs(scale))
    assert close.mean() > 0.8
    if shift == 0 and abs(scale) == 1 and name != "tophat":
        np.testing.assert_allclose(got, wanted, rtol=1e-7, atol=1e-9)


@given(estimates(boundaries=("periodic",)), st.floats(-3, 3), st.integers(-4, 4))
@LAW
def test_a_period_begins_anywhere(estimate, start, turns):
    """Neither the origin of the circle nor whole turns of the data count."""
    x, name, options = estimate
    q = np.linspace(0.001, 0.999, 17)
    wanted = parzen.kde(x, **options).pdf(q)
    moved = np.where(np.arange(len(x)) % 2 == 0, x + turns, x)
    options["bounds"] = (start, start + 1)
    got = parzen.kde(moved, **options).pdf(start + np.mod(q - start, 1))
    if name in ("tophat", "callable"):
        # rounding decides on which side of a jump a query is
        assert np.isclose(got, wanted, rtol=1e-7, atol=1e-9).mean() > 0.7
        return
    np.testing.assert_allclose(got, wanted, rtol=1e-7, atol=1e-9)


@given(estimates(boundaries=("reflect",), names=("gaussian", "logistic", "cauchy")))
@LAW
def test_the_slope_is_zero_at_a_mirror(estimate):
    """To the second order, whatever the data."""
    x, name, options = estimate
    density = parzen.kde(x, **options)
    h = options["bandwidth"]
    steps = h * np.array([0.0, 1e-3])
    images = 2 * math.ceil(6 * h) + 3
    bend = images * Kernel(name).curvature(1) / h**3
    for end, sign in ((0.0, 1.0), (1.0, -1.0)):
        first, second = density.pdf(end + sign * steps)
        assert abs(second - first) <= 0.5 * bend * (1e-3 * h) ** 2 + 1e-9 * first


@given(estimates(), st.integers(1, 4))
@LAW
def test_threads_change_nothing(estimate, n_jobs):
    """Bitwise the same."""
    x, _, options = estimate
    q = np.linspace(0, 1, 33)
    one = parzen.kde(x, n_jobs=1, **options)
    many = parzen.kde(x, n_jobs=n_jobs, **options)
    np.testing.assert_array_equal(many.pdf(q), one.pdf(q))
    np.testing.assert_array_equal(many.sample(50, rng=1), one.sample(50, rng=1))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_threads_change_nothing_in_compiled_sums(boundary):
    """Bitwise the same with enough pairs for several blocks."""
    x = np.random.default_rng(2).random(3000)
    q = np.linspace(0.001, 0.999, 1500)
    options = {"bandwidth": 0.05, "bounds": (0, 1), "boundary": boundary}
    one, two = (parzen.kde(x, n_jobs=n, **options) for n in (1, 2))
    np.testing.assert_array_equal(two.pdf(q), one.pdf(q))
    np.testing.assert_array_equal(two.logpdf(q), one.logpdf(q))


def slices(name, power, low, high):
    """Integrate u^power K(u) from low to high, by a rule of its own."""
    if low == high:
        return 0.0
    kinks = oracle.places(name)
    borders = oracle.panels(np.longdouble(low), np.longdouble(high), kinks, 0.5)
    return float(
        oracle.quad(lambda u: u**power * np.exp(oracle.log_kernel(name, u)), borders)
    )


@pytest.mark.parametrize("name", [k for k in oracle.SYMMETRIC if k != "cauchy"])
def test_moments_of_any_interval(name):
    """Wide, one-sided and thin intervals, in units of the thin ones."""
    kernel = Kernel.of(oracle.kernel_of(name))
    low = np.array([-3.0, -0.4, 0.2, -2e-4, 0.3, -50.0, -1.0, 0.999, 0.0])
    high = np.array([0.7, 0.1, 0.9, 1e-4, 0.3 + 1e-3, 2.0, 1.0, 1.5, 1e-9])
    for unit in (1.0, 1e-3):
        found = truncated_moments(kernel).between(low, high, unit)
        for power in range(3):
            pairs = zip(low, high, strict=True)
            wanted = np.array([slices(name, power, *pair) for pair in pairs])
            # halves on both sides of the centre cancel in the first moment
            size = slices_of_size(name, power, low, high)
            error = np.abs(found[power] * unit**power - wanted)
            np.testing.assert_array_less(error, 1e-11 * size + 1e-60)


def slices_of_size(name, power, low, high):
    """Integrate |u|^power K(u), for each of several intervals."""
    return np.array(
        [
            abs(slices(name, power, min(a, 0), min(b, 0)))
            + abs(slices(name, power, max(a, 0), max(b, 0)))
            for a, b in zip(low, high, strict=True)
        ]
    )


@given(st.sampled_from(oracle.KERNELS), st.floats(-4, 4), st.integers(0, 14))
@LAW
def test_thin_slices_of_a_kernel(name, low, exponent):
    """The mass of any interval has its digits, however thin it is."""
    high = low + 10.0**-exponent
    found = interval_mass(Kernel(name), np.array([low]), np.array([high]))
    # a slice at the very edge of the support is as exact as its ends are
    np.testing.assert_allclose(
        found, slices(name, 0, low, high), rtol=1e-11, atol=1e-20
    )
