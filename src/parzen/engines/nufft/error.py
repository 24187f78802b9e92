"""What a sum over a Fourier series errs by: a bound, in units of the peak.

One axis: the series has coefficients c_k = sqrt(2 pi)/P exp(-omega_k^2/2) at omega_k =
2 pi k/P, P the period in bandwidths. Spreading a point x by the window psi turns
exp(-i omega_k x) into psi^ exp(-i omega_k x) (1 + E_k(x)), and so does interpolation;
the transform divides by psi^ twice and leaves out |k| > K. So for a point x and a query
q the kernel becomes

    sum_(|k| <= K) c_k (1 + E_k(x)) (1 + E'_k(q)) exp(i omega_k (q - x)),

with |E_k| <= a_k, the aliases and the misfit of the window over psi^_k. It errs by

    deviation = sum c_k ((1 + a_k)(1 + a'_k) - 1)   and   cut = sum_(|k| > K) c_k,

t together, from the periodic kernel, which images raise above one by a little. The
modes kept form a box, so the kernel in d dimensions is a product of d such sums: it
errs by at most d t (1 + t)^(d-1) (1 + images), and by the images. As weights sum to
one, the sum over all points errs by no more.

Rounding comes on top, and follows the data. Let v be the masses on the nodes, g the
inverse transform of the factors, and s = g * v, their convolution. An error e of v is
at most |g|_2 |e|_2 in s; an error e of s is at most sum |psi| max|e|, and
|psi|_2 |e|_2, in an interpolation. Masses are sums of at most `chain` terms. A
transform is taken to round by UNIT log2(size), relative to 2-norms: not proven, but
against long doubles it was at most a sixth of that, for noise, peaks and bells alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.nufft.kaiser_bessel import UNIT
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.nufft.kaiser_bessel import Window
    from parzen.engines.nufft.layout import Layout

# Beyond so many bandwidths a kernel cannot make up a share of a sum worth its rounding.
FARTHEST = 9.0


@dataclass(frozen=True, eq=False)
class Axis(ReadOnly):
    """What the transform does along one axis.

    Attributes
    ----------
    factors : ndarray of shape (length // 2 + 1,)
        What the coefficients of the frequencies k >= 0 are multiplied by.
    error : float
        Deviation and cut, as above.
    gain, rounded_gain : float
        2-norm of the inverse transform of the factors, and of their rounding errors.
    """

    factors: NDArray[np.float64]
    error: float
    gain: float
    rounded_gain: float

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, window: Window, step: float, length: int) -> Axis:
        """Weigh the aliases of every frequency, and cut the series where it is best."""
        k = np.arange(length // 2 + 1, dtype=np.float64)
        xi = k * (2.0 * math.pi / length)
        omega = xi / step
        both = np.where(xi > 0.0, 2.0, 1.0)
        weight = math.sqrt(2.0 * math.pi) * np.exp(-(omega**2) / 2.0)
        share = both * weight / (length * step)
        transform = window.transform(xi)
        aliases = window.aliases(xi)
        spread = aliases + (window.misfit + window.rounding) / transform
        gathered = aliases + window.misfit / transform
        deviation = np.cumsum(share * (spread + gathered + spread * gathered))
        # the coefficients fall: their sum beyond omega is below erfc(omega / sqrt 2)
        error = deviation + np.exp(-(omega**2) / 2.0)
        # beyond, the transform of the window loses its digits, and then its sign
        error[window.width * xi > 1.9 * window.beta] = math.inf
        # the sum of both halves of the highest frequency would be real
        error[xi >= math.pi * (1.0 - 1.0 / length)] = math.inf
        last = int(np.argmin(error))
        factors = weight / step / transform**2
        factors[last + 1 :] = 0.0
        # exponents are rounded relatively, and so are all factors
        turn = window.width * xi / 2.0
        rounding = UNIT * (16.0 + omega**2 + 4.0 * turn**2 / window.beta)
        return cls(
            factors,
            float(error[last]),
            math.sqrt((both * factors**2).sum() / length),
            math.sqrt((both * (factors * rounding) ** 2).sum() / length),
        )


def series_error(layout: Layout, axes: tuple[Axis, ...]) -> float:
    """Bound the error of the kernel that the series makes, in exact arithmetic."""
    each = max(axis.error for axis in axes)
    d = len(axes)
    # on each axis an image on either side, and much less from the next ones
    images = 2.01 * d * math.exp(-(layout.gap**2) / 2.0)
    return float(d * each * (1.0 + each) ** (d - 1) * (1.0 + images) + images)


@dataclass(frozen=True)
class Norms:
    """Sizes that rounding is relative to.

    Attributes
    ----------
    chain : int
        Most terms that a mass was added up from.
    masses, sums : float
        2-norms of the masses, and of their convolution.
    highest : float
        Largest absolute value of the convolution.
    """

    chain: int
    masses: float
    sums: float
    highest: float


def rounding_error(
    layout: Layout, window: Window, axes: tuple[Axis, ...], norms: Norms
) -> float:
    """Bound what the transforms and the sums round, in units of the peak."""
    d = len(axes)
    transform = UNIT * math.log2(layout.nodes)
    gain = math.prod(axis.gain for axis in axes)
    rounded = sum(axis.rounded_gain / axis.gain for axis in axes) * gain
    mass = window.mass**d
    spread = gain * (UNIT * (norms.chain + d + 3.0) + transform) + rounded
    terms = UNIT * (d * layout.width + 2.0 * d + 8.0) + d * window.rounding
    return float(
        mass * spread * norms.masses
        + window.length**d * transform * norms.sums
        + mass * terms * norms.highest
    )


def relative_error(d: int, largest: float, condition: float) -> float:
    """Bound what rounded coordinates change, relative to the sum.

    A point moved by e bandwidths changes exp(-r^2/2) by r e of it, so up to `FARTHEST`
    by that much; farther kernels are below 1e-17 of the peak, and what moves them less.
    The whitening matrix is off by its condition times rounding, which scales r^2.
    """
    moved = UNIT * (d + 5.0) * largest * math.sqrt(d)
    # a matrix that is singular to rounding has eigenvalues of any sign
    metric = 4.0 * d * UNIT * (condition if condition >= 1.0 else math.inf)
    return 2.0 * FARTHEST * moved + FARTHEST**2 * metric
