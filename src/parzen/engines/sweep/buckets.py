"""Compiled loops of the sort by buckets."""

from __future__ import annotations

import functools
from typing import Any

from parzen.jit import compile_loop

# Insertion takes the square of the number in a cell.
FULL_CELL = 32
# What a value carries along: nothing, a number of its own, or its place.
NOTHING, NUMBER, PLACE = 0, 1, 2


@functools.cache
def count_loop() -> Any:
    """Compile the count of values in each bucket."""

    def loop(values: Any, low: Any, inverse: Any, counts: Any) -> None:
        top = counts.shape[0] - 1.0
        for i in range(values.shape[0]):
            counts[int(min(max((values[i] - low) * inverse, 0.0), top))] += 1

    return compile_loop(loop)


@functools.cache
def scatter_loop(kind: int) -> Any:
    """Compile the move of values to their buckets."""

    def loop(
        values: Any,
        payload: Any,
        offset: Any,
        low: Any,
        inverse: Any,
        places: Any,
        out: Any,
        loads: Any,
    ) -> None:
        top = places.shape[0] - 1.0
        for i in range(values.shape[0]):
            bucket = int(min(max((values[i] - low) * inverse, 0.0), top))
            place = places[bucket]
            places[bucket] = place + 1
            out[place] = values[i]
            if kind == NUMBER:
                loads[place] = payload[i]
            elif kind == PLACE:
                loads[place] = offset + i

    return compile_loop(loop)


@functools.cache
def bucket_loop(kind: int) -> Any:
    """Compile the sort of buckets, except those it marks as hard."""
    loaded = int(kind != NOTHING)

    def loop(
        values: Any,
        loads: Any,
        edges: Any,
        hard: Any,
        work: Any,
        carried: Any,
        counts: Any,
    ) -> None:
        for bucket in range(hard.shape[0]):
            first, last = edges[bucket], edges[bucket + 1]
            size = last - first
            if size < 2:
                continue
            low = high = values[first]
            for i in range(first, last):
                low, high = min(low, values[i]), max(high, values[i])
            if low == high:
                continue
            cells = (size >> 1) + 1
            inverse = min(cells / (high - low), 1e300)
            if size > work.shape[0]:
                hard[bucket] = 1
                continue
            counts[: cells + 1] = 0
            for i in range(first, last):
                counts[int((values[i] - low) * inverse)] += 1
            before = fullest = 0
            for c in range(cells + 1):
                count = counts[c]
                counts[c] = before
                before += count
                fullest = max(fullest, count)
            if fullest > FULL_CELL:
                hard[bucket] = 1
                continue
            for i in range(first, last):
                place = counts[int((values[i] - low) * inverse)]
                counts[int((values[i] - low) * inverse)] = place + 1
                work[place] = values[i]
                if loaded:
                    carried[place] = loads[i]
            for i in range(size):
                value = work[i]
                j = i + first
                while j > first and values[j - 1] > value:
                    values[j] = values[j - 1]
                    if loaded:
                        loads[j] = loads[j - 1]
                    j -= 1
                values[j] = value
                if loaded:
                    loads[j] = carried[i]

    return compile_loop(loop)
