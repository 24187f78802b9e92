"""Sphinx configuration."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from sphinx_gallery.sorting import ExplicitOrder

project = "parzen"
author = "The parzen developers"
copyright = f"2026, {author}"
release = version = installed_version("parzen")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

numpydoc_show_class_members = False
html_theme = "furo"

GALLERY = (
    *("plot_exact", "plot_distribution", "plot_bandwidth", "plot_selectors"),
    *("plot_kernels",),
    *("plot_boundary", "plot_padding", "plot_grid", "plot_large"),
    *("plot_histogram", "mixture", "digits"),
)
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # every example runs, with a name that begins with plot or not
    "filename_pattern": r"\.py$",
    "within_subsection_order": ExplicitOrder([f"{name}.py" for name in GALLERY]),
    "image_scrapers": ("matplotlib",),
    "image_srcset": ["2x"],
    "abort_on_example_error": True,
    "run_stale_examples": True,  # src makes their numbers, not they alone
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "capture_repr": (),  # what matplotlib's methods return is of no interest
}
