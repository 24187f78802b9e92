"""Where mass may live: bounds, and what happens at them."""

from __future__ import annotations

from parzen.boundary.boundary import BOUNDARIES, Boundary, boundary_of
from parzen.boundary.bounds import Bounds
from parzen.boundary.reflect import Reflect

__all__ = ["BOUNDARIES", "Boundary", "Bounds", "Reflect", "boundary_of"]
