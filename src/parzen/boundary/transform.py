"""Change of variable: a density on the whole line, brought back to its range.

y = log(x - lower), -log(upper - x) or the logit of both; f(x) = g(y(x)) |dy/dx|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary import chain
from parzen.boundary.moved import FreeSums
from parzen.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.boundary.bounds import Bounds
    from parzen.engines.engine import Plan, Problem

    Floats = NDArray[np.float64]


def to_line(x: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Map points (m, d) between the bounds to the line, axis by axis.

    The bounds go to infinity.
    """
    y = x.copy()
    for k, (low, high) in enumerate(bounds.boxes[0].tolist()):
        column = x[:, k]
        with np.errstate(divide="ignore"):
            if np.isfinite(low) and np.isfinite(high):
                y[:, k] = np.log(column - low) - np.log(high - column)
            elif np.isfinite(low):
                y[:, k] = np.log(column - low)
            elif np.isfinite(high):
                y[:, k] = -np.log(high - column)
    return y


def line_widths(low: Floats, high: Floats, bounds: Bounds) -> Floats:
    """Distance on the line of ends (m, d) between the bounds, shape (m, d).

    A difference of logarithms has no digits left for ends that are close.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = high - low
        finite = np.isfinite(bounds.lower), np.isfinite(bounds.upper)
        for k in np.flatnonzero(finite[0] | finite[1]):
            width = total[:, k].copy()
            total[:, k] = 0.0
            if finite[0][k]:
                total[:, k] += _log_ratio(width, low[:, k] - bounds.lower[k])
            if finite[1][k]:
                total[:, k] += _log_ratio(width, bounds.upper[k] - high[:, k])
    return total


def _log_ratio(width: Floats, gap: Floats) -> Floats:
    """Logarithm of 1 + width / gap, also where the ratio is above the largest float."""
    ratio = width / gap
    return np.where(ratio > 1e300, np.log(width) - np.log(gap), np.log1p(ratio))


def log_slope(x: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Logarithm of |dy/dx| at points (m, d), shape (m,)."""
    total = np.zeros(len(x))
    for k, (low, high) in enumerate(bounds.boxes[0].tolist()):
        column = x[:, k]
        if np.isfinite(low):
            total -= np.log(column - low)
        if np.isfinite(high):
            total -= np.log(high - column)
        if np.isfinite(low) and np.isfinite(high):
            total += np.log(high - low)
    return total


def from_line(y: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Map points (m, d) of the line back between the bounds."""
    x = y.copy()
    for k, (low, high) in enumerate(bounds.boxes[0].tolist()):
        column = y[:, k]
        with np.errstate(over="ignore"):
            if np.isfinite(low) and np.isfinite(high):
                # from the nearer end, so that draws near it keep their digits
                small = (high - low) / (1.0 + np.exp(np.abs(column)))
                x[:, k] = np.where(column < 0, low + small, high - small)
            elif np.isfinite(low):
                x[:, k] = low + np.exp(column)
            elif np.isfinite(high):
                x[:, k] = high - np.exp(-column)
        # rounding may land on a bound, or overflow: neither is inside
        x[:, k] = x[:, k].clip(np.nextafter(low, np.inf), np.nextafter(high, -np.inf))
    return x


def check_inside(x: NDArray[np.float64], bounds: Bounds) -> None:
    """Raise `DataError` for data on the bounds, which go to infinity."""
    on = ((x == bounds.lower) | (x == bounds.upper)).any(axis=1)
    if on.any():
        i = int(np.argmax(on))
        msg = (
            f"boundary='transform' needs data strictly inside `bounds`; "
            f"{int(on.sum())} points lie on them, the first is {x[i].tolist()}. "
            "Widen `bounds` by half the resolution of the data, or use 'reflect'."
        )
        raise DataError(msg)


@dataclass(frozen=True, eq=False)
class TransformedPlan(FreeSums):
    """The density on the line times the slope of the map.

    Attributes
    ----------
    free : Plan
        The density of the mapped data.
    problem : Problem
        What `free` answers.
    bounds : Bounds
    """

    free: Plan
    problem: Problem
    bounds: Bounds

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d); zero on the bounds."""
        density = np.zeros(len(q))
        inside = self._inside(q)
        if self.problem.sample.signed:
            with np.errstate(over="ignore", invalid="ignore"):
                slope = np.exp(log_slope(q[inside], self.bounds))
                flat = self.free.pdf(to_line(q[inside], self.bounds))
                density[inside] = np.where(flat == 0.0, 0.0, flat * slope)
            return density
        # in the logarithm: the slope alone may exceed the largest float
        with np.errstate(over="ignore"):
            density[inside] = np.exp(self.logpdf(q[inside]))
        return density

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        density = np.full(len(q), -np.inf)
        inside = self._inside(q)
        q = q[inside]
        logs = self.free.logpdf(to_line(q, self.bounds))
        density[inside] = logs + log_slope(q, self.bounds)
        return density

    def mass(self, lower: Floats, upper: Floats) -> Floats:
        """Probability of boxes with ends (m, d), shape (m,)."""
        mass = np.zeros(len(lower))
        low, high, held = self._held(lower, upper)
        ends = to_line(low, self.bounds), to_line(high, self.bounds)
        if self.problem.sample.d > 1:
            mass[held] = self.integrals.mass(*ends)
        else:
            widths = line_widths(low, high, self.bounds)
            mass[held] = self.moved.mass(*ends, widths)
        return mass

    def log_mass(self, lower: Floats, upper: Floats) -> Floats:
        """Logarithm of `mass` in 1-D; NaN where negative weights prevail."""
        if self.problem.sample.signed:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(self.mass(lower, upper))
        logs = np.full(len(lower), -np.inf)
        low, high, held = self._held(lower, upper)
        ends = to_line(low, self.bounds), to_line(high, self.bounds)
        widths = line_widths(low, high, self.bounds)
        logs[held] = self.moved.log_mass(*ends, widths)
        return logs

    def _held(
        self, lower: Floats, upper: Floats
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Cut boxes (m, d) at the bounds; say of which there is something left."""
        ends = self.bounds.lower, self.bounds.upper
        low, high = np.clip(lower, *ends), np.clip(upper, *ends)
        held = np.asarray((high > low).all(axis=1))
        return low[held], high[held], held

    def quantile(self, p: Floats, *, upper: bool) -> Floats | None:
        """Solve mass below (above) x = p (m,): the map of the quantile on the line."""
        solved = self.integrals.quantile(p, upper=upper)
        if solved is None:
            return None
        found = solved[:, None]
        with np.errstate(invalid="ignore"):
            return from_line(found, self.bounds)[:, 0]

    def derivative(self, q: Floats, order: int) -> Floats:
        """Return the derivative in 1-D at q of shape (m, 1); zero on the bounds."""
        slopes = np.zeros(len(q))
        inside = self._inside(q)
        q = q[inside]
        y = to_line(q, self.bounds)
        terms = [self.free.pdf(y)]
        terms += [self.slopes.derivative(y, k) for k in range(1, order + 1)]
        slopes[inside] = chain.derivative(q[:, 0], self.bounds, terms)
        return slopes

    def gradient(self, q: Floats) -> Floats:
        """Gradient at q of shape (m, d), shape (m, d); zero on the bounds."""
        slopes = np.zeros(q.shape)
        inside = self._inside(q)
        density = self.pdf(q[inside])[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            jacobian = np.exp(log_slope(q[inside], self.bounds))[:, None]
            first, relative = chain.slopes(q[inside], self.bounds)
            flat = self.slopes.gradient(to_line(q[inside], self.bounds))
            # the slope alone may exceed the largest float
            moved = np.where(flat == 0.0, 0.0, flat * jacobian * first)
            bent = np.where(density == 0.0, 0.0, density * relative)
        slopes[inside] = moved + bent
        return slopes

    def score(self, q: Floats) -> Floats:
        """Gradient of the log density at q of shape (m, d); NaN where it is zero."""
        scores = np.full(q.shape, np.nan)
        inside = self._inside(q)
        first, relative = chain.slopes(q[inside], self.bounds)
        flat = self.slopes.score(to_line(q[inside], self.bounds))
        scores[inside] = flat * first + relative
        return scores

    def _inside(self, q: Floats) -> NDArray[np.bool_]:
        """Whether points (m, d) lie between the bounds, which have no image."""
        inside = (q > self.bounds.lower) & (q < self.bounds.upper)
        return np.asarray(inside.all(axis=1))

    def settle(
        self,
        size: int,
        draw: Callable[[Problem, int], NDArray[np.float64]],
        rng: np.random.Generator,  # noqa: ARG002 - other boundaries need it
    ) -> NDArray[np.float64]:
        """Draw on the line and map back, shape (size, d)."""
        return from_line(draw(self.problem, size), self.bounds)
