"""The values of a density on a grid, as data frames and labelled arrays."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution import Distribution

AXES = ("x", "y", "z")
VALUES = "density"
# What attributes of an array may hold, where the distribution knows it.
FACTS = ("kernel", "bandwidth", "boundary", "bounds", "sample_size", "method")


def grid_frame(density: Distribution, size: Any = None) -> Any:
    """Return a pandas frame with a row for each node of `density.grid(size)`."""
    try:
        import pandas as pd
    except ImportError as error:
        msg = '`to_pandas` needs pandas; install it with pip install "parzen[frames]"'
        raise ImportError(msg) from error
    names, axes, values = _on_grid(density, size)
    mesh = np.meshgrid(*axes, indexing="ij")
    columns = {name: m.ravel() for name, m in zip(names, mesh, strict=True)}
    return pd.DataFrame({**columns, _apart(VALUES, names): values.ravel()})


def grid_array(density: Distribution, size: Any = None) -> Any:
    """Return an xarray.DataArray of `density.grid(size)`."""
    try:
        import xarray as xr
    except ImportError as error:
        msg = '`to_xarray` needs xarray; install it with pip install "parzen[frames]"'
        raise ImportError(msg) from error
    names, axes, values = _on_grid(density, size)
    return xr.DataArray(
        values,
        coords=dict(zip(names, axes, strict=True)),
        dims=names,
        name=_apart(VALUES, names),
        attrs=_facts(density, names),
    )


def _on_grid(
    density: Distribution, size: Any
) -> tuple[tuple[str, ...], tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Return the names of the axes, the axes, and the density on them."""
    axes, values = density.grid(size)
    if not isinstance(axes, tuple):
        axes = (axes,)
    return density.columns or AXES[: len(axes)], axes, values


def _apart(name: str, names: tuple[str, ...]) -> str:
    """Return a name that is none of these."""
    while name in names:
        name += "_"
    return name


def _facts(density: Distribution, names: tuple[str, ...]) -> dict[str, Any]:
    """Return what is known of a density, as far as a file can hold it."""
    facts: dict[str, Any] = {
        "long_name": "probability density",
        "units": f"1 / {' / '.join(f'units of {name}' for name in names)}",
    }
    for name in FACTS:
        value = getattr(density, name, None)
        if name == "kernel" and value is not None:
            value = str(value)
        if name == "bounds" and value is not None:
            value = np.asarray(value, dtype=np.float64)
        if isinstance(value, (numbers.Real, str, np.ndarray)):
            facts[name] = value
    return facts
