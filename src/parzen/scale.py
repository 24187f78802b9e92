"""What a bandwidth does to differences: u = A^-1 (q - x), with A A^T = H."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def times_power_of_two(x: NDArray[np.float64], e: Any) -> NDArray[np.float64]:
    """Return x 2^e, exact and faster than `ldexp`; two factors keep 2^e in range."""
    half = np.asarray(e) // 2
    with np.errstate(over="ignore"):
        y = np.asarray(x * np.ldexp(1.0, half))
        y *= np.ldexp(1.0, e - half)
    return y


@dataclass(frozen=True, eq=False)
class Scale:
    """A bandwidth in d dimensions: one width, d widths, or a covariance matrix.

    Attributes
    ----------
    bandwidth : float or ndarray of shape (d,) or (d, d)
        As `parzen.checks.check_bandwidth` returns it.
    d : int
        Number of dimensions.
    """

    bandwidth: float | NDArray[np.float64]
    d: int

    @cached_property
    def root(self) -> NDArray[np.float64] | None:
        """Lower Cholesky root A of a covariance matrix, shape (d, d); else None."""
        if np.ndim(self.bandwidth) < 2:
            return None
        return np.asarray(np.linalg.cholesky(self.bandwidth), dtype=np.float64)

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """Standard width along each axis, sqrt(H_kk), shape (d,)."""
        if self.root is not None:
            return np.sqrt(np.diag(self.bandwidth))
        return np.broadcast_to(np.asarray(self.bandwidth, dtype=np.float64), self.d)

    def times(self, factor: float) -> Scale:
        """Return the scale of A times a factor."""
        matrix = np.ndim(self.bandwidth) == 2
        return Scale(self.bandwidth * (factor**2 if matrix else factor), self.d)

    def extent(self, *, box: bool) -> NDArray[np.float64]:
        """Return half the width of A times the unit ball (or box) on each axis."""
        if self.root is None or not box:
            return self.widths
        return np.asarray(np.abs(self.root).sum(axis=1))

    @cached_property
    def steepness(self) -> NDArray[np.float64]:
        """Length of A^-1 e_k: how fast u moves along axis k, shape (d,)."""
        if self.root is None:
            return 1.0 / self.widths
        return np.asarray(np.linalg.norm(np.linalg.inv(self.root), axis=0))

    @cached_property
    def condition(self) -> float:
        """How much rounding a covariance matrix amplifies, at least 1.

        The condition number of the matrix scaled to a unit diagonal: that scaling
        rounds nothing that matters, so the units of the axes do not count.
        """
        if self.root is None:
            return 1.0
        eigenvalues = np.linalg.eigvalsh(
            self.bandwidth / np.outer(self.widths, self.widths)
        )
        return float(eigenvalues[-1] / eigenvalues[0])

    @cached_property
    def log_volume(self) -> float:
        """Logarithm of |det A|."""
        diagonal = self.widths if self.root is None else np.diag(self.root)
        return math.fsum(np.log(diagonal).tolist())

    def to_kernel_units(self, differences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A^-1 times each row of (..., d), by forward substitution."""
        if self.root is None:
            return np.asarray(differences / self.widths)
        u = np.empty_like(differences)
        for k in range(self.d):
            rest = differences[..., k] - u[..., :k] @ self.root[k, :k]
            u[..., k] = rest / self.root[k, k]
        return u

    def from_kernel_units(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A times each row of (..., d)."""
        return u * self.widths if self.root is None else u @ self.root.T

    @cached_property
    def split(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Widths as powers of two, and weights of squared differences scaled by them.

        |u|^2 = sum_k weight_k (2^-e_k (q_k - x_k))^2 for e of shape (d,): scaling by a
        power of two is exact, so differences of far-off data stay exact, too.
        """
        mantissa, exponents = np.frexp(self.widths)
        return exponents.astype(np.int64), np.asarray(mantissa**-2.0)
