"""The curve of a density in one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.plot.window import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def draw_curve(
    ax: Axes,
    nodes: NDArray[np.float64],
    values: NDArray[np.float64],
    points: NDArray[np.float64] | None,
    *,
    fill: bool,
    color: Any,
    label: str | None,
) -> None:
    """Draw the density at nodes (m,), and the data (n, 1) as a rug unless None."""
    seen = visible(values)
    x, y = nodes[seen], values[seen]
    (line,) = ax.plot(x, y, color=color, label=label, linewidth=1.8)
    # the axis starts at zero, and still follows whatever is drawn later
    line.sticky_edges.y.append(0.0)
    ax.update_datalim([(x[0], 0.0)])
    if fill:
        ax.fill_between(x, y, color=line.get_color(), alpha=0.18, linewidth=0)
    if points is not None:
        ax.plot(
            points[:, 0],
            np.full(len(points), 0.018),
            "|",
            color=line.get_color(),
            alpha=float(np.clip(60.0 / len(points), 0.05, 0.6)),
            markersize=9,
            # the height is a part of the axes, whatever the density
            transform=ax.get_xaxis_transform(),
            rasterized=len(points) > 1000,
        )
    ax.autoscale_view()
