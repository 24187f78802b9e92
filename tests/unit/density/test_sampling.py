from __future__ import annotations

import pickle

import numpy as np
import pytest

import parzen
from parzen.density.sampling import BLOCK, WeightedIndex, _row_loop

WEIGHTS = {
    "one": [1.0],
    "even": np.full(64, 1 / 64),
    "odd": np.full(7, 1 / 7),
    "random": np.random.default_rng(1).dirichlet(np.ones(1000)),
    "steep": 0.5 ** np.arange(1, 60),
    "zeros": [0.0, 0.2, 0.0, 0.0, 0.8, 0.0],
    "heavy last": [*np.full(5000, 1e-9), 1 - 5e-6],
    "heavy first": [1 - 5e-6, *np.full(5000, 1e-9)],
    "tiny": [1e-300, 1.0, 1e-320],
}
every_weighting = pytest.mark.parametrize(
    "weights", [np.array(w) for w in WEIGHTS.values()], ids=list(WEIGHTS)
)


# Weights of a few whole parts of their mean, where cells fill up exactly.
WHOLE = np.array([1.0, 1.0, 0.5, 1.5, 1.0, 2.0, 0.0, 0.25, 1.75]) / 9


class Uniform:
    """A generator whose uniform numbers are given."""

    def __init__(self, u):
        self.u = np.asarray(u)

    def random(self, size):
        """Return the numbers."""
        assert size == len(self.u)
        return self.u.copy()


def masses(index):
    """Probability of each index, as the table has it, in long doubles."""
    thresholds, aliases = index.table
    own = np.asarray(thresholds, dtype=np.longdouble)
    total = own.copy()
    np.add.at(total, aliases, 1 - own)
    return total / len(own)


@pytest.mark.parametrize(
    "weights",
    [*map(np.array, WEIGHTS.values()), WHOLE, WHOLE[::-1]],
    ids=[*WEIGHTS, "whole", "whole reversed"],
)
def test_the_table_holds_each_probability(weights):
    """What a cell keeps, and what it gives to others, adds up to the weights."""
    index = WeightedIndex(weights)
    thresholds, aliases = index.table
    assert ((thresholds >= 0) & (thresholds <= 1)).all()
    assert (weights[aliases[thresholds < 1]] > 0).all()
    due = np.asarray(weights, dtype=np.longdouble)
    due /= due.sum()
    np.testing.assert_allclose(masses(index), due, rtol=0, atol=2e-14)
    # a light point's own cell is no difference of sums: its digits stay
    light = due * len(due) < 0.5
    np.testing.assert_allclose(masses(index)[light], due[light], rtol=1e-12)


@every_weighting
def test_draws_are_what_the_table_says(weights):
    """On an even grid of numbers each index is as frequent as it is probable."""
    size = len(weights) * (40 * 101 if len(weights) < 100 else 205)
    u = (np.arange(size) + 0.5) / size
    draws = WeightedIndex(weights).draw(size, Uniform(u))
    share = np.bincount(draws, minlength=len(weights)) / size
    # each cell of the table gives and takes at one border
    most = 2 * (1 + np.bincount(WeightedIndex(weights).table[1]).max()) / size
    np.testing.assert_allclose(share, weights / np.sum(weights), rtol=0, atol=most)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_compiled_rows_are_the_plain_draws(k):
    """The loop reads the very point that the plain look-up names."""
    rng = np.random.default_rng(0)
    index = WeightedIndex(rng.dirichlet(np.ones(1000)))
    values = rng.normal(size=(1000, k))
    u = np.append(rng.random(5000), [0.0, np.nextafter(1, 0)])
    out = np.empty((len(u), k))
    _row_loop(k)(u * 1000, index.rows(values), out)
    np.testing.assert_array_equal(out, values[index.at(u)])


@pytest.mark.parametrize("local", [None, np.linspace(0.5, 2, 300)])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_many_draws_are_those_of_the_plain_path(monkeypatch, d, local):
    """Whether rows are laid out changes the speed, not one draw."""
    rng = np.random.default_rng(d)
    x, weights = rng.normal(size=(300, d)), rng.random(300)
    bandwidth = 0.3 if local is None else parzen.LocalBandwidth(0.3, local)
    density = parzen.kde(x, weights=weights, bandwidth=bandwidth)
    size = BLOCK + 100
    plain = density.sample(size, rng=1)
    monkeypatch.setattr("parzen.density.sampling.FEW_DRAWS", 0)
    np.testing.assert_array_equal(density.sample(size, rng=1), plain)


def test_blocks_follow_each_other():
    """Draws of a seed repeat, and a longer call begins with whole blocks of it."""
    density = parzen.kde([0.0, 1.0, 5.0], bandwidth=0.1)
    long = density.sample(2 * BLOCK + 7, rng=3)
    np.testing.assert_array_equal(density.sample(2 * BLOCK + 7, rng=3), long)
    np.testing.assert_array_equal(density.sample(BLOCK, rng=3), long[:BLOCK])
    assert len(np.unique(long)) == len(long)


@every_weighting
def test_points_without_weight_are_never_drawn(weights):
    """Not even at the borders of the cells."""
    draws = WeightedIndex(weights).draw(20_000, np.random.default_rng(3))
    assert (weights[draws] > 0).all()


def test_no_draws():
    """Zero draws are an empty array of indices."""
    draws = WeightedIndex(np.array([0.5, 0.5])).draw(0, np.random.default_rng(4))
    assert draws.shape == (0,)
    assert draws.dtype == np.intp


def test_the_weights_stay_as_they_are():
    """Drawing changes neither the weights nor the answer of the same seed."""
    weights = np.array([0.3, 0.0, 0.7])
    index = WeightedIndex(weights)
    first = index.draw(100, np.random.default_rng(5))
    again = index.draw(100, np.random.default_rng(5))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(weights, [0.3, 0.0, 0.7])


def test_tables_pickle():
    """A worker process draws the same."""
    index = WeightedIndex(np.array([0.1, 0.9]))
    again = pickle.loads(pickle.dumps(index))
    np.testing.assert_array_equal(
        again.draw(50, np.random.default_rng(7)),
        index.draw(50, np.random.default_rng(7)),
    )
