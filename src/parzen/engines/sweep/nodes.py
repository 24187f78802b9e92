"""Compiled loops of the sums over many widths: nodes of the tree, leaves, queries."""

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
from parzen.engines.sweep.order import cell
from parzen.engines.sweep.outside import WEIGHT_ERROR
from parzen.jit import compile_loop
from parzen.kernels.profiles import TOPHAT

# Events in a leaf.
SHIFT = 4
LEAF = 1 << SHIFT
# Points that are added up before they join those before, so that rounding grows less.
FLUSH = 128
# What a kernel is, at most, where the end of its support was rounded by half an ulp.
EDGE_ERROR = 4.0 * 2.0**-53
# A node that rounded ends and centres extend beyond a support by more than this part
# of it counts for more; the bound has room for less, to the ninth power.
BEYOND = 1.0 + 2.0**-10


@functools.cache
def add_loop() -> Any:
    """Compile the adding of points to the nodes that their supports are made of.

    A node k of level j, counted from the leaves, has k 2^j as its first leaf, less the
    number of leaves; nodes 2 k and 2 k + 1 are its children. Centres are loaded, here
    and below: reordered sums would be rounded differently in each place.
    """

    def loop(
        middles: Any,
        ranks: Any,
        rows: Any,
        basis: Any,
        depth: Any,
        start: Any,
        stop: Any,
        nodes: Any,
        recent: Any,
        adds: Any,
    ) -> None:
        size, pieces = basis.shape[1], ranks.shape[1] - 1
        leaves = 1 << depth
        for i in range(start, stop):
            x, inverse, height = rows[i, 0], rows[i, 2], rows[i, 3]
            for piece in range(pieces):
                # left of its kink, a kernel is the mirror image of its polynomial
                sign = -1.0 if pieces == 2 and piece == 0 else 1.0
                left = (ranks[i, piece] >> SHIFT) + 1 + leaves
                right = (ranks[i, piece + 1] >> SHIFT) + leaves
                while left < right:
                    # the first node if its sibling is outside, and the last if it is
                    for side in range(2):
                        node = right - 1 if side else left
                        if node & 1 == side:
                            continue
                        d = sign * (middles[node, 0] - x) * inverse
                        step = -sign * middles[node, 1] * inverse
                        power = height
                        for j in range(size):
                            a = 0.0
                            for k in range(size - 1 - j, -1, -1):
                                a = a * d + basis[piece, j, k]
                            recent[node, j] += a * power
                            power *= step
                        reach, mass = abs(d) + abs(step), height
                        if reach > BEYOND:
                            for _ in range(size - 1):
                                mass *= reach
                        recent[node, size] += mass
                        adds[node] += 1
                        if adds[node] % FLUSH == 0:
                            for j in range(size + 1):
                                nodes[node, j] += recent[node, j]
                                recent[node, j] = 0.0
                    left, right = (left + 1) >> 1, right >> 1

    return compile_loop(loop)


@functools.cache
def shift_loop() -> Any:
    """Compile the handing down of nodes start to stop to their children."""

    def loop(middles: Any, start: Any, stop: Any, nodes: Any) -> None:
        size = nodes.shape[1] - 1
        work = np.empty(size)
        for node in range(start, stop):
            if nodes[node, size] == 0.0:
                continue
            centre, half = middles[node, 0], middles[node, 1]
            for child in range(2 * node, 2 * node + 2):
                shift = shrink = 0.0
                if half > 0.0:
                    shift = (middles[child, 0] - centre) / half
                    shrink = middles[child, 1] / half
                for j in range(size):
                    work[j] = nodes[node, j]
                power = 1.0
                for k in range(size):
                    for j in range(size - 2, k - 1, -1):
                        work[j] += shift * work[j + 1]
                    nodes[child, k] += power * work[k]
                    power *= shrink
                nodes[child, size] += nodes[node, size]

    return compile_loop(loop)


@functools.cache
def leaf_loop(code: int, order: int = 0) -> Any:
    """Compile the sums at some queries, certified or `DOUBTFUL`.

    Of any order but zero a sum comes with a bound on its error, `out` is (m, 2) then.
    `limits` say whether masses are those above; nothing; the unit of the sums; what
    leaves and single points are rounded by; and how steep the kernel is.
    """
    size, pieces = terms(code, order), sides(code)
    tophat = int(code == TOPHAT)
    plain, mass, jump = int(order == 0), int(order == MASS), int(jumps(code, order))
    kink = int(jump and pieces == 2)

    def loop(
        queries: Any,
        places: Any,
        events: Any,
        owners: Any,
        table: Any,
        cells: Any,
        rows: Any,
        leaves: Any,
        limits: Any,
        curves: Any,
        outer: Any,
        out: Any,
    ) -> None:
        frequency, before, last = cells[0], cells[1], cells[2]
        relative, absolute, unit = limits[0], limits[1], limits[2]
        n = events.shape[0]
        mirrored = limits[0] > 0.0
        for i in range(queries.shape[0]):
            q = queries[i]
            if q < events[0] or q > events[n - 1]:
                if plain:
                    out[places[i]] = 0.0
                else:
                    lead = 0.0
                    if mass and (q < events[0]) == mirrored:
                        lead = outer[1, 0] if mirrored else outer[0, leaves.shape[0]]
                    out[places[i], 0], out[places[i], 1] = lead, WEIGHT_ERROR * lead
                continue
            entry = int(cell(q, frequency, before, last))
            start, stop = table[entry], table[entry + 1]
            while start < stop:
                middle = (start + stop) >> 1
                # what jumps looks at the first of equal events, not beyond the last
                if events[middle] < q or (not jump and events[middle] == q):
                    start = middle + 1
                else:
                    stop = middle
            leaf = min(start, n - 1) >> SHIFT
            # at the end of a support, which is rounded, the leaf may be the wrong one
            k, unsure = (leaf << SHIFT) - 1, 0.0
            while k >= 0 and events[k] == q:
                if not owners[k] & 1:
                    owner = owners[k] >> 2
                    ulps = 1.0 + abs(rows[owner, 0]) * rows[owner, 2]
                    # a top hat jumps; others have a slope of 4 there at most
                    if plain:
                        step = 1.0 if tophat else min(1.0, ulps * EDGE_ERROR)
                    else:
                        step = min(1.0, ulps * EDGE_ERROR) * limits[5]
                    unsure += rows[owner, 3] * step
                k -= 1
            if jump:
                k = (leaf + 1) << SHIFT
                if k < n and events[min(k, n - 1)] == q:
                    unsure = np.inf
            total = 0.0
            covered = leaves[leaf, size]
            if covered > 0.0:
                centre, half = leaves[leaf, size + 1], leaves[leaf, size + 2]
                d = (q - centre) / half if half > 0.0 else 0.0
                for j in range(size - 1, -1, -1):
                    total = total * d + leaves[leaf, j]
            near = 0.0
            for k in range(leaf << SHIFT, min((leaf << SHIFT) + LEAF, n)):
                if owners[k] & 2:
                    continue
                owner = owners[k] >> 2
                t = rows[owner, 0] - q
                u = t * rows[owner, 2]
                height = rows[owner, 3]
                if plain:
                    value = kernel_value(code, t, rows[owner, 1], u * u)
                    total += height * value
                    near += height * value if tophat else height * (u * u < EDGE)
                else:
                    u = min(max(-u, -1.0), 1.0)
                    value = order_value(code, pieces, size, u, curves)
                    if not mass:
                        value *= abs(t) < rows[owner, 1]
                        if kink:
                            # the mean of both sides
                            value *= t != 0.0
                        if jump and abs(t) == rows[owner, 1]:
                            unsure = np.inf
                        height *= abs(t) <= rows[owner, 1]
                    total += height * value
                    near += height
            if plain:
                rest = POINT_ERROR * near + SUM_ERROR * abs(total)
                error = limits[3] * covered + rest + unsure
                empty = covered + near + unsure == 0.0
                out[places[i]] = (
                    0.0 if empty else certified(total, error, relative, absolute, unit)
                )
            else:
                error = limits[3] * covered + limits[4] * near + unsure
                if covered + near > 0.0:
                    error += UNDERFLOW / unit
                if mass:
                    lead = outer[1, leaf + 1] if mirrored else outer[0, leaf]
                    total = lead + ((covered + near) - total if mirrored else total)
                    error += WEIGHT_ERROR * total
                out[places[i], 0], out[places[i], 1] = total, error

    return compile_loop(loop)
