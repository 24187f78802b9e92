"""Memory grows with the points and the queries, never with their product."""

from __future__ import annotations

import tracemalloc

import pytest

import parzen


@pytest.mark.parametrize("d", [1, 6])
@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov"])
def test_direct_sum_needs_no_matrix(rng, kernel, d):
    """A sum over 4e8 pairs (3.2 GB as a matrix) stays below 40 doubles a number."""
    n = 20_000
    x, q = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    density = parzen.kde(x, bandwidth=0.5, kernel=kernel)
    density.logpdf(q[:300])  # compiles
    tracemalloc.start()
    try:
        density.logpdf(q)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # and 2 MB for what does not grow
    assert peak < 40 * 8 * n * d + 2e6
