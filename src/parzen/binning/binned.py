"""`BinnedSample`: data on the nodes of a grid, ready to be merged and used again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.binning.grid import Grid
from parzen.binning.spread import BINNINGS, spread
from parzen.checks import check_choice, check_flag, check_grid_size, check_limits
from parzen.errors import CapabilityError, DataError, ShapeError, WeightError
from parzen.readonly import ReadOnly
from parzen.sample import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Default nodes on each axis, by dimension.
NODES = {1: 4096, 2: 512, 3: 128}
# Sums of squared weights below have lost digits.
SMALLEST = 1e-290


@dataclass(frozen=True, eq=False)
class BinnedSample(ReadOnly):
    """Hold the data as masses on the nodes of a regular grid, and nothing else.

    Pass it to `parzen.kde` in place of the data: the density is that of the nodes with
    their masses, at O(G) a bandwidth, however many points there were. Add the samples
    of two parts of the data, binned on the same grid, for the sample of the whole: in
    streams, files and clusters. Memory O(G) for G nodes.

    Attributes
    ----------
    grid : Grid
        The nodes.
    masses : ndarray of shape grid.shape
        Total weight that each node holds, read-only.
    size : int
        Number of points that were binned.
    squares : float
        Sum of the squared weights, for the effective number of points.
    binning : {"linear", "simple"}
        How points were shared among nodes.
    flat : bool
        Whether the data came as a 1-D array.
    columns : tuple of str or None
        Names of the axes.
    resolution : float
        Width of the bins of a histogram, which no rule for bandwidths looks into; zero
        for data that came as points.

    See Also
    --------
    parzen.kde_from_histogram : From counts in bins.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=(2, 1000))
    >>> parts = [parzen.BinnedSample.of(row, limits=(-6, 6)) for row in x]
    >>> whole = parts[0] + parts[1]
    >>> whole
    BinnedSample(size=2000, nodes=4096, binning='linear')
    >>> parzen.kde(whole, bandwidth=0.3).pdf(0.0).round(3)
    np.float64(0.376)
    """

    grid: Grid
    masses: NDArray[np.float64]
    size: int
    squares: float
    binning: str = "linear"
    flat: bool = True
    columns: tuple[str, ...] | None = None
    resolution: float = 0.0

    @classmethod
    def of(
        cls,
        x: Any,
        weights: Any = None,
        *,
        limits: Any = None,
        grid_size: Any = None,
        binning: str = "linear",
        signed_weights: bool = False,
    ) -> BinnedSample:
        """Bin a sample.

        Parameters
        ----------
        x : array_like of shape (n,) or (n, d)
            Sample of at most three dimensions, finite.
        weights : array_like of shape (n,), optional
            Non-negative, of any scale; the scale counts when samples are added.
        limits : pair of float, or d such pairs, optional
            First and last node of each axis; the range of the data by default. To be
            added, samples must have the same.
        grid_size : int or tuple of int, optional
            Nodes on each axis; 4096, 512 or 128 in 1, 2 or 3 dimensions by default.
        binning : {"linear", "simple"}
            Share each point among the neighbouring nodes, or give all to the nearest.
        signed_weights : bool
            Whether weights may be negative.

        Returns
        -------
        BinnedSample
            Cost O(2^d n), about 2 ns a point in 1-D.

        Raises
        ------
        DataError
            If points lie outside `limits`: none is dropped silently.
        ShapeError, WeightError, CapabilityError
            If an argument is not valid, or the data have more than three dimensions.
        """
        check_choice(binning, BINNINGS, "binning")
        signed = check_flag(signed_weights, "signed_weights")
        sample = Sample.of(x, weights, signed=signed)
        if sample.d not in NODES:
            msg = (
                f"a regular grid serves 1, 2 or 3 dimensions; the data have {sample.d}."
            )
            raise CapabilityError(msg + " Use `kde(x)` with method='direct'.")
        shape = check_grid_size(grid_size, sample.d) or (NODES[sample.d],) * sample.d
        grid = lay(*_ends(sample, limits), shape)
        total = squares = float(sample.n)
        if sample.weights is not None:
            total = float(np.sum(np.asarray(weights, dtype=np.float64)))
            squares = total * (total / sample.n_eff)
            if not SMALLEST < squares < np.inf:
                msg = (
                    "`weights` must have squares within the range of floats, for they "
                    f"are added; got a sum of {total:.3g}. Multiply all `weights` by "
                    "one constant."
                )
                raise WeightError(msg)
        masses = spread(sample.points, sample.weights, grid, binning)
        masses *= total
        return cls(
            grid, masses, sample.size, squares, binning, sample.flat, sample.columns
        )

    def __add__(self, other: BinnedSample) -> BinnedSample:
        """Merge with the sample of other data on the same grid."""
        if not isinstance(other, BinnedSample):
            return NotImplemented
        same = (
            self.grid.shape == other.grid.shape
            and np.array_equal(self.grid.lower, other.grid.lower)
            and np.array_equal(self.grid.upper, other.grid.upper)
            and self.binning == other.binning
            and self.flat == other.flat
        )
        if not same:
            msg = (
                "binned samples add up on the same grid only; got "
                f"{_describe(self)} and {_describe(other)}. Bin both with the same "
                "`limits`, `grid_size` and `binning`."
            )
            raise ShapeError(msg)
        if None not in {self.columns, other.columns} and self.columns != other.columns:
            msg = (
                "binned samples of different columns do not add up; got "
                f"{self.columns} and {other.columns}. Select the columns by name."
            )
            raise ShapeError(msg)
        return BinnedSample(
            self.grid,
            self.masses + other.masses,
            self.size + other.size,
            self.squares + other.squares,
            self.binning,
            self.flat,
            self.columns or other.columns,
            max(self.resolution, other.resolution),
        )

    def __radd__(self, other: object) -> BinnedSample:
        """Let `sum` begin with its zero."""
        return self if other == 0 else NotImplemented

    def sample(self) -> Sample:
        """Return the nodes that hold mass as points with weights."""
        filled = np.nonzero(self.masses)
        weights = self.masses[filled]
        total = float(weights.sum())
        axes = zip(self.grid.axes, filled, strict=True)
        return Sample(
            np.column_stack([axis[index] for axis, index in axes]),
            weights / total,
            self.flat,
            self.columns,
            n_given=self.size,
            effective=total / self.squares * total,
            spacing=self.grid.step,
            resolution=self.resolution,
        )

    def __repr__(self) -> str:
        nodes = self.grid.shape[0] if len(self.grid.shape) == 1 else self.grid.shape
        return (
            f"BinnedSample(size={self.size}, nodes={nodes}, binning={self.binning!r})"
        )


def lay(
    lower: NDArray[np.float64], upper: NDArray[np.float64], shape: tuple[int, ...]
) -> Grid:
    """Lay a grid whose nodes floats can tell apart; `DataError` if they cannot."""
    grid = Grid(lower, upper, shape)
    with np.errstate(over="ignore", divide="ignore"):
        finite = np.isfinite(grid.step) & np.isfinite(1.0 / grid.step)
    if not finite.all():
        k = int(np.argmin(finite))
        msg = (
            f"the nodes of axis {k} must be told apart by floats; they span "
            f"[{lower[k]:g}, {upper[k]:g}]. Change the units, or `limits`."
        )
        raise DataError(msg)
    return grid


def _ends(
    sample: Sample, limits: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and the last node of each axis, around all the data."""
    if limits is None:
        lower, upper = sample.lower, sample.upper
        # equal points have no range: all on the first node, so that rules see no spread
        room = np.where(upper > lower, 0.0, np.maximum(np.abs(upper) * 1e-6, 1e-300))
        return lower.copy(), upper + room
    ends = check_limits(limits, sample.d)
    outside = ((sample.points < ends[:, 0]) | (sample.points > ends[:, 1])).any(axis=1)
    if outside.any():
        i = int(np.argmax(outside))
        msg = (
            f"`x` must lie within `limits`; {int(outside.sum())} points do not, the "
            f"first is {sample.points[i].tolist()}. Widen `limits`, or drop them."
        )
        raise DataError(msg)
    return ends[:, 0].copy(), ends[:, 1].copy()


def _describe(binned: BinnedSample) -> str:
    """Write the grid of a binned sample in a few words."""
    ends = zip(binned.grid.lower.tolist(), binned.grid.upper.tolist(), strict=True)
    spans = " x ".join(f"[{low:g}, {high:g}]" for low, high in ends)
    return f"{binned.grid.shape} nodes over {spans}, {binned.binning}"
