"""Masses and derivatives of the sums that sweep, each value with its error.

A distribution function and a derivative separate as the kernel does, so they are sums
by the same loops. What is more to a mass are the weights of the points whose supports
end before the query, or begin after it: none is subtracted from another, so masses on
either side are relatively right as far as their windows are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from parzen.engines.sweep.axis import Axis
from parzen.engines.sweep.basis import (
    LAST_ORDER,
    MASS,
    code_of,
    curves,
    magnitude,
    sides,
    steepness,
)
from parzen.engines.sweep.certificate import SUMMANDS
from parzen.engines.sweep.cover import leaves_of
from parzen.engines.sweep.decay import decays_of
from parzen.engines.sweep.decay_loops import bounded_loop
from parzen.engines.sweep.events import events_of, rows_of
from parzen.engines.sweep.loops import window_loop
from parzen.engines.sweep.nodes import LEAF, leaf_loop
from parzen.engines.sweep.outside import accumulated, outer_sums
from parzen.engines.sweep.queries import swept
from parzen.engines.sweep.window import blocks_of
from parzen.kernels.profiles import EXPONENTIAL
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.cumulative import Bounded
    from parzen.engines.engine import Problem
    from parzen.engines.sweep.order import Line

    Floats = NDArray[np.float64]

# Blocks get so narrow that sums over them are rounded by 1e-12, see `window.SPARE`.
AIM = 1e-9
# Factors on a bandwidth, to the power that they count with, stay within this.
LARGEST_DECADES = 250.0
# The loops of one width, of many, and of the exponential kernel.
LOOPS: dict[str, Callable[[int, int], Any]] = {
    "window": window_loop,
    "cover": leaf_loop,
    "decay": lambda _code, order: bounded_loop(order),
}


@dataclass(frozen=True, eq=False)
class BoundedSums(ReadOnly):
    """Sums of a kernel of some order, see `basis`.

    Attributes
    ----------
    axis : Axis
    line : Line
        The points, or for local bandwidths the ends of their supports.
    way : str
        Which of `LOOPS`.
    code, order : int
        The kernel.
    tables : tuple of ndarray
        What the loop looks at before the limits, and `rest` what after these.
    rest : tuple of ndarray
    limits : ndarray of shape (6,)
        Of masses whether they are those above; nothing; the unit of the sums; what
        those over many points and over one round by; and how steep the kernel is.
    n_jobs : int or None
    """

    axis: Axis
    line: Line
    way: str
    code: int
    order: int
    tables: tuple[Floats, ...]
    rest: tuple[Floats, ...]
    limits: Floats
    n_jobs: Any

    @classmethod
    def of(cls, problem: Problem, order: int) -> Self | None:
        """Prepare the sums, or return None where this kernel has none."""
        code, local = code_of(problem), problem.local is not None
        if order > LAST_ORDER[code]:
            return None
        weights = problem.sample.weights
        unit = 1.0 / problem.sample.n if weights is None else 1.0
        if code == EXPONENTIAL:
            axis, line, numbers, running, rounding = decays_of(problem)
            tables: tuple[Floats, ...] = numbers, running
            rest: tuple[Floats, ...] = (_outer(line, order),)
            limits = np.array([0.0, 0.0, unit, rounding, 0.0, 0.0])
            way = "decay"
        elif local:
            ratio = max(problem.widest, 1.0 / problem.narrowest)
            if (order + 1) * math.log10(ratio) > LARGEST_DECADES:
                return None
            axis = Axis.of(problem)
            rows = rows_of(problem, axis, order)
            line, ranks = events_of(rows, sides(code), 1.0 / axis.width, problem.n_jobs)
            leaves, rounding = leaves_of(
                code, line, rows, ranks, problem.n_jobs, order=order
            )
            cells = np.array([line.frequency, line.first, line.last])
            tables, way = (cells, rows, leaves), "cover"
            rest = curves(code, order), _ended(rows[:, 3], ranks, len(leaves))
            limits = np.array([0.0, 0.0, unit, rounding, *_point(code, order)])
        else:
            (axis, line, *arrays), rounding = blocks_of(problem, order, AIM)
            tables, way = tuple(arrays), "window"
            rest = curves(code, order), _outer(line, order)
            limits = np.array([0.0, 0.0, unit, rounding, *_point(code, order)])
        return cls(axis, line, way, code, order, tables, rest, limits, problem.n_jobs)

    def _sums(self, q: Floats, *, above: bool = False) -> Bounded:
        """Values at q of shape (m,), and error bounds."""
        limits = self.limits.copy()
        limits[0] = above
        tables = *self.tables, limits, *self.rest
        loop = LOOPS[self.way](self.code, self.order)
        queries = self.axis.place(np.asarray(q, dtype=np.float64))
        out = swept(self.line, loop, tables, queries, self.n_jobs, columns=(2,))
        # the kernel over the bandwidth to this power, in two steps that do not overflow
        power = self.order + 1
        factor = limits[2] * self.axis.width**-power
        if self.way == "decay" and self.order > 0:
            # a kernel of mass one, as `curves` has it
            factor *= 0.5
        values, errors = out[:, 0] * factor, out[:, 1] * factor
        errors += 2.0**-50 * np.abs(values)
        if power:
            with np.errstate(over="ignore", under="ignore"):
                values = np.ldexp(values, -power * self.axis.exponent)
                scaled = np.ldexp(errors, -power * self.axis.exponent)
            # both may have underflowed
            errors = np.where(errors > 0.0, np.nextafter(scaled, np.inf), scaled)
            errors[~np.isfinite(values)] = np.inf
        return values, errors


class Masses(BoundedSums):
    """Mass on either side of a query."""

    def below(self, q: Floats) -> Bounded:
        """Mass below q of shape (m,), and error bounds (m,)."""
        values, errors = self._sums(q)
        return np.maximum(values, 0.0), errors

    def above(self, q: Floats) -> Bounded:
        """Mass above q of shape (m,), and error bounds (m,)."""
        values, errors = self._sums(q, above=True)
        return np.maximum(values, 0.0), errors


class Derivative(BoundedSums):
    """A derivative of the density.

    Where it jumps at a query, by rounding or not, nothing is known. At a kink of the
    kernel it is the mean of both sides.
    """

    def values(self, q: Floats) -> Bounded:
        """Return the derivative at q of shape (m,), and error bounds (m,)."""
        return self._sums(q)


def _point(code: int, order: int) -> tuple[float, float]:
    """Return the rounding of one point, with the sum of several, and the steepness.

    Its place is rounded by three half ulps, each power takes two, and 16 are for the
    coefficients, the weight and the bound itself.
    """
    size, steep = magnitude(code, 1.0, order), steepness(code, order)
    steps = SUMMANDS + 2.0 * curves(code, order).shape[1] + 16.0
    return 2.0**-53 * (steps * size + 6.0 * steep), steep


def _outer(line: Line, order: int) -> Floats:
    """Return the weights outside windows, if a mass needs them."""
    return outer_sums(line.payload) if order == MASS else np.empty((2, 0))


def _ended(heights: Floats, ranks: NDArray[np.int64], leaves: int) -> Floats:
    """Return what ended before a leaf, and what begins from it on, (2, leaves + 1)."""
    first, last = ranks[:, 0] // LEAF, ranks[:, -1] // LEAF
    before, after = np.zeros((2, leaves))
    np.add.at(before, last, heights)
    np.add.at(after, first, heights)
    return np.stack([accumulated(before), accumulated(after[::-1])[::-1]])


def masses(problem: Problem) -> Masses | None:
    """Prepare masses on either side."""
    return Masses.of(problem, MASS)


def derivative(problem: Problem, order: int) -> Derivative | None:
    """Prepare a derivative, or None where it is no bounded function."""
    return Derivative.of(problem, order) if order > 0 else None
