"""Gaussian direct sums in single precision, each query certified by a proven bound.

Twice as many lanes fit a register, and without a running maximum a pair is one pass: a
sum takes 0.2 to 0.5 of the time in double. What it loses is bounded below, query by
query; a query whose bound exceeds its share of `rtol` is summed again in double.

Let S = sum_i w_i e^(-r_i^2/2) = f / peak with r_i = |u_i| and sum w = 1, L = -log S,
u = 2^-24, and q, x the whitened coordinates about the mean, taken in double and rounded
to single precision.

1. Rounding moves q by u |q| and x_i by u |x_i| <= u (|q| + r_i), hence the difference
   by at most s = u (2 |q| + r_i), and r_i^2/2 by r_i s + s^2/2. With v for u and the
   rounding of a covariance matrix together, and s^2/2 <= u^2 (4 |q|^2 + r_i^2), this is
   2 v |q| r_i + 2 v (1 + u) r_i^2/2 + 4 v^2 |q|^2.
2. An exponent, e_i = log2 (w_i / max w) - b - r_i^2/2 log2(e) for a guess b of the
   largest one, takes at most d + 4 roundings in any order of its sum, each within u of
   the sum of magnitudes. Weights and b meet k of them: d + 2 below four axes, and 3
   from there on, where the squared distance is stored first. Together

       delta_i = A r_i + B r_i^2/2 + C,    A = 2 v |q|,    B = 1.01 (d + 6) v,
       C = 1.01 k u log(2) (max |log2 (w / max w)| + |b|) + 4 v^2 |q|^2

   bounds the error of the natural logarithm of each term.
3. Let p_i = w_i e^(-r_i^2/2) / S, the share of a term. It sums to one, so by Gibbs'
   inequality sum p_i log(p_i / w_i) = -sum p_i r_i^2/2 - log S >= 0: the mean of r^2/2
   over the shares is at most L, that of r at most sqrt(2 L). No weight enters.
4. Where A R + B R^2/2 + C <= 1/2 for R = 64, |e^delta - 1| <= 1.3 delta for r_i <= R,
   and these terms err by 1.3 (A sqrt(2 L) + B L + C) in all, relative to S. The others,
   exact or computed, are below e^(1.5 - R^2/2) altogether, because then A r and B r^2/2
   are each at most (r/R)^2/2: less than e^-1000 of S, for L <= 1024.
   So log S is known to 1/2 and a few roundings: L is what was computed, plus one.
5. `exp2f` errs by 8 u, and 128 terms added in any order by 127 u; these partial sums
   are added in double.
6. Terms below 2^-120 of the guess count as 2^-120, or a far one of a tiny weight would
   need a check of its own. The guess is the largest exponent among some points, evenly
   taken, hence the sum at least 1/2: it feels n 2^-118, less than 2^-38 for any n.
   (Guesses end at -4096; a sum that needs a lower one has L > 1024.) Exponents above
   118 are cut, so that nothing overflows; a sum that may hold such a term, 2^117 or
   more, is not certified. So a bad guess costs time, never an error.

The sum of 4 to 6 is held against log(1 + goal). A squared distance that overflows is
one with r > R, whose term vanishes. Logarithms of sums are taken in double.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.engines.kernel_sums import AXES, QUERIES, TILE, plain_distances
from parzen.jit import compile_loop, exp2f, jitable, maximum
from parzen.kernels.profiles import GAUSSIAN, LOG2_E

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# Terms that are added in single precision.
TERMS = 128
# Points among which the largest exponent is guessed: so many, or less than twice that;
# but not more than one in sixteen, or the guess takes longer than the sum.
SCOUTS, RAREST = 64, 16
# Exponents are cut to these: no term overflows, nor do as many as one partial sum has.
LOWEST, HIGHEST = np.float32(-120.0), np.float32(118.0)
# No guess is lower: an infinite one would make NaN of infinite distances.
LOWEST_GUESS = np.float32(-4096.0)
NOTHING = np.float32(0.0)
# Of the accepted error, what the lanes may use: an engine that falls back on the direct
# sum doubles its bound, and keeps half for itself.
SHARE = 0.25
# Above that error more is not used: the proof bounds products of errors by their sum.
LARGEST_RTOL = 0.1
# R and the largest L of the proof, and the unit of single precision.
RADIUS, FARTHEST = 64.0, 1024.0
UNIT = 2.0**-24
# What exponentials and sums err by, see 5 and 6.
SUM_ERROR = 1.01 * (TERMS + 8) * UNIT + 2.0**-38


@jitable
def single_term(square: Any, shift: Any) -> Any:
    """Return 2^(shift - square), in single precision, the exponent cut to its range."""
    return exp2f(min(maximum(shift - square, LOWEST), HIGHEST))


@jitable
def guess(
    padded: Any, queries: Any, scouts: Any, heights: Any, work: Any, out: Any
) -> None:
    """Put the largest base-2 exponent among the scouts into out_i, in float64."""
    axes, size = scouts.shape
    for i in range(queries.shape[0]):
        row = work[i % QUERIES]
        if padded:
            if i % QUERIES == 0:
                plain_distances(queries, i, scouts, 0, size, work)
        else:
            for j in range(size):
                row[j] = NOTHING
            for k in range(axes):
                q, x = queries[i, k], scouts[k]
                for j in range(size):
                    t = q - x[j]
                    row[j] += t * t
        top = LOWEST_GUESS
        for j in range(size):
            top = maximum(top, heights[j] - row[j])
        out[i] = top


@functools.cache
def single_loop(axes: int, weighted: int) -> Any:
    """Compile the Gaussian sum in `axes` axes, or 0 for padded ones from four on.

    For each query it writes `reference`, the guess, and `total`, the sum of
    2^(exponent - reference), which is in doubt from 2^117 on.
    """

    def loop(
        queries: Any,
        points: Any,
        heights: Any,
        scouts: Any,
        scout_heights: Any,
        first: Any,
        last: Any,
        reference: Any,
        total: Any,
    ) -> None:
        squares = np.empty((QUERIES, TILE), np.float32)
        guess(axes == 0, queries, scouts, scout_heights, squares, reference)
        total[:] = 0.0
        for start in range(first, last, TILE):
            end = min(start + TILE, last)
            for i in range(queries.shape[0]):
                base = np.float32(-reference[i])
                if axes == 0 and i % QUERIES == 0:
                    plain_distances(queries, i, points, start, end - start, squares)
                for begin in range(start, end, TERMS):
                    stop = min(begin + TERMS, end)
                    size = stop - begin
                    some = heights[begin:stop] if weighted else points[0, begin:stop]
                    partial = NOTHING
                    if axes == 0:
                        row = squares[i % QUERIES, begin - start : stop - start]
                        for j in range(size):
                            shift = base + some[j] if weighted else base
                            partial += single_term(row[j], shift)
                    elif axes == 1:
                        q0, x0 = queries[i, 0], points[0, begin:stop]
                        for j in range(size):
                            t0 = q0 - x0[j]
                            shift = base + some[j] if weighted else base
                            partial += single_term(t0 * t0, shift)
                    elif axes == 2:
                        q0, x0 = queries[i, 0], points[0, begin:stop]
                        q1, x1 = queries[i, 1], points[1, begin:stop]
                        for j in range(size):
                            t0, t1 = q0 - x0[j], q1 - x1[j]
                            shift = base + some[j] if weighted else base
                            partial += single_term(t0 * t0 + t1 * t1, shift)
                    else:
                        q0, x0 = queries[i, 0], points[0, begin:stop]
                        q1, x1 = queries[i, 1], points[1, begin:stop]
                        q2, x2 = queries[i, 2], points[2, begin:stop]
                        for j in range(size):
                            t0, t1, t2 = q0 - x0[j], q1 - x1[j], q2 - x2[j]
                            shift = base + some[j] if weighted else base
                            square = t0 * t0 + t1 * t1 + t2 * t2
                            partial += single_term(square, shift)
                    total[i] += partial

    return compile_loop(loop)


@dataclass(frozen=True)
class Certificate:
    """The bound of the proof, for one problem.

    Attributes
    ----------
    d : int
        Number of dimensions.
    span : float
        Largest |log2 (w / max w)|.
    unit : float
        v, the relative rounding of whitened coordinates.
    rounding : float
        Relative error of any sum in double precision, which comes on top.
    """

    d: int
    span: float
    unit: float
    rounding: float

    @classmethod
    def of(cls, problem: Problem, rounding: float) -> Certificate:
        """Read the constants off a problem."""
        d, weights = problem.sample.d, problem.sample.weights
        span = 0.0 if weights is None else float(np.ptp(np.log2(weights)))
        matrix = 8.0 * d * problem.scale.condition * np.finfo(np.float64).eps
        return cls(d, span, 1.01 * UNIT + matrix, rounding)

    def error(self, length: Any, depth: Any, bits: Any) -> Any:
        """Bound the relative error; infinite where the proof does not hold.

        Parameters
        ----------
        length, depth, bits : float or ndarray of shape (m,)
            |q|, the computed -log (f / peak), and |b|.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            linear = 2.0 * self.unit * length
            square = 1.01 * (self.d + 6) * self.unit
            sums = 1.01 * (self.d + 2 if self.d < AXES else 3) * UNIT * math.log(2.0)
            constant = sums * (self.span + bits) + linear**2
            deep = np.maximum(depth, 0.0) + 1.0
            error = 1.3 * (linear * np.sqrt(2.0 * deep) + square * deep + constant)
            error += SUM_ERROR + self.rounding
            worst = linear * RADIUS + square * RADIUS**2 / 2.0 + constant
            holds = (worst <= 0.5) & (deep <= FARTHEST)
        return np.where(holds, error, np.inf)


def scout_stride(n: int) -> int:
    """Return how many of n points there are for each one that is looked at first."""
    return max(RAREST, n // SCOUTS)


def goal(problem: Problem) -> float:
    """Return the relative error that a sum in single precision must keep."""
    return SHARE * min(problem.rtol, LARGEST_RTOL)


def pays(problem: Problem, rounding: float) -> bool:
    """Whether the bound admits typical queries, so that few are summed twice.

    It depends on the problem alone.
    """
    sample, scale = problem.sample, problem.scale
    if problem.kernel.code != GAUSSIAN or problem.local is not None:
        return False
    limit = math.log1p(goal(problem))
    # the cheap question first: weights and moments take passes over the data
    if limit < SUM_ERROR + rounding:
        return False
    if sample.signed:  # two sums: either may be in single precision
        positive = np.asarray(sample.weights) > 0
        return any(pays(problem.take(some), rounding) for some in (positive, ~positive))
    certificate = Certificate.of(problem, rounding)
    with np.errstate(all="ignore"):
        if scale.root is None:
            spread = (sample.std / scale.widths) ** 2
        else:
            spread = np.diag(np.linalg.solve(scale.bandwidth, sample.covariance))
        # all but a fifth of the queries of a normal sample are no farther out
        far = 1.0 + 1.0 / math.sqrt(sample.d)
        length = math.sqrt(abs(far * spread.sum()))
        depth = typical_depth(np.abs(spread), far, sample.n)
        scouts = -(-sample.n // scout_stride(sample.n))
        bits = typical_depth(np.abs(spread), far, scouts) * LOG2_E
    in_range = bits - depth * LOG2_E <= 0.75 * float(HIGHEST)
    return in_range and bool(certificate.error(length, depth, bits) <= limit)


def typical_depth(spread: NDArray[np.float64], far: float, n: int) -> float:
    """Return about -log (f / peak) for normal data, where few points may be near.

    For 0 < b <= 1, S^b <= n^-b sum_i e^(-b r_i^2/2), whose mean over normal data has a
    closed form. By Markov's inequality S is hardly larger; it is about that for the
    best b, which is 1 only where many points are near.

    Parameters
    ----------
    spread : ndarray of shape (d,)
        Variances of the axes in bandwidths.
    far : float
        Squared distance of the query from the mean, in variances, on each axis.
    n : int
        Number of points.
    """
    b = np.geomspace(1e-4, 1.0, 41)
    v = b[:, None] * spread
    mean = 0.5 * (np.log1p(v) + far * v / (1.0 + v)).sum(axis=1)
    return float(((mean - (1.0 - b) * math.log(n)) / b).max())


@dataclass(frozen=True, eq=False)
class SingleSum:
    """Points in single precision, and the bound that judges their sums.

    Attributes
    ----------
    problem : Problem
    certificate : Certificate
    centre : ndarray of shape (d,)
    points : ndarray of shape (d or more, n), float32
        One axis after the other, so that a squared distance is minus an exponent in
        bits; padded with zeros to a multiple of four from four axes on.
    heights : ndarray of shape (n,) or (0,), float32
        Base-2 logarithms of weights over the largest; none where all are equal.
    """

    problem: Problem
    certificate: Certificate
    centre: NDArray[np.float64]
    points: NDArray[np.float32]
    heights: NDArray[np.float32]

    @classmethod
    def of(cls, problem: Problem, rounding: float) -> SingleSum | None:
        """Lay out the points; None where one lies beyond the range of floats."""
        sample = problem.sample
        heights = np.empty(0)
        if sample.weights is not None:
            heights = np.log2(sample.weights)
            heights -= heights.max()
        points = _place(problem, sample.points, sample.mean)
        if not np.isfinite(points).all():
            return None
        return cls(
            problem,
            Certificate.of(problem, rounding),
            sample.mean,
            np.ascontiguousarray(points.T),
            heights.astype(np.float32),
        )

    @functools.cached_property
    def scouts(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Some points and their heights, evenly taken: shapes (d or more, k), (k,)."""
        stride = scout_stride(self.problem.sample.n)
        some = np.ascontiguousarray(self.points[:, ::stride])
        if not self.heights.size:
            return some, np.zeros(some.shape[1], np.float32)
        return some, self.heights[::stride].copy()

    @functools.cached_property
    def log_height(self) -> float:
        """Logarithm of the largest weight."""
        sample = self.problem.sample
        weight = 1.0 / sample.n if sample.weights is None else sample.weights.max()
        return math.log(weight)

    @property
    def loop(self) -> Any:
        """The compiled sum."""
        axes = self.problem.sample.d
        return single_loop(axes if axes < AXES else 0, int(self.heights.size > 0))

    def place(
        self, q: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return queries (m, d) as the loop takes them, and their |q| (m,)."""
        queries = _place(self.problem, q, self.centre)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
        # lengths of rounded coordinates, hence the factor
        return queries, np.sqrt(squares) * (1.001 * math.sqrt(2.0 / LOG2_E))

    def hopeless(self, lengths: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which queries (m,) cannot be certified, whatever their sum."""
        error = self.certificate.error(lengths, 0.0, 0.0)
        return np.asarray(~(error <= self._limit))

    def logs(
        self,
        lengths: NDArray[np.float64],
        reference: NDArray[np.float64],
        total: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the log densities (m,); NaN where they are not certified.

        Parameters
        ----------
        lengths, reference, total : ndarray of shape (m,)
            |q|, and what the loop has left.
        """
        with np.errstate(all="ignore"):
            logs = reference * math.log(2.0) + np.log(total) + self.log_height
            error = self.certificate.error(lengths, -logs, np.abs(reference))
            kept = (error <= self._limit) & (total < 2.0**117)
        return np.where(kept, logs + self.problem.log_peak, np.nan)

    @property
    def _limit(self) -> float:
        """The largest logarithmic error that keeps the goal."""
        return math.log1p(goal(self.problem))


def _place(
    problem: Problem, x: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Whiten and centre (n, d) in double, scale to bits, round, and pad the axes."""
    n, d = x.shape
    placed = np.zeros((n, d + -d % AXES if d >= AXES else d), np.float32)
    # what overflows becomes infinite or NaN, which is asked for later
    with np.errstate(over="ignore", invalid="ignore"):
        y = problem.scale.to_kernel_units(x - centre)
        y *= math.sqrt(0.5 * LOG2_E)
        placed[:, :d] = y
    return placed
