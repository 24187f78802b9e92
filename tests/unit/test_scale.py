from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from parzen import BandwidthError
from parzen.scale import LocalBandwidth, Scale, bandwidth_of, times_power_of_two

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


class TestLocalBandwidth:
    """A scale and a factor for each point."""

    @every_form
    def test_times_and_take(self, bandwidth):
        """Factors on A: a covariance goes with the square, factors stay."""
        local = LocalBandwidth(bandwidth, [1.0, 2.0, 5.0])
        wider = local.times(3.0)
        exact = as_matrix(bandwidth) * 9.0
        np.testing.assert_allclose(as_matrix(wider.scale), exact, rtol=4 * EPS)
        np.testing.assert_array_equal(wider.factors, local.factors)
        few = local.take(np.array([2, 0]))
        np.testing.assert_array_equal(few.factors, [5.0, 1.0])
        np.testing.assert_array_equal(few.scale, local.scale)

    @every_form
    def test_split_around_the_middle(self, bandwidth):
        """The same matrices for each point, and factors whose ends are 1/s and s."""
        local = LocalBandwidth(bandwidth, [1e-3, 2.0, 5e4])
        scale, factors = local.split(3)
        assert factors[0] * factors[-1] == pytest.approx(1.0, rel=1e-14)
        for given, left in zip(local.factors, factors, strict=True):
            np.testing.assert_allclose(
                as_matrix(scale.times(left).bandwidth),
                as_matrix(bandwidth) * given**2,
                rtol=1e-13,
            )

    def test_it_keeps_its_own_copy(self):
        """Neither the caller's arrays nor its own can be written to through it."""
        widths, factors = np.ones(2), np.ones(4)
        local = LocalBandwidth(widths, factors)
        widths[:], factors[:] = 7.0, 7.0
        np.testing.assert_array_equal(local.scale, [1.0, 1.0])
        np.testing.assert_array_equal(local.factors, np.ones(4))
        for again in (local, pickle.loads(pickle.dumps(local))):
            for array in (again.scale, again.factors):
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 2.0

    def test_repr(self):
        """In one line, without the factors themselves."""
        local = LocalBandwidth([[1.0, 0.5], [0.5, 2.0]], np.linspace(0.25, 4.0, 1000))
        text = "LocalBandwidth(scale=[[1. , 0.5], [0.5, 2. ]], n=1000, "
        assert repr(local) == text + "factors 0.25 to 4)"

    @pytest.mark.parametrize(
        ("scale", "factors", "text"),
        [
            (0.0, [1.0], "`bandwidth` must be positive"),
            ("isj", [1.0], "must be a positive number; got 'isj'"),
            ([1.0, -1.0], [1.0], "positive on every axis"),
            ([[1.0, 2.0], [2.0, 1.0]], [1.0], "positive definite"),
            ([], [1.0], "`scale` must be a width"),
            (
                1.0,
                [1.0, 0.0],
                "`factors` must be positive and finite; got 0.0 at row 1",
            ),
            (1.0, [np.nan], "got nan at row 0"),
            (1.0, [np.inf], "got inf at row 0"),
            (1.0, 2.0, "one for each point"),
            (1.0, [[1.0]], "one for each point"),
            (1.0, [], "one for each point"),
            (1.0, ["wide"], "`factors` must be numeric"),
        ],
        ids=str,
    )
    def test_errors(self, scale, factors, text):
        """Each names the argument, the rule and the value."""
        with pytest.raises(BandwidthError, match=text):
            LocalBandwidth(scale, factors)


class TestBandwidthOf:
    """What a user may hand in for a bandwidth."""

    def test_several_dimensions(self):
        """One form for what differs from point to point."""
        local = LocalBandwidth([1.0, 2.0], np.ones(5))
        assert bandwidth_of(local, 2, (), 5) is local
        widths = bandwidth_of([1.0, 2.0, 3.0, 4.0, 5.0], 2, (), 5)
        assert isinstance(widths, LocalBandwidth)
        assert widths.scale == 1.0
        np.testing.assert_array_equal(widths.factors, [1.0, 2.0, 3.0, 4.0, 5.0])

    def test_one_dimension(self):
        """An array (n,), however it was given."""
        for scale in (0.5, [0.5], [[0.25]]):
            local = LocalBandwidth(scale, [1.0, 2.0, 3.0])
            found = bandwidth_of(local, 1, (), 3)
            np.testing.assert_array_equal(found, [0.5, 1.0, 1.5])
        assert bandwidth_of(0.5, 1, (), 3) == 0.5

    def test_as_many_points_as_axes(self):
        """An array is then a width for each axis."""
        found = bandwidth_of([1.0, 2.0, 3.0], 3, (), 3)
        np.testing.assert_array_equal(found, [1.0, 2.0, 3.0])

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (LocalBandwidth([1.0, 2.0, 3.0], np.ones(5)), "scale of 3 axes"),
            (LocalBandwidth(1.0, np.ones(4)), "each of the 5 points; got 4"),
            (np.ones(4), "5 points; got shape"),
            (np.array([1.0, 1.0, 0.0, 1.0, 1.0]), "positive; got 0.0 at row 2"),
        ],
        ids=["axes", "points", "array", "zero"],
    )
    def test_errors(self, value, text):
        """What does not fit the data says so."""
        with pytest.raises(BandwidthError, match=text):
            bandwidth_of(value, 2, (), 5)

    def test_binned_data(self):
        """Points that a grid has swallowed cannot have a bandwidth each."""
        with pytest.raises(BandwidthError, match="binned data have no points"):
            bandwidth_of(LocalBandwidth(1.0, np.ones(5)), 2, (), 0)
