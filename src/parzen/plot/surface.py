"""The map of a density in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.plot.window import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
) -> None:
    """Draw the density on a grid, values (m, k), and the data (n, 2) unless None."""
    window = tuple(visible(values.max(axis=other)) for other in (1, 0))
    x, y = (axis[part] for axis, part in zip(axes, window, strict=True))
    shown = values[window].T
    ink = INK if color is None else color
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
    levels = [part * float(values.max()) for part in LEVELS]
    ax.contour(x, y, shown, levels=levels, colors=[ink], linewidths=0.7, alpha=0.7)
    if points is not None:
        ax.plot(
            points[:, 0],
            points[:, 1],
            ".",
            color=ink,
            markersize=4,
            markeredgewidth=0,
            alpha=float(np.clip(200.0 / len(points), 0.1, 0.6)),
            rasterized=len(points) > 1000,
        )
