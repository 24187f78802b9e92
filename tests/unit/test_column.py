from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parzen import column
from tests.strategies import SEEDS

EPS = np.finfo(np.float64).eps
P = np.array([0.0, 1e-3, 0.25, 0.5, 0.75, 0.999, 1.0])
SHAPES = (
    "normal",
    "ties",
    "two values",
    "equal",
    "outliers",
    "heavy tails",
    "sorted",
    "reversed",
    "periodic",
    "1e300",
    "1e-300",
    "far",
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let a few thousand points take every path that many millions take."""
    monkeypatch.setattr(column, "LARGE", 1)
    monkeypatch.setattr(column, "FEW", 1000)
    monkeypatch.setattr(column, "BLOCK", 1500)


def numbers(shape, n, seed=0):
    """Make a column that is hard to select from, or to sum."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    made = {
        "ties": np.round(3.0 * x),
        "two values": np.where(x > 0.7, 1.0, -2.0),
        "equal": np.full(n, 0.1),
        "outliers": np.where(rng.random(n) < 0.01, 1e200 * x, x),
        "heavy tails": x / rng.uniform(1e-12, 1.0, n) ** 3,
        "sorted": np.sort(x),
        "reversed": np.sort(x)[::-1].copy(),
        # the regular subsample sees one value of each period
        "periodic": np.resize(rng.normal(size=24), n) + 1e-9 * x,
        "1e300": 1e300 * x,
        "1e-300": 1e-300 * x,
        "far": x + 1e12,
    }
    return made.get(shape, x)


@given(
    shape=st.sampled_from(SHAPES),
    n=st.integers(1, 6000),
    seed=SEEDS,
    p=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
@example(shape="normal", n=6000, seed=0, p=[0.25, 0.75])
@example(shape="two values", n=6000, seed=0, p=[0.25, 0.75])
@example(shape="periodic", n=6000, seed=0, p=[0.5])
def test_quantiles_are_numpys_to_the_last_bit(shape, n, seed, p):
    """Selection from brackets finds the same points, and interpolates the same way."""
    x = numbers(shape, n, seed)
    np.testing.assert_array_equal(column.quantiles(x, np.array(p)), np.quantile(x, p))


@pytest.mark.parametrize("shape", SHAPES)
def test_many_and_extreme_probabilities(shape):
    """The ends are the extremes; many ranks are as right as one."""
    x = numbers(shape, 5000)
    for p in (P, np.linspace(0, 1, 101)):
        np.testing.assert_array_equal(column.quantiles(x, p), np.quantile(x, p))


@pytest.mark.parametrize("p", [[-0.1], [0.5, 1.1], [np.nan]])
def test_wrong_probabilities_are_numpys_errors(p):
    """What is no probability is refused as before."""
    with pytest.raises(ValueError):
        column.quantiles(numbers("normal", 3000), np.array(p))


def test_few_points_are_partitioned(monkeypatch):
    """Of all points only those in the brackets are; of tied data only the subsample."""
    sizes = []

    def spy(values, ranks):
        sizes.append(len(values))
        return np.partition(values, ranks)[ranks]

    monkeypatch.setattr(column, "_partitioned", spy)
    n = 200_000
    for shape, most in (("normal", n // 20), ("outliers", n // 20), ("ties", 5000)):
        sizes.clear()
        column.quantiles(numbers(shape, n), np.array([0.25, 0.75]))
        assert max(sizes, default=0) < most, shape


def test_a_bracket_that_misses_its_rank_costs_one_partition():
    """Where the subsample is blind to most of the data, the answer is right still."""
    n = 8000
    stride = n // int(3.0 * n ** (2.0 / 3.0))
    x = np.random.default_rng(1).normal(size=n)
    x[::stride] += 100.0
    np.testing.assert_array_equal(column.quantiles(x, P), np.quantile(x, P))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", ["normal", "ties", "equal", "sorted", "far"])
def test_moments_agree_with_long_doubles(shape, weighted):
    """Mean and centred squares, at an offset of 1e12 too, and for signed weights."""
    x = numbers(shape, 5000)
    w = None
    if weighted:
        w = np.random.default_rng(2).normal(1.0, 1.0, len(x))
        w /= w.sum()
    mean, squares = column.moments(x, w, 0.5)
    exact = 0.5 * x.astype(np.longdouble)
    share = np.longdouble(1) if w is None else w.astype(np.longdouble)
    share = np.broadcast_to(share, x.shape)
    centre = (share * exact).sum() / (len(x) if w is None else 1)
    spread = (share * (exact - centre) ** 2).sum()
    size = float(np.abs(exact).max()) * float(np.abs(share).sum()) / float(share.sum())
    assert mean == pytest.approx(float(centre), rel=0, abs=4 * EPS * size)
    # the mean is known to its last bit only
    blur = len(x) * np.spacing(float(centre)) ** 2
    assert squares == pytest.approx(float(spread), rel=1e-13, abs=blur)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_number_of_threads_changes_no_bit(weighted):
    """Blocks depend on the number of points alone."""
    x = numbers("heavy tails", 20_000)
    w = np.random.default_rng(3).dirichlet(np.ones(len(x))) if weighted else None
    factor = 2.0**-60
    answers = {column.moments(x, w, factor, n_jobs) for n_jobs in (1, 2, 3)}
    assert len(answers) == 1
    for n_jobs in (1, 2, 3):
        np.testing.assert_array_equal(column.quantiles(x, P, n_jobs), np.quantile(x, P))


def test_columns_are_not_changed():
    """Selection works on copies, and leaves the caller's array writeable."""
    x = numbers("normal", 5000)
    before = x.copy()
    column.quantiles(x, P)
    column.moments(x, None, 1.0)
    np.testing.assert_array_equal(x, before)
    assert x.flags.writeable


def test_what_it_serves(monkeypatch):
    """One long column; more columns and few points are NumPy's."""
    monkeypatch.setattr(column, "LARGE", 10)
    assert column.serves(np.zeros((10, 1)))
    assert not column.serves(np.zeros((9, 1)))
    assert not column.serves(np.zeros((10, 2)))
