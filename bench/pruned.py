from __future__ import annotations

import math
from typing import Any

import numpy as np
from clock import clocked
from oracle import KERNELS, largest_error, log_density
from records import Comparison, Goal, Run, Table

RTOL = 1e-4
SIZES = (1_000, 10_000, 100_000)
DIMENSIONS = (1, 2, 3, 5, 8)
WIDTHS = (0.02, 0.2, 1.0, 100.0)
SECONDS = 0.1  # that a measurement takes at least, unless all queries take less


def log_mass(kernel: str, d: int) -> float:
    """Return how the mass in d dimensions differs from a product of 1-D masses."""
    if kernel == "gaussian":
        return 0.0
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    return d * math.log(KERNELS[kernel][0]) - math.log(ball * 2 / (d + 2))


def log_error(answer: Any, exact: Any) -> float:
    """Return the largest relative error of log densities, below any smallest number."""
    return float(np.expm1(min(largest_error(answer, exact), 700.0)))


def timed(run: Run, model: Any, q: Any, count: int) -> tuple[float, int]:
    """Return the seconds of a query and how many were asked, ever more from `count`.

    Stops where a measurement takes long enough; the smallest of the last few counts.
    """

    def measure(count: int) -> float:
        return clocked(lambda: model(q[:count]))[0]

    while (seconds := measure(count)) < SECONDS and count < len(q):
        count = min(4 * count, len(q))
    more = [measure(count) for _ in range(min(run.repeat, 2))]
    return min(seconds, *more) / count, count


def one_cell(run: Run, kernel: str, n: int, d: int, h: float) -> dict[str, Any]:
    """Fit and evaluate both on one thread, n queries after n points.

    The peer's queries are independent of one another: a few tell the time of all. Ours
    are thousands, because a plan may treat many together.
    """
    from sklearn.neighbors import KernelDensity

    import parzen

    rng = np.random.default_rng((n, d))
    x, q = rng.normal(size=(2, n, d))

    def ours() -> Any:
        options = {"kernel": kernel, "rtol": RTOL, "n_jobs": 1}
        return parzen.kde(x, bandwidth=h, method="tree", **options)

    def peer() -> Any:
        return KernelDensity(bandwidth=h, kernel=kernel, rtol=RTOL).fit(x)

    some = q[:10]
    fit, model = clocked(peer)
    each, count = timed(run, model.score_samples, q, 5)
    theirs = fit + n * each
    ours().pdf(q[: min(n, 2_000)])  # compiles
    first, density = clocked(ours)
    # the plan, with its tree, is made at the first evaluation
    planned, answer = clocked(lambda: density.logpdf(q[: min(n, 2_000)]))
    each, many = timed(run, density.pdf, q, min(n, 2_000))
    mine = first + max(0.0, planned - each * min(n, 2_000)) + n * each
    exact = log_density(some, x, h, kernel) + log_mass(kernel, d)
    chosen = parzen.kde(x, bandwidth=h, kernel=kernel, rtol=RTOL).method
    return {
        "kernel": kernel,
        "n": n,
        "d": d,
        "h": h,
        "seconds": mine,
        "seconds of scikit-learn": theirs,
        "ratio": theirs / mine,
        "error": log_error(answer[: len(some)], exact),
        "error of scikit-learn": log_error(model.score_samples(some), exact),
        "queries": [many, count],
        "auto": chosen,
    }


def table(kernel: str, cells: list[dict[str, Any]]) -> Table:
    """Write the ratios of one kernel; a column for each bandwidth."""
    rows = []
    its = [cell for cell in cells if cell["kernel"] == kernel]
    widths = sorted({cell["h"] for cell in its})
    for n, d in dict.fromkeys((cell["n"], cell["d"]) for cell in its):
        row = [cell for cell in its if (cell["n"], cell["d"]) == (n, d)]
        texts = [f"{cell['ratio']:.3g} ({cell['auto']})" for cell in row]
        rows.append((f"{n:,} x {n:,}, d = {d}", *texts))
    caption = (
        f"{kernel}: time of scikit-learn's tree over that of method='tree', both at "
        f"rtol {RTOL:g}, on one thread, fit included, from some of the queries. In "
        "brackets what method='auto' takes there. h in deviations of the data."
    )
    return Table(caption, ("job", *(f"h = {h:g}" for h in widths)), rows, headline=True)


def pruned(run: Run) -> Comparison:
    kernels = ("gaussian", "epanechnikov")
    cells = []
    for kernel in kernels:
        for n in run.size(SIZES, (500,)):
            for d in run.size(DIMENSIONS, (1, 3)):
                for h in run.size(WIDTHS, WIDTHS[1:3]):
                    run.tick(f"{kernel}, n = {n:,}, d = {d}, h = {h:g}")
                    cells.append(one_cell(run, kernel, n, d, h))
    ratios = [cell["ratio"] for cell in cells]
    worst = max(cell["error"] for cell in cells)
    return Comparison(
        "pruned",
        "Pruned sums: method='tree' against scikit-learn's tree",
        [],
        [
            Goal("smallest ratio of the times", min(ratios), 1.0, at_least=True),
            Goal("largest relative error of the tree", worst, RTOL, timing=False),
        ],
        {"cells": cells},
        [table(kernel, cells) for kernel in kernels],
    )
