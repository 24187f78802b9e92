from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest

import parzen
from parzen import progress as module
from parzen.errors import ParzenError
from parzen.parallel import run_blocks
from parzen.progress import reporting

tqdm_auto = pytest.importorskip("tqdm.auto")


class Calls(list):
    """A function for `progress` that remembers its calls, their time and thread."""

    def __call__(self, done, total):
        """Take note of a report."""
        self.append((done, total))
        self.times = [*getattr(self, "times", []), time.monotonic()]
        self.threads = {*getattr(self, "threads", ()), threading.get_ident()}


def nap(_block):
    """A block of work of 5 ms."""
    time.sleep(5e-3)


@pytest.fixture
def every(monkeypatch):
    """Report every block, however short."""
    monkeypatch.setattr(module, "INTERVAL", 0.0)


@pytest.fixture
def screen(monkeypatch, capsys):
    """What the bars write, as soon as they are made."""
    monkeypatch.setattr(module, "DELAY", 0.0)
    return lambda: capsys.readouterr().err


@pytest.fixture
def density(rng):
    """A density that sums 16 blocks for 1024 queries."""
    x = rng.normal(size=(3_000, 2))
    return parzen.kde(x, bandwidth=0.3, method="direct", n_jobs=1)


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_counts_rise_to_the_total_on_the_callers_thread(n_jobs):
    """From 0 of all blocks to all of them; helpers' blocks count as well."""
    calls = Calls()
    with reporting(calls):
        run_blocks(nap, 40, n_jobs)
    counts = [done for done, _ in calls]
    assert counts[0] == 0
    assert counts[-1] == 40
    assert all(a < b for a, b in itertools.pairwise(counts))
    assert len(counts) > 40 / n_jobs / 2
    assert {total for _, total in calls} == {40}
    assert calls.threads == {threading.get_ident()}


def test_reports_are_seldom():
    """At most twenty a second, whatever the length and number of stages."""
    calls = Calls()
    began = time.monotonic()
    with reporting(calls):
        for size in (1, 2, 60, 3, 3, 3, 40):
            run_blocks(nap, size, 2)
    seconds = time.monotonic() - began
    assert 2 < len(calls) <= 20 * seconds + 3
    assert calls[-1] == (40, 40)
    # what is told of at all is told of to its end
    assert (60, 60) in calls
    assert all(b >= a for a, b in itertools.pairwise(calls.times))


@pytest.mark.usefixtures("every")
def test_each_stage_counts_anew():
    """Stages one after another have totals of their own."""
    calls = Calls()
    with reporting(calls):
        run_blocks(nap, 2, 1)
        run_blocks(nap, 0, 1)
        run_blocks(nap, 3, 1)
    assert calls == [(0, 2), (1, 2), (2, 2), (0, 3), (1, 3), (2, 3), (3, 3)]


def test_work_without_blocks_is_one_block(density):
    """A function that waits for done = total is not left waiting."""
    calls = Calls()
    density.pdf(np.full((3, 2), np.inf), progress=calls)
    assert calls == [(1, 1)]


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize("name", ["pdf", "logpdf"])
def test_a_density_reports_and_answers_the_same(density, rng, name):
    """Progress changes no bit, also where some queries are infinite."""
    q = rng.normal(size=(1_024, 2))
    q[7, 1] = np.inf
    evaluate = getattr(density, name)
    calls = Calls()
    watched = evaluate(q, progress=calls)
    assert len(calls) == 17
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] > 1
    np.testing.assert_array_equal(watched, evaluate(q))


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("at", [0, 3])
def test_an_error_in_the_function_stops_the_work(n_jobs, at):
    """It reaches the caller; blocks that have not begun are dropped."""
    begun = []

    def fail(done, _total):
        if done >= at:
            msg = "enough"
            raise LookupError(msg)

    def task(block):
        begun.append(block)
        nap(block)

    with pytest.raises(LookupError, match="enough"), reporting(fail):
        run_blocks(task, 500, n_jobs)
    assert len(begun) < 50
    calls = []
    run_blocks(calls.append, 3, n_jobs)
    assert sorted(calls) == [0, 1, 2]


@pytest.mark.usefixtures("every")
def test_after_an_error_no_total_is_reported():
    """Work that failed is not told to have ended."""
    calls = Calls()

    def task(block):
        if block == 4:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), reporting(calls):
        run_blocks(task, 9, 1)
    assert calls[-1] == (4, 9)


@pytest.mark.usefixtures("every")
def test_concurrent_callers_hear_of_their_own_work():
    """Six threads with functions of their own, or with none."""

    def call(size):
        calls = Calls()
        with reporting(calls if size % 2 else False):
            run_blocks(nap, size, 2)
        return calls

    with ThreadPoolExecutor(6) as pool:
        for size, calls in enumerate(pool.map(call, range(10, 22)), start=10):
            assert {total for _, total in calls} == ({size} if size % 2 else set())


@pytest.mark.usefixtures("every")
def test_work_within_work_is_not_counted(density, rng):
    """Neither what a block does, nor what the function itself evaluates."""
    q = rng.normal(size=(200, 2))
    totals = set()

    def look(_done, total):
        totals.add(total)
        density.pdf(q)

    with reporting(look):
        run_blocks(lambda _: run_blocks(nap, 7, 1), 3, 2)
    assert totals == {3}


@pytest.mark.usefixtures("every")
def test_a_thread_that_inherits_the_context_is_silent():
    """As threads of free-threaded Python do: the function stays on one thread."""
    calls = Calls()
    with reporting(calls):
        context = copy_context()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(context.run, run_blocks, nap, 5, 1).result()
    assert calls == [(1, 1)]


@pytest.mark.parametrize("value", ["yes", 1, None, [print], tqdm_auto.tqdm])
def test_what_is_no_function_is_refused(density, value):
    """The error names the argument, the rule, the value and the way out."""
    with pytest.raises(ParzenError, match=r"`progress` must be .*; got .*Pass True"):
        density.pdf([[0.0, 0.0]], progress=value)


@pytest.mark.parametrize("value", [False, np.False_])
def test_silent_by_default(density, rng, screen, value):
    """Not a character."""
    density.pdf(rng.normal(size=(500, 2)), progress=value)
    assert screen() == ""


def test_without_tqdm_the_error_says_what_to_install(density, monkeypatch):
    """The extra, or a function, which needs no tqdm."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r'pip install "parzen\[progress\]", or pass'):
        density.logpdf([[0.0, 0.0]], progress=True)
    density.logpdf([[0.0, 0.0]], progress=Calls())


@pytest.mark.usefixtures("every")
def test_the_bar_of_each_stage_is_closed(screen):
    """A full bar on a line of its own for each stage."""
    with reporting(True):
        run_blocks(nap, 6, 2)
        run_blocks(nap, 4, 2)
    text = screen()
    assert text.count("density: 100%|") >= 2
    assert text.count("\n") == 2


def test_the_bar_waits_until_the_work_lasts(screen, monkeypatch):
    """Short work shows nothing, not even an empty line."""
    monkeypatch.setattr(module, "DELAY", 0.5)
    with reporting(np.True_):
        run_blocks(nap, 4, 1)
    assert screen() == ""


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_closes_the_bar(screen, error):
    """The bar stays as it was, and the traceback begins on a new line."""

    def task(block):
        nap(block)
        if block == 20:
            raise error

    with pytest.raises(error), reporting(True):
        run_blocks(task, 40, 1)
    last = screen().rpartition("\r")[2]
    assert last.startswith("density:  50%|")
    assert last.endswith("\n")


def test_the_bar_leaves_no_thread():
    """Tqdm's monitor would stay, and a later fork would find it."""
    script = """
    import threading
    import parzen.progress
    parzen.progress.DELAY = 0.0
    from parzen.parallel import run_blocks
    with parzen.progress.reporting(True):
        run_blocks(lambda block: None, 10, 2)
    print(threading.active_count())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert "density: 100%|" in done.stderr
