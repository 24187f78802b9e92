"""Local maxima and minima of a 1-D density that rise above its error.

Each panel is looked at in some places; where slopes change sign between two of these,
the root joins them. Along these places a maximum counts once the density has risen to
it, and falls from it, by more than it may be wrong; so do minima. Log densities, where
there are such, tell peaks and valleys however low.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.distribution.crossings import extrema as peaks_within
from parzen.distribution.crossings import roots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# Looks at a panel, also where it may hold kinks; fewer where panels are many.
LOOKS, LOOKS_KINKED, FEWEST = 12, 48, 6
MOST = 1 << 19
# Looks beside an edge are so many floats away; narrower panels are rounding alone.
ASIDE = 8.0
# Errors that count against a rise: several of those stated, relatively, never less than
# this, with the rounding of logarithms; and what grids interpolate to, of the largest.
STATED, LEAST, LOGARITHM, GRID = 4.0, 1e-9, 1e-14, 1e-8
# A plateau differs by less, and is wider, in widths.
EVEN, WIDE = 1e-12, 1e-4
# A slope that is less than this part of that beside it may hide two roots; then there
# are so many looks more.
DIP, CLOSER = 0.98, 16
# Slopes times width that are nothing.
LEVEL = 1e-12


class Modes(NamedTuple):
    """Where a density has local maxima, or minima.

    Attributes
    ----------
    location : ndarray of shape (k,) for 1-D data, else (k, d)
        In units of x; rising for 1-D data, else by falling density.
    density : ndarray of shape (k,)
        The density there.
    """

    location: NDArray[np.float64]
    density: NDArray[np.float64]


class _Profile(NamedTuple):
    """A density along places in order; all arrays are (k,)."""

    place: Floats
    stands: Floats  # the edge that a place beside it stands for, else the place
    height: Floats  # log density; density where it is signed
    value: Floats  # density
    error: Floats  # of the height
    noise: float  # of the value
    wide: float  # of a plateau
    signed: bool

    def take(self, index: Indices) -> _Profile:
        """Return some of the places, in the order asked for."""
        return self._replace(
            place=self.place[index],
            stands=self.stands[index],
            height=self.height[index],
            value=self.value[index],
            error=self.error[index],
        )

    def spread(self, at: int) -> tuple[int, int]:
        """First and last of the places about one that are as high."""
        height = self.height
        level = float(height[at])
        room = 0.0
        if np.isfinite(level):
            room = EVEN * (abs(level) if self.signed else 1.0)
            room += 4e-15 * abs(level)
            if self.noise > 0.0:
                # less than a rise, so that peaks and valleys do not overlap
                room += 0.25 * self.noise / max(float(self.value[at]), self.noise)
        low = high = at
        while low > 0 and (
            height[low - 1] == level or abs(height[low - 1] - level) <= room
        ):
            low -= 1
        while high < len(height) - 1 and (
            height[high + 1] == level or abs(height[high + 1] - level) <= room
        ):
            high += 1
        return low, high

    def locate(self, at: int) -> tuple[float, float]:
        """Where an extremum is: an edge and a place beside it, or the same twice."""
        low, high = self.spread(at)
        if self.place[high] - self.place[low] > self.wide:
            first, last = float(self.stands[low]), float(self.stands[high])
            middle = first + (last - first) / 2.0
            return middle, middle
        return float(self.stands[at]), float(self.place[at])


def extrema(of: Primitives, sign: int) -> Floats:
    """Places of all local maxima (`sign` 1) or minima between them (-1), rising."""
    profile = _look(of)
    low, high = (float(end[0]) for end in of._support())
    ring = None
    if of._circular:
        ring = _closed(profile, high - low)
    if ring is None:
        profile = _ended(profile)
        peaks, valleys = _turns(profile)
        # the first valley is what lies before the first mode
        valleys = valleys[1 : max(len(peaks), 1)]
    else:
        profile = ring
        peaks, valleys = _turns(profile)
        valleys = valleys[: len(peaks)]
    found = peaks if sign > 0 else valleys
    places = np.array([profile.locate(at) for at in found]).reshape(-1, 2)
    if ring is not None:
        places = low + np.mod(places - low, high - low)
    edge, beside = places.T
    # a density that jumps has one of two values there
    there = of._pdf(np.ascontiguousarray(edge)[:, None])
    inside = of._pdf(np.ascontiguousarray(beside)[:, None])
    same = sign * (there - inside) >= -1e-3 * np.abs(inside)
    return np.sort(np.where(same, edge, beside))


def _look(of: Primitives) -> _Profile:
    """Look at each panel, and at the roots of slopes that show."""
    panels = of._panels()
    edges, width = panels.edges, float(of._narrowest()[0])
    looks = LOOKS_KINKED if panels.kinked else LOOKS
    looks = min(max(MOST // edges.size, FEWEST), looks)
    rounding = np.spacing(np.maximum(np.abs(edges), np.median(np.abs(edges))))
    # panels that rounding alone has made hold nothing
    real = np.diff(edges) > 2.0 * ASIDE * rounding[1:]
    left, right = edges[:-1][real], edges[1:][real]
    aside = ASIDE * rounding[1:][real]
    steps = np.linspace(0.0, 1.0, looks + 1)
    inner = (left + aside)[:, None] + (right - left - 2.0 * aside)[:, None] * steps
    stands = inner.copy()
    stands[:, 0], stands[:, -1] = left, right
    if of._jumps:
        more = _tops(of, inner, kinked=panels.kinked)
        slopes = np.empty(0)
    else:
        slopes = _slope(of, inner.ravel()) * width
        slopes[np.abs(slopes) <= LEVEL] = 0.0
        more = _roots(of, inner, slopes.reshape(inner.shape), width)
        # kinks, and whatever else is told by its own place
        more = np.append(more, edges)
    places = np.concatenate([inner.ravel(), more])
    stands = np.concatenate([stands.ravel(), more])
    steep = np.zeros(places.size)
    steep[: slopes.size] = np.abs(slopes) / width
    order = np.argsort(places, kind="stable")
    places, stands, steep = places[order], stands[order], steep[order]
    return _measured(of, places, stands, steep)


def _measured(
    of: Primitives, places: Floats, stands: Floats, steep: Floats
) -> _Profile:
    """Density at places, and by how much it may be wrong."""
    height = of._pdf(places[:, None]) if of._signed else of._logpdf(places[:, None])
    value = height if of._signed else np.exp(height)
    largest = float(np.abs(value).max())
    relative = max(STATED * of._tolerance, LEAST)
    known = np.where(np.isfinite(height), np.abs(height), 0.0)
    if of._signed:
        error = relative * known + LOGARITHM * largest
    else:
        error = relative + LOGARITHM * known
    # a place is rounded
    error = error + 4.0 * np.spacing(np.abs(places)) * steep
    noise = STATED * min(of._noise, GRID * largest)
    # what consists of steps has plateaus of any width
    wide = 0.0 if of._jumps else WIDE * float(of._narrowest()[0])
    return _Profile(places, stands, height, value, error, noise, wide, of._signed)


def _slope(of: Primitives, x: Floats) -> Floats:
    """Return the score, or the slope where weights are signed; 0 without density."""
    if not x.size:
        return x
    if of._signed:
        return of._derivative(x[:, None], 1)
    score = of._score(x[:, None])[:, 0]
    return np.clip(np.where(np.isnan(score), 0.0, score), -1e300, 1e300)


def _roots(of: Primitives, inner: Floats, slopes: Floats, width: float) -> Floats:
    """Roots of slopes (k, looks) in panels, looked at more closely where near zero."""
    size = np.abs(slopes)
    around = np.pad(size, ((0, 0), (1, 1)), mode="edge")
    before, after = around[:, :-2], around[:, 2:]
    least = (
        (size <= before) & (size <= after) & (size < DIP * np.maximum(before, after))
    )
    close = least[:, :-1] | least[:, 1:] | (slopes[:, :-1] * slopes[:, 1:] < 0.0)
    k, j = np.nonzero(close)
    if not k.size:
        return np.empty(0)
    low, high = inner[k, j], inner[k, j + 1]
    steps = np.linspace(0.0, 1.0, CLOSER + 1)[1:-1]
    x = low[:, None] + (high - low)[:, None] * steps
    x = np.column_stack([low, x, high])
    y = _slope(of, x[:, 1:-1].ravel()).reshape(len(x), -1) * width
    y[np.abs(y) <= LEVEL] = 0.0
    y = np.column_stack([slopes[k, j], y, slopes[k, j + 1]])
    k, j = np.nonzero(y[:, :-1] * y[:, 1:] < 0.0)
    found = roots(
        lambda at, _: _slope(of, at) * width,
        (x[k, j], x[k, j + 1]),
        (y[k, j], y[k, j + 1]),
    )
    # what is level to rounding is a root by its own place
    return np.concatenate([found, x[y == 0.0]])


def _tops(of: Primitives, inner: Floats, *, kinked: bool) -> Floats:
    """Extrema within panels (k, looks) by values alone, as slopes are refused."""
    ask = of._pdf if of._signed else of._logpdf
    values = ask(inner.reshape(-1, 1)).reshape(inner.shape)
    room = EVEN * np.maximum(1.0, np.abs(np.where(np.isfinite(values), values, 0.0)))
    found = [np.empty(0)]
    for sign in (1.0, -1.0) if not kinked else ():
        upright = np.pad(sign * values, ((0, 0), (1, 1)), constant_values=-np.inf)
        before, after = upright[:, :-2], upright[:, 2:]
        with np.errstate(invalid="ignore"):
            peak = (sign * values > before + room) & (sign * values > after + room)
        k, j = np.nonzero(peak)
        if k.size:
            last = inner.shape[1] - 1
            found.append(
                peaks_within(
                    lambda x, sign=sign: sign * ask(x[:, None]),  # type: ignore[misc]
                    inner[k, np.maximum(j - 1, 0)],
                    inner[k, np.minimum(j + 1, last)],
                )
            )
    return np.concatenate(found)


def _ended(profile: _Profile) -> _Profile:
    """Add what lies beyond the first and the last place: nothing."""

    def around(part: Floats, end: float) -> Floats:
        return np.concatenate([[end], part, [end]])

    outside = 0.0 if profile.signed else -np.inf
    return profile._replace(
        place=np.concatenate([[-np.inf], profile.place, [np.inf]]),
        stands=np.concatenate([[-np.inf], profile.stands, [np.inf]]),
        height=around(profile.height, outside),
        value=around(profile.value, 0.0),
        error=around(profile.error, 0.0),
    )


def _closed(profile: _Profile, period: float) -> _Profile | None:
    """Go once around a circle from the lowest place; None where all are as high."""
    height = profile.height
    top, start = int(np.argmax(height)), int(np.argmin(height))
    if not _rises(profile, start, top):
        return None
    # a lowest stretch across the seam begins before it
    if start == 0:
        while height[start - 1] == height[0]:
            start -= 1
    count = len(height)
    index = np.arange(start, start + count + 1)
    ring = profile.take(index % count)
    turn = (index // count) * period
    return ring._replace(place=ring.place + turn, stands=ring.stands + turn)


def _rises(profile: _Profile, low: int, high: int) -> bool:
    """Whether the density at one place exceeds that at another for sure."""
    bottom, top = profile.height[low], profile.height[high]
    if not top > bottom:
        return False
    rise = top - bottom > profile.error[low] + profile.error[high]
    if profile.noise > 0.0:
        rise &= profile.value[high] - profile.value[low] > profile.noise
    return bool(rise)


def _turns(profile: _Profile) -> tuple[list[int], list[int]]:
    """Peaks, and the valley before each; maybe one after the last."""
    height = profile.height
    way = np.sign(np.nan_to_num(_differences(height)))
    keep = np.ones(len(height), dtype=bool)
    keep[1:-1] = way[:-1] * way[1:] <= 0.0
    peaks: list[int] = []
    valleys: list[int] = []
    falling, best = True, 0
    for at in np.flatnonzero(keep).tolist():
        if falling:
            if height[at] < height[best]:
                best = at
            elif _rises(profile, best, at):
                valleys.append(best)
                falling, best = False, at
        elif height[at] > height[best]:
            best = at
        elif _rises(profile, at, best):
            peaks.append(best)
            falling, best = True, at
    return peaks, valleys


def _differences(height: Floats) -> Floats:
    """Differences of heights, of which some are minus infinity."""
    with np.errstate(invalid="ignore"):
        return np.diff(height)
