"""How many images of a range fold a density back, and what lies beyond them.

A kernel with tails like a power of the distance, such as the Cauchy, leaves mass in
every tile. Far tiles are summed by the Euler-Maclaurin formula for midpoints: with
images z_j = z_0 + j P, a = z_0 - P/2 and D_l the l-th central difference at a,

    sum_j F(z_j) = 1/P int_a^inf F + D_1 / 24 - 17 D_3 / 5760 + ...
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parzen.errors import CapabilityError
from parzen.kernels.interval import outermost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Plan, Problem

# For a power law, mass of 1e-15 begins so many times farther out than that of 1e-8.
POWER_LAW = 2.1
# Tiles summed one by one for power laws: so many, and so many bandwidths.
TILES, WIDTHS = 50, 8.0
# Images in all, above which a sum would take for ever.
MOST_IMAGES = 2500
# Nodes of the quadrature to infinity, and in the query, which moves the sum by little.
FAR_NODES, NEAR_NODES = 32, 6


class Image(NamedTuple):
    """The map q -> sign q + shift on one axis."""

    sign: float
    shift: float


class Run(NamedTuple):
    """Images from the first on, each a step beyond the last, to infinity."""

    first: Image
    step: float


def tiles(problem: Problem, k: int, period: float) -> tuple[int, bool]:
    """Count the tiles needed on each side, and say whether more lie beyond these.

    Raises
    ------
    CapabilityError
        If too many are needed, or a power law has more than one dimension.
    """
    kernel, d = problem.kernel, problem.sample.d
    extent = problem.scale.extent(box=kernel.product)[k] * problem.widest
    with np.errstate(over="ignore", divide="ignore"):
        widths = float(np.float64(extent) / period)
    heavy = kernel.reach(1e-15, d) > POWER_LAW * kernel.reach(1e-8, d)
    if heavy and d > 1:
        msg = (
            f"a {kernel} kernel falls too slowly to be folded in {d} dimensions. Use "
            "another kernel, or boundary='transform'."
        )
        raise CapabilityError(msg)
    wanted = (
        max(TILES, WIDTHS * widths) if heavy else 1.0 + outermost(kernel, d) * widths
    )
    if wanted > MOST_IMAGES / 2:
        msg = (
            f"the bandwidth is {widths:.3g} times the range of `bounds`: too many "
            "images to fold. Narrow `bandwidth`, or check the units of `bounds`."
        )
        raise CapabilityError(msg)
    return math.ceil(wanted), heavy


def check_count(images: tuple[tuple[Image, ...], ...]) -> None:
    """Raise `CapabilityError` for more images than can be summed."""
    count = math.prod(map(len, images))
    if count > MOST_IMAGES:
        msg = (
            f"the bandwidth is so wide that {count:,} images of each query are needed. "
            "Narrow `bandwidth`, or check the units of `bounds`."
        )
        raise CapabilityError(msg)


@dataclass(frozen=True, eq=False)
class Remainder:
    """The sum over all images beyond those that are summed one by one (d = 1).

    A polynomial in the query, as smooth as the density far from its data.

    Attributes
    ----------
    low, high : float
        Ends of the range.
    coefficients : ndarray
        Of Chebyshev polynomials between the ends.
    """

    low: float
    high: float
    coefficients: NDArray[np.float64]

    def __call__(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum at q of shape (m, 1)."""
        t = 2.0 * (q[:, 0] - self.low) / (self.high - self.low) - 1.0
        total = np.polynomial.chebyshev.chebval(t, self.coefficients)
        return np.asarray(np.maximum(total, 0.0))

    def between(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Integrate between ends (m, 1), shape (m,); of thin intervals all digits."""
        # exact for a polynomial of this degree
        nodes, shares = np.polynomial.legendre.leggauss(NEAR_NODES // 2)
        half = 0.5 * (upper - lower)
        values = self((lower + half + half * nodes).reshape(-1, 1))
        return half[:, 0] * (values.reshape(-1, len(nodes)) @ shares)

    def slope(self, q: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the derivative at q of shape (m, 1), shape (m,)."""
        unit = 2.0 / (self.high - self.low)
        t = unit * (q[:, 0] - self.low) - 1.0
        derived = np.polynomial.chebyshev.chebder(self.coefficients, order, scl=unit)
        return np.asarray(np.polynomial.chebyshev.chebval(t, derived))


def remainder(free: Plan, low: float, high: float, runs: tuple[Run, ...]) -> Remainder:
    """Sum the density over the images in all runs."""
    degree = NEAR_NODES - 1
    t = np.polynomial.chebyshev.chebpts1(NEAR_NODES)
    q = 0.5 * (low + high) + 0.5 * (high - low) * t
    total = np.zeros(NEAR_NODES)
    for run in runs:
        total += _sum_run(free, run, q, 0.5 * (low + high))
    fitted = np.polynomial.chebyshev.chebfit(t, total, degree)
    return Remainder(low, high, np.asarray(fitted, dtype=np.float64))


def _sum_run(
    free: Plan, run: Run, q: NDArray[np.float64], centre: float
) -> NDArray[np.float64]:
    """Sum the density over one run of images of q (m,), shape (m,)."""

    def density(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return free.pdf(z.reshape(-1, 1)).reshape(z.shape)

    start = run.first.sign * q + run.first.shift - 0.5 * run.step
    nodes, shares = np.polynomial.legendre.leggauss(FAR_NODES)
    s, shares = 0.5 * (nodes + 1.0), 0.5 * shares
    # z = centre + (start - centre) / s^4 turns tails of any power into smooth functions
    away = (start - centre)[:, None]
    beyond = density(centre + away / s**4) * (4.0 * np.abs(away) / s**5)
    around = density(start[:, None] + run.step * np.array([-1.5, -0.5, 0.5, 1.5]))
    first = around[:, 2] - around[:, 1]
    third = around[:, 3] - around[:, 0] - 3.0 * first
    total: NDArray[np.float64] = (beyond @ shares) / abs(run.step)
    return total + first / 24.0 - 17.0 * third / 5760.0
