"""Compiled loop of the window sums: the walk of a query through blocks."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from parzen.engines.sweep.basis import (
    MASS,
    jumps,
    kernel_value,
    order_value,
    sides,
    terms,
)
from parzen.engines.sweep.certificate import (
    EDGE,
    POINT_ERROR,
    SUM_ERROR,
    UNDERFLOW,
    certified,
)
from parzen.engines.sweep.order import FEW, cell
from parzen.engines.sweep.outside import WEIGHT_ERROR, outside
from parzen.engines.sweep.scan import BACKWARDS, FORWARDS, SHIFT
from parzen.jit import compile_loop
from parzen.kernels.profiles import COSINE, TOPHAT


@functools.cache
def window_loop(code: int, order: int = 0) -> Any:
    """Compile the sums at some queries, certified or `DOUBTFUL`.

    Of any order but zero a sum comes with a bound on its error, `out` is (m, 2) then.
    `limits` say whether masses are those above; nothing; the unit of the sums; and what
    groups and single points are rounded by.

    A query walks from block to block, and from the left polynomial to the right one. It
    is one body, because a compiled call with arrays takes longer than what it would do.
    """
    size, pieces, cuts = terms(code, order), sides(code), sides(code) + 1
    trigonometric, tophat = int(code == COSINE), int(code == TOPHAT)
    plain, mass, jump = int(order == 0), int(order == MASS), int(jumps(code, order))
    # a point at a kink belongs to neither polynomial
    kink = int(jump and pieces == 2)

    def loop(
        queries: Any,
        places: Any,
        points: Any,
        weights: Any,
        table: Any,
        numbers: Any,
        basis: Any,
        sums: Any,
        limits: Any,
        rows: Any,
        outer: Any,
        out: Any,
    ) -> None:
        width, metric, inverse_width = numbers[0], numbers[1], numbers[2]
        inverse_block, block_width = numbers[3], numbers[4]
        frequency, before_first, last = numbers[5], numbers[6], numbers[7]
        ratio, lowest, highest = numbers[8], numbers[9], numbers[10]
        relative, absolute, unit = limits[0], limits[1], limits[2]
        n, weighted = points.shape[0], weights.shape[0] > 0
        mirrored = limits[0] > 0.0
        left, right = np.empty(3, np.int64), np.empty(3, np.int64)
        blocks = np.empty(3)
        before = np.nextafter(-width, 0.0)
        for i in range(queries.shape[0]):
            q = queries[i]
            if q - width > highest or q + width < lowest:
                if plain:
                    out[places[i]] = 0.0
                else:
                    lead = 0.0
                    if mass:
                        index = n if q > highest else 0
                        lead = outside(weights, outer, n, index, mirrored)
                    out[places[i], 0], out[places[i], 1] = lead, WEIGHT_ERROR * lead
                continue
            # around each cut: points before left are left of it, from right on right
            for k in range(cuts):
                # a point with x - q = -width is left of the window
                limit = before if k == 0 else width
                edge = q - width if k == 0 else q + width
                if k == 1 and cuts == 3:
                    limit, edge = 0.0, q
                blocks[k] = np.floor(edge * inverse_block)
                entry = cell(edge, frequency, before_first, last)
                start, stop = table[int(entry)], table[int(entry) + 1]
                # a cell that may be wider than a block could hold points of the next
                narrow = ratio >= 1.0 and 0.0 < entry < last
                middle_cut, top = kink and k == 1, stop
                if stop - start > FEW or not narrow or middle_cut:
                    while start < stop:
                        middle = (start + stop) >> 1
                        if points[middle] - q < limit:
                            start = middle + 1
                        else:
                            stop = middle
                left[k], right[k] = start, stop
                if middle_cut:
                    while start < top:
                        middle = (start + top) >> 1
                        if points[middle] <= q:
                            start = middle + 1
                        else:
                            top = middle
                    right[k] = start
            unsure = 0
            if jump:
                # by rounding, a point may be in or out if it seems to be at the edge
                k, stop = left[0], right[cuts - 1]
                unsure += k > 0 and points[max(k - 1, 0)] - q >= -width
                unsure += stop < n and points[min(stop, n - 1)] - q <= width
            total = covered = near = 0.0
            piece, way = 0, BACKWARDS
            block, start = blocks[0], left[0]
            while piece < cuts - 1:
                final = block == blocks[piece + 1]
                border = left[piece + 1]
                if not final:
                    # where the next block begins
                    next_block = block + 1.0
                    entry = np.floor(next_block * ratio) - before_first
                    entry = min(max(entry, 0.0), last)
                    border, stop = table[int(entry)], table[int(entry) + 1]
                    if ratio < 1.0 or not 0.0 < entry < last:
                        while border < stop:
                            middle = (border + stop) >> 1
                            if np.floor(points[middle] * inverse_block) < next_block:
                                border = middle + 1
                            else:
                                stop = middle
                if way == BACKWARDS:
                    groups = (border - right[piece]) >> SHIFT
                    row = (border >> SHIFT) - groups
                    stop = border - (groups << SHIFT)
                else:
                    groups = (border - start) >> SHIFT
                    row = (start >> SHIFT) + groups - 1
                    start += groups << SHIFT
                    stop = border
                if groups > 0:
                    # the product is exact, fused or not
                    d = (q - (block + 0.5) * block_width) * inverse_width
                    covered += sums[way, row, 0]
                    if trigonometric:
                        # by half the angle, for which the profile is a cosine
                        r = min(0.5 * abs(d), 1.0)
                        cosine = kernel_value(code, r, 1.0, r * r)
                        sine = kernel_value(code, r, 1.0, (1.0 - r) * (1.0 - r))
                        if plain:
                            total += (1.0 - 2.0 * sine * sine) * sums[way, row, 1]
                            sine *= 2.0 * cosine
                            total += (sine if d > 0.0 else -sine) * sums[way, row, 2]
                        else:
                            cosine *= 2.0 * sine if d > 0.0 else -2.0 * sine
                            cosine *= sums[way, row, 1]
                            cosine -= (1.0 - 2.0 * sine * sine) * sums[way, row, 2]
                            total += rows[0, 0] * sums[way, row, 0]
                            total += rows[0, 1] * cosine
                    else:
                        for j in range(size):
                            a = 0.0
                            for k in range(size - 1 - j, -1, -1):
                                a = a * d + basis[piece, j, k]
                            total += a * sums[way, row, j]
                way = FORWARDS
                if final:
                    # the next polynomial begins where this ends, at the query
                    piece += 1
                    way = BACKWARDS
                    if piece < cuts - 1:
                        continue
                    stop = right[piece]
                # points that no group took
                if plain:
                    for k in range(start, stop):
                        t = points[k] - q
                        weight = weights[k] if weighted else 1.0
                        s = metric * (t * t)
                        value = kernel_value(code, t, width, s)
                        total += weight * value
                        # a top hat counts its edge as out, others may round to zero
                        near += weight * value if tophat else weight * (s < EDGE)
                else:
                    for part in range(1 + kink):
                        low, high = start, stop
                        if kink:
                            low = max(low, right[1]) if part else low
                            high = high if part else min(high, left[1])
                        for k in range(low, high):
                            t = points[k] - q
                            weight = weights[k] if weighted else 1.0
                            u = min(max(-t * inverse_width, -1.0), 1.0)
                            value = order_value(code, pieces, size, u, rows)
                            if mass:
                                near += weight
                            else:
                                value *= abs(t) < width
                                near += weight * (abs(t) <= width)
                                unsure += jump * (abs(t) == width)
                            total += weight * value
                start = border
                block += 1.0
            if plain:
                rest = POINT_ERROR * near + SUM_ERROR * abs(total)
                error = limits[3] * covered + rest
                # no point near: exactly zero
                empty = covered + near == 0.0
                out[places[i]] = (
                    0.0 if empty else certified(total, error, relative, absolute, unit)
                )
            else:
                error = limits[3] * covered + limits[4] * near
                if covered + near > 0.0:
                    error += UNDERFLOW / unit
                if mass:
                    if mirrored:
                        total = (covered + near) - total
                    index = right[cuts - 1] if mirrored else left[0]
                    lead = outside(weights, outer, n, index, mirrored)
                    total += lead
                    error += WEIGHT_ERROR * total
                out[places[i], 0] = total
                out[places[i], 1] = np.inf if unsure > 0 else error

    return compile_loop(loop)
