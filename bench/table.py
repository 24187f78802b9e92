"""Turn the results into Markdown; `--readme` puts headlines into pages.

A page says which comparisons it shows, between two lines:
`<!-- bench:start NAME ... -->` and `<!-- bench:end -->`.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MARKED = re.compile(
    r"(?P<start><!-- bench:start (?P<names>[\w ]+?) -->\n)"
    r".*?(?P<end><!-- bench:end -->)",
    re.DOTALL,
)
COLUMNS = (
    "job",
    "library",
    "first call",
    "steady",
    "time / parzen",
    "largest error",
    "",
)


def load(folder: Path) -> list[dict[str, Any]]:
    """Read all results in the order of their names."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def duration(seconds: float) -> str:
    """Write seconds with three digits, in the unit that reads best."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


def median(values: list[float]) -> float:
    """Return the median of a list that is not empty."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else sum(ordered[half - 1 : half + 1]) / 2


def row(record: dict[str, Any]) -> tuple[str, ...]:
    """Write one record."""
    first = steady = times = error = ""
    if record["times"]:
        seconds = record["times"]["steady"]
        low, high = duration(min(seconds)), duration(max(seconds))
        first = duration(record["times"]["first"])
        steady = f"{duration(median(seconds))} ({low} to {high})"
    if record["ratio"]:
        middle, low, high = (f"{value:.3g}" for value in record["ratio"])
        times = f"{middle} ({low} to {high})"
    if record["error"] is not None:
        error = f"{float(record['error']):.1e} {record['unit']}"
    return record["job"], record["library"], first, steady, times, error, record["note"]


def markdown(rows: list[tuple[str, ...]], columns: tuple[str, ...]) -> str:
    """Write a table; columns without any entry are left out."""
    keep = [k for k in range(len(columns)) if any(r[k] for r in rows)]
    lines = [[columns[k] for k in keep], ["---"] * len(keep)]
    lines += [[r[k] for k in keep] for r in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine_line(machine: dict[str, Any]) -> str:
    """Describe the machine in one sentence."""
    versions = ", ".join(f"{k} {v}" for k, v in machine["libraries"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}, {versions}; {machine['date']}."
    )


def machines(results: list[dict[str, Any]]) -> str:
    """Describe the machines of all results, each once."""
    return "\n".join(dict.fromkeys(machine_line(r["machine"]) for r in results))


def goals(results: list[dict[str, Any]]) -> str:
    """Write all goals with what was measured."""
    rows = [
        (
            result["name"],
            goal["text"],
            f"{'at least' if goal['at_least'] else 'at most'} {goal['limit']:g}",
            f"{float(goal['value']):.3g}",
            "yes" if goal["met"] else "**no**",
        )
        for result in results
        for goal in result["goals"]
    ]
    return markdown(rows, ("comparison", "number", "goal", "measured", "met"))


def profile(parts: dict[str, dict[str, float]]) -> str:
    """Write where our time went."""
    total = parts["all"]["seconds"]
    rows = [
        (
            name,
            f"{int(part['calls'])}",
            duration(part["seconds"]),
            f"{part['seconds'] / total:.0%}",
        )
        for name, part in parts.items()
    ]
    return markdown(rows, ("part", "calls", "time", "share"))


def section(result: dict[str, Any], *, headlines: bool) -> str:
    """Write one comparison, whole or its headlines."""
    parts = [f"**{result['title']}**"]
    records = [r for r in result["records"] if r["headline"] or not headlines]
    if records:
        parts.append(markdown([row(r) for r in records], COLUMNS))
    for table in result.get("tables", []):
        if table["headline"] or not headlines:
            parts += [table["caption"], markdown(table["rows"], table["columns"])]
    if not headlines:
        for name, content in result["details"].items():
            if name.startswith("profile"):
                parts += [f"Where our time goes ({name}):", profile(content)]
    return "\n\n".join(parts)


def report(results: list[dict[str, Any]], *, headlines: bool = False) -> str:
    """Write all results; headlines are what the project's README shows."""
    intro = (
        f"{machines(results)}\nSteady: median (smallest to largest) of "
        "interleaved runs in one process. Ratios are taken within each round.\n"
        "Errors are against sums in extended precision."
    )
    parts = [intro] if headlines else ["# Results", intro, goals(results)]
    parts += [section(result, headlines=headlines) for result in results]
    return "\n\n".join(parts) + "\n"


def insert(page: Path, results: list[dict[str, Any]]) -> None:
    """Put the headlines that a page names between its markers."""
    text = page.read_text()
    if not MARKED.search(text):
        msg = f"{page} needs <!-- bench:start NAME ... --> and <!-- bench:end -->."
        raise SystemExit(msg)

    def fill(match: re.Match[str]) -> str:
        names = match["names"].split()
        known = {result["name"]: result for result in results}
        missing = [name for name in names if name not in known]
        if missing:
            msg = f"{page} names comparisons without results: {', '.join(missing)}."
            raise SystemExit(msg)
        body = report([known[name] for name in names], headlines=True)
        return f"{match['start']}\n{body}\n{match['end']}"

    page.write_text(MARKED.sub(fill, text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--readme", type=Path, nargs="+", help="pages with the markers")
    options = parser.parse_args()
    results = load(options.results)
    print(report(results))
    for page in options.readme or ():
        insert(page, results)


if __name__ == "__main__":
    main()
