"""Blocks of work on threads.

Compiled loops release the GIL, so plain threads use every core. A block writes to its
own part of the answer, and blocks depend on the data alone: the result is bitwise the
same for any number of threads. Threads live only as long as the call, which is safe
under concurrent callers and after a fork.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from parzen.errors import ParzenError
from parzen.progress import silent, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    machine costs no more than a single thread; it alone reports to `parzen.progress`.
    An error or Ctrl-C drops the blocks that have not begun and waits for those that
    have, so that no thread is left.

    Plain threads, no executor: an executor refuses work once the main thread has
    ended, though other threads of the user's still run.
    """
    threads = min(thread_count(n_jobs), n_blocks)
    # shared without a lock: to pop or to append is a single step
    blocks = deque(range(n_blocks))
    finished: deque[int] = deque()
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def work(report: Callable[[int], None]) -> None:
        for block in _taken_from(blocks):
            task(block)
            finished.append(block)
            report(len(finished))

    def help_out() -> None:
        try:
            work(silent)
        except BaseException as error:  # noqa: BLE001 - raised below, by the caller
            blocks.clear()
            ended.put(error)
        else:
            ended.put(None)

    with stage(n_blocks) as report:
        helpers = [
            threading.Thread(target=help_out, name=f"parzen-{k}")
            for k in range(1, threads)
        ]
        # one `try` around it all: Ctrl-C comes between any two steps
        try:
            for helper in helpers:
                helper.start()
            work(report)
            # not `join`: if Ctrl-C meets it, Python 3.11 takes the thread for dead
            errors = [error for _ in helpers if (error := ended.get()) is not None]
        finally:
            blocks.clear()
            for helper in helpers:
                if helper.is_alive():  # it is not if it could not be started
                    helper.join()
        if errors:
            raise errors.pop()


def _taken_from(blocks: deque[int]) -> Iterator[int]:
    """Take the next block until none is left."""
    while blocks:
        try:
            block = blocks.popleft()
        except IndexError:  # another thread took the last one meanwhile
            return
        yield block
