"""KDEpy on the same data with the same smoothing."""

from __future__ import annotations

import numpy as np
import pytest

from parzen import Kernel, kde

pytestmark = pytest.mark.peers

KERNELS = {
    "gaussian": "gaussian",
    "exponential": "exponential",
    "tophat": "box",
    "triangular": "tri",
    "epanechnikov": "epa",
    "biweight": "biweight",
    "triweight": "triweight",
    "tricube": "tricube",
    "cosine": "cosine",
}
X = np.random.default_rng(1).normal(size=300)
Q = np.linspace(-5, 5, 200)


@pytest.fixture
def KDEpy(require_peer):  # noqa: N802 - its name
    """The library."""
    return require_peer("KDEpy")


def our_width(kernel, sigma):
    """KDEpy's `bw` is the standard deviation of the kernel: ours is the scale."""
    return sigma / np.sqrt(Kernel(kernel).second_moment(1))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
def test_shared_kernels_have_the_same_values(KDEpy, kernel, weighted):
    """NaiveKDE is a direct sum; with the width converted it is ours."""
    w = np.random.default_rng(2).uniform(0.1, 2, len(X)) if weighted else None
    theirs = KDEpy.NaiveKDE(kernel=KERNELS[kernel], bw=0.4).fit(X, w).evaluate(Q)
    ours = kde(X, weights=w, kernel=kernel, bandwidth=our_width(kernel, 0.4)).pdf(Q)
    # its second moments are known to some 1e-9; at the tophat's jumps a point on the
    # edge may count for one and not the other
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("d", [2, 3])
def test_several_dimensions(KDEpy, d):
    """The Gaussian in the Euclidean norm, one width."""
    rng = np.random.default_rng(d)
    x, q = rng.normal(size=(100, d)), rng.normal(size=(40, d))
    theirs = KDEpy.NaiveKDE(kernel="gaussian", bw=0.5, norm=2).fit(x).evaluate(q)
    np.testing.assert_allclose(kde(x, bandwidth=0.5).pdf(q), theirs, rtol=1e-10)


@pytest.mark.parametrize("kernel", ["gaussian", "biweight"])
def test_its_transform_is_met_within_the_bounds_of_both(KDEpy, kernel):
    """FFTKDE and method="fft" are both binned sums; ours states its error."""
    grid, theirs = KDEpy.FFTKDE(kernel=KERNELS[kernel], bw=0.4).fit(X).evaluate(2**12)
    h = our_width(kernel, 0.4)
    density = kde(X, kernel=kernel, bandwidth=h, method="fft", grid_size=2**12)
    # the same step and the same order of error on both sides
    bound = 2 * density.decision.bound.absolute
    assert np.abs(density.pdf(grid) - theirs).max() <= bound
