from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import parzen
from parzen import Kernel, Reflect
from parzen.errors import CapabilityError
from tests import bounded_reference as oracle
from tests import reference

INF = math.inf
RNG = np.random.default_rng(7)
N = 25
XYZ = RNG.random((N, 3)) ** np.array([1.0, 2.0, 0.7]) * np.array([1.0, 2.0, 1.0])
W = 0.1 + RNG.random(N)
MATRIX = np.array([[0.04, 0.015], [0.015, 0.09]])
UPPER = (1.0, 2.0, 1.0)
PROBLEMS = {
    "gaussian": ("gaussian", False, 0.2),
    "widths": ("gaussian", False, np.array([0.1, 0.5])),
    "matrix": ("gaussian", False, MATRIX),
    "radial": ("epanechnikov", False, np.array([0.4, 0.9])),
    "radial matrix": ("biweight", False, 9 * MATRIX),
    "product": ("exponential", True, np.array([0.05, 0.1])),
    "product matrix": ("triangular", True, 9 * MATRIX),
}


def fold(q, bounds, boundary, count=8):
    """All images of the queries, one array for each."""
    axes = []
    for k, (low, high) in enumerate(bounds):
        column, size = q[:, k], high - low
        if boundary == "periodic":
            axes.append([column + t * size for t in range(-count, count + 1)])
        elif math.isfinite(size):
            turns = [2 * t * size for t in range(-count // 2, count // 2 + 1)]
            axes.append(
                [s * column + (1 - s) * low + t for t in turns for s in (1, -1)]
            )
        else:
            ends = [end for end in (low, high) if math.isfinite(end)]
            axes.append([column, *(2 * end - column for end in ends)])
    return [np.column_stack(columns) for columns in itertools.product(*axes)]


@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_folded_in_two_dimensions(problem, boundary):
    """The sum over all images of the query, by an exact sum for each."""
    name, product, h = PROBLEMS[problem]
    bounds = [(0.0, 1.0), (0.0, 2.0)]
    x, q = XYZ[:, :2], np.vstack([XYZ[:6, :2], [[0, 0], [1, 2], [0.5, 0]]])
    density = parzen.kde(
        x,
        weights=W,
        kernel=Kernel(name, product=product),
        bandwidth=h,
        bounds=bounds,
        boundary=boundary,
    )
    wanted = sum(
        reference.density(x, image, h, name, product=product, weights=W)
        for image in fold(q, bounds, boundary)
    )
    np.testing.assert_allclose(density.pdf(q), wanted, rtol=1e-8)
    np.testing.assert_allclose(density.logpdf(q), np.log(wanted), atol=1e-8)
    outside = [[-1e-9, 1], [0.5, 2.1], [INF, 1]]
    np.testing.assert_array_equal(density.pdf(outside), 0)
    np.testing.assert_array_equal(density.logpdf(outside), -INF)


def test_reflected_at_some_bounds():
    """An axis may have one bound, or none; a side may be left cut."""
    x, q = XYZ.copy(), XYZ[:5]
    bounds = [(0.0, 1.0), (0.0, INF), (-INF, INF)]
    options = {"bandwidth": 0.15, "boundary": "reflect"}
    density = parzen.kde(x, bounds=[(0, 1), (0, None), None], **options)
    wanted = sum(
        reference.density(x, image, 0.15) for image in fold(q, bounds, "reflect")
    )
    np.testing.assert_allclose(density.pdf(q), wanted, rtol=1e-8)
    # mirrored below, cut above: divided by what is left inside
    some = parzen.kde(
        x,
        bandwidth=0.15,
        bounds=[(0, 1), (0, 2), (0, 1)],
        boundary=Reflect(lower=1, upper=0),
    )
    low = [(0.0, INF)] * 3
    wanted = sum(reference.density(x, image, 0.15) for image in fold(q, low, "reflect"))
    masses = np.ones(N)
    for k, end in enumerate(UPPER):
        ends = (-end, end)
        low, high = ((e - x[:, k]) / np.longdouble(0.15) for e in ends)
        masses *= oracle.moments("gaussian", [0], low, high)[0].astype(float)
    np.testing.assert_allclose(some.pdf(q), wanted / masses.mean(), rtol=1e-8)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("name", ["gaussian", "product tricube"])
def test_cut_with_one_width_an_axis(name, d):
    """Divided by the mass of the box, a product over the axes."""
    kernel = name.split()[-1]
    x, h = XYZ[:, :d], np.array([0.1, 0.5, 0.2])[:d]
    bounds = [(0.2, 1.0), (0.0, 1.5), (-0.5, INF)][:d]
    density = parzen.kde(
        x,
        weights=W,
        kernel=Kernel(kernel, product="product" in name),
        bandwidth=h,
        bounds=bounds,
    )
    masses = np.ones(N)
    for k, ends in enumerate(bounds):
        low, high = ((np.longdouble(end) - x[:, k]) / h[k] for end in ends)
        masses *= oracle.moments(kernel, [0], low, high)[0].astype(float)
    q = x[
        [
            p
            for p in range(N)
            if all(a <= v <= b for v, (a, b) in zip(x[p], bounds, strict=True))
        ]
    ]
    wanted = reference.density(x, q, h, kernel, product="product" in name, weights=W)
    wanted /= masses @ W / W.sum()
    np.testing.assert_allclose(density.pdf(q), wanted, rtol=1e-8)


@pytest.mark.parametrize("problem", ["gaussian", "matrix", "radial"])
def test_transformed_axis_by_axis(problem):
    """A logit, a log and nothing."""
    name, product, h = PROBLEMS[problem]
    if problem == "matrix":
        h = np.diag([0.04, 0.09, 0.01]) + 0.01
    if problem == "radial":
        h = np.array([1.0, 2.0, 0.4])
    x = XYZ.clip(0.01, 0.99)
    density = parzen.kde(
        x,
        kernel=Kernel(name, product=product),
        bandwidth=h,
        bounds=[(0, 1), (0, None), None],
        boundary="transform",
    )
    q = x[:8] + 0.003

    def line(v):
        return np.column_stack(
            [np.log(v[:, 0] / (1 - v[:, 0])), np.log(v[:, 1]), v[:, 2]]
        )

    slope = 1 / (q[:, 0] * (1 - q[:, 0])) / q[:, 1]
    wanted = reference.density(line(x), line(q), h, name) * slope
    np.testing.assert_allclose(density.pdf(q), wanted, rtol=1e-8)
    assert density.pdf([0.0, 0.5, 0.5]) == 0


@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
@pytest.mark.parametrize("h", [0.3, MATRIX], ids=["width", "matrix"])
def test_mass_is_one(h, boundary):
    """By a product rule over the box."""
    density = parzen.kde(
        XYZ[:, :2], bandwidth=h, bounds=[(0, 1), (0, 2)], boundary=boundary
    )
    nodes, shares = np.polynomial.legendre.leggauss(60)
    nodes, shares = (nodes + 1) / 2, shares / 2
    mesh = np.stack(np.meshgrid(nodes, 2 * nodes, indexing="ij"), axis=-1)
    total = shares @ density.pdf(mesh) @ (2 * shares)
    assert total == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        ({"bandwidth": 0.2, "boundary": Reflect(0.5, 1)}, r"Use Reflect\(\)"),
        ({"kernel": "cauchy", "bandwidth": 0.2, "boundary": "reflect"}, "transform"),
        ({"bandwidth": 20.0, "boundary": "reflect"}, "Narrow `bandwidth`"),
    ],
    ids=["fractions", "heavy", "wide"],
)
def test_what_cannot_be_done_names_a_way_out(options, way_out):
    """No silent approximation."""
    with pytest.raises(CapabilityError, match=way_out):
        parzen.kde(XYZ[:, :2], bounds=[(0, 1), (0, 2)], **options)


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        ({"kernel": "epanechnikov", "bandwidth": 0.2}, r"product=True"),
        ({"bandwidth": 0.03 * np.eye(3) + 0.01}, "one width per axis"),
    ],
    ids=["radial", "matrix"],
)
def test_in_space_the_cut_needs_a_product(options, way_out):
    """The mass of each kernel in the box is known to the last digits, or refused."""
    with pytest.raises(CapabilityError, match=way_out):
        parzen.kde(XYZ, bounds=[(0, 1), (0, 2), (0, 1)], **options)


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "transform"])
def test_draws_stay_inside(boundary):
    """Marginal means of draws are those of the density, by its own grid."""
    x = XYZ[:, :2].clip(0.02, 0.98)
    density = parzen.kde(x, bandwidth=0.2, bounds=[(0, 1), (0, 2)], boundary=boundary)
    draws = density.sample(20_000, rng=5)
    assert draws.shape == (20_000, 2)
    assert ((draws >= 0) & (draws <= [1, 2])).all()
    axes = [np.arange(0.5, 200) / 200, np.arange(0.5, 200) / 100]
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = density.pdf(mesh)
    for k in range(2):
        marginal = values.sum(axis=1 - k)
        cdf = np.cumsum(marginal) / marginal.sum()
        steps = axes[k] + (axes[k][1] - axes[k][0]) / 2
        found = np.searchsorted(np.sort(draws[:, k]), steps) / len(draws)
        # Kolmogorov-Smirnov, level 1e-4
        assert np.abs(found - cdf).max() * math.sqrt(len(draws)) < 2.3


def test_grid_and_rules():
    """The grid of a box is the box; a rule chooses as without bounds."""
    x = RNG.random((400, 2))
    options = {"bandwidth": "silverman"}
    free = parzen.kde(x, **options)
    for boundary in ("reflect", "periodic"):
        density = parzen.kde(x, bounds=[(0, 1)] * 2, boundary=boundary, **options)
        if boundary == "reflect":
            np.testing.assert_array_equal(density.bandwidth, free.bandwidth)
        axes, values = density.grid(101)
        np.testing.assert_allclose([axes[0][0], axes[1][-1]], [0, 1], atol=1e-12)
        edge = np.ones(101)
        edge[[0, -1]] = 0.5
        assert edge @ values @ edge / 1e4 == pytest.approx(1, abs=1e-3)
