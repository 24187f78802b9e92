"""The one door to bandwidths: by selector, by hand, or the default."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.bandwidth import crossval, matrix, sheather_jones
from parzen.bandwidth.adaptive import ADAPTIVE, abramson, adaptive
from parzen.bandwidth.isj import isj
from parzen.bandwidth.likelihood import likelihood
from parzen.bandwidth.neighbours import nearest_neighbours
from parzen.bandwidth.result import BandwidthResult
from parzen.bandwidth.rules import RULES, axis_widths, check_line, rank_fault
from parzen.bandwidth.selector import PILOTS, SELECTORS, Selector
from parzen.bandwidth.solution import Solution
from parzen.checks import check_bandwidth, check_choice, check_positive
from parzen.errors import BandwidthError, CapabilityError, ConvergenceWarning, warn
from parzen.kernels import Kernel
from parzen.scale import LocalBandwidth, bandwidth_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel
    from parzen.sample import Sample

LINE = (-math.inf, math.inf)


class Setting(NamedTuple):
    """What a selector may look at besides the sample.

    Attributes
    ----------
    kernel : Kernel or DistributionKernel
    domain : pair of float
        Where 1-D data may live, for selectors that look at the ends.
    by_axis : bool
        Whether widths are asked for instead of a matrix, where there is a choice.
    n_jobs : int or None
    """

    kernel: AnyKernel
    domain: tuple[float, float] = LINE
    by_axis: bool = False
    n_jobs: Any = None


def choose(
    sample: Sample, bandwidth: Any, setting: Setting, adjust: float = 1.0
) -> BandwidthResult:
    """Turn the `bandwidth` argument of a density into a result for its kernel."""
    adjust = check_positive(adjust, "adjust")
    if isinstance(bandwidth, str):
        check_choice(bandwidth, SELECTORS, "bandwidth")
        bandwidth = Selector(bandwidth)
    if isinstance(bandwidth, BandwidthResult):
        method, solution = _of_the_kernel(sample, bandwidth, setting.kernel)
    elif isinstance(bandwidth, Selector):
        method, solution = _selected(sample, bandwidth, setting)
    else:
        method, solution = _by_hand(sample, bandwidth)
    value, note = solution.value, solution.note
    if adjust != 1.0:
        value = _times(value, adjust)
        note += f"; times {adjust:g}, `adjust`"
    return BandwidthResult(
        value,
        method,
        solution.converged,
        sample.n_eff,
        setting.kernel,
        note,
        solution.candidates,
        solution.scores,
    )


def _of_the_kernel(
    sample: Sample, result: BandwidthResult, kernel: AnyKernel
) -> tuple[str, Solution]:
    """Take a choice that was made before, if it was for this kernel."""
    if result.kernel.spec() != kernel.spec():
        msg = (
            f"`bandwidth` was chosen for the {result.kernel} kernel; got the {kernel} "
            "kernel. Pass `kernel` to select_bandwidth, or the `value` here."
        )
        raise BandwidthError(msg)
    found = _by_hand(sample, result.value)[1]
    return result.method, found._replace(
        note=result.note,
        converged=result.converged,
        candidates=result.candidates,
        scores=result.scores,
    )


def _selected(
    sample: Sample, selector: Selector, setting: Setting
) -> tuple[str, Solution]:
    """Choose by a selector: the method that answered, and what it found."""
    kernel, name = setting.kernel, selector.method
    _check_fit(selector, sample.d)
    if name == "likelihood" and selector.candidates is not None:
        # the likelihood of the kernel itself, at widths of its own
        found = likelihood(
            sample,
            kernel,
            candidates=selector.candidates,
            folds=selector.folds,
            n_jobs=setting.n_jobs,
        )
        return name, _reported(found)
    ratio = 1.0
    if kernel.name != "gaussian":
        ratio = kernel.bandwidth_ratio(sample.d)
    if name == "auto":
        method, found = _default(sample, setting)
    else:
        method, found = name, _reported(_solve(sample, selector, setting, ratio))
        if name == "isj" and not found.converged:
            method = "silverman"
    if ratio == 1.0:
        return method, found
    candidates = found.candidates
    value = _times(found.value, ratio)
    if selector.candidates is not None and candidates is not None:
        # as they were given, without the rounding of two conversions
        gaps = np.abs(candidates - found.value).reshape(len(candidates), -1).max(axis=1)
        value = selector.candidates[int(np.argmin(gaps))]
        value = float(value) if value.ndim == 0 else value
        return method, found._replace(value=value, candidates=selector.candidates)
    if candidates is not None:
        candidates = _times_each(candidates, ratio)
    return method, found._replace(
        value=value,
        note=f"{found.note}; times {ratio:.4g} for the {kernel} kernel",
        candidates=candidates,
    )


def _check_fit(selector: Selector, d: int) -> None:
    """Refuse options that do not fit the dimension of the data."""
    if d == 1 and selector.matrix is not None:
        msg = f"`matrix` is for several dimensions; {selector.method!r} chooses one "
        raise CapabilityError(msg + "width for data of one. Leave it out.")
    if selector.candidates is None:
        return
    shape = selector.candidates.shape[1:]
    able: tuple[tuple[int, ...], ...] = ((),)
    if d > 1 and selector.method != "likelihood":
        able = ((), (d,), (d, d))
    if shape not in able:
        forms = " or ".join(str(("k", *form)).replace("'", "") for form in able)
        msg = (
            f"`candidates` of {selector.method!r} must be of shape {forms} for data of "
            f"{d} dimensions, (k,) being one width each; got shape "
            f"{selector.candidates.shape}."
        )
        raise CapabilityError(msg)
    if len(shape) == 2:
        for matrix_ in selector.candidates:
            check_bandwidth(matrix_, d)


def _reported(found: Solution) -> Solution:
    """Warn where a selector found nothing by its own criterion."""
    note = found.note
    if not found.converged or note.endswith(","):
        note += " is used"
    if not found.converged:
        warn(f"{note}.", ConvergenceWarning)
    return found._replace(note="chosen by name: " + note)


def _default(sample: Sample, setting: Setting) -> tuple[str, Solution]:
    """ISJ on a line, else Silverman's rule."""
    if sample.d == 1:
        found = isj(sample, setting.domain)
        method = "isj" if found.converged else "silverman"
        return method, found._replace(note="the default: " + found.note)
    fault = rank_fault(sample)
    if setting.by_axis:
        fault = "the bounds ask for it"
    if fault is None:
        value = RULES["silverman"](sample)
        return "silverman", Solution(value, "the default rule of thumb")
    note = f"the default rule, on each axis apart because {fault}"
    return "silverman", Solution(axis_widths(sample), note)


def _solve(
    sample: Sample, selector: Selector, setting: Setting, ratio: float
) -> Solution:
    """Choose a bandwidth for the Gaussian kernel.

    Candidates are widths of a kernel that needs `ratio` times as wide a bandwidth.
    """
    name = selector.method
    if name in RULES:
        found = Solution(RULES[name](sample), "a rule of thumb")
    elif name in ADAPTIVE:
        found = Solution(adaptive(sample, name), "a width for each point")
    elif name == "isj":
        found = isj(sample, setting.domain)
    elif name == "abramson":
        pilot = _pilot(sample, selector.pilot, setting)
        found = abramson(sample, pilot, n_jobs=setting.n_jobs)
    elif name == "knn":
        k, by_axis = selector.neighbors, setting.by_axis
        found = nearest_neighbours(sample, k, by_axis=by_axis, n_jobs=setting.n_jobs)
    elif name == "likelihood":
        folds, form, jobs = selector.folds, _form(selector, setting), setting.n_jobs
        found = likelihood(sample, Kernel(), folds=folds, matrix=form, n_jobs=jobs)
    else:
        candidates = selector.candidates
        if candidates is not None:
            candidates = _times_each(candidates, 1.0 / ratio)
        found = _by_pairs(sample, name, _form(selector, setting), candidates, setting)
    return found


def _form(selector: Selector, setting: Setting) -> str | None:
    """Shape of a bandwidth matrix; None for the selector's default."""
    return selector.matrix or ("diagonal" if setting.by_axis else None)


def _by_pairs(
    sample: Sample,
    name: str,
    form: str | None,
    candidates: NDArray[np.float64] | None,
    setting: Setting,
) -> Solution:
    """Choose by a criterion or an equation that is a sum over pairs of points."""
    shape, jobs = form or "full", setting.n_jobs
    line: dict[str, Any] = {
        "ucv": lambda: crossval.ucv(sample, candidates),
        "bcv": lambda: crossval.bcv(sample, candidates),
        "scv": lambda: crossval.scv(sample, candidates),
        "sheather_jones": lambda: sheather_jones.sheather_jones(sample),
        "plugin": lambda: sheather_jones.plugin(sample),
    }
    space: dict[str, Any] = {
        "ucv": lambda: matrix.ucv(sample, shape, candidates, n_jobs=jobs),
        "scv": lambda: matrix.scv(sample, shape, candidates, n_jobs=jobs),
        "plugin": lambda: matrix.plugin(sample, shape, n_jobs=jobs),
    }
    if sample.d > 1 and name not in space:
        check_line(sample, name)
    found: Solution = (line if sample.d == 1 else space)[name]()
    return found


def _pilot(sample: Sample, pilot: Any, setting: Setting) -> Any:
    """Bandwidth of the pilot estimate, for the Gaussian kernel."""
    if pilot is None:
        pilot = "auto" if sample.d == 1 else "plugin"
    name = pilot.method if isinstance(pilot, Selector) else pilot
    if isinstance(name, str):
        check_choice(name, PILOTS, "pilot")
    value = choose(sample, pilot, setting._replace(kernel=Kernel())).value
    if isinstance(value, LocalBandwidth) or (sample.d == 1 and np.ndim(value)):
        msg = "`pilot` must be one bandwidth for all points; got one for each. Use "
        raise BandwidthError(msg + "'isj', 'silverman' or a number.")
    return value


def _by_hand(sample: Sample, bandwidth: Any) -> tuple[str, Solution]:
    """Check a bandwidth that was given, or that a function of the data returns."""
    if callable(bandwidth):
        x = sample.points[:, 0] if sample.flat else sample.points
        bandwidth = bandwidth(x, sample.weights)
        value = bandwidth_of(bandwidth, sample.d, SELECTORS, sample.n)
        return "callable", Solution(value, "returned by the function given")
    # the points that a grid has swallowed cannot have a bandwidth each
    size = 0 if sample.binned else sample.size
    value = bandwidth_of(bandwidth, sample.d, SELECTORS, size)
    if sample.rows is not None:
        if isinstance(value, LocalBandwidth):
            value = value.take(sample.rows)
        elif sample.d == 1 and np.ndim(value) == 1:
            value = np.asarray(value)[sample.rows]
    return "manual", Solution(value, "given by hand")


def _times(value: Any, factor: float) -> Any:
    """Multiply widths by a factor, and a covariance by its square."""
    if isinstance(value, LocalBandwidth):
        return value.times(factor)
    return value * (factor**2 if np.ndim(value) == 2 else factor)


def _times_each(candidates: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Multiply widths (k,) or (k, d) by a factor, covariances by its square."""
    return np.asarray(candidates * (factor**2 if candidates.ndim == 3 else factor))
