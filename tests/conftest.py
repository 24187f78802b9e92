"""Fixtures and settings for all tests."""

from __future__ import annotations

import hashlib
import importlib
import os
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

SOURCES = Path(__file__).parents[1] / "src" / "parzen"


def numba_cache():
    """A folder for machine code that no edit of a compiled source can outlive.

    numba looks at the file of a loop alone, not at the files of what the loop calls.
    """
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        text = path.read_bytes()
        if b"parzen.jit" in text or b"profiles" in text or path.name == "jit.py":
            digest.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + text)
    user = os.getuid() if hasattr(os, "getuid") else "user"
    name = f"parzen-numba-{user}-{digest.hexdigest()[:16]}"
    return str(Path(tempfile.gettempdir()) / name)


# before anything compiles; child processes inherit it
os.environ.setdefault("NUMBA_CACHE_DIR", numba_cache())

# A first call may compile for a second, so time is no sign of a fault.
settings.register_profile(
    "local", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def rng(request):
    """Random numbers that depend on the name of the test and on nothing else."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def require_peer():
    """Import another library: a skip where it is missing, unless the run needs it."""

    def load(name):
        if os.environ.get("PARZEN_REQUIRE_PEERS") == "1":
            return importlib.import_module(name)
        return pytest.importorskip(name)

    return load
