"""Plug-in bandwidths on the line: direct, and by solving an equation.

The bandwidth of least asymptotic error needs psi_4, the integral of f'' squared:

    h = (2 sqrt(pi) psi_4 n)^(-1/5),

and psi_r is estimated by a kernel estimate of width

    g = (-2 phi^(r)(0) / (psi_(r+2) n))^(1/(r+3)),

where the bias from the pairs of points with themselves cancels the leading bias of
smoothing. So each psi asks for the next one. The direct rule stops after some stages
at the normal density; Sheather & Jones make the last width follow h, and solve.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from parzen.bandwidth.pairs import Pairs, own_value
from parzen.bandwidth.search import root
from parzen.bandwidth.solution import Solution
from parzen.errors import BandwidthError

if TYPE_CHECKING:
    from collections.abc import Callable

    from parzen.sample import Sample

# Factor between widths at which signs are compared, and most of these.
SPAN = 2.0**0.25
WIDTHS = 400
# Nodes of the finest level: pilots are wider than bandwidths.
FINE = 1 << 16
# Higher stages need derivatives of such order that only their noise is left.
MOST_STAGES = 5


def sheather_jones(sample: Sample) -> Solution:
    """Solve for the bandwidth that its own estimate of psi_4 asks for.

    Parameters
    ----------
    sample : Sample
        One-dimensional.

    Returns
    -------
    Solution
        The largest root: smaller ones belong to the spikes of clumped data. There is
        always one. Cost O(n log n), memory O(n).

    Notes
    -----
    As ``bw.SJ`` of R, with min(s, IQR / 1.349) for the scale as there, and constants
    that R rounds to three or four digits: (96 / (15 sqrt 2))^(1/7) = 1.2407 where R has
    1.24, (960 / (105 sqrt 2))^(1/9) = 1.2304 for 1.23, (6 sqrt 2)^(1/7) = 1.3572 for
    1.357. The two differ by 0.1 % or so.

    References
    ----------
    .. [1] Sheather, S. J. and Jones, M. C. (1991). A reliable data-based bandwidth
       selection method for kernel density estimation. J. R. Statist. Soc. B 53,
       683-690, doi:10.1111/j.2517-6161.1991.tb01857.x, eq. 12.
    """
    pairs = Pairs.of(sample, "sheather_jones", fine=FINE)
    # sums are divided by n (n - 1), though points pair with themselves in them, too
    share = 1.0 - 1.0 / pairs.n
    psi_4, psi_6 = (
        pairs.functional(pilot_width(r, normal_functional(r + 2), pairs.n), r) / share
        for r in (4, 6)
    )
    factor = (-6.0 * math.sqrt(2.0) * psi_4 / psi_6) ** (1.0 / 7.0)

    def pilot(h: float) -> float:
        return float(factor * h ** (5.0 / 7.0))

    def excess(log_h: float) -> float:
        # in logarithms the equation is nearly linear
        psi = pairs.functional(pilot(math.exp(log_h)), 4) / share
        return log_h - math.log(asymptotic_width(psi, pairs.n))

    # psi_4 of an estimate of pilot width g is that of a density of variance
    # s^2 + g^2/2 at least, which Terrell bounds: above this there is no root
    widest = oversmoothing(pairs.n)
    high = widest * pairs.deviation
    while high < widest * math.hypot(pairs.deviation, pilot(high)):
        high *= SPAN
    h = _largest_root(excess, high)
    if h is None:
        note = "the Sheather-Jones equation has no solution, so the direct plug-in"
        return plugin(sample)._replace(note=note, converged=False)
    return _floored(pairs, h, "Sheather-Jones")


def plugin(sample: Sample, stages: int = 2) -> Solution:
    """Plug estimates of psi_4 into the bandwidth of least asymptotic error.

    Parameters
    ----------
    sample : Sample
        One-dimensional.
    stages : int
        Functionals that are estimated, from 0 (the rule for normal data) to 5.

    Returns
    -------
    Solution
        Cost O(n log n), memory O(n).

    Raises
    ------
    BandwidthError
        If `stages` is no such number.

    Notes
    -----
    The start is the normal density of deviation min(s, IQR / 1.349). R has it as
    ``KernSmooth::dpik`` (and ``ks::hpi``), from data binned to 401 nodes.

    References
    ----------
    .. [1] Wand, M. P. and Jones, M. C. (1995). Kernel Smoothing. Chapman and Hall,
       doi:10.1201/b14876, section 3.6.1.
    """
    if stages not in range(MOST_STAGES + 1):
        msg = (
            f"`stages` must be a whole number from 0 to {MOST_STAGES}; got {stages!r}. "
            "Two are customary."
        )
        raise BandwidthError(msg)
    pairs = Pairs.of(sample, "plugin", fine=FINE)
    psi = normal_functional(2 * stages + 4)
    for order in range(2 * stages + 2, 2, -2):
        psi = pairs.functional(pilot_width(order, psi, pairs.n), order)
    h = asymptotic_width(psi, pairs.n)
    return _floored(pairs, h, f"direct plug-in, {stages} stages")


def normal_functional(order: int) -> float:
    """Integral of f^(r) f for the standard normal density, Wand & Jones eq. 3.7."""
    sign = -1.0 if order % 4 else 1.0
    rising = math.factorial(order) / math.factorial(order // 2)
    return sign * rising / (2.0 ** (order + 1) * math.sqrt(math.pi))


def pilot_width(order: int, ahead: float, n: float) -> float:
    """Width that estimates psi_r, where psi_(r+2) is `ahead`; Wand & Jones 3.5."""
    return float((-2.0 * own_value(1.0, order) / (ahead * n)) ** (1.0 / (order + 3)))


def asymptotic_width(psi_4: float, n: float) -> float:
    """Bandwidth of least asymptotic mean integrated squared error."""
    return float((2.0 * math.sqrt(math.pi) * psi_4 * n) ** -0.2)


def oversmoothing(n: float) -> float:
    """Widest such bandwidth of any density of deviation one, that of a triweight.

    (243 / (70 sqrt(pi) n))^(1/5): Terrell (1990), doi:10.1080/01621459.1990.10476223,
    theorem 1.
    """
    return float((243.0 / (70.0 * math.sqrt(math.pi) * n)) ** 0.2)


def _largest_root(excess: Callable[[float], float], high: float) -> float | None:
    """Go down from a width until the function of its logarithm turns negative."""
    last = math.log(high)
    above = excess(last)
    for _ in range(WIDTHS):
        first = last - math.log(SPAN)
        below = excess(first)
        if below < 0.0 <= above:
            return math.exp(root(excess, first, last, below, above, tolerance=1e-10))
        last, above = first, below
    return None


def _floored(pairs: Pairs, h: float, note: str) -> Solution:
    """Turn a width to the units of the data; rounded ones give half a step at least."""
    if h < 0.5 * pairs.resolution:
        h = 0.5 * pairs.resolution
        note += ", but half the step of the rounded data, at least,"
    return Solution(h * pairs.unit, note)
