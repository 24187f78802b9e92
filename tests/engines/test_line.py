"""The fast sums on the line, against the oracle: what they certify, and what not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.engines import certified
from parzen.engines.cells import Cells
from parzen.engines.certified import DOUBTFUL, Tolerance
from parzen.engines.chebyshev import ChebyshevEngine
from parzen.engines.direct import DirectEngine
from parzen.engines.ellipse import (
    MODULUS,
    basis_rounding,
    chebyshev_nodes,
    interpolation_errors,
    to_chebyshev,
    to_monomials,
)
from parzen.engines.engine import Problem
from parzen.engines.gauss_transform import GaussTransformEngine
from parzen.kernels import Kernel
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOGISTIC
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference

ENGINES = {
    "gauss_transform": GaussTransformEngine(DirectEngine()),
    "chebyshev": ChebyshevEngine(DirectEngine()),
}
CASES = [
    ("gauss_transform", "gaussian", False),
    *[
        ("chebyshev", name, local)
        for name in ("gaussian", "logistic", "cauchy")
        for local in (False, True)
    ],
]
EVERY = pytest.mark.parametrize(("engine", "name", "local"), CASES)


@pytest.fixture(autouse=True)
def _always_fast(monkeypatch):
    """Leave no query to the plain sum for being one of few."""
    monkeypatch.setattr(certified, "FEW_PAIRS", 0)


def make(engine, name, x, h, *, weights=None, local=None, **options):
    """A problem, and the plan of an engine for it."""
    problem = Problem(
        Sample.of(x, weights), Kernel(name), Scale(h, 1), local=local, **options
    )
    assert ENGINES[engine].refusal(problem) is None
    return problem, ENGINES[engine].plan(problem)


def exact_log(problem, q):
    """Log density by the oracle."""
    sample, name = problem.sample, problem.kernel.name
    h = problem.scale.widths[0]
    if problem.local is None:
        return reference.log_density(
            sample.points, q[:, None], float(h), name, weights=sample.weights
        )
    return reference.local_log_density(
        sample.points[:, 0], q, h * problem.local, name, weights=sample.weights
    )


def assert_right(problem, plan, q):
    """Both answers within the error; return the share that the fast sum certified."""
    exact = exact_log(problem, q).astype(float)
    q = np.asarray(q)[:, None]
    np.testing.assert_allclose(
        plan.logpdf(q), exact, rtol=1e-12, atol=1.001 * problem.rtol
    )
    with np.errstate(over="ignore"):
        pdf = np.exp(exact)
    normal = (pdf > 1e-290) & np.isfinite(pdf)
    np.testing.assert_allclose(
        plan.pdf(q)[normal], pdf[normal], rtol=1.001 * problem.rtol
    )
    return (plan.approximation.sums(q) != DOUBTFUL).mean()


@EVERY
@pytest.mark.parametrize("rtol", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("weighted", [False, True])
def test_error_is_relative_everywhere(  # noqa: PLR0917 - parameters by name
    rng, engine, name, local, rtol, weighted
):
    """At points, in gaps, in tails and 1e6 bandwidths away, for pdf and logpdf."""
    x = np.concatenate([rng.normal(size=300), 40 + rng.standard_t(2, size=100)])
    weights = 10.0 ** rng.uniform(-15, 0, 400) if weighted else None
    factors = 10.0 ** rng.uniform(-0.5, 0.5, 400) if local else None
    problem, plan = make(
        engine, name, x, 0.3, weights=weights, local=factors, rtol=rtol
    )
    q = np.concatenate(
        [x[::8], x[::8] + 0.1, rng.uniform(-10, 60, 60), [1e3, -1e5, 3e5]]
    )
    assert assert_right(problem, plan, q) > 0.4


@EVERY
@pytest.mark.parametrize("n", [20_000])
def test_ordinary_queries_are_not_left_to_the_exact_engine(rng, engine, name, local, n):
    """Of queries distributed like the data, next to none is doubtful."""
    x = rng.normal(size=n)
    factors = 10.0 ** rng.uniform(-0.3, 0.3, n) if local else None
    _, plan = make(engine, name, x, 0.1, local=factors, rtol=1e-8)
    doubtful = plan.approximation.sums(rng.normal(size=(n, 1))) == DOUBTFUL
    assert doubtful.mean() < 5e-3


@EVERY
@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1.0, 1e300])
def test_units_do_not_matter(rng, engine, name, local, unit):
    """Scales from 1e-300 to 1e300."""
    x = rng.normal(size=200) * unit
    factors = 10.0 ** rng.uniform(-0.3, 0.3, 200) if local else None
    problem, plan = make(engine, name, x, 0.2 * unit, local=factors)
    assert assert_right(problem, plan, x[:40] + 0.1 * unit) > 0.5


@EVERY
@pytest.mark.parametrize("offset", [1e9, 1e12, -1e12])
def test_offset_costs_no_digits(rng, engine, name, local, offset):
    """Positions within cells are exact at any offset."""
    x = np.rint(64 * rng.normal(size=200)) / 64 + offset
    factors = 2.0 ** rng.integers(-1, 2, 200) if local else None
    problem, plan = make(engine, name, x, 0.25, local=factors)
    assert assert_right(problem, plan, x[:40] + 0.125) > 0.5


@EVERY
def test_clusters_far_apart(rng, engine, name, local):
    """A million and more bandwidths apart: cells lie only where the data are."""
    x = np.concatenate([rng.normal(size=150) + c for c in (0.0, 1e6, -3e7, 2e9)])
    factors = 10.0 ** rng.uniform(-0.3, 0.3, 600) if local else None
    problem, plan = make(engine, name, x, 0.25, local=factors)
    assert assert_right(problem, plan, x[::20] + 0.1) > 0.5
    cells = sum(piece.cells.count for piece in plan.approximation.pieces)
    assert cells < 10_000


@EVERY
def test_ties_one_point_and_no_query(engine, name, local):
    """1e5 equal points, one point, m = 0."""
    for x in (np.full(100_000, 3.7), np.array([3.7])):
        factors = np.full(len(x), 1.5) if local else None
        problem, plan = make(engine, name, x, 0.3, local=factors)
        q = 3.7 + np.linspace(-1.5, 1.5, 9)
        few = Problem(
            Sample.of(x[:1]),
            problem.kernel,
            problem.scale,
            local=None if factors is None else factors[:1],
        )
        exact = exact_log(few, q).astype(float)
        np.testing.assert_allclose(plan.logpdf(q[:, None]), exact, atol=1e-8)
        assert plan.pdf(np.empty((0, 1))).shape == (0,)
        assert plan.logpdf(np.empty((0, 1))).shape == (0,)


@EVERY
def test_threads_order_and_copies_change_nothing(rng, engine, name, local):
    """Bitwise for any `n_jobs` and for a pickled plan; within rtol for any order."""
    n = 150_000 if engine == "gauss_transform" else 20_000
    x = rng.normal(size=n)
    factors = 10.0 ** rng.uniform(-0.3, 0.3, n) if local else None
    q = rng.normal(size=(50_000, 1))
    answers = []
    for n_jobs in (1, 2, 3):
        _, plan = make(engine, name, x, 0.2, local=factors, n_jobs=n_jobs)
        answers.append(plan.pdf(q))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])
    copy = pickle.loads(pickle.dumps(plan))
    np.testing.assert_array_equal(copy.pdf(q), answers[0])
    order = rng.permutation(n)
    shuffled = None if factors is None else factors[order]
    _, plan = make(engine, name, x[order], 0.2, local=shuffled)
    np.testing.assert_allclose(plan.pdf(q), answers[0], rtol=2e-8)


@EVERY
def test_absolute_error_spares_the_exact_engine(rng, engine, name, local):
    """With an `atol`, far queries are certified, and right to it."""
    x = rng.normal(size=500)
    factors = 10.0 ** rng.uniform(-0.3, 0.3, 500) if local else None
    problem, plan = make(engine, name, x, 0.2, local=factors, atol=1e-9)
    q = np.linspace(-9, 9, 60)[:, None]
    assert (plan.approximation.sums(q) != DOUBTFUL).all()
    exact = np.exp(exact_log(problem, q[:, 0]))
    assert (np.abs(plan.pdf(q) - exact) <= 1e-9 + 1e-8 * exact).all()


def test_refusals_say_why(rng):
    """Another kernel, two dimensions, bandwidths too narrow or too far from zero."""
    x = rng.normal(size=500)
    for engine in ENGINES:
        for text, options in {
            "kernel": {"x": x, "kernel": "epanechnikov", "bandwidth": 0.3},
            "serves one dimension": {"x": rng.normal(size=(9, 2)), "bandwidth": 0.3},
            "so narrow": {"x": x, "bandwidth": 1e-7},
            "too many bandwidths from zero": {"x": x + 1e12, "bandwidth": 1e-6},
        }.items():
            with pytest.raises(parzen.CapabilityError, match=text):
                parzen.kde(method=engine, **options)
    with pytest.raises(parzen.CapabilityError, match="one bandwidth for all"):
        parzen.kde(x, bandwidth=np.full(500, 0.3), method="gauss_transform")
    with pytest.raises(parzen.CapabilityError, match="differ by too much"):
        parzen.kde(x, bandwidth=np.geomspace(1e-9, 1e9, 500), method="chebyshev")


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=30),
    st.floats(1e-2, 1e2),
    st.sampled_from([1e-3, 1e-6, 1e-9]),
    st.sampled_from(CASES),
)
def test_any_data_any_bandwidth(points, h, rtol, case):
    """The law itself: |log g - log f| <= rtol at any query."""
    engine, name, local = case
    x = np.array(points)
    factors = np.linspace(0.5, 2.0, len(x)) if local else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certified, "FEW_PAIRS", 0)
        problem, plan = make(engine, name, x, h, local=factors, rtol=rtol)
        assert_right(problem, plan, np.concatenate([x, x + h, np.linspace(-80, 80, 9)]))


PHI = {
    GAUSSIAN: lambda u: np.exp(-u * u / 2),
    LOGISTIC: lambda u: np.cosh(u / 2) ** -2,
    CAUCHY: lambda u: 1 / (1 + u * u),
}


@pytest.mark.parametrize("code", MODULUS)
@pytest.mark.parametrize("terms", [4, 8, 12])
def test_interpolation_keeps_its_bound(code, terms):
    """On a dense grid, for widths between the two ends; and the bound is no excuse."""
    nodes = chebyshev_nodes(terms)
    x = np.linspace(-1, 1, 401)
    for narrow, wide in ((0.5, 0.5625), (0.25, 0.5), (1.0, 1.0)):
        bounds = interpolation_errors(code, terms, 6, narrow, wide)
        for cells, bound in enumerate(bounds):
            worst = 0.0
            for width in np.linspace(narrow, wide, 5):
                # a centre anywhere in its cell
                for apart in cells + np.array([-0.5, 0.0, 0.5]):
                    values = PHI[code](width * (apart + nodes / 2))
                    coefficients = to_monomials(terms) @ (to_chebyshev(terms) @ values)
                    p = np.polynomial.polynomial.polyval(x, coefficients)
                    exact = PHI[code](width * (apart + x / 2))
                    worst = max(worst, float(np.abs(p - exact).max()))
            assert worst <= bound + basis_rounding(terms)
            assert bound <= 1e4 * worst + 1e-13


@pytest.mark.parametrize("count", [4, 8, 16, 20])
def test_matrices_reproduce_polynomials(rng, count):
    """Values at the nodes to coefficients of T_k and of x^k, and back."""
    coefficients = rng.normal(size=count)
    nodes = chebyshev_nodes(count)
    values = np.polynomial.chebyshev.chebval(nodes, coefficients)
    np.testing.assert_allclose(to_chebyshev(count) @ values, coefficients, atol=1e-13)
    powers = to_monomials(count) @ coefficients
    expected = np.polynomial.chebyshev.cheb2poly(coefficients)
    np.testing.assert_allclose(powers, expected, rtol=1e-9, atol=1e-9)


def test_cells_are_exact_and_leave_gaps_out():
    """Rows for every point with its margin, none for the empty space between."""
    cells = Cells.around(np.array([0.0, 1.0, 1e9]), 0, 3)
    assert cells.count == (2 + 6) + (1 + 6)
    np.testing.assert_array_equal(cells.first, [-3, 10**9 - 3])
    assert Cells.around(np.array([0.0, 1e300]), 0, 3).count == 0


def test_tolerance_certifies_what_it_says():
    """Errors within atol + rtol (sum - error), and those that `atol` alone covers."""
    tolerance = Tolerance(1e-2, 1e-6)
    sums = np.array([1.0, 1.0, 1e-3, 1e-9, -1e-9, 1.0])
    error = np.array([1e-3, 0.02, 1e-4, 9e-7, 9e-7, np.inf])
    tolerance.certify(sums, error)
    np.testing.assert_array_equal(sums, [1.0, DOUBTFUL, DOUBTFUL, 1e-9, 0.0, DOUBTFUL])
