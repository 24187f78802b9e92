"""What a bandwidth does to differences: u = A^-1 (q - x), with A A^T = H.

One for all points is a `Scale`; what differs from point to point a `LocalBandwidth`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_bandwidth, check_factors, check_fit
from parzen.errors import BandwidthError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterable

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


@dataclass(frozen=True, eq=False, repr=False)
class LocalBandwidth(ReadOnly):
    """A bandwidth for each point: what they have in common, and a factor for each.

    Around point i the kernel has the width factors_i h, the widths factors_i (h_1, ...,
    h_d), or the covariance factors_i^2 H.

    Attributes
    ----------
    scale : float or array_like of shape (d,) or (d, d)
        In units of the data: a width h, a width for each axis, or a covariance H.
    factors : array_like of shape (n,)
        Positive, one for each point, in the order of the data.

    Raises
    ------
    BandwidthError
        If either is not positive (definite) and finite.

    See Also
    --------
    parzen.select_bandwidth : "abramson" and "knn" choose one.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> wider = parzen.LocalBandwidth(0.3, 1.0 + np.linalg.norm(x, axis=1))
    >>> parzen.kde(x, bandwidth=wider).pdf([0.0, 0.0]).round(4)
    np.float64(0.1616)
    """

    scale: float | NDArray[np.float64]
    factors: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Validate, and copy what the caller may write to."""
        d = (np.asarray(self.scale, dtype=object).shape or (1,))[0]
        if d == 0:
            msg = "`scale` must be a width, a width per axis or a covariance; got an "
            raise BandwidthError(msg + "empty list. Give a number for one width.")
        object.__setattr__(self, "scale", check_bandwidth(self.scale, d))
        object.__setattr__(self, "factors", check_factors(self.factors))
        super().__post_init__()

    def times(self, factor: float) -> LocalBandwidth:
        """Return the bandwidths times a factor; a covariance times its square."""
        matrix = np.ndim(self.scale) == 2
        scale = self.scale * (factor**2 if matrix else factor)
        return LocalBandwidth(scale, self.factors)

    def take(self, rows: NDArray[np.intp]) -> LocalBandwidth:
        """Return the bandwidths of some of the points, (m,) rows."""
        return LocalBandwidth(self.scale, self.factors[rows])

    def split(self, d: int) -> tuple[Scale, NDArray[np.float64]]:
        """Return the scale of a middling point, and factors (n,) around one."""
        # from the middle, so that powers of the factors stay within floats
        low, high = float(self.factors.min()), float(self.factors.max())
        middle = math.sqrt(low) * math.sqrt(high)
        return Scale(self.scale, d).times(middle), self.factors / middle

    def __repr__(self) -> str:
        """Name the scale and the range of the factors."""
        scale = np.array2string(np.asarray(self.scale), precision=4, separator=", ")
        scale = scale.replace("\n", "")
        low, high = self.factors.min(), self.factors.max()
        return (
            f"LocalBandwidth(scale={scale}, n={len(self.factors)}, "
            f"factors {low:.4g} to {high:.4g})"
        )


def bandwidth_of(
    value: Any, n_axes: int, rules: Iterable[str] = (), n_points: int = 0
) -> float | NDArray[np.float64] | LocalBandwidth:
    """Validate a bandwidth that was given, and bring it to the form for d = `n_axes`.

    Returns a number, widths (d,) or a covariance (d, d); one for each of `n_points`
    points (0 where there are none to tell apart) as an array (n,) for d = 1, else as a
    `LocalBandwidth`.
    """
    if isinstance(value, LocalBandwidth):
        check_fit(value.scale, value.factors, n_axes, n_points)
        return value if n_axes > 1 else np.asarray(value.scale * value.factors)
    checked = check_bandwidth(value, n_axes, rules, n_points)
    local = np.ndim(checked) == 1 and len(np.atleast_1d(checked)) != n_axes
    if n_axes > 1 and local:
        return LocalBandwidth(1.0, np.asarray(checked))
    return checked
