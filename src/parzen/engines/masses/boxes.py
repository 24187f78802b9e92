"""Masses of a kernel sum in boxes of d > 1 dimensions.

A kernel that is a product over the axes of the data has a closed form. All others
are asked only about points near a face of the box: kernels inside count whole, those
outside not at all. Then

- radial kernels in the plane: by the divergence theorem the mass in a polygon is a sum
  over its faces, each an integral over the angle (`faces`); to 1e-12;
- the Gaussian in space: one axis is integrated over, the others are the plane's; 1e-9;
- Gaussian and product kernels with a bandwidth matrix: axis after axis, by lattice
  points in the cube (`separation`), after Genz (1992);
- other radial kernels: along rays, whose directions are such points, too (`rays`).

The last two estimate their error and warn where it exceeds 1e-4; the points are the
same in each call. Errors are absolute, but for the closed form.

References
----------
.. [1] Genz, A. (1992), "Numerical computation of multivariate normal probabilities",
   Journal of Computational and Graphical Statistics 1, 141-149,
   doi:10.1080/10618600.1992.10477010.
.. [2] Genz, A. (2004), "Numerical computation of rectangular bivariate and trivariate
   normal and t probabilities", Statistics and Computing 14, 251-260,
   doi:10.1023/B:STCO.0000035304.20635.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from parzen.engines.masses.faces import plane_masses, space_masses
from parzen.engines.masses.lattice import ray_masses, separated_masses
from parzen.errors import AccuracyWarning, warn
from parzen.kernels.interval import interval_mass, outermost
from parzen.parallel import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Pairs in one block of work.
BLOCK_PAIRS = 1 << 15
# Larger errors of sums over lattice points are worth a warning.
WORTH_A_WARNING = 1e-4


def separable(problem: Problem) -> bool:
    """Whether the kernel is a product over the axes of the data."""
    product = problem.kernel.product or problem.kernel.name == "gaussian"
    return problem.sample.d == 1 or (product and problem.scale.root is None)


def box_masses(problem: Problem, lower: Floats, upper: Floats) -> Floats:
    """Mass in boxes with ends (m, d), shape (m,); O(n m), memory O(n + m).

    Warns
    -----
    AccuracyWarning
        Where an error may exceed 1e-4.
    """
    if separable(problem):
        return _products(problem, lower, upper)
    masses, errors = np.zeros(len(lower)), np.zeros(len(lower))
    n_jobs = 1 if problem.kernel.code is None else problem.n_jobs

    def task(k: int) -> None:
        if (lower[k] < upper[k]).all():
            masses[k], errors[k] = _one(problem, lower[k], upper[k])

    run_blocks(task, len(lower), n_jobs)
    worst = errors.max(initial=0.0)
    if worst > WORTH_A_WARNING:
        msg = (
            f"the mass of a box may be {worst:.1e} off: the {problem.kernel} kernel "
            f"in {problem.sample.d} dimensions has no closed form there. Use one width "
            "for each axis and a product kernel, which have one."
        )
        warn(msg, AccuracyWarning)
    return masses


def _products(problem: Problem, lower: Floats, upper: Floats) -> Floats:
    """Multiply the masses on the axes, and add up the points."""
    sample, kernel = problem.sample, problem.kernel
    local = 1.0 if problem.local is None else problem.local
    weights = sample.weights
    if weights is None:
        weights = np.full(sample.n, 1.0 / sample.n)
    rows = max(1, BLOCK_PAIRS // sample.n)
    masses = np.empty(len(lower))

    def task(block: int) -> None:
        some = slice(block * rows, (block + 1) * rows)
        product = np.ones((len(masses[some]), sample.n))
        for k in range(sample.d):
            width = problem.scale.widths[k] * local
            with np.errstate(over="ignore"):
                low = (lower[some, k, None] - sample.points[:, k]) / width
                high = (upper[some, k, None] - sample.points[:, k]) / width
                size = (upper[some, k] - lower[some, k])[:, None] / width
            product *= interval_mass(kernel, low, high, size)
        masses[some] = product @ weights

    n_jobs = 1 if kernel.code is None else problem.n_jobs
    run_blocks(task, -(-len(masses) // rows), n_jobs)
    return masses


def _one(problem: Problem, lower: Floats, upper: Floats) -> tuple[float, float]:
    """Mass in one box with ends (d,), and its error as far as it is estimated."""
    sample, kernel, scale = problem.sample, problem.kernel, problem.scale
    x, d = sample.points, sample.d
    local = np.ones(sample.n) if problem.local is None else problem.local
    weights = sample.weights
    if weights is None:
        weights = np.full(sample.n, 1.0 / sample.n)
    far = scale.extent(box=kernel.product) * local[:, None] * outermost(kernel, d)
    outside = ((x + far < lower) | (x - far > upper)).any(axis=1)
    inside = ((x - far >= lower) & (x + far <= upper)).all(axis=1)
    total = float(weights[inside].sum())
    near = np.flatnonzero(~(outside | inside))
    if not near.size:
        return total, 0.0
    x, local, weights = x[near], local[near], weights[near]
    # differences in units of each point's factor: the same matrix for all
    with np.errstate(over="ignore"):
        low, high = (lower - x) / local[:, None], (upper - x) / local[:, None]
    error = 0.0
    if not kernel.product and d == 2:
        parts = plane_masses(kernel.name, scale.widths, _root(problem), low, high)
    elif kernel.name == "gaussian" and d == 3:
        covariance = np.asarray(scale.bandwidth)
        parts = space_masses(covariance, low, high)
    elif kernel.name == "gaussian" or kernel.product:
        parts, error = separated_masses(kernel, _root(problem), low, high, weights)
    else:
        parts, error = ray_masses(kernel.name, _root(problem), low, high, weights)
    return total + float(weights @ parts), error


def _root(problem: Problem) -> Floats:
    """Return A, lower triangular, (d, d)."""
    root = problem.scale.root
    return np.diag(problem.scale.widths) if root is None else root
