"""The improved Sheather-Jones rule, by a slow oracle and by its symmetries."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import parzen
from parzen import BandwidthError, BinnedSample, ConvergenceWarning, select_bandwidth
from tests import reference_isj


def isj(x, **options):
    """The bandwidth by name."""
    return select_bandwidth(x, "isj", **options).value


def bimodal(rng, n):
    """Two narrow modes, four deviations apart."""
    return rng.normal(rng.choice([-2.0, 2.0], n), 0.5)


def claw(rng, n):
    """Five teeth on a normal."""
    teeth = rng.integers(5, size=n) / 2 - 1
    return np.where(
        rng.random(n) < 0.5, rng.normal(size=n), rng.normal(teeth, 0.1, size=n)
    )


SAMPLES = {
    # and how many frequencies the oracle needs
    "normal": (lambda rng: rng.normal(size=1000), 400),
    "large": (lambda rng: rng.normal(size=100_000), 600),
    "bimodal": (lambda rng: bimodal(rng, 1000), 400),
    "claw": (lambda rng: claw(rng, 2000), 1200),
    "exponential": (lambda rng: rng.exponential(size=700), 900),
    "far": (lambda rng: 1e6 + 1e-3 * rng.normal(size=400), 400),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("name", SAMPLES)
def test_bandwidth_solves_the_equation(rng, name, weighted):
    """Botev, Grotowski & Kroese term by term: own bins, plain cosine sums, Brent."""
    draw, count = SAMPLES[name]
    x = draw(rng)
    w = rng.uniform(0.2, 3.0, len(x)) if weighted else None
    exact = reference_isj.bandwidth(x, w, count=count)
    assert isj(x, weights=w) == pytest.approx(
        exact, rel=1e-9 if name != "far" else 1e-6
    )


@pytest.mark.parametrize("name", ["normal", "bimodal"])
def test_cells_do_not_matter(rng, name):
    """The cosines of the points themselves give the same: binning costs under 1e-4."""
    draw, count = SAMPLES[name]
    x = draw(rng)
    exact = reference_isj.bandwidth(x, binned=False, count=count)
    assert isj(x) == pytest.approx(exact, rel=1e-4)


def test_negative_weights_enter_the_equation_like_others(rng):
    """Cosine sums are linear in the weights, n_eff is (sum w)^2 / sum w^2."""
    x = rng.normal(size=3000)
    w = np.where(rng.random(3000) < 0.1, -1.0, 1.0)
    exact = reference_isj.bandwidth(x, w, count=400)
    assert isj(x, weights=w, signed_weights=True) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("ends", "draw"),
    [
        ((0.0, math.inf), lambda rng: rng.exponential(size=1000)),
        ((-math.inf, 0.0), lambda rng: -np.abs(rng.normal(size=1000))),
        ((-1.0, 1.0), lambda rng: rng.triangular(-1.0, 1.0, 1.0, 1000)),
    ],
    ids=["below", "above", "both"],
)
def test_ends_without_flow(rng, ends, draw):
    """At a corrected bound the interval ends: the equation of the folded data."""
    x = draw(rng)
    density = parzen.kde(x, bandwidth="isj", bounds=ends, boundary="reflect")
    exact = reference_isj.bandwidth(x, ends=ends, count=600)
    assert density.bandwidth == pytest.approx(exact, rel=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("n", "published", "samples"),
    [(1_000, 0.266, 60), (10_000, 0.168, 40), (100_000, 0.106, 15)],
)
def test_normal_data_have_the_bandwidth_of_least_error(rng, n, published, samples):
    """(4 / 3 n)^(1/5) for the standard normal, in the mean over samples."""
    assert published == pytest.approx((4 / 3 / n) ** 0.2, abs=5e-4)
    h = [isj(rng.normal(size=n)) for _ in range(samples)]
    error = np.std(h) / math.sqrt(samples)
    # five stages start from the normal: no bias left but a per cent or two
    assert abs(np.mean(h) - published) < 3 * error + 0.02 * published


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-6, 1e-3, 1e6, 1e150, 1e300])
def test_units(rng, scale):
    """The bandwidth follows the units of the data, from the smallest to the largest."""
    x = bimodal(rng, 500)
    assert isj(x * scale) / scale == pytest.approx(isj(x), rel=1e-12)


@pytest.mark.parametrize("exponent", [-1000, -301, -20, 1, 300, 301, 1000])
def test_powers_of_two_are_exact(rng, exponent):
    """Units of a power of two change no digit."""
    x, w = bimodal(rng, 500), rng.random(500)
    h = isj(np.ldexp(x, exponent), weights=w)
    assert np.ldexp(h, -exponent) == isj(x, weights=w)


@pytest.mark.parametrize(
    ("shift", "rel"), [(1.0, 1e-12), (1e3, 1e-11), (-1e6, 1e-9), (1e9, 1e-5)]
)
def test_place(rng, shift, rel):
    """A shift matters by what it rounds off the data, and no more."""
    x = rng.normal(size=1000)
    assert isj(x + shift) == pytest.approx(isj(x), rel=rel)


def test_direction_and_order(rng):
    """Neither matters."""
    x, w = rng.exponential(size=800), rng.random(800)
    h, order = isj(x, weights=w), rng.permutation(800)
    assert isj(-x, weights=w) == pytest.approx(h, rel=1e-12)
    assert isj(x[order], weights=w[order]) == pytest.approx(h, rel=1e-12)


@pytest.mark.parametrize("value", [1.0, 1 / 3, 1e-200, 7e100])
def test_equal_weights_are_none(rng, value):
    """Of any size."""
    x = claw(rng, 1000)
    assert isj(x, weights=np.full(1000, value)) == pytest.approx(isj(x), rel=1e-12)


@pytest.mark.parametrize("n", [100, 1000, 4000])
def test_integer_weights_are_repetition(rng, n):
    """A copy of a point tells nothing new: ties count as weights."""
    x, w = bimodal(rng, n), rng.integers(1, 4, size=n)
    assert isj(np.repeat(x, w)) == pytest.approx(isj(x, weights=w), rel=1e-9)


def test_zero_weights_leave_no_trace(rng):
    """Wherever the point without weight lies."""
    x = rng.normal(size=500)
    far, w = np.append(x, [1e6, -1e6]), np.append(np.ones(500), [0.0, 0.0])
    assert isj(far, weights=w) == isj(x)


@pytest.mark.parametrize("n", [300, 1000, 10_000, 100_000])
@pytest.mark.parametrize("digit", [0.01, 0.1])
def test_rounded_data_keep_their_bandwidth(rng, n, digit):
    """A digit below the bandwidth changes it by some per cent at most."""
    x = rng.normal(size=n)
    assert isj(np.round(x / digit) * digit) == pytest.approx(isj(x), rel=0.05)


@pytest.mark.parametrize("n", [300, 1000, 10_000, 100_000])
@pytest.mark.parametrize("digit", [0.1, 0.2, 0.5])
def test_rounded_data_have_no_spikes(rng, n, digit):
    """Between the values of the lattice the density falls by a tenth at most."""
    x = np.round(rng.normal(size=n) / digit) * digit
    density = parzen.kde(x)
    values = digit * np.arange(-1, 2)
    on, between = density.pdf(values).mean(), density.pdf(values[1:] - digit / 2).mean()
    assert 0.9 < between / on < 1.1
    # nor is it smeared out: N(0, 1) with the variance of rounding and of the kernel
    assert density.pdf(0.0) == pytest.approx(0.39, rel=0.15)


@pytest.mark.parametrize("n", [272, 5000, 100_000])
def test_whole_numbers(rng, n):
    """Waiting times in minutes: two modes and no more, with the bandwidth of the raw.

    Unless that is below one minute: then it must not be.
    """
    x = np.where(rng.random(n) < 0.36, rng.normal(54, 6, n), rng.normal(80, 6, n))
    density = parzen.kde(np.rint(x))
    values = density.pdf(np.arange(40.0, 95.0, 0.25))
    peaks = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
    assert peaks.sum() == 2
    if isj(x) > 1.0:
        assert density.bandwidth == pytest.approx(isj(x), rel=0.05)
    else:
        assert 0.3 < density.bandwidth < 2.0


HOPELESS = {
    "two points": lambda _: np.array([0.0, 1.0]),
    "three": lambda _: np.array([0.0, 1.0, 5.0]),
    "two values": lambda _: np.repeat([0.0, 1.0], 50),
    "two values, uneven": lambda _: np.repeat([3.0, 4.0], (1, 1000)),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_no_solution_is_said_and_recorded(rng, name):
    """Silverman's rule stands in: with a warning where "isj" was asked for by name."""
    x = HOPELESS[name](rng)
    silverman = select_bandwidth(x, "silverman").value
    with pytest.warns(ConvergenceWarning, match="Silverman"):
        found = select_bandwidth(x, "isj")
    assert (found.value, found.method, found.converged) == (
        silverman, "silverman", False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = select_bandwidth(x)
        density = parzen.kde(x)
    assert (found.value, found.method, found.converged) == (
        silverman, "silverman", False,
    )  # fmt: skip
    assert density.bandwidth == silverman
    for text in (found.note, density.explain()):
        assert "no solution" in text
        assert "Silverman" in text


@pytest.mark.parametrize("n", [100, 1000, 100_000])
@pytest.mark.parametrize("outlier", [1e4, -1e6, 1e30])
def test_an_outlier_does_not_matter(rng, n, outlier):
    """However far it is: the bandwidth is that of the rest, and the note says so."""
    x = rng.normal(size=n)
    found = select_bandwidth(np.append(x, outlier), "isj")
    assert found.converged
    assert found.value == pytest.approx(isj(x), rel=0.03)
    if abs(outlier) > 1e4:
        assert "outliers left out" in found.note


@pytest.mark.parametrize("n", [100, 300, 1000, 3000])
def test_heavy_tails_give_the_width_of_the_centre(rng, n):
    """Solved or not, Cauchy data get a bandwidth of the order of their quartiles."""
    for _ in range(8):
        x = rng.standard_cauchy(n)
        h = select_bandwidth(x).value
        iqr = np.subtract(*np.quantile(x, [0.75, 0.25]))
        assert 0.02 * iqr < h < 1.0 * iqr


@pytest.mark.parametrize("method", ["isj", "auto"])
@pytest.mark.parametrize("x", [[1.0], [2.0] * 10, [1e300] * 3], ids=str)
def test_data_that_do_not_vary(x, method):
    """No rule can tell a width from them: the remedy is a number."""
    with pytest.raises(BandwidthError, match="Give `bandwidth` as a number"):
        select_bandwidth(x, method)


def test_several_dimensions_are_refused(rng):
    """With the rules that do serve them."""
    with pytest.raises(parzen.CapabilityError, match="'silverman'"):
        isj(rng.normal(size=(20, 2)))


@pytest.mark.parametrize("n", [300, 1000, 10_000])
def test_a_uniform_on_its_bounds_is_smoothed_over_all_of_it(n):
    """There is no bias to trade: far wider than a rule of thumb, in most samples."""
    rng = np.random.default_rng(n)
    wide = []
    for _ in range(9):
        x = rng.uniform(size=n)
        h = parzen.kde(x, bounds=(0, 1), boundary="reflect").bandwidth
        wide.append(h / select_bandwidth(x, "silverman").value)
    assert np.median(wide) > 3.0


@pytest.mark.parametrize(
    ("nodes", "rel"), [(128, 0.04), (512, 1e-3), (4096, 1e-4)], ids=str
)
def test_binned_data(rng, nodes, rel):
    """Binned data have nearly the bandwidth of the raw: their number is remembered."""
    x, w = bimodal(rng, 3000), rng.random(3000)
    for weights in (None, w):
        binned = BinnedSample.of(x, weights, grid_size=nodes)
        assert isj(binned) == pytest.approx(isj(x, weights=weights), rel=rel)


def test_a_far_bound_is_no_end(rng):
    """It would stretch the cells; the density falls to zero long before."""
    x = rng.exponential(size=1000)
    kinds = {"boundary": "reflect", "bandwidth": "isj"}
    near = parzen.kde(x, bounds=(0, None), **kinds).bandwidth
    for far in (1e3, 1e6, 1e300):
        assert parzen.kde(x, bounds=(0, far), **kinds).bandwidth == near
    tiny = parzen.kde(x * 1e-200, bounds=(0, 1e200), **kinds).bandwidth
    assert tiny == pytest.approx(near * 1e-200, rel=1e-9)


def test_binned_data_cut_by_bounds_keep_their_number(rng):
    """Nodes stand for points: those outside are no longer counted."""
    x = rng.normal(size=100_000)
    kinds = {"bounds": (1.5, 9), "outside": "drop", "bandwidth": "normal_reference"}
    plain = parzen.kde(x, **kinds)
    binned = parzen.kde(parzen.BinnedSample.of(x), **kinds)
    assert binned.bandwidth == pytest.approx(plain.bandwidth, rel=1e-2)
    assert binned.sample_size == pytest.approx(plain.sample_size, rel=1e-2)


@pytest.mark.parametrize("apart", [100.0, 200.0, 300.0, 1000.0])
def test_two_bumps_far_apart_keep_their_bandwidth(rng, apart):
    """The search goes on below widths at which there is nothing but two spikes."""
    x = rng.normal(size=1000)
    both = np.concatenate([x, x[::-1] + apart])
    assert select_bandwidth(both, "isj").value == pytest.approx(
        select_bandwidth(np.concatenate([x, x[::-1] + 50.0]), "isj").value, rel=0.05
    )


def test_a_heavy_point_narrows_nothing(rng):
    """Its neighbours are no more the bulk of the data than any others."""
    x, weights = rng.normal(size=1000), np.append(1e3, np.ones(999))
    assert select_bandwidth(x, "isj", weights=weights).value > 0.2


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 6])
def test_decimals_change_nothing(rng, decimals):
    """Chance ties of cut-off decimals are no repeats."""
    x = rng.normal(size=1000)
    found = select_bandwidth(np.round(x, decimals), "isj").value
    assert found == pytest.approx(select_bandwidth(x, "isj").value, rel=0.01)


def test_tails_over_decades_say_it_once(rng):
    """No bandwidth fits them: Silverman's rule, after a few tries and in few words."""
    with pytest.warns(ConvergenceWarning, match="no solution"):
        found = select_bandwidth(np.exp(10 * rng.normal(size=1000)), "isj")
    assert not found.converged
    assert len(found.note) < 120
