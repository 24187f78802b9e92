"""Direct sums at many bandwidths that share their distances, points left out.

Cross-validation asks for one density at many widths, at the data themselves: distances
are computed once, and a point may be left out of the sum at its own place.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.coordinates import Coordinates
from parzen.engines.engine import FEW_PAIRS
from parzen.engines.kernel_sums import (
    BY_AXIS,
    BY_DIFFERENCE,
    NEGLIGIBLE_BITS,
    QUERIES,
    TILE,
    axis_distances,
    plain_distances,
    whitened_distances,
)
from parzen.jit import compile_loop, exp2, maximum
from parzen.kernels.profiles import CAUCHY, GAUSSIAN, LOG2_E, LOGISTIC, decay, factor
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.scale import Scale

# Numbers in one temporary array of the NumPy sum.
NUMPY_ELEMENTS = 1 << 18
# Terms of all widths in one block of work, about a millisecond.
BLOCK_TERMS = 1 << 21


@dataclass(frozen=True, eq=False)
class SharedSums:
    """Log densities at the bandwidths A, each times a factor.

    Cost O(m n (d + k)) for k factors, memory O(n d + k m).

    Attributes
    ----------
    kernel : Kernel or DistributionKernel
    points : ndarray of shape (n, d)
    weights : ndarray of shape (n,) or None
        Of any sum; None for 1/n each.
    scale : Scale
        A.
    factors : ndarray of shape (k,)
        Positive, in falling order.
    n_jobs : int or None
    """

    kernel: AnyKernel
    points: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    scale: Scale
    factors: NDArray[np.float64]
    n_jobs: Any = None

    def logs(
        self, q: NDArray[np.float64], left_out: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Log densities at q (m, d), shape (k, m), without the points `left_out` (m,).

        What is left out is not made up for: the weights are what they are.
        """
        if left_out is None:
            left_out = np.full(len(q), -1)
        coordinates = None
        if self.kernel.code is not None and not self.kernel.product:
            coordinates = Coordinates.of(self.points, self.scale, product=False)
        pairs = len(q) * len(self.points) * len(self.factors)
        if coordinates is None or pairs <= FEW_PAIRS:
            return self._numpy_sums(q, left_out)
        result = self._compiled_sums(q, left_out, coordinates)
        if not math.isfinite(self.kernel.support):
            # squared distances beyond the floats
            lost = ~np.isfinite(result).all(axis=0)
            if lost.any():
                result[:, lost] = self._numpy_sums(q[lost], left_out[lost])
        return result

    @functools.cached_property
    def _heights(self) -> NDArray[np.float64]:
        """Weights of the points, shape (n,)."""
        n = len(self.points)
        return np.full(n, 1.0 / n) if self.weights is None else self.weights

    @functools.cached_property
    def _log_peaks(self) -> NDArray[np.float64]:
        """Logarithm of each width's largest kernel value, shape (k,)."""
        d = self.points.shape[1]
        top = self.kernel.log_norm(d) - self.scale.log_volume
        return np.asarray(top - d * np.log(self.factors))

    def _numpy_sums(
        self, q: NDArray[np.float64], left_out: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Sum in log space, for any kernel, with temporaries of bounded size."""
        d = self.points.shape[1]
        result = np.empty((len(self.factors), len(q)))
        rows = max(1, NUMPY_ELEMENTS // self.points.size)
        log_heights = np.log(self._heights)
        for start in range(0, len(q), rows):
            some = slice(start, start + rows)
            out = left_out[some]
            there = np.flatnonzero(out >= 0)
            with np.errstate(all="ignore"):
                u = self.scale.to_kernel_units(q[some, None, :] - self.points)
                for k, width in enumerate(self.factors):
                    terms = self.kernel.logpdf(u / width) + log_heights
                    terms[there, out[there]] = -np.inf
                    top = terms.max(axis=1)
                    base = np.where(np.isfinite(top), top, 0.0)
                    total = np.exp(terms - base[:, None]).sum(axis=1)
                    result[k, some] = base + np.log(total)
        volumes = self.scale.log_volume + d * np.log(self.factors)
        return np.asarray(result - volumes[:, None])

    def _compiled_sums(
        self,
        q: NDArray[np.float64],
        left_out: NDArray[np.intp],
        coordinates: Coordinates,
    ) -> NDArray[np.float64]:
        """Sum in compiled loops on threads."""
        code, count = int(self.kernel.code or 0), len(self.factors)
        # of the profiles, only the radial Cauchy depends on the dimension
        d = self.points.shape[1] if code == CAUCHY else 1
        compact = int(math.isfinite(self.kernel.support))
        weighted = int(self.weights is not None)
        loop = shared_loop(code, d, coordinates.form, compact, weighted)
        queries, heights = coordinates.place(q), self._heights
        # bits that separate a term from the nearest point's, beyond which it is lost
        bits = NEGLIGIBLE_BITS + math.log2(len(self.points))
        if weighted:
            bits += math.log2(heights.max() / heights.min())
        totals = np.empty((len(q), count))
        nearest = np.empty(len(q))
        rows = max(QUERIES, BLOCK_TERMS // (len(self.points) * count))
        rows = -(-rows // QUERIES) * QUERIES

        def task(block: int) -> None:
            some = slice(block * rows, (block + 1) * rows)
            loop(
                queries[some],
                coordinates.points,
                coordinates.metric,
                coordinates.root,
                heights,
                left_out[some],
                self.factors**-2.0,
                bits,
                nearest[some],
                totals[some],
            )

        run_blocks(task, -(-len(q) // rows), self.n_jobs)
        with np.errstate(all="ignore"):
            logs = np.log(totals.T)
            if not weighted:
                logs -= math.log(len(self.points))
            if not compact:
                squares = nearest * (self.factors**-2.0)[:, None]
                logs += decay(code, squares, d) * math.log(2.0)
        return logs + self._log_peaks[:, None]


@functools.cache
def shared_loop(code: int, d: int, form: int, compact: int, weighted: int) -> Any:
    """Compile the sums of one radial kernel at many widths.

    Profiles fall with the distance, so the nearest point has the largest term at every
    width: its squared distance is `nearest`, and the terms beside it make the totals.
    """
    bounded = int(code == LOGISTIC)
    gaussian = int(code == GAUSSIAN)

    def loop(
        queries: Any,
        points: Any,
        metric: Any,
        root: Any,
        heights: Any,
        left_out: Any,
        shrinks: Any,
        bits: Any,
        nearest: Any,
        totals: Any,
    ) -> None:
        n = points.shape[1]
        squares = np.empty((QUERIES, TILE))
        work = np.empty((root.shape[0], TILE))
        near = np.empty(TILE)
        some = np.ones(TILE)
        nearest[:] = np.inf
        totals[:] = 0.0
        for first in range(0, n, TILE):
            size = min(TILE, n - first)
            for i in range(queries.shape[0]):
                row = squares[i % QUERIES]
                if form == BY_DIFFERENCE:
                    whitened_distances(queries, i, points, root, first, size, work, row)
                elif form == BY_AXIS:
                    axis_distances(queries, i, points, metric, first, size, row)
                elif i % QUERIES == 0:
                    plain_distances(queries, i, points, first, size, squares)
                out = left_out[i] - first
                if 0 <= out < size:
                    row[out] = np.inf
                low = -np.inf
                for j in range(size):
                    low = maximum(low, -row[j])
                low = -low
                if low == np.inf:
                    continue
                if low < nearest[i] and not compact:
                    for k in range(shrinks.shape[0]):
                        fall = -np.inf
                        if nearest[i] < np.inf:
                            fall = decay(code, nearest[i] * shrinks[k], d)
                            fall -= decay(code, low * shrinks[k], d)
                        totals[i, k] *= exp2(maximum(fall, -1000.0))
                    nearest[i] = low
                base = nearest[i]
                count = size
                for j in range(size):
                    near[j] = row[j]
                if weighted:
                    for j in range(size):
                        some[j] = heights[first + j]
                for k in range(shrinks.shape[0]):
                    shrink = shrinks[k]
                    if gaussian or compact:
                        # what is lost at this width is lost at all narrower ones
                        far = 1.0 / shrink
                        if gaussian:
                            far = base + bits * (2.0 / LOG2_E) / shrink
                        left = 0
                        for j in range(count):
                            near[left] = near[j]
                            if weighted:
                                some[left] = some[j]
                            left += near[j] < far
                        count = left
                        if count == 0:
                            break
                    total = 0.0
                    if compact:
                        for j in range(count):
                            term = factor(code, near[j] * shrink)
                            total += term * some[j] if weighted else term
                    else:
                        top = decay(code, base * shrink, d)
                        for j in range(count):
                            s = near[j] * shrink
                            term = exp2(maximum(decay(code, s, d) - top, -1000.0))
                            if bounded:
                                term *= factor(code, s)
                            total += term * some[j] if weighted else term
                    totals[i, k] += total

    return compile_loop(loop)
