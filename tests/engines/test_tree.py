from __future__ import annotations

import itertools
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from parzen import Kernel
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.tree import kd_tree
from parzen.engines.tree import plan as tree_plan
from parzen.engines.tree.engine import TreeEngine
from parzen.engines.tree.growth import LEAF
from parzen.engines.tree.kd_tree import ADD, Tree
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference
from tests.strategies import SEEDS, covariance, weight_vectors

DIRECT = DirectEngine()
ENGINE = TreeEngine(DIRECT)
RELATIVE = (1e-2, 1e-5, 1e-8)
FORMS = [
    pytest.param(name, product, d, id=f"{name}-{'product' if product else 'radial'}{d}")
    for name, d in itertools.product(reference.KERNELS, (1, 2, 3, 5, 8))
    for product in (False, True)
    if not (product and d == 1)
]


@pytest.fixture(autouse=True)
def forced(monkeypatch):
    """Send the smallest sums through the tree."""
    monkeypatch.setattr(tree_plan, "FEW_PAIRS", -1)
    monkeypatch.setattr(tree_plan, "build_seconds", lambda _: -1.0)


def make(x, h, kernel="gaussian", *, weights=None, **kwargs):
    """A problem of points (n,) or (n, d); `kernel` is one or its name."""
    sample = Sample.of(x, weights)
    kernel = Kernel.of(kernel)
    if "local" in kwargs and sample.rows is not None:
        kwargs["local"] = kwargs["local"][sample.rows]
    return Problem(sample, kernel, Scale(h, sample.d), **kwargs)


def exact_logs(problem, q):
    """The oracle's log density."""
    sample, scale, kernel = problem.sample, problem.scale, problem.kernel
    if problem.local is not None:
        h = scale.bandwidth * problem.local
        return reference.local_log_density(
            sample.points, q, h, kernel.name, weights=sample.weights
        )
    return reference.log_density(
        sample.points,
        q,
        scale.bandwidth,
        kernel.name,
        product=kernel.product,
        weights=sample.weights,
    )


def check(problem, q):
    """Judge the answer at q (m, d) by the oracle, as densities and as logarithms."""
    q = np.asarray(q, dtype=float).reshape(len(q), -1)
    logs = ENGINE.plan(problem).logpdf(q)
    relative, absolute = ENGINE.error_bound(problem)
    assert relative == max(problem.rtol, 2 * DIRECT.error_bound(problem).relative)
    assert not np.isnan(logs).any()
    exact = exact_logs(problem, q)
    some = exact > -1e308
    assert (logs[~some] == -np.inf).all()
    difference = np.abs(logs[some] - exact[some])
    # a logarithm is a float, too, and so is the distance that it comes from
    rounding = 2e-15 * np.abs(exact[some])
    error = np.expm1(np.minimum(difference, 50.0))
    if absolute:
        with np.errstate(over="ignore"):
            relative += absolute * np.exp(-exact[some])
    assert ((error <= relative) | (difference <= rounding)).all()


def near_and_far(rng, x, width):
    """Queries at points, between them, in the tails, and a million widths away."""
    d = x.shape[1]
    away = rng.normal(size=(8, d)) * width / np.sqrt(d)
    return np.vstack([x[:6], x[:8] + 0.5 * away, 3 * away, 12 * away, 1e6 * away[:4]])


@pytest.mark.parametrize(("name", "product", "d"), FORMS)
def test_error_is_within_what_the_user_accepts(rng, name, product, d):
    """Every kernel and dimension, tight and loose, equal weights and unequal ones."""
    n = 3 * LEAF + 17
    x = rng.normal(size=(n, d))
    width = np.sqrt(d) if name in reference.COMPACT else 0.5
    kernel = Kernel(name, product=product)
    for rtol, weights in itertools.product(
        RELATIVE, (None, 10.0 ** -(15 * rng.random(n)))
    ):
        h = width * (0.5 + rng.random(d))
        q = near_and_far(rng, x, h.max())
        check(make(x, h, kernel, weights=weights, rtol=rtol), q)
    if not (name in reference.COMPACT and product):
        h = width**2 * covariance(rng, d)
        check(make(x, h, kernel, rtol=1e-8), near_and_far(rng, x, width))


# Loose sums have machine code of their own: four kernels are enough.
LOCAL = [
    (name, rtol)
    for name in reference.KERNELS
    for rtol in RELATIVE
    if rtol <= 1e-7 or name in ("gaussian", "cauchy", "tophat", "biweight")
]


@pytest.mark.parametrize(("name", "rtol"), LOCAL)
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_local_bandwidths_keep_the_error(rng, name, rtol, weighted):
    """A node of points with a width each is bounded by its widest and narrowest."""
    n = 5 * LEAF
    x = rng.standard_t(3, size=n)
    weights = 10.0 ** -(15 * rng.random(n)) if weighted else None
    local = 10.0 ** rng.uniform(-2, 1, size=n)
    problem = make(x, 0.3, name, weights=weights, rtol=rtol, local=local)
    check(problem, near_and_far(rng, x[:, None], 0.3))


@pytest.mark.parametrize("name", ["gaussian", "cauchy", "biweight", "tophat"])
@pytest.mark.parametrize("atol", [1e-3, 1e-6, 1.0])
def test_absolute_error_is_kept(rng, name, atol):
    """An accepted absolute error is used, and no more of it."""
    x = rng.normal(size=(700, 2))
    q = np.vstack([x[:20], 2 * rng.normal(size=(40, 2))])
    problem = make(x, 0.5, name, atol=atol)
    density = np.exp(ENGINE.plan(problem).logpdf(q))
    exact = np.exp(exact_logs(problem, q)).astype(float)
    assert (np.abs(density - exact) <= atol + 1e-8 * exact).all()


@pytest.mark.parametrize("rtol", RELATIVE)
@pytest.mark.parametrize("name", ["gaussian", "exponential", "epanechnikov", "tophat"])
def test_wide_and_narrow_bandwidths(rng, name, rtol):
    """From bandwidths no point shares to one that sees all points as one."""
    x = rng.normal(size=(500, 2))
    for h in (1e-9, 1e-3, 30.0, 1e9):
        check(make(x, h, name, rtol=rtol), near_and_far(rng, x, h))


@pytest.mark.parametrize("rtol", [1e-3, 1e-8])
@pytest.mark.parametrize("name", ["gaussian", "cauchy", "tricube"])
def test_light_points_near_and_a_heavy_one_far(name, rtol):
    """A heavy point counts beside light ones for as far as it really matters."""
    light = np.linspace(0, 1, 400)
    x = np.append(light, 9.0)
    weights = np.append(np.full(400, 1e-17), 1.0)
    q = np.linspace(-5, 12, 60)
    check(make(x, 0.7, name, weights=weights, rtol=rtol), q)


@pytest.mark.parametrize("rtol", [1e-3, 1e-8])
@pytest.mark.parametrize("smallest", [1e-260, 1e-300])
@pytest.mark.parametrize("name", ["gaussian", "biweight", "logistic", "tophat"])
def test_weights_at_the_end_of_the_range(rng, name, smallest, rtol):
    """Weights down to the smallest double are summed in log space."""
    x = np.concatenate([rng.normal(size=200), 1e4 + rng.normal(size=200)])
    weights = np.repeat([1.0, smallest], 200)
    q = np.concatenate([x[::40], x[::40] + 0.3])
    check(make(x, 0.5, name, weights=weights, rtol=rtol), q)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_any_unit(rng, scale, d):
    """Units from the smallest to the largest."""
    x = rng.normal(size=(300, d))
    q = near_and_far(rng, x, 1.0)[:30]
    for rtol, name in itertools.product((1e-3, 1e-8), ("gaussian", "triweight")):
        check(make(x * scale, 0.7 * scale, name, rtol=rtol), q * scale)


@pytest.mark.parametrize("name", ["gaussian", "exponential", "cauchy", "epanechnikov"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-8])
def test_infinite_squares_of_distances(rng, name, rtol):
    """Distances whose squares overflow are left to the exact engine."""
    x = rng.normal(size=(300, 1))
    check(
        make(x, 1e-160, name, rtol=rtol), np.array([[0.0], [1.0], [x[7, 0]], [1e140]])
    )


@pytest.mark.parametrize("rtol", [1e-3, 1e-8])
@pytest.mark.parametrize("apart", [1e6, 1e12])
def test_clusters_far_apart(rng, apart, rtol):
    """Clusters a million bandwidths apart, and queries between them."""
    x = np.rint(4 * rng.normal(size=(600, 2))) / 4
    x[::2] += apart
    q = np.vstack([x[:20] + 0.25, [[apart / 2, apart / 4]], [[-apart, 3 * apart]]])
    check(make(x, [0.5, 1.0], rtol=rtol), q)


@pytest.mark.parametrize("name", ["gaussian", "tophat", "cosine"])
def test_equal_points_and_constant_columns(rng, name):
    """1e5 equal points, ties, a constant column: built at once and summed."""
    same = np.full((100_000, 2), 0.1)
    problem = make(same, 0.5, name)
    q = np.array([[0.1, 0.1], [0.3, -0.1], [3.0, 4.0]])
    single = exact_logs(make(same[:1], 0.5, name), q).astype(float)
    logs = ENGINE.plan(problem).logpdf(q)
    np.testing.assert_allclose(logs, single, rtol=1e-9, atol=1e-9)
    ties = np.rint(rng.normal(size=(900, 3)))
    ties[:, 1] = 7.0
    check(make(ties, 0.8, name, rtol=1e-5), ties[:30] + 0.25)


@pytest.mark.parametrize("n", [1, 2, LEAF - 1, LEAF, LEAF + 1, 5 * LEAF + 1])
def test_any_number_of_points(rng, n):
    """One point, and numbers around the length of a leaf."""
    x = rng.normal(size=(n, 2))
    for rtol in (1e-3, 1e-8):
        check(make(x, 0.4, rtol=rtol), rng.normal(size=(20, 2)))


def test_no_queries(rng):
    """No queries, no answers."""
    plan = ENGINE.plan(make(rng.normal(size=500), 0.3))
    assert plan.pdf(np.empty((0, 1))).shape == (0,)
    assert plan.logpdf(np.empty((0, 1))).shape == (0,)


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("name", ["gaussian", "biweight"])
def test_answers_are_the_same_for_any_number_of_threads(rng, monkeypatch, d, name):
    """Bitwise, sorted queries and subtrees on threads included."""
    monkeypatch.setattr(kd_tree, "SUBTREE", 8)
    monkeypatch.setattr(tree_plan, "THREAD_SECONDS", 0.0)
    x = rng.normal(size=(40_000, d))
    q = rng.normal(size=(5000, d))
    answers = [
        ENGINE.plan(make(x, 0.05, name, n_jobs=jobs)).logpdf(q) for jobs in (1, 2, 5)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])
    # and the answer to a query does not depend on the others
    part = ENGINE.plan(make(x, 0.05, name)).logpdf(q[1000:1100])
    np.testing.assert_array_equal(part, answers[0][1000:1100])


def test_a_call_returns_early_after_much_work(rng, monkeypatch):
    """Ctrl-C acts between compiled calls, whose number changes no answer."""
    calls = []
    plan = ENGINE.plan(make(rng.normal(size=(300_000, 1)), 1e3, rtol=1e-8, n_jobs=1))
    loop = plan.loop

    def counted(*arguments):
        calls.append(arguments[-4:-2])
        return loop(*arguments)

    q = rng.normal(size=(300, 1))
    monkeypatch.setitem(vars(plan), "loop", counted)
    monkeypatch.setattr(tree_plan, "BLOCKS", 1)
    logs = plan.logpdf(q)
    assert calls[0] == (0, 300)
    assert calls[1][0] > 0
    assert np.isfinite(logs).all()


def test_plans_are_pickled_and_shared(rng):
    """A plan survives pickling, built or not, and serves several callers at once."""
    q = rng.normal(size=(500, 2))
    plan = ENGINE.plan(make(rng.normal(size=(3000, 2)), 0.2))
    fresh = pickle.loads(pickle.dumps(plan))
    answers = [None] * 4

    def call(k):
        answers[k] = plan.logpdf(q)

    threads = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    built = pickle.loads(pickle.dumps(plan))
    for logs in (*answers, fresh.logpdf(q), built.logpdf(q)):
        np.testing.assert_array_equal(logs, answers[0])


def test_tree_keeps_every_point_in_its_box(rng):
    """Leaves hold each point once, boxes are tight, masses add up."""
    x = rng.normal(size=(3, 20 * LEAF + 5))
    x[1] = np.rint(x[1])
    built = Tree.of(x, np.array([1.0, 4.0, 1.0]), 1)
    n = x.shape[1]
    assert (np.sort(built.order) == np.arange(n)).all()
    rows = built.points.transpose(0, 2, 1).reshape(-1, 3)[:n]
    np.testing.assert_array_equal(rows, x.T[built.order])
    masses = built.collect(ADD, built.in_slots(np.ones(n), 0.0).sum(axis=1))
    waiting = [(0, 0, len(built.points))]
    while waiting:
        node, first, count = waiting.pop()
        inside = rows[first * LEAF : (first + count) * LEAF]
        np.testing.assert_array_equal(built.boxes[node, 0], inside.min(axis=0))
        np.testing.assert_array_equal(built.boxes[node, 1], inside.max(axis=0))
        assert built.counts[node] == count
        assert masses[node] == len(inside)
        if count > 1:
            waiting += kd_tree.children(node, first, count)


@pytest.mark.parametrize("order", ["sorted", "organ", "few", "equal"])
def test_patterns_do_not_slow_the_build(rng, order):
    """Selection is linear on the patterns that make a plain one quadratic."""
    n = 200_000
    x = {
        "sorted": np.arange(n, dtype=float),
        "organ": np.abs(np.arange(n) - n / 2),
        "few": rng.integers(0, 3, n).astype(float),
        "equal": np.zeros(n),
    }[order]
    built = Tree.of(x[None], np.ones(1), 1)
    assert (built.boxes[:, 0] <= built.boxes[:, 1]).all()


def test_few_queries_are_left_to_the_exact_engine(rng, monkeypatch):
    """Before the tree is built, few queries cost less by a plain sum."""
    monkeypatch.undo()
    plan = ENGINE.plan(make(rng.normal(size=(50_000, 2)), 0.1))
    plan.pdf(rng.normal(size=(3, 2)))
    assert "tree" not in vars(plan)
    plan.pdf(rng.normal(size=(3000, 2)))
    assert "tree" in vars(plan)


def test_refusals(rng):
    """What a tree cannot bound is refused with a reason."""
    x = rng.normal(size=(50, 2))
    assert ENGINE.refusal(make(x, 0.3)) is None
    assert ENGINE.refusal(make(x, np.eye(2))) is None
    assert "built-in kernel" in ENGINE.refusal(make(x, 0.3, Kernel.of(stats.t(5))))
    far = make(x * 1e6, np.eye(2))
    assert "covariance matrix" in ENGINE.refusal(far)
    local = np.ones(50)
    local[3] = 1e-120
    assert "local bandwidths" in ENGINE.refusal(make(x[:, 0], 0.3, local=local))


def test_cost_tells_few_neighbours_from_many(rng):
    """Narrow kernels and loose errors cost less than a plain sum, wide ones more."""
    n = 100_000
    x = rng.normal(size=(n, 3))
    costs = {h: ENGINE.cost(make(x, h), n) for h in (0.01, 0.1, 1.0, 10.0)}
    assert costs[0.01] < costs[0.1] < costs[1.0]
    plain = DIRECT.cost(make(x, 1.0), n)
    assert costs[0.01] < plain / 10
    assert plain < costs[10.0] < 5 * plain
    assert ENGINE.cost(make(x, 1e4, rtol=1e-3), n) < plain / 50
    two = np.where(np.arange(n)[:, None] % 2, x, x + 1e7)
    assert ENGINE.cost(make(two, 0.01), n) < plain / 10


@settings(max_examples=60)
@given(st.data())
def test_bound_holds_for_any_sample(data):
    """|g - f| <= rtol f for any cloud, weights, width and query."""

    def one_of(*values):
        return data.draw(st.sampled_from(values))

    rng = np.random.default_rng(data.draw(SEEDS))
    d, n = one_of(1, 2, 3, 4), one_of(1, 3, 200, 700)
    name = one_of("gaussian", "logistic", "tophat", "tricube")
    rtol, h = one_of(1e-1, 1e-3, 1e-6, 1e-8), one_of(1e-3, 0.1, 1.0, 20.0)
    shape = one_of("normal", "ties", "clusters", "heavy")
    x = rng.normal(size=(n, d))
    if shape == "ties":
        x = np.rint(x)
    elif shape == "clusters":
        x = 1e-2 * x + rng.choice((-1.0, 1.0, 50.0), size=(n, 1))
    elif shape == "heavy":
        x = rng.standard_cauchy(size=(n, d))
    weights = data.draw(weight_vectors(n))
    q = np.vstack([x[:5], x[:5] + h * rng.normal(size=x[:5].shape), 5 * x[:5]])
    check(make(x, h, name, weights=weights, rtol=rtol), q + 1e-3 * h)
