"""Blocks of work on threads.

Compiled loops release the GIL, so plain threads use every core. A block writes to its
own part of the answer, and blocks depend on the data alone: the result is bitwise the
same for any number of threads. Threads live only as long as the call, which is safe
under concurrent callers and after a fork.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any

from parzen.errors import ParzenError

if TYPE_CHECKING:
    from collections.abc import Callable


def usable_cpus() -> int:
    """Count the processors this process may use.

    `OMP_NUM_THREADS` lowers the number, as it does for NumPy and scikit-learn; joblib
    sets it in its worker processes, so that nested parallelism does not oversubscribe.
    """
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if limit.isdecimal() and int(limit) > 0:
        cpus = min(cpus, int(limit))
    return cpus


def thread_count(n_jobs: Any) -> int:
    """Turn `n_jobs` into a number of threads; None means all usable processors.

    Negative numbers count back from all, as in joblib: -1 is all, -2 all but one.
    """
    if n_jobs is None:
        return usable_cpus()
    if isinstance(n_jobs, bool) or not hasattr(n_jobs, "__index__") or n_jobs == 0:
        msg = f"`n_jobs` must be a non-zero integer or None; got {n_jobs!r}. "
        raise ParzenError(msg + "Use None or -1 for all processors.")
    jobs = int(n_jobs)
    return jobs if jobs > 0 else max(1, usable_cpus() + 1 + jobs)


def run_blocks(task: Callable[[int], None], n_blocks: int, n_jobs: Any) -> None:
    """Call `task(0)`, ..., `task(n_blocks - 1)` on threads; wait for all of them.

    The caller works too and takes the next block when it is free, so that a busy
    machine costs no more than a single thread. An error or Ctrl-C drops the blocks
    that have not begun.
    """
    threads = min(thread_count(n_jobs), n_blocks)
    blocks = deque(range(n_blocks))

    def work() -> None:
        while blocks:
            try:
                block = blocks.popleft()
            except IndexError:  # another thread took the last one meanwhile
                return
            try:
                task(block)
            except BaseException:
                blocks.clear()
                raise

    if threads <= 1:
        work()
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads - 1, thread_name_prefix="parzen") as pool:
        others = [pool.submit(work) for _ in range(threads - 1)]
        work()
        for other in others:
            other.result()
