"""Integrals of functions that leave the range of floats where next to no mass is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.distribution.domain import edges_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives
    from parzen.distribution.quadrature import Integrand

    Floats = NDArray[np.float64]

# Places of one search, and how many searches narrow down where floats end.
PLACES, ROUNDS = 64, 8
# A term that is less of the largest, and falls so fast, has no integral to speak of.
LITTLE, FALL = 1e-20, 0.5


def finite_ends(
    f: Integrand,
    heights: Callable[[Floats], Floats],
    of: Primitives,
    ends: tuple[float, float],
) -> tuple[float, float]:
    """Return ends between which all terms are numbers, and nothing is beyond.

    `f` is `heights` times a density. Where heights overflow in a tail, though the
    product has fallen to nothing before, the tail ends there. Else as given.
    """
    edges = edges_of([of])
    found = list(ends)
    for k, side in enumerate((-1.0, 1.0)):
        if math.isfinite(found[k]):
            continue
        start = float(edges[0] if side < 0 else edges[-1])
        width = float(edges[-1] - edges[0])
        end = _last_number(heights, start, side * width)
        if end is None:
            continue
        share = np.linspace(0.0, 1.0, 4 * PLACES)
        with np.errstate(all="ignore"):
            terms = np.abs(f((start + (end - start) * share)[:, None]))[:, :-1]
            inner = np.abs(f(edges[:, None]))[:, :-1]
            most = np.maximum(terms.max(axis=0), inner.max(axis=0))
            falls = terms[-1] <= FALL * terms[-2]
        none = terms[-1] == 0.0
        if (
            np.isfinite(most).all()
            and ((terms[-1] <= LITTLE * most) & falls | none).all()
        ):
            found[k] = end
    return found[0], found[1]


def _last_number(
    heights: Callable[[Floats], Floats], start: float, width: float
) -> float | None:
    """Return the last place beyond a start where heights are finite, if it has one."""
    steps = np.append(0.0, np.exp2(np.linspace(-10.0, 40.0, PLACES)))
    with np.errstate(all="ignore"):
        places = start + width * steps
        places = places[np.isfinite(places)]
        for _ in range(ROUNDS):
            bad = np.atleast_1d(np.isinf(heights(places[:, None])).any(axis=1))
            if bad[0] or not bad.any():
                return None
            at = int(bad.argmax())
            places = np.linspace(places[at - 1], places[at], PLACES)
    return float(places[0])
