"""The immutable Density and what it answers."""

from __future__ import annotations

from parzen.density.density import Density
from parzen.density.estimate import choose_placed, estimate, place

__all__ = ["Density", "choose_placed", "estimate", "place"]
