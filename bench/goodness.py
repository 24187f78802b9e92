"""How near the chosen bandwidths come to the best fixed one, by the exact error.

All bandwidths meet the same samples and one Gaussian kernel. Errors are integrated in
closed form, not on a grid, and compared with those of the best fixed bandwidth on the
same samples, whose mean is known exactly: MISE / MISE* = 1 + mean(ISE - ISE*) / MISE*.
That has the mean of the plain ratio and far less noise.
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import time
import warnings
import zlib
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from densities import MARRON_WAND, PLANE, THESIS
from goodness_goals import goals
from goodness_peers import line, plane
from goodness_tables import (
    plane_table,
    row_table,
    summary_table,
    thesis_table,
)
from mixture import oracle
from records import Comparison, Run
from squared_error import quadrature_gap, squared_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mixture import Truth

ROOT = Path(__file__).resolve().parents[1]
SEED = 1992
SAMPLES = {100: 24, 1000: 24, 10_000: 6}
LINE: dict[str, Truth] = {
    **MARRON_WAND,
    "thesis Uniform": THESIS["Uniform"],
    "thesis Bimodal": THESIS["Bimodal"],
}


def one_part(
    truth: Truth, seed: tuple[int, ...], n: int, samples: int, entries: Any
) -> dict[str, Any]:
    """Choose by all selectors on the same samples; errors over the oracle's."""
    best, least = oracle(truth, n)
    optimum = best if truth.d > 1 else math.sqrt(best[0, 0])
    bar: list[float] = []
    errors: dict[str, list[float]] = {name: [] for name in entries}
    seconds: dict[str, list[float]] = {name: [] for name in entries}
    why: dict[str, str] = {}
    warned = dict.fromkeys(entries, 0)
    for number in range(samples):
        x = truth.draw(n, np.random.default_rng((SEED, *seed, n, number)))
        bar.append(squared_error(truth, x, optimum))
        for name, selector in entries.items():
            if name in why:
                continue
            try:
                with warnings.catch_warnings(record=True) as told:
                    warnings.simplefilter("always")
                    start = time.perf_counter()
                    bandwidth = selector.choose(x)
                    seconds[name].append(time.perf_counter() - start)
                warned[name] += bool(told)
                errors[name].append(squared_error(truth, x, bandwidth))
            except Exception as error:  # noqa: BLE001 - a failure is a result
                why[name] = f"{type(error).__name__}: {error}".split("\n")[0][:100]
    cells: dict[str, dict[str, Any]] = {}
    for name in entries:
        if name in why:
            cells[name] = {"why": why[name]}
        else:
            cells[name] = {
                **against(errors[name], bar, least),
                "seconds": statistics.median(seconds[name]),
                "warned": warned[name],
            }
    return {
        "cells": cells,
        "oracle": {
            "mean": statistics.fmean(bar) / least,
            "scatter": statistics.stdev(bar) / least,
            "samples": samples,
        },
    }


def against(errors: list[float], bar: list[float], least: float) -> dict[str, float]:
    """Estimate MISE / MISE*, its standard error, and that without the comparison."""
    count = len(errors)
    gains = (np.array(errors) - bar) / least
    return {
        "ratio": 1 + float(gains.mean()),
        "error": float(gains.std(ddof=1)) / count**0.5,
        "scatter": float(np.std(errors, ddof=1)) / least,  # of one sample alone
        "samples": count,
    }


def fingerprint() -> str:
    """Name the state of all that a part depends on."""
    code = 0
    files = [*ROOT.glob("src/parzen/**/*.py"), *Path(__file__).parent.glob("*.py")]
    for path in sorted(files):
        code = zlib.crc32(path.read_bytes(), code)
    return f"{code:08x}"


def measure(run: Run, folder: Path) -> Iterator[tuple[int, int, str, dict[str, Any]]]:
    """Measure part by part; what an interrupted run has left behind is not repeated."""
    sizes = run.size(list(SAMPLES), [100])
    few = {1: ["Gaussian", "Claw", "thesis Uniform"], 2: ["Correlated normal"]}
    for d, truths, entries in ((1, LINE, line()), (2, PLANE, plane())):
        for n, name in product(sizes, run.size(list(truths), few[d])):
            run.tick(f"{d}-D, {n:,} points, {name}")
            kept = folder / f"{d}-{n}-{name}.json"
            if kept.exists() and not run.smoke:
                yield d, n, name, json.loads(kept.read_text())
                continue
            asked = {key: one for key, one in entries.items() if one.serves(n)}
            if run.smoke:  # they take seconds
                asked = {k: one for k, one in asked.items() if one.largest > n}
            seed = (d, list(truths).index(name))
            part = one_part(truths[name], seed, n, run.size(SAMPLES[n], 2), asked)
            if not run.smoke:
                keep(kept, part)
            yield d, n, name, part


def keep(path: Path, part: dict[str, Any]) -> None:
    """Write a part whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(part))
    draft.replace(path)


def goodness(run: Run) -> Comparison:
    folder = ROOT / ".cache" / "goodness" / fingerprint()
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for d, n, name, part in measure(run, folder):
        found.setdefault((d, n), {})[name] = part
    comparison = Comparison(
        "goodness",
        "How near the chosen bandwidth comes to the best one",
        [],
        goals(found, quadrature_gap(SEED)),
        {"ratios": details(found)},
        [
            summary_table(found),
            row_table(found),
            thesis_table(found),
            plane_table(found),
        ],
    )
    # a later run measures anew
    shutil.rmtree(folder.parent, ignore_errors=True)
    return comparison


def details(found: dict[tuple[int, int], dict[str, Any]]) -> dict[str, Any]:
    """Return all ratios with their errors, by dimension, size, density, selector."""
    return {
        f"{d}-D, {n}": {
            name: {key: written(cell) for key, cell in part["cells"].items()}
            for name, part in row.items()
        }
        for (d, n), row in found.items()
    }


def written(cell: dict[str, Any]) -> str:
    """Write one cell."""
    if "why" in cell:
        return cell["why"]
    text = f"{cell['ratio']:.4g} +- {cell['error']:.2g}, {cell['seconds']:.2g} s"
    return text + (f", warned {cell['warned']} times" if cell["warned"] else "")
