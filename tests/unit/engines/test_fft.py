from __future__ import annotations

import pickle

import numpy as np
import pytest

from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.fft import FFTEngine, convolve
from parzen.engines.layout import TAIL_MASS, Layers, padding
from parzen.errors import AccuracyWarning
from parzen.kernels import Kernel, kernel_names
from parzen.sample import Sample
from parzen.scale import Scale

ENGINE = FFTEngine()
SHAPES = {1: (400,), 2: (90, 80), 3: (54, 50, 52)}
each_dimension = pytest.mark.parametrize("d", [1, 2, 3])


def make_problem(x, h, *, weights=None, kernel="gaussian", **keywords):
    """A problem with a bandwidth by hand."""
    sample = Sample.of(x, weights)
    return Problem(sample, Kernel(kernel), Scale(h, sample.d), **keywords)


def normal(n, d, seed=1):
    """A standard normal sample."""
    return np.random.default_rng(seed).normal(size=(n, d))


@each_dimension
def test_the_grid_reaches_as_far_as_the_kernel(d):
    """Beyond the data by the radius that holds nearly all of the kernel's mass."""
    x = normal(30, d)
    for kernel in ("gaussian", "epanechnikov"):
        problem = make_problem(x, 0.5, kernel=kernel)
        grid = ENGINE.nodes(problem)
        reach = 0.5 * problem.kernel.reach(TAIL_MASS, d)
        np.testing.assert_allclose(grid.lower, x.min(axis=0) - reach)
        np.testing.assert_allclose(grid.upper, x.max(axis=0) + reach)


@pytest.mark.parametrize(("d", "nodes"), [(1, 32), (2, 8), (3, 4)])
def test_default_steps_are_a_fraction_of_the_bandwidth(d, nodes):
    """1/32, 1/8 or 1/4 of the bandwidth on each axis, or a little less."""
    widths = np.array([0.5, 0.8, 1.1])[:d]
    grid = ENGINE.nodes(make_problem(normal(30, d), widths))
    ratio = widths / grid.step
    assert (ratio >= nodes * (1 - 1e-9)).all()
    assert (ratio < nodes * 1.2).all()


def test_a_covariance_is_resolved_along_its_narrow_direction():
    """A strong correlation needs smaller steps than the widths of the axes say."""
    x = normal(30, 2)
    matrix = np.array([[1.0, 0.99], [0.99, 1.0]])
    narrow = ENGINE.nodes(make_problem(x, matrix)).step
    assert (narrow * Scale(matrix, 2).steepness <= 1 / 8 * (1 + 1e-9)).all()


@each_dimension
def test_the_grid_size_by_hand_is_kept(d):
    """Exactly as many nodes as asked for."""
    problem = make_problem(normal(30, d), 1.1, grid_size=SHAPES[d])
    assert ENGINE.nodes(problem).shape == SHAPES[d]
    assert ENGINE.plan(problem).values.shape == SHAPES[d]


@pytest.mark.parametrize("atol", [1e-3, 1e-5, 1e-7])
def test_a_smaller_error_makes_a_finer_grid(atol):
    """The bound falls to `atol` by more nodes, and holds."""
    problem = make_problem(normal(500, 1), 0.4, atol=atol)
    bound = ENGINE.error_bound(problem)
    assert bound.relative == 0.0
    assert bound.absolute <= atol
    q = np.linspace(-5, 5, 801)[:, None]
    error = ENGINE.plan(problem).pdf(q) - DirectEngine().plan(problem).pdf(q)
    assert np.abs(error).max() <= bound.absolute


@each_dimension
@pytest.mark.filterwarnings("ignore::parzen.errors.AccuracyWarning")
@pytest.mark.parametrize("kernel", [k for k in kernel_names() if k != "cauchy"])
def test_mass_is_one_on_the_grid(d, kernel):
    """The rectangle rule over the nodes gives one: nothing wraps, nothing is lost."""
    x, w = normal(30, d), np.random.default_rng(2).random(30)
    problem = make_problem(x, 1.1, weights=w, kernel=kernel, grid_size=SHAPES[d])
    plan = ENGINE.plan(problem)
    mass = plan.values.sum() * np.prod(plan.grid.step)
    # what the transform rounds, or returns as zero
    assert mass == pytest.approx(1.0, rel=1e-10)
    assert (plan.values >= 0).all()


@each_dimension
@pytest.mark.filterwarnings("ignore::parzen.errors.AccuracyWarning")
@pytest.mark.parametrize("kernel", kernel_names())
def test_masses_on_nodes_are_convolved_exactly(kernel, d):
    """Away from binning the transform is the plain sum over nodes, kept at mass one."""
    problem = make_problem(normal(30, d), 1.1, kernel=kernel, grid_size=SHAPES[d])
    grid = ENGINE.nodes(problem)
    nodes = grid.nodes().reshape(*grid.shape, d)
    pad = np.ceil(padding(problem) / grid.step).astype(int)
    places = [tuple(pad), tuple(np.array(grid.shape) - 1 - pad)]
    masses, expected = np.zeros(grid.shape), np.zeros(grid.shape)
    for place, mass in zip(places, (0.25, 0.75), strict=True):
        masses[place] += mass
        u = problem.scale.to_kernel_units(nodes - nodes[place])
        expected += mass * problem.kernel.pdf(u) * np.exp(-problem.scale.log_volume)
    if kernel != "cauchy":  # cut, because its tail leaves any grid
        expected /= expected.sum() * np.prod(grid.step)
    layers = Layers(np.ones(1), masses[None])
    error = np.abs(convolve(layers, grid, problem) - expected).max()
    # the transform rounds to a few units of the largest value; the kernel is cut where
    # TAIL_MASS lies outside, which is less than so much of each node's share
    edge = np.zeros(d)
    edge[0] = (padding(problem) / problem.scale.widths).min()
    cut = 0.0 if kernel == "cauchy" else float(problem.kernel.pdf(edge))
    assert error <= (1e-13 + TAIL_MASS) * expected.max() + cut


def test_nothing_wraps_around():
    """Between and beyond two far groups it is zero, though a transform is periodic."""
    plan = ENGINE.plan(make_problem(np.repeat([0.0, 10.0], [1000, 1]), 0.3))
    peak = 1 / (0.3 * np.sqrt(2 * np.pi))
    # ten widths from either group, where the density is below 1e-22 of the peak
    far = np.array([[3.0], [7.0]])
    np.testing.assert_array_less(plan.pdf(far), 1e-15 * peak)
    # the bound: (1/32 of the width)^2/2 of the curvature, both ways
    assert plan.pdf(np.array([[10.0]]))[0] == pytest.approx(peak / 1001, rel=1e-3)


@each_dimension
def test_outside_the_grid_it_is_zero(d):
    """Zero, not the value at the edge; -inf as a logarithm, without a warning."""
    plan = ENGINE.plan(make_problem(normal(30, d), 1.1, grid_size=SHAPES[d]))
    q = np.array([plan.grid.upper + 1e-6, plan.grid.lower - 1e-6, np.full(d, 1e9)])
    np.testing.assert_array_equal(plan.pdf(q), np.zeros(3))
    np.testing.assert_array_equal(plan.logpdf(q), np.full(3, -np.inf))


@each_dimension
@pytest.mark.parametrize("binning", ["linear", "simple"])
def test_logpdf_is_the_logarithm_of_pdf(d, binning):
    """One answer in two forms, for both ways of binning."""
    problem = make_problem(normal(30, d), 1.1, grid_size=SHAPES[d], binning=binning)
    plan, q = ENGINE.plan(problem), normal(20, d, seed=3)
    np.testing.assert_array_equal(plan.logpdf(q), np.log(plan.pdf(q)))


@each_dimension
@pytest.mark.filterwarnings("ignore::parzen.errors.AccuracyWarning")
@pytest.mark.parametrize("binning", ["linear", "simple"])
@pytest.mark.parametrize("kernel", ["gaussian", "triangular", "cauchy"])
def test_the_error_is_within_the_bound(d, binning, kernel):
    """At scattered queries, on coarse grids, against the exact sum."""
    problem = make_problem(
        normal(40, d), 1.2, kernel=kernel, grid_size=SHAPES[d], binning=binning
    )
    q = normal(60, d, seed=4) * 1.5
    error = ENGINE.plan(problem).pdf(q) - DirectEngine().plan(problem).pdf(q)
    assert np.abs(error).max() <= ENGINE.error_bound(problem).absolute


def test_linear_binning_is_of_second_order():
    """Half the step, a quarter of the error (Gaussian, away from rounding)."""
    q = np.linspace(-3, 3, 501)[:, None]
    errors = []
    for count in (100, 200, 400):
        problem = make_problem(normal(300, 1), 0.5, grid_size=(count,))
        exact = DirectEngine().plan(problem).pdf(q)
        errors.append(np.abs(ENGINE.plan(problem).pdf(q) - exact).max())
    ratios = np.divide(errors[:-1], errors[1:])
    # 4 in the limit; 10 % for where the queries fall between the nodes
    assert (ratios > 3.6).all()


@pytest.mark.parametrize(
    ("x", "h", "reason"),
    [
        (np.zeros((3, 4)), 1.0, "1, 2 or 3 dimensions; the data have 4"),
        ([1e308, -1e308], 1e307, "range of floats"),
        ([1e16, 1e16 + 4], 0.01, "offset of the data is too large"),
    ],
    ids=["four dimensions", "range", "offset"],
)
def test_what_a_grid_cannot_hold_is_refused(x, h, reason):
    """By a sentence, not by a NaN, a warning or a memory error."""
    assert reason in ENGINE.refusal(make_problem(x, h))


def test_a_coarse_grid_warns():
    """A kernel that falls between the nodes is not resolved, and that is said."""
    problem = make_problem(normal(30, 1), 0.01, grid_size=(20,))
    with pytest.warns(AccuracyWarning, match=r"step is .* bandwidths.*`grid_size`"):
        plan = ENGINE.plan(problem)
    mass = plan.values.sum() * plan.grid.step[0]
    assert mass == pytest.approx(1.0, rel=1e-12)


def test_the_bound_never_exceeds_the_largest_values():
    """A kernel has its peak, and scaled to mass one on a coarse grid at most twice."""
    problem = make_problem(normal(30, 1), 0.01, grid_size=(20,))
    assert ENGINE.error_bound(problem).absolute <= 2 / (0.01 * np.sqrt(2 * np.pi))


def test_costs_grow_with_points_nodes_and_queries():
    """The prediction is monotone in each."""
    base = make_problem(normal(100, 1), 0.5)
    assert ENGINE.cost(base, 10) < ENGINE.cost(base, 10_000)
    assert ENGINE.cost(base, 10) < ENGINE.cost(make_problem(normal(9999, 1), 0.5), 10)
    assert ENGINE.cost(base, 10) < ENGINE.cost(make_problem(normal(100, 1), 0.01), 10)


def test_plans_pickle():
    """A worker process gets the same answers."""
    plan = ENGINE.plan(make_problem(normal(50, 2), 0.7))
    again = pickle.loads(pickle.dumps(plan))
    q = normal(20, 2, seed=5)
    np.testing.assert_array_equal(again.pdf(q), plan.pdf(q))
