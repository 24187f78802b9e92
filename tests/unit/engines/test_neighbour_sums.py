"""Sums over the neighbours of points on a line, against long double sums."""

from __future__ import annotations

import numpy as np
import pytest

from parzen.engines.neighbour_sums import neighbour_sums
from parzen.kernels import Kernel
from tests import reference

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("kernel", reference.KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("width", [0.01, 0.5, 30.0])
def test_each_point_sees_all_the_others(width, weighted, kernel):
    """At any width, every kernel."""
    x = np.sort(RNG.standard_t(2, size=90))
    w = RNG.uniform(0.1, 2.0, 90) if weighted else np.ones(90)
    w /= w.sum()
    places = np.arange(0, 90, 7)
    ours = neighbour_sums(Kernel(kernel), x, w if weighted else None, width, places)
    exact = []
    for i in places:
        keep = np.arange(90) != i
        one = reference.log_density(
            x[keep, None], x[i : i + 1, None], width, kernel, weights=w[keep]
        )
        exact.append(float(one[0] + np.log(w[keep].sum())))
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(exact))
    there = np.isfinite(exact)
    np.testing.assert_allclose(ours[there], np.array(exact)[there], rtol=1e-11)


def test_ties_are_neighbours():
    """At distance zero."""
    x = np.array([0.0, 1.0, 1.0, 5.0])
    logs = neighbour_sums(Kernel(), x, None, 0.1, np.array([1]))
    expected = np.log(0.25 / (0.1 * np.sqrt(2 * np.pi)))
    assert logs[0] == pytest.approx(expected, rel=1e-14)
