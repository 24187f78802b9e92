from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from parzen.kernels import Kernel, kernel_names
from tests.unit.kernels.textbook import log_profile

pytestmark = pytest.mark.statistical

SIZE = 20_000
# Probability that a right sampler fails a test.
FALSE_ALARM = 1e-6


def radial_cdf(kernel, d):
    """The distribution function of |u|, by cumulated Simpson sums.

    They are right to 1e-8, far below the 1 / sqrt(SIZE) that a test can see.
    """
    x = np.linspace(0, 1, 20_001)
    compact = math.isfinite(kernel.support)
    x = x if compact else x[:-1]
    r = x if compact else x / (1 - x)
    density = r ** (d - 1.0) * np.exp(log_profile(kernel, r, d))
    density *= 1 if compact else (1 - x) ** -2
    total = integrate.cumulative_simpson(density, x=x, initial=0)
    return lambda q: np.interp(q if compact else q / (1 + q), x, total / total[-1])


@pytest.mark.parametrize("name", kernel_names())
def test_samples_in_one_dimension_follow_the_cdf(name):
    """Kolmogorov-Smirnov finds nothing between the sampler and the cdf."""
    kernel = Kernel(name)
    u = kernel.sample(SIZE, 1, np.random.default_rng(1))
    assert stats.kstest(u[:, 0], kernel.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("d", [2, 5])
@pytest.mark.parametrize("name", kernel_names())
def test_samples_have_the_right_radius_and_direction(name, d):
    """Radii follow r^(d-1) phi(r); the direction is uniform on the sphere."""
    kernel = Kernel(name)
    u = kernel.sample(SIZE, d, np.random.default_rng(2))
    radius = np.linalg.norm(u, axis=1)
    assert stats.kstest(radius, radial_cdf(kernel, d)).pvalue > FALSE_ALARM
    # one coordinate of a uniform direction, moved to [0, 1], has a Beta distribution
    shadow = stats.beta((d - 1) / 2, (d - 1) / 2).cdf
    for k in range(d):
        assert stats.kstest((u[:, k] / radius + 1) / 2, shadow).pvalue > FALSE_ALARM
    # and is independent of the radius
    rank = stats.spearmanr(radius, u[:, 0] / radius)
    assert rank.pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", kernel_names())
def test_samples_of_product_kernels_are_independent_axes(name):
    """Every axis follows the 1-D cdf, and ranks on two axes are uncorrelated."""
    kernel = Kernel(name, product=True)
    u = kernel.sample(SIZE, 3, np.random.default_rng(3))
    for k in range(3):
        assert stats.kstest(u[:, k], kernel.cdf).pvalue > FALSE_ALARM
    assert stats.spearmanr(np.abs(u[:, 0]), np.abs(u[:, 1])).pvalue > FALSE_ALARM


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_sample_has_shape_seed_and_support(name, product):
    """Shape (size, d) also for none; the seed decides; points lie in the support."""
    kernel = Kernel(name, product=product)
    assert kernel.sample(0, 3, np.random.default_rng(0)).shape == (0, 3)
    first = kernel.sample(501, 3, np.random.default_rng(4))
    second = kernel.sample(501, 3, np.random.default_rng(4))
    assert first.shape == (501, 3)
    np.testing.assert_array_equal(first, second)
    assert np.all(kernel.pdf(first) > 0)
