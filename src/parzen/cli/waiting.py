"""What a terminal shows while the command works: a spinner, and a bar for long sums."""

from __future__ import annotations

import time
import warnings
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from parzen.errors import ParzenWarning
from parzen.progress import DELAY, reporting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.status import Status

# Characters of the bar.
WIDTH = 20


class _Bar:
    """Puts a bar behind the text of a spinner while a sum lasts.

    Not tqdm's: the line belongs to the spinner, and the bar must move with it.
    """

    def __init__(self, status: Status, text: str) -> None:
        self._status = status
        self._text = text
        self._began: float | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how many blocks are done of all of this stage."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        if done == total:
            # no full bar: what comes next may take its time
            self._began = None
            self._status.update(self._text)
        elif now - self._began > DELAY:
            line = Table.grid(padding=(0, 1))
            bar = ProgressBar(total=total, completed=done, width=WIDTH)
            line.add_row(self._text, bar, f"{done / total:4.0%}")
            self._status.update(line)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show what is being done, on a terminal, until it is done; then its warnings."""
    console = Console(stderr=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ParzenWarning)
        with console.status(text) as status:
            bar = _Bar(status, text)
            with reporting(bar) if console.is_terminal else nullcontext():
                yield
    for warning in caught:
        typer.echo(f"warning: {warning.message}", err=True)
