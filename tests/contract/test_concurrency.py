"""Callers on several threads, forks and joblib's workers get the bits of one caller."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

import parzen
from parzen.parallel import thread_count

pytestmark = pytest.mark.slow

# Seconds after which a child counts as hung.
PATIENCE = 60.0


def some_density(k, *, n_jobs=2):
    """One of several densities that share no data, kernel or engine."""
    rng = np.random.default_rng(k)
    x = rng.normal(size=(3_000, 1 + k % 3))
    return parzen.kde(
        x,
        weights=rng.random(len(x)) if k % 2 else None,
        kernel=("gaussian", "epanechnikov", "exponential")[k % 3],
        bandwidth=0.2 + 0.1 * k,
        method="fft" if k == 4 else "direct",
        n_jobs=n_jobs,
    )


def queries(k, size=300):
    """Points where the k-th density is asked; more pairs than NumPy answers."""
    return np.random.default_rng(100 + k).normal(size=(size, 1 + k % 3))


def bits(k, n_jobs=2):
    """Estimate, evaluate, and return the answer as bytes."""
    density = some_density(k, n_jobs=n_jobs)
    return density.logpdf(queries(k)).tobytes()


def test_eight_threads_with_densities_of_their_own():
    """Each answer is that of a serial call: callers share nothing that changes."""
    alone = [bits(k, n_jobs=1) for k in range(8)]
    start = threading.Barrier(8)

    def ask(k):
        start.wait(timeout=PATIENCE)
        return [bits(k) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        for one, several in zip(alone, pool.map(ask, range(8)), strict=True):
            assert set(several) == {one}


def test_eight_threads_that_estimate_by_the_default():
    """The same for `kde` with its defaults: rule, engine and bounds."""

    def estimate(k):
        x = np.random.default_rng(k).gamma(2.0 + k, size=5_000)
        density = parzen.kde(x, bounds=(0.0, np.inf), boundary="reflect")
        return density.bandwidth, density.pdf(x).tobytes()

    alone = [estimate(k) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(estimate, range(8))) == alone


def send_bits(connection, density, q):
    """Evaluate in a child; the parent's density, and one of its own."""
    connection.send((density.logpdf(q).tobytes(), bits(1)))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="needs os.fork"
)
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS forbids to go on in a fork")
def test_a_fork_after_threads_answers():
    """No lock, pool or thread of the parent is needed in its child."""
    density, q = some_density(0), queries(0)
    expected = (density.logpdf(q).tobytes(), bits(1))
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=send_bits, args=(there, density, q))
    with warnings.catch_warnings():
        # newer Python warns of forks beside threads, such as the test runner's
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    try:
        assert here.poll(PATIENCE), "the child hangs"
        assert here.recv() == expected
        child.join(PATIENCE)
        assert child.exitcode == 0
    finally:
        child.kill()


def bits_and_threads(k):
    """What a worker answers, the threads it would start, and those that it did."""
    seen = set()

    def look(_done, _total):
        seen.update(thread.name for thread in threading.enumerate())

    density = some_density(k, n_jobs=None)
    answer = density.logpdf(queries(k), progress=look)
    helpers = sum(name.startswith("parzen") for name in seen)
    return answer.tobytes(), thread_count(None), helpers


def test_loky_workers_start_no_threads_beyond_their_share():
    """Joblib gives a worker a number of processors, and it keeps to it."""
    alone = [bits(k, n_jobs=1) for k in range(2)]
    try:
        with joblib.parallel_config(backend="loky", n_jobs=2, inner_max_num_threads=1):
            answers = joblib.Parallel()(
                joblib.delayed(bits_and_threads)(k) for k in range(2)
            )
    finally:
        get_reusable_executor().shutdown(wait=True)
    assert answers == [(answer, 1, 0) for answer in alone]


def test_joblib_threads_give_the_same_bits():
    """Threads of joblib, each with helpers of its own."""
    alone = [bits(k, n_jobs=1) for k in range(4)]
    answers = joblib.Parallel(n_jobs=4, backend="threading")(
        joblib.delayed(bits)(k) for k in range(4)
    )
    assert answers == alone


@pytest.mark.parametrize("method", ["auto", "direct", "fft", "grid", "diffusion"])
def test_any_number_of_threads_gives_the_same_bits(rng, method):
    """From the choice of a bandwidth to the answer, n_jobs = 1, 2, 3 and -1."""
    # more shares than one block bins at a time, more points than one block sums up
    x = rng.normal(size=5_000_000 if method == "fft" else 40_000)
    q = rng.normal(size=200)
    answers = {
        (density.bandwidth, density.pdf(q).tobytes())
        for n_jobs in (1, 2, 3, -1)
        for density in [parzen.kde(x, method=method, n_jobs=n_jobs)]
    }
    assert len(answers) == 1
