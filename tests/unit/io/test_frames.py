"""Grids as frames and labelled arrays."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import parzen
from parzen.errors import CapabilityError

pd = pytest.importorskip("pandas")

X = np.random.default_rng(0).normal(size=(50, 3))


@pytest.mark.parametrize("names", [None, ["east", "north", "density"]])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_frame_has_a_row_for_each_node(d, names):
    """Columns by the names of the data, and the density."""
    x = X[:, :d] if names is None else pd.DataFrame(X[:, :d], columns=names[:d])
    density = parzen.kde(x, bandwidth=0.5)
    frame = density.to_pandas(6)
    axes = list(names or "xyz")[:d]
    value = "density_" if names and d == 3 else "density"
    assert list(frame.columns) == [*axes, value]
    assert len(frame) == 6**d
    np.testing.assert_allclose(frame[value], density.pdf(frame[axes]), rtol=1e-12)
    assert frame[axes[-1]].iloc[:6].is_monotonic_increasing


def test_flat_data_have_one_column():
    """1-D data as well."""
    series = pd.Series(X[:, 0], name="wait")
    frame = parzen.kde(series, bandwidth=0.5).to_pandas()
    assert list(frame.columns) == ["wait", "density"]
    assert len(frame) == 1024


@pytest.mark.parametrize("d", [1, 2, 3])
def test_an_array_has_coordinates_and_units(d):
    """Selecting by a coordinate finds the density there."""
    pytest.importorskip("xarray")
    names = ["east", "north", "up"][:d]
    density = parzen.kde(pd.DataFrame(X[:, :d], columns=names), bandwidth=0.5)
    array = density.to_xarray(7)
    assert array.dims == tuple(names)
    assert array.name == "density"
    place = {name: float(array[name][3]) for name in names}
    assert float(array.sel(place)) == pytest.approx(density.pdf(list(place.values())))
    assert array.attrs["units"] == " / ".join(["1", *(f"units of {n}" for n in names)])
    assert array.attrs["kernel"] == "gaussian"
    assert array.attrs["sample_size"] == 50


def test_attributes_fit_into_files():
    """Numbers, texts and arrays only, whatever the density."""
    pytest.importorskip("xarray")
    wide = parzen.LocalBandwidth(0.3, 1 + X[:, 0] ** 2)
    bounded = parzen.kde(X[:, 0], bandwidth=0.5, bounds=(-5, 5), boundary="reflect")
    for density in (parzen.kde(X[:, :2], bandwidth=wide), bounded):
        for value in density.to_xarray(5).attrs.values():
            assert isinstance(value, (str, int, float, np.ndarray))
    assert bounded.to_xarray(5).attrs["bounds"].tolist() == [-5, 5]


@pytest.mark.parametrize(
    ("module", "name"), [("pandas", "to_pandas"), ("xarray", "to_xarray")]
)
def test_a_missing_library_is_named(monkeypatch, module, name):
    """With the extra that brings it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"parzen\[frames\]"):
        getattr(parzen.kde(X[:, 0], bandwidth=0.5), name)()


def test_no_grid_above_three_dimensions():
    """As for `grid`."""
    with pytest.raises(CapabilityError):
        parzen.kde(np.eye(4), bandwidth=1.0).to_pandas()
