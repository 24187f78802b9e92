from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from clock import Times, race
from oracle import KERNELS, largest_error, log_density
from records import Comparison, Goal, Record, Run, entrants, error_goal

from parzen.jit import compile_loop, exp2
from parzen.parallel import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable

PEER_KERNELS = {
    "gaussian": "gaussian",
    "epanechnikov": "epanechnikov",
    "tophat": "tophat",
    "triangular": "linear",
    "cosine": "cosine",
    "exponential": "exponential",
}


def exponentials(buffer: Any, rounds: int) -> float:
    """Add 2^x over a buffer in the first-level cache: arithmetic and nothing else."""
    total = 0.0
    for k in range(rounds):
        shift = 1e-9 * k  # or the compiler would add up one round only
        for j in range(len(buffer)):
            total += exp2(buffer[j] - shift)
    return total


def limit(run: Run) -> list[Record]:
    """Measure what an exponential costs by itself: the least that a pair can cost."""
    rounds = run.size(100_000, 1000)
    buffer = np.linspace(-30.0, 0.0, 512)
    out = np.empty_like(buffer)
    bare = compile_loop(exponentials)

    def numpy_exp() -> None:
        for _ in range(rounds):
            np.exp(buffer, out=out)

    times, _ = race(
        {"bare compiled exp2": lambda: bare(buffer, rounds), "numpy.exp": numpy_exp},
        run.repeat,
        run.tick,
    )
    job = f"limit: {rounds * len(buffer):,} exponentials, first-level cache, 1 thread"
    return [
        Record(job, name, its, note=f"{nanoseconds(its, rounds * len(buffer)):.2f} ns")
        for name, its in times.items()
    ]


def nanoseconds(times: Times, count: float, threads: int = 1) -> float:
    """Return nanoseconds of one thread for each of `count` operations."""
    return times.median * threads / count * 1e9


def one_kernel(run: Run, kernel: str) -> tuple[list[Record], dict[str, float]]:
    """Race one kernel; peers answer fewer queries, their time is scaled up."""
    import parzen

    n, few = run.size(20_000, 500), run.size(500, 50)
    rng = np.random.default_rng(1)
    x, q = rng.normal(size=n), rng.normal(0.0, 1.5, size=n)
    h = parzen.select_bandwidth(x).value
    some = slice(0, run.size(64, 16))

    def ours(n_jobs: int | None) -> Any:
        options = {"kernel": kernel, "method": "direct", "n_jobs": n_jobs}
        return parzen.kde(x, bandwidth=h, **options).logpdf(q)

    calls: dict[str, Callable[[], Any]] = {
        "parzen": lambda: ours(None),
        "parzen, 1 thread": lambda: ours(1),
    }
    if kernel == "gaussian":
        from scipy.stats import gaussian_kde

        peer = gaussian_kde(x, h / np.std(x, ddof=1))
        calls["scipy"] = lambda: peer.logpdf(q[:few])
    if kernel in PEER_KERNELS:
        from sklearn.neighbors import KernelDensity

        tree = KernelDensity(kernel=PEER_KERNELS[kernel], bandwidth=h).fit(x[:, None])
        calls["scikit-learn"] = lambda: tree.score_samples(q[:few, None])
    times, answers = race(calls, run.repeat, lambda text: run.tick(f"{kernel}: {text}"))
    for name, answer in answers.items():
        times[name] = times[name].scaled(n / len(answer))
    exact = log_density(q[some], x, h, kernel)
    costs = {
        name: nanoseconds(its, float(n) * n, usable_cpus() if name == "parzen" else 1)
        for name, its in times.items()
    }
    notes = {name: f"{cost:.2f} ns a pair and thread" for name, cost in costs.items()}
    for name in answers.keys() - {"parzen", "parzen, 1 thread"}:
        notes[name] += f"; timed on {few:,} queries"
    errors = {name: largest_error(v[some], exact) for name, v in answers.items()}
    records = entrants(
        f"{kernel}, {n:,} x {n:,}, d = 1",
        times,
        errors,
        notes=notes,
        headline=kernel == "gaussian",
    )
    return records, costs


def direct_1d(run: Run) -> Comparison:
    records, costs = limit(run), {}
    names = run.size(list(KERNELS), ["gaussian", "epanechnikov", "cauchy"])
    for kernel in names:
        more, costs[kernel] = one_kernel(run, kernel)
        records += more
    gaussian = costs["gaussian"]
    return Comparison(
        "direct_1d",
        "Direct sums in one dimension, every kernel",
        records,
        [
            Goal("ns a pair, Gaussian, 1 thread", gaussian["parzen, 1 thread"], 1.2),
            Goal("ns a pair and thread, Gaussian, all", gaussian["parzen"], 1.2),
            error_goal(records, 1e-8),
        ],
        {"ns a pair and thread": costs, "threads": usable_cpus()},
    )
