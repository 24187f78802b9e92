"""Take numeric columns from a table in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import unknown_name
from parzen.errors import DataError
from parzen.io.formats import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

# Rows that an error lists.
ROWS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Columns:
    """Numeric columns of a table, without missing cells.

    Attributes
    ----------
    frame : pandas.DataFrame of shape (n, d)
        The columns as float64.
    weights : pandas.Series of shape (n,) or None
        The column of weights as float64.
    dropped : int
        Rows left out because a cell was missing.
    """

    frame: Any
    weights: Any
    dropped: int


def read_columns(
    path: str | PathLike[str],
    names: Sequence[str] = (),
    *,
    weights: str | None = None,
    drop_missing: bool = False,
) -> Columns:
    """Read one or more numeric columns of a CSV, TSV, text or Parquet file.

    Parameters
    ----------
    path : str or path-like
        A file that ends in .csv, .tsv, .txt, .dat or .parquet; text as UTF-8 with the
        names of the columns in the first line.
    names : sequence of str
        The columns; may be empty where the table has a single numeric one.
    weights : str, optional
        The column that holds the weights.
    drop_missing : bool
        Leave out the rows in which one of these cells is missing.

    Returns
    -------
    Columns
        The columns, the weights, and how many rows were left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pandas, or pyarrow for Parquet, is not installed.
    UnknownNameError
        If the file has no such column.
    DataError
        If the file is no table, a column is not numeric or has missing cells, or no
        column is named and the table has several.
    """
    path = Path(path)
    table = read_table(path)
    columns = tuple(table.columns)
    if weights is not None and weights not in columns:
        raise unknown_name(weights, columns, "weights")
    names = tuple(names) or (_only_numeric(table, weights, path),)
    for name in names:
        if name not in columns:
            raise unknown_name(name, columns, "column")
        if names.count(name) > 1:
            msg = f"column {name!r} is named twice; name each column once."
            raise DataError(msg)
    used = list(names) if weights is None else [*names, weights]
    values = {name: _numbers(table[name], name) for name in used}
    missing = np.any([np.isnan(column) for column in values.values()], axis=0)
    if missing.any() and not drop_missing:
        raise DataError(_missing_cells(values))
    table = table.loc[~missing, used].assign(
        **{name: column[~missing] for name, column in values.items()}
    )
    if len(table) == 0:
        msg = f"{str(path)!r} has no row without a missing cell; fill some of them."
        raise DataError(msg)
    return Columns(
        table[list(names)],
        None if weights is None else table[weights],
        int(missing.sum()),
    )


def _only_numeric(table: Any, weights: str | None, path: Path) -> str:
    """Name of the single numeric column that is not the weights."""
    from pandas.api.types import is_numeric_dtype

    found = [
        str(name)
        for name in table.columns
        if name != weights and is_numeric_dtype(table[name].dtype)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        listing = ", ".join(map(repr, table.columns))
        msg = f"{str(path)!r} has no numeric column; its columns are {listing}."
    else:
        listing = ", ".join(map(repr, found))
        msg = f"{str(path)!r} has several numeric columns: {listing}. "
        msg += "Name one or two with --column (`names`)."
    raise DataError(msg)


def _numbers(column: Any, name: str) -> Any:
    """Return a column as float64 of shape (n,), NaN where a cell is missing."""
    import pandas as pd

    kind = getattr(column.dtype, "kind", "O")
    if kind in "iufb":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind not in "OUTS":
        msg = f"column {name!r} must be numeric; got dtype {column.dtype}."
        raise DataError(msg + " Convert it to numbers first.")
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    if len(wrong) == 0:
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    msg = (
        f"column {name!r} must be numeric; got {column.iloc[wrong[0]]!r} in row "
        f"{wrong[0] + 1} ({len(wrong)} of {len(column)} cells are no numbers). Convert "
        "them, or name another column."
    )
    raise DataError(msg)


def _missing_cells(values: dict[str, Any]) -> str:
    """Say how many cells of which columns are missing, and the first rows."""
    parts = []
    for name, column in values.items():
        rows = np.flatnonzero(np.isnan(column)) + 1
        if len(rows):
            listing = ", ".join(map(str, rows[:ROWS_SHOWN]))
            more = ", ..." if len(rows) > ROWS_SHOWN else ""
            parts.append(
                f"column {name!r} has {len(rows)} missing cell"
                f"{'s' if len(rows) > 1 else ''} (row{'s' if len(rows) > 1 else ''} "
                f"{listing}{more})"
            )
    return (
        f"{'; '.join(parts)}. Fill them, or leave these rows out with --drop-missing "
        "(`drop_missing=True`)."
    )
