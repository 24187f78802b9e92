"""Draw a density: a curve in one dimension, a map in two."""

from __future__ import annotations

from textwrap import fill as fill_text
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import AccuracyWarning, CapabilityError, warn
from parzen.plot.curve import draw_curve
from parzen.plot.surface import draw_surface
from parzen.plot.window import visible
from parzen.scale import LocalBandwidth

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from parzen.density import Density

# Nodes on each axis of the picture, by dimension.
NODES = {1: 1024, 2: 256}
# A picture whose nodes are farther apart than this many bandwidths draws a warning.
COARSEST = 0.5
# More points than this are not drawn unless asked for: they would be one solid bar.
MOST_POINTS = 5000
# Characters in a line of a label.
LINE = 48


def plot_density(
    density: Density,
    ax: Axes | None = None,
    *,
    size: Any = None,
    fill: bool = True,
    rug: bool | None = None,
    color: Any = None,
    label: str | None = None,
) -> Axes:
    """Draw a density on axes, where it differs visibly from zero.

    A curve with its area and a rug of the data for one dimension; an image with contour
    lines and the data points for two. Nothing global is changed: new axes belong to a
    figure of their own, which pyplot does not know.

    Parameters
    ----------
    density : Density
        Of one or two dimensions.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure, at hand as `.figure` of the result.
    size : int or tuple of int, optional
        Nodes on each axis; by default 1024 in one dimension, where the density can be
        seen, and 256 on each axis in two.
    fill : bool
        Fill the area below the curve; in two dimensions draw the image.
    rug : bool, optional
        Mark each data point; by default where there are at most 5000.
    color : matplotlib color, optional
        Of the curve, or of contour lines and points; by default the next of the axes'
        color cycle, or a dark gray.
    label : str, optional
        Name of the curve in a legend.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on. The density has the unit 1 / units(x)^d, as its label says.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    CapabilityError
        Above two dimensions, or for `label` in two.

    Warns
    -----
    AccuracyWarning
        If nodes are farther apart than half a bandwidth, so that peaks may be missed.

    Examples
    --------
    >>> import parzen
    >>> from parzen.plot import plot_density
    >>> density = parzen.kde([1.0, 2.0, 4.0])
    >>> ax = plot_density(density)
    >>> ax.get_ylabel()
    'density (per unit of x)'

    Save it with `ax.figure.savefig("density.png")`.
    """
    d = density.n_axes
    if d not in NODES:
        msg = f"a picture shows 1 or 2 dimensions; the data have {d}. "
        raise CapabilityError(msg + "Choose two columns, or project (PCA).")
    if label is not None and d > 1:
        msg = f"`label` names a curve in a legend; the data have {d} dimensions. "
        raise CapabilityError(msg + "Use `ax.set_title`.")
    if ax is None:
        ax = new_axes()
    axes, values = _evaluate(density, size)
    points = None
    if rug or (rug is None and density.sample_size <= MOST_POINTS):
        points = density.points.reshape(-1, d)
    names = density.columns or ("x", "y")[:d]
    unit = f"density (per unit of {' and of '.join(names)})"
    if d == 1:
        draw_curve(ax, axes[0], values, points, fill=fill, color=color, label=label)
        ax.set_ylabel(fill_text(unit, LINE), parse_math=False)
    else:
        unit = fill_text(unit, LINE)
        draw_surface(ax, axes, values, points, fill=fill, color=color, label=unit)
        ax.set_ylabel(fill_text(names[1], LINE), parse_math=False)
    # a dollar sign in the name of a column is no formula
    ax.set_xlabel(fill_text(names[0], LINE), parse_math=False)
    return ax


def new_axes() -> Axes:
    """Make axes on a figure of their own, without pyplot and its global state."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        msg = 'pictures need matplotlib; install it with pip install "parzen[plot]"'
        raise ImportError(msg) from error
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    ax = Figure(layout=layout).add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _evaluate(
    density: Density, size: Any
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Evaluate the density on axes (m_k,), closer where a curve is to be seen."""
    d = density.n_axes
    axes, values = density.grid(NODES[d] if size is None else size)
    flat = not isinstance(axes, tuple)
    axes = (axes,) if flat else axes
    wide = _step_in_bandwidths(density, axes)
    # half of this from a point its kernel is still more than half as high as at it
    found = wide <= density.kernel.reach(0.05, d)
    if size is None and d == 1 and found:
        seen = axes[0][visible(values)]
        if 2 * len(seen) < NODES[1]:
            closer = np.linspace(seen[0], seen[-1], NODES[1])
            axes = (closer,)
            values = np.asarray(density.pdf(closer if flat else closer[:, None]))
            wide = _step_in_bandwidths(density, axes)
    if wide > COARSEST:
        most = max(len(axis) for axis in axes)
        msg = (
            f"the picture's nodes are {wide:.3g} bandwidths apart, so peaks may be "
            f"missed; raise the grid's size to {int(most * wide / COARSEST) + 1}."
        )
        warn(msg, AccuracyWarning)
    return axes, values


def _step_in_bandwidths(
    density: Density, axes: tuple[NDArray[np.float64], ...]
) -> float:
    """Return the largest distance of neighbouring nodes in bandwidths."""
    if density.boundary == "transform":
        # its bandwidth is one of the mapped data: no distance tells what is missed
        return 0.0
    bandwidth, narrowest = density.bandwidth, 1.0
    if isinstance(bandwidth, LocalBandwidth):
        narrowest = float(bandwidth.factors.min())
        bandwidth = bandwidth.scale
    widths = np.asarray(bandwidth)
    if widths.ndim == 2:
        widths = np.sqrt(np.diag(widths))
    steps = np.array([axis[1] - axis[0] for axis in axes])
    return float((steps / widths).max()) / narrowest
