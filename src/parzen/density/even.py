"""Draws of low discrepancy: a scrambled Sobol sequence mapped to the density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from parzen.density.sampling import BLOCK
from parzen.kernels.quantiles import cube_axes, from_cube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.boundary.boundary import BoundedPlan
    from parzen.density.density import Density
    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Bits of a coordinate of the sequence, and bits of a place in the curve.
BITS = 53
CURVE_BITS = 62


class Sobol:
    """A scrambled Sobol sequence [1]_, read in parts of any size.

    It is made in whole powers of two, of which its balance is made, too.

    References
    ----------
    .. [1] Owen, A. B. (1998). Scrambling Sobol' and Niederreiter-Xing points. Journal
       of Complexity 14(4), 466-489, doi:10.1006/jcom.1998.0487.
    """

    def __init__(self, axes: int, rng: np.random.Generator) -> None:
        from scipy.stats import qmc

        # an integer, because SciPy 1.15 gave the argument for generators a new name
        seed = int(rng.integers(2**63))
        try:
            self._engine = qmc.Sobol(axes, bits=BITS, rng=seed)
        except TypeError:
            self._engine = qmc.Sobol(axes, bits=BITS, seed=seed)
        self._made = 0
        self._left = np.empty((0, axes))

    def take(self, count: int) -> Floats:
        """Return the next points, strictly inside of the unit cube, (count, axes)."""
        parts, missing = [self._left], count - len(self._left)
        while missing > 0:
            # as many as there are doubles their number, which keeps the balance
            size = self._made or 1 << max(missing - 1, 0).bit_length()
            part = self._engine.random(size)
            part += 2.0 ** -(BITS + 1)
            np.clip(part, None, np.nextafter(1.0, 0.0), out=part)
            parts.append(part)
            self._made += size
            missing -= size
        points = np.concatenate(parts)
        self._left = points[count:]
        return points[:count]


def even_draws(density: Density, count: int, rng: np.random.Generator) -> Floats:
    """Draw (count, d) points of low discrepancy.

    On a line the quantiles of the sequence. In space its first coordinate chooses a
    point of the data, along a curve on which neighbours are near each other, and the
    others the place in its kernel; bounds fold what lies outside back in, or leave it
    out of the sequence.
    """
    if count == 0:
        return np.empty((0, density.n_axes))
    if density.n_axes == 1:
        draws: Any = density.icdf(Sobol(1, rng).take(count)[:, 0])
        return np.asarray(draws, dtype=np.float64).reshape(count, 1)
    d = density.n_axes
    sobol = Sobol(1 + cube_axes(density.kernel, d), rng)

    def draw(problem: Problem, some: int) -> Floats:
        return _place(problem, density._draws.curve(problem), sobol.take(some))

    if density._edge is None:
        return draw(density._problem, count)
    bounded = cast("BoundedPlan", density._plan)
    return bounded.settle(count, draw, rng)


def _place(
    problem: Problem, curve: tuple[NDArray[np.intp], Floats], u: Floats
) -> Floats:
    """Map points of the unit cube (m, k) to draws (m, d)."""
    order, cumulative = curve
    draws = np.empty((len(u), problem.sample.d))
    for first in range(0, len(u), BLOCK):
        block = u[first : first + BLOCK]
        place = np.searchsorted(cumulative, block[:, 0], side="right")
        index = order[np.minimum(place, len(order) - 1)]
        noise = from_cube(problem.kernel, block[:, 1:])
        if problem.local is not None:
            noise = noise * problem.local[index, None]
        moved = problem.scale.from_kernel_units(noise)
        draws[first : first + BLOCK] = problem.sample.points[index] + moved
    return draws


def curve_of(problem: Problem) -> tuple[NDArray[np.intp], Floats]:
    """Order the points along a Z-curve; return it with their cumulative weights.

    The curve runs through the ranks on the axes [1]_, so that clusters and outliers
    fill it as evenly as any data. O(d n log n).

    References
    ----------
    .. [1] Morton, G. M. (1966). A computer oriented geodetic data base and a new
       technique in file sequencing. IBM, Ottawa.
    """
    sample = problem.sample
    axes = min(sample.d, CURVE_BITS)
    bits = min(CURVE_BITS // axes, max(sample.n - 1, 1).bit_length())
    code = np.zeros(sample.n, dtype=np.int64)
    for k in range(axes):
        ranks = np.empty(sample.n, dtype=np.int64)
        ranks[np.argsort(sample.points[:, k], kind="stable")] = np.arange(sample.n)
        ranks = (ranks << bits) // sample.n
        for bit in range(bits):
            code |= ((ranks >> bit) & 1) << (bit * axes + axes - 1 - k)
    order = np.argsort(code, kind="stable")
    if sample.weights is None:
        return order, np.arange(1, sample.n + 1) / sample.n
    cumulative = np.cumsum(sample.weights[order])
    return order, cumulative / cumulative[-1]
