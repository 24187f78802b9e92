"""The curve of a density in one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.plot.artists import Artists
from parzen.plot.window import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from parzen.density.band import ConfidenceBand

# The area below a curve, a band around it, and the least probable of shaded regions.
FILL_ALPHA = 0.18
BAND_ALPHA = 0.3
REGION_ALPHA = 0.22


def draw_curve(
    ax: Axes,
    nodes: NDArray[np.float64],
    values: NDArray[np.float64],
    points: NDArray[np.float64] | None,
    *,
    fill: bool,
    color: Any,
    label: str | None,
    band: ConfidenceBand | None = None,
    levels: Mapping[float, float] | None = None,
) -> Artists:
    """Draw the density at nodes (m,), and the data (n, 1) as a rug unless None.

    `levels` holds the density at the edge of each highest-density region, by its
    probability.
    """
    seen = visible(values)
    x, y = nodes[seen], values[seen]
    (line,) = ax.plot(x, y, color=color, label=label, linewidth=1.8)
    color = line.get_color()
    # the axis starts at zero, and still follows whatever is drawn later
    line.sticky_edges.y.append(0.0)
    ax.update_datalim([(x[0], 0.0)])
    area = None
    # under a band or regions it would be one more shade without a meaning
    if fill and not levels and band is None:
        area = ax.fill_between(x, y, color=color, alpha=FILL_ALPHA, linewidth=0)
    drawn = None
    if band is not None:
        places = np.ravel(band.points)
        shown = (places >= x[0]) & (places <= x[-1])
        drawn = ax.fill_between(
            places[shown],
            np.ravel(band.lower)[shown],
            np.ravel(band.upper)[shown],
            color=color,
            alpha=BAND_ALPHA,
            linewidth=0,
            label=f"{100 * band.level:.4g}% confidence",
        )
    regions = []
    for share in sorted(levels or {}, reverse=True):
        region = ax.fill_between(
            x,
            y,
            # each lies on those that are more probable, and so is darker than they are
            where=(y >= (levels or {})[share]).tolist(),
            interpolate=True,
            color=color,
            alpha=REGION_ALPHA,
            linewidth=0,
            label=f"{100 * share:.4g}% highest density",
        )
        regions.append(region)
    rug = None
    if points is not None:
        (rug,) = ax.plot(
            points[:, 0],
            np.full(len(points), 0.018),
            "|",
            color=color,
            alpha=float(np.clip(60.0 / len(points), 0.05, 0.6)),
            markersize=9,
            # the height is a part of the axes, whatever the density
            transform=ax.get_xaxis_transform(),
            rasterized=len(points) > 1000,
        )
    ax.autoscale_view()
    return Artists(
        ax, line=line, fill=area, band=drawn, regions=tuple(regions), rug=rug
    )
