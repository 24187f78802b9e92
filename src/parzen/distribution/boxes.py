"""Boxes (k, d, 2) that truncate: where they meet, what holds points, how they map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import CapabilityError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def contains(boxes: Floats, points: Floats) -> NDArray[np.bool_]:
    """Whether each of the points (m, d) lies in one of the boxes, ends included."""
    inside = np.zeros(len(points), dtype=bool)
    for box in boxes:
        inside |= ((points >= box[:, 0]) & (points <= box[:, 1])).all(axis=1)
    return inside


def intersect(one: Floats, other: Floats) -> Floats:
    """Return the boxes in which those of both meet, in rising order.

    Raises
    ------
    DataError
        If they do not meet.
    """
    low = np.maximum(one[:, None, :, 0], other[None, :, :, 0])
    high = np.minimum(one[:, None, :, 1], other[None, :, :, 1])
    boxes = np.stack([low, high], axis=-1).reshape(-1, *one.shape[1:])
    boxes = boxes[(boxes[..., 0] < boxes[..., 1]).all(axis=1)]
    if not len(boxes):
        msg = f"`bounds` must meet those that the distribution has, {one.tolist()}; "
        raise DataError(msg + f"got {other.tolist()}. Give a range within them.")
    return boxes[np.argsort(boxes[:, 0, 0], kind="stable")]


def mapped(boxes: Floats, scale: Floats, shift: Floats) -> Floats:
    """Return the images of boxes under x -> scale x + shift, axis by axis, (d,) each.

    Raises
    ------
    DataError
        If an end leaves the range of floats.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ends = boxes * scale[:, None] + shift[:, None]
    lost = (np.isfinite(boxes) & ~np.isfinite(ends)) | np.isnan(ends)
    ends = np.where(scale[:, None] < 0, ends[..., ::-1], ends)
    if lost.any() or not (ends[..., 0] < ends[..., 1]).all():
        msg = "`scale` and `shift` must keep the bounds apart and within floats; "
        raise DataError(msg + f"got {ends.tolist()}. Choose other units.")
    return ends[np.argsort(ends[:, 0, 0], kind="stable")]


def single_entries(matrix: Floats) -> NDArray[np.intp] | None:
    """Return the column of each row's only entry, shape (d,); None if one has more."""
    used = matrix != 0
    if (used.sum(axis=1) != 1).any() or (used.sum(axis=0) != 1).any():
        return None
    return np.asarray(used.argmax(axis=1))


def along_axes(scale: Floats, what: str) -> tuple[NDArray[np.intp], Floats]:
    """Read a map (d,) or (d, d) as a choice of axes and a factor for each.

    Raises
    ------
    CapabilityError
        If it mixes axes: a box becomes none.
    """
    if scale.ndim == 1:
        return np.arange(len(scale)), scale
    columns = single_entries(scale)
    if columns is None:
        msg = f"`scale` as a matrix turns {what}, so that they are no box any more. "
        raise CapabilityError(msg + "Scale the axes one by one, or map first.")
    return columns, scale[np.arange(len(scale)), columns]
