"""The map of a density in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.plot.artists import Artists
from parzen.plot.window import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from numpy.typing import NDArray

# Contour lines at these parts of the peak.
LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8)
INK = "0.2"


def draw_surface(
    ax: Axes,
    axes: tuple[NDArray[np.float64], ...],
    values: NDArray[np.float64],
    points: NDArray[np.float64] | None,
    *,
    fill: bool,
    color: Any,
    label: str,
    contour: bool = True,
    regions: Mapping[float, float] | None = None,
) -> Artists:
    """Draw the density on a grid, values (m, k), and the data (n, 2) unless None.

    `regions` holds the density at the edge of each highest-density region, by its
    probability.
    """
    window = tuple(visible(values.max(axis=other)) for other in (1, 0))
    x, y = (axis[part] for axis, part in zip(axes, window, strict=True))
    shown = values[window].T
    ink = INK if color is None else color
    image = None
    if fill:
        half_x, half_y = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
        image = ax.imshow(
            shown,
            origin="lower",
            aspect="auto",
            extent=(x[0] - half_x, x[-1] + half_x, y[0] - half_y, y[-1] + half_y),
            cmap="Blues",
            vmin=0.0,
            interpolation="bilinear",
        )
        ax.figure.colorbar(image, ax=ax).set_label(label, parse_math=False)
    lines = None
    if regions:
        lines = _regions(ax, (x, y, shown), regions, ink)
    elif contour:
        levels = [part * float(values.max()) for part in LEVELS]
        lines = ax.contour(
            x, y, shown, levels=levels, colors=[ink], linewidths=0.7, alpha=0.7
        )
    rug = None
    if points is not None:
        (rug,) = ax.plot(
            points[:, 0],
            points[:, 1],
            ".",
            color=ink,
            markersize=4,
            markeredgewidth=0,
            alpha=float(np.clip(200.0 / len(points), 0.1, 0.6)),
            rasterized=len(points) > 1000,
        )
    return Artists(ax, rug=rug, image=image, contour=lines)


def _regions(
    ax: Axes,
    grid: tuple[NDArray[np.float64], ...],
    regions: Mapping[float, float],
    ink: Any,
) -> QuadContourSet:
    """Draw the edges of highest-density regions, and write their probabilities."""
    names: dict[float, str] = {}
    for share, level in regions.items():
        # two probabilities may have one edge, where the density is flat
        names[level] = f"{100 * share:.4g}%"
    lines = ax.contour(
        *grid, levels=sorted(names), colors=[ink], linewidths=1.1, alpha=0.9
    )
    ax.clabel(lines, fmt=names, fontsize=8)
    return lines
