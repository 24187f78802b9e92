"""Densities with a known formula, to draw from and to be judged by."""

from __future__ import annotations

import math

import numpy as np

# Weight, mean, deviation of the parts (Steiner 2020); the uniform has none.
MIXTURES = {
    "Gaussian": ((1.0, 0.0, 1.0),),
    "Uniform": (),
    "Bimodal": ((0.5, -2.0, 0.5), (0.5, 2.0, 0.5)),
    "SkewedBimodal": ((0.75, 0.0, 1.0), (0.25, 1.5, 1 / 3)),
    "Claw": ((0.5, 0.0, 1.0), *((0.1, k / 2 - 1, 0.1) for k in range(5))),
    "AsymmetricDoubleClaw": (
        (0.46, -1.0, 2 / 3),
        (0.46, 1.0, 2 / 3),
        *((1 / 300, -k / 2, 0.01) for k in (1, 2, 3)),
        *((7 / 300, k / 2, 0.07) for k in (1, 2, 3)),
    ),
}


def mixture(name, q):
    """Return one of the mixtures at q."""
    if not MIXTURES[name]:
        return np.where(np.abs(q) <= 5, 0.1, 0.0)
    return sum(
        weight * np.exp(-(((q - mean) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))
        for weight, mean, s in MIXTURES[name]
    )


def draw_mixture(name, n, rng):
    """Draw n points from one of the mixtures."""
    if not MIXTURES[name]:
        return rng.uniform(-5.0, 5.0, n)
    weights, means, deviations = np.array(MIXTURES[name]).T
    part = rng.choice(len(weights), size=n, p=weights / weights.sum())
    return rng.normal(means[part], deviations[part])


def _crystal_ball(x):
    """Gauss(2, 3) with a power of 25 below one deviation, unnormalised."""
    t = (x - 2.0) / 3.0
    tail = np.exp(-0.5) * (25.0 / np.maximum(24.0 - t, 1.0)) ** 25
    return np.where(t > -1.0, np.exp(-t * t / 2), tail)


def _gauss(x):
    """Gauss(-5, 2.5), unnormalised."""
    return np.exp(-(((x + 5.0) / 2.5) ** 2) / 2)


class PeakOnTail:
    """zfit's test density: 0.8 CrystalBall + 0.2 Gauss, each normalised on a range."""

    def __init__(self, low=-13.0, high=11.0, parts=(-13.0, 11.0)):
        self.low, self.high = low, high
        x = np.linspace(*parts, 200_001)
        self.scale = [
            share / np.trapezoid(part(x), x)
            for share, part in ((0.8, _crystal_ball), (0.2, _gauss))
        ]
        self.mass = 1.0
        self.x = np.linspace(low, high, 200_001)
        self.mass = np.trapezoid(self.pdf(self.x), self.x)
        f = self.pdf(self.x)
        steps = (f[1:] + f[:-1]) / 2 * np.diff(self.x)
        self.cdf = np.concatenate([[0.0], np.cumsum(steps)])

    def pdf(self, x):
        """Return the density within the range."""
        total = self.scale[0] * _crystal_ball(x) + self.scale[1] * _gauss(x)
        return total / self.mass

    def draw(self, n, rng):
        """Draw n points by the inverse of the distribution function."""
        return np.interp(rng.random(n) * self.cdf[-1], self.cdf, self.x)
