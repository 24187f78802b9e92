"""Change of variable: a density on the whole line, brought back to its range.

y = log(x - lower), -log(upper - x) or the logit of both; f(x) = g(y(x)) |dy/dx|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.boundary.bounds import Bounds
    from parzen.engines.engine import Plan, Problem


def to_line(x: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Map points (m, d) between the bounds to the line, axis by axis."""
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
class TransformedPlan:
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
        inside = ((q > self.bounds.lower) & (q < self.bounds.upper)).all(axis=1)
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
        inside = ((q > self.bounds.lower) & (q < self.bounds.upper)).all(axis=1)
        q = q[inside]
        logs = self.free.logpdf(to_line(q, self.bounds))
        density[inside] = logs + log_slope(q, self.bounds)
        return density

    def settle(
        self,
        size: int,
        draw: Callable[[Problem, int], NDArray[np.float64]],
        rng: np.random.Generator,  # noqa: ARG002 - other boundaries need it
    ) -> NDArray[np.float64]:
        """Draw on the line and map back, shape (size, d)."""
        return from_line(draw(self.problem, size), self.bounds)
