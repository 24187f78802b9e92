"""Masses of kernel sums in intervals and boxes."""
