"""The distribution as an object of other libraries, and as a picture."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from parzen.distribution.primitives import Primitives

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from parzen.plot import Artists


class Export(Primitives):
    """The distribution as an object of other libraries, and as a picture."""

    def to_scipy(self) -> Any:
        """Return the 1-D distribution as an object of `scipy.stats`.

        It has the interface of `scipy.stats.Normal()` and its kin: `pdf, logpdf, cdf,
        ccdf, icdf, iccdf` with their logarithms, `mean, variance, moment, entropy,
        median, mode, support, sample, plot`, arithmetic such as `2 * X + 1`, and
        `scipy.stats.Mixture`. All of it is answered by this density, with its accuracy
        and speed.

        Returns
        -------
        distribution : instance of a subclass of scipy.stats' distributions
            Made by `scipy.stats.make_distribution`; it holds this density, and does not
            pickle, as nothing that SciPy makes so: pickle the density.

        Raises
        ------
        CapabilityError
            In several dimensions, which that interface does not know, and for negative
            weights.
        ImportError
            If SciPy is older than 1.16.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0)
        >>> X = density.to_scipy()
        >>> print(X.cdf(2.0).round(6), X.ccdf(1.0, 3.0).round(6))
        0.454698 0.560918
        """
        self._need_line("to_scipy", "Take `marginal(k)` first.")
        self._need_positive("to_scipy")
        from parzen.distribution.scipy_form import scipy_form

        return scipy_form(self)

    def to_pandas(self, size: Any = None) -> Any:
        """Return `grid` as a data frame, one row a node.

        Parameters
        ----------
        size : int or tuple of int, optional
            Nodes on each axis, as for `grid`.

        Returns
        -------
        frame : pandas.DataFrame
            A column for each axis, named as the data were, else x, y and z, and the
            column "density" ("density_" where the data have a column of that name).
            The last axis varies fastest.

        Raises
        ------
        CapabilityError
            Above three dimensions.
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import parzen
        >>> parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).to_pandas(3).round(3)
               x  density
        0 -3.892    0.000
        1  2.500    0.204
        2  8.892    0.000
        """
        return importlib.import_module("parzen.io.frames").grid_frame(self, size)

    def to_xarray(self, size: Any = None) -> Any:
        """Return `grid` as a labelled array.

        Parameters
        ----------
        size : int or tuple of int, optional
            Nodes on each axis, as for `grid`.

        Returns
        -------
        array : xarray.DataArray
            Named "density", with an axis for each dimension named as the data were,
            else x, y and z. Its attributes tell the units and, of a kernel density, the
            kernel, the bandwidth, the bounds and the number of points.

        Raises
        ------
        CapabilityError
            Above three dimensions.
        ImportError
            If xarray is not installed.

        Examples
        --------
        >>> import parzen
        >>> array = parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).to_xarray(101)
        >>> array.dims, array.attrs["units"], array.attrs["kernel"]
        (('x',), '1 / units of x', 'gaussian')
        """
        return importlib.import_module("parzen.io.frames").grid_array(self, size)

    def plot(
        self,
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
        """Draw the distribution, where it differs visibly from zero.

        A curve in one dimension, a map in two. Nothing global is changed: new axes
        belong to a figure of their own, which pyplot does not know.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default on a new figure, at hand as `.figure` of the
            result.
        size : int or tuple of int, optional
            Nodes on each axis; by default 1024 in one dimension, where the density can
            be seen, and 256 on each axis in two.
        fill : bool
            Fill the area below the curve, where neither band nor regions are drawn;
            in two dimensions draw the image.
        rug : bool, optional
            Mark each data point; by default where there are at most 5000.
        band : ConfidenceBand or float, optional
            A band to draw around the curve, or the level of an asymptotic one.
        hdr : float or sequence of float, optional
            Probabilities of highest-density regions, such as 0.5 and 0.9: shaded below
            the curve, or contour lines of a map instead of those at parts of the peak.
        contour : bool
            Draw contour lines in two dimensions.
        color : matplotlib color, optional
            Of the curve, or of contour lines and points; by default the next of the
            axes' color cycle, or a dark gray.
        label : str, optional
            Name of the curve in a legend.
        title : str, optional
            By default the names of the columns, on a new figure and where there are
            names; "" for none.

        Returns
        -------
        Artists
            All that was drawn, each by its name; None for what was not.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        CapabilityError
            Above two dimensions; for `label` or `band` in two; for `rug` where there
            are no data points.

        Warns
        -----
        AccuracyWarning
            If nodes are farther apart than half a bandwidth, so that peaks may be
            missed.

        Examples
        --------
        >>> import parzen
        >>> artists = parzen.kde([1.0, 2.0, 4.0]).plot(rug=False)
        >>> artists.ax.get_ylabel(), artists.rug is None
        ('density (per unit of x)', True)

        Save it with `artists.figure.savefig("density.png")`.
        """
        # by name, because pictures stand above: nothing here may need them
        draw = importlib.import_module("parzen.plot").draw_density
        drawn: Artists = draw(
            self,
            ax,
            size=size,
            fill=fill,
            rug=rug,
            band=band,
            hdr=hdr,
            contour=contour,
            color=color,
            label=label,
            title=title,
        )
        return drawn
