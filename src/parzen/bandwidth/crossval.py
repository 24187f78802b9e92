"""Cross-validation on the line: least squares (unbiased), biased and smoothed.

All three estimate the integrated squared error of a Gaussian kernel estimate, up to a
constant, from the sums S_r(g) over pairs of points in `pairs.py`. With n = n_eff:

    UCV(h) = 1/(2 sqrt(pi) n h) + S_0(sqrt(2) h) - 2 S_0(h) / (1 - 1/n)
    BCV(h) = 1/(2 sqrt(pi) n h) + h^4/4 S_4(sqrt(2) h)
    SCV(h) = 1/(2 sqrt(pi) n h) + T(2 h^2 + 2 g^2) - 2 T(h^2 + 2 g^2) + T(2 g^2),

T(v) being S_0 of variance v with each point's pair with itself, and g a pilot width.
Each function chooses for the Gaussian kernel and costs O(n log n), memory O(n): 0.15 s
for a million points, half of it to sort them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.pairs import FINE, NARROWEST, Pairs
from parzen.bandwidth.search import Minimum, among, minimise
from parzen.bandwidth.sheather_jones import (
    normal_functional,
    oversmoothing,
    pilot_width,
)
from parzen.bandwidth.solution import Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

# A score as a function of the bandwidth.
Criterion = Callable[[float], float]

ROOT_PI = math.sqrt(math.pi)
# Widths searched span at most so many factors of two: more is not told apart.
OCTAVES = 30
# Nodes of the finest level where the first search ends at the narrowest width.
FINER = 1 << 22


def ucv(sample: Sample, candidates: NDArray[np.float64] | None = None) -> Solution:
    """Minimise the least squares (unbiased) cross-validation score.

    Parameters
    ----------
    sample : Sample
        One-dimensional. Weighted points enter the sums by products of weights.
    candidates : ndarray of shape (k,), optional
        Rising widths to choose among; by default the optimum is searched for.

    Returns
    -------
    Solution
        The largest local minimum that the lowest one of all beats by no more than
        1/(2 sqrt(pi) n h), its variance; and never more than the oversmoothed
        bandwidth (Terrell 1990). The search begins at twice that, and ends where the
        densest parts have fewer than eight points within two bandwidths. `converged`
        is False where the score is least there.

    Notes
    -----
    Noise gives the score minima at small widths. Hall and Marron (1991) take the
    largest local minimum for that, which misses narrow peaks far apart. On the 15
    densities of Marron & Wand the mean integrated squared error over the least possible
    is 1.26 so, 1.27 by the largest minimum and 1.33 by the lowest for n = 100, 1.13,
    1.13 and 1.14 for n = 1000, geometric means of 100 and 60 samples.

    The last term is the mean of f over all pairs of different points, each pair with
    the product of its weights: an unbiased estimate of the integral of f^2, twice. For
    equal weights it is the mean of the estimates that leave out the point they are at;
    for others it is not, as points then count by w_i (1 - w_i). R's ``bw.ucv`` divides
    this sum by n^2, too, which is (n - 1)/n of the unbiased one.

    References
    ----------
    .. [1] Rudemo, M. (1982). Empirical choice of histograms and kernel density
       estimators. Scand. J. Statist. 9, 65-78.
    .. [2] Bowman, A. W. (1984). An alternative method of cross-validation for the
       smoothing of density estimates. Biometrika 71, 353-360,
       doi:10.1093/biomet/71.2.353.
    .. [3] Scott, D. W. and Terrell, G. R. (1987). Biased and unbiased
       cross-validation in density estimation. J. Amer. Statist. Assoc. 82,
       1131-1146, doi:10.1080/01621459.1987.10478550.
    .. [4] Hall, P. and Marron, J. S. (1991). Local minima in cross-validation
       functions. J. R. Statist. Soc. B 53, 245-252.
    """
    return _solve(sample, "ucv", candidates)


def bcv(sample: Sample, candidates: NDArray[np.float64] | None = None) -> Solution:
    """Minimise the biased cross-validation score.

    Parameters
    ----------
    sample : Sample
        One-dimensional.
    candidates : ndarray of shape (k,), optional
        Rising widths to choose among; by default the optimum is searched for.

    Returns
    -------
    Solution
        The score falls to zero for infinite widths, so the local minimum of largest
        width is taken, up to the oversmoothed bandwidth (Terrell 1990) for the spread
        min(s, IQR / 1.349). Where there is none it is that bound, and `converged` is
        False: so for most samples of fewer than a thousand normal points.

    References
    ----------
    .. [1] Scott, D. W. and Terrell, G. R. (1987). Biased and unbiased
       cross-validation in density estimation. J. Amer. Statist. Assoc. 82,
       1131-1146, doi:10.1080/01621459.1987.10478550, section 3.
    """
    return _solve(sample, "bcv", candidates)


def scv(sample: Sample, candidates: NDArray[np.float64] | None = None) -> Solution:
    """Minimise the smoothed cross-validation score, with a pilot that follows h.

    Parameters
    ----------
    sample : Sample
        One-dimensional.
    candidates : ndarray of shape (k,), optional
        Rising widths to choose among; by default the optimum is searched for.

    Returns
    -------
    Solution
        The lowest of all minima, but no more than the oversmoothed bandwidth. Its
        relative error falls like n^(-1/2), the best rate there is.

    Notes
    -----
    The pilot is g = C n^(-23/45) h^(-2) with the constant C of the asymptotic optimum,
    from estimates of psi_4 and psi_8 in two stages that start from the normal density
    of deviation min(s, IQR / 1.349), as in R's ``ks::hscv``, which starts from s.

    References
    ----------
    .. [1] Jones, M. C., Marron, J. S. and Park, B. U. (1991). A simple root n
       bandwidth selector. Ann. Statist. 19, 1919-1932,
       doi:10.1214/aos/1176348378.
    """
    return _solve(sample, "scv", candidates)


def _least_squares(pairs: Pairs) -> Criterion:
    """UCV of the module, as a function of h."""
    factor = 2.0 / (1.0 - 1.0 / pairs.n)
    root = math.sqrt(2.0)
    return lambda h: _own(pairs, h) + pairs.sum(root * h) - factor * pairs.sum(h)


def _biased(pairs: Pairs) -> Criterion:
    """BCV of the module."""
    return lambda h: _own(pairs, h) + 0.25 * h**4 * pairs.sum(math.sqrt(2.0) * h, 4)


def _smoothed(pairs: Pairs) -> Criterion:
    """SCV of the module, with its pilot."""
    constant = _pilot_constant(pairs) * pairs.n ** (-23.0 / 45.0)
    # a narrower pilot would see nothing but ties
    narrowest = 0.25 * pairs.least

    def score(h: float) -> float:
        pilot = 2.0 * max(constant / h**2, narrowest) ** 2
        smooth = (
            pairs.functional(math.sqrt(2.0 * h**2 + pilot), 0)
            - 2.0 * pairs.functional(math.sqrt(h**2 + pilot), 0)
            + pairs.functional(math.sqrt(pilot), 0)
        )
        return _own(pairs, h) + smooth

    return score


def _own(pairs: Pairs, h: float) -> float:
    """Integral of the squared kernel over n h: what each point adds by itself."""
    return 1.0 / (2.0 * ROOT_PI * pairs.n * h)


def _pilot_constant(pairs: Pairs) -> float:
    """C of the pilot width, Jones, Marron & Park (1991), section 3."""
    psi_4, psi_8 = _two_stages(pairs, 4), _two_stages(pairs, 8)
    factor = (441.0 / (64.0 * math.pi)) ** (1.0 / 18.0) * (4.0 * math.pi) ** -0.2
    return float(factor * psi_4**-0.4 * psi_8 ** (-1.0 / 9.0))


def _two_stages(pairs: Pairs, order: int) -> float:
    """Estimate psi_r by way of psi_(r+2), and that by the normal density."""
    psi = normal_functional(order + 4)
    for r in (order + 2, order):
        psi = pairs.functional(pilot_width(r, psi, pairs.n), r)
    return psi


CRITERIA: dict[str, tuple[str, Callable[[Pairs], Criterion]]] = {
    "ucv": ("least squares cross-validation", _least_squares),
    "bcv": ("biased cross-validation", _biased),
    "scv": ("smoothed cross-validation", _smoothed),
}


def _slack(pairs: Pairs, rule: str) -> Criterion | None:
    """How much higher than the lowest minimum a wider one may be."""
    slack: dict[str, Criterion] = {
        "ucv": lambda h: _own(pairs, h),
        "bcv": lambda _: math.inf,
    }
    return slack.get(rule)


def _bound(pairs: Pairs, rule: str) -> float:
    """Return the oversmoothed bandwidth, for BCV that of the robust spread."""
    return oversmoothing(pairs.n) * (1.0 if rule == "bcv" else pairs.deviation)


def _solve(
    sample: Sample, rule: str, candidates: NDArray[np.float64] | None
) -> Solution:
    """Search, or choose among candidates, and say what was found."""
    name, criterion = CRITERIA[rule]
    if candidates is not None:
        return _among(sample, rule, np.asarray(candidates, dtype=np.float64))
    pairs = Pairs.of(sample, rule)
    slack = _slack(pairs, rule)
    narrowest = NARROWEST * pairs.resolution
    bound = _bound(pairs, rule)
    # that score has minima beyond the bound, of several modes smeared into one
    reach = bound if rule == "bcv" else 2.0 * bound
    for fine in (FINE, FINER):
        if fine > FINE:
            pairs = Pairs.of(sample, rule, fine=fine)
        low = pairs.least
        # data rounded to a few values may have a step above the bound
        high = min(max(reach, 2.0 * low), low * 2.0**OCTAVES)
        found = minimise(criterion(pairs), low, high, slack=slack)
        if found.width > low or not pairs.finer_helps:
            break
    if found.interior and found.width <= max(bound, low):
        return _solution(pairs, found, found.width, name)
    if found.interior:
        note = f"{name}, but the oversmoothed bandwidth, at most,"
        return _solution(pairs, found, bound, note)
    if rule == "bcv" or found.width > low:
        note = f"{name} has no minimum below the oversmoothed bandwidth, so that"
        value = max(oversmoothing(pairs.n), low)
    else:
        note = f"{name} has no minimum above the narrowest width searched, so that"
        value = low
        if low == narrowest:
            note = f"{name}, but {NARROWEST} steps of the rounded data, at least,"
    return _solution(pairs, found, value, note)._replace(converged=False)


def _among(sample: Sample, rule: str, candidates: NDArray[np.float64]) -> Solution:
    """Choose among widths in units of the data, and say which ones were left out."""
    name, criterion = CRITERIA[rule]
    pairs = Pairs.of(sample, rule, narrowest=float(candidates[0]))
    with np.errstate(over="ignore", under="ignore"):
        widths = candidates / pairs.unit
    least = NARROWEST * pairs.resolution
    most = _bound(pairs, rule) if rule == "bcv" else math.inf
    slack = _slack(pairs, rule)
    found = among(criterion(pairs), widths, least=least, most=most, slack=slack)
    note = f"{name}: the best of the candidates"
    if not found.interior:
        note += ", at their end"
    low, high = int((widths < least).sum()), int((widths > most).sum())
    if low:
        note += f", {low} of them below {NARROWEST} steps of the rounded data"
    if high:
        note += f", {high} of them above the oversmoothed bandwidth"
    lost = int(np.isinf(found.scores).sum())
    if lost:
        note += f", {lost} of them beyond the range of floats"
    inside = least <= found.width <= most
    solution = _solution(pairs, found, found.width, note)
    value = float(candidates[np.flatnonzero(widths == found.width)[0]])
    return solution._replace(value=value, converged=inside, candidates=candidates)


def _solution(pairs: Pairs, found: Minimum, value: float, note: str) -> Solution:
    """Turn lengths into the units of the data; scores are one over a length."""
    with np.errstate(over="ignore"):
        return Solution(
            value * pairs.unit,
            note,
            True,
            found.candidates * pairs.unit,
            found.scores / pairs.unit,
        )
