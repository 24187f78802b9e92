from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import race, ratio, shares
from oracle import largest_error, log_mean_exp, square_distances
from records import Comparison, Goal, Run, entrants, error_goal

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = {
    "fit": "estimator.py:fit",
    "fit: scikit-learn's validation": "validation.py:validate_data",
    "fit: sample": "sample.py:of",
    "fit: plan": "direct.py:plan",
    "score": "estimator.py:score_samples",
    "score: sums": "direct.py:_compiled_sum",
}


@functools.cache
def digits(rows: int | None = None) -> NDArray[np.float64]:
    """Return the handwritten digits, projected to 15 dimensions."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    pixels = load_digits().data
    return PCA(n_components=15, random_state=0).fit_transform(pixels)[:rows]


@functools.cache
def exact_scores(rows: int | None, count: int) -> NDArray[np.float64]:
    """Return the exact mean test score of each bandwidth, over five folds."""
    from sklearn.model_selection import KFold

    data = digits(rows).astype(np.longdouble)
    scores = np.zeros(count, dtype=np.longdouble)
    for train, test in KFold(5).split(data):
        squares = square_distances(data[test], data[train])
        for i, h in enumerate(np.logspace(-1, 1, count).astype(np.longdouble)):
            norm = 15 * (np.log(2 * np.longdouble(np.pi)) / 2 + np.log(h))
            scores[i] += (log_mean_exp(squares / (-2 * h * h)) - norm).sum() / 5
    return scores.astype(np.float64)


def digits_search(run: Run) -> Comparison:
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KernelDensity as Peer

    from parzen import KernelDensity, KernelDensityCV

    rows, count = run.size(None, 1000), run.size(20, 3)
    data, grid = digits(rows), {"bandwidth": np.logspace(-1, 1, count)}

    def search(estimator: Any) -> Any:
        return GridSearchCV(estimator, grid).fit(data)

    times, answers = race(
        {
            "parzen": lambda: search(KernelDensity()),
            "parzen, 1 thread": lambda: search(KernelDensity(n_jobs=1)),
            "parzen, KernelDensityCV": lambda: KernelDensityCV(
                bandwidths=grid["bandwidth"]
            ).fit(data),
            "scikit-learn": lambda: search(Peer()),
        },
        run.repeat,
        run.tick,
    )
    run.tick("exact scores")
    exact = exact_scores(rows, count)
    errors = {
        name: largest_error(answer.cv_results_["mean_test_score"] / exact, 1.0)
        for name, answer in answers.items()
    }
    notes = {
        name: f"best bandwidth {answer.best_params_['bandwidth']:.5g}"
        for name, answer in answers.items()
    }
    # the search of scikit-learn is the last
    in_one = ratio(times["scikit-learn"], times["parzen, KernelDensityCV"])
    notes["parzen, KernelDensityCV"] += f"; {in_one[0]:.3g} times as fast as the last"
    job = f"digits: {count} bandwidths x 5 folds, {len(data):,} x 15, refit"
    records = entrants(job, times, errors, unit="relative", notes=notes, headline=True)
    return Comparison(
        "digits_search",
        "Grid search over bandwidths, the import swapped, and in one call",
        records,
        [
            Goal(
                "times as fast as scikit-learn", records[-1].speed, 12.0, at_least=True
            ),
            Goal(
                "times as fast as scikit-learn, in one call",
                in_one[0],
                60.0,
                at_least=True,
            ),
            error_goal(records, 1e-8),
        ],
        {"profile, 1 thread": shares(lambda: search(KernelDensity(n_jobs=1)), PARTS)},
    )
