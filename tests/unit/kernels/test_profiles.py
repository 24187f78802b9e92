from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from parzen.jit import compile_loop, exp2
from parzen.kernels import Kernel, kernel_names
from parzen.kernels.catalog import PROFILES
from parzen.kernels.profiles import COSINE, cosine_coefficients, decay, factor
from tests.unit.kernels.textbook import COMPACT, DECAYING


def make(code, d):
    """Compile phi at every s, as engines do: code and d closed over."""

    def loop(s, out):
        for j in range(s.size):
            exponent = max(decay(code, s[j], d), -1000.0)
            out[j] = exp2(exponent) * factor(code, s[j])

    return compile_loop(loop)


def phi(code, s, d):
    """Evaluate phi by NumPy, clipped as in the loop."""
    return np.exp2(np.maximum(decay(code, s, d), -1000.0)) * factor(code, s)


@pytest.mark.parametrize("name", kernel_names())
def test_compiled_equals_numpy(name):
    """Machine code and NumPy agree to rounding, from the centre to infinity."""
    code, d = Kernel(name).code, 3
    edge = [0.0, 1e-300, 0.5, np.nextafter(1, 0), 1.0, np.nextafter(1, 2), 1e300]
    s = np.concatenate([np.linspace(0, 1.2, 997), np.geomspace(1, 1e6, 501), edge])
    s = np.append(s, np.inf)
    out = np.full_like(s, np.nan)
    make(code, d)(s, out)
    # an exponent y is right to half a unit in the last place, 2^y then to |y| eps
    bits = np.abs(np.maximum(decay(code, s, d), -1000.0))
    bound = (16 + bits) * np.finfo(float).eps
    expected = phi(code, s, d)
    assert np.all(np.abs(out - expected) <= bound * expected)


@pytest.mark.parametrize("name", COMPACT)
def test_compact_profile_is_the_textbook_formula(name):
    """Inside the support phi is the formula, and from r = 1 on it is exactly zero."""
    code = Kernel(name).code
    r = np.linspace(0, 1, 1001)[:-1]
    # the distance from the edge is rounded, so allow an absolute eps beside 1
    np.testing.assert_allclose(
        phi(code, r**2, 1), COMPACT[name](r), rtol=1e-13, atol=4e-16
    )
    assert np.all(phi(code, np.array([1.0, 1.5, 1e300, np.inf]), 1) == 0)


@pytest.mark.parametrize("d", [1, 4])
@pytest.mark.parametrize("name", DECAYING)
def test_decaying_profile_is_the_textbook_formula(name, d):
    """The two parts multiply to the formula."""
    r = np.linspace(0, 30, 1001)
    value = phi(Kernel(name).code, r**2, d)
    # exponents reach 650 bits, so rounding reaches 650 eps
    np.testing.assert_allclose(value, DECAYING[name](r, d), rtol=3e-13)


def test_cosine_is_relatively_accurate_at_its_edge():
    """The polynomial keeps its relative accuracy where the cosine vanishes."""
    s = np.concatenate([np.linspace(0, 1, 301)[:-1], 1 - np.geomspace(1e-15, 0.1, 99)])
    with mpmath.workdps(40):
        exact = [float(mpmath.cos(mpmath.pi / 2 * mpmath.sqrt(t))) for t in s.tolist()]
    np.testing.assert_allclose(factor(COSINE, s), exact, rtol=1e-15)


def test_cosine_coefficients_are_partial_sums():
    """b_k by tails equals b_k by partial sums, which are right to an absolute eps."""
    taylor = [
        (-1) ** k * (math.pi / 2) ** (2 * k) / math.factorial(2 * k) for k in range(11)
    ]
    np.testing.assert_allclose(cosine_coefficients(), np.cumsum(taylor), atol=1e-15)


def test_every_profile_has_a_code_and_a_formula():
    """Codes are distinct, and every kernel stands in the textbook of the tests."""
    codes = [row.code for row in PROFILES.values()]
    assert len(set(codes)) == len(codes)
    assert set(kernel_names()) == set(COMPACT) | set(DECAYING)


@pytest.mark.parametrize("name", kernel_names())
def test_factor_is_bounded_and_phi_starts_at_one(name):
    """The factor stays in [0, 4] and phi(0) = 1: engines build on both."""
    s = np.linspace(0, 50, 1001)
    code = Kernel(name).code
    bounded = np.broadcast_to(factor(code, s), s.shape)
    assert bounded.min() >= 0
    assert bounded.max() <= 4
    assert phi(code, np.zeros(1), 2)[0] == 1
