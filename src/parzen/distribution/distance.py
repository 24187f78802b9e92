"""How far apart two distributions are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_count, check_rng
from parzen.distribution import forms
from parzen.distribution.creases import over_creases
from parzen.distribution.crossings import roots
from parzen.distribution.distribution import Distribution
from parzen.distribution.domain import (
    LOST,
    Frame,
    edges_of,
    over_line,
    over_plane,
    resolved,
)
from parzen.distribution.estimate import Estimate
from parzen.distribution.quadrature import Integral
from parzen.errors import AccuracyWarning, ParzenError, ShapeError, warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.distribution.forms import Form

    Floats = NDArray[np.float64]

__all__ = [
    "Estimate",
    "hellinger",
    "ise",
    "js",
    "kl",
    "overlap",
    "total_variation",
]

# Draws above two dimensions, and those that are in memory at once.
DRAWS, BLOCK = 1 << 17, 1 << 16
# Places in each panel where two densities are compared, to find where they cross.
LOOKS = 9
# Error in the plane where densities cross, and so many times more that is too much.
ACROSS, WORSE = 5e-7, 100.0
# Logarithms that differ by less are equal but for rounding.
ROUNDING = 1e-12


def kl(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the Kullback-Leibler divergence of `a` from `b`, in nats.

    Parameters
    ----------
    a, b : Distribution
        Of equal dimension, in the same units.
    size : int
        Draws above two dimensions: half from each.
    rng : int, Generator or other seed, optional
        For these draws, which are new at each call where it is None. `error` is about
        the deviation of what is averaged over sqrt(size).

    Returns
    -------
    kl : Estimate
        The mean of log(a / b) under `a`: at least zero, and infinite where `a` has mass
        and `b` has none, or tails so light that the integral diverges.

    Raises
    ------
    ParzenError
        If one is no distribution, or `rng` no seed.
    ShapeError
        If dimensions differ.
    CapabilityError
        If weights are negative.

    Notes
    -----
    Integrates a log(a / b) - a + b, which is positive and equal in all: from log
    densities, so that tails count rightly. The quadrature is right to about 1e-9 on
    the line, in the plane to about 1e-6 for smooth kernels; `error` says how well it
    went. Above by draws from
    the mixture of both. A small piece of `a` outside of the support of `b` may be
    missed by draws.

    References
    ----------
    .. [1] Kullback, S. and Leibler, R. A. (1951), "On information and sufficiency",
       Annals of Mathematical Statistics 22, doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([0.0], bandwidth=h) for h in (1.0, 2.0))
    >>> print(round(parzen.kl(a, b).value, 9))
    0.318147181
    """
    _check(a, b, "kl")
    (low, high), (first, last) = a._support(), b._support()
    check_rng(rng)
    if (low < first).any() or (high > last).any():
        # an end that is rounded differently holds no mass
        room = 1e-12 * (np.abs(first) + np.abs(last))
        with np.errstate(invalid="ignore"):
            beyond = (low < first - room) | (high > last + room)
        if beyond.any():
            return Estimate(math.inf, 0.0)
    return _integrated(a, b, forms.of_kl, size, rng)


def js(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the Jensen-Shannon divergence, in nats.

    Parameters
    ----------
    a, b : Distribution
        Of the same dimension, with weights that are not negative.
    size : int
        Draws above two dimensions, as for `kl`.
    rng : int, Generator or other seed, optional
        For these draws.

    Returns
    -------
    js : Estimate
        The mean of the divergences of `a` and of `b` from (a + b) / 2: symmetric, from
        zero to log 2. Its root is a metric.

    Raises
    ------
    ParzenError, ShapeError, CapabilityError
        As for `kl`.

    References
    ----------
    .. [1] Lin, J. (1991), "Divergence measures based on the Shannon entropy", IEEE
       Transactions on Information Theory 37, doi:10.1109/18.61115.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 100.0))
    >>> print(round(parzen.js(a, b).value, 9))
    0.693147181
    """
    _check(a, b, "js")
    return _integrated(a, b, forms.of_js, size, rng)


def hellinger(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the Hellinger distance.

    Parameters
    ----------
    a, b : Distribution
        Of the same dimension, with weights that are not negative.
    size : int
        Draws above two dimensions, as for `kl`.
    rng : int, Generator or other seed, optional
        For these draws.

    Returns
    -------
    hellinger : Estimate
        The root of 1/2 int (sqrt(a) - sqrt(b))^2: a metric, from zero to one.

    Raises
    ------
    ParzenError, ShapeError, CapabilityError
        As for `kl`.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 2.0))
    >>> print(round(parzen.hellinger(a, b).value, 9))
    0.627271345
    """
    _check(a, b, "hellinger")
    square = _integrated(a, b, forms.of_hellinger, size, rng)
    root = math.sqrt(min(square.value, 1.0))
    # the slope of a root is infinite at zero, the root of an error is not
    error = math.sqrt(square.error)
    return Estimate(root, min(error, square.error / (2.0 * root)) if root else error)


def total_variation(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the total variation distance.

    Parameters
    ----------
    a, b : Distribution
        Of the same dimension, with weights that are not negative.
    size : int
        Draws above two dimensions, as for `kl`.
    rng : int, Generator or other seed, optional
        For these draws.

    Returns
    -------
    total_variation : Estimate
        1/2 int abs(a - b), the largest difference of two probabilities of one event: a
        metric, from zero to one.

    Raises
    ------
    ParzenError, ShapeError, CapabilityError
        As for `kl`.

    Notes
    -----
    On the line, panels end where the densities cross; in the plane so they do along
    each line of one axis. For smooth kernels that comes to about 1e-5 for bandwidths
    of a thirtieth of the range, and to 1e-2 for many points of a three hundredth;
    `error` says to how much. Where the quadrature misses more than 1e-6 of the mass, an
    `AccuracyWarning` does, too.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 2.0))
    >>> print(round(parzen.total_variation(a, b).value, 9))
    0.682689492
    """
    _check(a, b, "total_variation")
    found = _integrated(a, b, forms.of_variation, size, rng, kinked=True)
    return Estimate(min(found.value, 1.0), found.error)


def overlap(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the mass that two distributions have in common.

    Parameters
    ----------
    a, b : Distribution
        Of the same dimension, with weights that are not negative.
    size : int
        Draws above two dimensions, as for `kl`.
    rng : int, Generator or other seed, optional
        For these draws.

    Returns
    -------
    overlap : Estimate
        The integral of the smaller density, 1 - `total_variation`; from zero to one,
        and right to the same relative error where it is small.

    Raises
    ------
    ParzenError, ShapeError, CapabilityError
        As for `kl`.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 2.0))
    >>> print(round(parzen.overlap(a, b).value, 9))
    0.317310508
    """
    _check(a, b, "overlap")
    found = _integrated(a, b, forms.of_overlap, size, rng, kinked=True)
    return Estimate(min(found.value, 1.0), found.error)


def ise(
    a: Distribution, b: Distribution, *, size: int = DRAWS, rng: Any = None
) -> Estimate:
    """Return the integrated squared difference of two densities.

    Parameters
    ----------
    a, b : Distribution
        Of the same dimension, with weights that are not negative.
    size : int
        Draws above two dimensions, as for `kl`.
    rng : int, Generator or other seed, optional
        For these draws.

    Returns
    -------
    ise : Estimate
        The integral of (a - b)^2, in 1 / units(x)^d.

    Raises
    ------
    ParzenError, ShapeError, CapabilityError
        As for `kl`.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 2.0))
    >>> print(round(parzen.ise(a, b).value, 9))
    0.356635835
    """
    _check(a, b, "ise")
    return _integrated(a, b, forms.of_squares, size, rng, power=2)


def _check(a: Any, b: Any, method: str) -> None:
    """Refuse what is no distribution, and what cannot be compared."""
    for name, value in (("a", a), ("b", b)):
        if not isinstance(value, Distribution):
            msg = f"`{name}` must be a distribution; got {type(value).__name__}. "
            raise ParzenError(msg + "Make one by parzen.kde.")
        value._need_positive(method)
    if a.n_axes != b.n_axes:
        msg = f"`a` and `b` must have one dimension; got {a.n_axes} and {b.n_axes}. "
        raise ShapeError(msg + "Take the marginal of one.")


def _integrated(  # noqa: C901 - one branch for each way to integrate
    a: Distribution,
    b: Distribution,
    form: Form,
    size: Any,
    rng: Any,
    *,
    power: int = 1,
    kinked: bool = False,
) -> Estimate:
    """Integrate max(a, b)^power form(log(a / b)), over all that both cover."""
    count, generator = check_count(size, "size", least=4), check_rng(rng)
    first, second = a._unmapped(), b._unmapped()
    if power == 1 and first and second and first.key == second.key:
        # a change of variable leaves these distances as they are
        a, b = first.distribution, second.distribution
    lower, upper = a._extent()
    with np.errstate(over="ignore"):
        # the square of a density may leave the range of floats: in units of 1 / volume
        unit = 0.0 if power == 1 else float(np.log(upper - lower).sum())

    def of_logs(first: Floats, second: Floats) -> Floats:
        larger, r = _ratio(first, second)
        with np.errstate(under="ignore", over="ignore", invalid="ignore"):
            height = np.exp(power * (larger + unit))
            product = form(r) * height
            # the ratio may be infinite where the density underflows
            low = height == 0.0
            endless = low & (larger > -np.inf) & np.isinf(form(r))
            product = np.where(low, np.where(endless, np.inf, 0.0), product)
            columns = [product]
            if power == 2:
                columns.append(height * np.square(1.0 + np.exp(-np.abs(r))))
            if a.n_axes < 3:
                columns += [np.exp(first), np.exp(second)]
        return np.stack(columns, axis=1)

    def logs(q: Floats) -> tuple[Floats, Floats]:
        return a._logpdf(q), b._logpdf(q)

    def values(q: Floats) -> Floats:
        return of_logs(*logs(q))

    if a.n_axes > 2:
        found = _drawn(a, b, form, count, generator, power=power, unit=unit)
    elif a.n_axes == 1:
        extra = _crossings(a, b) if kinked else None
        found = over_line(values, [a, b], extra=extra)
    elif kinked and _endless(a, b) and resolved([a, b]):

        def creases(frame: Frame, axes: tuple[Floats, Floats]) -> Integral:
            return over_creases(logs, of_logs, frame, axes, ACROSS)

        found = over_plane(values, [a, b], creases=creases)
        if found.error[0] > WORSE * ACROSS:
            # kinks of the densities themselves: squares that are halved serve better
            found = min(found, over_plane(values, [a, b]), key=lambda i: i.error[0])
    else:
        found = over_plane(values, [a, b])
    value, error = float(found.value[0]), float(found.error[0])
    if not math.isfinite(value):
        return Estimate(math.inf, 0.0)
    value = max(value, 0.0)
    both = float(found.value[1]) if power == 2 and a.n_axes < 3 else 0.0
    error += (a._tolerance + b._tolerance) * forms.SHIFTS[form](value, both)
    # one factor at a time: their product may leave the range of floats
    with np.errstate(over="ignore", under="ignore"):
        back = float(np.exp(-unit)) if power == 2 else 1.0
    value, error = value and value * back * back, error and error * back * back
    if found.lost > LOST:
        msg = f"this distance may be off by {error:.2g}: the quadrature missed "
        msg += f"{found.lost:.2g} of the mass, for bandwidths are too narrow for how "
        warn(msg + "far apart the densities are. Average over draws.", AccuracyWarning)
    return Estimate(value, error)


def _endless(a: Distribution, b: Distribution) -> bool:
    """Whether both are positive, and hence without an edge, wherever one is."""
    ends = np.array([a._support(), b._support()])
    return bool((ends[0] == ends[1]).all()) and not (
        np.isfinite(ends).any() and (a._jumps or b._jumps)
    )


def _ratio(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the larger log density, and the difference of the two."""
    with np.errstate(invalid="ignore"):
        r = first - second
    return np.maximum(first, second), np.where(np.isnan(r), 0.0, r)


def _logs(a: Distribution, b: Distribution, q: Floats) -> tuple[Floats, Floats]:
    """Return the larger log density, and the difference of the two."""
    return _ratio(a._logpdf(q), b._logpdf(q))


def _drawn(
    a: Distribution,
    b: Distribution,
    form: Form,
    count: int,
    rng: np.random.Generator,
    *,
    power: int,
    unit: float,
) -> Integral:
    """Average over draws of the mixture of both, half from each."""
    means, errors = [], []
    for source in (a, b):
        half = count // 2
        total = square = 0.0
        for first in range(0, half, BLOCK):
            q = source._draw(min(BLOCK, half - first), rng)
            larger, r = _logs(a, b, q)
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                values = form(r) / (0.5 * (1.0 + np.exp(-np.abs(r))))
                if power == 2:
                    values *= np.exp(larger + 2.0 * unit)
            total += float(values.sum())
            square += float(np.square(values).sum())
        mean = total / half
        means.append(mean)
        errors.append(max(square / half - mean * mean, 0.0) / half)
    value = 0.5 * (means[0] + means[1])
    error = 0.5 * math.sqrt(math.fsum(errors)) if math.isfinite(value) else 0.0
    return Integral(np.array([value]), np.array([error]), np.array([value]))


def _crossings(a: Distribution, b: Distribution) -> Floats:
    """Places where two 1-D densities cross."""
    edges = edges_of([a, b])
    steps = np.arange(LOOKS) / LOOKS
    places = np.append((edges[:-1, None] + np.diff(edges)[:, None] * steps), edges[-1])

    def ratio(x: Floats, _: Any = None) -> Floats:
        r = _logs(a, b, x[:, None])[1]
        return np.where(np.abs(r) < ROUNDING, 0.0, r)

    r = ratio(places)
    change = np.flatnonzero(np.sign(r[:-1]) * np.sign(r[1:]) < 0.0)
    if not change.size:
        return np.empty(0)
    low, high = places[change], places[change + 1]
    return roots(ratio, (low, high), (r[change], r[change + 1]))
