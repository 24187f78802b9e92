"""The best of some bandwidths that the caller names."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix import sums
from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.solution import Solution
from parzen.errors import BandwidthError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.search import Criterion
    from parzen.sample import Sample


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
    def of(cls, sample: Sample, candidates: Any) -> Candidates:
        """Check the shape of candidates."""
        values, d = np.array(candidates, dtype=np.float64), sample.d
        if not (values.ndim and values.shape[1:] in {(), (d,), (d, d)} and values.size):
            msg = (
                f"`candidates` must have the shape (k,), (k, {d}) or (k, {d}, {d}); "
                f"got {values.shape}. Give widths, widths per axis, or covariances."
            )
            raise BandwidthError(msg)
        return cls(values, Form.of(sample, "full" if values.ndim == 3 else "diagonal"))

    @cached_property
    def matrices(self) -> NDArray[np.float64]:
        """The matrices H_z, shape (k, d, d)."""
        return np.array([self.form.inverse(value) for value in self.values])

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """Smallest and largest width of each ellipsoid, shape (k, 2)."""
        return np.asarray(np.sqrt(np.linalg.eigvalsh(self.matrices)[:, [0, -1]]))

    def differences(self) -> Source:
        """Differences that the candidates can be compared by."""
        # two steps and more in the narrowest width, if there is room
        least = 2.0 * float(self.widths.min())
        form = replace(self.form, least=least, most=float(self.widths.max()))
        return sums.differences(form, 6.0 * math.sqrt(2.0))

    def best(self, criterion: Criterion, source: Source, rule: str) -> Solution:
        """Take the one of least criterion."""
        scores = np.array([criterion(matrix)[0] for matrix in self.matrices])
        best = int(np.argmin(scores))
        note = f"{rule}, the best of {len(scores)} candidates"
        blurred = self.widths[:, 0] < source.finest
        if blurred.any():
            note += f", {blurred.sum()} of them narrower than the binned data resolve"
        value = self.values[best]
        return Solution(
            float(value) if self.values.ndim == 1 else value,
            note,
            not bool(blurred[best]),
            self.values,
            self.form.scores(scores),
        )
