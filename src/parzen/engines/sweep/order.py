"""Points in order on a line, and a table that finds a place among them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.sweep.sort import CHUNK, core, ordered
from parzen.jit import compile_loop, jitable
from parzen.parallel import run_blocks
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Cells are counted in floats: exact below this.
MOST_CELLS = 2.0**51
# More points than this in a cell are searched by bisection.
FEW = 16


@dataclass(frozen=True, eq=False)
class Line(ReadOnly):
    """Sorted points, and a table of the ranks at which cells of equal width begin.

    The table knows the cells in which most of the points are, with as many cells
    as points; its first and last entries stand for all beyond. A bisection within a
    cell ends a search, so that data of any shape will do.

    Attributes
    ----------
    points : ndarray of shape (n,)
        In increasing order.
    payload : ndarray of shape (n,) or (0,)
        What came with each of them.
    table : ndarray of shape (cells + 3,)
        Rank of the first point in or after each cell, see `cell`.
    frequency : float
        Cells in a unit of length: `base` times a power of two.
    first : float
        The cell before the first that the table knows.
    """

    points: NDArray[np.float64]
    payload: NDArray[Any]
    table: NDArray[Any]
    frequency: float
    first: float

    @property
    def last(self) -> float:
        """Index of the cell beyond the last that the table knows."""
        return float(len(self.table) - 2)

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        payload: NDArray[Any] | None,
        base: float,
        n_jobs: Any,
    ) -> Line:
        """Sort values (n,) and what comes with them (n,), and make the table."""
        points, payload = ordered(values, payload, n_jobs)
        n = len(points)
        low, high = core(points)
        largest = max(abs(points[0]), abs(points[-1])) * base + 1.0
        power = finest = math.floor(math.log2(MOST_CELLS / largest))
        if high > low:
            wanted = math.log2(n + 1.0) - math.log2(high - low)
            power = min(finest, math.floor(wanted - math.log2(base)))
        frequency = math.ldexp(base, power)
        first = math.floor(low * frequency) - 1.0
        cells = int(math.floor(high * frequency) - first)
        table = np.zeros(cells + 3, dtype=np.int32 if n < 1 << 31 else np.int64)
        loop = _table_loop()

        def task(block: int) -> None:
            start = block * CHUNK
            loop(points, frequency, first, start, min(start + CHUNK, n), table)

        run_blocks(task, -(-n // CHUNK), n_jobs)
        # the cells after that of the last point
        table[int(cell(points[-1], frequency, first, cells + 1.0)) + 1 :] = n
        return cls(points, payload, table, frequency, first)


@jitable
def cell(x: Any, frequency: Any, first: Any, last: Any) -> Any:
    """Return the index in the table of the cell that x is in, as a float."""
    return min(max(np.floor(x * frequency) - first, 0.0), last)


@functools.cache
def _table_loop() -> Any:
    """Compile the table: ranks at which cells begin."""

    def loop(
        points: Any, frequency: Any, first: Any, start: Any, stop: Any, table: Any
    ) -> None:
        last = table.shape[0] - 2.0
        before = -1
        if start > 0:
            before = int(cell(points[start - 1], frequency, first, last))
        for i in range(start, stop):
            here = int(cell(points[i], frequency, first, last))
            for c in range(before + 1, here + 1):
                table[c] = i
            before = here

    return compile_loop(loop)
