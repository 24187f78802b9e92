"""The data as the numerics see them: points, weights and their moments."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen import column
from parzen.checks import check_points, check_weights
from parzen.readonly import ReadOnly
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sample(ReadOnly):
    """Points with weights; immutable, and independent of the caller's arrays.

    Attributes
    ----------
    points : ndarray of shape (n, d)
        The data without points of weight zero, read-only.
    weights : ndarray of shape (n,) or None
        Probabilities that sum to one, read-only; None where all points count alike.
    flat : bool
        Whether the data came as a 1-D array, so that answers are 1-D too.
    columns : tuple of str or None
        Names of the columns, where the data came with names.
    rows : ndarray of shape (n,) or None
        Which rows of the caller's data the points are; None for all of them.
    n_given : int or None
        Rows of the caller's data, before any were left out or binned; None for n.
    effective : float or None
        Effective number of points where the weights cannot tell it: binned data.
    spacing : ndarray of shape (d,) or None
        Distance of neighbouring nodes, where the points are nodes of a grid.
    resolution : float
        Width of the bins that 1-D data came in; zero where they came as points.
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    flat: bool = False
    columns: tuple[str, ...] | None = None
    rows: NDArray[np.intp] | None = None
    n_given: int | None = None
    effective: float | None = None
    spacing: NDArray[np.float64] | None = None
    resolution: float = 0.0

    @classmethod
    def of(
        cls,
        x: Any,
        weights: Any = None,
        *,
        columns: Any = None,
        signed: bool = False,
    ) -> Sample:
        """Validate and copy `x` of shape (n,) or (n, d) and `weights` of shape (n,).

        Column names are taken from `x` unless given. Weights may be negative where
        `signed`; their sum may not.
        """
        points, flat = check_points(x)
        probabilities = check_weights(weights, len(points), signed=signed)
        names = _column_names(x) if columns is None else tuple(map(str, columns))
        sample = cls(points, probabilities, flat, names)
        if probabilities is None or probabilities.all():
            return sample
        # a point without weight must not count in n, nor stretch a grid
        return sample.take(probabilities != 0)

    def take(self, chosen: NDArray[np.bool_]) -> Sample:
        """Keep the points of a mask (n,), in their order; weights sum to one again."""
        rows = np.flatnonzero(chosen)
        weights = self.weights
        if weights is not None:
            lost = weights[~chosen].any()
            weights = weights[rows]
            # not needlessly: a division by 1.0000000000000002 moves all of them
            weights = weights / weights.sum() if lost else weights
        size, effective = self.size, self.effective
        if effective is not None:
            # nodes stand for points: those of the mass that is left
            kept = self.share(chosen)
            size, effective = max(1, round(kept * size)), kept * effective
        return replace(
            self,
            points=self.points[rows],
            weights=weights,
            rows=rows if self.rows is None else self.rows[rows],
            n_given=size,
            effective=effective,
        )

    @property
    def n(self) -> int:
        """Number of points."""
        return int(self.points.shape[0])

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return int(self.points.shape[1])

    @property
    def size(self) -> int:
        """Number of points the caller gave, before any were binned or left out."""
        return self.n_given or self.n

    @property
    def binned(self) -> bool:
        """Whether the points are nodes that stand for the caller's points."""
        return self.effective is not None

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """Weight of the points of a mask (n,); all points together weigh one."""
        if self.weights is None:
            # a mean of booleans converts them all, at ten times the time
            return int(np.count_nonzero(chosen)) / self.n
        return float(self.weights[chosen].sum())

    @cached_property
    def signed(self) -> bool:
        """Whether some weights are negative."""
        return self.weights is not None and bool((self.weights < 0).any())

    @cached_property
    def n_eff(self) -> float:
        """Effective number of points, (sum w)^2 / sum w^2 (Kish 1965)."""
        if self.effective is not None:
            return self.effective
        if self.weights is None:
            return float(self.n)
        return float(1.0 / np.sum(self.weights**2))

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Smallest value of each column, shape (d,)."""
        return np.array([axis.min() for axis in self.points.T])

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Largest value of each column, shape (d,)."""
        # column by column: a reduction of short rows takes ten times as long
        return np.array([axis.max() for axis in self.points.T])

    @cached_property
    def _exponents(self) -> NDArray[np.int64]:
        """Powers of two that bring each column near [-1, 1]: no overflow, no rounding.

        Shape (d,). Clipped, so that the powers themselves are normal floats.
        """
        exponents = np.frexp(np.maximum(-self.lower, self.upper))[1]
        return np.clip(exponents, -1022, 1022).astype(np.int64)

    @cached_property
    def _scaled_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean (d,) and covariance (d, d) of the columns scaled by `_exponents`."""
        if column.serves(self.points):
            return self._column_moments()
        scaled = times_power_of_two(self.points, -self._exponents)
        if self.weights is None:
            mean = scaled.mean(axis=0)
            scaled -= mean
            # the mean of the residuals is the rounding error of the mean
            mean += scaled.mean(axis=0)
            scaled -= scaled.mean(axis=0)
            covariance = scaled.T @ scaled / max(self.n - 1, 1)
        else:
            mean = self.weights @ scaled
            scaled -= mean
            correction = self.weights @ scaled
            mean += correction
            scaled -= correction
            freedom = 1.0 - 1.0 / self.n_eff
            covariance = (scaled * self.weights[:, None]).T @ scaled
            covariance /= freedom if freedom > 0 else 1.0
        return mean, (covariance + covariance.T) / 2

    def _column_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Compute the same for one long column, without a scaled copy of it."""
        factor = math.ldexp(1.0, -int(self._exponents[0]))
        mean, squares = column.moments(self.points.reshape(-1), self.weights, factor)
        freedom = self.n - 1.0 if self.weights is None else 1.0 - 1.0 / self.n_eff
        covariance = squares / (freedom if freedom > 0 else 1.0)
        return np.array([mean]), np.array([[covariance]])

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """Weighted mean, shape (d,)."""
        return np.ldexp(self._scaled_moments[0], self._exponents)

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """Unbiased weighted covariance, shape (d, d).

        Divides by 1 - sum w^2 for weights that sum to one, which is (n - 1)/n without
        weights. Columns near 1e154 or 1e-154 leave the range of floats: compare
        `correlation` and `std`, which do not.
        """
        exponents = self._exponents[:, None] + self._exponents
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.ldexp(self._scaled_moments[1], exponents))

    @cached_property
    def std(self) -> NDArray[np.float64]:
        """Weighted standard deviation of each column, shape (d,)."""
        # negative weights may leave no variance
        spread = np.sqrt(np.maximum(np.diag(self._scaled_moments[1]), 0.0))
        # rounding of the mean must not give a constant column a spread
        spread[self.lower == self.upper] = 0.0
        return np.ldexp(spread, self._exponents)

    @cached_property
    def correlation(self) -> NDArray[np.float64]:
        """Correlation of the columns, shape (d, d); NaN for a constant column."""
        covariance = self._scaled_moments[1]
        spread = np.sqrt(np.diag(covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(covariance / np.outer(spread, spread))

    def quantile(self, p: Any) -> NDArray[np.float64]:
        """Interpolate weighted quantiles of each column.

        The k-th smallest value stands at the probability
        (C_k - w_k/2 - w_1/2) / (W - w_1/2 - w_n/2), C the cumulative and W the total
        weight. Equal weights give (k - 1)/(n - 1), NumPy's default.

        Parameters
        ----------
        p : array_like of shape (k,)
            Probabilities in [0, 1].

        Returns
        -------
        quantiles : ndarray of shape (k, d)
            In the units of the data. Cost O(d n log n), without weights O(d n).
        """
        p = np.asarray(p, dtype=np.float64)
        if self.weights is None:
            if p.ndim == 1 and column.serves(self.points):
                return column.quantiles(self.points.reshape(-1), p)[:, None]
            return np.asarray(np.quantile(self.points, p, axis=0))
        columns = []
        for axis in self.points.T:
            # ties share their weight equally: neither the order of the input nor the
            # direction of the axis can matter
            values, group, count = np.unique(
                axis, return_inverse=True, return_counts=True
            )
            w = np.repeat(np.bincount(group, self.weights) / count, count)
            position = np.cumsum(w) - 0.5 * w
            position -= position[0]
            last = position[-1]
            position = position / last if last > 0 else position
            columns.append(np.interp(p, position, np.repeat(values, count)))
        return np.stack(columns, axis=-1)


def _column_names(x: Any) -> tuple[str, ...] | None:
    """Names of a data frame's columns, or the one name of a series."""
    columns = getattr(x, "columns", None)
    if columns is not None:
        return tuple(str(column) for column in columns)
    name = getattr(x, "name", None)
    return (name,) if isinstance(name, str) and hasattr(x, "dtype") else None
