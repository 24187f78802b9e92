"""The window that shares a point among the nodes around it, and what that costs.

A Kaiser-Bessel window of order one, psi(x) ~ s I_1(beta s), s^2 = 1 - (2 x/w)^2, on w
nodes (Lewitt 1990, doi:10.1364/JOSAA.7.001834, m = 1, in one dimension). FINUFFT's
exponential of a semicircle (Barnett, Magland & af Klinteberg 2019,
doi:10.1137/18M120885X) does as well, but a jump at its edges makes the sum over its
aliases diverge absolutely, and its transform has no closed form. This one has, and
falls off with the square of the frequency, so that the aliases have a proven bound
down to rounding. It is an entire function of x: polynomials fit it up to its edges.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reals = NDArray[np.longdouble]

Real = np.longdouble
# Rounding of one operation on doubles.
UNIT = 2.0**-53
# Aliases summed one by one on each side; the rest is bounded by an integral.
ALIASES = 6
# The series of the window is right to so many roundings of `Real`.
SERIES_ROUNDING = 64.0
# Places on each piece at which the polynomials are compared with the window.
SAMPLES = 129


@dataclass(frozen=True, eq=False)
class Window(ReadOnly):
    """A window on w nodes, in units of the distance of the nodes; its integral is one.

    Attributes
    ----------
    width : int
        Nodes that a point is shared among, w.
    beta : float
        Larger: smoother at the edges, wider in frequency.
    pieces : ndarray of shape (width, degree + 1)
        psi(j + 1/2 - t/2 - w/2) = sum_k pieces_jk t^k on -1 <= t <= 1: the values at
        the nodes around a point that lies (t + 1)/2 beyond a node.
    misfit : float
        Bound of sum_j |piece_j - psi|.
    rounding : float
        Bound of what evaluating the pieces rounds, summed over j.
    mass : float
        Bound of sum_j |piece_j|; about one.
    length : float
        Bound of the root of sum_j piece_j^2.
    """

    width: int
    beta: float
    pieces: NDArray[np.float64]
    misfit: float
    rounding: float
    mass: float
    length: float

    def transform(self, xi: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integral of psi(x) cos(xi x) at frequencies xi, any shape.

        One at zero; positive as long as w xi < 2 beta.
        """
        half = self.width / 2.0
        return _shape(self.beta, half * xi) / _at_zero(self.beta)

    def aliases(self, xi: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bound sum_(m != 0) |psi^(xi + 2 pi m)| / psi^(xi), for |xi| < pi.

        By Poisson's summation, what the nodes make of exp(-i xi x) is
        psi^(xi) exp(-i xi x) (1 + E) with |E| at most this.
        """
        total = np.zeros_like(xi)
        for m in range(1, ALIASES + 1):
            total += np.abs(self.transform(2.0 * math.pi * m + xi))
            total += np.abs(self.transform(2.0 * math.pi * m - xi))
        return (total + self._far_aliases()) / self.transform(xi)

    def _far_aliases(self) -> float:
        """Bound the sum over |m| > ALIASES, for every |xi| <= pi.

        There |F| <= (1 + 1/tau) / tau^2 with tau >= slope (2 pi |m| - pi), and a sum of
        a falling function is below its integral from the last term left out.
        """
        half, last = self.width / 2.0, (2.0 * ALIASES - 1.0) * math.pi
        slope = half * math.sqrt(1.0 - (self.beta / (half * last)) ** 2)
        tau = slope * last
        integral = (1.0 + 1.0 / tau) / (slope**2 * 2.0 * math.pi * last)
        return 2.0 * integral * math.exp(-self.beta) / _at_zero(self.beta)


@functools.lru_cache(maxsize=64)
def make_window(width: int, beta: float) -> Window:
    """Fit the pieces of a window, and bound what they miss."""
    # the misfit is then far below the aliases
    degree = width + (2 if width < 8 else 1)
    pi = np.arccos(Real(-1.0))
    # interpolation at Chebyshev's points, in the widest floats there are
    angles = (np.arange(degree + 1) + Real(0.5)) * pi / (degree + 1)
    cosines = np.cos(np.arange(degree + 1)[:, None] * angles)
    series = _psi(width, beta, np.cos(angles)) @ cosines.T * 2.0 / (degree + 1)
    series[:, 0] /= 2.0
    pieces = np.zeros((width, degree + 1))
    for j in range(width):
        powers = np.polynomial.chebyshev.cheb2poly(series[j])
        pieces[j, : len(powers)] = powers
    samples = np.cos(np.linspace(0.0, 1.0, SAMPLES) * pi)
    values, steps = _horner(pieces, samples)
    misfit = np.abs(values - _psi(width, beta, samples)).max(axis=1).sum()
    # between the samples, an error of this degree is at most 3 % larger
    misfit = 1.03 * float(misfit) + SERIES_ROUNDING * float(np.finfo(Real).eps)
    rounding = 2.0 * UNIT * float(steps.max(axis=1).sum())
    missed = misfit + rounding
    return Window(
        width,
        beta,
        pieces,
        misfit,
        rounding,
        mass=1.03 * float(np.abs(values).sum(axis=0).max()) + missed,
        length=1.03 * math.sqrt((values**2).sum(axis=0).max()) + missed,
    )


def _horner(pieces: NDArray[np.float64], t: Reals) -> tuple[Reals, Reals]:
    """Evaluate polynomials, and sum |partial results| |t|^k, which rounding scales."""
    value: Reals = np.zeros((len(pieces), len(t)), dtype=Real)
    steps = np.zeros_like(value)
    for k in range(pieces.shape[1] - 1, -1, -1):
        value *= t
        value += pieces[:, k, None]
        steps *= np.abs(t)
        steps += np.abs(value)
    return value, steps


def _psi(width: int, beta: float, t: Reals) -> Reals:
    """Return the window at the places t of all its pieces, shape (width, len(t)).

    By the series of I_1, whose terms are all positive, over the integral
    w beta F(beta).
    """
    x = np.arange(width)[:, None] + Real(0.5) - t / 2 - Real(width) / 2
    z = 2 * x / width
    square = np.maximum((1 - z) * (1 + z), 0)
    b = Real(beta)
    quarter = square * (b / 2) ** 2
    total = np.zeros_like(x)
    term = square * b / 2
    for k in range(int(2.0 * beta) + 40):
        total += term
        term = term * quarter / ((k + 1) * (k + 2))
    return np.asarray(total * b / (width * (np.cosh(b) - np.sinh(b) / b)))


def _at_zero(beta: float) -> float:
    """Shape of the transform at frequency zero."""
    return float(_shape(beta, np.zeros(1))[0])


def _shape(beta: float, turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return e^-beta F(t), t^2 = beta^2 - turn^2, F(t) = (cosh t - sinh(t)/t) / t^2.

    For t^2 = -tau^2 < 0 that is (sin(tau)/tau - cos(tau)) / tau^2. The exponential is
    that of t - beta = -turn^2/(t + beta), without cancellation: the transform is right
    to a few roundings where it matters.
    """
    turn = np.asarray(turn, dtype=np.float64)
    square = (beta - turn) * (beta + turn)
    near = np.abs(square) < 0.25
    t = np.sqrt(np.where(near, 1.0, np.abs(square)))
    growth = np.exp(-(turn**2) / (t + beta))
    decay = np.exp(-t - beta)
    inside = 0.5 * (growth * (1.0 - 1.0 / t) + decay * (1.0 + 1.0 / t))
    outside = (np.sin(t) / t - np.cos(t)) * math.exp(-beta)
    # F = 1/3 + t^2/30 + t^4/840 + t^6/45360 + ...
    series = 1.0 / 3 + square * (1.0 / 30 + square * (1.0 / 840 + square / 45360.0))
    far = np.where(square > 0.0, inside, outside) / t**2
    return np.where(near, series * math.exp(-beta), far)
