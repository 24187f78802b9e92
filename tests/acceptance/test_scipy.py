"""Golden numbers of scipy.stats.gaussian_kde, and the class itself on the same data."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from parzen import kde

pytestmark = pytest.mark.peers

X1 = np.array([-7.0, -5.0, 1.0, 4.0, 5.0])


@pytest.mark.parametrize(
    ("x", "weights", "covariance", "q", "expected"),
    [
        (
            X1,
            None,
            15.128800153365697,
            np.linspace(-10, 10, 5),
            [
                0.02463385755096842,
                0.04689208161780702,
                0.05395443869218917,
                0.0533775390655727,
                0.01664475272843701,
            ],
        ),
        (
            np.arange(5.0),
            None,
            2.5 * 5 ** (-2 / 5),
            np.arange(5.0),
            [0.13480721, 0.18222869, 0.19514935, 0.18222869, 0.13480721],
        ),
        (
            X1,
            np.arange(1.0, 6.0),
            12.17438472135924,
            [0.0, 1.0],
            [0.05788130863709968, 0.06771659890032307],
        ),
    ],
    ids=["scott", "integers", "weighted"],
)
def test_stored_values(x, weights, covariance, q, expected):
    """A covariance of shape (1, 1) is scipy's, the width is its square root."""
    density = kde(x, weights=weights, bandwidth=[[covariance]])
    assert density.bandwidth == pytest.approx(np.sqrt(covariance), rel=1e-15)
    # stored with 8 decimals at least
    np.testing.assert_allclose(density.pdf(q), expected, rtol=1e-13, atol=5.1e-9)


def test_the_stored_values_of_16_digits_are_met_to_rounding():
    """G1 without the rounding of the others."""
    density = kde(X1, bandwidth=[[15.128800153365697]])
    assert density.pdf(0.0) == pytest.approx(0.05395443869218917, rel=1e-14)
    assert density.logpdf(100.0) == pytest.approx(-302.15703125238593, rel=1e-14)


def test_the_effective_size_is_scipys():
    """1 / sum w^2."""
    density = kde(X1, weights=[1, 2, 3, 4, 5])
    assert density.bandwidth_result.n_eff == pytest.approx(4.090909090909091, rel=1e-15)


@pytest.mark.parametrize("rule", ["scott", "silverman"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [2, 3, 5])
def test_whole_densities_are_scipys(d, weighted, rule):
    """Bandwidth, pdf and logpdf in several dimensions, to scipy's own rounding."""
    rng = np.random.default_rng(d)
    x = rng.normal(size=(80, d)) @ rng.normal(size=(d, d))
    q = rng.normal(size=(50, d)) * 2
    w = rng.uniform(0.1, 3, 80) if weighted else None
    ours = kde(x, weights=w, bandwidth=rule)
    peer = scipy.stats.gaussian_kde(x.T, rule, weights=w)
    np.testing.assert_allclose(ours.bandwidth, peer.covariance, rtol=1e-12)
    # whitening multiplies rounding by the condition of the covariance, below 1e3 here
    np.testing.assert_allclose(ours.pdf(q), peer.pdf(q.T), rtol=1e-10)
    np.testing.assert_allclose(ours.logpdf(q), peer.logpdf(q.T), rtol=1e-10)


def test_the_grid_meets_scipy_within_its_bound():
    """The binned sum against scipy's direct one."""
    x = np.random.default_rng(1).normal(size=500)
    density = kde(x, bandwidth=0.3, method="fft")
    peer = scipy.stats.gaussian_kde(x, 0.3 / x.std(ddof=1))
    points, values = density.grid()
    error = np.abs(values - peer.pdf(points)).max()
    assert error <= density.decision.bound.absolute
