"""What a call with nothing but bounds does, and what no grid can answer."""

from __future__ import annotations

import numpy as np
import pytest

import parzen


def test_a_plain_box_needs_no_more(rng):
    """In several dimensions "auto" takes widths along the axes of the box."""
    x = rng.random((300, 2))
    density = parzen.kde(x, bounds=[(0, 1), (0, 1)])
    assert density.bandwidth.shape == (2,)
    assert "bounds" in density.bandwidth_result.note
    side = (np.arange(100) + 0.5) / 100
    mesh = np.stack(np.meshgrid(side, side), axis=-1)
    assert density.pdf(mesh).mean() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
def test_heavy_tails_are_not_folded_from_a_grid(rng, boundary):
    """It has cut them; the direct sum has not."""
    x, options = rng.random(50), {"kernel": "cauchy", "bandwidth": 0.9}
    options |= {"bounds": (0, 1), "boundary": boundary}
    with pytest.raises(parzen.CapabilityError, match="heavy tails"):
        parzen.kde(x, method="fft", **options)
    q = (np.arange(1000) + 0.5) / 1000
    mass = parzen.kde(x, method="direct", **options).pdf(q).mean()
    assert mass == pytest.approx(1.0, abs=1e-5)


def test_the_bandwidth_alone_is_that_of_the_density(rng):
    """`select_bandwidth` sees the bounds as `kde` does, in one dimension and in two."""
    box = {"bounds": [(0, 1), (0, 1)]}
    x = rng.random((300, 2))
    np.testing.assert_array_equal(
        parzen.select_bandwidth(x, **box).value, parzen.kde(x, **box).bandwidth
    )
    for boundary in ("reflect", "linear", "transform", "periodic", None):
        options = {"bounds": (0, 1), "boundary": boundary}
        alone = parzen.select_bandwidth(x[:, 0], **options).value
        assert alone == parzen.kde(x[:, 0], **options).bandwidth
