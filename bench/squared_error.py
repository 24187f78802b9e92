"""The integrated squared error of a Gaussian estimate, in closed form.

With f^ the estimate and f a mixture, the integrals of f^^2, f^ f and f^2 are sums of
Gaussians at differences of points and centres.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from densities import MARRON_WAND, PLANE

if TYPE_CHECKING:
    from mixture import Truth


def parts(bandwidth: Any, d: int) -> tuple[Any, Any]:
    """Return a bandwidth as one matrix and, where it varies, the points' factors."""
    if hasattr(bandwidth, "factors"):
        return parts(bandwidth.scale, d)[0], np.asarray(bandwidth.factors)
    value = np.asarray(bandwidth, dtype=float)
    if d == 1 and value.ndim == 1:
        return np.ones((1, 1)), value
    if value.ndim == 2:
        return value, None
    return np.diag(np.broadcast_to(value, d) ** 2), None


def squared_error(truth: Truth, x: Any, bandwidth: Any) -> float:
    """Integrate (f^ - f)^2 in closed form: all three parts are sums of Gaussians."""
    points = x.reshape(len(x), -1)
    matrix, factors = parts(bandwidth, truth.d)
    if factors is None:
        own, matrices = own_square(x, matrix), matrix
    else:
        own = own_square_local(points, matrix, factors)
        matrices = factors[:, None, None] ** 2 * matrix
    cross = float(truth.smoothed(points, matrices).mean())
    return own - 2 * cross + truth.overlap(np.zeros((truth.d, truth.d)))


def own_square(x: Any, matrix: Any) -> float:
    """Integrate f^^2: an estimate of twice the covariance, averaged over the data."""
    import parzen

    wide = 2 * matrix if x.ndim > 1 else math.sqrt(2 * matrix[0, 0])
    return float(parzen.kde(x, bandwidth=wide).pdf(x).mean())


def own_square_local(points: Any, matrix: Any, factors: Any, rows: int = 32) -> float:
    """Integrate f^^2 where point i has the covariance factors[i]^2 H: all pairs."""
    n, d = points.shape
    root = np.linalg.cholesky(matrix)
    z, squares, total = np.linalg.solve(root, points.T), factors**2, 0.0
    for a in range(0, n, rows):
        b = min(a + rows, n)
        spread = squares[a:b, None] + squares[a:]
        apart = sum((axis[a:b, None] - axis[a:]) ** 2 for axis in z)
        terms = np.exp(-0.5 * apart / spread) / spread ** (d / 2)
        total += terms[:, : b - a].sum() + 2 * terms[:, b - a :].sum()
    return float(total / (n**2 * np.prod(np.diag(root)) * (2 * np.pi) ** (d / 2)))


def quadrature_gap(seed: int) -> float:
    """Largest relative difference of the closed form from a sum over a fine grid."""
    import parzen

    gaps = []
    q = np.linspace(-8, 8, 4001)
    rng = np.random.default_rng(seed)
    claw = MARRON_WAND["Claw"]
    x = claw.draw(200, rng)
    f = claw.smoothed(q[:, None], np.zeros((1, 1)))
    for h in (0.1, rng.uniform(0.05, 0.5, 200)):
        wrong = np.trapezoid((parzen.kde(x, bandwidth=h).pdf(q) - f) ** 2, q)
        gaps.append(abs(squared_error(claw, x, h) / wrong - 1))
    step = 0.05
    axis = np.arange(-8, 8, step)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    hills = PLANE["Quadrimodal"]
    x = hills.draw(200, rng)
    matrix = np.array([[0.15, 0.05], [0.05, 0.1]])
    apart = parzen.kde(x, bandwidth=matrix).pdf(grid)
    apart -= hills.smoothed(grid, np.zeros((2, 2)))
    gaps.append(abs(squared_error(hills, x, matrix) / (apart @ apart * step**2) - 1))
    return float(max(gaps))
