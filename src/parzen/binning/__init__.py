"""Points onto the nodes of a regular grid, and back to any place between them."""
