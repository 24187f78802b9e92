"""Kernels: the shape of the mass around each point."""

from __future__ import annotations

from parzen.kernels.catalog import kernel_names
from parzen.kernels.distribution import DistributionKernel
from parzen.kernels.kernel import Kernel
from parzen.kernels.specs import AnyKernel, as_kernel, kernel_from_spec

__all__ = [
    "AnyKernel",
    "DistributionKernel",
    "Kernel",
    "as_kernel",
    "kernel_from_spec",
    "kernel_names",
]
