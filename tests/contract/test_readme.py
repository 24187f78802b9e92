"""The tables of the README are made from measured results, never typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


PAGES = ["README.md", "docs/accuracy.md", "docs/bandwidth.md", "docs/engines.md"]
PAGES += ["docs/distribution.md"]


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_those_of_the_results(tmp_path, page):
    """Making a page anew from `bench/results` changes nothing."""
    readme = (ROOT / page).read_text(encoding="utf-8")
    copy = tmp_path / "README.md"
    copy.write_text(readme, encoding="utf-8")
    subprocess.run(
        [sys.executable, ROOT / "bench" / "table.py", "--readme", copy],
        check=True,
        capture_output=True,
    )
    assert copy.read_text(encoding="utf-8") == readme


def test_every_comparison_has_results():
    """Each function that `bench/run.py` lists has a file of results."""
    listed = subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", "--list"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    stored = {path.stem for path in (ROOT / "bench" / "results").glob("*.json")}
    assert stored == set(listed)
