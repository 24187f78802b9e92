"""Densities that bandwidth selectors are compared on, as in their papers."""

from __future__ import annotations

import math

from mixture import Mixture, Truth, Uniform


def _skewed(k: int) -> tuple[float, float, float]:
    return 1 / 8, 3 * ((2 / 3) ** k - 1), (2 / 3) ** k


# Marron & Wand (1992), table 1, in their order.
MARRON_WAND = {
    "Gaussian": Mixture.line((1, 0, 1)),
    "Skewed unimodal": Mixture.line(
        (1 / 5, 0, 1), (1 / 5, 1 / 2, 2 / 3), (3 / 5, 13 / 12, 5 / 9)
    ),
    "Strongly skewed": Mixture.line(*(_skewed(k) for k in range(8))),
    "Kurtotic unimodal": Mixture.line((2 / 3, 0, 1), (1 / 3, 0, 1 / 10)),
    "Outlier": Mixture.line((1 / 10, 0, 1), (9 / 10, 0, 1 / 10)),
    "Bimodal": Mixture.line((1 / 2, -1, 2 / 3), (1 / 2, 1, 2 / 3)),
    "Separated bimodal": Mixture.line((1 / 2, -3 / 2, 1 / 2), (1 / 2, 3 / 2, 1 / 2)),
    "Skewed bimodal": Mixture.line((3 / 4, 0, 1), (1 / 4, 3 / 2, 1 / 3)),
    "Trimodal": Mixture.line(
        (9 / 20, -6 / 5, 3 / 5), (9 / 20, 6 / 5, 3 / 5), (1 / 10, 0, 1 / 4)
    ),
    "Claw": Mixture.line((1 / 2, 0, 1), *((0.1, k / 2 - 1, 0.1) for k in range(5))),
    "Double claw": Mixture.line(
        (49 / 100, -1, 2 / 3),
        (49 / 100, 1, 2 / 3),
        *((1 / 350, (k - 3) / 2, 0.01) for k in range(7)),
    ),
    "Asymmetric claw": Mixture.line(
        (1 / 2, 0, 1),
        *((2.0 ** (1 - k) / 31, k + 1 / 2, 2.0**-k / 10) for k in range(-2, 3)),
    ),
    "Asymmetric double claw": Mixture.line(
        (46 / 100, -1, 2 / 3),
        (46 / 100, 1, 2 / 3),
        *((1 / 300, -k / 2, 0.01) for k in (1, 2, 3)),
        *((7 / 300, k / 2, 0.07) for k in (1, 2, 3)),
    ),
    "Smooth comb": Mixture.line(
        *(
            (2.0 ** (5 - k) / 63, (65 - 96 * 0.5**k) / 21, 32 / 63 / 2.0**k)
            for k in range(6)
        )
    ),
    "Discrete comb": Mixture.line(
        *((2 / 7, (12 * k - 15) / 7, 2 / 7) for k in range(3)),
        *((1 / 21, 2 * k / 7, 1 / 21) for k in (8, 9, 10)),
    ),
}
# Steiner's thesis (Zurich 2020), in its order.
THESIS: dict[str, Truth] = {
    "Gaussian": MARRON_WAND["Gaussian"],
    "Uniform": Uniform(-5, 5),
    "Bimodal": Mixture.line((1 / 2, -2, 1 / 2), (1 / 2, 2, 1 / 2)),
    "SkewedBimodal": MARRON_WAND["Skewed bimodal"],
    "Claw": MARRON_WAND["Claw"],
    "AsymmetricDoubleClaw": MARRON_WAND["Asymmetric double claw"],
}
# Wand & Jones (1993), densities B, H, K and L.
PLANE = {
    "Correlated normal": Mixture.plane((1, 0, 0, 1, 1, 0.7)),
    "Bimodal IV": Mixture.plane(
        (1 / 2, 1, -1, 2 / 3, 2 / 3, 0.7), (1 / 2, -1, 1, 2 / 3, 2 / 3, 0)
    ),
    "Trimodal III": Mixture.plane(
        (3 / 7, -1, 0, 3 / 5, 7 / 10, 3 / 5),
        (3 / 7, 1, 2 / math.sqrt(3), 3 / 5, 7 / 10, 0),
        (1 / 7, 1, -2 / math.sqrt(3), 3 / 5, 7 / 10, 0),
    ),
    "Quadrimodal": Mixture.plane(
        (1 / 8, -1, 1, 2 / 3, 2 / 3, 2 / 5),
        (3 / 8, -1, -1, 2 / 3, 2 / 3, 3 / 5),
        (1 / 8, 1, -1, 2 / 3, 2 / 3, -7 / 10),
        (3 / 8, 1, 1, 2 / 3, 2 / 3, -1 / 2),
    ),
}
