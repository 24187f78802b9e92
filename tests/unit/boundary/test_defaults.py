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
