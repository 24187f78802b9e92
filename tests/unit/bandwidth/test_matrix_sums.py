from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermeval

from parzen.bandwidth.matrix import plugin, scv, ucv
from parzen.bandwidth.matrix.differences import Pairs
from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.matrix.lags import Lags
from parzen.bandwidth.matrix.psi import (
    first_pilot,
    peak_tensor,
    pilot_width,
    psi_tensor,
    second_pilot,
)
from parzen.bandwidth.matrix.sums import gaussian_sum, over_blocks, variance
from parzen.sample import Sample

Real = np.longdouble


def form_of(n, d, *, weighted=False, name="full", seed=1, kind="normal"):
    """Points of some kind, as a form."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    if kind == "clusters":
        x[::2] = 0.3 * x[::2] + 3.0
    if kind == "far":
        x /= np.sqrt(rng.chisquare(2, n) / 2)[:, None]
    if kind == "rounded":
        x = np.round(x, 1)
    w = rng.uniform(0.1, 3, n) if weighted else None
    return Form.of(Sample.of(x, w), name)


def covariance(d, width, seed=2):
    """A matrix with widths around one."""
    root = np.eye(d) + 0.3 * np.random.default_rng(seed).normal(size=(d, d))
    return width**2 * root @ root.T


def all_pairs(form, sigma):
    """sum_(i != j) w_i w_j phi_Sigma(z_i - z_j), in long doubles."""
    z = form.points.astype(Real)
    w = form.probabilities.astype(Real)
    inverse = np.linalg.inv(sigma).astype(Real)
    total = Real(0)
    for i in range(len(z)):
        u = z - z[i]
        terms = np.exp(-np.einsum("ni,ij,nj->n", u, inverse, u) / 2)
        terms[i] = 0
        total += w[i] * np.sum(w * terms)
    return total / np.sqrt(Real(np.linalg.det(2 * np.pi * sigma)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("n", "d"), [(5, 2), (40, 1), (41, 2), (120, 3), (60, 6), (600, 2), (601, 5)]
)
def test_sums_over_pairs(n, d, weighted):
    """One by one, in NumPy and (from 513 points on) compiled: the sum itself."""
    form = form_of(n, d, weighted=weighted)
    sigma = covariance(d, 0.5)
    expected = float(all_pairs(form, sigma))
    assert gaussian_sum(Pairs.of(form), sigma).value == pytest.approx(
        expected, rel=1e-11
    )


@pytest.mark.parametrize(("n", "d"), [(40, 2), (50, 4), (600, 3)])
def test_gradient_of_a_sum(n, d):
    """By central differences in every symmetric direction."""
    pairs = Pairs.of(form_of(n, d, weighted=True))
    sigma = covariance(d, 0.6)
    gradient = gaussian_sum(pairs, sigma).gradient
    for i, j in itertools.combinations_with_replacement(range(d), 2):
        step = np.zeros((d, d))
        step[i, j] = step[j, i] = 1e-5
        up, down = (gaussian_sum(pairs, sigma + s * step).value for s in (1, -1))
        both = np.sum(gradient * step)
        assert both == pytest.approx((up - down) / 2, rel=1e-6, abs=1e-13)


def test_gradient_of_the_variance():
    """|4 pi H|^(-1/2) / n, by central differences."""
    h = covariance(3, 0.5)
    value, gradient = variance(h, 50.0)
    assert value == pytest.approx(np.linalg.det(4 * np.pi * h) ** -0.5 / 50)
    step = 1e-6 * np.diag([1.0, 2.0, -1.0])
    rise = variance(h + step, 50.0)[0] - variance(h - step, 50.0)[0]
    assert np.sum(gradient * step) == pytest.approx(rise / 2, rel=1e-7)


def test_nodes_that_stand_for_points_pair_within():
    """A node of several points has pairs of its own, at distance zero."""
    form = form_of(30, 2, weighted=True)
    whole = Pairs.of(form)
    several = Pairs(form.points, form.probabilities, 0.01)
    sigma = covariance(2, 0.5)
    more = gaussian_sum(several, sigma).value - gaussian_sum(whole, sigma).value
    assert more == pytest.approx(0.01 * np.linalg.det(2 * np.pi * sigma) ** -0.5)


@pytest.mark.parametrize(("n", "d"), [(300, 2), (800, 4), (3000, 2)])
def test_threads_do_not_change_a_bit(n, d, monkeypatch):
    """Blocks and their order depend on the data alone."""
    form = form_of(n, d)
    source = Lags.of(form, 12.0) if n > 1000 else Pairs.of(form)
    sigma = covariance(d, 0.5)
    answers = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        again = Lags.of(form, 12.0) if n > 1000 else source
        found = gaussian_sum(again, sigma)
        answers.append((found.value, *found.gradient.ravel()))
    assert answers[0] == answers[1]


class ManyBlocks:
    """Differences in 4000 blocks."""

    n_jobs = 2

    def blocks(self, _reach):
        """Block k has the mass k."""
        return [
            lambda k=k: (np.zeros((1, 2)), np.array([float(k)])) for k in range(4000)
        ]


def test_partial_sums_are_bounded():
    """Not one for each block: 32 MB, here."""
    tracemalloc.start()
    total = over_blocks(ManyBlocks(), np.ones(2), lambda _, m: np.full(1000, m[0]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(total, np.full(1000, 4000 * 3999 / 2))
    assert peak < 4e6


@pytest.mark.parametrize("n", [200, 1500])
@pytest.mark.parametrize("select", [plugin, scv, ucv])
def test_threads_are_those_asked_for(select, n, monkeypatch):
    """In every sum, and every transform."""
    seen = []

    def noted(task, count, n_jobs):
        seen.append(n_jobs)
        for b in range(count):
            task(b)

    def counted(n_jobs):
        seen.append(n_jobs)
        return 1

    monkeypatch.setattr("parzen.bandwidth.matrix.sums.run_blocks", noted)
    monkeypatch.setattr("parzen.bandwidth.matrix.lags.thread_count", counted)
    x = np.random.default_rng(5).normal(size=(n, 2))
    select(Sample.of(x), "isotropic", n_jobs=3)
    assert set(seen) == {3}


def hermite_tensor(form, width, order, *, itself=True):
    """sum_ij w_i w_j D^r phi_(g^2 I)(z_i - z_j), by Hermite polynomials, (d,) * r."""
    z, w, d = form.points, form.probabilities, form.d
    u = (z[:, None] - z) / width
    masses = np.outer(w, w)
    if not itself:
        np.fill_diagonal(masses, 0.0)
    bell = np.exp(-np.sum(u**2, axis=-1) / 2) / (2 * np.pi) ** (d / 2)
    table = {}
    for index in itertools.combinations_with_replacement(range(d), order):
        counts = np.bincount(index, minlength=d)
        product = bell * (-1.0) ** order / width ** (d + order)
        for k, a in enumerate(counts):
            product = product * hermeval(u[..., k], [0] * a + [1])
        table[index] = float(np.sum(masses * product))
    tensor = np.empty((d,) * order)
    for index in np.ndindex(*tensor.shape):
        tensor[index] = table[tuple(sorted(index))]
    return tensor


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [2, 3])
def test_tensors_are_the_derivatives(d, weighted):
    """psi_4, and psi_6 with two indices contracted, by another formula."""
    form = form_of(40, d, weighted=weighted)
    pairs = Pairs.of(form)
    fourth = psi_tensor(pairs, 0.7, form.n_eff, contracted=False)
    expected = hermite_tensor(form, 0.7, 4)
    np.testing.assert_allclose(fourth, expected, atol=1e-12 * np.abs(expected).max())
    sixth = np.trace(hermite_tensor(form, 0.7, 6), axis1=-2, axis2=-1)
    contracted = psi_tensor(pairs, 0.7, form.n_eff, contracted=True)
    np.testing.assert_allclose(contracted, sixth, atol=1e-12 * np.abs(sixth).max())


def test_psi_4_is_positive():
    """Int f D^4 f = int D^2 f D^2 f, so that the estimated error has a minimum."""
    form = form_of(50, 3)
    psi = psi_tensor(Pairs.of(form), 0.5, form.n_eff, contracted=False)
    assert np.linalg.eigvalsh(psi.reshape(9, 9))[0] > -1e-12


def brute_pilot(peak, drift, order, d, n):
    """Width of the least |P / (n g^(d + r)) + g^2/2 L|^2, by a fine scan."""
    g = np.geomspace(1e-2, 1e2, 400_001)
    p, m, v = np.sum(peak**2), np.sum(peak * drift), np.sum(drift**2)
    noise, bias = g ** -(d + order) / n, g**2 / 2
    return g[np.argmin(noise**2 * p + 2 * noise * bias * m + bias**2 * v)]


def normal_tensor(variances, order):
    """D^r phi_S(0) for a diagonal S, shape (d,) * r, entry by entry."""
    d = len(variances)
    tensor = np.zeros((d,) * order)
    for index in np.ndindex(*tensor.shape):
        counts = np.bincount(index, minlength=d)
        if not (counts % 2).any():
            value = 1.0
            for a, s in zip(counts.tolist(), variances, strict=True):
                odd = math.prod(range(1, a, 2))
                value *= (
                    (-1) ** (a // 2) * odd / s ** (a / 2) / math.sqrt(2 * np.pi * s)
                )
            tensor[index] = value
    return tensor


@pytest.mark.parametrize("name", ["full", "diagonal", "isotropic"])
def test_the_first_pilot_is_the_best_for_a_normal_density(name):
    """With the whole tensors of order 6 and 8, and no closed form."""
    form = form_of(200, 2, name=name, weighted=True)
    peak = normal_tensor(np.ones(2), 6)
    spreads = 2 * form.tightness**2 * np.linalg.eigvalsh(form.covariance)
    drift = np.trace(normal_tensor(spreads, 8), axis1=-2, axis2=-1)
    expected = brute_pilot(peak, drift, 6, 2, form.n_eff)
    assert first_pilot(form) == pytest.approx(expected, rel=1e-4)


def test_the_second_pilot_is_the_best_for_psi_4():
    """The same with the estimated tensor; on three axes."""
    form = form_of(80, 3)
    drift = np.trace(hermite_tensor(form, 1.2, 6), axis1=-2, axis2=-1)
    peak = normal_tensor(np.ones(3), 4)
    np.testing.assert_allclose(peak_tensor(3), peak, atol=1e-15)
    expected = brute_pilot(peak, drift, 4, 3, form.n_eff)
    assert second_pilot(drift, form.n_eff) == pytest.approx(expected, rel=1e-4)


def test_pilot_without_drift_of_one_sign():
    """The formula holds where noise and bias add up instead of cancelling."""
    for both in (-0.9, 0.0, 0.9):
        found = pilot_width(peak=1.0, both=both, drift=1.0, order=4, d=2, n_eff=100.0)
        g = np.geomspace(0.05, 5, 200_001)
        noise, bias = g**-6 / 100, g**2 / 2
        best = g[np.argmin(noise**2 + 2 * both * noise * bias + bias**2)]
        assert found == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["normal", "clusters", "far", "rounded"])
@pytest.mark.parametrize(("d", "name"), [(2, "full"), (3, "full"), (2, "isotropic")])
def test_lags_stand_for_pairs(d, name, kind, weighted):
    """Sums within 3e-3 for kernels of two steps, 5e-4 of three and 1e-4 of six.

    Far points are on coarser grids, where kernels are smoothed: that part is small.
    """
    form = form_of(1500, d, name=name, kind=kind, weighted=weighted)
    lags, pairs = Lags.of(form, 40.0), Pairs.of(form)
    step = lags.parts[0].step
    for steps, bound in ((2.0, 3e-3), (3.0, 5e-4), (6.0, 1e-4)):
        sigma = (steps * step) ** 2 * np.eye(d)
        sigma[0, 1] = sigma[1, 0] = 0.3 * sigma[0, 0]
        exact = gaussian_sum(pairs, sigma)
        assert gaussian_sum(lags, sigma).value == pytest.approx(exact.value, rel=bound)


def test_lags_of_points_on_nodes():
    """Points that lie on nodes are not blurred: there is nothing to put right."""
    form = form_of(2000, 2)
    step = Lags.of(form, 12.0).parts[0].step
    # an even number of steps across, so that the grid's nodes fall on the points
    nodes = np.rint(form.points / step)
    nodes[0], nodes[1] = nodes.min(axis=0), nodes.max(axis=0)
    moved = Form(**(vars_of(form) | {"points": nodes * step, "least": form.reference}))
    lags, pairs = Lags.of(moved, 12.0), Pairs.of(moved)
    assert lags.parts[0].step == step
    sigma = (2.0 * step) ** 2 * np.eye(2)
    exact = gaussian_sum(pairs, sigma)
    found = gaussian_sum(lags, sigma)
    assert found.value == pytest.approx(exact.value, rel=1e-9)


def vars_of(form):
    """The fields of a form."""
    return {name: getattr(form, name) for name in form.__dataclass_fields__}


def test_far_points_cost_no_resolution():
    """Points at 1e8 get grids of their own; the bulk keeps its step."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3000, 2))
    far = np.concatenate([x, 1e8 * rng.normal(size=(20, 2))])
    steps = []
    for points in (x, far):
        form = Form.of(Sample.of(points), "diagonal")
        lags = Lags.of(form, 20.0)
        steps.append(lags.parts[0].step * form.units)
    np.testing.assert_allclose(steps[1], steps[0], rtol=0.2)
    assert lags.near > 0.99
    assert len(lags.parts) > 1
