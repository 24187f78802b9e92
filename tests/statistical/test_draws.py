"""Draws of every kernel within every boundary follow the distribution function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import parzen
from parzen import Kernel
from parzen.errors import CapabilityError
from parzen.kernels.quantiles import cube_axes, from_cube
from tests.bounded_reference import NAMES, SYMMETRIC, kernel_of

pytestmark = pytest.mark.statistical

SIZE = 100_000
# Draws at which the distribution function is asked: it is smooth in between.
PLACES = 400
# Probability that a right sampler fails one test, at a seed fixed for good.
FALSE_ALARM = 1e-9
DATA = np.array([0.05, 0.1, 0.4, 0.45, 0.9])
WEIGHTS = np.array([1.0, 3.0, 2.0, 5.0, 1.0])
LOCAL = np.array([0.3, 0.1, 0.05, 0.2, 0.4])
WAYS = {
    "free": {},
    "cut": {"bounds": (0, 1)},
    "cut beside": {"bounds": (0.2, np.inf)},
    "holes": {"bounds": [(0, 0.2), (0.35, 1)]},
    "reflect": {"bounds": (0, 1), "boundary": "reflect"},
    "one mirror": {"bounds": (0, 1), "boundary": parzen.Reflect(lower=1, upper=0)},
    "copies": {"bounds": (0, 1), "boundary": parzen.Reflect(lower=0.4, upper=0.2)},
    "half": {"bounds": (0, np.inf), "boundary": "reflect"},
    "periodic": {"bounds": (0, 1), "boundary": "periodic"},
    "renormalize": {"bounds": (0, 1), "boundary": "renormalize"},
    "linear": {"bounds": (0, 1), "boundary": "linear"},
    "transform": {"bounds": (0, 1), "boundary": "transform"},
    "union": {"bounds": [(0, 0.2), (0.35, 1)], "boundary": "reflect"},
}
# Boundary kernels need two sides, light tails and, where they lean, symmetry.
REFUSED = {
    ("cauchy", "renormalize"),
    ("cauchy", "linear"),
    ("moyal", "linear"),
    ("callable", "linear"),
}


def distance(cdf, draws):
    """Largest distance of the empirical from the exact distribution function."""
    draws = np.sort(draws)
    rank = np.linspace(0, len(draws) - 1, PLACES).astype(int)
    mass = cdf(draws[rank])
    return np.maximum((rank + 1) / len(draws) - mass, mass - rank / len(draws)).max()


def bound(size):
    """Dvoretzky, Kiefer & Wolfowitz, with the constant of Massart (1990)."""
    return math.sqrt(math.log(2 / FALSE_ALARM) / (2 * size))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_draws_follow_the_cdf(name, way):
    """Weighted points, for every kernel within all bounds."""
    options = {"kernel": kernel_of(name), "bandwidth": 0.15, **WAYS[way]}
    if (name, way) in REFUSED:
        with pytest.raises(CapabilityError):
            parzen.kde(DATA, weights=WEIGHTS, **options)
        return
    density = parzen.kde(DATA, weights=WEIGHTS, **options)
    draws = density.sample(SIZE, rng=1)
    assert distance(density.cdf, draws) < bound(SIZE)


@pytest.mark.parametrize("way", [w for w in WAYS if w not in {"renormalize", "linear"}])
def test_draws_follow_local_bandwidths(way):
    """Each point has a bandwidth of its own."""
    density = parzen.kde(DATA, weights=WEIGHTS, bandwidth=LOCAL, **WAYS[way])
    assert distance(density.cdf, density.sample(SIZE, rng=2)) < bound(SIZE)


def test_the_distance_sees_one_percent():
    """A sampler that is off by little fails: the test has power."""
    density = parzen.kde(DATA, weights=WEIGHTS, bandwidth=0.15)
    draws = density.sample(SIZE, rng=3)
    assert distance(density.cdf, 1.1 * draws) > bound(SIZE)
    assert distance(density.cdf, draws + 0.02) > bound(SIZE)


@pytest.mark.parametrize("way", WAYS)
def test_even_draws_on_the_line(way):
    """A Sobol sequence of 4096 is a hundred times closer than chance allows."""
    density = parzen.kde(DATA, weights=WEIGHTS, bandwidth=0.15, **WAYS[way])
    draws = density.sample(4096, rng=4, qmc=True)
    assert distance(density.cdf, draws) < 2 / 4096
    np.testing.assert_array_equal(draws, density.sample(4096, rng=4, qmc=True))


KERNELS = [*SYMMETRIC, "moyal", *(f"product {n}" for n in ("epanechnikov", "cauchy"))]


def kernel_named(name):
    """A kernel by its name, or the product form of one."""
    product = name.startswith("product ")
    return Kernel(name.split()[1], product=True) if product else kernel_of(name)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", KERNELS)
def test_the_cube_becomes_the_kernel(name, d):
    """Random points of the cube become draws that the kernel's own are like."""
    kernel = Kernel.of(kernel_named(name))
    rng = np.random.default_rng(d)
    u = rng.random((SIZE // 3, cube_axes(kernel, d)))
    ours, theirs = from_cube(kernel, u), kernel.sample(len(u), d, rng)
    # an axis, and another direction
    oblique = np.linalg.qr(np.random.default_rng(0).normal(size=(d, d)))[0]
    for turn in (np.eye(d), oblique):
        for one, other in zip((ours @ turn).T, (theirs @ turn).T, strict=True):
            assert stats.ks_2samp(one, other).pvalue > FALSE_ALARM
    lengths = [np.linalg.norm(points, axis=1) for points in (ours, theirs)]
    assert stats.ks_2samp(*lengths).pvalue > FALSE_ALARM


SPACE = {
    "free": {},
    "matrix": {"bandwidth": [[0.04, 0.03], [0.03, 0.09]]},
    "cut": {"bounds": [(-1, 1), (-0.5, np.inf)]},
    "reflect": {"bounds": [(-9, 9), (-9, 9)], "boundary": "reflect"},
    "periodic": {"bounds": [(-9, 9), (-9, 9)], "boundary": "periodic"},
    "transform": {"bounds": [(-9, 9), (-9, 9)], "boundary": "transform"},
}


@pytest.mark.parametrize("way", SPACE)
@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "logistic"])
def test_even_draws_in_the_plane(name, way):
    """Their means are much closer to the truth than those of random draws."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(200, 2)), rng.random(200)
    product = way == "cut"
    options = {"bandwidth": 0.3, "kernel": Kernel(name, product=product), **SPACE[way]}
    density = parzen.kde(x, weights=weights, **options)

    def means(draws):
        parts = [draws, draws**2, draws[:, :1] * draws[:, 1:], np.cos(draws)]
        return np.concatenate([part.mean(axis=0) for part in parts])

    truth = means(density.sample(1_000_000, rng=9))

    def error(*, qmc):
        return np.mean(
            [
                np.square(means(density.sample(4096, rng=k, qmc=qmc)) - truth)
                for k in range(6)
            ]
        )

    # rejection breaks the net: what is left is still better than chance
    assert error(qmc=True) < error(qmc=False) / (6 if way == "cut" else 30)


def test_even_draws_follow_each_axis():
    """In space, too, each axis is a sample of its marginal."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 3))
    density = parzen.kde(x, kernel="epanechnikov", bandwidth=0.5)
    draws = density.sample(1 << 12, rng=5, qmc=True)
    own = density.sample(SIZE, rng=6)
    for k in range(3):
        assert stats.ks_2samp(draws[:, k], own[:, k]).statistic < 0.015


@pytest.mark.parametrize("size", [None, 0, 1, 3, 1000])
def test_any_number_of_even_draws(size):
    """No power of two is asked for, and none warned about."""
    for x, shape in ((DATA, ()), (DATA[:, None], (1,)), (np.ones((4, 2)), (2,))):
        draws = parzen.kde(x, bandwidth=0.1).sample(size, rng=0, qmc=True)
        assert np.shape(draws) == ((size, *shape) if size is not None else shape)
        assert np.isfinite(draws).all()
