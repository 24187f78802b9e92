from __future__ import annotations

import functools
import math
import pickle

import mpmath
import numpy as np
import pytest
from scipy import stats

from parzen.errors import (
    CapabilityError,
    ShapeError,
)
from parzen.kernels import DistributionKernel, Kernel, as_kernel

MODERN = hasattr(stats, "Normal")
needs_modern = pytest.mark.skipif(not MODERN, reason="scipy below 1.15")

EULER = 0.57721566490153286


def bump(u):
    """A function that pickle can find: a biweight of support 1.3, not of mass one."""
    return 7 * np.maximum(0, 1 - (u / 1.3) ** 2) ** 2


def skewed(u):
    """A Moyal shape, of mass sqrt(2 pi)."""
    return np.exp(-(u + np.exp(-u)) / 2)


def heavy(u):
    """A Cauchy shape, of mass pi."""
    return 1 / (1 + u**2)


def t_constant(df):
    """The density of Student's t at zero."""
    return math.gamma((df + 1) / 2) / math.sqrt(df * math.pi) / math.gamma(df / 2)


# What textbooks say: the density, mean, variance and roughness of the kernels below.
MP = mpmath.mp
CASES = {
    "moyal": (
        stats.moyal,
        lambda x: mpmath.exp(-(x + mpmath.exp(-x)) / 2) / mpmath.sqrt(2 * MP.pi),
        (EULER + math.log(2), math.pi**2 / 2, 1 / (2 * math.pi)),
        (-6, 60),
    ),
    "t(df=5)": (
        stats.t(df=5),
        lambda x: t_constant(5) * (1 + x**2 / 5) ** -3,
        # the integral of (1 + x^2/5)^-6 is sqrt(5) B(1/2, 11/2)
        (0.0, 5 / 3, t_constant(5) ** 2 * math.sqrt(5) * float(mpmath.beta(0.5, 5.5))),
        (-MP.inf, MP.inf),
    ),
    "expon": (stats.expon, lambda x: mpmath.exp(-x), (1.0, 1.0, 0.5), (0, 50)),
    "gumbel_r(loc=0.2, scale=2)": (
        stats.gumbel_r(0.2, scale=2),
        lambda x: (
            mpmath.exp(-(x - 0.2) / 2 - mpmath.exp(-(x - 0.2) / 2)) / mpmath.mpf(2)
        ),
        (0.2 + 2 * EULER, 4 * math.pi**2 / 6, 1 / 8),
        (-12, 90),
    ),
    "bump": (
        bump,
        lambda x: 15 / mpmath.mpf(16) / 1.3 * (1 - (x / 1.3) ** 2) ** 2,
        (0.0, 1.3**2 / 7, 5 / 7 / 1.3),
        (-1.3, 1.3),
    ),
    "skewed": (
        skewed,
        lambda x: mpmath.exp(-(x + mpmath.exp(-x)) / 2) / mpmath.sqrt(2 * MP.pi),
        (EULER + math.log(2), math.pi**2 / 2, 1 / (2 * math.pi)),
        (-6, 60),
    ),
}
PEAKS = {
    "moyal": math.exp(-0.5) / math.sqrt(2 * math.pi),
    "t(df=5)": t_constant(5),
    "expon": 1.0,
    "gumbel_r(loc=0.2, scale=2)": math.exp(-1) / 2,
    "bump": 15 / 16 / 1.3,
    "skewed": math.exp(-0.5) / math.sqrt(2 * math.pi),
}
U = np.array([-1.1, -0.3, 0.0, 0.2, 0.7, 1.25])


@functools.cache
def kernel_named(name):
    """The kernel of a case, made once."""
    return as_kernel(CASES[name][0])


def truth(name, x):
    """The density by its formula, zero outside the support."""
    _, density, _, (low, high) = CASES[name]
    return float(density(mpmath.mpf(float(x)))) if low <= x <= high else 0.0


@pytest.mark.parametrize("name", CASES)
def test_density_is_the_formula(name):
    """The density, its logarithm and their product over axes."""
    kernel = kernel_named(name)
    expected = np.array([truth(name, x) for x in U])
    np.testing.assert_allclose(kernel.pdf(U[:, None]), expected, rtol=1e-12)
    assert kernel.pdf(U.reshape(2, 3)).shape == (2,)
    with np.errstate(divide="ignore"):
        logs = np.log(expected).reshape(2, 3).sum(axis=1)
    np.testing.assert_allclose(kernel.logpdf(U.reshape(2, 3)), logs, rtol=1e-11)
    np.testing.assert_allclose(kernel.pdf(U.reshape(2, 3)), np.exp(logs), rtol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_cdf_is_the_integral(name):
    """Mass below and above, by quadrature of the formula; the whole is one."""
    kernel = kernel_named(name)
    _, density, _, (low, high) = CASES[name]
    for x in U:
        inside = min(max(x, low), high)
        below = float(mpmath.quad(density, [low, inside])) if inside > low else 0.0
        above = float(mpmath.quad(density, [inside, (inside + 9), high]))
        np.testing.assert_allclose(kernel.cdf(x), below, atol=1e-12)
        np.testing.assert_allclose(kernel.sf(x), above, atol=1e-12)
    ends = kernel.cdf([[-math.inf], [math.inf]])
    np.testing.assert_allclose(ends, [[0], [1]], atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_the_closed_forms(name):
    """Name, mean, variance, roughness and peak; powers of them in three dimensions."""
    kernel = kernel_named(name)
    mean, variance, roughness = CASES[name][2]
    assert kernel.name == str(kernel) == name
    assert repr(kernel) == f"DistributionKernel({name})"
    np.testing.assert_allclose(kernel.mean, mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(kernel.second_moment(2), variance, rtol=1e-10)
    for d in (1, 3):
        np.testing.assert_allclose(kernel.roughness(d), roughness**d, rtol=1e-10)
        np.testing.assert_allclose(
            kernel.log_norm(d), d * math.log(PEAKS[name]), rtol=1e-12, atol=1e-12
        )
        canonical = (roughness**d / variance**2) ** (1 / (d + 4))
        np.testing.assert_allclose(kernel.canonical_bandwidth(d), canonical, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_symmetry_is_seen(name):
    """Mirrored kernels are told from the others."""
    assert kernel_named(name).symmetric == (name in {"t(df=5)", "bump"})
    assert Kernel("biweight").symmetric
    assert not as_kernel(stats.norm(loc=0.1)).symmetric
    assert as_kernel(stats.uniform(-1, 2)).symmetric


@pytest.mark.parametrize("name", CASES)
def test_draws_follow_the_kernel(name):
    """Kolmogorov's distance of 4000 draws on two axes, at a fixed seed."""
    kernel = kernel_named(name)
    points = kernel.sample(4000, 2, np.random.default_rng(3))
    assert points.shape == (4000, 2)
    for axis in points.T:
        steps = np.arange(4001) / 4000
        cdf = kernel.cdf(np.sort(axis))
        distance = max((steps[1:] - cdf).max(), (cdf - steps[:-1]).max())
        # exceeded once in 2e5: 2 exp(-2 n d^2)
        assert distance < math.sqrt(math.log(4e5) / 2 / 4000)
    assert abs(np.corrcoef(points.T)[0, 1]) < 0.08


@pytest.mark.parametrize("d", [1, 4])
@pytest.mark.parametrize("tail", [0.3, 1e-3, 1e-9])
@pytest.mark.parametrize("name", CASES)
def test_reach_leaves_the_tail(name, tail, d):
    """At most the tail is outside the box, and not much less than half of it."""
    kernel = kernel_named(name)
    r = kernel.reach(tail, d)
    outside = kernel.cdf(-r) + kernel.sf(r)
    total = -math.expm1(d * math.log1p(-float(outside)))
    assert tail / 2.1 <= total <= tail * (1 + 1e-9)


def test_reach_at_the_limits():
    """All of the mass takes the support, none of it takes nothing."""
    assert kernel_named("moyal").reach(0.0, 1) == math.inf
    np.testing.assert_allclose(kernel_named("bump").reach(0.0, 2), 1.3, rtol=1e-9)
    assert kernel_named("moyal").reach(1.0, 1) == 0.0
    assert as_kernel(stats.uniform(5, 1)).reach(1e-3, 1) <= 6.0


def test_support_is_the_farther_end():
    """Both ends finite, or infinite."""
    assert as_kernel(stats.uniform(-3, 4)).support == 3
    assert as_kernel(stats.expon).support == math.inf
    np.testing.assert_allclose(kernel_named("bump").support, 1.3, rtol=1e-9)
    assert as_kernel(heavy).support == math.inf


# |K'| and |K''| at their largest, where there is one.
SMOOTH = {
    "normal": (stats.norm(loc=1), 0.24197072451914337, 0.3989422804014327),
    "t3": (
        stats.t(3),
        t_constant(3) * 4 / 3 * math.sqrt(0.6) / 1.2**3,
        4 / 3 * t_constant(3),
    ),
    "cauchy": (stats.cauchy(1), 3 * math.sqrt(3) / 8 / math.pi, 2 / math.pi),
    "biweight": (stats.beta(3, 3, -1, 2), 15 / 16 * 8 / 3 / math.sqrt(3), 7.5),
    "quadweight": (
        stats.beta(5, 5, -1, 2),
        315 / 32 / math.sqrt(7) * (6 / 7) ** 3,
        315 / 32,
    ),
    "gamma2": (stats.gamma(2), 1.0, math.inf),
    "exponential": (stats.expon, math.inf, math.inf),
    "semicircle": (stats.semicircular, math.inf, math.inf),
    "laplace": (stats.laplace(0.1), 0.5, math.inf),
    "box": (lambda u: 1.0 * ((u > 0.3) & (u < 2.2)), math.inf, math.inf),
    "bump": (bump, 15 / 16 * 8 / 3 / math.sqrt(3) / 1.3**2, 7.5 / 1.3**3),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smoothness_is_bounded(name):
    """The measured suprema are above the true ones, by the factor of safety."""
    value, slope, curve = SMOOTH[name]
    kernel = as_kernel(value)
    if math.isfinite(slope):
        assert slope <= kernel.lipschitz(1) <= 2.01 * slope
    else:
        assert kernel.lipschitz(1) == math.inf
    if math.isfinite(curve):
        assert curve <= kernel.curvature(1) <= 2.01 * curve
    else:
        assert kernel.curvature(1) == math.inf


def test_smoothness_in_several_dimensions():
    """Products of the 1-D numbers bound the gradient and the second derivative."""
    kernel = as_kernel(stats.norm(loc=1))
    gaussian = Kernel("gaussian", product=True)
    assert gaussian.lipschitz(3) <= kernel.lipschitz(3)
    assert gaussian.curvature(3) <= kernel.curvature(3) <= 2.01 * gaussian.curvature(3)


@pytest.mark.parametrize("value", [stats.cauchy(0.5), stats.t(1.5), heavy, stats.levy])
def test_without_a_variance_roughness_is_matched(value):
    """The ratio to the Gaussian is that of roughness, in any dimension."""
    kernel = as_kernel(value)
    assert kernel.second_moment(1) == math.inf
    with pytest.raises(CapabilityError, match="finite variance"):
        kernel.canonical_bandwidth(1)
    ratio = kernel.roughness(1) * 2 * math.sqrt(math.pi)
    np.testing.assert_allclose(kernel.bandwidth_ratio(1), ratio, rtol=1e-12)
    np.testing.assert_allclose(kernel.bandwidth_ratio(3), ratio, rtol=1e-12)


def test_means_that_do_not_exist():
    """Zero by symmetry, else what there is not."""
    assert as_kernel(heavy).mean == 0.0
    assert math.isnan(as_kernel(stats.cauchy(0.5)).mean)
    assert as_kernel(stats.levy).mean == math.inf


@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_gaussian_by_any_other_name(d):
    """A normal distribution has the numbers of the built-in kernel."""
    ours = DistributionKernel(stats.norm)
    function = as_kernel(lambda u: np.exp(-u * u / 2))
    theirs = Kernel("gaussian", product=True)
    u = np.random.default_rng(0).standard_normal((50, d))
    for kernel in (ours, function):
        np.testing.assert_allclose(kernel.pdf(u), theirs.pdf(u), rtol=1e-11)
        np.testing.assert_allclose(kernel.cdf(u), theirs.cdf(u), rtol=1e-11)
        np.testing.assert_allclose(kernel.sf(u), theirs.sf(u), rtol=1e-11)
        np.testing.assert_allclose(kernel.bandwidth_ratio(d), 1, rtol=1e-10)
        assert kernel.code is None
        assert kernel.product
        np.testing.assert_allclose(
            kernel.cdf(-20.0), 2.7536241186062337e-89, rtol=1e-11
        )


BUILT_IN = {
    "norm": "gaussian",
    "cauchy": "cauchy",
    "laplace": "exponential",
    "logistic": "logistic",
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_standard_distributions_become_built_in(name):
    """Frozen or not; any other location or scale is a kernel of its own."""
    dist = getattr(stats, name)
    expected = Kernel(BUILT_IN[name], product=True)
    assert as_kernel(dist) == Kernel.of(dist()) == expected
    assert as_kernel(dist(loc=0, scale=1.0)) == expected
    x = np.linspace(-3, 3, 9)[:, None]
    np.testing.assert_allclose(dist.pdf(x)[:, 0], expected.pdf(x), rtol=1e-12)
    assert isinstance(as_kernel(dist(scale=2)), DistributionKernel)


@needs_modern
def test_new_style_distributions():
    """scipy.stats.Normal() and its kind, as classic ones where there are some."""
    gaussian = Kernel("gaussian", product=True)
    assert as_kernel(stats.Normal()) == as_kernel(stats.Normal(mu=0, sigma=1))
    assert as_kernel(stats.Normal()) == gaussian
    shifted = as_kernel(stats.Normal(mu=1.0, sigma=2.0))
    assert shifted == as_kernel(stats.norm(1, 2))
    # scipy 1.17 itself forgets mu and sigma here
    assert pickle.loads(pickle.dumps(shifted)) == shifted
    assert as_kernel(stats.Uniform(a=-1.0, b=2.0)) == as_kernel(stats.uniform(-1, 3))


@needs_modern
def test_new_style_distributions_without_a_classic_form():
    """They answer themselves."""
    kernel = as_kernel(stats.truncate(stats.Normal(), -1.0, 2.0))
    scale = 0.5 * (math.erf(2 / math.sqrt(2)) + math.erf(1 / math.sqrt(2)))
    np.testing.assert_allclose(
        kernel.pdf([0.5]), Kernel().pdf([0.5]) / scale, rtol=1e-12
    )
    np.testing.assert_allclose(
        kernel.cdf(0.0), math.erf(1 / math.sqrt(2)) / 2 / scale, rtol=1e-9
    )
    np.testing.assert_allclose(kernel.cdf(0.7) + kernel.sf(0.7), 1, rtol=1e-12)
    assert kernel.sample(5, 2, np.random.default_rng(0)).shape == (5, 2)
    assert kernel.support == 2
    assert not kernel.symmetric
    again = pickle.loads(pickle.dumps(kernel))
    assert again.pdf([0.5]) == kernel.pdf([0.5])
    with pytest.raises(CapabilityError, match="to be saved; got truncate"):
        kernel.spec()


@needs_modern
def test_a_pickle_that_scipy_spoils_is_refused():
    """Scipy restores a Normal as a standard normal: an error, not another kernel."""
    inner = stats.Normal(mu=1.0, sigma=2.0)
    kernel = as_kernel(stats.truncate(inner, -1.0, 2.0))
    data = pickle.dumps(kernel)
    try:
        again = pickle.loads(data)
    except CapabilityError as error:
        assert "survive a pickle" in str(error)  # noqa: PT017 - scipy may mend it
    else:
        np.testing.assert_allclose(again.pdf([0.5]), kernel.pdf([0.5]), rtol=1e-12)


def test_a_bare_number_is_refused():
    """Without an axis of coordinates the dimension is unknown."""
    with pytest.raises(ShapeError, match=r"Pass \[u\]"):
        kernel_named("moyal").pdf(0.5)


def test_shapes_are_kept():
    """A number, a table and nothing come back with their shape; infinity is far."""
    for name in CASES:
        kernel = kernel_named(name)
        assert kernel.cdf(0.3).shape == kernel.sf(0.3).shape == ()
        assert kernel.cdf(np.zeros((2, 0, 3))).shape == (2, 0, 3)
        assert kernel.pdf(np.zeros((2, 0, 3))).shape == (2, 0)
        assert kernel.pdf([[math.inf], [-math.inf]]).tolist() == [0, 0]
        assert kernel.logpdf([[math.inf, 0.0]]).tolist() == [-math.inf]


def test_a_circular_distribution_is_refused():
    """Its density never falls to zero, so there is no kernel of it on the line."""
    with pytest.raises(CapabilityError, match="periodic"):
        Kernel.of(stats.vonmises(2))
