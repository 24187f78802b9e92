"""Marginals of a kernel density: points, weights and kernels of fewer axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.boundary import Cut, Mirror
from parzen.density.rebuild import (
    as_widths,
    from_logs,
    log_weights,
    rebuild,
    refuse_matrix,
    reweighted,
    sub_edge,
    sub_sample,
    sub_scale,
    sub_size,
)
from parzen.density.shadows import shadow
from parzen.engines.masses.boxes import separable
from parzen.errors import CapabilityError
from parzen.kernels.interval import interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]


def marginal(density: Density, axes: tuple[int, ...]) -> Density:
    """Return the density of some axes, or all, in the order asked for.

    Images fold one axis at a time, and what folds integrates to one along it: an axis
    that is mirrored, wound or mapped is dropped with its bounds. One that is cut leaves
    each kernel its mass inside as a weight.
    """
    edge, sample = density._edge, density._sample
    problem = as_widths(density._problem)
    d, kept = sample.d, list(axes)
    if d > 1:
        refuse_matrix(problem)
    dropped = [k for k in range(d) if k not in axes]
    logs = _log_masses(problem, edge, dropped)
    if logs is not None:
        own, signs = log_weights(problem.sample)
        msg = "`bounds` must hold some of the density on the axes left out."
        weights = from_logs(own + logs, signs, msg)
        problem, sample = reweighted(problem, sample, weights)
    problem = replace(
        problem,
        sample=sub_sample(problem.sample, kept),
        kernel=shadow(problem.kernel, d, len(kept)),
        scale=sub_scale(problem.scale, kept),
        grid_size=sub_size(problem, kept),
    )
    note = f"of the density in {d} dimensions, on the axes {kept}"
    return rebuild(
        density, problem, sub_sample(sample, kept), sub_edge(edge, kept), note
    )


def _log_masses(
    problem: Problem, edge: Boundary | None, dropped: list[int]
) -> Floats | None:
    """Logarithms of the mass of each kernel inside, on axes that are cut, (n,)."""
    covered = None
    if isinstance(edge, Cut):
        covered = edge.bounds.boxes[0]
    elif isinstance(edge, Mirror) and dropped:
        covered = edge._fold(problem).covered
    cut = (
        [] if covered is None else [k for k in dropped if np.isfinite(covered[k]).any()]
    )
    if covered is None or not cut:
        return None
    if not separable(problem):
        msg = (
            f"`dims` must hold all axes that are cut, here {cut} too: a radial "
            f"{problem.kernel} kernel, or one with a matrix, that is cut along one "
            "axis has another shape along the others. Use one width for each axis and "
            "a product kernel, or boundary='reflect'."
        )
        raise CapabilityError(msg)
    total = np.zeros(problem.sample.n)
    for k in cut:
        width = problem.scale.widths[k]
        width = width if problem.local is None else width * problem.local
        x = problem.sample.points[:, k]
        with np.errstate(over="ignore", divide="ignore"):
            low, high = (covered[k, 0] - x) / width, (covered[k, 1] - x) / width
            total += np.log(interval_mass(problem.kernel, low, high))
    return total
