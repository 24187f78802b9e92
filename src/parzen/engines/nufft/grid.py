"""Points onto nodes, and the convolution of the nodes: the work of a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.nufft.error import Norms
from parzen.engines.nufft.sums import (
    TILE,
    interpolation_loop,
    place_loop,
    sort_loop,
    spread_loop,
)
from parzen.parallel import run_blocks, thread_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.nufft.error import Axis
    from parzen.engines.nufft.kaiser_bessel import Window
    from parzen.engines.nufft.layout import Layout

# Points in one block of the sort, and the most blocks: each counts all tiles.
SORTED = 1 << 15
MOST_BLOCKS = 32
# Points that one pass over a tile takes: what it sums, it sums from so many terms.
MOST_POINTS = 1 << 12
# Passes in one compiled call, which takes less than 0.2 s.
MOST_PASSES = 64
# Points in one block of work; a pass counts as so many for the tile it clears and adds.
WORK = 1 << 13
PASS_WORK = 32
# Nodes in one temporary array.
SLAB = 1 << 18


@dataclass(frozen=True, eq=False)
class Places:
    """Points in node coordinates, listed by the tiles they lie in.

    Attributes
    ----------
    u : ndarray of shape (n, d)
        Node coordinates; of points outside the box, anything.
    rows : ndarray of shape (n,)
        The points, tile by tile; at last those outside.
    starts : ndarray of shape (tiles + 2,)
        Where in the list each tile begins, then those outside, then the end.
    tiles : tuple of int
        Tiles along each axis.
    """

    u: NDArray[np.float64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    tiles: tuple[int, ...]

    @property
    def inside(self) -> NDArray[np.int64]:
        """Rows of the points in the box."""
        return self.rows[: self.starts[-2]]

    @property
    def outside(self) -> NDArray[np.int64]:
        """Rows of the points outside."""
        return self.rows[self.starts[-2] :]

    @classmethod
    def of(cls, x: NDArray[np.float64], layout: Layout, n_jobs: Any) -> Places:
        """Sort points (n, d) into tiles, in their order within each."""
        n, d = x.shape
        tiles = tuple(-(-length // TILE) for length in layout.lengths)
        n_blocks = min(-(-n // SORTED), MOST_BLOCKS) if n else 0
        size = -(-n // max(n_blocks, 1))
        u = np.empty((n, d))
        numbers = np.empty(n, dtype=np.int32)
        counts = np.zeros((n_blocks, math.prod(tiles) + 1), dtype=np.int64)
        place, sort = place_loop(), sort_loop()
        extents = np.array(tiles)

        def count(block: int) -> None:
            some = slice(block * size, (block + 1) * size)
            place(
                x[some],
                layout.centre,
                layout.far,
                layout.matrix,
                layout.shift,
                layout.high,
                extents,
                u[some],
                numbers[some],
                counts[block],
            )

        run_blocks(count, n_blocks, n_jobs)
        # tile after tile, and within a tile block after block
        free = np.cumsum(counts.T.reshape(-1)).reshape(counts.T.shape)
        starts = np.zeros(counts.shape[1] + 1, dtype=np.int64)
        if n_blocks:
            starts[1:] = free[:, -1]
        free = np.ascontiguousarray((free - counts.T).T)
        rows = np.empty(n, dtype=np.int64)

        def move(block: int) -> None:
            first = block * size
            sort(numbers[first : first + size], first, free[block], rows)

        run_blocks(move, n_blocks, n_jobs)
        return cls(u, rows, starts, tiles)


def spread(
    places: Places,
    weights: NDArray[np.float64] | None,
    layout: Layout,
    window: Window,
    n_jobs: Any,
) -> tuple[NDArray[np.float64], int]:
    """Share points among the nodes; return masses, and the longest chain of sums.

    Tiles whose windows overlap never run at once: along the first two axes, even tiles
    and odd ones take turns; along the third, one task takes a column of them in order.
    So the masses are bitwise the same for any number of threads.
    """
    d = len(layout.lengths)
    masses = np.zeros(layout.lengths)
    counts = np.diff(places.starts)[:-1]
    filled = np.flatnonzero(counts)
    passes = -(-counts[filled] // MOST_POINTS)
    tile = np.repeat(filled, passes)
    number = np.arange(len(tile)) - np.repeat(np.cumsum(passes) - passes, passes)
    first = places.starts[tile] + number * MOST_POINTS
    last = np.minimum(first + MOST_POINTS, places.starts[tile + 1])
    at = np.stack(np.unravel_index(tile, places.tiles), axis=-1)
    jobs = np.column_stack([first, last, at * TILE])
    colour = 2 * (at[:, 0] % 2) + at[:, 1] % 2
    column = at[:, 0] * places.tiles[1] + at[:, 1]
    share = np.full(1, 1.0 / len(places.u)) if weights is None else weights
    each = int(weights is not None)
    loop = spread_loop(d, window.width, window.pieces.shape[1] - 1)
    for one in range(4):
        some = np.flatnonzero(colour == one)
        todo = jobs[some]
        borders = _borders(column[some], todo[:, 1] - todo[:, 0])

        def task(block: int, todo: Any = todo, borders: Any = borders) -> None:
            stop = borders[block + 1]
            for start in range(borders[block], stop, MOST_PASSES):
                part = todo[start : min(start + MOST_PASSES, stop)]
                loop(places.u, share, each, places.rows, part, window.pieces, masses)

        run_blocks(task, len(borders) - 1, n_jobs)
    chain = min(int(counts.max()), MOST_POINTS) + (int(passes.max()) << d)
    return masses, chain


def _borders(column: NDArray[np.int64], points: NDArray[np.int64]) -> list[int]:
    """Cut passes into blocks of about `WORK` points, between columns."""
    if not len(column):
        return [0]
    done = np.cumsum(points + PASS_WORK)
    begins = np.flatnonzero(np.diff(column, prepend=-1))
    block = (done[begins] - points[begins]) // WORK
    begins = begins[np.flatnonzero(np.diff(block, prepend=-1))]
    return [*begins.tolist(), len(column)]


def convolve(
    masses: NDArray[np.float64], axes: tuple[Axis, ...], n_jobs: Any
) -> NDArray[np.float64]:
    """Multiply the transform of the masses by the factors of each axis.

    The masses are freed on the way if the caller keeps none: two arrays of the size of
    the grid are in memory at a time.
    """
    from scipy import fft

    lengths = masses.shape
    workers = thread_count(n_jobs)
    spectrum = fft.rfftn(masses, workers=workers)
    del masses
    first, rest = _by_sign(axes[0], lengths[0]), axes[-1].factors
    if len(axes) == 3:
        rest = _by_sign(axes[1], lengths[1])[:, None] * rest
    rows = max(1, SLAB // rest.size)

    def task(block: int) -> None:
        some = slice(block * rows, (block + 1) * rows)
        part = spectrum[some]
        part *= rest
        part *= first[some].reshape(-1, *(1,) * (len(axes) - 1))

    run_blocks(task, -(-lengths[0] // rows), n_jobs)
    # not irfftn, which copies the spectrum
    others = tuple(range(len(lengths) - 1))
    spectrum = fft.ifftn(spectrum, axes=others, workers=workers, overwrite_x=True)
    return np.asarray(fft.irfft(spectrum, lengths[-1], workers=workers))


def _by_sign(axis: Axis, length: int) -> NDArray[np.float64]:
    """Factors in the order of a full transform: k >= 0, then k < 0."""
    k = np.arange(length)
    return axis.factors[np.minimum(k, length - k)]


def sum_on_nodes(
    places: Places,
    weights: NDArray[np.float64] | None,
    layout: Layout,
    window: Window,
    axes: tuple[Axis, ...],
    *,
    n_jobs: Any,
) -> tuple[NDArray[np.float64], Norms]:
    """Spread and convolve; return the sums on nodes, and what rounding follows."""
    masses, chain = spread(places, weights, layout, window, n_jobs)
    norm = size(masses)
    # handed over, so that it can be freed
    holder = [masses]
    del masses
    values = convolve(holder.pop(), axes, n_jobs)
    highest = max(float(values.max()), -float(values.min()))
    return values, Norms(chain, norm, size(values), highest)


def size(values: NDArray[np.float64]) -> float:
    """2-norm of an array, added up in the same order on any machine."""
    rows = max(1, SLAB * len(values) // values.size)
    starts = range(0, len(values), rows)
    return math.sqrt(
        math.fsum(float(np.square(values[s : s + rows]).sum()) for s in starts)
    )


def interpolate(
    places: Places,
    sums: NDArray[np.float64],
    window: Window,
    out: NDArray[np.float64],
    n_jobs: Any,
) -> None:
    """Interpolate at the queries that lie in the box."""
    rows = places.inside
    loop = interpolation_loop(sums.ndim, window.width, window.pieces.shape[1] - 1)

    def task(block: int) -> None:
        some = rows[block * WORK : (block + 1) * WORK]
        loop(places.u, some, window.pieces, sums, out)

    run_blocks(task, -(-len(rows) // WORK), n_jobs)
