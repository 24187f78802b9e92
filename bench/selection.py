from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import race
from records import Comparison, Goal, Record, Run, entrants

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = ("isj", "sheather_jones", "plugin", "ucv", "bcv", "scv", "likelihood")
PLANE = ("plugin", "ucv", "scv", "likelihood")


def ours(x: Any, method: str, **options: Any) -> Callable[[], Any]:
    import parzen

    def call() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parzen.select_bandwidth(x, method, **options).value

    return call


def described(answers: dict[str, Any]) -> dict[str, str]:
    """Write what each selector chose, of matrices the widths."""
    notes = {}
    for name, value in answers.items():
        h = np.asarray(value)
        h = np.sqrt(np.diag(h)) if h.ndim == 2 else h
        if h.size <= 4:
            notes[name] = "bandwidth " + ", ".join(f"{w:.4g}" for w in np.ravel(h))
    return notes


def on_a_line(run: Run) -> tuple[list[Record], list[Goal]]:
    """All selectors of 1-D data, beside a sort of them."""
    from KDEpy.bw_selection import improved_sheather_jones

    x = np.random.default_rng(1).normal(size=run.size(1_000_000, 5000))
    calls = {f"parzen, {name}": ours(x, name) for name in LINE}
    calls["KDEpy, ISJ"] = lambda: improved_sheather_jones(x[:, None])
    calls["np.sort"] = lambda: np.sort(x)
    times, answers = race(calls, run.repeat, lambda text: run.tick(f"line: {text}"))
    notes = described({k: v for k, v in answers.items() if k != "np.sort"})
    records = entrants(
        f"select a bandwidth for {len(x):,} points",
        times,
        {},
        notes=notes,
        headline=True,
        ours="parzen, isj",
    )
    seconds = {name: its.median for name, its in times.items()}
    goals = [
        Goal(
            "np.sort of the array in one likelihood",
            seconds["parzen, likelihood"] / seconds["np.sort"],
            100.0,
        ),
        Goal("seconds of Sheather-Jones", seconds["parzen, sheather_jones"], 0.5),
    ]
    return records, goals


def against_statsmodels(run: Run) -> list[Record]:
    """Race the two criteria that a peer has, at a size it can bear."""
    from statsmodels.nonparametric.api import KDEMultivariate

    x = np.random.default_rng(2).normal(size=run.size(1000, 60))
    records = []
    for name, theirs in (("likelihood", "cv_ml"), ("ucv", "cv_ls")):

        def peer(rule: str = theirs) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return KDEMultivariate([x], "c", bw=rule).bw

        calls = {f"parzen, {name}": ours(x, name), f"statsmodels, {theirs}": peer}
        times, answers = race(calls, run.repeat, run.tick)
        job = f"cross-validate {len(x):,} points ({name})"
        records += entrants(
            job,
            times,
            {},
            notes=described(answers),
            headline=True,
            ours=f"parzen, {name}",
        )
    return records


def in_the_plane(run: Run) -> list[Record]:
    """Full matrices for two columns; no peer in Python chooses one."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(run.size(100_000, 500), 2)) @ np.array([[1.0, 0.6], [0, 0.8]])
    calls = {f"parzen, {name}": ours(x, name) for name in PLANE}
    times, answers = race(calls, run.repeat, lambda text: run.tick(f"plane: {text}"))
    job = f"select a matrix for {len(x):,} x 2"
    return entrants(job, times, {}, notes=described(answers), ours="parzen, plugin")


def selection(run: Run) -> Comparison:
    records, goals = on_a_line(run)
    records += against_statsmodels(run)
    records += in_the_plane(run)
    return Comparison("selection", "Bandwidth selectors", records, goals)
