"""Tables in files; needs the extra `cli` (pandas)."""

from __future__ import annotations

from parzen.io.table import Columns, read_columns

__all__ = ["Columns", "read_columns"]
