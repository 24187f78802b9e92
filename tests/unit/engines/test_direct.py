from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from parzen.engines import direct
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.errors import BandwidthError
from parzen.kernels import Kernel, kernel_names
from parzen.sample import Sample
from parzen.scale import Scale

MATRIX = np.array([[0.5, 0.2, 0.0], [0.2, 0.9, -0.1], [0.0, -0.1, 0.3]])
ENGINE = DirectEngine()


@pytest.fixture(params=["numpy", "compiled"])
def path(request, monkeypatch):
    """Both ways to sum: NumPy for small problems, compiled loops for large ones."""
    pairs = {"numpy": 1 << 62, "compiled": 0}[request.param]
    monkeypatch.setattr(direct, "NUMPY_PAIRS", pairs)
    return request.param


def make_plan(x, h, *, weights=None, kernel="gaussian", product=False, **keywords):
    """Plan a direct sum."""
    sample = Sample.of(x, weights)
    kernel = Kernel(kernel, product=product)
    return ENGINE.plan(Problem(sample, kernel, Scale(h, sample.d), **keywords))


def plain_logpdf(plan, q):
    """The definition, in long doubles: log sum_i w_i K(A^-1 (q - x_i)) / det A."""
    scale, kernel = plan.problem.scale, plan.problem.kernel
    points = plan.problem.sample.points.astype(np.longdouble)
    differences = q.astype(np.longdouble)[:, None, :] - points
    with np.errstate(divide="ignore"):
        terms = kernel.logpdf(scale.to_kernel_units(differences))
        terms = terms + np.log(plan.heights.astype(np.longdouble))
        top = np.where(np.isfinite(top := terms.max(axis=1)), top, 0)
        total = np.log(np.exp(terms - top[:, None]).sum(axis=1))
    return (top + total - scale.log_volume).astype(np.float64)


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("kernel", kernel_names())
def test_sums_are_those_of_the_definition(path, kernel, product, d):
    """Both paths, every kernel, weighted, within the stated bound."""
    rng = np.random.default_rng(1)
    x, q = rng.normal(size=(70, d)), rng.normal(size=(40, d))
    h = 0.8 if d == 1 else MATRIX
    plan = make_plan(x, h, weights=rng.random(70), kernel=kernel, product=product)
    exact = np.exp(plain_logpdf(plan, q))
    bound = ENGINE.error_bound(plan.problem)
    assert bound.absolute == 0.0, path
    # values at the edge of a support have a condition of their own: a few roundings
    # of a squared distance near one, over h^d
    edge = 1e-14 / math.exp(plan.problem.scale.log_volume)
    np.testing.assert_allclose(plan.pdf(q), exact, rtol=bound.relative, atol=edge)


@pytest.mark.parametrize("shape", [(5, 3000), (3000, 5), (1, 1), (600, 600)], ids=str)
def test_blocks_and_panels_cover_every_pair(path, monkeypatch, shape):
    """However the work is cut, each pair counts once."""
    monkeypatch.setattr(direct, "BLOCK_PAIRS", 2000)
    m, n = shape
    rng = np.random.default_rng(2)
    plan = make_plan(rng.normal(size=(n, 2)), 0.5)
    q = rng.normal(size=(m, 2))
    np.testing.assert_allclose(
        plan.logpdf(q), plain_logpdf(plan, q), rtol=1e-12, atol=1e-12, err_msg=path
    )


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov"])
def test_the_number_of_threads_changes_no_bit(monkeypatch, kernel):
    """Block borders depend on the data alone."""
    monkeypatch.setattr(direct, "NUMPY_PAIRS", 0)
    monkeypatch.setattr(direct, "BLOCK_PAIRS", 3000)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(700, 2))
    for m in (3, 300):
        q = rng.normal(size=(m, 2))
        answers = [
            make_plan(x, 0.4, kernel=kernel, n_jobs=n_jobs).logpdf(q)
            for n_jobs in (1, 2, 5, None)
        ]
        for answer in answers[1:]:
            np.testing.assert_array_equal(answer, answers[0])


def test_a_query_does_not_depend_on_its_company(path):
    """Alone or among others: the same number, to rounding."""
    rng = np.random.default_rng(4)
    plan = make_plan(rng.normal(size=(900, 2)), 0.4)
    q = rng.normal(size=(200, 2))
    alone = np.array([plan.logpdf(q[i : i + 1])[0] for i in range(20)])
    np.testing.assert_allclose(alone, plan.logpdf(q)[:20], rtol=1e-13, err_msg=path)


def test_points_without_weight_are_dropped():
    """They cost nothing and cannot make a NaN."""
    x = np.array([[1.0], [2.0], [1e150]])
    plan = make_plan(x, 0.5, weights=[1.0, 3.0, 0.0])
    np.testing.assert_array_equal(plan.problem.sample.points, x[:2])
    np.testing.assert_array_equal(plan.heights, [0.25, 0.75])
    assert np.isfinite(plan.logpdf(x)).all()


@pytest.mark.parametrize("q", [1e3, -1e8, 1e150, 1e160, -1e200])
def test_the_farthest_tail_has_its_exact_logarithm(path, q):
    """No underflow of the density, no overflow of the squared distance.

    One point, so the log density is -u^2/2 - log(h sqrt(2 pi)).
    """
    plan = make_plan([3.0], 0.7)
    u = (np.longdouble(q) - 3) / np.longdouble(0.7)
    exact = -u * u / 2 - np.log(
        np.longdouble(0.7) * np.sqrt(2 * np.longdouble(math.pi))
    )
    with np.errstate(over="ignore"):
        expected = np.float64(exact)
    with np.errstate(over="ignore"):  # loops that run as plain Python warn
        answer = plan.logpdf(np.array([[q]]))[0]
    if np.isfinite(expected):
        assert answer == pytest.approx(expected, rel=1e-12), path
    else:
        # below the smallest representable logarithm
        assert answer == -np.inf


@pytest.mark.parametrize("kernel", ["exponential", "logistic", "cauchy", "gaussian"])
def test_far_queries_of_unbounded_kernels_are_finite(path, kernel):
    """Never -inf where the kernel is positive and its logarithm representable."""
    plan = make_plan(np.arange(10.0)[:, None] * [1.0, 2.0], 0.5, kernel=kernel)
    answer = plan.logpdf(np.array([[1e140, -1e140], [1e5, 0.0]]))
    assert np.isfinite(answer).all(), path
    assert answer[0] < answer[1]


@pytest.mark.parametrize("kernel", ["tophat", "biweight", "cosine"])
def test_compact_kernels_vanish_outside_their_support(path, kernel):
    """Exactly zero, and -inf without a warning."""
    plan = make_plan([0.0, 1.0], 0.5, kernel=kernel)
    q = np.array([[-0.6], [1.7], [50.0]])
    np.testing.assert_array_equal(plan.pdf(q), np.zeros(3), err_msg=path)
    np.testing.assert_array_equal(plan.logpdf(q), np.full(3, -np.inf))


@pytest.mark.parametrize("tiny", [1e-280, 1e-310, 5e-324])
def test_the_lightest_point_still_counts_in_its_neighbourhood(path, tiny):
    """A weight near the end of the range is not lost beside another of one."""
    for kernel in ("gaussian", "epanechnikov"):
        plan = make_plan([0.0, 1e6], 1.0, weights=[1.0, tiny], kernel=kernel)
        peak = Kernel(kernel).log_norm(1)
        answer = plan.logpdf(np.array([[1e6]]))[0]
        # subnormal weights have few digits, so the logarithm is compared
        assert answer == pytest.approx(math.log(tiny) + peak, abs=1e-2), path


@pytest.mark.parametrize("offset", [1e6, 1e12])
def test_an_offset_costs_no_digit(path, offset):
    """Far-off data are summed as if they were near, with one width or a few."""
    rng = np.random.default_rng(5)
    # multiples of 2^-10 are exact at these offsets
    x = np.round(rng.normal(size=(60, 2)) * 1024) / 1024
    q = np.round(rng.normal(size=(30, 2)) * 1024) / 1024
    for h in (0.3, np.array([0.3, 0.7])):
        near = make_plan(x, h).logpdf(q)
        far = make_plan(x + offset, h).logpdf(q + offset)
        np.testing.assert_allclose(far, near, rtol=1e-13, err_msg=path)


def test_a_bandwidth_too_small_for_the_range_of_floats_is_refused():
    """Clearly, before any NaN can come of it, and without a NumPy warning."""
    with pytest.raises(BandwidthError, match=r"too small .*e\+200.* 1e-200.* widen"):
        make_plan([1e200, 2e200], 1e-200)
    with pytest.raises(BandwidthError):
        make_plan([1e308, -1e308, 3e307], 1e-3)


def test_no_queries_give_no_answers(path):
    """An empty set of queries is fine."""
    assert make_plan([1.0, 2.0], 1.0).logpdf(np.empty((0, 1))).shape == (0,), path


def test_the_engine_states_what_it_costs():
    """Never a refusal; a call, and then time proportional to pairs."""
    plan = make_plan(np.zeros((10, 2)), 1.0)
    assert ENGINE.refusal(plan.problem) is None
    call = ENGINE.cost(plan.problem, 0)
    one = ENGINE.cost(plan.problem, 1000) - call
    assert one > 0
    assert ENGINE.cost(plan.problem, 2000) - call == pytest.approx(2 * one)


def test_plans_pickle(path):
    """A worker process gets the same answers."""
    rng = np.random.default_rng(6)
    plan = make_plan(rng.normal(size=(50, 3)), MATRIX)
    again = pickle.loads(pickle.dumps(plan))
    q = rng.normal(size=(20, 3))
    np.testing.assert_array_equal(again.logpdf(q), plan.logpdf(q), err_msg=path)
