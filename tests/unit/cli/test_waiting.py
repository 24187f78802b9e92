"""The spinner of the command, and the bar behind it."""

from __future__ import annotations

import time

import pytest

from parzen import progress
from parzen.errors import AccuracyWarning, warn
from parzen.parallel import run_blocks

waiting = pytest.importorskip("parzen.cli.waiting")


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns on stderr, and no patience."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(waiting, "DELAY", 0.0)
    monkeypatch.setattr(progress, "INTERVAL", 0.0)


def work():
    """Ten blocks in half a second: rich paints ten times a second."""
    run_blocks(lambda _: time.sleep(0.05), 10, 1)


@pytest.mark.usefixtures("terminal")
def test_a_long_sum_shows_a_bar(capsys):
    """Behind the text of the spinner, until the sum is done."""
    with waiting.waiting("drawing"):
        work()
        time.sleep(0.2)
    out, err = capsys.readouterr()
    assert out == ""
    assert "━" in err
    assert " 50%" in err or " 60%" in err
    # then the spinner alone: who knows how long the rest takes
    assert "%" not in err.rpartition("drawing")[2]


@pytest.mark.usefixtures("terminal")
def test_a_short_sum_shows_none(capsys, monkeypatch):
    """A bar that flashes up tells nothing."""
    monkeypatch.setattr(waiting, "DELAY", 5.0)
    with waiting.waiting("drawing"):
        work()
    err = capsys.readouterr().err
    assert "drawing" in err
    assert "━" not in err


def test_no_terminal_gets_no_bar(capsys):
    """A file or a pipe gets the warnings and nothing else."""
    with waiting.waiting("drawing"):
        warn("coarse", AccuracyWarning)
        work()
    assert capsys.readouterr() == ("", "warning: coarse\n")
