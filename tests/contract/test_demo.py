"""The examples run, print what they promise and draw a picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("rich")

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(name, output, *options):
    """Run an example as a process and return what it prints."""
    command = [sys.executable, EXAMPLES / name, "--output", output, *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stderr == ""
    return done.stdout


def assert_picture(path):
    """The file is a picture with something on it."""
    from matplotlib.image import imread

    assert imread(path).std() > 0.05


@pytest.mark.slow
def test_digits(tmp_path):
    """The search finds the bandwidth that exact scores find, and digits are drawn."""
    output = run_example("digits.py", tmp_path / "digits.png")
    assert "best bandwidth: 3.79269019073225\n" in output
    assert_picture(tmp_path / "digits.png")


def test_mixture(tmp_path):
    """The binned answer is near the exact sum, both are near the truth."""
    output = run_example("mixture.py", tmp_path / "m.png", "--n", "20000")
    lines = output.splitlines()
    method = next(line for line in lines if "against the exact sum" in line)
    truth = next(line for line in lines if "against the truth" in line)
    assert float(method.split()[2]) < 1e-4
    assert float(truth.split()[0]) < 0.03
    assert_picture(tmp_path / "m.png")


def test_old_faithful():
    """The data are R's `faithful`: 272 eruptions with their published means."""
    text = (EXAMPLES / "data" / "old_faithful.csv").read_text()
    header, *rows = text.splitlines()
    values = np.array([row.split(",") for row in rows], dtype=float)
    assert header == "eruptions,waiting"
    assert values.shape == (272, 2)
    np.testing.assert_allclose(values.mean(axis=0), [3.487783, 70.897059], atol=5e-7)
