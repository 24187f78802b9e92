"""Integrate what a bound adds to a density, over the zones in which it is felt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Panels a bandwidth, at least so many a zone, and Gauss-Legendre nodes a panel.
PANELS, FEWEST, NODES = 4, 16, 8
# Kinks of so many points become borders of panels; those of more points average out.
MOST_KINKED = 1000
# Kernels of which every derivative is continuous.
SMOOTH = ("gaussian", "logistic", "cauchy")


def integral(
    f: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    problem: Problem,
    ends: tuple[float, float],
    reach: float,
) -> float:
    """Integrate f of q (m, 1) over a zone of width `reach` at each finite end.

    f is smooth but where the kernel of a point, or the distance to an end, has a kink.
    """
    low, high = ends
    total = 0.0
    for first, last in _zones(low, high, reach):
        wanted = PANELS * (last - first) / float(problem.scale.widths[0])
        borders = np.linspace(first, last, max(math.ceil(wanted), FEWEST) + 1)
        extra = np.array([low + reach, high - reach])
        extra = np.concatenate([extra, _kinks(problem, first, last)])
        extra = extra[(extra > first) & (extra < last)]
        borders = np.union1d(borders, extra)
        abscissae, weights = np.polynomial.legendre.leggauss(NODES)
        half = 0.5 * np.diff(borders)
        q = (borders[:-1] + half)[:, None] + half[:, None] * abscissae
        values = f(q.reshape(-1, 1)).reshape(q.shape)
        total += float(half @ (values @ weights))
    return total


def _zones(low: float, high: float, reach: float) -> list[tuple[float, float]]:
    """Return a zone at each finite end, or the whole range."""
    if high - low <= 2.0 * reach:
        return [(low, high)]
    zones = []
    if math.isfinite(low):
        zones.append((low, low + reach))
    if math.isfinite(high):
        zones.append((high - reach, high))
    return zones


def _kinks(problem: Problem, first: float, last: float) -> NDArray[np.float64]:
    """Places between two ends where the kernel of some point has a kink."""
    kernel, h = problem.kernel, float(problem.scale.widths[0])
    if kernel.name in SMOOTH:
        return np.empty(0)
    places = np.array([-kernel.support, 0.0, kernel.support])
    places = places[np.isfinite(places)] * h
    kinks = (problem.sample.points + places).ravel()
    kinks = kinks[(kinks > first) & (kinks < last)]
    return kinks if len(kinks) <= MOST_KINKED * len(places) else np.empty(0)
