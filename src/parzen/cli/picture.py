"""`parzen plot`: from a column of a file to a picture of its density."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

from parzen.checks import check_count, unknown_name
from parzen.cli.waiting import waiting
from parzen.errors import BandwidthError, CapabilityError, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from parzen.density import Density

# Characters in a line of the title.
TITLE_LINE = 55


@dataclass(frozen=True)
class Picture:
    """What the command line asks for."""

    file: Path
    columns: tuple[str, ...]
    weights: str | None
    kernel: str
    bandwidth: str
    method: str
    bounds: str | None
    boundary: str | None
    grid: int | None
    output: Path
    dpi: int
    title: str | None
    drop_missing: bool


def draw(picture: Picture) -> None:
    """Read the columns, estimate, explain, draw and save."""
    _check(picture)
    with waiting(f"reading {picture.file}"):
        from parzen.io import read_columns

        table = read_columns(
            picture.file,
            picture.columns,
            weights=picture.weights,
            drop_missing=picture.drop_missing,
        )
    names = tuple(table.frame.columns)
    typer.echo(f"{picture.file}: {' and '.join(names)}")
    if table.dropped:
        rows = "row" if table.dropped == 1 else "rows"
        typer.echo(f"dropped    {table.dropped:,} {rows} with a missing cell")
    with waiting("estimating"):
        from parzen.functional import kde

        density = kde(
            table.frame[names[0]] if len(names) == 1 else table.frame,
            weights=table.weights,
            kernel=picture.kernel,
            bandwidth=_bandwidth(picture.bandwidth),
            method=picture.method,
            bounds=_bounds(picture.bounds),
            boundary=picture.boundary,
        )
    typer.echo(density.explain())
    typer.echo("")
    with waiting("drawing (the first run compiles the sums)"):
        figure = _figure(picture, density)
        replaced = picture.output.exists()
        figure.savefig(picture.output, dpi=picture.dpi)
    typer.echo(_written(picture, figure, replaced=replaced))


def _check(picture: Picture) -> None:
    """Find what is wrong with the request before any work is done."""
    if len(picture.columns) > 2:
        msg = f"a picture shows one or two columns; got {len(picture.columns)}. "
        raise CapabilityError(msg + "Give --column once or twice.")
    if picture.grid is not None:
        check_count(picture.grid, "--grid", least=2)
    check_count(picture.dpi, "--dpi", least=10)
    from matplotlib.backend_bases import FigureCanvasBase

    formats = tuple(FigureCanvasBase.get_supported_filetypes())
    if picture.output.suffix.lower().removeprefix(".") not in formats:
        endings = tuple(f".{name}" for name in formats)
        raise unknown_name(picture.output.suffix, endings, "the ending of --output")
    folder = picture.output.parent
    if not folder.is_dir():
        msg = f"no such folder: {str(folder)!r}; make it, or choose another --output."
        raise FileNotFoundError(msg)


def _bandwidth(text: str) -> Any:
    """Turn the option into a number, numbers, or the name of a rule."""
    try:
        widths = [float(part) for part in text.split(",")]
    except ValueError:
        if "," in text:
            msg = f"`bandwidth` must be a rule or numbers such as 0.3,5; got {text!r}."
            raise BandwidthError(msg) from None
        return text
    return widths if len(widths) > 1 else widths[0]


def _bounds(text: str | None) -> tuple[float, ...] | None:
    """Turn the option into numbers."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        msg = f"`bounds` must be two numbers such as 0,1 or 0,inf; got {text!r}. "
        raise DataError(msg + "Separate them by a comma.") from None


def _figure(picture: Picture, density: Density) -> Any:
    """Draw the density under a title."""
    from parzen.plot import plot_density

    ax = plot_density(density, size=picture.grid)
    title = _title(picture, density) if picture.title is None else picture.title
    ax.set_title(fill(title, TITLE_LINE), parse_math=picture.title is not None)
    return ax.figure


def _title(picture: Picture, density: Density) -> str:
    """Name the data, their number and the bandwidth in 1-D."""
    title = f"{picture.file.stem}, n = {density.sample_size:,}, {density.kernel} kernel"
    if isinstance(density.bandwidth, float):
        title += f", h = {density.bandwidth:.3g}"
    return title


def _written(picture: Picture, figure: Any, *, replaced: bool) -> str:
    """Say what was written, and how large it is."""
    width, height = figure.get_size_inches()
    if picture.output.suffix.lower() in {".svg", ".pdf", ".eps", ".ps", ".pgf"}:
        size = f"{width:g} x {height:g} inches"
    else:
        size = f"{width * picture.dpi:.0f}x{height * picture.dpi:.0f}"
    old = ", replaced the old one" if replaced else ""
    return f"wrote {picture.output} ({size}){old}"
