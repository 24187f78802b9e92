from __future__ import annotations

import math

import numpy as np
import pytest

from parzen.scale import Scale, times_power_of_two

EPS = np.finfo(np.float64).eps
MATRIX = np.array([[2.0, 0.6, -0.1], [0.6, 1.5, 0.3], [-0.1, 0.3, 0.7]])
BANDWIDTHS = {
    "one width": 0.7,
    "a width per axis": np.array([0.7, 2.0, 13.0]),
    "a covariance": MATRIX,
}
every_form = pytest.mark.parametrize(
    "bandwidth", BANDWIDTHS.values(), ids=list(BANDWIDTHS)
)


def as_matrix(bandwidth, d=3):
    """The covariance matrix H that a bandwidth stands for."""
    if np.ndim(bandwidth) == 2:
        return bandwidth
    return np.diag(np.broadcast_to(np.square(bandwidth), d))


@every_form
def test_the_kernel_sees_the_mahalanobis_distance(bandwidth):
    """|A^-1 t|^2 = t^T H^-1 t."""
    t = np.random.default_rng(1).normal(size=(50, 3))
    u = Scale(bandwidth, 3).to_kernel_units(t)
    expected = np.einsum("ij,jk,ik->i", t, np.linalg.inv(as_matrix(bandwidth)), t)
    # the condition of these matrices is below 500
    np.testing.assert_allclose((u**2).sum(axis=1), expected, rtol=500 * EPS)


@every_form
def test_kernel_units_and_back(bandwidth):
    """from_kernel_units undoes to_kernel_units, for any leading axes."""
    scale = Scale(bandwidth, 3)
    t = np.random.default_rng(2).normal(size=(4, 5, 3))
    again = scale.from_kernel_units(scale.to_kernel_units(t))
    np.testing.assert_allclose(again, t, rtol=0, atol=100 * EPS)


@every_form
def test_noise_gets_the_covariance_of_the_bandwidth(bandwidth):
    """A A^T = H, the map that kernel noise goes through."""
    root = Scale(bandwidth, 3).from_kernel_units(np.eye(3)).T
    np.testing.assert_allclose(root @ root.T, as_matrix(bandwidth), rtol=10 * EPS)


@every_form
def test_volume_widths_and_steepness_follow_from_the_matrix(bandwidth):
    """|det A| = sqrt(det H), width_k = sqrt(H_kk), steepness_k = |A^-1 e_k|."""
    scale, matrix = Scale(bandwidth, 3), as_matrix(bandwidth)
    inverse = np.linalg.inv(matrix)
    tight = {"rtol": 100 * EPS}
    np.testing.assert_allclose(
        scale.log_volume, 0.5 * math.log(np.linalg.det(matrix)), **tight
    )
    np.testing.assert_allclose(scale.widths, np.sqrt(np.diag(matrix)), **tight)
    np.testing.assert_allclose(scale.steepness, np.sqrt(np.diag(inverse)), **tight)


@pytest.mark.parametrize("bandwidth", [0.3, np.array([0.3, 1e-5, 700.0])])
def test_widths_split_into_an_exact_scaling_and_a_metric(bandwidth):
    """|u|^2 = sum_k weight_k (2^-e_k t_k)^2, and scaling loses no digit of t."""
    scale = Scale(bandwidth, 3)
    t = 1e12 + np.random.default_rng(4).uniform(0, 1, size=(20, 3))
    exponents, weights = scale.split
    y = times_power_of_two(t, -exponents)
    np.testing.assert_array_equal(np.ldexp(y, exponents), t)
    assert ((weights > 1) & (weights <= 4)).all()
    expected = (scale.to_kernel_units(t) ** 2).sum(axis=1)
    np.testing.assert_allclose(y**2 @ weights, expected, rtol=1e-13)


@pytest.mark.parametrize("e", [-1074, -1022, -3, 0, 5, 1023, 1074])
def test_powers_of_two_are_exact(e):
    """As `ldexp`, also where 2^e itself is no float."""
    x = np.array([1.5, -0.75, 1e-300, 3e300])
    with np.errstate(over="ignore"):
        expected = np.ldexp(x, e)
    np.testing.assert_array_equal(times_power_of_two(x, np.int64(e)), expected)


@every_form
def test_extent_holds_the_unit_ball_and_the_unit_box(bandwidth):
    """Half the range on each axis of A times a ball, or a box, by brute force."""
    scale = Scale(bandwidth, 3)
    rng = np.random.default_rng(6)
    ball = rng.normal(size=(20000, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    farthest = scale.from_kernel_units(ball).max(axis=0)
    # 20000 directions come within 1 % of each axis
    assert (farthest <= scale.extent(box=False) * (1 + 1e-12)).all()
    assert (farthest >= scale.extent(box=False) * 0.99).all()
    corner = scale.from_kernel_units(corners).max(axis=0)
    np.testing.assert_allclose(corner, scale.extent(box=True), rtol=1e-12)


def test_one_width_serves_every_dimension():
    """A number is the same width on each axis."""
    scale = Scale(2.0, 7)
    np.testing.assert_array_equal(scale.widths, np.full(7, 2.0))
    assert scale.root is None
    assert scale.log_volume == pytest.approx(7 * math.log(2.0), rel=EPS)


def test_volume_of_many_dimensions_does_not_overflow():
    """The determinant lives in the log domain."""
    assert Scale(1e-200, 50).log_volume == pytest.approx(50 * math.log(1e-200))
