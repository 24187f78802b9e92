"""Moments by quadrature: of a line from its density, of boxes from their masses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.distribution.primitives import Primitives

    Floats = NDArray[np.float64]

# Gauss-Legendre nodes in a panel, of a line and of a plane.
NODES, FEW_NODES = 16, 8
# Panels on an axis, at most: narrower structure than the rest of it is a mistake.
MOST_PANELS = 512
# Tails that hold less are left out; ends are looked for in so many steps.
TAIL, STEPS = 1e-17, 40


def nodes_of(edges: Floats, count: int) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre rules between edges, (panels count,) each."""
    x, w = np.polynomial.legendre.leggauss(count)
    half = 0.5 * np.diff(edges)
    nodes = edges[:-1, None] + half[:, None] * (x + 1.0)
    return nodes.ravel(), (half[:, None] * w).ravel()


def line_moments(
    pdf: Callable[[Floats], Floats], edges: Floats, order: int, centre: Floats
) -> Floats:
    """Means of (x - centre)^k on a line, k = 0, ..., order, shape (order + 1, 1)."""
    nodes, shares = nodes_of(edges, NODES)
    masses = shares * pdf(nodes[:, None])
    powers = (nodes - centre[0])[:, None] ** np.arange(order + 1)
    moments = masses @ powers
    # what the rule leaves out of the mass, it leaves out of all of them
    return np.asarray(moments / moments[0])[:, None]


def box_moments(part: Primitives, order: int, centre: Floats) -> Floats:
    """Means of (x - centre)^k on each axis, from masses above x: (order + 1, d).

    E (x - a)^k = k int (x - a)^(k - 1) P(X > x) dx, from a, the lower end.
    """
    d = part.n_axes
    edges = _edges(part)
    moments = np.ones((order + 1, d))
    for k in range(d):
        x, shares = nodes_of(edges[k], NODES)
        above = _above(part, {k: x}, len(x))
        about = np.ones(order + 1)
        for power in range(1, order + 1):
            terms = power * (x - edges[k][0]) ** (power - 1)
            about[power] = (shares * terms) @ above
        # from the lower end to the centre, by the binomial theorem
        away = edges[k][0] - centre[k]
        for power in range(1, order + 1):
            moments[power, k] = sum(
                _binomial(power, j) * about[j] * away ** (power - j)
                for j in range(power + 1)
            )
    return moments


def box_covariance(part: Primitives) -> Floats:
    """Covariance matrix, from masses above (x, y) for each pair of axes."""
    d = part.n_axes
    edges = _edges(part)
    means = box_moments(part, 1, np.zeros(d))[1]
    second = box_moments(part, 2, means)
    covariance = np.diag(second[2] - second[1] ** 2)
    for j in range(d):
        for k in range(j + 1, d):
            x, first = nodes_of(edges[j], FEW_NODES)
            y, other = nodes_of(edges[k], FEW_NODES)
            grid = np.meshgrid(x, y, indexing="ij")
            both = _above(
                part, {j: grid[0].ravel(), k: grid[1].ravel()}, x.size * y.size
            )
            alone = np.outer(_above(part, {j: x}, x.size), _above(part, {k: y}, y.size))
            # Hoeffding: the covariance is the integral of P(X > x, Y > y) less that
            joint = both.reshape(alone.shape) - alone
            covariance[j, k] = covariance[k, j] = first @ joint @ other
    return covariance


def _above(part: Primitives, ends: dict[int, Floats], m: int) -> Floats:
    """Mass above the ends on some axes, shape (m,)."""
    lower = np.full((m, part.n_axes), -np.inf)
    for k, x in ends.items():
        lower[:, k] = x
    return part._mass(lower, np.full_like(lower, np.inf))


def _edges(part: Primitives) -> list[Floats]:
    """Find ends that hold all mass, and lay panels between them on each axis."""
    lower, upper = part._extent()
    ends = part._support()
    d = part.n_axes
    edges = []
    for k in range(d):
        low = _end(
            part, k, float(lower[k]), float(ends[0][k]), float(upper[k]), below=True
        )
        high = _end(
            part, k, float(upper[k]), float(ends[1][k]), float(lower[k]), below=False
        )
        count = np.ceil((high - low) / float(part._narrowest()[k]))
        edges.append(np.linspace(low, high, int(min(max(count, 4), MOST_PANELS)) + 1))
    return edges


def _end(
    part: Primitives, k: int, start: float, end: float, other: float, *, below: bool
) -> float:
    """Finite end on an axis beyond which next to no mass lies."""
    if np.isfinite(end):
        return end
    step = 0.25 * (start - other)
    for _ in range(STEPS):
        lower = np.full((1, part.n_axes), -np.inf)
        upper = np.full((1, part.n_axes), np.inf)
        (upper if below else lower)[0, k] = start
        if float(part._mass(lower, upper)[0]) < TAIL:
            return start
        start += step
    msg = (
        "moments of this truncated distribution have no end: its tails are too heavy. "
    )
    raise CapabilityError(msg + "Give finite bounds, or draw samples.")


def _binomial(n: int, k: int) -> float:
    """Return n over k."""
    total = 1.0
    for j in range(k):
        total = total * (n - j) / (j + 1)
    return total
