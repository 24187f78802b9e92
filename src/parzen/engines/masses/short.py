"""Masses of intervals that are short beside the bandwidth, by quadrature.

A difference of two cumulative sums cancels there. A Gauss-Legendre rule over the
density does not: it is exact where the kernels are polynomials, and beyond doubt where
they are analytic. Where the kernel of some point has a kink inside, that point's share
is taken out of the rule and put in exactly; such points lie about a support's radius
away, and are few because the interval is short.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.ragged import sum_ranges
from parzen.kernels.interval import interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

# Nodes of the rule and panels in the narrowest bandwidth: with both, exp(8 u) is right
# to 1e-16, and no log density is steeper so near to a point.
NODES = 10
PANELS = 4
# Bandwidths from the nearest point up to which that is so.
NEAR = 4.0
CUSPED = ("triangular", "tricube", "exponential")


@dataclass(frozen=True, eq=False)
class ShortMasses:
    """Integrate the density over intervals shorter than the narrowest bandwidth.

    Relatively accurate, to the error of the density. O(NODES) densities an interval,
    up to four times as many, and the points whose kernel has a kink inside.

    Attributes
    ----------
    problem : Problem
    density : Plan
    """

    problem: Problem
    density: Plan

    @cached_property
    def h(self) -> Floats:
        """Bandwidths, shape (n,) or ()."""
        local = self.problem.local
        width = self.problem.scale.widths[0]
        return np.asarray(width if local is None else width * local)

    @cached_property
    def places(self) -> Floats:
        """Where the kernels are centred, ascending."""
        return np.sort(self.problem.sample.points[:, 0])

    @cached_property
    def kinks(self) -> tuple[tuple[Floats, Indices], ...]:
        """Where kernels are no polynomial, ascending, and whose kernels these are."""
        kernel, x = self.problem.kernel, self.problem.sample.points[:, 0]
        offsets = [0.0] if kernel.name in CUSPED else []
        if np.isfinite(kernel.support):
            offsets += [-kernel.support, kernel.support]
        found = []
        for offset in offsets:
            at = x + offset * self.h
            order = np.argsort(at, kind="stable")
            found.append((at[order], order))
        return tuple(found)

    def serves(self, low: Floats, high: Floats) -> NDArray[np.bool_]:
        """Mark intervals (m,) that are short, and near enough to the data."""
        h = self.h.min()
        with np.errstate(invalid="ignore", over="ignore"):
            short = (high - low) <= (1.0 / PANELS if self.kinks else 1.0) * h
            if self.problem.kernel.name != "gaussian":
                # polynomials, or logarithms whose slope is at most one
                return np.asarray(short)
            after = np.searchsorted(self.places, low)
            last = self.places.size - 1
            before = low - self.places[np.clip(after - 1, 0, last)]
            beyond = self.places[np.clip(after, 0, last)] - high
            near = np.minimum(np.abs(before), np.abs(beyond)) <= NEAR * h
            return np.asarray(short & near)

    def mass(self, low: Floats, high: Floats) -> Floats:
        """Mass of such intervals (m,), shape (m,)."""
        masses = np.empty(low.shape)
        small = (high - low) <= self.h.min() / PANELS
        for some, panels in ((small, 1), (~small, PANELS)):
            if some.any():
                masses[some] = self._in_panels(low[some], high[some], panels)
        return masses

    def _in_panels(self, low: Floats, high: Floats, panels: int) -> Floats:
        """Cut each interval into as many panels."""
        nodes, shares = np.polynomial.legendre.leggauss(NODES)
        nodes = 0.5 * (nodes + 1.0)
        places = (np.arange(panels)[:, None] + nodes).ravel() / panels
        shares = np.tile(0.5 * shares / panels, panels)
        width = high - low
        at = low[:, None] + width[:, None] * places
        masses = width * (
            self.density.pdf(at.reshape(-1, 1)).reshape(at.shape) @ shares
        )
        spans = []
        for edges, _ in self.kinks:
            first = np.searchsorted(edges, low, side="left")
            spans.append((first, np.searchsorted(edges, high, side="right")))
        rule = places, shares
        for (_, owner), span in zip(self.kinks, spans, strict=True):
            masses += self._corrections(span, owner, (low, width), rule)
        return np.maximum(masses, 0.0)

    def _corrections(
        self,
        span: tuple[Indices, Indices],
        owner: Indices,
        interval: tuple[Floats, Floats],
        rule: tuple[Floats, Floats],
    ) -> Floats:
        """Exact shares of the points of ranges, less those that the rule gave them."""
        sample, kernel = self.problem.sample, self.problem.kernel
        (low, width), (places, shares) = interval, rule

        def term(query: Indices, rank: Indices) -> Floats:
            i = owner[rank]
            h = self.h[i] if self.h.ndim else self.h
            start, size = (low[query] - sample.points[i, 0]) / h, width[query] / h
            exact = interval_mass(kernel, start, start + size, size)
            nodes = start[:, None] + size[:, None] * places
            ruled = size * (kernel.pdf(nodes[..., None]) @ shares)
            weights = 1.0 / sample.n if sample.weights is None else sample.weights[i]
            return np.asarray((exact - ruled) * weights)

        return sum_ranges([span], term, self.problem.n_jobs)
