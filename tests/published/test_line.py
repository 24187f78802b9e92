"""Bandwidths on the line that R publishes: stats, KernSmooth and ks.

`line.json` holds R's values and the data; `line.R` makes it. R is a second opinion
here: what judges is the sum over all pairs in `tests/reference_crossval.py`, which is
compared with R where R's own rounding of constants and binning can be taken out.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from parzen.bandwidth.crossval import bcv, scv, ucv
from parzen.bandwidth.sheather_jones import plugin, sheather_jones
from parzen.sample import Sample
from tests import reference_crossval as exact

TABLE = json.loads((Path(__file__).parent / "line.json").read_text())
del TABLE["versions"]

# Rounded constants, and distances rounded to 1/200000 of 1.01 ranges.
FINE = 1e-4
pytestmark = pytest.mark.peers
samples = pytest.mark.parametrize("name", TABLE)


@functools.cache
def data(name):
    """The data of a sample, read-only."""
    x = np.array(TABLE[name]["x"])
    x.setflags(write=False)
    return x


def chosen(select, name):
    """What a selector finds."""
    return select(Sample.of(data(name)))


@samples
def test_sheather_jones(name):
    """bw.SJ: the oracle with R's rounded constants is R's, ours has exact ones."""
    published = TABLE[name]["SJ-ste-fine"]
    rounded = exact.sheather_jones(data(name), constants=exact.ROUNDED)
    assert rounded == pytest.approx(published, rel=FINE)
    ours = chosen(sheather_jones, name).value
    # 1.24 for 1.2407, 1.23 for 1.2304, 1.357 for 1.3572: on the whole a thousandth
    assert ours == pytest.approx(published, rel=1e-3)
    # 1000 bins, and a root to a tenth of the lower end of the search: 0.01 h or so
    assert ours == pytest.approx(TABLE[name]["SJ-ste"], rel=1e-2)


def test_sheather_jones_of_precip():
    """R's manual plots precip with bw = "SJ"; density() prints 3.938 there."""
    assert chosen(sheather_jones, "precip").value == pytest.approx(3.938, rel=2e-3)


def dpik(x):
    """What KernSmooth computes: linear binning there loses the largest point.

    Its node is the last one, and only cells below it are filled; n and the spread are
    those of all points.
    """
    n, kept = len(x), np.sort(x)[:-1]
    psi = exact.normal_functional(8, exact.spread(x, constants=exact.ROUNDED))
    for order in (6, 4):
        peak = exact.derivative(exact.Real(0), order)
        g = (-2 * peak / (psi * n)) ** (1 / exact.Real(order + 3))
        psi = exact.pair_sum(kept, g, order, own=True)
    return float((2 * exact.ROOT_PI * psi * n) ** exact.Real(-0.2))


@samples
def test_direct_plug_in(name):
    """KernSmooth::dpik and ks::hpi, but for a point; bw.SJ, which divides otherwise."""
    x, table = data(name), TABLE[name]
    ours = chosen(plugin, name).value
    assert ours == pytest.approx(exact.plugin(x), rel=1e-4)
    assert dpik(x) == pytest.approx(table["dpik-fine"], rel=1e-6)
    # 401 nodes
    assert dpik(x) == pytest.approx(table["dpik"], rel=2e-3)
    assert table["hpi"] == pytest.approx(table["dpik"], rel=2e-3)
    # (n / (n - 1))^(1/5), and the same in the pilot
    assert ours == pytest.approx(table["SJ-dpi-fine"], rel=1e-3 + 0.5 / len(x))


def divided_by_squares(x, h):
    """Return R's score: with n^2 where the unbiased one has n (n - 1)."""
    wide, narrow = (exact.pair_sum(x, g, 0) for g in (np.sqrt(2) * h, h))
    return float(1 / (2 * exact.ROOT_PI * len(x) * h) + wide - 2 * narrow)


@samples
def test_unbiased_cross_validation(name):
    """bw.ucv: its own score is least where it says, and ours by the unbiased one."""
    found, published = chosen(ucv, name), TABLE[name]["ucv-fine"]
    x = data(name)
    own = 1 / (2 * np.sqrt(np.pi) * len(x) * published)
    bound = exact.oversmoothed(x)
    if published > 0.999 * bound:
        # R ends at its bound, ours has the minimum beyond it and comes back
        assert found.value == pytest.approx(bound, rel=1e-9)
        return
    score = functools.partial(divided_by_squares, x)
    best = exact.minimum(score, 0.9 * published, 1.1 * published)
    assert best == pytest.approx(published, rel=1e-3)
    assert exact.ucv(x, found.value) < exact.ucv(x, published) + 1e-6 * own
    # a part 1/n more of the last term moves a flat minimum by little
    assert found.value == pytest.approx(published, rel=0.02)


@samples
def test_biased_cross_validation(name):
    """bw.bcv: the same; ours ends earlier where neither has a minimum."""
    found, published = chosen(bcv, name), TABLE[name]["bcv-fine"]
    x = data(name)
    bound = exact.oversmoothed(x)
    if not found.converged:
        # R's answer is the end of its range, 1.144 s n^(-1/5), rounded
        assert published == pytest.approx(bound, rel=2e-4)
        ratio = exact.spread(x) / np.std(x, ddof=1)
        assert found.value == pytest.approx(ratio * bound, rel=1e-9)
        return
    own = 1 / (2 * np.sqrt(np.pi) * len(x) * published)
    assert exact.bcv(x, found.value) < exact.bcv(x, published) + 1e-6 * own
    assert found.value == pytest.approx(published, rel=1e-3)


@samples
def test_smoothed_cross_validation(name):
    """ks::hscv, whose normal start has the deviation where ours has a robust spread."""
    x, published = data(name), TABLE[name]["hscv-exact"]
    s = np.std(x, ddof=1)
    score = functools.partial(exact.scv, x, constant=exact.pilot_constant(x, sigma=s))
    best = exact.minimum(score, 0.9 * published, 1.1 * published)
    # R stops at a relative 1e-4 of its range
    assert best == pytest.approx(published, rel=1e-3)
    found = chosen(scv, name)
    if exact.spread(x) == pytest.approx(s, rel=1e-12):
        assert found.value == pytest.approx(published, rel=1e-3)
    else:
        start = exact.pilot_constant(x)
        score = functools.partial(exact.scv, x, constant=start)
        near = 0.9 * found.value, 1.1 * found.value
        bound = exact.oversmoothed(x)
        best = min(exact.minimum(score, *near), bound)
        assert found.value == pytest.approx(best, rel=1e-3)
