"""Direct sums in single precision: the stated error at every query, or no answer."""

from __future__ import annotations

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.engines import direct
from parzen.engines.coordinates import Coordinates
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.single_sums import HIGHEST, LOWEST, SHARE, Certificate
from parzen.jit import compile_loop, exp2f, maximum
from parzen.kernels import Kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference
from tests.strategies import covariance

# Without compilation (for coverage) the loops run in Python, which warns of what
# machine code does in silence: a square that is infinite.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")

ENGINE = DirectEngine()
DIMENSIONS = (1, 3, 6, 15)
RTOLS = (1e-2, 1e-3, 1e-4)


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Leave nothing to the NumPy sum for being small."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", -1)


@pytest.fixture
def doubles(monkeypatch):
    """Record the number of queries of each sum in double precision."""
    counts = []
    place = Coordinates.place

    def counted(self, q):
        counts.append(len(q))
        return place(self, q)

    monkeypatch.setattr(Coordinates, "place", counted)
    return counts


def make(x, h, *, weights=None, rtol=1e-3, kernel="gaussian", product=False, **more):
    """Plan a direct sum with a loose error."""
    sample = Sample.of(x, weights)
    kernel = Kernel(kernel, product=product)
    problem = Problem(sample, kernel, Scale(h, sample.d), rtol=rtol, **more)
    return ENGINE.plan(problem)


def steep_weights(rng, n, orders=15):
    """Weights over many orders of magnitude."""
    return 10.0 ** rng.uniform(-orders, 0, n)


def check(plan, q, h, *, digits=1e-12):
    """Hold densities and their logarithms against the oracle; return the oracle's."""
    sample = plan.problem.sample
    exact = reference.log_density(
        sample.points, q, h, product=plan.problem.kernel.product, weights=sample.weights
    )
    bound = ENGINE.error_bound(plan.problem)
    assert bound.absolute == 0.0
    assert bound.relative <= plan.problem.rtol
    logs = plan.logpdf(q)
    far = ~np.isfinite(exact.astype(np.float64))
    np.testing.assert_array_equal(logs[far], -np.inf)
    error = np.abs((logs[~far] - exact[~far]).astype(np.float64))
    scale = np.abs(exact[~far]).astype(np.float64)
    # a logarithm is itself rounded to double
    assert (error <= math.log1p(bound.relative) + digits * scale).all(), error.max()
    with np.errstate(under="ignore"):
        density = np.exp(exact).astype(np.float64)
    some = density > 1e-300
    wrong = np.abs(plan.pdf(q) - density)[some]
    assert (wrong <= (bound.relative + 1e-12) * density[some]).all()
    return exact


@pytest.mark.parametrize("rtol", RTOLS)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_error_is_within_the_accepted_one(rng, d, rtol):
    """Near the data and out in the tail, for every bandwidth and kind of weights."""
    x = rng.normal(size=(200, d))
    widths = {
        "scalar": 0.6,
        "widths": 0.4 + 0.5 * rng.random(d),
        "matrix": 0.4 * covariance(rng, d),
    }
    away = rng.normal(size=(60, d)) * np.geomspace(0.1, 300.0, 60)[:, None]
    q = np.vstack([x[:20], away])
    for (kind, h), weighted in itertools.product(widths.items(), (False, True)):
        weights = steep_weights(rng, len(x)) if weighted else None
        plan = make(x, h, weights=weights, rtol=rtol, product=kind == "scalar")
        check(plan, q, h)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize(
    ("d", "h", "rtol"),
    [(1, 0.1, 1e-3), (1, 0.2, 1e-4), (3, 0.3, 1e-3), (6, 0.4, 1e-3), (15, 0.6, 1e-3)],
)
def test_single_precision_serves_ordinary_data(rng, doubles, *, d, h, rtol, weighted):
    """Few queries of the data's own distribution are summed in double, or none."""
    weights = steep_weights(rng, 2000, 3) if weighted else None
    plan = make(rng.normal(size=(2000, d)), h, weights=weights, rtol=rtol)
    assert plan.single is not None
    assert ENGINE.error_bound(plan.problem).relative == SHARE * rtol
    check(plan, q := rng.normal(size=(50, d)), h)
    # both `pdf` and `logpdf` were asked
    assert sum(doubles) <= 2 * 0.2 * len(q)


def test_double_precision_serves_all_else(rng, doubles):
    """A small error, other kernels, local bandwidths, data too far apart."""
    x = rng.normal(size=(300, 2))
    far = np.where(np.arange(300) % 2, 1e6, -1e6)[:, None]
    plans = [
        make(x, 0.3, rtol=1e-8),
        make(x, 0.3, rtol=1e-5),
        make(x, 0.3, kernel="epanechnikov"),
        make(x, 0.3, kernel="exponential"),
        make(x, 0.3, local=np.linspace(0.5, 2.0, 300)),
        make(x + far, 0.3),
        make(rng.normal(size=(300, 15)), 0.02),
    ]
    for plan in plans:
        assert plan.single is None
        plan.logpdf(plan.problem.sample.points[:5])
        assert ENGINE.error_bound(plan.problem).relative < 1e-10
    assert doubles == [5] * len(plans)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_tail_is_summed_in_double(rng, doubles, d):
    """Log densities down to -1e300 are right, as no float of 32 bits can hold them."""
    x = rng.normal(size=(1000, d))
    direction = rng.normal(size=d) / math.sqrt(d)
    reach = np.array([1e2, 1e4, 1e8, 1e60, 1e149, -1e149, 1e180])
    h = 0.3 * math.sqrt(d)
    plan = make(x, h, weights=steep_weights(rng, 1000))
    assert plan.single is not None
    exact = check(plan, reach[:, None] * direction, h)
    assert -1e306 < exact[4] < -1e290
    assert doubles == [7, 7]
    logs = plan.logpdf(np.full((2, d), [[np.inf], [-np.inf]]))
    assert (logs == -np.inf).all()


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize(
    ("offset", "scale"), [(1e9, 1.0), (-1e9, 1.0), (0.0, 1e300), (0.0, 1e-300)]
)
def test_offset_and_units_cost_nothing(rng, doubles, d, offset, scale):
    """Coordinates are centred and whitened in double before they are rounded."""
    x, q = rng.normal(size=(400, d)), rng.normal(size=(60, d))
    x, q = offset + scale * x, offset + scale * q
    plan = make(x, 0.4 * scale, weights=steep_weights(rng, 400, 2))
    assert plan.single is not None
    exact = reference.log_density(
        x, q, 0.4 * scale, weights=plan.problem.sample.weights
    )
    error = np.abs(plan.logpdf(q) - exact)
    assert error.max() <= SHARE * 1e-3
    assert sum(doubles) <= 0.2 * len(q)


@pytest.mark.parametrize("tiny", [1e-300, 1e-30])
def test_weights_beyond_the_range_of_single_precision_are_kept(doubles, tiny):
    """Where points of weight 1e-300 reach alone, the log density is right."""
    x = np.tile(np.arange(9.0) * 400.0, 100)
    weights = np.where(x % 800.0, 1.0, tiny)
    plan = make(x, 9.0, weights=weights, rtol=1e-2)
    assert plan.single is not None
    exact = check(plan, x[:9, None] + 5.0, 9.0)
    assert exact[::2].max() < math.log(tiny)
    assert doubles == []


@pytest.mark.parametrize("apart", [1e2, 3e3, 1e4])
def test_rounded_coordinates_are_accounted_for(monkeypatch, rng, apart):
    """A few points far from their mean, where a rounding moves all of them alike."""
    monkeypatch.setattr(direct, "pays", lambda *_: True)
    for _ in range(20):
        x = np.tile(apart * rng.uniform(0.5, 1.0, 2) * [-1.0, 1.0], 16)
        plan = make(x, 1.0, rtol=4e-4)
        check(plan, (x[:2] + rng.uniform(2.0, 6.0, (9, 2))).reshape(-1, 1), 1.0)


def test_wrong_guess_costs_time_and_no_error(doubles):
    """Where every point that is looked at first is far away, double takes over."""
    x = np.zeros(6400)
    x[::100] = np.linspace(30.0, 31.0, 64)
    plan = make(x, 0.7)
    assert plan.single is not None
    assert plan.single.scouts[0].shape == (1, 64)
    check(plan, np.linspace(-1.0, 1.0, 50)[:, None], 0.7)
    assert doubles == [50, 50]


@pytest.mark.parametrize("d", [1, 6])
def test_few_points_queries_and_ties(rng, d):
    """One point, no query, and the same point many times."""
    one = make(rng.normal(size=(1, d)), 0.5)
    check(one, one.problem.sample.points + np.linspace(0, 2, 9)[:, None], 0.5)
    assert one.logpdf(np.empty((0, d))).shape == (0,)
    tied = make(np.repeat(rng.normal(size=(3, d)), 700, axis=0), 0.5)
    assert tied.single is not None
    check(tied, rng.normal(size=(20, d)), 0.5)
    check(tied, tied.problem.sample.points[:701:700], 0.5)


@pytest.mark.parametrize("d", [1, 6])
def test_number_of_threads_changes_no_bit(monkeypatch, rng, d):
    """Nor does pickling; few queries are cut into panels of points."""
    monkeypatch.setattr(direct, "BLOCK_PAIRS", 3000)
    monkeypatch.setattr(direct, "THREAD_SECONDS", 0.0)
    x, weights = rng.normal(size=(2000, d)), rng.random(2000)
    for m in (3, 300):
        q = rng.normal(size=(m, d)) * np.linspace(1.0, 60.0, m)[:, None]
        plans = [
            make(x, 0.6, weights=weights, n_jobs=n_jobs) for n_jobs in (1, 2, 5, None)
        ]
        first = plans[0].logpdf(q)
        assert plans[0].single is not None
        for plan in (*plans[1:], pickle.loads(pickle.dumps(plans[0]))):
            np.testing.assert_array_equal(plan.logpdf(q), first)
        check(plans[0], q, 0.6)


def test_signed_weights_state_the_error_of_either_sum(rng):
    """Two sums, of which one may be in single precision where the other is not."""
    x = rng.normal(size=(600, 2))
    x[::3] += np.where(np.arange(200) % 2, 1e6, -1e6)[:, None]
    weights = np.where(np.arange(600) % 3, 1.0, -0.5)
    density = parzen.kde(
        x,
        weights=weights,
        signed_weights=True,
        bandwidth=0.4,
        method="direct",
        rtol=1e-3,
    )
    plus, minus = (part.single for part in density._plan.plans)
    assert plus is not None
    assert minus is None
    assert density.decision.bound.relative == SHARE * 1e-3


def test_cost_follows_the_accepted_error(rng):
    """A pair in single precision is predicted to be cheaper."""
    x = rng.normal(size=(5000, 3))
    loose, tight = (make(x, 0.3, rtol=rtol).problem for rtol in (1e-3, 1e-8))
    assert ENGINE.cost(loose, 5000) < 0.6 * ENGINE.cost(tight, 5000)


def test_exponential_is_as_exact_as_the_proof_has_it():
    """Within 8 units of 2^-24, over the whole range and at its ends."""

    def powers(x, out):
        for j in range(len(x)):
            out[j] = exp2f(min(maximum(x[j], LOWEST), HIGHEST))

    x = np.linspace(-130.0, 120.0, 2_000_003).astype(np.float32)
    out = np.empty_like(x)
    compile_loop(powers)(x, out)
    exact = np.exp2(np.clip(x, LOWEST, HIGHEST).astype(np.float64))
    assert np.abs(out / exact - 1.0).max() <= 8 * 2.0**-24


def test_certificate_grows_with_all_that_it_is_about():
    """The distance, the depth, the guess, the weights, the dimension."""
    plain = Certificate(3, 0.0, 2.0**-24, 0.0)
    error = plain.error(10.0, 5.0, 7.0)
    assert plain.error(1.0, 5.0, 7.0) < error < plain.error(20.0, 5.0, 7.0)
    assert error < min(plain.error(10.0, 9.0, 7.0), plain.error(10.0, 5.0, 9.0))
    assert error < Certificate(3, 50.0, 2.0**-24, 0.0).error(10.0, 5.0, 7.0)
    assert error < Certificate(9, 0.0, 2.0**-24, 0.0).error(10.0, 5.0, 7.0)
    for beyond in ((1e9, 0, 0), (0, 2000, 0), (np.nan, 0, 0), (0, np.nan, 0)):
        assert plain.error(*beyond) == np.inf


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 700),
    d=st.sampled_from(DIMENSIONS),
    width=st.floats(0.02, 5.0),
    orders=st.sampled_from([None, 0.5, 15.0, 280.0]),
    far=st.floats(0.1, 1e4),
    rtol=st.floats(3e-5, 0.2),
    heavy=st.booleans(),
)
def test_every_certified_query_keeps_the_bound(
    *, seed, n, d, width, orders, far, rtol, heavy
):
    """For any data, even such as single precision would not be tried on."""
    rng = np.random.default_rng(seed)
    x = rng.standard_cauchy(size=(n, d)) if heavy else rng.normal(size=(n, d))
    weights = None if orders is None else steep_weights(rng, n, orders)
    q = np.vstack([x[:5], rng.normal(size=(10, d)) * np.geomspace(1, far, 10)[:, None]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "pays", lambda *_: True)
        plan = make(x, width, weights=weights, rtol=rtol)
        assert plan.single is not None
        check(plan, q, width)
