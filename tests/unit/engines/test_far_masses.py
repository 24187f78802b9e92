"""Masses beyond the data, against long sums of the kernel's own."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import parzen
from parzen.engines.masses.far import FarMasses

RNG = np.random.default_rng(3)


def exact(kernel, points, h, ends):
    """The mass of one interval, by so many digits that differences keep some."""
    (x, w), (low, high) = points, ends
    with mpmath.workdps(60 if h > 0.01 else 4000):

        def tail(q, sign):
            if mpmath.isinf(q):
                return mpmath.mpf(0 if q * sign < 0 else 1)
            u = [sign * (mpmath.mpf(q) - mpmath.mpf(float(c))) / h for c in x]
            if kernel == "logistic":
                each = [1 / (1 + mpmath.exp(-v)) for v in u]
            else:
                each = [mpmath.mpf(1) / 2 + mpmath.atan(v) / mpmath.pi for v in u]
            return mpmath.fsum(
                mpmath.mpf(float(a)) * v for a, v in zip(w, each, strict=True)
            )

        mass = tail(high, 1) - tail(low, 1)
        return float(mass), float(mpmath.log(mass))


def far(kernel, x, h, weights=None):
    """The masses, and the weights they have."""
    problem = parzen.kde(x, kernel=kernel, bandwidth=h, weights=weights)._problem
    w = problem.sample.weights
    return FarMasses.of(problem), np.full(len(x), 1 / len(x)) if w is None else w


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kernel", ["logistic", "cauchy"])
@pytest.mark.parametrize("h", [0.05, 0.5, 20.0])
def test_masses_are_right_to_the_last_digits(kernel, h, weighted):
    """On both sides, across all data, and with infinite ends."""
    x = np.concatenate([RNG.normal(size=30), [3.0, 3.0]])
    masses, w = far(kernel, x, h, RNG.random(len(x)) if weighted else None)
    first = x.min() - masses._margin * 1.001 - 1e-9
    last = x.max() + masses._margin * 1.001 + 1e-9
    ends = [
        (-np.inf, first),
        (-np.inf, first - 90.0 * h),
        (first - 900.0 * h, first - h),
        (last, np.inf),
        (last + 3.0, last + 300.0 * h),
        (-np.inf, last + 100.0 * h),
        (first - 100.0 * h, last + 90.0 * h),
    ]
    low, high = np.array(ends).T
    served = masses.serves(low, high)
    assert served[[0, 1, 3]].all()
    assert served.sum() >= 5
    values = masses.mass(low[served], high[served])
    logs = masses.log_mass(low[served], high[served])
    for k, (a, b) in enumerate(zip(low[served], high[served], strict=True)):
        mass, log = exact(kernel, (x, w), h, (a, b))
        assert_allclose(values[k], mass, rtol=1e-13)
        assert_allclose(logs[k], log, rtol=1e-14, atol=1e-14)


def test_logarithms_go_on_where_masses_end():
    """At a thousand bandwidths, where no float is left."""
    masses, w = far("logistic", np.array([0.0, 0.5]), 0.001)
    low, high = np.array([-np.inf, 9.0]), np.array([-8.0, np.inf])
    assert masses.serves(low, high).all()
    logs = masses.log_mass(low, high)
    for k in range(2):
        log = exact("logistic", ([0.0, 0.5], w), 0.001, (low[k], high[k]))[1]
        assert_allclose(logs[k], log, rtol=1e-14)


@pytest.mark.parametrize("kernel", ["logistic", "cauchy"])
def test_what_would_lose_digits_is_refused(kernel):
    """Within the data, short intervals, and two tails that are nearly all."""
    masses, _ = far(kernel, np.array([0.0, 1.0]), 1e3)
    low = np.array([0.2, -np.inf, 1e5, -1e-3, -5.0])
    high = np.array([0.7, 0.5, 1e5 + 1.0, 1.001, 6.0])
    assert not masses.serves(low, high).any()


def test_only_some_problems_are_served():
    """Those of one bandwidth and such a kernel."""
    x = np.array([0.0, 1.0])
    assert far("gaussian", x, 1.0)[0] is None
    density = parzen.kde(x, kernel="cauchy", bandwidth=1.0)
    assert FarMasses.of(density._problem) is not None


@pytest.mark.parametrize("kernel", ["logistic", "cauchy"])
def test_densities_ask_for_them(kernel, monkeypatch):
    """Far tails of many points take no sums over all of them."""
    x = RNG.normal(size=5000)
    density = parzen.kde(x, kernel=kernel, bandwidth=0.1)
    q = np.array([-1e3, -90.0, 80.0, 2e3] * 20)
    expected = density.cdf(q[:4]), density.logcdf(q[:4])  # few: plain sums

    def refuse(*_):
        msg = "summed"
        raise AssertionError(msg)

    monkeypatch.setattr("parzen.engines.masses.line.LineMasses._sum", refuse)
    assert_allclose(density.cdf(q)[:4], expected[0], rtol=1e-12)
    assert_allclose(density.logcdf(q)[:4], expected[1], rtol=1e-12)
