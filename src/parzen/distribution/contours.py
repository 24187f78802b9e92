"""Level sets of a density in several dimensions, from a grid or from draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives

    Floats = NDArray[np.float64]

# Nodes a bandwidth, and the fewest and most on an axis of a grid in the plane.
DENSITY, FEWEST, MOST = 4.0, 192, 640
# Nodes a bandwidth below which a grid says nothing of heights.
COARSE = 2.0
# Cells after those were cut finer.
FINEST = 1 << 22
# Draws that are in memory at once.
BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class Heights:
    """Heights of a density, and the mass above each.

    Attributes
    ----------
    values : ndarray of shape (k,)
        Heights in falling order.
    masses : ndarray of shape (k,)
        Mass where the density exceeds each.
    axes : tuple of ndarray, or None
        Nodes of the grid in the plane.
    grid : ndarray of shape (k_1, k_2), or None
        Heights at the nodes.
    covered : float
        Mass of the grid; tails like a power leave some outside.
    """

    values: Floats
    masses: Floats
    axes: tuple[Floats, Floats] | None = None
    grid: Floats | None = None
    covered: float = 1.0

    @classmethod
    def on_grid(cls, distribution: Primitives) -> Heights:
        """Evaluate in the middle of the cells of a grid in the plane."""
        low, high = distribution._extent()
        first, last = distribution._support()
        room = 0.05 * (high - low)
        low, high = np.maximum(low - room, first), np.minimum(high + room, last)
        wanted = DENSITY * (high - low) / distribution._narrowest()
        shape = np.clip(np.nan_to_num(wanted, posinf=MOST), FEWEST, MOST).astype(int)
        axes = []
        for start, end, count in zip(low, high, shape.tolist(), strict=True):
            step = (end - start) / count
            axes.append(start + step * (np.arange(count) + 0.5))
        nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        values = distribution._pdf(nodes)
        grid = values.reshape(axes[0].size, axes[1].size)
        finer = _within_cells(grid)
        falling = np.sort(finer)[::-1]
        masses = np.cumsum(falling) - 0.5 * falling
        masses = masses / falling.sum()
        cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
        with np.errstate(invalid="ignore", over="ignore"):
            covered = float(falling.sum() * cell * (grid.size / falling.size))
        return cls(falling, masses, (axes[0], axes[1]), grid, covered)

    @staticmethod
    def resolves(distribution: Primitives) -> bool:
        """Whether a grid in the plane has nodes enough on each axis."""
        low, high = distribution._extent()
        with np.errstate(over="ignore", divide="ignore"):
            wanted = COARSE * (high - low) / distribution._narrowest()
        return bool((wanted <= MOST).all())

    @classmethod
    def of_draws(
        cls, distribution: Primitives, size: int, rng: np.random.Generator
    ) -> Heights:
        """Evaluate at draws, which are equal in mass."""
        parts = []
        for first in range(0, size, BLOCK):
            draws = distribution._draw(min(BLOCK, size - first), rng)
            parts.append(distribution._pdf(draws))
        falling = np.sort(np.concatenate(parts))[::-1]
        return cls(falling, (np.arange(size) + 0.5) / size)

    def level(self, p: float) -> float:
        """Return the height above which there is the mass p."""
        return float(np.interp(p, self.masses, self.values))

    def ranks(self, heights: Floats) -> Floats:
        """Mass above heights (m,)."""
        ranks = np.interp(-heights, -self.values, self.masses)
        # nothing is higher than the highest, and everything than zero
        ranks = np.where(heights >= self.values[0], 0.0, ranks)
        return np.asarray(np.where(heights <= 0.0, 1.0, ranks))


def _within_cells(grid: Floats) -> Floats:
    """Heights in cells cut into finer ones, by slopes and bends at the nodes."""
    parts = int(np.clip(np.sqrt(FINEST / grid.size), 1, 8))
    steps = (np.arange(parts) + 0.5) / parts - 0.5
    slopes = np.gradient(grid)
    along = (
        slopes[0][..., None, None] * steps[:, None] + slopes[1][..., None, None] * steps
    )
    bends = np.gradient(slopes[0], axis=0), np.gradient(slopes[1], axis=1)
    squares = 0.5 * steps * steps
    along += bends[0][..., None, None] * squares[:, None]
    along += bends[1][..., None, None] * squares
    mixed = np.gradient(slopes[0], axis=1)
    along += mixed[..., None, None] * (steps[:, None] * steps)
    return np.asarray(np.maximum(grid[..., None, None] + along, 0.0).ravel())


def polygons(heights: Heights, level: float) -> list[Floats]:
    """Enclose where a density on a grid exceeds a level, by polygons (m, 2).

    Holes are polygons, too, turned the other way.

    Raises
    ------
    ImportError
        If contourpy is not installed.
    """
    try:
        from contourpy import contour_generator
    except ImportError as error:
        msg = "contours of a density in two dimensions need contourpy. "
        raise ImportError(msg + "Install it with: pip install parzen[plot]") from error
    if heights.axes is None or heights.grid is None:
        return []
    # a rim that drops to zero closes what runs into a bound
    axes = []
    for axis in heights.axes:
        half = 0.5 * float(axis[1] - axis[0])
        low, high = float(axis[0]) - half, float(axis[-1]) + half
        rim = 1e-9 * half
        axes.append(np.concatenate([[low - rim, low], axis, [high, high + rim]]))
    padded = np.pad(np.pad(heights.grid, 1, mode="edge"), 1)
    top = float(heights.values[0])
    padded /= top if math.isfinite(top) and top > 0 else 1.0
    generator = contour_generator(x=axes[0], y=axes[1], z=padded.T)
    lines = generator.lines(level / top)
    return [np.array(line, dtype=np.float64) for line in lines]
