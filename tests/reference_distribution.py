"""A distribution whose primitives are plain formulas, to judge what follows from them.

A sum of kernels on a line or, Gaussian, in space; it shares nothing with the library
but the base class whose answers it lets one test, and the definitions of the kernels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from parzen.distribution import Distribution
from parzen.distribution.primitives import Panels


class Shape(NamedTuple):
    """A kernel K on the line: log mass below, log density, derivatives, kinks."""

    log_below: object
    log_density: object
    slope: object
    bend: object
    kinks: tuple[float, ...]
    support: float

    def log_slope(self, u):
        """Return K' / K, without a range to leave."""
        if self.slope is _gaussian_slope:
            return -u
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.slope(u) / np.exp(self.log_density(u))


def _gaussian_slope(u):
    return -u * np.exp(-u * u / 2.0) / math.sqrt(2.0 * math.pi)


def _log(values):
    with np.errstate(divide="ignore"):
        return np.log(values)


def _inside(u, values):
    return np.where(np.abs(u) < 1.0, values, 0.0)


def _parabola_below(u):
    v = np.clip(1.0 + u, 0.0, 2.0)
    return _log(v * v * (3.0 - v) / 4.0)


def _tent_below(u):
    v = np.clip(u, -1.0, 1.0)
    return _log(np.where(v < 0.0, (1.0 + v) ** 2 / 2.0, 1.0 - (1.0 - v) ** 2 / 2.0))


def _cauchy_below(u):
    # atan2 keeps the lower tail
    return _log(np.arctan2(1.0, -u) / math.pi)


SHAPES = {
    "gaussian": Shape(
        special.log_ndtr,
        lambda u: -u * u / 2.0 - math.log(2.0 * math.pi) / 2.0,
        _gaussian_slope,
        lambda u: (u * u - 1.0) * np.exp(-u * u / 2.0) / math.sqrt(2.0 * math.pi),
        (),
        math.inf,
    ),
    "epanechnikov": Shape(
        _parabola_below,
        lambda u: _log(_inside(u, 0.75 * (1.0 - u) * (1.0 + u))),
        lambda u: _inside(u, -1.5 * u),
        lambda u: _inside(u, -1.5),
        (-1.0, 1.0),
        1.0,
    ),
    "triangular": Shape(
        _tent_below,
        lambda u: _log(_inside(u, 1.0 - np.abs(u))),
        lambda u: _inside(u, -np.sign(u)),
        lambda u: 0.0 * u,
        (-1.0, 0.0, 1.0),
        1.0,
    ),
    "tophat": Shape(
        lambda u: _log(np.clip((1.0 + u) / 2.0, 0.0, 1.0)),
        lambda u: _log(_inside(u, 0.5)),
        lambda u: 0.0 * u,
        lambda u: 0.0 * u,
        (-1.0, 1.0),
        1.0,
    ),
    "exponential": Shape(
        lambda u: np.where(
            u < 0.0,
            np.minimum(u, 0.0) - math.log(2.0),
            np.log1p(-np.exp(-np.maximum(u, 0.0)) / 2.0),
        ),
        lambda u: -np.abs(u) - math.log(2.0),
        lambda u: -np.sign(u) * np.exp(-np.abs(u)) / 2.0,
        lambda u: np.exp(-np.abs(u)) / 2.0,
        (0.0,),
        math.inf,
    ),
    "cauchy": Shape(
        _cauchy_below,
        lambda u: -2.0 * np.log(np.hypot(1.0, u)) - math.log(math.pi),
        lambda u: -2.0 * u / (1.0 + u * u) ** 2 / math.pi,
        lambda u: (6.0 * u * u - 2.0) / (1.0 + u * u) ** 3 / math.pi,
        (),
        math.inf,
    ),
}


class Unasked(Distribution):
    """What the tests of probabilities and calculus never ask for."""

    columns = None
    _tolerance = 1e-14

    def _draw_qmc(self, count, rng):
        raise NotImplementedError

    def _raw_moments(self, order, centre):
        raise NotImplementedError

    def _covariance(self):
        raise NotImplementedError

    def _marginal(self, axes):
        raise NotImplementedError

    def _conditional(self, axes, values):
        raise NotImplementedError

    def _affine(self, scale, shift):
        raise NotImplementedError

    def _truncate(self, boxes):
        raise NotImplementedError


class Line(Unasked):
    """sum_i w_i K((q - x_i) / h_i) / h_i; mirrored at 0 if `mirrored`."""

    n_axes = 1
    _flat = True

    def __init__(self, x, h=1.0, *, kernel="gaussian", weights=None, mirrored=False):
        x = np.atleast_1d(np.asarray(x, dtype=float))
        w = np.full(len(x), 1.0 / len(x)) if weights is None else np.asarray(weights)
        w = w / w.sum()
        self.h = np.broadcast_to(np.asarray(h, dtype=float), x.shape)
        self.mirrored = mirrored
        self.kernel = kernel
        self.shape = SHAPES[kernel]
        self.x, self.w = x, w
        if mirrored:
            self.x, self.w = np.concatenate([x, -x]), np.concatenate([w, w])
            self.h = np.concatenate([self.h, self.h])
        self.asked = 0

    @property
    def _signed(self):
        return bool((self.w < 0.0).any())

    def _u(self, q):
        self.asked += len(q)
        with np.errstate(over="ignore"):
            return (q - self.x) / self.h

    def _sum(self, values, power=1):
        return (values / self.h**power) @ self.w

    def _pdf(self, q):
        with np.errstate(over="ignore"):
            values = self._sum(np.exp(self.shape.log_density(self._u(q))))
        return np.where(q[:, 0] < 0.0, 0.0, values) if self.mirrored else values

    def _logpdf(self, q):
        with np.errstate(over="ignore", divide="ignore"):
            values = special.logsumexp(
                self.shape.log_density(self._u(q)) - np.log(self.h), axis=1, b=self.w
            )
        return np.where(q[:, 0] < 0.0, -np.inf, values) if self.mirrored else values

    def _log_mass(self, lower, upper):
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.mirrored:
                return np.log(self._mass(lower, upper))
            below = self.shape.log_below
            if np.isneginf(lower).all():
                return special.logsumexp(below(self._u(upper)), axis=1, b=self.w)
            if np.isposinf(upper).all():
                return special.logsumexp(below(-self._u(lower)), axis=1, b=self.w)
            return np.log(self._mass(lower, upper))

    def _mass(self, lower, upper):
        if self.mirrored:
            lower = np.maximum(lower, 0.0)
        low, high = self._u(lower), self._u(upper)
        below, zero = self.shape.log_below, 0.0
        mass = np.exp(below(np.minimum(high, zero))) - np.exp(
            below(np.minimum(low, zero))
        )
        mass += np.exp(below(-np.maximum(low, zero))) - np.exp(
            below(-np.maximum(high, zero))
        )
        # short intervals by their middle: the difference has lost all digits
        with np.errstate(invalid="ignore", over="ignore"):
            wide, middle = (upper - lower) / self.h, low + (high - low) / 2.0
            short = wide < 1e-5
            middle = np.where(short, middle, 0.0)
            flat = wide * np.exp(self.shape.log_density(middle))
        return np.where(short, flat, mass) @ self.w

    def _derivative(self, q, order):
        form = {1: self.shape.slope, 2: self.shape.bend}[order]
        with np.errstate(over="ignore", invalid="ignore"):
            return self._sum(form(self._u(q)), order + 1)

    def _gradient(self, q):
        return self._derivative(q, 1)[:, None]

    def _score(self, q):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            u = self._u(q)
            log = self.shape.log_density(u) - np.log(self.h)
            share = np.exp(log - log.max(axis=1, keepdims=True)) * self.w
            ratio = self.shape.log_slope(u) / self.h
            ratio = np.where(share == 0.0, 0.0, ratio)
            return ((share * ratio).sum(axis=1) / share.sum(axis=1))[:, None]

    def _draw(self, count, rng):
        return rng.choice(self.x, p=self.w, size=(count, 1))

    def _support(self):
        reach = self.shape.support * self.h.max()
        low = 0.0 if self.mirrored else (self.x - reach).min()
        return np.array([low]), np.array([(self.x + reach).max()])

    def _extent(self):
        edges = self._panels().edges
        return edges[:1], edges[-1:]

    def _panels(self):
        steps = np.array(self.shape.kinks)
        if math.isinf(self.shape.support):
            steps = np.append(steps, np.linspace(-9.0, 9.0, 13))
        if self.kernel in {"exponential", "cauchy"}:
            far = np.geomspace(12.0, 60.0, 8)
            steps = np.concatenate([steps, far, -far])
        edges = np.unique(self.x[:, None] + self.h[:, None] * steps)
        if self.mirrored:
            edges = np.append(0.0, edges[edges > 0.0])
        return Panels(edges, kinked=False)

    def _narrowest(self):
        return np.array([self.h.min()])


class Space(Unasked):
    """A mixture of Gaussians of one covariance in d > 1 dimensions."""

    _flat = False
    _signed = False

    def __init__(self, x, covariance, weights=None):
        self.x = np.asarray(x, dtype=float)
        n, self.d = self.x.shape
        self.covariance = np.asarray(covariance) * np.eye(self.d)
        self.w = np.full(n, 1.0 / n) if weights is None else np.asarray(weights)
        self.precision = np.linalg.inv(self.covariance)
        self.log_norm = -np.linalg.slogdet(2.0 * math.pi * self.covariance)[1] / 2.0

    @property
    def n_axes(self):
        """Number of dimensions."""
        return self.d

    def _terms(self, q):
        u = q[:, None, :] - self.x
        log = -np.einsum("mni,ij,mnj->mn", u, self.precision, u) / 2.0
        return u, log + self.log_norm

    def _pdf(self, q):
        return np.exp(self._terms(q)[1]) @ self.w

    def _logpdf(self, q):
        return special.logsumexp(self._terms(q)[1], axis=1, b=self.w)

    def _mass(self, lower, upper):
        # diagonal covariances only
        h = np.sqrt(np.diagonal(self.covariance))
        low = (lower[:, None, :] - self.x) / h
        high = (upper[:, None, :] - self.x) / h
        return (special.ndtr(high) - special.ndtr(low)).prod(axis=2) @ self.w

    def _log_mass(self, lower, upper):
        raise NotImplementedError

    def _derivative(self, q, order):
        raise NotImplementedError

    def _gradient(self, q):
        u, log = self._terms(q)
        share = np.exp(log) * self.w
        return -np.einsum("mn,mni,ij->mj", share, u, self.precision)

    def _score(self, q):
        u, log = self._terms(q)
        share = special.softmax(log + np.log(self.w), axis=1)
        return -np.einsum("mn,mni,ij->mj", share, u, self.precision)

    def _draw(self, count, rng):
        return rng.multivariate_normal(np.zeros(self.d), self.covariance, count) + (
            rng.choice(self.x, p=self.w, size=count)
        )

    def _support(self):
        return np.full(self.d, -np.inf), np.full(self.d, np.inf)

    def _extent(self):
        room = 9.0 * np.sqrt(np.diagonal(self.covariance))
        return self.x.min(axis=0) - room, self.x.max(axis=0) + room

    def _panels(self):
        raise NotImplementedError

    def _narrowest(self):
        return np.full(self.d, np.sqrt(np.linalg.eigvalsh(self.covariance)[0]))
