from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from densities import THESIS
from records import OURS, Comparison, Goal, Run, Score, Table, load_zfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SEED, SAMPLES = 756454, 20
LIMITS, POINTS = (-8.0, 8.0), 4001
# MISE of plain NumPy, by density and size: Silverman's rule, and the improved
# Sheather-Jones rule done right; means of so many samples, by size.
TARGETS: dict[tuple[str, int], tuple[float, float]] = {
    ("Gaussian", 10_000): (1.9e-4, 1.8e-4),
    ("Gaussian", 1_000_000): (5.5e-6, 5.4e-6),
    ("Uniform", 10_000): (2.0e-3, 7.9e-4),
    ("Uniform", 1_000_000): (7.7e-4, 7.8e-5),
    ("Bimodal", 1000): (1.76e-2, 2.0e-3),
    ("Bimodal", 10_000): (4.5e-3, 3.5e-4),
    ("Bimodal", 1_000_000): (1.5e-4, 1.1e-5),
    ("SkewedBimodal", 10_000): (5.1e-4, 3.3e-4),
    ("SkewedBimodal", 1_000_000): (1.8e-5, 9.9e-6),
    ("Claw", 1000): (3.92e-2, 7.1e-3),
    ("Claw", 10_000): (2.05e-2, 1.2e-3),
    ("Claw", 1_000_000): (1.3e-3, 2.8e-5),
    ("AsymmetricDoubleClaw", 10_000): (3.7e-3, 1.4e-3),
    ("AsymmetricDoubleClaw", 1_000_000): (1.2e-3, 6.4e-5),
}
TARGET_SAMPLES = {1000: 20, 10_000: 20, 1_000_000: 5}
JUDGED = "parzen isj"


def methods() -> tuple[dict[str, Callable[[Any, Any], Any] | None], str]:
    """Return all estimators, from sample and queries to density; absent ones are None.

    Everything but the bandwidth is each library's default; zfit's are told the limits.
    """
    from KDEpy import FFTKDE

    import parzen

    zfit, why = load_zfit()

    def ours(method: str, rule: str) -> Callable[[Any, Any], Any]:
        return lambda x, q: parzen.kde(x, method=method, bandwidth=rule).pdf(q)

    def kdepy(rule: str) -> Callable[[Any, Any], Any]:
        return lambda x, q: FFTKDE(bw=rule).fit(x).evaluate(q)

    def theirs(name: str) -> Callable[[Any, Any], Any] | None:
        if zfit is None:
            return None
        space = zfit.Space("x", LIMITS)
        return lambda x, q: np.asarray(getattr(zfit.pdf, name)(x, obs=space).pdf(q))

    return {
        "parzen silverman": ours("fft", "silverman"),
        "parzen isj": ours("fft", "isj"),
        "parzen diffusion": ours("diffusion", "isj"),
        "KDEpy silverman": kdepy("silverman"),
        "KDEpy ISJ": kdepy("ISJ"),
        "zfit Grid": theirs("KDE1DimGrid"),
        "zfit FFT": theirs("KDE1DimFFT"),
        "zfit ISJ": theirs("KDE1DimISJ"),
    }, why


def squared_error(
    estimate: Callable[[Any, Any], Any], x: Any, q: Any, f: Any
) -> float | str:
    """Integrate the squared error over the queries, or say why there is no answer."""
    try:
        return float(np.trapezoid((estimate(x, q) - f) ** 2, q))
    except (ValueError, RuntimeError, ArithmeticError) as error:
        return f"{type(error).__name__}: {error}".split("\n")[0][:100]


def one_cell(
    run: Run, name: str, n: int, entries: dict[str, Any], absent: str
) -> dict[str, Score | str]:
    """Score all methods on the same samples of one density and size."""
    q = np.linspace(*LIMITS, POINTS)
    f = THESIS[name].smoothed(q[:, None], np.zeros((1, 1)))
    errors: dict[str, list[Any]] = {method: [] for method in entries}
    samples = run.size(SAMPLES, 2)
    for number in range(samples):
        run.tick(f"{name}, {n:,} points, sample {number + 1} of {samples}")
        rng = np.random.default_rng((SEED, list(THESIS).index(name), n, number))
        x = THESIS[name].draw(n, rng)
        for method, estimate in entries.items():
            if estimate is not None:
                errors[method].append(squared_error(estimate, x, q, f))
    return {method: summary(values, absent) for method, values in errors.items()}


def summary(errors: list[Any], absent: str) -> Score | str:
    """Return the score, or the reason why there is none."""
    if not errors:
        return absent
    failures = [error for error in errors if isinstance(error, str)]
    return failures[0] if failures else Score.of(errors)


def written(score: Score | str, form: str = ".2e") -> str:
    """Write a score for a table."""
    if isinstance(score, str):
        return score
    return f"{score.mean:{form}} ± {score.error:{form}}"


def lost(scores: Iterable[Score | str]) -> int:
    """Count the scores that are no finite number."""
    return sum(isinstance(s, str) or not math.isfinite(s.mean) for s in scores)


def verdict(score: Score | str, name: str, n: int) -> str:
    """Judge our score by the target; words also where there is none."""
    if (name, n) not in TARGETS:
        return "no target"
    if isinstance(score, str):
        return "**no answer**"
    return score.against(TARGETS[name, n][1], TARGET_SAMPLES[n])


def table(n: int, cells: dict[str, dict[str, Score | str]]) -> Table:
    """Write the scores of one size, with the targets and the verdicts below."""
    methods = next(iter(cells.values()))
    rows = [
        (method, *(written(cell[method]) for cell in cells.values()))
        for method in methods
    ]
    for place, rule in enumerate(("silverman", "isj")):
        numbers = [
            TARGETS[name, n][place] if (name, n) in TARGETS else "" for name in cells
        ]
        rows.append(
            (f"target, {rule}", *(number and f"{number:.2g}" for number in numbers))
        )
    verdicts = [verdict(cell[JUDGED], name, n) for name, cell in cells.items()]
    rows.append((f"{JUDGED} against its target", *verdicts))
    caption = (
        f"{n:,} points: mean ± its standard error, {SAMPLES} samples, errors on "
        f"{POINTS:,} points over (-8, 8). Defaults but for the bandwidth. Targets: "
        "plain NumPy with the same rule; verdicts by two standard errors."
    )
    return Table(caption, ("method", *cells), rows, headline=True)


def mise(run: Run) -> Comparison:
    entries, zfit = methods()
    names = run.size(list(THESIS), ["Gaussian", "Claw"])
    sizes = run.size((1000, 10_000, 1_000_000), (200,))
    cells = {
        n: {name: one_cell(run, name, n, entries, zfit) for name in names}
        for n in sizes
    }
    flat = [
        (n, name, method, score)
        for n, row in cells.items()
        for name, cell in row.items()
        for method, score in cell.items()
    ]
    verdicts = [verdict(s, name, n) for n, name, method, s in flat if method == JUDGED]
    ours = (s for _, _, method, s in flat if method.startswith(OURS))
    return Comparison(
        "mise",
        "Mean integrated squared error of the bandwidth rules",
        [],
        [
            Goal(
                f"cells of {JUDGED} worse than their target",
                sum(words.startswith("**") for words in verdicts),
                0,
            ),
            Goal("cells of parzen without an answer", lost(ours), 0, timing=False),
        ],
        {"scores": [plain(*entry) for entry in flat], "zfit": zfit},
        [table(n, row) for n, row in cells.items()],
    )


def plain(n: int, name: str, method: str, score: Score | str) -> dict[str, Any]:
    """Return one score for JSON."""
    found = {"why not": score} if isinstance(score, str) else asdict(score)
    return {"n": n, "density": name, "method": method, **found}
