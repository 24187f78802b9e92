"""Compare parzen with its peers: same process, same data, in turn.

Each comparison writes one JSON file; all files together make the tables. The exit
status is 1 if an answer of parzen is wrong; a missed time is reported only, because
machines differ.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bounded import bounded
from digits_search import digits_search
from dim15 import dim15
from direct_1d import direct_1d
from error_time import error_time
from first_call import first_call
from goodness import goodness
from grid_1e6 import grid_1e6
from import_time import import_time
from machine import header
from memory import memory
from mise import mise
from pruned import pruned
from questions import questions
from records import Comparison, Run
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from scattered_1d import scattered_1d
from scattered_nd import scattered_nd
from selection import selection
from table import HERE, insert, load, report
from tails import tails

if TYPE_CHECKING:
    from collections.abc import Callable

COMPARISONS: dict[str, Callable[[Run], Comparison]] = {
    function.__name__: function
    for function in (
        digits_search,
        dim15,
        direct_1d,
        grid_1e6,
        scattered_1d,
        scattered_nd,
        pruned,
        memory,
        error_time,
        mise,
        goodness,
        selection,
        questions,
        bounded,
        import_time,
        first_call,
        tails,
    )
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--smoke", action="store_true", help="toy sizes, one round, nothing kept")
    add("--only", nargs="+", choices=COMPARISONS, metavar="NAME", help="some of them")
    add("--list", action="store_true", help="list the comparisons")
    add("--repeat", type=int, default=5, help="rounds after the first (default 5)")
    add("--output", type=Path, default=HERE / "results", help="folder for the results")
    add("--readme", type=Path, nargs="+", help="pages to put the headlines into")
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error("--repeat must be at least 1")
    return options


def compare(names: list[str], folder: Path, *, smoke: bool, repeat: int) -> bool:
    """Run comparisons, write their results, return whether all answers were right."""
    folder.mkdir(parents=True, exist_ok=True)
    right = True
    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:

            def tick(text: str, name: str = name) -> None:
                progress.update(task, description=f"{name}: {text}")

            gc.collect()
            gc.freeze()  # what is loaded for good need not be searched at every call
            machine = header()
            comparison = COMPARISONS[name](Run(smoke, repeat, tick))
            right &= all(goal.met or goal.timing for goal in comparison.goals)
            if smoke:  # toy sizes say nothing about time
                comparison.goals = [g for g in comparison.goals if not g.timing]
            content = {**comparison.as_json(), "machine": machine}
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
            progress.advance(task)
    return right


def main() -> int:
    options = arguments()
    if options.list:
        print("\n".join(COMPARISONS))
        return 0
    names = options.only or list(COMPARISONS)
    if options.smoke:
        with tempfile.TemporaryDirectory() as folder:
            right = compare(names, Path(folder), smoke=True, repeat=1)
            print(report(load(Path(folder))))
    else:
        with tempfile.TemporaryDirectory() as cache:
            # an empty cache, so that first calls compile; numba reads this when loaded
            os.environ["NUMBA_CACHE_DIR"] = cache
            right = compare(names, options.output, smoke=False, repeat=options.repeat)
        results = load(options.output)
        (options.output / "README.md").write_text(report(results))
        print(report(results))
        for page in options.readme or ():
            insert(page, results)
    if not right:
        print("parzen gave an answer beyond its allowed error: see the goals above.")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
