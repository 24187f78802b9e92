"""Points that repeat, and columns that are rounded: what no matrix should follow.

Both tie points, and tied points draw criteria towards a matrix without volume. Rows
that repeat (a bootstrap, weights written out) tell nothing new, and become one point of
their weight. Rows that coincide because every column is rounded, or binned, are news
each, and stay. But below its step a rounded column tells nothing, and half of that is
the least width along it: with the other columns held fixed, so that no slanted kernel
passes between the nodes. Two nodes then blend: the ripple on a plane is 10 %.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix.forms import Form
from parzen.bandwidth.ties import axis_steps, merge_ties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth.solution import Solution
    from parzen.sample import Sample

# Rounding leaves a bandwidth that is at the least width there.
ROUNDING = 1e-9


def form_of(sample: Sample, name: str, n_jobs: Any = None) -> Form:
    """Lay out a sample for a search, with repeats as one point and its steps known.

    Cost O(n d^2), and a sort of the columns; memory O(n d).
    """
    steps = axis_steps(sample)
    if not steps.all():
        sample = merge_ties(sample)
    return replace(Form.of(sample, name), steps=steps, n_jobs=n_jobs)


def floored(found: Solution, form: Form) -> Solution:
    """Make what was found half a step wide, at least, along each rounded column."""
    value = at_least(found.value, 0.5 * form.steps, form.name)
    if value is found.value:
        return found
    note = found.note + ", but half the step of the rounded columns, at least,"
    return found._replace(value=value, note=note)


def at_least(
    value: float | NDArray[np.float64], least: NDArray[np.float64], name: str
) -> float | NDArray[np.float64]:
    """Widen a bandwidth of a form to some widths, (d,), each with the other axes fixed.

    The bandwidth itself is returned where it is as wide. In the end H - diag(least^2)
    has no negative eigenvalue: that of the Schur complement of the axes that need no
    width is what counts.
    """
    if np.ndim(value) < 2:
        wide = np.maximum(value, least if np.ndim(value) else least.max())
        if np.all(wide <= np.asarray(value) * (1.0 + ROUNDING)):
            return value
        return wide if np.ndim(value) else float(wide)
    some, others = least > 0.0, least == 0.0
    if not some.any():
        return value
    covariance = np.array(value)
    # widths near one: no power of them leaves the range of floats
    units = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(units, units)
    part, mixed = scaled[np.ix_(some, some)], scaled[np.ix_(others, some)]
    part = part - mixed.T @ np.linalg.solve(scaled[np.ix_(others, others)], mixed)
    ratios = (units / np.where(some, least, 1.0))[some]
    values, vectors = np.linalg.eigh(part * np.outer(ratios, ratios))
    if values[0] >= 1.0 - ROUNDING:
        return value
    if name == "scaled":
        return np.asarray(covariance / max(values[0], np.finfo(np.float64).tiny))
    missing = (vectors * np.maximum(1.0 - values, 0.0)) @ vectors.T
    covariance[np.ix_(some, some)] += missing * np.outer(least[some], least[some])
    return covariance
