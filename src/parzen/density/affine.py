"""Affine maps of a kernel density: of its points, its bandwidth and its bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.boundary import Reflect
from parzen.boundary.boundary import Mirror, Transform, Union
from parzen.boundary.bounds import Bounds
from parzen.density.marginal import marginal
from parzen.density.rebuild import as_widths, rebuild, refuse_matrix
from parzen.distribution.boxes import along_axes, mapped, single_entries
from parzen.errors import CapabilityError, DataError
from parzen.kernels import DistributionKernel
from parzen.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mirrored:
    """An asymmetric kernel turned over, K(-u), as a function."""

    kernel: DistributionKernel

    @property
    def __name__(self) -> str:
        """What the kernel is called."""
        return f"mirrored {self.kernel.name}"

    def __call__(self, u: Floats) -> Floats:
        """Evaluate at u of any shape."""
        return self.kernel.pdf(-np.asarray(u, dtype=np.float64)[..., None])


def affine(density: Density, scale: Floats, shift: Floats) -> Density:
    """Return the density of A x + b, A = diag(scale) or scale."""
    if scale.ndim == 2 and (
        density._edge is not None or single_entries(scale) is not None
    ):
        # axes change places only: first that, then each by its factor
        columns, factors = along_axes(scale, "the bounds")
        density = marginal(density, tuple(columns.tolist()))
        return _by_axis(density, factors, shift)
    if scale.ndim == 2:
        return _turned(density, scale, shift)
    return _by_axis(density, scale, shift)


def _by_axis(density: Density, scale: Floats, shift: Floats) -> Density:
    """Scale each axis, and move it."""
    edge, problem = density._edge, density._problem
    sample = density._sample
    note = "of the density before it was scaled, times its factors"
    moved = _mapped(sample, scale, shift)
    new_edge = None if edge is None else _mapped_edge(edge, scale, shift)
    placed = moved
    along = scale
    if isinstance(edge, Transform):
        along, offset = _on_line(edge, scale, shift)
        placed = _mapped(problem.sample, along, offset)
    elif new_edge is not None:
        placed = new_edge.move(moved)
    kernel = _turned_over(problem.kernel, along)
    scaled = _scaled(problem.scale, np.abs(along), along)
    problem = replace(problem, sample=placed, kernel=kernel, scale=scaled)
    return rebuild(density, problem, moved, new_edge, note)


def _mapped(sample: Sample, scale: Floats, shift: Floats) -> Sample:
    """Map the points of a sample, and how far apart its nodes are."""
    with np.errstate(over="ignore", invalid="ignore"):
        points = sample.points * scale + shift
    _check_range(points)
    spacing = None if sample.spacing is None else sample.spacing * np.abs(scale)
    resolution = sample.resolution * float(np.abs(scale[0])) if sample.d == 1 else 0.0
    return replace(sample, points=points, spacing=spacing, resolution=resolution)


def _check_range(values: Any) -> None:
    """Raise `DataError` where the result leaves the range of floats."""
    if not np.isfinite(values).all():
        msg = "`scale` and `shift` must keep the data and the bandwidth within floats; "
        raise DataError(msg + "some become infinite. Choose other units.")


def _scaled(scale: Scale, factors: Floats, signed: Floats) -> Scale:
    """Return the bandwidth in the new units of each axis."""
    value: Any = scale.bandwidth
    with np.errstate(over="ignore", under="ignore"):
        if np.ndim(value) == 2:
            value = value * signed[:, None] * signed
            positive = np.diag(value)
        else:
            same = np.ndim(value) == 0 and (factors == factors[0]).all()
            value = value * float(factors[0]) if same else value * factors
            positive = np.atleast_1d(value)
    _check_range(value)
    # a subnormal bandwidth has lost digits
    if not (positive >= np.finfo(np.float64).tiny).all():
        msg = "`scale` must keep the bandwidth within floats; some of it becomes zero. "
        raise DataError(msg + "Choose other units.")
    return Scale(value, scale.d)


def _turned_over(kernel: AnyKernel, signed: Floats) -> AnyKernel:
    """Return the kernel on axes whose direction may have changed."""
    if kernel.symmetric or (signed > 0).all():
        return kernel
    if (signed > 0).any() or not isinstance(kernel, DistributionKernel):
        msg = f"`scale` must have one sign for the {kernel} kernel, which is not "
        msg += f"symmetric; got {signed.tolist()}. Turn all axes over, or none."
        raise CapabilityError(msg)
    function = getattr(kernel.source, "function", None)
    # twice is as before
    if isinstance(function, Mirrored):
        return function.kernel
    return DistributionKernel(Mirrored(kernel))


def _on_line(edge: Transform, scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """Return the map where log or logit have brought the data: a factor, a shift.

    log(a x) = log a + log x; a logit stays, and a negative factor turns both over.
    """
    along, offset = scale.copy(), shift.copy()
    for k, (low, high) in enumerate(edge.bounds.boxes[0].tolist()):
        ends = int(np.isfinite(low)) + int(np.isfinite(high))
        if ends == 0:
            continue
        along[k] = np.sign(scale[k])
        # upper bounds have -log(upper - x)
        side = 1.0 if np.isfinite(low) else -1.0
        offset[k] = side * along[k] * np.log(abs(scale[k])) if ends == 1 else 0.0
    return along, offset


def _mapped_edge(edge: Boundary, scale: Floats, shift: Floats) -> Any:
    """Return the boundary at the images of its bounds."""
    bounds = Bounds(mapped(edge.bounds.boxes, scale, shift))
    changed: Any = edge
    if isinstance(edge, Union):
        parts = tuple(_mapped_edge(part, scale, shift) for part in edge.parts)
        parts = parts if scale[0] > 0 else parts[::-1]
        return replace(changed, bounds=bounds, parts=parts)
    if isinstance(edge, Mirror) and edge.reflect.lower != edge.reflect.upper:
        if (scale < 0).any() and (scale > 0).any():
            msg = (
                f"`scale` must have one sign where {edge.reflect} treats the two ends "
            )
            raise CapabilityError(msg + "differently. Turn all axes over, or none.")
        if (scale < 0).all():
            turned = Reflect(edge.reflect.upper, edge.reflect.lower)
            return replace(changed, bounds=bounds, reflect=turned)
    return replace(changed, bounds=bounds)


def _turned(density: Density, matrix: Floats, shift: Floats) -> Density:
    """Mix the axes: radial kernels only, without bounds."""
    problem, sample = as_widths(density._problem), density._sample
    refuse_matrix(problem)
    kernel = problem.kernel
    if kernel.product and kernel.name != "gaussian":
        msg = (
            f"`scale` as a matrix turns the axes along which the {kernel} kernel is a "
        )
        msg += (
            "product. Use the Gaussian or a radial kernel, or a factor for each axis."
        )
        raise CapabilityError(msg)
    widths = problem.scale.widths
    # the root of the new covariance, in units that keep squares within floats
    root = problem.scale.root if problem.scale.root is not None else np.diag(widths)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        points = sample.points @ matrix.T + shift
        turned = matrix @ root
        covariance = turned @ turned.T
    _check_range(points)
    _check_range(covariance)
    if not (np.diag(covariance) >= np.finfo(np.float64).tiny).all():
        msg = (
            "`scale` must keep the bandwidth matrix within floats; some of it becomes "
        )
        raise DataError(msg + "zero. Choose other units.")
    moved = replace(sample, points=points, columns=None, spacing=None)
    covariance = 0.5 * (covariance + covariance.T)
    new = replace(problem, sample=moved, scale=Scale(covariance, sample.d))
    note = "of the density before a matrix mapped it"
    return rebuild(density, new, moved, None, note)
