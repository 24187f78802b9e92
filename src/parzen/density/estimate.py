"""The one way from a sample to a density; every front end comes through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parzen.bandwidth import choose
from parzen.binning.spread import BINNINGS
from parzen.checks import check_choice, check_grid_size, check_tolerance
from parzen.density.density import Density
from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.errors import CapabilityError
from parzen.kernels import Kernel
from parzen.parallel import thread_count
from parzen.scale import Scale

if TYPE_CHECKING:
    from parzen.sample import Sample


def estimate(
    sample: Sample,
    *,
    kernel: str | Kernel,
    bandwidth: Any,
    method: str,
    bounds: Any,
    boundary: Any,
    rtol: float,
    atol: float,
    grid_size: Any,
    binning: str,
    n_jobs: Any,
) -> Density:
    """Choose the bandwidth and the engine, and prepare the density."""
    for name, value in (("bounds", bounds), ("boundary", boundary)):
        if value is not None:
            msg = (
                f"`{name}` is not available yet; got {value!r}. Leave it None, or "
                "transform the data (log, logit) before the fit."
            )
            raise CapabilityError(msg)
    kernel = Kernel.of(kernel)
    thread_count(n_jobs)
    check_choice(binning, BINNINGS, "binning")
    rtol, atol = check_tolerance(rtol, "rtol"), check_tolerance(atol, "atol")
    shape = check_grid_size(grid_size, sample.d)
    result = choose(sample, bandwidth, kernel)
    scale = Scale(result.value, sample.d)
    problem = Problem(sample, kernel, scale, rtol, atol, shape, binning, n_jobs)
    decision = planner.decide(problem, method)
    return Density(problem, result, decision, planner.plan(problem, decision))
