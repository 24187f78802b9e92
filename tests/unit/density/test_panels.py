"""Edges of panels: 16 nodes between them see all mass, and gaps cost nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from parzen import Reflect, kde
from parzen.kernels import Kernel
from tests.reference import KERNELS

NODES, SHARES = np.polynomial.legendre.leggauss(16)


def mass(density, edges=None):
    """Integrate by 16 nodes a panel."""
    edges = density._panels().edges if edges is None else edges
    half = 0.5 * np.diff(edges)
    q = (edges[:-1] + half)[:, None] + half[:, None] * NODES
    return float((density.pdf(q.ravel()).reshape(q.shape) @ SHARES) @ half)


@pytest.fixture
def x(rng):
    """Some points, all positive."""
    return rng.gamma(2.0, 1.0, 25) + 0.01


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != "cauchy"])
@pytest.mark.parametrize(
    ("boundary", "bounds"),
    [
        (None, None),
        (None, (0.5, 3.0)),
        (None, [(0.0, 1.0), (2.0, 3.0)]),
        ("reflect", (0.0, None)),
        ("reflect", (0.0, 12.0)),
        ("periodic", (0.0, 5.0)),
        ("renormalize", (0.0, 30.0)),
        ("linear", (0.0, None)),
        ("transform", (0.0, None)),
        ("transform", (0.0, 30.0)),
        ("reflect", [(0.0, 1.5), (1.5, 30.0)]),
        (Reflect(0.3, 0.0), (0.0, 30.0)),
    ],
)
def test_sixteen_nodes_a_panel_integrate_to_one(x, kernel, boundary, bounds):
    """For every kernel at every boundary."""
    density = kde(x, kernel=kernel, bandwidth=0.3, bounds=bounds, boundary=boundary)
    assert density._panels().kinked is False
    assert mass(density) == pytest.approx(1.0, abs=1e-10)


def test_power_tails_reach_far_but_end(x):
    """What lies beyond is the rest of the mass."""
    density = kde(x, kernel="cauchy", bandwidth=0.2)
    edges = density._panels().edges
    left_out = density._mass(edges[-1:, None], np.array([[np.inf]]))[0]
    left_out += density._mass(np.array([[-np.inf]]), edges[:1, None])[0]
    assert mass(density) == pytest.approx(1.0 - left_out, abs=1e-10)
    assert left_out < 1e-2
    assert edges.size < 1000


@pytest.mark.parametrize(
    "kernel",
    [stats.expon(), stats.lognorm(1.0), stats.uniform(), stats.beta(2, 3), stats.t(9)],
    ids=lambda k: k.dist.name,
)
def test_kernels_of_which_values_are_known(x, kernel):
    """Distributions, with their jumps and tails."""
    density = kde(x, kernel=kernel, bandwidth=0.2)
    assert mass(density) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "tophat", "exponential"])
def test_local_bandwidths(x, rng, kernel):
    """Widths that differ by orders of magnitude."""
    density = kde(x, kernel=kernel, bandwidth=np.exp(rng.normal(-2.0, 2.0, x.size)))
    assert mass(density) == pytest.approx(1.0, abs=1e-10)


def test_gaps_have_no_edges():
    """The number of edges does not follow the range."""
    density = kde([0.0, 1.0, 1e6, 1e6 + 1.0], bandwidth=0.01)
    edges = density._panels().edges
    assert edges.size < 100
    assert mass(density) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_any_unit(x, unit):
    """Edges scale with the data."""
    density = kde(x * unit, bandwidth=0.2 * unit)
    edges = density._panels().edges / unit
    expected = kde(x, bandwidth=0.2)._panels().edges
    assert edges[[0, -1]] == pytest.approx(expected[[0, -1]], abs=1.0)
    assert 0.3 * expected.size < edges.size < 3 * expected.size


def test_kinks_of_many_points_are_no_edges(rng):
    """But those of many points at few places are."""
    density = kde(rng.normal(size=20_000), kernel="tophat", bandwidth=0.1)
    panels = density._panels()
    assert panels.kinked
    assert panels.edges.size < 1000
    rounded = kde(rng.integers(0, 9, 20_000) + 0.0, kernel="tophat", bandwidth=0.1)
    assert not rounded._panels().kinked
    assert mass(rounded) == pytest.approx(1.0, abs=1e-12)


def test_edges_are_kinks(x):
    """A compact kernel needs no others."""
    edges = kde(x, kernel="triangular", bandwidth=0.2)._panels().edges
    assert edges == pytest.approx(np.unique(np.concatenate([x - 0.2, x, x + 0.2])))


def test_narrowest():
    """The least bandwidth on each axis, mapped where the data are."""
    assert kde([0.0, 1.0], bandwidth=0.3)._narrowest() == pytest.approx([0.3])
    assert kde([0.0, 1.0], bandwidth=[0.3, 0.01])._narrowest() == pytest.approx([0.01])
    wide = kde([[0.0, 1.0], [1.0, 3.0]], bandwidth=[0.3, 2.0])
    assert wide._narrowest() == pytest.approx([0.3, 2.0])
    mapped = kde([0.01, 1.0], bandwidth=0.3, bounds=(0, None), boundary="transform")
    assert mapped._narrowest() == pytest.approx([0.003])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (-np.inf, np.inf)),
        ({"kernel": "tophat"}, (0.5, 4.5)),
        ({"kernel": "tophat", "bandwidth": [0.1, 0.2, 3.0]}, (0.9, 7.0)),
        ({"kernel": stats.expon()}, (1.0, np.inf)),
        ({"kernel": stats.uniform()}, (1.0, 4.5)),
        ({"bounds": (0.0, 9.0)}, (0.0, 9.0)),
        ({"kernel": "tophat", "bounds": (0.0, 9.0)}, (0.5, 4.5)),
        ({"kernel": "tophat", "bounds": [(0.0, 0.8), (4.2, 9.0)]}, (0.5, 4.5)),
        ({"bounds": (0.8, None), "boundary": "reflect"}, (0.8, np.inf)),
        (
            {"kernel": "tophat", "bounds": (0.8, 9.0), "boundary": "reflect"},
            (0.8, 4.5),
        ),
        (
            {"kernel": "tophat", "bounds": (0.0, 4.0), "boundary": "periodic"},
            (0.0, 4.0),
        ),
        ({"bounds": (0.0, None), "boundary": "transform"}, (0.0, np.inf)),
        ({"bounds": (0.0, 9.0), "boundary": "transform"}, (0.0, 9.0)),
    ],
)
def test_support(options, expected):
    """With and without bounds."""
    density = kde([1.0, 2.0, 4.0], **({"bandwidth": 0.5} | options))
    low, high = density._support()
    assert (low[0], high[0]) == pytest.approx(expected, rel=1e-12)


def test_support_in_the_plane():
    """Radial and product kernels under a matrix."""
    matrix = np.array([[4.0, 1.0], [1.0, 1.0]])
    density = kde([[0.0, 0.0], [1.0, 5.0]], kernel="epanechnikov", bandwidth=matrix)
    low, high = density._support()
    assert low == pytest.approx([-2.0, -1.0])
    assert high == pytest.approx([3.0, 6.0])
    product = Kernel("tophat", product=True)
    density = kde([[0.0, 0.0], [1.0, 5.0]], kernel=product, bandwidth=matrix)
    low, high = density._support()
    root = np.abs(np.linalg.cholesky(matrix)).sum(axis=1)
    assert low == pytest.approx(-root)
    assert high == pytest.approx(np.array([1.0, 5.0]) + root)
