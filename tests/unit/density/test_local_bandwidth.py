"""Densities of several dimensions with a bandwidth for each point."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

import parzen
from parzen import BandwidthError, BinnedSample, Kernel, KernelDensity, LocalBandwidth
from tests import reference_adaptive

SCALES = {
    "number": 0.5,
    "widths": np.array([0.4, 0.9]),
    "covariance": np.array([[0.4, 0.2], [0.2, 0.3]]),
}
each_scale = pytest.mark.parametrize("scale", SCALES.values(), ids=list(SCALES))


@pytest.fixture
def data(rng):
    """Points of the plane, their factors, and queries."""
    factors = 10.0 ** rng.uniform(-1, 0.5, 50)
    return rng.normal(size=(50, 2)), factors, 2.0 * rng.normal(size=(30, 2))


@each_scale
def test_what_the_density_says(data, scale):
    """The bandwidth as given; its range in words."""
    x, factors, _ = data
    h = LocalBandwidth(scale, factors)
    density = parzen.kde(x, bandwidth=h)
    assert density.bandwidth_result.method == "manual"
    np.testing.assert_array_equal(density.bandwidth.scale, scale)
    np.testing.assert_array_equal(density.bandwidth.factors, factors)
    assert "bandwidth=one for each point" in repr(density)
    low, high = factors.min(), factors.max()
    assert f"times {low:.4g} to {high:.4g} by point" in density.explain()
    assert "tree" in density.explain()


@each_scale
def test_adjust_and_kernels(data, scale):
    """A factor on all; a bandwidth by hand is for the kernel at hand."""
    x, factors, q = data
    h = LocalBandwidth(scale, factors)
    for name, product in itertools.product(("gaussian", "biweight"), (False, True)):
        kernel = Kernel(name, product=product)
        density = parzen.kde(x, bandwidth=h, adjust=1.5, kernel=kernel)
        exact = reference_adaptive.local_log_density(
            x, q, scale, 1.5 * factors, name, product=product
        )
        np.testing.assert_allclose(
            density.pdf(q), np.exp(exact).astype(float), rtol=1e-8, atol=1e-14
        )


def test_an_array_is_one_width_a_point(data):
    """Unless there are as many points as axes."""
    x, factors, q = data
    density = parzen.kde(x, bandwidth=factors)
    assert isinstance(density.bandwidth, LocalBandwidth)
    exact = reference_adaptive.local_log_density(x, q, 1.0, factors)
    np.testing.assert_allclose(density.logpdf(q), exact.astype(float), rtol=1e-10)
    by_axis = parzen.kde(x[:2], bandwidth=[0.3, 0.6])
    np.testing.assert_array_equal(by_axis.bandwidth, [0.3, 0.6])


@pytest.mark.parametrize("outside", [False, True], ids=["weightless", "outside"])
def test_rows_that_are_left_out_take_theirs_along(data, outside):
    """The k-th factor is that of the k-th row given, whichever rows count."""
    x, factors, _ = data
    x = 1.0 / (1.0 + np.exp(-x))
    left = np.zeros(50, dtype=bool)
    left[[3, 4, 49]] = True
    box = {"bounds": [(0, 1), (0, 1)], "boundary": "reflect"}
    options = {"weights": np.where(left, 0.0, 1.0)}
    if outside:
        x[left] += 2.0
        options = {"outside": "drop"}
    h = LocalBandwidth(0.2, factors)
    density = parzen.kde(x, bandwidth=h, **options, **box)
    exact = parzen.kde(x[~left], bandwidth=LocalBandwidth(0.2, factors[~left]), **box)
    np.testing.assert_array_equal(density.bandwidth.factors, factors[~left])
    q = x[~left]
    np.testing.assert_allclose(density.pdf(q), exact.pdf(q), rtol=1e-12)


def test_functions_may_return_one(data):
    """And the estimator takes one."""
    x, factors, q = data
    h = LocalBandwidth(0.5, factors)
    exact = parzen.kde(x, bandwidth=h).logpdf(q)
    by_function = parzen.kde(x, bandwidth=lambda _x, _w: h)
    np.testing.assert_array_equal(by_function.logpdf(q), exact)
    model = KernelDensity(bandwidth=h).fit(x)
    np.testing.assert_array_equal(model.score_samples(q), exact)
    np.testing.assert_array_equal(model.bandwidth_.factors, factors)


@each_scale
@pytest.mark.parametrize("method", ["direct", "tree"])
def test_save_and_load(data, tmp_path, method, scale):
    """With weights and bounds or without; pickles and copies too."""
    x, factors, q = data
    w = np.linspace(0.0, 1.0, 50)
    for options in ({}, {"bounds": [(-9, 9)] * 2, "boundary": "reflect"}):
        density = parzen.kde(
            x, weights=w, bandwidth=LocalBandwidth(scale, factors), method=method,
            **options,
        )  # fmt: skip
        density.save(tmp_path / "density")
        loaded = parzen.load(tmp_path / "density")
        others = (loaded, pickle.loads(pickle.dumps(density)), copy.deepcopy(density))
        for other in others:
            assert other.method == method
            np.testing.assert_array_equal(other.bandwidth.scale, scale)
            np.testing.assert_array_equal(other.bandwidth.factors, factors[1:])
            np.testing.assert_allclose(other.pdf(q), density.pdf(q), rtol=1e-15)
            assert repr(other) == repr(density)


def test_old_files(data, tmp_path):
    """Densities with one bandwidth are written as they were, for parzen of old."""
    import json

    x, factors, _ = data
    for h, version in ((0.5, 1), (LocalBandwidth(0.5, factors), 2)):
        parzen.kde(x, bandwidth=h).save(tmp_path / "density")
        with np.load(tmp_path / "density") as file:
            assert json.loads(file["about"].tobytes())["version"] == version
            assert ("factors" in file.files) == (version == 2)


@each_scale
def test_draws(rng, scale):
    """Around each point they spread by its own covariance."""
    x, factors = np.array([[-100.0, 0.0], [100.0, 50.0]]), np.array([0.5, 3.0])
    density = parzen.kde(x, bandwidth=LocalBandwidth(scale, factors))
    draws = density.sample(40_000, rng=rng)
    h = scale if np.ndim(scale) == 2 else np.diag(np.broadcast_to(scale, 2) ** 2)
    for i, side in enumerate((draws[:, 0] < 0, draws[:, 0] > 0)):
        near = draws[side] - x[i]
        # the relative error of a covariance of 20,000 is 0.01
        np.testing.assert_allclose(
            np.cov(near.T), h * factors[i] ** 2, rtol=0, atol=0.06 * h.max() * 9.0**i
        )
        assert abs(np.cov(near.T)[0, 0] / (h[0, 0] * factors[i] ** 2) - 1.0) < 0.06


def test_a_grid_covers_the_mass(data):
    """Widest kernels included."""
    x, factors, _ = data
    axes, values = parzen.kde(x, bandwidth=LocalBandwidth(0.3, factors)).grid(300)
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    assert values.sum() * cell == pytest.approx(1.0, abs=1e-3)


def test_errors(data):
    """One for each point, for as many axes; a grid keeps no points."""
    x, factors, _ = data
    with pytest.raises(BandwidthError, match="each of the 50 points; got 49"):
        parzen.kde(x, bandwidth=LocalBandwidth(0.5, factors[1:]))
    with pytest.raises(BandwidthError, match="scale of 3 axes; the data have 2"):
        parzen.kde(x, bandwidth=LocalBandwidth([1.0, 2.0, 3.0], factors))
    with pytest.raises(BandwidthError, match="50 points; got shape"):
        parzen.kde(x, bandwidth=np.ones(49))
    binned = BinnedSample.of(x, grid_size=16)
    with pytest.raises(BandwidthError, match="binned data have no points"):
        parzen.kde(binned, bandwidth=LocalBandwidth(0.5, factors))


def test_one_dimension(data):
    """There it is the array that it always was."""
    x, factors, _ = data
    density = parzen.kde(x[:, 0], bandwidth=LocalBandwidth(0.5, factors))
    np.testing.assert_array_equal(density.bandwidth, 0.5 * factors)
    exact = parzen.kde(x[:, 0], bandwidth=0.5 * factors)
    q = np.linspace(-3, 3, 50)
    np.testing.assert_allclose(density.pdf(q), exact.pdf(q), rtol=1e-13)
