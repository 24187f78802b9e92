"""`BandwidthResult.plot` draws the criterion and marks the choice."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from parzen import CapabilityError, select_bandwidth
from parzen.plot import plot_scores

# two modes, so that every criterion has its minimum inside
X = np.random.default_rng(3).normal(size=150) + np.repeat([-3.0, 3.0], 75)
PLANE = np.random.default_rng(4).normal(size=(100, 2))


@pytest.mark.parametrize("method", ["likelihood", "ucv", "bcv", "scv"])
def test_the_line_is_the_criterion(method):
    """Every finite score, rising in width, and the choice at the dashed line."""
    result = select_bandwidth(X, method)
    ax = result.plot()
    x, y = ax.lines[0].get_data()
    np.testing.assert_array_equal(x, result.candidates)
    np.testing.assert_array_equal(y, result.scores)
    assert ax.lines[1].get_xdata()[0] == result.value
    low, high = ax.get_ylim()
    best = result.scores.max() if method == "likelihood" else result.scores.min()
    assert low < best < high
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize("matrix", ["full", "diagonal", "isotropic"])
def test_matrices_are_drawn_by_their_size(matrix):
    """The geometric mean of the widths."""
    result = select_bandwidth(PLANE, "ucv", matrix=matrix)
    ax = plot_scores(result)
    chosen = ax.lines[1].get_xdata()[0]
    value = np.asarray(result.value)
    expected = {
        0: lambda: float(value),
        1: lambda: float(np.sqrt(value.prod())),
        2: lambda: float(np.linalg.det(value) ** 0.25),
    }[value.ndim]()
    assert chosen == pytest.approx(expected, rel=1e-12)


def test_it_draws_where_it_is_told():
    """On the axes given; nothing global."""
    ax = Figure().add_subplot()
    assert select_bandwidth(X, "ucv").plot(ax) is ax


def test_scores_of_minus_infinity_are_left_out():
    """A candidate that no lonely point allows."""
    x = np.append(X, 30.0)
    some = [0.5, 27.0, 40.0]
    result = select_bandwidth(x, "likelihood", candidates=some, kernel="tophat")
    np.testing.assert_array_equal(result.plot().lines[0].get_xdata(), some[1:])


@pytest.mark.parametrize("method", ["isj", "silverman", "sheather_jones"])
def test_rules_have_nothing_to_draw(method):
    """They say so."""
    with pytest.raises(CapabilityError, match="no criterion to draw"):
        select_bandwidth(X, method).plot()
