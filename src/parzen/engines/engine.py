"""What every engine answers, so that the planner can choose among them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample
    from parzen.scale import Scale


# Up to so many pairs NumPy answers before numba could even be imported.
FEW_PAIRS = 1 << 17


@dataclass(frozen=True, eq=False)
class Problem:
    """A kernel sum and the error that its user accepts.

    The density is f(q) = sum_i w_i K(A_i^-1 (q - x_i)) / |det A_i|, with weights w that
    sum to one, A_i = s_i A, and A A^T = H the bandwidth.

    Attributes
    ----------
    sample : Sample
    kernel : Kernel or DistributionKernel
    scale : Scale
    rtol, atol : float
        An answer g must satisfy |g - f| <= atol + rtol f at every query.
    grid_size : tuple of int or None
        Nodes on each axis for engines that use a grid; None for their default.
    binning : {"linear", "simple"}
        How engines on a grid share a point among its nodes.
    n_jobs : int or None
        Threads, see `parzen.parallel.thread_count`.
    local : ndarray of shape (n,) or None
        Factors s_i on the bandwidth, one for each point; None where all are one.
    """

    sample: Sample
    kernel: AnyKernel
    scale: Scale
    rtol: float = 1e-8
    atol: float = 0.0
    grid_size: tuple[int, ...] | None = None
    binning: str = "linear"
    n_jobs: Any = None
    local: NDArray[np.float64] | None = None

    @property
    def log_peak(self) -> float:
        """Logarithm of max K / |det A|, the largest density if no s_i is below 1."""
        return self.kernel.log_norm(self.sample.d) - self.scale.log_volume

    @property
    def peak(self) -> float:
        """Largest value that the density of any data can take; inf beyond floats."""
        with np.errstate(over="ignore"):
            return float(np.exp(self.log_peak)) / self.narrowest**self.sample.d

    def log_heights(self) -> NDArray[np.float64]:
        """Return base-2 logarithms of w_i / s_i^d, shape (n,)."""
        sample = self.sample
        if sample.weights is None:
            logs = np.full(sample.n, -math.log2(sample.n))
        else:
            logs = np.log2(sample.weights)
        return logs if self.local is None else logs - sample.d * np.log2(self.local)

    def take(self, chosen: NDArray[np.bool_]) -> Problem:
        """Return the problem of the points of a mask (n,)."""
        local = None if self.local is None else self.local[chosen]
        return replace(self, sample=self.sample.take(chosen), local=local)

    @cached_property
    def narrowest(self) -> float:
        """Smallest factor s_i on the bandwidth."""
        return 1.0 if self.local is None else float(self.local.min())

    @cached_property
    def widest(self) -> float:
        """Largest factor s_i on the bandwidth."""
        return 1.0 if self.local is None else float(self.local.max())


class ErrorBound(NamedTuple):
    """|g - f| <= absolute + relative f at every query."""

    relative: float
    absolute: float


def attainable(problem: Problem, relative: float) -> ErrorBound:
    """Return the error that an engine may state whose sums round by `relative`.

    Where the user accepts less, relative to f, some of `atol` pays for the difference,
    which is at most that part of the largest density.
    """
    excess = relative - problem.rtol
    if excess <= 0.0:
        return ErrorBound(problem.rtol, problem.atol)
    return ErrorBound(relative, max(0.0, problem.atol - excess * problem.peak))


class Plan(Protocol):
    """A prepared sum, ready for queries; immutable and picklable."""

    def pdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Density at q of shape (m, d), shape (m,)."""
        ...

    def logpdf(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at q of shape (m, d), shape (m,)."""
        ...


class Engine(Protocol):
    """A way to sum kernels."""

    @property
    def name(self) -> str:
        """The name that `method=` takes."""
        ...

    @property
    def relative(self) -> bool:
        """Whether the error is relative to the density, so that tails are right."""
        ...

    def refusal(self, problem: Problem) -> str | None:
        """Say why this engine cannot answer the problem; None if it can."""
        ...

    def error_bound(self, problem: Problem) -> ErrorBound:
        """Bound the error of the answer before any work is done."""
        ...

    def cost(self, problem: Problem, n_queries: int) -> float:
        """Predict the seconds that a fit and `n_queries` queries take on one thread."""
        ...

    def plan(self, problem: Problem) -> Plan:
        """Prepare the sum."""
        ...
