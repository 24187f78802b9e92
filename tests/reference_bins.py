"""Densities of histograms in closed form, and binned sums point by point."""

from __future__ import annotations

import itertools
import math

import mpmath as mp
import numpy as np

Real = np.longdouble


def normal_cdf(u):
    """Return the standard normal distribution function, right in the lower tail."""
    return mp.erfc(-mp.mpf(float(u)) / mp.sqrt(2)) / 2


def histogram_density(counts, edges, h, q):
    """Return sum c_i (Phi((b - q)/h) - Phi((a - q)/h)) / (b - a) / sum c, shape (m,).

    Contents spread evenly over each bin (a, b), smoothed by a Gaussian of width h.
    """
    total = math.fsum(counts)
    values = []
    with mp.workdps(30):
        for point in q:
            value = mp.mpf(0)
            for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
                below = (mp.mpf(float(a)) - mp.mpf(float(point))) / h
                above = (mp.mpf(float(b)) - mp.mpf(float(point))) / h
                if above < -40 or below > 40 or count == 0:
                    continue
                # the smaller tail of the two, so that nothing cancels
                mass = (
                    normal_cdf(above) - normal_cdf(below)
                    if above < 0
                    else normal_cdf(-below) - normal_cdf(-above)
                )
                value += float(count) * mass / (mp.mpf(float(b)) - mp.mpf(float(a)))
            values.append(float(value / total))
    return np.array(values)


def histogram_shares(counts, edges, nodes):
    """Return the linear shares of nodes: integrals of the density times each hat.

    By the antiderivatives of 1 and of x on every overlap of a bin with a cell.
    """
    shares = [[] for _ in nodes]
    for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        slope = Real(count) / (Real(b) - Real(a))
        for j, (left, right) in enumerate(itertools.pairwise(nodes)):
            low, high = max(Real(a), Real(left)), min(Real(b), Real(right))
            if high <= low:
                continue
            step, mass = Real(right) - Real(left), slope * (high - low)
            part = ((low + high) / 2 - Real(left)) / step
            shares[j].append(mass * (1 - part))
            shares[j + 1].append(mass * part)
    return np.array([float(sum(share, Real(0))) for share in shares])
