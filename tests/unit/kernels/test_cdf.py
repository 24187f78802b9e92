from __future__ import annotations

import numpy as np
import pytest

from parzen.kernels import Kernel, kernel_names
from tests.unit.kernels.textbook import mass_outside


@pytest.mark.parametrize("name", kernel_names())
def test_lower_tail_is_half_the_mass_outside(name):
    """The cdf is the integral of the density, relatively right far into the tail."""
    kernel = Kernel(name)
    inside = [0.0, 0.01, 0.3, 0.49, 0.51, 0.9, 0.999]
    r = inside if kernel.support == 1 else [*inside, 3.0, 10.0, 30.0]
    expected = [mass_outside(kernel, x, 1) / 2 for x in r]
    # 1 - r^2 near the edge is rounded to eps / 1e-3, up to the third power
    np.testing.assert_allclose(kernel.cdf(-np.array(r)), expected, rtol=2e-12)


@pytest.mark.parametrize("name", kernel_names())
def test_cdf_is_monotone_and_symmetric(name):
    """F rises from 0 to 1 with F(-u) + F(u) = 1."""
    u = np.concatenate([np.linspace(-1.5, 1.5, 2001), np.linspace(-1e-9, 1e-9, 101)])
    u.sort()
    cdf = Kernel(name).cdf(u)
    # neighbours may be out of order by rounding
    assert np.diff(cdf).min() >= -1e-15
    np.testing.assert_allclose(cdf + Kernel(name).cdf(-u), 1, rtol=1e-15)
    special = Kernel(name).cdf([-np.inf, 0, np.inf])
    np.testing.assert_allclose(special, [0, 0.5, 1], rtol=1e-15)


@pytest.mark.parametrize("name", kernel_names())
def test_cdf_keeps_any_shape(name):
    """A number, a table and nothing come back with their shape."""
    kernel = Kernel(name)
    assert kernel.cdf(0.3).shape == ()
    assert kernel.cdf(np.zeros((2, 0, 3))).shape == (2, 0, 3)
