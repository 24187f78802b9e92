from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from clock import Times, race
from oracle import masses_below
from peers import load_peer
from records import Comparison, Goal, Record, Run, entrants, error_goal

if TYPE_CHECKING:
    from collections.abc import Callable

# What a peer answers one by one is timed on so many, and scaled.
FEW = 20
LARGEST = 1e-7


def scaled(times: dict[str, Times], by: dict[str, float]) -> dict[str, Times]:
    """Return the times of peers that answered a part of the job only."""
    return {name: its.scaled(by.get(name, 1.0)) for name, its in times.items()}


def gaussian_kde(x: Any, h: float) -> Any:
    from scipy.stats import gaussian_kde as peer

    return peer(x, bw_method=h / x.std(ddof=1))


def cumulative(run: Run, kernel: str) -> tuple[list[Record], list[Goal]]:
    """Masses below, and quantiles, of as many queries as points; the fit is made."""
    import parzen

    rng = np.random.default_rng(21)
    n = run.size(1_000_000, 20_000)
    x, q, p = rng.normal(size=n), rng.normal(size=n), rng.random(n)
    h = parzen.select_bandwidth(x, "silverman", kernel=kernel).value
    density = parzen.kde(x, kernel=kernel, bandwidth=h)
    calls: dict[str, Callable[[], Any]] = {
        "parzen, pdf": lambda: density.pdf(q),
        "parzen, cdf": lambda: density.cdf(q),
        "parzen, icdf": lambda: density.icdf(p),
    }
    part: dict[str, float] = {}
    if kernel == "gaussian":
        peer = gaussian_kde(x, h)
        calls["scipy, integrate_box_1d"] = lambda: [
            peer.integrate_box_1d(-np.inf, some) for some in q[:FEW]
        ]
        part = {"scipy, integrate_box_1d": n / FEW}
    times, answers = race(calls, run.repeat, run.tick)
    times = scaled(times, part)
    run.tick("exact values")
    few = np.concatenate([q[: run.size(100, 20)], np.linspace(-7.0, -4.0, 10)])
    # among all queries, because a few alone may take another way
    answer = density.cdf(np.concatenate([few, q]))[: len(few)]
    exact = masses_below(x, few, h, kernel)
    seen = exact > 0
    mass = float(np.abs(answer[seen] / exact[seen] - 1).max())
    back = np.abs(density.cdf(answers["parzen, icdf"]) / p - 1.0).max()
    records = entrants(
        f"{kernel}, {n:,} x {n:,}, d = 1, fit not counted",
        times,
        {"parzen, cdf": mass, "parzen, icdf": float(back)},
        unit="relative",
        notes=dict.fromkeys(part, f"timed on {FEW} queries"),
        headline=True,
        ours="parzen, pdf",
    )
    medians = {name: its.median for name, its in times.items()}
    goals = [
        Goal(
            f"{kernel}: time of the quantiles over that of as many densities",
            medians["parzen, icdf"] / medians["parzen, pdf"],
            3.0,
        ),
        error_goal(records, LARGEST),
    ]
    return records, goals


def grid_of_cdf(run: Run) -> list[Record]:
    """Race the one peer that has a distribution function, on its own grid."""
    statsmodels, _ = load_peer("statsmodels")
    if statsmodels is None:
        return []
    from statsmodels.nonparametric.kde import KDEUnivariate

    import parzen

    x = np.random.default_rng(22).normal(size=run.size(1000, 100))
    peer = KDEUnivariate(x)
    peer.fit(fft=False)
    density = parzen.kde(x, bandwidth=peer.bw)

    def theirs() -> Any:
        again = KDEUnivariate(x)
        again.fit(bw=peer.bw, fft=False)
        return again.cdf

    calls = {
        "parzen, cdf": lambda: density.cdf(peer.support),
        "statsmodels, cdf": theirs,
    }
    times, answers = race(calls, run.repeat, run.tick)
    exact = masses_below(x, peer.support, peer.bw, "gaussian")
    errors = {
        name: float(np.abs(answer - exact).max()) for name, answer in answers.items()
    }
    return entrants(
        f"gaussian, {len(x):,} points, cdf on a grid of {len(peer.support):,}",
        times,
        errors,
        unit="absolute",
        headline=True,
        ours="parzen, cdf",
    )


def draws(run: Run) -> tuple[list[Record], list[Goal]]:
    """Draw, beside the random numbers that any method needs."""
    from sklearn.neighbors import KernelDensity

    import parzen

    rng = np.random.default_rng(23)
    n, size = run.size(1_000_000, 10_000), run.size(10_000_000, 50_000)
    x = rng.normal(size=n)
    w = rng.exponential(size=n)
    h = parzen.select_bandwidth(x, "silverman").value
    density, weighted = (
        parzen.kde(x, bandwidth=h),
        parzen.kde(x, weights=w, bandwidth=h),
    )
    peer, theirs = gaussian_kde(x, h), KernelDensity(bandwidth=h).fit(x[:, None])

    def bare() -> Any:
        rng = np.random.default_rng(0)
        return rng.integers(n, size=size), rng.standard_normal(size)

    calls = {
        "integers and normal numbers": bare,
        "parzen": lambda: density.sample(size, rng=0),
        "parzen, weighted": lambda: weighted.sample(size, rng=0),
        "scipy": lambda: peer.resample(size, seed=np.random.default_rng(0)),
        "scikit-learn": lambda: theirs.sample(size, random_state=0),
    }
    times, _ = race(calls, run.repeat, run.tick)
    records = entrants(
        f"{size:,} draws from {n:,} points, d = 1", times, {}, headline=True
    )
    goal = Goal(
        "time of draws over that of the bare random numbers",
        times["parzen"].median / times["integers and normal numbers"].median,
        2.0,
    )
    return records, [goal]


def questions(run: Run) -> Comparison:
    records, goals = cumulative(run, "gaussian")
    for more in (cumulative(run, "epanechnikov"), draws(run)):
        records, goals = records + more[0], goals + more[1]
    records += grid_of_cdf(run)
    return Comparison("questions", "Masses, quantiles and draws", records, goals)
