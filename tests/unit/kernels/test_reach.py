from __future__ import annotations

import math

import numpy as np
import pytest

from parzen.kernels import Kernel, kernel_names
from tests.unit.kernels.textbook import mass_outside, unbounded_names

COMPACT_NAMES = [name for name in kernel_names() if name not in unbounded_names()]


@pytest.mark.parametrize("tail", [0.5, 0.01, 1e-6, 1e-14])
@pytest.mark.parametrize("d", [1, 2, 5, 20])
@pytest.mark.parametrize("name", unbounded_names())
def test_reach_leaves_at_most_the_tail(name, d, tail):
    """The mass outside is the tail; less only by the logistic kernel's stated bound."""
    kernel = Kernel(name)
    radius = kernel.reach(tail, d)
    slack = (1 + math.exp(-radius)) ** 2 if name == "logistic" else 1
    outside = mass_outside(kernel, radius, d)
    assert tail / slack * (1 - 1e-9) <= outside <= tail * (1 + 1e-9)


@pytest.mark.parametrize("name", unbounded_names())
def test_reach_of_a_product_is_a_box(name):
    """Outside the box of half-width `reach` lies the tail."""
    kernel = Kernel(name, product=True)
    half = kernel.reach(1e-4, 3)
    inside = (1 - 2 * kernel.cdf(-half)) ** 3
    slack = 1.1 if name == "logistic" else 1
    assert 1e-4 / slack * (1 - 1e-9) <= 1 - inside <= 1e-4 * (1 + 1e-9)


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", COMPACT_NAMES)
def test_reach_of_compact_kernels_is_the_support(name, product):
    """There is no mass outside the support, whatever the tail."""
    kernel = Kernel(name, product=product)
    assert kernel.reach(1e-9, 2) == kernel.support == 1.0
    assert kernel.reach(0.0, 2) == 1.0


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", unbounded_names())
def test_reach_at_the_ends(name, product):
    """Everything may be lost: 0. Nothing may be lost: infinity. It falls between."""
    kernel = Kernel(name, product=product)
    tails = [0.0, 1e-300, 1e-100, 1e-16, 1e-3, 0.9, 1.0]
    reach = np.array([kernel.reach(tail, 2) for tail in tails])
    assert reach[0] == math.inf
    assert reach[-1] == 0.0
    assert np.isfinite(reach[1:]).all()
    assert np.all(reach[1:] < reach[:-1])
