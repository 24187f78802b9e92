from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from clock import Times, race, ratio
from oracle import local_log_density, log_density
from peers import (
    beyond,
    finufft_sum,
    growth,
    load_peer,
    relative_error,
    scikit_learn,
    scipy,
    tree_kde,
)
from records import Comparison, Goal, Record, Run, entrants, error_goal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RTOL = 1e-9
AGAIN = 10  # passes of np.exp in one measurement, because one takes 2 ms
FACTOR = 8


def data(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw points, and as many queries."""
    rng = np.random.default_rng(11)
    return rng.normal(size=n), rng.normal(size=n)


def ours(x: Any, q: Any, **options: Any) -> Callable[[], Any]:
    """Fit and evaluate."""
    import parzen

    return lambda: parzen.kde(x, **options).pdf(q)


def judge(run: Run, x: Any, q: Any, exact: Callable[[Any], Any], **options: Any) -> Any:
    """Return our errors at queries like the data and in the tails, and the method."""
    import parzen

    run.tick("exact values")
    density = parzen.kde(x, **options)
    some = q[: run.size(100, 20)]
    tails = np.sort(x)[[0, 1, 2, 5, 10, 50, -51, -11, -6, -3, -2, -1]]
    if options.get("kernel", "gaussian") in {"gaussian", "exponential"}:
        h = float(np.max(options["bandwidth"]))
        tails = np.append(tails, beyond(x[:, None], h, 28)[:, 0])
    else:  # a compact kernel ends: as far as there is a density
        tails = np.append(tails, tails + 0.3 * np.min(options["bandwidth"]))
    # among all queries, because a few alone may take another way
    answer = density.pdf(np.concatenate([some, tails, q]))
    like = relative_error(answer[: len(some)], exact(some))
    tail = relative_error(answer[len(some) :][: len(tails)], exact(tails))
    return like, tail, density.method


def records_of(
    job: str, times: dict[str, Times], found: Any, notes: dict[str, str], errors: Any
) -> list[Record]:
    """Make records; those of parzen have the larger error, tails told in the note."""
    like, tail, method = found
    note = f"method {method}; in the tails {tail:.1e}"
    mine = {name: note for name in times if name.startswith("parzen")}
    worst = dict.fromkeys(mine, max(like, tail))
    return entrants(
        job,
        times,
        {**worst, **errors},
        unit="relative",
        notes={**mine, **notes},
        headline=True,
    )


def gaussian(run: Run) -> tuple[list[Record], list[Goal]]:
    import parzen

    n = run.size(1_000_000, 20_000)
    x, q = data(n)
    h = parzen.select_bandwidth(x, "silverman").value
    options = {"bandwidth": h, "rtol": RTOL}
    column, few = x[:, None], {"scipy": 10, "scikit-learn": 20, "KDEpy TreeKDE": 4}
    slow = {
        "scipy": scipy(column, h),
        "scikit-learn": scikit_learn(column, h, 1e-4),
        "KDEpy TreeKDE": tree_kde(column, h, 1e-8),
    }

    def exponentials() -> None:
        for _ in range(AGAIN):
            np.exp(x)

    calls: dict[str, Callable[[], Any]] = {
        "np.exp of the array": exponentials,
        "parzen": ours(x, q, **options),
        "parzen, 1 thread": ours(x, q, n_jobs=1, **options),
    }
    finufft, why = load_peer("finufft")
    if finufft is not None:
        calls["FINUFFT"] = lambda: finufft_sum(finufft, column, q[:, None], h, RTOL)
    for name, answer in slow.items():
        calls[name] = lambda f=answer, k=few[name]: f(q[:k, None])
    times, answers = race(calls, run.repeat, lambda text: run.tick(f"gaussian: {text}"))
    times["np.exp of the array"] = times["np.exp of the array"].scaled(1 / AGAIN)
    found = judge(run, x, q, lambda p: log_density(p, x, h), **options)
    exact = log_density(q[:20], x, h)
    notes, errors = {}, {}
    for name in answers.keys() - {"np.exp of the array"}:
        if not name.startswith("parzen"):
            notes[name] = why if name == "FINUFFT" else "fit not counted; "
            errors[name] = relative_error(answers[name][:20], exact[: few.get(name)])
    for name, count in few.items():
        times[name] = times[name].scaled(n / count)
        notes[name] += f"timed on {count} queries"
    notes["scikit-learn"] += ", rtol 1e-4"
    job = f"gaussian, {n:,} x {n:,}, d = 1, rtol {RTOL:g}"
    records = records_of(job, times, found, notes, errors)
    if finufft is None:
        records.append(Record(job, "FINUFFT", note=why, headline=True))
    passes = ratio(times["parzen"], times["np.exp of the array"])[0]
    return records, [Goal("passes of np.exp, Gaussian, n = m = 1e6", passes, 12.0)]


def grown(run: Run, **options: Any) -> tuple[list[Record], Goal]:
    """Race two sizes at Silverman's bandwidths; how the time grows between them."""
    import parzen

    kernel = options["kernel"]
    sizes = [run.size(250_000, 5_000) * factor for factor in (1, FACTOR)]
    calls = {}
    for n in sizes:
        x, q = data(n)
        h = parzen.select_bandwidth(x, "silverman", kernel=kernel).value
        calls[f"parzen, {n:,}"] = ours(x, q, bandwidth=h, **options)
    times, _ = race(calls, run.repeat, lambda text: run.tick(f"{kernel}: {text}"))
    small, large = times.values()
    exponent = growth(small, large, FACTOR)
    job = f"{kernel}, n = m from {sizes[0]:,} to {sizes[1]:,}, d = 1"
    records = [Record(job, name, its, headline=True) for name, its in times.items()]
    records[-1].note = f"growth exponent {exponent:.2f}"
    return records, Goal(f"growth exponent, {kernel}, d = 1", exponent, 1.1)


def line(run: Run, kernel: str) -> tuple[list[Record], Times, Times]:
    """Race a kernel that a sweep sums exactly with the sort of the array."""
    import parzen

    n = run.size(1_000_000, 20_000)
    x, q = data(n)
    h = parzen.select_bandwidth(x, "silverman", kernel=kernel).value
    options = {"bandwidth": h, "kernel": kernel, "method": "sweep"}
    peer = scikit_learn(x[:, None], h, 1e-4, kernel=kernel)
    few = 50
    times, answers = race(
        {
            "np.sort of the array": lambda: np.sort(x),
            "parzen": ours(x, q, **options),
            "parzen, 1 thread": ours(x, q, n_jobs=1, **options),
            "scikit-learn": lambda: peer(q[:few, None]),
        },
        run.repeat,
        lambda text: run.tick(f"{kernel}: {text}"),
    )
    times["scikit-learn"] = times["scikit-learn"].scaled(n / few)
    found = judge(run, x, q, lambda p: log_density(p, x, h, kernel), **options)
    exact = log_density(q[:20], x, h, kernel)
    notes = {"scikit-learn": f"fit not counted; timed on {few} queries, rtol 1e-4"}
    errors = {"scikit-learn": relative_error(answers["scikit-learn"][:20], exact)}
    job = f"{kernel}, {n:,} x {n:,}, d = 1"
    records = records_of(job, times, found, notes, errors)
    return records, times["parzen"], times["np.sort of the array"]


def local(run: Run, kernel: str, method: str, n: int) -> list[Record]:
    """Give each point its own bandwidth, as Abramson: the root of a pilot density."""
    import parzen

    x, q = data(n)
    h = parzen.select_bandwidth(x, "silverman", kernel=kernel).value
    factors = np.exp(np.minimum(x**2, 9.0) / 4)  # phi^(-1/2), and no more than 9.5
    widths = h * factors / np.exp(np.log(factors).mean())
    options = {"bandwidth": widths, "kernel": kernel, "method": method}
    times, _ = race(
        {"parzen": ours(x, q, **options)},
        run.repeat,
        lambda text: run.tick(f"{kernel}, local: {text}"),
    )
    found = judge(
        run, x, q, lambda p: local_log_density(p, x, widths, kernel), **options
    )
    job = f"{kernel}, a bandwidth for each point, {n:,} x {n:,}, d = 1"
    records = records_of(job, times, found, {}, {})
    each = times["parzen"].median / n * 1e9
    records[0].note += f"; {each:.0f} ns a point and query"
    return records


def scattered_1d(run: Run) -> Comparison:
    records, goals = gaussian(run)
    for kernel in ("epanechnikov", "exponential"):
        more, mine, sort = line(run, kernel)
        records += more
        if kernel == "epanechnikov":
            sorts = ratio(mine, sort)[0]
            goals.append(Goal(f"times np.sort, {kernel}, n = m = 1e6", sorts, 12.0))
    for options in (
        {"kernel": "gaussian", "rtol": RTOL},
        {"kernel": "epanechnikov", "method": "sweep"},
    ):
        more, goal = grown(run, **options)
        records += more
        goals.append(goal)
    records += local(run, "gaussian", "chebyshev", run.size(1_000_000, 20_000))
    records += local(run, "epanechnikov", "sweep", run.size(500_000, 10_000))
    return Comparison(
        "scattered_1d",
        "A million scattered queries in one dimension, fit included",
        records,
        [*goals, error_goal([r for r in records if r.error is not None], 1e-8)],
    )
