"""Log densities of points by the others: leave-one-out, and folds held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.engines.neighbour_sums import cloud_sums, neighbour_sums
from parzen.engines.shared_sums import SharedSums
from parzen.errors import DataError
from parzen.kernels import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample
    from parzen.scale import Scale

# Up to so many points, sums at many widths share their distances.
FEW = 4096
# Relative error of a fast sum; where the own part of a point is more than LONELY of it,
# the others are summed apart.
RTOL = 1e-9
LONELY = 0.9
# A point on a line stands alone where those so many places before and after it are more
# than four widths apart.
NEAR = 4


class Split(NamedTuple):
    """Rows to fit on and rows to test."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


def splits_of(folds: Any, sample: Sample) -> list[Split] | None:
    """Turn the `folds` argument into splits; None for leave-one-out.

    An integer cuts the points, as they come, into so many folds of nearly equal size. A
    splitter of scikit-learn is asked to split the points. Pairs of train and test rows
    count as the caller does, who may have given rows that are no points of the sample.

    Raises
    ------
    DataError
        If there are fewer than two folds, or more than points, or a part is empty.
    """
    n = sample.n
    if folds is None:
        return None
    if isinstance(folds, (int, np.integer)) and not isinstance(folds, bool):
        if not 2 <= folds <= n:
            msg = f"`folds` must be from 2 to the number of points; got {folds} for "
            raise DataError(msg + f"{n} points. Pass None for leave-one-out.")
        rows = np.arange(n)
        tests = np.array_split(rows, int(folds))
        return [Split(np.delete(rows, test), test) for test in tests]
    if isinstance(folds, str) or not (
        hasattr(folds, "split") or hasattr(folds, "__iter__")
    ):
        msg = (
            "`folds` must be an integer, a splitter with a method `split`, or pairs of "
            f"train and test rows; got {folds!r}. Pass None for leave-one-out."
        )
        raise DataError(msg)
    if hasattr(folds, "split"):
        splits = [_checked(pair, n) for pair in folds.split(sample.points)]
    else:
        given = [_checked(pair, sample.size) for pair in folds]
        splits = [Split(*(_kept(rows, sample) for rows in pair)) for pair in given]
    if not splits or not all(part.size for split in splits for part in split):
        msg = "`folds` must leave points on both sides of each split; got an empty "
        raise DataError(msg + "side, or no split. Use fewer folds.")
    return splits


def _kept(rows: NDArray[np.intp], sample: Sample) -> NDArray[np.intp]:
    """Turn the caller's rows into places in the sample, without those left out."""
    if sample.rows is None:
        return rows
    places = np.full(sample.size, -1)
    places[sample.rows] = np.arange(sample.n)
    there: NDArray[np.intp] = places[rows]
    return there[there >= 0]


def _checked(pair: Any, n: int) -> Split:
    """Validate the rows of one split."""
    try:
        train, test = (np.arange(n)[np.asarray(part)] for part in pair)
    except (TypeError, ValueError, IndexError):
        msg = f"`folds` must yield pairs of train and test rows below {n}; got "
        raise DataError(msg + f"{pair!r}. See scikit-learn's KFold.") from None
    return Split(np.atleast_1d(train), np.atleast_1d(test))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Log densities of the points held out, at any bandwidth.

    To leave out one point at a time is to have a split for each point; of points on a
    line in rising order.

    Attributes
    ----------
    sample : Sample
        Neither signed nor binned.
    kernel : Kernel or DistributionKernel
    splits : list of Split or None
        None leaves one point out at a time.
    n_jobs : int or None
    """

    sample: Sample
    kernel: AnyKernel
    splits: list[Split] | None
    n_jobs: Any = None

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """Number of points tested in each split, of weighted ones in mean weights."""
        n, weights = self.sample.n, self.sample.weights
        if self.splits is None:
            weights = self._ordered.weights
            return np.ones(n) if weights is None else n * weights
        if weights is None:
            return np.array([float(len(split.test)) for split in self.splits])
        return np.array([n * float(weights[s.test].sum()) for s in self.splits])

    def scores(self, scale: Scale, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted mean log density of the points held out.

        Parameters
        ----------
        scale : Scale
            A of the bandwidths A times a factor.
        factors : ndarray of shape (k,)
            In any order.

        Returns
        -------
        ndarray of shape (k, s)
            For each factor and split; -inf where a point lies out of reach of all
            others. Cost about O(k n) where a fast engine serves the
            kernel, by direct sums O(n^2 (d + k)) a split; memory O(n k).
        """
        order = np.argsort(-factors, kind="stable")
        falling = factors[order]
        if self.splits is None:
            found = self._leave_one_out(scale, falling)
        else:
            columns = [self._fold(scale, falling, split) for split in self.splits]
            found = np.stack(columns, axis=1)
        scores = np.empty_like(found)
        scores[order] = found
        return scores

    def means(self, scale: Scale, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean log density over the points of all splits, shape (k,)."""
        return np.asarray(self.scores(scale, factors) @ self.sizes / self.sizes.sum())

    @cached_property
    def _ordered(self) -> Sample:
        """The points of a line in rising order, so that neighbours lie side by side."""
        sample = self.sample
        if sample.d > 1:
            return sample
        if sample.weights is None:
            return replace(sample, points=np.sort(sample.points, axis=0))
        order = np.argsort(sample.points[:, 0])
        weights = sample.weights[order]
        return replace(sample, points=sample.points[order], weights=weights)

    def _leave_one_out(
        self, scale: Scale, factors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log density at each ordered point by all the others, shape (k, n)."""
        data = self._ordered
        weights, x = data.weights, data.points
        left = np.log(_others(data))
        if not self._fast(data, scale.times(float(factors[0]))):
            sums = SharedSums(self.kernel, x, weights, scale, factors, self.n_jobs)
            return np.asarray(sums.logs(x, np.arange(data.n)) - left)
        each = [self._all_but_own(scale.times(h)) for h in factors.tolist()]
        return np.stack(each) - left

    def _all_but_own(self, scale: Scale) -> NDArray[np.float64]:
        """Log sum at each ordered point without its own part, (n,), by a fast engine.

        Where the own part leaves too little, the sum over the others is made apart.
        """
        data, kernel = self._ordered, self.kernel
        x, weights = data.points, data.weights
        alone = np.zeros(data.n, dtype=bool)
        if data.d == 1:
            # the engine would find the same, at more cost
            alone[:NEAR] = alone[-NEAR:] = True
            reach = x[2 * NEAR :, 0] - x[: -2 * NEAR, 0]
            alone[NEAR:-NEAR] = reach > 4.0 * scale.widths[0]
        problem = Problem(data, kernel, scale, RTOL, n_jobs=self.n_jobs)
        crowd = np.flatnonzero(~alone)
        f = planner.plan(problem, planner.decide(problem, "auto")).pdf(x[crowd])
        heights = np.full(data.n, 1.0 / data.n) if weights is None else weights
        own = problem.peak * heights[crowd]
        alone[crowd] = ~(own < LONELY * f)
        logs = np.empty(data.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs[crowd] = np.log(f - own)
        rows = np.flatnonzero(alone)
        if not rows.size:
            return logs
        if data.d == 1 and isinstance(kernel, Kernel):
            width = float(scale.widths[0])
            logs[rows] = neighbour_sums(kernel, x[:, 0], weights, width, rows)
        elif kernel.name == "gaussian":
            u = scale.to_kernel_units(x)
            logs[rows] = cloud_sums(u, weights, rows, self.n_jobs) + problem.log_peak
        else:
            one = np.ones(1)
            sums = SharedSums(kernel, x, weights, scale, one, self.n_jobs)
            logs[rows] = sums.logs(x[rows], rows)[0]
        return logs

    def _fold(
        self, scale: Scale, factors: NDArray[np.float64], split: Split
    ) -> NDArray[np.float64]:
        """Mean log density of the test rows by the train rows, (k,)."""
        train, test = split
        sample, weights = self.sample, self.sample.weights
        given = None if weights is None else weights[train] / weights[train].sum()
        part = replace(
            sample, points=sample.points[train], weights=given, rows=None, n_given=None
        )
        q = sample.points[test]
        if self._fast(part, scale.times(float(factors[0]))):
            logs = np.stack(
                [self._by_engine(part, scale.times(h), q) for h in factors.tolist()]
            )
        else:
            points = part.points
            logs = SharedSums(
                self.kernel, points, given, scale, factors, self.n_jobs
            ).logs(q)
        return _means(logs, None if weights is None else weights[test])

    def _by_engine(
        self, part: Sample, scale: Scale, q: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log density of some points at q."""
        problem = Problem(part, self.kernel, scale, RTOL, n_jobs=self.n_jobs)
        return planner.plan(problem, planner.decide(problem, "auto")).logpdf(q)

    def _fast(self, sample: Sample, scale: Scale) -> bool:
        """Whether an engine is faster than the direct sum."""
        if sample.n <= FEW or not isinstance(self.kernel, Kernel):
            return False
        problem = Problem(sample, self.kernel, scale, RTOL)
        return planner.decide(problem, "auto").method != "direct"


def _means(
    logs: NDArray[np.float64], weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Weighted means of the rows of (k, m); -inf where any is."""
    if weights is None:
        return np.asarray(logs.mean(axis=1))
    return np.asarray(logs @ weights / weights.sum())


def _others(sample: Sample) -> NDArray[np.float64]:
    """Weight of all the other points, for each point, shape (n,)."""
    if sample.weights is None:
        return np.full(sample.n, 1.0 - 1.0 / sample.n)
    others = 1.0 - sample.weights
    heaviest = int(np.argmax(sample.weights))
    # beside one that weighs next to all, the rest would be lost in rounding
    others[heaviest] = np.delete(sample.weights, heaviest).sum()
    return others
