"""Choose the cheapest engine that keeps the stated error, and say why."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from parzen.checks import check_choice
from parzen.engines.certified import CertifiedEngine
from parzen.engines.chebyshev import ChebyshevEngine
from parzen.engines.diffusion import DiffusionEngine
from parzen.engines.direct import DirectEngine
from parzen.engines.engine import FEW_PAIRS, ErrorBound
from parzen.engines.fft import FFTEngine
from parzen.engines.gauss_transform import GaussTransformEngine
from parzen.engines.grid import GridEngine
from parzen.engines.masses.integrals import Integrals
from parzen.engines.nodes import NodeEngine, on_nodes
from parzen.engines.nufft.engine import NUFFTEngine
from parzen.engines.signed import (
    SignedIntegrals,
    SignedPlan,
    SignedSlopes,
    eased,
    parts,
    total,
)
from parzen.engines.slopes.slopes import Slopes
from parzen.engines.sweep.engine import SweepEngine
from parzen.engines.tree.engine import TreeEngine
from parzen.errors import AccuracyWarning, CapabilityError, warn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from parzen.engines.engine import Engine, Plan, Problem

DIRECT = DirectEngine()
TREE = TreeEngine(DIRECT)
ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        DIRECT,
        TREE,
        GaussTransformEngine(TREE),
        SweepEngine(TREE),
        ChebyshevEngine(TREE),
        NUFFTEngine(TREE),
        GridEngine(DIRECT),
        FFTEngine(),
        DiffusionEngine(),
    )
}
# Those that may know masses and derivatives on a line.
FAST = tuple(e for e in ENGINES.values() if isinstance(e, CertifiedEngine))
METHODS = ("auto", *ENGINES)
BY_HAND = "named by hand"
# A plain sum that takes less than this is not worth asking others: they need some 2 ms
# to answer and, the first time, seconds to compile.
QUICK_SECONDS = 5e-3


@dataclass(frozen=True)
class Candidate:
    """What one engine offered for a problem.

    Attributes
    ----------
    name : str
        Name of the engine.
    refusal : str or None
        Why it cannot answer at all.
    bound : ErrorBound or None
        Its error before any work is done.
    seconds : float or None
        Predicted time on one thread, for as many queries as points.
    admitted : bool
        Whether its bound keeps the error that the user accepts.
    """

    name: str
    refusal: str | None = None
    bound: ErrorBound | None = None
    seconds: float | None = None
    admitted: bool = False


@dataclass(frozen=True, eq=False)
class Decision:
    """The engine chosen for a problem, and the reason."""

    method: str
    reason: str
    problem: Problem

    @property
    def bound(self) -> ErrorBound:
        """Error bound of the chosen engine."""
        return _bound(ENGINES[self.method], self.problem)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What every engine offers; asked only here, to spare each fit the question."""
        return tuple(_candidate(engine, self.problem) for engine in ENGINES.values())


def decide(problem: Problem, method: str) -> Decision:
    """Pick an engine by name, or the cheapest that keeps the error.

    The number of queries is unknown when a density is made; costs are predicted for as
    many queries as points, on one thread, so that `n_jobs` cannot change the choice.

    Raises
    ------
    UnknownNameError
        If `method` is no engine.
    CapabilityError
        If the named engine cannot answer the problem.

    Warns
    -----
    AccuracyWarning
        If no engine keeps the error; then the most exact one is chosen.
    """
    check_choice(method, METHODS, "method")
    if method != "auto":
        _check_able(problem, method)
        return Decision(method, BY_HAND, problem)
    if _quick(problem, problem.sample.n):
        return Decision(DIRECT.name, "a plain sum of so few is the quickest", problem)
    # an engine whose error is absolute cannot keep a purely relative one: not asked
    asked = [e for e in ENGINES.values() if e.relative or problem.atol > 0]
    admitted = _admitted(asked, problem)
    if not admitted:
        return _most_exact(problem)
    best = admitted[0]
    rank = "only" if len(admitted) == 1 else "cheapest"
    return Decision(best.name, f"the {rank} engine within the stated error", problem)


def plan(problem: Problem, decision: Decision) -> Plan:
    """Prepare the sum with the chosen engine; two sums where weights are signed."""
    if not problem.sample.signed:
        return _plan(problem, decision)
    shares, problems = parts(problem)
    return SignedPlan(shares, tuple(_plan(part, decision) for part in problems))


def integrals(problem: Problem) -> Integrals | SignedIntegrals:
    """Prepare masses of the kernel sum, by the engine that has them quickly.

    Of signed weights, the masses of either sign and their difference.
    """
    if not problem.sample.signed:
        return Integrals(problem, FAST, _relative(problem))
    shares, problems = parts(problem)
    each = (Integrals(part, FAST, _relative(part)) for part in problems)
    return SignedIntegrals(shares, tuple(each))


def slopes(problem: Problem) -> Slopes | SignedSlopes:
    """Prepare derivatives of the kernel sum, likewise."""
    if not problem.sample.signed:
        return Slopes(problem, FAST, _relative(problem))
    shares, problems = parts(problem)
    each = (Slopes(part, FAST, _relative(part)) for part in problems)
    return SignedSlopes(shares, tuple(each))


def _relative(problem: Problem) -> Plan | None:
    """Plan the density itself, right in the tails; None where that is a plain sum."""
    if problem.sample.d > 1:
        return None
    if _quick(problem, problem.sample.n):
        return AutoPlan(problem, DIRECT.name)
    admitted = _admitted([e for e in ENGINES.values() if e.relative], problem)
    return AutoPlan(problem, admitted[0].name if admitted else DIRECT.name)


def _plan(problem: Problem, decision: Decision) -> Plan:
    """Prepare one sum.

    It may be a part of the problem that was decided on: the weights of one sign, the
    points of one range. A part that is too small for an engine is summed by the tree.
    """
    engine = ENGINES[decision.method]
    if not engine.relative:
        return engine.plan(problem)
    able = engine.refusal(problem) is None
    own = (engine if able else TREE).plan(problem)
    if decision.reason == BY_HAND:
        return own
    return AutoPlan(problem, decision.method, plans={decision.method: own})


@dataclass(frozen=True, eq=False)
class AutoPlan:
    """A plan whose engine follows the number of queries, which no fit can know.

    As many queries as points, within a factor of four, are answered by the engine that
    was decided on; a call of many more or fewer by the one that is cheapest for those.
    All keep the same error. The choice depends on nothing but the number, not on what
    was prepared before.

    Attributes
    ----------
    problem : Problem
    method : str
        The engine for as many queries as points.
    methods : dict of int to str
        The engines for 16^k times as many queries.
    plans : dict of str to Plan
        Prepared when first needed.
    """

    problem: Problem
    method: str
    methods: dict[int, str] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d)."""
        return self.plan(len(q)).pdf(q)

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        return self.plan(len(q)).logpdf(q)

    def plan(self, n_queries: int) -> Plan:
        """Return the plan for so many queries."""
        n = self.problem.sample.n
        ratio = round(math.log2(max(n_queries, 1) / n) / 4.0)
        if n_queries * n <= FEW_PAIRS:
            # what all of them would do
            ratio = 0
        if ratio not in self.methods:
            self.methods[ratio] = self._cheapest(round(n * 16.0**ratio))
        method = self.methods[ratio]
        if method not in self.plans:
            self.plans[method] = ENGINES[method].plan(self.problem)
        return self.plans[method]

    def _cheapest(self, n_queries: int) -> str:
        """Choose for so many queries, among engines whose error is relative."""
        if n_queries == self.problem.sample.n:
            return self.method
        if _quick(self.problem, n_queries):
            return DIRECT.name
        asked = [engine for engine in ENGINES.values() if engine.relative]
        admitted = _admitted(asked, self.problem, n_queries)
        return admitted[0].name if admitted else self.method


def compact(problem: Problem, method: str) -> Problem:
    """Put nodes in place of the points where the method bins them anyway.

    Planned again, the nodes keep their places, and the answer is the same to rounding.
    """
    engine = ENGINES[method]
    if not isinstance(engine, NodeEngine):
        return problem
    return replace(on_nodes(problem, engine.nodes(problem)), grid_size=None)


def _quick(problem: Problem, n_queries: int) -> bool:
    """Whether a plain sum of so many queries will do, so that no other is asked."""
    return (
        DIRECT.cost(problem, n_queries) <= QUICK_SECONDS
        and _candidate(DIRECT, problem).admitted
    )


def _admitted(
    engines: list[Engine], problem: Problem, n_queries: int | None = None
) -> list[Candidate]:
    """Return what is offered within the accepted error, the cheapest first."""
    offers = [_candidate(engine, problem, n_queries) for engine in engines]
    admitted = [offer for offer in offers if offer.admitted]
    return sorted(admitted, key=lambda offer: offer.seconds or 0.0)


def _candidate(
    engine: Engine, problem: Problem, n_queries: int | None = None
) -> Candidate:
    """Ask one engine what it offers, for as many queries as points unless told."""
    refusal = engine.refusal(problem)
    if refusal is not None:
        return Candidate(engine.name, refusal)
    bound = _bound(engine, problem)
    admitted = _keeps(problem, bound)
    seconds = engine.cost(problem, n_queries or problem.sample.n)
    return Candidate(engine.name, None, bound, seconds, admitted)


def _keeps(problem: Problem, bound: ErrorBound) -> bool:
    """Whether an error bound is within the error that the user accepts.

    What is relative beyond `rtol` may be covered by `atol`: no f exceeds the peak.
    """
    excess = bound.relative - problem.rtol
    covered = excess * problem.peak if excess > 0.0 else 0.0
    return bound.absolute + covered <= problem.atol


def _bound(engine: Engine, problem: Problem) -> ErrorBound:
    """Bound the error; of signed weights, that of both sums together."""
    if not problem.sample.signed:
        return engine.error_bound(problem)
    relative, absolute = engine.error_bound(eased(problem))
    return ErrorBound(relative, total(problem) * absolute)


def _most_exact(problem: Problem) -> Decision:
    """Fall back to the direct sum, whose rounding exceeds the stated error."""
    rounding = ENGINES["direct"].error_bound(problem).relative
    remedy = "a larger `atol`"
    if problem.scale.condition > 2.0:
        remedy += ", or a better conditioned `bandwidth`"
    msg = (
        f"no engine keeps the stated error, `rtol`={problem.rtol:g}, "
        f"`atol`={problem.atol:g}: the direct sum rounds by up to {rounding:.1e}, "
        f"relative. Pass that as `rtol`, {remedy}."
    )
    warn(msg, AccuracyWarning)
    return Decision(
        "direct", "the most exact, though not within the stated error", problem
    )


def _check_able(problem: Problem, method: str) -> None:
    """Raise `CapabilityError` if the named engine refuses, naming those that do not."""
    refusal = ENGINES[method].refusal(problem)
    if refusal is None:
        return
    able = ", ".join(
        repr(name)
        for name, engine in ENGINES.items()
        if engine.refusal(problem) is None
    )
    msg = f"method {method!r} cannot answer this: {refusal}. Use {able} or 'auto'."
    raise CapabilityError(msg)
