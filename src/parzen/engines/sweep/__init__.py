"""Sweep: exact sums on the line for kernels that separate, from sorted points."""
