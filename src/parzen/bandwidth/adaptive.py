"""Sample-point adaptive rules: a bandwidth for each point, wider where data are thin.

All follow Abramson's square root law (1982, doi:10.1214/aos/1176345986): h_i goes with
f(x_i)^(-1/2), f a pilot estimate by Silverman's rule. They differ in the constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.rules import (
    NORMAL_FACTOR,
    check_line,
    quartile_range,
    robust_spread,
    scott,
    silverman,
)
from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.errors import BandwidthError
from parzen.kernels import Kernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.sample import Sample

# Up to this many points the pilot is exact; above it is binned, 32 nodes a bandwidth.
EXACT = 4096


def adaptive_zfit(sample: Sample) -> NDArray[np.float64]:
    """Scott's rule times mean(sqrt f) / sqrt(f(x_i))."""
    root = np.sqrt(pilot(sample))
    return float(scott(sample)) * _mean(sample, root) / root


def adaptive_geom(sample: Sample) -> NDArray[np.float64]:
    """Robust spread times n^(-1/5) (f(x_i) / G)^(-1/2), G the geometric mean of f.

    Silverman (1986), section 5.3.
    """
    f = pilot(sample)
    level = np.exp(_mean(sample, np.log(f)))
    scale = robust_spread(sample) * sample.n_eff**-0.2
    return np.asarray(scale * np.sqrt(level / f))


def adaptive_std(sample: Sample) -> NDArray[np.float64]:
    """1.059 n^(-1/5) sqrt(s / f(x_i)): the constant from the spread alone."""
    spread = robust_spread(sample)
    return np.asarray(
        NORMAL_FACTOR * sample.n_eff**-0.2 * np.sqrt(spread / pilot(sample))
    )


ADAPTIVE: dict[str, Callable[[Sample], NDArray[np.float64]]] = {
    "adaptive_zfit": adaptive_zfit,
    "adaptive_geom": adaptive_geom,
    "adaptive_std": adaptive_std,
}


def adaptive(sample: Sample, rule: str) -> NDArray[np.float64]:
    """Choose a Gaussian bandwidth for each point, shape (n,).

    Raises
    ------
    CapabilityError
        In more than one dimension.
    BandwidthError
        If the data do not vary, or negative weights leave no density at some point.
    """
    check_line(sample, rule)
    return ADAPTIVE[rule](sample)


def pilot(sample: Sample) -> NDArray[np.float64]:
    """Silverman's estimate at the data, (n,): exact, or within 1e-3 if n is large.

    An isolated point keeps its own kernel's peak, so the error is small beside f(x_i),
    not only beside the largest f.
    """
    scale = Scale(float(silverman(sample)), 1)
    f = _kernel_sum(sample, scale, sample.points)
    if sample.signed and not (f > 0).all():
        i = int(np.argmin(f))
        msg = (
            f"an adaptive rule needs a positive pilot density at every point; it is "
            f"{f[i]:.3g} at row {i}, because of negative weights. Use a global "
            "`bandwidth`."
        )
        raise BandwidthError(msg)
    # no density at a point is below what the point itself adds
    own = np.exp(Kernel().log_norm(1) - scale.log_volume)
    weights = 1.0 / sample.n if sample.weights is None else sample.weights
    return np.asarray(np.maximum(f, own * weights))


def _kernel_sum(
    sample: Sample, scale: Scale, q: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the kernels at q, (m, 1): directly, or on a grid for each cluster of points.

    Outliers would stretch a single grid until it resolves nothing; so what lies far
    below, within and far above ten interquartile ranges is summed apart, and added.
    """
    problem = Problem(sample, Kernel(), scale)
    if sample.n <= EXACT:
        return planner.plan(problem, planner.decide(problem, "direct")).pdf(q)
    column = sample.points[:, 0]
    first, last = quartile_range(sample) if not sample.signed else (-np.inf, np.inf)
    clusters = [column < first, (column >= first) & (column <= last), column > last]
    if clusters[1].all():
        return planner.plan(problem, planner.decide(problem, "fft")).pdf(q)
    total = np.zeros(len(q))
    for inside in clusters:
        if inside.any():
            total += sample.share(inside) * _kernel_sum(sample.take(inside), scale, q)
    return total


def _mean(sample: Sample, values: NDArray[np.float64]) -> float:
    """Weighted mean over the points."""
    return float(np.average(values, weights=sample.weights))
