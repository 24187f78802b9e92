from __future__ import annotations

import numpy as np
import pytest

from parzen.bandwidth.matrix.forms import FORMS, Form
from parzen.bandwidth.rules import normal_reference
from parzen.errors import BandwidthError
from parzen.sample import Sample

each_form = pytest.mark.parametrize("name", FORMS)


def correlated(n=60, d=3, seed=1):
    """Correlated points and uneven weights."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), rng.uniform(0.1, 3, n)


@each_form
def test_number_of_parameters(name):
    """D (d + 1) / 2 for any matrix, d for widths, one for a factor."""
    x, w = correlated()
    assert Form.of(Sample.of(x, w), name).size == {"full": 6, "diagonal": 3}.get(
        name, 1
    )


@each_form
def test_basis_is_orthonormal(name):
    """So that the length of a step does not depend on the axes."""
    basis = Form.of(Sample.of(correlated()[0]), name).basis
    np.testing.assert_allclose(
        np.einsum("aij,bij->ab", basis, basis), np.eye(len(basis)), atol=1e-15
    )


@each_form
def test_coordinates_are_the_covariance_of_the_points(name):
    """`covariance` is that of z; z differ as x do, by A."""
    x, w = correlated()
    sample = Sample.of(x, w)
    form = Form.of(sample, name)
    np.testing.assert_allclose(
        Sample.of(form.points, w).covariance, form.covariance, atol=1e-13
    )
    mixing = np.diag(form.units) @ form.root
    np.testing.assert_allclose(
        np.diff(form.points, axis=0) @ mixing.T, np.diff(x, axis=0), atol=1e-12
    )
    assert form.log_volume == pytest.approx(np.log(abs(np.linalg.det(mixing))))


def test_the_reference_is_the_normal_reference_rule():
    """For normal points a multiple of the covariance, as `rules` has it."""
    x, _ = correlated(n=4000)
    sample = Sample.of(x)
    form = Form.of(sample, "full")
    matrix = form.value(form.rule**2 * np.eye(3))
    np.testing.assert_allclose(matrix, normal_reference(sample), rtol=1e-12)
    assert form.reference == pytest.approx(form.rule, rel=0.05)


@each_form
def test_bandwidths_come_back(name):
    """`inverse` undoes `value`."""
    form = Form.of(Sample.of(correlated()[0]), name)
    theta = np.random.default_rng(4).normal(size=form.size)
    matrix = form.matrix(theta)
    np.testing.assert_allclose(form.inverse(form.value(matrix)), matrix, atol=1e-12)


@pytest.mark.parametrize("name", ["full", "diagonal", "isotropic"])
def test_values_as_parzen_takes_them(name):
    """A covariance is A H_z A^T; widths are its roots on the axes."""
    form = Form.of(Sample.of(correlated()[0]), name)
    matrix = form.matrix(form.multiple(0.3) + (0.2 if name == "full" else 0.0))
    mixing = np.diag(form.units) @ form.root
    whole = mixing @ matrix @ mixing.T
    value = np.asarray(form.value(matrix))
    if name == "full":
        np.testing.assert_allclose(value, whole, rtol=1e-12)
    else:
        np.testing.assert_allclose(
            np.broadcast_to(value, 3), np.sqrt(np.diag(whole)), rtol=1e-12
        )
        np.testing.assert_allclose(whole, np.diag(np.diag(whole)), atol=1e-12)


@each_form
def test_slope_is_the_derivative(name):
    """Of tr(C exp(theta E)), by central differences; equal eigenvalues included."""
    form = Form.of(Sample.of(correlated()[0]), name)
    rng = np.random.default_rng(5)
    cost = rng.normal(size=(3, 3))
    cost = cost + cost.T
    for theta in (rng.normal(size=form.size), np.zeros(form.size)):
        slope = form.slope(theta, cost)
        for k, unit in enumerate(1e-5 * np.eye(form.size)):
            rise = np.sum(
                cost * (form.matrix(theta + unit) - form.matrix(theta - unit))
            )
            assert slope[k] == pytest.approx(rise / 2e-5, rel=1e-7, abs=1e-8)


@each_form
def test_coordinates_around_a_matrix(name):
    """The matrix becomes the identity; bandwidths and volumes stay what they are."""
    form = Form.of(Sample.of(*correlated()), name)
    theta = np.random.default_rng(6).normal(size=form.size)
    matrix = form.matrix(theta)
    turned = form.around(matrix)
    np.testing.assert_allclose(turned.value(np.eye(3)), form.value(matrix), rtol=1e-11)
    np.testing.assert_allclose(
        Sample.of(turned.points, form.weights).covariance,
        turned.covariance,
        rtol=1e-10,
        atol=1e-10,
    )
    volume = 0.5 * np.linalg.slogdet(matrix)[1]
    assert turned.log_volume == pytest.approx(form.log_volume + volume)


@each_form
def test_far_points_do_not_hide_the_bulk(name):
    """One in a hundred points at 1e6: the bulk is as tight as without them."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3000, 2))
    far = np.concatenate([x, 1e6 * rng.normal(size=(30, 2))])
    alone, both = Form.of(Sample.of(x), name), Form.of(Sample.of(far), name)
    # its volume; along an axis the far points still say how the axes compare
    areas = [float(np.prod(f.bulk)) * np.exp(f.log_volume) for f in (both, alone)]
    if name in {"diagonal", "isotropic"}:
        assert areas[0] == pytest.approx(areas[1], rel=0.1)
    assert both.reference < 1e-3 * both.rule


@pytest.mark.parametrize("name", ["full", "scaled"])
def test_without_full_rank_there_is_no_covariance(name):
    """A clear error, and widths still work."""
    x = np.random.default_rng(8).normal(size=(50, 1)) * [1.0, 2.0]
    with pytest.raises(BandwidthError, match="full rank"):
        Form.of(Sample.of(x), name)
    assert Form.of(Sample.of(x), "diagonal").size == 2
    assert Form.of(Sample.of(x), "isotropic").reference > 0.0


@each_form
def test_a_constant_column_is_an_error(name):
    """It has no spread to choose from."""
    x = np.ones((20, 2))
    x[:, 0] = np.arange(20)
    with pytest.raises(BandwidthError, match="column 1 is constant"):
        Form.of(Sample.of(x), name)


def test_a_matrix_out_of_range_is_an_error():
    """Columns at 1e200 have a covariance beyond floats."""
    x = np.random.default_rng(9).normal(size=(50, 2)) * 1e200
    with pytest.raises(BandwidthError, match="range of floats"):
        Form.of(Sample.of(x), "full")
    x *= 1e-46  # the covariance fits at 1e154, and a larger H does not
    form = Form.of(Sample.of(x), "full")
    with pytest.raises(BandwidthError, match="Change the units"):
        form.value(100.0 * np.eye(2))
