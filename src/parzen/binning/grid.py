"""A regular grid of nodes in any dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Grid(ReadOnly):
    """Nodes lower_k + j step_k, j = 0, ..., shape_k - 1, on each axis k.

    Attributes
    ----------
    lower, upper : ndarray of shape (d,)
        The first and the last node of each axis.
    shape : tuple of int
        Nodes on each axis, at least two.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    shape: tuple[int, ...]

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return math.prod(self.shape)

    @cached_property
    def step(self) -> NDArray[np.float64]:
        """Distance of neighbouring nodes on each axis, shape (d,)."""
        return np.asarray((self.upper - self.lower) / (np.array(self.shape) - 1))

    @cached_property
    def axes(self) -> tuple[NDArray[np.float64], ...]:
        """The nodes of each axis."""
        return tuple(
            np.linspace(low, high, count)
            for low, high, count in zip(self.lower, self.upper, self.shape, strict=True)
        )

    def nodes(self) -> NDArray[np.float64]:
        """All nodes as points, shape (size, d), the last axis running fastest."""
        mesh = np.meshgrid(*self.axes, indexing="ij")
        return np.stack([part.ravel() for part in mesh], axis=-1)
