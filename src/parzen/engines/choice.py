"""Among fast engines, the cheapest that can serve."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parzen.engines.certified import CertifiedEngine
    from parzen.engines.engine import Engine, Problem


def cheapest(
    engines: Iterable[CertifiedEngine], problem: Problem
) -> list[CertifiedEngine]:
    """Return those that do not refuse, by what as many queries as points cost."""
    offers = []
    for engine in engines:
        asked = cast("Engine", engine)
        if asked.refusal(problem) is None:
            offers.append((asked.cost(problem, problem.sample.n), engine))
    return [engine for _, engine in sorted(offers, key=itemgetter(0))]
