"""Truncated distributions: what lies inside of boxes, normalised there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.distribution.algebra import refuse_line
from parzen.distribution.boxes import along_axes, contains, intersect, mapped
from parzen.distribution.distribution import Distribution
from parzen.distribution.primitives import Panels
from parzen.distribution.rejection import LEAST_CHANCE, inverted, keep
from parzen.distribution.slices import box_covariance, box_moments, line_moments
from parzen.errors import CapabilityError, DataError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Shares below are no normal numbers, or near: densities are divided in logarithms.
SMALLEST_SHARE = 1e-280
# Beyond e^-40 of the mass nothing is left to see.
FAR_TAIL = -40.0
# A panel bears so many powers of e, and there are so many panels in a tail.
STEEPEST, MOST_PANELS = 8.0, 1024


def log_masses(part: Distribution, boxes: Floats) -> Floats:
    """Logarithm of the mass in each of the boxes (k, d, 2), shape (k,)."""
    lower, upper = boxes[..., 0].copy(), boxes[..., 1].copy()
    if part.n_axes == 1:
        return part._log_mass(lower, upper)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(part._mass(lower, upper)))


def log_share(part: Distribution, boxes: Floats) -> float:
    """Logarithm of the mass in boxes, which do not overlap."""
    return float(np.logaddexp.reduce(log_masses(part, boxes)))


def empty(boxes: Floats) -> DataError:
    """Make the error for boxes without mass."""
    ends = boxes.tolist()
    msg = f"`bounds` must hold some of the distribution; got {ends}, which hold none. "
    return DataError(msg + "Widen them, or check the units.")


@dataclass(frozen=True, eq=False, repr=False)
class Truncated(ReadOnly, Distribution):
    """A distribution within boxes: normalised there, and zero outside.

    Made by `truncate`, of what has no closed form within bounds.

    Attributes
    ----------
    source : Distribution
        The distribution without these bounds.
    boxes : ndarray of shape (k, d, 2)
        Lower and upper ends, which may be infinite; in rising order where k > 1.
    """

    source: Distribution
    boxes: Floats

    def __post_init__(self) -> None:
        """Check that there is mass inside."""
        super().__post_init__()
        self._need_positive("truncate")
        if not np.isfinite(self._log_share):
            raise empty(self.boxes)

    @property
    def n_axes(self) -> int:
        """Number of dimensions, d."""
        return self.source.n_axes

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where the data had names."""
        return self.source.columns

    @property
    def bounds(self) -> Any:
        """Where the distribution is normalised, and zero outside.

        A pair for 1-D data, else one for each axis; a list where there are several
        ranges.
        """
        if self.n_axes > 1:
            return [tuple(pair) for pair in self.boxes[0].tolist()]
        ranges = [tuple(box[0]) for box in self.boxes.tolist()]
        return ranges if len(ranges) > 1 else ranges[0]

    def __repr__(self) -> str:
        """Name the distribution and the bounds."""
        return f"Truncated({self.source!r}, bounds={self.bounds})"

    @cached_property
    def _log_masses(self) -> Floats:
        """Logarithm of what the source has in each box, shape (k,)."""
        return log_masses(self.source, self.boxes)

    @cached_property
    def _log_share(self) -> float:
        """Logarithm of what the source has in all boxes."""
        return float(np.logaddexp.reduce(self._log_masses))

    @property
    def _share(self) -> float:
        return float(np.exp(self._log_share))

    @property
    def _flat(self) -> bool:
        return self.source._flat

    @property
    def _signed(self) -> bool:
        return self.source._signed

    @property
    def _tolerance(self) -> float:
        return self.source._tolerance

    def _inside(self, q: Floats, name: str, outside: float, *args: Any) -> Floats:
        """Ask the source inside, and answer the same everywhere outside."""
        there = contains(self.boxes, q)
        values = np.asarray(getattr(self.source, name)(q[there], *args))
        answer = np.full((len(q), *values.shape[1:]), outside)
        answer[there] = values
        return answer

    def _pdf(self, q: Floats) -> Floats:
        if self._share < SMALLEST_SHARE:
            return np.asarray(np.exp(self._logpdf(q)))
        return self._inside(q, "_pdf", 0.0) / self._share

    def _logpdf(self, q: Floats) -> Floats:
        return self._inside(q, "_logpdf", -np.inf) - self._log_share

    def _mass(self, lower: Floats, upper: Floats) -> Floats:
        if self._share < SMALLEST_SHARE and self.n_axes == 1:
            return np.asarray(np.exp(self._log_mass(lower, upper)))
        total = np.zeros(len(lower))
        for low, high, some in self._pieces(lower, upper):
            total[some] += self.source._mass(low, high)
        return np.asarray(np.minimum(total / self._share, 1.0))

    def _log_mass(self, lower: Floats, upper: Floats) -> Floats:
        total = np.full(len(lower), -np.inf)
        for low, high, some in self._pieces(lower, upper):
            part = self.source._log_mass(low, high)
            total[some] = np.logaddexp(total[some], part)
        return np.asarray(np.minimum(total - self._log_share, 0.0))

    def _pieces(self, lower: Floats, upper: Floats) -> Any:
        """Yield where boxes with ends (m, d) meet each of ours, and which do."""
        for box in self.boxes:
            low, high = np.maximum(lower, box[:, 0]), np.minimum(upper, box[:, 1])
            some = (low < high).all(axis=1)
            if some.any():
                yield low[some], high[some], some

    def _derivative(self, q: Floats, order: int) -> Floats:
        return self._inside(q, "_derivative", 0.0, order) / self._share

    def _gradient(self, q: Floats) -> Floats:
        return self._inside(q, "_gradient", 0.0) / self._share

    def _score(self, q: Floats) -> Floats:
        return self._inside(q, "_score", np.nan)

    def _draw(self, count: int, rng: np.random.Generator) -> Floats:
        if self.n_axes == 1 and self._share < LEAST_CHANCE:
            return inverted(self, rng.random(count))
        return self._accepted("_draw", count, rng)

    def _draw_qmc(self, count: int, rng: np.random.Generator) -> Floats:
        """Invert evenly spread probabilities on a line; else keep what is inside."""
        if self.n_axes > 1:
            return self._accepted("_draw_qmc", count, rng)
        from scipy.stats import qmc

        # powers of two alone are balanced: draw up to one, and warn of none
        order = max(count - 1, 0).bit_length()
        u = qmc.Sobol(1, rng=rng).random_base2(order)[:count, 0]
        return inverted(self, u)

    def _accepted(self, name: str, count: int, rng: np.random.Generator) -> Floats:
        """Draw from the source and keep what is inside."""

        def propose(some: int) -> Floats:
            draws = getattr(self.source, name)(some, rng)
            return np.asarray(draws[contains(self.boxes, draws)])

        return keep(count, self.n_axes, self._share, propose)

    def _raw_moments(self, order: int, centre: Floats) -> Floats:
        self._refuse_space()
        if self.n_axes > 1:
            return box_moments(self, order, centre)
        moments = line_moments(self._pdf, self._panels().edges, order, centre)
        below, above = np.isinf(self.boxes[0, 0, 0]), np.isinf(self.boxes[-1, 0, 1])
        if below or above:
            source = self.source._raw_moments(order, centre)
            lost = ~np.isfinite(source[:, 0])
            odd = np.arange(order + 1) % 2 == 1
            # an open side has no such moment; on both, odd ones are not defined
            lower = np.where(odd, -np.inf, np.inf) if below else 0.0
            with np.errstate(invalid="ignore"):
                infinite = lower + np.full(order + 1, np.inf if above else 0.0)
            moments[lost, 0] = infinite[lost]
        return moments

    def _covariance(self) -> Floats:
        self._refuse_space()
        if self.n_axes > 1:
            return box_covariance(self)
        centre = self._raw_moments(1, self._extent()[0])[1] + self._extent()[0]
        first, second = self._raw_moments(2, centre)[1:, 0]
        return np.array([[second - first**2]])

    def _refuse_space(self) -> None:
        """Raise `CapabilityError` for moments that need too many masses of boxes."""
        if self.n_axes > 2:
            msg = (
                "moments of a truncated density are integrals over masses of boxes, in "
            )
            msg += f"up to 2 dimensions; got {self.n_axes}. Ask `expect(lambda x: x)`, "
            raise CapabilityError(msg + "or take them of a `sample`.")

    def _support(self) -> tuple[Floats, Floats]:
        lower, upper = self.source._support()
        low, high = self.boxes[0, :, 0], self.boxes[-1, :, 1]
        return np.maximum(lower, low), np.minimum(upper, high)

    def _extent(self) -> tuple[Floats, Floats]:
        """Clip that of the source; beyond it, take what is next to it."""
        lower, upper = self.source._extent()
        if self.n_axes == 1 and self._share < LEAST_CHANCE:
            edges = self._panels().edges
            return edges[:1].copy(), edges[-1:].copy()
        low, high = self.boxes[0, :, 0], self.boxes[-1, :, 1]
        room = upper - lower
        lower, upper = np.maximum(lower, low), np.minimum(upper, high)
        beside = upper <= lower
        above = beside & (lower == low)
        upper = np.where(above, np.minimum(high, lower + room), upper)
        below = beside & ~above
        return np.where(below, np.maximum(low, upper - room), lower), upper

    def _panels(self) -> Panels:
        """Cut those of the source at our ends; in a far tail lay some."""
        if self.n_axes > 1:
            raise refuse_line()
        edges, kinked = self.source._panels()
        parts = [self._edges_of(box[0], edges) for box in self.boxes]
        return Panels(np.unique(np.concatenate(parts)), kinked)

    def _edges_of(self, box: Floats, edges: Floats) -> Floats:
        """Edges of one range: those of the source, and more beyond the outermost."""
        low, high = float(box[0]), float(box[1])
        inner = edges[(edges > low) & (edges < high)]
        ends = box[np.isfinite(box)]
        step = float(self._narrowest()[0])
        if low >= edges[-1] or (np.isfinite(low) and not len(inner)):
            ends = np.append(ends, self._outward(low, high, 0.25 * step))
        elif high <= edges[0]:
            ends = np.append(ends, self._outward(high, low, -0.25 * step))
        return np.unique(np.concatenate([inner, ends]))

    def _outward(self, start: float, stop: float, step: float) -> Floats:
        """Edges from an end into the tail beyond it, while there is mass to speak of.

        A panel loses a factor of e^8 at most, as a Gauss-Legendre rule bears.
        """

        def left(x: float) -> float:
            ends = np.array([[min(x, stop)]]), np.array([[max(x, stop)]])
            return float(self.source._log_mass(*ends)[0])

        least = 1e-6 * abs(step)
        found, x, whole = [], start, left(start)
        mass = whole
        for _ in range(MOST_PANELS):
            y = x + step
            if not min(start, stop) < y < max(start, stop):
                break
            after = left(y)
            if mass - after > STEEPEST and abs(step) > least:
                step *= 0.25
                continue
            found.append(y)
            if after < whole + FAR_TAIL:
                break
            step *= 1.5 if mass - after < 0.25 * STEEPEST else 1.0
            x, mass = y, after
        return np.array(found)

    @property
    def _jumps(self) -> bool:
        return self.source._jumps

    @property
    def _noise(self) -> float:
        return self.source._noise / max(self._share, SMALLEST_SHARE)

    def _narrowest(self) -> Floats:
        return self.source._narrowest()

    def _marginal(self, axes: tuple[int, ...]) -> Distribution:
        """Drop axes that have no bounds; bounds there would weigh the rest anew."""
        dropped = [k for k in range(self.n_axes) if k not in axes]
        if np.isfinite(self.boxes[:, dropped]).any():
            msg = "`dims` must hold all axes that are truncated; those left out have "
            msg += f"the bounds {self.boxes[0, dropped].tolist()}. Truncate after "
            raise CapabilityError(msg + "`marginal`, or use boundary=None.")
        return self.source._marginal(axes)._truncate(self.boxes[:, list(axes)].copy())

    def _conditional(self, axes: tuple[int, ...], values: Floats) -> Distribution:
        given = self.boxes[:, list(axes)]
        if not contains(given, values[None]).any():
            msg = f"`values` must lie within the bounds {given[0].tolist()}; got "
            raise DataError(msg + f"{values.tolist()}. The density is zero there.")
        source = self.source._conditional(axes, values)
        rest = [k for k in range(self.n_axes) if k not in axes]
        boxes = self.boxes[:, rest].copy()
        return source if np.isinf(boxes).all() else source._truncate(boxes)

    def _affine(self, scale: Floats, shift: Floats) -> Distribution:
        columns, factors = along_axes(scale, "the bounds")
        boxes = mapped(self.boxes[:, columns], factors, shift)
        return self.source._affine(scale, shift)._truncate(boxes)

    def _truncate(self, boxes: Floats) -> Distribution:
        return Truncated(self.source, intersect(self.boxes, boxes))
