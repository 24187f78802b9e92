from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parzen.kernels import Kernel, as_kernel
from tests.unit.kernels.textbook import COMPACT


@pytest.mark.parametrize("name", COMPACT)
@given(width=st.floats(0.01, 40), centre=st.floats(-3, 3))
def test_functions_of_any_width_and_place(name, width, centre):
    """The table finds mass, edges and quantiles of shapes with jumps and kinks."""
    shape = COMPACT[name]

    def function(u):
        r = np.abs(u - centre) / width
        return np.where(r < 1, shape(np.minimum(r, 1)), 0.0)

    kernel = as_kernel(function)
    x = np.linspace(-0.95, 0.95, 11)
    u = centre + width * x
    exact = Kernel(name)
    np.testing.assert_allclose(
        kernel.pdf(u[:, None]) * width, exact.pdf(x[:, None]), rtol=1e-9
    )
    np.testing.assert_allclose(kernel.cdf(u), exact.cdf(x), atol=1e-10)
    np.testing.assert_allclose(kernel.sf(u), exact.sf(x), atol=1e-10)
    farther = abs(centre) + width
    np.testing.assert_allclose(kernel.support, farther, rtol=1e-7)
    ppf = kernel.source.ppf(exact.cdf(x))
    np.testing.assert_allclose(ppf, u, atol=1e-7 * width)


def test_many_draws_come_in_blocks():
    """Inversion keeps no table of draws by nodes, and no order of blocks."""
    kernel = as_kernel(lambda u: np.maximum(0, 1 - (u / 1.3) ** 2) ** 2)
    points = kernel.sample(20_000, 1, np.random.default_rng(1))
    few = kernel.sample(10, 1, np.random.default_rng(1))
    np.testing.assert_allclose(points[:10], few, rtol=1e-14)


def test_functions_that_overflow_far_out():
    """A formula that gives NaN where it holds no mass still is a kernel."""
    kernel = as_kernel(lambda u: np.exp(-u) / (1 + np.exp(-u)) ** 2)
    exact = Kernel("logistic")
    u = np.array([-40.0, -3.0, 0.1, 30.0])
    np.testing.assert_allclose(kernel.cdf(u), exact.cdf(u), rtol=1e-11)
    np.testing.assert_allclose(kernel.sf(u), exact.sf(u), rtol=1e-11)
    assert kernel.pdf([[-800.0], [1e9]]).tolist() == [0, 0]
    np.testing.assert_allclose(kernel.second_moment(1), math.pi**2 / 3, rtol=1e-10)


@pytest.mark.parametrize("power", [1.5, 2.5, 3.5, 6.0])
def test_functions_with_heavy_tails(power):
    """(1 + |u|)^-p: the tails, and a variance from p = 3 on."""
    kernel = as_kernel(lambda u: (1 + np.abs(u)) ** -power)
    u = np.array([0.0, 3.0, 1e4, 1e6])
    np.testing.assert_allclose(kernel.sf(u), (1 + u) ** (1 - power) / 2, rtol=1e-9)
    if power > 3:
        # (p - 1) B(3, p - 3)
        exact = (power - 1) * float(mpmath.beta(3, power - 3))
        np.testing.assert_allclose(kernel.second_moment(1), exact, rtol=1e-9)
    else:
        assert kernel.second_moment(1) == math.inf
    assert kernel.mean == 0.0
