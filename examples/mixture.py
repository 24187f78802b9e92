"""A million points, timed
=======================

Onto 1024 nodes by one Fourier transform.

The truth is 0.85 N(0, 2) + 0.15 N(3, 0.5): a narrow peak on the shoulder of a wide
one. The estimate is judged twice: against the truth, which shows what a single
bandwidth can do, and against the exact kernel sum, which shows the error of the method.

As a program, it writes the picture to a file::

    python examples/mixture.py --output mixture.png
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine
from rich.console import Console

import parzen


class Component(NamedTuple):
    """A normal distribution and its share of the points."""

    share: float
    mean: float
    width: float


MIXTURE = (Component(0.85, 0.0, 2.0), Component(0.15, 3.0, 0.5))
ZOOM = (1.6, 4.4)


def main() -> None:
    parser = argparse.ArgumentParser(description="Estimate from a million points.")
    parser.add_argument("--output", type=Path, help="default: show the picture")
    parser.add_argument("--n", type=int, default=1_000_000, help="number of points")
    parser.add_argument("--nodes", type=int, default=1024, help="nodes of the grid")
    parser.add_argument("--dpi", type=int, default=150)
    arguments = parser.parse_args()
    n, nodes = arguments.n, arguments.nodes
    progress = Console(stderr=True).status

    x = sample(n, np.random.default_rng(23))
    with progress("first call: compiling"):
        first, _ = timed(lambda: parzen.kde(x, method="fft", grid_size=nodes).grid())
    steady = np.inf
    for _ in range(5):
        seconds, (grid, values) = timed(
            lambda: parzen.kde(x, method="fft", grid_size=nodes).grid()
        )
        steady = min(steady, seconds)
    density = parzen.kde(x, method="fft", grid_size=nodes)
    print(f"mixture    {n:,} points onto {nodes} nodes")
    print(f"first call {1e3 * first:8.1f} ms, imports, compiles on a fresh install")
    print(f"steady     {1e3 * steady:8.1f} ms, bandwidth rule and sum, best of 5")
    print(f"bandwidth  {density.bandwidth:.6f} ({density.bandwidth_result.note})")

    with progress(f"exact sum: {n:,} points at {nodes} nodes"):
        exact_density = parzen.kde(x, bandwidth=density.bandwidth, method="direct")
        seconds, exact = timed(lambda: exact_density.pdf(grid))
    method_error = np.abs(values - exact).max()
    truth_error = np.abs(values - truth(grid)).max()
    print(f"exact sum  {1e3 * seconds:8.1f} ms for the same nodes")
    print(f"max error  {method_error:.1e} against the exact sum, by the method")
    print(
        f"           {truth_error:.1e} against the truth, by the bandwidth and chance"
    )
    print(f"           peak {values.max():.4f}")

    figure = draw(grid, values, f"{n:,} points, {nodes} nodes, {1e3 * steady:.0f} ms")
    if arguments.output is None:
        plt.show()
        return
    figure.savefig(arguments.output, dpi=arguments.dpi)
    print(f"wrote {arguments.output}")


def sample(n: int, rng: np.random.Generator) -> np.ndarray:
    chosen = (rng.random(n) >= MIXTURE[0].share).astype(int)
    means = np.array([component.mean for component in MIXTURE])
    widths = np.array([component.width for component in MIXTURE])
    return rng.normal(means[chosen], widths[chosen])


def truth(x: np.ndarray) -> np.ndarray:
    return sum(
        share * np.exp(-0.5 * ((x - mean) / width) ** 2) / (width * np.sqrt(2 * np.pi))
        for share, mean, width in MIXTURE
    )


def timed(call):  # noqa: ANN001, ANN201 - any call
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def draw(grid: np.ndarray, values: np.ndarray, title: str) -> plt.Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = plt.figure(figsize=(9.0, 4.2), layout=layout)
    whole, zoom = figure.subplots(1, 2, width_ratios=(3, 2))
    for ax, (low, high) in ((whole, (-9.0, 9.0)), (zoom, ZOOM)):
        inside = (grid >= low) & (grid <= high)
        x = grid[inside]
        ax.plot(x, truth(x), color="k", linewidth=4, label="truth")
        ax.plot(x, values[inside], color="C1", linewidth=1.6, label="estimate")
        ax.set_xlim(low, high)
        ax.set_xlabel("x")
        ax.spines[["top", "right"]].set_visible(False)
    whole.set_ylim(bottom=0)
    whole.set_ylabel("density (per unit of x)")
    whole.set_title(title)
    whole.axvspan(*ZOOM, color="0.93", zorder=0, label="zoomed in")
    whole.legend(frameon=False, loc="upper left")
    zoom.set_title("Near the narrow peak")
    return figure


if __name__ == "__main__":
    main()
