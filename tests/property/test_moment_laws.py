"""Laws of moments, entropy, regions and distances, on samples that hypothesis makes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen import kde
from parzen.distribution.distance import hellinger, js, kl, overlap, total_variation

KERNELS = st.sampled_from(["gaussian", "epanechnikov", "triangular", "logistic"])
NUMBERS = st.floats(-5.0, 5.0)
SAMPLES = st.lists(NUMBERS, min_size=1, max_size=60).map(np.array)
WIDTHS = st.floats(0.1, 3.0)
FEW = settings(max_examples=25)


@FEW
@given(SAMPLES, KERNELS, WIDTHS, st.floats(-100.0, 100.0), st.floats(0.01, 100.0))
def test_entropy_and_moments_follow_affine_maps(x, kernel, h, shift, scale):
    """Entropy moves by log s and not by shifts; moments with the data."""
    a = kde(x, kernel=kernel, bandwidth=h)
    b = kde(scale * x + shift, kernel=kernel, bandwidth=scale * h)
    assert b.entropy() == pytest.approx(a.entropy() + math.log(scale), abs=1e-8)
    assert b.mean() == pytest.approx(scale * a.mean() + shift, abs=1e-9 * (1 + scale))
    assert b.std() == pytest.approx(scale * a.std(), rel=1e-9)
    assert b.kurtosis() == pytest.approx(a.kurtosis(), rel=1e-7)
    assert b.skewness() == pytest.approx(a.skewness(), abs=1e-7)


@FEW
@given(SAMPLES, KERNELS, WIDTHS, st.floats(0.001, 0.999))
def test_regions_hold_their_mass(x, kernel, h, p):
    """The mass of hdr(p) is p, and regions grow with p."""
    density = kde(x, kernel=kernel, bandwidth=h)
    region, wider = density.hdr(p), density.hdr(0.5 * (1.0 + p))
    mass = sum(density.expect(np.ones_like, *ends) for ends in region.intervals)
    assert mass >= p - 1e-8
    # sums of triangles have plateaus, all of which belong to a region
    if kernel != "triangular":
        assert mass == pytest.approx(p, abs=1e-8)
    assert wider.level <= region.level
    assert (density.rank(region.intervals.mean(axis=1)) <= 1.0).all()


@FEW
@given(SAMPLES, SAMPLES, KERNELS, WIDTHS, WIDTHS)
def test_distances_bound_each_other(x, y, kernel, h, g):
    """Known inequalities, and what is complementary."""
    a, b = kde(x, kernel=kernel, bandwidth=h), kde(y, kernel=kernel, bandwidth=g)
    variation, square = total_variation(a, b).value, hellinger(a, b).value ** 2
    assert variation + overlap(a, b).value == pytest.approx(1.0, abs=1e-9)
    assert square <= variation + 1e-9
    assert variation <= math.sqrt(2.0 * square) + 1e-9
    assert variation == pytest.approx(total_variation(b, a).value, abs=1e-9)
    divergence = kl(a, b).value
    assert divergence >= 2.0 * variation**2 - 1e-9
    assert 0.0 <= js(a, b).value <= math.log(2.0) * variation + 1e-9


@FEW
@given(SAMPLES, KERNELS, WIDTHS)
def test_expectations_of_powers_are_moments(x, kernel, h):
    """Quadrature and closed forms agree."""
    density = kde(x, kernel=kernel, bandwidth=h)
    for k in (1, 2, 3):
        found = density.expect(lambda q, k=k: q**k)
        size = density.expect(lambda q, k=k: np.abs(q) ** k)
        assert found == pytest.approx(density.moment(k), abs=1e-9 * size)
