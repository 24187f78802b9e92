"""What must hold of the bandwidths that are chosen."""

from __future__ import annotations

import math

from densities import MARRON_WAND
from goodness_tables import Found, Summary, summary
from records import OURS, Goal

# What others do with the same selector: geometric means over the densities of Marron
# and Wand at n = 100, 1,000 and 10,000, measured before in the same way, on other
# samples: ISJ of arviz, dpik of KernSmooth, a binned and a leave-one-out search, and
# nrd0 of R.
NAMESAKES: dict[str, tuple[float, ...]] = {
    "isj": (1.208, 1.088, 0.969),
    "plugin": (1.290, 1.469, 1.427),
    "sheather_jones": (1.290, 1.469, 1.427),
    "ucv": (1.312, 1.118, 0.979),
    "likelihood": (1.428, 1.656),
    "silverman": (1.491, 2.341, 3.607),
}
THEIR_SAMPLES = {100: 24, 1000: 24, 10_000: 6}
SIZES = tuple(THEIR_SAMPLES)


def goals(found: Found, gap: float) -> list[Goal]:
    """List what must hold; namesakes within two standard errors of both."""
    cells = [
        cell
        for row in found.values()
        for part in row.values()
        for method, cell in part["cells"].items()
        if method.startswith(OURS)
    ]
    listed = [
        Goal("closed form against quadrature, relative", gap, 1e-6, timing=False),
        Goal(
            "choices of parzen without an answer",
            sum("why" in cell for cell in cells),
            0,
            timing=False,
        ),
        Goal(
            "mean error of the best bandwidth from its exact value, standard errors",
            abs(luck(found)),
            4,
        ),
    ]
    names = list(MARRON_WAND)
    for method, theirs in NAMESAKES.items():
        for n, target in zip(SIZES, theirs, strict=False):
            score = summary(found.get((1, n), {}), names, f"{OURS} {method}")
            if isinstance(score, Summary):
                noise = math.hypot(
                    score.error, score.alone / math.sqrt(THEIR_SAMPLES[n])
                )
                far = math.log(score.mean / target) / noise
                text = f"{method}, n = {n:,}: {score.mean:.3f} for {target:g} elsewhere"
                listed.append(Goal(f"{text}, standard errors above", far, 2))
    return listed


def luck(found: Found) -> float:
    """How far the samples' errors at the best bandwidth are from the exact mean."""
    bars = [part["oracle"] for row in found.values() for part in row.values()]
    # against the exact mean, `scatter` is the noise of one sample
    far = math.fsum(bar["mean"] - 1 for bar in bars)
    noise = math.hypot(*(bar["scatter"] / bar["samples"] ** 0.5 for bar in bars))
    return far / noise
