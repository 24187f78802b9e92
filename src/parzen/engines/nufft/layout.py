"""Where the nodes of a Fourier series lie, and what its sums will cost.

Points and queries are whitened, y = A^-1 x, so that the kernel is exp(-|y|^2/2). They
lie in a periodic box that is wide enough for the images of the data to be too far away
to matter. All axes have nodes at one distance, `step` bandwidths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.layout import fast_length
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Widths of the window, in nodes: even ones only, each is compiled for itself. For each
# step the digits of the sum over frequencies of weight times alias, and the parameter
# beta / w that makes them most. A frequency that the kernel damps may have large
# aliases, so the steps may be longer, and the windows narrower, than for a transform
# that serves any coefficients.
WIDTHS = np.array([6, 8, 10, 12, 14, 16])
STEPS = np.array([0.20, 0.24, 0.28, 0.33, 0.38, 0.44])
DIGITS = np.array([
    [5.9, 8.3, 10.7, 13.0, 15.2, 16.0],
    [5.8, 8.1, 10.4, 12.6, 14.7, 16.0],
    [5.7, 7.9, 10.1, 12.2, 14.1, 16.0],
    [5.5, 7.7, 9.7, 11.6, 13.3, 14.9],
    [5.4, 7.4, 9.2, 10.9, 12.3, 13.5],
    [5.2, 7.0, 8.6, 9.8, 10.6, 10.9],
])  # fmt: skip
BETAS = np.array([
    [2.83, 2.82, 2.80, 2.78, 2.72, 2.53],
    [2.78, 2.75, 2.72, 2.67, 2.65, 2.50],
    [2.70, 2.68, 2.62, 2.58, 2.53, 2.45],
    [2.62, 2.58, 2.53, 2.45, 2.38, 2.33],
    [2.55, 2.48, 2.40, 2.33, 2.22, 2.12],
    [2.45, 2.35, 2.25, 2.12, 1.98, 1.80],
])  # fmt: skip
# What rounding adds to the error, in units of the peak: about so much.
ROUNDING = 2e-15
# Nodes: at least so many are allowed, 64 for each point, and never more than 2^26. At
# the peak a plan holds them twice (1 GiB), and afterwards once.
FEWEST_NODES = 1 << 22
MOST_NODES = 1 << 26
NODES_A_POINT = 64
# Measured on one core with 512-bit registers: seconds a point, a row of its window, a
# node. A point is spread once, a query interpolated once, at about the same cost.
SECONDS_A_POINT = 4e-8
SECONDS_A_ROW = 2.5e-9
SECONDS_A_NODE = 3.5e-8
SECONDS_A_PLAN = 2e-3
SECONDS_AN_EXACT_SUM = 2e-5
# Points in one pass over the extent of whitened data.
SLAB = 1 << 13


@dataclass(frozen=True, eq=False)
class Layout(ReadOnly):
    """A periodic box of nodes around whitened data.

    Node coordinates of x are u = shift + matrix (x - centre). A point is shared among
    the `width` nodes from floor(u) on, along each axis.

    Attributes
    ----------
    step : float
        Distance of the nodes in bandwidths.
    width : int
        Nodes that a point is shared among along an axis.
    beta : float
        Parameter of the window.
    lengths : tuple of int
        Nodes along each axis.
    room : float
        How far beyond the data queries may lie, in bandwidths.
    gap : float
        Distance of such a query from the nearest image of a point, in bandwidths.
    centre, far : ndarray of shape (d,)
        No query beyond |x - centre| > far can be in the box.
    matrix : ndarray of shape (d, d)
        A^-1 / step, lower triangular.
    shift, high : ndarray of shape (d,)
        Node coordinates of the centre, and the highest ones that a query may have; the
        lowest are one.
    """

    step: float
    width: int
    beta: float
    lengths: tuple[int, ...]
    room: float
    gap: float
    centre: NDArray[np.float64]
    far: NDArray[np.float64]
    matrix: NDArray[np.float64]
    shift: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def nodes(self) -> int:
        """Nodes in all."""
        return math.prod(self.lengths)


@dataclass(frozen=True)
class Choice:
    """A step and a width, with the parameters and the seconds that go with them.

    Attributes
    ----------
    step, width, beta, room : float
        As in `Layout`.
    reach : float
        Bandwidths at which the kernel is far below the error of the series.
    seconds : float
        Predicted for the plan and the queries, on one thread.
    """

    step: float
    width: int
    beta: float
    room: float
    reach: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Extent:
    """Where whitened data lie.

    Attributes
    ----------
    centre : ndarray of shape (d,)
        Middle of the data.
    root, inverse : ndarray of shape (d, d)
        A and A^-1, lower triangular.
    lower, upper : ndarray of shape (d,)
        Smallest and largest A^-1 (x - centre) on each axis.
    """

    centre: NDArray[np.float64]
    root: NDArray[np.float64]
    inverse: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    @property
    def span(self) -> NDArray[np.float64]:
        """Range of the data in bandwidths, shape (d,)."""
        return self.upper - self.lower

    def far(self, room: float) -> NDArray[np.float64]:
        """Bound |x - centre| on each axis within `room` of the data, shape (d,)."""
        edge = np.maximum(-self.lower, self.upper) + room
        with np.errstate(over="ignore"):
            far = 1.001 * (np.abs(self.root) @ edge)
        return np.minimum(far, np.finfo(np.float64).max / 8.0)

    def largest(self, room: float) -> float:
        """Bound the coordinates there, and their terms, in bandwidths."""
        terms = np.abs(self.inverse) @ self.far(room)
        return float(max(terms.max(), (self.span + 2.0 * room).max()) + 1.0)

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, problem: Problem) -> Extent:
        """Measure the data: at once for widths, one pass over them for a matrix."""
        sample, scale = problem.sample, problem.scale
        half = sample.upper / 2.0 - sample.lower / 2.0
        centre = sample.lower + half
        if scale.root is None:
            inverse = np.diag(1.0 / scale.widths)
            edge = half / scale.widths
            return cls(centre, np.diag(scale.widths), inverse, -edge, edge)
        inverse = np.tril(np.linalg.inv(scale.root))
        lower, upper = np.full(sample.d, math.inf), np.full(sample.d, -math.inf)
        # axis by axis: NumPy is slow along rows of two or three
        for start in range(0, sample.n, SLAB):
            x = np.array(sample.points[start : start + SLAB].T, order="C")
            x -= centre[:, None]
            y = np.empty_like(x[0])
            for k in range(sample.d):
                np.multiply(x[k], inverse[k, k], out=y)
                for j in range(k):
                    y += inverse[k, j] * x[j]
                lower[k] = min(lower[k], y.min())
                upper[k] = max(upper[k], y.max())
        return cls(centre, scale.root, inverse, lower, upper)


@np.errstate(all="ignore")
def choose(
    problem: Problem,
    extent: Extent,
    n_queries: int,
    relative: float,
    seconds_exact: float,
) -> Choice | None:
    """Pick the cheapest step and width; None where all need too many nodes.

    A narrower window costs less, but its error makes more sums too small for it, which
    an exact engine adds up at `seconds_exact` each. Which share of the queries that is
    follows from how high the density rises, if it is shaped like a normal one.
    """
    sample = problem.sample
    d = sample.d
    errors = d * 10.0**-DIGITS + ROUNDING
    absolute = problem.atol * math.exp(min(-problem.log_peak, 700.0))
    least = np.where(errors <= absolute, 1e-18, errors / relative)
    least = np.minimum(least, 0.1)
    room = 1.0 + np.sqrt(-2.0 * np.log(least))
    reach = np.sqrt(-2.0 * np.log(errors / (40.0 * d)))
    steps = STEPS[:, None]
    beyond = room + np.maximum(reach, room + (WIDTHS + 4) * steps)
    # lengths whose transform is fast are a little larger
    lengths = [1.06 * (span + beyond) / steps for span in extent.span]
    nodes = np.prod(lengths, axis=0)
    top = float(np.prod(np.minimum(1.0, 6.0 / np.maximum(extent.span, 1.0))))
    doubtful = np.minimum(1.0, 4.0 * least / max(top, 1e-18)) * (errors > absolute)
    # below it, a plain sum of so few points is better anyway, and no grid serves it
    seconds_exact = max(seconds_exact, SECONDS_AN_EXACT_SUM)
    point = SECONDS_A_POINT + SECONDS_A_ROW * WIDTHS ** (d - 1)
    seconds = (sample.n + n_queries) * point + nodes * SECONDS_A_NODE
    seconds += doubtful * n_queries * seconds_exact + SECONDS_A_PLAN
    # a NaN is a range beyond all floats
    seconds[~(nodes <= most_nodes(sample.n))] = math.inf
    i, j = np.unravel_index(int(np.argmin(seconds)), seconds.shape)
    if not math.isfinite(seconds[i, j]):
        return None
    width = int(WIDTHS[j])
    return Choice(
        step=float(STEPS[i]),
        width=width,
        beta=float(BETAS[i, j]) * width,
        room=float(room[i, j]),
        reach=float(reach[i, j]),
        seconds=float(seconds[i, j]),
    )


def most_nodes(n: int) -> int:
    """Nodes that a plan for n points may have."""
    return min(max(FEWEST_NODES, NODES_A_POINT * n), MOST_NODES)


def lay_out(extent: Extent, choice: Choice) -> Layout:
    """Put the box around the data: nodes for queries and windows, and the gap."""
    step, span = choice.step, extent.span
    inside = (span + 2.0 * choice.room) / step + choice.width + 4.0
    apart = (span + choice.room + choice.reach) / step
    lengths = tuple(fast_length(math.ceil(c)) for c in np.maximum(inside, apart))
    period = step * np.array(lengths)
    gap = float((period - span - choice.room).min())
    shift = 1.0 + (choice.room - extent.lower) / step
    high = 1.0 + (span + 2.0 * choice.room) / step
    return Layout(
        step,
        choice.width,
        choice.beta,
        lengths,
        choice.room,
        gap,
        extent.centre,
        extent.far(choice.room),
        extent.inverse / step,
        shift,
        high,
    )
