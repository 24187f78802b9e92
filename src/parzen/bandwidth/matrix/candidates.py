"""The best of some bandwidths that the caller names."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix import sums
from parzen.bandwidth.matrix.differences import Pairs
from parzen.bandwidth.matrix.rounded import at_least, form_of
from parzen.bandwidth.solution import Solution
from parzen.errors import BandwidthError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.forms import Form
    from parzen.bandwidth.matrix.search import Criterion
    from parzen.sample import Sample

# Up to so many points, pairs are summed one by one where a grid does not resolve a
# candidate: 0.3 s for a sum on two axes.
EXACT = 20_000
# Mass that must be on the finest grid, for others smooth by a step.
NEAR = 0.99
# A grid is no finer than for this part of the width expected, on which it would lose
# far points; and wants so many times its narrowest width in any that it serves.
NARROWER, SPARE = 16.0, 2.0
# Heights of kernels, and their inverses, that leave room in the range of floats.
HIGHEST = 1e100


@dataclass(frozen=True, eq=False)
class Candidates(ReadOnly):
    """Bandwidths to choose from.

    Attributes
    ----------
    values : ndarray of shape (k,), (k, d) or (k, d, d)
        Widths, widths per axis or covariances, in units of the data.
    form : Form
        The coordinates they are compared in: full for covariances, else diagonal.
    """

    values: NDArray[np.float64]
    form: Form

    @classmethod
    def of(cls, sample: Sample, candidates: Any, n_jobs: Any = None) -> Candidates:
        """Take candidates of a shape that fits."""
        values = np.array(candidates, dtype=np.float64)
        name = "full" if values.ndim == 3 else "diagonal"
        return cls(values, form_of(sample, name, n_jobs))

    @cached_property
    def matrices(self) -> NDArray[np.float64]:
        """The matrices H_z, shape (k, d, d)."""
        with np.errstate(all="ignore"):
            return np.array([self.form.inverse(value) for value in self.values])

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """Smallest and largest width of each ellipsoid, (k, 2); NaN beyond floats."""
        widths = np.full((len(self.values), 2), np.nan)
        highest = HIGHEST ** (1.0 / self.form.d)
        for row, matrix in zip(widths, self.matrices, strict=True):
            if np.isfinite(matrix).all():
                least, most = np.linalg.eigvalsh(matrix)[[0, -1]]
                if highest**-2 < least and most < highest**2:
                    row[:] = math.sqrt(least), math.sqrt(most)
        return widths

    @cached_property
    def wide(self) -> NDArray[np.bool_]:
        """Which ones, (k,), are half a step wide along each rounded column."""
        least = 0.5 * self.form.steps
        name = self.form.name
        return np.array([at_least(v, least, name) is v for v in self.values])

    def best(
        self, make: Callable[[Source], Criterion], rule: str, pilot: float = 0.0
    ) -> Solution:
        """Take the one of least criterion, whose sums are smoothed by a pilot, too."""
        scores = self._scores(make, pilot)
        told = np.isfinite(scores)
        if not told.any():
            spreads = ", ".join(f"{s:.3g}" for s in self.form.units)
            msg = (
                f"none of the {len(scores)} `candidates` has a finite score beside the "
                f"standard deviations {spreads}. Give widths nearer to these."
            )
            raise BandwidthError(msg)
        fit = told & self.wide
        note = f"{rule}, the best of {len(scores)} candidates"
        if fit.any():
            best = int(np.argmin(np.where(fit, scores, np.inf)))
        else:
            # the least false
            best = int(np.nanargmax(np.where(told, self.widths[:, 0], np.nan)))
        narrow, lost = int((~self.wide).sum()), int((~told).sum())
        if narrow:
            note += f", {narrow} of them below half a step of the rounded columns"
        if lost:
            note += f", {lost} of them beyond the range of floats"
        value = self.values[best]
        return Solution(
            float(value) if self.values.ndim == 1 else value,
            note,
            bool(fit.any()),
            self.values,
            self.form.scores(scores),
        )

    def _scores(
        self, make: Callable[[Source], Criterion], pilot: float
    ) -> NDArray[np.float64]:
        """Criteria, (k,), by a grid where that resolves them, else by all pairs."""
        scores = np.full(len(self.values), np.inf)
        usable = np.isfinite(self.widths[:, 0])
        if not usable.any():
            return scores
        widths = np.hypot(self.widths[:, 0], pilot)
        source = self._differences(float(np.nanmin(widths)))
        blurred = usable & (widths < source.finest)
        few = len(self.form.points) <= EXACT
        if few and source.near < NEAR:
            blurred = usable
        if blurred.any() and not few:
            msg = (
                f"`candidates` for more than {EXACT:,} points must be at least "
                f"{source.finest:.2g} standard deviations wide in each direction, as a "
                f"grid resolves no less; got {widths[blurred].min():.2g}. Leave out "
                f"{blurred.sum()} of them."
            )
            raise BandwidthError(msg)
        for some, pairs in ((usable & ~blurred, source), (blurred, None)):
            if some.any():
                criterion = make(pairs or Pairs.of(self.form))
                scores[some] = [_told(criterion, h) for h in self.matrices[some]]
        return scores

    def _differences(self, narrowest: float) -> Source:
        """Differences that the candidates can be compared by, if a grid is so fine."""
        form, most = self.form, float(np.nanmax(self.widths))
        least = SPARE * max(narrowest, form.reference / NARROWER)
        # all lags of the points are enough
        most = min(most, float(np.ptp(form.points, axis=0).max()))
        return sums.differences(
            replace(form, least=least, most=most), 6.0 * math.sqrt(2.0)
        )


def _told(criterion: Criterion, matrix: NDArray[np.float64]) -> float:
    """Compute a criterion; infinity where floats cannot hold it."""
    try:
        with np.errstate(all="ignore"):
            score = criterion(matrix)[0]
    except np.linalg.LinAlgError:
        return math.inf
    return score if math.isfinite(score) else math.inf
