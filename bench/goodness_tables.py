"""The tables of the comparison of bandwidths."""

from __future__ import annotations

import math
import statistics
from typing import Any, NamedTuple

from densities import MARRON_WAND, PLANE
from records import Table

THESIS_COLUMNS = {
    "Gaussian": "Gaussian",
    "Uniform": "thesis Uniform",
    "Bimodal": "thesis Bimodal",
    "SkewedBimodal": "Skewed bimodal",
    "Claw": "Claw",
    "AsymmetricDoubleClaw": "Asymmetric double claw",
}

Row = dict[str, dict[str, Any]]  # of each density the part
Found = dict[tuple[int, int], Row]


class Summary(NamedTuple):
    """A selector over many densities: geometric mean, its relative error, the worst."""

    mean: float
    error: float
    worst: float
    alone: float  # relative error without the comparison with the oracle, one sample


def summary(row: Row, names: Any, method: str) -> Summary | str | None:
    """Summarise a selector; None where it is not asked, words where it fails."""
    cells = [row[name]["cells"].get(method) for name in names if name in row]
    if not cells or None in cells:
        return None
    failed = next((cell["why"] for cell in cells if "why" in cell), None)
    if failed:
        return f"no answer: {failed}"
    ratios = [cell["ratio"] for cell in cells]
    count = len(ratios)
    errors = (cell["error"] / cell["ratio"] for cell in cells)
    alone = (cell["scatter"] / cell["ratio"] for cell in cells)
    return Summary(
        # two toy samples may leave nothing
        statistics.geometric_mean(max(ratio, 1e-3) for ratio in ratios),
        math.hypot(*errors) / count,
        max(ratios),
        math.hypot(*alone) / count,
    )


def milliseconds(row: Row, names: Any, method: str) -> str:
    """Write the median time of a choice over the densities."""
    cells = [row[name]["cells"].get(method, {}) for name in names if name in row]
    seconds = [cell["seconds"] for cell in cells if "seconds" in cell]
    return f"{1e3 * statistics.median(seconds):.3g}" if seconds else ""


def methods(found: Found, d: int) -> list[str]:
    """Return all selectors of a dimension; ours come first."""
    rows = [row for (its, _), row in found.items() if its == d]
    cells = (part["cells"] for row in rows for part in row.values())
    return list(dict.fromkeys(name for cell in cells for name in cell))


def sizes(found: Found, d: int) -> list[int]:
    """Return the sizes that were measured."""
    return [n for its, n in found if its == d]


def middle(found: Found, d: int) -> int:
    """Return the size that single densities are shown at."""
    return 1000 if (d, 1000) in found else sizes(found, d)[-1]


def number(ratio: float) -> str:
    """Write a ratio; what has failed needs no decimals."""
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:.0e}"


def written(score: Summary | str | None) -> str:
    """Write a summary."""
    if score is None:
        return "too slow"
    if isinstance(score, str):
        return score
    mean, error = number(score.mean), number(score.mean * score.error)
    return f"{mean} ± {error} / {number(score.worst)}"


def single(row: Row, name: str, method: str) -> str:
    """Write one density's ratio."""
    cell = row[name]["cells"].get(method) if name in row else None
    if cell is None:
        return ""
    return "no answer" if "why" in cell else number(cell["ratio"])


def counts(found: Found, d: int) -> str:
    """Say how many samples there are."""
    numbers = []
    for n in sizes(found, d):
        part = next(iter(found[d, n].values()))
        numbers.append(f"{part['oracle']['samples']} of {n:,} points")
    return ", ".join(numbers)


def summary_table(found: Found) -> Table:
    """Tabulate geometric mean and worst over the densities of Marron and Wand."""
    names = list(MARRON_WAND)
    rows = [
        (
            method,
            *(written(summary(found[1, n], names, method)) for n in sizes(found, 1)),
            *(milliseconds(found[1, n], names, method) for n in sizes(found, 1)[1:]),
        )
        for method in methods(found, 1)
    ]
    columns = (
        "selector",
        *(f"n = {n:,}" for n in sizes(found, 1)),
        *(f"ms, n = {n:,}" for n in sizes(found, 1)[1:]),
    )
    caption = (
        "MISE over that of the best fixed bandwidth, 15 densities of Marron and Wand "
        "(1992): geometric mean ± its standard error / worst. It may be below 1: the "
        "best fixed bandwidth has not seen the sample, nor does it vary. Samples of "
        f"each density: {counts(found, 1)}. Times: median of a choice, one process."
    )
    return Table(caption, columns, rows, headline=True)


def row_table(found: Found) -> Table:
    """Tabulate single densities."""
    n = middle(found, 1)
    names = [name for name in MARRON_WAND if name in found[1, n]]
    rows = [
        (method, *(single(found[1, n], name, method) for name in names))
        for method in methods(found, 1)
    ]
    rows = [row for row in rows if any(row[1:])]
    order = list(MARRON_WAND)
    columns = tuple(f"{order.index(name) + 1} {name}" for name in names)
    caption = f"The same by density, {n:,} points."
    return Table(caption, ("selector", *columns), rows, headline=True)


def thesis_table(found: Found) -> Table:
    """Tabulate the six densities of Steiner's thesis."""
    n = middle(found, 1)
    columns = {k: v for k, v in THESIS_COLUMNS.items() if v in found[1, n]}
    rows = [
        (method, *(single(found[1, n], name, method) for name in columns.values()))
        for method in methods(found, 1)
    ]
    rows = [row for row in rows if any(row[1:])]
    caption = f"The same on the six densities of Steiner's thesis, {n:,} points."
    return Table(caption, ("selector", *columns), rows, headline=True)


def plane_table(found: Found) -> Table:
    """Tabulate two dimensions."""
    n = middle(found, 2)
    names = [name for name in PLANE if name in found[2, n]]
    rows = [
        (
            method,
            *(written(summary(found[2, k], names, method)) for k in sizes(found, 2)),
            *(single(found[2, n], name, method) for name in names),
            milliseconds(found[2, n], names, method),
        )
        for method in methods(found, 2)
    ]
    columns = (
        "selector",
        *(f"n = {k:,}" for k in sizes(found, 2)),
        *(f"{name}, n = {n:,}" for name in names),
        f"ms, n = {n:,}",
    )
    caption = (
        "The same in two dimensions, four densities of Wand and Jones (1993), against "
        f"the best fixed full matrix. Samples of each density: {counts(found, 2)}."
    )
    return Table(caption, columns, rows, headline=True)
