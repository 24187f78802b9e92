"""The table of built-in kernels. A new kernel is one more row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parzen.kernels import cauchy, cosine, exponential, gaussian, logistic, power

if TYPE_CHECKING:
    from parzen.kernels.formulas import Profile

PROFILES: dict[str, Profile] = {
    row.name: row
    for row in (
        gaussian.ROW,
        power.EPANECHNIKOV,
        power.TOPHAT,
        power.TRIANGULAR,
        power.BIWEIGHT,
        power.TRIWEIGHT,
        power.TRICUBE,
        cosine.ROW,
        exponential.ROW,
        logistic.ROW,
        cauchy.ROW,
    )
}

# What other libraries and textbooks call them.
ALIASES: dict[str, str] = {
    "normal": "gaussian",
    "gauss": "gaussian",
    "epa": "epanechnikov",
    "box": "tophat",
    "uniform": "tophat",
    "linear": "triangular",
    "triangle": "triangular",
    "quartic": "biweight",
    "laplace": "exponential",
}


def kernel_names() -> tuple[str, ...]:
    """Return the names of all built-in kernels, without the aliases."""
    return tuple(PROFILES)
