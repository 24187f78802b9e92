"""Level sets of a 1-D density, by the pieces on which it rises or falls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.distribution.crossings import extrema, roots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives

    Floats = NDArray[np.float64]

# Places in each panel at which a density is looked at, before extrema are refined.
LOOKS = 12
# Pairs of levels and pieces that are in memory at once.
BLOCK = 1 << 20
# So many levels are solved one by one, more of them interpolated.
FEW = 512
# As many crossings are solved, too.
MOST_SOLVED = 1 << 17
# Heights that differ by less, relatively, are one plateau.
PLATEAU = 1e-12
# Error of the mass of a region, relative to the mass inside or outside of it, whichever
# is less; and mass that a smooth top does not lose from one float to the next.
MASS, JUMP = 1e-11, 1e-7
# Nodes between two critical levels, and how many of these get nodes of their own.
NODES, CRITICAL = 25, 40
# Intervals between levels are halved until this error, so often and so many at most.
ACCURATE, DEPTH, MOST = 1e-8, 16, 100


@dataclass(frozen=True, eq=False)
class Pieces:
    """A 1-D density between its extrema, kinks and jumps.

    Attributes
    ----------
    distribution : Primitives
    places : ndarray of shape (k,)
        In order; between two of them the density rises or falls.
    heights : ndarray of shape (k,)
        The density there.
    critical : ndarray
        Its values at extrema, in order.
    edges : ndarray
        Of the panels, beside which places lie.
    """

    distribution: Primitives
    places: Floats
    heights: Floats
    critical: Floats
    edges: Floats

    @classmethod
    def of(cls, distribution: Primitives) -> Pieces:
        """Look at each panel, and refine the extrema that show."""

        def density(x: Floats) -> Floats:
            return distribution._pdf(x[:, None])

        edges = _outwards(distribution)
        # an edge may be a jump: look beside it
        aside, width = 8.0 * _rounding(edges), np.diff(edges)
        left = edges[:-1] + np.minimum(aside[:-1], 0.25 * width)
        right = edges[1:] - np.minimum(aside[1:], 0.25 * width)
        steps = np.linspace(0.0, 1.0, LOOKS + 1)
        x = (left[:, None] + (right - left)[:, None] * steps).ravel()
        f = density(x)
        # beside most edges the density is the same: they are one place
        jumps = np.abs(np.diff(f)) > 1e-9 * np.maximum(f[1:], f[:-1])
        keep = np.ones(x.size, dtype=bool)
        keep[LOOKS + 1 :: LOOKS + 1] = jumps[LOOKS :: LOOKS + 1]
        keep[1:] &= np.diff(x) > 0.0
        x, f = x[keep], f[keep]
        low, middle, high = f[:-2], f[1:-1], f[2:]
        found = [x]
        for sign in (1.0, -1.0):
            peaks = (sign * middle >= sign * low) & (sign * middle > sign * high)
            peaks |= (sign * middle > sign * low) & (sign * middle >= sign * high)
            at = np.flatnonzero(peaks)
            if at.size:

                def upright(y: Floats, sign: float = sign) -> Floats:
                    return sign * density(y)

                found.append(extrema(upright, x[at], x[at + 2]))
        turns = np.concatenate([*found[1:], np.empty(0)])
        places = np.unique(np.concatenate(found))
        heights = density(places)
        critical = np.unique(density(turns)) if turns.size else np.empty(0)
        return cls(distribution, places, heights, critical, edges)

    @cached_property
    def masses(self) -> Floats:
        """Mass of each piece; the tails beyond belong to the outermost."""
        ends = self.places.copy()
        return self.distribution._mass(ends[:-1, None], ends[1:, None])

    @cached_property
    def low(self) -> Floats:
        """The lower end of each piece's values."""
        return np.minimum(self.heights[:-1], self.heights[1:])

    @cached_property
    def high(self) -> Floats:
        """The higher end of each piece's values."""
        return np.maximum(self.heights[:-1], self.heights[1:])

    @cached_property
    def rising(self) -> NDArray[np.bool_]:
        """Whether each piece rises."""
        return self.heights[1:] > self.heights[:-1]

    @cached_property
    def tails(self) -> float:
        """Mass beyond the outermost places, where the density is lowest."""
        ends = (
            np.array([[-np.inf], [self.places[-1]]]),
            np.array([[self.places[0]], [np.inf]]),
        )
        return float(self.distribution._mass(*ends).sum())

    def above(self, levels: Floats) -> Floats:
        """Mass where the density exceeds each of the levels (m,), shape (m,)."""
        order = np.argsort(self.low)
        sorted_low = self.low[order]
        behind = np.append(np.cumsum(self.masses[order][::-1])[::-1], 0.0)
        total = behind[np.searchsorted(sorted_low, levels, side="left")]
        return self._partly(total - self._level_with(levels), levels, above=True)

    def beneath(self, levels: Floats) -> Floats:
        """Mass where the density is at most each of the levels (m,), shape (m,).

        Relatively accurate, as one minus `above` is not.
        """
        order = np.argsort(self.high)
        before = np.append(0.0, np.cumsum(self.masses[order]))
        total = before[np.searchsorted(self.high[order], levels, side="right")]
        return self._partly(total + self.tails, levels, above=False)

    def _level_with(self, levels: Floats) -> Floats:
        """Mass of plateaus at the levels themselves, which is not above them."""
        flat = np.flatnonzero(self.low == self.high)
        if not flat.size:
            return np.zeros(levels.size)
        heights, index = np.unique(self.low[flat], return_inverse=True)
        mass = np.bincount(index, self.masses[flat])
        at = np.minimum(np.searchsorted(heights, levels), heights.size - 1)
        return np.where(heights[at] == levels, mass[at], 0.0)

    def _partly(self, total: Floats, levels: Floats, *, above: bool) -> Floats:
        """Add to totals (m,) the parts of pieces that cross the levels (m,)."""
        step = max(1, BLOCK // self.low.size)
        for first in range(0, levels.size, step):
            t = levels[first : first + step]
            crossed = (self.low < t[:, None]) & (t[:, None] < self.high)
            which, piece = np.nonzero(crossed)
            if not which.size:
                continue
            x = self._solve(t[which], piece)
            left = self.rising[piece] ^ above
            start = np.where(left, self.places[piece], x)
            end = np.where(left, x, self.places[piece + 1])
            part = self.distribution._mass(start[:, None], end[:, None])
            total[first : first + step] += np.bincount(which, part, t.size)
        return total

    def _solve(self, levels: Floats, piece: NDArray[np.intp]) -> Floats:
        """Places where pieces (k,) cross levels (k,)."""

        def excess(x: Floats, i: NDArray[np.intp]) -> Floats:
            return self.distribution._pdf(x[:, None]) - levels[i]

        return roots(
            excess,
            (self.places[piece], self.places[piece + 1]),
            (self.heights[piece] - levels, self.heights[piece + 1] - levels),
        )

    def level(self, p: float) -> float:
        """Return the largest level above which there is at least the mass p."""
        values = np.unique(np.append(0.0, self.heights))
        accepted = MASS * min(p, 1.0 - p)

        def surplus(level: float) -> float:
            t = np.array([level])
            if p < 0.5:
                return float(self.above(t)[0]) - p
            return (1.0 - p) - float(self.beneath(t)[0])

        first, last = 0, values.size - 1
        while last - first > 1:
            middle = (first + last) // 2
            if surplus(float(values[middle])) >= 0.0:
                first = middle
            else:
                last = middle
        low, high = float(values[first]), float(values[last])
        below, beyond = surplus(low), surplus(high)
        side = 0
        for _ in range(200):
            if abs(below) <= accepted or high - low <= 4e-16 * high:
                break
            # the Illinois method, and bisection where masses jump
            t = low + (high - low) * below / (below - beyond)
            if not low < t < high or abs(side) > 3:
                t = 0.5 * (low + high)
            if not low < t < high:
                break
            mass = surplus(t)
            if mass >= 0.0:
                low, below = t, mass
                beyond *= 0.5 if side > 0 else 1.0
                side = max(side, 0) + 1
            else:
                high, beyond = t, mass
                below *= 0.5 if side < 0 else 1.0
                side = min(side, 0) - 1
        # masses jump where there is a plateau: all of it belongs to the region
        lowest = low * (1.0 - PLATEAU)
        level = (self.low >= lowest) & (self.high <= low * (1.0 + PLATEAU))
        # a smooth top has mass there, too, but loses little of it from float to float
        jump = below - beyond > max(JUMP, 0.05 * float(self.masses[level].sum()))
        return lowest if jump and abs(below) > accepted else low

    def intervals(self, level: float) -> Floats:
        """Where the density exceeds a level, shape (k, 2), in order."""
        whole = (self.low >= level) & (self.high > level)
        crossed = np.flatnonzero((self.low < level) & (level < self.high))
        starts, ends = self.places[:-1].copy(), self.places[1:].copy()
        if crossed.size:
            x = self._solve(np.full(crossed.size, level), crossed)
            rising = self.rising[crossed]
            starts[crossed] = np.where(rising, x, starts[crossed])
            ends[crossed] = np.where(rising, ends[crossed], x)
            whole[crossed] = True
        starts, ends = starts[whole], ends[whole]
        # places beside an edge stand for the edge
        fresh = np.append(True, starts[1:] > ends[:-1] + 32.0 * _rounding(ends)[:-1])
        last = np.append(fresh[1:], True)
        found = np.stack([starts[fresh], ends[last]], axis=1)
        index = np.clip(np.searchsorted(self.edges, found), 1, self.edges.size - 1)
        room = 32.0 * _rounding(found)
        for edge in (self.edges[index - 1], self.edges[index]):
            found = np.where(np.abs(found - edge) <= room, edge, found)
        return found

    def ranks(self, levels: Floats) -> Floats:
        """Mass above each of many levels (m,), as `above` but for interpolation."""
        # a plateau differs by rounding from place to place
        levels = levels * (1.0 + PLATEAU)
        unique, index = np.unique(levels, return_inverse=True)
        some = unique[:: max(1, unique.size // 64), None]
        crossed = float(((self.low < some) & (some < self.high)).sum(axis=1).mean())
        if unique.size <= FEW or unique.size * crossed <= MOST_SOLVED:
            return self.above(unique)[index]
        return np.clip(self._interpolated(unique), 0.0, 1.0)[index]

    def _interpolated(self, levels: Floats) -> Floats:
        """Interpolate between critical levels, at which the mass has a root's kink.

        With t = a + (b - a) (1 - cos s) / 2 roots at either end are smooth in s.
        """
        top = float(self.heights.max())
        borders = np.unique(np.append(self.critical, [0.0, top]))
        if borders.size > CRITICAL:
            places = np.linspace(0, borders.size - 1, CRITICAL).astype(int)
            borders = borders[places]
        # a tail is smooth in the logarithm
        least = float(borders[1])
        borders = np.unique(np.append(borders, least * 10.0 ** -np.arange(1.0, 13.0)))
        t = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        share = 0.5 * (1.0 - np.cos(0.5 * np.pi * (1.0 + t)))
        ranks = np.empty(levels.size)
        left, right = borders[:-1], borders[1:]
        for depth in range(DEPTH):
            nodes = left[:, None] + (right - left)[:, None] * share
            values = self.above(nodes.ravel()).reshape(nodes.shape)
            fits = np.polynomial.chebyshev.chebfit(t, values.T, NODES - 1)
            last = depth == DEPTH - 1 or left.size > MOST
            fine = (np.abs(fits[-3:]).max(axis=0) < ACCURATE) | last
            for k in np.flatnonzero(fine):
                first, end = np.searchsorted(levels, (left[k], right[k]))
                end += right[k] == borders[-1]
                part = (levels[first:end] - left[k]) / (right[k] - left[k])
                angle = 2.0 * np.arcsin(np.sqrt(np.clip(part, 0.0, 1.0)))
                at = 2.0 * angle / np.pi - 1.0
                ranks[first:end] = np.polynomial.chebyshev.chebval(at, fits[:, k])
            if fine.all():
                break
            # a shoulder, where the density is nearly level
            left, right = left[~fine], right[~fine]
            middle = 0.5 * (left + right)
            left, right = np.append(left, middle), np.append(middle, right)
        return ranks


def _rounding(x: Floats) -> Floats:
    """Return by how much places of about this size may be rounded."""
    near = np.abs(x)
    # zero is the difference of places in its neighbourhood
    return np.asarray(np.spacing(np.maximum(near, np.median(near))))


def _outwards(distribution: Primitives) -> Floats:
    """Edges of the panels, and beyond them as far as power laws keep any mass."""
    edges = distribution._panels().edges
    parts = [edges]
    ends = edges[[0, -1], None]
    with np.errstate(invalid="ignore"):
        outer = (
            float(distribution._mass(np.array([[-np.inf]]), ends[:1])[0]),
            float(distribution._mass(ends[1:], np.array([[np.inf]]))[0]),
        )
    spans = float(edges[1] - edges[0]), float(edges[-1] - edges[-2])
    octaves = np.exp2(np.arange(0.0, 64.0))
    for side, mass, span in zip((-1.0, 1.0), outer, spans, strict=True):
        if mass > 1e-15:
            start = float(edges[0] if side < 0 else edges[-1])
            with np.errstate(over="ignore"):
                far = start + side * span * octaves
            low, high = (float(end[0]) for end in distribution._support())
            far = far[np.isfinite(far) & (far > low) & (far < high)]
            parts.append(far)
    return np.unique(np.concatenate(parts))
