"""`Bounds`: the ranges on which a density is normalised, and zero outside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import LINE, check_bounds
from parzen.errors import DataError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LINE", "Bounds"]


@dataclass(frozen=True, eq=False)
class Bounds(ReadOnly):
    """One box in any dimension, or several ranges of a line.

    Attributes
    ----------
    boxes : ndarray of shape (k, d, 2)
        Lower and upper ends, which may be infinite; in rising order where k > 1.
    """

    boxes: NDArray[np.float64]

    @classmethod
    def of(cls, value: Any, d: int) -> Bounds | None:
        """Check (lower, upper), a pair for each axis, or several ranges where d = 1.

        None where every end is infinite.
        """
        boxes = check_bounds(value, d)
        return None if boxes is None else cls(boxes)

    @property
    def pieces(self) -> tuple[Bounds, ...]:
        """Each range as bounds of its own."""
        return tuple(Bounds(box[None].copy()) for box in self.boxes)

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Lowest end on each axis, shape (d,)."""
        return np.asarray(self.boxes[0, :, 0])

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Highest end on each axis, shape (d,)."""
        return np.asarray(self.boxes[-1, :, 1])

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each of the points (m, d) lies inside, ends included."""
        low, high = self.boxes[..., 0], self.boxes[..., 1]
        inside = np.zeros(len(points), dtype=bool)
        for lower, upper in zip(low, high, strict=True):
            inside |= ((points >= lower) & (points <= upper)).all(axis=1)
        return inside

    def check_holds(self, points: NDArray[np.float64], name: str | None) -> None:
        """Raise `DataError` for data outside: then the density does not end there."""
        outside = ~self.contains(points)
        if outside.any():
            i = int(np.argmax(outside))
            msg = (
                f"boundary={name!r} says that no data lie outside `bounds`, {self}; "
                f"{int(outside.sum())} of {len(points)} points do, the first is "
                f"{points[i].tolist()}. Use boundary=None, which keeps them as guard "
                "data, or outside='drop'."
            )
            raise DataError(msg)

    def __str__(self) -> str:
        ranges = [
            " x ".join(f"[{low:g}, {high:g}]" for low, high in box.tolist())
            for box in self.boxes
        ]
        return " and ".join(ranges)
