"""The criterion of a bandwidth selector against the bandwidth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import CapabilityError
from parzen.plot.density import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from parzen.bandwidth import BandwidthResult

LABELS = {
    "likelihood": "mean log density, held out",
    "ucv": "squared error less a constant",
    "bcv": "squared error, estimated",
    "scv": "squared error, estimated",
}
# What lies farther from the best score than this many times the better half is cut off.
VISIBLE = 4.0
MARGIN = 1.15


def plot_scores(result: BandwidthResult, ax: Axes | None = None) -> Axes:
    """Draw the scores of a selector against its candidates, and mark the choice.

    Parameters
    ----------
    result : BandwidthResult
        Of a selector with a criterion: "likelihood", "ucv", "bcv" or "scv".
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure, which pyplot does not know.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on. Of matrices H the geometric mean of the widths is drawn,
        |H|^(1/2d).

    Raises
    ------
    CapabilityError
        If the selector has no criterion.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from parzen import select_bandwidth
    >>> from parzen.plot import plot_scores
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> ax = plot_scores(select_bandwidth(x, "ucv"))
    >>> ax.get_xlabel()
    'bandwidth, in units of the data'
    """
    if result.candidates is None or result.scores is None:
        msg = f"{result.method!r} has no criterion to draw. Use " + ", ".join(
            map(repr, LABELS)
        )
        raise CapabilityError(msg + ".")
    if ax is None:
        ax = new_axes()
    widths = _widths(result.candidates)
    order = np.argsort(widths)
    x, y = widths[order], result.scores[order]
    there = np.isfinite(y)
    (line,) = ax.plot(x[there], y[there], ".-", linewidth=1.8)
    chosen = float(_widths(np.asarray(result.value)[None])[0])
    ax.axvline(chosen, color="0.4", linestyle="--", linewidth=1.0)
    # where the curve is not: it peaks at the choice, or has its valley there
    peak = result.method == "likelihood"
    ax.annotate(
        f"{chosen:.4g}",
        (chosen, 0.0 if peak else 1.0),
        xycoords=ax.get_xaxis_transform(),
        xytext=(4, 4 if peak else -4),
        textcoords="offset points",
        verticalalignment="bottom" if peak else "top",
        color="0.25",
    )
    if there.any():
        low, high = _window(y[there], peak=peak)
        seen = x[there & (y >= low) & (y <= high)]
        ax.set_ylim(low, high)
        ax.set_xlim(seen[0] / MARGIN, seen[-1] * MARGIN)
    line.set_label(result.method)
    ax.set_xscale("log")
    ax.set_xlabel("bandwidth, in units of the data")
    ax.set_ylabel(LABELS.get(result.method, result.method))
    return ax


def _widths(bandwidths: NDArray[Any]) -> NDArray[np.float64]:
    """Geometric mean of the widths of each bandwidth, shape (k,)."""
    if bandwidths.ndim == 3:
        log_det = np.linalg.slogdet(bandwidths)[1]
        return np.asarray(np.exp(log_det / (2 * bandwidths.shape[1])))
    if bandwidths.ndim == 2:
        return np.asarray(np.exp(np.log(bandwidths).mean(axis=1)))
    return bandwidths


def _window(scores: NDArray[np.float64], *, peak: bool) -> tuple[float, float]:
    """Limits that show the optimum: a criterion may fall off a cliff beside it."""
    y = np.sort(scores if peak else -scores)[::-1]
    room = VISIBLE * (y[0] - y[len(y) // 2]) or max(abs(y[0]), 1e-300)
    low, high = max(y[-1], y[0] - room), y[0]
    low, high = low - 0.05 * (high - low), high + 0.08 * (high - low)
    return (low, high) if peak else (-high, -low)
