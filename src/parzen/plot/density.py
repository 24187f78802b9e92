"""Draw a density: a curve in one dimension, a map in two."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill as fill_text
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_flag, check_share
from parzen.density.band import ConfidenceBand
from parzen.errors import AccuracyWarning, CapabilityError, warn
from parzen.plot.curve import draw_curve
from parzen.plot.surface import draw_surface
from parzen.plot.window import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from parzen.distribution import Distribution
    from parzen.plot.artists import Artists

# Nodes on each axis of the picture, by dimension.
NODES = {1: 1024, 2: 256}
# A picture whose nodes are farther apart than this many bandwidths draws a warning.
COARSEST = 0.5
# More points than this are not drawn unless asked for: they would be one solid bar.
MOST_POINTS = 5000
# Characters in a line of a label.
LINE = 48


def plot_density(
    density: Distribution,
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
    density : Distribution
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
    return draw_density(
        density, ax, size=size, fill=fill, rug=rug, color=color, label=label, title=""
    ).ax


def draw_density(
    density: Distribution,
    ax: Axes | None = None,
    *,
    size: Any = None,
    fill: bool = True,
    rug: bool | None = None,
    band: Any = None,
    hdr: Any = None,
    contour: bool = True,
    color: Any = None,
    label: str | None = None,
    title: str | None = None,
) -> Artists:
    """Draw a distribution and return what was drawn; see `Distribution.plot`."""
    d = density.n_axes
    _check(density, rug=rug, band=band, label=label)
    names = density.columns or ("x", "y")[:d]
    if title is None and ax is None and density.columns is not None:
        title = f"Density of {' and '.join(names)}"
    axes, values = _evaluate(density, size)
    levels = _levels(density, hdr)
    points = _rug(density, rug)
    if band is not None and not isinstance(band, ConfidenceBand):
        # the estimate's own: mixtures and the like have none
        flat = getattr(density, "points", axes[0]).ndim == 1
        band = density.confidence_band(  # type: ignore[attr-defined]
            band, points=axes[0] if flat else axes[0][:, None]
        )
    ax = new_axes() if ax is None else ax
    unit = f"density (per unit of {' and of '.join(names)})"
    look: dict[str, Any] = {"fill": fill, "color": color}
    if d == 1:
        drawn = draw_curve(
            ax, axes[0], values, points, label=label, band=band, levels=levels, **look
        )
        ax.set_ylabel(fill_text(unit, LINE), parse_math=False)
    else:
        drawn = draw_surface(
            ax,
            axes,
            values,
            points,
            label=fill_text(unit, LINE),
            contour=contour,
            regions=levels,
            **look,
        )
        ax.set_ylabel(fill_text(names[1], LINE), parse_math=False)
    # a dollar sign in the name of a column is no formula
    ax.set_xlabel(fill_text(names[0], LINE), parse_math=False)
    if title:
        ax.set_title(fill_text(title, LINE), parse_math=False)
    return drawn


def _check(density: Distribution, *, rug: Any, band: Any, label: Any) -> None:
    """Raise for what cannot be drawn."""
    d = density.n_axes
    if rug is not None:
        check_flag(rug, "rug")
    if band is not None and not isinstance(band, ConfidenceBand):
        check_share(band, "band")
    if d not in NODES:
        msg = f"a picture shows 1 or 2 dimensions; the data have {d}. "
        raise CapabilityError(msg + "Choose two columns, or project (PCA).")
    if d > 1 and label is not None:
        msg = f"`label` names a curve in a legend; the data have {d} dimensions. "
        raise CapabilityError(msg + "Use `ax.set_title`.")
    if d > 1 and band is not None:
        msg = f"`band` surrounds a curve; the data have {d} dimensions. "
        raise CapabilityError(msg + "Draw its `lower` and `upper` as maps.")
    if rug and not hasattr(density, "points"):
        msg = f"`rug` marks data points; a {type(density).__name__} has none. "
        raise CapabilityError(msg + "Leave it out.")
    own = hasattr(density, "confidence_band") or isinstance(band, ConfidenceBand)
    if band is not None and not own:
        msg = f"`band` needs an estimate from data; got a {type(density).__name__}. "
        raise CapabilityError(msg + "Give a ConfidenceBand, or leave it out.")


def _rug(density: Distribution, rug: Any) -> NDArray[np.float64] | None:
    """Return the data to mark, (n, d); None where there are none, or too many."""
    if not hasattr(density, "points") or rug is False:
        return None
    points: NDArray[np.float64] = density.points.reshape(-1, density.n_axes)
    if rug is None and getattr(density, "sample_size", 0) > MOST_POINTS:
        return None
    # data beyond the bounds, where these cut, would stretch the axes
    lower, upper = density.support()
    inside = ((points >= lower) & (points <= upper)).all(axis=1)
    return np.asarray(points[inside])


def _levels(density: Distribution, hdr: Any) -> dict[float, float]:
    """Return the density at the edge of each highest-density region."""
    if hdr is None:
        return {}
    several = hdr if isinstance(hdr, Iterable) and not isinstance(hdr, str) else (hdr,)
    shares = [check_share(p, "hdr") for p in several]
    return {p: float(density.hdr(p).level) for p in shares}


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
    density: Distribution, size: Any
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Evaluate the density on axes (m_k,), closer where a curve is to be seen."""
    d = density.n_axes
    axes, values = density.grid(NODES[d] if size is None else size)
    flat = not isinstance(axes, tuple)
    axes = (axes,) if flat else axes
    wide = _step_in_bandwidths(density, axes)
    # half of this from a point its kernel is still more than half as high as at it
    kernel = getattr(density, "kernel", None)
    found = wide <= (1.0 if kernel is None else kernel.reach(0.05, d))
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
    density: Distribution, axes: tuple[NDArray[np.float64], ...]
) -> float:
    """Return the largest distance of neighbouring nodes in bandwidths."""
    if getattr(density, "boundary", None) == "transform":
        # its bandwidth is one of the mapped data: no distance tells what is missed
        return 0.0
    steps = np.array([axis[1] - axis[0] for axis in axes])
    # a primitive, for the package: mixtures and the like have no bandwidth
    return float((steps / density._narrowest()).max())  # noqa: SLF001
