"""Pictures of densities and of selectors; needs the extra `plot` (matplotlib)."""

from __future__ import annotations

from parzen.plot.artists import Artists
from parzen.plot.density import draw_density, plot_density
from parzen.plot.scores import plot_scores

__all__ = ["Artists", "draw_density", "plot_density", "plot_scores"]
