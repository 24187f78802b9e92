"""The one door to bandwidths: by rule, by hand, or the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.rules import RULES, axis_widths, rank_fault
from parzen.checks import check_bandwidth, check_choice
from parzen.kernels import Kernel
from parzen.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

SELECTORS = ("auto", *RULES)
AUTO = "silverman"


@dataclass(frozen=True, eq=False)
class BandwidthResult:
    """A bandwidth and how it came about.

    Attributes
    ----------
    value : float or ndarray of shape (d,) or (d, d)
        For `kernel`, in units of the data: a width, a width per axis, or a covariance.
    method : str
        The rule that chose it; "manual" where it was given.
    converged : bool
        Whether the rule finished by its own criterion; rules in closed form do.
    n_eff : float
        Effective number of points, (sum w)^2 / sum w^2.
    kernel : Kernel
        The kernel that the value is for.
    note : str
        Why this rule, and how its value was turned to the kernel.
    """

    value: float | NDArray[np.float64]
    method: str
    converged: bool
    n_eff: float
    kernel: Kernel
    note: str

    def __post_init__(self) -> None:
        if isinstance(self.value, np.ndarray):
            self.value.setflags(write=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # copies and pickles come back writable
        self.__dict__.update(state)
        self.__post_init__()


def select_bandwidth(
    x: Any,
    method: str = "auto",
    *,
    weights: Any = None,
    kernel: str | Kernel = "gaussian",
) -> BandwidthResult:
    """Choose a bandwidth for a sample by a named rule.

    Rules choose for the Gaussian kernel. For another kernel the value is multiplied by
    the ratio of the canonical bandwidths [1]_, so that changing the kernel keeps the
    amount of smoothing. Cost O(n) and one partition per column in 1-D, O(n d^2) above.

    Parameters
    ----------
    x : array_like of shape (n,) or (n, d)
        Sample; finite.
    method : {"auto", "silverman", "scott", "normal_reference"}
        The rule; see Notes. "auto" is Silverman's; where the covariance has no full
        rank (n <= d, collinear columns) on each axis apart, which the `note` says.
    weights : array_like of shape (n,), optional
        Non-negative, of any scale.
    kernel : str or Kernel
        The kernel that will use the bandwidth.

    Returns
    -------
    BandwidthResult
        Its `value` is h (d = 1) or a covariance matrix H (d > 1), in units of `x`;
        widths (d,) where "auto" took each axis apart.

    Raises
    ------
    BandwidthError
        If a column is constant; for a rule by name also without full rank.
    UnknownNameError
        If there is no such rule or kernel.
    ShapeError, DataError, WeightError
        If `x` or `weights` are no valid sample.

    Notes
    -----
    With s the weighted standard deviation, IQR the weighted interquartile range and S
    the covariance; n stands for n_eff = (sum w)^2 / sum w^2:

    - silverman: 0.9 min(s, IQR/1.349) n^(-1/5); H = (n (d + 2)/4)^(-2/(d + 4)) S
    - scott: 1.059 min(s, IQR/1.349) n^(-1/5); H = n^(-2/(d + 4)) S
    - normal_reference: (4/3)^(1/5) s n^(-1/5); H = (n (d + 2)/4)^(-2/(d + 4)) S

    References
    ----------
    .. [1] Marron, J. S. and Nolan, D. (1988). Canonical kernels for density estimation.
       Statistics & Probability Letters 7(3), doi:10.1016/0167-7152(88)90050-8.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> round(select_bandwidth(x, "silverman").value, 4)
    0.2188
    >>> round(select_bandwidth(x, "silverman", kernel="epanechnikov").value, 4)
    0.4844
    """
    check_choice(method, SELECTORS, "method")
    return choose(Sample.of(x, weights), method, Kernel.of(kernel))


def choose(sample: Sample, bandwidth: Any, kernel: Kernel) -> BandwidthResult:
    """Turn the `bandwidth` argument of a density into a result for its kernel."""
    if not isinstance(bandwidth, str):
        value = check_bandwidth(bandwidth, sample.d, SELECTORS)
        note = "given by hand"
        return BandwidthResult(value, "manual", True, sample.n_eff, kernel, note)
    check_choice(bandwidth, SELECTORS, "bandwidth")
    method = AUTO if bandwidth == "auto" else bandwidth
    fault = rank_fault(sample) if bandwidth == "auto" and sample.d > 1 else None
    if fault is None:
        value = RULES[method](sample)
        note = "the default rule of thumb" if bandwidth == "auto" else "chosen by name"
    else:
        value = axis_widths(sample)
        note = f"the default rule, on each axis apart because {fault}"
    if kernel.name != "gaussian":
        ratio = kernel.bandwidth_ratio(sample.d)
        value = value * (ratio**2 if np.ndim(value) == 2 else ratio)
        note += f"; times {ratio:.4g} for the {kernel} kernel"
    return BandwidthResult(value, method, True, sample.n_eff, kernel, note)
