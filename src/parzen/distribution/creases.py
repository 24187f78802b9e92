"""Integrals over the plane of what has a kink wherever two densities are equal.

One axis after the other: along a line the kinks are points, which are solved, and
panels are split there; what is left is a function of the other axis that is smooth but
where a line touches a kink, and there it goes like the power 3/2.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from parzen.distribution import quadrature
from parzen.distribution.crossings import roots
from parzen.distribution.quadrature import COARSE, FINE, NODES, Integral

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.distribution.domain import Frame

    Floats = NDArray[np.float64]
    # log densities of two distributions at points (m, 2), each (m,)
    Logs = Callable[[Floats], tuple[Floats, Floats]]
    # values (m, k) of log densities and of logarithms of a factor
    Form = Callable[[Floats, Floats], Floats]

# Places at which one block of lines is evaluated.
BLOCK = 1 << 17
# Logarithms that differ by less are equal but for rounding.
ROUNDING = 1e-12
# Values that one integral may ask for.
MOST = 1 << 20


def over_creases(
    logs: Logs,
    form: Form,
    frame: Frame,
    axes: tuple[Floats, Floats],
    tolerance: float,
) -> Integral:
    """Integrate form(log a, log b) over a frame, shape (k,).

    Panels along the lines are halved once where they turn out to be too wide.
    """
    found, doubt = _once(logs, form, frame, axes, tolerance)
    if doubt <= max(tolerance * found.size[0], 0.5 * found.error[0]):
        return found
    inner = np.union1d(axes[1], 0.5 * (axes[1][:-1] + axes[1][1:]))
    again, _ = _once(logs, form, frame, (axes[0], inner), tolerance)
    return again if again.error[0] < found.error[0] else found


def _once(
    logs: Logs,
    form: Form,
    frame: Frame,
    axes: tuple[Floats, Floats],
    tolerance: float,
) -> tuple[Integral, float]:
    """Integrate with given panels along the lines; say how far these may be off."""
    rows = max(1, BLOCK // ((axes[1].size - 1) * NODES.size))

    def lines(x: Floats) -> Floats:
        parts = [
            _along(logs, form, frame, x[i : i + rows, 0], axes[1])
            for i in range(0, len(x), rows)
        ]
        return np.concatenate(parts)

    left, right = axes[0][:-1, None], axes[0][1:, None]
    k = lines(left[:1]).shape[1] // 2
    # the last columns are the errors along the lines, which are no reason to halve
    size = np.append(np.zeros(k), np.full(k, np.inf))
    most = MOST // ((axes[1].size - 1) * NODES.size)
    found = quadrature.adaptive(lines, left, right, tolerance, most=most, size=size)
    along = np.abs(found.value[k:])
    total = Integral(found.value[:k], found.error[:k] + along, found.size[:k])
    return total, float(along[0])


def _along(logs: Logs, form: Form, frame: Frame, x: Floats, edges: Floats) -> Floats:
    """Integrate along lines (m,): k values and their errors, shape (m, 2 k)."""
    half = 0.5 * np.diff(edges)
    y = (edges[:-1] + half)[:, None] + half[:, None] * NODES
    shape = (x.size, *y.shape)
    t = np.stack(np.broadcast_arrays(x[:, None, None], y), axis=-1)
    places, slopes = frame.placed(t.reshape(-1, 2))
    a, b = logs(places)
    values = (form(a, b) * slopes[:, None]).reshape(*shape, -1)
    with np.errstate(invalid="ignore"):
        r = a - b
    # where both vanish, or are equal but for rounding, nothing crosses
    r = np.where(np.abs(r) > ROUNDING, r, 0.0).reshape(shape)
    ends = np.stack([r[..., 0], r[..., -1]], axis=-1)
    finite = np.isfinite(r).all(axis=-1)
    ends[finite] = np.matmul(r[finite], _to_ends().T)
    r = np.concatenate([ends[..., :1], r, ends[..., 1:]], axis=-1)
    nodes = np.concatenate([[-1.0], NODES, [1.0]])
    line, panel, at = np.nonzero(np.sign(r[..., :-1]) * np.sign(r[..., 1:]) < 0.0)
    whole, doubt = _rule(values, half[:, None])
    split = np.zeros(shape[:2], dtype=bool)
    split[line, panel] = True
    total = np.where(split[..., None], 0.0, whole).sum(axis=1)
    error = np.where(split[..., None], 0.0, doubt).sum(axis=1)
    if not line.size:
        return np.concatenate([total, error], axis=1)
    rows = r[line, panel, 1:-1]

    def ratio(u: Floats, i: NDArray[np.intp]) -> Floats:
        return _interpolated(rows[i], u)

    low, high = nodes[at], nodes[at + 1]
    where = r[line, panel, at], r[line, panel, at + 1]
    with np.errstate(all="ignore"):
        root = roots(ratio, (low, high), where)
    root = np.where(np.isfinite(root), root, 0.5 * (low + high))
    # each panel with crossings, from its start over these to its end
    key = line * half.size + panel
    ones = np.unique(key)
    places = np.concatenate([root, np.full(ones.size, -1.0)])
    owner = np.concatenate([key, ones])
    order = np.lexsort((places, owner))
    start, owner = places[order], owner[order]
    last = np.append(owner[1:] != owner[:-1], True)
    end = np.where(last, 1.0, np.append(start[1:], 1.0))
    line, panel = np.divmod(owner, half.size)
    middle = edges[panel] + half[panel] * (1.0 + 0.5 * (start + end))
    short = 0.5 * (end - start) * half[panel]
    inner = middle[:, None] + short[:, None] * NODES
    t = np.stack(np.broadcast_arrays(x[line, None], inner), axis=-1)
    places, slopes = frame.placed(t.reshape(-1, 2))
    values = (form(*logs(places)) * slopes[:, None]).reshape(*inner.shape, -1)
    whole, doubt = _rule(values, short[:, None])
    np.add.at(total, line, whole)
    np.add.at(error, line, doubt)
    return np.concatenate([total, error], axis=1)


def _rule(values: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Integrals of (..., nodes, k) over panels, and how far they may be off."""
    fine = np.einsum("...jk,j->...k", values, FINE) * half
    coarse = np.einsum("...jk,j->...k", values, COARSE) * half
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.einsum("...jk,j->...k", values, FINE) / 2.0
        spread = np.abs(values - mean[..., None, :])
        spread = np.einsum("...jk,j->...k", spread, FINE) * half
        doubt = np.abs(fine - coarse)
        share = np.minimum(1.0, (200.0 * doubt / spread) ** 1.5)
        return fine, np.where(spread > 0.0, spread * share, doubt)


@functools.cache
def _weights() -> Floats:
    """Weights of the nodes in the barycentric formula."""
    apart = NODES[:, None] - NODES + np.eye(NODES.size)
    return np.asarray(1.0 / apart.prod(axis=1))


@functools.cache
def _to_ends() -> Floats:
    """Matrix that turns values at the nodes into those at -1 and 1, (2, nodes)."""
    share = _weights() / (np.array([[-1.0], [1.0]]) - NODES)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _interpolated(values: Floats, u: Floats) -> Floats:
    """Interpolate rows (k, nodes) at u (k,)."""
    apart = u[:, None] - NODES
    hit = apart == 0.0
    share = _weights() / np.where(hit, 1.0, apart)
    share = np.where(hit.any(axis=1)[:, None], hit, share)
    return np.asarray((share * values).sum(axis=1) / share.sum(axis=1))
