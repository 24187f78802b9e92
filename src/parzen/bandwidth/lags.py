"""Masses of pairs by their distance: of few points exactly, of many on nodes.

Many points are shared linearly among nodes of a fine step, which are shared again among
nodes of twice the step, and so on: hat functions of a step are sums of those of half
the step, so that each level is as if binned from the points. A width takes the level
where it is 16 to 32 steps. A level counts the lags that a kernel of 32 steps reaches,
where nodes are dense by the FFT, with empty gaps cut short, and elsewhere one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parzen.bandwidth.ties import merged

# Nodes for each width, at least.
NODES = 16
# Standard deviations that a kernel, or a derivative of it, reaches: 1e-11 of its peak.
REACH = 9.0
# Lags of a level.
LAGS = int(2 * NODES * REACH)
# A node with so many others within reach ahead of it is dense.
MANY = 32
# A point of the finest level costs the nodes up to the next one, and at most so many.
COST = 16
# Points that are shared at a time, so that what they need stays in the cache.
BLOCK = 1 << 15
# Length of a transform.
LENGTH = 1 << 13
# Steps that all points together may span, so that whole numbers can count them.
SPAN = 1 << 62

Floats = NDArray[np.float64]


class Lags(NamedTuple):
    """Pairs of distinct points: rising distances and the mass at each.

    `blur` is what binning adds to the variance of a distance.
    """

    distances: Floats
    masses: Floats
    blur: float = 0.0


class Distances(NamedTuple):
    """Every pair for itself."""

    lags: Lags

    @classmethod
    def of(cls, place: Floats, weights: Floats | None) -> Distances:
        """Take the n (n - 1) / 2 distances of sorted points."""
        i, j = np.triu_indices(len(place), 1)
        distances = place[j] - place[i]
        order = np.argsort(distances, kind="stable")
        if weights is None:
            masses = np.full(len(order), 2.0 / len(place) ** 2)
        else:
            masses = 2.0 * weights[i[order]] * weights[j[order]]
        return cls(Lags(distances[order], masses))

    def at(self, _width: float) -> Lags:
        """Return the pairs for any width."""
        return self.lags

    def within(self, mass: float) -> float:
        """Find the distance within which pairs have so much mass, or the largest."""
        k = int(np.searchsorted(np.cumsum(self.lags.masses), mass))
        return float(self.lags.distances[min(k, len(self.lags.distances) - 1)])


@dataclass(frozen=True, eq=False)
class Nodes:
    """Masses on nodes of one step.

    Attributes
    ----------
    step : float
    cells : ndarray of shape (k,)
        Whole numbers, rising: which nodes. A gap counts 2^62 / n steps at most.
    shares : ndarray of shape (1, k) or (2, k)
        Sums of the weights, and of their squares unless all weights are alike.
    n : float
        One over the sum of the squared weights.
    blur : float
        Variance that sharing gave to a point, in steps: the mean of p (1 - p), where p
        is how far in its cell a point lies.
    own : float
        The sum of w^2 p (1 - p): how much of a point's square is one lag off.
    """

    step: float
    cells: NDArray[np.int64]
    shares: Floats
    n: float
    blur: float
    own: float

    @classmethod
    def of(
        cls,
        place: Floats,
        weights: Floats | None,
        step: float,
        n: float,
        blur: float = 0.0,
    ) -> Nodes:
        """Share sorted points; `blur` is the variance they have already, in steps."""
        floors: Floats = np.floor(place / step)
        part = place / step - floors
        longest = float(SPAN // len(place))
        gaps = np.minimum(np.diff(floors, prepend=floors[:1]), longest)
        cells = np.cumsum(gaps.astype(np.int64))
        if weights is None:
            shares = np.full((1, len(place)), 1.0 / len(place))
        else:
            shares = np.stack([weights, weights**2])
        return _share(Nodes(step, cells, shares, n, blur, blur / n), part)

    def coarser(self) -> Nodes:
        """Share the nodes among those of twice the step."""
        twice = Nodes(
            step=2.0 * self.step,
            cells=self.cells >> 1,
            shares=self.shares,
            n=self.n,
            blur=0.25 * self.blur,
            own=0.25 * self.own,
        )
        return _share(twice, 0.5 * (self.cells & 1).astype(np.float64))

    def lags(self) -> Lags:
        """Count the lags of distinct points, up to `LAGS`."""
        masses = _count(self.cells, self.shares[0])
        masses[0] -= 1.0 / self.n - 2.0 * self.own
        masses[1] -= self.own
        masses[1:] *= 2.0
        distances = self.step * np.arange(LAGS + 1.0)
        return Lags(distances, masses, 2.0 * self.blur * self.step**2)


class LagTables:
    """Lags on all levels, found when they are asked for."""

    def __init__(self, levels: list[Nodes]) -> None:
        self._levels = levels
        self._lags: dict[int, Lags] = {}

    def at(self, width: float) -> Lags:
        """Return the lags of the coarsest level with 16 nodes for a width."""
        finest = self._levels[0].step
        wanted = max(0, math.floor(math.log2(width / (NODES * finest))))
        while wanted >= len(self._levels):
            last = self._levels[-1]
            if last.cells[-1] - last.cells[0] <= LAGS:
                # all pairs are there already
                wanted = len(self._levels) - 1
            else:
                self._levels.append(last.coarser())
        if wanted not in self._lags:
            self._lags[wanted] = self._levels[wanted].lags()
        return self._lags[wanted]

    @staticmethod
    def coarse_enough(step: float, place: Floats, nodes: int) -> float:
        """Double a step until sorted points need no more than so many nodes."""
        gaps = np.diff(place)
        gaps = gaps[gaps > 0.0]
        # octaves of the gaps: how many there are, and their total
        octaves = np.frexp(gaps)[1]
        lowest = int(octaves.min())
        counts = np.bincount(octaves - lowest)
        totals = np.bincount(octaves - lowest, gaps)
        gaps = np.ldexp(1.0, np.arange(len(counts)) + lowest)
        while True:
            short = gaps <= COST * step
            if totals[short].sum() / step + COST * counts[~short].sum() <= nodes:
                return step
            step *= 2.0


def _share(points: Nodes, part: Floats) -> Nodes:
    """Share the masses of cells, which may repeat, between the ends of each cell.

    The masses lie a `part` of the step, (k,), above the lower end.
    """
    cells, shares, n = points.cells, points.shares, points.n
    off = part * (1.0 - part)
    # not by np.dot: the threads of a BLAS cost more than they save
    blur = points.blur + float(np.sum(shares[0] * off))
    own = float(np.sum(shares[-1] * off)) / (n if len(shares) == 1 else 1.0)
    pieces = []
    for first in range(0, len(cells), BLOCK):
        some = slice(first, first + BLOCK)
        lower, both = merged(cells[some], shares[:, some])
        upper = merged(cells[some], shares[:, some] * part[some])[1]
        # the upper node of a cell may be the lower one of the next
        ends = (lower[:, None] + np.array([0, 1])).ravel()
        halves = np.stack([both - upper, upper], axis=2).reshape(len(shares), -1)
        pieces.append(merged(ends, halves))
    nodes, sums = pieces[0]
    if len(pieces) > 1:
        nodes = np.concatenate([piece[0] for piece in pieces])
        sums = np.concatenate([piece[1] for piece in pieces], axis=1)
        # the last nodes of a block may come after the first ones of the next
        order = np.argsort(nodes, kind="stable")
        nodes, sums = merged(nodes[order], sums[:, order])
    return Nodes(points.step, nodes, sums, n, blur, points.own + own)


def _count(cells: NDArray[np.int64], masses: Floats) -> Floats:
    """Sum m_i m_j over the nodes j that are k = 0, ..., LAGS ahead of i, for each k."""
    counts = np.zeros(LAGS + 1)
    dense = np.zeros(len(cells), dtype=np.bool_)
    dense[:-MANY] = cells[MANY:] - cells[:-MANY] <= LAGS
    counts[0] = np.sum(masses * masses)
    single = np.flatnonzero(~dense)
    for ahead in range(1, MANY):
        single = single[single < len(cells) - ahead]
        lags = cells[single + ahead] - cells[single]
        near = lags <= LAGS
        single, lags = single[near], lags[near]
        products = masses[single] * masses[single + ahead]
        counts += np.bincount(lags, products, LAGS + 1)
    if dense.any():
        counts[1:] += _correlate(cells, masses, dense)[1:]
    return counts


def _correlate(
    cells: NDArray[np.int64], masses: Floats, dense: NDArray[np.bool_]
) -> Floats:
    """Sum over dense nodes i and all nodes j ahead of them, by the FFT."""
    # only what a dense node reaches
    last = np.maximum.accumulate(np.where(dense, cells, np.iinfo(np.int64).min // 2))
    kept = cells - last <= LAGS
    cells, masses, dense = cells[kept], masses[kept], dense[kept]
    # nodes further apart than all lags are no pair, wherever they are
    gaps = np.minimum(np.diff(cells, prepend=cells[0]), LAGS + 1)
    places = np.cumsum(gaps)
    ahead = np.zeros(int(places[-1]) + 1)
    ahead[places] = masses
    behind = np.zeros_like(ahead)
    behind[places] = np.where(dense, masses, 0.0)
    length = min(LENGTH, 1 << (len(ahead) + LAGS - 1).bit_length())
    size = length - LAGS
    total = np.zeros(length // 2 + 1, dtype=np.complex128)
    for first in range(0, len(ahead), size):
        part = np.fft.rfft(behind[first : first + size], length)
        total += part.conj() * np.fft.rfft(ahead[first : first + length], length)
    counts: Floats = np.fft.irfft(total, length)[: LAGS + 1]
    return counts
