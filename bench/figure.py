"""Draw the error against the time of every method, from the stored results."""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke
from table import HERE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# Okabe & Ito's colours, which the colour-blind tell apart; peers are dashed.
STYLES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("parzen", "direct"): ("direct", "#000000", "*"),
    ("parzen", "tree"): ("tree", "#009E73", "o"),
    ("parzen", "gauss_transform"): ("gauss_transform", "#D55E00", "o"),
    ("parzen", "chebyshev"): ("chebyshev", "#CC79A7", "o"),
    ("parzen", "nufft"): ("nufft", "#D55E00", "s"),
    ("parzen", "grid"): ("grid", "#E69F00", "o"),
    ("parzen", "fft"): ("fft", "#0072B2", "o"),
    ("parzen", "diffusion"): ("", "", ""),  # as fft, within the width of a line
    ("scipy", ""): ("scipy", "#555555", "X"),
    ("scikit-learn", ""): ("scikit-learn", "#0072B2", "^"),
    ("KDEpy", "TreeKDE"): ("KDEpy TreeKDE", "#CC79A7", "v"),
    ("KDEpy", "FFTKDE, interpolated"): ("KDEpy FFTKDE", "#2F9BC4", "D"),
    ("mlpack", ""): ("mlpack", "#009E73", "P"),
    ("FINUFFT", ""): ("FINUFFT", "#555555", "d"),
}
LOWEST, HIGHEST = 1e-16, 3e1
KINDS = {"error": "queries like the data", "tail error": "up to 5 h beyond the data"}


def draw(axes: Axes, points: list[dict[str, Any]], kind: str) -> dict[str, Line2D]:
    """Draw one panel; return its lines."""
    lines = {}
    for (library, method), (label, colour, marker) in STYLES.items():
        its = [p for p in points if (p["library"], p["method"]) == (library, method)]
        if not its or not label:
            continue
        errors = [min(max(float(p[kind]), LOWEST), HIGHEST) for p in its]
        ours = library == "parzen"
        (lines[label],) = axes.plot(
            errors,
            [p["seconds"] for p in its],
            color=colour,
            marker=marker,
            markersize=12 if marker == "*" else 6,
            markerfacecolor=colour if ours else "white",
            linestyle="-" if ours else (0, (4, 2)),
            linewidth=2.2 if ours else 1.2,
            zorder=3 if ours else 2,
            label=label,
        )
    return lines


def traced(axes: Axes, lines: dict[str, Line2D]) -> Any:
    """Return points (n, 2) all along the lines, in pixels."""
    path = []
    for line in lines.values():
        corners = axes.transData.transform(np.asarray(line.get_xydata()))
        path += [corners] + [
            a + (b - a) * np.linspace(0, 1, 60)[:, None] for a, b in pairwise(corners)
        ]
    return np.concatenate(path)


def name(axes: Axes, lines: dict[str, Line2D]) -> None:
    """Write the name of each line beside it, where nothing else is.

    Tried are the right end, the left end, above and below each point.
    """
    path, boxes = traced(axes, lines), []
    inside = axes.get_window_extent()
    for label, line in lines.items():
        corners = np.asarray(line.get_xydata())
        corners = corners[np.argsort(-corners[:, 0])]
        places = [(corners[-1], 9, 0), (corners[0], -9, 0)]
        places += [
            (corner, 0, shift)
            for shift in (9, -9, 18, -18, 30)
            for corner in corners[::-1]
        ]
        tried = []
        for number, (corner, right, up) in enumerate(places):
            text = axes.annotate(
                label,
                corner,
                (right, up),
                textcoords="offset points",
                ha={9: "left", -9: "right", 0: "center"}[right],
                va="center" if right else "bottom" if up > 0 else "top",
                color=line.get_color(),
                fontsize=10,
                weight="bold" if line.get_linestyle() == "-" else "normal",
                zorder=4,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )
            box = text.get_window_extent()
            wide = box.padded(3)
            crossed = ((path > [wide.x0, wide.y0]) & (path < [wide.x1, wide.y1])).all(
                axis=1
            )
            cost = float(crossed.sum()) + 100 * sum(wide.overlaps(b) for b in boxes)
            out = box.x0 < inside.x0 or box.x1 > inside.x1
            cost += 1000 * (out or box.y0 < inside.y0 or box.y1 > inside.y1)
            tried.append((cost, number, text, box))
        best = min(tried, key=lambda trial: trial[:2])
        for trial in tried:
            if trial is not best:
                trial[2].remove()
        boxes.append(best[3])


def figure(points: list[dict[str, Any]], output: Path) -> None:
    """Draw dimensions side by side, kinds of queries one below the other."""
    mpl.rcParams |= {
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    picture, grid = plt.subplots(
        2, 2, figsize=(11, 9.6), sharex=True, sharey=True, facecolor="white"
    )
    panels = []
    for row, (kind, where) in zip(grid, KINDS.items(), strict=True):
        for axes, d in zip(row, (1, 2), strict=True):
            its = [p for p in points if p["d"] == d]
            panels.append((axes, draw(axes, its, kind)))
            axes.set(xscale="log", yscale="log", facecolor="white")
            axes.set_title(f"{d}-D, {where}", loc="left", fontsize=12, weight="bold")
            axes.grid(color="#e6e6e6", linewidth=0.8)
            axes.set_axisbelow(True)
            axes.axvline(1, color="#999999", linewidth=1)
            axes.minorticks_off()
            axes.tick_params(length=0)
    grid[0, 0].set_xlim(HIGHEST * 3, LOWEST / 3)
    low, high = grid[0, 0].get_ylim()
    grid[0, 0].set_ylim(low / 2, high * 2)
    for axes in grid[1]:
        axes.set_xlabel("largest relative error")
    for axes in grid[:, 0]:
        axes.set_ylabel("seconds, fit included")
    grid[1, 0].annotate(
        "100 % wrong",
        (1, 0.98),
        (-4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        rotation=90,
        va="top",
        ha="right",
        fontsize=9,
        color="#777777",
    )
    picture.suptitle(
        "100,000 points, 10,000 scattered queries, Gaussian, h = 0.2",
        x=0.06,
        y=0.985,
        ha="left",
        fontsize=14,
        weight="bold",
    )
    picture.text(
        0.06,
        0.935,
        "Bold: methods of parzen at their settings. Dashed: other libraries. "
        "Lower is faster, farther right is more exact.",
        fontsize=11,
        color="#555555",
    )
    picture.tight_layout(rect=(0, 0, 1, 0.965))
    for axes, lines in panels:
        name(axes, lines)
    picture.savefig(output, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--results", type=Path, default=HERE / "results" / "error_time.json")
    add("--output", type=Path, default=HERE.parent / "docs" / "error_time.png")
    options = parser.parse_args()
    points = json.loads(options.results.read_text())["details"]["points"]
    figure(points, options.output)


if __name__ == "__main__":
    main()
