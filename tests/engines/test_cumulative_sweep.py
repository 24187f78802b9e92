"""Masses and derivatives by the sweep: how far off they may be is never understated."""

from __future__ import annotations

import itertools
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.sweep import cover, decay, queries, window
from parzen.engines.sweep.engine import SweepEngine
from parzen.kernels import Kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference, reference_orders

POLYNOMIAL = tuple(name for name in reference.COMPACT if name != "cosine")
SERVED = (*reference.COMPACT, "exponential")
LAST = {
    "epanechnikov": 1,
    "biweight": 2,
    "triweight": 3,
    "triangular": 1,
    "tricube": 3,
    "cosine": 1,
    "exponential": 1,
}
DERIVED = [(name, k) for name, last in LAST.items() for k in range(1, last + 1)]
ENGINE = SweepEngine(DirectEngine())


def problem(x, h, name, weights=None, local=None, **options):
    """A problem in one dimension."""
    sample = Sample.of(x, weights)
    return Problem(sample, Kernel(name), Scale(h, 1), local=local, **options)


def answers(some, q, order):
    """Values and bounds: below and above for order -1, else of the derivative."""
    if order < 0:
        sums = ENGINE.cumulative(some)
        return (*sums.below(q), *sums.above(q))
    return ENGINE.differentiated(some, order).values(q)


def check(some, q, order):
    """Hold values against the oracle; return relative bounds, and the exact values."""
    x, name, weights = some.sample.points[:, 0], some.kernel.name, some.sample.weights
    h = np.asarray(some.scale.widths[0], reference.Real)
    h = np.broadcast_to(h if some.local is None else h * some.local, len(x))
    if order < 0:
        exact = reference_orders.masses(name, x, h, q, weights)
    else:
        exact = (reference_orders.derivative(name, x, h, q, order, weights=weights),)
    found = answers(some, q, order)
    pairs = []
    for true, value, bound in zip(exact, found[::2], found[1::2], strict=True):
        assert value.shape == bound.shape == np.shape(q)
        assert (bound >= 0).all()
        with np.errstate(invalid="ignore"):
            off = np.abs(value.astype(reference.Real) - true)
        # what the oracle itself is rounded by
        slack = 1e-17 if order < 0 else 1e-17 * np.abs(true).max(initial=0)
        assert ((off <= bound + slack) | np.isinf(bound)).all()
        pairs.append((true, bound))
    return pairs


def local_widths(rng, name, n):
    """None, and where they are served some factors over a decade and over four."""
    if name not in POLYNOMIAL:
        return (None,)
    return None, *(10.0 ** rng.uniform(-k, k, n) for k in (0.5, 2))


def some_queries(rng, x, h):
    """Queries at points, at the edges of supports and about them, between, far away."""
    near = x[:30] + h * (1 + 10.0 ** rng.uniform(-12, -2, len(x[:30])))
    middle = rng.choice(x, 60) + h * rng.uniform(-1, 1, 60)
    far = [9e9, -9e9, 1e300, -1e308]
    return np.concatenate([x[:30], x[:30] + h, x[:30] - h, near, middle, far])


@pytest.mark.parametrize("name", SERVED)
def test_masses_keep_their_bound(rng, name):
    """Narrow and wide windows, weights over decades; bounds are small."""
    for n, h in ((1, 0.5), (40, 0.7), (400, 0.3), (400, 1e-3), (200, 40.0)):
        x = rng.normal(size=n)
        for weights, local in itertools.product(
            (None, 10.0 ** rng.uniform(-9, 0, n)), local_widths(rng, name, n)
        ):
            some = problem(x, h, name, weights, local)
            for true, bound in check(some, some_queries(rng, x, h), -1):
                inside = true > 0.05
                assert (bound[inside] <= 2e-11 * true[inside]).all()


@pytest.mark.parametrize(("name", "order"), DERIVED)
def test_derivatives_keep_their_bound(rng, name, order):
    """The same; nothing is known only where the derivative jumps."""
    for n, h in ((1, 0.5), (40, 0.7), (400, 0.3), (400, 1e-3), (200, 40.0)):
        x = rng.normal(size=n)
        for weights, local in itertools.product(
            (None, 10.0 ** rng.uniform(-9, 0, n)), local_widths(rng, name, n)
        ):
            some = problem(x, h, name, weights, local)
            q = some_queries(rng, x, h)
            ((_, bound),) = check(some, q, order)
            narrow = h * (1.0 if local is None else local.min())
            known = np.isfinite(bound)
            # the largest that the derivative of one point of weight one can be
            assert (bound[known] <= 1e-9 / narrow ** (order + 1)).all()
            assert known[-64:].all()
            if order < LAST[name]:
                assert known.all()


def test_bounds_are_small_beside_ordinary_derivatives(rng):
    """Of many points: a billionth of the largest."""
    x, q = rng.normal(size=20_000), rng.normal(size=300)
    for name, order in DERIVED:
        for local in (None, 10.0 ** rng.uniform(-0.3, 0.3, len(x))):
            if local is not None and name not in POLYNOMIAL:
                continue
            values, bound = answers(problem(x, 0.3, name, None, local), q, order)
            assert np.max(bound) <= 1e-9 * np.max(np.abs(values))


@pytest.mark.parametrize("name", SERVED)
def test_both_tails_are_relatively_right(rng, name):
    """Where a few of many points are left on one side."""
    x = np.sort(rng.normal(size=5000))
    q = np.concatenate([x[2:40], x[-40:-2]])
    for weights in (None, rng.random(5000)):
        below, above = check(problem(x, 0.1, name, weights), q, -1)
        for (true, bound), some in ((below, slice(0, 38)), (above, slice(38, None))):
            assert (true[some] < 0.02).all()
            assert (bound[some] <= 1e-9 * true[some]).all()


def test_exponential_tails_are_right_as_far_as_floats_go(rng):
    """Relatively, to e^-600 on either side."""
    x = rng.normal(size=400)
    q = np.array([-600.0, -300.0, -20.0, 20.0, 300.0, 600.0])
    for weights in (None, 10.0 ** rng.uniform(-9, 0, 400)):
        below, above = check(problem(x, 1.0, "exponential", weights), q, -1)
        for (true, bound), some in ((below, slice(0, 3)), (above, slice(3, None))):
            assert (bound[some] <= 1e-11 * true[some]).all()


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize(
    ("offset", "scale"),
    [(1e9, 1.0), (-1e12, 0.1), (0.0, 1e-9), (1e3, 1e-300), (0.0, 1e300)],
)
def test_offsets_and_units(rng, name, offset, scale):
    """Masses have no unit; derivatives may leave the range of floats, and say so."""
    x = scale * (offset + rng.normal(size=200))
    q = scale * (offset + 1.5 * rng.normal(size=60))
    q = np.concatenate([q, x[:20], [1.7e308, -1e308]])
    for local in local_widths(rng, name, 200)[:2]:
        some = problem(x, 0.4 * scale, name, None, local)
        for true, bound in check(some, q, -1):
            inside = true > 0.05
            assert (bound[inside] <= 2e-11 * true[inside]).all()
        for order in range(1, LAST.get(name, 0) + 1):
            check(some, q, order)


@pytest.mark.parametrize("name", SERVED)
def test_clusters_ties_and_outliers(rng, name):
    """Clusters far apart, hundreds of equal points, rounded data, one point."""
    h = 0.25
    tight = np.rint(rng.normal(size=120) * 64) / 64
    shapes = (
        np.concatenate([tight, tight + 2.0**18]),
        np.concatenate([tight, tight - 2.0**35]),
        np.concatenate([np.full(400, 0.5), tight]),
        np.append(1e-3 * tight, 1e11),
        np.append(0.0, 1e9 + 3.0 * rng.standard_normal(150)),
        1e-9 * rng.normal(size=120),
        np.full(70, 3.0),
    )
    for x in shapes:
        q = np.concatenate([x[::9] + 1 / 512, x[::9], x[-1:] - 0.1, [2e12, -3e5]])
        q = np.concatenate([q, x[::9] + h, x[::9] - h])
        weights = 10.0 ** rng.uniform(-6, 0, len(x))
        for local in (None, np.where(np.arange(len(x)) % 2, 1.0, 1.5)):
            if local is not None and name not in POLYNOMIAL:
                continue
            some = problem(x, h, name, weights, local)
            for order in (-1, *range(1, LAST.get(name, 0) + 1)):
                check(some, q, order)


@pytest.mark.parametrize("name", ["triangular", "tricube", "exponential"])
def test_at_a_kink_it_is_the_mean_of_both_sides(name):
    """A query at many equal points: those add nothing to an odd derivative."""
    x = np.append(np.full(1001, 0.125), 0.375)
    for local in (None, np.full(1002, 1.0)):
        if local is not None and name == "exponential":
            continue
        some = problem(x, 0.5, name, None, local)
        q = np.full(3, 0.125)
        ((true, bound),) = check(some, q, LAST[name])
        assert np.isfinite(bound).all()
        assert (np.abs(true) < 1.0).all()


@pytest.mark.parametrize("name", reference.COMPACT)
def test_outside_and_in_gaps(rng, name):
    """Nothing, all, and half of it on one side; the bound is rounding alone."""
    x = np.concatenate([rng.random(304), 5.0 + rng.random(304)])
    q = np.array([-1e308, -1.0, 2.5, 8.0, 1e300])
    for local in (None, 1.0 + rng.random(608)):
        if local is not None and name not in POLYNOMIAL:
            continue
        sums = ENGINE.cumulative(problem(x, 1e-2, name, None, local))
        below, above = sums.below(q), sums.above(q)
        np.testing.assert_allclose(below[0], [0, 0, 0.5, 1, 1], rtol=1e-13, atol=0)
        np.testing.assert_allclose(above[0], [1, 1, 0.5, 0, 0], rtol=1e-13, atol=0)
        assert (below[1] <= 1e-12 * below[0]).all()
        assert (above[1] <= 1e-12 * above[0]).all()
        for order in range(1, LAST.get(name, 0) + 1):
            some = problem(x, 1e-2, name, None, local)
            values, bound = ENGINE.differentiated(some, order).values(q)
            assert not values.any()
            assert not bound.any()


@pytest.mark.parametrize("name", ["biweight", "tricube", "cosine", "exponential"])
def test_threads_copies_and_parts_do_not_matter(rng, name, monkeypatch):
    """Bitwise the same for any n_jobs, after a pickle, in parts, one by one."""
    n = 9000
    x, q, weights = rng.normal(size=n), rng.normal(size=n), rng.random(n)

    def every(**options):
        for local in (None, 0.5 + np.arange(n) / n):
            if local is not None and name not in POLYNOMIAL:
                continue
            some = problem(x, 0.1, name, weights, local, **options)
            yield ENGINE.cumulative(some)
            yield ENGINE.differentiated(some, 1)

    def flat(sums):
        if hasattr(sums, "values"):
            return np.stack(sums.values(q))
        return np.stack([*sums.below(q), *sums.above(q)])

    whole = [flat(sums) for sums in every(n_jobs=1)]
    for sums, answer in zip(every(n_jobs=3), whole, strict=True):
        np.testing.assert_array_equal(flat(sums), answer)
        np.testing.assert_array_equal(flat(pickle.loads(pickle.dumps(sums))), answer)
        assert not sums.line.points.flags.writeable
    for module, constant in (
        (window, "PART"),
        (decay, "PART"),
        (cover, "PART"),
        (queries, "BATCH"),
        (queries, "SOME"),
    ):
        monkeypatch.setattr(module, constant, 1001)
    for sums, answer in zip(every(), whole, strict=True):
        np.testing.assert_array_equal(flat(sums), answer)


def some_answers():
    """Masses and derivatives of small data, near and far from zero."""
    results = []
    for name, offset in itertools.product(SERVED, (0.0, 1e6)):
        rng = np.random.default_rng(5)
        x = np.append(0.0, offset + 3.0 * rng.standard_normal(120))
        q = np.append(x[:30], offset + rng.uniform(-5, 5, 40))
        for local in (None, 10.0 ** rng.uniform(-0.3, 0.3, len(x))):
            if local is None or name in POLYNOMIAL:
                some = problem(x, 0.7, name, rng.random(len(x)), local)
                results += answers(some, q, -1)
                if name in LAST:
                    results += answers(some, q, LAST[name])
    return np.concatenate(results)


def test_compiled_loops_compute_what_they_say(tmp_path):
    """As interpreted, where nothing is fused or reordered."""
    out = tmp_path / "answers.npy"
    script = (
        "import numpy as np; "
        "from tests.engines.test_cumulative_sweep import some_answers; "
        f"np.save({str(out)!r}, some_answers())"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=pathlib.Path(__file__).parents[2],
        check=True,
    )
    np.testing.assert_allclose(some_answers(), np.load(out), rtol=1e-12, atol=1e-12)


@given(
    st.sampled_from(("epanechnikov", "triangular", "exponential")),
    st.integers(0, 2**32 - 1),
    st.floats(-4, 4),
    st.booleans(),
)
@settings(max_examples=25)
def test_law_of_the_bound(name, seed, log_h, rounded):
    """Whatever the data, widths and weights; and both sides add up to one."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 150))
    x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    x = np.rint(x) if rounded else x
    local = None
    if name != "exponential" and seed % 2:
        local = 10.0 ** rng.uniform(-2, 2, n)
    weights = None if seed % 3 else 10.0 ** rng.uniform(-15, 0, n)
    some = problem(x, 10.0**log_h, name, weights, local)
    q = some_queries(rng, x, 10.0**log_h)
    check(some, q, -1)
    check(some, q, 1)
    below, low, above, high = answers(some, q, -1)
    assert (np.abs(below + above - 1) <= low + high + 1e-15).all()


def test_nothing_asked():
    """No queries, no answers."""
    some = problem(np.arange(3.0), 0.5, "tricube")
    assert all(part.shape == (0,) for part in answers(some, np.empty(0), -1))
    assert all(part.shape == (0,) for part in answers(some, np.empty(0), 1))


def test_what_is_no_function_is_refused(rng):
    """Derivatives of jumps, kernels that do not separate, what overflows."""
    x = rng.normal(size=50)
    for name in reference.KERNELS:
        some = problem(x, 0.3, name)
        assert (ENGINE.cumulative(some) is None) == (name not in SERVED)
        for order in range(6):
            served = 0 < order <= LAST.get(name, 0)
            assert (ENGINE.differentiated(some, order) is not None) == served
    plane = Problem(Sample.of(x.reshape(-1, 2)), Kernel("tophat"), Scale(1.0, 2))
    assert ENGINE.cumulative(plane) is None
    local = np.ones(50)
    assert ENGINE.cumulative(problem(x, 1.0, "cosine", None, local)) is None
    assert ENGINE.differentiated(problem(x, 1.0, "exponential", None, local), 1) is None
    local[0] = 1e-90
    some = problem(x, 1.0, "triweight", None, local)
    assert ENGINE.cumulative(some) is not None
    assert ENGINE.differentiated(some, 3) is None
