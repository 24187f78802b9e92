from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from parzen.errors import CapabilityError
from parzen.kernels import DistributionKernel, Kernel
from parzen.kernels.interval import interval_mass, log_interval_mass
from tests import reference_integrals as exact
from tests.reference import COMPACT, KERNELS, UNBOUNDED

INNER = np.array([-2.3, -0.999, -0.61, -0.5, -1e-9, 1e-300, 0.3, 0.75, 0.9999, 1.7])
ORDERS = {
    "tophat": 0,
    "epanechnikov": 1,
    "triangular": 1,
    "cosine": 1,
    "exponential": 1,
    "biweight": 2,
    "triweight": 3,
    "tricube": 3,
}


def log_tail(name, u):
    """Logarithm of the mass below u, as a float."""
    with mp.workdps(exact.DIGITS):
        mass = exact.tail(name, mp.mpf(float(u)))
        return float(mp.log(mass)) if mass > 0 else -np.inf


@pytest.mark.parametrize("name", KERNELS)
def test_log_tails_inside(name):
    """Both logarithms follow the exact tails, near zero and near the edge."""
    kernel = Kernel(name)
    expected = [log_tail(name, u) for u in INNER]
    np.testing.assert_allclose(kernel.logcdf(INNER), expected, rtol=2e-14, atol=1e-16)
    np.testing.assert_allclose(kernel.logsf(-INNER), expected, rtol=2e-14, atol=1e-16)


@pytest.mark.parametrize("name", UNBOUNDED)
def test_log_tails_far_out(name):
    """A hundred thousand bandwidths away the logarithm has all its digits."""
    u = -np.array([40.0, 800.0, 1e5])
    expected = [log_tail(name, v) for v in u]
    np.testing.assert_allclose(Kernel(name).logcdf(u), expected, rtol=1e-14)


@pytest.mark.parametrize("name", COMPACT)
def test_no_mass_beyond_the_edge(name):
    """There the logarithm is minus infinity, and zero on the other side."""
    kernel = Kernel(name)
    assert (kernel.logcdf([-1.0, -3.0, -np.inf]) == -np.inf).all()
    assert (kernel.logcdf([1.0, 3.0, np.inf]) == 0.0).all()


@pytest.mark.parametrize("name", KERNELS)
def test_derivatives(name):
    """Up to the largest order they are those of the profile; beyond it refuses."""
    kernel = Kernel(name)
    largest = ORDERS.get(name, 10)
    assert kernel.smoothness == largest
    u = np.append(INNER[np.abs(INNER) > 1e-2], -6.5)
    for order in range(1, largest + 1):
        with mp.workdps(exact.DIGITS):
            expected = np.array(
                [float(exact.derivative(name, mp.mpf(float(v)), order)) for v in u]
            )
        size = 1e-13 * np.abs(expected).max()
        got = kernel.derivative(u, order)
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=size)
    with pytest.raises(CapabilityError, match=f"order {largest + 1}; {name} has"):
        kernel.derivative(u, largest + 1)


@pytest.mark.parametrize("name", ["triangular", "exponential", "tricube"])
def test_a_cusp_has_the_mean_of_both_sides(name):
    """At the centre odd derivatives vanish by symmetry."""
    assert Kernel(name).derivative(0.0, 1) == 0.0
    assert (Kernel(name).log_gradient([[0.0, 0.0]]) == 0.0).all()


@pytest.mark.parametrize("name", [n for n in KERNELS if n != "tophat"])
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_log_gradient(name, product, d):
    """It is the gradient of the logarithm, by differences."""
    kernel = Kernel(name, product=product)
    u = np.random.default_rng(d).uniform(-0.5, 0.5, (20, d))
    step = 1e-5
    got = kernel.log_gradient(u)
    for k in range(d):
        e = step * np.eye(d)[k]
        slope = (kernel.logpdf(u + e) - kernel.logpdf(u - e)) / (2 * step)
        np.testing.assert_allclose(got[:, k], slope, rtol=1e-6, atol=1e-6)


def test_log_gradient_of_a_jump_is_refused():
    """A top hat has no slope at its edge."""
    with pytest.raises(CapabilityError, match="it jumps"):
        Kernel("tophat").log_gradient([[0.1]])


@pytest.mark.parametrize("name", KERNELS)
def test_intervals(name):
    """Masses and their logarithms, of any width and anywhere."""
    ends = [(-0.7, 0.2), (0.2, 0.2 + 1e-9), (-1e-12, 1e-12), (0.9, 4.0), (-3.0, -0.6)]
    ends += [(30.0, 31.0), (-900.0, -899.0), (5e4, 5e4 + 2.0**-20), (-np.inf, 0.1)]
    low, high = np.array(ends).T
    with mp.workdps(exact.DIGITS):
        masses = [
            exact.piece(name, mp.mpf(float(a)), mp.mpf(float(b)))
            for a, b in zip(low, high, strict=True)
        ]
        logs = [float(mp.log(mass)) if mass > 0 else -np.inf for mass in masses]
        masses = np.array([float(mass) for mass in masses])
    got = interval_mass(Kernel(name), low, high)
    np.testing.assert_allclose(got, masses, rtol=2e-11, atol=1e-300)
    got = log_interval_mass(Kernel(name), low, high)
    np.testing.assert_allclose(got, logs, rtol=2e-11)


class TestDistributions:
    @pytest.mark.parametrize(
        "source", [stats.moyal(), stats.t(df=4), stats.gamma(5, scale=0.2)]
    )
    def test_derivatives(self, source):
        """Differences are right to 1e-8 of the largest derivative."""
        kernel = DistributionKernel(source)
        u = np.linspace(0.05, 3.0, 50)
        fine = 1e-4
        values = {k: kernel.derivative(u, k) for k in (1, 2)}
        rise = kernel.pdf((u + fine)[:, None]) - kernel.pdf((u - fine)[:, None])
        size = np.abs(values[1]).max()
        np.testing.assert_allclose(values[1], rise / (2 * fine), atol=3e-6 * size)
        rise = kernel.derivative(u + fine, 1) - kernel.derivative(u - fine, 1)
        size = np.abs(values[2]).max()
        np.testing.assert_allclose(values[2], rise / (2 * fine), atol=3e-5 * size)

    def test_against_a_closed_form(self):
        """The Moyal density is exp(-(u + e^-u) / 2) over sqrt(2 pi)."""
        kernel = DistributionKernel(stats.moyal())
        u = np.linspace(-3.0, 30.0, 100)
        pull = -0.5 * (1.0 - np.exp(-u))
        density = np.exp(-0.5 * (u + np.exp(-u))) / np.sqrt(2.0 * np.pi)
        np.testing.assert_allclose(
            kernel.log_gradient(u[:, None])[:, 0], pull, rtol=1e-8, atol=1e-8
        )
        np.testing.assert_allclose(kernel.derivative(u, 1), density * pull, atol=1e-10)
        curve = density * (pull**2 - 0.5 * np.exp(-u))
        np.testing.assert_allclose(kernel.derivative(u, 2), curve, atol=1e-8)

    def test_kinks_and_jumps_are_refused(self):
        """A triangle has one derivative, an exponential none."""
        assert DistributionKernel(stats.triang(0.5)).smoothness == 1
        with pytest.raises(CapabilityError, match="order 1; expon has none"):
            DistributionKernel(stats.expon()).derivative(0.5, 1)

    @pytest.mark.parametrize("source", [stats.moyal(), stats.expon(), np.cos])
    def test_log_tails(self, source):
        """They are the logarithms of the tails."""
        if source is np.cos:
            source = lambda u: np.where(np.abs(u) < 1, np.cos(u), 0.0)  # noqa: E731
        kernel = DistributionKernel(source)
        u = np.linspace(-0.9, 0.9, 20)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(kernel.logcdf(u), np.log(kernel.cdf(u)))
            np.testing.assert_allclose(kernel.logsf(u), np.log(kernel.sf(u)))

    def test_thin_intervals(self):
        """A difference of distribution functions would have lost six digits."""
        kernel = DistributionKernel(stats.moyal())
        low = np.array([-0.5, 0.3, 2.0])
        size = np.full(3, 2.0**-40)
        mass = interval_mass(kernel, low, low + size, size)
        np.testing.assert_allclose(mass, kernel.pdf(low[:, None]) * size, rtol=1e-9)
