"""Bandwidth matrices: selectors for several dimensions."""

from __future__ import annotations

from parzen.bandwidth.matrix.crossval import ucv
from parzen.bandwidth.matrix.forms import FORMS, Form
from parzen.bandwidth.matrix.plugin import plugin
from parzen.bandwidth.matrix.search import Found, minimise_form
from parzen.bandwidth.matrix.smoothed import scv

__all__ = ["FORMS", "Form", "Found", "minimise_form", "plugin", "scv", "ucv"]
