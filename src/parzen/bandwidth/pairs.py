"""Sums of Gaussian derivatives over pairs of points, which all criteria are made of.

With phi_g the normal density of deviation g and w the weights, which sum to one,

    S_r(g) = sum over i != j of w_i w_j phi_g^(r)(x_i - x_j),

for any number of widths g and even orders r. Few points keep their distances, and the
sums are exact. Many points are shared linearly among nodes (`lags.py`), and the sums
run over the lags of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.lags import NODES, REACH, Distances, LagTables, Nodes
from parzen.bandwidth.rules import check_line, check_varied, robust_spread
from parzen.bandwidth.ties import axis_steps, merged
from parzen.errors import BandwidthError
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

# Up to this many points all distances are kept.
EXACT = 128
# Nodes of the finest level for many points, by default: the range that they occupy may
# be 16,000 times the narrowest width.
FINE = 1 << 18
# Points so far apart in order, in the densest parts, are no closer than two widths.
CROWD = 16
DENSEST = 0.02
# Width that is the narrowest in any case, in units of the spread.
FINEST = 2.0**-24
# Points that tell how dense the densest parts are.
MANY_GAPS = 1 << 16
# Data with larger or smaller powers of two are taken in other units.
EXTREME = 300
# Widths searched are at least so many steps of rounded data. Below, even S_0 that is
# corrected for the lattice is off by more than the criteria differ.
NARROWEST = 0.75


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of distinct points of 1-D data, in units of a robust spread.

    Attributes
    ----------
    unit : float
        min(s, IQR / 1.349), in units of the data; all other lengths are in this unit.
    deviation : float
        Standard deviation s.
    n : float
        Effective number of points 1 / sum w^2, where repeated points count as one.
    resolution : float
        Step of rounded data, width of the bins of binned data; zero otherwise. No
        bandwidth below half of it means anything.
    lattice : float
        Distance of the lattice that the points lie on; zero where they lie anywhere.
    least : float
        Smallest width that a search should look at.
    blur : float
        What binning has added to the variance of a distance before.
    finer_helps : bool
        Whether `least` would be smaller with more nodes.
    tables : Distances or LagTables
        The pairs by distance.
    """

    unit: float
    deviation: float
    n: float
    resolution: float
    lattice: float
    least: float
    blur: float
    finer_helps: bool
    tables: Distances | LagTables

    @classmethod
    def of(
        cls,
        sample: Sample,
        rule: str,
        *,
        fine: int = FINE,
        narrowest: float = math.inf,
    ) -> Pairs:
        """Sort or bin 1-D data, whatever their units.

        Cost O(n log n) for n points, and memory O(n): 0.1 s for a million. Points are
        repeats of one another, or rounded, as `ties` says; repeats become one point of
        their weight, so that they are no pair. Nodes are at most `fine`, unless a width
        in units of the data, the `narrowest` that is asked for, needs finer ones: these
        are two for each point at most, but O(n) for each factor of two.

        Raises
        ------
        CapabilityError
            In more than one dimension.
        BandwidthError
            If the data do not vary, or n_eff is 1: there is no pair.
        """
        check_line(sample, rule)
        check_varied(sample)
        exponent = int(np.frexp(max(-sample.lower[0], sample.upper[0]))[1])
        if abs(exponent) > EXTREME:
            # an exact change of unit keeps steps and widths within the range of floats
            narrowest = math.ldexp(narrowest, -exponent)
            scaled = _times(sample, -exponent)
            found = cls.of(scaled, rule, fine=fine, narrowest=narrowest)
            return replace(found, unit=math.ldexp(found.unit, exponent))
        resolution = float(axis_steps(sample)[0])
        unit = robust_spread(sample)
        place, weights = _sorted(sample, unit)
        n = sample.n_eff
        if not sample.binned:
            if resolution == 0.0:
                place, weights = _without_repeats(place, weights)
            n = (
                float(len(place))
                if weights is None
                else float(1.0 / np.sum(weights**2))
            )
        _check_pairs(n, rule)
        resolution /= unit
        tables: Distances | LagTables
        lattice, blur, least, finer_helps = resolution, 0.0, 0.0, False
        if sample.binned:
            if sample.spacing is not None:
                lattice = float(sample.spacing[0]) / unit
            # spread evenly over bins, if any, and shared linearly among the nodes
            blur = 1.0 / 6.0 + (sample.resolution / unit / lattice) ** 2 / 12.0
            tables = LagTables([Nodes.of(place, weights, lattice, n, blur)])
            blur *= 2.0 * lattice**2
        elif len(place) <= EXACT:
            tables = Distances.of(place, weights)
            least = _least_dip(tables, n)
        else:
            wanted = _finest(place, resolution)
            step = LagTables.coarse_enough(wanted, place, fine)
            finer_helps = step > wanted
            least = NODES * step
            step = min(step, _step_for(narrowest / unit, place))
            tables = LagTables([Nodes.of(place, weights, step, n)])
        least = max(least, NARROWEST * resolution)
        deviation = float(sample.std[0]) / unit
        return cls(
            unit, deviation, n, resolution, lattice, least, blur, finer_helps, tables
        )

    def sum(self, width: float, order: int = 0) -> float:
        """S_r(g) of the module, for one width and an even order, up to ten or so.

        Exact up to 128 points. Beyond, where `width` is at least 16 of the finest
        steps, what binning adds to the variance of distances is taken off. What is
        left fluctuates from point to point by step^2 / sqrt(180), times the second
        derivative: of S_0 about 2e-4 / sqrt(P), relative, P being the number of pairs
        within `width`, and (r + 1) times that for order r, beside the sum of the terms
        squared. Cost O(min(n^2, 300)).
        """
        lags = self.tables.at(width)
        # of the variance of a narrow kernel something must be left
        inner = math.sqrt(max(width * width - lags.blur, 0.25 * width * width))
        some = slice(0, int(np.searchsorted(lags.distances, REACH * width)))
        values = gaussian_derivative(lags.distances[some], inner, order)
        total = float(np.dot(lags.masses[some], values))
        if order == 0 and self.lattice > 0.0:
            of_lattice = math.sqrt(max(width * width - self.blur, inner * inner))
            total /= _lattice_mass(of_lattice / self.lattice)
        return total

    def functional(self, width: float, order: int) -> float:
        """Estimate psi_r, the integral of f^(r) f, with each point's pair with itself.

        Wand & Jones (1995), doi:10.1201/b14876, section 3.5. Its sign is (-1)^(r/2).
        """
        return self.sum(width, order) + own_value(width, order) / self.n


def gaussian_derivative(
    distance: NDArray[np.float64], width: float, order: int
) -> NDArray[np.float64]:
    """Differentiate the normal density of deviation `width`; the order is even."""
    u = distance / width
    previous, hermite = np.zeros_like(u), np.ones_like(u)
    for k in range(order):
        previous, hermite = hermite, u * hermite - k * previous
    hermite *= np.exp(-0.5 * u * u)
    return hermite / (math.sqrt(2.0 * math.pi) * width ** (order + 1))


def own_value(width: float, order: int) -> float:
    """Return the same at zero: (-1)^(r/2) (r - 1)!! / (sqrt(2 pi) width^(r + 1))."""
    odd = math.prod(range(1, order, 2))
    sign = -1.0 if order % 4 else 1.0
    return sign * odd / (math.sqrt(2.0 * math.pi) * width ** (order + 1))


def _lattice_mass(ratio: float) -> float:
    """Sum over whole k of phi_g(k s) s, for g = `ratio` s: one, unless g is small.

    Points on a lattice of step s have no distances between its multiples, so S_0(g)
    turns into spikes as g falls below s. Divided by this it tends to the mass of ties
    over s, as if the mass were spread evenly, and tempts no criterion to small widths.
    """
    if ratio > 1.5:
        return 1.0
    k = np.arange(1.0, 2.0 + REACH * ratio)
    return (1.0 + 2.0 * float(np.exp(-0.5 * (k / ratio) ** 2).sum())) / (
        math.sqrt(2.0 * math.pi) * ratio
    )


def _sorted(
    sample: Sample, unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Sort the points, relative to the middle one, in units of the spread."""
    column, weights = sample.points[:, 0], sample.weights
    if weights is None:
        column = np.sort(column)
    else:
        order = np.argsort(column)
        column, weights = column[order], weights[order]
    return (column - column[len(column) // 2]) / unit, weights


def _without_repeats(
    place: NDArray[np.float64], weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Merge equal points into one of their total weight, if there are any."""
    if weights is None:
        if (place[1:] != place[:-1]).all():
            return place, None
        weights = np.full(len(place), 1.0 / len(place))
    return merged(place, weights)


def _least_dip(tables: Distances, n: float) -> float:
    """Width below which least squares cross-validation is positive.

    With c = n / (n - 1), a pair at a distance u h adds (exp(-u^2/4) / sqrt(2) -
    2 c exp(-u^2/2)) / (sqrt(2 pi) h) to it: less than nothing up to some u, and least
    for u = 0. So many pairs as outweigh 1/(2 sqrt(pi) n h) must be within that u.
    """
    c = n / (n - 1.0)
    own = 0.5 / math.sqrt(math.pi)
    deepest = 2.0 * c / math.sqrt(2.0 * math.pi) - own
    u = 2.0 * math.sqrt(math.log(2.0 * math.sqrt(2.0) * c))
    return tables.within(own / (n * deepest)) / u


def _step_for(width: float, place: NDArray[np.float64]) -> float:
    """Step of nodes for a width; infinite for an infinite one.

    A kernel that reaches no other point needs none finer.
    """
    if math.isinf(width):
        return width
    gaps = np.diff(place)
    closest = float(gaps[gaps > 0.0].min())
    width = max(width, closest / (2.0 * REACH))
    return math.ldexp(1.0, math.floor(math.log2(width / NODES)))


def _finest(place: NDArray[np.float64], resolution: float) -> float:
    """Step of the finest nodes that tell anything, a power of two.

    So that the narrowest width sees some eight neighbours within two widths in the
    densest parts, or half the `resolution`.
    """
    some = slice(None, None, max(1, len(place) // MANY_GAPS))
    apart = (place[CROWD:] - place[:-CROWD])[some]
    close = float(np.quantile(apart, DENSEST, method="higher"))
    width = max(0.25 * close, 0.5 * resolution, FINEST)
    return math.ldexp(1.0, math.floor(math.log2(width / NODES)))


def _check_pairs(n: float, rule: str) -> None:
    """Raise `BandwidthError` where one point has all of the weight."""
    if not n - 1.0 > 1e-12:
        msg = (
            f"{rule!r} compares pairs of points, so more than one must have weight; "
            f"the weights leave an effective number of {n:.3g}. Give `bandwidth` as a "
            "number, in units of the data."
        )
        raise BandwidthError(msg)


def _times(sample: Sample, exponent: int) -> Sample:
    """Return the sample in other units, of a power of two."""
    spacing = sample.spacing
    if spacing is not None:
        spacing = times_power_of_two(spacing, exponent)
    return replace(
        sample,
        points=times_power_of_two(sample.points, exponent),
        spacing=spacing,
        resolution=math.ldexp(sample.resolution, exponent),
    )
