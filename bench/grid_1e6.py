from __future__ import annotations

from typing import Any

import numpy as np
from clock import race, shares
from oracle import log_density
from records import Comparison, Run, entrants, error_goal

PARTS = {
    "check and copy": "sample.py:of",
    "bandwidth": "selector.py:choose",
    "choice of method": "planner.py:decide",
    "binning": "spread.py:spread",
    "transform": "fft.py:convolve",
}


def mixture(n: int) -> np.ndarray:
    """Draw from .85 N(0, 2) + .15 N(3, .5)."""
    rng = np.random.default_rng(3)
    wide = rng.random(n) < 0.85
    return np.where(wide, rng.normal(0.0, 2.0, n), rng.normal(3.0, 0.5, n))


def grid_1e6(run: Run) -> Comparison:
    from KDEpy import FFTKDE
    from statsmodels.nonparametric.kde import KDEUnivariate

    import parzen

    n, nodes = run.size(1_000_000, 10_000), 1024
    x = mixture(n)

    def ours() -> tuple[Any, Any, float]:
        density = parzen.kde(x, method="fft", grid_size=nodes, bandwidth="silverman")
        return *density.grid(), density.bandwidth

    def kdepy() -> tuple[Any, Any, float]:
        model = FFTKDE(bw="silverman").fit(x)
        return *model.evaluate(nodes), model.bw

    def statsmodels() -> tuple[Any, Any, float]:
        model = KDEUnivariate(x)
        model.fit(bw="silverman", fft=True, gridsize=nodes)
        return model.support, model.density, model.bw

    times, answers = race(
        {"parzen": ours, "KDEpy": kdepy, "statsmodels": statsmodels},
        run.repeat,
        run.tick,
    )
    errors, notes = {}, {}
    for name, (grid, values, h) in answers.items():
        run.tick(f"{name}: exact values")
        # each at its own bandwidth, because rules differ; nodes within the data
        inside = np.flatnonzero((grid >= x.min()) & (grid <= x.max()))
        some = inside[:: max(1, len(inside) // run.size(40, 20))]
        exact = np.exp(log_density(grid[some], x, h).astype(float))
        errors[name] = float(np.abs(values[some] - exact).max() / values.max())
        notes[name] = f"bandwidth {h:.5g}"
    job = f"{n:,} points to {len(answers['parzen'][0]):,} nodes, bandwidth included"
    records = entrants(
        job, times, errors, unit="of the peak", notes=notes, headline=True
    )
    return Comparison(
        "grid_1e6",
        "A million points to a grid",
        records,
        [error_goal(records, run.size(1e-3, 1e-2))],
        {"profile": shares(ours, PARTS)},
    )
