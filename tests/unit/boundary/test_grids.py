from __future__ import annotations

import numpy as np
import pytest

import parzen
from parzen.binning.binned import BinnedSample

RNG = np.random.default_rng(3)
X = RNG.beta(1.2, 2.0, size=400).clip(0.002, 0.998)
W = 0.1 + RNG.random(len(X))
LOCAL = 0.05 + 0.1 * RNG.random(len(X))
Q = np.linspace(0, 1, 301)
FOLDED = [None, "reflect", "periodic"]


def errors(method, boundary, **options):
    """Largest difference from the direct sum, and the error that a sum states."""
    options = {"bandwidth": 0.07, "bounds": (0, 1), "boundary": boundary} | options
    exact = parzen.kde(X, method="direct", **options)
    other = parzen.kde(X, method=method, **options)
    assert other.method == method
    outside = other.pdf([-1e-6, 1.000001, 5.0])
    np.testing.assert_array_equal(outside, 0)
    worst = np.abs(other.pdf(Q) - exact.pdf(Q)).max()
    # up to six images add up, and normalisation divides by most of the mass
    with np.errstate(divide="ignore"):
        wanted = np.log(other.pdf(Q))
    return worst, other.decision.bound.absolute, wanted, other.logpdf(Q)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@pytest.mark.parametrize("boundary", FOLDED)
@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "logistic"])
@pytest.mark.parametrize("method", ["grid", "fft"])
def test_folded_grids_keep_their_bound(method, kernel, boundary, weighted):
    """An error for each image, and the logarithm is that of the density."""
    weights = W if weighted else None
    worst, bound, wanted, logs = errors(
        method, boundary, kernel=kernel, weights=weights
    )
    assert worst <= 6 * bound
    np.testing.assert_allclose(logs, wanted, atol=1e-9)


@pytest.mark.parametrize("boundary", FOLDED)
@pytest.mark.parametrize("method", ["grid", "fft"])
def test_local_bandwidths_on_grids(method, boundary):
    """One bandwidth for each point."""
    worst, bound, *_ = errors(method, boundary, bandwidth=LOCAL)
    assert worst <= 6 * bound


@pytest.mark.parametrize("boundary", FOLDED)
def test_diffusion(boundary):
    """Heat on the line, folded afterwards."""
    worst, bound, *_ = errors("diffusion", boundary)
    assert worst <= 6 * bound


@pytest.mark.parametrize("boundary", ["renormalize", "linear", "transform"])
@pytest.mark.parametrize("method", ["grid", "fft", "diffusion"])
def test_ratios_and_maps_on_grids(method, boundary):
    """They magnify the error: by hand only, and near enough in the bulk."""
    options = {"bandwidth": 0.07, "bounds": (0, 1), "boundary": boundary}
    exact = parzen.kde(X, method="direct", **options)
    other = parzen.kde(X, method=method, **options)
    q = np.linspace(0.01, 0.9, 200)
    np.testing.assert_allclose(other.pdf(q), exact.pdf(q), atol=5e-3)
    far = np.array([1e-12, 1 - 1e-12])
    assert np.isfinite(other.pdf(far)).all()
    with_tolerance = parzen.kde(X, atol=0.1, **options)
    assert with_tolerance.method == "direct"


@pytest.mark.parametrize("size", [200, 500])
@pytest.mark.parametrize(
    "boundary", [None, "reflect", parzen.Reflect(0.3, 0.1)], ids=str
)
def test_nodes_asked_for(boundary, size):
    """The error that is stated holds for the nodes that are used."""
    worst, bound, *_ = errors("fft", boundary, grid_size=size)
    assert worst <= 6 * bound


@pytest.mark.parametrize(
    "boundary", [*FOLDED, parzen.Reflect(0.2, 0.0), parzen.Reflect(1, 0)], ids=str
)
@pytest.mark.parametrize("kernel", ["gaussian", "biweight"])
def test_an_absolute_error_is_kept(kernel, boundary):
    """Engines that `atol` admits keep it with bounds, too."""
    x = np.random.default_rng(11).beta(1, 2, size=50_000)
    options = {"kernel": kernel, "bounds": (0, 1), "boundary": boundary}
    options |= {"bandwidth": 0.05}
    quick = parzen.kde(x, atol=1e-3, **options)
    assert quick.method != "direct"
    q = np.linspace(0, 1, 97)
    exact = parzen.kde(x, method="direct", **options).pdf(q)
    assert np.abs(quick.pdf(q) - exact).max() <= 1e-3


@pytest.mark.parametrize(
    "boundary", [None, "reflect", "periodic", "renormalize", "linear"]
)
def test_binned_data(boundary):
    """Nodes stand for the data; bounds at the ends of the grid are met exactly."""
    options = {"bandwidth": 0.1, "boundary": boundary}
    binned = BinnedSample.of(X, limits=(0, 1), grid_size=1001)
    density = parzen.kde(binned, bounds=(0, 1), **options)
    wanted = parzen.kde(X, bounds=(0, 1), **options).pdf(Q)
    np.testing.assert_allclose(density.pdf(Q), wanted, atol=2e-4)
    assert density.sample_size == len(X)
    # ends that are not exact in binary
    shifted = BinnedSample.of(X * 0.7 + 0.1, limits=(0.1, 0.8), grid_size=1001)
    options["bandwidth"] = 0.07
    there = parzen.kde(shifted, bounds=(0.1, 0.8), **options)
    np.testing.assert_allclose(there.pdf(Q * 0.7 + 0.1) * 0.7, wanted, atol=1e-3)


@pytest.mark.parametrize(
    "boundary", [None, "reflect", "periodic", "renormalize", "linear"]
)
def test_histograms(boundary):
    """Bins that end at the bounds."""
    counts, edges = np.histogram(X, bins=200, range=(0, 1))
    options = {"bandwidth": 0.1, "bounds": (0, 1), "boundary": boundary}
    density = parzen.kde_from_histogram(counts, edges, **options)
    wanted = parzen.kde(X, **options).pdf(Q)
    np.testing.assert_allclose(density.pdf(Q), wanted, atol=1e-2)


def test_transform_needs_binned_data_inside():
    """Nodes on the bounds are data on the bounds."""
    binned = BinnedSample.of(X, limits=(0.001, 0.999), grid_size=2000)
    density = parzen.kde(binned, bandwidth=0.4, bounds=(0, 1), boundary="transform")
    exact = parzen.kde(X, bandwidth=0.4, bounds=(0, 1), boundary="transform")
    q = np.linspace(0.05, 0.9, 50)
    np.testing.assert_allclose(density.pdf(q), exact.pdf(q), atol=5e-3)
