"""Local maxima of a density in several dimensions: by ascent from many starts.

A few mean shifts bring the starts to the hills; those that met go on as one, by Newton
steps for log f in a region of trust. Curvatures enter with their sign turned, so that a
step leaves a saddle instead of ending there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives

    Floats = NDArray[np.float64]

# Starts, and the seed of the draws that stand for points.
STARTS = 2000
SEED = 0
# Mean shifts before the starts that met are joined.
SHIFTS = 12
# Newton steps, and the length in widths that ends them.
STEPS = 200
SHORT = 1e-10
# Distances in widths: of what is one start, of what is one mode, of differences.
MET = 0.05
SAME = 1e-3
DIFFERENCE = 1e-4
# The longest step in widths.
LONGEST = 4.0
# A mode is higher than what lies as far from it, in widths, on every side.
AROUND = 1e-2
LEAST = 1e-12


class _Frame(NamedTuple):
    """Coordinates in widths: u = x / width, within the support."""

    of: Primitives
    width: Floats
    lower: Floats
    upper: Floats

    def log(self, u: Floats) -> Floats:
        """Return log f at u (k, d)."""
        return self.of._logpdf(np.ascontiguousarray(u * self.width))

    def score(self, u: Floats) -> Floats:
        """Return the gradient of log f against u, zero where it leads out."""
        score = self.of._score(np.ascontiguousarray(u * self.width)) * self.width
        score = np.where(np.isfinite(score), score, 0.0)
        return np.where(self.held(u, score), 0.0, score)

    def held(self, u: Floats, score: Floats) -> NDArray[np.bool_]:
        """Whether coordinates stand at a bound that the density rises towards."""
        return ((u <= self.lower) & (score < 0.0)) | ((u >= self.upper) & (score > 0.0))

    def curvature(self, u: Floats, score: Floats) -> Floats:
        """Return the Hessian of log f by differences of scores, (k, d, d)."""
        k, d = u.shape
        hessian = np.empty((k, d, d))
        for axis in range(d):
            ends = []
            for way in (-1.0, 1.0):
                moved = u.copy()
                moved[:, axis] += way * DIFFERENCE
                ends.append(np.clip(moved, self.lower, self.upper))
            apart = (ends[1] - ends[0])[:, axis, None]
            hessian[:, axis] = (self.raw(ends[1]) - self.raw(ends[0])) / apart
        hessian = (hessian + hessian.transpose(0, 2, 1)) / 2.0
        # what a bound holds has no part in the step
        held = self.held(u, self.raw(u)) | (score == 0.0) & self._at_bound(u)
        hessian[held[:, :, None] | held[:, None, :]] = 0.0
        hessian[:, np.arange(d), np.arange(d)] -= np.where(held, 1.0, 0.0)
        lost = ~np.isfinite(hessian).all(axis=(1, 2))
        hessian[lost] = -np.eye(d)
        return hessian

    def raw(self, u: Floats) -> Floats:
        """Return the gradient of log f against u; not finite where f is zero."""
        return self.of._score(np.ascontiguousarray(u * self.width)) * self.width

    def _at_bound(self, u: Floats) -> NDArray[np.bool_]:
        return (u <= self.lower) | (u >= self.upper)


def modes(of: Primitives) -> Floats:
    """Places of local maxima (k, d)."""
    width = of._narrowest()
    lower, upper = (end / width for end in of._support())
    frame = _Frame(of, width, lower, upper)
    u = _starts(of, width)
    u = u[np.isfinite(frame.log(u))]
    if not np.abs(frame.score(u)).max(initial=0.0) > LEAST and _flat(frame, u):
        msg = (
            "`modes` needs a density with slopes; this one is flat wherever it is not "
        )
        raise CapabilityError(msg + "zero. Choose a kernel other than the top hat.")
    for _ in range(SHIFTS):
        u = _shift(frame, u)
    u = _apart(u, frame.log(u), MET)
    u = _climb(frame, u)
    u = u[_is_top(frame, u)]
    return _apart(u, frame.log(u), SAME) * width


def _starts(of: Primitives, width: Floats) -> Floats:
    """Points in widths (k, d) to ascend from; the same for every order of the data."""
    points = getattr(of, "points", None)
    if points is None:
        x = of._draw(STARTS, np.random.default_rng(SEED))
    else:
        x = np.asarray(points, dtype=np.float64).reshape(-1, of.n_axes)
    u = np.unique(x / width, axis=0)
    cell = 0.5
    while len(u) > STARTS:
        _, first = np.unique(np.floor(u / cell), axis=0, return_index=True)
        thinned = u[np.sort(first)]
        if len(thinned) <= STARTS:
            return thinned
        cell *= 1.25
    return u


def _flat(frame: _Frame, u: Floats) -> bool:
    """Whether the density does not even change around the starts."""
    away = np.clip(u + AROUND, frame.lower, frame.upper)
    return bool((frame.log(away) == frame.log(u)).all())


def _shift(frame: _Frame, u: Floats) -> Floats:
    """Move by the mean shift of a Gaussian of this width, where that ascends."""
    step = frame.score(u)
    length = np.sqrt(np.square(step).sum(axis=1, keepdims=True))
    step *= np.minimum(1.0, LONGEST / np.maximum(length, LEAST))
    new = np.clip(u + step, frame.lower, frame.upper)
    return np.where((frame.log(new) >= frame.log(u))[:, None], new, u)


def _climb(frame: _Frame, u: Floats) -> Floats:
    """Ascend to stationary points, by Newton steps in a region of trust."""
    u = u.copy()
    at = np.arange(len(u))
    trust = np.full(len(u), 0.5)
    for _ in range(STEPS):
        if not len(at):
            break
        x = u[at]
        score = frame.score(x)
        value, axes = np.linalg.eigh(frame.curvature(x, score))
        inner = np.einsum("kij,ki->kj", axes, score) / np.maximum(np.abs(value), LEAST)
        step = np.einsum("kij,kj->ki", axes, inner)
        length = np.sqrt(np.square(step).sum(axis=1))
        short = np.minimum(1.0, trust[at] / np.maximum(length, 1e-300))
        new = np.clip(x + step * short[:, None], frame.lower, frame.upper)
        old_log, new_log = frame.log(x), frame.log(new)
        up = new_log >= old_log
        moved = np.where(up, length * short, 0.0)
        u[at] = np.where(up[:, None], new, x)
        trust[at] = np.where(
            up, np.minimum(2.0 * trust[at], LONGEST), length * short / 4
        )
        # near the top the values are equal to rounding, and the step alone tells
        close = (length <= SHORT) | (~up & (trust[at] <= SHORT))
        close |= (np.abs(new_log - old_log) <= LEAST) & (moved <= 1e-7)
        at = at[~close]
    return u


def _is_top(frame: _Frame, u: Floats) -> NDArray[np.bool_]:
    """Whether the density falls on every side: along its curvatures and its axes."""
    k, d = u.shape
    _, axes = np.linalg.eigh(frame.curvature(u, frame.score(u)))
    top = np.ones(k, dtype=bool)
    here = frame.log(u)
    for directions in (axes.transpose(2, 0, 1), np.eye(d)[:, None, :]):
        for direction in directions:
            for way in (-AROUND, AROUND):
                away = np.clip(u + way * direction, frame.lower, frame.upper)
                apart = (away != u).any(axis=1)
                top &= ~apart | (frame.log(away) < here)
    return top


def _apart(u: Floats, height: Floats, least: float) -> Floats:
    """Keep the highest of those that are nearer to each other than `least`."""
    kept: list[Floats] = []
    rest = u[np.argsort(-height, kind="stable")]
    while len(rest):
        kept.append(rest[0])
        rest = rest[np.square(rest - rest[0]).sum(axis=1) > least * least]
    return np.array(kept).reshape(-1, u.shape[1])
