"""Compiled loops of the direct sum: distances, profiles, log-sum-exp."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from parzen.jit import compile_loop, exp2, jitable, maximum
from parzen.kernels.profiles import CAUCHY, LOGISTIC, decay, factor

# Points in one tile: what a pass writes for four queries stays in first-level cache,
# and rows of it do not lie 4096 bytes apart, where stores stall loads.
TILE = 640
# Queries that share the loads of the points, which bound the speed for d > 4.
QUERIES = 4
# Axes that one pass over a tile serves; whitened coordinates are padded to a multiple.
AXES = 4
# The forms of coordinates, see `parzen.engines.coordinates`; a loop serves one of them.
WHITENED, BY_AXIS, BY_DIFFERENCE = 0, 1, 2
# Tiles whose every term is below 2^-cut of the sum so far change no bit of it.
NEGLIGIBLE_BITS = 64.0


@jitable
def axis_distances(
    queries: Any, i: Any, points: Any, metric: Any, start: Any, size: Any, out: Any
) -> None:
    """Put sum_k metric_k (queries_i - points_start+j)_k^2 into out_j."""
    for j in range(size):
        out[j] = 0.0
    for k in range(points.shape[0]):
        q, m = queries[i, k], metric[k]
        x = points[k, start : start + size]
        for j in range(size):
            t = q - x[j]
            out[j] += m * (t * t)


@jitable
def plain_distances(
    queries: Any, i: Any, points: Any, start: Any, size: Any, out: Any
) -> None:
    """Put |queries_i+p - points_start+j|^2 into out_pj for four queries p.

    The last query takes the places that are left.
    """
    last = queries.shape[0] - 1
    a, b = queries[i], queries[min(i + 1, last)]
    c, e = queries[min(i + 2, last)], queries[min(i + 3, last)]
    out_a, out_b, out_c, out_e = out[0], out[1], out[2], out[3]
    for j in range(size):
        out_a[j] = 0.0
        out_b[j] = 0.0
        out_c[j] = 0.0
        out_e[j] = 0.0
    for k in range(0, points.shape[0], AXES):
        a0, a1, a2, a3 = a[k], a[k + 1], a[k + 2], a[k + 3]
        b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
        c0, c1, c2, c3 = c[k], c[k + 1], c[k + 2], c[k + 3]
        e0, e1, e2, e3 = e[k], e[k + 1], e[k + 2], e[k + 3]
        x0 = points[k, start : start + size]
        x1 = points[k + 1, start : start + size]
        x2 = points[k + 2, start : start + size]
        x3 = points[k + 3, start : start + size]
        for j in range(size):
            v0, v1, v2, v3 = x0[j], x1[j], x2[j], x3[j]
            t0, t1, t2, t3 = a0 - v0, a1 - v1, a2 - v2, a3 - v3
            out_a[j] += (t0 * t0 + t1 * t1) + (t2 * t2 + t3 * t3)
            t0, t1, t2, t3 = b0 - v0, b1 - v1, b2 - v2, b3 - v3
            out_b[j] += (t0 * t0 + t1 * t1) + (t2 * t2 + t3 * t3)
            t0, t1, t2, t3 = c0 - v0, c1 - v1, c2 - v2, c3 - v3
            out_c[j] += (t0 * t0 + t1 * t1) + (t2 * t2 + t3 * t3)
            t0, t1, t2, t3 = e0 - v0, e1 - v1, e2 - v2, e3 - v3
            out_e[j] += (t0 * t0 + t1 * t1) + (t2 * t2 + t3 * t3)


@jitable
def whitened_distances(
    queries: Any,
    i: Any,
    points: Any,
    root: Any,
    start: Any,
    size: Any,
    work: Any,
    out: Any,
) -> None:
    """Put |root^-1 (queries_i - points_start+j)|^2 into out_j, by forward substitution.

    Differences come first, so that clusters far apart cost no digits.
    """
    for j in range(size):
        out[j] = 0.0
    for k in range(points.shape[0]):
        u, q = work[k], queries[i, k]
        x = points[k, start : start + size]
        for j in range(size):
            u[j] = q - x[j]
        for other in range(k):
            v, c = work[other], root[k, other]
            for j in range(size):
                u[j] -= c * v[j]
        c = 1.0 / root[k, k]
        for j in range(size):
            u[j] *= c
            out[j] += u[j] * u[j]


@functools.cache
def decaying_loop(code: int, d: int, product: int, form: int, local: int) -> Any:
    """Compile the sum of a kernel with unbounded support, in the log domain.

    For each query the loop keeps `reference`, the largest base-2 exponent so far, and
    `total`, the sum of 2^(exponent - reference) times the bounded factors. Where
    `local`, each point has its own bandwidth: squared distances times `shrink`.
    """
    bounded = int(code == LOGISTIC)
    # the compiled log2 knows no infinity: a distance that overflows counts for nothing
    logarithmic = int(code == CAUCHY)

    def loop(
        queries: Any,
        points: Any,
        metric: Any,
        root: Any,
        shrink: Any,
        log_weights: Any,
        first: Any,
        last: Any,
        reference: Any,
        total: Any,
    ) -> None:
        axes, n = points.shape
        m = queries.shape[0]
        cut = NEGLIGIBLE_BITS + math.log2(n)
        if bounded:
            # beside its exponent a logistic term has a factor, up to 2^2 on each axis
            cut += 2.0 * axes if product else 2.0
        squares = np.empty((QUERIES, TILE))
        work = np.empty((root.shape[0], TILE))
        exponents = np.empty(TILE)
        factors = np.ones(TILE)
        reference[:] = -np.inf
        total[:] = 0.0
        for start in range(first, last, TILE):
            size = min(TILE, last - start)
            some = log_weights[start : start + size]
            for i in range(m):
                top = -np.inf
                if product:
                    for j in range(size):
                        exponents[j] = some[j]
                        factors[j] = 1.0
                    for k in range(axes):
                        for j in range(size):
                            t = queries[i, k] - points[k, start + j]
                            s = metric[k] * (t * t)
                            if local:
                                s *= shrink[start + j]
                            exponents[j] += decay(code, s, d)
                            if logarithmic:
                                exponents[j] = exponents[j] if s < np.inf else -np.inf
                            if bounded:
                                factors[j] *= factor(code, s)
                else:
                    row = squares[i % QUERIES]
                    if form == BY_DIFFERENCE:
                        whitened_distances(
                            queries, i, points, root, start, size, work, row
                        )
                    elif form == BY_AXIS:
                        axis_distances(queries, i, points, metric, start, size, row)
                    elif i % QUERIES == 0:
                        plain_distances(queries, i, points, start, size, squares)
                    if local:
                        for j in range(size):
                            row[j] *= shrink[start + j]
                    if bounded:
                        for j in range(size):
                            factors[j] = factor(code, row[j])
                    for j in range(size):
                        exponent = some[j] + decay(code, row[j], d)
                        if logarithmic:
                            exponent = exponent if row[j] < np.inf else -np.inf
                        exponents[j] = exponent
                for j in range(size):
                    top = maximum(top, exponents[j])
                # false also where both are -inf: the distances have overflowed
                if top > reference[i] - cut:
                    if top > reference[i]:
                        total[i] *= exp2(maximum(reference[i] - top, -1000.0))
                        reference[i] = top
                    base = reference[i]
                    partial = 0.0
                    for j in range(size):
                        term = exp2(maximum(exponents[j] - base, -1000.0))
                        partial += term * factors[j] if bounded else term
                    total[i] += partial

    return compile_loop(loop)


@functools.cache
def compact_loop(code: int, product: int, form: int, local: int) -> Any:
    """Compile the sum of a kernel with compact support; `reference` is zero.

    Where `local`, each point has its own bandwidth: squared distances times `shrink`.
    """

    def loop(
        queries: Any,
        points: Any,
        metric: Any,
        root: Any,
        shrink: Any,
        weights: Any,
        first: Any,
        last: Any,
        reference: Any,
        total: Any,
    ) -> None:
        axes = points.shape[0]
        squares = np.empty((QUERIES, TILE))
        work = np.empty((root.shape[0], TILE))
        values = np.empty(TILE)
        reference[:] = 0.0
        total[:] = 0.0
        for start in range(first, last, TILE):
            size = min(TILE, last - start)
            some = weights[start : start + size]
            for i in range(queries.shape[0]):
                partial = 0.0
                if product:
                    for j in range(size):
                        values[j] = some[j]
                    for k in range(axes):
                        for j in range(size):
                            t = queries[i, k] - points[k, start + j]
                            s = metric[k] * (t * t)
                            if local:
                                s *= shrink[start + j]
                            values[j] *= factor(code, s)
                    for j in range(size):
                        partial += values[j]
                else:
                    row = squares[i % QUERIES]
                    if form == BY_DIFFERENCE:
                        whitened_distances(
                            queries, i, points, root, start, size, work, row
                        )
                    elif form == BY_AXIS:
                        axis_distances(queries, i, points, metric, start, size, row)
                    elif i % QUERIES == 0:
                        plain_distances(queries, i, points, start, size, squares)
                    if local:
                        for j in range(size):
                            row[j] *= shrink[start + j]
                    for j in range(size):
                        partial += some[j] * factor(code, row[j])
                total[i] += partial

    return compile_loop(loop)
