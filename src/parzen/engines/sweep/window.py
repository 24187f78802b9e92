"""Sums of a kernel that is a polynomial, or a cosine, in a window.

The line is cut into blocks as wide as the support, or half of it. Each block has sums
of powers of its points about its centre, running forwards from its left end and
backwards from its right end (van Herk 1992; Gil and Werman 1993). A window is the end
of a block and the beginning of the next: nothing is subtracted, and nothing far away
takes part.

References
----------
.. [1] Fan, J. and Marron, J. S. (1994), "Fast implementations of nonparametric curve
   estimators", Journal of Computational and Graphical Statistics 3, 35-56.
.. [2] Langrene, N. and Warin, X. (2019), "Fast and stable multivariate kernel density
   estimation by fast sum updating", Journal of Computational and Graphical Statistics
   28, 596-608.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.engines.sweep.axis import Axis
from parzen.engines.sweep.basis import code_of, magnitude, sides, tables, terms
from parzen.engines.sweep.certificate import SUMMANDS, limits_of
from parzen.engines.sweep.loops import window_loop
from parzen.engines.sweep.order import Line
from parzen.engines.sweep.queries import swept
from parzen.engines.sweep.scan import GROUP, LEVELS, RADIX, scan_loop
from parzen.kernels.profiles import COSINE
from parzen.parallel import run_blocks
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.certified import Tolerance
    from parzen.engines.engine import Problem

# Widths of a block, in half supports, for kernels of one polynomial or of two: a window
# must end in another block than it begins in, by more than coordinates are rounded.
MARGIN = 1.0 - 2.0**-7
BLOCKS = {1: (2.0 * MARGIN, MARGIN, 0.5 * MARGIN), 2: (MARGIN, 0.5 * MARGIN)}
# Bits of the width of a block. Compiled code may round the centre of a block, block and
# a half times this, or not (`contract`), one way at a point and another at a query: so
# it is exact. Blocks go to FARTHEST / 0.248, their halves have 46 bits, 53 in all.
WIDTH_BITS = 7
# Narrower blocks where the rounding exceeds this part of the accepted error: it is
# in terms of the weight in the window, of which a sum is mostly some tenths.
SPARE = 1e-3
# Points of which one call takes the running sums, about 30 ms.
PART = 1 << 22


@dataclass(frozen=True, eq=False)
class WindowSums(ReadOnly):
    """Running sums in blocks; 11 to 33 bytes a point beside the points and weights.

    Attributes
    ----------
    axis : Axis
    code : int
        The kernel.
    line : Line
        The points, and their weights unless these are equal.
    numbers : ndarray of shape (11,)
        Width, one over its square, one over it; one over the width of a block, and
        that, a short float; the cells of the table: frequency, first, last, number in
        a block; the lowest and the highest point.
    basis : ndarray of shape (2, terms, terms)
    running : ndarray of shape (2, n // GROUP + 1, terms)
        Forwards and backwards, see `scan_loop`.
    limits : ndarray of shape (4,)
        The accepted error, relative and absolute; the unit of the sums; and what these
        are rounded by, relative to the weight in the window.
    n_jobs : int or None
    """

    axis: Axis
    code: int
    line: Line
    numbers: NDArray[np.float64]
    basis: NDArray[np.float64]
    running: NDArray[np.float64]
    limits: NDArray[np.float64]
    n_jobs: Any

    @classmethod
    def of(cls, problem: Problem, tolerance: Tolerance) -> WindowSums:
        """Sort the points and take their running sums: O(n)."""
        code = code_of(problem)
        blocks, rounding = blocks_of(problem, 0, tolerance.relative)
        axis, line, numbers, basis, running = blocks
        limits = limits_of(problem, tolerance, rounding)
        return cls(axis, code, line, numbers, basis, running, limits, problem.n_jobs)

    def sums(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, 1): shape (m,), certified or `DOUBTFUL`."""
        none = np.empty((0, 0))
        tables = self.numbers, self.basis, self.running, self.limits, none, none
        queries = self.axis.place(q)
        return swept(self.line, window_loop(self.code), tables, queries, self.n_jobs)


class Blocks(NamedTuple):
    """What a window takes its sums from, see `WindowSums`."""

    axis: Axis
    line: Line
    numbers: NDArray[np.float64]
    basis: NDArray[np.float64]
    running: NDArray[np.float64]


def blocks_of(problem: Problem, order: int, relative: float) -> tuple[Blocks, float]:
    """Return running sums, and the rounding of what is made of them.

    Parameters
    ----------
    problem : Problem
    order : int
        Of a derivative of the kernel, 0 for the kernel, `MASS` for its distribution.
    relative : float
        The accepted error.
    """
    sample, axis, code = problem.sample, Axis.of(problem), code_of(problem)
    n, width = sample.n, axis.width
    ratio, rounding = _block(code, order, n, relative)
    block_width = _short(ratio * width)
    inverse_block = 1.0 / block_width
    points = axis.place(sample.points)
    line = Line.of(points, sample.weights, inverse_block, problem.n_jobs)
    cells = line.frequency, line.first, line.last, line.frequency / inverse_block
    blocks = inverse_block, block_width
    ends = line.points[0], line.points[-1]
    numbers = np.array([width, width**-2.0, 1.0 / width, *blocks, *cells, *ends])
    running = np.zeros((2, n // GROUP + 1, terms(code, order)))
    _scan(code, line, numbers, running, problem.n_jobs)
    return Blocks(axis, line, numbers, tables(code, order), running), rounding


def _block(code: int, order: int, n: int, relative: float) -> tuple[float, float]:
    """Return the width of blocks in bandwidths, and what sums over them round by.

    In half ulps: the running sums of n points, 10 for each power of y and d, all times
    the sum of absolute terms a_jl d^l y^j, where |d| + |y| is a bandwidth and a block.
    """
    levels = math.ceil(math.log(max(n // GROUP, 2), RADIX))
    steps = GROUP + RADIX * levels + LEVELS + 10 * terms(code, order) + 10
    if order:
        # of the sum as well, relative to which they may be large
        steps += SUMMANDS
    for ratio in BLOCKS[sides(code)]:
        # one percent for rounded blocks
        rounding = steps * 2.0**-53 * 1.01 * magnitude(code, 1.01 + ratio, order)
        if rounding <= SPARE * relative:
            break
    return ratio, rounding


def _short(width: float) -> float:
    """Round down to `WIDTH_BITS` bits."""
    mantissa, exponent = math.frexp(width)
    return math.ldexp(
        math.floor(math.ldexp(mantissa, WIDTH_BITS)), exponent - WIDTH_BITS
    )


def _scan(
    code: int,
    line: Line,
    numbers: NDArray[np.float64],
    sums: NDArray[np.float64],
    n_jobs: Any,
) -> None:
    """Take the running sums, both ways at once."""
    n = len(line.points)
    parts = range(0, n, PART)
    loop = scan_loop(int(code == COSINE))

    def task(backward: int) -> None:
        state = np.array([np.inf, 0.0, 0.0, 0.0])
        levels = np.zeros((LEVELS, sums.shape[2]))
        for first in reversed(parts) if backward else parts:
            loop(
                line.points,
                line.payload,
                numbers,
                first,
                min(first + PART, n),
                backward,
                state,
                levels,
                sums[backward],
            )

    run_blocks(task, 2, n_jobs)
