"""Read a table from a file, or say why it is none."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from parzen.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

# The separator where the first line does not show one; \s+ is any white space.
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": r"\s+", ".dat": r"\s+"}
PARQUET = (".parquet", ".pq")


def read_table(path: Path) -> Any:
    """Read a file as a data frame with names as its columns."""
    suffix = path.suffix.lower()
    if not path.exists():
        msg = f"no such file: {str(path)!r}."
        raise FileNotFoundError(msg)
    if not path.is_file():
        msg = f"{str(path)!r} is a folder; name a file in it."
        raise DataError(msg)
    if suffix not in (*SEPARATORS, *PARQUET):
        endings = ", ".join(SEPARATORS)
        msg = f"cannot read {str(path)!r}: it must end in {endings} or .parquet. "
        raise DataError(msg + "Save the table as one of these.")
    if path.stat().st_size == 0:
        msg = f"{str(path)!r} is empty; it must hold names of columns, and numbers."
        raise DataError(msg)
    try:
        import pandas as pd
    except ImportError as error:
        msg = 'reading files needs pandas; install it with pip install "parzen[cli]"'
        raise ImportError(msg) from error
    try:
        table = _read_parquet(path) if suffix in PARQUET else _read_text(path, suffix)
    except UnicodeDecodeError as error:
        msg = f"{str(path)!r} is not UTF-8 text; save it as UTF-8."
        raise DataError(msg) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        msg = f"{str(path)!r} is no table: {reason}."
        raise DataError(msg) from error
    if len(table) == 0:
        msg = f"{str(path)!r} has no rows; a density needs at least one point."
        raise DataError(msg)
    return table.rename(columns=lambda name: str(name).strip())


def _read_parquet(path: Path) -> Any:
    """Read a Parquet file with whatever pandas finds for it."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as error:
        msg = "reading Parquet needs pyarrow; install it with pip install pyarrow"
        raise ImportError(msg) from error
    except ValueError as error:
        # pyarrow's ArrowInvalid is a ValueError
        msg = f"{str(path)!r} is no Parquet file: {error}"
        raise DataError(msg) from error


def _read_text(path: Path, suffix: str) -> Any:
    """Read separated text; the first line names the columns."""
    import pandas as pd

    with path.open(encoding="utf-8-sig") as file:
        header = next((line for line in file if line.strip()), "")
    # R leaves out the name of its row names; elsewhere a cell without a name is a fault
    row_names = suffix in {".txt", ".dat"}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            table = pd.read_csv(
                path,
                sep=separator(header, suffix),
                encoding="utf-8-sig",
                skipinitialspace=True,
                low_memory=False,
                index_col=None if row_names else False,
            )
        except pd.errors.ParserWarning as error:
            msg = f"{str(path)!r} has more cells in its rows than names in its first "
            msg += "line. Name every column, and end no line with a separator."
            raise DataError(msg) from error
    if all(_is_number(name) for name in table.columns):
        msg = (
            f"{str(path)!r} has no names of columns: its first line is "
            f"{header.strip()!r}. Write names above it."
        )
        raise DataError(msg)
    return table


def separator(header: str, suffix: str) -> str:
    """Choose the separator of a file by its name, else by its first line."""
    usual = SEPARATORS[suffix]
    if usual in header:
        return usual
    counts = {mark: header.count(mark) for mark in (",", "\t", ";", "|")}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else usual


def _is_number(text: object) -> bool:
    """Whether a name of a column is a number."""
    try:
        float(str(text))
    except ValueError:
        return False
    return True
