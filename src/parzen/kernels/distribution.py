"""Kernels made of a distribution of scipy.stats, or of a function K(u)."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import CapabilityError, ShapeError
from parzen.kernels import measure
from parzen.kernels.callable import Given, function_of
from parzen.kernels.differences import differentiate
from parzen.kernels.formulas import Floats, check_order, exp
from parzen.kernels.kernel import Kernel
from parzen.kernels.sources import Classic, Modern, source_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from parzen.kernels.measure import Source


@dataclass(frozen=True, repr=False)
class DistributionKernel:
    """Make a kernel of any continuous distribution, or of a function.

    In d dimensions it is the product over the axes, K(u) = K_1(u_1) ... K_1(u_d). It
    need be neither symmetric nor centred: expon() puts all mass above a point.

    Attributes
    ----------
    source : distribution or callable
        A continuous distribution of scipy.stats, frozen if it has shape parameters; an
        object such as `scipy.stats.Normal()`; or a function K(u) that takes an array u
        of any shape and returns as many values, finite and not negative. A function is
        scaled to mass one; its mass is found by quadrature, for features near zero,
        and to about 1e-12.

    Raises
    ------
    CapabilityError
        For discrete and multivariate distributions, and unbounded densities.
    ParzenError
        When shape parameters are missing or wrong, or a function has no finite mass.
    DataError
        When a function returns negative or infinite values, or NaN.
    ShapeError
        When a function does not return one value for each u.

    Notes
    -----
    Peak, roughness, symmetry, Lipschitz constant and curvature are measured on a few
    thousand points between quantiles, not proven. Tails of the distribution function
    are as accurate as SciPy's. No loop is compiled, so that sums take longer than with
    a built-in kernel; `Kernel.of` turns the standard norm, cauchy, laplace and logistic
    distributions into those.

    Examples
    --------
    >>> from scipy import stats
    >>> kernel = DistributionKernel(stats.t(df=5))
    >>> print(kernel, kernel.symmetric, round(kernel.second_moment(1), 12))
    t(df=5) True 1.666666666667
    >>> hat = DistributionKernel(lambda u: np.maximum(0, 3 - 3 * np.abs(u)))
    >>> round(float(hat.pdf([0.25])), 12), round(float(hat.cdf(0.5)), 12)
    (0.75, 0.875)
    """

    source: Any

    def __post_init__(self) -> None:
        source = self.source
        if not isinstance(source, (Classic, Modern, Given)):
            source = source_of(source) or function_of(source)
            object.__setattr__(self, "source", source)
        # an unbounded density is refused here, not in the middle of an estimate
        _ = self._peak
        far = self.reach(1e-6, 1) * np.array([2.0, 2.7, 3.1, 4.3, 5.9])
        values = self.pdf(np.concatenate([far, -far])[:, None])
        if math.isfinite(far[0]) and values.max() > 1e-2 * self._peak:
            msg = (
                f"`kernel` must fall to zero on both sides; {self.name} does not, as "
                "if it were periodic. Use a distribution on the line."
            )
            raise CapabilityError(msg)

    def __getstate__(self) -> dict[str, Any]:
        return {"source": self.source}

    def __repr__(self) -> str:
        return f"DistributionKernel({self.name})"

    def __str__(self) -> str:
        return self.name

    @property
    def _source(self) -> Source:
        source: Source = self.source
        return source

    @property
    def name(self) -> str:
        """The distribution with its parameters, or the function's name."""
        return self._source.name

    @property
    def product(self) -> bool:
        """True: several dimensions multiply the 1-D kernel."""
        return True

    @property
    def code(self) -> None:
        """None: there is no profile to compile."""
        return

    @property
    def support(self) -> float:
        """Half the width of the centred box that holds the support, or inf."""
        low, high = self._source.ends
        return max(abs(low), abs(high))

    @functools.cached_property
    def symmetric(self) -> bool:
        """Whether K(-u) = K(u), checked numerically."""
        return measure.is_symmetric(self._source)

    @functools.cached_property
    def _peak(self) -> float:
        return measure.peak(self._source)

    @functools.cached_property
    def _roughness(self) -> float:
        return measure.roughness(self._source)

    @functools.cached_property
    def _moments(self) -> tuple[float, float]:
        return self._source.moments()

    @functools.cached_property
    def _slope(self) -> float:
        return measure.slope_bound(self._source, 1)

    @functools.cached_property
    def _curve(self) -> float:
        # a jump is a kink too
        jump = math.isinf(self._slope)
        return math.inf if jump else measure.slope_bound(self._source, 2)

    def log_norm(self, d: int) -> float:
        """Return the logarithm of the largest value of K in d dimensions."""
        return d * math.log(self._peak)

    def logpdf(self, u: ArrayLike) -> Floats:
        """Return log K(u) for u of shape (..., d), shape (...); -inf where K is 0."""
        return np.asarray(self._source.logpdf(_points(u)).sum(axis=-1))

    def pdf(self, u: ArrayLike) -> Floats:
        """Return K(u) for u of shape (..., d), shape (...)."""
        return np.asarray(self._source.pdf(_points(u)).prod(axis=-1))

    def cdf(self, u: ArrayLike) -> Floats:
        """Return the 1-D distribution function at u of any shape."""
        return self._source.cdf(np.asarray(u, dtype=np.float64))

    def sf(self, u: ArrayLike) -> Floats:
        """Return the 1-D mass above u of any shape, accurate where it is small."""
        return self._source.sf(np.asarray(u, dtype=np.float64))

    def logcdf(self, u: ArrayLike) -> Floats:
        """Return the logarithm of `cdf`, as accurate as SciPy has it."""
        return self._source.logcdf(np.asarray(u, dtype=np.float64))

    def logsf(self, u: ArrayLike) -> Floats:
        """Return the logarithm of `sf`, as accurate as SciPy has it."""
        return self._source.logsf(np.asarray(u, dtype=np.float64))

    @functools.cached_property
    def smoothness(self) -> int:
        """The largest order of `derivative`: 0 where K jumps, 1 at a kink, else 2."""
        if math.isinf(self._slope):
            return 0
        return 1 if math.isinf(self._curve) else 2

    def derivative(self, u: ArrayLike, order: int) -> Floats:
        """Return the 1-D K^(order)(u) at u of any shape, by divided differences.

        To about 1e-9 of K / spread^order, and worse within a thousandth of the spread
        of a kink.

        Raises
        ------
        CapabilityError
            If `order` exceeds `smoothness`.
        """
        check_order(self, order)
        u = np.asarray(u, dtype=np.float64)
        return differentiate(self._source.pdf, u, self._spread, order)

    def log_gradient(self, u: ArrayLike) -> Floats:
        """Return the gradient of log K at u of shape (..., d), in the same shape.

        Zero outside of the support.

        Raises
        ------
        CapabilityError
            If K itself jumps.
        """
        check_order(self, 1)
        u = _points(u)
        slopes = differentiate(self._source.logpdf, u, self._spread, 1)
        rough = ~np.isfinite(slopes)
        if rough.any():
            # next to the edge: differences reach out of the support
            some = u[rough]
            density = self._source.pdf(some)
            steep = differentiate(self._source.pdf, some, self._spread, 1)
            with np.errstate(divide="ignore", invalid="ignore"):
                slopes[rough] = np.where(density > 0.0, steep / density, 0.0)
        return slopes

    @functools.cached_property
    def _spread(self) -> float:
        quartile = np.array([0.25])
        return float((self._source.isf(quartile) - self._source.ppf(quartile))[0])

    def sample(self, size: int, d: int, rng: np.random.Generator) -> Floats:
        """Draw `size` points from the kernel, shape (size, d), in units of h."""
        return self._source.draw((size, d), rng)

    @property
    def mean(self) -> float:
        """The mean of K on each axis; 0 by symmetry, nan or inf where it has none."""
        return 0.0 if self.symmetric else self._moments[0]

    def second_moment(self, d: int) -> float:  # noqa: ARG002 - as Kernel has it
        """Return the variance of K on each axis, about its mean; may be inf."""
        variance = self._moments[1]
        return math.inf if math.isnan(variance) else variance

    def _log_roughness(self, d: int) -> float:
        return d * math.log(self._roughness)

    def roughness(self, d: int) -> float:
        """Return R, the integral of K(u)^2."""
        return exp(self._log_roughness(d))

    def canonical_bandwidth(self, d: int) -> float:
        """Return (R / mu_2^2)^(1/(d+4)), see `Kernel.canonical_bandwidth`.

        Raises
        ------
        CapabilityError
            When the variance is infinite; `bandwidth_ratio` has an answer then, too.
        """
        mu2 = self.second_moment(d)
        if math.isinf(mu2):
            msg = f"`kernel` must have a finite variance here; {self} has none. "
            raise CapabilityError(msg + "Use bandwidth_ratio, which matches roughness.")
        return exp((self._log_roughness(d) - 2.0 * math.log(mu2)) / (d + 4))

    def bandwidth_ratio(self, d: int) -> float:
        """Return the factor from a Gaussian bandwidth to one that smooths as much.

        The ratio of canonical bandwidths, or of roughness without a variance, as in
        `Kernel.bandwidth_ratio`.
        """
        gaussian = Kernel()
        if math.isinf(self.second_moment(d)):
            return self._roughness / gaussian.roughness(1)
        return self.canonical_bandwidth(d) / gaussian.canonical_bandwidth(d)

    def reach(self, tail: float, d: int) -> float:
        """Return half the width of a centred box with at most the mass `tail` outside.

        Either side of an axis may leave half of its share, so that an asymmetric
        kernel reaches less far than this.
        """
        if tail >= 1.0:
            return 0.0
        if tail <= 0.0:
            return self.support
        share = np.array([-0.5 * math.expm1(math.log1p(-tail) / d)])
        radius = max(
            -float(self._source.ppf(share)[0]), float(self._source.isf(share)[0])
        )
        # quantiles are solved to some tolerance
        for _ in range(60):
            if self.cdf(-radius) + self.sf(radius) <= 2.0 * share[0]:
                break
            radius *= 1.0 + 1e-12
            radius += 0.001 * abs(radius) if _ > 30 else 0.0
        return min(radius, self.support)

    def lipschitz(self, d: int) -> float:
        """Return a bound of the gradient's length; inf where K jumps.

        Measured with a factor of safety of two, not proven.
        """
        return math.sqrt(d) * self._slope * exp((d - 1) * math.log(self._peak))

    def curvature(self, d: int) -> float:
        """Return a bound of |d^2 K / du_k^2|, over u and k; inf at a jump or kink.

        Measured with a factor of safety of two, not proven.
        """
        return self._curve * exp((d - 1) * math.log(self._peak))

    def spec(self) -> dict[str, Any]:
        """Return what `kernel_from_spec` takes: plain data, such as JSON holds.

        Raises
        ------
        CapabilityError
            For a function, and a distribution that scipy.stats has no name for.
        """
        return self._source.spec()


def _points(u: ArrayLike) -> Floats:
    u = np.asarray(u, dtype=np.float64)
    if u.ndim == 0:
        msg = "`u` must have shape (..., d); got a number. Pass [u] for d = 1."
        raise ShapeError(msg)
    return u
