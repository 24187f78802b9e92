"""Moments of a kernel density: those of the points plus those of the kernel.

A draw is x_i + s_i A z with z from the kernel, so that by the binomial theorem

    E (x - c)^k = sum_j C(k, j) m_j sum_i w_i s_i^j (x_i - c)^(k - j),

m_j being the moments of A z along the axis. Within bounds they are over moments of each
kernel folded or cut (`density.folded`); on a line, of the density by quadrature.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.boundary.boundary import Transform
from parzen.boundary.transform import from_line
from parzen.density.folded import folded_covariance, folded_moments
from parzen.density.panels import WIDEST_MAPPED, free_panels, shape_of
from parzen.distribution import quadrature
from parzen.kernels.measure import integrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.density.density import Density
    from parzen.engines.engine import Problem
    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]

# Points whose powers are in memory at once.
BLOCK = 1 << 16
TOLERANCE = 1e-12


def raw_moments(density: Density, order: int, centre: Floats) -> Floats:
    """Means of (x - centre)^k on each axis, k = 0, ..., order: (order + 1, d)."""
    edge = density._edge
    if edge is None:
        return _free_moments(density._problem, order, centre)
    if density.n_axes > 1:
        return folded_moments(density, order, centre)
    if isinstance(edge, Transform):
        return _mapped_moments(density, edge, order, float(centre[0]))[:, None]
    return _line_moments(density, order, float(centre[0]))[:, None]


def covariance(density: Density) -> Floats:
    """Covariance matrix, shape (d, d)."""
    if density.n_axes == 1:
        mean = raw_moments(density, 1, np.zeros(1))[1]
        if not np.isfinite(mean[0]):
            return np.full((1, 1), np.nan)
        moments = raw_moments(density, 2, mean)
        return np.asarray((moments[2] - moments[1] ** 2)[:, None])
    if density._edge is not None:
        return folded_covariance(density)
    return _free_covariance(density._problem)


def _free_covariance(problem: Problem) -> Floats:
    """Covariance of the points, plus s^2 mu_2 A A^T, plus that of their drifts."""
    sample, scale, kernel = problem.sample, problem.scale, problem.kernel
    d = sample.d
    w = _weights(problem)
    s = np.ones(sample.n) if problem.local is None else problem.local
    first = kernel_moments(kernel, d, 2)
    drift = np.full(d, first[1]) if first[1] else np.zeros(d)
    moved = scale.from_kernel_units(drift[None, :])[0]
    places = sample.points + s[:, None] * moved if first[1] else sample.points
    # powers of two that bring every axis near one: nothing overflows
    exponents = np.frexp(np.maximum(np.abs(places).max(axis=0), scale.widths))[1]
    places = np.ldexp(places, -exponents)
    places = places - w @ places
    places = places - w @ places
    spread = (places * w[:, None]).T @ places
    root = np.diag(scale.widths) if scale.root is None else scale.root
    root = np.ldexp(root, -exponents[:, None])
    with np.errstate(invalid="ignore", over="ignore"):
        second = first[2] - first[1] ** 2
        noise = root @ root.T * float(w @ s**2)
        # no correlation stays none where the variance is infinite
        noise = np.where(noise == 0.0, 0.0, noise * second)
        total = spread + noise
        return np.asarray(np.ldexp(total, exponents[:, None] + exponents))


def _weights(problem: Problem) -> Floats:
    """Weights that sum to one, shape (n,)."""
    sample = problem.sample
    if sample.weights is None:
        return np.full(sample.n, 1.0 / sample.n)
    return sample.weights


def _free_moments(problem: Problem, order: int, centre: Floats) -> Floats:
    """Moments of a kernel sum on the whole space, by axis."""
    sample = problem.sample
    kernel = _axis_moments(problem, order)
    moments = np.empty((order + 1, sample.d))
    for k in range(sample.d):
        sums, exponent = _power_sums(problem, k, order, float(centre[k]))
        for p in range(order + 1):
            own = kernel[p, k]
            if not math.isfinite(own):
                moments[p, k] = own
                continue
            j = np.arange(p + 1)
            shares = np.array([math.comb(p, i) for i in j], dtype=np.float64)
            with np.errstate(over="ignore", under="ignore"):
                terms = np.ldexp(kernel[j, k], -exponent * j) * sums[p - j, j] * shares
                moments[p, k] = np.ldexp(math.fsum(terms), exponent * p)
    return moments


def _power_sums(
    problem: Problem, k: int, order: int, centre: float
) -> tuple[Floats, int]:
    """Sum w y^p s^j for y = (x - centre) / 2^e near one, and e: (p, j)."""
    sample, local = problem.sample, problem.local
    x = sample.points[:, k]
    far = max(abs(float(x.min()) - centre), abs(float(x.max()) - centre))
    widest = float(problem.scale.widths[k]) * problem.widest
    exponent = int(np.frexp(max(far, widest))[1])
    most = order if local is not None else 0
    parts = []
    for first in range(0, sample.n, BLOCK):
        some = slice(first, first + BLOCK)
        y = np.ldexp(x[some] - centre, -exponent)
        w = np.ones(len(y)) if sample.weights is None else sample.weights[some]
        s = np.ones(len(y)) if local is None else local[some]
        part = np.empty((order + 1, most + 1))
        for j in range(most + 1):
            term = w * s**j
            for p in range(order + 1):
                part[p, j] = term.sum()
                term = term * y
        parts.append(part)
    total = np.array(parts).sum(axis=0)
    if sample.weights is None:
        total /= sample.n
    # without local factors their powers are all one
    return np.broadcast_to(total, (order + 1, order + 1)) if most < order else total, (
        exponent
    )


def _axis_moments(problem: Problem, order: int) -> Floats:
    """Moments of A z along each axis, for z from the kernel, (order + 1, d)."""
    kernel, scale, d = problem.kernel, problem.scale, problem.sample.d
    powers = np.arange(order + 1)[:, None]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if scale.root is None or not kernel.product:
            # along any direction a radial kernel is the same but for the width
            own = kernel_moments(kernel, d, order)[:, None]
            return np.where(powers == 0, 1.0, own * scale.widths**powers)
        own = kernel_moments(kernel, 1, order)
        moments = np.empty((order + 1, d))
        for k in range(d):
            total = np.append(1.0, np.zeros(order))
            for factor in scale.root[k, : k + 1]:
                if factor:
                    total = _convolved(total, own * factor ** powers[:, 0])
            moments[:, k] = total
    return moments


def _convolved(a: Floats, b: Floats) -> Floats:
    """Moments of the sum of two independent numbers."""
    total = np.empty(a.size)
    for p in range(a.size):
        j = np.arange(p + 1)
        shares = np.array([math.comb(p, i) for i in j], dtype=np.float64)
        terms = shares * a[p - j] * b[j]
        finite = np.isfinite(a[p]) and np.isfinite(b[p])
        total[p] = math.fsum(terms) if finite else a[p] + b[p]
    return total


@functools.lru_cache(maxsize=256)
def kernel_moments(kernel: AnyKernel, d: int, order: int) -> Floats:
    """Means of z_1^j under a kernel in d dimensions, j = 0, ..., order.

    inf where there is none, NaN where infinite parts on both sides cancel.
    """
    if kernel.code is None:
        moments = np.array([_measured_moment(kernel, j) for j in range(order + 1)])
    else:
        moments = np.array([_radial_moment(kernel, d, j) for j in range(order + 1)])
    moments.setflags(write=False)
    return moments


def _radial_moment(kernel: Any, d: int, j: int) -> float:
    """Mean of z_1^j: that of r^j times that of a coordinate on the sphere."""
    d = 1 if kernel.product else d
    profile = kernel._profile
    radius = profile.log_moment(d - 1 + j, d) - profile.log_moment(d - 1, d)
    if j % 2:
        return 0.0 if math.isfinite(radius) else math.nan
    if math.isinf(radius):
        return math.inf
    sphere = math.lgamma(0.5 * d) + math.lgamma(0.5 * (j + 1))
    sphere -= math.lgamma(0.5) + math.lgamma(0.5 * (d + j))
    return math.exp(radius + sphere)


def _measured_moment(kernel: Any, j: int) -> float:
    """Mean of z^j under a kernel of which values are known."""
    if j == 0:
        return 1.0
    if kernel.symmetric and j % 2:
        one = _half_moment(kernel, j, 1.0)
        return 0.0 if math.isfinite(one) else math.nan
    above = _half_moment(kernel, j, 1.0)
    below = above if kernel.symmetric else _half_moment(kernel, j, -1.0)
    if j % 2 == 0:
        return above + below
    return math.nan if math.isinf(above) and math.isinf(below) else above - below


def _half_moment(kernel: Any, j: int, side: float) -> float:
    """Mean of abs(z)^j on one side of zero; inf where there is none."""

    def weighted(u: Floats) -> Floats:
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(u**j * kernel.pdf(side * u[..., None]))

    shape = shape_of(kernel)
    end = shape.high if side > 0 else -shape.low
    if end <= 0.0:
        return 0.0
    kinks = side * shape.kinks
    near = np.linspace(0.0, min(end, 8.0 * max(shape.unit, 1.0)), 17)
    edges = [near, kinks[(kinks > 0.0) & (kinks < end)]]
    last = kernel._source.ends[1] if side > 0 else -kernel._source.ends[0]
    if math.isfinite(last):
        edges.append(np.array([last]))
        edges.append(np.geomspace(near[-1], last, 33)[1:-1])
        return math.fsum(integrate(weighted, np.unique(np.concatenate(edges)))[1])
    start = float(near[-1])
    slow = quadrature.falls_too_slowly(weighted, 0.0, start)
    if slow[0]:
        return math.inf
    inner = math.fsum(integrate(weighted, np.unique(np.concatenate(edges)))[1])
    # octaves until they add nothing; a power law falls by the same factor in each
    octaves = start * np.exp2(np.arange(0.0, 1000.0))
    octaves = octaves[octaves < 1e150]
    nodes, shares = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(octaves)
    u = (octaves[:-1] + half)[:, None] + half[:, None] * nodes
    parts = np.nan_to_num((weighted(u) @ shares) * half)
    count = int(np.argmax(parts <= 1e-18 * (inner + np.cumsum(parts))))
    edges = octaves[: (count or parts.size) + 1]
    outer = math.fsum(integrate(weighted, edges)[1]) if edges.size > 1 else 0.0
    return inner + outer


def _line_moments(density: Density, order: int, centre: float) -> Floats:
    """Moments of a bounded 1-D density by quadrature, shape (order + 1,)."""
    own = kernel_moments(density.kernel, 1, order)
    lower, upper = (float(end[0]) for end in density._support())
    signs = [sign for end, sign in ((lower, -1.0), (upper, 1.0)) if math.isinf(end)]
    finite = max(p for p in range(order + 1) if math.isfinite(own[p]) or not signs)
    edges = density._panels().edges
    moments = np.empty(order + 1)
    moments[: finite + 1] = _integrated(density._pdf, edges, (finite, centre), signs)
    for p in range(finite + 1, order + 1):
        parts = {sign**p for sign in signs}
        moments[p] = math.inf * parts.pop() if len(parts) == 1 else math.nan
    return moments


def _mapped_moments(
    density: Density, edge: Transform, order: int, centre: float
) -> Floats:
    """Moments of a density that a map brought back, by quadrature on the line."""
    plan: Any = density._plan
    problem, bounds = plan.problem, edge.bounds
    low, high = bounds.boxes[0, 0].tolist()
    edges = free_panels(problem, WIDEST_MAPPED).edges
    shape = shape_of(problem.kernel)
    widest = float(problem.scale.widths[0]) * problem.widest
    side = 0.0 if math.isfinite(low) and math.isfinite(high) else 1.0
    if math.isinf(low):
        side = -1.0
    infinite = [
        p > 0 and side != 0.0 and _outgrown(problem.kernel, side, p * widest)
        for p in range(order + 1)
    ]
    finite = max(p for p in range(order + 1) if not infinite[p])
    tail = shape.high if side > 0 else -shape.low
    closed = problem.kernel.code is not None and math.isfinite(problem.kernel.support)
    if side and not closed:
        # a power of exp(y) moves mass outwards: Gaussians by p h^2, others farther
        step = min(WIDEST_MAPPED, widest)
        slope = 1.0
        if problem.kernel.name in ("exponential", "logistic"):
            slope = 1.0 / (1.0 - finite * widest)
        room = (tail * (slope - 1.0) + finite * widest) * widest if tail < 1e9 else 0.0
        more = np.arange(1, math.ceil(room / step) + 2) * step
        further = edges[-1] + more if side > 0 else edges[0] - more
        edges = np.sort(np.append(edges, further))

    def mapped(y: Floats) -> Floats:
        return from_line(y, bounds)

    signs = [-1.0, 1.0] if math.isinf(shape.high) or math.isinf(shape.low) else []
    moments = _integrated(plan.free.pdf, edges, (finite, centre), signs, mapped)
    full = np.empty(order + 1)
    full[: finite + 1] = moments
    full[finite + 1 :] = math.inf * side ** np.arange(finite + 1, order + 1)
    return full


def _outgrown(kernel: AnyKernel, side: float, rate: float) -> bool:
    """Whether exp(rate u) outgrows the tail of a kernel on one side."""
    if math.isfinite(kernel.support):
        return False
    u = side * np.array([[1e8], [2e8]])
    near, far = kernel.logpdf(u).tolist()
    if math.isinf(near) or math.isinf(far):
        return False
    return bool((near - far) / 1e8 <= rate * (1.0 + 1e-9))


def _integrated(
    pdf: Any,
    edges: Floats,
    powers: tuple[int, float],
    signs: list[float],
    place: Any = None,
) -> Floats:
    """Integrate powers, up to an order, of place(y) - centre, by quadrature."""
    order, centre = powers
    ends = edges[[0, -1], None]
    span = np.abs((ends if place is None else place(ends)) - centre).max()
    exponent = int(np.frexp(span)[1])

    def weighted(y: Floats) -> Floats:
        x = y if place is None else place(y)
        with np.errstate(over="ignore", under="ignore"):
            scaled = np.ldexp(x - centre, -exponent) ** np.arange(order + 1)
            values = pdf(y)[:, None]
            return np.where(values == 0.0, 0.0, values * scaled)

    total = quadrature.line(weighted, edges, TOLERANCE).value
    width = float(edges[-1] - edges[0])
    for sign in signs:
        start = float(edges[0] if sign < 0 else edges[-1])
        total = total + quadrature.beyond(weighted, start, sign * width, 1e-11).value
    with np.errstate(over="ignore"):
        moments = np.ldexp(total / total[0], exponent * np.arange(order + 1))
    return np.asarray(moments)
