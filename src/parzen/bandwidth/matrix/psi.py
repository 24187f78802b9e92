"""Integrals of derivatives of a density, as tensors, and the pilots to estimate them.

    psi_r = int f D^r f,    estimated by sum_ij w_i w_j D^r phi_(g^2 I)(z_i - z_j)

where D^r is the symmetric tensor of all derivatives of order r, every one of them as
often as it occurs: sums of squares are the same for all axes, and so are the rules.
Chacon & Duong (2010), doi:10.1007/s11749-009-0168-4, show that the squared bias, which
leads the mean squared error, is, with G = g^2 I,

    |D^r phi(0) / (n g^(d + r)) + g^2/2 Lap psi_r|^2,

Lap psi_r being psi_(r + 2) with its last two indices contracted. Two stages need r = 4
and, before that, r = 6, contracted once to order 4; what r = 6 needs is taken from a
normal density. So no tensor here has more than four indices.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.matrix.forms import FLATTEST
from parzen.bandwidth.matrix.sums import over_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.forms import Form

# Beyond this many pilot widths a derivative of order 6 is below 1e-10 of its peak.
REACH = 8.5

# Of scaled data, the least deviation in a direction beside the largest: far points that
# lie on a line must not make the bulk one.
STRAIGHTEST = 0.1


def pilot_width(
    *, peak: float, both: float, drift: float, order: int, d: int, n_eff: float
) -> float:
    """Width g that makes |P / (n g^(d + r)) + g^2/2 L|^2 least.

    Parameters
    ----------
    peak, both, drift : float
        |P|^2, <P, L> and |L|^2 for P = D^r phi(0) and L = Lap psi_r.
    order, d : int
        r and the number of axes.
    n_eff : float
        n.
    """
    # with y = n g^(d + r + 2): drift y^2 - (d + r - 2) both y = 2 (d + r) peak
    middle = -(d + order - 2.0) * both
    root = math.sqrt(middle**2 + 8.0 * (d + order) * peak * drift)
    y = 4.0 * (d + order) * peak / (middle + root)
    return float((y / n_eff) ** (1.0 / (d + order + 2)))


def first_pilot(form: Form, order: int = 6) -> float:
    """Pilot width for psi_r, r = 6, from a normal density of the data's covariance S.

    S is that of the bulk: in one dimension, too, pilots take the smaller of two
    measures of spread. In its axes D^r phi_(2 S)(0) has entries with even indices
    alone; each is a product over the axes, and stands r! / (a_1! ... a_d!) times in
    the tensor.
    """
    variances = np.linalg.eigvalsh(form.covariance)
    floor = STRAIGHTEST if form.name == "diagonal" else FLATTEST
    variances = np.maximum(variances, floor**2 * variances[-1])
    variances *= 2.0 * form.tightness**2
    d, half = form.d, order // 2
    peak = both = drift = 0.0
    for chosen in itertools.combinations_with_replacement(range(d), half):
        index = np.bincount(chosen, minlength=d)
        count = math.factorial(order) / math.prod(math.factorial(2 * a) for a in index)
        own = _normal_derivative(index, np.ones(d))
        further = sum(
            _normal_derivative(index + unit, variances)
            for unit in np.eye(d, dtype=np.int64)
        )
        peak += count * own**2
        both += count * own * further
        drift += count * further**2
    return pilot_width(
        peak=peak, both=both, drift=drift, order=order, d=d, n_eff=form.n_eff
    )


def second_pilot(contracted: NDArray[np.float64], n_eff: float) -> float:
    """Pilot width for psi_4, from Lap psi_4, shape (d, d, d, d)."""
    d = len(contracted)
    own = peak_tensor(d)
    return pilot_width(
        peak=float(np.sum(own**2)),
        both=float(np.sum(own * contracted)),
        drift=float(np.sum(contracted**2)),
        order=4,
        d=d,
        n_eff=n_eff,
    )


def peak_tensor(d: int) -> NDArray[np.float64]:
    """D^4 phi(0), shape (d, d, d, d), for the normal density of unit covariance."""
    return np.asarray(_paired(np.zeros((d, d)), 1.0) * (2.0 * math.pi) ** (-0.5 * d))


def psi_tensor(
    source: Source, width: float, n_eff: float, *, contracted: bool
) -> NDArray[np.float64]:
    """Estimate psi_4, or Lap psi_4 = psi_6 contracted once, with the pilot `width`.

    A function F(s) of s = |u|^2 / 2 has the fourth derivatives F4 u u u u, plus F3
    times the six ways to write delta u u, plus F2 times the three of delta delta, with
    Fk the k-th derivative of F. For exp(-s) that is (-1)^k exp(-s); for its Laplacian,
    (2 s - d) exp(-s), it is (-1)^k (2 s - d - 2 k) exp(-s).

    Returns
    -------
    psi : ndarray of shape (d, d, d, d)
        Cost O(d^4) for each pair, memory O(d^4) and a few blocks.
    """
    d = source.d
    upper = np.triu_indices(d)
    order = 6.0 if contracted else 4.0

    def moments(
        vectors: NDArray[np.float64], masses: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        # this looks g up when it is called
        u = vectors / g
        squares = np.sum(u * u, axis=1)
        terms = masses * np.exp(-0.5 * squares)
        second, third, fourth = _radial(squares, d, contracted=contracted)
        products = u[:, upper[0]] * u[:, upper[1]]
        outer = (products * (fourth * terms)[:, None]).T @ products
        mixed = products.T @ (third * terms)
        return np.concatenate([outer.ravel(), mixed, [second @ terms]])

    total = np.zeros((d,) * 4)
    for part in source.parts:
        g = math.hypot(width, part.blur)
        sums = over_blocks(part, np.full(d, REACH * g), moments)
        total += _assembled(sums, d) * g ** -(d + order)
    # each point with itself
    second = float(_radial(np.zeros(1), d, contracted=contracted)[0][0])
    total += _paired(np.zeros((d, d)), second / n_eff) * width ** -(d + order)
    return np.asarray(total * (2.0 * math.pi) ** (-0.5 * d))


def _radial(
    squares: NDArray[np.float64], d: int, *, contracted: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """F2, F3 and F4 over exp(-s), at 2 s = `squares`."""
    if contracted:
        return squares - (d + 4.0), (d + 6.0) - squares, squares - (d + 8.0)
    one = np.ones_like(squares)
    return one, -one, one


def _assembled(sums: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Lay out the sums of u u u u, u u and 1 as a symmetric tensor."""
    upper = np.triu_indices(d)
    p = len(upper[0])
    place = np.zeros((d, d), dtype=np.int64)
    place[upper] = place.T[upper] = np.arange(p)
    outer, mixed = sums[: p * p].reshape(p, p), sums[p * p : -1]
    fourth = outer[place.ravel()][:, place.ravel()].reshape((d,) * 4)
    return np.asarray(fourth + _paired(mixed[place], float(sums[-1])))


def _paired(matrix: NDArray[np.float64], number: float) -> NDArray[np.float64]:
    """Write delta M in all six orders of the indices, and delta delta in all three."""
    unit = np.eye(len(matrix))
    block = np.multiply.outer(unit, matrix)
    block = block + block.transpose(2, 3, 0, 1)
    block += number * np.multiply.outer(unit, unit)
    # ij kl, ik jl, il jk
    return block + block.transpose(0, 2, 1, 3) + block.transpose(0, 2, 3, 1)


def _normal_derivative(
    half_index: NDArray[np.int64], variances: NDArray[np.float64]
) -> float:
    """D^(2 a) phi(0) for a = `half_index` and independent axes of some variances."""
    value = 1.0
    for a, variance in zip(half_index.tolist(), variances.tolist(), strict=True):
        odd = math.prod(range(1, 2 * a, 2))
        value *= (-1.0) ** a * odd / variance**a / math.sqrt(2.0 * math.pi * variance)
    return value
