from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from parzen.errors import CapabilityError
from parzen.kernels import Kernel, kernel_names
from parzen.kernels.logistic import alternating_sum, eta
from tests.unit.kernels.textbook import DIMENSIONS, radial_integral, sphere

# scikit-learn's kernel_norm in d = 1, 2, 3, 5, 10, and the true values for the cosine,
# which it has wrong in even dimensions.
GOLDEN_NORMS = {
    "gaussian": (
        0.398942280401,
        0.159154943092,
        0.0634936359342,
        0.0101053260138,
        1.02117613845e-4,
    ),
    "tophat": (0.5, 0.318309886184, 0.238732414638, 0.189977219329, 0.392131637166),
    "epanechnikov": (0.75, 0.636619772368, 0.596831036595, 0.664920267653, 2.352789823),
    "exponential": (
        0.5,
        0.159154943092,
        0.039788735773,
        0.00158314349441,
        1.08060967032e-7,
    ),
    "triangular": (1, 0.954929658551, 0.954929658551, 1.13986331598, 4.31344800883),
    "cosine": (
        0.785398163397,
        0.687984598471,
        0.659872510686,
        0.758165935026,
        2.78963528815,
    ),
}

# (R, mu_2, canonical bandwidth) in one dimension: Wand & Jones (1995), appendix B, and
# Marron & Nolan (1988), table 1, where they have them.
CONSTANTS = {
    "gaussian": (1 / (2 * math.sqrt(math.pi)), 1, (1 / (4 * math.pi)) ** 0.1),
    "epanechnikov": (3 / 5, 1 / 5, 15**0.2),
    "tophat": (1 / 2, 1 / 3, (9 / 2) ** 0.2),
    "triangular": (2 / 3, 1 / 6, 24**0.2),
    "biweight": (5 / 7, 1 / 7, 35**0.2),
    "triweight": (350 / 429, 1 / 9, (9450 / 143) ** 0.2),
    "tricube": (175 / 247, 35 / 243, (175 / 247 * (243 / 35) ** 2) ** 0.2),
    "cosine": (math.pi**2 / 16, 1 - 8 / math.pi**2, None),
    "exponential": (1 / 4, 2, (1 / 16) ** 0.2),
    "logistic": (1 / 6, math.pi**2 / 3, None),
}


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", kernel_names())
def test_mass_is_one(name, d):
    """The norm is one over the integral of the profile, by quadrature."""
    kernel = Kernel(name)
    mass = sphere(d) * radial_integral(kernel, d - 1, d) * math.exp(kernel.log_norm(d))
    assert mass == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("name", GOLDEN_NORMS)
def test_norms_are_those_of_scikit_learn_corrected(name):
    """Norms agree with published digits (12 of them)."""
    norms = [math.exp(Kernel(name).log_norm(d)) for d in (1, 2, 3, 5, 10)]
    np.testing.assert_allclose(norms, GOLDEN_NORMS[name], rtol=1e-11)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", kernel_names())
def test_roughness_by_quadrature(name, d):
    """R is the integral of K^2."""
    kernel = Kernel(name)
    square = sphere(d) * radial_integral(kernel, d - 1, d, power=2)
    expected = square * math.exp(2 * kernel.log_norm(d))
    assert kernel.roughness(d) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", [name for name in kernel_names() if name != "cauchy"])
def test_second_moment_by_quadrature(name, d):
    """The integral of |u|^2 K is d mu_2."""
    kernel = Kernel(name)
    square = sphere(d) * radial_integral(kernel, d + 1, d)
    expected = square * math.exp(kernel.log_norm(d)) / d
    assert kernel.second_moment(d) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_of_the_literature(name):
    """Roughness, variance and canonical bandwidth are the tabulated ones."""
    kernel = Kernel(name)
    roughness, variance, canonical = CONSTANTS[name]
    assert kernel.roughness(1) == pytest.approx(roughness, rel=1e-14)
    assert kernel.second_moment(1) == pytest.approx(variance, rel=1e-14)
    if canonical is not None:
        assert kernel.canonical_bandwidth(1) == pytest.approx(canonical, rel=1e-14)


@pytest.mark.parametrize("name", kernel_names())
def test_product_kernels_multiply(name):
    """Norm and roughness are powers of the 1-D ones; the variance is the 1-D one."""
    radial, product = Kernel(name), Kernel(name, product=True)
    assert product.log_norm(3) == pytest.approx(3 * radial.log_norm(1))
    assert product.roughness(3) == pytest.approx(radial.roughness(1) ** 3)
    assert product.second_moment(3) == radial.second_moment(1)


@pytest.mark.parametrize("d", [1, 2, 7])
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_bandwidth_ratio_keeps_the_smoothing(name, product, d):
    """Variance over squared bias is that of the Gaussian; for Cauchy, the variance."""
    kernel, gaussian = Kernel(name, product=product), Kernel()
    h = kernel.bandwidth_ratio(d)
    if name == "cauchy":
        assert kernel.roughness(d) / h**d == pytest.approx(gaussian.roughness(d))
        return
    variance = kernel.roughness(d) / h**d
    bias = (h**2 * kernel.second_moment(d)) ** 2
    # the Gaussian has a squared bias of 1 at h = 1
    assert variance / bias == pytest.approx(gaussian.roughness(d))


def test_gaussian_is_the_measure():
    """The ratio of the Gaussian to itself is exactly one."""
    assert [Kernel().bandwidth_ratio(d) for d in DIMENSIONS] == [1.0] * 6


def test_cauchy_has_no_canonical_bandwidth():
    """Without a variance the canonical bandwidth is refused, with the way out."""
    assert Kernel("cauchy").second_moment(2) == math.inf
    with pytest.raises(CapabilityError, match="bandwidth_ratio"):
        Kernel("cauchy").canonical_bandwidth(1)


@pytest.mark.parametrize("name", kernel_names())
def test_hundreds_of_dimensions(name):
    """Logarithms stay finite where the norm itself leaves the range of a double."""
    kernel = Kernel(name)
    assert math.isfinite(kernel.log_norm(784))
    assert 0 < kernel.bandwidth_ratio(784) < math.inf
    assert np.isfinite(kernel.logpdf(np.full((1, 784), 1e-3))).all()
    assert kernel.lipschitz(784) >= 0


@pytest.mark.parametrize("k", [1, 2, 3, 8, 19])
def test_eta_is_the_dirichlet_eta_function(k):
    """The accelerated series is right to rounding."""
    assert eta(k) == pytest.approx(float(mpmath.altzeta(k)), rel=2e-15)


def test_alternating_sum_of_a_slow_series():
    """1 - 1/2 + 1/3 - ... = log 2 in 24 terms."""
    total = alternating_sum(lambda j: 1 / (j + 1))
    assert total == pytest.approx(math.log(2), rel=2e-15)
