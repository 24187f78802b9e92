from __future__ import annotations

from child import run_child
from clock import Times, ratio
from records import Comparison, Goal, Record, Run

STATEMENTS = (
    "import numpy",
    "import parzen",
    "from parzen import kde",
    "from parzen import KernelDensity",
    "from sklearn.neighbors import KernelDensity",
)
# What `import parzen` must leave for the first use.
HEAVY = ("numba", "sklearn", "scipy", "scipy.stats", "matplotlib", "pandas", "rich")
CODE = """
import time
start = time.perf_counter()
{statement}
taken = time.perf_counter() - start
import json, sys
print(json.dumps([taken, [name for name in {heavy} if name in sys.modules]]))
"""


def import_time(run: Run) -> Comparison:
    seconds: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    loaded: dict[str, list[str]] = {}
    rounds = run.size(max(15, run.repeat), 1)
    for number in range(rounds + 1):
        for statement, its in seconds.items():
            run.tick(f"{statement}, {number} of {rounds}")
            code = CODE.format(statement=statement, heavy=HEAVY)
            taken, loaded[statement] = run_child(code)
            its.append(taken)
    times = {statement: Times(its[0], its[1:]) for statement, its in seconds.items()}
    ours = times["import parzen"]
    records = [
        Record(
            statement,
            "",
            its,
            None if its is ours else ratio(its, ours),
            note=f"loads {', '.join(loaded[statement]) or 'nothing heavy'}",
            headline=True,
        )
        for statement, its in times.items()
    ]
    slower = ratio(ours, times["import numpy"])[0]
    return Comparison(
        "import_time",
        "Imports, without the start of Python",
        records,
        [
            Goal("import parzen over import numpy", slower, 1.5),
            Goal("heavy modules loaded", len(loaded["import parzen"]), 0, timing=False),
        ],
        {"loaded": loaded, "looked for": HEAVY},
    )
