"""Unbiased cross-validation of a bandwidth matrix.

    UCV(H) = |4 pi H|^(-1/2) / n + S(2 H) - 2 S(H) / (1 - 1/n)

estimates the integrated squared error but for a constant; S is the sum of Gaussians
over pairs (`sums.py`) and n = n_eff. The first two terms are the integral of f_H^2. The
last one, unbiased, is a mean over all pairs of different points, each counted by the
product of its weights: for equal weights the mean of the estimates that leave out the
point they are at, for others not, as points then count by w_i (1 - w_i).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix.candidates import Candidates
from parzen.bandwidth.matrix.plugin import estimate
from parzen.bandwidth.matrix.rounded import floored, form_of
from parzen.bandwidth.matrix.sums import binned, gaussian_sum, variance
from parzen.bandwidth.matrix.zoom import zoomed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.forms import Form
    from parzen.bandwidth.matrix.search import Criterion
    from parzen.bandwidth.solution import Solution
    from parzen.sample import Sample

RULE = "unbiased cross-validation"


def ucv(
    sample: Sample, form: str = "full", candidates: Any = None, *, n_jobs: Any = None
) -> Solution:
    """Choose the matrix of least unbiased cross-validation, also called LSCV.

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
        Its candidates are of one shape, of all sizes. About 40 to 60 sums over pairs,
        O(n^2 d^2) each for few points (1000 on two axes, 3000 on three) and for more
        axes; O(lags) each where points are binned. Seconds on two cores:
        0.2 for 1000 points on two axes, 0.5 for 1e5, 2 for 1e6; 2 on three axes.

    Raises
    ------
    BandwidthError
        If the data do not vary, or have no covariance of full rank (full, scaled).

    References
    ----------
    .. [1] Bowman, A. W. (1984). An alternative method of cross-validation for the
       smoothing of density estimates. Biometrika 71, 353-360,
       doi:10.1093/biomet/71.2.353.
    .. [2] Sain, S. R., Baggerly, K. A. and Scott, D. W. (1994). Cross-validation of
       multivariate densities. JASA 89, 807-817, doi:10.1080/01621459.1994.10476814.
    .. [3] Duong, T. and Hazelton, M. L. (2005). Cross-validation bandwidth matrices for
       multivariate kernel density estimation. Scand. J. Statist. 32, 485-506,
       doi:10.1111/j.1467-9469.2005.00445.x, section 2.
    """
    if candidates is not None:
        given = Candidates.of(sample, candidates, n_jobs)
        return given.best(lambda x: criterion(x, given.form.n_eff), RULE)
    shape = form_of(sample, form, n_jobs)
    guess = estimate(shape)[0].matrix if binned(shape) else np.eye(shape.d)

    def make(_: Form, source: Source) -> Criterion:
        return criterion(source, shape.n_eff)

    return floored(zoomed(make, shape, guess, RULE), shape)


def criterion(source: Source, n_eff: float) -> Criterion:
    """UCV(H) and its gradient by H, shape (d, d), as a function of H_z."""
    factor = 2.0 / (1.0 - 1.0 / n_eff)

    def score(
        matrix: NDArray[np.float64],
    ) -> tuple[float, NDArray[np.float64] | None]:
        wide, narrow = gaussian_sum(source, 2.0 * matrix), gaussian_sum(source, matrix)
        noise, slope = variance(matrix, n_eff)
        gradient = slope + 2.0 * wide.gradient - factor * narrow.gradient
        return noise + wide.value - factor * narrow.value, gradient

    return score
