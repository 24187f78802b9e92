"""Sums over pairs, against all pairs one by one in extended precision."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parzen import BandwidthError, BinnedSample
from parzen.bandwidth.lags import LAGS, REACH, Nodes
from parzen.bandwidth.pairs import (
    EXACT,
    Pairs,
    gaussian_derivative,
    own_value,
)
from parzen.sample import Sample
from tests import reference_crossval as exact

ORDERS = (0, 4, 6, 8, 10)


def clusters(rng, n):
    """Two narrow bumps, ten thousand deviations apart, and a few points between."""
    x = rng.normal(size=n) * 1e-4 + rng.integers(2, size=n)
    x[:20] = rng.uniform(size=20)
    return x


SHAPES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "pareto": lambda rng, n: rng.pareto(0.5, n),
    "clusters": clusters,
    "outlier": lambda rng, n: np.append(rng.normal(size=n - 1), -1e12),
    "rounded": lambda rng, n: np.round(rng.normal(size=n), 1),
    "far": lambda rng, n: 1e9 + rng.normal(size=n),
}


def pairs_of(x, weights=None, **options):
    """Pairs of some data."""
    return Pairs.of(Sample.of(x, weights, **options), "ucv")


@pytest.mark.parametrize("order", ORDERS)
def test_derivatives(order):
    """Against polynomials that are written out."""
    x = np.linspace(0.0, 20.0, 200)
    expected = exact.derivative(x / 1.7, order) / 1.7 ** (order + 1)
    found = gaussian_derivative(x, 1.7, order)
    np.testing.assert_allclose(found, expected.astype(float), rtol=1e-9, atol=1e-13)
    assert found[0] == pytest.approx(own_value(1.7, order), rel=1e-14)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("n", [2, 3, 10, EXACT])
def test_few_points_are_exact(rng, n, weighted):
    """Every pair for itself."""
    x = rng.normal(size=n)
    w = rng.random(n) if weighted else None
    pairs = pairs_of(x, w)
    for order in ORDERS:
        for g in (0.2, 1.0, 5.0):
            expected = exact.pair_sum(x / pairs.unit, g, order, w)
            scale = abs(own_value(g, order)) / pairs.n
            assert abs(pairs.sum(g, order) - expected) < 1e-13 * scale * n


def terms(y, g, order):
    """phi_g^(r) for all pairs of distinct points; zero beyond twelve deviations."""
    apart = np.minimum(np.abs(y[:, None] - y), 12 * g)
    values = exact.derivative(apart / g, order) / g ** (order + 1)
    np.fill_diagonal(values, 0.0)
    return values.astype(float)


@pytest.mark.parametrize("weights", ["equal", "weighted", "signed"])
@pytest.mark.parametrize("name", SHAPES)
def test_many_points_are_as_near_as_stated(rng, name, weights):
    """A point p of a cell into it gets the variance p (1 - p) steps^2 by being shared.

    Its mean is taken off. What is left of each point, of deviation 1/sqrt(180), acts
    on the second derivative of its sum over the others.
    """
    n = 400
    x = SHAPES[name](rng, n)
    w = {
        "equal": None,
        "weighted": rng.uniform(0.1, 3.0, n),
        "signed": np.where(rng.random(n) < 0.05, -1.0, 1.0),
    }[weights]
    pairs = pairs_of(x, w, signed=weights == "signed")
    # the correction for a lattice has a test of its own
    pairs = dataclasses.replace(pairs, lattice=0.0)
    # from a place that rounds no difference away
    y, p = (x - np.median(x)) / pairs.unit, exact.weights_of(x, w).astype(float)
    tied = np.unique(x, return_inverse=True)[1]
    for g in np.geomspace(max(pairs.least, 1e-6), 10.0, 6):
        for order in (0, 4, 10):
            values, second = terms(y, g, order), terms(y, g, order + 2)
            expected = float(p @ values @ p)
            # the step is a sixteenth of the width, at most
            left = np.bincount(tied, p * (second @ p)) * (g / 16) ** 2
            noise = math.sqrt(float(left @ left) / 180)
            size = float(np.abs(p) @ np.abs(values) @ np.abs(p))
            error = abs(pairs.sum(g, order) - expected)
            assert error < 6 * noise + 1e-6 * size, (g, order)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_a_point_is_no_pair_with_itself(rng, weighted):
    """Points out of one another's reach give nothing, to the last digit but two."""
    x = 1e3 * np.arange(2000) + rng.random(2000)
    w = rng.random(2000) if weighted else None
    pairs = pairs_of(x, w)
    g = 10.0 / pairs.unit
    assert abs(pairs.sum(g)) < 1e-14 * own_value(g, 0)


@pytest.mark.parametrize("weights", [None, "random"], ids=["equal", "weighted"])
def test_levels_are_as_if_binned(rng, weights):
    """Shared among nodes and then among coarser ones: the same as at once."""
    x = np.sort(rng.standard_cauchy(3000))
    # cells are counted from the first one
    x -= x[0]
    w = None if weights is None else rng.dirichlet(np.ones(3000))
    n = 3000.0 if w is None else 1 / np.sum(w**2)
    twice = Nodes.of(x, w, 0.25, n).coarser().coarser()
    once = Nodes.of(x, w, 1.0, n)
    assert twice.step == once.step
    assert twice.blur == pytest.approx(once.blur, rel=1e-12)
    assert twice.own == pytest.approx(once.own, rel=1e-12)
    filled, expected = (part.shares[0] > 0 for part in (twice, once))
    places = [part.cells[some] for part, some in ((twice, filled), (once, expected))]
    assert (np.diff(places[0]) == np.diff(places[1])).all()
    np.testing.assert_allclose(
        twice.shares[:, filled], once.shares[:, expected], rtol=1e-10, atol=1e-18
    )


def test_lags_against_counting(rng):
    """Dense parts by the FFT, thin parts one by one: together each pair once."""
    x = np.concatenate(
        [
            rng.uniform(0, 500, 3000),
            rng.uniform(2000, 90_000, 500),
            rng.normal(1e7, 40, 300),
        ]
    )
    x, w = np.sort(np.floor(x)), rng.dirichlet(np.ones(3800))
    lags = Nodes.of(x, w, 1.0, 1 / np.sum(w**2)).lags()
    apart = np.abs(x[:, None] - x)
    both = w[:, None] * w
    np.fill_diagonal(both, 0.0)
    near = apart <= LAGS
    expected = np.bincount(apart[near].astype(int), both[near], LAGS + 1)
    np.testing.assert_allclose(lags.masses, expected, rtol=1e-9, atol=1e-15)
    assert lags.blur == 0.0


@pytest.mark.parametrize("name", ["cauchy", "pareto"])
def test_outliers_take_little_memory(name):
    """Tails over ten decades and more: a few dozen numbers for each point."""
    x = SHAPES[name](np.random.default_rng(3), 100_000)
    tracemalloc.start()
    pairs = pairs_of(x)
    pairs.sum(pairs.least)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600 * len(x)
    # far beyond what one grid would resolve
    assert np.ptp(x) / pairs.unit > 1e4 * LAGS * pairs.least


@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1.0, 1e100, 1e300])
def test_units(rng, scale):
    """All lengths follow the units of the data."""
    x = rng.normal(size=500)
    pairs, scaled = pairs_of(x), pairs_of(x * scale)
    assert scaled.unit / scale == pytest.approx(pairs.unit, rel=1e-12)
    assert scaled.sum(0.3) == pytest.approx(pairs.sum(0.3), rel=1e-10)


def test_repeats_are_one_point(rng):
    """Drawn again: no pair, but one point of more weight."""
    x, times = rng.normal(size=400), rng.integers(1, 4, size=400)
    repeated, weighted = pairs_of(np.repeat(x, times)), pairs_of(x, times)
    assert repeated.n == pytest.approx(weighted.n)
    g = 0.3 * repeated.unit
    assert repeated.sum(g / repeated.unit) / repeated.unit == pytest.approx(
        weighted.sum(g / weighted.unit) / weighted.unit, rel=1e-5
    )


def test_rounded_points_keep_their_number(rng):
    """Ties of rounded data are pairs, and no width is below half of their step."""
    pairs = pairs_of(np.round(rng.normal(size=2000), 1))
    assert pairs.n == 2000
    assert pairs.resolution * pairs.unit == pytest.approx(0.1)
    assert pairs.least * pairs.unit >= 0.05


def test_a_lattice_has_no_spike(rng):
    """Towards narrow widths S_0 of rounded data tends to that of the raw data."""
    x = rng.normal(size=20_000)
    raw, rounded = pairs_of(x), pairs_of(np.round(x, 1))
    for h in (0.05, 0.075, 0.1, 0.3):
        expected = raw.sum(h / raw.unit) / raw.unit
        found = rounded.sum(h / rounded.unit) / rounded.unit
        # rounding itself costs step^2 / 12 of variance
        assert found == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("nodes", [512, 4096])
def test_binned_samples(rng, nodes):
    """Nodes stand for points: n_eff is remembered, and self-pairs are none."""
    x = rng.normal(size=5000)
    binned = BinnedSample.of(x, grid_size=nodes).sample()
    raw, pairs = pairs_of(x), Pairs.of(binned, "ucv")
    assert pairs.n == 5000
    for h in (0.1, 0.3, 1.0):
        expected = raw.sum(h / raw.unit) / raw.unit
        assert pairs.sum(h / pairs.unit) / pairs.unit == pytest.approx(
            expected, rel=1e-5
        )


@given(st.integers(0, 2**32 - 1), st.sampled_from([EXACT // 2, 300]))
def test_order_and_zero_weights_leave_no_trace(seed, n):
    """Points in any order; and points without weight, wherever they lie."""
    rng = np.random.default_rng(seed)
    x, w = rng.standard_cauchy(n), rng.random(n)
    order = rng.permutation(n)
    first = pairs_of(x, w)
    again = pairs_of(np.append(x[order], 1e9), np.append(w[order], 0.0))
    assert again.n == pytest.approx(first.n, rel=1e-12)
    assert again.sum(0.2) == pytest.approx(first.sum(0.2), rel=1e-9)


def test_one_point_with_all_the_weight():
    """There is no pair: an error that says what to do."""
    with pytest.raises(BandwidthError, match="more than one must have weight"):
        pairs_of([0.0, 1.0, 2.0], [1.0, 1e-30, 1e-30])


def test_reach_is_enough():
    """Beyond it a derivative of order ten is below 1e-10 of its peak."""
    beyond = gaussian_derivative(np.array([REACH]), 1.0, 10)[0]
    assert abs(beyond) < 1e-10 * abs(own_value(1.0, 10))
