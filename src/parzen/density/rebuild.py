"""Plan a kernel density anew, of points, weights and bandwidths made of another's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth import BandwidthResult
from parzen.boundary.bounds import Bounds
from parzen.density.estimate import plan
from parzen.engines import planner
from parzen.errors import CapabilityError, DataError
from parzen.scale import LocalBandwidth, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary import Boundary
    from parzen.density.density import Density
    from parzen.engines.engine import Problem
    from parzen.sample import Sample

    Floats = NDArray[np.float64]


def rebuild(
    density: Density,
    problem: Problem,
    sample: Sample,
    edge: Boundary | None,
    note: str,
) -> Density:
    """Plan a problem made of a density's, by its engine if that was named by hand.

    An engine that refuses the new problem gives way to the planner's choice.
    """
    problem, sample = _merged(problem, sample)
    value: Any = problem.scale.bandwidth
    if sample.d == 1:
        value = float(problem.scale.widths[0])
        value = value if problem.local is None else value * problem.local
    elif problem.local is not None:
        value = LocalBandwidth(value, problem.local)
    result = BandwidthResult(
        value,
        "manual",
        converged=True,
        n_eff=problem.sample.n_eff,
        kernel=problem.kernel,
        note=note,
    )
    decision = density.decision
    method = "auto"
    if decision.reason == planner.BY_HAND:
        free = problem if edge is None else edge.ease(problem)
        able = planner.ENGINES[decision.method].refusal(free) is None
        method = decision.method if able else method
    return plan(problem, sample, result, edge, method)


def _merged(problem: Problem, sample: Sample) -> tuple[Problem, Sample]:
    """Merge nodes that fell on one another, as those of a grid do."""
    placed = problem.sample
    if sample.spacing is None or problem.local is not None:
        return problem, sample
    points, first, group = np.unique(
        sample.points, axis=0, return_index=True, return_inverse=True
    )
    if len(points) == sample.n:
        return problem, sample
    weights = np.full(sample.n, 1.0 / sample.n)
    weights = weights if sample.weights is None else sample.weights
    merged = np.bincount(group.ravel(), weights).astype(np.float64)
    chosen = merged != 0

    def pick(data: Sample) -> Sample:
        new = replace(data, points=data.points[first], weights=merged, rows=None)
        return new if chosen.all() else new.take(chosen)

    return replace(problem, sample=pick(placed)), pick(sample)


def sub_scale(scale: Scale, axes: list[int]) -> Scale:
    """Return the bandwidth of some axes: a block of the covariance."""
    value: Any = scale.bandwidth
    if np.ndim(value) == 2:
        value = value[np.ix_(axes, axes)]
        value = float(scale.widths[axes[0]]) if len(axes) == 1 else value
    elif np.ndim(value) == 1:
        value = float(value[axes[0]]) if len(axes) == 1 else value[axes]
    return Scale(value, len(axes))


def sub_sample(sample: Sample, axes: list[int]) -> Sample:
    """Return the sample of some axes; of one, as 1-D data."""
    columns = sample.columns
    return replace(
        sample,
        points=np.ascontiguousarray(sample.points[:, axes]),
        flat=len(axes) == 1,
        columns=None if columns is None else tuple(columns[k] for k in axes),
        spacing=None if sample.spacing is None else sample.spacing[axes],
    )


def sub_edge(edge: Boundary | None, axes: list[int]) -> Any:
    """Return the boundary of some axes; None where these have no bounds."""
    if edge is None:
        return None
    boxes = edge.bounds.boxes[:, axes].copy()
    if np.isinf(boxes).all():
        return None
    changed: Any = edge
    return replace(changed, bounds=Bounds(boxes))


def sub_size(problem: Problem, axes: list[int]) -> tuple[int, ...] | None:
    """Return the nodes that were asked for on some axes."""
    size = problem.grid_size
    return None if size is None else tuple(size[k] for k in axes)


def as_widths(problem: Problem) -> Problem:
    """Write a covariance without correlations as widths: products need these."""
    root = problem.scale.root
    if root is None or np.count_nonzero(root) > len(root):
        return problem
    return replace(problem, scale=Scale(np.diag(root).copy(), len(root)))


def refuse_matrix(problem: Problem) -> None:
    """Raise `CapabilityError` for a product kernel in the coordinates of a matrix."""
    kernel = problem.kernel
    if kernel.product and kernel.name != "gaussian" and problem.scale.root is not None:
        msg = f"a {kernel} kernel with a bandwidth matrix is a product along axes that "
        msg += "are none of the data's, and has no closed form here. Use the Gaussian, "
        raise CapabilityError(msg + "a radial kernel, or one width for each axis.")


def log_weights(sample: Sample) -> tuple[Floats, Floats]:
    """Return logarithms of the weights' sizes, and their signs, shape (n,) each."""
    if sample.weights is None:
        return np.zeros(sample.n), np.ones(sample.n)
    return np.log(np.abs(sample.weights)), np.sign(sample.weights)


def from_logs(logs: Floats, signs: Floats, problem: str) -> Floats:
    """Return weights e^logs that sum to one; some may underflow to zero.

    Raises
    ------
    DataError
        If there is no weight at all; `problem` says of what.
    CapabilityError
        If negative weights leave no positive sum.
    """
    top = float(logs.max(initial=-np.inf))
    if not top > -np.inf:
        raise DataError(problem)
    weights = signs * np.exp(logs - top)
    total = float(weights.sum())
    if total <= len(weights) * np.finfo(np.float64).eps:
        msg = f"negative weights must leave a positive sum; got {total:.3g} times the "
        raise CapabilityError(
            msg + "largest weight. Clip the weights, or fit a subset."
        )
    return np.asarray(weights / total)


def reweighted(
    problem: Problem, sample: Sample, weights: Floats
) -> tuple[Problem, Sample]:
    """Give the points other weights, which sum to one; drop those without any."""

    def pick(data: Sample) -> Sample:
        effective = data.effective
        if effective is not None:
            # nodes count for as many points as before, times how evenly they count
            before = 1.0 / data.n if data.weights is None else np.sum(data.weights**2)
            effective *= float(before / np.sum(weights**2))
        return replace(data, weights=weights, effective=effective)

    chosen = weights != 0
    placed, sample = pick(problem.sample), pick(sample)
    problem = replace(problem, sample=placed)
    return (problem, sample) if chosen.all() else _taken(problem, sample, chosen)


def _taken(
    problem: Problem, sample: Sample, chosen: NDArray[np.bool_]
) -> tuple[Problem, Sample]:
    return problem.take(chosen), sample.take(chosen)
