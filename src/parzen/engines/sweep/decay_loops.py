"""Compiled loops of the exponential kernel: decayed sums, and queries."""

from __future__ import annotations

import functools
from typing import Any

from parzen.engines.sweep.basis import MASS
from parzen.engines.sweep.certificate import UNDERFLOW, certified
from parzen.engines.sweep.order import cell
from parzen.engines.sweep.outside import WEIGHT_ERROR, outside
from parzen.jit import compile_loop, exp2, jitable, maximum

# Points between two stored sums.
SHIFT = 3
GROUP = 1 << SHIFT
# Sums are added up in levels, so that rounding grows as the logarithm of n.
RADIX = 16
LEVELS = 8
# Factors below 2^-1000 are zero: sums in which they would matter are not answered.
LOWEST = -1000.0


@jitable
def decayed(distance: Any, rate: Any) -> Any:
    """Return 2^-(rate |distance|), zero below 2^-1000."""
    exponent = -abs(distance) * rate
    return exp2(maximum(exponent, LOWEST)) * (exponent > LOWEST)


@functools.cache
def scan_loop() -> Any:
    """Compile the decayed sums of some groups; `state` carries on to the next call.

    Each level of `state` is a sum and the place it is decayed to.
    """

    def loop(
        points: Any,
        weights: Any,
        rate: Any,
        first: Any,
        last: Any,
        groups: Any,
        backward: Any,
        state: Any,
        running: Any,
    ) -> None:
        n, weighted = points.shape[0], weights.shape[0] > 0
        for step in range(last - first):
            group = last - 1 - step if backward else first + step
            start, stop = group * GROUP, min(group * GROUP + GROUP, n)
            place = points[start if backward else stop - 1]
            total = 0.0
            for i in range(start, stop):
                weight = weights[i] if weighted else 1.0
                total += weight * decayed(points[i] - place, rate)
            state[0, 0], state[0, 1] = total, place
            count = groups - group if backward else group + 1
            level, radix = 0, 1
            while level < LEVELS - 1 and count % radix == 0:
                moved = state[level, 0]
                moved += state[level + 1, 0] * decayed(
                    place - state[level + 1, 1], rate
                )
                state[level + 1, 0], state[level + 1, 1] = moved, place
                state[level, 0] = 0.0
                level += 1
                radix *= RADIX
            total = 0.0
            for k in range(LEVELS):
                if state[k, 0] > 0.0:
                    total += state[k, 0] * decayed(place - state[k, 1], rate)
            running[group if backward else group + 1] = total

    return compile_loop(loop)


@functools.cache
def query_loop() -> Any:
    """Compile the sums at some queries, certified or `DOUBTFUL`."""

    def loop(
        queries: Any,
        places: Any,
        points: Any,
        weights: Any,
        table: Any,
        numbers: Any,
        running: Any,
        limits: Any,
        out: Any,
    ) -> None:
        rate, frequency, before, last = numbers[0], numbers[1], numbers[2], numbers[3]
        relative, absolute, unit = limits[0], limits[1], limits[2]
        n, weighted = points.shape[0], weights.shape[0] > 0
        for i in range(queries.shape[0]):
            q = queries[i]
            entry = int(cell(q, frequency, before, last))
            start, stop = table[entry], table[entry + 1]
            while stop - start > GROUP:
                middle = (start + stop) >> 1
                if points[middle] < q:
                    start = middle
                else:
                    stop = middle
            # whole groups, the cell and what is left over on both sides
            first, final = start >> SHIFT, (stop + GROUP - 1) >> SHIFT
            start, stop = first << SHIFT, min(final << SHIFT, n)
            total = 0.0
            for k in range(start, stop):
                weight = weights[k] if weighted else 1.0
                total += weight * decayed(points[k] - q, rate)
            if start > 0:
                total += running[0, first] * decayed(q - points[start - 1], rate)
            if stop < n:
                total += running[1, final] * decayed(points[stop] - q, rate)
            out[places[i]] = certified(
                total, limits[3] * total, relative, absolute, unit
            )

    return compile_loop(loop)


@functools.cache
def bounded_loop(order: int) -> Any:
    """Compile masses or derivatives at some queries with bounds on their errors.

    `out` is (m, 2), and the first of `limits` says whether masses are those above.
    """
    mass = int(order == MASS)

    def loop(
        queries: Any,
        places: Any,
        points: Any,
        weights: Any,
        table: Any,
        numbers: Any,
        running: Any,
        limits: Any,
        outer: Any,
        out: Any,
    ) -> None:
        rate, frequency, before, last = numbers[0], numbers[1], numbers[2], numbers[3]
        n, weighted, mirrored = points.shape[0], weights.shape[0] > 0, limits[0] > 0.0
        for i in range(queries.shape[0]):
            q = queries[i]
            entry = int(cell(q, frequency, before, last))
            # between low and high are the points equal to q
            low, high, top = table[entry], table[entry + 1], table[entry + 1]
            while low < high:
                middle = (low + high) >> 1
                if points[middle] < q:
                    low = middle + 1
                else:
                    high = middle
            while high < top:
                middle = (high + top) >> 1
                if points[middle] <= q:
                    high = middle + 1
                else:
                    top = middle
            # whole groups, and what is left over on both sides
            first, final = low >> SHIFT, (high + GROUP - 1) >> SHIFT
            start, stop = first << SHIFT, min(final << SHIFT, n)
            left = right = 0.0
            for k in range(start, low):
                weight = weights[k] if weighted else 1.0
                left += weight * decayed(points[k] - q, rate)
            for k in range(high, stop):
                weight = weights[k] if weighted else 1.0
                right += weight * decayed(points[k] - q, rate)
            if start > 0:
                left += running[0, first] * decayed(q - points[start - 1], rate)
            if stop < n:
                right += running[1, final] * decayed(points[stop] - q, rate)
            lead, total = 0.0, right - left
            if mass:
                # points equal to q lie half below and half above
                lead = outside(weights, outer, n, low, mirrored)
                lead = 0.5 * (lead + outside(weights, outer, n, high, mirrored))
                total = lead + 0.5 * (-total if mirrored else total)
            error = limits[3] * (left + right) + WEIGHT_ERROR * lead
            out[places[i], 0] = total
            out[places[i], 1] = error + UNDERFLOW / limits[2]

    return compile_loop(loop)
