"""How far a long evaluation has come: a bar, or a function of the caller's.

`Density` opens a context around an evaluation, `run_blocks` finds it there and reports
the blocks that are done; engines, boundaries and plans know nothing of it.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import ParzenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

# Seconds between two reports. A stage may end right after one, which adds a second
# report to the interval: 20 a second at most.
INTERVAL = 0.1
# Seconds that a stage lasts before its bar appears.
DELAY = 0.5


class Meter:
    """The reports of one evaluation, on the thread that called it.

    An evaluation is a row of stages, each with a total of its own. A stage that is told
    of at all is told of up to its end; one shorter than `INTERVAL` may be passed over.
    """

    def __init__(self, report: Callable[[int, int], object]) -> None:
        self._report = report
        self._thread = threading.get_ident()
        self._next = 0.0
        self._total = 1
        self._told = -1  # no report of this stage yet
        self._busy = False

    def listens(self) -> bool:
        """Whether a stage that begins now, on this thread, is one of the evaluation.

        Not the work of a block, nor what the caller's function evaluates itself, nor
        a thread that inherits the context, as those of free-threaded Python do.
        """
        return not self._busy and threading.get_ident() == self._thread

    @contextmanager
    def stage(self, total: int) -> Iterator[Callable[[int], None]]:
        """Begin a stage; gives a function to report what is done to."""
        self._total, self._told, self._busy = total, -1, True
        try:
            self._advance(0)
            yield self._advance
            if self._told >= 0:
                self._tell(total)
        finally:
            self._busy = False

    def finish(self) -> None:
        """End at the total, also where no stage was long enough to be told of."""
        self._tell(self._total)

    def _advance(self, done: int) -> None:
        """Report, unless the last report was a moment ago."""
        if time.monotonic() >= self._next:
            self._tell(done)

    def _tell(self, done: int) -> None:
        """Report, unless this is what was reported last."""
        if done != self._told:
            self._told = done
            self._report(done, self._total)
            # counted from the end of the report: a slow one may not eat up the work
            self._next = time.monotonic() + INTERVAL


class Bar:
    """A bar of tqdm for each stage that lasts; in a notebook a widget."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            msg = (
                'a progress bar needs tqdm; install it with pip install "parzen'
                '[progress]", or pass a function of (done, total) as `progress`'
            )
            raise ImportError(msg) from error
        # without tqdm's own thread, which would outlive the bar and meet a fork
        self._kind: Any = type("Bar", (tqdm,), {"monitor_interval": 0})
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Move the bar on; the first report of a stage makes a new one."""
        if self._bar is None:
            self._bar = self._kind(
                total=total,
                desc="density",
                delay=DELAY,
                miniters=1,
                # blocks mean nothing to a user, so their number and rate are left out
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
            )
        self._bar.update(done - self._bar.n)
        if done == total:
            self.close()

    def close(self) -> None:
        """Leave the bar as it stands, and the cursor on a new line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


_current: ContextVar[Meter | None] = ContextVar("parzen_progress", default=None)


def reporting(progress: Any) -> AbstractContextManager[None]:
    """Report the blocks of work in this context; see `Density.pdf` for `progress`."""
    if progress is False:
        return nullcontext()
    if isinstance(progress, (bool, np.bool_)):
        bar = Bar() if progress else None
        return nullcontext() if bar is None else _reporting(bar, bar.close)
    # a class is no function to report to: whoever passes `tqdm` itself wants True
    if callable(progress) and not isinstance(progress, type):
        return _reporting(progress, lambda: None)
    rule = "must be True, False or a function of (done, total)"
    msg = f"`progress` {rule}; got {progress!r}. Pass True for a bar."
    raise ParzenError(msg)


@contextmanager
def _reporting(
    report: Callable[[int, int], object], close: Callable[[], None]
) -> Iterator[None]:
    """Let stages find a meter; end at the total unless there is an error."""
    meter = Meter(report)
    token = _current.set(meter)
    try:
        try:
            yield
        finally:
            _current.reset(token)
        meter.finish()
    finally:
        close()


def stage(total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Begin a stage of so many blocks; gives a function to report what is done to."""
    meter = _current.get()
    if meter is None or not total or not meter.listens():
        return nullcontext(silent)
    return meter.stage(total)


def silent(done: int) -> None:
    """Report to nobody."""
