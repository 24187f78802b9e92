from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from clock import race
from oracle import largest_error, log_density
from records import Comparison, Goal, Record, Run, entrants, error_goal

if TYPE_CHECKING:
    from numpy.typing import NDArray

D = 15
WIDTH = 0.8  # for the comparison with one width on all axes


def data(run: Run) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Draw correlated points and queries."""
    n = run.size(10_000, 500)
    rng = np.random.default_rng(D)
    mixing = np.eye(D) + 0.3 * rng.normal(size=(D, D))
    x, q = rng.normal(size=(2, n, D)) @ mixing
    return x, q, f"{n:,} x {n:,}, d = {D}"


def with_scipy(run: Run, quantity: str) -> list[Record]:
    """Race `logpdf` or `pdf` under a covariance matrix."""
    from scipy.stats import gaussian_kde

    import parzen

    x, q, size = data(run)
    some = slice(0, run.size(200, 50))

    # scipy's default and our "scott" are the same covariance matrix
    def ours(n_jobs: int | None = None) -> Any:
        return getattr(parzen.kde(x, bandwidth="scott", n_jobs=n_jobs), quantity)(q)

    matrix = gaussian_kde(x.T).covariance
    same = parzen.select_bandwidth(x, "scott").value
    np.testing.assert_allclose(same, matrix, rtol=1e-10)
    times, answers = race(
        {
            "parzen": ours,
            "parzen, 1 thread": lambda: ours(1),
            "scipy": lambda: getattr(gaussian_kde(x.T), quantity)(q.T),
        },
        run.repeat,
        run.tick,
    )
    run.tick("exact values")
    exact = log_density(q[some], x, matrix)
    if quantity == "pdf":
        answers = {name: np.log(answer) for name, answer in answers.items()}
    return entrants(
        f"{quantity}, covariance matrix, {size}",
        times,
        {name: largest_error(answer[some], exact) for name, answer in answers.items()},
        headline=True,
    )


def with_scikit_learn(run: Run) -> list[Record]:
    """Race log densities with one width on all axes."""
    from sklearn.neighbors import KernelDensity as Peer

    from parzen import KernelDensity

    x, q, size = data(run)
    some = slice(0, run.size(200, 50))
    times, answers = race(
        {
            "parzen": lambda: KernelDensity(bandwidth=WIDTH).fit(x).score_samples(q),
            "scikit-learn": lambda: Peer(bandwidth=WIDTH).fit(x).score_samples(q),
        },
        run.repeat,
        run.tick,
    )
    run.tick("exact values")
    exact = log_density(q[some], x, WIDTH)
    errors = {name: largest_error(v[some], exact) for name, v in answers.items()}
    return entrants(f"log density, one width, {size}", times, errors, headline=True)


def dim15(run: Run) -> Comparison:
    matrix = {name: with_scipy(run, name) for name in ("logpdf", "pdf")}
    width = with_scikit_learn(run)
    goals = [
        Goal(f"times as fast as scipy, {name}", records[-1].speed, 20.0, at_least=True)
        for name, records in matrix.items()
    ]
    speed = width[-1].speed
    goals.append(Goal("times as fast as scikit-learn", speed, 50.0, at_least=True))
    records = [*matrix["logpdf"], *matrix["pdf"], *width]
    return Comparison(
        "dim15",
        "Exact densities in 15 dimensions, fit included",
        records,
        [*goals, error_goal(records, 1e-8)],
    )
