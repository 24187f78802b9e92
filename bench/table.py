"""Turn the results into Markdown; `--readme` puts the headlines into a README."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START, END = "<!-- bench:start -->", "<!-- bench:end -->"
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
    records = [r for r in result["records"] if r["headline"] or not headlines]
    text = f"**{result['title']}**\n\n{markdown([row(r) for r in records], COLUMNS)}"
    if not headlines:
        for name, content in result["details"].items():
            if name.startswith("profile"):
                text += f"\n\nWhere our time goes ({name}):\n\n{profile(content)}"
    return text


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


def insert(readme: Path, results: list[dict[str, Any]]) -> None:
    """Put the headlines between the markers of a file."""
    text = readme.read_text()
    if START not in text or END not in text:
        msg = f"{readme} must contain the lines {START} and {END}."
        raise SystemExit(msg)
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    body = report(results, headlines=True)
    readme.write_text(f"{before}{START}\n\n{body}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--readme", type=Path, help="file with the markers")
    options = parser.parse_args()
    results = load(options.results)
    print(report(results))
    if options.readme:
        insert(options.readme, results)


if __name__ == "__main__":
    main()
