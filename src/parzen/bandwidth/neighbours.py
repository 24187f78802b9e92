"""Bandwidths that go with the distance to the k-th nearest neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.distances import cloud_distances, gaps, line_distances
from parzen.bandwidth.rules import axis_widths, check_varied, silverman
from parzen.bandwidth.solution import Solution
from parzen.checks import check_count
from parzen.errors import BandwidthError
from parzen.scale import LocalBandwidth, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

# The k-th neighbour is so many standard deviations of the kernel away: next to all of a
# kernel's mass lies among those k.
DEVIATIONS = 3.0


def nearest_neighbours(
    sample: Sample,
    k: int | None = None,
    *,
    by_axis: bool = False,
    n_jobs: Any = None,
) -> Solution:
    """Take a third of the distance to the k-th nearest neighbour of each point.

    The variable kernel of Breiman, Meisel and Purcell [1]_, h_i = a d_k(x_i): with
    a = 1/3 the k neighbours fill three standard deviations, next to all of a kernel. By
    default k = n^(4/(d + 4)), the order that is best for the estimate by neighbours
    itself ([2]_; [3]_, section 5.2.1).

    Both were tried on the densities of Marron and Wand (1992) and on mixtures in the
    plane: with sqrt(n) neighbours no other constant a makes up for their noise. As d_k
    goes with f^(-1/d), this is Abramson's law in the plane; on the line it is steeper,
    and a global bandwidth or Abramson's is better (`bench/goodness.py`).

    Parameters
    ----------
    sample : Sample
        Of any dimension; the weights not negative. With weights, the distance within
        which other points weigh k / n_eff.
    k : int, optional
        From 1 to n - 1, and at most n_eff.
    by_axis : bool
        In d > 1, measure distances in standard deviations of the axes instead of by the
        covariance, which makes the choice follow any linear map of the data.
    n_jobs : int or None
        Threads; None for all processors.

    Returns
    -------
    Solution
        With an array (n,) for one dimension, else a `LocalBandwidth` on Silverman's.
        Cost O(n log^2 n) on a line, else O(n k log n); where n k is above 4 million,
        neighbours are sought among some of the points, which stand for all, and
        bandwidths are right to a few percent. Memory O(n d).

    Raises
    ------
    BandwidthError
        If the data do not vary, are not of full rank, weights are negative, or k is out
        of range.

    Notes
    -----
    Points that share their place get half the distance to the next place at least, as
    do binned data: no bandwidth is zero, and rounded data do not show their steps.

    References
    ----------
    .. [1] Breiman, L., Meisel, W. and Purcell, E. (1977). Variable kernel estimates of
       multivariate densities. Technometrics 19(2), doi:10.1080/00401706.1977.10489521.
    .. [2] Mack, Y. P. and Rosenblatt, M. (1979). Multivariate k-nearest neighbor
       density estimates. Journal of Multivariate Analysis 9(1),
       doi:10.1016/0047-259X(79)90065-4.
    .. [3] Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis.
       Chapman and Hall, doi:10.1201/9781315140919.
    """
    k = _neighbours(sample, k)
    note = f"a third of the distance to the {k:,} nearest neighbours"
    if sample.d == 1:
        return Solution(_local_widths(sample, k, sample.points, n_jobs), note)
    base = axis_widths(sample) if by_axis else silverman(sample)
    z = Scale(base, sample.d).to_kernel_units(sample.points - sample.mean)
    widths = _local_widths(sample, k, z, n_jobs)
    return Solution(LocalBandwidth(base, widths), note)


def _neighbours(sample: Sample, k: int | None) -> int:
    """Return k within its range, or the default."""
    if sample.signed:
        msg = (
            "'knn' needs weights that are not negative: within no distance do signed "
            "ones add up to a share. Use a global `bandwidth`."
        )
        raise BandwidthError(msg)
    check_varied(sample)
    most = sample.n - 1 if sample.weights is None else round(sample.n_eff) - 1
    most = max(1, most)
    if k is None:
        return min(most, max(1, round(float(sample.n_eff ** (4.0 / (sample.d + 4))))))
    if check_count(k, "neighbors", least=1) > most:
        msg = f"`neighbors` must be at most {most}, one less than "
        msg += "n" if sample.weights is None else f"n_eff = {sample.n_eff:.4g}"
        raise BandwidthError(msg + f"; got {k}. Give fewer, or None.")
    return k


def _local_widths(
    sample: Sample, k: int, z: NDArray[np.float64], n_jobs: Any
) -> NDArray[np.float64]:
    """Widths (n,) in the units of z (n, d), coordinates of the points."""
    share = k / sample.n_eff
    if sample.d == 1:
        distances = line_distances(z[:, 0], sample.weights, k, share)
    else:
        distances = cloud_distances(z, sample.weights, k, share, n_jobs)
    shared = gaps(sample.points, z, every=sample.binned, n_jobs=n_jobs)
    if sample.binned:
        shared = np.maximum(shared, sample.resolution)
    # squares of what is nearer in d > 1 leave the range of a double
    least = np.finfo(np.float64).tiny if sample.d == 1 else np.finfo(np.float64).eps
    return np.maximum(np.maximum(distances / DEVIATIONS, shared / 2.0), least)
