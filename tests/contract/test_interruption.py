"""Ctrl-C ends a sum of minutes at once and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

# Seconds from the signal to the end; one where nothing else runs on the machine.
PATIENCE = 5.0

SCRIPT = """
import signal, sys, threading, time
import numpy as np
import parzen

# a shell that starts jobs in the background has them ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
n_jobs, progress = int(sys.argv[1]), sys.argv[2] == "bar"
x = np.random.default_rng(0).normal(size=(200_000, 1))
q = np.tile(x, (20, 1))


def fit():
    return parzen.kde(x, bandwidth=0.3, method="direct", n_jobs=n_jobs)


density = fit()
before = density.pdf(x[:64])  # imports and compiles
print("begun", flush=True)
try:
    density.pdf(q, progress=progress)
except KeyboardInterrupt:
    print(time.monotonic())
    print([thread.name for thread in threading.enumerate()])
print(np.array_equal(fit().pdf(x[:64]), before))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal for one process")
@pytest.mark.parametrize(
    ("n_jobs", "shown"), [(1, "silent"), (2, "silent"), (2, "bar")]
)
def test_ctrl_c_ends_a_long_sum(n_jobs, shown):
    """`KeyboardInterrupt`, no thread is left, and the next fit answers as before."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(n_jobs), shown],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "begun\n", child.stderr.read()
        time.sleep(1.5 if shown == "bar" else 0.5)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30.0)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 0, err
    stopped, threads, same = out.splitlines()
    assert float(stopped) - sent < PATIENCE
    assert threads == "['MainThread']"
    assert same == "True"
    if shown == "bar":
        # it stays as it was, and what is printed next has a line of its own
        assert re.search(r"density: +\d+%\|", err)
        assert err.endswith("\n")
    else:
        assert err == ""
