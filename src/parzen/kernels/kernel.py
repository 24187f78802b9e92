"""The Kernel: a name, a form in several dimensions, and the numbers that follow."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from parzen.checks import unknown_name
from parzen.errors import CapabilityError, ShapeError
from parzen.kernels.catalog import ALIASES, PROFILES, kernel_names
from parzen.kernels.formulas import Floats, Profile, check_order, exp
from parzen.kernels.profiles import LOG2_E, decay, factor, far_decay

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from parzen.kernels.distribution import DistributionKernel


def canonical_name(value: object) -> str:
    """Return the name of a kernel given by its name or an alias."""
    if isinstance(value, str):
        name = ALIASES.get(value, value)
        if name in PROFILES:
            return name
    raise unknown_name(value, kernel_names(), "kernel")


@dataclass(frozen=True)
class Kernel:
    """Give the mass around a point its shape.

    A radial kernel is K(u) = c_d phi(|u|) in d dimensions, a product kernel is
    K(u) = K_1(u_1) ... K_1(u_d); both integrate to one, are symmetric, and are the
    same for d = 1. Here u = (q - x) / h.

    Attributes
    ----------
    name : str
        One of the names below, or an alias such as "box", "linear" or "normal".
    product : bool
        Whether several dimensions multiply the 1-D kernel instead of using the radius.

    Raises
    ------
    UnknownNameError
        When there is no kernel of this name.

    Notes
    -----
    ============ =============================== ==========
    name         phi(r)                          support
    ============ =============================== ==========
    gaussian     exp(-r^2 / 2)                   everywhere
    epanechnikov 1 - r^2                         r < 1
    tophat       1                               r < 1
    triangular   1 - r                           r < 1
    biweight     (1 - r^2)^2                     r < 1
    triweight    (1 - r^2)^3                     r < 1
    tricube      (1 - r^3)^3                     r < 1
    cosine       cos(pi r / 2)                   r < 1
    exponential  exp(-r)                         everywhere
    logistic     sech(r / 2)^2                   everywhere
    cauchy       (1 + r^2)^(-(d+1)/2)            everywhere
    ============ =============================== ==========

    References
    ----------
    .. [1] Wand, M. P. and Jones, M. C. (1995), Kernel Smoothing, Chapman & Hall,
       appendix B and section 4.2.
    .. [2] Silverman, B. W. (1986), Density Estimation for Statistics and Data
       Analysis, Chapman & Hall, sections 3.3.2 and 4.2.

    Examples
    --------
    >>> kernel = Kernel("epanechnikov")
    >>> round(float(kernel.pdf([0.5])), 12)
    0.5625
    >>> round(kernel.second_moment(1), 12), round(kernel.roughness(1), 12)
    (0.2, 0.6)
    >>> print(Kernel("box", product=True))
    product tophat
    """

    name: str = "gaussian"
    product: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", canonical_name(self.name))

    @overload
    @classmethod
    def of(cls, value: Kernel | str) -> Kernel: ...

    @overload
    @classmethod
    def of(cls, value: object) -> Kernel | DistributionKernel: ...

    @classmethod
    def of(cls, value: object) -> Kernel | DistributionKernel:
        """Return a kernel as it is, and make one of a name, distribution or function.

        The standard normal, Cauchy, Laplace and logistic distributions of scipy.stats
        become built-in kernels, as products.
        """
        from parzen.kernels.specs import as_kernel

        return as_kernel(value)

    def __repr__(self) -> str:
        product = ", product=True" if self.product else ""
        return f"Kernel({self.name!r}{product})"

    def __str__(self) -> str:
        return f"product {self.name}" if self.product else self.name

    @property
    def _profile(self) -> Profile:
        return PROFILES[self.name]

    @property
    def code(self) -> int:
        """The constant of `profiles` that compiled loops close over."""
        return self._profile.code

    @property
    def support(self) -> float:
        """Radius (product: half the width of the box) of the support, in units of h."""
        return self._profile.support

    @property
    def symmetric(self) -> bool:
        """True: K(-u) = K(u)."""
        return True

    @property
    def mean(self) -> float:
        """The mean of K on each axis: 0, by symmetry."""
        return 0.0

    def log_norm(self, d: int) -> float:
        """Return log c_d, with 1 / c_d the integral of phi(|u|) over d dimensions."""
        if self.product:
            return d * self._profile.log_norm(1)
        return self._profile.log_norm(d)

    def logpdf(self, u: ArrayLike) -> Floats:
        """Return log K(u) for u of shape (..., d), shape (...); -inf where K is zero.

        Computed as a logarithm throughout: right wherever |u| is representable.
        """
        exponent, bounded, log_norm = self._parts(u)
        with np.errstate(divide="ignore"):
            return np.asarray(exponent / LOG2_E + np.log(bounded) + log_norm)

    def pdf(self, u: ArrayLike) -> Floats:
        """Return K(u) for u of shape (..., d), shape (...)."""
        exponent, bounded, log_norm = self._parts(u)
        return np.asarray(np.exp2(exponent + log_norm * LOG2_E) * bounded)

    def _parts(self, u: ArrayLike) -> tuple[Floats, Floats, float]:
        """Return exponent, factor and log c_d of K(u) = c_d 2^exponent factor."""
        u = np.asarray(u, dtype=np.float64)
        if u.ndim == 0:
            msg = "`u` must have shape (..., d); got a number. Pass [u] for d = 1."
            raise ShapeError(msg)
        # one axis at a time for a product, the radius of all axes otherwise
        d = 1 if self.product else u.shape[-1]
        axes = u[..., None] if self.product else u
        with np.errstate(over="ignore"):
            s = np.square(axes).sum(axis=-1)
        exponent = _like(decay(self.code, s, d), s)
        bounded = _like(factor(self.code, s), s)
        beyond = np.isinf(s)
        if beyond.any():
            exponent = np.where(
                beyond, far_decay(self.code, _length(axes), d), exponent
            )
        if self.product:
            exponent, bounded = exponent.sum(axis=-1), bounded.prod(axis=-1)
        return exponent, bounded, self.log_norm(u.shape[-1])

    def cdf(self, u: ArrayLike) -> Floats:
        """Return the 1-D distribution function at u of any shape.

        Closed form; relatively accurate in the lower tail, hence cdf(-u) is the
        accurate upper tail.
        """
        u = np.asarray(u, dtype=np.float64)
        tail = self._profile.lower_tail(np.abs(u))
        return np.where(u > 0.0, 1.0 - tail, tail)

    def sf(self, u: ArrayLike) -> Floats:
        """Return the 1-D mass above u of any shape, relatively accurate."""
        return self.cdf(-np.asarray(u, dtype=np.float64))

    def logcdf(self, u: ArrayLike) -> Floats:
        """Return the logarithm of `cdf` at u of any shape, right where that is zero.

        To a relative 1e-14 on either side, as far as floats go; -inf where no mass is
        below.
        """
        u = np.asarray(u, dtype=np.float64)
        r = np.abs(u)
        with np.errstate(divide="ignore", over="ignore"):
            tail = self._profile.lower_tail(r)
            log_tail = self._profile.log_tail
            logs = np.log(tail) if log_tail is None else log_tail(r)
            return np.where(u > 0.0, np.log1p(-tail), logs)

    def logsf(self, u: ArrayLike) -> Floats:
        """Return the logarithm of `sf` at u of any shape, right where that is zero."""
        return self.logcdf(-np.asarray(u, dtype=np.float64))

    @property
    def smoothness(self) -> int:
        """The largest order of `derivative`.

        The largest k for which the 1-D K^(k) is a function, however it jumps: of a top
        hat it is 0, of kernels that are analytic the largest offered, 10.
        """
        return self._profile.smoothness

    def derivative(self, u: ArrayLike, order: int) -> Floats:
        """Return the 1-D K^(order)(u) at u of any shape, closed form.

        Where it jumps it is, at the centre, the mean of both sides; at the edge zero,
        as beyond.

        Raises
        ------
        CapabilityError
            If `order` exceeds `smoothness`.
        """
        check_order(self, order)
        u = np.asarray(u, dtype=np.float64)
        r = np.abs(u)
        inside = r < self.support
        # the closed forms hold within the support only
        values = self._profile.derivative(np.where(inside, r, 0.5), order)
        side = np.sign(u) if order % 2 else 1.0
        return np.asarray(np.where(inside, exp(self.log_norm(1)) * side * values, 0.0))

    def log_gradient(self, u: ArrayLike) -> Floats:
        """Return the gradient of log K at u of shape (..., d), in the same shape.

        Zero outside of the support, and at a cusp in the centre.

        Raises
        ------
        CapabilityError
            If K itself jumps.
        """
        check_order(self, 1)
        u = np.asarray(u, dtype=np.float64)
        with np.errstate(over="ignore"):
            s = np.square(u)
            if not self.product:
                s = s.sum(axis=-1, keepdims=True)
            return np.asarray(self.pull(s, 1 if self.product else u.shape[-1]) * u)

    def pull(self, s: Floats, d: int) -> Floats:
        """Return phi'(r) / (r phi(r)) at s = r^2, of the profile in d dimensions.

        Times u the gradient of log K. Zero outside of the support, and in the centre.
        """
        # next to zero, what falls with a cusp would pull without bound
        inside = (s > 0.0) & (s < self.support)
        if inside.all():
            return self._profile.pull(s, d)
        pull = self._profile.pull(np.where(inside, s, 0.25), d)
        return np.where(inside, pull, 0.0)

    def sample(self, size: int, d: int, rng: np.random.Generator) -> Floats:
        """Draw `size` points from the kernel, shape (size, d), in units of h.

        Exact, in O(size d): radii from Beta, Gamma or normal numbers, where needed by
        rejection, times uniform directions.
        """
        if self.product:
            return self._profile.draw(size * d, 1, rng).reshape(size, d)
        return self._profile.draw(size, d, rng)

    def second_moment(self, d: int) -> float:
        """Return mu_2, the integral of u_k^2 K(u), the same for each k; may be inf."""
        return self._profile.second_moment(1 if self.product else d)

    def _log_roughness(self, d: int) -> float:
        if self.product:
            return d * self._profile.log_roughness(1)
        return self._profile.log_roughness(d)

    def roughness(self, d: int) -> float:
        """Return R, the integral of K(u)^2."""
        return exp(self._log_roughness(d))

    def canonical_bandwidth(self, d: int) -> float:
        """Return (R / mu_2^2)^(1/(d+4)), which makes shapes comparable.

        Bandwidths in this proportion give the same ratio of integrated variance,
        R / (n h^d), to squared bias, proportional to h^4 mu_2^2.

        Raises
        ------
        CapabilityError
            When mu_2 is infinite; `bandwidth_ratio` has an answer then, too.

        References
        ----------
        .. [1] Marron, J. S. and Nolan, D. (1988), "Canonical kernels for density
           estimation", Statistics & Probability Letters 7, 195-199,
           doi:10.1016/0167-7152(88)90050-8.
        """
        mu2 = self.second_moment(d)
        if math.isinf(mu2):
            msg = f"`kernel` must have a finite variance here; {self} has none. "
            raise CapabilityError(msg + "Use bandwidth_ratio, which matches roughness.")
        return exp((self._log_roughness(d) - 2.0 * math.log(mu2)) / (d + 4))

    def bandwidth_ratio(self, d: int) -> float:
        """Return the factor from a Gaussian bandwidth to one that smooths as much.

        This is the ratio of canonical bandwidths. A kernel of infinite variance has no
        bias of order h^2, so there the variances R / (n h^d) of the two estimates are
        made equal instead: the ratio is (R / R_gaussian)^(1/d).
        """
        gaussian = Kernel()
        if math.isinf(self.second_moment(d)):
            ratio = self._log_roughness(d) - gaussian._log_roughness(d)
            return exp(ratio / d)
        return self.canonical_bandwidth(d) / gaussian.canonical_bandwidth(d)

    def reach(self, tail: float, d: int) -> float:
        """Return a radius, in units of h, with at most the mass `tail` outside.

        For product kernels, half the width of a box instead of a radius. The support
        of compact kernels; else solved from the tail of the radius, to 1e-12 (for the
        logistic kernel from a bound that is (1 + e^-r)^2 times too large at most).
        """
        if self.product:
            # outside the box: 1 - (1 - t)^d with t the mass outside on one axis
            tail = -math.expm1(math.log1p(-tail) / d) if tail < 1.0 else 1.0
            d = 1
        return _reach(self.name, tail, d)

    def lipschitz(self, d: int) -> float:
        """Return the supremum of the gradient's length; inf where K jumps."""
        slope = self._profile.product_slope if self.product else None
        return exp(self.log_norm(d)) * (slope or self._slope)(d)

    def _slope(self, d: int) -> float:
        return self._profile.slope(1 if self.product else d)

    def curvature(self, d: int) -> float:
        """Return the supremum of |d^2 K / du_k^2|, over u and k; inf at a kink.

        A radial profile bends most along the radius, because phi'(r) / r is an average
        of phi''. In a product all other coordinates are at the centre.
        """
        return exp(self.log_norm(d)) * self._profile.curve(1 if self.product else d)

    def spec(self) -> dict[str, Any]:
        """Return what `kernel_from_spec` takes: plain data, such as JSON holds."""
        return {"name": self.name, "product": self.product}


@functools.lru_cache(maxsize=512)
def _reach(name: str, tail: float, d: int) -> float:
    """Solve for a radius once: engines ask for the same again and again."""
    return PROFILES[name].reach(tail, d)


def _length(u: Floats) -> Floats:
    """Return the length of vectors (..., d), whose square would overflow."""
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.abs(u).max(axis=-1)
        shape = np.square(u / largest[..., None]).sum(axis=-1)
    return np.where(np.isinf(largest), np.inf, largest * np.sqrt(shape))


def _like(part: Any, s: Floats) -> Floats:
    """Return a part of a profile, which may be one constant, as an array like s."""
    return np.broadcast_to(np.asarray(part, dtype=s.dtype), s.shape)
