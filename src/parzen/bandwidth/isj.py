"""Improved Sheather-Jones: the bandwidth that reproduces its own plug-in estimate.

Botev, Grotowski & Kroese (2010), doi:10.1214/10-AOS799, section 5 and algorithm 1. With
a_k the cosine coefficients of the data on an interval of width W, t = (h / W)^2 and
n = n_eff, the norms of derivatives are

    |f^(s)|^2 = 2 pi^(2s) sum_k k^(2s) (a_k / 2)^2 exp(-k^2 pi^2 t_s),

each stage's t_s follows from the norm of the next derivative (eq. 29), and the wanted t
solves t = xi gamma(t) with gamma the composition of five such stages. The interval is
as wide as the nodes are binned for, h = sqrt(t) W, so that h follows the units of the
data.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.rules import check_line, check_varied, quartile_range, silverman
from parzen.bandwidth.search import root
from parzen.bandwidth.solution import Solution
from parzen.bandwidth.ties import ties
from parzen.binning.grid import Grid
from parzen.binning.spread import spread
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

# Cells of the interval; the data fill the middle half.
CELLS = 1 << 14
STAGES = 5
# Times that outliers are left out before Silverman's rule stands in.
STRIPS = 3
# Data with larger or smaller powers of two are solved in other units.
EXTREME = 300
# Beyond this exponent a term vanishes beside the largest one.
NEGLIGIBLE = 100.0
# The search begins where the bandwidth is half as wide as the interval.
WIDEST = 0.25
# How far apart in log t signs are compared.
SPAN = math.log(2.0)


def isj(
    sample: Sample, domain: tuple[float, float] = (-math.inf, math.inf)
) -> Solution:
    """Solve for the bandwidth of 1-D data; fall back on Silverman's rule.

    Parameters
    ----------
    sample : Sample
        One-dimensional.
    domain : pair of float
        Where the density may live. A finite end is an end without flow, so that the
        estimate need not fall to zero there.

    Returns
    -------
    Solution
        Cost O(n) for the binning and O(G log G) for G = 2^14 cells.

    Raises
    ------
    CapabilityError
        In more than one dimension.
    BandwidthError
        If the data do not vary.
    """
    check_line(sample, "isj")
    check_varied(sample)
    exponent = int(np.frexp(max(-sample.lower[0], sample.upper[0]))[1])
    if abs(exponent) > EXTREME:
        # an exact change of unit keeps widths and steps within the range of floats
        return _rescaled(sample, domain, exponent)
    h, resolution = _solution(sample, domain)
    note, rest = "improved Sheather-Jones", sample
    for _ in range(STRIPS):
        bulk = _bulk(rest) if h is None else None
        if bulk is None:
            break
        rest, note = bulk, "improved Sheather-Jones, outliers left out"
        h, _ = _solution(rest, domain)
    if h is None:
        note = "the ISJ equation has no solution here, so Silverman's rule"
        found = Solution(float(silverman(sample)), note, converged=False)
    else:
        found = Solution(h, note)
    if found.value >= 0.5 * resolution:
        return found
    note = f"{found.note}, but half the step of the rounded data, at least,"
    return found._replace(value=0.5 * resolution, note=note)


def _solution(
    sample: Sample, domain: tuple[float, float]
) -> tuple[float | None, float]:
    """Bin and solve: the bandwidth, if there is one, and the resolution of the data."""
    grid = _cells(sample, domain)
    masses = spread(sample.points, sample.weights, grid, "linear")
    repeats, resolution = ties(sample, masses, grid)
    width = float(grid.step[0]) * CELLS
    # a density between two ends may be flat; on the line there is something to see
    flat = width > 0.999 * (domain[1] - domain[0])
    t = _solve(_coefficients(masses), sample.n_eff * repeats, flat=flat)
    return None if t is None else math.sqrt(t) * width, resolution


def _bulk(sample: Sample) -> Sample | None:
    """Points within ten interquartile ranges; None where outliers are not the trouble.

    They stretch the cells until these resolve nothing, and tell little of the rest.
    Weights do not count here: a heavy point is no reason to leave out its neighbours.
    """
    if sample.signed:
        return None
    first, last = quartile_range(replace(sample, weights=None))
    column = sample.points[:, 0]
    inside = (column >= first) & (column <= last)
    return None if inside.all() else sample.take(inside)


def _rescaled(sample: Sample, domain: tuple[float, float], exponent: int) -> Solution:
    """Solve in units of a power of two."""
    points = times_power_of_two(sample.points, -exponent)
    spacing = sample.spacing
    if spacing is not None:
        spacing = times_power_of_two(spacing, -exponent)
    with np.errstate(over="ignore"):
        low, high = np.ldexp(domain, -exponent).tolist()
    found = isj(replace(sample, points=points, spacing=spacing), (low, high))
    return found._replace(value=math.ldexp(found.value, exponent))


def _cells(sample: Sample, domain: tuple[float, float]) -> Grid:
    """Lay the middles of cells over twice the range, or up to the domain's ends."""
    low, high = float(sample.lower[0]), float(sample.upper[0])
    room = 0.5 * (high - low)
    # an end far from the data is none, and would only stretch the cells
    first, last = max(domain[0], low - room), min(domain[1], high + room)
    half = 0.5 * (last - first) / CELLS
    return Grid(np.array([first + half]), np.array([last - half]), (CELLS,))


def _coefficients(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    """(a_k / 2)^2 for k = 1, 2, ...: the cosine transform of the masses, squared."""
    count = len(masses)
    # of the even extension; numpy's transform spares the import of scipy's
    series = np.fft.rfft(np.concatenate([masses, masses[::-1]]))[:count]
    phase = np.exp(-0.5j * np.pi * np.arange(count) / count)
    squares: NDArray[np.float64] = (0.5 * (series * phase).real)[1:] ** 2
    return squares


def _solve(squares: NDArray[np.float64], n: float, *, flat: bool) -> float | None:
    """Largest t at which t - xi gamma(t) turns positive; None if there is none.

    Where there are several, the smaller ones belong to the spikes of rounded data. If
    it is negative at the widest t already, there is nothing but noise; that is the
    answer where the density may be `flat`.
    """
    frequencies = np.arange(1.0, len(squares) + 1.0) ** 2
    terms = {0: squares}
    for s in range(1, STAGES + 3):
        terms[s] = terms[s - 1] * frequencies

    def excess(log_t: float) -> float:
        # in logarithms the equation is nearly linear
        return log_t - math.log(_fixed_point(math.exp(log_t), terms, frequencies, n))

    high, smallest = math.log(WIDEST), -2.0 * math.log(CELLS)
    above = excess(high)
    if flat and above < 0.0:
        return WIDEST
    # below the width of a cell nothing is resolved
    while high > smallest:
        low = max(high - SPAN, smallest)
        below = excess(low)
        if below < 0.0 <= above:
            return math.exp(root(excess, low, high, below, above))
        high, above = low, below
    return None


def _fixed_point(
    t: float,
    terms: dict[int, NDArray[np.float64]],
    frequencies: NDArray[np.float64],
    n: float,
) -> float:
    """Xi gamma(t): five stages of plug-in estimates, then the optimal t for them."""
    norm = _norm(STAGES + 2, t, terms, frequencies)
    for s in range(STAGES + 1, 1, -1):
        if norm <= 0.0:
            return math.inf
        odd = math.prod(range(1, 2 * s, 2)) / math.sqrt(2.0 * math.pi)
        constant = (1.0 + 0.5 ** (s + 0.5)) / 3.0
        time = (2.0 * constant * odd / (n * norm)) ** (2.0 / (3.0 + 2.0 * s))
        norm = _norm(s, time, terms, frequencies)
    if norm <= 0.0:
        return math.inf
    return float((2.0 * n * math.sqrt(math.pi) * norm) ** -0.4)


def _norm(
    s: int,
    t: float,
    terms: dict[int, NDArray[np.float64]],
    frequencies: NDArray[np.float64],
) -> float:
    """Squared norm of the s-th derivative after a time t."""
    last = math.sqrt(NEGLIGIBLE / t) / math.pi
    some = slice(0, int(min(len(frequencies), last + 1.0)))
    decay = np.exp(frequencies[some] * (-(math.pi**2) * t))
    return 2.0 * math.pi ** (2 * s) * float(np.dot(terms[s][some], decay))
