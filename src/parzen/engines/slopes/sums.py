"""Compiled loops of gradients: kernels and what they pull, in one pass over the pairs.

For each query and tile of points: differences in bandwidths, the log kernel, and sums
of 2^(exponent - largest so far) times one and times the gradient of the log kernel, so
that one exponential serves the density and all axes, in any tail.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.jit import compile_loop, exp2, jitable, maximum
from parzen.kernels.profiles import (
    BIWEIGHT,
    CAUCHY,
    COSINE,
    EPANECHNIKOV,
    EXPONENTIAL,
    GAUSSIAN,
    LOG2_E,
    LOGISTIC,
    TRIANGULAR,
    TRICUBE,
    TRIWEIGHT,
    decay,
    factor,
)
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Points in one tile: differences on a few axes and two rows stay in first-level cache.
TILE = 320
# Pairs in one block of work.
BLOCK_PAIRS = 1 << 19
# Tiles whose every term is below 2^-cut of the sum so far change no bit of it.
NEGLIGIBLE_BITS = 70.0
# Radii are at least this where something is divided by them; there, all is zero.
LEAST = 1e-290


class Pairs(NamedTuple):
    """Points as the loop takes them.

    Attributes
    ----------
    points : ndarray of shape (d, n)
    inverse : ndarray of shape (d,)
        What turns differences of coordinates into bandwidths.
    narrow : ndarray of shape (n,) or (0,)
        One over the local factor of each point's bandwidth.
    weights : ndarray of shape (n,)
        Weights over the volume of local bandwidths; base-2 logarithms of it where the
        support is not compact.
    """

    points: Floats
    inverse: Floats
    narrow: Floats
    weights: Floats


class Sums(NamedTuple):
    """Sums in units of 2^reference: of terms (m,), and of terms times slopes (m, d)."""

    reference: Floats
    total: Floats
    slopes: Floats


@jitable
def pulled(code: int, s: Any, d: int) -> Any:  # noqa: PLR0911 - a profile each
    """Return phi'(r) / (r phi(r)) at s = r^2; of compact kernels phi'(r) / r."""
    if code == GAUSSIAN:
        return -1.0
    if code == CAUCHY:
        return -(d + 1.0) / (1.0 + s)
    if code == EPANECHNIKOV:
        return (s < 1.0) * -2.0
    t = np.minimum(s, 1.0)
    if code == BIWEIGHT:
        return -4.0 * (1.0 - t)
    if code == TRIWEIGHT:
        return -6.0 * (1.0 - t) * (1.0 - t)
    r = np.sqrt(np.maximum(s, LEAST))
    if code == EXPONENTIAL:
        return -1.0 / r
    if code == LOGISTIC:
        tail = exp2(np.maximum(r * -LOG2_E, -1000.0))
        return -(1.0 - tail) / ((1.0 + tail) * r)
    if code == TRIANGULAR:
        return (s < 1.0) * -1.0 / r
    if code == TRICUBE:
        root = np.sqrt(t)
        v = (1.0 - root) * (1.0 + root + t)
        return -9.0 * root * v * v
    if code == COSINE:
        return (s < 1.0) * (-0.5 * math.pi) * np.sin(0.5 * math.pi * np.sqrt(t)) / r
    return 0.0


@functools.cache
def slope_loop(code: int, d: int, product: int, local: int, compact: int) -> Any:
    """Compile the sums over ranges of points, for kernels with a compiled profile.

    `d` is the dimension that the profile depends on.
    """
    bounded = int(compact or code == LOGISTIC)

    def loop(
        queries: Any,
        points: Any,
        inverse: Any,
        narrow: Any,
        weights: Any,
        first: Any,
        last: Any,
        reference: Any,
        total: Any,
        slopes: Any,
    ) -> None:
        axes, n = points.shape
        m = queries.shape[0]
        cut = NEGLIGIBLE_BITS + math.log2(n) + (2.0 * axes if bounded else 0.0)
        u = np.empty((axes, TILE))
        squares = np.empty(TILE)
        exponents = np.empty(TILE)
        terms = np.empty(TILE)
        pulls = np.empty(TILE)
        reference[:] = 0.0 if compact else -np.inf
        total[:] = 0.0
        slopes[:] = 0.0
        begin, end = n, 0
        for i in range(m):
            begin, end = min(begin, first[i]), max(end, last[i])
        for tile in range(begin, end, TILE):
            for i in range(m):
                start = max(tile, first[i])
                size = min(tile + TILE, last[i]) - start
                if size <= 0:
                    continue
                some = weights[start : start + size]
                for j in range(size):
                    squares[j] = 0.0
                    exponents[j] = 0.0 if compact else some[j]
                    terms[j] = some[j] if compact else 1.0
                for k in range(axes):
                    row, q, c = u[k], queries[i, k], inverse[k]
                    x = points[k, start : start + size]
                    for j in range(size):
                        t = (q - x[j]) * c
                        if local:
                            t *= narrow[start + j]
                        row[j] = t
                        squares[j] += t * t
                    if product:
                        for j in range(size):
                            s = row[j] * row[j]
                            if not compact:
                                exponents[j] += decay(code, s, d)
                            if bounded:
                                terms[j] *= factor(code, s)
                if not product:
                    for j in range(size):
                        if not compact:
                            exponents[j] += decay(code, squares[j], d)
                        if bounded:
                            terms[j] *= factor(code, squares[j])
                if not compact:
                    top = -np.inf
                    for j in range(size):
                        top = maximum(top, exponents[j])
                    if not top > reference[i] - cut:
                        continue
                    if top > reference[i]:
                        back = exp2(maximum(reference[i] - top, -1000.0))
                        total[i] *= back
                        for k in range(axes):
                            slopes[i, k] *= back
                        reference[i] = top
                    base = reference[i]
                    for j in range(size):
                        terms[j] *= exp2(maximum(exponents[j] - base, -1000.0))
                partial = 0.0
                for j in range(size):
                    partial += terms[j]
                total[i] += partial
                if compact and not product:
                    for j in range(size):
                        terms[j] = some[j]
                if local:
                    for j in range(size):
                        terms[j] *= narrow[start + j]
                if not product:
                    for j in range(size):
                        terms[j] *= pulled(code, squares[j], d)
                for k in range(axes):
                    row = u[k]
                    partial = 0.0
                    if product:
                        for j in range(size):
                            pulls[j] = pulled(code, row[j] * row[j], d)
                        if compact:
                            # of a product of profiles one factor gives way to its slope
                            for j in range(size):
                                rest = factor(code, row[j] * row[j])
                                pulls[j] /= rest if rest > 0.0 else 1.0
                        for j in range(size):
                            partial += terms[j] * pulls[j] * row[j]
                    else:
                        for j in range(size):
                            partial += terms[j] * row[j]
                    slopes[i, k] += partial

    return compile_loop(loop)


def summed(
    kernel: Any,
    pairs: Pairs,
    q: Floats,
    ends: tuple[NDArray[np.intp], NDArray[np.intp]],
    n_jobs: Any,
) -> Sums:
    """Sum for queries (m, d) over ranges of points with ends (m,) each.

    Blocks are cut where the pairs of the queries before them fill one, so that results
    do not depend on the number of threads.
    """
    m, d = q.shape
    first, last = ends
    compact = math.isfinite(kernel.support)
    own = d if kernel.code == CAUCHY and not kernel.product else 1
    loop = slope_loop(
        kernel.code,
        own,
        int(kernel.product and d > 1),
        int(pairs.narrow.size > 0),
        int(compact),
    )
    out = Sums(np.empty(m), np.empty(m), np.empty((m, d)))
    block = np.cumsum(np.maximum(last - first, 1)) // BLOCK_PAIRS
    cuts = np.append(np.flatnonzero(np.diff(block, prepend=-1)), m)

    def task(k: int) -> None:
        some = slice(cuts[k], cuts[k + 1])
        loop(q[some], *pairs, first[some], last[some], *(part[some] for part in out))

    run_blocks(task, cuts.size - 1, n_jobs)
    return out
