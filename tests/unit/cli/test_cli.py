"""`parzen` on the command line: what it prints, draws and refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from parzen import cli, select_bandwidth

typer_testing = pytest.importorskip("typer.testing")

FAITHFUL = Path(__file__).parents[3] / "examples" / "data" / "old_faithful.csv"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in an empty folder, 80 columns wide."""
    from parzen.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    runner = typer_testing.CliRunner()
    return lambda *arguments: runner.invoke(app, [str(part) for part in arguments])


def assert_error(result, text):
    """Exit code 2 and one line on stderr."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert text in lines[0]
    assert "Traceback" not in result.output


def test_plot(run, tmp_path):
    """The bandwidth, the engine and the file are printed; the picture is not blank."""
    from matplotlib.image import imread

    result = run("plot", FAITHFUL, "--column", "waiting", "--output", "of.png")
    assert result.exit_code == 0, result.output
    waiting = np.loadtxt(FAITHFUL, delimiter=",", skiprows=1, usecols=1)
    width = select_bandwidth(waiting, "isj").value
    assert f"{width:.6g}\n           isj: the default" in result.stdout
    assert "method     direct: " in result.stdout
    assert result.stdout.splitlines()[-1] == "wrote of.png (960x720)"
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80
    image = imread(tmp_path / "of.png")
    assert image.shape[:2] == (720, 960)
    assert image.std() > 0.05


def test_plot_within_bounds(run):
    """The README's bounds are taken, and what is no pair of numbers is named."""
    options = ("plot", FAITHFUL, "--column", "waiting", "--output", "of.png")
    result = run(*options, "--bounds", "40,inf", "--boundary", "reflect")
    assert result.exit_code == 0, result.output
    assert "bounds     [40, inf], boundary reflect" in result.stdout
    assert result.stderr == ""
    result = run(*options, "--bounds", "40;inf")
    assert result.exit_code == 2
    assert "two numbers such as 0,1" in result.stderr


def test_plot_two_columns(run, tmp_path):
    """Two columns give a map; an old picture is replaced, and the output says so."""
    (tmp_path / "density.png").write_text("old")
    result = run("plot", FAITHFUL, "-c", "eruptions", "-c", "waiting", "--grid", 64)
    assert result.exit_code == 0, result.output
    assert "eruptions and waiting" in result.stdout
    assert "(960x720), replaced the old one" in result.stdout
    assert (tmp_path / "density.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "head", "size"),
    [
        ("d.svg", b"<?xml", "6.4 x 4.8 inches"),
        ("d.pdf", b"%PDF", "6.4 x 4.8 inches"),
        ("d.PNG", b"\x89PNG", "640x480"),
    ],
)
def test_formats(run, tmp_path, name, head, size):
    """The ending of the file decides its format."""
    result = run("plot", FAITHFUL, "-c", "waiting", "-o", name, "--dpi", 100)
    assert result.exit_code == 0, result.output
    assert f"({size})" in result.stdout
    assert (tmp_path / name).read_bytes().startswith(head)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--bandwidth", "2.5"], "bandwidth  2.5\n           manual: "),
        (["--bandwidth", "scott"], "scott: chosen by name"),
        (["--kernel", "epanechnikov"], "kernel     epanechnikov"),
        (["--bandwidth", "silverman"], "3.98756\n           silverman: chosen by name"),
        (["--method", "fft"], "method     fft: named by hand"),
        (["--method", "diffusion"], "method     diffusion: named by hand"),
        (["--weights", "eruptions"], "n_eff"),
        (["-c", "eruptions", "--bandwidth", "0.3,5"], "widths [0.3 5. ]"),
    ],
)
def test_options_reach_the_density(run, options, text):
    """Each option shows in the explanation."""
    result = run("plot", FAITHFUL, "-c", "waiting", "--grid", 128, *options)
    assert result.exit_code == 0, result.output
    assert text in result.stdout


def test_only_numeric_column_needs_no_name(run, tmp_path):
    """Rows with missing cells are dropped if asked, and counted."""
    (tmp_path / "t.csv").write_text("name,a\n" + "x,1\ny,2\nz,\nu,4\n")
    result = run("plot", "t.csv", "--drop-missing", "--title", "")
    assert result.exit_code == 0, result.output
    assert "dropped    1 row with a missing cell" in result.stdout


def test_title_is_drawn(run, tmp_path):
    """The title given replaces the default."""
    result = run("plot", FAITHFUL, "-c", "waiting", "--title", "Geyser", "-o", "t.svg")
    assert result.exit_code == 0, result.output
    assert "<!-- Geyser -->" in (tmp_path / "t.svg").read_text()


def test_warnings_are_lines_on_stderr(run):
    """A coarse picture is drawn, with a warning."""
    result = run("plot", FAITHFUL, "-c", "waiting", "--bandwidth", "0.01")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("warning: the picture's nodes are ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["none.csv"], "no such file: 'none.csv'"),
        ([FAITHFUL], "several numeric columns: 'eruptions', 'waiting'"),
        ([FAITHFUL, "-c", "wating"], "Did you mean 'waiting'?"),
        ([FAITHFUL, "-c", "waiting", "--kernel", "gausian"], "mean 'gaussian'?"),
        ([FAITHFUL, "-c", "waiting", "--bandwidth", "-1"], "must be positive"),
        ([FAITHFUL, "-c", "waiting", "--bandwidth", "nan"], "must be finite"),
        ([FAITHFUL, "-c", "waiting", "--bandwidth", "scot"], "mean 'scott'?"),
        ([FAITHFUL, "-c", "waiting", "--bandwidth", "1,a"], "numbers such as 0.3,5"),
        ([FAITHFUL, "-c", "waiting", "--bandwidth", "1,2"], "shape (2,)"),
        ([FAITHFUL, "-c", "waiting", "--method", "ftf"], "mean 'fft'?"),
        (
            [FAITHFUL, "-c", "waiting", "--grid", "1"],
            "`--grid` must be an integer >= 2",
        ),
        ([FAITHFUL, "-c", "waiting", "--grid", "x"], "'--grid'"),
        ([FAITHFUL, "-c", "waiting", "--dpi", "0"], "`--dpi` must be"),
        ([FAITHFUL, "-c", "waiting", "-o", "d.pgn"], "got '.pgn'. Did you mean '.png'"),
        ([FAITHFUL, "-c", "waiting", "-o", "no/d.png"], "no such folder: 'no'"),
        ([FAITHFUL, *["-c", "waiting"] * 3], "one or two columns; got 3"),
        ([FAITHFUL, "--colum", "waiting"], "plot --help'."),
        ([], "Missing argument"),
    ],
)
def test_errors_are_one_line(run, arguments, text):
    """Each mistake is one line on stderr and exit code 2."""
    assert_error(run("plot", *arguments), text)


def test_unknown_command(run):
    """An unknown command is an error of one line, too."""
    assert_error(run("plto"), "No such command 'plto'")


def test_error_leaves_no_picture(run, tmp_path):
    """Nothing is written before everything is right."""
    run("plot", FAITHFUL, "-c", "waiting", "--kernel", "gausian")
    assert list(tmp_path.iterdir()) == []


def test_unwritable_output(run, tmp_path):
    """What the system refuses is one line."""
    (tmp_path / "d.png").mkdir()
    assert_error(run("plot", FAITHFUL, "-c", "waiting", "-o", "d.png"), "directory")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help(run, arguments):
    """Help lists the commands and fits into 80 columns."""
    result = run(*arguments)
    assert result.exit_code == 0
    assert "plot" in result.stdout
    assert "Example: parzen plot" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_help_of_plot(run):
    """Help names every option."""
    result = run("plot", "--help")
    assert result.exit_code == 0
    for option in ("--column", "--weights", "--kernel", "--bandwidth", "--method"):
        assert option in result.stdout
    for option in ("--grid", "--output", "--dpi", "--title", "--drop-missing"):
        assert option in result.stdout


def test_version(run, monkeypatch):
    """The version comes from the installed package."""
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "1.2.3")
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == "parzen 1.2.3\n"


def test_fault_of_parzen_shows_its_traceback(run, monkeypatch):
    """An unforeseen exception is not dressed up as a mistake of the user."""
    monkeypatch.setattr("parzen.cli.app.draw", lambda _picture: 1 / 0)
    result = run("plot", FAITHFUL)
    assert isinstance(result.exception, ZeroDivisionError)


def test_without_typer_the_command_says_what_to_install(monkeypatch, capsys):
    """Exit code 1 and the extra."""
    monkeypatch.delitem(sys.modules, "parzen.cli.app", raising=False)
    monkeypatch.delitem(sys.modules, "parzen.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    assert 'pip install "parzen[cli]"' in capsys.readouterr().err


def test_main_runs_the_command(tmp_path):
    """The entry point works as a process; nothing but errors goes to stderr."""
    code = "import sys; sys.argv[0] = 'parzen'; from parzen.cli import main; main()"
    command = [sys.executable, "-c", code, "plot", str(FAITHFUL)]
    good = subprocess.run(
        [*command, "-c", "waiting", "-o", tmp_path / "density.png"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert good.stderr == ""
    assert (tmp_path / "density.png").exists()
    bad = subprocess.run(
        [*command, "-c", "x"], capture_output=True, text=True, check=False
    )
    assert bad.returncode == 2
    assert bad.stderr.startswith("error: `column` must be one of 'eruptions'")
    assert bad.stderr.count("\n") == 1
