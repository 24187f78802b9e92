"""Masses, quantiles, derivatives by polynomials: within bounds that say something."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest
from scipy.special import ndtr

from parzen.engines.chebyshev import ChebyshevEngine
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import Problem
from parzen.engines.gauss_transform import GaussTransformEngine
from parzen.kernels import Kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference_smooth as reference

TRANSFORM = GaussTransformEngine(DirectEngine())
CHEBYSHEV = ChebyshevEngine(DirectEngine())
SHAPES = ("uniform", "normal", "clusters", "ties", "one", "offset", "local")


def make(shape, name="gaussian", engine=CHEBYSHEV, n=24):
    """A problem of a shape, its bandwidths (n,) and weights (n,)."""
    rng = np.random.default_rng(SHAPES.index(shape))
    x, h, factors = rng.normal(size=n), 0.3, np.ones(n)
    if shape == "uniform":
        x = rng.random(n)
    elif shape == "clusters":
        x[n // 2 :] += 1e3
        h = 0.21
    elif shape == "ties":
        x = np.round(x)
        h = 0.5
    elif shape == "one":
        x, factors = x[:1], factors[:1]
    elif shape == "offset":
        x, h = x + 1e9, 0.26
    elif shape == "local":
        factors = 10.0 ** rng.uniform(-1.0, 1.0, n)
    w = 10.0 ** rng.uniform(-8.0, 0.0, len(x))
    problem = Problem(
        Sample.of(x, w),
        Kernel(name),
        Scale(h, 1),
        local=factors if shape == "local" else None,
    )
    assert engine.refusal(problem) is None
    weights = problem.sample.weights
    return problem, h * factors, np.ones(1) if weights is None else weights


def served():
    """Each shape by each kernel and engine that serves it."""
    for shape, name in itertools.product(SHAPES, ("gaussian", "logistic", "cauchy")):
        yield pytest.param(shape, name, CHEBYSHEV, id=f"{shape}-{name}-chebyshev")
        if name == "gaussian" and shape != "local":
            yield pytest.param(shape, name, TRANSFORM, id=f"{shape}-transform")


def near(problem, h):
    """Queries among the data, and beyond them: the last four."""
    x = problem.sample.points[:, 0]
    rng = np.random.default_rng(1)
    low, high = x.argmin(), x.argmax()
    inside = x[:6] + h[:6] * rng.normal(size=len(x[:6]))
    beyond = [x[low] - 5 * h[low], x[high] + 5 * h[high]]
    beyond += [x[low] - 3 * h[low], x[high] + 3 * h[high]]
    return np.concatenate([x[:3], np.clip(inside, x.min(), x.max()), beyond])


@pytest.mark.parametrize(("shape", "name", "engine"), list(served()))
def test_masses_on_either_side_are_within_their_bounds(shape, name, engine):
    """And the bounds are useful: 1e-11 among the data, but beside tiny weights."""
    problem, h, w = make(shape, name, engine)
    x = problem.sample.points[:, 0]
    q = near(problem, h)
    masses = engine.cumulative(problem)
    known = -4 if (shape, name) != ("one", "cauchy") else len(x)
    for upper in (False, True):
        values, bounds = (masses.above if upper else masses.below)(q)
        with mp.workdps(reference.DIGITS):
            exact = reference.masses(name, x, h, w, q, upper=upper)
            assert (reference.errors(values, exact) <= bounds).all()
        exact = np.array([float(one) for one in exact])
        assert (bounds <= 1e-8 * exact)[:known].all()
        assert np.median((bounds / exact)[:known]) <= 1e-11
        if known < 0:
            assert (bounds <= 1e-4 * exact).all()


@pytest.mark.parametrize(("shape", "name", "engine"), list(served()))
def test_derivatives_are_within_their_bounds(shape, name, engine):
    """And the bounds are useful."""
    problem, h, w = make(shape, name, engine, n=12)
    x = problem.sample.points[:, 0]
    # at a point that stands alone, all terms of odd derivatives vanish
    q = near(problem, h)[3 if len(x) > 1 else 2 :]
    for order in (1, 4):
        values, bounds = engine.differentiated(problem, order).values(q)
        with mp.workdps(reference.DIGITS):
            exact, sizes = reference.derivatives(name, x, h, w, q, order=order)
            assert (reference.errors(values, exact) <= bounds).all()
        if shape != "one":
            assert np.median(bounds / sizes) <= 1e-9


@pytest.mark.parametrize("engine", [TRANSFORM, CHEBYSHEV])
def test_bounds_hold_for_many_points(engine):
    """Weights over decades, a jump, a gap."""
    rng = np.random.default_rng(5)
    n = 20_000
    x = np.concatenate([rng.normal(size=n // 2), 40.0 + rng.random(n // 2)])
    w = 10.0 ** rng.uniform(-6.0, 0.0, n)
    problem = Problem(Sample.of(x, w), Kernel(), Scale(0.05, 1))
    w = problem.sample.weights
    q = np.concatenate([x[::800], [-5.0, 20.0, 39.9, 41.1]])
    masses = engine.cumulative(problem)
    for sign, answer in ((1.0, masses.below), (-1.0, masses.above)):
        values, bounds = answer(q)
        exact = np.array([(w * ndtr(sign * (at - x) / 0.05)).sum() for at in q])
        assert (np.abs(values - exact) <= bounds + 1e-14 * exact).all()
        kept = exact > 1e-12
        assert (bounds[kept] <= 1e-9 * exact[kept]).all()
        assert (bounds[25:27] <= 1e-9).all()


def test_cauchy_tails_hold_what_the_cells_do_not():
    """What lies beyond the widest cells is added up exactly; farther out is unknown."""
    problem, h, w = make("normal", "cauchy")
    x = problem.sample.points[:, 0]
    masses = CHEBYSHEV.cumulative(problem)
    q = np.array([-1e3, 1e3])
    assert np.isinf(masses.below(q)[1]).all()
    assert np.isinf(masses.above(q)[1]).all()
    q = np.array([x.min() - 8.0])
    values, bounds = masses.below(q)
    with mp.workdps(reference.DIGITS):
        exact = reference.masses("cauchy", x, h, w, q)
        assert (reference.errors(values, exact) <= bounds).all()
    assert bounds[0] <= 1e-10 * values[0]


@pytest.mark.parametrize("shape", [s for s in SHAPES if s != "local"])
@pytest.mark.parametrize(
    ("name", "engine"),
    [("gaussian", TRANSFORM), ("gaussian", CHEBYSHEV), ("logistic", CHEBYSHEV)],
)
def test_quantiles_have_the_mass_that_was_asked(shape, name, engine):
    """Up to the rounding of a mass and of a quantile."""
    problem, h, w = make(shape, name, engine)
    x = problem.sample.points[:, 0]
    masses = engine.cumulative(problem)
    p = np.array([1e-4, 0.01, 0.3, 0.5, 0.77, 0.999])
    for upper in (False, True):
        q = masses.quantile(p, upper)
        with mp.workdps(reference.DIGITS):
            exact = reference.masses(name, x, h, w, q, upper=upper)
            # what the rounding of q moves, and what that of the mass does
            moved = np.spacing(np.abs(q)) * 0.4 / h.min()
            assert (reference.errors(p, exact) <= 1e-13 * p + moved).all()


def test_quantiles_come_back_in_the_tails():
    """To rounding, relative to p."""
    rng = np.random.default_rng(3)
    problem = Problem(Sample.of(rng.normal(size=5000)), Kernel(), Scale(0.2, 1))
    masses = TRANSFORM.cumulative(problem)
    p = 10.0 ** np.linspace(-9.0, -1e-6, 500)
    for upper, answer in ((False, masses.below), (True, masses.above)):
        q = masses.quantile(p, upper)
        assert np.isfinite(q).all()
        np.testing.assert_allclose(answer(q)[0], p, rtol=1e-13)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("shape", ["normal", "clusters", "offset", "one"])
def test_quantiles_never_decrease(shape, upper):
    """From one float to the next, where rounding is all that moves."""
    problem, _, _ = make(shape, "gaussian", TRANSFORM)
    masses = TRANSFORM.cumulative(problem)
    rng = np.random.default_rng(7)
    p = rng.random(400) * 10.0 ** rng.uniform(-7.0, 0.0, 400)
    # the masses at borders of cells, too
    mass, _ = masses.pieces[0].after if upper else masses.pieces[0].before
    p = np.concatenate([p, mass[(mass > 1e-7) & (mass < 1.0 - 1e-12)]])
    neighbours = p[:, None] + np.spacing(p)[:, None] * np.arange(-40, 41)
    q = masses.quantile(neighbours.ravel(), upper).reshape(neighbours.shape)
    assert np.isfinite(q).mean() > 0.9
    steps = np.diff(q, axis=1)[np.isfinite(np.diff(q, axis=1))]
    assert (steps <= 0.0).all() if upper else (steps >= 0.0).all()
    p = np.sort(rng.random(20_000))
    q = masses.quantile(p, upper)
    assert (np.diff(q) <= 0.0).all() if upper else (np.diff(q) >= 0.0).all()


def test_quantiles_are_not_told_where_they_are_not_sure():
    """NaN for masses of zero, one, and below what is certified."""
    problem, _, _ = make("normal", "gaussian", TRANSFORM)
    masses = TRANSFORM.cumulative(problem)
    p = np.array([0.0, 1e-300, 1e-30, 0.5, 1.0])
    for upper in (False, True):
        told = np.isfinite(masses.quantile(p, upper))
        assert told.tolist() == [False, False, False, True, False]
    assert masses.quantile(np.empty(0), upper=False).shape == (0,)
    wide, _, _ = make("local", "gaussian", CHEBYSHEV)
    assert np.isnan(CHEBYSHEV.cumulative(wide).quantile(p, upper=False)).all()


@pytest.mark.parametrize("name", ["gaussian", "cauchy"])
def test_answers_do_not_depend_on_threads(name):
    """Bitwise."""
    rng = np.random.default_rng(11)
    x, q = rng.normal(size=3000), rng.normal(size=70_000)
    answers = []
    for n_jobs in (1, 2):
        problem = Problem(Sample.of(x), Kernel(name), Scale(0.2, 1), n_jobs=n_jobs)
        masses = CHEBYSHEV.cumulative(problem)
        slopes = CHEBYSHEV.differentiated(problem, 2)
        answers.append((*masses.below(q), *masses.above(q), *slopes.values(q)))
        answers[-1] += (masses.quantile(ndtr(q), upper=False),)
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("scale", [1e-290, 1e290])
def test_masses_have_no_unit(scale):
    """Nor quantiles a range; derivatives that leave that of floats are refused."""
    problem, _, _ = make("normal", "gaussian", TRANSFORM)
    x = problem.sample.points[:, 0]
    # a power of two: the cells are the same
    scale = 2.0 ** round(np.log2(scale))
    moved = Problem(
        Sample.of(x * scale, problem.sample.weights), Kernel(), Scale(0.3 * scale, 1)
    )
    q = np.linspace(-3.0, 3.0, 50)
    one, two = TRANSFORM.cumulative(problem), TRANSFORM.cumulative(moved)
    np.testing.assert_allclose(two.below(q * scale)[0], one.below(q)[0], rtol=1e-12)
    p = np.linspace(0.1, 0.9, 9)
    lower = two.quantile(p, upper=False) / scale
    np.testing.assert_allclose(lower, one.quantile(p, upper=False), rtol=1e-11)
    assert TRANSFORM.differentiated(moved, 2) is None


def test_what_cannot_be_served_is_refused():
    """None: orders that have no bound, data that cells cannot tell apart."""
    rng = np.random.default_rng(0)
    narrow = Problem(Sample.of(rng.normal(size=100)), Kernel(), Scale(1e-9, 1))
    for engine in (TRANSFORM, CHEBYSHEV):
        problem, _, _ = make("normal", "gaussian", engine)
        assert engine.differentiated(problem, 9) is None
        assert engine.differentiated(problem, 0) is None
    far = Problem(Sample.of(np.array([0.0, 1.0])), Kernel(), Scale(1e-18, 1))
    for engine in (TRANSFORM, CHEBYSHEV):
        assert engine.cumulative(far) is None
        assert engine.differentiated(far, 1) is None
    # as many cells as clusters need are few enough
    assert TRANSFORM.cumulative(narrow) is not None or TRANSFORM.refusal(narrow)


def test_what_underflows_lies_in_one_cell_of_every_width():
    """Once a denormal below zero was in cell -1 of one width, in cell 0 of the next."""
    x = np.array([1.0, -5e-324])
    q = np.array([4.0, 3.0, 0.0, -5e-324, -4.0])
    for points in (x, np.abs(x)):
        problem = Problem(Sample.of(points), Kernel("cauchy"), Scale(3.0, 1))
        u = (q[:, None] - points) / 3.0
        exact = (1.0 / (1.0 + u * u)).mean(axis=1)
        sums = CHEBYSHEV.approximate(problem).sums(q[:, None])
        np.testing.assert_allclose(sums, exact, rtol=1e-8)
        values, bounds = CHEBYSHEV.cumulative(problem).below(q)
        exact = (0.5 + np.arctan(u) / np.pi).mean(axis=1)
        assert (np.abs(values - exact) <= bounds + 1e-15).all()
        assert (bounds <= 1e-10).all()
