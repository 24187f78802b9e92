"""Densities whose errors are known exactly: draws, overlaps, the best bandwidth.

With K_H the Gaussian kernel of covariance H, all that is needed of a density f is
`smoothed`, (f * K_H)(x), and `overlap`, the integral of f (f * K_H). Both have closed
forms for mixtures of Gaussians and for the uniform density.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def normal(u: Array, covariance: Array) -> Array:
    """Evaluate N(0, covariance), (..., d, d), at u, (..., d); d is one or two."""
    a = covariance[..., 0, 0]
    if u.shape[-1] == 1:
        return np.exp(-0.5 * u[..., 0] ** 2 / a) / np.sqrt(2 * np.pi * a)
    b, c = covariance[..., 0, 1], covariance[..., 1, 1]
    determinant = a * c - b * b
    form = c * u[..., 0] ** 2 - 2 * b * u[..., 0] * u[..., 1] + a * u[..., 1] ** 2
    return np.exp(-0.5 * form / determinant) / (2 * np.pi * np.sqrt(determinant))


@dataclass(frozen=True)
class Mixture:
    """Mixture of Gaussians: weights (k,), means (k, d), covariances (k, d, d)."""

    weights: Array
    means: Array
    covariances: Array

    @classmethod
    def line(cls, *parts: tuple[float, float, float]) -> Mixture:
        """Make a 1-D mixture of parts (weight, mean, standard deviation)."""
        weights, means, deviations = np.array(parts).T
        return cls(weights, means[:, None], (deviations**2)[:, None, None])

    @classmethod
    def plane(cls, *parts: tuple[float, ...]) -> Mixture:
        """Make a 2-D mixture of parts (weight, means, deviations, correlation)."""
        weights, m0, m1, s0, s1, rho = np.array(parts).T
        rows = [[s0**2, rho * s0 * s1], [rho * s0 * s1, s1**2]]
        return cls(weights, np.stack([m0, m1], -1), np.moveaxis(np.array(rows), -1, 0))

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return self.means.shape[1]

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the density, (d, d)."""
        means = self.means - self.weights @ self.means
        inside = np.tensordot(self.weights, self.covariances, 1)
        return inside + (self.weights[:, None] * means).T @ means

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw a sample, (n,) in one dimension and (n, d) above."""
        shares = self.weights / self.weights.sum()
        parts = rng.choice(len(shares), size=n, p=shares)
        noise = rng.standard_normal((n, self.d))
        roots = np.linalg.cholesky(self.covariances)
        x = self.means[parts] + np.einsum("nij,nj->ni", roots[parts], noise)
        return x[:, 0] if self.d == 1 else x

    def smoothed(self, x: Array, covariance: Array) -> Array:
        """Evaluate f * K_H at x (n, d), for H (d, d) or one H for each point."""
        parts = zip(self.weights, self.means, self.covariances, strict=True)
        return sum(w * normal(x - mean, S + covariance) for w, mean, S in parts)

    def overlap(self, covariance: Array) -> float:
        """Integrate f (f * K_H)."""
        apart = self.means[:, None] - self.means
        spread = self.covariances[:, None] + self.covariances + covariance
        return float(self.weights @ normal(apart, spread) @ self.weights)


@dataclass(frozen=True)
class Uniform:
    """The uniform density on an interval."""

    low: float
    high: float
    d = 1

    @property
    def covariance(self) -> Array:
        """Variance, (1, 1)."""
        return np.array([[(self.high - self.low) ** 2 / 12]])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw a sample, (n,)."""
        return rng.uniform(self.low, self.high, n)

    def smoothed(self, x: Array, covariance: Array) -> Array:
        """Evaluate f * K_H at x (n, 1)."""
        from scipy.special import ndtr

        h = np.sqrt(covariance[..., 0, 0])
        if not np.any(h):
            inside = (x[:, 0] >= self.low) & (x[:, 0] <= self.high)
            return inside / (self.high - self.low)
        ends = ndtr((self.high - x[:, 0]) / h) - ndtr((self.low - x[:, 0]) / h)
        return ends / (self.high - self.low)

    def overlap(self, covariance: Array) -> float:
        """Integrate f (f * K_H): the mean of K_H under the triangle on (-L, L)."""
        length, h = self.high - self.low, math.sqrt(covariance[0, 0])
        if h == 0:
            return 1 / length
        u = length / h
        tail = math.sqrt(2 / math.pi) / u * -math.expm1(-0.5 * u**2)
        return (math.erf(u / math.sqrt(2)) - tail) / length


Truth = Mixture | Uniform


def mise(truth: Truth, covariance: Array, n: int) -> float:
    """Mean integrated squared error of a Gaussian kernel, exactly.

    Marron & Wand (1992), doi:10.1214/aos/1176348653, theorem 2.1; for matrices Wand &
    Jones (1993), doi:10.1080/01621459.1993.10476303.
    """
    volume = math.sqrt(np.linalg.det(4 * np.pi * covariance))
    return (
        1 / (n * volume)
        + (1 - 1 / n) * truth.overlap(2 * covariance)
        - 2 * truth.overlap(covariance)
        + truth.overlap(0 * covariance)
    )


def oracle(truth: Truth, n: int) -> tuple[Array, float]:
    """Return the fixed bandwidth H of least MISE, a full matrix, and that MISE."""
    from scipy.optimize import minimize

    root = np.linalg.cholesky(truth.covariance)
    lower = np.tril_indices(truth.d)
    diagonal = lower[0] == lower[1]

    def matrix(theta: Array) -> Array:
        factor = np.zeros((truth.d, truth.d))
        factor[lower] = np.where(diagonal, np.exp(theta), theta)
        return root @ factor @ factor.T @ root.T

    def loss(theta: Array) -> float:
        return math.log(mise(truth, matrix(theta), n))

    # there may be several minima: from the best of a wide range of widths on
    widths = np.log(np.geomspace(1e-3, 2, 200))
    start = min((np.where(diagonal, width, 0.0) for width in widths), key=loss)
    settings: Any = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}
    found = minimize(loss, start, method="Nelder-Mead", options=settings)
    return matrix(found.x), math.exp(found.fun)
