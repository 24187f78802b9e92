"""Cells of one width on the line, kept only where there are points.

A cell is [k, k + 1) 2^e for an integer k. Powers of two make everything exact: which
cell a number is in, where in the cell it lies, and how far two cells are apart, at any
offset and in any units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.jit import jitable
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Beyond this many cells from zero a number cannot tell where in its cell it lies.
FARTHEST_CELL = 2.0**50
# Beyond this, 2^e or its inverse is no normal float.
MOST_EXPONENT = 1020
# Up to so many cells, empty ones are kept rather than searched for.
FEW_CELLS = 1 << 12


@jitable
def row_of(cell: Any, first: Any, start: Any, several: int) -> Any:
    """Return the row of a cell, or -1; one segment or `several` is known at compile."""
    if not several:
        row = cell - first[0]
        return row if 0 <= row < start[1] else -1
    low, high = 0, first.shape[0]
    while high - low > 1:
        middle = (low + high) // 2
        if cell < first[middle]:
            high = middle
        else:
            low = middle
    row = start[low] + (cell - first[low])
    return row if cell >= first[low] and row < start[low + 1] else -1


@dataclass(frozen=True, eq=False)
class Cells:
    """Segments of neighbouring cells; each cell has a row in the arrays of others.

    Attributes
    ----------
    exponent : int
        The width of a cell is 2^exponent, in units of the data.
    first : ndarray of shape (s,)
        Number k of the first cell of each segment, ascending.
    start : ndarray of shape (s + 1,)
        Row of the first cell of each segment; the last entry counts all rows.
    """

    exponent: int
    first: NDArray[np.int64]
    start: NDArray[np.int64]

    @classmethod
    def around(
        cls,
        x: NDArray[np.float64],
        exponent: int,
        margin: int,
        ends: tuple[float, float] | None = None,
    ) -> Cells:
        """Lay cells around points (n,), `margin` of them beyond each; none if too far.

        Where empty cells would outnumber the points, gaps of more than two margins are
        left out, at O(n log n). `ends`, the least and largest point, spare a pass.
        """
        v = times_power_of_two(np.array(ends or (x.min(), x.max())), -exponent)
        if abs(exponent) > MOST_EXPONENT:
            v[:] = np.inf
        # NaN cannot be, but infinite where the units of the cells overflow
        if not (np.abs(v) < FARTHEST_CELL).all():
            return cls(exponent, np.zeros(1, dtype=int), np.zeros(2, dtype=int))
        low, high = np.floor(v).astype(np.int64)
        if high - low < max(FEW_CELLS, len(x) // 8):
            first = np.array([low - margin])
            return cls(exponent, first, np.array([0, high - low + 1 + 2 * margin]))
        occupied = np.unique(np.floor(times_power_of_two(x, -exponent)))
        gaps = np.flatnonzero(np.diff(occupied) > 2 * margin)
        first = occupied[np.append(0, gaps + 1)].astype(np.int64) - margin
        last = occupied[np.append(gaps, -1)].astype(np.int64) + margin
        return cls(exponent, first, np.append(0, np.cumsum(last - first + 1)))

    @property
    def scale(self) -> float:
        """Cells in a unit of the data: a power of two, by which products are exact."""
        return math.ldexp(1.0, -self.exponent)

    @property
    def several(self) -> int:
        """Whether there are several segments, as a flag for compiled loops."""
        return int(len(self.first) > 1)

    @property
    def count(self) -> int:
        """Number of cells."""
        return int(self.start[-1])
