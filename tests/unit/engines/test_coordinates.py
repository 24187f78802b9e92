"""Coordinates of points and queries keep the distances of the kernel."""

from __future__ import annotations

import numpy as np
import pytest

from parzen.engines.coordinates import STRETCH, Coordinates
from parzen.errors import BandwidthError
from parzen.scale import Scale

MATRIX = {d: 0.3 * np.eye(d) + 0.1 for d in (2, 5)}


def distances(layout, q):
    """|u|^2 of each query to each point, as the compiled loops compute it; (m, n)."""
    y = layout.place(q)[:, :, None] - layout.points[None]
    if layout.root.size:
        y = np.linalg.solve(layout.root, y)
    metric = layout.metric if layout.metric.size else np.ones(y.shape[1])
    return np.einsum("mkn,k->mn", y**2, metric)


@pytest.mark.parametrize("spread", [1.0, 1e9], ids=["near", "far"])
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("kind", ["number", "widths", "matrix"])
@pytest.mark.parametrize("d", [2, 5])
def test_every_form_keeps_the_distances(rng, d, kind, product, spread):
    """Whitened, by axis or by difference: the same squared distances."""
    widths = np.linspace(0.5, 0.9, d)
    scale = Scale({"number": 0.7, "widths": widths, "matrix": MATRIX[d]}[kind], d)
    x, q = rng.normal(size=(40, d)), rng.normal(size=(7, d))
    x[::2] += spread
    layout = Coordinates.of(x, scale, product=product)
    if layout is None:
        assert (kind, product, spread) == ("matrix", True, 1e9)
        return
    u = scale.to_kernel_units(q[:, None] - x)
    np.testing.assert_allclose(distances(layout, q), (u**2).sum(axis=-1), rtol=1e-11)
    # the loops are told by which arrays are empty what to do
    assert not (layout.metric.size and layout.root.size)


def test_whitened_coordinates_are_padded_to_four_axes(rng):
    """Zeros change no distance, and one pass serves four axes."""
    layout = Coordinates.of(rng.normal(size=(9, 5)), Scale(1.0, 5), product=False)
    assert layout.points.shape == (8, 9)
    assert (layout.points[5:] == 0.0).all()
    assert layout.place(np.ones((2, 5))).shape == (2, 8)


def test_far_data_are_not_whitened():
    """Beyond STRETCH bandwidths whitening would cost digits."""
    x = np.zeros((3, 5))
    x[0] = 3 * STRETCH
    assert Coordinates.of(x, Scale(1.0, 5), product=False).metric.size == 5
    assert Coordinates.of(x, Scale(np.eye(5), 5), product=False).root.size == 25


def test_a_bandwidth_too_small_for_the_data_is_an_error():
    """X / h must be a float."""
    with pytest.raises(BandwidthError, match="too small for the data"):
        Coordinates.of(np.array([[1e300]]), Scale(1e-300, 1), product=False)
