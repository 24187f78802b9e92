"""Sums over pairs of points: Gaussians of any covariance, and their gradients.

With the weights w of the points,

    S(Sigma) = sum_(i != j) w_i w_j phi_Sigma(z_i - z_j),
    dS / dSigma = 1/2 sum_(i != j) w_i w_j D^2 phi_Sigma(z_i - z_j).
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.bandwidth.matrix.differences import FEW_PAIRS, Pairs
from parzen.bandwidth.matrix.lags import Lags
from parzen.jit import compile_loop, exp2, maximum
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Part, Source
    from parzen.bandwidth.matrix.forms import Form

# Up to so many points, by d, pairs are summed one by one; where there is no number, for
# any number of points.
FEW = {2: 1000, 3: 3000}
# Kernels are cut at this many deviations along an axis, 6e-13 of the peak: the sums
# must be smooth enough for a search to find where they are least.
REACH = 7.5
# Rows of the triangle of pairs that one thread sums at a time.
BLOCK_ROWS = 256
# Partial sums over blocks that are kept until all are there.
MOST_SUMS = 128
# Exponents to base two that the compiled exponential takes.
LOWEST = -1000.0


class GaussianSum(NamedTuple):
    """A sum of Gaussians over pairs, and its gradient by the covariance."""

    value: float
    gradient: NDArray[np.float64]


def differences(form: Form, reach: float) -> Source:
    """Choose how pairs are told: one by one, or by lags of a grid within a reach.

    The reach is in units of `form.widest`.
    """
    return Lags.of(form, reach) if binned(form) else Pairs.of(form)


def binned(form: Form) -> bool:
    """Whether pairs of the points are told by lags of a grid."""
    return form.d in FEW and len(form.points) > FEW[form.d]


def peak(sigma: NDArray[np.float64]) -> float:
    """phi_Sigma(0)."""
    return float(np.linalg.det(2.0 * np.pi * sigma) ** -0.5)


def variance(
    matrix: NDArray[np.float64], n_eff: float
) -> tuple[float, NDArray[np.float64]]:
    """|4 pi H|^(-1/2) / n, the integrated variance, and its gradient by H."""
    value = peak(2.0 * matrix) / n_eff
    return value, np.asarray(-0.5 * value * np.linalg.inv(matrix))


def gaussian_sum(source: Source, sigma: NDArray[np.float64]) -> GaussianSum:
    """Sum phi_Sigma over all pairs of different points.

    Parameters
    ----------
    source : Source
        The pairs.
    sigma : ndarray of shape (d, d)
        A covariance.

    Returns
    -------
    GaussianSum
        Cost O(d^2) for each pair, 3 ns compiled with d = 2; or for each lag within
        reach. Memory of a few blocks.
    """
    value, gradient = 0.0, np.zeros_like(sigma)
    for part in source.parts:
        smoothed = sigma + part.blur**2 * np.eye(len(sigma))
        root = np.linalg.cholesky(smoothed)
        whitener = np.linalg.inv(root)
        if isinstance(part, Pairs) and part.count > FEW_PAIRS:
            mass, moments = _compiled(part, whitener)
        else:
            mass, moments = _plain(part, whitener, REACH * np.sqrt(np.diag(smoothed)))
        height = peak(smoothed)
        curvature = whitener.T @ (moments - mass * np.eye(len(sigma))) @ whitener
        value += height * mass
        gradient += 0.5 * height * curvature
    return GaussianSum(value, gradient)


def over_blocks(
    part: Part,
    reach: NDArray[np.float64],
    function: Callable[[NDArray[np.float64], NDArray[np.float64]], Any],
) -> Any:
    """Add up a function of differences and masses over the blocks, in their order.

    So many blocks in a row make a partial sum, that their number is bounded.
    """
    blocks = part.blocks(reach)
    row = -(-len(blocks) // MOST_SUMS)
    answers: list[Any] = [0.0] * -(-len(blocks) // row)

    def task(k: int) -> None:
        for block in blocks[k * row : (k + 1) * row]:
            answers[k] = answers[k] + function(*block())

    run_blocks(task, len(answers), part.n_jobs)
    return functools.reduce(lambda a, b: a + b, answers)


def _plain(
    part: Part, whitener: NDArray[np.float64], reach: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Sum exp(-|u|^2 / 2) and that times u u^T, u the whitened differences."""
    d = len(whitener)

    def moments(
        vectors: NDArray[np.float64], masses: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        u = vectors @ whitener.T
        terms = masses * np.exp(-0.5 * np.sum(u * u, axis=1))
        return np.append((u * terms[:, None]).T @ u, terms.sum())

    sums = over_blocks(part, reach, moments)
    return float(sums[-1]), sums[:-1].reshape(d, d)


def _compiled(
    pairs: Pairs, whitener: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Sum the same over all pairs, compiled; O(n) memory."""
    d = len(whitener)
    columns = np.ascontiguousarray(whitener @ pairs.points.T)
    n_blocks = -(-len(pairs.points) // BLOCK_ROWS)
    parts = np.zeros((n_blocks, d + 1, d))
    loop = _triangle_loop(d)

    def task(b: int) -> None:
        # the last rows, which have the most pairs, come first
        first = BLOCK_ROWS * (n_blocks - 1 - b)
        last = min(first + BLOCK_ROWS, len(pairs.points))
        loop(columns, pairs.weights, first, last, parts[b])

    run_blocks(task, n_blocks, pairs.n_jobs)
    sums = 2.0 * parts.sum(axis=0)
    lower = np.tril(sums[:d], -1)
    moments = lower + lower.T + np.diag(np.diag(sums[:d]))
    return float(sums[d, 0]) + pairs.coincident, moments


@functools.cache
def _triangle_loop(d: int) -> Any:
    """Compile the sum over pairs j < i for some rows i."""
    half_bits = -0.5 * math.log2(math.e)

    def loop(columns: Any, weights: Any, first: Any, last: Any, sums: Any) -> None:
        terms = np.empty(last)
        for i in range(first, last):
            for j in range(i):
                square = 0.0
                for k in range(d):
                    u = columns[k, i] - columns[k, j]
                    square += u * u
                terms[j] = weights[j] * exp2(maximum(half_bits * square, LOWEST))
            total = 0.0
            for j in range(i):
                total += terms[j]
            sums[d, 0] += weights[i] * total
            for k in range(d):
                for m in range(k + 1):
                    total = 0.0
                    for j in range(i):
                        u = columns[k, i] - columns[k, j]
                        total += terms[j] * u * (columns[m, i] - columns[m, j])
                    sums[k, m] += weights[i] * total

    return compile_loop(loop)
