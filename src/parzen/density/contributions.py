"""What every point of the data adds to a density: the basis of its uncertainty."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parzen.boundary.boundary import Mirror
from parzen.boundary.images import ImagesPlan
from parzen.boundary.ratio import RatioPlan
from parzen.boundary.transform import TransformedPlan, log_slope, to_line
from parzen.boundary.union import UnionPlan
from parzen.errors import CapabilityError
from parzen.kernels.interval import interval_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.density.density import Density
    from parzen.engines.engine import Problem

    Floats = NDArray[np.float64]

# Up to so many points are taken one by one; more are binned where that leaves fewer.
FEW_POINTS = 1 << 13
# Nodes in a bandwidth, by dimension: 1e-3 of a standard error.
NODES = {1: 16, 2: 8, 3: 4}
# Panels of the quadrature of corrected kernels, in bandwidths, and how many at most;
# what a kernel may lose beyond their ends; numbers in one table.
PANEL = 0.25
MOST_PANELS = 1 << 15
LOST = 1e-8
TABLE = 1 << 20
# Keys of nodes are 64-bit integers.
MOST_KEYS = 2.0**62


class Atoms(NamedTuple):
    """Points that stand for themselves, or nodes that stand for those around them.

    Attributes
    ----------
    points : ndarray of shape (a, d)
    weights : ndarray of shape (a,)
        Sums of the weights, which all data share.
    squares : ndarray of shape (a,)
        Sums of the squared weights.
    local : ndarray of shape (a,) or None
        Factors on the bandwidth.
    single : bool
        Whether the atoms are the points of the data.
    """

    points: Floats
    weights: Floats
    squares: Floats
    local: Floats | None
    single: bool


def atoms_of(problem: Problem, share: float = 1.0) -> Atoms:
    """Return the points of a problem, or fewer nodes in their place.

    `share` is the weight of these points among all data.
    """
    sample = problem.sample
    weights = sample.weights
    if weights is None:
        weights = np.full(sample.n, 1.0 / sample.n)
    weights = share * weights
    if sample.effective is not None:
        # nodes of points that weigh alike
        squares = np.abs(weights) * (share / sample.effective)
        return Atoms(sample.points, weights, squares, problem.local, single=False)
    points = Atoms(sample.points, weights, weights**2, problem.local, single=True)
    few = sample.n <= FEW_POINTS or problem.local is not None
    if few or sample.d not in NODES or sample.signed:
        return points
    nodes = _binned(points, problem.scale.widths / NODES[sample.d])
    return nodes if nodes is not None and 2 * len(nodes.points) < sample.n else points


def _binned(atoms: Atoms, step: Floats) -> Atoms | None:
    """Share points linearly among nodes, of which only those with mass are kept."""
    lower = atoms.points.min(axis=0)
    with np.errstate(over="ignore"):
        t = (atoms.points - lower) / step
        counts = np.floor(t.max(axis=0)) + 2.0
        if not counts.prod() < MOST_KEYS:
            return None
    cells = t.astype(np.int64)
    t -= cells
    d = len(step)
    keys, parts = [], []
    for corner in itertools.product((0, 1), repeat=d):
        key = np.zeros(len(t), dtype=np.int64)
        part = np.ones(len(t))
        for k, up in enumerate(corner):
            key = key * int(counts[k]) + cells[:, k] + up
            part *= t[:, k] if up else 1.0 - t[:, k]
        keys.append(key)
        parts.append(part)
    part = np.concatenate(parts)
    found, index = np.unique(np.concatenate(keys), return_inverse=True)
    count = len(found)
    sums: list[Floats] = [
        np.asarray(
            np.bincount(index, part * np.tile(values, 1 << d), count), dtype=np.float64
        )
        for values in (atoms.weights, atoms.squares)
    ]
    places = np.empty((count, d))
    rest = found
    for k in range(d - 1, -1, -1):
        rest, place = np.divmod(rest, int(counts[k]))
        places[:, k] = lower[k] + place * step[k]
    held = sums[0] > 0.0
    weights, squares = (values[held] for values in sums)
    return Atoms(places[held], weights, squares, None, single=False)


@dataclass(frozen=True, eq=False)
class Contributions:
    """Kernels k_i and masses m_i with f(q) = sum_i w_i k_i(q) / sum_i w_i m_i.

    Attributes
    ----------
    plan : BoundedPlan or None
        What the bounds make of the free sum; None without bounds.
    problem : Problem
    atoms : Atoms
    """

    plan: Any
    problem: Problem
    atoms: Atoms

    @cached_property
    def masses(self) -> Floats:
        """Mass m_i of each kernel inside of the bounds, shape (a,)."""
        if isinstance(self.plan, RatioPlan):
            return self._corrected_masses()
        ones = np.ones(len(self.atoms.weights))
        covered = self.plan.covered if isinstance(self.plan, ImagesPlan) else None
        if covered is None:
            return ones
        total = np.zeros_like(ones)
        for box in covered:
            mass = ones.copy()
            for k, (low, high) in enumerate(box.tolist()):
                width = self.problem.scale.widths[k]
                if self.atoms.local is not None:
                    width = width * self.atoms.local
                x = self.atoms.points[:, k]
                with np.errstate(over="ignore"):
                    ends = (low - x) / width, (high - x) / width
                mass *= interval_mass(self.problem.kernel, *ends)
            total += mass
        return total

    def _corrected_masses(self) -> Floats:
        """Mass of each kernel times the correction, by quadrature between the ends."""
        plan, h = self.plan, float(self.problem.scale.widths[0])
        reach = h * min(plan._zone, self.problem.kernel.reach(LOST, 1))
        x = self.atoms.points[:, 0]
        first = max(float(plan.bounds.lower[0]), float(x.min()) - reach)
        last = min(float(plan.bounds.upper[0]), float(x.max()) + reach)
        count = min(math.ceil((last - first) / (PANEL * h)), MOST_PANELS)
        half = 0.5 * (last - first) / count
        nodes, shares = np.polynomial.legendre.leggauss(8)
        masses = np.zeros(len(x))
        size = max(1, TABLE // (8 * len(x)))
        for begin in range(0, count, size):
            middle = first + half * (2 * np.arange(begin, min(begin + size, count)) + 1)
            q = (middle[:, None] + half * nodes).reshape(-1, 1) + plan.origin
            values, _ = self.at(q, corrected=False)
            masses += np.tile(half * shares, len(middle)) @ values
        return masses

    def inside(self, q: Floats) -> NDArray[np.bool_]:
        """Which of the queries (m, d) the density is not zero at by definition."""
        if self.plan is None:
            return np.ones(len(q), dtype=bool)
        if isinstance(self.plan, RatioPlan):
            q = q - self.plan.origin
        inside: NDArray[np.bool_] = self.plan.bounds.contains(q)
        if isinstance(self.plan, TransformedPlan):
            bounds = self.plan.bounds
            inside &= ((q > bounds.lower) & (q < bounds.upper)).all(axis=1)
        return inside

    def at(self, q: Floats, *, corrected: bool) -> tuple[Floats, Floats | None]:
        """Return k_i at queries (m, d) inside, (m, a), and what takes off the bias."""
        factor = np.ones(len(q))
        images: Any = ((1.0, 0.0),)
        rest: Floats | None = None
        if isinstance(self.plan, TransformedPlan):
            factor = np.exp(log_slope(q, self.plan.bounds))
            q = to_line(q, self.plan.bounds)
        elif isinstance(self.plan, RatioPlan):
            q = q - self.plan.origin
            _, gains = self.plan._parts(q)
            factor = np.exp(gains)
        elif isinstance(self.plan, ImagesPlan):
            images = [np.array(maps).T for maps in itertools.product(*self.plan.images)]
            # far images hardly depend on the point
            rest = None if self.plan.rest is None else self.plan.rest(q)
        values, bias = np.zeros((2, len(q), len(self.atoms.points)))
        for sign, shift in images:
            u = self._units(sign * q + shift)
            values += self.problem.kernel.pdf(u)
            if corrected:
                bias += self._bias(u)
        heights: Any = math.exp(-self.problem.scale.log_volume)
        if self.atoms.local is not None:
            heights = heights / self.atoms.local ** q.shape[1]
        values *= heights * factor[:, None]
        if rest is not None:
            values += rest[:, None]
        if not corrected:
            return values, None
        bias *= heights * factor[:, None]
        return values, bias

    def _units(self, q: Floats) -> Floats:
        """Differences of queries and atoms in bandwidths, (m, a, d)."""
        with np.errstate(over="ignore"):
            u = self.problem.scale.to_kernel_units(q[:, None, :] - self.atoms.points)
            if self.atoms.local is not None:
                u /= self.atoms.local[:, None]
        return u

    def _bias(self, u: Floats) -> Floats:
        """Minus mu_2 / 2 times the Laplacian of a Gaussian that smooths as much."""
        d = u.shape[-1]
        kernel = self.problem.kernel
        ratio = kernel.bandwidth_ratio(d)
        with np.errstate(over="ignore"):
            square = np.square(ratio * u).sum(axis=-1)
            gaussian = np.exp(-0.5 * square)
        scale = (
            0.5
            * kernel.second_moment(d)
            * ratio ** (d + 2)
            * (2 * math.pi) ** (-0.5 * d)
        )
        return np.asarray((d - np.minimum(square, 1e6)) * gaussian * scale)


def contributions(density: Density, *, corrected: bool) -> tuple[Contributions, ...]:
    """Return the contributions of the data, range by range.

    Raises
    ------
    CapabilityError
        Where the density is no sum of contributions of its points.
    """
    edge, problem = density._edge, density._problem
    if edge is None:
        parts = [Contributions(None, problem, atoms_of(problem))]
    else:
        plan: Any = density._plan
        several = isinstance(plan, UnionPlan)
        pairs = zip(plan.shares, plan.plans, strict=True) if several else ((1.0, plan),)
        parts = [
            Contributions(own, own.problem, atoms_of(own.problem, float(share)))
            for share, own in pairs
        ]
        for part in parts:
            _check_sum(density, part, corrected=corrected)
    if corrected:
        _check_bias(density)
    return tuple(parts)


def _check_sum(density: Density, part: Contributions, *, corrected: bool) -> None:
    """Raise for what is not linear in the points, or not independent."""
    edge: Any = density._edge
    ways = [edge, *getattr(edge, "parts", ())]
    padded = any(isinstance(way, Mirror) and not way.reflect.folds for way in ways)
    linear = isinstance(part.plan, RatioPlan) and part.plan.leans is not None
    normalised = isinstance(part.plan, ImagesPlan) and part.plan.covered is not None
    if padded or linear:
        what = "Reflect with fractions" if padded else f"boundary={edge.name!r}"
        msg = f"`confidence_band` has no variance for {what}, which is no sum of "
        msg += "independent points. Use boundary='reflect' or 'renormalize'."
        raise CapabilityError(msg)
    if corrected and (normalised or isinstance(part.plan, RatioPlan)):
        msg = (
            f"`bias_corrected` does not serve bounds with boundary={edge.name!r}, "
            "whose normalisation has a bias of its own. Use boundary='reflect', "
            "'periodic' or 'transform', or bias_corrected=False."
        )
        raise CapabilityError(msg)


def _check_bias(density: Density) -> None:
    """Raise for kernels whose bias is not a multiple of the curvature."""
    kernel = density.kernel
    moment = kernel.second_moment(density.n_axes)
    if not math.isfinite(moment) or kernel.mean != 0.0:
        why = "no variance" if not math.isfinite(moment) else f"a mean {kernel.mean:g}"
        msg = f"`bias_corrected` needs a centred kernel of finite variance; {kernel} "
        raise CapabilityError(msg + f"has {why}. Use a Gaussian kernel.")
