"""Rules of thumb: the bandwidth that is best for Gaussian data, scaled to the sample.

All are for the Gaussian kernel, take n_eff = (sum w)^2 / sum w^2 for n, and weighted
moments. In one dimension they return h; above, the covariance H = c^2 S with S the
covariance of the sample, so that they follow rotations and units exactly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import BandwidthError, CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.sample import Sample

    Bandwidth = float | NDArray[np.float64]

# Interquartile range of the standard normal distribution.
NORMAL_IQR = 1.3489795003921634
# (4 / 3)^(1/5), which textbooks round to 1.06.
NORMAL_FACTOR = (4.0 / 3.0) ** 0.2


def silverman(sample: Sample) -> Bandwidth:
    """Silverman's rule of thumb.

    d = 1: 0.9 min(s, IQR / 1.349) n^(-1/5); d > 1: c = (n (d + 2) / 4)^(-1/(d + 4)).

    References
    ----------
    .. [1] Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis.
       Chapman and Hall, doi:10.1201/9781315140919, eq. 3.31 and section 4.3.2.
    """
    if sample.d == 1:
        return 0.9 * robust_spread(sample) * math.pow(sample.n_eff, -0.2)
    return _scaled_covariance(sample, normal_factor(sample.n_eff, sample.d))


def scott(sample: Sample) -> Bandwidth:
    """Scott's rule.

    d = 1: 1.059 min(s, IQR / 1.349) n^(-1/5); d > 1: c = n^(-1/(d + 4)).

    References
    ----------
    .. [1] Scott, D. W. (1992). Multivariate Density Estimation. Wiley,
       doi:10.1002/9780470316849, eq. 6.44 and page 164.
    """
    if sample.d == 1:
        return normal_factor(sample.n_eff, sample.d) * robust_spread(sample)
    return _scaled_covariance(sample, sample.n_eff ** (-1.0 / (sample.d + 4)))


def normal_reference(sample: Sample) -> Bandwidth:
    """Bandwidth of least asymptotic error where the data are Gaussian.

    c = (4 / ((d + 2) n))^(1/(d + 4)) times the standard deviation (d = 1) or on the
    covariance (d > 1). Unlike the other rules it does not look at the quartiles.

    References
    ----------
    .. [1] Wand, M. P. and Jones, M. C. (1995). Kernel Smoothing. Chapman and Hall,
       doi:10.1201/b14876, section 3.2.1 and eq. 4.14.
    """
    if sample.d == 1:
        return normal_factor(sample.n_eff, sample.d) * _spread(sample)
    return _scaled_covariance(sample, normal_factor(sample.n_eff, sample.d))


RULES: dict[str, Callable[[Sample], Bandwidth]] = {
    "silverman": silverman,
    "scott": scott,
    "normal_reference": normal_reference,
}


def robust_spread(sample: Sample) -> float:
    """min(s, IQR / 1.349) of 1-D data; s where ties make the IQR zero.

    And s where weights are signed, which have no quartiles.
    """
    s = _spread(sample)
    if sample.signed:
        return s
    lower, upper = sample.quantile([0.25, 0.75])[:, 0]
    iqr = float(upper - lower) / NORMAL_IQR
    return min(s, iqr) if iqr > 0 else s


def quartile_range(sample: Sample) -> tuple[float, float]:
    """Reach ten interquartile ranges beyond the quartiles: first and last value.

    Points outside are outliers; of 1-D data without an interquartile range, none are.
    """
    lower, upper = sample.quantile([0.25, 0.75])[:, 0].tolist()
    room = 10.0 * (upper - lower)
    if room == 0.0:
        return -math.inf, math.inf
    return lower - room, upper + room


def normal_factor(n_eff: float, d: int) -> float:
    """(4 / ((d + 2) n_eff))^(1 / (d + 4)): the best width for a standard Gaussian."""
    return float((4.0 / ((d + 2) * n_eff)) ** (1.0 / (d + 4)))


def _spread(sample: Sample) -> float:
    """Positive standard deviation of 1-D data, or the reason why there is none."""
    check_varied(sample)
    return float(sample.std[0])


def rank_fault(sample: Sample) -> str | None:
    """Say why the covariance is not of full rank; None if it is.

    A constant column is an error before that: it leaves no correlation to look at.
    """
    check_varied(sample)
    if sample.n <= sample.d:
        d = sample.d
        return f"{d} dimensions need more than {d} points; got n = {sample.n}"
    smallest = float(np.linalg.eigvalsh(sample.correlation)[0])
    if smallest > sample.d * 8.0 * np.finfo(np.float64).eps:
        return None
    return "a column is a linear combination of the others"


def axis_widths(sample: Sample) -> NDArray[np.float64]:
    """Silverman's factor on the standard deviation of each axis, shape (d,).

    The remedy where the covariance has no root: the bandwidth then ignores correlation.
    """
    check_varied(sample)
    return normal_factor(sample.n_eff, sample.d) * sample.std


def _scaled_covariance(sample: Sample, factor: float) -> NDArray[np.float64]:
    """factor^2 times the covariance, positive definite and within range."""
    fault = rank_fault(sample)
    if fault is not None:
        msg = (
            f"this rule needs data of full rank, but {fault}. Use bandwidth='auto', "
            "which then takes one width per axis, give `bandwidth` as a number or one "
            "width per axis, or reduce the dimensions (PCA)."
        )
        raise BandwidthError(msg)
    with np.errstate(over="ignore", under="ignore"):
        matrix = factor**2 * sample.covariance
    if not (np.isfinite(matrix).all() and (np.diag(matrix) > 0).all()):
        msg = (
            "the covariance of the data leaves the range of floats (standard "
            f"deviations {sample.std.tolist()}). Change the units of the columns."
        )
        raise BandwidthError(msg)
    return matrix


def check_line(sample: Sample, rule: str) -> None:
    """Raise `CapabilityError` for several dimensions, which the rule does not serve."""
    if sample.d > 1:
        msg = f"{rule!r} serves one dimension; the data have {sample.d}. Use 'plugin', "
        msg += "'ucv', 'scv', 'likelihood', "
        raise CapabilityError(msg + ", ".join(map(repr, RULES)) + ".")


def check_varied(sample: Sample) -> None:
    """Raise `BandwidthError` for one sample, or columns that do not vary."""
    if sample.n == 1:
        msg = (
            "a bandwidth rule needs at least two points; got n = 1 sample. "
            "Give `bandwidth` as a number, in units of the data."
        )
        raise BandwidthError(msg)
    constant = np.flatnonzero(~(sample.std > 0))
    if constant.size:
        k = int(constant[0])
        if sample.signed and sample.lower[k] < sample.upper[k]:
            msg = (
                "a bandwidth rule needs a positive weighted variance; negative weights "
                "leave none. Give `bandwidth` as a number, in units of the data."
            )
            raise BandwidthError(msg)
        value = f"{sample.points[0, k]:g}"
        if sample.d == 1:
            msg = (
                f"a bandwidth rule needs data that vary; all {sample.n} points are "
                f"{value}. Give `bandwidth` as a number, in units of the data."
            )
            raise BandwidthError(msg)
        name = k if sample.columns is None else repr(sample.columns[k])
        more = f" (and {constant.size - 1} more are)" if constant.size > 1 else ""
        msg = (
            f"a bandwidth rule needs data that vary; column {name} is constant at "
            f"{value}{more}. Drop the column, or give `bandwidth` as a number or one "
            "width per axis, in units of the data."
        )
        raise BandwidthError(msg)
