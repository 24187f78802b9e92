"""The sweep along a line against the oracle, and how seldom it is in doubt."""

from __future__ import annotations

import itertools
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parzen import Kernel, kde
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.sweep import (
    cover,
    decay,
    order,
    queries,
    sort,
    window,
)
from parzen.engines.sweep.engine import SweepEngine
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference

POLYNOMIAL = tuple(name for name in reference.COMPACT if name != "cosine")
SERVED = (*reference.COMPACT, "exponential")
ENGINE = SweepEngine(DirectEngine())


def problem(x, h, name, weights=None, local=None, **options):
    """A problem in one dimension."""
    sample = Sample.of(x, weights)
    return Problem(sample, Kernel(name), Scale(h, 1), local=local, **options)


def fast_sums(some, q):
    """Sums in units of the peak by the sweep alone, and which of them are certain."""
    sums = ENGINE.approximate(some).sums(np.asarray(q, dtype=float)[:, None])
    return sums, sums >= 0


def check(some, q, exact, least=0.0):
    """Certified sums keep the stated error, and at least a share is certified."""
    sums, certain = fast_sums(some, q)
    exact = np.asarray(exact) / np.exp(some.log_peak)
    absolute = some.atol / np.exp(some.log_peak)
    bound = ENGINE.error_bound(some)
    error = np.abs(sums - exact)[certain]
    assert (error <= absolute + bound.relative * exact[certain]).all()
    assert certain.mean() >= least


def near_edges(rng, x, h):
    """Queries at points, at the edges of supports and a little inside or outside."""
    apart = 10.0 ** rng.uniform(-12, -3, size=len(x)) * rng.choice((-1, 1), len(x))
    side = rng.choice((-1.0, 1.0), len(x))
    return np.concatenate([x, x + side * h, x + side * h * (1 + apart)])


def off_ties(x, q, h):
    """The queries that rounding does not put in or out of some top hat."""
    u = np.abs(np.asarray(q, np.longdouble)[:, None] - x) / h
    return (np.abs(u - 1) > 1e-14).all(axis=1)


def make_weights(kind, rng, n):
    """None, or weights over fifteen orders of magnitude."""
    return None if kind == "equal" else 10.0 ** rng.uniform(-15, 0, n)


@pytest.mark.parametrize("rtol", [1e-8, 1e-10])
@pytest.mark.parametrize("kind", ["equal", "unequal"])
@pytest.mark.parametrize("name", SERVED)
def test_sums_keep_the_stated_error(rng, name, kind, rtol):
    """For windows of few points and of all, at points, edges, between and far away."""
    for n, h in ((40, 0.7), (900, 0.3), (900, 1e-3), (300, 40.0)):
        x = rng.normal(size=n)
        weights = make_weights(kind, rng, n)
        some = problem(x, h, name, weights, rtol=rtol)
        q = np.concatenate([near_edges(rng, x[:40], h), 2 * rng.normal(size=80), [9e9]])
        if name == "tophat":
            q = q[off_ties(x, q, h)]
        exact = reference.density(x, q, h, name, weights=weights)
        check(some, q, exact, 0.3)
        answer = ENGINE.plan(some).pdf(q[:, None])
        # within 1e-8 of an edge the direct sum is rounded by more than 1e-8
        np.testing.assert_allclose(answer, exact, rtol=1e-7, atol=1e-12 / h)


@pytest.mark.parametrize("kind", ["equal", "unequal"])
@pytest.mark.parametrize("name", POLYNOMIAL)
def test_local_sums_keep_the_stated_error(rng, name, kind):
    """A bandwidth for each point, over no decades, over one and over four."""
    for (n, h), decades in itertools.product(((40, 0.7), (400, 0.1)), (0.0, 1.0, 4.0)):
        x = rng.normal(size=n)
        local = 10.0 ** (decades * (rng.random(n) - 0.5))
        weights = make_weights(kind, rng, n)
        some = problem(x, h, name, weights, local, rtol=1e-10)
        q = near_edges(rng, x[:40], h * local[:40])
        q = np.concatenate([q, 2 * rng.normal(size=80), [-9e9]])
        if name == "tophat":
            q = q[off_ties(x, q, h * local)]
        exact = reference.local_density(x, q, h * local, name, weights=weights)
        check(some, q, exact, 0.6)


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize(
    ("offset", "scale"),
    [(1e9, 1.0), (-1e12, 1.0), (1e12, 0.1), (0.0, 1e-9), (1e3, 1e-300), (0.0, 1e300)],
)
def test_offsets_and_units_cost_nothing(rng, name, offset, scale):
    """Data far from zero, and units from the smallest to the largest."""
    x = scale * (offset + rng.normal(size=200))
    q = scale * (offset + 1.5 * rng.normal(size=100))
    h = 0.4 * scale
    some = problem(x, h, name)
    assert ENGINE.refusal(some) is None
    if name == "tophat":
        q = q[off_ties(x, q, h)]
    with np.errstate(over="ignore"):
        exact = reference.log_density(x, q, h, name).astype(float)
    sums, certain = fast_sums(some, q)
    with np.errstate(divide="ignore"):
        logs = np.log(sums[certain]) + some.log_peak
    np.testing.assert_allclose(logs, exact[certain], rtol=1e-11, atol=2e-8)
    assert certain.mean() > 0.9


@pytest.mark.parametrize("name", POLYNOMIAL)
def test_local_offsets_and_units_cost_nothing(rng, name):
    """The same with a bandwidth for each point."""
    for offset, scale in ((1e9, 1.0), (1e12, 1.0), (0.0, 1e-300), (0.0, 1e300)):
        x = scale * (offset + rng.normal(size=200))
        q = scale * (offset + 1.5 * rng.normal(size=100))
        local = 10.0 ** rng.uniform(-0.5, 0.5, size=200)
        h = 0.4 * scale * local
        some = problem(x, 0.4 * scale, name, None, local)
        if name == "tophat":
            q = q[off_ties(x, q, h)]
        exact = reference.local_log_density(x, q, h, name).astype(float)
        sums, certain = fast_sums(some, q)
        with np.errstate(divide="ignore"):
            logs = np.log(sums[certain]) + some.log_peak
        np.testing.assert_allclose(logs, exact[certain], rtol=1e-11, atol=2e-8)
        assert certain.mean() > 0.8


def lone_and_cluster(offset, n=400):
    """A point at zero and n far from it, so that their origin cannot be moved."""
    rng = np.random.default_rng(int(offset) % 1000)
    return rng, np.append(0.0, offset + 3.0 * rng.standard_normal(n))


@pytest.mark.parametrize("h", [0.3, 0.7])
@pytest.mark.parametrize("offset", [1e6, -1e9, 2.0**40])
@pytest.mark.parametrize("name", reference.COMPACT)
def test_a_cluster_far_from_zero(name, offset, h):
    """Points and queries see the same centre, where an ulp is much of a bandwidth."""
    rng, x = lone_and_cluster(offset)
    q = np.concatenate([x[:150], offset + rng.uniform(-9, 9, 150), x[1:40] + 0.6 * h])
    for local in (None, 10.0 ** rng.uniform(-0.3, 0.3, size=len(x))):
        if local is not None and name not in POLYNOMIAL:
            continue
        widths = np.full(len(x), h) if local is None else h * local
        chosen = q[off_ties(x, q, widths)] if name == "tophat" else q
        exact = reference.local_density(x, chosen, widths, name)
        for rtol in (1e-8, 1e-9):
            check(problem(x, h, name, None, local, rtol=rtol), chosen, exact, 0.8)


@pytest.mark.parametrize("offset", [1e8, 1.7e9, 1e10])
def test_a_large_cluster_far_from_zero(offset):
    """The public answer, of runs so long that groups and nodes serve nearly all."""
    rng, x = lone_and_cluster(offset, 20_000)
    q = offset + 3.0 * rng.standard_normal(40)
    for width in (0.3, np.full(len(x), 0.3)):
        answer = kde(x, kernel="epanechnikov", bandwidth=width, method="sweep").pdf(q)
        exact = reference.density(x, q, 0.3, "epanechnikov")
        np.testing.assert_allclose(answer, exact, rtol=1e-8, atol=0)


def some_sums():
    """Sums by the sweep alone of small data, near and far from zero, on one line."""
    results = []
    for name, offset in itertools.product(reference.COMPACT, (0.0, 1e6, 1e9, 2.0**40)):
        rng, x = lone_and_cluster(offset, 120)
        q = np.append(x[:30], offset + rng.uniform(-5, 5, 40))
        results.append(fast_sums(problem(x, 0.7, name), q)[0])
        if name in POLYNOMIAL:
            local = 10.0 ** rng.uniform(-0.3, 0.3, size=len(x))
            results.append(fast_sums(problem(x, 0.7, name, None, local), q)[0])
    return np.concatenate(results)


def test_compiled_loops_compute_what_they_say(tmp_path):
    """As interpreted, where nothing is fused or reordered."""
    out = tmp_path / "sums.npy"
    script = (
        "import numpy as np; from tests.engines.test_sweep import some_sums; "
        f"np.save({str(out)!r}, some_sums())"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=pathlib.Path(__file__).parents[2],
        check=True,
    )
    compiled, interpreted = some_sums(), np.load(out)
    both = (compiled >= 0) & (interpreted >= 0)
    assert both.mean() > 0.9
    np.testing.assert_allclose(
        compiled[both], interpreted[both], rtol=1e-13, atol=1e-13
    )


@pytest.mark.parametrize("name", SERVED)
def test_clusters_ties_and_outliers(rng, name):
    """Clusters 1e6 and 1e11 bandwidths apart, a thousand equal points, one outlier."""
    h = 0.25
    tight = np.rint(rng.normal(size=300) * 64) / 64
    shapes = (
        np.concatenate([tight, tight + 2.0**18]),
        np.concatenate([tight, tight - 2.0**35]),
        np.concatenate([np.full(1000, 0.5), tight]),
        np.append(1e-3 * tight, 1e11),
        1e-9 * rng.normal(size=300),
        rng.standard_cauchy(size=600),
    )
    for x in shapes:
        q = np.concatenate([x[::9] + 1 / 512, x[::9], x[-1:] - 0.1, [2e12, -3e5]])
        if name == "tophat":
            q = q[off_ties(x, q, h)]
        check(problem(x, h, name), q, reference.density(x, q, h, name), 0.8)
        if name in POLYNOMIAL:
            local = np.where(np.arange(len(x)) % 2, 1.0, 1.5)
            some = problem(x, h, name, None, local)
            if name == "tophat":
                q = q[off_ties(x, q, h * local)]
            exact = reference.local_density(x, q, h * local, name)
            check(some, q, exact, 0.5)


@pytest.mark.parametrize("name", SERVED)
def test_few_points_and_no_queries(name):
    """One point, two equal ones, and nothing asked."""
    for x in ([2.0], [3.0, 3.0], [0.0, 1e-300]):
        for local in (None, np.linspace(1.0, 2.0, len(x))):
            if local is not None and name not in POLYNOMIAL:
                continue
            some = problem(np.array(x), 0.5, name, None, local)
            q = np.array([x[0], x[0] + 0.3, x[0] - 0.3, x[0] + 99.0])
            widths = np.full(len(x), 0.5) * (1.0 if local is None else local)
            check(some, q, reference.local_density(np.array(x), q, widths, name), 0.7)
            assert ENGINE.approximate(some).sums(np.empty((0, 1))).shape == (0,)
            assert ENGINE.plan(some).logpdf(np.empty((0, 1))).shape == (0,)


@pytest.mark.parametrize("name", reference.COMPACT)
def test_outside_all_supports_is_zero_for_certain(rng, name):
    """Far from the data, in a gap between them, and at infinity once scaled."""
    x = np.concatenate([rng.random(300), 5.0 + rng.random(300)])
    q = np.array([-1.0, 2.5, 8.0, 1e9, -1e300, 1e308])
    for local in (None, 1.0 + rng.random(600)):
        if local is None or name in POLYNOMIAL:
            sums, certain = fast_sums(problem(x, 1e-2, name, None, local), q)
            assert certain.all()
            assert (sums == 0).all()


def test_exponential_tail_is_right_in_log_space(rng):
    """To 600 bandwidths by the sweep itself, beyond by the exact engine."""
    x = rng.normal(size=400)
    q = np.array([-500.0, 300.0, 605.0, 700.0, -1e8])
    for weights in (None, make_weights("unequal", rng, 400)):
        some = problem(x, 1.0, "exponential", weights)
        exact = reference.log_density(x, q, 1.0, "exponential", weights=weights)
        plan = ENGINE.plan(some)
        sums, certain = fast_sums(some, q)
        assert list(certain) == [True, True, True, False, False]
        logs = np.log(sums[certain]) + some.log_peak
        np.testing.assert_allclose(logs, exact[certain].astype(float), rtol=1e-12)
        far = np.tile(q, 100)[:, None]
        np.testing.assert_allclose(
            plan.logpdf(far), np.tile(exact.astype(float), 100), rtol=1e-9
        )


@pytest.mark.parametrize("name", SERVED)
def test_doubt_is_rare(rng, name):
    """Fewer than one query in a hundred of ordinary data, or the speed is none."""
    x, q = rng.normal(size=20_000), rng.normal(size=20_000)
    for h, weights in itertools.product((0.02, 0.3, 3.0), (None, rng.random(20_000))):
        for rtol in (1e-8, 1e-10):
            _, certain = fast_sums(problem(x, h, name, weights, rtol=rtol), q)
            assert certain.mean() > 0.99, (h, rtol)
    if name in POLYNOMIAL:
        local = 10.0 ** rng.uniform(-0.5, 0.5, size=20_000)
        _, certain = fast_sums(problem(x, 0.1, name, None, local), q)
        assert certain.mean() > 0.99


@pytest.mark.parametrize("name", SERVED)
def test_an_absolute_error_leaves_no_doubt(rng, name):
    """Rounding is always within a tiny absolute error, and no sum is negative."""
    x = rng.normal(size=2000)
    q = np.linspace(-6, 6, 500)
    some = problem(x, 0.3, name, 10.0 ** rng.uniform(-15, 0, 2000), atol=1e-9)
    sums, certain = fast_sums(some, q)
    assert certain.all()
    assert (sums >= 0).all()


@pytest.mark.parametrize("name", ["epanechnikov", "tricube", "cosine", "exponential"])
def test_threads_order_and_copies_do_not_matter(rng, name):
    """Bitwise the same for any n_jobs and after a pickle; to the bound if shuffled."""
    n = 30_000
    x, q = rng.normal(size=n), rng.normal(size=(n, 1))
    weights = rng.random(n)
    locals_ = (None, 0.5 + rng.random(n)) if name in POLYNOMIAL else (None,)
    for local in locals_:
        some = problem(x, 0.1, name, weights, local, n_jobs=1)
        sums = ENGINE.approximate(some)
        answer = sums.sums(q)
        for n_jobs in (2, 3):
            other = problem(x, 0.1, name, weights, local, n_jobs=n_jobs)
            np.testing.assert_array_equal(ENGINE.approximate(other).sums(q), answer)
        copy = pickle.loads(pickle.dumps(sums))
        np.testing.assert_array_equal(copy.sums(q), answer)
        assert not copy.line.points.flags.writeable
        order = rng.permutation(n)
        mixed = None if local is None else local[order]
        other = ENGINE.approximate(
            problem(x[order], 0.1, name, weights[order], mixed)
        ).sums(q)
        both = (answer >= 0) & (other >= 0)
        np.testing.assert_allclose(other[both], answer[both], rtol=2e-8)


@pytest.mark.parametrize("name", ["epanechnikov", "triangular", "exponential"])
def test_parts_do_not_matter(rng, name, monkeypatch):
    """Passes that are cut, so that Ctrl-C acts, go on where they stopped."""
    n = 9000
    x, q, weights = rng.normal(size=n), rng.normal(size=(n, 1)), rng.random(n)
    problems = [problem(x, h, name, weights) for h in (1e-4, 0.1, 10.0)]
    if name in POLYNOMIAL:
        problems.append(problem(x, 0.1, name, weights, 0.5 + rng.random(n)))
    whole = [ENGINE.approximate(some).sums(q) for some in problems]
    for module, names in (
        (window, ("PART",)),
        (decay, ("PART",)),
        (cover, ("PART", "SOME_NODES")),
        (queries, ("BATCH", "SOME")),
        (sort, ("CHUNK", "SOME_BUCKETS", "LONGEST")),
        (order, ("CHUNK",)),
    ):
        for constant in names:
            monkeypatch.setattr(module, constant, 101)
    for some, answer in zip(problems, whole, strict=True):
        np.testing.assert_array_equal(ENGINE.approximate(some).sums(q), answer)


@given(
    st.sampled_from(("epanechnikov", "triangular", "exponential")),
    st.integers(0, 2**32 - 1),
    st.floats(-4, 4),
    st.booleans(),
)
@example(name="epanechnikov", seed=962, log_h=-2.5, rounded=False)
@settings(max_examples=60)
def test_law_of_the_bound(name, seed, log_h, rounded):
    """Whatever the data, widths and weights: certified sums keep the stated error."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 150))
    x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    x = np.rint(x) if rounded else x
    h = 10.0**log_h
    local = None
    if name != "exponential" and seed % 2:
        local = 10.0 ** rng.uniform(-2, 2, n)
    weights = make_weights(rng.choice(["equal", "unequal"]), rng, n)
    widths = np.full(n, h) if local is None else h * local
    q = np.concatenate([near_edges(rng, x, widths), rng.normal(size=9) * 10 * h])
    exact = reference.local_log_density(x, q, widths, name, weights=weights)
    some = problem(x, h, name, weights, local)
    relative = np.exp(exact - np.longdouble(some.log_peak)).astype(float)
    sums, certain = fast_sums(some, q)
    error = np.abs(sums - relative)[certain]
    # at the very edge of a point's support 1 - |u| is rounding, in or out by an ulp
    u = np.abs(q[:, None] - x) / widths
    shares = np.full(n, 1.0 / n) if weights is None else weights / np.sum(weights)
    edge = (np.abs(1.0 - u) < 1e-12) @ (shares * (h / widths))
    # what the oracle's own logarithms are rounded by is far below
    assert (error <= 1.001e-8 * relative[certain] + 1e-14 * edge[certain]).all()


def test_refusals_say_why(rng):
    """Kernels that do not separate, two dimensions, and what overflows."""
    x = rng.normal(size=50)
    local = np.ones(50)
    for name in ("gaussian", "cauchy", "logistic"):
        assert "kernels that separate" in ENGINE.refusal(problem(x, 1.0, name))
    for name in ("cosine", "exponential"):
        assert "polynomials" in ENGINE.refusal(problem(x, 1.0, name, None, local))
    plane = Problem(Sample.of(x.reshape(-1, 2)), Kernel("tophat"), Scale(1.0, 2))
    assert "one dimension" in ENGINE.refusal(plane)
    assert "bandwidths" in ENGINE.refusal(problem(x, 1e-14, "tophat"))
    assert "bandwidths" in ENGINE.refusal(problem(1e300 * x, 1e-300, "tophat"))
    local[0] = 1e-150
    assert "ratio" in ENGINE.refusal(problem(x, 1.0, "tophat", None, local))
    product = Problem(Sample.of(x), Kernel("tophat", product=True), Scale(1.0, 1))
    assert ENGINE.refusal(product) is None
    assert ENGINE.cost(product, 50) < 1e-2
