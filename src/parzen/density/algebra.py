"""Kernel densities made of kernel densities; each way has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parzen.boundary.boundary import Cut
from parzen.boundary.bounds import Bounds
from parzen.boundary.mass import box_mass
from parzen.density.affine import affine
from parzen.density.conditional import conditional
from parzen.density.marginal import marginal
from parzen.density.rebuild import rebuild
from parzen.distribution.boxes import intersect
from parzen.distribution.truncated import SMALLEST_SHARE, Truncated
from parzen.engines.masses.boxes import separable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from parzen.density.density import Density
    from parzen.distribution import Distribution

    Floats = NDArray[np.float64]

__all__ = ["affine", "conditional", "marginal", "truncate"]


def truncate(density: Density, boxes: Floats) -> Distribution:
    """Return the distribution within boxes (k, d, 2).

    A kernel density with bounds and no correction at them, where these have a mass in
    closed form that is a number; else whatever it is, divided by its mass inside.
    """
    edge, problem = density._edge, density._problem
    free = edge is None or isinstance(edge, Cut)
    # as where bounds are given with the data: radial kernels in the plane, too
    plane = density.n_axes == 2 and not problem.kernel.product
    if not free or not (plane or separable(problem)):
        return Truncated(density, boxes)
    within = boxes if edge is None else intersect(edge.bounds.boxes, boxes)
    mass = sum(box_mass(problem, box[:, 0], box[:, 1]) for box in within)
    signed = problem.sample.signed
    if mass < SMALLEST_SHARE and density.n_axes == 1 and not signed:
        return Truncated(density, boxes)
    note = f"of the density before it was cut; {density.bandwidth_result.note}"
    sample = density._sample
    return rebuild(density, problem, sample, Cut(Bounds(within)), note)
