"""parzen: kernel density estimation, correct to a stated error, fast at every size.

Start with `parzen.kde(x)`, or with `parzen.KernelDensity` in scikit-learn code.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parzen.bandwidth import BandwidthResult as BandwidthResult
    from parzen.bandwidth import Selector as Selector
    from parzen.binning.binned import BinnedSample as BinnedSample
    from parzen.boundary import Reflect as Reflect
    from parzen.density import Density as Density
    from parzen.density.band import ConfidenceBand as ConfidenceBand
    from parzen.density.store import load as load
    from parzen.distribution import Distribution as Distribution
    from parzen.distribution.distance import Estimate as Estimate
    from parzen.distribution.distance import hellinger as hellinger
    from parzen.distribution.distance import ise as ise
    from parzen.distribution.distance import js as js
    from parzen.distribution.distance import kl as kl
    from parzen.distribution.distance import overlap as overlap
    from parzen.distribution.distance import total_variation as total_variation
    from parzen.distribution.mixture import mixture as mixture
    from parzen.distribution.modes import Modes as Modes
    from parzen.distribution.product import product as product
    from parzen.distribution.regions import Region as Region
    from parzen.errors import AccuracyWarning as AccuracyWarning
    from parzen.errors import BandwidthError as BandwidthError
    from parzen.errors import CapabilityError as CapabilityError
    from parzen.errors import ConvergenceWarning as ConvergenceWarning
    from parzen.errors import DataError as DataError
    from parzen.errors import ParzenError as ParzenError
    from parzen.errors import ParzenWarning as ParzenWarning
    from parzen.errors import ShapeError as ShapeError
    from parzen.errors import UnknownNameError as UnknownNameError
    from parzen.errors import WeightError as WeightError
    from parzen.estimator import KernelDensity as KernelDensity
    from parzen.estimator import KernelDensityCV as KernelDensityCV
    from parzen.functional import kde as kde
    from parzen.functional import kde_from_histogram as kde_from_histogram
    from parzen.functional import select_bandwidth as select_bandwidth
    from parzen.kernels import Kernel as Kernel
    from parzen.sample import Sample as Sample
    from parzen.scale import LocalBandwidth as LocalBandwidth

# Where each public name lives; loaded on first use, so that importing parzen costs no
# more than importing NumPy.
_HOMES = {
    "AccuracyWarning": "errors",
    "BandwidthError": "errors",
    "BandwidthResult": "bandwidth",
    "BinnedSample": "binning.binned",
    "CapabilityError": "errors",
    "ConfidenceBand": "density.band",
    "ConvergenceWarning": "errors",
    "DataError": "errors",
    "Density": "density",
    "Distribution": "distribution",
    "Estimate": "distribution.distance",
    "Kernel": "kernels",
    "KernelDensity": "estimator",
    "KernelDensityCV": "estimator",
    "LocalBandwidth": "scale",
    "Modes": "distribution.modes",
    "ParzenError": "errors",
    "ParzenWarning": "errors",
    "Reflect": "boundary",
    "Region": "distribution.regions",
    "Sample": "sample",
    "Selector": "bandwidth",
    "ShapeError": "errors",
    "UnknownNameError": "errors",
    "WeightError": "errors",
    "hellinger": "distribution.distance",
    "ise": "distribution.distance",
    "js": "distribution.distance",
    "kde": "functional",
    "kde_from_histogram": "functional",
    "kl": "distribution.distance",
    "load": "density.store",
    "mixture": "distribution.mixture",
    "overlap": "distribution.distance",
    "product": "distribution.product",
    "select_bandwidth": "functional",
    "total_variation": "distribution.distance",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of str all the same


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name == "__version__":
        from importlib.metadata import version

        return version("parzen")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"parzen.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    msg = f"module 'parzen' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
