from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import clocked, race
from oracle import log_density
from peers import (
    beyond,
    fft_kde,
    finufft_sum,
    load_peer,
    mlpack_tree,
    relative_error,
    scikit_learn,
    scipy,
    tree_kde,
)
from records import Comparison, Goal, Run, Table
from table import duration

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 0.2
OUR_RTOLS = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
PEER_RTOLS = (1e-1, 1e-2, 1e-4, 1e-8)
PEER_EPS = (1e-2, 1e-4, 1e-6, 1e-8)  # KDEpy's tree
ROUNDS = 2
# At most that relative error, beside what the sum itself rounds by.
GUARANTEED = ("tree", "gauss_transform", "chebyshev", "nufft", "direct")
ROUNDING = 2e-11
SIZES = {"grid": {1: (256, 1024, 4096), 2: (32, 64, 128, 256)}}
SIZES["fft"] = {1: (256, 1024, 4096, 16384, 65536), 2: (64, 128, 256, 512, 1024)}
SIZES["diffusion"] = {1: SIZES["fft"][1], 2: ()}


@dataclass(frozen=True)
class Entry:
    """One method at one setting: what it fits, and how many queries it is timed on."""

    library: str
    method: str
    setting: str
    fit: Callable[[], Any]
    count: int

    @property
    def name(self) -> str:
        """Name within a race."""
        return f"{self.library} {self.method} {self.setting}"


def ours(x: Any, m: int) -> list[Entry]:
    """List our engines by error, and those on grids by size."""
    import parzen
    from parzen.errors import AccuracyWarning

    d = x.shape[1]

    def entry(method: str, setting: str, **options: Any) -> Entry:
        def fit() -> Any:
            with warnings.catch_warnings():  # coarse grids and small errors on purpose
                warnings.simplefilter("ignore", AccuracyWarning)
                return parzen.kde(x, bandwidth=WIDTH, method=method, **options).pdf

        return Entry("parzen", method, setting, fit, m)

    by_error = ("tree", "gauss_transform", "chebyshev") if d == 1 else ("tree", "nufft")
    entries = [entry("direct", "exact", rtol=ROUNDING)]
    entries += [
        entry(method, f"rtol {rtol:g}", rtol=rtol)
        for method in by_error
        for rtol in OUR_RTOLS
    ]
    return entries + [
        entry(method, f"{size:,} nodes an axis", grid_size=size)
        for method in ("grid", "fft", "diffusion")
        for size in SIZES[method][d]
    ]


def theirs(run: Run, x: Any, m: int) -> tuple[list[Entry], list[tuple[str, str]]]:
    """List the peers at their settings, and those that are missing."""
    few, fewer = run.size(100, 20), run.size(20, 10)
    entries = [Entry("scipy", "", "exact", lambda: scipy(x, WIDTH), few)]
    sizes = run.size(SIZES["fft"][x.shape[1]], (64, 256))
    for rtol in PEER_RTOLS:
        fit = functools.partial(scikit_learn, x, WIDTH, rtol)
        entries.append(Entry("scikit-learn", "", f"rtol {rtol:g}", fit, few))
    for eps in PEER_EPS:
        fit = functools.partial(tree_kde, x, WIDTH, eps)
        entries.append(Entry("KDEpy", "TreeKDE", f"eps {eps:g}", fit, fewer))
    entries += [
        Entry(
            "KDEpy",
            "FFTKDE, interpolated",
            f"{size:,} nodes an axis",
            lambda s=size: fft_kde(x, WIDTH, s),
            m,
        )
        for size in sizes
    ]
    missing = []
    mlpack, why = load_peer("mlpack")
    if mlpack is None:
        missing.append(("mlpack", why))
    else:
        # the last of the errors takes longer than a sum of all
        for rtol in PEER_RTOLS[:3]:
            count = m if rtol > 1e-3 else min(m, 1_000)
            fit = functools.partial(mlpack_tree, x, WIDTH, rtol)
            entries.append(Entry("mlpack", "", f"rtol {rtol:g}", fit, count))
    finufft, why = load_peer("finufft")
    if finufft is None:
        missing.append(("FINUFFT", why))
    else:
        entries += [
            Entry(
                "FINUFFT",
                "",
                f"eps {eps:g}",
                lambda eps=eps: lambda q: finufft_sum(finufft, x, q, WIDTH, eps),
                m,
            )
            for eps in OUR_RTOLS
        ]
    return entries, missing


def one_dimension(run: Run, d: int) -> tuple[list[dict[str, Any]], list[Any]]:
    """Race all at scattered queries; a slow one's queries are few, its time scaled."""
    n, m = run.size((100_000, 10_000), (2_000, 200))
    rng = np.random.default_rng(d)
    x, q = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    some, tails = run.size(200, 20), beyond(x, WIDTH, run.size(100, 10))
    run.tick("exact values")
    exact = {"data": log_density(q[:some], x, WIDTH)}
    exact["tails"] = log_density(tails, x, WIDTH)
    entries, missing = theirs(run, x, m)
    entries = [*ours(x, m), *entries]
    if run.smoke:  # the last setting of each
        entries = list({(e.library, e.method): e for e in entries}.values())
    fits = {}
    for entry in entries:
        run.tick(f"d = {d}: fit of {entry.name}")
        fits[entry.name] = min(
            clocked(entry.fit)[0] for _ in range(min(run.repeat, ROUNDS))
        )
    models = {entry.name: entry.fit() for entry in entries}
    whole = {e.name: e.library == "parzen" for e in entries}

    def call(entry: Entry) -> Any:  # a plan of ours is made at the first evaluation
        model = entry.fit() if whole[entry.name] else models[entry.name]
        return model(q[: entry.count])

    times, answers = race(
        {entry.name: lambda e=entry: call(e) for entry in entries},
        min(run.repeat, ROUNDS),
        lambda text: run.tick(f"d = {d}: {text}"),
    )
    points = []
    for entry in entries:
        run.tick(f"d = {d}: tails of {entry.name}")
        its = times[entry.name].scaled(m / entry.count)
        seconds = its.median + (0.0 if whole[entry.name] else fits[entry.name])
        known = min(some, entry.count)
        # ours among other queries, because a few alone may take another way
        few = tails[: min(entry.count, len(tails))]
        mixed = np.concatenate([few, q]) if whole[entry.name] else few
        far = models[entry.name](mixed)[: len(few)]
        points.append(
            {
                "d": d,
                "library": entry.library,
                "method": entry.method,
                "setting": entry.setting,
                "seconds": seconds,
                "spread": [min(its.steady), max(its.steady)],
                "queries timed": entry.count,
                "error": relative_error(
                    answers[entry.name][:known], exact["data"][:known]
                ),
                "tail error": relative_error(far, exact["tails"][: len(few)]),
            }
        )
    return points, [(d, *peer) for peer in missing]


def table(run: Run, d: int, points: list[dict[str, Any]], missing: list[Any]) -> Table:
    """Write one dimension."""
    n, m = run.size((100_000, 10_000), (2_000, 200))
    rows = []
    for point in points:
        name = f"{point['library']} {point['method']}".strip()
        few = point["queries timed"]
        rows.append(
            (
                name,
                point["setting"],
                duration(point["seconds"]),
                f"{point['error']:.1e}",
                f"{point['tail error']:.1e}",
                "" if few == m else f"timed on {few} queries",
            )
        )
    rows += [(name, "", "", "", "", why) for at, name, why in missing if at == d]
    caption = (
        f"d = {d}: {n:,} points, {m:,} queries, h = {WIDTH:g}, fit included; largest "
        "relative error at queries like the data, and up to 5 h beyond the data."
    )
    columns = ("method", "setting", "time", "error", "error in the tails", "")
    return Table(caption, columns, rows, headline=True)


def excess(points: list[dict[str, Any]]) -> float:
    """Return the largest error of a guaranteed method over what it promises."""
    worst = 0.0
    for point in points:
        if point["library"] == "parzen" and point["method"] in GUARANTEED:
            _, _, rtol = point["setting"].partition("rtol ")
            promised = max(float(rtol or ROUNDING), ROUNDING)
            error = max(point["error"], point["tail error"])
            worst = max(worst, error / promised)
    return worst


def error_time(run: Run) -> Comparison:
    points, missing = [], []
    for d in (1, 2):
        more, absent = one_dimension(run, d)
        points += more
        missing += absent
    return Comparison(
        "error_time",
        "Error against time at scattered queries",
        [],
        [Goal("largest error over the stated one", excess(points), 1.0, timing=False)],
        {"points": points},
        [table(run, d, [p for p in points if p["d"] == d], missing) for d in (1, 2)],
    )
