"""Columns of tables arrive complete and numeric, or an error says why not."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from parzen.errors import DataError, UnknownNameError
from parzen.io import read_columns
from parzen.io.formats import separator

pd = pytest.importorskip("pandas")


@pytest.fixture
def table(tmp_path):
    """Write text or bytes to a file and return its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "a,b\n1,2\n3,4\n"),
        ("t.csv", "a, b\r\n1, 2\r\n3, 4\r\n"),
        ("t.csv", "\ufeffa,b\n1,2\n3,4\n"),
        ("t.csv", "a;b\n1;2\n3;4\n"),
        ("t.csv", "a,b\n1,2,\n3,4,\n"),
        ("T.CSV", "a,b\n1,2\n3,4\n"),
        ("t.tsv", "a\tb\n1\t2\n3\t4\n"),
        ("t.txt", "a b\n1   2\n3   4\n"),
        ("t.txt", "a\tb\n1\t2\n3\t4\n"),
        ("t.dat", "a,b\n1,2\n3,4\n"),
        ("t.txt", "a b\nrow1 1 2\nrow2 3 4\n"),
    ],
)
def test_separators(table, name, content):
    """The usual separators, line ends and row names are understood."""
    frame = read_columns(table(content, name), ["b", "a"]).frame
    assert list(frame.columns) == ["b", "a"]
    np.testing.assert_array_equal(frame.to_numpy(), [[2.0, 1.0], [4.0, 3.0]])


def test_parquet(tmp_path, monkeypatch):
    """Parquet is read by pandas; missing integers are missing cells."""
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [1, 2, 3]})
    monkeypatch.setattr(pd, "read_parquet", lambda _path: frame)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="1 missing cell"):
        read_columns(path, ["a"])
    columns = read_columns(path, ["a"], drop_missing=True)
    assert columns.frame["a"].tolist() == [1.0, 3.0]


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    """The error says what to install."""

    def missing(_path):
        raise ImportError

    monkeypatch.setattr(pd, "read_parquet", missing)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(ImportError, match="pip install pyarrow"):
        read_columns(path, ["a"])


def test_parquet_that_is_none(tmp_path, monkeypatch):
    """The complaint of pyarrow becomes a `DataError`."""

    def invalid(_path):
        msg = "magic bytes not found"
        raise ValueError(msg)

    monkeypatch.setattr(pd, "read_parquet", invalid)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="is no Parquet file: magic bytes"):
        read_columns(path, ["a"])


def test_single_numeric_column_needs_no_name(table):
    """Text columns and the weights do not count."""
    path = table("name,w,a\nx,1,5\ny,2,6\n")
    columns = read_columns(path, weights="w")
    assert columns.frame["a"].tolist() == [5.0, 6.0]
    assert columns.weights.tolist() == [1.0, 2.0]
    assert columns.dropped == 0


def test_several_numeric_columns_are_listed(table):
    """Without a name the numeric columns are listed, the others not."""
    path = table("name,a,b\nx,1,2\n")
    with pytest.raises(DataError, match=r"several numeric columns: 'a', 'b'\."):
        read_columns(path)


def test_no_numeric_column(table):
    """Then all columns are listed."""
    with pytest.raises(DataError, match=r"no numeric column; its columns are 'n', 'd'"):
        read_columns(table("n,d\nx,2020-01-01\n"))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"names": ["wating"]}, "'waiting', 'w'; got 'wating'. Did you mean 'waiting'"),
        ({"names": ["waiting"], "weights": "v"}, "`weights` must be one of"),
    ],
)
def test_unknown_columns(table, arguments, match):
    """The error lists the columns and suggests the nearest."""
    with pytest.raises(UnknownNameError, match=match):
        read_columns(table("waiting,w\n1,1\n"), **arguments)


def test_missing_cells_are_counted(table):
    """The error says how many cells are missing, and in which rows first."""
    path = table("a,b\n" + "NA,1\n" * 7 + "2,\n")
    with pytest.raises(
        DataError,
        match=r"'a' has 7 missing cells \(rows 1, 2, 3, 4, 5, \.\.\.\); "
        r"column 'b' has 1 missing cell \(row 8\)",
    ):
        read_columns(path, ["a", "b"])


def test_missing_cells_are_dropped_if_asked(table):
    """A row goes if any of its cells that are used is missing."""
    path = table("a,b,w,c\n1,2,1,\n,4,1,1\n5,6,,1\n7,8,2,1\n")
    columns = read_columns(path, ["a", "b"], weights="w", drop_missing=True)
    assert columns.frame.to_numpy().tolist() == [[1.0, 2.0], [7.0, 8.0]]
    assert columns.weights.tolist() == [1.0, 2.0]
    assert columns.dropped == 2


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "is empty"),
        ("\n \n", "is no table: No columns"),
        ("a,b\n", "has no rows"),
        ("1.5,2\n3,4\n", "has no names of columns: its first line is '1.5,2'"),
        ("a,b\n1,2\n3,4,5\n", "Expected 2 fields in line 3, saw 3"),
        ("a,b\n1,2,9\n3,4,9\n", "more cells in its rows than names"),
        (b"a\n\xff\n", "is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text"),
        ("a\nx\n2\ny\n", r"got 'x' in row 1 \(2 of 3 cells"),
        ("a\n\n\n", "has no rows"),
        ("a,b\nNA,1\n", "'a' has 1 missing cell"),
    ],
)
def test_bad_tables(table, content, match):
    """Each fault has its own text."""
    with pytest.raises(DataError, match=match):
        read_columns(table(content), ["a"])


def test_no_complete_row(table):
    """Dropping everything is an error."""
    with pytest.raises(DataError, match="no row without a missing cell"):
        read_columns(table("a,b\nNA,1\n"), ["a"], drop_missing=True)


def test_column_named_twice(table):
    """The same column on both axes has no density."""
    with pytest.raises(DataError, match="'a' is named twice"):
        read_columns(table("a,b\n1,2\n"), ["a", "a"])


def test_dates_are_not_numbers(tmp_path, monkeypatch):
    """A column of dates names its dtype."""
    frame = pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])})
    monkeypatch.setattr(pd, "read_parquet", lambda _path: frame)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="'a' must be numeric; got dtype datetime64"):
        read_columns(path, ["a"])


def test_no_such_file(tmp_path):
    """The error names the path."""
    with pytest.raises(FileNotFoundError, match=r"no such file: .*nothing\.csv"):
        read_columns(tmp_path / "nothing.csv")


def test_folder(tmp_path):
    """A folder is no table."""
    with pytest.raises(DataError, match="is a folder"):
        read_columns(tmp_path)


def test_other_formats(table):
    """The error lists the formats."""
    with pytest.raises(DataError, match=r"must end in \.csv, \.tsv, \.txt"):
        read_columns(table("a\n1\n", "t.xlsx"))


def test_missing_pandas_names_the_extra(table, monkeypatch):
    """Without pandas the error says what to install."""
    path = table("a\n1\n")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "parzen\[cli\]"'):
        read_columns(path)


def test_separator_follows_the_name_first():
    """A comma in a name of a .tsv file does not separate."""
    assert separator("a, in m\tb", ".tsv") == "\t"
    assert separator("waiting time", ".csv") == ","
    assert separator("waiting time", ".txt") == r"\s+"
