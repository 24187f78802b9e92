"""Draws of distributions, that say where the mass is that an integral must not miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives
    from parzen.distribution.quadrature import Integrand

    Floats = NDArray[np.float64]

# Draws of each distribution.
COUNT = 1 << 12
# A cell wider than so many bandwidths may miss one.
WIDEST = 16.0
# Cells that draws may add, and how many of what is left in one round at most.
MOST, SHARE, FEWEST = 1500, 16, 16


class Seeds(NamedTuple):
    """Places that hold mass.

    Attributes
    ----------
    places : ndarray of shape (m, d)
    scales : ndarray of shape (m, d)
        Width of the narrowest structure of the distribution that each was drawn from.
    """

    places: Floats
    scales: Floats


def seeds_of(distributions: Sequence[Primitives]) -> Seeds:
    """Draw from each, the same at every call."""
    d = distributions[0].n_axes
    places, scales = [np.empty((0, d))], [np.empty((0, d))]
    for each in distributions:
        if each._signed:
            continue
        try:
            drawn = each._draw(COUNT, np.random.default_rng(0))
        except CapabilityError:
            continue
        drawn = drawn[np.isfinite(drawn).all(axis=1)]
        places.append(drawn)
        scales.append(np.broadcast_to(each._narrowest(), drawn.shape))
    return Seeds(np.concatenate(places), np.concatenate(scales))


def beyond_seen(f: Integrand, seeds: Seeds, count: int) -> Floats:
    """Return the largest abs(f) for a unit of mass at the seeds, at least one: (k,).

    The last `count` columns of f are densities.
    """
    if not len(seeds.places):
        return np.ones(f(np.zeros((1, seeds.places.shape[1]))).shape[1] - count)
    with np.errstate(all="ignore"):
        values = np.abs(f(seeds.places))
        rates = values[:, :-count] / values[:, -count:].max(axis=1)[:, None]
    most = np.where(np.isfinite(rates), rates, 0.0).max(axis=0)
    return np.asarray(np.maximum(most, 1.0))


def refined(
    axes: tuple[Floats, Floats], boxes: tuple[Floats, Floats], seeds: Seeds
) -> tuple[Floats, Floats]:
    """Halve the cells (p, 2) of a grid where they are too wide for what seeds tell.

    Those with most seeds come first, for there is room for so many only.
    """
    left, right = boxes
    x, scales = seeds
    at = [np.searchsorted(a, x[:, k], side="right") - 1 for k, a in enumerate(axes)]
    counts = [a.size - 1 for a in axes]
    good = (at[0] >= 0) & (at[0] < counts[0]) & (at[1] >= 0) & (at[1] < counts[1])
    x, scales = x[good], scales[good]
    owner = (at[0] * counts[1] + at[1])[good]
    room = MOST
    while room > 0 and len(x):
        finest = np.full(left.shape, np.inf)
        np.minimum.at(finest, owner, scales)
        with np.errstate(over="ignore", divide="ignore"):
            wide = (right - left) / finest
        middle = 0.5 * (left + right)
        wide[(middle <= left) | (middle >= right)] = 0.0
        held = np.bincount(owner, minlength=len(left))
        held[wide.max(axis=1) <= WIDEST] = 0
        some = np.argsort(-held, kind="stable")[: max(FEWEST, room // SHARE)]
        some = some[held[some] > 0][:room]
        if not some.size:
            break
        axis = wide[some].argmax(axis=1)
        cut = middle[some, axis]
        upper = np.full(len(left), -1)
        upper[some] = len(left) + np.arange(some.size)
        places, splits = np.zeros(len(left)), np.zeros(len(left), dtype=int)
        places[some], splits[some] = cut, axis
        moved = x[np.arange(len(x)), splits[owner]] >= places[owner]
        moved &= upper[owner] >= 0
        owner = np.where(moved, upper[owner], owner)
        starts, ends = left[some].copy(), right[some].copy()
        starts[np.arange(some.size), axis] = cut
        right[some, axis] = cut
        left, right = np.concatenate([left, starts]), np.concatenate([right, ends])
        room -= some.size
    return left, right
