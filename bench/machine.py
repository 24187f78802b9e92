"""The machine and the versions that numbers were taken with."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "parzen",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "KDEpy",
    "statsmodels",
)
MISSING = "source"
OPTIONAL = ("arviz-stats", "mlpack", "finufft")  # named where they are


def header() -> dict[str, Any]:
    """Describe the machine; the load says how quiet it was at the start."""
    from parzen.parallel import usable_cpus

    libraries = {name: _version(name) for name in LIBRARIES}
    more = {name: _version(name) for name in OPTIONAL}
    libraries |= {name: its for name, its in more.items() if its != MISSING}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": _cpu(),
        "cores": usable_cpus(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": libraries,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "load": load,
    }


def _cpu() -> str:
    """Name the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    """Return a version, also where a library is used from its source folder."""
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING
