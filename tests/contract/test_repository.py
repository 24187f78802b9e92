"""The repository keeps the limits that AGENTS.md states."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "parzen").rglob("*.py"))
FOLDERS = ("src", "tests", "bench", "examples", "docs", ".github", ".ci")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".cfg", ".csv", ".json", ".txt", ""}
VAGUE = {"utils", "helpers", "common", "core", "misc", "base"}


def count_lines(path):
    """Lines of a text file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def text_files():
    """Files of the project that people write, without what tools leave behind."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files += (ROOT / folder).rglob("*")
    return [
        path
        for path in files
        if path.is_file()
        and path.suffix in TEXT
        and not {"_build", "__pycache__"} & set(path.parts)
        and path.name not in {".git", ".coverage"}
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_is_short(path):
    """No module is longer than 500 lines."""
    assert count_lines(path) <= 500


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_name_says_what_it_holds(path):
    """No module or package has a name that fits anything."""
    names = path.relative_to(ROOT / "src").with_suffix("").parts
    assert not VAGUE & {name.strip("_") for name in names}


def test_agents_page_is_short():
    """AGENTS.md has at most 60 lines."""
    assert count_lines(ROOT / "AGENTS.md") <= 60


def test_nothing_points_outside():
    """No file refers to a folder beside the checkout."""
    outside = "../" + "shared"
    pointing = [
        str(path.relative_to(ROOT))
        for path in text_files()
        if outside in path.read_text(encoding="utf-8")
    ]
    assert pointing == []
