"""Sphinx configuration."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "parzen"
author = "The parzen developers"
copyright = f"2026, {author}"
release = version = installed_version("parzen")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

numpydoc_show_class_members = False
html_theme = "furo"
