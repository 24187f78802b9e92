"""Integrals of anything that depends on distributions, over all that they cover."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.distribution import quadrature
from parzen.distribution.quadrature import Integral
from parzen.distribution.seeds import beyond_seen, refined, seeds_of
from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives
    from parzen.distribution.quadrature import Integrand
    from parzen.distribution.seeds import Seeds

    Floats = NDArray[np.float64]
    Creases = Callable[["Frame", tuple[Floats, Floats]], Integral]

# Errors, relative to the integral of abs(f), asked for on the line and in the plane.
ON_LINE, IN_PLANE = 1e-11, 1e-7
# Times that a rectangle grows by a factor until it holds all mass.
GROWTHS, FACTOR = 14, 4.0
# A power law falls by less than this, in logarithms, over 20 octaves.
STEEPEST = 40.0 * 20.0 * math.log(2.0)
# Masses on the line that differ by more than so many tolerances are wrong.
LACK = 16.0
# Mass that may be missed without a word.
LOST = 1e-6
# Cells on an axis that resolve the narrowest structure in any case; so many times more
# are too many for panels along lines; and those to begin with where draws say the rest.
MOST_CELLS, COARSER, BEGIN = 48, 4.0, 16
# Places farther out have no squares.
FARTHEST = 1e150


def edges_of(distributions: Sequence[Primitives]) -> Floats:
    """Borders of the panels of several 1-D distributions together."""
    return np.unique(np.concatenate([each._panels().edges for each in distributions]))


def over_line(
    f: Integrand,
    distributions: Sequence[Primitives],
    lower: float = -math.inf,
    upper: float = math.inf,
    extra: Floats | None = None,
) -> Integral:
    """Integrate f of (m, 1); `extra` are more places where f has kinks.

    `f` returns (m, k + c), the last c columns of which are the densities of the c
    distributions; where their masses are wrong, that counts as error.

    An infinite value says that the integral has none, NaN that both tails disagree.
    """
    supports = [each._support() for each in distributions]
    low = max(lower, min(float(ends[0][0]) for ends in supports))
    high = min(upper, max(float(ends[1][0]) for ends in supports))
    if not low < high:
        zero = np.zeros(f(np.zeros((1, 1))).shape[1] - len(distributions))
        return Integral(zero, zero, zero)
    edges = edges_of(distributions)
    spans = max(float(edges[1] - edges[0]), 1e-300), float(edges[-1] - edges[-2])
    first, last = float(edges[0]), float(edges[-1])
    if extra is not None:
        edges = np.union1d(edges, extra)
    outer = [_octaves(last, high, spans[1]), -_octaves(-first, -low, spans[0])]
    edges = np.unique(np.concatenate([edges, *outer]))
    inside = edges[(edges > low) & (edges < high)]
    ends = np.array([end for end in (low, high) if math.isfinite(end)])
    edges = np.union1d(inside, ends)
    total = Integral(np.zeros(1), np.zeros(1), np.zeros(1))
    if edges.size > 1:
        total = quadrature.line(f, edges, ON_LINE)
    size = np.abs(total.value)
    slow = []
    for end, side in ((low, -1.0), (high, 1.0)):
        if math.isfinite(end):
            continue
        start = float(edges[0] if side < 0 else edges[-1])
        scale = side * (spans[0] if side < 0 else spans[1])
        signs = _diverging(f, start, scale)
        slow.append(signs)

        def tame(q: Floats, signs: Floats = signs) -> Floats:
            return np.where(signs != 0.0, 0.0, f(q))

        tail = quadrature.beyond(tame, start, scale, ON_LINE, size)
        total = Integral(
            total.value + tail.value, total.error + tail.error, total.size + tail.size
        )
    value = total.value.copy()
    for signs in slow:
        with np.errstate(invalid="ignore"):
            endless = value + signs * math.inf
        value = np.where(signs != 0.0, endless, value)
    count = len(distributions)
    wrong = _lack(distributions, total.value[-count:], low, high)
    error = total.error[:-count]
    if wrong:
        most = np.maximum(total.size[:-count], 1.0)
        if wrong > LOST:
            most = np.maximum(most, beyond_seen(f, seeds_of(distributions), count))
        error = error + wrong * most
    return Integral(value[:-count], error, total.size[:-count], wrong)


def _lack(
    distributions: Sequence[Primitives], found: Floats, low: float, high: float
) -> float:
    """By how much the masses that were found are wrong, at worst."""
    box = np.array([[low]]), np.array([[high]])
    wrong = 0.0
    for each, mass in zip(distributions, found, strict=True):
        # masses are right to the tolerance, relative to the absolute weights
        lack = abs(float(each._mass(*box)[0]) - float(mass))
        wrong = max(wrong, lack if lack > LACK * each._tolerance else 0.0)
    return wrong


def _octaves(start: float, end: float, span: float) -> Floats:
    """Places between a start and a finite end beyond it, farther and farther apart."""
    if not (math.isfinite(end) and end > start):
        return np.empty(0)
    with np.errstate(over="ignore"):
        places = start + span * np.exp2(np.arange(0.0, 1024.0, 2.0))
    return np.asarray(places[places < end])


def _diverging(f: Integrand, start: float, scale: float) -> Floats:
    """Sign of f far out where it decays too slowly for an integral, else zero."""
    slow = quadrature.falls_too_slowly(f, start, scale)
    if not slow.any():
        return np.zeros(slow.size)
    with np.errstate(all="ignore"):
        sign = np.sign(f(np.array([[start + scale * 2.0**60]]))[0])
    return np.where(slow, sign, 0.0)


def over_plane(
    f: Integrand,
    distributions: Sequence[Primitives],
    lower: Floats | None = None,
    upper: Floats | None = None,
    *,
    creases: Creases | None = None,
) -> Integral:
    """Integrate f over a rectangle that grows to hold all mass.

    `f` takes points (m, 2) and returns (m, k + c), the last c columns of which are the
    densities of the c distributions; the mass that a rectangle lacks counts as error.
    Where tails fall like a power, they are mapped to finite cells beside it. With
    `creases`, lines along which f has kinks, one axis is integrated after the other.
    Cells are cut where draws say that mass is, however narrow.
    """
    count = len(distributions)
    supports = [each._support() for each in distributions]
    low = np.min([ends[0] for ends in supports], axis=0)
    high = np.max([ends[1] for ends in supports], axis=0)
    low = low if lower is None else np.maximum(low, lower)
    high = high if upper is None else np.minimum(high, upper)
    if not (low < high).all():
        zero = np.zeros(f(np.zeros((1, 2))).shape[1] - count)
        return Integral(zero, zero, zero)
    goal = _goal(distributions, lower, upper)
    extents = [each._extent() for each in distributions]
    begin = np.min([ends[0] for ends in extents], axis=0)
    end = np.max([ends[1] for ends in extents], axis=0)
    width, scale = end - begin, np.min([e._narrowest() for e in distributions], axis=0)
    heavy = _heavy(distributions, 0.5 * (begin + end), width)
    # extents leave out 1e-6 of the mass
    margin = 0.3 * width

    seeds = seeds_of(distributions)
    best, least = None, math.inf
    for _ in range(GROWTHS):
        first = np.clip(begin - margin, low, high)
        last = np.clip(end + margin, low, high)
        if not (first < last).all():
            # nothing but tails is asked for
            first, last = np.where(first < last, first, low), high
            first, last = np.maximum(first, -1e300), np.minimum(last, 1e300)
        frame = Frame(first, last, low, high, heavy=heavy)
        if creases is None:
            boxes = _boxes(frame, scale, seeds)
            total = quadrature.plane(frame.mapped(f), *boxes, IN_PLANE)
        else:
            total = creases(frame, frame.axes(scale))
        missing = goal - total.value[-count:]
        missing[goal == 0.0] = 0.0
        lack = float(np.abs(missing).max(initial=0.0))
        if best is not None and not lack < 0.5 * least:
            # a larger rectangle does not help: what is missed is narrow
            break
        best, least = (total, missing), lack
        whole = heavy or ((first <= low).all() and (last >= high).all())
        if whole or (missing < 0.1 * IN_PLANE + 2.0 * total.error[-count:]).all():
            break
        margin = FACTOR * (margin + width)
    return _with_lack(f, best or (total, missing), distributions, seeds)


def _with_lack(
    f: Integrand,
    found: tuple[Integral, Floats],
    distributions: Sequence[Primitives],
    seeds: Seeds,
) -> Integral:
    """Count the mass that an integral over the plane lacks as error."""
    total, missing = found
    count = len(distributions)
    # too much mass is an error, too, but for that of the densities
    accepted = LACK * np.array([each._tolerance for each in distributions])
    over = np.where(-missing > accepted, -missing, 0.0)
    lost = float(np.maximum(missing, over).max(initial=0.0))
    error, size = total.error[:-count], total.size[:-count]
    if lost > LOST:
        error = error + lost * np.maximum(size, beyond_seen(f, seeds, count))
    elif lost > 0.0:
        # what lies beyond is unlikely to be larger than what is near, per unit of mass
        error = error + lost * size
    # errors of which the nodes know are no mass that they did not see
    unseen = lost if lost > float(total.error[-count:].max()) else 0.0
    return Integral(total.value[:-count], error, size, max(unseen, 0.0))


def resolved(distributions: Sequence[Primitives]) -> bool:
    """Whether a grid of cells sees all that a plane holds."""
    extents = [each._extent() for each in distributions]
    width = np.max([ends[1] for ends in extents], axis=0)
    width = width - np.min([ends[0] for ends in extents], axis=0)
    scale = np.min([each._narrowest() for each in distributions], axis=0)
    return bool((_wanted(width, scale) <= COARSER * MOST_CELLS).all())


def _boxes(frame: Frame, scale: Floats, seeds: Seeds) -> tuple[Floats, Floats]:
    """Rectangles to begin with, in the coordinates of the frame: (p, 2) ends each."""
    wanted = _wanted(frame.last - frame.first, scale)
    fine = bool((wanted <= 2.0 * MOST_CELLS).all())
    axes = frame.axes(scale, MOST_CELLS if fine else BEGIN)
    left = np.stack(np.meshgrid(*(a[:-1] for a in axes), indexing="ij"), -1)
    right = np.stack(np.meshgrid(*(a[1:] for a in axes), indexing="ij"), -1)
    boxes = left.reshape(-1, 2), right.reshape(-1, 2)
    return boxes if fine else refined(axes, boxes, seeds)


class Frame(NamedTuple):
    """A rectangle, and cells beside it that stand for all beyond, to infinity.

    Attributes
    ----------
    first, last : ndarray of shape (2,)
        Ends of the rectangle.
    low, high : ndarray of shape (2,)
        Ends of what is to be integrated over.
    heavy : bool
        Whether there are such cells: as wide as the rectangle, where x = last + width
        (s^-4 - 1), for s from 1 to 0, makes tails like a power smooth.
    """

    first: Floats
    last: Floats
    low: Floats
    high: Floats
    heavy: bool

    def axes(self, narrowest: Floats, most: int = MOST_CELLS) -> tuple[Floats, Floats]:
        """Edges of the cells to begin with: four widths each, and 4 to `most`."""
        wanted = np.ceil(_wanted(self.last - self.first, narrowest))
        counts = np.clip(wanted, 4, most).astype(int)
        made = []
        for k in range(2):
            first, last = float(self.first[k]), float(self.last[k])
            edges = np.linspace(first, last, counts[k] + 1)
            width = last - first
            if self.heavy and self.low[k] < first:
                reach = _reach(first - float(self.low[k]), width)
                edges = np.append([first - reach, first - 0.5 * reach], edges)
            if self.heavy and self.high[k] > last:
                reach = _reach(float(self.high[k]) - last, width)
                edges = np.append(edges, [last + 0.5 * reach, last + reach])
            made.append(edges)
        return made[0], made[1]

    def placed(self, t: Floats) -> tuple[Floats, Floats]:
        """Return places x (m, 2) of t (m, 2), and the slopes (m,) of the map."""
        if not self.heavy:
            return t, np.ones(len(t))
        width = self.last - self.first
        over = np.maximum(t - self.last, self.first - t) / width
        s = np.clip(1.0 - over, 0.0, 1.0)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            away = np.where(over > 0.0, width * (s**-4.0 - 1.0), 0.0)
            slope = np.where(over > 0.0, 4.0 * s**-5.0, 1.0)
            x = np.where(t > self.last, self.last + away, t)
            x = np.where(t < self.first, self.first - away, x)
            slopes = slope.prod(axis=1)
        good = (np.abs(x) < FARTHEST).all(axis=1) & (
            (x > self.low) & (x < self.high)
        ).all(axis=1)
        good &= np.isfinite(slopes)
        return np.where(good[:, None], x, self.first), np.where(good, slopes, 0.0)

    def mapped(self, f: Integrand) -> Integrand:
        """Return f of places, times the slopes of the map."""
        if not self.heavy:
            return f

        def moved(t: Floats) -> Floats:
            x, slopes = self.placed(t)
            return f(x) * slopes[:, None]

        return moved


def _reach(distance: float, width: float) -> float:
    """How wide the cells beside a rectangle are, to cover a distance."""
    with np.errstate(over="ignore"):
        return float(width * (1.0 - (1.0 + np.float64(distance) / width) ** -0.25))


def _heavy(distributions: Sequence[Primitives], centre: Floats, width: Floats) -> bool:
    """Whether a tail of one falls like a power, on any side."""
    far = np.array([2.0**20, 2.0**40])[:, None, None]
    steps = np.concatenate([np.diag(width), -np.diag(width)])
    with np.errstate(over="ignore", invalid="ignore"):
        places = (centre + far * steps).reshape(-1, 2)
        if not np.isfinite(places).all():
            return False
        for each in distributions:
            logs = np.abs(each._logpdf(places)).reshape(2, -1)
            falls = logs[1] - logs[0]
            if (np.isfinite(logs).all(axis=0) & (falls < STEEPEST)).any():
                return True
    return False


def _goal(
    distributions: Sequence[Primitives], lower: Floats | None, upper: Floats | None
) -> Floats:
    """Mass of each distribution that a rectangle must hold; zero where unknown."""
    if lower is None or upper is None:
        return np.ones(len(distributions))
    try:
        parts = [each._mass(lower[None], upper[None])[0] for each in distributions]
    except CapabilityError:
        return np.zeros(len(distributions))
    return np.array(parts)


def _wanted(width: Floats, narrowest: Floats) -> Floats:
    """How many cells of four widths there are on each axis."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(width / (4.0 * narrowest), posinf=1e300))
