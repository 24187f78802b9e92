from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import Times, clocked, race, shares
from oracle import log_density
from records import (
    Comparison,
    Goal,
    Record,
    Run,
    entrants,
    error_goal,
    load_zfit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = {
    "check and copy": "sample.py:of",
    "bandwidth": "selector.py:choose",
    "choice of method": "planner.py:decide",
    "binning": "spread.py:spread",
    "transform": "fft.py:convolve",
}
NODES = 1024
AGAIN = 20  # bandwidths in one measurement, because one takes less than a millisecond


def mixture(n: int) -> np.ndarray:
    """Draw from .85 N(0, 2) + .15 N(3, .5)."""
    rng = np.random.default_rng(3)
    wide = rng.random(n) < 0.85
    return np.where(wide, rng.normal(0.0, 2.0, n), rng.normal(3.0, 0.5, n))


def squared_error(grid: Any, values: Any) -> float:
    """Integrate the squared distance from the density that the data are from."""
    parts = ((0.85, 0.0, 2.0), (0.15, 3.0, 0.5))
    f = sum(w / s * np.exp(-(((grid - m) / s) ** 2) / 2) for w, m, s in parts)
    return float(np.trapezoid((values - f / math.sqrt(2 * math.pi)) ** 2, grid))


def judge(
    run: Run, job: str, times: dict[str, Times], answers: dict[str, Any], x: Any
) -> list[Record]:
    """Make the records, each with its error against the exact sum at its bandwidth."""
    errors, notes = {}, {}
    for name, (grid, values, h) in answers.items():
        notes[name] = f"integrated squared error {squared_error(grid, values):.2g}"
        if h is None:
            notes[name] += ", bandwidth not told"
            continue
        run.tick(f"{name}: exact values")
        # each at its own bandwidth, because rules differ; nodes within the data
        inside = np.flatnonzero((grid >= x.min()) & (grid <= x.max()))
        some = inside[:: max(1, len(inside) // run.size(40, 20))]
        exact = np.exp(log_density(grid[some], x, h).astype(float))
        errors[name] = float(np.abs(values[some] - exact).max() / values.max())
        notes[name] = f"bandwidth {h:.5g}, {notes[name]}"
    return entrants(job, times, errors, unit="of the peak", notes=notes, headline=True)


def ours(x: Any, rule: str, method: str) -> tuple[Any, Any, float]:
    import parzen

    density = parzen.kde(x, method=method, grid_size=NODES, bandwidth=rule)
    return *density.grid(), density.bandwidth


def kdepy(x: Any, rule: str) -> tuple[Any, Any, float]:
    from KDEpy import FFTKDE

    model = FFTKDE(bw=rule).fit(x)
    return *model.evaluate(NODES), model.bw


def silverman(run: Run, x: Any) -> list[Record]:
    from statsmodels.nonparametric.kde import KDEUnivariate

    def statsmodels() -> tuple[Any, Any, float]:
        model = KDEUnivariate(x)
        model.fit(bw="silverman", fft=True, gridsize=NODES)
        return model.support, model.density, model.bw

    calls = {
        "parzen": lambda: ours(x, "silverman", "fft"),
        "KDEpy": lambda: kdepy(x, "silverman"),
        "statsmodels": statsmodels,
    }
    times, answers = race(calls, run.repeat, run.tick)
    job = f"{len(x):,} points to {NODES:,} nodes, bandwidth included"
    return judge(run, job, times, answers, x)


def isj(run: Run, x: Any) -> list[Record]:
    zfit, why = load_zfit()
    calls: dict[str, Callable[[], Any]] = {
        "parzen": lambda: ours(x, "isj", "fft"),
        "parzen, diffusion": lambda: ours(x, "isj", "diffusion"),
        "KDEpy": lambda: kdepy(x, "ISJ"),
    }
    if zfit is not None:
        nodes = np.linspace(x.min() - 1, x.max() + 1, NODES)
        space = zfit.Space("x", (nodes[0], nodes[-1]))

        def theirs() -> tuple[Any, Any, None]:
            return nodes, np.asarray(zfit.pdf.KDE1DimISJ(x, obs=space).pdf(nodes)), None

        for _ in range(2):  # it goes on tracing after the first call
            theirs()
        calls["zfit, KDE1DimISJ"] = theirs
    times, answers = race(calls, run.repeat, lambda text: run.tick(f"isj: {text}"))
    job = f"{len(x):,} points to {NODES:,} nodes, improved Sheather-Jones included"
    records = judge(run, job, times, answers, x)
    if zfit is None:
        records.append(Record(job, "zfit, KDE1DimISJ", note=why, headline=True))
    else:
        records[-1].note += f", {why}"
    return records


def again(run: Run, x: Any, nodes: int) -> list[Record]:
    """Change the bandwidth of data binned already; KDEpy starts from the points."""
    from KDEpy import FFTKDE

    import parzen

    taken, binned = clocked(lambda: parzen.BinnedSample.of(x, grid_size=nodes))
    widths = np.geomspace(0.2, 0.6, AGAIN)

    def change() -> tuple[Any, Any, float]:
        for h in widths:
            density = parzen.kde(binned, bandwidth=h, method="fft")
            grid, values = density.grid()
        return grid, values, density.bandwidth

    def anew() -> tuple[Any, Any, float]:
        h = float(widths[-1])
        return *FFTKDE(bw=h).fit(x).evaluate(nodes), h

    times, answers = race(
        {"parzen": change, "KDEpy, from the points": anew},
        run.repeat,
        lambda text: run.tick(f"{nodes:,} nodes again: {text}"),
    )
    times["parzen"] = times["parzen"].scaled(1 / AGAIN)
    job = f"another bandwidth on {len(x):,} points binned to {nodes:,} nodes"
    records = judge(run, job, times, answers, x)
    records[0].note += f", binned before in {taken * 1e3:.3g} ms"
    return records


def grid_1e6(run: Run) -> Comparison:
    x = mixture(run.size(1_000_000, 10_000))
    records = silverman(run, x) + isj(run, x)
    changes = {nodes: again(run, x, nodes) for nodes in (NODES, 4 * NODES)}
    goals = [
        Goal(
            f"ms for another bandwidth, {nodes:,} nodes",
            rows[0].times.median * 1e3 if rows[0].times else math.nan,
            1.0,
        )
        for nodes, rows in changes.items()
    ]
    for rows in changes.values():
        records += rows
    return Comparison(
        "grid_1e6",
        "A million points to a grid",
        records,
        [*goals, error_goal(records, run.size(1e-3, 1e-2))],
        {
            "profile": shares(lambda: ours(x, "silverman", "fft"), PARTS),
            "profile, isj": shares(lambda: ours(x, "isj", "fft"), PARTS),
        },
    )
