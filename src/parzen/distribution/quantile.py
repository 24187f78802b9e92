"""Quantiles of any 1-D distribution, from its masses and densities alone.

Seen from one end, mass F(z) grows from 0. Each target t <= 1/2 is bracketed between two
nodes, and log F(z) = log t is solved there by Newton steps that a shrinking bracket
keeps safe. What makes log F nearly straight depends on the place: z itself between two
nodes, log(z - A) beside an end A of the support, and in an infinite tail log(-log F)
against the log of the distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.probability import Probability

    Floats = NDArray[np.float64]

# Masses nearer than this, relatively, are one: more than the rounding of a sum.
NOISE = 2.0**-44
# A Newton step this short, in widths, squares to rounding.
SHORT = 2.0**-27
# What log mass may lack before the last step, relatively.
NEAR = 1e-3
# Below this logarithm, masses and densities are taken as logarithms.
DEEP = -640.0
# Densities times width over mass below which NOISE may move a quantile.
FAINT = np.log(NOISE / 1e-9)
# Widths that a stretch must have for the place in it to be chosen.
STRETCH = 1e-3
# Steps; a bisection from the largest to the smallest float takes 2200.
LIMIT = 5000
# Targets that take a step together: what they need stays in the second-level cache.
BLOCK = 1 << 13
# Largest logarithm of a distance.
FARTHEST = 709.7
LEAST = 5e-324


@dataclass(frozen=True, eq=False)
class Solver(ReadOnly):
    """What all quantiles of a distribution share.

    Attributes
    ----------
    nodes : ndarray of shape (k,)
        Ascending, between the ends of the support and including finite ones.
    ends : tuple of float
        The support.
    width : float
        The narrowest structure.
    """

    nodes: Floats
    ends: tuple[float, float]
    width: float

    @classmethod
    def of(cls, distribution: Probability) -> Solver:
        """Lay the nodes for a distribution."""
        lower, upper = (float(end[0]) for end in distribution._support())
        inner = np.clip(distribution._panels().edges, lower, upper)
        finite = [end for end in (lower, upper) if np.isfinite(end)]
        nodes = np.unique(np.concatenate([inner, finite]))
        return cls(nodes, (lower, upper), float(distribution._narrowest()[0]))


def quantiles(of: Probability, p: Floats, *, upper: bool) -> Floats:
    """Smallest x with mass below it >= p, or above it <= p, for p (m,) in [0, 1]."""
    if not p.size:
        return np.empty(0)
    closed = of._quantile(p, upper=upper)
    x = np.full(len(p), np.nan) if closed is None else closed
    if not np.isnan(x.min()):
        return x
    rest = np.isnan(x)
    for end in (False, True):
        # nothing below one end, or above it
        some = rest & (p == (1.0 if end else 0.0))
        x[some] = of._support()[int(end != upper)][0]
        rest &= ~some
    if not rest.any():
        return x
    every = np.argsort(p)
    ascending = p[every[rest[every]]]
    found = np.empty(len(ascending))
    middle = np.searchsorted(ascending, 0.5, side="right")
    if middle:
        found[:middle] = _side(of, ascending[:middle], upper=upper)
    if middle < len(found):
        # 1 - p is exact for p >= 1/2, and falls as p rises
        small = 1.0 - ascending[middle:][::-1]
        found[middle:] = _side(of, small, upper=not upper)[::-1]
    x[every[rest[every]]] = found
    # rounding may not turn the order of neighbours
    keep = np.minimum if upper else np.maximum
    x[every] = keep.accumulate(x[every])
    return x


def _side(of: Probability, t: Floats, *, upper: bool) -> Floats:
    """Solve for masses t (m,) in (0, 1/2] on one side, ascending."""
    side = _Side(of, of._solver, upper)
    # from the left of a gap whose mass below is t: from above if seen from above
    first, last = (1.0 + NOISE, 1.0 - NOISE) if upper else (1.0 - NOISE, 1.0 + NOISE)
    x, faint = side.solve(t * first)
    if faint.any():
        x[faint] = _left_end(side, x[faint], side.solve(t[faint] * last)[0])
    return x


def _left_end(side: _Side, left: Floats, right: Floats) -> Floats:
    """Choose a place between points whose masses are one to rounding.

    The left end of a gap; the middle where the density is too small to tell.
    """
    middle = left + (right - left) / 2.0
    x = left.copy()
    wide = right - left > STRETCH * side.shared.width
    x[wide] = middle[wide]
    gap = np.flatnonzero(wide)
    # by the logarithm: a density below all floats is no gap
    gap = gap[side.of._logpdf(middle[gap, None]) == -np.inf]
    low, high = left[gap], middle[gap]
    for _ in range(LIMIT):
        half = low + (high - low) / 2.0
        if ((half <= low) | (half >= high)).all():
            break
        empty = side.of._logpdf(half[:, None]) == -np.inf
        low, high = np.where(empty, low, half), np.where(empty, half, high)
    x[gap] = high
    return x


class _Side(NamedTuple):
    """A distribution seen from one end: mass between there and x = z, or x = -z."""

    of: Probability
    shared: Solver
    upper: bool

    def level(self, z: Floats, *, deep: bool) -> Floats:
        """Return log F at z."""
        x = (-z if self.upper else z)[:, None]
        far = np.full_like(x, np.inf)
        ends = (x, far) if self.upper else (-far, x)
        if deep:
            return self.of._log_mass(*ends)
        with np.errstate(divide="ignore"):
            return np.log(np.maximum(self.of._mass(*ends), 0.0))

    def rate(self, z: Floats, level: Floats, *, deep: bool) -> Floats:
        """Return log(width f / F) at z, of which `level` is log F."""
        x = (-z if self.upper else z)[:, None]
        if deep:
            log_f = self.of._logpdf(x)
        else:
            with np.errstate(divide="ignore"):
                log_f = np.log(self.of._pdf(x))
        with np.errstate(invalid="ignore"):
            rate = log_f - level + np.log(self.shared.width)
        return np.where(log_f == -np.inf, -np.inf, rate)

    def solve(self, t: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Find x for masses t (k,), ascending; also where noise in F may move it."""
        goal = np.log(t)
        z, faint = np.empty(len(t)), np.zeros(len(t), dtype=bool)
        deep = goal - max(0.0, np.log(self.shared.width)) < DEEP
        for kind in (False, True):
            if (some := deep == kind).any():
                z[some], faint[some] = _solve(self, goal[some], deep=kind)
        return (-z if self.upper else z), faint


def _solve(
    side: _Side, goal: Floats, *, deep: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Find z with log F(z) = goal (k,), ascending."""
    shared = side.shared
    nodes = -shared.nodes[::-1] if side.upper else shared.nodes
    start, stop = (-shared.ends[1], -shared.ends[0]) if side.upper else shared.ends
    nodes = _divided(nodes, len(goal) // len(nodes))
    z, faint = np.empty(len(goal)), np.zeros(len(goal), dtype=bool)
    # before the first node is the tail; beyond the last a heavy one may still hold half
    top = min(stop, np.finfo(np.float64).max)
    ends = np.concatenate([nodes[:1], nodes, [top]])
    if len(goal) >= len(nodes):
        level = side.level(ends, deep=deep)
        index = np.searchsorted(np.maximum.accumulate(level[1:-1]), goal)
        low, high = index, index + 1
    else:
        index = _bracket(side, nodes, goal, deep=deep)
        # the nodes on both sides, with the values there
        used, place = np.unique(np.stack([index - 1, index]), return_inverse=True)
        low, high = place.reshape(2, -1)
        ends = ends[used + 1]
        level = side.level(ends, deep=deep)
    rate = side.rate(ends, level, deep=deep)
    beside = (index == 1) & (nodes[0] == start)
    for curve, some in (
        (_Tail(side, goal, deep, nodes[0]), index == 0),
        (_End(side, goal, deep, start), beside),
        (_Line(side, goal, deep), (index > 0) & ~beside),
    ):
        if some.any():
            a, b = low[some], high[some]
            z[some], faint[some] = curve.pick(some).close_in(
                (ends[a], level[a], rate[a]), (ends[b], level[b], rate[b])
            )
    return z, faint


def _divided(nodes: Floats, parts: int) -> Floats:
    """Divide each panel where there are many more targets than panels."""
    parts = max(min(parts, 8), parts // 8)
    if parts < 2:
        return nodes
    steps = np.arange(parts) / parts
    inner = nodes[:-1, None] + np.diff(nodes)[:, None] * steps
    return np.append(np.minimum(inner, nodes[1:, None]).ravel(), nodes[-1])


def _bracket(
    side: _Side, nodes: Floats, goal: Floats, *, deep: bool
) -> NDArray[np.intp]:
    """First node with log F >= goal, for each of (k,); all if there is none."""
    count = len(nodes)
    if len(goal) * count.bit_length() >= count:
        level = np.maximum.accumulate(side.level(nodes, deep=deep))
        return np.searchsorted(level, goal)
    low, high = np.full(len(goal), -1), np.full(len(goal), count)
    while (high - low > 1).any():
        middle = np.clip((low + high) // 2, 0, count - 1)
        asked, back = np.unique(middle, return_inverse=True)
        below = side.level(nodes[asked], deep=deep)[back] < goal
        moves = high - low > 1
        low = np.where(moves & below, middle, low)
        high = np.where(moves & ~below, middle, high)
    return high


@dataclass(frozen=True, eq=False)
class _Line:
    """Coordinate y = z, between two nodes."""

    side: _Side
    goal: Floats
    deep: bool
    at: float = 0.0

    @property
    def short(self) -> float:
        """A step whose square is rounding."""
        return SHORT * self.side.shared.width

    def pick(self, some: NDArray[np.bool_] | slice) -> _Line:
        """Keep some of the targets."""
        return type(self)(self.side, self.goal[some], self.deep, self.at)

    def place(self, y: Floats) -> Floats:
        """Return z at y."""
        return y

    def span(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Return the ends in y of brackets in z."""
        return low, high

    def step(self, y: Floats, level: Floats, rate: Floats, goal: Floats) -> Floats:  # noqa: ARG002
        """Newton's step, for log F against y."""
        step: Floats = (goal - level) * np.exp(np.log(self.side.shared.width) - rate)
        return step

    def guess(self, low: tuple[Floats, ...], high: tuple[Floats, ...]) -> Floats:
        """Invert log F by the monotone cubic through both ends."""
        (a, level, rate), (b, above, rate_b) = low, high
        rise, width = above - level, self.side.shared.width
        # a slope above three times the secant's would not keep the order
        flat = rise * width / (b - a)
        left = np.fmin(flat * np.exp(-rate), 3.0)
        right = np.fmin(flat * np.exp(-rate_b), 3.0)
        s = (self.goal - level) / rise
        cubic = s * s * (3.0 - 2.0 * s) + s * (1.0 - s) * ((1.0 - s) * left - s * right)
        newton = b + self.step(b, above, rate_b, self.goal)
        return np.where(np.isfinite(cubic), a + (b - a) * cubic, newton)

    def close_in(
        self, lower: tuple[Floats, ...], upper: tuple[Floats, ...]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Solve in brackets; `lower` and `upper` are z, log F and log rate there."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            low, high = self.span(lower[0], upper[0])
            y = np.empty(len(low))
            for begin in range(0, len(y), BLOCK):
                some = slice(begin, begin + BLOCK)
                sides = (tuple(v[some] for v in side) for side in (lower, upper))
                guess = self.pick(some).guess(*sides)
                a, b = low[some], high[some]
                y[some] = np.where((guess > a) & (guess < b), guess, a + (b - a) / 2.0)
            return self._iterate(low, high, y)

    def _iterate(
        self, low: Floats, high: Floats, y: Floats
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Step by Newton where that stays inside and converges, else to the middle."""
        answer, faint = self.place(high), np.zeros(len(y), dtype=bool)
        at, goal, before = np.arange(len(y)), self.goal, high - low
        low, high, y = low.copy(), high.copy(), y.copy()
        for _ in range(LIMIT):
            z = self.place(y)
            level = self.side.level(z, deep=self.deep)
            rate = self.side.rate(z, level, deep=self.deep)
            done = np.empty(len(y), dtype=bool)
            for begin in range(0, len(y), BLOCK):
                some = slice(begin, begin + BLOCK)
                bracket = low[some], high[some], before[some]
                here = y[some], z[some], level[some], rate[some]
                found, done[some] = self._turn(bracket, here, goal[some])
                own, left = at[some], done[some]
                answer[own[left]] = found[left]
                faint[own[left]] = rate[some][left] < FAINT
            if done.all():
                break
            go = np.flatnonzero(~done)
            at, goal, before, y = at[go], goal[go], before[go], y[go]
            low, high = low[go], high[go]
        return answer, faint

    def _turn(
        self, bracket: tuple[Floats, ...], here: tuple[Floats, ...], goal: Floats
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Take one step, in place; return where it ends (k,), and whether it does.

        `bracket` is low, high and the last step, `here` is y, z, log F and log rate.
        """
        (low, high, before), (y, z, level, rate) = bracket, here
        below = level < goal
        np.copyto(low, y, where=below)
        np.copyto(high, y, where=~below)
        step = self.step(y, level, rate, goal)
        new = y + step
        inside = (new >= low) & (new <= high)
        apart, size = np.abs(level - goal), 1.0 - goal
        equal = apart <= NOISE / 4.0 * size
        # far out both logarithms are so large that their difference is noise
        near = apart <= NEAR * size
        length = np.abs(step)
        short = length <= self.short
        left, right = self.place(low), self.place(high)
        least = 2.0 * np.spacing(np.maximum(np.abs(left), np.abs(right)))
        shut = (right - left <= least) | (high - low <= 2.0 * np.spacing(np.abs(y)))
        close = inside & near & short
        found = np.where(equal, z, np.where(close, self.place(new), right))
        good = inside & (2.0 * length <= before) & (near | ~short)
        half = (high - low) / 2.0
        before[:] = np.where(good, length, half)
        y[:] = np.where(good, new, low + half)
        return found, equal | close | shut


class _End(_Line):
    """Coordinate y = log(z - A), beside an end A of the support."""

    @property
    def short(self) -> float:
        return SHORT

    def place(self, y: Floats) -> Floats:
        return self.at + np.exp(y)

    def span(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        least = np.log(max(float(np.spacing(abs(self.at))) / 2.0, LEAST))
        return np.full_like(low, least), np.log(high - self.at)

    def step(self, y: Floats, level: Floats, rate: Floats, goal: Floats) -> Floats:
        step: Floats = (goal - level) * np.exp(
            np.log(self.side.shared.width) - rate - y
        )
        return step

    def guess(self, low: tuple[Floats, ...], high: tuple[Floats, ...]) -> Floats:
        del low
        y = np.log(high[0] - self.at)
        return y + self.step(y, high[1], high[2], self.goal)


class _Tail(_Line):
    """Coordinate y = -log(c - z), before the first node, for c inside of it."""

    @property
    def short(self) -> float:
        return SHORT

    @property
    def _inside(self) -> float:
        """How far c is beyond the first node: kernels reach about that far."""
        return 8.0 * self.side.shared.width

    def place(self, y: Floats) -> Floats:
        return self.at + (self._inside - np.exp(-y))

    def span(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        return np.full_like(low, -FARTHEST), np.full_like(high, -np.log(self._inside))

    def step(self, y: Floats, level: Floats, rate: Floats, goal: Floats) -> Floats:
        slope = rate - y - np.log(self.side.shared.width) - np.log(-level)
        step: Floats = (np.log(-level) - np.log(-goal)) * np.exp(-slope)
        return step

    def guess(self, low: tuple[Floats, ...], high: tuple[Floats, ...]) -> Floats:
        del low
        y = np.full(len(self.goal), -np.log(self._inside))
        return y + self.step(y, high[1], high[2], self.goal)

    def _iterate(
        self, low: Floats, high: Floats, y: Floats
    ) -> tuple[Floats, NDArray[np.bool_]]:
        answer, _ = super()._iterate(low, high, y)
        # what lies beyond all floats
        beyond = self.side.level(self.place(low[:1]), deep=self.deep) >= self.goal
        return np.where(beyond, -np.inf, answer), np.zeros(len(y), dtype=bool)
