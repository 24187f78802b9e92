from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from clock import clocked, race, ratio
from oracle import log_density
from peers import (
    beyond,
    finufft_sum,
    growth,
    load_peer,
    relative_error,
    scikit_learn,
    scipy,
)
from records import Comparison, Goal, Record, Run, entrants, error_goal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RTOL = 1e-6
WIDTH = 0.13  # of three-dimensional data with deviation one
FACTOR = 8


def data(n: int, d: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw points, and as many queries."""
    rng = np.random.default_rng(d)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


def width(n: int, d: int) -> float:
    """Return Silverman's bandwidth for data with deviation one."""
    return float((n * (d + 2) / 4) ** (-1 / (d + 4)))


def ours(x: Any, q: Any, h: float, n_jobs: int | None = None) -> Callable[[], Any]:
    """Fit and evaluate."""
    import parzen

    return lambda: parzen.kde(x, bandwidth=h, rtol=RTOL, n_jobs=n_jobs).pdf(q)


def judge(run: Run, x: Any, q: Any, h: float) -> tuple[float, float, str]:
    """Return our errors at queries like the data and in the tails, and the method."""
    import parzen

    run.tick("exact values")
    density = parzen.kde(x, bandwidth=h, rtol=RTOL)
    count = run.size(200 if len(x) <= 200_000 else 60, 20)
    some, tails = q[:count], beyond(x, h, count // 2)
    # among all queries, because a few alone may take another way
    answer = density.pdf(np.concatenate([some, tails, q]))
    like = relative_error(answer[:count], log_density(some, x, h))
    tail = relative_error(answer[count:][: len(tails)], log_density(tails, x, h))
    return like, tail, density.method


def compare(
    run: Run,
    x: Any,
    q: Any,
    h: float,
    *,
    peers: dict[str, tuple[Any, int]],
    rounds: int,
) -> list[Record]:
    """Race parzen, FINUFFT where there is one, and slow peers on few queries."""
    n, d = x.shape
    calls: dict[str, Callable[[], Any]] = {
        "parzen": ours(x, q, h),
        "parzen, 1 thread": ours(x, q, h, 1),
    }
    finufft, why = load_peer("finufft")
    if finufft is not None:
        calls["FINUFFT"] = lambda: finufft_sum(finufft, x, q, h, RTOL)
    for name, (answer, count) in peers.items():
        calls[name] = lambda f=answer, k=count: f(q[:k])
    times, answers = race(calls, rounds, lambda text: run.tick(f"d = {d}: {text}"))
    like, tail, method = judge(run, x, q, h)
    exact = log_density(q[:20], x, h)
    errors, notes = {}, {}
    for name in answers:
        if name.startswith("parzen"):
            errors[name] = max(like, tail)
            notes[name] = f"method {method}; in the tails {tail:.1e}"
        else:
            errors[name] = relative_error(answers[name][:20], exact)
            notes[name] = why if name == "FINUFFT" else "fit not counted"
    for name, (_, count) in peers.items():
        times[name] = times[name].scaled(n / count)
        notes[name] += f"; timed on {count} queries"
    job = f"gaussian, {n:,} x {n:,}, d = {d}, h = {h:.3f}, rtol {RTOL:g}"
    records = entrants(job, times, errors, unit="relative", notes=notes, headline=True)
    if finufft is None:
        records.append(Record(job, "FINUFFT", note=why, headline=True))
    return records


def plane(run: Run) -> tuple[list[Record], list[Goal]]:
    n = run.size(100_000, 3_000)
    x, q = data(n, 2)
    h = width(n, 2)
    peers = {
        "scipy": (scipy(x, h), 50),
        "scikit-learn, rtol 1e-4": (scikit_learn(x, h, 1e-4), 100),
    }
    records = compare(run, x, q, h, peers=peers, rounds=run.repeat)
    found = {record.library: record for record in records}
    goals = [
        Goal(
            "times as fast as scikit-learn at rtol 1e-4, d = 2",
            found["scikit-learn, rtol 1e-4"].speed,
            250.0,
            at_least=True,
        )
    ]
    mine, theirs = found["parzen"].times, found["FINUFFT"].times
    if mine and theirs:
        goals.append(Goal("times FINUFFT's time, d = 2", ratio(mine, theirs)[0], 2.0))
    return records, goals


def space(run: Run) -> tuple[list[Record], list[Goal]]:
    n = run.size(1_000_000, 3_000)
    x, q = data(n, 3)
    taken, _ = clocked(ours(x, q, WIDTH))
    # a slow machine is spared the rounds
    rounds = min(run.repeat, 3) if taken < 30 else 1
    records = compare(run, x, q, WIDTH, peers={}, rounds=rounds)
    seconds = records[0].times.median if records[0].times else np.inf
    return records, [Goal("seconds, n = m = 1e6, d = 3", seconds, 60.0)]


def grown(run: Run) -> tuple[list[Record], list[Goal]]:
    """Race two sizes, with a fixed bandwidth and with Silverman's."""
    sizes = [run.size(50_000, 2_000) * factor for factor in (1, FACTOR)]
    rules = {"h = 0.1": lambda _: 0.1, "Silverman's h": lambda n: width(n, 2)}
    calls = {
        (rule, n): ours(*data(n, 2), h(n)) for rule, h in rules.items() for n in sizes
    }
    times, _ = race(
        {f"{rule}, {n:,}": call for (rule, n), call in calls.items()},
        run.repeat,
        lambda text: run.tick(f"growth: {text}"),
    )
    records, goals = [], []
    for rule in rules:
        small, large = (times[f"{rule}, {n:,}"] for n in sizes)
        exponent = growth(small, large, FACTOR)
        job = f"gaussian, n = m from {sizes[0]:,} to {sizes[1]:,}, d = 2, {rule}"
        for n, its in zip(sizes, (small, large), strict=True):
            records.append(Record(job, f"parzen, {n:,}", its, headline=True))
        records[-1].note = f"growth exponent {exponent:.2f}"
        goals.append(Goal(f"growth exponent, d = 2, {rule}", exponent, 1.1))
    return records, goals


def scattered_nd(run: Run) -> Comparison:
    records, goals = [], []
    for part in (plane, space, grown):
        more, its = part(run)
        records += more
        goals += its
    judged = [record for record in records if record.error is not None]
    return Comparison(
        "scattered_nd",
        "Scattered queries in two and three dimensions, fit included",
        records,
        [*goals, error_goal(judged, RTOL)],
    )
