"""Gradients and scores of a kernel sum in space: a plain sum, axis by axis.

Few pairs are summed in NumPy, as are those whose distances a loop cannot take;
all others by a compiled loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.coordinates import STRETCH
from parzen.engines.engine import FEW_PAIRS
from parzen.engines.slopes.sums import Pairs, summed
from parzen.kernels import DistributionKernel
from parzen.kernels.profiles import LOG2_E, decay, factor
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Pairs in one block of work; its temporaries stay in the second-level cache.
BLOCK_PAIRS = 1 << 14
# Distances beyond overflow when they are squared.
FARTHEST = 1e150
# Sums below this may have lost digits, or all of them, to the range of floats.
SMALLEST = 1e-250


@dataclass(frozen=True, eq=False)
class SpaceSlopes:
    """Gradients of f or log f by sums over all points; O(n m d), memory O(n + m)."""

    problem: Problem

    @cached_property
    def log_heights(self) -> Floats:
        """Logarithms of the weights over the volume of each local bandwidth, (n,)."""
        return self.problem.log_heights() * math.log(2.0)

    def sums(self, q: Floats, *, relative: bool) -> tuple[Floats, Floats]:
        """Gradient of f, or of log f where `relative`, (m, d), and log f (m,)."""
        if len(q) * self.problem.sample.n <= FEW_PAIRS or self._pairs is None:
            return self._numpy_sums(q, relative=relative)
        return self._compiled_sums(q, self._pairs, relative=relative)

    @cached_property
    def _pairs(self) -> Pairs | None:
        """The points as the compiled loop takes them; None where NumPy has to sum."""
        scale, sample, local = (
            self.problem.scale,
            self.problem.sample,
            self.problem.local,
        )
        if self.problem.kernel.code is None:
            return None
        points, inverse = sample.points, np.ones(sample.d)
        with np.errstate(all="ignore"):
            if scale.root is None:
                inverse = 1.0 / scale.widths
            else:
                points = scale.to_kernel_units(points - self._centre)
                if not np.abs(points).max() <= STRETCH:
                    return None
            narrow = np.empty(0) if local is None else 1.0 / local
            most = np.abs(points).max(axis=0) * inverse * narrow.max(initial=1.0)
            heights = self.problem.log_heights()
            if math.isfinite(self.problem.kernel.support):
                heights = np.exp2(heights)
                if not heights.min() >= SMALLEST:
                    return None
        fits = np.isfinite([*inverse, *narrow, *heights]).all()
        if not (fits and (most <= FARTHEST).all()):
            return None
        return Pairs(np.ascontiguousarray(points.T), inverse, narrow, heights)

    @cached_property
    def _centre(self) -> Floats:
        return np.asarray(self.problem.sample.points.mean(axis=0))

    def _compiled_sums(
        self, q: Floats, pairs: Pairs, *, relative: bool
    ) -> tuple[Floats, Floats]:
        """Sum in a compiled loop, and in NumPy what is too far away for it."""
        kernel, scale, n = self.problem.kernel, self.problem.scale, len(pairs.weights)
        place = q
        with np.errstate(all="ignore"):
            if scale.root is not None:
                place = scale.to_kernel_units(q - self._centre)
            reach = np.abs(place) * pairs.inverse * pairs.narrow.max(initial=1.0)
        far = ~(reach <= FARTHEST).all(axis=1)
        place = np.where(far[:, None], pairs.points[:, 0], place)
        ends = np.zeros(len(q), dtype=np.intp), np.full(len(q), n, dtype=np.intp)
        found = summed(kernel, pairs, place, ends, self.problem.n_jobs)
        with np.errstate(all="ignore"):
            logs = found.reference * math.log(2.0) + np.log(found.total)
            logs += self.problem.log_peak
            if relative:
                slopes = found.slopes / found.total[:, None]
            else:
                unit = found.reference * math.log(2.0) + self.problem.log_peak
                slopes = found.slopes * np.exp(unit)[:, None]
        slopes = self._unwhitened(slopes)
        if math.isfinite(kernel.support) and relative:
            far |= (found.total > 0.0) & (found.total < SMALLEST)
        if far.any():
            slopes[far], logs[far] = self._numpy_sums(q[far], relative=relative)
        return slopes, logs

    def _numpy_sums(self, q: Floats, *, relative: bool) -> tuple[Floats, Floats]:
        """Sum in log space, in blocks whose temporaries stay in cache."""
        sample, kernel = self.problem.sample, self.problem.kernel
        rows = max(1, BLOCK_PAIRS // sample.n)
        slopes, logs = np.empty(q.shape), np.empty(len(q))

        def task(block: int) -> None:
            some = slice(block * rows, (block + 1) * rows)
            with np.errstate(all="ignore"):
                slopes[some], logs[some] = self._block(q[some], relative=relative)

        n_jobs = 1 if kernel.code is None else self.problem.n_jobs
        run_blocks(task, -(-len(q) // rows), n_jobs)
        return slopes, logs

    def _block(self, q: Floats, *, relative: bool) -> tuple[Floats, Floats]:
        """Sum for a few queries: pairs in arrays (rows, n), one for each axis."""
        scale, local = self.problem.scale, self.problem.local
        u = self._whitened(q)
        terms, pulls, axes = self._kernel(u)
        terms = terms + self.log_heights
        top = terms.max(axis=1)
        base = np.where(np.isfinite(top), top, 0.0)
        terms -= base[:, None]
        shares = np.exp(terms, out=terms)
        total = shares.sum(axis=1)
        if local is not None:
            shares = shares / local
        y = np.empty(q.shape)
        pulled = shares * pulls[0]
        for k, axis in enumerate(axes):
            if 0 < k < len(pulls):
                pulled = shares * pulls[k]
            # what lies infinitely far away has no share
            finite = np.isfinite(axis.sum())
            near = axis if finite else np.where(pulled == 0.0, 0.0, axis)
            y[:, k] = np.einsum("ij,ij->i", pulled, near)
        logs = base + np.log(total) - scale.log_volume
        if relative:
            y /= total[:, None]
        else:
            y *= np.exp(base - scale.log_volume)[:, None]
        return self._unwhitened(y), logs

    def _whitened(self, q: Floats) -> list[Floats]:
        """Solve A_i u = q - x_i for all pairs, axis by axis: d arrays (rows, n)."""
        scale, x, local = (
            self.problem.scale,
            self.problem.sample.points,
            self.problem.local,
        )
        u: list[Floats] = []
        for k in range(scale.d):
            rest = q[:, k, None] - x[:, k]
            width = scale.widths[k]
            if scale.root is not None:
                for j in range(k):
                    rest -= scale.root[k, j] * u[j]
                width = scale.root[k, k]
            rest /= width
            u.append(rest)
        return u if local is None else [axis / local for axis in u]

    def _unwhitened(self, y: Floats) -> Floats:
        """Return A^-T y for rows (m, d), by backward substitution."""
        scale = self.problem.scale
        if scale.root is None:
            return y / scale.widths
        out = np.empty_like(y)
        for k in reversed(range(scale.d)):
            rest = y[:, k] - out[:, k + 1 :] @ scale.root[k + 1 :, k]
            out[:, k] = rest / scale.root[k, k]
        return out

    def _kernel(self, u: list[Floats]) -> tuple[Floats, list[Floats], list[Floats]]:
        """Log kernel (rows, n), and its gradient as pulls (one or d) times axes."""
        kernel, d = self.problem.kernel, len(u)
        if isinstance(kernel, DistributionKernel):
            logs = np.sum([kernel.logpdf(v[..., None]) for v in u], axis=0)
            slopes = [kernel.log_gradient(v[..., None])[..., 0] for v in u]
            return logs, [np.ones_like(logs)], slopes
        if kernel.product:
            squares = [np.square(v) for v in u]
        else:
            squares = [sum((np.square(v) for v in u[1:]), np.square(u[0]))]
        each = 1 if kernel.product else d
        if any(np.isinf(s).any() for s in squares):
            # distances beyond 1e154 bandwidths
            logs = kernel.logpdf(np.stack(u, axis=-1))
        else:
            logs = np.full(u[0].shape, kernel.log_norm(d))
            for s in squares:
                logs += _log_profile(kernel.code, s, each)
        return logs, [kernel.pull(s, each) for s in squares], u


def _log_profile(code: int, s: Floats, d: int) -> Any:
    """Logarithm of a profile at s = r^2, without the part that is constant."""
    exponent: Any = decay(code, s, d)
    bounded: Any = factor(code, s)
    logs = exponent / LOG2_E
    return logs + np.log(bounded) if np.ndim(bounded) else logs
