"""Masses of a kernel sum: probabilities of intervals and boxes, and quantiles.

On a line a fast engine may know the masses below and above any place, each with a bound
on its error. An interval is the difference of two, on the side that holds less, where
the bound is small beside it. What is left are short intervals and far tails. The former
are integrated by a Gauss-Legendre rule over the density, and the few points whose
kernel has a kink inside are corrected to their exact share; the latter are summed
exactly over the points that matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.choice import cheapest
from parzen.engines.engine import FEW_PAIRS
from parzen.engines.masses.boxes import box_masses
from parzen.engines.masses.far import FarMasses
from parzen.engines.masses.line import LineMasses
from parzen.engines.masses.short import ShortMasses
from parzen.kernels.interval import interval_mass, log_interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import CertifiedEngine
    from parzen.engines.cumulative import Cumulative
    from parzen.engines.engine import Plan, Problem

    Floats = NDArray[np.float64]

# No error smaller than this is asked of a fast engine, relative.
FINEST = 1e-10
# Masses below this have lost digits, or are about to.
SMALLEST = 1e-290
# Pairs in one temporary of the plain sum.
PLAIN_PAIRS = 1 << 16


@dataclass(frozen=True, eq=False)
class Integrals:
    """Integrals of f(q) = sum_i w_i K(A_i^-1 (q - x_i)) / |det A_i|; no bounds.

    They are those of the data as the problem holds them, also where an engine on a grid
    interpolates the density.

    Attributes
    ----------
    problem : Problem
    engines : tuple of CertifiedEngine
        Those that may know masses on a line; the cheapest that can is asked.
    density : Plan or None
        The density itself, within the error of the problem.
    """

    problem: Problem
    engines: tuple[CertifiedEngine, ...] = ()
    density: Plan | None = None

    def mass(
        self, lower: Floats, upper: Floats, beside: Floats | None = None
    ) -> Floats:
        """Mass in boxes with ends (m, d), which may be infinite, shape (m,).

        On a line relatively accurate: to `rtol`, at least 1e-10, however small; or
        relative to what it is added to, a mass `beside` of shape (m,). Cost O(n + m)
        where an engine is fast; else O(log n) and the points in reach for each
        interval. In space as `boxes` says, O(n m).
        """
        if self.problem.sample.d > 1:
            return box_masses(self.problem, lower, upper)
        low, high = lower[:, 0], upper[:, 0]
        if self._few(low):
            return self._plain(low, high, logs=False)
        return self._line_mass(low, high, beside)

    def log_mass(
        self, lower: Floats, upper: Floats, beside: Floats | None = None
    ) -> Floats:
        """Logarithm of `mass`; on a line right however far out, down to -1e308."""
        if self.problem.sample.d > 1:
            with np.errstate(divide="ignore"):
                return np.log(self.mass(lower, upper))
        low, high = lower[:, 0], upper[:, 0]
        if self._few(low):
            return self._plain(low, high, logs=True)
        masses = self._line_mass(low, high, beside)
        with np.errstate(divide="ignore"):
            logs = np.log(masses)
        lost = (masses < SMALLEST) & (low < high)
        if beside is not None:
            lost &= beside < SMALLEST
        tiny = np.flatnonzero(lost)
        if self._far is not None and tiny.size:
            far = self._far.serves(low[tiny], high[tiny])
            some, tiny = tiny[far], tiny[~far]
            if some.size:
                logs[some] = self._far.log_mass(low[some], high[some])
        if tiny.size:
            logs[tiny] = self._exact.log_mass(low[tiny], high[tiny])
        return logs

    def bounded(self, lower: Floats, upper: Floats) -> tuple[Floats, Floats] | None:
        """Masses of intervals with ends (m, 1) at once, and how far they may be off.

        Two arrays (m,), with infinite bounds where nothing is known; None where no
        engine is fast.
        """
        low, high = lower[:, 0], upper[:, 0]
        if self._few(low) or self._fast is None:
            return None
        return _smaller_side(self._fast, low, high, self._centre)

    @property
    def tolerance(self) -> float:
        """Relative error that masses are asked to keep."""
        return max(self.problem.rtol, FINEST)

    def quantile(self, p: Floats, *, upper: bool) -> Floats | None:
        """Solve mass below (above) x = p (m,); NaN or None where there is no table."""
        if self.problem.sample.d > 1 or self._few(p):
            return None
        solve: Any = getattr(self._fast, "quantile", None)
        return None if solve is None else np.asarray(solve(p, upper=upper))

    def _few(self, some: Floats) -> bool:
        """Whether a plain sum will do."""
        return some.size * self.problem.sample.n <= FEW_PAIRS

    @cached_property
    def _fast(self) -> Cumulative | None:
        """What the cheapest engine knows that knows any."""
        for engine in cheapest(self.engines, self.problem):
            known = engine.cumulative(self.problem)
            if known is not None:
                return known
        return None

    @cached_property
    def _exact(self) -> LineMasses:
        return LineMasses(self.problem)

    @cached_property
    def _far(self) -> FarMasses | None:
        return FarMasses.of(self.problem)

    @cached_property
    def _short(self) -> ShortMasses | None:
        if self.density is None or self.problem.kernel.code is None:
            return None
        return ShortMasses(self.problem, self.density)

    @cached_property
    def _centre(self) -> float:
        """Where there is about as much on either side."""
        return float(np.median(self.problem.sample.points[:, 0]))

    def _line_mass(
        self, low: Floats, high: Floats, beside: Floats | None = None
    ) -> Floats:
        """Mass of many intervals (m,)."""
        scale = self.tolerance
        if self._fast is None:
            masses = np.zeros(low.shape)
            rest = np.flatnonzero(low < high)
        else:
            masses, bounds = _smaller_side(self._fast, low, high, self._centre)
            rest = _uncertain(masses, bounds, beside, scale)
        if self._fast is not None and rest.size:
            masses[rest], bounds = _difference(self._fast, low[rest], high[rest])
            more = None if beside is None else beside[rest]
            rest = rest[_uncertain(masses[rest], bounds, more, scale)]
        if self._short is not None and rest.size:
            short = self._short.serves(low[rest], high[rest])
            some, rest = rest[short], rest[~short]
            if some.size:
                masses[some] = self._short.mass(low[some], high[some])
        if self._far is not None and rest.size:
            far = self._far.serves(low[rest], high[rest])
            some, rest = rest[far], rest[~far]
            if some.size:
                masses[some] = self._far.mass(low[some], high[some])
        if rest.size:
            masses[rest] = self._exact.mass(low[rest], high[rest])
        return masses

    def _plain(self, low: Floats, high: Floats, *, logs: bool) -> Floats:
        """Sum over all points, in blocks."""
        sample, kernel = self.problem.sample, self.problem.kernel
        h = float(self.problem.scale.widths[0])
        width = h if self.problem.local is None else h * self.problem.local
        weights = sample.weights
        if weights is None:
            weights = np.full(sample.n, 1.0 / sample.n)
        result = np.empty(low.shape)
        rows = max(1, PLAIN_PAIRS // sample.n)
        for begin in range(0, low.size, rows):
            some = slice(begin, begin + rows)
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                a = (low[some, None] - sample.points[:, 0]) / width
                b = (high[some, None] - sample.points[:, 0]) / width
                # their difference, before it was rounded
                size = (high[some] - low[some])[:, None] / width
                if not logs:
                    result[some] = interval_mass(kernel, a, b, size) @ weights
                    continue
                terms = log_interval_mass(kernel, a, b, size) + np.log(weights)
                top = terms.max(axis=1)
                base = np.where(np.isfinite(top), top, 0.0)
                sums = np.exp(terms - base[:, None]).sum(axis=1)
                result[some] = base + np.log(sums)
        return result


def _uncertain(
    masses: Floats, bounds: Floats, beside: Floats | None, tolerance: float
) -> NDArray[np.intp]:
    """Which masses (k,) may be too far off."""
    accepted = masses * tolerance
    if beside is not None:
        accepted += tolerance * beside
    return np.flatnonzero(~(bounds <= accepted))


def _smaller_side(
    known: Cumulative, low: Floats, high: Floats, centre: float
) -> tuple[Floats, Floats]:
    """Masses of intervals (m,), and bounds: as seen from the end they are nearer to."""
    if not low.size:
        return np.zeros(0), np.zeros(0)
    if low.max() == -np.inf:
        return _side(known.below, high, -np.inf)
    if high.min() == np.inf:
        return _side(known.above, low, np.inf)
    with np.errstate(invalid="ignore"):
        # of the whole line either will do
        left = 0.5 * low + 0.5 * high <= centre
    masses, bounds = np.zeros(low.shape), np.zeros(low.shape)
    filled = low < high
    for some, side, nothing in (
        (np.flatnonzero(left & filled), known.below, -np.inf),
        (np.flatnonzero(~left & filled), known.above, np.inf),
    ):
        if some.size:
            ends = low[some], high[some]
            inner, outer = ends if nothing < 0.0 else ends[::-1]
            masses[some], bounds[some] = _side(side, outer, nothing)
            less, more = _side(side, inner, nothing)
            masses[some] -= less
            bounds[some] += more
    np.maximum(masses, 0.0, out=masses)
    return masses, bounds


def _difference(known: Cumulative, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Masses of intervals (m,), and bounds: of two differences the better one."""
    below = _side(known.below, low, -np.inf), _side(known.below, high, -np.inf)
    above = _side(known.above, low, np.inf), _side(known.above, high, np.inf)
    first, error = below[1][0] - below[0][0], below[1][1] + below[0][1]
    second, other = above[0][0] - above[1][0], above[0][1] + above[1][1]
    with np.errstate(invalid="ignore"):
        value = np.where(error <= other, first, second)
    return np.maximum(value, 0.0), np.minimum(error, other)


def _side(known: Any, q: Floats, nothing: float) -> tuple[Floats, Floats]:
    """Ask for the mass on one side of q (m,), which is known at infinity."""
    if q.min() == q.max():
        # a bound of all intervals
        value, error = _side_of(known, q[:1], nothing)
        return np.full(q.shape, value[0]), np.full(q.shape, error[0])
    return _side_of(known, q, nothing)


def _side_of(known: Any, q: Floats, nothing: float) -> tuple[Floats, Floats]:
    """Ask for it one by one."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(q.sum()):
            return known(q)  # type: ignore[no-any-return]
    values = np.where(q == nothing, 0.0, 1.0)
    errors = np.zeros(q.shape)
    some = np.flatnonzero(np.isfinite(q))
    if some.size:
        values[some], errors[some] = known(q[some])
    return values, errors
