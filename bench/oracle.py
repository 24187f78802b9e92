"""Exact log densities in plain NumPy, in extended precision; shares no code with us."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LONG = np.longdouble
# Numbers in one temporary array.
BLOCK = 1 << 19


def _inside(s: Any, value: Any) -> Any:
    """Logarithm of a profile inside the unit ball, -inf outside."""
    return np.where(s < 1, np.log(np.where(s < 1, value, 1)), -np.inf)


# Name: 1-D mass, and the logarithm of the profile at s = r^2.
KERNELS: dict[str, tuple[float, Any]] = {
    "gaussian": (math.sqrt(2 * math.pi), lambda s: -s / 2),
    "epanechnikov": (4 / 3, lambda s: _inside(s, 1 - s)),
    "tophat": (2.0, lambda s: _inside(s, np.ones_like(s))),
    "triangular": (1.0, lambda s: _inside(s, 1 - np.sqrt(s))),
    "biweight": (16 / 15, lambda s: _inside(s, (1 - s) ** 2)),
    "triweight": (32 / 35, lambda s: _inside(s, (1 - s) ** 3)),
    "tricube": (81 / 70, lambda s: _inside(s, (1 - s * np.sqrt(s)) ** 3)),
    "cosine": (4 / math.pi, lambda s: _inside(s, np.cos(LONG(np.pi) / 2 * np.sqrt(s)))),
    "exponential": (2.0, lambda s: -np.sqrt(s)),
    "logistic": (
        4.0,
        lambda s: 2 * np.log(LONG(2)) - np.sqrt(s) - 2 * np.log1p(np.exp(-np.sqrt(s))),
    ),
    "cauchy": (math.pi, lambda s: -np.log1p(s)),
}


def whitened(bandwidth: ArrayLike, *arrays: ArrayLike) -> tuple[Any, ...]:
    """Return arrays (n, d) in units of the bandwidth, and the log of its volume.

    The bandwidth is a width or a covariance matrix.
    """
    given = np.asarray(bandwidth, dtype=LONG)
    points = [np.asarray(array, dtype=LONG) for array in arrays]
    points = [array.reshape(len(array), -1) for array in points]
    d = points[0].shape[1]
    if given.ndim == 0:
        return (*(array / given for array in points), d * np.log(given))
    root = np.zeros((d, d), dtype=LONG)  # LAPACK knows no extended precision
    for i in range(d):
        for j in range(i + 1):
            rest = given[i, j] - root[i, :j] @ root[j, :j]
            root[i, j] = np.sqrt(rest) if i == j else rest / root[j, j]
    for array in points:
        for k in range(d):
            array[:, k] = (array[:, k] - array[:, :k] @ root[k, :k]) / root[k, k]
    return (*points, np.log(np.diag(root)).sum())


def square_distances(queries: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Return all squared distances, shape (m, n), from differences."""
    total = np.zeros((len(queries), len(points)), dtype=LONG)
    for q, x in zip(queries.T, points.T, strict=True):
        total += (q[:, None] - x) ** 2
    return total


def log_mean_exp(terms: NDArray[Any]) -> NDArray[Any]:
    """Return the logarithm of the mean of exp(terms) over the last axis."""
    top = terms.max(axis=-1, keepdims=True)
    base = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(terms - base).mean(axis=-1)) + base[..., 0]


def log_density(
    queries: ArrayLike,
    points: ArrayLike,
    bandwidth: ArrayLike,
    kernel: str = "gaussian",
) -> NDArray[Any]:
    """Return exact log densities; kernels other than the Gaussian in 1-D only."""
    q, x, log_volume = whitened(bandwidth, queries, points)
    mass, profile = KERNELS[kernel]
    result = np.empty(len(q), dtype=LONG)
    rows = max(1, BLOCK // len(x))
    for start in range(0, len(q), rows):
        some = slice(start, start + rows)
        result[some] = log_mean_exp(profile(square_distances(q[some], x)))
    return result - x.shape[1] * np.log(LONG(mass)) - log_volume


def local_log_density(
    queries: ArrayLike, points: ArrayLike, widths: ArrayLike, kernel: str = "gaussian"
) -> NDArray[Any]:
    """Return exact log densities in 1-D with a bandwidth for each point."""
    q, x, h = (np.asarray(array, dtype=LONG) for array in (queries, points, widths))
    mass, profile = KERNELS[kernel]
    result = np.empty(len(q), dtype=LONG)
    rows = max(1, BLOCK // len(x))
    for start in range(0, len(q), rows):
        some = slice(start, start + rows)
        terms = profile(((q[some, None] - x) / h) ** 2) - np.log(h)
        result[some] = log_mean_exp(terms)
    return result - np.log(LONG(mass))


def largest_error(answer: ArrayLike, exact: ArrayLike) -> float:
    """Return the largest |answer - exact|; equal infinities agree, NaN is infinite."""
    exact = np.asarray(exact, dtype=LONG)
    answer = np.asarray(answer, dtype=LONG)
    with np.errstate(invalid="ignore"):
        difference = np.where(answer == exact, 0, np.abs(answer - exact))
    return float(np.where(np.isnan(difference), np.inf, difference).max())


def _lower_gaussian(u: Any) -> Any:
    """Mass of the standard normal below u; C's erfc keeps its digits in the tail."""
    values = [0.5 * math.erfc(-v) for v in (np.asarray(u, float) / math.sqrt(2)).flat]
    return np.reshape(values, u.shape)


def _lower_epanechnikov(u: Any) -> Any:
    y = np.clip(u, -1, 1) + 1
    return y * y * (3 - y) / 4


LOWER = {"gaussian": _lower_gaussian, "epanechnikov": _lower_epanechnikov}


def masses_below(
    x: ArrayLike, q: ArrayLike, h: float, kernel: str
) -> NDArray[np.longdouble]:
    """Exact masses below queries (m,) of an unweighted 1-D density."""
    points, queries = np.asarray(x, dtype=LONG), np.asarray(q, dtype=LONG)
    return np.array([LOWER[kernel]((one - points) / h).mean() for one in queries])
