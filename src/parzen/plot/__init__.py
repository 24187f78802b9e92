"""Pictures of densities and of selectors; needs the extra `plot` (matplotlib)."""

from __future__ import annotations

from parzen.plot.density import plot_density
from parzen.plot.scores import plot_scores

__all__ = ["plot_density", "plot_scores"]
