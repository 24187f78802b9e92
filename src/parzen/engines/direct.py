"""Direct sum: every kernel at every query, exact to rounding in any dimension."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.coordinates import Coordinates
from parzen.engines.engine import FEW_PAIRS, ErrorBound
from parzen.engines.kernel_sums import compact_loop, decaying_loop
from parzen.engines.single_sums import SingleSum, goal, pays
from parzen.kernels.profiles import CAUCHY
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Pairs in one block of work, about 0.1 ms.
BLOCK_PAIRS = 1 << 16
# No block of several queries has more pairs, some 0.1 s: Ctrl-C waits for it.
LONGEST_PAIRS = 1 << 27
# A shorter sum gains nothing from a second thread, which takes 0.1 ms to start.
THREAD_SECONDS = 1e-3
# Below this many pairs the sum is NumPy's.
NUMPY_PAIRS = FEW_PAIRS
# Numbers in one temporary array of the NumPy sum.
NUMPY_ELEMENTS = 1 << 18
# Densities of compact kernels below this may have lost digits to tiny weights.
SMALLEST = 1e-250
# Local bandwidths over more decades, times axes, are summed in NumPy: it squares none.
WIDEST_DECADES = 100.0
# Measured on one core, AVX-512: seconds a call, a pair, a pair and dimension.
SECONDS_A_CALL = 5e-5
SECONDS_A_PAIR = 8e-10
SECONDS_A_COORDINATE = 5e-11
# The same in single precision, where the accepted error allows it.
SECONDS_A_SINGLE_PAIR = 2.2e-10
SECONDS_A_SINGLE_COORDINATE = 4e-11
# A kernel without a compiled profile: a distribution of scipy.stats in NumPy.
SECONDS_A_CALLED_PAIR = 1e-7
# Rounding of distances, exponential and sum for any representable density: exponents
# stay below 1100 bits, whitened coordinates below STRETCH. To it come the rounding of
# the constant, and what a covariance matrix amplifies.
ROUNDING = 2e-11


@dataclass(frozen=True, eq=False)
class DirectPlan:
    """A direct sum ready for queries; memory O(n d).

    Attributes
    ----------
    problem : Problem
    coordinates : Coordinates or None
        The points as the compiled loops take them; None where only NumPy can sum.
    """

    problem: Problem
    coordinates: Coordinates | None

    @functools.cached_property
    def heights(self) -> NDArray[np.float64]:
        """Weights over the volume of each local bandwidth, shape (n,)."""
        sample, local = self.problem.sample, self.problem.local
        weights = sample.weights
        if weights is None:
            weights = np.full(sample.n, 1.0 / sample.n)
        return weights if local is None else np.asarray(weights * local**-sample.d)

    @functools.cached_property
    def log_heights(self) -> NDArray[np.float64]:
        """Base-2 logarithms of the heights, shape (n,)."""
        return self.problem.log_heights()

    @functools.cached_property
    def shrink(self) -> NDArray[np.float64]:
        """What local bandwidths do to squared distances, shape (n,), or (0,)."""
        local = self.problem.local
        return np.empty(0) if local is None else local**-2.0

    @functools.cached_property
    def single(self) -> SingleSum | None:
        """The sum in single precision; None where the accepted error is too small."""
        rounding = double_rounding(self.problem)
        if self.coordinates is None or not pays(self.problem, rounding):
            return None
        return SingleSum.of(self.problem, rounding)

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d)."""
        with np.errstate(over="ignore"):
            return np.exp(self.logpdf(q))

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d)."""
        if self.coordinates is None:
            return self._numpy_sum(q)
        if len(q) * self.problem.sample.n <= NUMPY_PAIRS:
            result = self._numpy_sum(q)
        elif self.single is not None:
            result = self._single_sum(q, self.single, self.coordinates)
        else:
            result = self._compiled_sum(q, self.coordinates)
        # Where squared distances, or weights times a compact kernel, leave the range of
        # a double, sum again in log space throughout: the logarithm is in range.
        compact = math.isfinite(self.problem.kernel.support)
        if not compact or self.heights.min() < SMALLEST:
            lost = ~(result > math.log(SMALLEST)) if compact else ~np.isfinite(result)
            if lost.any():
                result[lost] = self._numpy_sum(q[lost])
        return result

    def _numpy_sum(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum in log space with temporaries of bounded size."""
        kernel, scale = self.problem.kernel, self.problem.scale
        points = self.problem.sample.points
        local = self.problem.local
        log_heights = self.log_heights * math.log(2.0)
        rows = max(1, NUMPY_ELEMENTS // points.size)
        result = np.empty(len(q))

        def task(block: int) -> None:
            some = slice(block * rows, (block + 1) * rows)
            with np.errstate(all="ignore"):
                u = scale.to_kernel_units(q[some, None, :] - points)
                if local is not None:
                    u /= local[:, None]
                terms = kernel.logpdf(u) + log_heights
                top = terms.max(axis=1)
                base = np.where(np.isfinite(top), top, 0.0)
                total = np.exp(terms - base[:, None]).sum(axis=1)
                result[some] = base + np.log(total) - scale.log_volume

        # one thread: a kernel of the user's need not be safe on several
        run_blocks(task, -(-len(q) // rows), 1)
        return result

    def _single_sum(
        self, q: NDArray[np.float64], single: SingleSum, coordinates: Coordinates
    ) -> NDArray[np.float64]:
        """Sum in single precision, and in double what that cannot certify."""
        result = np.full(len(q), np.nan)
        queries, lengths = single.place(q)
        some = np.flatnonzero(~single.hopeless(lengths))
        if some.size:
            near, loop = queries[some], single.loop
            data = single.points, single.heights, *single.scouts

            def add(rows: slice, first: int, last: int, *out: NDArray[Any]) -> None:
                loop(near[rows], *data, first, last, *out)

            sums = self._in_blocks(some.size, add)
            result[some] = single.logs(lengths[some], *sums)
        doubtful = np.flatnonzero(np.isnan(result))
        if doubtful.size:
            result[doubtful] = self._compiled_sum(q[doubtful], coordinates)
        return result

    def _compiled_sum(
        self, q: NDArray[np.float64], coordinates: Coordinates
    ) -> NDArray[np.float64]:
        """Sum in compiled loops, in double precision."""
        kernel = self.problem.kernel
        queries = coordinates.place(q)
        product = int(kernel.product)
        local = int(self.problem.local is not None)
        if math.isfinite(kernel.support):
            loop = compact_loop(kernel.code, product, coordinates.form, local)
            heights = self.heights
        else:
            # of the profiles, only the radial Cauchy depends on the dimension
            d = q.shape[1] if kernel.code == CAUCHY and not product else 1
            loop = decaying_loop(kernel.code, d, product, coordinates.form, local)
            heights = self.log_heights

        def add(rows: slice, first: int, last: int, *out: NDArray[Any]) -> None:
            loop(
                queries[rows],
                coordinates.points,
                coordinates.metric,
                coordinates.root,
                self.shrink,
                heights,
                first,
                last,
                *out,
            )

        top, merged = self._in_blocks(len(q), add)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(
                top * math.log(2.0) + np.log(merged) + self.problem.log_peak
            )

    def _in_blocks(
        self, m: int, add: Callable[..., None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Add up blocks of m queries on threads: references and totals, both (m,)."""
        n = self.problem.sample.n
        rows = min(m, max(BLOCK_PAIRS // n, min(64, max(1, LONGEST_PAIRS // n))))
        chunks = -(-m // rows)
        # few queries on many points: cut the points too, into panels
        panels = max(1, min(64 // chunks, n // BLOCK_PAIRS))
        width = -(-n // panels)
        panels = -(-n // width)
        reference = np.empty((panels, m))
        total = np.empty((panels, m))

        def task(block: int) -> None:
            chunk, panel = divmod(block, panels)
            some = slice(chunk * rows, min((chunk + 1) * rows, m))
            first, last = panel * width, min((panel + 1) * width, n)
            add(some, first, last, reference[panel, some], total[panel, some])

        busy = predicted_seconds(self.problem, m) > THREAD_SECONDS
        run_blocks(task, chunks * panels, self.problem.n_jobs if busy else 1)
        top = reference.max(axis=0)
        with np.errstate(invalid="ignore"):
            return top, (total * np.exp2(reference - top)).sum(axis=0)


def predicted_seconds(
    problem: Problem, n_queries: int, *, single: bool = False
) -> float:
    """Predict the time of a sum on one thread, from the measured cost of a pair."""
    sample = problem.sample
    pair = SECONDS_A_PAIR + SECONDS_A_COORDINATE * sample.d
    if single:
        pair = SECONDS_A_SINGLE_PAIR + SECONDS_A_SINGLE_COORDINATE * sample.d
    if problem.kernel.code is None:
        pair = SECONDS_A_CALLED_PAIR * sample.d
    return SECONDS_A_CALL + sample.n * n_queries * pair


def double_rounding(problem: Problem) -> float:
    """Bound the relative error of a sum in double precision."""
    matrix = 8.0 * problem.sample.d * problem.scale.condition
    peak = abs(problem.log_peak)
    if problem.local is not None:
        peak += problem.sample.d * abs(np.log(problem.local)).max()
    rounding = matrix + 4.0 * peak
    return float(ROUNDING + rounding * np.finfo(np.float64).eps)


class DirectEngine:
    """Sum every kernel at every query: exact, O(n m d) time, O(n + m) memory."""

    name = "direct"
    relative = True

    def refusal(self, problem: Problem) -> str | None:  # noqa: ARG002 - protocol
        """Answer every problem."""
        return None

    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the rounding, in single precision where `rtol` allows it."""
        rounding = double_rounding(problem)
        if pays(problem, rounding):
            rounding = max(rounding, goal(problem))
        return ErrorBound(rounding, 0.0)

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Pairs times the measured cost of one, on one thread."""
        single = pays(problem, double_rounding(problem))
        return predicted_seconds(problem, n_queries, single=single)

    def plan(self, problem: Problem) -> DirectPlan:
        """Lay the coordinates out axis by axis."""
        sample = problem.sample
        layout = None
        # squares of local bandwidths farther apart, or their volumes, leave the range
        # of a double
        decades = math.log10(problem.widest) - math.log10(problem.narrowest)
        tame = sample.d * decades < WIDEST_DECADES
        if problem.kernel.code is not None and tame:
            layout = Coordinates.of(
                sample.points, problem.scale, product=problem.kernel.product
            )
        return DirectPlan(problem, layout)
