from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

import parzen
from parzen.engines import planner
from parzen.engines.direct import DirectPlan
from parzen.engines.engine import Problem
from parzen.engines.nodes import NodePlan
from parzen.errors import AccuracyWarning, CapabilityError, UnknownNameError
from parzen.kernels import Kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests.serving import ON_THE_LINE, SERVED, serves


def make_problem(*, n=1000, d=1, h=0.3, kernel="gaussian", seed=1, **keywords):
    """A standard normal sample with a bandwidth by hand."""
    x = np.random.default_rng(seed).normal(size=(n, d))
    return Problem(Sample.of(x), Kernel(kernel), Scale(h, d), **keywords)


def candidate(decision, name):
    """What one engine offered."""
    return next(c for c in decision.candidates if c.name == name)


def test_every_engine_is_asked_and_has_its_name():
    """`method=` takes "auto" and the name of each engine."""
    assert list(planner.METHODS) == ["auto", *SERVED]
    decision = planner.decide(make_problem(), "auto")
    assert [c.name for c in decision.candidates] == list(planner.ENGINES)
    for name, engine in planner.ENGINES.items():
        assert engine.name == name


@pytest.mark.parametrize("rtol", [1e-10, 1e-8, 0.1])
def test_without_an_absolute_error_no_grid_is_within(rtol):
    """A relative error must hold in the farthest tail, where a grid has none."""
    decision = planner.decide(make_problem(n=100_000, rtol=rtol), "auto")
    assert decision.method == "gauss_transform"
    assert decision.reason == "the cheapest engine within the stated error"
    within = [c.name for c in decision.candidates if c.admitted]
    assert within == ["direct", "tree", "gauss_transform", "chebyshev"]


def test_few_points_are_summed_at_once():
    """No other engine is even asked."""
    decision = planner.decide(make_problem(n=50), "auto")
    assert (decision.method, decision.reason[:11]) == ("direct", "a plain sum")


@pytest.mark.parametrize(
    ("kernel", "d", "n", "h", "method"),
    [
        ("gaussian", 1, 100_000, 0.1, "gauss_transform"),
        ("gaussian", 1, 100_000, 1e-5, "tree"),
        ("epanechnikov", 1, 100_000, 0.3, "sweep"),
        ("exponential", 1, 100_000, 0.3, "sweep"),
        ("logistic", 1, 100_000, 0.1, "chebyshev"),
        ("cauchy", 1, 100_000, 0.1, "chebyshev"),
        ("gaussian", 2, 50_000, 0.1, "nufft"),
        ("gaussian", 3, 50_000, 0.3, "nufft"),
        ("epanechnikov", 3, 50_000, 0.2, "tree"),
        ("gaussian", 6, 20_000, 0.05, "tree"),
        ("gaussian", 6, 5_000, 3.0, "direct"),
        ("cauchy", 4, 5_000, 0.5, "direct"),
    ],
)
def test_each_engine_has_its_place(kernel, d, n, h, method):
    """The map of the choice, as the documentation draws it."""
    problem = make_problem(n=n, d=d, h=h, kernel=kernel)
    assert planner.decide(problem, "auto").method == method


@pytest.mark.parametrize("rtol", [0.0, 1e-300, 1e-15])
def test_an_error_below_rounding_is_not_promised(rtol):
    """The most exact engine answers, and a warning says that it rounds."""
    with pytest.warns(AccuracyWarning, match="the direct sum rounds by up to 2"):
        decision = planner.decide(make_problem(rtol=rtol), "auto")
    assert decision.method == "direct"
    assert "not within the stated error" in decision.reason
    assert not candidate(decision, "direct").admitted


def test_an_ill_conditioned_matrix_is_not_promised_exact():
    """What the matrix amplifies is in the bound, and beyond rtol it warns."""
    matrix = np.array([[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]])
    with pytest.warns(AccuracyWarning, match="better conditioned"):
        parzen.kde(np.eye(2), bandwidth=matrix)


@pytest.mark.parametrize("atol", [0.0, 1e-3, 1e-2])
@pytest.mark.parametrize("n", [50, 250, 1000, 5000])
def test_threads_do_not_change_the_choice(n, atol):
    """n_jobs may change how long it takes, never what answers."""
    chosen = {
        planner.decide(make_problem(n=n, atol=atol, n_jobs=jobs), "auto").method
        for jobs in (1, 2, 8, None)
    }
    assert len(chosen) == 1


@pytest.mark.parametrize(
    ("kernel", "able"),
    [
        ("gaussian", ON_THE_LINE),
        ("biweight", [name for name in SERVED if serves(name, "biweight", 1)]),
    ],
)
@pytest.mark.parametrize("n", [5000, 1_000_000])
def test_of_the_engines_within_the_error_the_cheapest_is_taken(n, kernel, able):
    """The choice is the least predicted time, and it is a transform for many points."""
    decision = planner.decide(make_problem(n=n, kernel=kernel, atol=1e-3), "auto")
    admitted = [c for c in decision.candidates if c.admitted]
    assert [c.name for c in admitted] == able
    assert decision.reason == "the cheapest engine within the stated error"
    assert decision.method == min(admitted, key=lambda c: c.seconds).name
    if n > 5000:
        assert decision.method in ("diffusion", "fft")


def test_the_accepted_error_is_kept_by_the_bound():
    """The bound of what is chosen is never above what the user accepts."""
    for atol in (0.0, 1e-12, 1e-6, 1e-2):
        decision = planner.decide(make_problem(n=20_000, atol=atol), "auto")
        assert decision.bound.absolute <= atol
        assert decision.bound.relative <= 1e-8


@pytest.mark.parametrize("method", ON_THE_LINE)
def test_a_named_engine_is_taken_whatever_its_bound(method):
    """By hand, the bound is stated, not enforced."""
    decision = planner.decide(make_problem(), method)
    assert decision.method == method
    assert decision.reason == "named by hand"
    assert decision.bound == candidate(decision, method).bound


def test_a_refusal_is_recorded_or_raised():
    """An engine that cannot answer says why; named by hand, that is the error."""
    problem = make_problem(d=4, atol=1.0)
    decision = planner.decide(problem, "auto")
    assert decision.method in ("direct", "tree")
    for name, reason in (
        ("gauss_transform", "serves one dimension"),
        ("sweep", "one dimension"),
        ("chebyshev", "serves one dimension"),
        ("nufft", "two and three dimensions"),
        ("grid", "1, 2 or 3 dimensions"),
        ("fft", "1, 2 or 3 dimensions"),
        ("diffusion", "one dimension"),
    ):
        refused = candidate(decision, name)
        assert reason in refused.refusal
        assert refused.bound is None
        assert refused.seconds is None
        assert not refused.admitted
        expected = rf"'{name}' cannot .* 4\. Use 'direct', 'tree' or"
        with pytest.raises(CapabilityError, match=expected):
            planner.decide(problem, name)


def test_unknown_methods_are_refused():
    """The nearest engine is suggested."""
    with pytest.raises(UnknownNameError, match="Did you mean 'direct'"):
        planner.decide(make_problem(), "dirct")


def test_costs_are_for_as_many_queries_as_points():
    """The number of queries is unknown when the density is made."""
    problem = make_problem(n=321)
    decision = planner.decide(problem, "auto")
    for name, engine in planner.ENGINES.items():
        if engine.refusal(problem) is None:
            assert candidate(decision, name).seconds == engine.cost(problem, 321)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("direct", DirectPlan),
        ("grid", DirectPlan),
        ("fft", NodePlan),
        ("diffusion", NodePlan),
    ],
)
def test_the_plan_is_that_of_the_chosen_engine(method, kind):
    """plan() does what decide() said."""
    problem = make_problem(n=50)
    assert isinstance(planner.plan(problem, planner.decide(problem, method)), kind)


def test_decisions_are_values():
    """Frozen and picklable: they are part of the density."""
    decision = planner.decide(make_problem(), "auto")
    again = pickle.loads(pickle.dumps(decision))
    assert (again.method, again.reason) == (decision.method, decision.reason)
    assert again.candidates == decision.candidates
    with pytest.raises(dataclasses.FrozenInstanceError):
        decision.method = "fft"
