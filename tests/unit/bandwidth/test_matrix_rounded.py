"""Repeated rows and rounded columns, in several dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from parzen import BinnedSample
from parzen.bandwidth.matrix import FORMS, plugin, scv, ucv
from parzen.bandwidth.matrix.rounded import at_least, form_of
from parzen.bandwidth.ties import axis_steps, merge_ties
from parzen.sample import Sample
from tests.reference import log_sum, log_terms

SELECTORS = {"plugin": plugin, "scv": scv, "ucv": ucv}
each_selector = pytest.mark.parametrize(
    "select", SELECTORS.values(), ids=list(SELECTORS)
)


def covariance_of(value, d=2):
    """A bandwidth as a covariance."""
    value = np.asarray(value)
    return value if value.ndim == 2 else np.diag(np.broadcast_to(value, d) ** 2)


@pytest.mark.parametrize("times", [10, 100])
@each_selector
def test_repeated_rows_tell_nothing_new(select, times):
    """Ten or a hundred of each: the bandwidth of one of each."""
    x = np.random.default_rng(0).normal(size=(100, 2))
    once, found = select(Sample.of(x)), select(Sample.of(np.repeat(x, times, axis=0)))
    assert found.converged
    np.testing.assert_allclose(found.value, once.value, rtol=1e-6)


@each_selector
def test_repeats_count_as_weights(select):
    """Of uneven numbers; also among candidates."""
    rng = np.random.default_rng(1)
    x, times = rng.normal(size=(150, 2)), rng.integers(1, 5, size=150)
    written = Sample.of(np.repeat(x, times, axis=0))
    weighted = Sample.of(x, times)
    np.testing.assert_allclose(select(written).value, select(weighted).value, rtol=1e-6)
    if select is not plugin:
        h = [0.1, 0.3, 1.0]
        scores = [select(s, candidates=h).scores for s in (written, weighted)]
        np.testing.assert_allclose(*scores, rtol=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", [400, 1500])
@each_selector
def test_counts_have_no_spikes(select, form, n):
    """Between the nodes the density is what a smooth one would be."""
    z = np.random.default_rng(0).poisson(2, size=(n, 2)).astype(float)
    found = select(Sample.of(z), form)
    h = covariance_of(found.value)
    # H - 1/4 has no negative eigenvalue
    assert np.linalg.eigvalsh(h)[0] > 0.25 * (1 - 1e-6)
    ends = np.array([[2.0, 2.0], [2.5, 2.5], [2.0, 2.5]])
    f = np.exp(log_sum(log_terms(z, ends, h))).astype(float)
    assert f.max() < 1.6 * f.min()


@each_selector
def test_rounding_below_the_bandwidth_changes_little(select):
    """To a third of a deviation: every point of the cells still counts."""
    x = np.random.default_rng(2).normal(size=(800, 2))
    rounded = select(Sample.of(0.3 * np.round(x / 0.3)), "scaled")
    raw = select(Sample.of(x), "scaled")
    np.testing.assert_allclose(
        np.sqrt(np.diag(rounded.value)), np.sqrt(np.diag(raw.value)), rtol=0.1
    )


@each_selector
def test_one_rounded_column_leaves_the_other_alone(select):
    """Half a step along the first axis, far less along the second."""
    x = np.random.default_rng(3).normal(size=(600, 2))
    x[:, 0] = 2.0 * np.round(x[:, 0] / 2.0)
    found = select(Sample.of(x), "diagonal")
    assert found.value[0] >= 1.0 - 1e-9
    assert found.value[1] < 0.6
    assert "half the step" in found.note


def test_steps_of_axes():
    """Rounded, continuous, repeated; and the nodes of binned data."""
    rng = np.random.default_rng(4)
    x = np.stack([np.round(rng.normal(size=900), 1), rng.normal(size=900)], axis=1)
    np.testing.assert_allclose(axis_steps(Sample.of(x)), [0.1, 0.0], rtol=1e-6)
    repeated = np.repeat(rng.normal(size=(300, 2)), 3, axis=0)
    np.testing.assert_array_equal(axis_steps(Sample.of(repeated)), [0.0, 0.0])
    binned = BinnedSample.of(x * [1.0, 7.0], grid_size=(32, 64)).sample()
    np.testing.assert_allclose(axis_steps(binned), binned.spacing)


def test_rounded_rows_are_not_merged():
    """Many points a cell are news; with a continuous column they are repeats."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(2, size=(500, 2)).astype(float)
    assert form_of(Sample.of(counts), "full").n_eff == 500
    mixed = np.stack(
        [np.repeat(counts[:250, 0], 2), np.repeat(rng.normal(size=250), 2)]
    )
    assert form_of(Sample.of(mixed.T), "full").n_eff == pytest.approx(250)


@pytest.mark.parametrize("weighted", [False, True])
def test_merged_rows(weighted):
    """Against a dictionary."""
    rng = np.random.default_rng(6)
    x = rng.integers(4, size=(200, 2)).astype(float)
    w = rng.random(200) if weighted else None
    merged = merge_ties(Sample.of(x, w))
    totals = {}
    for row, share in zip(map(tuple, x), np.ones(200) if w is None else w, strict=True):
        totals[row] = totals.get(row, 0.0) + share
    whole = sum(totals.values())
    found = dict(zip(map(tuple, merged.points), merged.weights, strict=True))
    assert found == pytest.approx({row: t / whole for row, t in totals.items()})


def test_least_widths():
    """H - diag(least^2) has no negative eigenvalue; H stays if it had none."""
    rng = np.random.default_rng(7)
    for least in (np.array([0.3, 0.5, 0.2]), np.array([0.3, 0.0, 0.2])):
        for _ in range(20):
            root = rng.normal(size=(3, 3))
            h = 0.2 * root @ root.T
            for name in ("full", "scaled"):
                raised = at_least(h, least, name)
                room = np.linalg.eigvalsh(raised - np.diag(least**2))[0]
                assert room > -1e-9 * np.trace(raised)
                if np.linalg.eigvalsh(h - np.diag(least**2))[0] > 0:
                    assert raised is h
                elif name == "scaled":
                    assert np.ptp(raised / h) < 1e-9 * np.max(raised / h)
                    assert abs(room) < 1e-9 * np.trace(raised)
                else:
                    # no more than needed: what was wide enough stays
                    assert np.linalg.eigvalsh(raised - h)[0] > -1e-9
    assert at_least(0.1, np.array([0.2, 0.0]), "isotropic") == 0.2
    kept = np.array([0.3, 0.1])
    assert at_least(kept, np.array([0.2, 0.0]), "diagonal") is kept
