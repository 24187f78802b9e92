from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.errors import CapabilityError
from tests import bounded_reference as oracle
from tests import reference_bounded_mass as exact

INF = math.inf
UNIT = (0.0, 1.0)
RNG = np.random.default_rng(2007)
X = np.sort(np.concatenate([[0.3, 0.3], 0.02 + 0.96 * RNG.random(8) ** 2]))
W = 0.1 + RNG.random(len(X))
# between the kinks of all kernels, some next to a bound
Q = np.concatenate([[0.0031, 0.017, 0.9947], 0.02 + 0.96 * RNG.random(20)])
Q = Q[np.abs(Q[:, None] - X).min(axis=1) > 3e-3][:12]
BOUNDARIES = [None, "reflect", "periodic", "renormalize", "linear", "transform"]
ALL = pytest.mark.parametrize("boundary", BOUNDARIES)


def bounded(density):
    """The plan that answers within bounds."""
    return density._plan


def plan_of(case, boundary, bounds=UNIT):
    """The plan of a density within bounds."""
    kernel = oracle.kernel_of(case.name)
    options = {"kernel": kernel, "bandwidth": case.h, "weights": case.weights}
    return bounded(parzen.kde(case.x, bounds=bounds, boundary=boundary, **options))


def assert_slopes(plan, q, wanted, logs, rtol=1e-7):
    """Scores, gradients and first derivatives, of known scores and log densities."""
    some = np.isfinite(np.asarray(logs, float))
    q, wanted, logs = (
        np.asarray(part)[some].astype(float) for part in (q, wanted, logs)
    )
    q, density = q[:, None], np.exp(logs)
    scale = max(np.abs(wanted).max(), 1e-3)
    score = plan.score(q)[:, 0]
    np.testing.assert_allclose(score, wanted, rtol=rtol, atol=rtol * scale)
    for found in (plan.gradient(q)[:, 0], plan.derivative(q, 1)):
        error = np.abs(found - density * wanted)
        assert (error <= rtol * density * (np.abs(wanted) + scale)).all()


@ALL
@pytest.mark.parametrize("h", [0.08, 1.3])
@pytest.mark.parametrize("name", ["gaussian", "triweight", "exponential", "cauchy"])
def test_first_derivatives(name, boundary, h):
    """The score and the gradient are those of the definition."""
    if name == "cauchy" and boundary in ("renormalize", "linear"):
        pytest.skip("refused")
    case = oracle.Case(name, X, h, W)
    wanted = exact.slopes(case, boundary, UNIT, Q)
    logs = oracle.LOGS[boundary](case, UNIT, np.asarray(Q, dtype=exact.Real))
    assert_slopes(plan_of(case, boundary), Q, wanted, logs)


@pytest.mark.parametrize("bounds", [(0.0, INF), (-INF, 1.0)], ids=["lower", "upper"])
@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", "transform"]
)
def test_one_bound(boundary, bounds):
    """With one open end."""
    case = oracle.Case("gaussian", X, 0.1, W)
    logs = oracle.LOGS[boundary](case, bounds, np.asarray(Q, dtype=exact.Real))
    plan = plan_of(case, boundary, bounds)
    h = 1e-4 * np.minimum(Q, 1 - Q)
    ends = [np.asarray(Q, dtype=exact.Real) + s * h for s in (-2, -1, 1, 2)]
    values = [oracle.LOGS[boundary](case, bounds, end) for end in ends]
    wanted = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    assert_slopes(plan, Q, wanted, logs)


@pytest.mark.parametrize("bounds", [UNIT, (0.0, INF), (-INF, 1.0)])
@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "transform"])
def test_higher_orders(boundary, bounds):
    """Each order is the derivative of the one before."""
    if boundary == "periodic" and bounds != UNIT:
        pytest.skip("refused")
    plan = plan_of(oracle.Case("gaussian", X, 0.2, W), boundary, bounds)
    q = Q[(Q > 0.05) & (Q < 0.95)]
    step = 1e-4
    for order in (2, 3, 4):
        ends = [plan.derivative((q + s * step)[:, None], order - 1) for s in (-1, 1)]
        wanted = (ends[1] - ends[0]) / (2 * step)
        got = plan.derivative(q[:, None], order)
        np.testing.assert_allclose(
            got, wanted, rtol=0, atol=1e-3 * np.abs(wanted).max()
        )


def test_corrected_densities_have_one_derivative():
    """The gain of a boundary kernel is differentiated once."""
    for boundary in ("renormalize", "linear"):
        plan = plan_of(oracle.Case("gaussian", X, 0.2), boundary)
        with pytest.raises(CapabilityError, match="must be 1"):
            plan.derivative(np.array([[0.5]]), 2)


@ALL
def test_outside(boundary):
    """There is no density outside, and no slope."""
    plan = plan_of(oracle.Case("gaussian", X, 0.2), boundary)
    q = np.array([[-0.1], [1.1]])
    assert not plan.derivative(q, 1).any()
    assert not plan.gradient(q).any()
    assert np.isnan(plan.score(q)).all()


@pytest.mark.parametrize("boundary", ["reflect", "renormalize", "linear", None])
def test_scores_where_the_density_underflows(boundary):
    """The score of a Gaussian tail is -u / h, 1e5 bandwidths away."""
    case = oracle.Case("gaussian", np.array([0.0]), 1e-3)
    plan = plan_of(case, boundary, (-200.0, 200.0))
    score = plan.score(np.array([[100.0]]))
    assert score[0, 0] == pytest.approx(-100.0 / 1e-6, rel=1e-9)


def test_mirrors_are_flat():
    """A folded density has no slope at its bounds."""
    plan = plan_of(oracle.Case("gaussian", X, 0.2), "reflect")
    np.testing.assert_allclose(
        plan.derivative(np.array([[0.0], [1.0]]), 1), 0, atol=1e-12
    )


@pytest.mark.parametrize("boundary", ["reflect", "renormalize", None])
def test_several_ranges(boundary):
    """Each range has its own slopes."""
    x = np.array([0.1, 0.4, 2.2, 2.9, 2.95])
    ranges = [(0.0, 1.0), (2.0, 3.0)]
    density = parzen.kde(x, bandwidth=0.3, bounds=ranges, boundary=boundary)
    plan = bounded(density)
    q, step = np.array([0.2, 0.9, 1.5, 2.1, 2.7]), 1e-5
    wanted = (density.pdf(q + step) - density.pdf(q - step)) / (2 * step)
    np.testing.assert_allclose(plan.derivative(q[:, None], 1), wanted, atol=1e-7)
    np.testing.assert_allclose(plan.gradient(q[:, None])[:, 0], wanted, atol=1e-7)
    inside = q != 1.5
    score = plan.score(q[:, None])[:, 0]
    assert np.isnan(score[~inside]).all()
    wanted = wanted[inside] / density.pdf(q[inside])
    np.testing.assert_allclose(score[inside], wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "transform"])
def test_gradients_in_the_plane(boundary):
    """Gradients in two dimensions, axis by axis."""
    x = 0.05 + 0.9 * np.random.default_rng(5).random((9, 2))
    bounds = [(0.0, 1.0), (0.0, 1.0)]
    density = parzen.kde(
        x, bandwidth=np.array([0.2, 0.4]), bounds=bounds, boundary=boundary
    )
    q = 0.05 + 0.9 * np.random.default_rng(6).random((7, 2))
    plan, step = bounded(density), 1e-5
    got = plan.gradient(q)
    for k in range(2):
        move = step * np.eye(2)[k]
        wanted = (density.pdf(q + move) - density.pdf(q - move)) / (2 * step)
        np.testing.assert_allclose(got[:, k], wanted, rtol=1e-5, atol=1e-7)
    score = plan.score(q)
    np.testing.assert_allclose(score, got / density.pdf(q)[:, None], rtol=1e-9)
    outside = np.array([[0.5, 1.5]])
    assert not plan.gradient(outside).any()
    assert np.isnan(plan.score(outside)).all()


@pytest.mark.parametrize("boundary", [None, "reflect", "transform"])
def test_negative_weights(boundary):
    """Signed sums have slopes, too."""
    x, w = np.array([0.2, 0.5, 0.8]), np.array([1.0, -0.7, 1.0])
    density = parzen.kde(
        x, weights=w, signed_weights=True, bandwidth=0.1, bounds=UNIT, boundary=boundary
    )
    plan, step = bounded(density), 1e-5
    wanted = (density.pdf(Q + 1e-5) - density.pdf(Q - 1e-5)) / (2 * step)
    scale = 1e-6 * np.abs(wanted).max()
    np.testing.assert_allclose(plan.derivative(Q[:, None], 1), wanted, atol=scale)
    np.testing.assert_allclose(plan.gradient(Q[:, None])[:, 0], wanted, atol=scale)


@settings(max_examples=40)
@given(st.sampled_from(BOUNDARIES), st.floats(0.05, 3.0), st.floats(0.01, 0.99))
def test_the_score_is_the_slope_of_the_logarithm(boundary, h, q):
    """Over the density as over its logarithm."""
    plan = plan_of(oracle.Case("gaussian", X, h), boundary)
    at = np.array([[q]])
    step = 1e-5 * min(h, q, 1 - q)
    wanted = plan.logpdf(at + step) - plan.logpdf(at - step)
    score = plan.score(at)[0, 0]
    noise = 1e-14 * (1 + abs(plan.logpdf(at)[0])) / step
    bound = 1e-5 * (1 / h + 1 / min(q, 1 - q) + abs(score)) + noise
    assert abs(score - wanted[0] / (2 * step)) <= bound
    assert plan.derivative(at, 1)[0] == pytest.approx(
        score * plan.pdf(at)[0], rel=1e-8, abs=1e-12
    )
