"""Derivatives of kernel sums."""
