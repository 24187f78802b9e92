"""What a radial kernel is: its profile, and the closed forms that belong to it.

K(u) = c_d phi(|u|) with phi(0) = 1. Everything below follows from two families of
integrals, of r^k phi(r) and of r^k phi(r)^2, kept as logarithms because c_d leaves the
range of a double in a few hundred dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from parzen.errors import CapabilityError

Floats: TypeAlias = NDArray[Any]
LogMoment: TypeAlias = Callable[[int, int], float]
Draw: TypeAlias = Callable[[int, int, np.random.Generator], Floats]

# Derivatives of analytic kernels are offered up to here: the constants of higher ones
# amplify any rounding.
ORDERS = 10


@dataclass(frozen=True)
class Profile:
    """One built-in kernel: a row of the table in `catalog`.

    Attributes
    ----------
    name : str
        What users write.
    code : int
        The constant in `profiles`.
    support : float
        1.0 for compact kernels, else inf.
    log_moment, log_square_moment : callable
        (k, d) -> log of the integral of r^k phi(r), and r^k phi(r)^2, over r > 0.
    lower_tail : callable
        r -> mass of the 1-D kernel below -r, for r >= 0; relatively accurate.
    draw : callable
        (size, d, rng) -> points of shape (size, d), distributed as the kernel.
    slope, curve : callable
        d -> the supremum of abs(phi') and abs(phi''); inf at a jump of phi or phi'.
    derivative : callable
        (r, k) -> the k-th derivative of the 1-D phi at r > 0, inside of the support.
    pull : callable
        (s, d) -> phi'(r) / (r phi(r)) at s = r^2 > 0, inside of the support.
    smoothness : int
        The largest k for which the 1-D phi^(k) is a bounded function: k - 1 derivatives
        are continuous, also at the centre and at the edge.
    log_tail : callable, optional
        r -> log of `lower_tail`; None says that its logarithm is right.
    outside : callable, optional
        (r, d) -> mass outside radius r > 0, or an upper bound; None if compact.
    product_slope : callable, optional
        d -> the supremum of the gradient's length of phi(u_1) ... phi(u_d), phi being
        the 1-D profile; None says that it is slope(1), which holds when the square of
        (log phi)' is a convex function of -log phi that vanishes at the centre: then
        moving along one axis is steepest.
    """

    name: str
    code: int
    support: float
    log_moment: LogMoment
    log_square_moment: LogMoment
    lower_tail: Callable[[Floats], Floats]
    draw: Draw
    slope: Callable[[int], float]
    curve: Callable[[int], float]
    derivative: Callable[[Floats, int], Floats]
    pull: Callable[[Floats, int], Floats]
    smoothness: int
    log_tail: Callable[[Floats], Floats] | None = None
    outside: Callable[[float, int], float] | None = None
    product_slope: Callable[[int], float] | None = None

    def log_norm(self, d: int) -> float:
        """Return log c_d: one over the sphere's area times the radial integral."""
        return -log_sphere(d) - self.log_moment(d - 1, d)

    def second_moment(self, d: int) -> float:
        """Return the integral of u_k^2 K(u): that of |u|^2 shared by d axes."""
        ratio = self.log_moment(d + 1, d) - self.log_moment(d - 1, d)
        return exp(ratio) / d

    def log_roughness(self, d: int) -> float:
        """Return the logarithm of the integral of K(u)^2."""
        ratio = self.log_square_moment(d - 1, d) - self.log_moment(d - 1, d)
        return self.log_norm(d) + ratio

    def reach(self, tail: float, d: int) -> float:
        """Return the least radius (to 1e-12, from above) with mass `tail` outside."""
        if self.outside is None:
            return self.support
        if tail >= 1.0:
            return 0.0
        if tail <= 0.0:
            return math.inf
        upper = 1.0
        while self.outside(upper, d) > tail:
            upper *= 2.0
        while self.outside(upper / 2.0, d) <= tail:
            upper /= 2.0
        lower = upper / 2.0
        for _ in range(40):
            middle = 0.5 * (lower + upper)
            if self.outside(middle, d) > tail:
                lower = middle
            else:
                upper = middle
        return upper


class Differentiable(Protocol):
    """What has derivatives up to some order."""

    @property
    def smoothness(self) -> int:
        """The largest order."""


def check_order(kernel: Differentiable, order: int) -> None:
    """Raise `CapabilityError` where K^(order) is no function any more."""
    largest = kernel.smoothness
    if order <= largest:
        return
    msg = f"`kernel` must have a derivative of order {order}; {kernel} has "
    has = f"derivatives up to order {largest}" if largest else "none, it jumps"
    msg += f"{has}. Use one that is smooth, such as 'gaussian'"
    raise CapabilityError(msg + (", or a smaller order." if largest else "."))


def exp(x: float) -> float:
    """Return e^x, and inf where it is beyond the range."""
    return math.exp(x) if x < math.log(np.finfo(float).max) else math.inf


def log_sphere(d: int) -> float:
    """Return the log area of the unit sphere in d dimensions (2 in one dimension)."""
    return math.log(2.0) + 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d)


def upper_gamma(a: float, x: float) -> float:
    """Return Gamma(a, x) / Gamma(a) for a = 1/2, 1, 3/2, ... and x > 0.

    Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1) from a = 1/2 or 1: all terms are
    positive, so the sum keeps its relative accuracy far out (DLMF 8.8.6).
    """
    b = 1.0 if a == math.floor(a) else 0.5
    total = math.exp(-x) if b == 1.0 else math.erfc(math.sqrt(x))
    log_x = math.log(x)
    while b < a:
        total += math.exp(b * log_x - x - math.lgamma(b + 1.0))
        b += 1.0
    return total


def direction(size: int, d: int, rng: np.random.Generator) -> Floats:
    """Draw unit vectors, shape (size, d), uniform on the sphere."""
    if d == 1:
        return rng.choice((-1.0, 1.0), (size, 1))
    z = rng.standard_normal((size, d))
    unit: Floats = z / np.linalg.norm(z, axis=1, keepdims=True)
    return unit


def accepted(
    size: int,
    propose: Callable[[int], Floats],
    chance: Callable[[Floats], Floats],
    rng: np.random.Generator,
) -> Floats:
    """Draw `size` numbers by rejection: keep each proposal r with chance(r)."""
    kept = np.empty(0)
    while kept.size < size:
        # twice what is missing, so that a few rounds do
        r = propose(2 * (size - kept.size) + 16)
        kept = np.concatenate((kept, r[rng.random(r.size) < chance(r)]))
    return kept[:size]
