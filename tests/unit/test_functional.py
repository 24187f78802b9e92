from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pytest

import parzen
from parzen import kde

X = np.random.default_rng(1).normal(size=(50, 2))


def test_the_keywords_are_those_of_the_estimator_plus_weights():
    """One vocabulary, the same defaults, and only the data by position."""
    function = inspect.signature(kde).parameters
    estimator = inspect.signature(parzen.KernelDensity).parameters
    assert list(function) == ["x", "weights", *estimator]
    for name, parameter in estimator.items():
        assert function[name].default == parameter.default
        assert function[name].kind is inspect.Parameter.KEYWORD_ONLY
    assert function["weights"].default is None


@pytest.mark.parametrize("keywords", [{}, {"bandwidth": 0.4, "kernel": "cosine"}])
def test_estimator_and_function_give_the_same_density(keywords):
    """KernelDensity only translates into kde."""
    w = np.arange(50.0)
    density = kde(X, weights=w, **keywords)
    model = parzen.KernelDensity(**keywords).fit(X, sample_weight=w)
    np.testing.assert_array_equal(model.score_samples(X), density.logpdf(X))
    np.testing.assert_array_equal(
        model.sample(5, random_state=3), density.sample(5, rng=3)
    )


def test_one_gaussian_is_one_gaussian():
    """The density of a single point is the kernel itself."""
    density = kde([3.0], bandwidth=0.5)
    assert density.pdf(3.0) == pytest.approx(1 / (0.5 * np.sqrt(2 * np.pi)), rel=1e-15)
    assert density.logpdf(4.0) == pytest.approx(-2 - np.log(0.5 * np.sqrt(2 * np.pi)))


def test_the_data_are_copied():
    """Changing the caller's arrays afterwards changes no answer, nor the other way."""
    x, w, h = X.copy(), np.ones(50), np.array([0.5, 0.7])
    density = kde(x, weights=w, bandwidth=h)
    before = density.pdf(X)
    assert (x == X).all()
    assert (w == 1).all()
    x[:], w[:], h[:] = 0.0, np.arange(50), 9.0
    np.testing.assert_array_equal(density.pdf(X), before)


def test_queries_are_not_changed():
    """Neither written to nor kept."""
    q = X.copy()
    kde(X, bandwidth=0.5).logpdf(q)
    np.testing.assert_array_equal(q, X)


@pytest.mark.parametrize(
    "make",
    [
        list,
        tuple,
        pd.Series,
        pl.Series,
        pd.Index,
        np.ma.array,
        np.float32,
        lambda x: x[::-1][::-1],
        lambda x: pd.Series(x, index=np.arange(50)[::-1]),
    ],
    ids=[
        "list",
        "tuple",
        "pandas",
        "polars",
        "index",
        "unmasked",
        "float32",
        "strided",
        "unordered index",
    ],
)
def test_one_dimensional_data_come_in_many_forms(make):
    """Values count, in their order; an index does not."""
    x = X[:, 0].astype(np.float32).astype(float)
    np.testing.assert_array_equal(kde(make(x)).pdf([0.0, 1.0]), kde(x).pdf([0.0, 1.0]))


@pytest.mark.parametrize(
    "make",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        pd.DataFrame,
        pl.DataFrame,
        lambda x: pd.DataFrame(x).astype("Float64"),
        lambda x: x.astype(object),
    ],
    ids=["lists", "Fortran", "pandas", "polars", "nullable", "objects"],
)
def test_tables_come_in_many_forms(make):
    """Frames, lists of rows, any memory layout."""
    np.testing.assert_array_equal(kde(make(X)).pdf(X), kde(X).pdf(X))


def test_integer_weights_count_like_repeated_rows():
    """With the bandwidth by hand, the density is the same."""
    counts = np.arange(50) % 4
    weighted = kde(X, weights=counts, bandwidth=0.4)
    repeated = kde(np.repeat(X, counts, axis=0), bandwidth=0.4)
    # sums of at most 150 terms in another order
    np.testing.assert_allclose(
        weighted.logpdf(X), repeated.logpdf(X), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("method", ["direct", "grid", "fft", "diffusion"])
@pytest.mark.parametrize("n_jobs", [1, 2, -1, np.int64(3)], ids=str)
def test_threads_change_no_bit(method, n_jobs):
    """The answer depends on the data alone."""
    x = np.random.default_rng(2).normal(size=2000)
    q = np.linspace(-4, 4, 300)
    one = kde(x, method=method).logpdf(q)
    np.testing.assert_array_equal(kde(x, method=method, n_jobs=n_jobs).logpdf(q), one)


@pytest.mark.parametrize(
    ("kernel", "able"),
    [
        ("gaussian", ("diffusion", "fft", "gauss_transform")),
        ("triweight", ("fft", "sweep")),
    ],
)
@pytest.mark.parametrize("atol", [1e-2, 1e-4, 1e-6])
def test_the_accepted_error_is_kept(atol, kernel, able):
    """Whatever "auto" takes for it: |g - f| <= atol + rtol f, tails included."""
    x = np.random.default_rng(3).normal(size=5000)
    q = np.linspace(-8, 8, 101)
    exact = kde(x, kernel=kernel, method="direct").pdf(q)
    density = kde(x, kernel=kernel, atol=atol)
    assert density.method in able
    assert (np.abs(density.pdf(q) - exact) <= atol + 1e-8 * exact).all()


def test_degenerate_data_take_a_bandwidth_by_hand():
    """One point, constant data and n <= d are fine once the width is given."""
    for x in ([[1.0, 2.0, 3.0]], np.ones((4, 2)), np.ones(4), np.eye(3)):
        assert np.isfinite(kde(x, bandwidth=0.5).logpdf(np.asarray(x))).all()
