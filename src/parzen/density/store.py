"""Save and load a density: one `.npz` of arrays and plain text, nothing executable."""

from __future__ import annotations

import json
import os
import secrets
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth import BandwidthResult
from parzen.binning.spread import BINNINGS
from parzen.boundary import Reflect, boundary_of
from parzen.boundary.boundary import Mirror, Transform, Union
from parzen.boundary.images import ImagesPlan
from parzen.boundary.transform import from_line
from parzen.checks import (
    check_bandwidth,
    check_choice,
    check_count,
    check_finite,
    check_flag,
    check_grid_size,
    check_positive,
    check_tolerance,
    real_array,
)
from parzen.density.estimate import plan, split_bandwidth
from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.errors import CapabilityError, DataError
from parzen.kernels import kernel_from_spec
from parzen.sample import Sample
from parzen.scale import LocalBandwidth, Scale, bandwidth_of

if TYPE_CHECKING:
    from parzen.boundary import Boundary
    from parzen.density.density import Density

FORMAT = "parzen density"
# From version 2 on, with a factor for each point in several dimensions.
VERSION = 2


def save(density: Density, path: str | os.PathLike[str]) -> None:
    """Write a density to a file; see `Density.save`.

    On several grids (one for each range, sign of the weights, or padded sample) nodes
    would have to be binned again, on others: then the data are written all the same.
    """
    problem, edge = density._problem, density._edge
    copies = isinstance(edge, Mirror) and not edge.reflect.folds
    several = isinstance(edge, Union) or copies or problem.sample.signed
    binned = density.method != "direct" and not several
    # on the nodes that the engine chose for the error it was given
    eased = density.decision.problem
    stored = planner.compact(eased, density.method) if binned else problem
    sample = stored.sample if binned else density._sample
    result = density.bandwidth_result
    value: Any = result.value
    factors = None
    if binned and stored.local is not None and stored.sample is not eased.sample:
        # one bandwidth for each node, as there is one point
        value = np.asarray(stored.scale.bandwidth * stored.local)
    if isinstance(value, LocalBandwidth):
        value, factors = value.scale, value.factors
    about = {
        "format": FORMAT,
        # what parzen of old can read it may read
        "version": 1 if factors is None else VERSION,
        "kernel": problem.kernel.spec(),
        "method": density.method,
        "reason": density.decision.reason,
        "rule": result.method,
        "converged": result.converged,
        "note": result.note,
        "rtol": problem.rtol,
        "atol": problem.atol,
        "grid_size": stored.grid_size,
        "binning": problem.binning,
        "bounds": None if edge is None else edge.bounds.boxes.tolist(),
        "boundary": _boundary_text(edge),
        "flat": sample.flat,
        "columns": sample.columns,
        "n_given": sample.n_given,
        "effective": sample.effective,
        "binned": binned,
        # of the data: the nodes would have a slightly other one
        "mass": getattr(density._plan, "whole", None) if binned else None,
    }
    arrays: dict[str, Any] = {
        "points": sample.points,
        "weights": sample.weights,
        "rows": sample.rows,
        "spacing": sample.spacing,
        "bandwidth": value,
        "factors": factors,
        "scale": problem.scale.bandwidth,
        "local": stored.local,
    }
    there = {key: value for key, value in arrays.items() if value is not None}
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    target = Path(path)
    # a write that breaks off leaves the old file, not half of the new one
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            np.savez_compressed(file, about=text, **there)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> Density:
    """Load a density that `Density.save` has written.

    Reads arrays and text only: nothing in the file is executed or unpickled.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Density
        It answers as the one that was saved, to rounding; on a grid within the grid's
        error for "linear", for "renormalize" and where a compact kernel ends. One by a
        method on a grid has the nodes for its `points`.

    Raises
    ------
    DataError
        If the file is no density, is truncated or was changed.
    CapabilityError
        If a later version of parzen wrote it.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import parzen
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "density.npz"
    >>> parzen.kde([1.0, 2.0, 4.0], bandwidth=1.0).save(path)
    >>> parzen.load(path).pdf(2.0).round(6)
    np.float64(0.231635)
    """
    try:
        # opened here: np.load leaves a damaged archive open
        with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(arrays.pop("about").tobytes())
        known = about["format"] == FORMAT
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except _BROKEN as error:
        raise _foreign(path, error) from None
    if not known:
        raise _foreign(path, f"its format is {about['format']!r}")
    if about["version"] not in range(1, VERSION + 1):
        msg = (
            f"{os.fspath(path)!r} has format version {about['version']!r}; this parzen "
        )
        raise CapabilityError(msg + f"reads 1 to {VERSION}. Update parzen.")
    try:
        return _build(about, arrays)
    except _BROKEN as error:
        raise _foreign(path, error) from None


# What reading anything may raise; errors of parzen are ValueErrors.
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
# Kept weights sum to one but for rounding.
ROUNDING = 1e-6


def _foreign(path: Any, reason: object) -> DataError:
    """Make the error for a file that cannot be read."""
    msg = (
        f"{os.fspath(path)!r} is no density saved by parzen, or is damaged: {reason}. "
    )
    return DataError(msg + "Write it again with Density.save.")


def _build(about: dict[str, Any], arrays: dict[str, Any]) -> Density:
    """Make the density from what a file holds, every part of it checked."""
    for name, array in arrays.items():
        check_finite(real_array(array, name), name)
    kernel = kernel_from_spec(about["kernel"])
    sample = _read_sample(about, arrays)
    value: Any = arrays["bandwidth"]
    if "factors" in arrays:
        value = LocalBandwidth(value, arrays["factors"])
    result = BandwidthResult(
        bandwidth_of(value, sample.d, (), sample.n),
        str(about["rule"]),
        check_flag(about["converged"], "converged"),
        sample.n_eff,
        kernel,
        str(about["note"]),
    )
    edge = _edge(about, sample.d)
    placed = sample
    if check_flag(about["binned"], "binned"):
        scale = Scale(check_bandwidth(arrays["scale"], sample.d), sample.d)
        local = arrays.get("local")
        if local is not None and not (local.shape == (sample.n,) and (local > 0).all()):
            msg = f"local bandwidths have shape {local.shape}"
            raise DataError(msg)
        if isinstance(edge, Transform):
            sample = replace(sample, points=from_line(sample.points, edge.bounds))
    else:
        placed = sample if edge is None else edge.move(sample)
        scale, local = split_bandwidth(result, placed)
    problem = Problem(
        placed,
        kernel,
        scale,
        check_tolerance(about["rtol"], "rtol"),
        check_tolerance(about["atol"], "atol"),
        check_grid_size(about["grid_size"], sample.d),
        check_choice(about["binning"], BINNINGS, "binning"),
        None,
        local,
    )
    method = check_choice(about["method"], planner.ENGINES, "method")
    density = plan(problem, sample, result, edge, method)
    # the reason was given when all the data were there
    decision = replace(density.decision, reason=str(about["reason"]))
    answer = density._plan
    if isinstance(answer, ImagesPlan) and about["mass"] is not None:
        answer = replace(answer, whole=check_positive(about["mass"], "mass"))
    return replace(density, decision=decision, _plan=answer)


def _read_sample(about: dict[str, Any], arrays: dict[str, Any]) -> Sample:
    """Make the sample again: the data, or the nodes."""
    points, columns = arrays["points"], about["columns"]
    n, d = points.shape
    shapes = {"points": (n, d), "weights": (n,), "rows": (n,), "spacing": (d,)}
    for name, shape in shapes.items():
        if name in arrays and (arrays[name].shape != shape or 0 in shape):
            msg = f"{name} have shape {arrays[name].shape}"
            raise DataError(msg)
    weights, rows = arrays.get("weights"), arrays.get("rows")
    spacing, effective = arrays.get("spacing"), about["effective"]
    if weights is not None and not abs(float(weights.sum()) - 1.0) < ROUNDING:
        msg = f"weights sum to {weights.sum():g}"
        raise DataError(msg)
    if spacing is not None and not (spacing > 0).all():
        msg = f"nodes are {spacing.tolist()} apart"
        raise DataError(msg)
    if columns is not None and len(columns) != d:
        msg = f"{len(columns)} names for {d} columns"
        raise DataError(msg)
    size = about["n_given"]
    flat = check_flag(about["flat"], "flat")
    return Sample(
        points,
        weights,
        flat and d == 1,
        None if columns is None else tuple(map(str, columns)),
        None if rows is None else rows.astype(np.intp),
        None if size is None else check_count(size, "n_given", least=1),
        None if effective is None else check_positive(effective, "effective"),
        spacing,
    )


def _boundary_text(edge: Boundary | None) -> Any:
    """Write which boundary was asked for, so that `_edge` reads it."""
    if edge is None:
        return None
    if isinstance(edge, Union):
        return _boundary_text(edge.parts[0])
    if isinstance(edge, Mirror):
        return [edge.reflect.lower, edge.reflect.upper]
    return edge.name


def _edge(about: dict[str, Any], d: int) -> Boundary | None:
    """Make the boundary again."""
    boxes, text = about["bounds"], about["boundary"]
    if boxes is None:
        return None
    value = Reflect(*text) if isinstance(text, list) else text
    if d > 1:
        return boundary_of(value, boxes[0], d)
    ranges = [box[0] for box in boxes]
    return boundary_of(value, ranges if len(ranges) > 1 else ranges[0], d)
