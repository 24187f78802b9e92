from __future__ import annotations

import functools
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
from child import run_child
from clock import race
from digits_search import exact_scores
from oracle import largest_error, log_density
from records import Comparison, Goal, Record, Run, entrants, error_goal

if TYPE_CHECKING:
    from collections.abc import Iterator

SCATTERED = """
import json
import numpy as np
from {library} import KernelDensity
x, q = np.random.default_rng(0).normal(size=(2, {n}, {d}))
answer = KernelDensity(bandwidth=0.5).fit(x).score_samples(q)
print(json.dumps(answer[:{some}].tolist()))
"""
SEARCH = """
import json
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from {library} import KernelDensity
data = PCA(n_components=15, random_state=0).fit_transform(load_digits().data)[:{rows}]
search = GridSearchCV(KernelDensity(), {{"bandwidth": np.logspace(-1, 1, {count})}})
answer = search.fit(data).cv_results_["mean_test_score"]
print(json.dumps(answer.tolist()))
"""
COLD, WARM, PEER = "parzen, cold cache", "parzen, warm cache", "scikit-learn"
SOME = 50


def jobs(run: Run) -> Iterator[tuple[str, str, Any]]:
    """Yield each job: its title, its script, and what the answer must be over."""
    for n, d in run.size(((300, 1), (3000, 3)), ((300, 1),)):
        x, q = np.random.default_rng(0).normal(size=(2, n, d))
        exact = log_density(q[:SOME], x, 0.5)
        script = SCATTERED.replace("{n}", f"{n}").replace("{d}", f"{d}")
        yield f"{n:,} x {n:,}, d = {d}", script.replace("{some}", f"{SOME}"), exact
    rows, count = run.size(None, 1000), run.size(20, 3)
    script = SEARCH.replace("{rows}", f"{rows}").replace("{count}", f"{count}")
    yield "digits grid search", script, exact_scores(rows, count)


def first_call(run: Run) -> Comparison:
    records: list[Record] = []
    goals: list[Goal] = []
    for title, script, exact in jobs(run):

        def cold(code: str) -> Any:
            with tempfile.TemporaryDirectory() as folder:
                return run_child(code, NUMBA_CACHE_DIR=folder)

        with tempfile.TemporaryDirectory() as primed:
            ours = script.format(library="parzen")
            times, answers = race(
                {
                    WARM: functools.partial(run_child, ours, NUMBA_CACHE_DIR=primed),
                    COLD: functools.partial(cold, ours),
                    PEER: functools.partial(
                        run_child, script.format(library="sklearn.neighbors")
                    ),
                },
                run.repeat,
                lambda text, title=title: run.tick(f"{title}: {text}"),
            )
        records += entrants(
            f"process: {title}",
            times,
            {
                name: largest_error(np.divide(answer, exact), 1.0)
                for name, answer in answers.items()
            },
            unit="relative, of the log density",
            ours=WARM,
            headline=True,
        )
        peer = records[-1].speed
        goals += [
            Goal(f"seconds from a cold cache, {title}", times[COLD].median, 5.0),
            Goal(f"times scikit-learn's, warm, {title}", 1 / peer, 1.0),
        ]
    return Comparison(
        "first_call",
        "Whole processes: start, import, compile, answer",
        records,
        [*goals, error_goal(records, 1e-8)],
    )
