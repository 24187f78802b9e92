"""Masses of radial kernels in parallelograms, face by face.

The field G(r) u / (2 pi r^2), with G(r) the mass within the radius r, has the kernel as
its divergence. So the mass in a polygon is the sum over its faces of the integral of
G(r) / 2 pi over the angle at which the centre sees them; with G = 1 - T, that is one or
zero, by whether the centre is inside, less the same sum with T. On a face at a distance
D, r = D cosh s and the angle is ds / cosh s: an integral of functions that are smooth
on the scale of one, whatever D.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.kernels.kernel import Kernel
from parzen.kernels.radial import outside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# 1 / cosh(40) is below rounding.
FARTHEST = 40.0
# No face is nearer than this, in bandwidths.
NUDGE = 1e-100
# A panel of this length with so many nodes is right to 1e-14.
LENGTH = 1.25
NODES = 14
BLOCK = 1 << 12
# The Gaussian in space: standard deviations that matter, panels of the conditional.
REACH = 8.5
SPACE_NODES = 16


def plane_masses(
    name: str, widths: Floats, root: Floats, low: Floats, high: Floats
) -> Floats:
    """Masses in rectangles from low to high (m, 2) about a kernel at zero, shape (m,).

    `root` is A, (2, 2), and `widths` its rows' lengths. To 1e-12 absolute.
    """
    kernel = Kernel(name)
    reach = min(kernel.reach(1e-17, 2), 1e18)
    # infinite ends: where nothing is left
    far = 2.0 * reach * widths
    # on a face, the angle at which a centre sees it is that from a little inside
    nudge = NUDGE * widths
    low = np.where(np.abs(low) < nudge, -nudge, low)
    high = np.where(np.abs(high) < nudge, nudge, high)
    inside = ((low <= 0.0) & (high >= 0.0)).all(axis=1)
    masses = inside.astype(np.float64)
    ends = np.clip(low, -far, far), np.clip(high, -far, far)
    u = [ends[i][:, :1] * _unwhitened(root, 0) for i in (0, 1)]
    v = [ends[i][:, 1:] * _unwhitened(root, 1) for i in (0, 1)]
    # axis across, which end, and the two corners of the face, counterclockwise
    faces = (
        (1, 0, u[0] + v[0], u[1] + v[0]),
        (0, 1, u[1] + v[0], u[1] + v[1]),
        (1, 1, u[1] + v[1], u[0] + v[1]),
        (0, 0, u[0] + v[1], u[0] + v[0]),
    )
    for axis, end, start, stop in faces:
        bound = (low, high)[end][:, axis]
        distance = np.abs(bound) / widths[axis]
        side = np.where((bound >= 0.0) if end else (bound <= 0.0), 1.0, -1.0)
        along = stop - start
        length = np.hypot(along[:, 0], along[:, 1])
        with np.errstate(invalid="ignore", divide="ignore"):
            along = np.where(length[:, None] > 0.0, along / length[:, None], 0.0)
        first = (start * along).sum(axis=1)
        last = (stop * along).sum(axis=1)
        masses -= side * _face(name, reach, distance, first, last)
    return np.clip(masses, 0.0, 1.0)


def _unwhitened(root: Floats, axis: int) -> Floats:
    """Return A^-1 e_k, for a lower triangle of two rows."""
    if axis == 1:
        return np.array([0.0, 1.0 / root[1, 1]])
    return np.array([1.0 / root[0, 0], -root[1, 0] / root[0, 0] / root[1, 1]])


def _face(
    name: str, reach: float, distance: Floats, first: Floats, last: Floats
) -> Floats:
    """Integrate T over the angles of faces, over 2 pi; shape (m,)."""
    apart = np.maximum(distance, NUDGE)
    with np.errstate(over="ignore"):
        limit = np.arccosh(np.maximum(reach / apart, 1.0))
        limit = np.minimum(limit, FARTHEST)
        start = np.clip(np.arcsinh(first / apart), -limit, limit)
        stop = np.clip(np.arcsinh(last / apart), -limit, limit)
    result = np.zeros(distance.shape)
    order = np.argsort(stop - start, kind="stable")
    order = order[(stop - start)[order] > 0.0]
    for begin in range(0, order.size, BLOCK):
        some = order[begin : begin + BLOCK]
        length = stop[some] - start[some]
        panels = math.ceil(float(length[-1]) / LENGTH)
        nodes, shares = np.polynomial.legendre.leggauss(NODES)
        total = np.zeros(some.size)
        each = length / panels
        for k in range(panels):
            s = start[some, None] + each[:, None] * (k + 0.5 * (nodes + 1.0))
            grown = np.cosh(s)
            values = outside(name, apart[some, None] * grown, 2) / grown
            total += values @ shares
        result[some] = total * each / (4.0 * math.pi)
    return result


def space_masses(covariance: Floats, low: Floats, high: Floats) -> Floats:
    """Gaussian masses in boxes from low to high (m, 3) about zero, shape (m,).

    One axis is integrated over, the one whose value the others follow least closely.
    """
    widths = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(widths, widths)
    low, high = low / widths, high / widths
    follow = np.abs(correlation - np.eye(3)).max(axis=1)
    axis = int(follow.argmin())
    others = [k for k in range(3) if k != axis]
    pull = correlation[axis, others]
    left = correlation[np.ix_(others, others)] - np.outer(pull, pull)
    root = np.linalg.cholesky(left)
    spread = np.sqrt(np.diag(left))
    start = np.clip(low[:, axis], -REACH, REACH)
    length = np.clip(high[:, axis], -REACH, REACH) - start
    # a bound of another axis passes by on the scale of spread / pull
    with np.errstate(divide="ignore"):
        scale = min(1.0, float((spread / np.abs(pull)).min()))
    panels = math.ceil(2.0 * REACH / (4.0 * scale))
    nodes, shares = np.polynomial.legendre.leggauss(SPACE_NODES)
    masses = np.zeros(len(low))
    each = length / panels
    for k in range(panels):
        for node, share in zip(nodes, shares, strict=True):
            at = start + each * (k + 0.5 * (node + 1.0))
            moved = at[:, None] * pull
            inner = plane_masses(
                "gaussian",
                spread,
                root,
                low[:, others] - moved,
                high[:, others] - moved,
            )
            density = np.exp(-0.5 * at * at) / math.sqrt(2.0 * math.pi)
            masses += 0.5 * share * each * density * inner
    return masses
