"""How far the estimate may be from the truth: pointwise confidence bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from parzen.checks import check_choice, check_count, check_flag, check_share
from parzen.density.contributions import FEW_POINTS, contributions
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.density.contributions import Contributions
    from parzen.density.density import Density

    Floats = NDArray[np.float64]

METHODS = ("asymptotic", "bootstrap")
INTERVALS = ("percentile", "basic")
# Numbers in one table of kernels, of counts, and of replicates.
TABLE = 1 << 20
COUNTS = 1 << 22
REPLICATES = 1 << 22
# The lowest and highest quantiles need some replicates beyond them.
FEWEST = 50


@dataclass(frozen=True, eq=False, repr=False)
class ConfidenceBand(ReadOnly):
    """Intervals that hold the density at each point with a given probability.

    Attributes
    ----------
    points : ndarray of shape (...) for 1-D data, else (..., d)
        Where; in units of x.
    density : ndarray of shape (...)
        The estimate itself, in 1 / units(x)^d.
    lower, upper : ndarray of shape (...)
        Ends of the intervals; not below zero unless weights are negative.
    standard_error : ndarray of shape (...)
        Standard error of what the intervals are around.
    level : float
        Probability of each interval, not of all of them together.
    method : str
        "asymptotic" or "bootstrap".
    bias_corrected : bool
        Whether the intervals are around the estimate less its estimated bias, which
        need not be inside of them.
    """

    points: Floats
    density: Floats
    lower: Floats
    upper: Floats
    standard_error: Floats
    level: float
    method: str
    bias_corrected: bool

    def __repr__(self) -> str:
        """Name the size and how it was made."""
        return (
            f"ConfidenceBand(n={self.density.size}, level={self.level:g}, "
            f"method={self.method!r}, bias_corrected={self.bias_corrected})"
        )


class Uncertainty:
    """What a kernel density knows about its own error."""

    def confidence_band(
        self,
        level: float = 0.95,
        *,
        points: Any = None,
        size: int | None = None,
        method: str = "asymptotic",
        bias_corrected: bool = False,
        n_boot: int = 999,
        interval: str = "percentile",
        rng: Any = None,
    ) -> ConfidenceBand:
        """Return pointwise confidence intervals for the density.

        Parameters
        ----------
        level : float
            Probability of each interval, between 0 and 1.
        points : array_like, optional
            Where, as for `pdf`; by default the nodes of `grid(size)` of 1-D data.
        size : int, optional
            Number of nodes, where `points` are not given.
        method : {"asymptotic", "bootstrap"}
            Normal intervals from the variance of the kernel sum, or quantiles of
            samples drawn again from the data.
        bias_corrected : bool
            Take the leading bias off the estimate, and let the intervals account for
            the noise of that correction.
        n_boot : int
            Number of samples drawn again, at least 50.
        interval : {"percentile", "basic"}
            Quantiles of the replicates, or these mirrored at the estimate.
        rng : int, Generator or other seed, optional
            For the bootstrap: what `numpy.random.default_rng` takes.

        Returns
        -------
        ConfidenceBand
            Its `lower` and `upper` have the shape that `pdf` has at `points`.

        Raises
        ------
        CapabilityError
            For data of several dimensions without `points`; for boundaries that are no
            sum over the points ("linear", `Reflect` with fractions); for a bias
            without a form that could be estimated (kernels without variance or with
            another mean than zero, bounds that cut); to bootstrap negative weights.
        ParzenError, ShapeError, DataError
            If an argument is none of the above.

        Notes
        -----
        With k_i(q) what point i adds, f = sum_i w_i k_i and the variance is estimated
        by sum_i w_i^2 (k_i - f)^2 [1]_, bounds included: where these leave the mass m_i
        of a kernel, f = sum_i w_i k_i / sum_i w_i m_i has the variance
        sum_i w_i^2 (k_i - f m_i)^2 over (sum_i w_i m_i)^2. The bandwidth counts as
        given.

        An estimate is wrong by its bias, too, h^2 mu_2 / 2 f'' in the first order, of
        the size of the standard error at a bandwidth that is good for the estimate; an
        interval without correction is one for the smoothed density. `bias_corrected`
        subtracts h^2 mu_2 / 2 times the second derivative (in space, the Laplacian in
        units of the bandwidth) of a Gaussian estimate that smooths as much. That is a
        kernel of fourth order, and the variance is that of its own sum: robust bias
        correction [2]_, which covers better than undersmoothing. At a bound that
        reflects, a slope of the density leaves a bias that is not corrected.

        The bootstrap [3]_ draws the points again by a multinomial; more than 8192 (in
        up to three dimensions) are binned once, at a sixteenth of a bandwidth (an
        eighth in the plane, a quarter in space), and the counts of the nodes drawn.
        Weights go with their points. So does the asymptotic variance, which that
        changes by less than one part in a hundred. Cost O(a m) for a atoms, points or
        nodes, and m queries; the bootstrap O(n_boot a m). Memory O(n + n_boot m).

        References
        ----------
        .. [1] Chen, Y.-C. (2017). A tutorial on kernel density estimation and recent
           advances. Biostatistics & Epidemiology 1(1), 161-187,
           doi:10.1080/24709360.2017.1396742.
        .. [2] Calonico, S., Cattaneo, M. D. and Farrell, M. H. (2018). On the effect of
           bias estimation on coverage accuracy in nonparametric inference. Journal of
           the American Statistical Association 113(522), 767-779,
           doi:10.1080/01621459.2017.1285776.
        .. [3] Hall, P. (1992). The Bootstrap and Edgeworth Expansion. Springer,
           doi:10.1007/978-1-4612-4384-7, section 4.4.

        Examples
        --------
        >>> import numpy as np
        >>> import parzen
        >>> x = np.random.default_rng(0).normal(size=1000)
        >>> band = parzen.kde(x).confidence_band(points=[0.0, 2.0])
        >>> band.lower.round(3), band.upper.round(3)
        (array([0.36 , 0.038]), array([0.422, 0.064]))
        """
        density = cast("Density", self)
        level = check_share(level, "level")
        check_choice(method, METHODS, "method")
        check_choice(interval, INTERVALS, "interval")
        corrected = check_flag(bias_corrected, "bias_corrected")
        n_boot = check_count(n_boot, "n_boot", least=FEWEST)
        if points is None:
            density._need_line("confidence_band", "Give `points`.")
            axes, values = density.grid(size)
            where = np.asarray(axes if density._flat else axes[0][:, None])
            q, shape = where.reshape(-1, 1), values.shape
        else:
            q, shape = density._points(points, "points")
            where = np.array(points, dtype=np.float64)
            values = np.asarray(density.pdf(where))
        parts = contributions(density, corrected=corrected)
        if method == "bootstrap":
            density._need_positive("confidence_band(method='bootstrap')")
        values = values.reshape(-1)
        if method == "asymptotic":
            centre, error = _asymptotic(parts, q, values, corrected=corrected)
            from scipy.special import ndtri

            z = float(ndtri(0.5 + 0.5 * level))
            lower, upper = centre - z * error, centre + z * error
        else:
            seed = int(np.random.default_rng(rng).integers(2**63))
            lower, upper, error = _bootstrap(
                density,
                parts,
                (q, values),
                _Drawing(level, n_boot, interval == "basic", corrected, seed),
            )
        if not density._signed:
            # no density is negative, whatever the approximation says
            lower, upper = np.maximum(lower, 0.0), np.maximum(upper, 0.0)
        return ConfidenceBand(
            points=where,
            density=values.reshape(shape),
            lower=lower.reshape(shape),
            upper=upper.reshape(shape),
            standard_error=error.reshape(shape),
            level=level,
            method=method,
            bias_corrected=corrected,
        )


def _blocks(part: Contributions, q: Floats) -> Any:
    """Yield which of the queries are next, as many as make one table."""
    rows = np.flatnonzero(np.isfinite(q).all(axis=1))
    rows = rows[part.inside(q[rows])]
    size = max(1, TABLE // (len(part.atoms.points) * q.shape[1]))
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _asymptotic(
    parts: tuple[Contributions, ...], q: Floats, values: Floats, *, corrected: bool
) -> tuple[Floats, Floats]:
    """Return the middle of the intervals at q (m, d), and the standard errors."""
    centre, variance = values.copy(), np.zeros(len(q))
    total = sum(float(part.atoms.squares.sum()) for part in parts)
    for part in parts:
        weights, squares = part.atoms.weights, part.atoms.squares
        share, inside = float(weights.sum()), float(weights @ part.masses)
        # f = share sum w k / sum w m, differentiated by each w, less that of all data
        masses = part.masses / inside + (1.0 - 1.0 / share)
        # points of other ranges add nothing but their share of all data
        others = max(total - float(squares.sum()), 0.0)
        for rows in _blocks(part, q):
            kernels, bias = part.at(q[rows], corrected=corrected)
            if bias is not None:
                centre[rows] += bias @ weights
                kernels += bias
            kernels *= share / inside
            # of one kernel at a time: sums of squares would cancel
            kernels -= centre[rows, None] * masses
            variance[rows] = kernels**2 @ squares + centre[rows] ** 2 * others
    return centre, np.sqrt(variance)


@dataclass(frozen=True)
class _Drawing:
    """How to draw again, and what to make of it."""

    level: float
    n_boot: int
    basic: bool
    corrected: bool
    seed: int


def _bootstrap(
    density: Density,
    parts: tuple[Contributions, ...],
    where: tuple[Floats, Floats],
    how: _Drawing,
) -> tuple[Floats, Floats, Floats]:
    """Return both ends of the intervals and the standard errors."""
    q, values = where
    lower, upper, error = values.copy(), values.copy(), np.zeros(len(q))
    tails = [0.5 - 0.5 * how.level, 0.5 + 0.5 * how.level]
    size = max(1, REPLICATES // how.n_boot)
    for first in range(0, len(q), size):
        some = slice(first, first + size)
        moves, bias = _moves(density, parts, q[some], how)
        centre = values[some] + bias
        low, high = np.quantile(moves, tails, axis=0)
        lower[some] = centre - high if how.basic else centre + low
        upper[some] = centre - low if how.basic else centre + high
        error[some] = moves.std(axis=0, ddof=1)
    return lower, upper, error


def _moves(
    density: Density, parts: tuple[Contributions, ...], q: Floats, how: _Drawing
) -> tuple[Floats, Floats]:
    """Return by how much replicates differ, (n_boot, m), and the bias taken off (m,).

    Both from the atoms: what binning does to them is in the estimate and in its
    replicates alike, and cancels.
    """
    # the same replicates for every block of queries
    rng = np.random.default_rng(how.seed)
    moves, bias = np.zeros((how.n_boot, len(q))), np.zeros(len(q))
    size = max(1, COUNTS // sum(len(part.atoms.weights) for part in parts))
    for first in range(0, how.n_boot, size):
        some = slice(first, min(first + size, how.n_boot))
        drawn = _drawn_weights(density, parts, some.stop - first, rng)
        everything = drawn.sum(axis=1)
        start = 0
        for part in parts:
            weights, masses = part.atoms.weights, part.masses
            own = drawn[:, start : start + len(weights)]
            start += len(weights)
            with np.errstate(invalid="ignore", divide="ignore"):
                scale = own.sum(axis=1) / (own @ masses) / everything
            # a range of which no point was drawn again
            scale[np.isnan(scale)] = 0.0
            whole = float(weights.sum() / (weights @ masses))
            for rows in _blocks(part, q):
                kernels, correction = part.at(q[rows], corrected=how.corrected)
                if correction is not None:
                    bias[rows] = correction @ weights * whole
                    kernels += correction
                again = own @ kernels.T * scale[:, None]
                moves[some, rows] = again - kernels @ weights * whole
    return moves, bias


def _drawn_weights(
    density: Density,
    parts: tuple[Contributions, ...],
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw the points again `count` times: weights of the atoms, (count, a)."""
    weights = np.concatenate([part.atoms.weights for part in parts])
    squares = np.concatenate([part.atoms.squares for part in parts])
    n = len(weights)
    if density._sample.effective is not None:
        size = max(1, round(density._sample.effective))
        counts = rng.multinomial(size, weights / weights.sum(), size=count)
        return np.asarray(counts / size)
    if all(part.atoms.single for part in parts) and n <= FEW_POINTS:
        return np.asarray(rng.multinomial(n, np.full(n, 1.0 / n), size=count) * weights)
    # a multinomial's counts are Poisson numbers, given their sum; here that is large.
    # a node's counts are scaled so that mean and variance are those of its points
    unit = squares / weights
    return np.asarray(rng.poisson(weights / unit, size=(count, n)) * unit)
