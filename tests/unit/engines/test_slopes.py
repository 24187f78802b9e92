from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.engines.slopes import line as line_slopes
from parzen.engines.slopes import slopes as module
from parzen.errors import CapabilityError
from parzen.kernels import Kernel, as_kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference_integrals as exact
from tests.reference import KERNELS

SLOPED = [name for name in KERNELS if name != "tophat"]
RNG = np.random.default_rng(7)
X = np.concatenate((RNG.normal(size=10), [7.0, 7.0, -3.25]))
WEIGHTS = RNG.random(X.size) ** 6 + 1e-9
FACTORS = np.exp(RNG.normal(size=X.size))
H = 0.4
Q = np.array([-4e4, -60.0, -2.0, 0.11, 0.5, 6.9, 7.01, 30.0])


def problem(kernel="gaussian", weights=None, local=None, x=X, h=H, **more):
    """State a kernel sum."""
    kernel = Kernel(kernel) if isinstance(kernel, str) else as_kernel(kernel)
    signed = weights is not None and np.min(weights) < 0
    sample = Sample.of(np.asarray(x, float), weights, signed=signed)
    return Problem(sample, kernel, Scale(h, sample.d), local=local, **more)


@pytest.fixture(params=[False, True], ids=["few", "many"])
def many(request, monkeypatch):
    """Answer as if there were few queries, and as if there were many."""
    if request.param:
        monkeypatch.setattr(line_slopes, "FEW_PAIRS", 0)
    return request.param


@pytest.mark.parametrize("name", SLOPED)
@pytest.mark.parametrize("local", [None, FACTORS], ids=["one", "local"])
@pytest.mark.usefixtures("many")
def test_derivatives_and_scores(name, local):
    """Up to the third order, and the score in any tail."""
    ours = planner.slopes(problem(name, WEIGHTS, local))
    h = H if local is None else H * local
    data = name, X, WEIGHTS, h
    density = np.array([float(exact.line_derivative(*data, q, 0)) for q in Q])
    for order in range(1, min(Kernel(name).smoothness, 3) + 1):
        expected = [float(exact.line_derivative(*data, q, order)) for q in Q]
        size = np.maximum(np.abs(expected), density / H**order)
        error = np.abs(ours.derivative(Q[:, None], order) - expected)
        assert (error <= 1e-12 * size).all()
    score = ours.score(Q[:, None])[:, 0]
    inside = [exact.line_derivative(*data, q, 0) > 0 for q in Q]
    expected = [
        exact.line_score(*data, q) if some else np.nan
        for q, some in zip(Q, inside, strict=True)
    ]
    np.testing.assert_allclose(score, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_units_do_not_matter(scale):
    """Scores carry one over the unit."""
    ours = planner.slopes(problem(x=X * scale, h=H * scale))
    plain = planner.slopes(problem()).score(Q[:, None])
    np.testing.assert_allclose(ours.score(Q[:, None] * scale) * scale, plain)


@pytest.mark.parametrize("name", ["gaussian", "triweight"])
def test_fast_engines(name):
    """Many derivatives of many points."""
    x = np.random.default_rng(3).normal(size=3000)
    q = np.random.default_rng(4).normal(size=(1000, 1)) * 2.0
    ours = planner.slopes(problem(name, x=x))
    plain = line_slopes.LineSlopes(ours.problem)
    density = np.exp(plain.score_and_log(q[:, 0])[1])
    for order in (1, 2):
        expected = plain.derivative(q[:, 0], order)
        size = np.maximum(np.abs(expected), density / H**order)
        error = np.abs(ours.derivative(q, order) - expected)
        assert (error <= 2e-9 * size).all()
    expected = plain.score_and_log(q[:, 0])[0]
    np.testing.assert_allclose(ours.score(q)[:, 0], expected, rtol=3e-8, atol=1e-7)


@pytest.mark.parametrize("name", SLOPED)
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("matrix", [False, True], ids=["h", "H"])
@pytest.mark.parametrize("local", [False, True], ids=["one", "local"])
def test_gradients_in_space(name, product, matrix, local):
    """They are those of the density, by differences."""
    x = np.random.default_rng(1).normal(size=(30, 3))
    h = np.array([[0.5, 0.2, 0.1], [0.2, 0.4, 0.0], [0.1, 0.0, 0.3]])
    factors = np.exp(0.3 * np.random.default_rng(2).normal(size=30)) if local else None
    bandwidth = h if matrix else np.array([0.8, 0.9, 1.1])
    case = problem(Kernel(name, product=product), x=x, h=bandwidth, local=factors)
    q = np.random.default_rng(3).normal(size=(8, 3)) * 0.5
    density = planner.plan(case, planner.decide(case, "direct"))
    ours, step = planner.slopes(case), 1e-5
    gradient, score = ours.gradient(q), ours.score(q)
    for k in range(3):
        e = step * np.eye(3)[k]
        slope = (density.pdf(q + e) - density.pdf(q - e)) / (2 * step)
        np.testing.assert_allclose(gradient[:, k], slope, rtol=1e-5, atol=1e-6)
    f = density.pdf(q)
    some = f > 0
    np.testing.assert_allclose(score[some], gradient[some] / f[some, None], rtol=1e-9)
    assert np.isnan(score[~some]).all()


def test_scores_far_away():
    """Far from all points the Gaussian score is the distance to the nearest one."""
    x = np.array([[0.0, 0.0], [1.0, 2.0]])
    q = np.array([[1e6, 2e6], [-3e160, 0.0]])
    score = planner.slopes(problem(x=x, h=0.5)).score(q)
    np.testing.assert_allclose(score[0], (x[1] - q[0]) / 0.25, rtol=1e-12)
    # there the logarithm of the density is no number any more
    assert np.isnan(score[1]).all()


def test_signed_weights():
    """Derivatives subtract, and scores are those of the difference."""
    weights = np.where(np.arange(X.size) % 3 == 1, -0.3, 1.0)
    ours = planner.slopes(problem(weights=weights))
    q = np.array([-2.0, -0.5, 0.11, 0.5])
    for order in (1, 2):
        expected = [
            float(exact.line_derivative("gaussian", X, weights, H, v, order)) for v in q
        ]
        got = ours.derivative(q[:, None], order)
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)
    f = [float(exact.line_derivative("gaussian", X, weights, H, v, 0)) for v in q]
    score = ours.score(q[:, None])[:, 0]
    slope = ours.gradient(q[:, None])[:, 0]
    expected = np.where(np.array(f) > 0, slope / f, np.nan)
    np.testing.assert_allclose(score, expected, rtol=1e-10)


@pytest.mark.parametrize("source", [stats.moyal(), stats.t(df=4)])
@pytest.mark.usefixtures("many")
def test_distributions(source):
    """Derivatives of other kernels, by differences of the density."""
    case = problem(source)
    q, step = np.linspace(-2.0, 9.0, 30)[:, None], 1e-4
    density = planner.plan(case, planner.decide(case, "direct"))
    slope = (density.pdf(q + step) - density.pdf(q - step)) / (2 * step)
    ours = planner.slopes(case)
    np.testing.assert_allclose(ours.gradient(q)[:, 0], slope, atol=1e-6)
    ratio = slope / density.pdf(q)
    np.testing.assert_allclose(ours.score(q)[:, 0], ratio, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("x", [X, np.zeros((4, 2)) + np.arange(4)[:, None]])
def test_jumps_are_refused(x):
    """A top hat has no gradient, and says what to use."""
    ours = planner.slopes(problem("tophat", x=x))
    q = x.reshape(len(x), -1)
    for ask in (ours.gradient, ours.score):
        with pytest.raises(CapabilityError, match="tophat has none, it jumps"):
            ask(q)


def test_threads_change_nothing(monkeypatch):
    """Answers are bitwise the same for any number of threads."""
    monkeypatch.setattr(module, "FEW_PAIRS", 0)
    x = np.random.default_rng(3).normal(size=(2000, 2))
    answers = [
        planner.slopes(problem("logistic", x=x, n_jobs=n_jobs)).score(x[:300])
        for n_jobs in (1, 3)
    ]
    np.testing.assert_array_equal(*answers)
