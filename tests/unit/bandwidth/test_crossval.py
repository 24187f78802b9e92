"""Cross-validation on the line, against all pairs and by its symmetries."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen import BandwidthError, BinnedSample, CapabilityError
from parzen.bandwidth.crossval import bcv, scv, ucv
from parzen.bandwidth.rules import robust_spread
from parzen.sample import Sample
from tests import reference_crossval as exact

SELECTORS = {"ucv": (ucv, exact.ucv), "bcv": (bcv, exact.bcv), "scv": (scv, exact.scv)}
names = pytest.mark.parametrize("name", SELECTORS)


def bimodal(rng, n):
    """Two modes, eight deviations apart."""
    return rng.normal(rng.choice([-2.0, 2.0], n), 0.5)


def claw(rng, n):
    """Five teeth on a normal."""
    teeth = rng.integers(5, size=n) / 2 - 1
    return np.where(
        rng.random(n) < 0.5, rng.normal(size=n), rng.normal(teeth, 0.1, size=n)
    )


def chosen(name, x, weights=None, **options):
    """What a selector finds in some data."""
    signed = options.pop("signed", False)
    return SELECTORS[name][0](Sample.of(x, weights, signed=signed), **options)


@names
@pytest.mark.parametrize("weights", ["equal", "weighted", "signed"])
@pytest.mark.parametrize(("n", "rel"), [(60, 1e-10), (300, 2e-4)], ids=["few", "many"])
def test_scores_are_sums_over_all_pairs(rng, name, weights, n, rel):
    """At widths from a tenth of a good one to ten times that; also from nodes."""
    x = bimodal(rng, n)
    w = {
        "equal": None,
        "weighted": rng.uniform(0.2, 3.0, n),
        "signed": np.where(rng.random(n) < 0.1, -0.5, 1.0),
    }[weights]
    candidates = np.geomspace(0.02, 2.0, 7)
    found = chosen(name, x, w, candidates=candidates, signed=weights == "signed")
    options = {}
    if name == "scv" and weights == "signed":
        # negative weights have no quartiles
        sigma = robust_spread(Sample.of(x, w, signed=True))
        options["constant"] = exact.pilot_constant(x, w, sigma)
    expected = [SELECTORS[name][1](x, h, w, **options) for h in candidates]
    np.testing.assert_array_equal(found.candidates, candidates)
    own = 1 / (2 * math.sqrt(math.pi) * float(exact.size(x, w)) * candidates)
    # beside what each point adds by itself
    assert (np.abs(found.scores - expected) < rel * (own + np.abs(expected))).all()


@names
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize(
    ("draw", "n", "rel"),
    [(bimodal, 100, 1e-6), (bimodal, 300, 2e-3), (claw, 400, 2e-3)],
    ids=["few", "many", "claw"],
)
def test_optimum_is_that_of_all_pairs(name, weighted, draw, n, rel):
    """By an own scan and Brent's method, on scores in extended precision."""
    rng = np.random.default_rng(n)
    x = draw(rng, n)
    w = rng.uniform(0.2, 3.0, n) if weighted else None
    found = chosen(name, x, w)
    if not found.converged:  # the biased score of the claw has no minimum
        assert (name, draw) == ("bcv", claw)
        return
    score = SELECTORS[name][1]
    if name == "scv":
        score = functools.partial(score, constant=exact.pilot_constant(x, w))
    # a valley around the answer, and no other one as good that is wider
    best = exact.minimum(
        lambda h: score(x, h, w), 0.8 * found.value, 1.25 * found.value
    )
    # of a flat valley from nodes, the place is less certain than the depth
    assert found.value == pytest.approx(best, rel=rel)
    own = 1 / (2 * math.sqrt(math.pi) * n * best)
    assert score(x, found.value, w) - score(x, best, w) < 1e-5 * own
    bound = exact.oversmoothed(x, w)
    wider = np.geomspace(1.3 * found.value, bound, 8)
    if name != "bcv" and wider[0] < bound:
        least = score(x, found.value, w)
        assert min(score(x, h, w) for h in wider) > least


def test_small_samples_have_an_answer(rng):
    """From two points on; the bound at most."""
    for n in (2, 3, 5, 10):
        x = rng.normal(size=n)
        for name in SELECTORS:
            found = chosen(name, x)
            assert 0 < found.value <= exact.oversmoothed(x) * (1 + 1e-9)


@names
def test_the_best_of_some_candidates(rng, name):
    """That one and no other, with its score; and it is said where it is at the end."""
    x = bimodal(rng, 500)
    best = chosen(name, x).value
    candidates = best * np.array([0.25, 0.5, 1.02, 2.0, 4.0])
    found = chosen(name, x, candidates=candidates)
    assert found.value == pytest.approx(candidates[2])
    assert "end" not in found.note
    for end in (candidates[2:], candidates[:1]):
        found = chosen(name, x, candidates=end)
        assert found.value == pytest.approx(end[0])
        assert "end" in found.note


def test_biased_score_has_no_end_for_a_minimum(rng):
    """A candidate of infinite width has the lowest biased score, and is not taken."""
    x = bimodal(rng, 500)
    candidates = np.geomspace(0.05, 1e6, 60)
    found = chosen("bcv", x, candidates=candidates)
    assert found.scores[-1] == found.scores.min()
    assert found.value == pytest.approx(chosen("bcv", x).value, rel=0.4)


def test_no_biased_minimum_is_said(rng):
    """Few normal points have none: the oversmoothed bandwidth stands in."""
    x = rng.normal(size=40)
    found = chosen("bcv", x)
    widths = np.geomspace(0.02, 1.0, 100) * exact.oversmoothed(x)
    scores = np.array([exact.bcv(x, h) for h in widths])
    assert (np.diff(scores) < 0).all()
    assert not found.converged
    assert "oversmoothed" in found.note
    bound = exact.oversmoothed(x) * exact.spread(x) / np.std(x, ddof=1)
    assert found.value == pytest.approx(bound, rel=1e-9)


@pytest.mark.parametrize("n", [100, 1000, 20_000])
def test_narrow_peaks_far_apart(rng, n):
    """Ten thousand widths of a peak: the bandwidth is that of the peaks."""
    centres = np.array([0.0, 0.013, 0.37, 1.0])
    x = centres[rng.integers(4, size=n)] + 1e-4 * rng.normal(size=n)
    alone = chosen("ucv", x[np.abs(x) < 0.005]).value
    assert 0.3 * alone < chosen("ucv", x).value < 1.2 * alone


def test_many_equal_peaks(rng):
    """Fifty of them do not pass for one wide bump."""
    x = rng.integers(50, size=5000) + 0.01 * rng.normal(size=5000)
    assert chosen("ucv", x).value < 0.02


@pytest.mark.parametrize("seed", range(5))
def test_noise_makes_no_narrow_bandwidth(seed):
    """Where the lowest score is a small valley at a tenth of the width, by chance."""
    rng = np.random.default_rng(seed)
    h = [chosen("ucv", rng.normal(size=100)).value for _ in range(40)]
    # one in a hundred or so may be
    assert np.sum(np.array(h) < 0.1) <= 2


@pytest.mark.parametrize("draw", ["cauchy", "pareto"])
def test_heavy_tails(draw):
    """The width of the centre, though the range is 10^5 quartiles and more."""
    rng = np.random.default_rng(7)
    if draw == "cauchy":
        x, low, high = rng.standard_cauchy(100_000), 0.05, 0.25
    else:
        # a jump asks for n^(-1/2): of h/4 in bias squared and 0.28/(n h)
        x, low, high = rng.pareto(0.5, 100_000), 0.003, 0.012
    found = chosen("ucv", x)
    assert found.converged
    assert low < found.value < high


@names
@pytest.mark.parametrize("outlier", [1e6, -1e30])
def test_an_outlier_does_not_matter(rng, name, outlier):
    """However far it is; where the spread is that of the quartiles."""
    x = rng.exponential(size=1000)
    with_one = chosen(name, np.append(x, outlier)).value
    assert with_one == pytest.approx(chosen(name, x).value, rel=0.03)


@names
@pytest.mark.parametrize("digit", [0.02, 0.1, 0.3])
def test_rounded_data_have_no_spike(rng, name, digit):
    """The score of the raw data, above the step; and half a step is the least."""
    x = bimodal(rng, 3000)
    rounded = np.round(x / digit) * digit
    found, raw = chosen(name, rounded), chosen(name, x)
    assert found.value >= 0.5 * digit
    if raw.value > digit:
        assert found.value == pytest.approx(raw.value, rel=0.08)
    elif found.converged:
        assert found.value < 1.5 * digit


def test_narrowest_width_of_rounded_data_is_said(rng):
    """Data of many points and few digits ask for less than a step."""
    found = chosen("ucv", np.round(rng.normal(size=100_000)))
    assert not found.converged
    assert "step" in found.note
    assert 0.5 <= found.value <= 1.0


@names
def test_repeats_count_as_weights(rng, name):
    """A copy of a point tells nothing new."""
    x, times = bimodal(rng, 500), rng.integers(1, 4, size=500)
    repeated = chosen(name, np.repeat(x, times)).value
    assert repeated == pytest.approx(chosen(name, x, times).value, rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_atom_is_no_spike(rng, value):
    """A third of the points at one place, far from the middle or in it."""
    x = np.append(rng.normal(5.0, 1.0, 20_000), np.full(10_000, value))
    assert chosen("ucv", x).value > 0.02


@names
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.sampled_from([30, 400]))
def test_laws(name, seed, n):
    """Order, scale and place of the data, and the scale of the weights."""
    rng = np.random.default_rng(seed)
    x, w = bimodal(rng, n), rng.uniform(0.2, 2.0, n)
    first = chosen(name, x, w)
    order = rng.permutation(n)
    assert chosen(name, x[order], w[order]).value == pytest.approx(
        first.value, rel=1e-6
    )
    assert chosen(name, x, 1e-5 * w).value == pytest.approx(first.value, rel=1e-6)
    scaled = chosen(name, 1e7 * x + 1e8, w)
    assert scaled.value / 1e7 == pytest.approx(first.value, rel=1e-5)
    np.testing.assert_allclose(
        scaled.candidates[[0, -1]] / 1e7, first.candidates[[0, -1]], rtol=1e-6
    )
    equal = chosen(name, x, np.full(n, 3.0)).value
    assert equal == pytest.approx(chosen(name, x).value, rel=1e-6)


@names
@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_units(rng, name, scale):
    """From the smallest floats to the largest."""
    x = bimodal(rng, 300)
    found, scaled = chosen(name, x), chosen(name, x * scale)
    assert scaled.value / scale == pytest.approx(found.value, rel=1e-6)
    assert scaled.scores[0] * scale == pytest.approx(found.scores[0], rel=1e-6)


@names
def test_offset(rng, name):
    """Nine digits before the comma cost as many behind it."""
    x = bimodal(rng, 1000)
    assert chosen(name, x + 1e9).value == pytest.approx(chosen(name, x).value, rel=1e-4)


@names
def test_curve(rng, name):
    """Rising widths with finite scores, of which the answer is one."""
    found = chosen(name, bimodal(rng, 600))
    assert (np.diff(found.candidates) > 0).all()
    assert np.isfinite(found.scores).all()
    assert found.value in found.candidates


@names
@pytest.mark.parametrize("nodes", [400, 4096])
def test_binned_data(rng, name, nodes):
    """Nodes with n_eff: the bandwidth of the raw data, as far as nodes resolve it."""
    x = bimodal(rng, 5000)
    raw = chosen(name, x).value
    binned = SELECTORS[name][0](BinnedSample.of(x, grid_size=nodes).sample())
    assert binned.value == pytest.approx(raw, rel=0.02 if nodes < 1000 else 2e-3)


def test_candidates_narrower_than_the_nodes(rng):
    """Widths of a millionth of the spread are scored like all others."""
    q = np.append(rng.normal(size=500), 1e6 + 1e-3 * rng.normal(size=500))
    candidates = np.array([1e-8, 1e-5, 1e-4, 1e-3, 1.0])
    found = chosen("ucv", q, candidates=candidates)
    expected = [exact.ucv(q, h) for h in candidates]
    own = 1 / (2 * math.sqrt(math.pi) * 1000 * candidates)
    assert (np.abs(found.scores - expected) < 1e-3 * (own + np.abs(expected))).all()
    assert found.value == candidates[int(np.argmin(expected))]


@names
@pytest.mark.parametrize("n", [50, 500])
def test_extreme_candidates(rng, name, n):
    """Beyond the range of floats: no NaN, never chosen."""
    x = bimodal(rng, n)
    best = chosen(name, x).value
    found = chosen(name, x, candidates=np.array([1e-310, 1e-300, best, 1e300]))
    assert found.value == best
    assert not np.isnan(found.scores).any()
    with pytest.raises(BandwidthError, match="no finite score"):
        chosen(name, x, candidates=np.array([1e-320]))


def test_what_is_left_out_is_said(rng):
    """Below the step of rounded data, above the bound of the biased score."""
    x = np.round(bimodal(rng, 1000), 1)
    found = chosen("ucv", x, candidates=np.array([0.001, 0.01, 0.2, 0.3]))
    assert "2 of them below 0.75 steps" in found.note
    assert found.value >= 0.2
    none = chosen("ucv", x, candidates=np.array([0.001, 0.01]))
    assert not none.converged
    found = chosen("bcv", x, candidates=np.array([0.2, 0.3, 50.0, 60.0]))
    assert "2 of them above the oversmoothed" in found.note


def test_the_score_is_unbiased():
    """For equal weights, twice the mean of estimates that leave out their point."""
    x = np.random.default_rng(11).normal(size=40)
    h = 0.4
    nodes = np.linspace(-8.0, 8.0, 4001)
    kernel = np.exp(-0.5 * ((nodes[:, None] - x) / h) ** 2) / (
        h * math.sqrt(2 * math.pi)
    )
    roughness = np.sum(kernel.mean(axis=1) ** 2) * (nodes[1] - nodes[0])
    apart = np.exp(-0.5 * ((x[:, None] - x) / h) ** 2) / (h * math.sqrt(2 * math.pi))
    np.fill_diagonal(apart, 0.0)
    held_out = apart.sum(axis=1) / 39
    found = chosen("ucv", x, candidates=np.array([h]))
    assert found.scores[0] == pytest.approx(roughness - 2 * held_out.mean(), rel=1e-9)


@names
def test_what_is_refused(name):
    """Several dimensions, data that do not vary, a single point of weight."""
    select = SELECTORS[name][0]
    with pytest.raises(CapabilityError, match=name):
        select(Sample.of(np.zeros((5, 2))))
    with pytest.raises(BandwidthError, match="vary"):
        select(Sample.of(np.full(5, 2.0)))
    with pytest.raises(BandwidthError, match="effective number"):
        select(Sample.of([0.0, 1.0], [1.0, 1e-20]))
