"""Run a piece of Python in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def run_child(code: str, **environment: str) -> Any:
    """Run the code and return the JSON in its last line of output."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
