"""A kernel that the user gives as a function K(u).

Panels of a Gauss-Legendre rule cover the line, finer where the function needs it; mass,
distribution function, quantiles and moments all come from this one table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from parzen.checks import unknown_name
from parzen.errors import DataError, ParzenError, ShapeError
from parzen.kernels.catalog import kernel_names
from parzen.kernels.formulas import Floats
from parzen.kernels.measure import integrate, rule
from parzen.kernels.sources import unsaved

Function: TypeAlias = Callable[[Floats], Floats]

# Panels near zero, of any width a kernel may have, then even ones, then octaves.
NEAR = np.concatenate(
    (
        2.0 ** np.arange(-42.0, -2.0),
        np.arange(0.25, 16.0, 0.25),
        2.0 ** np.arange(4.0, 8.25, 0.25),
    )
)
OCTAVES = 2.0 ** np.arange(8.0, 501.0)
NEGLIGIBLE = 1e-40
BLOCK = 1 << 14


@dataclass(frozen=True)
class Table:
    """The integral of f >= 0 over panels, and what lies below each."""

    f: Function
    edges: Floats
    masses: Floats

    @functools.cached_property
    def below(self) -> Floats:
        """The mass below each edge."""
        return np.append(0.0, np.cumsum(self.masses))

    def mirrored(self) -> Table:
        """Return the table of f(-u)."""
        return Table(lambda u: self.f(-u), -self.edges[::-1], self.masses[::-1])

    def cdf(self, x: Floats) -> Floats:
        """Return the mass below x, of any shape."""
        x = np.clip(x, self.edges[0], self.edges[-1])
        panel = np.searchsorted(self.edges[:-1], x, side="right") - 1
        mass: Floats = self.below[panel] + rule(self.f, self.edges[panel], x)
        return mass

    def ppf(self, q: Floats) -> Floats:
        """Return where the mass below is q, by Newton's method inside a panel."""
        panel = np.searchsorted(self.below, q, side="right") - 1
        panel = np.clip(panel, 0, self.masses.size - 1)
        start = low = self.edges[panel]
        high = self.edges[panel + 1]
        target = q - self.below[panel]
        with np.errstate(all="ignore"):
            share = np.nan_to_num(target / self.masses[panel], posinf=1.0)
            x: Floats = low + (high - low) * np.clip(share, 0.0, 1.0)
            for _ in range(60):
                excess = rule(self.f, start, x) - target
                low, high = np.where(excess <= 0, x, low), np.where(excess > 0, x, high)
                step = x - excess / self.f(x)
                safe = (step >= low) & (step <= high)
                last, x = x, np.where(safe, step, 0.5 * (low + high))
                if (np.abs(x - last) <= 1e-15 * np.abs(x)).all():
                    break
        return x

    def moment(self, power: int, centre: float) -> float:
        """Return the integral of |u - centre|^power f, and inf where it has none."""

        def weighted(u: Floats) -> Floats:
            return np.abs(u - centre) ** power * self.f(u)

        parts = rule(weighted, self.edges[:-1], self.edges[1:])
        total = math.fsum(parts)
        for edges, shares in ((self.edges, parts), (-self.edges[::-1], parts[::-1])):
            if edges[-1] < OCTAVES[1] or shares[-1] == 0.0:
                continue
            # f falls as a power: so do the shares of the octaves, to infinity
            outer = shares[edges[:-1] >= 0.5 * edges[-1]].sum()
            inner = shares[(edges[:-1] >= 0.25 * edges[-1])].sum() - outer
            ratio = outer / inner
            if ratio >= 0.97:
                return math.inf
            total += outer * ratio / (1.0 - ratio)
        return total


@dataclass(frozen=True)
class Given:
    """A function K(u) >= 0, scaled to mass one; equal where the function is."""

    function: Function

    def __getstate__(self) -> dict[str, Any]:
        # the tables are quickly built again
        return {"function": self.function}

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    def _values(self, u: Floats) -> Floats:
        """Call the function and check what comes back."""
        u = np.asarray(u, dtype=np.float64)
        try:
            with np.errstate(all="ignore"):
                values = np.asarray(self.function(u.copy()), dtype=np.float64)
        except (TypeError, ValueError) as error:
            msg = f"`kernel` must take an array u of any shape; {self.name} raised: "
            msg += f"{error}. Write it with NumPy, such as np.where for cases."
            raise ParzenError(msg) from error
        if values.shape != u.shape:
            msg = (
                f"`kernel` must return one value for each u; {self.name} turned shape "
            )
            msg += f"{u.shape} into {values.shape}. Write it with NumPy, elementwise."
            raise ShapeError(msg)
        return values

    def _checked(self, u: Floats) -> Floats:
        values = self._values(u)
        wrong = ~(np.isfinite(values) & (values >= 0.0))
        if wrong.any():
            place = int(np.argmax(wrong.ravel()))
            got, at = values.ravel()[place], np.asarray(u).ravel()[place]
            msg = f"`kernel` must be finite and at least 0; {self.name} returned "
            msg += f"{got:.6g} at u = {at:.6g}. Mend the function there."
            raise DataError(msg)
        return values

    @functools.cached_property
    def _table(self) -> Table:
        """Cover the line with panels, as far as they hold more than 1e-40 of K."""
        self._values(np.zeros((2, 3)))
        near = np.concatenate((-NEAR[::-1], [0.0], NEAR))
        self._checked(near)
        seen = math.fsum(rule(self._checked, near[:-1], near[1:]))
        high = self._outward(1.0, seen)
        low = self._outward(-1.0, seen)
        edges = np.concatenate((-low[::-1], near, high))
        edges, masses = integrate(self._checked, edges)
        table = self._trimmed(edges, masses)
        mass = table.moment(0, 0.0)
        if not 0.0 < mass < math.inf:
            msg = f"`kernel` must have a finite mass above 0; that of {self.name} is "
            msg += f"{mass:.6g}. Give a function of u = (q - x) / h, of a width near "
            raise ParzenError(msg + "one, that falls faster than 1 / |u|.")
        return table

    def _outward(self, side: float, seen: float) -> Floats:
        """Return the edges of the octaves on one side that hold any mass."""
        octaves = rule(lambda u: self._values(side * u), OCTAVES[:-1], OCTAVES[1:])
        empty = ~(octaves > NEGLIGIBLE * seen)
        count = int(np.argmax(empty)) if empty.any() else empty.size
        edges = OCTAVES[1 : count + 1]
        if count and seen:
            # not a number is no mass: here it must be none
            self._checked(side * np.append(edges, OCTAVES[: count + 2]))
        return edges

    def _trimmed(self, edges: Floats, masses: Floats) -> Table:
        """Cut the panels without mass at both ends, to where K becomes zero."""
        positive = self._checked(edges) > 0.0
        # the outermost mass may lie between an edge and the node next to it
        some = np.flatnonzero((masses > 0.0) | positive[:-1] | positive[1:])
        if some.size == 0:
            return Table(self._checked, edges, masses)
        first, last = int(some[0]), int(some[-1])
        low = self._edge(edges[first], edges[first + 1]) if first else edges[0]
        whole = last + 1 == masses.size
        high = edges[-1] if whole else self._edge(edges[last + 1], edges[last])
        edges = edges[first : last + 2].copy()
        edges[0], edges[-1] = low, high
        return Table(self._checked, edges, masses[first : last + 1])

    def _edge(self, zero: float, positive: float) -> float:
        """Bisect for the place where K stops being zero."""
        nodes = zero + (positive - zero) * np.linspace(0.0, 1.0, 257)
        inside = np.flatnonzero(self._checked(nodes) > 0.0)
        if inside.size == 0 or inside[0] == 0:
            return zero
        zero, positive = nodes[inside[0] - 1], nodes[inside[0]]
        for _ in range(60):
            middle = 0.5 * (zero + positive)
            if self._checked(np.array([middle]))[0] > 0.0:
                positive = middle
            else:
                zero = middle
        return float(positive)

    @functools.cached_property
    def _mass(self) -> float:
        return self._table.moment(0, 0.0)

    @functools.cached_property
    def _mirror(self) -> Table:
        return self._table.mirrored()

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of where K computes to more than zero; infinite on heavy sides."""
        edges = self._table.edges
        far = np.where(np.isin(np.abs(edges[[0, -1]]), OCTAVES), np.inf, 1.0)
        low, high = edges[[0, -1]] * far
        return float(low), float(high)

    def pdf(self, x: Floats) -> Floats:
        """Return K over its mass; where the table has ended, overflows count as 0."""
        x = np.asarray(x, dtype=np.float64)
        edges = self._table.edges
        outside = (x < edges[0]) | (x > edges[-1])
        inner = self._checked(np.where(outside, edges[0], x)) / self._mass
        if not outside.any():
            return inner
        values = self._values(np.where(outside, x, edges[0]))
        outer = np.where(np.isfinite(values) & np.isfinite(x), values, 0.0)
        return np.where(outside, np.maximum(outer, 0.0) / self._mass, inner)

    def logpdf(self, x: Floats) -> Floats:
        """Return the logarithm of the density."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.pdf(x)))

    def cdf(self, x: Floats) -> Floats:
        """Return the mass below x."""
        return _blocks(lambda u: self._table.cdf(u) / self._mass, x)

    def sf(self, x: Floats) -> Floats:
        """Return the mass above x."""
        return _blocks(lambda u: self._mirror.cdf(-u) / self._mass, x)

    def logcdf(self, x: Floats) -> Floats:
        """Return the logarithm of cdf; -inf where that is zero."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.cdf(x)))

    def logsf(self, x: Floats) -> Floats:
        """Return the logarithm of sf; -inf where that is zero."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.sf(x)))

    def ppf(self, q: Floats) -> Floats:
        """Return the inverse of cdf."""
        return _blocks(lambda p: self._table.ppf(p * self._mass), q)

    def isf(self, q: Floats) -> Floats:
        """Return the inverse of sf."""
        return _blocks(lambda p: -self._mirror.ppf(p * self._mass), q)

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Draw by inversion."""
        return self.ppf(rng.random(shape))

    def moments(self) -> tuple[float, float]:
        """Return mean and variance; nan or inf where there are none."""
        table = self._table
        if math.isinf(table.moment(1, 0.0)):
            return math.nan, math.inf
        parts = rule(lambda u: u * self._checked(u), table.edges[:-1], table.edges[1:])
        mean = math.fsum(parts) / self._mass
        return mean, table.moment(2, mean) / self._mass

    def spec(self) -> dict[str, Any]:
        """Refuse: code is not data."""
        name = f"the function {self.name}"
        raise unsaved(name)


def function_of(value: Any) -> Given:
    """Take a function; a class is none, and a distribution's class lacks parameters."""
    if isinstance(value, type) and hasattr(value, "icdf"):
        msg = f"`kernel` must be a distribution; got the class {value.__name__}. "
        raise ParzenError(msg + f"Make one: stats.{value.__name__}().")
    if not callable(value) or isinstance(value, type):
        raise unknown_name(value, kernel_names(), "kernel")
    return Given(value)


def _blocks(f: Function, x: Floats) -> Floats:
    """Call f on a few numbers at a time: each takes 20 values of the kernel."""
    x = np.asarray(x, dtype=np.float64)
    flat = x.ravel()
    parts = [f(flat[i : i + BLOCK]) for i in range(0, flat.size, BLOCK)]
    return np.concatenate([*parts, np.empty(0)]).reshape(x.shape)
