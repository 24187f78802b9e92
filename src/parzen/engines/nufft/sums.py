"""Compiled loops of the Fourier sums: sort into tiles, spread, interpolate."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from parzen.jit import compile_loop

# Nodes of a tile along each axis; no window is wider, so that what the points of a tile
# are shared among ends before the tile after the next.
TILE = 16
# Nodes along the last axis that a point is shared among, the window and zeros: a number
# of steps that the compiler knows, and turns into two vector registers.
LANES = 16
# Points whose windows are evaluated together, in vector registers.
BATCH = 32


@functools.cache
def place_loop() -> Any:
    """Compile node coordinates, tiles, and the number of points in each tile.

    Points outside the box, for which no coordinates are written, count last.
    """

    def loop(
        x: Any,
        centre: Any,
        far: Any,
        matrix: Any,
        shift: Any,
        high: Any,
        tiles: Any,
        places: Any,
        numbers: Any,
        counts: Any,
    ) -> None:
        for i in range(x.shape[0]):
            inside = True
            for k in range(x.shape[1]):
                # first, so that nothing below can overflow
                if not abs(x[i, k] - centre[k]) <= far[k]:
                    inside = False
            number = 0
            if inside:
                for k in range(x.shape[1]):
                    u = shift[k]
                    for j in range(k + 1):
                        u += matrix[k, j] * (x[i, j] - centre[j])
                    if not (u >= 1.0 and u <= high[k]):
                        inside = False
                        break
                    places[i, k] = u
                    number = number * tiles[k] + int(u) // TILE
            if not inside:
                number = counts.shape[0] - 1
            numbers[i] = number
            counts[number] += 1

    return compile_loop(loop)


@functools.cache
def sort_loop() -> Any:
    """Compile the listing of points by their tiles, in their order."""

    def loop(numbers: Any, first: Any, free: Any, rows: Any) -> None:
        for i in range(numbers.shape[0]):
            number = numbers[i]
            rows[free[number]] = first + i
            free[number] += 1

    return compile_loop(loop)


@functools.cache
def spread_loop(d: int, width: int, degree: int) -> Any:
    """Compile the spreading of sorted points, tile by tile.

    A tile and the windows beyond it are summed in an array of their own, whose rows lie
    at a distance that the compiler knows: all rows of a window are then one loop
    over the lanes, in vector registers, and no row can be mistaken for another. The
    weight of point i is weights[i * each]: zero for `each` means one for all.
    """
    row = TILE + LANES
    plane = (TILE + width) * row
    planes = width if d == 3 else 1
    size = plane * (TILE + width if d == 3 else 1)

    def loop(
        places: Any,
        weights: Any,
        each: Any,
        rows: Any,
        jobs: Any,
        pieces: Any,
        masses: Any,
    ) -> None:
        near = np.zeros(size)
        part = np.zeros((d, BATCH))
        values = np.zeros((d, LANES, BATCH))
        lanes = np.empty(LANES)
        side = np.empty(width)
        n1 = masses.shape[d - 2]
        n2 = masses.shape[d - 1]
        flat = masses.reshape(-1)
        for job in range(jobs.shape[0]):
            corner, stop = jobs[job, 2:], jobs[job, 1]
            near[:] = 0.0
            for start in range(jobs[job, 0], stop, BATCH):
                count = min(BATCH, stop - start)
                for k in range(d):
                    for p in range(count):
                        u = places[rows[start + p], k]
                        part[k, p] = 2.0 * (u - int(u)) - 1.0
                    t = part[k]
                    for j in range(width):
                        value = values[k, j]
                        for p in range(BATCH):
                            total = pieces[j, degree]
                            for m in range(degree - 1, -1, -1):
                                total = total * t[p] + pieces[j, m]
                            value[p] = total
                for p in range(count):
                    i = rows[start + p]
                    mass = weights[i * each]
                    begin = 0
                    for k in range(d):
                        begin = begin * (TILE + width if k < d - 1 else row)
                        begin += int(places[i, k]) - corner[k]
                    for j in range(LANES):
                        lanes[j] = mass * values[d - 1, j, p]
                    for s in range(planes):
                        scale = values[0, s, p] if d == 3 else 1.0
                        for r in range(width):
                            side[r] = scale * values[d - 2, r, p]
                        part_of = near[begin : begin + width * row]
                        for j in range(LANES):
                            lane = lanes[j]
                            for r in range(width):
                                part_of[r * row + j] += side[r] * lane
                        begin += plane
            last = min(TILE + width, n2 - corner[d - 1])
            for s in range(TILE + width if d == 3 else 1):
                for r in range(TILE + width):
                    line = corner[d - 2] + r
                    if line >= n1 or (d == 3 and corner[0] + s >= masses.shape[0]):
                        continue
                    if d == 3:
                        line += (corner[0] + s) * n1
                    target = flat[line * n2 + corner[d - 1] :]
                    source = near[s * plane + r * row : s * plane + r * row + last]
                    for j in range(last):
                        target[j] += source[j]

    return compile_loop(loop)


@functools.cache
def interpolation_loop(d: int, width: int, degree: int) -> Any:
    """Compile the interpolation at sorted queries, from the nodes themselves."""
    planes = width if d == 3 else 1

    def loop(places: Any, rows: Any, pieces: Any, sums: Any, out: Any) -> None:
        part = np.zeros((d, BATCH))
        values = np.zeros((d, LANES, BATCH))
        lanes = np.empty(LANES)
        side = np.empty(width)
        n1 = sums.shape[d - 2]
        n2 = sums.shape[d - 1]
        flat = sums.reshape(-1)
        # LANES, but a number that the compiler does not know: it would unroll the
        # loops over the lanes, and put none of them into vector registers
        lane_count = min(LANES, n2)
        for start in range(0, rows.shape[0], BATCH):
            count = min(BATCH, rows.shape[0] - start)
            for k in range(d):
                for p in range(count):
                    u = places[rows[start + p], k]
                    part[k, p] = 2.0 * (u - int(u)) - 1.0
                t = part[k]
                for j in range(width):
                    value = values[k, j]
                    for p in range(BATCH):
                        total = pieces[j, degree]
                        for m in range(degree - 1, -1, -1):
                            total = total * t[p] + pieces[j, m]
                        value[p] = total
            for p in range(count):
                i = rows[start + p]
                begin = 0
                for k in range(d):
                    begin = begin * sums.shape[k] + int(places[i, k])
                for j in range(LANES):
                    lanes[j] = values[d - 1, j, p]
                for r in range(width):
                    side[r] = values[d - 2, r, p]
                total = 0.0
                for s in range(planes):
                    inner = 0.0
                    line = begin
                    # four rows at a time share the load of the lanes
                    for r in range(0, width - 3, 4):
                        a, b = side[r], side[r + 1]
                        c, e = side[r + 2], side[r + 3]
                        row_a = flat[line : line + LANES]
                        row_b = flat[line + n2 : line + n2 + LANES]
                        row_c = flat[line + 2 * n2 : line + 2 * n2 + LANES]
                        row_e = flat[line + 3 * n2 : line + 3 * n2 + LANES]
                        for j in range(lane_count):
                            upper = a * row_a[j] + b * row_b[j]
                            lower = c * row_c[j] + e * row_e[j]
                            inner += lanes[j] * (upper + lower)
                        line += 4 * n2
                    for r in range(width - width % 4, width):
                        a = side[r]
                        row_a = flat[line : line + LANES]
                        for j in range(lane_count):
                            inner += a * row_a[j] * lanes[j]
                        line += n2
                    total += inner * (values[0, s, p] if d == 3 else 1.0)
                    begin += n1 * n2
                out[i] = total

    return compile_loop(loop)
