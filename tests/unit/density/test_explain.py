"""`explain`: the plan of a density in words."""

from __future__ import annotations

import re

import numpy as np
import pytest

import parzen
from parzen.engines.planner import ENGINES

X = np.random.default_rng(1).normal(size=(30, 3))
METHODS = list(ENGINES)


def words(density):
    """What `explain` says, without its layout."""
    return " ".join(density.explain().split())


def test_explain_reads_like_a_query_plan():
    """Data, kernel, bandwidth with its rule, accepted error, engine, candidates."""
    text = words(parzen.kde(X[:, 0], weights=np.arange(1.0, 31.0)))
    # (sum w)^2 / sum w^2 = 465^2 / 9455
    expected = [
        r"data 30 points.* n_eff 22\.9",
        r"kernel gaussian",
        r"bandwidth 0\.\d+ isj: the default: improved Sheather-Jones",
        r"accepted \|error\| <= 0 \+ 1e-08 f",
        r"method direct: a plain sum of so few is the quickest.*<= 0 \+ 2e-11 f",
        r"candidates.* for 30 queries",
        r"direct 0\.0e\+00 2\.0e-11 .*s chosen",
        r"gauss_transform 0\.0e\+00 1\.0e-08 .*s slower",
        r"sweep cannot: .* gaussian",
        r"grid \d\.\de-\d\d 2\.0e-11 .*s error too large",
        r"fft \d\.\de-\d\d 0\.0e\+00 .*s error too large",
        r"diffusion \d\.\de-\d\d 0\.0e\+00 .*s error too large",
    ]
    assert re.match(".* ".join(expected), text)


def test_the_candidates_stand_in_columns():
    """Names, then numbers that end where their heads end."""
    lines = parzen.kde(X[:, 0]).explain().splitlines()
    head, *rows = lines[-len(METHODS) - 1 :]
    assert [row.split()[0] for row in rows] == METHODS
    rows = [row for row in rows if "cannot" not in row]
    # values end in the same place
    ends = [match.end() for match in re.finditer(r"\S+", head)]
    for row in rows:
        assert row[: ends[0]] == f"  {row.split()[0]:15}  {row.split()[1]:>9}"
        assert [row[end - 1] != " " and row[end] == " " for end in ends[:2]] == [1, 1]
        assert row[ends[2] - 1 : ends[2] + 2] == "s  "


@pytest.mark.parametrize(
    ("keywords", "pattern"),
    [
        ({"adjust": 2.0}, r"bandwidth [01]\.\d+ isj: .*; times 2, `adjust`"),
        ({"bandwidth": lambda _x, _w: 0.25}, r"callable: returned by the function"),
        ({"bandwidth": "isj"}, r"isj: chosen by name: improved Sheather-Jones"),
        ({"bandwidth": "adaptive_geom"}, r"widths \[0\..*a width for each point"),
        ({"bandwidth": np.full(30, 0.5)}, r"widths \[0\.5 .*manual: given by hand"),
        ({"kernel": "epanechnikov"}, r"diffusion cannot: heat spreads by the gaussian"),
        (
            {"bounds": (-9, 9), "boundary": "reflect"},
            r"bounds \[-9, 9\], boundary reflect accepted",
        ),
        (
            {"bounds": (0, np.inf)},
            r"bounds \[0, inf\], boundary None \d+ points outside kept as guard data",
        ),
        (
            {"bounds": (0, None), "outside": "drop"},
            r"\[0, inf\], boundary None \d+ points outside, or of weight 0, left",
        ),
    ],
    ids=[
        "adjust",
        "function",
        "isj",
        "adaptive",
        "one a point",
        "kernel",
        "bounds",
        "guard data",
        "dropped",
    ],
)
def test_explain_says_what_else_was_asked_for(keywords, pattern):
    """Each in its line."""
    assert re.search(pattern, words(parzen.kde(X[:, 0], **keywords)))


@pytest.mark.parametrize(
    ("keywords", "pattern"),
    [
        ({"method": "fft"}, r"method fft: named by hand"),
        ({"bandwidth": 0.25}, r"bandwidth 0\.25 .*manual: given by hand"),
        ({"bandwidth": "scott"}, r"scott: chosen by name"),
        ({"kernel": "biweight"}, r"times 2\.6\d+ for the biweight kernel"),
        ({"atol": 1e-3}, r"accepted \|error\| <= 0\.001 \+ 1e-08 f"),
    ],
    ids=["method", "bandwidth", "rule", "kernel", "atol"],
)
def test_explain_says_what_was_chosen_by_hand(keywords, pattern):
    """And what was not."""
    assert re.search(pattern, words(parzen.kde(X[:, 0], **keywords)))


def test_explain_of_several_dimensions():
    """A refusal is shown with its reason; arrays are shown as widths."""
    x = np.random.default_rng(4).normal(size=(50, 4))
    text = words(parzen.kde(x))
    assert re.match(r"data 50 points.*\b4\b.* kernel", text)
    assert re.search(r"covariance matrix.* widths \[", text)
    for name in ("grid", "fft"):
        assert f"{name} cannot: a regular grid serves 1, 2 or 3 dimensions" in text
    assert "diffusion cannot: diffusion serves one dimension; the data have 4" in text
    assert "widths [1. 2. 3. 4.]" in words(parzen.kde(x, bandwidth=[1.0, 2, 3, 4]))
