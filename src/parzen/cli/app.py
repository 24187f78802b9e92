"""The command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from parzen.cli.commands import Commands
from parzen.cli.picture import Picture, draw

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    """Print the version and stop."""
    if value:
        import parzen

        typer.echo(f"parzen {parzen.__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog="Example: parzen plot table.csv --column waiting --output density.png",
)
def parzen_command(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Kernel density estimation with a stated error."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def plot(  # noqa: PLR0917 - options, not positions
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="A .csv, .tsv, .txt, .dat or .parquet table, names in its first line.",
        ),
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            "-c",
            metavar="NAME",
            show_default=False,
            help="Column to estimate; twice for a density in two dimensions. "
            "Not needed if only one is numeric.",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Column of weights, non-negative."
        ),
    ] = None,
    kernel: Annotated[
        str, typer.Option(metavar="NAME", help="gaussian, epanechnikov, tophat, ...")
    ] = "gaussian",
    bandwidth: Annotated[
        str,
        typer.Option(
            metavar="RULE|NUMBER",
            help="auto, isj, silverman, ucv, likelihood, plugin, abramson, ..., "
            "or a number in units of the column; 0.3,5 for two columns.",
        ),
    ] = "auto",
    method: Annotated[
        str, typer.Option(metavar="NAME", help="auto, direct, tree, fft, ...")
    ] = "auto",
    bounds: Annotated[
        str | None,
        typer.Option(
            metavar="LOW,HIGH",
            show_default=False,
            help="Where the density lives; one end may be inf, as in 0,inf. "
            "One column only.",
        ),
    ] = None,
    boundary: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="At the bounds: reflect, linear, transform, renormalize or periodic.",
        ),
    ] = None,
    grid: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default="1024, or 256 in 2-D",
            help="Nodes of the picture on each axis.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The picture: .png, .svg or .pdf; replaces an old one.",
        ),
    ] = Path("density.png"),
    dpi: Annotated[
        int, typer.Option(metavar="N", help="Pixels per inch of 6.4 x 4.8 inches.")
    ] = 150,
    title: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            show_default="file, n, kernel, bandwidth",
            help="Title of the picture.",
        ),
    ] = None,
    drop_missing: Annotated[
        bool,
        typer.Option("--drop-missing", help="Leave out rows with a missing cell."),
    ] = False,
) -> None:
    """Draw the density of one or two columns of FILE.

    Prints the bandwidth, the engine that did the sum, and why.
    """
    draw(
        Picture(
            file=file,
            columns=tuple(column or ()),
            weights=weights,
            kernel=kernel,
            bandwidth=bandwidth,
            method=method,
            bounds=bounds,
            boundary=boundary,
            grid=grid,
            output=output,
            dpi=dpi,
            title=title,
            drop_missing=drop_missing,
        )
    )
