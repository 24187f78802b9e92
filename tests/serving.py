"""What the documentation says that each engine serves: the tests hold them to it."""

from __future__ import annotations

from parzen.engines.planner import ENGINES
from tests import reference

SWEPT = (
    "epanechnikov",
    "tophat",
    "triangular",
    "biweight",
    "triweight",
    "tricube",
    "cosine",
    "exponential",
)
# The kernels, and in how many dimensions.
SERVED = {
    "direct": (reference.KERNELS, range(1, 100)),
    "tree": (reference.KERNELS, range(1, 100)),
    "gauss_transform": (("gaussian",), (1,)),
    "sweep": (SWEPT, (1,)),
    "chebyshev": (("gaussian", "logistic", "cauchy"), (1,)),
    "nufft": (("gaussian",), (2, 3)),
    "grid": (reference.KERNELS, (1, 2, 3)),
    "fft": (reference.KERNELS, (1, 2, 3)),
    "diffusion": (("gaussian",), (1,)),
}
GRIDS = ("grid", "fft", "diffusion")


def serves(engine, name, d):
    """Whether an engine answers."""
    names, dimensions = SERVED[engine]
    return name in names and d in dimensions


# Those for a Gaussian on the line.
ON_THE_LINE = [engine for engine in ENGINES if serves(engine, "gaussian", 1)]
