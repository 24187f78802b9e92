"""Sums of kernels at the Chebyshev nodes of cells: compiled loops, blocks of points."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.cells import row_of
from parzen.engines.ellipse import chebyshev_nodes, to_chebyshev, to_monomials
from parzen.engines.kernel_slopes import slope_polynomial, slope_powers
from parzen.engines.piecewise import PiecewisePolynomial
from parzen.jit import compile_loop, exp2
from parzen.kernels.profiles import decay, factor
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.cells import Cells

# Arrays that threads add to, at most, and points that each takes at a time: 20 ms.
PARTS = 8
STAGE_POINTS = 1 << 16


@functools.cache
def _nodes_loop(
    code: int, terms: int, parents: int, ring: int, several: int, slopes: int
) -> Any:
    """Compile the sum of kernels at the nodes of the cells in reach of each point.

    Or of their derivatives, of the order that the powers are for.
    """

    def loop(
        points: Any,
        inverses: Any,
        heights: Any,
        scale: Any,
        first: Any,
        start: Any,
        offsets: Any,
        table: Any,
        reach: Any,
        powers: Any,
        power: Any,
        values: Any,
        errors: Any,
    ) -> None:
        widest = (table.shape[0] - 1) // 2
        for i in range(points.shape[0]):
            v = points[i] * scale
            cell = math.floor(v)
            number = np.int64(cell)
            row = row_of(number, first, start, several)
            if row < 0:
                continue  # never so; but no store shall depend on arithmetic of floats
            place = v - cell - 0.5
            inverse, height = inverses[i], heights[i]
            if parents:
                low = -2 * parents - (number & 1)
                high = low + 4 * parents + 1
            else:
                high = min(math.ceil(reach / inverse), widest)
                low = -high
            for cells in range(2):
                # a ring: cells below the neighbourhood, then those above it
                if ring:
                    begin = low if cells == 0 else parents + 1
                    end = -parents if cells == 0 else high + 1
                else:
                    begin = low
                    end = high + 1 if cells == 0 else low
                # slices: their indices cannot be negative, so the loops are vectorised
                size = max(end - begin, 0)
                source = offsets[(widest + begin) * terms :][: size * terms]
                target = values[(row + begin) * terms :][: size * terms]
                for k in range(size * terms):
                    u = (source[k] - place) * inverse
                    s = u * u
                    if slopes:
                        value = exp2(np.maximum(decay(code, s, 1) * power, -1000.0))
                        value *= factor(code, s) * slope_polynomial(code, powers, u)
                    else:
                        value = exp2(decay(code, s, 1)) * factor(code, s)
                    target[k] += height * value
                bound = table[widest + begin :][:size]
                error = errors[row + begin :][:size]
                for k in range(size):
                    error[k] += height * bound[k]

    return compile_loop(loop)


@dataclass(frozen=True, eq=False)
class Reach:
    """How far points add to cells, and with what error.

    Attributes
    ----------
    code : int
        Of the kernel.
    radius : float
        In bandwidths; inf where `parents` say it.
    errors : ndarray of shape (2 r + 1,)
        Error of a kernel of height one, by cells from the point's own.
    parents : int
        Where positive, a point adds to the children of so many cells on each side of
        its cell in the next level, and of that one itself.
    ring : bool
        Whether the cells that belong to the level before are left out.
    order : int
        Of the derivative that is summed up.
    """

    code: int
    radius: float
    errors: NDArray[np.float64]
    parents: int
    ring: bool
    order: int = 0


@dataclass(frozen=True, eq=False)
class NodeSums:
    """Sums at the nodes of cells, in parts that different threads add to.

    Attributes
    ----------
    cells : Cells
    values : ndarray of shape (parts, cells, terms)
    errors : ndarray of shape (parts, cells)
    steps : int
        Additions that one sum takes, at most.
    """

    cells: Cells
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    steps: int

    @classmethod
    def zeros(cls, cells: Cells, terms: int, points: int) -> NodeSums:
        """Prepare sums over so many points; memory at most four numbers a point."""
        size = cells.count * (terms + 1)
        parts = max(1, min(PARTS, 4 * points // size, points // 1024))
        values = np.zeros((parts, cells.count, terms))
        errors = np.zeros((parts, cells.count))
        return cls(cells, values, errors, -(-points // parts) + parts)

    def add(
        self,
        x: NDArray[np.float64],
        inverses: NDArray[np.float64],
        heights: NDArray[np.float64],
        reach: Reach,
        n_jobs: Any,
    ) -> None:
        """Add points (n,), with their cells' width in bandwidths and their heights."""
        parts, _, terms = self.values.shape
        ring, several = int(reach.ring), self.cells.several
        slopes = int(reach.order > 0)
        loop = _nodes_loop(reach.code, terms, reach.parents, ring, several, slopes)
        powers, power = slope_powers(reach.code, reach.order)
        margin = len(reach.errors) // 2
        cells = np.arange(-margin, margin + 1)[:, None]
        offsets = cells + 0.5 * chebyshev_nodes(terms)
        size = -(-len(x) // parts)
        for stage in range(0, size, STAGE_POINTS):

            def task(part: int, stage: int = stage) -> None:
                begin = part * size + stage
                end = min((part + 1) * size, begin + STAGE_POINTS, len(x))
                loop(
                    x[begin:end],
                    inverses[begin:end],
                    heights[begin:end],
                    self.cells.scale,
                    self.cells.first,
                    self.cells.start,
                    offsets.ravel(),
                    reach.errors,
                    reach.radius,
                    powers,
                    power,
                    self.values[part].reshape(-1),
                    self.errors[part],
                )

            run_blocks(task, parts, n_jobs)

    def polynomial(self, lost: float) -> PiecewisePolynomial:
        """Interpolate; `lost` is the error everywhere, and all of it outside."""
        values = self.values.sum(axis=0)
        terms = values.shape[1]
        coefficients = values @ to_chebyshev(terms).T @ to_monomials(terms).T
        errors = self.errors.sum(axis=0) + lost
        return PiecewisePolynomial(self.cells, coefficients, errors, lost)
