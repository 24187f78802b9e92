"""Time rivals in turn, in one process, and see where our own time goes."""

from __future__ import annotations

import cProfile
import gc
import pstats
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Times:
    """Seconds of the first call, which may compile, and of each later one."""

    first: float
    steady: list[float]

    @property
    def median(self) -> float:
        """Median of the steady calls."""
        return statistics.median(self.steady)

    def scaled(self, by: float) -> Times:
        """Return the times of a job `by` times as large."""
        return Times(self.first * by, [seconds * by for seconds in self.steady])


def clocked(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and its answer."""
    gc.collect()
    start = time.perf_counter()
    answer = call()
    return time.perf_counter() - start, answer


def race(
    calls: Mapping[str, Callable[[], Any]], repeat: int, tick: Callable[[str], None]
) -> tuple[dict[str, Times], dict[str, Any]]:
    """Call all in turn, ABAB..., once for the first call and `repeat` times more.

    Neighbours in time meet the same machine, so ratios are taken within a round.
    Returns the times and the last answer of each.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    answers: dict[str, Any] = {}
    for number in range(repeat + 1):
        for name, call in calls.items():
            tick(f"{name}, {f'round {number} of {repeat}' if number else 'first call'}")
            taken, answers[name] = clocked(call)
            seconds[name].append(taken)
    return {name: Times(s[0], s[1:]) for name, s in seconds.items()}, answers


def ratio(slow: Times, fast: Times) -> tuple[float, float, float]:
    """Return median, smallest and largest ratio of the times within a round."""
    ratios = [a / b for a, b in zip(slow.steady, fast.steady, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def shares(
    call: Callable[[], Any], parts: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Profile one call: seconds and number of calls of each part, callees included.

    Parts are named as "file.py:function", so they may contain one another.
    """
    profiler = cProfile.Profile()
    start = time.perf_counter()
    profiler.runcall(call)
    total = time.perf_counter() - start
    found = {"all": {"seconds": total, "calls": 1.0}}
    for part, place in parts.items():
        file, function = place.split(":")
        rows = [
            row
            for (path, _, name), row in pstats.Stats(profiler).stats.items()
            if name == function and Path(path).name == file
        ]
        found[part] = {
            "seconds": sum(row[3] for row in rows),
            "calls": float(sum(row[1] for row in rows)),
        }
    return found
