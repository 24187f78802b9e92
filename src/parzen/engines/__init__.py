"""How to sum the kernels: engines with a stated error, and the planner."""
