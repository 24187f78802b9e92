from __future__ import annotations

import pickle
import time

import numpy as np
import pytest

from parzen.density.sampling import WeightedIndex

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


class Uniform:
    """A generator whose uniform numbers are given."""

    def __init__(self, u):
        self.u = np.asarray(u)

    def random(self, size):
        """Return the numbers."""
        assert size == len(self.u)
        return self.u.copy()


def inverse_cdf(weights, u):
    """The first index whose cumulative probability exceeds u, by bisection."""
    positive = np.flatnonzero(weights)
    cumulative = np.cumsum(weights[positive])
    cumulative /= cumulative[-1]
    return positive[np.searchsorted(cumulative, u, side="right")]


@every_weighting
def test_it_is_the_inverse_of_the_cumulative_sum(weights):
    """The guide table changes the speed, not one index; borders included."""
    cumulative = np.cumsum(weights[weights > 0])
    cumulative /= cumulative[-1]
    cells = np.arange(len(cumulative)) / len(cumulative)
    borders = np.concatenate((cumulative[:-1], cells))
    u = np.concatenate(
        (
            np.random.default_rng(2).random(5000),
            borders,
            np.nextafter(borders, 0),
            np.nextafter(borders, 1),
            [0.0, np.nextafter(1, 0)],
        )
    )
    u = np.clip(u, 0, np.nextafter(1, 0))
    draws = WeightedIndex(weights).draw(len(u), Uniform(u))
    np.testing.assert_array_equal(draws, inverse_cdf(weights, u))


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


@pytest.mark.parametrize("place", [0, 50_000, 99_999])
def test_one_heavy_point_among_many_light_ones_stays_fast(place):
    """A cell that holds nearly all points is bisected, not walked through.

    10,000 draws by walking 100,000 steps would take a second; 0.3 s is a hundred
    times what bisection needs.
    """
    weights = np.full(100_000, 1e-12)
    weights[place] = 1 - 99_999e-12
    index = WeightedIndex(weights)
    index.draw(1, np.random.default_rng(6))
    u = np.linspace(0, 1, 10_000, endpoint=False)
    begin = time.perf_counter()
    draws = index.draw(len(u), Uniform(u))
    assert time.perf_counter() - begin < 0.3
    np.testing.assert_array_equal(draws, inverse_cdf(weights, u))


def test_tables_pickle():
    """A worker process draws the same."""
    index = WeightedIndex(np.array([0.1, 0.9]))
    again = pickle.loads(pickle.dumps(index))
    np.testing.assert_array_equal(
        again.draw(50, np.random.default_rng(7)),
        index.draw(50, np.random.default_rng(7)),
    )
