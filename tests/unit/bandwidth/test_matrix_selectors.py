from __future__ import annotations

import numpy as np
import pytest

from parzen.bandwidth.matrix import FORMS, plugin, scv, ucv
from parzen.bandwidth.matrix.crossval import criterion as ucv_criterion
from parzen.bandwidth.matrix.differences import Pairs
from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.matrix.plugin import estimate
from parzen.bandwidth.matrix.smoothed import criterion as scv_criterion
from parzen.errors import BandwidthError
from parzen.sample import Sample
from tests.reference import log_sum, log_terms

SELECTORS = {"plugin": plugin, "scv": scv, "ucv": ucv}
each_selector = pytest.mark.parametrize(
    "select", SELECTORS.values(), ids=list(SELECTORS)
)
each_form = pytest.mark.parametrize("form", FORMS)
# pairs one by one; lags, above 1000 points on two axes and 3000 on three
SIZES = (120, 1100)
MANY = 3100


def two_clusters(n=120, d=2, seed=3):
    """Correlated clusters and uneven weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    x[::2] += [3.0, 1.0, 0.0][:d]
    return x, rng.uniform(0.1, 2.0, n)


def density(x, q, h, w):
    """The exact estimate at q."""
    return np.exp(log_sum(log_terms(x, q, h, weights=w))).astype(np.float64)


def matrix_of(value, d):
    """A bandwidth as a covariance."""
    value = np.asarray(value)
    return value if value.ndim == 2 else np.diag(np.broadcast_to(value, d) ** 2)


@pytest.mark.parametrize("weighted", [False, True])
def test_ucv_is_its_definition(weighted):
    """Int f^2 on a fine grid, less twice the mean of the estimates without a point."""
    x, w = two_clusters(25)
    w = w / w.sum() if weighted else np.full(25, 1 / 25)
    h = np.array([[0.5, 0.2], [0.2, 0.3]])
    axes = [
        np.arange(low - 6, high + 6, 0.15)
        for low, high in zip(x.min(0), x.max(0), strict=True)
    ]
    nodes = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    roughness = np.sum(density(x, nodes, h, w) ** 2) * 0.15**2
    rest = 0.0
    for i in range(25):
        others = np.arange(25) != i
        # of all other points, as heavy as they are
        held_out = density(x[others], x[i : i + 1], h, w[others])[0]
        rest += w[i] * (1 - w[i]) * held_out / (1 - np.sum(w**2))
    sample = Sample.of(x, w if weighted else None)
    form = Form.of(sample, "full")
    found = ucv_criterion(Pairs.of(form), form.n_eff)(form.inverse(h))[0]
    assert found * np.exp(-form.log_volume) == pytest.approx(
        roughness - 2 * rest, rel=1e-9
    )


def test_scv_is_its_definition():
    """The integrated square of K_H * g - g, g the estimate with the pilot, and R(K)."""
    x, _ = two_clusters(20)
    form = Form.of(Sample.of(x), "diagonal")
    z, h = form.points, np.array([[0.3, 0.1], [0.1, 0.2]])
    pilots = np.diag([0.2, 0.15])
    axes = [np.arange(a.min() - 5, a.max() + 5, 0.1) for a in z.T]
    nodes = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    bias = density(z, nodes, h + pilots, None) - density(z, nodes, pilots, None)
    expected = np.sum(bias**2) * 0.1**2 + np.linalg.det(4 * np.pi * h) ** -0.5 / 20
    found = scv_criterion(Pairs.of(form), pilots, form.n_eff)(h)[0]
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["ucv", "scv"])
def test_gradients_of_the_criteria(name):
    """By central differences."""
    form = Form.of(Sample.of(*two_clusters(40)), "full")
    pairs, h = Pairs.of(form), np.array([[0.3, 0.1], [0.1, 0.2]])
    criterion = ucv_criterion(pairs, form.n_eff)
    if name == "scv":
        criterion = scv_criterion(pairs, 0.1 * np.eye(2), form.n_eff)
    gradient = criterion(h)[1]
    for step in (np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), 1.0 - np.eye(2)):
        rise = criterion(h + 1e-5 * step)[0] - criterion(h - 1e-5 * step)[0]
        assert np.sum(gradient * step) == pytest.approx(rise / 2e-5, rel=1e-6)


def test_the_plugin_for_psi_of_a_normal_density():
    """AMISE of the true psi_4 is least at the normal reference matrix."""
    # the estimate of psi_4 for n points equals the truth as n grows
    x = np.random.default_rng(4).normal(size=(200_000, 2)) @ [[2.0, 0.5], [0.0, 1.0]]
    sample = Sample.of(x)
    found = plugin(sample).value
    expected = (4 / 4 / sample.n) ** (1 / 3) * sample.covariance
    np.testing.assert_allclose(found, expected, rtol=0.04, atol=0.04 * expected.max())


@each_form
@each_selector
def test_the_criterion_is_least(select, form):
    """No bandwidth of the form nearby has a lower one."""
    sample = Sample.of(*two_clusters())
    shape = Form.of(sample, form)
    solution = select(sample, form)
    assert solution.converged
    best = shape.inverse(solution.value)
    pairs, n = Pairs.of(shape), shape.n_eff
    if select is plugin:
        assert np.shape(solution.value) == {"isotropic": (), "diagonal": (2,)}.get(
            form, (2, 2)
        )
        found, _ = estimate(shape)
        np.testing.assert_allclose(best, found.matrix, rtol=1e-9, atol=1e-12)
        return
    criterion = ucv_criterion(pairs, n)
    if select is scv:
        pilots = 0.5 * estimate(shape)[1] ** 2 * np.eye(2)
        criterion = scv_criterion(pairs, pilots, n)
    lowest = criterion(best)[0]
    assert solution.scores.min() >= lowest * np.exp(-shape.log_volume)
    rng = np.random.default_rng(5)
    values, vectors = np.linalg.eigh(best)
    logarithm = (vectors * np.log(values)) @ vectors.T
    for _ in range(20):
        step = np.tensordot(rng.normal(size=shape.size), shape.basis, axes=1)
        values, vectors = np.linalg.eigh(logarithm + 0.05 * step)
        assert criterion((vectors * np.exp(values)) @ vectors.T)[0] > lowest


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("d", [2, 3])
@each_selector
def test_full_and_scaled_follow_affine_maps(select, d, n):
    """H becomes A H A^T, wherever the data are, and whatever their order."""
    n = MANY if (n, d) == (1100, 3) else n
    x, w = two_clusters(n, d)
    rng = np.random.default_rng(6)
    mixing, shift = rng.normal(size=(d, d)), 100.0 * rng.normal(size=d)
    order = rng.permutation(n)
    moved = (x @ mixing.T + shift)[order]
    for form in ("full", "scaled") if d == 2 else ("full",):
        before = select(Sample.of(x, w), form).value
        after = select(Sample.of(moved, w[order]), form).value
        expected = mixing @ before @ mixing.T
        scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        np.testing.assert_allclose(after / scale, expected / scale, atol=1e-5)


@pytest.mark.parametrize("n", SIZES)
@each_selector
def test_diagonal_follows_the_units_of_the_axes(select, n):
    """Widths scale with their column, at 1e150 and 1e-150 too; mirrors do nothing."""
    x, w = two_clusters(n)
    before = select(Sample.of(x, w), "diagonal").value
    units = np.array([2.0**500, -(2.0**-500)])
    after = select(Sample.of(x * units, w), "diagonal").value
    np.testing.assert_allclose(after / np.abs(units), before, rtol=1e-5)


@pytest.mark.parametrize("n", SIZES)
@each_selector
def test_isotropic_follows_rotations_and_one_unit(select, n):
    """One width does not know the axes."""
    x, w = two_clusters(n)
    x = x * [3.0, 0.5]
    before = select(Sample.of(x, w), "isotropic").value
    turn = np.linalg.qr(np.random.default_rng(7).normal(size=(2, 2)))[0]
    after = select(Sample.of(2.0**-400 * (x @ turn), w), "isotropic").value
    assert after * 2.0**400 == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize("n", SIZES)
@each_selector
def test_the_scale_of_weights_does_not_matter(select, n):
    """Equal weights are no weights, and a common factor cancels."""
    x, w = two_clusters(n)
    plain = select(Sample.of(x)).value
    equal = select(Sample.of(x, np.full(n, 7.0))).value
    np.testing.assert_allclose(equal, plain, rtol=1e-6, atol=1e-8)
    weighted = select(Sample.of(x, w)).value
    np.testing.assert_allclose(
        select(Sample.of(x, 1e200 * w)).value, weighted, rtol=1e-6, atol=1e-8
    )
    assert np.abs(weighted / plain - 1).max() > 1e-3


@each_form
@each_selector
def test_lags_find_what_pairs_find(select, form, monkeypatch):
    """Binned or one by one: within 1 % for UCV, whose minima are flat, and 0.1 %."""
    sample = Sample.of(two_clusters(1500)[0])
    binned = matrix_of(select(sample, form).value, 2)
    monkeypatch.setattr("parzen.bandwidth.matrix.sums.FEW", {})
    exact = matrix_of(select(sample, form).value, 2)
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    bound = 1e-2 if select is ucv else 1e-3
    np.testing.assert_allclose(binned / scale, exact / scale, atol=bound)


@pytest.mark.parametrize("form", ["diagonal", "isotropic"])
@each_selector
def test_many_axes(select, form):
    """Ten of them: an answer within a factor of two of the normal reference rule.

    UCV is as variable as ever; the plug-in is for large samples, which 200 points on
    ten axes are not.
    """
    sample = Sample.of(np.random.default_rng(8).normal(size=(200, 10)))
    solution = select(sample, form)
    assert solution.converged
    widths = np.sqrt(np.diag(matrix_of(solution.value, 10)))
    ratio = widths / Form.of(sample, form).rule
    assert ratio.max() < 2.0
    assert ratio.min() > 0.5


@each_selector
def test_far_points_do_not_hide_the_bulk(select):
    """Ten points at 1e8 change the width for the other 1500 by what 1/150 may do."""
    rng = np.random.default_rng(9)
    x = two_clusters(1500)[0]
    far = np.concatenate([x, 1e8 * rng.normal(size=(10, 2))])
    alone, both = (select(Sample.of(points), "isotropic") for points in (x, far))
    assert both.converged
    assert both.value == pytest.approx(alone.value, rel=0.1)


def test_points_on_a_line_have_no_width_for_each_axis():
    """The density is infinite there: the fall to zero width is told."""
    t = np.random.default_rng(8).normal(size=(300, 1))
    solution = ucv(Sample.of(np.hstack([t, t])), "diagonal")
    assert not solution.converged
    assert "normal reference rule" in solution.note


@pytest.mark.parametrize("name", ["ucv", "scv"])
@pytest.mark.parametrize("n", SIZES)
def test_the_best_of_candidates(name, n):
    """Of widths, widths per axis and covariances; the scores agree among them."""
    select = SELECTORS[name]
    sample = Sample.of(two_clusters(n)[0])
    widths = np.geomspace(0.05, 2.0, 7)
    one = select(sample, candidates=widths)
    assert one.value == widths[np.argmin(one.scores)]
    assert type(one.value) is float
    per_axis = select(sample, candidates=np.repeat(widths[:, None], 2, axis=1))
    np.testing.assert_allclose(per_axis.scores, one.scores, rtol=1e-12)
    np.testing.assert_array_equal(per_axis.value, [one.value] * 2)
    matrices = select(sample, candidates=widths[:, None, None] ** 2 * np.eye(2))
    np.testing.assert_array_equal(matrices.value, one.value**2 * np.eye(2))
    if name == "ucv":
        bound = 1e-9 if n == SIZES[0] else 1e-3
        np.testing.assert_allclose(matrices.scores, one.scores, rtol=bound, atol=1e-6)


@each_selector
def test_data_on_a_line(select):
    """No covariance of full rank: an error for matrices, widths for the rest."""
    x = np.random.default_rng(10).normal(size=(200, 1)) * [1.0, -2.0]
    with pytest.raises(BandwidthError, match="full rank"):
        select(Sample.of(x), "full")
    # along the line there is a density; of one width UCV finds an answer, or says so
    assert select(Sample.of(x), "isotropic").value > 0.0
    assert (select(Sample.of(x), "diagonal").value > 0.0).all()
