"""The plan of a density in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.boundary.boundary import Periodic
from parzen.engines.planner import BY_HAND
from parzen.scale import LocalBandwidth

if TYPE_CHECKING:
    from parzen.density.density import Density
    from parzen.engines.planner import Candidate, Decision


def explain(density: Density) -> str:
    """Write the bandwidth, the accepted error and the candidates as a small table."""
    problem, decision = density._problem, density.decision
    bandwidth = density.bandwidth_result
    sample = problem.sample
    weighted = "" if sample.weights is None else f", n_eff {sample.n_eff:,.1f}"
    nodes = "" if not sample.binned else f" on {sample.n:,} nodes"
    bound = decision.bound
    lines = [
        f"data       {density.sample_size:,} points{nodes}, d = {sample.d}{weighted}",
        f"kernel     {problem.kernel.name if sample.d == 1 else problem.kernel}",
        f"bandwidth  {_width(bandwidth.value)}",
        f"           {bandwidth.method}: {bandwidth.note}",
        *_bounds(density),
        f"accepted   |error| <= {problem.atol:g} + {problem.rtol:g} f",
        f"method     {decision.method}: {decision.reason}",
        f"           |error| <= {bound.absolute:.2g} + {bound.relative:.2g} f"
        + ("" if density.bounds is None else ", before the bounds"),
        "",
        f"candidates, predicted for {sample.n:,} queries on one thread"
        + (":" if density.bounds is None else ", before the bounds:"),
        f"  {'':15}  {'absolute':>9}  {'relative':>9}  {'predicted':>10}",
    ]
    lines += [_row(candidate, decision) for candidate in decision.candidates]
    return "\n".join(lines)


def _bounds(density: Density) -> list[str]:
    """Write the bounds, and what became of the data outside them."""
    edge, sample = density._edge, density._sample
    if edge is None:
        return []
    lines = [f"bounds     {edge.bounds}, boundary {edge.name}"]
    outside = int((~edge.bounds.contains(sample.points)).sum())
    dropped = 0 if sample.binned else sample.size - sample.n
    if outside and not isinstance(edge, Periodic):
        lines.append(f"           {outside:,} points outside kept as guard data")
    if dropped:
        lines.append(f"           {dropped:,} points outside, or of weight 0, left out")
    return lines


def _row(candidate: Candidate, decision: Decision) -> str:
    """Write one candidate: bound, predicted time, verdict."""
    if candidate.bound is None or candidate.seconds is None:
        return f"  {candidate.name:15}  cannot: {candidate.refusal}"
    if candidate.name == decision.method:
        verdict = "chosen"
    elif decision.reason == BY_HAND:
        verdict = "not asked for"
    elif candidate.admitted:
        verdict = "slower"
    else:
        verdict = "error too large"
    return (
        f"  {candidate.name:15}  {candidate.bound.absolute:>9.1e}"
        f"  {candidate.bound.relative:>9.1e}  {_time(candidate.seconds):>10}  {verdict}"
    )


def _width(value: object) -> str:
    """Write a bandwidth in a few characters."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, LocalBandwidth):
        low, high = value.factors.min(), value.factors.max()
        return f"{_width(value.scale)}, times {low:.4g} to {high:.4g} by point"
    array = np.asarray(value)
    if array.ndim == 1:
        return f"widths {np.array2string(array, precision=4, threshold=6)}"
    widths = np.array2string(np.sqrt(np.diag(array)), precision=4, threshold=6)
    return f"covariance matrix, widths {widths}"


def _time(seconds: float) -> str:
    """Write seconds in a unit that reads well."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"
