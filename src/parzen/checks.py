"""Validation of what users hand in: arrays, weights, bandwidths, names, numbers.

Nothing else in parzen validates. Every function returns a clean value or raises an
error that names the argument, the rule, the value and the remedy.
"""

from __future__ import annotations

import difflib
import itertools
import math
import numbers
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import (
    BandwidthError,
    DataError,
    ParzenError,
    ShapeError,
    UnknownNameError,
    WeightError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


# Two gigabytes for the values on a grid, and several times that for a transform.
MOST_NODES = 1 << 28
# No array has more entries.
MOST_COUNTED = sys.maxsize
LINE = (-math.inf, math.inf)


def real_array(values: Any, name: str, *, own: bool = True) -> NDArray[np.float64]:
    """Return `values` as a float64 array, or say which rule they break.

    Its `own` memory: a new array. Else the caller's, where it is writable and fits:
    loops are compiled for arrays that could be written to.
    """
    if is_sparse(values):
        msg = f"`{name}` must be dense; got a sparse {type(values).__name__}. "
        raise DataError(msg + f"Pass `{name}.toarray()`.")
    try:
        array = np.asarray(values)
    except ValueError:
        msg = f"`{name}` must be rectangular; got rows of different lengths."
        raise ShapeError(msg + " Make all rows equally long.") from None
    check_kind(values, name)
    if array.dtype.kind == "O":
        return _numbers_only(array, name)
    if array.dtype.kind == "c":
        msg = f"`{name}` must be real; got complex data ({array.dtype}). "
        raise DataError(msg + f"Pass `{name}.real`, or both parts as two columns.")
    # a long double beyond the range of a double becomes inf, which is refused later
    with np.errstate(over="ignore"):
        copy = True if own or not array.flags.writeable else None
        return np.array(array, dtype=np.float64, order="C", copy=copy)


def is_sparse(values: Any) -> bool:
    """Whether values are a sparse matrix or array of any library."""
    return hasattr(values, "nnz") and hasattr(values, "toarray")


def check_kind(values: Any, name: str) -> None:
    """Refuse what NumPy would turn into numbers that it does not mean.

    Masked entries would come back to life, dates become counts of nanoseconds, texts
    be read as numbers.
    """
    if np.ma.isMaskedArray(values) and np.ma.is_masked(values):
        msg = f"`{name}` must have no masked entries; got {int(values.mask.sum())}."
        raise DataError(msg + " Drop these rows.")
    if is_sparse(values):
        return
    dtype = np.asarray(values).dtype
    if dtype.kind not in "fiubcO":
        msg = f"`{name}` must be numeric; got dtype {dtype}. "
        raise DataError(msg + "Convert it to numbers first.")


def _numbers_only(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Convert an object array that holds real numbers and nothing else."""
    for index, item in np.ndenumerate(array):
        if not isinstance(item, (numbers.Real, np.bool_)):
            place = index[0] if len(index) == 1 else index
            msg = (
                f"`{name}` must hold numbers; got {item!r} of type "
                f"{type(item).__name__} at {place}. Convert or drop it."
            )
            raise DataError(msg)
    try:
        return array.astype(np.float64)
    except OverflowError:
        msg = f"`{name}` must fit a float64; got a number above 1.8e308. "
        raise DataError(msg + "Change the units.") from None


def check_finite(array: NDArray[np.float64], name: str) -> None:
    """Raise `DataError` at the first NaN or infinity."""
    # one pass and no temporary: a sum shows what is not finite, or has overflowed
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    if np.isfinite(total):
        return
    finite = np.isfinite(array)
    if finite.all():
        return
    index = np.unravel_index(int(np.argmin(finite)), array.shape)
    place = f"row {index[0]}" if array.ndim else "its only value"
    if array.ndim > 1:
        place += f", column {index[1]}"
    count = int(finite.size - np.count_nonzero(finite))
    msg = (
        f"`{name}` must be finite; got {array[index]} at {place} "
        f"({count} such value{'s' if count > 1 else ''} in all). "
        "Drop or impute these rows."
    )
    raise DataError(msg)


def check_points(x: Any, name: str = "x") -> tuple[NDArray[np.float64], bool]:
    """Return the sample as an own (n, d) array and whether it came as 1-D."""
    array = real_array(x, name)
    flat = array.ndim == 1
    if array.ndim not in (1, 2):
        msg = f"`{name}` must have shape (n,) or (n, d); got {array.shape}. "
        raise ShapeError(msg + "Reshape it to one row per point.")
    if array.size == 0:
        msg = f"`{name}` must hold at least one point; got shape {array.shape}. "
        raise ShapeError(msg + "Check the filter that made it.")
    check_finite(array, name)
    return (array[:, None] if flat else array), flat


def check_queries(
    q: Any,
    n_axes: int,
    *,
    flat: bool,
    columns: tuple[str, ...] | None = None,
    name: str = "q",
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Return queries as (m, d), and the shape that the answer must take.

    A density of 1-D data takes an array of any shape; otherwise the last axis of `q`
    holds the coordinates. Infinite queries are allowed (the density is zero there). A
    frame must have the columns of the data, in their order.
    """
    names = getattr(q, "columns", None)
    if names is not None and columns is not None and not flat:
        given = tuple(str(label) for label in names)
        if given != columns:
            msg = f"`{name}` must have the columns of the data, {list(columns)}, in "
            msg += f"this order; got {list(given)}. Select them by name."
            raise ShapeError(msg)
    array = real_array(q, name, own=False)
    with np.errstate(over="ignore", invalid="ignore"):
        missing = np.isnan(array.sum()) and np.isnan(array).any()
    if missing:
        index = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        msg = f"`{name}` must not be NaN; got one at {index}. Drop these queries."
        raise DataError(msg)
    if flat:
        return array.reshape(-1, 1), array.shape
    if array.ndim == 0 or array.shape[-1] != n_axes:
        msg = (
            f"`{name}` must have {n_axes} coordinate{'s' if n_axes > 1 else ''} a "
            f"point, as shape (..., {n_axes}); got {array.shape}. Reshape it to "
            f"(-1, {n_axes})."
        )
        raise ShapeError(msg)
    return array.reshape(-1, n_axes), array.shape[:-1]


def check_weights(
    weights: Any, n: int, name: str = "weights", *, signed: bool = False
) -> NDArray[np.float64] | None:
    """Return weights that sum to one, or None where all points count alike.

    Negative ones are allowed where `signed`; their sum must be positive all the same.
    """
    if weights is None:
        return None
    array = real_array(weights, name)
    if array.shape != (n,):
        msg = f"`{name}` must have one entry per row, shape ({n},); "
        raise WeightError(msg + f"got {array.shape}. Align them with the data.")
    bad = ~np.isfinite(array) if signed else ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        i = int(np.argmax(bad))
        finite = bool(np.isfinite(array[i]))
        rule = "non-negative" if finite else "finite"
        msg = f"`{name}` must be {rule}; got {array[i]} at index {i}. "
        msg += "Drop or clip these rows"
        raise WeightError(msg + (", or pass `signed_weights=True`." if finite else "."))
    largest = np.abs(array).max()
    if largest == 0:
        msg = f"`{name}` must have a positive sum; all are zero. "
        raise WeightError(msg + "Pass None to count every point alike.")
    array /= largest
    total = array.sum()
    # a sum that is rounding only is no mass either
    if total <= n * np.finfo(np.float64).eps:
        msg = f"`{name}` must have a positive sum; got {total * largest:.6g}. "
        raise WeightError(msg + "A density needs more positive than negative weight.")
    array /= total
    return array


def check_bandwidth(
    value: Any, n_axes: int, rules: Iterable[str] = (), n_points: int = 0
) -> float | NDArray[np.float64]:
    """Return h, (d,) widths, a (d, d) covariance, or one width a point, (n,).

    Where there are as many points as axes, an array is one width for each axis.
    """
    forms = "a positive number"
    if n_axes > 1:
        forms += f", {n_axes} widths, a {n_axes} x {n_axes} covariance matrix"
    if n_points > 1:
        forms += f", one for each of the {n_points} points"
    try:
        array = real_array(value, "bandwidth")
        boolean = np.asarray(value).dtype.kind == "b"
    except ParzenError:
        boolean = True
    if boolean:
        names = ", ".join(repr(rule) for rule in rules)
        names = f", or one of {names}" if names else ""
        msg = f"`bandwidth` must be {forms}{names}; got {value!r}."
        raise BandwidthError(msg)
    if not np.isfinite(array).all():
        msg = f"`bandwidth` must be finite; got {value!r}. Give a positive width."
        raise BandwidthError(msg)
    if array.shape == (n_axes, n_axes):
        matrix = _covariance(array)
        # in one dimension a (1, 1) matrix is a covariance, as in any other
        return math.sqrt(matrix[0, 0]) if n_axes == 1 else matrix
    by_axis = array.shape == (n_axes,)
    local = n_points > 1 and array.shape == (n_points,) and not by_axis
    if array.ndim > 0 and not by_axis and not local:
        msg = f"`bandwidth` must be {forms}; got shape {array.shape}."
        raise BandwidthError(msg)
    _check_widths(array, "row" if local else "axis")
    if local:
        return array
    return float(array.flat[0]) if array.ndim == 0 or n_axes == 1 else array


def check_factors(values: Any) -> NDArray[np.float64]:
    """Return the factors of a `LocalBandwidth`, one for each point, shape (n,)."""
    try:
        array = real_array(values, "factors")
    except ParzenError as error:
        raise BandwidthError(str(error)) from None
    if array.ndim != 1 or array.size == 0:
        msg = f"`factors` must be one for each point, shape (n,); got {array.shape}."
        raise BandwidthError(msg)
    good = np.isfinite(array) & (array > 0)
    if not good.all():
        i = int(np.argmin(good))
        msg = f"`factors` must be positive and finite; got {array[i]} at row {i}. "
        raise BandwidthError(msg + "Clip them, or drop these points.")
    return array


def check_fit(width: Any, factors: Any, n_axes: int, n_points: int) -> None:
    """Raise `BandwidthError` where a `LocalBandwidth` is for other data."""
    if np.ndim(width) > 0 and len(width) != n_axes:
        msg = f"`bandwidth` has a scale of {len(width)} axes; the data have {n_axes}. "
        raise BandwidthError(msg + "Give one number, or a width for each axis.")
    if len(factors) == n_points:
        return
    if n_points == 0:
        msg = "`bandwidth` has a factor for each point, and binned data have no points."
        raise BandwidthError(msg + " Give one width, or the data themselves.")
    msg = f"`bandwidth` must have a factor for each of the {n_points} points; got "
    raise BandwidthError(msg + f"{len(factors)}. Align them with the data.")


def _check_widths(array: NDArray[np.float64], place: str) -> None:
    """Raise `BandwidthError` at the first width that is not positive."""
    positive = array > 0
    if positive.all():
        return
    i = int(np.argmin(positive))
    several = array.size > 1
    rule = "positive on every axis" if several and place == "axis" else "positive"
    where = f" at {place} {i}" if several else ""
    msg = f"`bandwidth` must be {rule}; got {array.flat[i]}{where}. "
    raise BandwidthError(msg + "Give a width in units of the data.")


def _covariance(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a symmetric positive definite matrix, or say why it is none."""
    widths = np.sqrt(np.abs(np.diag(matrix)))
    scale = np.outer(widths, widths)
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-10 * scale.max()):
        msg = f"`bandwidth` as a matrix must be symmetric; got {matrix.tolist()}. "
        raise BandwidthError(msg + "Pass (H + H.T) / 2.")
    matrix = (matrix + matrix.T) / 2
    positive = bool((np.diag(matrix) > 0).all())
    if positive:
        # scaled to a unit diagonal, so that the units of the columns do not matter
        positive = bool(np.linalg.eigvalsh(matrix / scale).min() > 1e-15)
    if not positive:
        msg = "`bandwidth` as a matrix must be positive definite; got "
        msg += f"{matrix.tolist()}. Give a covariance, or one width per axis."
        raise BandwidthError(msg)
    return matrix


def check_limits(
    value: Any, n_axes: int, name: str = "limits", *, infinite: bool = False
) -> NDArray[np.float64]:
    """Return one (lower, upper) pair for each axis, shape (n_axes, 2)."""
    forms = "a pair (lower, upper)"
    if n_axes > 1:
        forms += f" for each of the {n_axes} axes"
    try:
        pairs = real_array(value, name)
    except ParzenError:
        pairs = np.empty(0)
    if n_axes == 1 and pairs.shape == (2,):
        pairs = pairs[None, :]
    if pairs.shape != (n_axes, 2):
        msg = f"`{name}` must be {forms}; got {value!r}. "
        raise ShapeError(msg + f"Pass for example {[(0.0, 1.0)] * n_axes}.")
    check_intervals(pairs, name, infinite=infinite)
    return pairs


def check_intervals(pairs: NDArray[np.float64], name: str, *, infinite: bool) -> None:
    """Raise `DataError` for a pair whose ends are not numbers in rising order."""
    for lower, upper in pairs.tolist():
        allowed = infinite or (math.isfinite(lower) and math.isfinite(upper))
        if lower < upper and allowed:
            continue
        rule = "rising" if allowed or math.isnan(lower + upper) else "finite"
        msg = f"`{name}` must have {rule} ends; got ({lower:g}, {upper:g}). "
        raise DataError(msg + "Give the lower end first.")


def check_bounds(value: Any, n_axes: int) -> NDArray[np.float64] | None:
    """Return `bounds` as boxes (k, d, 2): one, or several ranges of a line, rising.

    Takes (lower, upper), a pair for each axis, or several ranges where d = 1; an end,
    or a pair, may be None. None where every end is infinite.
    """
    if value is None:
        return None
    value = _pair(value) if n_axes == 1 else value
    if isinstance(value, (list, tuple)) and (n_axes == 1 or len(value) == n_axes):
        # an axis without bounds may be None
        value = [LINE if pair is None else _pair(pair) for pair in value]
    boxes = _ranges(value) if n_axes == 1 else None
    if boxes is None:
        boxes = check_limits(value, n_axes, "bounds", infinite=True)[None]
    return None if np.isinf(boxes).all() else boxes


def _pair(value: Any) -> Any:
    """Put infinite ends in place of None in (lower, upper); else return the value."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return value
    ends = zip(value, LINE, strict=True)
    return [infinite if end is None else end for end, infinite in ends]


def _ranges(value: Any) -> NDArray[np.float64] | None:
    """Return several ranges of a line as boxes (k, 1, 2), sorted; None if it is one."""
    try:
        pairs = real_array(value, "bounds")
    except ParzenError:
        return None
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not len(pairs):
        return None
    check_intervals(pairs, "bounds", infinite=True)
    pairs = pairs[np.argsort(pairs[:, 0])]
    for (_, before), (after, _) in itertools.pairwise(pairs.tolist()):
        if after < before:
            msg = f"`bounds` must be ranges that do not overlap; got {pairs.tolist()}. "
            raise DataError(msg + "Merge those that do.")
    return pairs[:, None, :]


def check_choice(value: Any, options: Iterable[str], name: str) -> str:
    """Return `value` if it is one of `options`; else suggest the nearest."""
    options = tuple(options)
    if isinstance(value, str) and value in options:
        return value
    raise unknown_name(value, options, name)


def unknown_name(value: Any, options: tuple[str, ...], name: str) -> UnknownNameError:
    """Make the error for a name that does not exist, with the nearest that does."""
    text = value.lower() if isinstance(value, str) else ""
    near = difflib.get_close_matches(text, options, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    listing = ", ".join(repr(option) for option in options)
    return UnknownNameError(f"`{name}` must be one of {listing}; got {value!r}.{hint}")


def check_tolerance(value: Any, name: str) -> float:
    """Return a finite, non-negative error tolerance."""
    if 0 <= _number(value) < math.inf:
        return float(value)
    msg = f"`{name}` must be a finite number >= 0; got {value!r}. "
    raise ParzenError(msg + "It is the error you accept in the density.")


def check_positive(value: Any, name: str) -> float:
    """Return a finite number above zero."""
    if 0 < _number(value) < math.inf:
        return float(value)
    msg = f"`{name}` must be a finite number > 0; got {value!r}. "
    raise ParzenError(msg + "Use 1.0 to change nothing.")


def check_share(value: Any, name: str) -> float:
    """Return a probability that is neither zero nor one."""
    if _is_a(numbers.Real, value) and 0 < value < 1:
        return float(value)
    msg = f"`{name}` must be a probability between 0 and 1; got {value!r}. "
    raise ParzenError(msg + "Use 0.95 for 95%.")


def check_flag(value: Any, name: str) -> bool:
    """Return True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    msg = f"`{name}` must be True or False; got {value!r}."
    raise ParzenError(msg + " Pass one of them.")


def check_count(value: Any, name: str, *, least: int = 0) -> int:
    """Return an integer that is at least `least`."""
    if _is_a(numbers.Integral, value) and value >= least:
        if value <= MOST_COUNTED:
            return int(value)
        msg = f"`{name}` must be at most {MOST_COUNTED:,}; got a larger number. "
        raise ParzenError(msg + "No array holds so many.")
    msg = f"`{name}` must be an integer >= {least}; got {value!r}."
    raise ParzenError(msg + " Give a whole number.")


def check_rng(value: Any) -> np.random.Generator:
    """Return a generator of random numbers made of a seed, or as it is."""
    try:
        return np.random.default_rng(value)
    except (TypeError, ValueError) as error:
        msg = "`rng` must be what numpy.random.default_rng takes; got "
        msg += f"{value!r}: {error}. Give a whole number, or a Generator."
    raise ParzenError(msg)


def _number(value: Any) -> float:
    """Return a real number as a float, inf if it is larger; NaN for all else."""
    if not _is_a(numbers.Real, value):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is a number of this kind; True and False are not."""
    return isinstance(value, kind) and not isinstance(value, bool)


def check_grid_size(
    value: Any, n_axes: int, name: str = "grid_size"
) -> tuple[int, ...] | None:
    """Return the number of nodes on each axis, or None for the default."""
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        value = value.tolist()
    sizes = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if len(sizes) == 1:
        sizes *= n_axes
    if len(sizes) != n_axes:
        forms = f"an integer, or one on each axis ({n_axes})"
        msg = f"`{name}` must be {forms}; got {value!r}. "
        raise ShapeError(msg + "Give a whole number of nodes.")
    shape = tuple(check_count(size, name, least=2) for size in sizes)
    if math.prod(shape) > MOST_NODES:
        msg = f"`{name}` must be at most {MOST_NODES:,} nodes in all; got {value!r}. "
        raise ShapeError(msg + f"It would take {math.prod(shape) / 2**27:,.0f} GiB.")
    return shape
