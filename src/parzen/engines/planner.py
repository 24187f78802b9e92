"""Choose the cheapest engine that keeps the stated error, and say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parzen.checks import check_choice
from parzen.engines.direct import DirectEngine
from parzen.engines.fft import FFTEngine
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from parzen.engines.engine import Engine, ErrorBound, Plan, Problem

ENGINES: dict[str, Engine] = {
    engine.name: engine for engine in (DirectEngine(), FFTEngine())
}
METHODS = ("auto", *ENGINES)


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
        Predicted time for the fit and `n_queries` queries.
    admitted : bool
        Whether its bound keeps the error that the user accepts.
    """

    name: str
    refusal: str | None = None
    bound: ErrorBound | None = None
    seconds: float | None = None
    admitted: bool = False


@dataclass(frozen=True)
class Decision:
    """The engine chosen, the reason, and the candidates it was chosen from."""

    method: str
    reason: str
    candidates: tuple[Candidate, ...]
    n_queries: int

    @property
    def bound(self) -> ErrorBound:
        """Error bound of the chosen engine."""
        chosen = next(c for c in self.candidates if c.name == self.method)
        assert chosen.bound is not None  # noqa: S101 - a chosen engine never refuses
        return chosen.bound


def decide(problem: Problem, method: str) -> Decision:
    """Pick an engine by name, or the cheapest that keeps the error.

    The number of queries is unknown when a density is made; costs are predicted for as
    many queries as points.

    Raises
    ------
    UnknownNameError
        If `method` is no engine.
    CapabilityError
        If the named engine cannot answer the problem.
    """
    check_choice(method, METHODS, "method")
    candidates = tuple(_candidate(engine, problem) for engine in ENGINES.values())
    n_queries = problem.sample.n
    if method != "auto":
        return Decision(
            _able(method, candidates), "named by hand", candidates, n_queries
        )
    admitted = [c for c in candidates if c.admitted]
    best = min(admitted, key=lambda c: c.seconds or 0.0)
    reason = (
        "the only engine within the stated error"
        if len(admitted) == 1
        else "the cheapest engine within the stated error"
    )
    return Decision(best.name, reason, candidates, n_queries)


def plan(problem: Problem, decision: Decision) -> Plan:
    """Prepare the sum with the chosen engine."""
    return ENGINES[decision.method].plan(problem)


def _candidate(engine: Engine, problem: Problem) -> Candidate:
    """Ask one engine what it offers."""
    refusal = engine.refusal(problem)
    if refusal is not None:
        return Candidate(engine.name, refusal)
    bound = engine.error_bound(problem)
    # The direct sum is as exact as floats allow, whatever smaller error is asked for.
    admitted = bound.absolute <= problem.atol and (
        bound.relative <= problem.rtol or engine.name == "direct"
    )
    seconds = engine.cost(problem, problem.sample.n)
    return Candidate(engine.name, None, bound, seconds, admitted)


def _able(method: str, candidates: tuple[Candidate, ...]) -> str:
    """Return the named engine unless it refuses."""
    named = next(c for c in candidates if c.name == method)
    if named.refusal is None:
        return method
    able = ", ".join(repr(c.name) for c in candidates if c.refusal is None)
    msg = (
        f"method {method!r} cannot answer this: {named.refusal}. Use {able} or 'auto'."
    )
    raise CapabilityError(msg)
