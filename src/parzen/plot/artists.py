"""What a picture of a density consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import FillBetweenPolyCollection
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import FigureBase
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D


@dataclass(frozen=True, eq=False)
class Artists:
    """What was drawn, by its name, to be restyled or removed.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
    line : matplotlib.lines.Line2D or None
        The curve.
    fill : matplotlib.collections.FillBetweenPolyCollection or None
        The area below it.
    band : matplotlib.collections.FillBetweenPolyCollection or None
        The confidence band.
    regions : tuple of matplotlib.collections.FillBetweenPolyCollection
        Highest-density regions below the curve, the most probable first.
    rug : matplotlib.lines.Line2D or None
        The data: marks below a curve, points on a map.
    image : matplotlib.image.AxesImage or None
        The map; its `.colorbar` is drawn beside the axes.
    contour : matplotlib.contour.QuadContourSet or None
    """

    ax: Axes
    line: Line2D | None = None
    fill: FillBetweenPolyCollection | None = None
    band: FillBetweenPolyCollection | None = None
    regions: tuple[FillBetweenPolyCollection, ...] = ()
    rug: Line2D | None = None
    image: AxesImage | None = None
    contour: QuadContourSet | None = None

    @property
    def figure(self) -> FigureBase:
        """The figure that holds the axes."""
        return self.ax.figure
