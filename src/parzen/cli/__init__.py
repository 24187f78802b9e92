"""The command `parzen`; needs the extra `cli` (typer, rich, pandas, matplotlib)."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command, or say how to install what it needs."""
    try:
        from parzen.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"typer", "rich", "click"}:
            raise
        sys.stderr.write(
            "error: the command `parzen` needs typer and rich; install them with "
            'pip install "parzen[cli]"\n'
        )
        raise SystemExit(1) from None
    app()
