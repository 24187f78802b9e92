"""Compiled sums over a k-d tree: what cannot matter is left out, with a proof.

The heights a_i > 0 of the points sum to one, and S(q) = sum_i a_i phi(u_i) with a
profile phi that decreases. Within the box of a node phi lies between `lowest`, at the
box's far corner, and `highest`, at its near side. A node of mass m is left out, or
counts as m (lowest + highest) / 2, where the error that this makes for each unit of
mass is at most max(relative L, absolute); L is a lower bound of S, which all terms
being positive grows from node to node. The masses of all such nodes sum to at most one,
so the error of S is at most

    max(relative L, absolute) <= relative S + absolute

Tight sums bound L by the terms summed so far, and leave out only. Loose ones add
m `lowest` of all other nodes, and split a node only where its summary is too coarse.

Kernels that decay are summed in the log domain: exponents to base two, relative to a
`base` that follows the largest. So the bound holds at any distance, at the price of the
points that matter there.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from parzen.engines.tree.growth import LEAF
from parzen.jit import compile_loop, exp2, jitable, maximum
from parzen.kernels.profiles import (
    CAUCHY,
    EXPONENTIAL,
    GAUSSIAN,
    LOGISTIC,
    decay,
    factor,
)

DECAYING = (GAUSSIAN, EXPONENTIAL, LOGISTIC, CAUCHY)
# A logistic kernel is its decay times at most 2^2 on each axis.
BOUNDED_BITS = 2.0
# Splits on the way to a leaf, of fewer than 2^63 points.
DEEPEST = 64
# Leaves that a call may sum before it returns early, about 10 ms: Ctrl-C waits for it.
PATIENCE = 1 << 16
# exp2 of compiled loops ends near here; what is smaller vanishes beside one.
RANGE = 1000.0
# Exponents at which a loose sum moves its base, far inside the range of floats.
STEP = 100.0
# Loose sums give up where exponents may be infinite: their difference is no number.
LOWEST = -1e300
# Leaves whose every term is below 2^-cut of the sum so far change no bit of it.
NEGLIGIBLE_BITS = 64.0


@jitable
def safe_decay(code: int, s: Any, d: int) -> Any:
    """Return `decay` at s, which may be infinite: the compiled log2 knows no such."""
    exponent = decay(code, s, d)
    if code == CAUCHY:
        return exponent if s < np.inf else -np.inf
    return exponent


@functools.cache
def tree_loop(code: int, product: int, local: int, loose: int) -> Any:
    """Compile the pruned sum of one kernel; it returns the first query not summed.

    S(q) = 2^reference total. Heights (leaves, LEAF) come as base-2 logarithms for a
    kernel that decays, whose reference is then the largest exponent seen, and as they
    are for a compact one, with the reference zero.
    """
    decaying = code in DECAYING
    bounded = code == LOGISTIC

    def loop(
        queries: Any,
        points: Any,
        metric: Any,
        shrink: Any,
        heights: Any,
        boxes: Any,
        masses: Any,
        shrinks: Any,
        relative: Any,
        absolute: Any,
        first: Any,
        last: Any,
        reference: Any,
        total: Any,
    ) -> Any:
        leaves, axes = points.shape[0], points.shape[1]
        # of the profiles, only the radial Cauchy depends on the dimension
        d = 1 if product else axes
        squares, factors = np.empty(LEAF), np.empty(LEAF)
        exponents = np.empty(LEAF)

        def distances(i: Any, leaf: Any) -> None:
            """Put the squared distances of a query to a leaf into `squares`."""
            first = axes % 3
            if first == 1:
                a, m = queries[i, 0], metric[0]
                for j in range(LEAF):
                    t = a - points[leaf, 0, j]
                    squares[j] = m * (t * t)
            elif first == 2:
                a, b, m, n = queries[i, 0], queries[i, 1], metric[0], metric[1]
                for j in range(LEAF):
                    t, u = a - points[leaf, 0, j], b - points[leaf, 1, j]
                    squares[j] = m * (t * t) + n * (u * u)
            else:
                for j in range(LEAF):
                    squares[j] = 0.0
            for k in range(first, axes, 3):
                a, b, c = queries[i, k], queries[i, k + 1], queries[i, k + 2]
                m, n, o = metric[k], metric[k + 1], metric[k + 2]
                for j in range(LEAF):
                    t, u = a - points[leaf, k, j], b - points[leaf, k + 1, j]
                    v = c - points[leaf, k + 2, j]
                    squares[j] += m * (t * t) + (n * (u * u) + o * (v * v))

        def side(i: Any, node: Any, far: int) -> Any:
            """Return exponent and factor at the near or the far side of a box."""
            exponent, rest, total = 0.0, 1.0, 0.0
            for k in range(boxes.shape[2]):
                q = queries[i, k]
                below, above = boxes[node, 0, k] - q, q - boxes[node, 1, k]
                # one is negative; the farther face is that of the smaller number
                t = -min(below, above) if far else maximum(maximum(below, above), 0.0)
                s = metric[k] * (t * t)
                if local:
                    s *= shrinks[node, far]
                if product:
                    exponent += safe_decay(code, s, d)
                    rest *= factor(code, s)
                else:
                    total += s
            if not product:
                exponent, rest = safe_decay(code, total, d), factor(code, total)
            return exponent, rest

        nodes = np.empty((DEEPEST, 3), dtype=np.int64)
        # of the nodes on the stack: exponent and factor at the near side, lowest value
        highest = np.empty((DEEPEST, 2))
        lowest = np.empty(DEEPEST)
        negligible = NEGLIGIBLE_BITS + math.log2(leaves * LEAF)
        if bounded:
            negligible += BOUNDED_BITS * metric.shape[0]
        bits = math.log2(relative)
        floor = math.log2(absolute) if absolute > 0.0 else -np.inf
        slack = 0.0
        if bounded:
            slack = BOUNDED_BITS * axes if product else BOUNDED_BITS
        visited = 0
        for i in range(first, last):
            if visited > PATIENCE:
                return i
            node, base, summed, least, grown = -1, 0.0, 0.0, 0.0, 0.0
            if decaying:
                base = LOWEST if loose else -np.inf
            # the first leaf is summed at any distance, so that no logarithm is lost
            cut = -np.inf
            nodes[0, 0], nodes[0, 1], nodes[0, 2] = 0, 0, leaves
            depth, fresh = 0, 1
            while fresh + depth > 0:
                for place in range(depth, depth + fresh):
                    e, f = side(i, nodes[place, 0], 0)
                    highest[place, 0], highest[place, 1] = e, f
                if fresh == 2:
                    e, f = highest[depth, 0], highest[depth + 1, 0]
                    if not decaying:
                        e, f = highest[depth, 1], highest[depth + 1, 1]
                    if e > f:
                        # the nearer child lies on top of the farther one
                        for k in range(3):
                            left, right = nodes[depth, k], nodes[depth + 1, k]
                            nodes[depth, k], nodes[depth + 1, k] = right, left
                        for k in range(2):
                            e, f = highest[depth, k], highest[depth + 1, k]
                            highest[depth, k], highest[depth + 1, k] = f, e
                if loose:
                    for place in range(depth, depth + fresh):
                        e, f = side(i, nodes[place, 0], 1)
                        if decaying and (e > base + STEP or node < 0):
                            down = exp2(min(maximum(base - e, -RANGE), 0.0))
                            summed *= down
                            least *= down
                            for other in range(place):
                                lowest[other] *= down
                            base = e
                        if decaying:
                            f *= exp2(maximum(e - base, -RANGE))
                        lowest[place] = f * masses[nodes[place, 0]]
                        least += lowest[place]
                    # exponents may be infinite: their difference is no number
                    if base < LOWEST:
                        break
                depth += fresh - 1
                fresh = 0
                node, leaf, count = nodes[depth, 0], nodes[depth, 1], nodes[depth, 2]
                if loose:
                    high = highest[depth, 1]
                    limit = absolute
                    if decaying:
                        high *= exp2(
                            min(maximum(highest[depth, 0] - base, -RANGE), RANGE)
                        )
                        limit = exp2(min(maximum(floor - base, -RANGE), RANGE))
                    mass = masses[node]
                    low = lowest[depth]
                    # lowest is a value times the mass
                    if 0.5 * (high * mass - low) <= mass * maximum(
                        relative * least, limit
                    ):
                        summed += 0.5 * (high * mass + low)
                        continue
                    least -= low
                elif decaying:
                    if highest[depth, 0] <= cut:
                        continue
                elif highest[depth, 1] <= 0.0:
                    continue
                if count == 1:
                    visited += 1
                    if product:
                        for j in range(LEAF):
                            exponents[j] = heights[leaf, j]
                            factors[j] = 1.0
                        for k in range(axes):
                            a, m = queries[i, k], metric[k]
                            for j in range(LEAF):
                                t = a - points[leaf, k, j]
                                s = m * (t * t)
                                if local:
                                    s *= shrink[leaf, j]
                                if decaying:
                                    exponents[j] += safe_decay(code, s, d)
                                if bounded or not decaying:
                                    factors[j] *= factor(code, s)
                    else:
                        distances(i, leaf)
                        if local:
                            for j in range(LEAF):
                                squares[j] *= shrink[leaf, j]
                        if decaying:
                            for j in range(LEAF):
                                exponent = heights[leaf, j] + safe_decay(
                                    code, squares[j], d
                                )
                                exponents[j] = exponent
                        if bounded or not decaying:
                            for j in range(LEAF):
                                factors[j] = factor(code, squares[j])
                    partial = 0.0
                    if decaying:
                        top = -np.inf
                        for j in range(LEAF):
                            top = maximum(top, exponents[j])
                        # false also where both are -inf: the distances have overflowed
                        if top > base - negligible:
                            if top > base:
                                down = exp2(maximum(base - top, -RANGE))
                                summed *= down
                                base = top
                                grown = 0.0
                                if loose:
                                    least *= down
                                    for other in range(depth):
                                        lowest[other] *= down
                            for j in range(LEAF):
                                term = exp2(maximum(exponents[j] - base, -RANGE))
                                partial += term * factors[j] if bounded else term
                    else:
                        for j in range(LEAF):
                            partial += heights[leaf, j] * factors[j]
                    summed += partial
                    if loose:
                        least += partial
                    elif decaying and summed > 2.0 * grown:
                        grown = summed
                        cut = maximum(base + math.log2(summed) + bits, floor) - slack
                    continue
                half = count // 2
                left, right = depth, depth + 1
                nodes[left, 0], nodes[left, 1], nodes[left, 2] = node + 1, leaf, half
                nodes[right, 0], nodes[right, 1] = node + 2 * half, leaf + half
                nodes[right, 2] = count - half
                fresh = 2
            reference[i] = base
            total[i] = summed
        return last

    return compile_loop(loop)
