"""Pictures of densities; needs the extra `plot` (matplotlib)."""

from __future__ import annotations

from parzen.plot.density import plot_density

__all__ = ["plot_density"]
