"""Laws that hold for every sample, kernel, weights and bandwidth."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen import AccuracyWarning, Kernel
from parzen.engines import direct
from tests import reference
from tests.strategies import (
    SEEDS,
    bandwidths,
    covariance,
    extreme_samples,
    far_samples,
    kernels,
    problems,
    samples,
    weight_vectors,
)

# A law is one line of algebra: a few dozen samples find what breaks it.
LAW = settings(max_examples=60)
# The engine's own bound, for both sides of an equation.
RTOL = 4e-12


def queries(x, seed, m=12):
    """Points near the data, shape (m, d)."""
    rng = np.random.default_rng(seed)
    return x[rng.integers(len(x), size=m)] + rng.normal(size=(m, x.shape[1]))


def exact(x, **options):
    """The density by the direct sum."""
    return parzen.kde(x, method="direct", **options)


def assert_same(a, b, *, atol=0.0):
    """Both densities are equal to the bound of the direct sum."""
    np.testing.assert_allclose(a, b, rtol=RTOL, atol=atol)


def gauss_legendre(borders, order=60):
    """Nodes and weights of a quadrature that is smooth between borders."""
    node, weight = np.polynomial.legendre.leggauss(order)
    borders = np.unique(borders)
    half = np.diff(borders)[:, None] / 2
    middle = (borders[:-1] + borders[1:])[:, None] / 2
    return (middle + half * node).ravel(), (half * weight).ravel()


@LAW
@given(
    samples(d=1, sizes=st.integers(1, 12)),
    st.data(),
    st.sampled_from(reference.KERNELS),
)
def test_mass_is_one(x, data, name):
    """The density integrates to one."""
    x = x[:, 0]
    weights = data.draw(weight_vectors(len(x)))
    h = data.draw(st.sampled_from([0.3, 1.0, 2.5]))
    density = exact(x, weights=weights, kernel=name, bandwidth=h)
    if name == "cauchy":
        # q = tan(t) makes the tails finite, and the integrand smooth
        t, weight = gauss_legendre(np.linspace(-np.pi / 2, np.pi / 2, 40))
        weight /= np.cos(t) ** 2
        t = np.tan(t)
    else:
        # kinks lie at the points and at the ends of the kernels; e^-40 is left out
        steps = np.arange(-40, 41) if name in reference.UNBOUNDED else np.arange(-1, 2)
        t, weight = gauss_legendre((x[:, None] + h * steps).ravel())
    assert density.pdf(t) @ weight == pytest.approx(1.0, abs=1e-9)


@LAW
@given(problems(), kernels(), SEEDS)
def test_density_is_non_negative_and_the_exponential_of_its_log(problem, kernel, seed):
    """`pdf` is at least zero, never NaN, and equal to exp(logpdf)."""
    x, weights, h = problem
    density = exact(x, weights=weights, kernel=kernel, bandwidth=h)
    q = np.vstack([queries(x, seed), 30 * queries(x, seed)])
    pdf, logpdf = density.pdf(q), density.logpdf(q)
    assert (pdf >= 0).all()
    assert not np.isnan(logpdf).any()
    assert_same(pdf, np.exp(logpdf))


@LAW
@given(samples(sizes=st.integers(1, 40)), kernels(), SEEDS, st.data())
def test_integer_weights_are_repetitions(x, kernel, seed, data):
    """A weight k counts like k equal rows, and a weight 0 like none."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, size=len(x))
    counts[0] = 3
    h = data.draw(bandwidths(x.shape[1]))
    q = queries(x, seed)
    weighted = exact(x, weights=counts, kernel=kernel, bandwidth=h)
    repeated = exact(np.repeat(x, counts, axis=0), kernel=kernel, bandwidth=h)
    assert_same(weighted.pdf(q), repeated.pdf(q))


@LAW
@given(problems(), kernels(), SEEDS, st.sampled_from([1e-30, 3.0, 1e200]))
def test_unit_of_the_weights_does_not_matter(problem, kernel, seed, factor):
    """Weights of any scale give the same density."""
    x, weights, h = problem
    weights = np.ones(len(x)) if weights is None else weights
    q = queries(x, seed)
    one = exact(x, weights=weights, kernel=kernel, bandwidth=h)
    other = exact(x, weights=weights * factor, kernel=kernel, bandwidth=h)
    keep = weights.min() * factor > 1e-290 or factor > 1
    if keep:  # else the caller's product has lost digits
        assert_same(one.pdf(q), other.pdf(q))


@LAW
@given(problems(), kernels(), SEEDS, st.sampled_from([1e-5, 3.0, 1e8, -1.0]))
def test_density_follows_the_units(problem, kernel, seed, factor):
    """f(c q; c x, c h) = f(q; x, h) / |c|^d."""
    x, weights, h = problem
    d = x.shape[1]
    q = queries(x, seed)
    scaled = h * factor**2 if np.ndim(h) == 2 else h * abs(factor)
    one = exact(x, weights=weights, kernel=kernel, bandwidth=h).logpdf(q)
    other = exact(x * factor, weights=weights, kernel=kernel, bandwidth=scaled).logpdf(
        q * factor
    )
    # at the border of a compact support rounding decides
    inside = np.isfinite(one) & np.isfinite(other) & (one > -20)
    np.testing.assert_allclose(
        other[inside] + d * np.log(abs(factor)), one[inside], atol=1e-6
    )


@LAW
@given(problems(), kernels(), SEEDS, st.sampled_from([1024.0, -1e9, 2.0**40]))
def test_density_follows_a_shift(problem, kernel, seed, shift):
    """f(q + a; x + a) = f(q; x), where the shift itself rounds nothing."""
    x, weights, h = problem
    # 2^-10 is exact beside 2^40
    x = np.rint(x * 1024) / 1024
    q = np.rint(queries(x, seed) * 1024) / 1024
    one = exact(x, weights=weights, kernel=kernel, bandwidth=h)
    other = exact(x + shift, weights=weights, kernel=kernel, bandwidth=h)
    # a covariance matrix whitens, at the rounding of its coordinates
    np.testing.assert_allclose(other.pdf(q + shift), one.pdf(q), rtol=1e-9, atol=1e-15)


@LAW
@given(samples(), st.data(), SEEDS, st.sampled_from(reference.UNBOUNDED))
def test_radial_density_follows_a_rotation(x, data, seed, name):
    """f(Q q; Q x, Q H Q^T) = f(q; x, H) for a radial kernel."""
    d = x.shape[1]
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    weights = data.draw(weight_vectors(len(x)))
    h = covariance(rng, d)
    q = queries(x, seed)
    one = exact(x, weights=weights, kernel=name, bandwidth=h)
    turned = turn @ h @ turn.T
    other = exact(
        x @ turn.T, weights=weights, kernel=name, bandwidth=(turned + turned.T) / 2
    )
    np.testing.assert_allclose(other.pdf(q @ turn.T), one.pdf(q), rtol=1e-9)


def spread_out(x):
    """Whether a rule has a bandwidth for these points, and not by a hair."""
    if len(x) < 4 * x.shape[1] + 2:
        return False
    matrix = reference.moments(x)[1]
    spread = np.sqrt(np.diag(matrix))
    if not (spread > 0).all():
        return False
    correlation = (matrix / np.outer(spread, spread)).astype(float)
    return np.linalg.eigvalsh(correlation)[0] > 1e-6


@LAW
@given(
    samples(sizes=st.integers(15, 60), shapes=("normal", "ties", "lattice")),
    st.sampled_from(["silverman", "scott", "normal_reference"]),
    st.data(),
    SEEDS,
)
def test_rule_equals_the_oracle_and_follows_units_and_shifts(x, rule, data, seed):
    """A rule gives the textbook value; h(c x + a) = |c| h(x), H(Q x) = Q H Q^T."""
    weights = data.draw(weight_vectors(len(x)))
    heavy = weights is None or np.sort(weights)[-10] > 0.01 * weights.max()
    if not (heavy and spread_out(x if weights is None else x[weights > 0])):
        return
    d = x.shape[1]
    value = parzen.select_bandwidth(x, rule, weights=weights).value
    np.testing.assert_allclose(
        value, reference.rule_bandwidth(x, rule, weights), rtol=1e-9, atol=1e-12
    )
    power = 1 if d == 1 else 2
    for factor, shift in ((1e-5, 0.0), (-7.0, 3.0), (1.0, 1e3)):
        moved = parzen.select_bandwidth(x * factor + shift, rule, weights=weights)
        np.testing.assert_allclose(
            moved.value, value * abs(factor) ** power, rtol=1e-8, atol=1e-300
        )
    if d > 1:
        rng = np.random.default_rng(seed)
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
        turned = parzen.select_bandwidth(x @ turn.T, rule, weights=weights).value
        np.testing.assert_allclose(turned, turn @ value @ turn.T, rtol=1e-8, atol=1e-9)


@LAW
@given(extreme_samples(d=1, sizes=st.integers(10, 60), shapes=("normal", "lattice")))
def test_log_density_is_finite_at_the_data_in_any_units(x):
    """With the default bandwidth every point lies where the density is positive."""
    if np.ptp(x) > 0:
        density = parzen.kde(x, kernel="epanechnikov")
        assert np.isfinite(density.logpdf(x)).all()


@LAW
@given(far_samples(), kernels(), SEEDS, st.data())
def test_density_of_a_union_is_the_mixture(x, kernel, seed, data):
    """Densities of parts add up, each by its total weight."""
    weights = data.draw(weight_vectors(len(x)))
    h = data.draw(bandwidths(x.shape[1], forms=("scalar", "widths")))
    w = np.ones(len(x)) if weights is None else weights
    q = queries(x, seed)
    cut = np.random.default_rng(seed).integers(len(x) + 1)
    parts = [part for part in (slice(cut), slice(cut, None)) if w[part].sum() > 0]
    mixture = sum(
        w[part].sum()
        * exact(x[part], weights=w[part], kernel=kernel, bandwidth=h).pdf(q)
        for part in parts
    )
    whole = exact(x, weights=weights, kernel=kernel, bandwidth=h).pdf(q)
    assert_same(whole, mixture / w.sum())


@LAW
@given(problems(), kernels(), SEEDS)
def test_order_of_the_points_does_not_matter(problem, kernel, seed):
    """Shuffled rows give the same density, up to rounding; queries keep their order."""
    x, weights, h = problem
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    q = queries(x, seed)
    one = exact(x, weights=weights, kernel=kernel, bandwidth=h)
    shuffled = None if weights is None else weights[order]
    other = exact(x[order], weights=shuffled, kernel=kernel, bandwidth=h)
    assert_same(other.pdf(q), one.pdf(q))
    again = rng.permutation(len(q))
    np.testing.assert_array_equal(one.pdf(q[again]), one.pdf(q)[again])


@LAW
@given(
    samples(sizes=st.just(150)),
    st.sampled_from(["gaussian", "logistic", "tricube"]),
    st.sampled_from([1, 2, 3, -1]),
    SEEDS,
)
def test_number_of_threads_does_not_change_a_bit(x, name, n_jobs, seed):
    """Blocks as small as they get are summed the same by any number of threads."""
    q = queries(x, seed, m=200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "NUMPY_PAIRS", 0)
        patch.setattr(direct, "BLOCK_PAIRS", 512)
        one = exact(x, kernel=name, bandwidth=1.0, n_jobs=1).logpdf(q)
        other = exact(x, kernel=name, bandwidth=1.0, n_jobs=n_jobs).logpdf(q)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(
        one, exact(x, kernel=name, bandwidth=1.0).logpdf(q), rtol=1e-11, atol=1e-11
    )


@LAW
@given(samples(), kernels(), SEEDS, st.sampled_from([0.3, 1.0, 2.0]), st.data())
def test_forms_of_one_bandwidth_are_equal(x, kernel, seed, h, data):
    """h, h times ones, and h^2 times the unit matrix are one bandwidth."""
    weights = data.draw(weight_vectors(len(x)))
    d = x.shape[1]
    q = queries(x, seed)
    forms = (h, np.full(d, h), h**2 * np.eye(d))
    one, *others = (
        exact(x, weights=weights, kernel=kernel, bandwidth=form).pdf(q)
        for form in forms
    )
    for other in others:
        # rounding at the border of a compact support
        assert_same(other, one, atol=1e-14)


@LAW
@given(problems(), SEEDS)
def test_gaussian_is_radial_and_product_at_once(problem, seed):
    """The Gaussian kernel of the radius is the product of its margins."""
    x, weights, h = problem
    q = queries(x, seed)
    radial, product = (
        exact(
            x,
            weights=weights,
            kernel=Kernel("gaussian", product=form),
            bandwidth=h,
        ).logpdf(q)
        for form in (False, True)
    )
    np.testing.assert_allclose(product, radial, rtol=RTOL, atol=RTOL)


@LAW
@given(
    problems(sizes=st.integers(1, 30)),
    kernels(),
    SEEDS,
    st.sampled_from([None, "grid", "fft"]),
)
def test_copies_answer_with_the_same_bits(problem, kernel, seed, grid):
    """pickle, copy and deepcopy of a density answer bitwise as it does."""
    x, weights, h = problem
    options = {"weights": weights, "kernel": kernel, "bandwidth": h}
    if grid and x.shape[1] < 3:
        density = on_small_grid(x, grid, **options)
    else:
        density = exact(x, **options)
    q = queries(x, seed)
    answer, draws = density.logpdf(q), density.sample(5, rng=seed)
    for other in (
        pickle.loads(pickle.dumps(density)),
        copy.copy(density),
        copy.deepcopy(density),
    ):
        np.testing.assert_array_equal(other.logpdf(q), answer)
        np.testing.assert_array_equal(other.sample(5, rng=seed), draws)
        assert repr(other) == repr(density)


def on_small_grid(x, method="fft", **options):
    """A density on a grid of few nodes, however coarse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parzen.engines.nodes.COARSEST", np.inf)
        return parzen.kde(x, method=method, grid_size=32, **options)


@LAW
@given(
    problems(sizes=st.integers(1, 30)),
    SEEDS,
    st.sampled_from(["direct", "grid", "fft", "diffusion"]),
)
def test_arrays_are_neither_changed_nor_kept(problem, seed, method):
    """Fit and query change no argument, and later edits of one change no answer."""
    x, weights, h = problem
    h = np.array(h) if np.ndim(h) else h
    q = queries(x, seed)
    given_arrays = [a for a in (x, weights, h, q) if isinstance(a, np.ndarray)]
    before = [a.copy() for a in given_arrays]
    if method != "direct" and x.shape[1] < (2 if method == "diffusion" else 3):
        density = on_small_grid(x, method, weights=weights, bandwidth=h)
    else:
        density = exact(x, weights=weights, bandwidth=h)
    answer = density.pdf(q)
    width = density.bandwidth
    drawn = density.sample(4, rng=0)
    for array, old in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)
        if array is not q:
            array[...] = 77.0
    if isinstance(width, np.ndarray):
        density.bandwidth[...] = 1e9
    np.testing.assert_array_equal(density.pdf(q), answer)
    np.testing.assert_array_equal(density.bandwidth, width)
    np.testing.assert_array_equal(density.sample(4, rng=0), drawn)


@LAW
@given(samples(d=1), kernels(product=False), SEEDS)
def test_column_and_flat_array_are_the_same_data(x, kernel, seed):
    """(n,) and (n, 1) differ in the shape of the answer alone."""
    q = queries(x, seed)
    column = exact(x, kernel=kernel, bandwidth=0.7)
    flat = exact(x[:, 0], kernel=kernel, bandwidth=0.7)
    np.testing.assert_array_equal(flat.pdf(q[:, 0]), column.pdf(q))
    assert flat.sample(3, rng=0).shape == (3,)
    assert column.sample(3, rng=0).shape == (3, 1)


@LAW
@given(
    problems(sizes=st.integers(1, 40)),
    kernels(),
    st.integers(4, 40),
    st.sampled_from(["linear", "simple"]),
)
def test_grid_keeps_mass_and_sign(problem, kernel, nodes, binning):
    """However coarse, a grid holds mass one (light tails) and nothing below zero."""
    x, weights, h = problem
    if x.shape[1] == 3:
        nodes = min(nodes, 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parzen.engines.nodes.COARSEST", np.inf)
        density = parzen.kde(
            x, weights=weights, kernel=kernel, bandwidth=h, method="fft",
            grid_size=nodes, binning=binning,
        )  # fmt: skip
    axes, values = density.grid()
    step = np.prod([axis[1] - axis[0] for axis in axes])
    assert (values >= 0).all()
    if kernel.name != "cauchy":
        assert values.sum() * step == pytest.approx(1.0, abs=1e-10)


def test_coarse_grid_would_have_warned():
    """The tests above silence a warning that users get."""
    with pytest.warns(AccuracyWarning):
        parzen.kde([0.0, 50.0], bandwidth=1.0, method="fft", grid_size=8)
