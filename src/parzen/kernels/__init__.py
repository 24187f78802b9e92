"""Kernels: the shape of the mass around each point."""

from __future__ import annotations

from parzen.kernels.catalog import kernel_names
from parzen.kernels.kernel import Kernel

__all__ = ["Kernel", "kernel_names"]
