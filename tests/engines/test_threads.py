"""The same bits for any number of threads, callers and processes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

import parzen
from parzen.engines import direct

# More pairs than one block holds, as many blocks of queries or panels of points.
MANY_QUERIES = (5_000, 400)
MANY_POINTS = (150_000, 9)


def same_bits(a, b):
    """Whether two answers are equal to the last bit."""
    return np.array_equal(a.view(np.uint64), b.view(np.uint64))


def blocks_of(n, m):
    """How many tasks the sum of m queries over n points is cut into."""
    rows = min(m, max(64, direct.BLOCK_PAIRS // n))
    return -(-m // rows) * max(1, n * m // direct.BLOCK_PAIRS)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [MANY_QUERIES, MANY_POINTS], ids=["rows", "panels"])
@pytest.mark.parametrize(
    ("kernel", "d", "weighted"),
    [("gaussian", 1, False), ("gaussian", 7, True), ("epanechnikov", 3, True)],
)
def test_threads_do_not_change_a_bit(rng, sizes, kernel, d, weighted):
    """n_jobs = 1, 2, 3 and -1 give bitwise the same answer."""
    n, m = sizes
    assert blocks_of(n, m) >= 4
    x, q = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    weights = rng.random(n) if weighted else None
    answers = [
        parzen.kde(
            x,
            weights=weights,
            kernel=kernel,
            bandwidth=0.5,
            method="direct",
            n_jobs=n_jobs,
        ).logpdf(q)
        for n_jobs in (1, 2, 3, -1, None)
    ]
    assert all(same_bits(answers[0], other) for other in answers[1:])


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [MANY_QUERIES, MANY_POINTS], ids=["rows", "panels"])
@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "biweight"])
def test_blocks_sum_to_the_exact_answer(rng, sizes, kernel):
    """Blocks, panels and tiles leave no point out and count none twice."""
    n, m = sizes
    x, q = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    weights = rng.random(n)
    some = {"kernel": kernel, "bandwidth": 0.5, "weights": weights, "method": "direct"}
    density = parzen.kde(x, **some)
    logs = density.logpdf(q)
    # the NumPy sum is judged by the oracle elsewhere; here it is fast
    few = slice(None, None, 1 + m // 9)
    plain = [
        np.logaddexp.reduce(
            [
                np.log(weights[part].sum() / weights.sum())
                + parzen.kde(x[part], **some | {"weights": weights[part]}).logpdf(row)
                for part in np.array_split(np.arange(n), 1 + n // 60_000)
            ]
        )
        for row in q[few]
    ]
    np.testing.assert_allclose(logs[few], np.ravel(plain), rtol=1e-12)


@pytest.mark.slow
def test_concurrent_callers_get_the_same_bits(rng):
    """Four threads that ask at once are answered as one is."""
    x, q = rng.normal(size=(4_000, 3)), rng.normal(size=(4, 200, 3))
    density = parzen.kde(x, bandwidth=0.3, method="direct")
    alone = [density.pdf(part) for part in q]
    start = threading.Barrier(4)

    def ask(part):
        start.wait(timeout=60)
        return [density.pdf(part) for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ask, q))
    for one, several in zip(alone, together, strict=True):
        assert all(same_bits(one, other) for other in several)


def run_script(script, cache):
    """Run a script in a new interpreter with its own cache of machine code."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        env=os.environ
        | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_first_calls_may_be_concurrent(tmp_path):
    """Threads that meet an empty cache of machine code all get their answer.

    The pause widens the moment in which a loop's parts are known to one thread alone.
    """
    done = run_script(
        """
        import threading, time
        import numba.extending
        import numpy as np
        import parzen

        register = numba.extending.register_jitable

        def slowly(*args, **kwargs):
            time.sleep(0.05)
            return register(*args, **kwargs)

        numba.extending.register_jitable = slowly
        x = np.random.default_rng(0).normal(size=(600, 2))
        failed = []

        def ask(kernel):
            try:
                parzen.kde(x, kernel=kernel, bandwidth=0.5, method="direct").pdf(x)
            except Exception as error:
                failed.append(repr(error)[:500])

        threads = [
            threading.Thread(target=ask, args=(kernel,))
            for kernel in ("gaussian", "logistic", "epanechnikov", "tophat")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(failed)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_works_after_a_fork():
    """A child of a process that has used threads computes the same bits."""
    done = run_script(
        """
        import os
        import numpy as np
        import parzen

        x = np.random.default_rng(0).normal(size=(3000, 2))
        density = parzen.kde(x, bandwidth=0.5, method="direct", n_jobs=2)
        parent = density.pdf(x[:300]).tobytes()
        child = os.fork()
        if child == 0:
            os._exit(0 if density.pdf(x[:300]).tobytes() == parent else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
        os.environ["NUMBA_CACHE_DIR"],
    )
    assert done.stdout.strip() == "0", done.stdout + done.stderr


@pytest.mark.slow
def test_works_in_loky_workers(rng):
    """Worker processes of joblib give the bits of their parent."""
    x, q = rng.normal(size=(3_000, 2)), rng.normal(size=(2, 200, 2))
    density = parzen.kde(x, bandwidth=0.5, method="direct")
    try:
        answers = joblib.Parallel(n_jobs=2, backend="loky")(
            joblib.delayed(density.pdf)(part) for part in q
        )
    finally:
        get_reusable_executor().shutdown(wait=True)
    for part, answer in zip(q, answers, strict=True):
        assert same_bits(density.pdf(part), answer)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["direct", "grid", "fft"])
def test_pickled_density_answers_with_the_same_bits(rng, method):
    """A density comes back from a pickle as it was, used before or not."""
    x, q = rng.normal(size=(2_000, 2)), rng.normal(size=(300, 2))
    density = parzen.kde(x, weights=rng.random(2_000), method=method)
    fresh = pickle.dumps(density)
    answer = density.logpdf(q)
    for stored in (fresh, pickle.dumps(density)):
        assert same_bits(pickle.loads(stored).logpdf(q), answer)
