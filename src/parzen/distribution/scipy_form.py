"""A distribution in the form that `scipy.stats.make_distribution` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.distribution.moments import HIGHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# The version of SciPy whose rules these classes follow, the first that takes them.
NEEDED = (1, 16)
VERSION = "1.16.0"


class Density:
    """What SciPy asks of a distribution without parameters, answered by ours.

    SciPy shows the name of this class. It checks arguments, and answers by itself what
    lies outside of the support.
    """

    __make_distribution_version__ = VERSION
    # no way to parametrise it; a dictionary would be one, though empty
    parameters: tuple[dict[str, Any], ...] = ()

    def __init__(self, distribution: Any) -> None:
        self._own = distribution
        low, high = (float(np.squeeze(end)) for end in distribution.support())
        self.support = {
            "endpoints": (low, high),
            "inclusive": (bool(np.isfinite(low)), bool(np.isfinite(high))),
        }

    def _ask(self, name: str, x: Floats) -> Floats:
        # SciPy hands over NaN where it answers itself
        x = np.asarray(x, dtype=np.float64)
        values, known = np.full(x.shape, np.nan), ~np.isnan(x)
        # a column of 1-D data has points (..., 1); probabilities have no such axis
        q = x[known] if self._own._flat else x[known][:, None]
        values[known] = getattr(self._own, name)(q)
        return values

    def _solve(self, name: str, p: Floats) -> Floats:
        p = np.asarray(p, dtype=np.float64)
        values, known = np.full(p.shape, np.nan), ~np.isnan(p)
        values[known] = np.ravel(getattr(self._own, name)(p[known]))
        return values

    def pdf(self, x: Floats) -> Floats:
        """Return the density."""
        return self._ask("pdf", x)

    def logpdf(self, x: Floats) -> Floats:
        """Return the log density."""
        return self._ask("logpdf", x)

    def cdf(self, x: Floats) -> Floats:
        """Return the mass below."""
        return self._ask("cdf", x)

    def logcdf(self, x: Floats) -> Floats:
        """Return the logarithm of the mass below."""
        return self._ask("logcdf", x)

    def ccdf(self, x: Floats) -> Floats:
        """Return the mass above."""
        return self._ask("ccdf", x)

    def logccdf(self, x: Floats) -> Floats:
        """Return the logarithm of the mass above."""
        return self._ask("logccdf", x)

    def icdf(self, p: Floats) -> Floats:
        """Return quantiles."""
        return self._solve("icdf", p)

    def iccdf(self, p: Floats) -> Floats:
        """Return quantiles from above."""
        return self._solve("iccdf", p)

    def ilogcdf(self, logp: Floats) -> Floats:
        """Return quantiles by the logarithm of a probability."""
        return self._solve("icdf", np.exp(logp))

    def ilogccdf(self, logp: Floats) -> Floats:
        """Return quantiles from above by the logarithm of a probability."""
        return self._solve("iccdf", np.exp(logp))

    def median(self) -> Floats:
        """Return the median."""
        return np.asarray(self._own.median()).reshape(())

    def mode(self) -> Floats:
        """Return the highest mode."""
        modes = self._own.modes()
        return np.asarray(modes.location[int(np.argmax(modes.density))]).reshape(())

    def entropy(self) -> Floats:
        """Return the differential entropy."""
        return np.asarray(self._own.entropy())

    def moment(self, order: int, kind: str) -> Floats | None:
        """Return a moment; None where SciPy has to integrate."""
        if order > HIGHEST:
            return None
        return np.asarray(self._own.moment(int(order), kind)).reshape(())

    def sample(self, shape: Any, *, rng: Any = None) -> Floats:
        """Draw an array of this shape."""
        shape = tuple(np.atleast_1d(shape)) if np.ndim(shape) else (shape,)
        count = int(np.prod(shape, dtype=np.int64))
        return np.asarray(self._own.sample(count, rng=rng)).reshape(shape)


def scipy_form(distribution: Any) -> Any:
    """Return a 1-D distribution as an object of scipy.stats."""
    import scipy
    from scipy import stats

    version = tuple(int(part) for part in scipy.__version__.split(".")[:2])
    if version < NEEDED:
        msg = f"`to_scipy` needs SciPy {VERSION} or later; got {scipy.__version__}. "
        raise ImportError(msg + 'Install it with pip install "scipy>=1.16"')
    return stats.make_distribution(Density(distribution))()
