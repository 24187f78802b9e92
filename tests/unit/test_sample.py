from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import polars as pl
import pytest

from parzen import column
from parzen.errors import ShapeError, WeightError
from parzen.sample import Sample

EPS = np.finfo(np.float64).eps


def weighted_case(d=3, n=40, seed=1):
    """Correlated points and weights over three orders of magnitude."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    return points, 10 ** rng.uniform(-2, 1, n)


@pytest.mark.parametrize("shape", [(7,), (7, 1), (7, 3)])
def test_shapes(shape):
    """Points are (n, d); 1-D data are one column and remembered as flat."""
    sample = Sample.of(np.arange(np.prod(shape), dtype=float).reshape(shape))
    assert sample.points.shape == (7, shape[1] if len(shape) > 1 else 1)
    assert (sample.n, sample.d) == sample.points.shape
    assert sample.flat == (len(shape) == 1)
    assert sample.weights is None
    assert sample.n_eff == 7.0


def test_the_callers_arrays_are_neither_changed_nor_kept():
    """Changing the data afterwards changes nothing here, and the other way round."""
    x, w = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])
    before = x.copy(), w.copy()
    sample = Sample.of(x, w)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(w, before[1])
    assert not np.shares_memory(sample.points, x)
    assert not np.shares_memory(sample.weights, w)
    x[:], w[:] = 0.0, 1.0
    np.testing.assert_array_equal(sample.points[:, 0], before[0])
    assert x.flags.writeable


def test_a_sample_is_frozen():
    """Neither its fields nor its arrays can be changed."""
    sample = Sample.of([1.0, 2.0], [1.0, 1.0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.points = np.zeros((2, 1))
    for array in (sample.points, sample.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1, 1, 1, 1], 4.0),
        ([1, 0, 0, 0], 1.0),
        ([1, 2, 3, 4], 100 / 30),
        ([1e300, 1e300, 0, 0], 2.0),
        ([5e-324, 5e-324, 5e-324, 0], 3.0),
    ],
    ids=str,
)
def test_effective_size(weights, expected):
    """n_eff = (sum w)^2 / sum w^2 (Kish), at any scale of the weights."""
    assert Sample.of(np.arange(4.0), weights).n_eff == pytest.approx(
        expected, rel=1e-15
    )


@pytest.mark.parametrize("scale", [1e-300, 1.0, 7.0, 1e300])
def test_weights_become_probabilities(scale):
    """Their scale does not matter, and they sum to one."""
    sample = Sample.of(np.arange(3.0), scale * np.array([1.0, 2.0, 5.0]))
    np.testing.assert_allclose(sample.weights, [0.125, 0.25, 0.625], rtol=4 * EPS)
    assert sample.weights.sum() == pytest.approx(1.0, rel=EPS)


def test_misaligned_weights_are_refused():
    """Sample validates what it is given; the texts are tested with `checks`."""
    with pytest.raises(WeightError):
        Sample.of([1.0, 2.0], [1.0])
    with pytest.raises(ShapeError):
        Sample.of([])


def test_moments_are_those_of_numpy():
    """Mean and unbiased covariance as np.average and np.cov have them."""
    points, weights = weighted_case()
    for w in (None, weights):
        sample = Sample.of(points, w)
        np.testing.assert_allclose(sample.mean, np.average(points, axis=0, weights=w))
        covariance = np.cov(points.T, aweights=w)
        np.testing.assert_allclose(sample.covariance, covariance, rtol=1e-13)
        np.testing.assert_allclose(sample.std, np.sqrt(np.diag(covariance)), rtol=1e-13)
        spread = np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(
            sample.correlation, covariance / np.outer(spread, spread), rtol=1e-12
        )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-8, 1e8, 1e160, 1e300])
def test_moments_follow_the_units(scale, weighted):
    """Mean and spread are equivariant over the whole range of floats."""
    points, weights = weighted_case(d=2)
    w = weights if weighted else None
    base, scaled = Sample.of(points, w), Sample.of(points * scale, w)
    np.testing.assert_allclose(scaled.mean, base.mean * scale, rtol=1e-13)
    np.testing.assert_allclose(scaled.std, base.std * scale, rtol=1e-13)
    np.testing.assert_allclose(scaled.correlation, base.correlation, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e170, 1e300])
def test_a_covariance_out_of_range_is_silent(scale):
    """Squares that leave the range become 0 or inf without a warning."""
    covariance = Sample.of(weighted_case(d=2)[0] * scale).covariance
    assert set(np.diag(covariance)) <= {0.0, np.inf}


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_survive_an_offset(weighted):
    """At an offset of 1e12 the spread keeps the digits that the data have."""
    points, weights = weighted_case(d=2)
    # what is left of the points after rounding, known exactly
    far = points + 1e12
    near = far - 1e12
    w = weights if weighted else None
    a, b = Sample.of(far, w), Sample.of(near, w)
    np.testing.assert_allclose(a.std, b.std, rtol=1e-12)
    np.testing.assert_allclose(a.correlation, b.correlation, rtol=0, atol=1e-12)
    # one rounding of the mean, at the offset's own resolution
    np.testing.assert_allclose(a.mean - 1e12, b.mean, rtol=0, atol=np.spacing(1e12))


@pytest.mark.parametrize("value", [0.1, 1e300, 5e-324, 0.0, -1e-7])
def test_constant_columns_have_no_spread_at_all(value):
    """Rounding of the mean must not pass for a spread."""
    points = np.column_stack((np.full(7, value), np.arange(7.0)))
    for weights in (None, np.arange(1.0, 8.0)):
        sample = Sample.of(points, weights)
        assert sample.std[0] == 0.0
        assert sample.std[1] > 0.0


def test_integer_weights_equal_repetition():
    """Mean and quartile-free moments of repeated rows, up to the degrees of freedom."""
    points, _ = weighted_case()
    counts = np.arange(len(points)) % 4
    weighted = Sample.of(points, counts)
    repeated = Sample.of(np.repeat(points, counts, axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=0, atol=1e-14)
    n = repeated.n
    # population moments: 1 - 1/n_eff against (n - 1)/n
    ratio = (1 - 1 / weighted.n_eff) / ((n - 1) / n)
    np.testing.assert_allclose(
        weighted.covariance * ratio, repeated.covariance, rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("d", [1, 3])
def test_one_point_has_a_mean_and_no_spread(d):
    """N = 1 gives zeros, never NaN."""
    sample = Sample.of(np.full((1, d), 3.5))
    np.testing.assert_array_equal(sample.mean, np.full(d, 3.5))
    np.testing.assert_array_equal(sample.std, np.zeros(d))
    np.testing.assert_array_equal(sample.covariance, np.zeros((d, d)))


P = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101])
def test_equal_weights_give_numpys_quantiles(n):
    """With equal weights the weighted definition is numpy's default."""
    points = np.random.default_rng(n).normal(size=(n, 2))
    expected = np.quantile(points, P, axis=0)
    for weights in (None, np.full(n, 0.3)):
        quantiles = Sample.of(points, weights).quantile(P)
        assert quantiles.shape == (len(P), 2)
        np.testing.assert_allclose(quantiles, expected, rtol=0, atol=100 * EPS)


def test_quantiles_do_not_depend_on_the_order():
    """A permutation of the rows changes no bit, ties included."""
    rng = np.random.default_rng(3)
    points = rng.integers(0, 6, (50, 1)).astype(float)
    weights = rng.uniform(0.1, 5, 50)
    # exact sums: weights on a grid of 2^-20
    weights = np.round(weights * 2**20)
    quantiles = Sample.of(points, weights).quantile(P)
    for _ in range(5):
        order = rng.permutation(50)
        again = Sample.of(points[order], weights[order]).quantile(P)
        np.testing.assert_allclose(again, quantiles, rtol=4 * EPS)


def test_quantiles_are_symmetric_under_reflection():
    """Q(p) of x is -Q(1 - p) of -x."""
    points, weights = weighted_case(d=2)
    p = np.linspace(0, 1, 21)
    a = Sample.of(points, weights).quantile(p)
    b = Sample.of(-points, weights).quantile(1 - p)
    np.testing.assert_allclose(a, -b, rtol=0, atol=1e-13)


def test_weightless_points_do_not_move_quantiles():
    """A zero weight equals an absent row."""
    points, weights = weighted_case(d=1)
    weights[::3] = 0.0
    kept = weights > 0
    np.testing.assert_allclose(
        Sample.of(points, weights).quantile(P),
        Sample.of(points[kept], weights[kept]).quantile(P),
        rtol=0,
        atol=1e-14,
    )


def test_quantiles_follow_a_growing_weight():
    """A point that takes over all the weight takes over the quartiles."""
    x = np.array([0.0, 1.0, 2.0, 3.0, 10.0])
    quartiles = Sample.of(x, [1, 1, 1, 1, 1e9]).quantile([0.25, 0.5, 0.75])[:, 0]
    assert (np.diff(quartiles) >= 0).all()
    # a lone heavy point stands at one position, so its neighbours share the rest
    assert quartiles[-1] > np.quantile(x, 0.75)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}), ("a", "b")),
        (pl.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}), ("a", "b")),
        (pd.DataFrame([[1.0, 2], [3, 4]]), ("0", "1")),
        (pd.Series([1.0, 2], name="waiting"), ("waiting",)),
        (pl.Series("waiting", [1.0, 2]), ("waiting",)),
        (pd.Series([1.0, 2]), None),
        (np.array([1.0, 2]), None),
        ([1.0, 2], None),
    ],
    ids=[
        "pandas",
        "polars",
        "numbered",
        "series",
        "polars series",
        "nameless",
        "array",
        "list",
    ],
)
def test_column_names_are_kept(data, names):
    """Frames and named series bring their names along."""
    assert Sample.of(data).columns == names
    given = ["p"] * Sample.of(data).d
    assert Sample.of(data, columns=given).columns == tuple(given)


@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "int8", "uint64", "bool", ">f8"]
)
def test_every_real_type_becomes_float64(dtype):
    """Numerics see C-contiguous native doubles only."""
    x = np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype)
    points = Sample.of(np.asfortranarray(x)).points
    assert points.dtype == np.dtype("=f8")
    assert points.flags.c_contiguous
    np.testing.assert_array_equal(points, x.astype(float))


LONG = {
    "normal": lambda rng, n: rng.normal(3.0, 2.0, n),
    "ties": lambda rng, n: rng.integers(0, 5, n).astype(float),
    "far": lambda rng, n: rng.normal(1e9, 1.0, n),
    "1e300": lambda rng, n: 1e300 * rng.normal(size=n),
    "1e308": lambda rng, n: rng.choice([-1.7e308, 1.7e308], n),
    "1e-300": lambda rng, n: 1e-300 * rng.normal(size=n),
    "5e-324": lambda rng, n: 5e-324 * rng.integers(-3, 4, n),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", LONG)
def test_long_columns_have_the_moments_of_short_ones(shape, weighted, rng, monkeypatch):
    """The passes over one column compute what the general formulas do."""
    x = LONG[shape](rng, 6000)
    w = rng.uniform(0.1, 1.0, len(x)) if weighted else None
    short = Sample.of(x, w)
    expected = short.mean, short.std, short.covariance, short.correlation
    quantiles = short.quantile(P)
    monkeypatch.setattr(column, "LARGE", 1)
    monkeypatch.setattr(column, "FEW", 1000)
    long = Sample.of(x, w)
    mean, std, covariance, correlation = expected
    size = np.abs(x).max()
    np.testing.assert_allclose(long.mean / size, mean / size, rtol=0, atol=4 * EPS)
    np.testing.assert_allclose(long.std, std, rtol=1e-13)
    np.testing.assert_allclose(long.covariance, covariance, rtol=1e-13)
    np.testing.assert_allclose(long.correlation, correlation, rtol=1e-15)
    np.testing.assert_array_equal(long.quantile(P), quantiles)
    assert long.covariance.shape == (1, 1)


@pytest.mark.parametrize("value", [0.1, 1e300, 5e-324, 0.0, -1e-7])
def test_a_long_constant_column_has_no_spread_at_all(value, monkeypatch):
    """Rounding of the mean must not pass for a spread there either."""
    monkeypatch.setattr(column, "LARGE", 1)
    for weights in (None, np.arange(1.0, 3001.0)):
        sample = Sample.of(np.full(3000, value), weights)
        assert sample.std.tolist() == [0.0]
        assert sample.mean[0] == pytest.approx(value, rel=4 * EPS, abs=0)
        assert sample.quantile(P).tolist() == [[value]] * len(P)
