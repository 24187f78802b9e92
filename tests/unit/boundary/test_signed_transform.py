"""Signed weights on a mapped axis: the density may be negative there, too."""

from __future__ import annotations

import numpy as np

import parzen
from tests import reference


def test_negative_densities_survive_the_map():
    """The pdf is that of the line times the slope; only its logarithm is NaN."""
    x, w = np.array([1.0, 1.2, 3.0]), [2.0, 1.0, -1.0]
    density = parzen.kde(
        x,
        weights=w,
        signed_weights=True,
        bounds=(0, None),
        boundary="transform",
        bandwidth=0.3,
    )
    q = np.array([0.5, 1.0, 3.0])
    plus = reference.density(np.log(x[:2]), np.log(q), 0.3, weights=w[:2]) * 1.5
    minus = reference.density(np.log(x[2:]), np.log(q), 0.3) * 0.5
    np.testing.assert_allclose(density.pdf(q), (plus - minus) / q, rtol=1e-9)
    assert density.pdf(5e-324) == 0.0
    assert np.isnan(density.logpdf(3.0))
