from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from parzen import parallel
from parzen.errors import ParzenError
from parzen.parallel import run_blocks, thread_count, usable_cpus


@pytest.fixture
def four_cpus(monkeypatch):
    """A machine with four processors and no limit in the environment."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)


@pytest.mark.usefixtures("four_cpus")
@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, 4), ("1", 1), ("3", 3), ("8", 4), ("2,1", 2), ("0", 4), ("", 4), ("x", 4)],
)
def test_the_environment_lowers_the_processors(monkeypatch, limit, expected):
    """OMP_NUM_THREADS lowers the count, never raises it; nonsense is ignored."""
    if limit is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert usable_cpus() == expected


@pytest.mark.parametrize(("count", "expected"), [(3, 3), (None, 1)])
def test_processors_are_counted_without_affinity(monkeypatch, count, expected):
    """Systems without an affinity mask report all processors, or at least one."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert usable_cpus() == expected


@pytest.mark.usefixtures("four_cpus")
@pytest.mark.parametrize(
    ("n_jobs", "expected"),
    [(None, 4), (1, 1), (3, 3), (9, 9), (-1, 4), (-2, 3), (-4, 1), (-9, 1)],
)
def test_negative_numbers_count_back_from_all(n_jobs, expected):
    """As in joblib: -1 is all, -2 all but one, and never less than one."""
    assert thread_count(n_jobs) == expected


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2", True, [1]])
def test_impossible_thread_counts_are_refused(n_jobs):
    """The error names the argument, the rule, the value and the way out."""
    with pytest.raises(ParzenError, match=r"`n_jobs` must be .*; got .*None or -1"):
        thread_count(n_jobs)


@pytest.mark.parametrize("n_blocks", [0, 1, 2, 17])
@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_every_block_runs_once(n_blocks, n_jobs):
    """Whatever the number of threads, and also if there is nothing to do."""
    done = []
    run_blocks(done.append, n_blocks, n_jobs)
    assert sorted(done) == list(range(n_blocks))


def test_one_thread_runs_in_the_caller():
    """A single thread starts no pool."""
    names = set()
    run_blocks(lambda _: names.add(threading.current_thread().name), 4, 1)
    assert names == {threading.current_thread().name}


def test_threads_end_with_the_call():
    """No pool stays behind: safe after a fork."""
    run_blocks(lambda _: None, 8, 3)
    assert not [t for t in threading.enumerate() if t.name.startswith("parzen")]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_stops_the_blocks_not_begun(n_jobs):
    """The caller gets the error of a block, without waiting for all others."""
    begun = []

    def task(block):
        begun.append(block)
        if block == 1:
            msg = "block 1"
            raise RuntimeError(msg)
        time.sleep(1e-3)

    with pytest.raises(RuntimeError, match="block 1"):
        run_blocks(task, 500, n_jobs)
    assert len(begun) < 250


def test_concurrent_callers_do_not_meet():
    """Calls from several threads, each with threads of its own, all finish."""

    def call(caller):
        done = []
        parallel.run_blocks(lambda block: done.append((caller, block)), 20, 2)
        return sorted(done)

    with ThreadPoolExecutor(4) as pool:
        for caller, done in enumerate(pool.map(call, range(8))):
            assert done == [(caller, block) for block in range(20)]


def parzen_threads():
    """Threads of parzen that run."""
    return [t for t in threading.enumerate() if t.name.startswith("parzen")]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_interrupt_at_any_line_stops_the_blocks(n_jobs):
    """Ctrl-C between any two steps of the caller: no block begins, no thread is left.

    Every line that runs in the caller is interrupted in turn, once.
    """
    outer = sys.gettrace()
    sites = set()
    for _ in range(200):
        begun, then = [], []

        def task(block, begun=begun):
            begun.append(block)
            time.sleep(5e-4)

        def trace(frame, event, _argument, begun=begun, then=then):
            if frame.f_code.co_filename != parallel.__file__:
                return None
            site = frame.f_lineno, event
            if site not in sites and not then:
                sites.add(site)
                then.append(len(begun))
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            run_blocks(task, 200, n_jobs)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(outer)
        assert not parzen_threads()
        if not then:
            break
        assert len(begun) <= then[0] + n_jobs
    assert not then, "lines were left"
    assert len(sites) > 15


def test_a_thread_that_cannot_start_is_an_error(monkeypatch):
    """The threads that have started end, and the caller learns of it."""
    start = threading.Thread.start

    def refuse(thread):
        if thread.name == "parzen-2":
            msg = "can't start new thread"
            raise RuntimeError(msg)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = []
    with pytest.raises(RuntimeError, match="can't start"):
        run_blocks(lambda block: (done.append(block), time.sleep(1e-3)), 1000, 3)
    assert len(done) < 500
    assert not parzen_threads()


def test_works_after_the_main_thread_has_ended():
    """A thread of the user's may outlive the script; executors refuse to serve it."""
    script = """
    import threading
    from parzen.parallel import run_blocks

    def late():
        threading.main_thread().join()
        done = []
        run_blocks(done.append, 50, 3)
        print(len(done))

    threading.Thread(target=late).start()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "50", done.stderr
