"""Laws of distributions made of others, for any sample, weights and bandwidth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

import parzen
from parzen.distribution.mixture import mixture
from parzen.distribution.product import product
from tests.strategies import SEEDS, covariance, samples, weight_vectors

LAW = settings(max_examples=25)
RTOL = 1e-7


@st.composite
def densities(draw, d):
    """A density in d dimensions: any sample, weights, form of bandwidth."""
    x = draw(samples(d=d, sizes=st.integers(1, 60)))
    weights = draw(weight_vectors(len(x)))
    rng = np.random.default_rng(draw(SEEDS))
    forms = [rng.uniform(0.3, 2.0)]
    if d > 1:
        forms += [rng.uniform(0.3, 2.0, d), covariance(rng, d)]
    kernel = draw(st.sampled_from(["gaussian", "gaussian", "epanechnikov", "cauchy"]))
    return parzen.kde(
        x, weights=weights, kernel=kernel, bandwidth=draw(st.sampled_from(forms))
    )


def around(density, seed, m=6):
    """Points near the data, (m, d)."""
    rng = np.random.default_rng(seed)
    points = density._sample.points
    rows = rng.integers(len(points), size=m)
    return points[rows] + 0.5 * rng.normal(size=(m, points.shape[1]))


@LAW
@given(densities(2), densities(2), st.floats(1e-3, 1e3), SEEDS)
def test_mixtures_are_linear(a, b, ratio, seed):
    """Mixtures are linear."""
    both = a * ratio + b
    q = np.concatenate([around(a, seed), around(b, seed)])
    want = (ratio * a.pdf(q) + b.pdf(q)) / (1 + ratio)
    np.testing.assert_allclose(both.pdf(q), want, rtol=RTOL, atol=1e-300)
    lines = a.marginal(1) * ratio + b.marginal(1)
    np.testing.assert_allclose(
        both.marginal(1).pdf(q[:, 1]), lines.pdf(q[:, 1]), rtol=RTOL
    )
    listed = mixture([a, b], [ratio, 1])
    np.testing.assert_allclose(listed.pdf(q), both.pdf(q), rtol=1e-12)


@LAW
@given(densities(2), densities(1), SEEDS)
def test_products_multiply_and_come_apart(a, b, seed):
    """Products multiply and come apart."""
    joint = product(a, b)
    q = np.column_stack([around(a, seed), around(b, seed)])
    flat = b.marginal(0)
    np.testing.assert_allclose(
        joint.pdf(q), a.pdf(q[:, :2]) * flat.pdf(q[:, 2]), rtol=RTOL, atol=1e-300
    )
    np.testing.assert_allclose(joint.marginal([0, 1]).pdf(q[:, :2]), a.pdf(q[:, :2]))
    given_b = joint.conditional(2, float(b._sample.points[0, 0]))
    np.testing.assert_allclose(given_b.pdf(q[:, :2]), a.pdf(q[:, :2]), rtol=RTOL)


@LAW
@given(densities(3), st.permutations([0, 1, 2]), SEEDS)
def test_conditional_is_joint_over_marginal(density, order, seed):
    """Conditional is joint over marginal."""
    *known, left = order
    q = around(density, seed)
    value = density._sample.points[0, known]
    q[:, known] = value
    try:
        plane = density.marginal(known)
    except parzen.CapabilityError:
        plane = None
    given_two = density.conditional(known, value)
    if plane is not None:
        want = density.pdf(q) / plane.pdf(value)
        np.testing.assert_allclose(
            given_two.pdf(q[:, left]), want, rtol=1e-6, atol=1e-200
        )
    # step by step is at once
    if density.kernel.name != "cauchy":
        first = density.conditional(known[0], value[0])
        rest = sorted({0, 1, 2} - {known[0]})
        second = first.conditional(rest.index(known[1]), value[1])
        np.testing.assert_allclose(
            second.pdf(q[:, left]), given_two.pdf(q[:, left]), rtol=1e-6, atol=1e-12
        )


@LAW
@given(densities(2), st.sampled_from([0, 1]), SEEDS)
def test_conditionals_integrate_to_one(density, axis, seed):
    """By a rule over panels of a quarter of a bandwidth."""
    value = around(density, seed, m=1)[0, axis]
    assume(density.marginal(axis).logpdf(value) > -300)
    left = density.conditional(axis, value)
    heavy = density.kernel.name == "cauchy"
    low, high = (float(end[0]) for end in left._extent())
    reach = 1e3 if heavy else 8.0
    edges = np.concatenate([low - np.geomspace(reach, 1e-3, 60), [low]])
    middle = np.arange(low, high, 0.25 * float(left._narrowest()[0]))
    edges = np.unique(np.concatenate([edges, middle, high + low - edges]))
    t, shares = np.polynomial.legendre.leggauss(16)
    half = 0.5 * np.diff(edges)[:, None]
    q = edges[:-1, None] + half + half * t
    total = np.sum(half * shares * left.pdf(q))
    # a kink inside of a panel costs 1e-4 of its mass; what lies farther out is missing
    assert total == pytest.approx(1, abs=2e-2 if heavy else 1e-4)


@LAW
@given(densities(2), SEEDS)
def test_affine_maps_follow_the_change_of_variables(density, seed):
    """Affine maps follow the change of variables."""
    rng = np.random.default_rng(seed)
    matrix, shift = rng.normal(size=(2, 2)), rng.normal(size=2)
    det = abs(np.linalg.det(matrix))
    assume(det > 0.05)
    q = around(density, seed)
    mapped = density.affine(matrix, shift)
    want = density.pdf(q) / det
    # at the edge of a compact kernel a rounding is in or out
    compact = 1e-9 * density.pdf(q).max() if density.kernel.support < np.inf else 0.0
    np.testing.assert_allclose(
        mapped.pdf(q @ matrix.T + shift), want, rtol=1e-6, atol=compact
    )


@LAW
@given(densities(1), st.floats(-3, 3), st.floats(0.1, 2), st.floats(0.1, 2), SEEDS)
def test_truncation_is_additive(density, start, first, second, seed):
    """The density within two ranges is the mixture of those within each."""
    line = density.marginal(0)
    a, b, c = start, start + first, start + first + second
    masses = line._mass(np.array([[a], [b]]), np.array([[b], [c]]))
    assume((masses > 1e-6).all())
    whole = line.truncate((a, c))
    parts = masses[0] * line.truncate((a, b)) + masses[1] * line.truncate((b, c))
    q = np.random.default_rng(seed).uniform(a, c, 8)
    np.testing.assert_allclose(parts.pdf(q), whole.pdf(q), rtol=1e-6)


@LAW
@given(densities(2), SEEDS)
def test_marginal_of_draws_is_draws_of_the_marginal(density, seed):
    """Marginal of draws is draws of the marginal."""
    both = density.sample(2000, rng=seed)[:, 1]
    alone = density.marginal(1).sample(2000, rng=seed + 1)
    assert stats.ks_2samp(both, alone).pvalue > 1e-5
