"""Compiled loop of the running sums in blocks."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from parzen.engines.sweep.basis import add_terms
from parzen.jit import compile_loop

# Points between two stored sums; those left over are added one by one.
SHIFT = 3
GROUP = 1 << SHIFT
FORWARDS, BACKWARDS = 0, 1
# Running sums are added up in levels, so that rounding grows as the logarithm of n.
RADIX = 16
LEVELS = 8


@functools.cache
def scan_loop(trigonometric: int) -> Any:
    """Compile the running sums of some points; `state` carries on to the next call.

    Forwards, row (start of the block + c) / GROUP - 1 becomes the sum of the first c
    points of a block; backwards, row (end of the block - c) / GROUP that of the last c;
    for c = GROUP, 2 GROUP ..., each quotient in whole numbers. No two blocks want the
    same row.
    """

    def loop(
        points: Any,
        weights: Any,
        numbers: Any,
        first: Any,
        last: Any,
        backward: Any,
        state: Any,
        levels: Any,
        sums: Any,
    ) -> None:
        inverse_width, inverse_block = numbers[2], numbers[3]
        size, weighted = sums.shape[1], weights.shape[0] > 0
        # of the block: number, centre, start or end, points so far
        block, centre = state[0], state[1]
        origin, count = int(state[2]), int(state[3])
        for step in range(last - first):
            i = last - 1 - step if backward else first + step
            here = np.floor(points[i] * inverse_block)
            if here != block:
                # exact, or a query would not see the same centre, see WIDTH_BITS
                block, centre = here, (here + 0.5) * numbers[4]
                origin, count = (i + 1 if backward else i), 0
                levels[:] = 0.0
            y = (points[i] - centre) * inverse_width
            add_terms(
                trigonometric, size, y, weights[i] if weighted else 1.0, levels[0]
            )
            count += 1
            if count % GROUP:
                continue
            group = count // GROUP
            level, radix = 0, 1
            while level < LEVELS - 1 and group % radix == 0:
                for j in range(size):
                    levels[level + 1, j] += levels[level, j]
                    levels[level, j] = 0.0
                level += 1
                radix *= RADIX
            row = origin // GROUP - group if backward else origin // GROUP + group - 1
            for j in range(size):
                total = 0.0
                for k in range(LEVELS):
                    total += levels[k, j]
                sums[row, j] = total
        state[0], state[1], state[2], state[3] = block, centre, origin, count

    return compile_loop(loop)
