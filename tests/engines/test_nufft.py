"""Fourier sums in two and three dimensions, within the error they state."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen import CapabilityError, Kernel
from parzen.engines.certified import DOUBTFUL
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.nufft import grid as nufft_grid
from parzen.engines.nufft.engine import NUFFTEngine
from parzen.engines.nufft.error import Axis
from parzen.engines.nufft.kaiser_bessel import make_window
from parzen.engines.nufft.layout import BETAS, DIGITS, STEPS, WIDTHS
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference
from tests.strategies import SEEDS, bandwidths, covariance, samples, weight_vectors

ENGINE = NUFFTEngine(DirectEngine())
BANDWIDTHS = ("scalar", "widths", "matrix")


def make_problem(x, h, weights=None, kernel="gaussian", **options):
    """A problem of the points (n, d), as the planner would state it."""
    sample = Sample.of(x, weights)
    return Problem(sample, Kernel.of(kernel), Scale(h, sample.d), **options)


def make_bandwidth(kind, rng, d, width):
    """A scalar, d widths, or a covariance matrix."""
    if kind == "scalar":
        return width
    if kind == "widths":
        return width * (0.5 + rng.random(d))
    return width**2 * covariance(rng, d)


def make_weights(kind, rng, n):
    """None, or weights over fifteen orders of magnitude."""
    return None if kind == "equal" else 10.0 ** rng.uniform(-15, 0, n)


def near_and_far(rng, x):
    """Queries at points, between them, in the tails, and far outside."""
    d = x.shape[1]
    more = rng.normal(size=(60, d))
    far = np.vstack([np.full((1, d), 30.0), np.full((1, d), -1e5), np.eye(d) * 1e150])
    return np.vstack([x[:40], more, 2.5 * more[:30], 5.0 * more[:10], far])


def exact_sums(problem, q):
    """Sums in units of the peak, from the oracle."""
    sample, scale = problem.sample, problem.scale
    logs = reference.log_density(
        sample.points, q, scale.bandwidth, weights=sample.weights
    )
    norm = reference.log_norm("gaussian", sample.d) - scale.log_volume
    return np.exp(logs - norm).astype(float)


def assert_keeps_error(problem, q):
    """|g - f| <= atol + rtol f, for the density and for its logarithm."""
    sample = problem.sample
    plan = ENGINE.plan(problem)
    # past the short cut of a plan for few pairs
    sums = ENGINE.approximate(problem).sums(q)
    logs = reference.log_density(
        sample.points, q, problem.scale.bandwidth, weights=sample.weights
    )
    bound = ENGINE.error_bound(problem)
    with np.errstate(under="ignore"):
        exact = np.exp(logs).astype(float)
        kept = sums >= 0.0
        fast = sums[kept] * math.exp(problem.log_peak)
    assert (
        np.abs(fast - exact[kept]) <= problem.atol + bound.relative * exact[kept]
    ).all()
    density = plan.pdf(q)
    assert (np.abs(density - exact) <= problem.atol + bound.relative * exact).all()
    if problem.atol == 0.0:
        error = np.abs(plan.logpdf(q) - logs)
        assert (error <= 1.01 * bound.relative + 1e-14 * np.abs(logs)).all()
    return kept.mean()


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("kind", BANDWIDTHS)
@pytest.mark.parametrize("weighting", ["equal", "unequal"])
def test_answers_keep_the_stated_error(monkeypatch, rng, *, d, rtol, kind, weighting):
    """Every query is within rtol, and most of those near the data need no exact sum."""
    monkeypatch.setattr("parzen.engines.certified.FEW_PAIRS", 0)
    x = rng.normal(size=(1000, d))
    h = make_bandwidth(kind, rng, d, 0.3 if d == 2 else 0.5)
    problem = make_problem(x, h, make_weights(weighting, rng, len(x)), rtol=rtol)
    assert ENGINE.refusal(problem) is None
    assert assert_keeps_error(problem, near_and_far(rng, x)) > 0.4


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("rtol", [1e-2, 1e-5, 1e-8])
@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        *(("normal", kind) for kind in BANDWIDTHS),
        ("equal", "widths"),
        ("one", "matrix"),
    ],
)
def test_raw_sums_keep_their_own_bound(rng, d, rtol, shape, kind):
    """Before any is doubted, no sum in the box errs by more than the plan says."""
    x = rng.normal(size=(800, d))
    if shape == "equal":
        x[:] = x[0]
    x = x[:1] if shape == "one" else x
    h = make_bandwidth(kind, rng, d, 0.4)
    problem = make_problem(x, h, rtol=rtol)
    fast = ENGINE.approximate(problem)
    # to the very edges of the box, where images are nearest
    edge = fast.layout.room * rng.choice((-1.0, 1.0), size=(60, d)) * 0.99
    edge[::2] *= rng.random((30, d))
    corners = np.where(edge > 0, x.max(axis=0), x.min(axis=0))
    q = np.vstack([x[:30], x[:30] + 0.3 * rng.normal(size=(len(x[:30]), d))])
    q = np.vstack([q, corners + problem.scale.from_kernel_units(edge)])
    sums = fast.all_sums(q)
    some = ~np.isnan(sums)
    assert some.sum() >= len(q) - 60
    error = np.abs(sums - exact_sums(problem, q))[some].max()
    assert error <= fast.error
    # rounding alone leaves room: the bound holds for the worst of data
    assert error <= 0.5 * fast.error


@pytest.mark.parametrize("d", [2, 3])
def test_an_accepted_absolute_error_certifies_tails(rng, d):
    """With an atol above the error of the series, no query in the box is doubted."""
    x = rng.normal(size=(2000, d))
    problem = make_problem(x, 0.4, rtol=1e-8, atol=1e-9)
    fast = ENGINE.approximate(problem)
    assert fast.least == -math.inf
    q = np.vstack([x[:50], 1.5 * rng.normal(size=(100, d))])
    inside = ~np.isnan(fast.all_sums(q))
    assert (fast.sums(q)[inside] >= 0.0).all()
    assert (fast.sums(q)[~inside] == DOUBTFUL).all()
    # beyond the range of floats from the centre, too
    far = np.vstack([np.full((1, d), 1.7e308), -1.7e308 * np.eye(d)])
    assert (fast.sums(far) == DOUBTFUL).all()
    exact = reference.density(x, q, 0.4)
    assert (np.abs(ENGINE.plan(problem).pdf(q) - exact) <= 1e-9 + 1e-8 * exact).all()


@pytest.mark.parametrize(
    ("w", "step", "beta"),
    [
        (int(w), float(step), float(BETAS[i, j] * w))
        for i, step in enumerate(STEPS)
        for j, w in enumerate(WIDTHS)
    ],
)
def test_tables_predict_the_error_of_the_series(w, step, beta):
    """What `choose` expects of a window is what its bound comes to."""
    expected = DIGITS[list(STEPS).index(step), list(WIDTHS).index(w)]
    error = Axis.of(make_window(w, beta), step, 250).error
    assert error <= 2.0 * 10.0**-expected + 1e-15


@pytest.mark.parametrize("w", WIDTHS.tolist())
def test_transform_is_that_of_the_pieces(w):
    """The closed form agrees with quadrature over the polynomials."""
    window = make_window(w, 2.4 * w)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = np.arange(w)[:, None] + 0.5 - nodes / 2 - w / 2
    values = np.polynomial.polynomial.polyval(nodes, window.pieces.T)
    for xi in (0.0, 0.7, 1.9, math.pi, 7.0, 20.0):
        integral = 0.5 * (values * np.cos(xi * x) * weights).sum()
        closed = window.transform(np.array([xi]))[0]
        assert abs(integral - closed) <= window.misfit + 1e-14


@pytest.mark.parametrize("w", [6, 11, 16])
def test_nodes_alias_within_the_bound(rng, w):
    """What nodes make of a wave errs by the aliases, wherever the point lies."""
    window = make_window(w, 2.4 * w)
    xi = np.linspace(0.01, 2.5, 40)
    bound = window.aliases(xi) + (window.misfit + window.rounding) / window.transform(
        xi
    )
    for t in rng.uniform(-1.0, 1.0, 20):
        values = np.polynomial.polynomial.polyval(t, window.pieces.T)
        x = np.arange(w) + 0.5 - t / 2 - w / 2
        wave = (values * np.exp(-1j * xi[:, None] * x)).sum(axis=1)
        assert (np.abs(wave / window.transform(xi) - 1.0) <= bound + 1e-15).all()


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3])
def test_results_are_the_same_for_any_number_of_threads(rng, d):
    """Bitwise, nodes and answers, equal weights and unequal."""
    x = rng.normal(size=(70_000, d))
    x[:20_000] = x[0]
    q = np.vstack([x[-40_000:], 3 * rng.normal(size=(5000, d))])
    for weights in (None, rng.random(len(x))):
        plans = [
            ENGINE.approximate(make_problem(x, 0.3, weights, rtol=1e-6, n_jobs=jobs))
            for jobs in (1, 2, 7)
        ]
        first = plans[0].sums(q)
        for plan in plans[1:]:
            assert (plan.values == plans[0].values).all()
            assert (plan.sums(q) == first).all()


def test_transforms_are_the_same_for_any_number_of_workers(rng):
    """SciPy's transforms in several dimensions do not depend on their threads."""
    window = make_window(8, 20.0)
    for lengths in ((96, 125), (40, 45, 50)):
        masses = rng.random(lengths)
        axes = tuple(Axis.of(window, 0.3, length) for length in lengths)
        one, *more = (nufft_grid.convolve(masses.copy(), axes, k) for k in (1, 2, 5))
        for other in more:
            assert (one == other).all()


def test_plans_survive_pickling_and_serve_many_callers(rng):
    """A copy answers the same, and so do eight threads at once."""
    x = rng.normal(size=(3000, 2))
    q = rng.normal(size=(2000, 2))
    plan = ENGINE.plan(make_problem(x, 0.3, rtol=1e-6))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: plan.pdf(q), range(8)))
    copy = pickle.loads(pickle.dumps(plan))
    assert not copy.approximation.values.flags.writeable
    for answer in (*answers, copy.pdf(q)):
        assert (answer == answers[0]).all()


@pytest.mark.parametrize("kind", BANDWIDTHS)
@pytest.mark.parametrize("offset", [1e6, -1e12])
def test_an_offset_changes_nothing(rng, kind, offset):
    """Far from the origin the data are centred first, exactly."""
    # whole numbers over 64: exact at any of these offsets
    x = np.rint(64 * rng.normal(size=(500, 2))) / 64
    q = np.rint(64 * rng.normal(size=(100, 2))) / 64
    h = make_bandwidth(kind, rng, 2, 0.4)
    near = ENGINE.approximate(make_problem(x, h, rtol=1e-6)).all_sums(q)
    far = ENGINE.approximate(make_problem(x + offset, h, rtol=1e-6)).all_sums(
        q + offset
    )
    np.testing.assert_allclose(far, near, rtol=0, atol=1e-14)


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("d", [2, 3])
def test_units_do_not_matter(rng, unit, d):
    """Data near the ends of the range of floats are summed as any other."""
    x = rng.normal(size=(800, d))
    q = np.vstack([x[:20], rng.normal(size=(30, d))])
    base = ENGINE.approximate(make_problem(x, 0.4, rtol=1e-6)).sums(q)
    problem = make_problem(x * unit, 0.4 * unit, rtol=1e-6)
    assert ENGINE.refusal(problem) is None
    sums = ENGINE.approximate(problem).sums(q * unit)
    np.testing.assert_allclose(sums, base, rtol=1e-6)
    logs = ENGINE.plan(problem).logpdf(q * unit)
    exact = reference.log_density(x, q, 0.4) - d * np.log(np.longdouble(unit))
    np.testing.assert_allclose(logs, exact.astype(float), rtol=0, atol=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3])
def test_hard_samples_keep_the_error(monkeypatch, rng, d):
    """One point, equal points, constant columns, a mass beside a mote."""
    monkeypatch.setattr("parzen.engines.certified.FEW_PAIRS", 0)
    one = rng.normal(size=(1, d))
    constant = rng.normal(size=(300, d))
    constant[:, 0] = 3.0
    equal = np.repeat(one, 100_000, axis=0)
    for x in (one, constant, equal[:300]):
        q = np.vstack([x[:5], x[:5] + 0.3, x[:5] + 2.0])
        assert_keeps_error(make_problem(x, 0.5, rtol=1e-6), q)
    many = ENGINE.approximate(make_problem(equal, 0.5, rtol=1e-6))
    single = make_problem(one, 0.5, rtol=1e-6)
    q = one + 0.5 * rng.normal(size=(50, d))
    error = np.abs(many.all_sums(q) - exact_sums(single, q))
    assert (error <= many.error).all()
    mote = np.vstack([np.zeros((1, d)), np.full((1, d), 5.0)])
    assert_keeps_error(make_problem(mote, 1.0, [1.0, 1e-15], rtol=1e-6), mote + 0.1)


def test_no_queries_get_no_answers(rng):
    """An empty array of queries is served."""
    x = rng.normal(size=(100, 3))
    problem = make_problem(x, 0.5)
    assert ENGINE.approximate(problem).sums(np.empty((0, 3))).shape == (0,)
    assert ENGINE.plan(problem).pdf(np.empty((0, 3))).shape == (0,)


def test_a_product_of_gaussians_is_served(rng):
    """It is the radial Gaussian."""
    x = rng.normal(size=(300, 2))
    product = make_problem(x, 0.4, kernel=Kernel("gaussian", product=True))
    radial = make_problem(x, 0.4)
    q = rng.normal(size=(50, 2))
    sums = [ENGINE.approximate(p).sums(q) for p in (product, radial)]
    assert (sums[0] == sums[1]).all()


def refused(problem, words):
    """Whether the engine refuses, in these words, before and at the plan."""
    assert words in ENGINE.refusal(problem)


def test_refusals_say_why(rng):
    """Other kernels, dimensions and bandwidths, and data that no grid resolves."""
    x = rng.normal(size=(200, 2))
    refused(make_problem(x, 0.4, kernel="epanechnikov"), "Gaussian")
    refused(make_problem(x[:, :1], 0.4), "two and three dimensions")
    refused(make_problem(np.hstack([x, x]), 0.4), "two and three dimensions")
    refused(make_problem(x, 0.4, local=np.ones(200)), "one bandwidth")
    apart = x.copy()
    apart[:100] += 1e6
    refused(make_problem(apart, 0.4), "span")
    refused(make_problem(x, 1e-5), "span")
    refused(make_problem(x * 1e300, 1e-10), "span")
    refused(make_problem(x, 1e-310), "span")
    ill = np.array([[1.0, 1.0 - 1e-12], [1.0 - 1e-12, 1.0]])
    line = np.outer(rng.normal(size=200), [1.0, 1.0])
    refused(make_problem(line, ill), "rounded coordinates")
    with pytest.raises(CapabilityError, match="span"):
        ENGINE.approximate(make_problem(apart, 0.4))
    assert ENGINE.cost(make_problem(apart, 0.4), 100) == math.inf


def test_cost_grows_with_points_queries_and_accuracy(rng):
    """The prediction follows what the sums are made of."""
    x = rng.normal(size=(5000, 2))
    cost = ENGINE.cost(make_problem(x, 0.3, rtol=1e-4), 5000)
    assert 0.0 < cost < ENGINE.cost(make_problem(x, 0.3, rtol=1e-8), 5000)
    assert cost < ENGINE.cost(make_problem(x, 0.3, rtol=1e-4), 50_000)
    assert cost < ENGINE.cost(make_problem(np.tile(x, (4, 1)), 0.3, rtol=1e-4), 5000)


@settings(max_examples=25)
@given(data=st.data(), d=st.sampled_from([2, 3]), rtol=st.sampled_from([1e-4, 1e-7]))
def test_any_problem_is_answered_within_its_error_or_refused(data, d, rtol):
    """Ties, clusters, lattices, offsets, weights over 300 orders, all bandwidths."""
    x = data.draw(samples(d=d, offsets=(0.0, 1e9)))
    problem = make_problem(
        x,
        data.draw(bandwidths(d)),
        data.draw(weight_vectors(len(x))),
        rtol=rtol,
    )
    if ENGINE.refusal(problem) is not None:
        return
    rng = np.random.default_rng(data.draw(SEEDS))
    q = np.vstack([x[:10], x[:10] + rng.normal(size=(len(x[:10]), d))])
    fast = ENGINE.approximate(problem)
    exact = exact_sums(problem, q)
    raw = fast.all_sums(q)
    some = ~np.isnan(raw)
    slack = rtol * exact[some]
    assert (np.abs(raw[some] - exact[some]) <= fast.error + 0.1 * slack).all()
    sums = fast.sums(q)
    kept = sums >= 0.0
    assert (np.abs(sums - exact)[kept] <= rtol * exact[kept]).all()
