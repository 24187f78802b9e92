"""Coordinates on a line in which a bandwidth is about one, without rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

# An origin is moved if all data are so near to it that differences are exact.
NEAR = 0.25


@dataclass(frozen=True)
class Axis:
    """Data over a power of two, less an origin: both exact where it matters.

    That holds for coordinates, not for what is computed from them: far from zero half
    an ulp is much of a bandwidth, so centres that points and queries share must be
    exact, or stored once.

    The origin is zero unless all data are within a quarter of it: then it has their
    sign and at most twice their size, so that the difference is a float (Sterbenz
    1974), and a query whose difference is rounded is far from all data.

    Attributes
    ----------
    exponent : int
        Data are scaled by 2^-exponent.
    origin : float
    width : float
        The bandwidth, from 1/2 to 1.
    """

    exponent: int
    origin: float
    width: float

    @classmethod
    def of(cls, problem: Problem) -> Axis:
        """Scale by the bandwidth of a problem in one dimension."""
        width, exponent = math.frexp(float(problem.scale.widths[0]))
        sample = problem.sample
        plain = cls(exponent, 0.0, width)
        low, high = plain.place(np.array([sample.lower[0], sample.upper[0]])).tolist()
        origin = 0.5 * low + 0.5 * high
        if high - low <= NEAR * abs(origin) < math.inf:
            return cls(exponent, origin, width)
        return plain

    def place(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coordinates of x of shape (n,) or (n, 1), shape (n,)."""
        v = times_power_of_two(x.reshape(-1), -self.exponent)
        if self.origin:
            v -= self.origin
        return v
