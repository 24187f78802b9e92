"""The one door to bandwidths: by rule, by hand, or the default."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.bandwidth.adaptive import ADAPTIVE, adaptive
from parzen.bandwidth.isj import isj
from parzen.bandwidth.rules import RULES, axis_widths, rank_fault
from parzen.checks import check_bandwidth, check_choice, check_positive
from parzen.errors import ConvergenceWarning, warn
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

SELECTORS = ("auto", *RULES, "isj", *ADAPTIVE)


@dataclass(frozen=True, eq=False)
class BandwidthResult(ReadOnly):
    """A bandwidth and how it came about.

    Attributes
    ----------
    value : float or ndarray of shape (d,), (d, d) or (n,)
        For `kernel`, in units of the data: a width, a width per axis, a covariance, or
        one width per point (1-D data; points of weight zero have none).
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
    kernel: AnyKernel
    note: str


def choose(
    sample: Sample,
    bandwidth: Any,
    kernel: AnyKernel,
    *,
    adjust: float = 1.0,
    domain: tuple[float, float] | None = None,
    by_axis: bool = False,
) -> BandwidthResult:
    """Turn the `bandwidth` argument of a density into a result for its kernel.

    `domain` says where 1-D data may live, for rules that look at the ends; by default
    on the whole line. `by_axis` asks "auto" for widths instead of a matrix.
    """
    adjust = check_positive(adjust, "adjust")
    if isinstance(bandwidth, str):
        check_choice(bandwidth, SELECTORS, "bandwidth")
        line = (-math.inf, math.inf)
        chosen = _by_rule(sample, bandwidth, domain or line, by_axis=by_axis)
        value, note = chosen.value, chosen.note
        if kernel.name != "gaussian":
            ratio = kernel.bandwidth_ratio(sample.d)
            value = _times(value, ratio)
            note += f"; times {ratio:.4g} for the {kernel} kernel"
    else:
        chosen = _by_hand(sample, bandwidth)
        value, note = chosen.value, chosen.note
    if adjust != 1.0:
        value = _times(value, adjust)
        note += f"; times {adjust:g}, `adjust`"
    return BandwidthResult(
        value, chosen.method, chosen.converged, sample.n_eff, kernel, note
    )


class _Chosen(NamedTuple):
    """A bandwidth before it is turned to the kernel."""

    value: float | NDArray[np.float64]
    method: str
    converged: bool
    note: str


def _by_rule(
    sample: Sample, rule: str, domain: tuple[float, float], *, by_axis: bool
) -> _Chosen:
    """Choose a bandwidth for the Gaussian kernel."""
    if rule in ADAPTIVE:
        return _Chosen(adaptive(sample, rule), rule, True, "chosen by name, per point")
    if rule == "isj" or (rule == "auto" and sample.d == 1):
        found = isj(sample, domain)
        if rule == "isj" and not found.converged:
            warn(f"{found.note} is used.", ConvergenceWarning)
        method = "isj" if found.converged else "silverman"
        start = "the default: " if rule == "auto" else "chosen by name: "
        return _Chosen(found.value, method, found.converged, start + found.note)
    if rule != "auto":
        return _Chosen(RULES[rule](sample), rule, True, "chosen by name")
    fault = rank_fault(sample)
    if by_axis:
        fault = "the bounds ask for it"
    if fault is None:
        value = RULES["silverman"](sample)
        return _Chosen(value, "silverman", True, "the default rule of thumb")
    note = f"the default rule, on each axis apart because {fault}"
    return _Chosen(axis_widths(sample), "silverman", True, note)


def _by_hand(sample: Sample, bandwidth: Any) -> _Chosen:
    """Check a bandwidth that was given, or that a function of the data returns."""
    note = "given by hand"
    if callable(bandwidth):
        x = sample.points[:, 0] if sample.flat else sample.points
        bandwidth = bandwidth(x, sample.weights)
        note = "returned by the function given"
        value = check_bandwidth(bandwidth, sample.d, SELECTORS, sample.n)
        return _Chosen(value, "callable", True, note)
    # the points that a grid has swallowed cannot have a bandwidth each
    size = 0 if sample.binned else sample.size
    value = check_bandwidth(bandwidth, sample.d, SELECTORS, size)
    if sample.d == 1 and np.ndim(value) == 1 and sample.rows is not None:
        value = np.asarray(value)[sample.rows]
    return _Chosen(value, "manual", True, note)


def _times(value: float | NDArray[np.float64], factor: float) -> Any:
    """Multiply widths by a factor, and a covariance by its square."""
    return value * (factor**2 if np.ndim(value) == 2 else factor)
