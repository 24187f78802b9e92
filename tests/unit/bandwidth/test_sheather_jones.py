"""Plug-in bandwidths, against all pairs and by their symmetries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen import BandwidthError, BinnedSample, CapabilityError
from parzen.bandwidth.rules import normal_reference, robust_spread
from parzen.bandwidth.sheather_jones import (
    asymptotic_width,
    normal_functional,
    oversmoothing,
    plugin,
    sheather_jones,
)
from parzen.sample import Sample
from tests import reference_crossval as exact

both = pytest.mark.parametrize("select", [sheather_jones, plugin])
ORACLES = {sheather_jones: exact.sheather_jones, plugin: exact.plugin}

SAMPLES = {
    # and how near nodes come to all pairs
    "few": (lambda rng: rng.normal(size=90), 1e-9),
    "normal": (lambda rng: rng.normal(size=300), 1e-4),
    "bimodal": (lambda rng: rng.normal(rng.choice([-2, 2], 300), 0.5), 1e-4),
    "exponential": (lambda rng: rng.exponential(size=300), 1e-4),
    "cauchy": (lambda rng: rng.standard_cauchy(300), 1e-4),
    "far": (lambda rng: 1e6 + 1e-3 * rng.normal(size=300), 1e-4),
}


def chosen(select, x, weights=None, **options):
    """The bandwidth of some data."""
    return select(Sample.of(x, weights), **options).value


@both
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("name", SAMPLES)
def test_all_pairs_agree(rng, select, name, weighted):
    """Every functional as a double sum, the equation by Brent's method."""
    draw, rel = SAMPLES[name]
    x = draw(rng)
    w = rng.uniform(0.2, 3.0, len(x)) if weighted else None
    assert chosen(select, x, w) == pytest.approx(ORACLES[select](x, w), rel=rel)


@pytest.mark.parametrize("stages", [0, 1, 2, 3])
def test_stages(rng, stages):
    """As many functionals as asked for; none is the rule for normal data."""
    x = rng.exponential(size=80)
    h = chosen(plugin, x, stages=stages)
    assert h == pytest.approx(exact.plugin(x, stages=stages), rel=1e-9)
    if stages == 0:
        sample = Sample.of(x)
        ratio = robust_spread(sample) / float(sample.std[0])
        assert h == pytest.approx(float(normal_reference(sample)) * ratio, rel=1e-12)


@pytest.mark.parametrize("stages", [-1, 6, 1.5, "two"])
def test_stages_that_are_none(stages):
    """Are refused, with the numbers that are."""
    with pytest.raises(BandwidthError, match="from 0 to 5"):
        chosen(plugin, [0.0, 1.0, 2.0], stages=stages)


@pytest.mark.parametrize("order", [0, 2, 4, 6, 8, 10])
def test_functionals_of_the_normal_density(order):
    """By quadrature of the products of derivatives."""
    x = np.linspace(-15, 15, 20_001)
    half = order // 2
    if half % 2:
        u = np.polynomial.hermite_e.hermeval(x, np.eye(half + 1)[half])
        values = u * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    else:
        table = {0: 0, 2: 2, 4: 4}
        values = exact.derivative(x, table[half]).astype(float)
    integral = (-1) ** half * np.sum(values**2) * (x[1] - x[0])
    assert normal_functional(order) == pytest.approx(integral, rel=1e-10)


def test_terrell():
    """The triweight density has the least psi_4 of any of its variance."""
    x = np.linspace(-1, 1, 200_001)
    step = x[1] - x[0]
    second = 35 / 32 * (-6 * (1 - x**2) ** 2 + 24 * x**2 * (1 - x**2))
    variance = 1 / 9
    least = np.sum(second**2) * step * variance**2.5
    assert oversmoothing(100.0) == pytest.approx(
        asymptotic_width(least, 100.0), rel=1e-6
    )


@pytest.mark.statistical
@both
@pytest.mark.parametrize(("n", "samples"), [(1000, 40), (30_000, 10)])
def test_normal_data_have_the_bandwidth_of_least_error(rng, select, n, samples):
    """(4 / 3 n)^(1/5) in the mean, but for a bias of some per cent."""
    h = [chosen(select, rng.normal(size=n)) for _ in range(samples)]
    ratio = np.array(h) / (4 / 3 / n) ** 0.2
    error = ratio.std() / math.sqrt(samples)
    assert abs(ratio.mean() - 1) < 3 * error + 0.03


def test_largest_root(rng):
    """Clumped data have several; the widest one is taken."""
    x = np.repeat(rng.normal(size=60), 6) + 1e-5 * rng.normal(size=360)
    h = chosen(sheather_jones, x)
    n, spread = 360, exact.spread(x)
    s, t = (
        float(exact.pair_sum(x, c * spread * n ** (-1 / (r + 3)), r, own=True))
        for c, r in ((exact.EXACT["a"], 4), (exact.EXACT["b"], 6))
    )
    alpha = exact.EXACT["alpha"] * (-s / t) ** (1 / 7)

    def excess(width):
        psi = exact.pair_sum(x, alpha * width ** (5 / 7), 4, own=True) * n / (n - 1)
        return width - (2 * math.sqrt(math.pi) * n * float(psi)) ** -0.2

    assert abs(excess(h)) < 1e-3 * h
    assert all(excess(width) > 0 for width in h * np.geomspace(1.02, 100, 12))


@both
def test_an_outlier_does_not_matter(rng, select):
    """However far it is."""
    x = rng.normal(size=1000)
    for outlier in (1e6, -1e30):
        found = chosen(select, np.append(x, outlier))
        assert found == pytest.approx(chosen(select, x), rel=0.02)


@both
@pytest.mark.parametrize("digit", [0.02, 0.1, 0.3])
def test_rounded_data_keep_their_bandwidth(rng, select, digit):
    """As long as it is above the step; half a step is the least."""
    x = rng.normal(size=2000)
    found = chosen(select, np.round(x / digit) * digit)
    assert found == pytest.approx(chosen(select, x), rel=0.06)
    coarse = select(Sample.of(np.round(rng.normal(size=100_000) / 2) * 2))
    assert coarse.value >= 1.0


@both
def test_half_a_step_is_the_least_and_said(select):
    """Where the rounding hides everything narrower."""
    rng = np.random.default_rng(3)
    x = np.where(rng.random(50_000) < 0.5, 0.0, 3.0) + rng.integers(3, size=50_000)
    found = select(Sample.of(np.append(x, [1000.0, -1000.0])))
    assert found.value >= 0.5
    assert ("half the step" in found.note) == (found.value == 0.5)


@both
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.sampled_from([2, 30, 400]))
def test_laws(select, seed, n):
    """Order, scale and place of the data, and the scale of the weights."""
    rng = np.random.default_rng(seed)
    x, w = rng.exponential(size=n), rng.uniform(0.2, 2.0, n)
    first = chosen(select, x, w)
    order = rng.permutation(n)
    assert chosen(select, x[order], w[order]) == pytest.approx(first, rel=1e-9)
    assert chosen(select, x, 1e-5 * w) == pytest.approx(first, rel=1e-9)
    assert chosen(select, 1e7 * x + 1e8, w) / 1e7 == pytest.approx(first, rel=1e-5)
    equal = chosen(select, x, np.full(n, 3.0))
    assert equal == pytest.approx(chosen(select, x), rel=1e-9)


@both
@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_units(rng, select, scale):
    """From the smallest floats to the largest."""
    x = rng.normal(size=300)
    assert chosen(select, x * scale) / scale == pytest.approx(
        chosen(select, x), rel=1e-9
    )


@both
def test_repeats_count_as_weights(rng, select):
    """A copy of a point tells nothing new."""
    x, times = rng.normal(size=500), rng.integers(1, 4, size=500)
    repeated = chosen(select, np.repeat(x, times))
    assert repeated == pytest.approx(chosen(select, x, times), rel=1e-3)


@both
@pytest.mark.parametrize(("nodes", "rel"), [(200, 5e-3), (4096, 5e-4)])
def test_binned_data(rng, select, nodes, rel):
    """Nodes with n_eff; quartiles are known to a node, which moves the pilots."""
    x = rng.normal(size=5000)
    binned = select(BinnedSample.of(x, grid_size=nodes).sample()).value
    assert binned == pytest.approx(chosen(select, x), rel=rel)


@both
def test_signed_weights(rng, select):
    """The sums make sense: background taken off by weights."""
    x = np.concatenate([rng.normal(size=2000), rng.uniform(-4, 4, 1000)])
    x = np.append(x, rng.uniform(-4, 4, 1000))
    w = np.append(np.ones(3000), -np.ones(1000))
    found = select(Sample.of(x, w, signed=True))
    assert found.converged
    assert 0.1 < found.value < 0.8


@both
def test_what_is_refused(select):
    """Several dimensions, data that do not vary, a single point of weight."""
    with pytest.raises(CapabilityError, match="one dimension"):
        select(Sample.of(np.zeros((5, 2))))
    with pytest.raises(BandwidthError, match="vary"):
        select(Sample.of(np.full(5, 2.0)))
    with pytest.raises(BandwidthError, match="effective number"):
        select(Sample.of([0.0, 1.0], [1.0, 1e-20]))
