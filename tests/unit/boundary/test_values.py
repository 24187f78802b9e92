from __future__ import annotations

import math

import numpy as np
import pytest

import parzen
from parzen import Kernel
from parzen.errors import CapabilityError, DataError
from tests import bounded_reference as oracle

INF = math.inf
RNG = np.random.default_rng(1993)
# ties, a point on each bound, many near one of them
X = np.sort(np.concatenate([[0.0, 1.0, 0.3, 0.3], RNG.random(8) ** 3]))
W = 0.1 + RNG.random(len(X))
LOCAL = 0.02 + 0.2 * RNG.random(len(X))
Q = np.concatenate([np.linspace(0, 1, 11), X, [1e-9, 1 - 1e-9, 0.61]])
EDGES = {"lower": (0.0, INF), "upper": (-INF, 1.0)}
UNIT = (0.0, 1.0)
ALL = pytest.mark.parametrize(
    "boundary", [None, "reflect", "periodic", "renormalize", "linear", "transform"]
)


def inside(boundary, x=X, margin=0.01):
    """The data, moved off the bounds where a boundary cannot do with them there."""
    return np.clip(x, margin, 1 - margin) if boundary == "transform" else x


def assert_logs(got, wanted, *, tolerance=1e-8):
    """Equal to a relative error of the density, zeros included."""
    with np.errstate(over="ignore"):
        wanted = np.asarray(wanted, dtype=float)
    # a density below the smallest float is a distribution's zero
    zero = np.isneginf(got) & (wanted < -700)
    np.testing.assert_allclose(
        np.exp(np.where(zero, 0, got - np.where(zero, 0, wanted))), 1, rtol=tolerance
    )


def capable(name, boundary):
    """Whether a boundary serves a kernel."""
    if boundary == "linear":
        return name in oracle.SYMMETRIC and name != "cauchy"
    return boundary != "renormalize" or name != "cauchy"


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@ALL
@pytest.mark.parametrize("name", oracle.NAMES)
def test_every_kernel_within_two_bounds(name, boundary, weighted):
    """The density is that of its definition, in every tail, and nothing outside."""
    q = Q[(Q > 0) & (Q < 1)] if boundary == "transform" else Q
    h, weights = (0.04, W) if weighted else (0.13, None)
    case = oracle.Case(name, inside(boundary), h, weights)
    options = {"bounds": (0, 1), "boundary": boundary, "weights": weights}
    options |= {"kernel": oracle.kernel_of(name), "bandwidth": h}
    if not capable(name, boundary):
        with pytest.raises(CapabilityError, match="Use 'reflect'"):
            parzen.kde(case.x, **options)
        return
    wanted = oracle.LOGS[boundary](case, UNIT, q)
    density = parzen.kde(case.x, **options)
    assert_logs(density.logpdf(q), wanted)
    np.testing.assert_allclose(
        density.pdf(q), np.exp(wanted).astype(float), rtol=1e-8, atol=1e-300
    )
    outside = np.array([-INF, -1e-9, 1 + 1e-9, 7.0, INF])
    assert (density.pdf(outside) == 0).all()
    assert np.isneginf(density.logpdf(outside)).all()


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", "transform"]
)
@pytest.mark.parametrize("name", ["gaussian", "tricube", "exponential", "t5"])
def test_one_bound_and_tails_beyond_the_data(name, boundary, side):
    """The other end may be infinite, or None."""
    q = np.append(Q, [30.0, 4.0] if side == "lower" else [-30.0, -4.0])
    low, high = EDGES[side]
    q = q[(q > low) & (q < high)]
    case = oracle.Case(name, inside(boundary), 0.11)
    density = parzen.kde(
        case.x,
        kernel=oracle.kernel_of(name),
        bandwidth=case.h,
        bounds=(None, 1) if side == "upper" else (0, None),
        boundary=boundary,
    )
    assert_logs(density.logpdf(q), oracle.LOGS[boundary](case, EDGES[side], q))


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "transform"])
@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "cauchy", "moyal"])
def test_one_bandwidth_for_each_point(name, boundary):
    """Local bandwidths fold, wind and move along like one."""
    q = Q[(Q > 0.01) & (Q < 0.99)]
    case = oracle.Case(name, inside(boundary, margin=0.05), LOCAL, W)
    density = parzen.kde(
        case.x,
        weights=W,
        kernel=oracle.kernel_of(name),
        bandwidth=LOCAL,
        bounds=(0, 1),
        boundary=boundary,
    )
    assert_logs(density.logpdf(q), oracle.LOGS[boundary](case, UNIT, q))


@pytest.mark.parametrize("boundary", ["renormalize", "linear"])
def test_boundary_kernels_refuse_local_bandwidths(boundary):
    """Moments at a bound are of one bandwidth."""
    with pytest.raises(CapabilityError, match="one bandwidth per point"):
        parzen.kde(X, bandwidth=LOCAL, bounds=(0, 1), boundary=boundary)


@pytest.mark.parametrize("h", [3.0, 40.0])
@ALL
@pytest.mark.parametrize("name", ["gaussian", "biweight", "triangular"])
def test_a_bandwidth_wider_than_the_range(name, boundary, h):
    """Many images, thin slices of a kernel: all digits are there."""
    q = np.linspace(0.003, 0.99, 7)
    case = oracle.Case(name, np.clip(X, 0.01, 0.99), h)
    density = parzen.kde(
        case.x, kernel=name, bandwidth=h, bounds=(0, 1), boundary=boundary
    )
    assert_logs(density.logpdf(q), oracle.LOGS[boundary](case, UNIT, q))


@pytest.mark.parametrize("h", [1e4, 1e9, 1e150])
@pytest.mark.parametrize("boundary", [None, "renormalize", "linear"])
@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "exponential"])
def test_a_bandwidth_of_another_world(name, boundary, h):
    """All kernels are flat then; the linear one still follows the mean of the data."""
    density = parzen.kde(X, kernel=name, bandwidth=h, bounds=(0, 1), boundary=boundary)
    q = np.linspace(0, 1, 9)
    if boundary != "linear":
        np.testing.assert_allclose(density.pdf(q), 1, rtol=2e-4)
        return

    def flat(q):
        a1, a2 = q - 0.5, (q**3 + (1 - q) ** 3) / 3
        lean = q - X.mean()
        return np.exp((a2 - a1 * lean) / (a2 - a1**2) - 1)

    mass = oracle.quad(flat, np.linspace(0, 1, 9))
    np.testing.assert_allclose(density.pdf(q), flat(q) / float(mass), rtol=2e-3)


@pytest.mark.parametrize("h", [0.003, 0.3, 5.0])
@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
def test_heavy_tails_are_folded_whole(boundary, h):
    """The Cauchy sums to its closed form on the circle, far tiles included."""
    options = {"bandwidth": h, "bounds": (0, 1), "boundary": boundary}
    density = parzen.kde(X, kernel="cauchy", **options)
    wanted = oracle.LOGS[boundary](oracle.Case("cauchy", X, h), UNIT, Q)
    assert_logs(density.logpdf(Q), wanted, tolerance=1e-9)
    np.testing.assert_allclose(density.pdf(Q), np.exp(wanted).astype(float), rtol=1e-9)


@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
def test_folding_gives_up_where_it_would_take_for_ever(boundary):
    """Too many images are an error, not an approximation."""
    with pytest.raises(CapabilityError, match="Narrow `bandwidth`"):
        parzen.kde(X, bandwidth=1e6, bounds=(0, 1), boundary=boundary)


@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", "transform"]
)
def test_the_farthest_tail_inside_the_bounds(boundary):
    """Log densities are right a million bandwidths away from the data."""
    case = oracle.Case("gaussian", np.array([0.5, 0.8, 1.2]), 0.1)
    q = np.array([1e-3, 60.0, 1e3, 1e6])
    density = parzen.kde(case.x, bandwidth=0.1, bounds=(0, INF), boundary=boundary)
    wanted = oracle.LOGS[boundary](case, (0.0, INF), q)
    got = density.logpdf(q)
    np.testing.assert_allclose(got, np.asarray(wanted, dtype=float), rtol=1e-13)
    assert got[-1] < -100


@ALL
@pytest.mark.parametrize("x", [[0.2], [0.2, 0.2, 0.2], [0.0], [1.0, 1.0]], ids=str)
def test_single_and_equal_points(x, boundary):
    """One point makes a density, on a bound as well."""
    x, q = inside(boundary, np.array(x)), np.array([0.01, 0.3, 0.99])
    density = parzen.kde(x, bandwidth=0.2, bounds=(0, 1), boundary=boundary)
    wanted = oracle.LOGS[boundary](oracle.Case("gaussian", x, 0.2), UNIT, q)
    assert_logs(density.logpdf(q), wanted)


@pytest.mark.parametrize("scale", [1e-150, 1e150, 1e-5, 1e5])
@ALL
def test_units_do_not_matter(boundary, scale):
    """The density of scaled data is the scaled density."""
    x, q = np.clip(X, 0.01, 0.99), np.linspace(0.001, 0.99, 9)
    h = 0.1 if boundary == "transform" else 0.1 * scale
    here = parzen.kde(x, bandwidth=0.1, bounds=(0, 1), boundary=boundary)
    there = parzen.kde(x * scale, bandwidth=h, bounds=(0, scale), boundary=boundary)
    np.testing.assert_allclose(
        there.logpdf(q * scale), here.logpdf(q) - math.log(scale), rtol=1e-11, atol=1e-9
    )


@pytest.mark.parametrize("offset", [1e9, -1e9])
@ALL
def test_offsets_do_not_matter(boundary, offset):
    """An offset that rounds nothing changes nothing."""
    # exact in binary
    x = np.rint(np.clip(X, 0.01, 0.99) * 1024) / 1024
    q = np.arange(1, 64) / 64
    options = {"bandwidth": 0.125, "boundary": boundary}
    here = parzen.kde(x, bounds=(0, 1), **options)
    there = parzen.kde(x + offset, bounds=(offset, offset + 1), **options)
    np.testing.assert_allclose(there.logpdf(q + offset), here.logpdf(q), atol=1e-10)


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic"])
def test_signed_weights(boundary):
    """Negative weights count like positive ones, less."""
    weights = np.where(np.arange(len(X)) % 3 == 1, -0.4, 1.0)
    options = {"weights": weights, "signed_weights": True, "bandwidth": 0.05}
    density = parzen.kde(X, bounds=(0, 1), boundary=boundary, **options)
    total, mass = np.zeros(len(Q)), 0.0
    for sign in (1.0, -1.0):
        case = oracle.Case("gaussian", X[sign * weights > 0], 0.05)
        share = weights[sign * weights > 0].sum() / weights.sum()
        inside_part = 1.0
        if boundary is None:
            inside_part = float(oracle.mass_inside(case, UNIT))
        logs = np.asarray(oracle.LOGS[boundary](case, UNIT, Q), dtype=float)
        total += share * inside_part * np.exp(logs)
        mass += share * inside_part
    np.testing.assert_allclose(density.pdf(Q), total / mass, rtol=1e-8, atol=1e-10)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(density.logpdf(Q), np.log(density.pdf(Q)), rtol=1e-8)


@pytest.mark.parametrize("boundary", ["renormalize", "linear"])
def test_boundary_kernels_refuse_signed_weights(boundary):
    """A ratio of densities needs positive ones."""
    weights = np.where(np.arange(len(X)) == 1, -0.4, 1.0)
    options = {"bandwidth": 0.1, "bounds": (0, 1), "boundary": boundary}
    with pytest.raises(CapabilityError, match="non-negative"):
        parzen.kde(X, weights=weights, signed_weights=True, **options)


def test_bounds_far_from_the_data_hold_no_mass():
    """No mass is an error; a little of it, 1e-9, has all its digits."""
    with pytest.raises(DataError, match="Widen `bounds`"):
        parzen.kde(X, bandwidth=0.1, bounds=(50, 51))
    q = np.linspace(1.6, 2.5, 7)
    density = parzen.kde(X, bandwidth=0.1, bounds=(1.6, 2.5))
    case = oracle.Case("gaussian", X, 0.1)
    assert_logs(density.logpdf(q), oracle.log_cut(case, (1.6, 2.5), q))


def test_a_kernel_on_one_side_has_no_boundary_kernel():
    """At the bound there is nothing to divide by; reflection does not mind."""

    def ramp(u):
        return np.where((u > 0) & (u < 1), 2 * (1 - u), 0.0)

    options = {"kernel": ramp, "bandwidth": 0.1, "bounds": (0, 1)}
    with pytest.raises(CapabilityError, match="mass on both sides"):
        parzen.kde(X, boundary="renormalize", **options)
    assert parzen.kde(X, boundary="reflect", **options).pdf(0.05) > 0


def test_product_kernels_are_the_same_in_one_dimension():
    """A product of one factor is the kernel."""
    options = {"bandwidth": 0.1, "bounds": (0, 1), "boundary": "reflect"}
    radial = parzen.kde(X, kernel="cauchy", **options)
    product = parzen.kde(X, kernel=Kernel("cauchy", product=True), **options)
    np.testing.assert_array_equal(product.pdf(Q), radial.pdf(Q))
