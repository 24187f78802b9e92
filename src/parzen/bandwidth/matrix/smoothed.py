"""Smoothed cross-validation of a bandwidth matrix.

    SCV(H) = |4 pi H|^(-1/2) / n
             + sum_ij w_i w_j (phi_(2H + 2G) - 2 phi_(H + 2G) + phi_(2G))(z_i - z_j)

The sum, over all i and j, is the integrated squared bias that H would have if the
density were its estimate with the pilot G = g^2 I.

The pilot: near the best H the sum is 1/4 sum psi_ijkl H_ij H_kl, with psi_4 estimated
by the width sqrt(2) g. So sqrt(2) g is the pilot width of the plug-in, best for psi_4.
That follows Chacon & Duong (2011), with G a multiple of I. Duong & Hazelton (2005)
weigh the bias of psi_4 by a guess of H first; on mixtures of normal densities in the
plane that was the same or worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix.candidates import Candidates
from parzen.bandwidth.matrix.plugin import estimate
from parzen.bandwidth.matrix.rounded import floored, form_of
from parzen.bandwidth.matrix.sums import gaussian_sum, peak, variance
from parzen.bandwidth.matrix.zoom import zoomed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.forms import Form
    from parzen.bandwidth.matrix.search import Criterion
    from parzen.bandwidth.solution import Solution
    from parzen.sample import Sample

RULE = "smoothed cross-validation"


def scv(
    sample: Sample, form: str = "full", candidates: Any = None, *, n_jobs: Any = None
) -> Solution:
    """Choose the matrix of least smoothed cross-validation.

    Parameters
    ----------
    sample : Sample
    form : {"full", "diagonal", "scaled", "isotropic"}
        What is searched.
    candidates : array_like of shape (k,), (k, d) or (k, d, d), optional
        Widths, widths per axis or covariances, in units of the data; the best of them
        is taken, whatever the form.
    n_jobs : int or None
        Threads; None for all processors.

    Returns
    -------
    Solution
        Its candidates are of one shape, of all sizes. The cost is about that of `ucv`.

    Raises
    ------
    BandwidthError
        If the data do not vary, or have no covariance of full rank (full, scaled).

    References
    ----------
    .. [1] Duong, T. and Hazelton, M. L. (2005). Cross-validation bandwidth matrices for
       multivariate kernel density estimation. Scand. J. Statist. 32, 485-506,
       doi:10.1111/j.1467-9469.2005.00445.x, section 3.
    .. [2] Chacon, J. E. and Duong, T. (2011). Unconstrained pilot selectors for
       smoothed cross-validation. Aust. N. Z. J. Stat. 53, 331-351,
       doi:10.1111/j.1467-842X.2011.00622.x.
    .. [3] Hall, P., Marron, J. S. and Park, B. U. (1992). Smoothed cross-validation.
       Probab. Theory Related Fields 92, 1-20, doi:10.1007/BF01205233.
    """
    if candidates is not None:
        given = Candidates.of(sample, candidates, n_jobs)
        pilots, _ = first_guess(given.form)
        width = math.sqrt(2.0 * float(pilots[0, 0]))

        def score(source: Source) -> Criterion:
            return criterion(source, pilots, given.form.n_eff)

        return given.best(score, RULE, width)
    shape = form_of(sample, form, n_jobs)
    pilots, guess = first_guess(shape)
    # G as a bandwidth, to be known in other coordinates
    value = shape.value(pilots)

    def make(form: Form, source: Source) -> Criterion:
        return criterion(source, form.inverse(value), shape.n_eff)

    return floored(zoomed(make, shape, guess, RULE), shape)


def first_guess(form: Form) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the pilot G = g^2 I, shape (d, d), and the plug-in matrix."""
    found, width = estimate(form)
    return 0.5 * width**2 * np.eye(form.d), found.matrix


def criterion(source: Source, pilots: NDArray[np.float64], n_eff: float) -> Criterion:
    """SCV(H) for the pilot G, shape (d, d), and its gradient, as a function of H_z."""
    last = gaussian_sum(source, 2.0 * pilots).value + peak(2.0 * pilots) / n_eff

    def score(
        matrix: NDArray[np.float64],
    ) -> tuple[float, NDArray[np.float64] | None]:
        noise, slope = variance(matrix, n_eff)
        value, gradient = noise + last, slope
        for times, factor in ((2.0, 1.0), (1.0, -2.0)):
            sigma = times * matrix + 2.0 * pilots
            pairs = gaussian_sum(source, sigma)
            own = peak(sigma) / n_eff
            value += factor * (pairs.value + own)
            own_slope = -0.5 * own * np.linalg.inv(sigma)
            gradient = gradient + factor * times * (pairs.gradient + own_slope)
        return value, gradient

    return score
