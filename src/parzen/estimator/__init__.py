"""The density as scikit-learn estimators."""

from __future__ import annotations

from parzen.estimator.kernel_density import KernelDensity
from parzen.estimator.kernel_density_cv import KernelDensityCV

__all__ = ["KernelDensity", "KernelDensityCV"]
