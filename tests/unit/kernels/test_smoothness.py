from __future__ import annotations

import math

import numpy as np
import pytest

from parzen.kernels import Kernel, kernel_names
from tests.unit.kernels.textbook import log_profile

# Centre and edge are on the grid, for kinks; the Cauchy kernel is steep within 1.
GRID = np.linspace(0.0, 3.0, 3001)


def along_an_axis(kernel, d):
    """K on a line through the centre, as a function of the radius."""
    peak = math.exp(kernel.log_norm(d))
    return lambda r: peak * np.exp(log_profile(kernel, r, d))


def slopes(f, step):
    """Central differences of f on the grid."""
    return np.abs(f(GRID + step) - f(GRID - step)) / (2 * step)


def bends(f, step):
    """Second differences of f on the grid."""
    return np.abs(f(GRID + step) - 2 * f(GRID) + f(GRID - step)) / step**2


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("name", kernel_names())
def test_lipschitz_is_the_steepest_slope(name, d):
    """No difference quotient exceeds it, one comes close; at a jump they diverge."""
    kernel = Kernel(name)
    f = along_an_axis(kernel, d)
    bound = kernel.lipschitz(d)
    if math.isinf(bound):
        assert slopes(f, 1e-5).max() > 5 * slopes(f, 1e-4).max()
        return
    steepest = slopes(f, 1e-5).max()
    # at most by the mean value theorem; 1e-8: rounding over the step
    assert 0.995 * bound <= steepest <= bound * (1 + 1e-8)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("name", kernel_names())
def test_curvature_is_the_strongest_bend(name, d):
    """No second difference exceeds it, one comes close; at a kink they diverge."""
    kernel = Kernel(name)
    f = along_an_axis(kernel, d)
    bound = kernel.curvature(d)
    if math.isinf(bound):
        assert bends(f, 1e-4).max() > 5 * bends(f, 1e-3).max()
        return
    strongest = bends(f, 1e-3).max()
    # 1e-6: the rounding of three values near 1 over the squared step is 1e-9
    assert 0.99 * bound <= strongest <= bound * (1 + 1e-6)


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_curvature_off_the_axes(name, product):
    """Second differences along an axis stay below it anywhere in the plane."""
    kernel = Kernel(name, product=product)
    step, x = 1e-3, np.linspace(-1.5, 1.5, 121)
    points = np.stack(np.meshgrid(x, x), axis=-1)
    shift = np.array([step, 0.0])
    values = [kernel.pdf(points + k * shift) for k in (-1, 0, 1)]
    bend = np.abs(values[0] - 2 * values[1] + values[2]) / step**2
    assert bend.max() <= kernel.curvature(2) * (1 + 1e-6)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("name", kernel_names())
def test_lipschitz_of_products(name, d):
    """The gradient's length on a dense grid stays below it and comes close."""
    kernel = Kernel(name, product=True)
    bound = kernel.lipschitz(d)
    if math.isinf(bound):
        return
    f = along_an_axis(Kernel(name), 1)
    # from just beside the centre, where the triangular kernel is steepest
    r = np.concatenate([[0.0], np.linspace(1e-4, 2.0, 160)])
    value, slope = f(r), np.abs(f(r + 1e-6) - f(r)) / 1e-6
    square = 0
    for k in range(d):
        term = 1
        for axis in range(d):
            part = slope if axis == k else value
            term = term * part.reshape([-1 if i == axis else 1 for i in range(d)]) ** 2
        square = square + term
    # forward differences err by the step times the curvature, the grid by its spacing
    assert 0.99 * bound <= math.sqrt(square.max()) <= bound * (1 + 1e-4)


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_lipschitz_between_random_points(name, product):
    """|K(u) - K(v)| <= L |u - v| for points of the plane near and far."""
    kernel = Kernel(name, product=product)
    rng = np.random.default_rng(5)
    u = rng.uniform(-1.5, 1.5, (20_000, 2))
    v = u + rng.standard_normal(u.shape) * rng.choice([1e-3, 0.1, 1.0], (20_000, 1))
    gap = np.abs(kernel.pdf(u) - kernel.pdf(v))
    assert np.all(gap <= kernel.lipschitz(2) * np.linalg.norm(u - v, axis=1) + 1e-15)
