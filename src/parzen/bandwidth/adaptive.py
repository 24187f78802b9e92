"""Sample-point adaptive rules: a bandwidth for each point, wider where data are thin.

All follow Abramson's square root law (1982, doi:10.1214/aos/1176345986): h_i goes with
f(x_i)^(-1/2), f a pilot estimate. They differ in the pilot and in the constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.rules import (
    NORMAL_FACTOR,
    check_line,
    robust_spread,
    scott,
    silverman,
)
from parzen.bandwidth.solution import Solution
from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.errors import BandwidthError
from parzen.kernels import Kernel
from parzen.scale import LocalBandwidth, Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.sample import Sample

# Relative error of the pilot: half of it goes to a bandwidth.
ERROR = 1e-6


def abramson(
    sample: Sample, pilot: float | NDArray[np.float64], *, n_jobs: Any = None
) -> Solution:
    """Multiply a pilot's bandwidth by (f(x_i) / G)^(-1/2), G the geometric mean of f.

    The factors have the geometric mean one, so that the pilot's bandwidth says how much
    to smooth, and its density where. They have no limit: an isolated point gets no
    more than its own kernel in the pilot allows, (G / (w_i K(0) / det A))^(1/2), and
    what Abramson clips depends on the query, so that the estimate has not mass one.

    Parameters
    ----------
    sample : Sample
        Of any dimension.
    pilot : float or ndarray of shape (d,) or (d, d)
        Bandwidth of the pilot, a Gaussian estimate.
    n_jobs : int or None
        Threads; None for all processors.

    Returns
    -------
    Solution
        With an array (n,) for one dimension, else a `LocalBandwidth`. The cost is that
        of the pilot at the data: O(n log n) in up to three dimensions.

    Raises
    ------
    BandwidthError
        If negative weights leave no density at some point.

    References
    ----------
    .. [1] Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis.
       Chapman and Hall, doi:10.1201/9781315140919, section 5.3.1.
    """
    factors = square_root_law(sample, log_pilot(sample, pilot, n_jobs))
    note = f"the pilot's times {factors.min():.4g} to {factors.max():.4g} by point"
    if sample.d > 1:
        return Solution(LocalBandwidth(pilot, factors), note)
    return Solution(Scale(pilot, 1).widths * factors, note)


def adaptive_zfit(sample: Sample) -> NDArray[np.float64]:
    """Scott's rule times mean(sqrt f) / sqrt(f(x_i))."""
    logs = log_pilot(sample, silverman(sample))
    root = np.exp((logs - logs.max()) / 2.0)
    mean = float(np.average(root, weights=sample.weights))
    return np.asarray(float(scott(sample)) * mean / root)


def adaptive_geom(sample: Sample) -> NDArray[np.float64]:
    """Robust spread times n^(-1/5) (f(x_i) / G)^(-1/2), G the geometric mean of f.

    Silverman (1986), section 5.3.
    """
    factors = square_root_law(sample, log_pilot(sample, silverman(sample)))
    return np.asarray(robust_spread(sample) * sample.n_eff**-0.2 * factors)


def adaptive_std(sample: Sample) -> NDArray[np.float64]:
    """1.059 n^(-1/5) sqrt(s / f(x_i)): the constant from the spread alone."""
    spread = robust_spread(sample)
    logs = log_pilot(sample, silverman(sample))
    root = np.exp((np.log(spread) - logs) / 2.0)
    return np.asarray(NORMAL_FACTOR * sample.n_eff**-0.2 * root)


ADAPTIVE: dict[str, Callable[[Sample], NDArray[np.float64]]] = {
    "adaptive_zfit": adaptive_zfit,
    "adaptive_geom": adaptive_geom,
    "adaptive_std": adaptive_std,
}


def adaptive(sample: Sample, rule: str) -> NDArray[np.float64]:
    """Choose a Gaussian bandwidth for each point by a 1-D rule's name, shape (n,).

    Raises
    ------
    CapabilityError
        In more than one dimension: their constants are those of a line.
    BandwidthError
        If the data do not vary, or negative weights leave no density at some point.
    """
    check_line(sample, rule)
    return ADAPTIVE[rule](sample)


def log_pilot(
    sample: Sample, bandwidth: float | NDArray[np.float64], n_jobs: Any = None
) -> NDArray[np.float64]:
    """Logarithm of a Gaussian estimate at its own points, (n,), within `ERROR`.

    Relative to f at every point, isolated ones included; by the cheapest engine.
    """
    scale = Scale(bandwidth, sample.d)
    problem = Problem(sample, Kernel(), scale, rtol=ERROR, n_jobs=n_jobs)
    plan = planner.plan(problem, planner.decide(problem, "auto"))
    logs = plan.logpdf(sample.points)
    if sample.signed and not np.isfinite(logs).all():
        i = int(np.argmin(np.isfinite(logs)))
        msg = (
            "an adaptive rule needs a positive pilot density at every point; it is "
            f"not at row {i}, because of negative weights. Use a global `bandwidth`."
        )
        raise BandwidthError(msg)
    return logs


def square_root_law(sample: Sample, logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(f / G)^(-1/2) for log f at the points, (n,); G their weighted geometric mean."""
    level = float(np.average(logs, weights=sample.weights))
    return np.asarray(np.exp((level - logs) / 2.0))
