"""The engine on a grid: mass, sign, edges, binning, refinement and its bound."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import parzen
from parzen import AccuracyWarning, Kernel, Sample
from parzen.engines.engine import Problem
from parzen.engines.fft import FFTEngine
from parzen.scale import Scale
from tests import reference

LIGHT = tuple(name for name in reference.KERNELS if name != "cauchy")
CORRELATED = {1: 1.3, 2: [[1.0, 0.7], [0.7, 1.0]], 3: 0.5 * np.eye(3) + 0.5}
NODES = {1: 300, 2: 64, 3: 28}


def on_grid(x, **options):
    """A density on a grid, however coarse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        return parzen.kde(x, method="fft", **options)


def nodes_of(density):
    """The axes of a density's grid, its steps and the values at the nodes."""
    axes, values = density.grid()
    axes = axes if isinstance(axes, tuple) else (axes,)
    return axes, np.array([axis[1] - axis[0] for axis in axes]), values


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_mass_on_the_grid_is_one(rng, name, d, binning):
    """The trapezoid sum is 1 to 1e-10, on fine and on far too coarse grids."""
    x = rng.normal(size=(100, d))
    weights = 10.0 ** rng.uniform(-15, 0, 100)
    for nodes, h in itertools.product((9, NODES[d]), (0.6, CORRELATED[d])):
        density = on_grid(
            x, weights=weights, kernel=name, bandwidth=h, grid_size=nodes,
            binning=binning,
        )  # fmt: skip
        _, step, values = nodes_of(density)
        assert values.sum() * step.prod() == pytest.approx(1.0, abs=1e-10)
        assert (values >= 0).all()


@pytest.mark.parametrize("product", [False, True], ids=["radial", "product"])
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_transform_equals_the_sum_over_the_binned_data(rng, name, d, product):
    """At the nodes the answer is the kernel sum of the binned data, to rounding."""
    x = rng.normal(size=(20, d))
    weights = rng.random(20)
    nodes = {1: 50, 2: 14, 3: 8}[d]
    kernel = Kernel(name, product=product)
    for linear in (True, False):
        density = on_grid(
            x, weights=weights, kernel=kernel, bandwidth=1.5, grid_size=nodes,
            binning="linear" if linear else "simple",
        )  # fmt: skip
        axes, step, values = nodes_of(density)
        lower = np.array([axis[0] for axis in axes])
        masses = reference.binned(
            x, lower, step, values.shape, weights=weights, linear=linear
        )
        mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)
        exact = reference.binned_sum(masses, mesh, 1.5, name, product=product)
        if name != "cauchy":
            # light tails are scaled to mass one on the grid
            exact /= exact.sum() * step.prod()
        # The transform's rounding is relative to the largest value, and so is what
        # kernels without end lose where 1e-12 of their mass is left.
        rounding = 1e-13 if name in reference.COMPACT else 1e-10
        np.testing.assert_allclose(values, exact, rtol=0, atol=rounding * exact.max())


@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_outside_the_grid_there_is_nothing(rng, name, d):
    """Beyond the grid the density is zero, not the value at the edge."""
    x = rng.normal(size=(50, d))
    density = on_grid(x, kernel=name, bandwidth=0.5, grid_size=NODES[d])
    axes, step, _ = nodes_of(density)
    for k, axis in enumerate(axes):
        for edge, sign in ((axis[0], -1), (axis[-1], 1)):
            q = np.tile([a[len(a) // 2] for a in axes], (3, 1))
            q[:, k] = edge + sign * step[k] * np.array([1e-6, 0.5, 1e6])
            assert (density.pdf(q) == 0.0).all()
            assert (density.logpdf(q) == -np.inf).all()


@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 2])
def test_between_nodes_the_answer_is_non_negative(rng, name, d):
    """No query anywhere gets a negative density."""
    density = on_grid(rng.normal(size=(30, d)), kernel=name, bandwidth=0.3)
    assert (density.pdf(4 * rng.normal(size=(500, d))) >= 0).all()


@pytest.mark.parametrize("product", [False, True], ids=["radial", "product"])
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [2, 3])
def test_covariance_matrix_keeps_the_bound(rng, name, d, product):
    """A correlated matrix is summed within the bound over the whole of its support."""
    kernel = Kernel(name, product=product)
    h = np.array(CORRELATED[d])
    x = np.zeros((1, d))
    density = on_grid(x, kernel=kernel, bandwidth=h, grid_size={2: 400, 3: 40}[d])
    # the corners of a product's support are farther out than its widths
    u = rng.uniform(-1.0, 1.0, size=(300, d))
    q = u @ np.linalg.cholesky(h).T
    exact = reference.density(x, q, h, name, product=product)
    bound = density.decision.bound
    assert (np.abs(density.pdf(q) - exact) <= bound.absolute).all()


@pytest.mark.parametrize("name", reference.UNBOUNDED)
@pytest.mark.parametrize("correlation", [0.0, 0.9, -0.99])
def test_what_is_lost_outside_the_grid_is_in_the_bound(rng, name, correlation):
    """Kernels without end are cut at the grid's edge; the bound covers what is cut."""
    h = np.array([[1.0, correlation], [correlation, 1.0]])
    x = np.zeros((1, 2))
    # never laid out: so many nodes that nothing but the cut is left in the bound
    problem = Problem(
        Sample.of(x), Kernel(name), Scale(h, 2), grid_size=(1 << 30, 1 << 30)
    )
    grid = FFTEngine().nodes(problem)
    along = rng.uniform(-1.0, 1.0, size=(200, 1)) * grid.upper[1]
    edge = np.hstack([np.full((200, 1), grid.upper[0] * (1 + 1e-12)), along])
    # where the kernel is largest on that edge
    edge[0, 1] = correlation * edge[0, 0]
    outside = reference.density(x, edge, h, name)
    assert outside.max() <= FFTEngine().error_bound(problem).absolute


def largest_error(x, nodes, binning):
    """Error of the Gaussian sum at the data and around them."""
    density = on_grid(x, bandwidth=0.5, grid_size=nodes, binning=binning)
    q = np.vstack([x, x + 0.3, x - 0.7])
    return np.abs(density.pdf(q) - reference.density(x, q, 0.5)).max()


@pytest.mark.parametrize(
    ("d", "nodes"), [(1, (100, 1600)), (2, (60, 960)), (3, (30, 120))]
)
def test_linear_binning_converges_at_second_order(rng, d, nodes):
    """Twice as many nodes leave a quarter of the error."""
    x = rng.normal(size=(40, d))
    coarse, fine = (largest_error(x, count, "linear") for count in nodes)
    order = np.log(coarse / fine) / np.log(nodes[1] / nodes[0])
    # the largest error moves between queries as the nodes move
    assert 1.7 < order < 2.3


@pytest.mark.parametrize("d", [1, 2])
def test_simple_binning_converges_at_first_order_and_errs_more(rng, d):
    """All mass to the nearest node costs one order."""
    x = rng.normal(size=(40, d))
    coarse = largest_error(x, 60, "simple")
    fine = largest_error(x, 960, "simple")
    assert 0.7 < np.log(coarse / fine) / np.log(16) < 1.5
    assert fine > largest_error(x, 960, "linear")


@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_coarse_grid_keeps_its_bound(rng, name, d, binning):
    """Steps from a tenth of a bandwidth to ten err by no more than is stated."""
    for span in (0.0, 5.2, 30.0, 200.0):
        x = np.vstack([np.zeros(d), np.full(d, span)])
        for nodes in (4, 8, 11, 20):
            density = on_grid(
                x, kernel=name, bandwidth=1.0, grid_size=nodes, binning=binning
            )
            axes, step, _ = nodes_of(density)
            corner = np.array([axis[nodes // 2] for axis in axes])
            q = np.vstack([x, corner + step * rng.random((30, d)), corner])
            exact = reference.density(x, q, 1.0, name)
            # 1e-12: the ends of the grid are rounded
            limit = density.decision.bound.absolute * (1 + 1e-12)
            assert np.abs(density.pdf(q) - exact).max() <= limit, (span, nodes)


def test_coarse_grid_warns(rng):
    """A grid that cannot resolve the kernel says so, and by how much it may err."""
    x = rng.normal(size=100) * 100
    with pytest.warns(AccuracyWarning, match="grid_size"):
        parzen.kde(x, bandwidth=0.1, method="fft", grid_size=64)


def test_default_grid_does_not_warn(rng):
    """The default grid resolves the kernel, under any bandwidth rule."""
    for d in (1, 2, 3):
        parzen.kde(rng.normal(size=(200, d)), method="fft", kernel="epanechnikov")


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_offset_costs_no_accuracy(rng, offset):
    """The bound holds however far the data are from zero."""
    x = offset + np.rint(64 * rng.normal(size=200)) / 64
    density = on_grid(x, bandwidth=0.5)
    q = x[:50] + 0.25
    exact = reference.density(x, q, 0.5)
    bound = density.decision.bound.absolute
    assert bound < 1e-2
    assert np.abs(density.pdf(q) - exact).max() <= bound


def test_grid_between_resolutions_agrees_with_its_own(rng):
    """`grid(size)` interpolates what the engine holds; `grid()` is what it holds."""
    density = on_grid(rng.normal(size=100), bandwidth=0.4)
    points, values = density.grid()
    np.testing.assert_allclose(density.pdf(points), values, atol=1e-12)
    fewer, some = density.grid(77)
    assert fewer.shape == some.shape == (77,)
    np.testing.assert_array_equal(density.pdf(fewer), some)
