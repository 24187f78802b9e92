"""Integrals over the line and the plane, by panels that are halved where needed.

A Gauss-Kronrod pair of 7 and 15 nodes on each panel: the values of both integrate it,
their difference tells which panels to halve (Piessens et al., QUADPACK, Springer 1983,
doi:10.1007/978-3-642-61786-7). A difference far below the integral is the error of the
7 nodes; that of the 15 is about its power of 1.5, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    # values of k functions at points (m, d), shape (m, k)
    Integrand = Callable[[Floats], Floats]

# Nodes of the rule on [0, 1] from 0.5 outwards, and the weights of both rules.
_NODES = np.array(
    [
        0.991455371120812639206854697526329,
        0.949107912342758524526189684047851,
        0.864864423359769072789712788640926,
        0.741531185599394439863864773280788,
        0.586087235467691130294144838258730,
        0.405845151377397166906606412076961,
        0.207784955007898467600689403773245,
        0.0,
    ]
)
_FINE = np.array(
    [
        0.022935322010529224963732008058970,
        0.063092092629978553290700663189204,
        0.104790010322250183839876322541518,
        0.140653259715525918745189590510238,
        0.169004726639267902826583426598550,
        0.190350578064785409913256402421014,
        0.204432940075298892414161999234649,
        0.209482141084727828012999174891714,
    ]
)
_COARSE = np.array(
    [
        0.129484966168869693270611432679082,
        0.279705391489276667901467771423780,
        0.381830050505118944950369775488975,
        0.417959183673469387755102040816327,
    ]
)
NODES = np.concatenate([-_NODES, _NODES[-2::-1]])
FINE = np.concatenate([_FINE, _FINE[-2::-1]])
COARSE = np.zeros(15)
COARSE[1::2] = np.concatenate([_COARSE, _COARSE[-2::-1]])

# Values that one integral may ask for, on the line and in the plane.
MOST_LINE, MOST_PLANE = 1 << 23, 1 << 20
# Panels whose values are in memory at once.
BLOCK = 1 << 13
# Power of the change of variable that takes tails like a power to a finite range.
FAR = 4


class Integral(NamedTuple):
    """Integrals of k functions, all of shape (k,).

    Attributes
    ----------
    value : ndarray
    error : ndarray
        How far each may be off, as an estimate.
    size : ndarray
        Integrals of the absolute values.
    lost : float
        Mass of a distribution that the nodes did not see, of which the error is part.
    """

    value: Floats
    error: Floats
    size: Floats
    lost: float = 0.0


def line(
    f: Integrand, edges: Floats, tolerance: float, size: float | Floats = 0.0
) -> Integral:
    """Integrate over panels of the line, to `tolerance` times the integral of abs(f).

    `f` takes points (m, 1) and returns (m, k); `size` is what abs(f) integrates to
    elsewhere. O(panels) values, and those of halving.
    """
    value, error, whole = np.zeros(1), np.zeros(1), np.zeros(1)
    for first in range(0, edges.size - 1, BLOCK):
        some = edges[first : first + BLOCK + 1]
        left, right = some[:-1, None], some[1:, None]
        share = tolerance * max((edges.size - 1) / BLOCK, 1.0) ** -0.5
        part = adaptive(f, left, right, share, most=MOST_LINE, size=size)
        value, error = value + part.value, error + part.error
        whole = whole + part.size
    return Integral(value, error, whole)


def beyond(
    f: Integrand,
    end: float,
    scale: float,
    tolerance: float,
    size: float | Floats = 0.0,
) -> Integral:
    """Integrate from a finite end to infinity; the sign of `scale` says to which.

    By x = end + scale (s^-4 - 1), which makes tails like a power smooth.
    """

    def folded(s: Floats) -> Floats:
        with np.errstate(over="ignore", divide="ignore"):
            x = end + scale * (s**-FAR - 1.0)
            slope = FAR * abs(scale) * s ** (-FAR - 1.0)
        good = (np.isfinite(x) & np.isfinite(slope))[:, 0]
        values = f(np.where(good[:, None], x, end)) * np.where(good[:, None], slope, 0)
        return np.where(good[:, None], values, 0.0)

    edges = np.linspace(0.0, 1.0, 5)
    return line(folded, edges, tolerance, size)


def plane(f: Integrand, left: Floats, right: Floats, tolerance: float) -> Integral:
    """Integrate over rectangles with ends (p, 2), that are halved where needed."""
    return adaptive(f, left, right, tolerance, most=MOST_PLANE)


@np.errstate(invalid="ignore", over="ignore")
def adaptive(
    f: Integrand,
    left: Floats,
    right: Floats,
    tolerance: float,
    *,
    most: int,
    size: float | Floats = 0.0,
) -> Integral:
    """Halve boxes with ends (p, d) until their errors add up to little enough."""
    value, error, whole = np.zeros(1), np.zeros(1), np.zeros(1)
    asked = 0
    while left.size:
        here, doubt, mass = _rule(f, left, right)
        asked += len(left) * NODES.size ** left.shape[1]
        accepted = tolerance * (size + mass.sum(axis=0))
        middle = 0.5 * (left + right)
        stuck = ((middle <= left) | (middle >= right)).any(axis=1)
        # as many small errors as there are boxes may add up to half of what is allowed
        done = ~(doubt > 0.5 * accepted / max(len(left), 64)).any(axis=1)
        enough = (error + doubt.sum(axis=0) <= accepted).all()
        done |= stuck | bool(enough) | (asked > most)
        value = value + here[done].sum(axis=0)
        error = error + doubt[done].sum(axis=0)
        whole = whole + mass[done].sum(axis=0)
        size = size + mass[done].sum(axis=0)
        left, right, middle = left[~done], right[~done], middle[~done]
        for k in range(left.shape[1]):
            low, high = left.copy(), right.copy()
            high[:, k] = low[:, k] = middle[:, k]
            left = np.concatenate([left, low])
            right = np.concatenate([high, right])
            middle = np.concatenate([middle, middle])
    return Integral(np.asarray(value), np.asarray(error), np.asarray(whole))


@np.errstate(invalid="ignore", over="ignore")
def _rule(f: Integrand, left: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """Integrals over boxes, their doubts, and integrals of abs(f): (p, k) each."""
    d = left.shape[1]
    grid = np.stack(np.meshgrid(*(NODES,) * d, indexing="ij"), -1).reshape(-1, d)
    fine = _tensor(FINE, d)
    coarse = _tensor(COARSE, d)
    parts = []
    step = max(1, BLOCK * NODES.size // len(grid))
    for first in range(0, len(left), step):
        some = slice(first, first + step)
        half = 0.5 * (right[some] - left[some])
        middle = left[some] + half
        q = middle[:, None, :] + half[:, None, :] * grid
        values = f(q.reshape(-1, d)).reshape(*q.shape[:2], -1)
        volume = half.prod(axis=1)[:, None]
        whole = np.einsum("j,pjk->pk", fine, values) * volume
        rough = np.einsum("j,pjk->pk", coarse, values) * volume
        mean = whole / (2.0**d * np.where(volume > 0.0, volume, 1.0))
        spread = (
            np.einsum("j,pjk->pk", fine, np.abs(values - mean[:, None, :])) * volume
        )
        size = np.einsum("j,pjk->pk", fine, np.abs(values)) * volume
        doubt = np.abs(whole - rough)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.minimum(1.0, (200.0 * doubt / spread) ** 1.5)
        doubt = np.where(spread > 0.0, spread * share, doubt)
        # rounding of the values is no reason to halve
        doubt = np.maximum(doubt - 50.0 * np.finfo(float).eps * size, 0.0)
        parts.append((whole, doubt, size))
    whole, doubt, size = (np.concatenate(column) for column in zip(*parts, strict=True))
    return whole, doubt, size


def _tensor(weights: Floats, d: int) -> Floats:
    """Products of weights over d axes, flattened."""
    product = np.ones(1)
    for _ in range(d):
        product = np.multiply.outer(product, weights).ravel()
    return product


def falls_too_slowly(f: Integrand, end: float, scale: float) -> NDArray[np.bool_]:
    """Whether abs(f) decays like 1 / x or slower beyond an end, shape (k,).

    Judged from values in geometric progression, as far out as they are numbers.
    """
    powers = np.arange(8.0, 200.0)
    with np.errstate(over="ignore"):
        x = end + scale * np.exp2(powers)
    x = x[np.isfinite(x) & (np.abs(x) < 1e150)]
    with np.errstate(all="ignore"):
        values = np.abs(f(x[:, None])) * np.abs(x - end)[:, None]
        logs = np.log2(values)
    slow = np.zeros(logs.shape[1], dtype=bool)
    for k in range(logs.shape[1]):
        seen = logs[:, k]
        # before values underflow, or rounding takes over
        good = np.flatnonzero(np.isnan(seen) | (seen < -900.0))
        last = int(good[0]) if good.size else seen.size
        seen = seen[:last]
        if seen.size < 24:
            continue
        with np.errstate(invalid="ignore"):
            slope = (seen[-1] - seen[-17]) / 16.0
        slow[k] = not slope < -1e-3
    return slow
