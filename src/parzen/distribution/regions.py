"""Highest-density regions, and the rank of a point among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_count, check_rng, check_share
from parzen.distribution.contours import Heights, polygons
from parzen.distribution.highest import Pieces
from parzen.distribution.primitives import Primitives
from parzen.errors import AccuracyWarning, warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Draws above two dimensions.
DRAWS = 1 << 17
# A grid in the plane that lacks more of the mass gives way to draws.
LOST = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Region:
    """The smallest region that holds a given probability: where the density is high.

    Attributes
    ----------
    probability : float
        The mass inside.
    level : float
        The density on its border, in 1 / units(x)^d.
    intervals : ndarray of shape (k, 2), or None
        In one dimension the intervals, in rising order.
    polygons : list of ndarray of shape (m, 2), or None
        In two dimensions closed polygons around it; holes are polygons that turn the
        other way.
    """

    probability: float
    level: float
    intervals: NDArray[np.float64] | None
    polygons: list[NDArray[np.float64]] | None
    _distribution: Primitives

    def __repr__(self) -> str:
        """Name probability, level and the number of pieces."""
        text = f"Region(probability={self.probability:.6g}, level={self.level:.4g}"
        for name in ("intervals", "polygons"):
            pieces = getattr(self, name)
            text += "" if pieces is None else f", {name}={len(pieces)}"
        return text + ")"

    def contains(self, q: Any) -> Any:
        """Say whether points lie inside: where the density is at least `level`.

        Parameters
        ----------
        q : array_like
            Points, as for `pdf`.

        Returns
        -------
        inside : bool or ndarray of bool
            One a point.

        Raises
        ------
        ShapeError, DataError
            As for `pdf`.
        """
        distribution = self._distribution
        return distribution._answer(q, distribution._pdf, 0.0) >= self.level


class Regions(Primitives):
    """Highest-density regions, and the rank of a point among them."""

    def hdr(self, p: float, *, size: int = DRAWS, rng: Any = None) -> Region:
        """Find the smallest region that holds a given probability.

        Parameters
        ----------
        p : float
            Its probability, between zero and one.
        size : int
            Draws above two dimensions.
        rng : int, Generator or other seed, optional
            For these draws, which are new at each call where it is None.

        Returns
        -------
        region : Region
            The level, in one dimension intervals, in two dimensions polygons, in any
            `contains`.

        Raises
        ------
        ParzenError
            If `p` does not lie between zero and one, or `rng` is no seed.
        CapabilityError
            If weights are negative.
        ImportError
            In two dimensions, if contourpy is not installed: it comes with the extra
            `plot`.

        Notes
        -----
        On the line the mass of the region is p within an absolute error of 1e-9, and
        that outside 1 - p within a relative one of 1e-9, beside the error of `cdf`; its
        ends are where the density crosses the
        level, solved to the last digit. Near a smooth mode, where the density differs
        from the level by rounding only, p below 1e-6 is not told apart. Where the level
        meets a plateau (a top hat), all of the plateau belongs to the region, and its
        mass exceeds p.

        In the plane the level follows from a grid, of a quarter of a bandwidth a cell
        (at most 640 on an axis); where that comes to half a bandwidth or less, the mass
        of the region is right to about 1e-4 for one gaussian, 1e-3 for samples. Where
        points are so far apart that it does not, or tails like a power leave more than
        1e-3 of the mass outside of any grid, the level follows from 2^17 draws,
        the same at every call, and an `AccuracyWarning` says that polygons are coarse.
        From draws, here and above two dimensions, the mass has a standard error of
        sqrt(p (1 - p) / size).

        References
        ----------
        .. [1] Hyndman, R. J. (1996), "Computing and graphing highest density regions",
           The American Statistician 50, doi:10.1080/00031305.1996.10474359.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([0.0, 10.0], bandwidth=1.0)
        >>> density.hdr(0.5).intervals.round(4)
        array([[-0.6745,  0.6745],
               [ 9.3255, 10.6745]])
        """
        self._need_positive("hdr")
        mass = check_share(p, "p")
        check_rng(rng)
        if self.n_axes == 1:
            pieces = Pieces.of(self)
            level = pieces.level(mass)
            return Region(mass, level, pieces.intervals(level), None, self)
        heights = self._heights(size, rng)
        level = heights.level(mass)
        around = None
        if self.n_axes == 2:
            grid = heights
            if heights.grid is None:
                msg = (
                    "polygons of `hdr` come from a grid that is too coarse for these "
                    "bandwidths, or ends before these tails: the level is right, they "
                    "may lack parts. Take points that are closer together, or a "
                    "`kernel` with lighter tails."
                )
                warn(msg, AccuracyWarning)
                grid = Heights.on_grid(self)
            around = polygons(grid, level)
        return Region(mass, level, None, around, self)

    def rank(self, q: Any, *, size: int = DRAWS, rng: Any = None) -> Any:
        """Return the mass of the region whose border runs through a point.

        Parameters
        ----------
        q : array_like
            Points, as for `pdf`.
        size : int
            Draws above two dimensions.
        rng : int, Generator or other seed, optional
            For these draws, which are new at each call where it is None.

        Returns
        -------
        rank : float or ndarray
            P(f(X) > f(q)) for each point: zero at the highest mode, one where there is
            no density. A point lies in `hdr(p)` where its rank is at most p.

        Raises
        ------
        ShapeError, DataError
            As for `pdf`.
        CapabilityError
            If weights are negative.

        Notes
        -----
        On the line to 1e-9 for up to 512 levels; more are interpolated between critical
        levels, to about 1e-6 (1e-3 where there are more than 40 modes). In the plane
        and above as for `hdr`.

        Examples
        --------
        >>> import parzen
        >>> density = parzen.kde([0.0], bandwidth=1.0)
        >>> density.rank([0.0, 1.0, 2.0]).round(4)
        array([0.    , 0.6827, 0.9545])
        """
        self._need_positive("rank")
        check_rng(rng)

        def evaluate(points: Floats) -> Floats:
            if not len(points):
                return np.empty(0)
            line = self.n_axes == 1
            found: Pieces | Heights
            found = Pieces.of(self) if line else self._heights(size, rng)
            return found.ranks(self._pdf(points))

        return self._answer(q, evaluate, 1.0)

    def _heights(self, size: Any, rng: Any) -> Heights:
        """Heights of the density where there are several dimensions."""
        if self.n_axes > 2:
            count = check_count(size, "size", least=2)
            return Heights.of_draws(self, count, check_rng(rng))
        if Heights.resolves(self):
            heights = Heights.on_grid(self)
            # NaN where units leave the range of floats, and nothing is lost
            if not heights.covered < 1.0 - LOST:
                return heights
        return Heights.of_draws(self, DRAWS, check_rng(0))
