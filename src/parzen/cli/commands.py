"""A group of commands whose errors are one line."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from parzen.errors import ParzenError

# What a user can cause; any other exception is a fault of parzen and shows where.
FORESEEN = (ParzenError, ImportError, OSError, MemoryError)


class Commands(TyperGroup):
    """Print `error: ...` on stderr and exit with code 2, without a traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command line."""
        if not extra.pop("standalone_mode", True):
            return super().main(*args, **{**extra, "standalone_mode": False})
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except FORESEEN as error:
            text = str(error) or "not enough memory."
            code = _report(text)
        except typer.Abort:
            code = 130
        except Exception as error:
            # the base class of usage errors moved when typer took click in
            if not hasattr(error, "format_message"):
                raise
            code = _report(_usage(error))
        sys.exit(code if isinstance(code, int) else 0)


def _report(text: str) -> int:
    """Write an error as one line, and return the exit code."""
    typer.echo(f"error: {' '.join(text.split())}", err=True)
    return 2


def _usage(error: Any) -> str:
    """Say what is wrong with the command line, and where its help is."""
    text = error.format_message()
    text += "" if text.endswith((".", "?", "!")) else "."
    context = getattr(error, "ctx", None)
    return text if context is None else f"{text} See '{context.command_path} --help'."
