"""Every example of the gallery runs without a warning and draws pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

ROOT = Path(__file__).parents[2]
SLOW = {"digits", "mixture", "plot_large"}
NAMES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))

# On a machine with a display, `show` would wait for a click.
RUN = """
import runpy, sys
import matplotlib.pyplot as plt
plt.show = lambda: None
runpy.run_path(sys.argv.pop(1), run_name="__main__")
for number in plt.get_fignums():
    plt.figure(number).savefig(f"{number}.png", dpi=50)
"""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in NAMES],
)
def test_example(name, tmp_path):
    """The script ends, says nothing on stderr, and its figures have something on them.

    Run as by hand, without arguments; compiled even where coverage runs uncompiled.
    """
    from matplotlib.image import imread

    script = ROOT / "examples" / f"{name}.py"
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    environment.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    pictures = list(tmp_path.iterdir())
    assert pictures
    assert all(picture.suffix == ".png" for picture in pictures)
    assert all(imread(picture).std() > 0.05 for picture in pictures)


def test_gallery_is_complete():
    """The gallery's order names each example once: Sphinx stops at one it misses."""
    text = (ROOT / "docs" / "conf.py").read_text()
    assert all(text.count(f'"{name}"') == 1 for name in NAMES)
