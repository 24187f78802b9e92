"""Shapes that a bandwidth matrix may have, and the coordinates they are searched in.

With z = A^-1 (x - mean) and H_z = exp(sum_k theta_k E_k), a form is a choice of A and
of orthonormal symmetric matrices E_k:

    full        A A^T the covariance of the sample, all symmetric matrices
    scaled      the same A, multiples of the identity: H is a multiple of the covariance
    diagonal    A the standard deviations, diagonal matrices: a width for each axis
    isotropic   A one unit for all axes, multiples of the identity: one width

H_z is positive definite for every theta. As the E_k are orthonormal in the Frobenius
norm, to turn z turns gradients and steps of a search along, so that what a search finds
follows affine maps (full, scaled), units of the axes (diagonal) and rotations with one
unit (isotropic) but for rounding. That is why H_z is an exponential and not a product
of Cholesky factors, for which the first axis is special.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.rules import check_varied, normal_factor, normal_reference
from parzen.errors import BandwidthError
from parzen.readonly import ReadOnly
from parzen.scale import times_power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.sample import Sample

FORMS = ("full", "diagonal", "scaled", "isotropic")
# A spread below this much of the largest is taken for rounding: data on a line.
FLATTEST = 1e-2


@dataclass(frozen=True, eq=False)
class Form(ReadOnly):
    """A family of bandwidth matrices, and the data in the coordinates it is simple in.

    Attributes
    ----------
    name : {"full", "diagonal", "scaled", "isotropic"}
    points : ndarray of shape (n, d)
        The data z = A^-1 (x - mean).
    weights : ndarray of shape (n,) or None
        Probabilities.
    n_eff : float
        Effective number of points.
    units : ndarray of shape (d,)
        What a unit of z is along each axis, before axes are mixed.
    root : ndarray of shape (d, d)
        Mixes the axes: A = diag(units) root. Turned so that z has axes of its own.
    covariance : ndarray of shape (d, d)
        Of z.
    basis : ndarray of shape (p, d, d)
        The matrices E_k.
    least, most : float or None
        Widths in z to be expected; None for those of the normal reference rule, for the
        tightest axis of the bulk and the widest axis.
    steps : ndarray of shape (d,)
        Steps of rounded columns, in units of the data; zero for others.
    n_jobs : int or None
        Threads that may work on it.
    """

    name: str
    points: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    n_eff: float
    units: NDArray[np.float64]
    root: NDArray[np.float64]
    covariance: NDArray[np.float64]
    basis: NDArray[np.float64]
    least: float | None = None
    most: float | None = None
    steps: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    n_jobs: Any = None

    @classmethod
    def of(cls, sample: Sample, name: str = "full") -> Form:
        """Choose coordinates for a sample; cost O(n d^2), memory O(n d).

        Raises
        ------
        BandwidthError
            If a column does not vary, or (full, scaled) the covariance is singular.
        """
        check_varied(sample)
        d = sample.d
        root: NDArray[np.float64] = np.eye(d)
        units: NDArray[np.float64] = sample.std
        covariance = np.array(sample.correlation, dtype=np.float64)
        if name in {"full", "scaled"}:
            normal_reference(sample)  # for its errors: no rank, or out of range
            root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
            covariance = np.eye(d, dtype=np.float64)
        elif name == "isotropic":
            largest = float(units.max())
            shares = units / largest
            length = math.sqrt(float(np.mean(shares**2)))
            units = np.array([largest * length] * d)
            covariance *= np.outer(shares / length, shares / length)
        points = _standard(sample, units)
        if name in {"full", "scaled"}:
            points = np.asarray(np.linalg.solve(root, points.T).T)
        if name != "diagonal":
            turn = _own_axes(points, sample.weights, covariance, name)
            points, root = points @ turn, np.asarray(root @ turn)
            covariance = np.asarray(turn.T @ covariance @ turn)
        return cls(
            name=name,
            points=np.ascontiguousarray(points),
            weights=sample.weights,
            n_eff=sample.n_eff,
            units=units,
            root=root,
            covariance=covariance,
            basis=_basis(name, d),
        )

    def around(self, matrix: NDArray[np.float64]) -> Form:
        """Change to coordinates in which a matrix H_z of this form is the identity."""
        if self.name == "full":
            values, vectors = np.linalg.eigh(matrix)
            turn = vectors * np.sqrt(values)
            points = self.points @ (vectors / np.sqrt(values))
            units, root = self.units, self.root @ turn
        else:
            widths = np.sqrt(np.diag(matrix))
            turn = np.diag(widths)
            points = self.points / widths
            units, root = self.units * widths, self.root
        half = np.linalg.solve(turn, self.covariance)
        return replace(
            self,
            points=np.ascontiguousarray(points),
            units=units,
            root=root,
            covariance=np.linalg.solve(turn, half.T),
            least=1.0,
            most=1.0,
        )

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return len(self.units)

    @property
    def size(self) -> int:
        """Number of parameters p: d (d + 1) / 2 (full), d (diagonal) or 1."""
        return len(self.basis)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """The weights (n,), also where all points count alike."""
        n = len(self.points)
        return np.full(n, 1.0 / n) if self.weights is None else self.weights

    @cached_property
    def tightness(self) -> float:
        """How much closer together the bulk is than the standard deviations say.

        At most one, which it is for a normal density: far points blow these up. It is
        told by the weighted median of the distances from the weighted medians.
        """
        columns = zip(self.points.T, self.variances, strict=True)
        distances = np.zeros(len(self.points))
        for column, variance in columns:
            distances += (column - _median(column, self.weights)) ** 2 / variance
        # the median of chi squared after Wilson & Hilferty (1931)
        typical = self.d * (1.0 - 2.0 / (9.0 * self.d)) ** 3
        ratio = math.sqrt(_median(distances, self.weights) / typical)
        return min(1.0, ratio) if ratio > 0.0 else 1.0

    @cached_property
    def variances(self) -> NDArray[np.float64]:
        """Variances of z, shape (d,); of a flat axis, 1e-4 of the largest."""
        variances = np.diag(self.covariance)
        return np.asarray(np.maximum(variances, FLATTEST**2 * variances.max()))

    @property
    def bulk(self) -> NDArray[np.float64]:
        """Spread of the bulk of the points along each axis, shape (d,)."""
        return np.asarray(self.tightness * np.sqrt(self.variances))

    @property
    def rule(self) -> float:
        """Width of the normal reference rule, for a standard deviation of one."""
        return normal_factor(self.n_eff, self.d)

    @property
    def reference(self) -> float:
        """Width in z that is about the least to be expected."""
        if self.least is not None:
            return self.least
        return self.rule * float(self.bulk.min())

    @property
    def widest(self) -> float:
        """Width in z that is about the largest to be expected."""
        if self.most is not None:
            return self.most
        return self.rule * math.sqrt(float(self.variances.max()))

    @cached_property
    def grain(self) -> float:
        """Largest step of the rounded columns, in any direction of z."""
        steps = np.diag(np.broadcast_to(self.steps, self.d) / self.units)
        return float(np.linalg.norm(np.linalg.solve(self.root, steps), 2))

    def multiple(self, width: float) -> NDArray[np.float64]:
        """Parameters (p,) of the matrix width^2 I, which all forms contain."""
        traces = np.trace(self.basis, axis1=1, axis2=2)
        return np.asarray(2.0 * math.log(width) * traces)

    def matrix(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """H_z = exp(sum_k theta_k E_k), shape (d, d)."""
        values, vectors = self._logarithm(theta)
        return np.asarray((vectors * np.exp(values)) @ vectors.T)

    def widths(self, theta: NDArray[np.float64]) -> tuple[float, float]:
        """Smallest and largest width of the ellipsoid of H_z."""
        values = self._logarithm(theta)[0]
        return math.exp(0.5 * values[0]), math.exp(0.5 * values[-1])

    def slope(
        self, theta: NDArray[np.float64], gradient: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Turn the gradient by H_z, shape (d, d), into that by theta, shape (p,).

        The derivative of a matrix exponential in its eigenvectors is a product, entry
        by entry, with divided differences (Daleckii & Krein 1965).
        """
        values, vectors = self._logarithm(theta)
        half = 0.5 * np.subtract.outer(values, values)
        mean = np.exp(0.5 * np.add.outer(values, values))
        # (e^a - e^b) / (a - b) without cancellation: e^((a + b)/2) sinh(x) / x
        ratio = np.divide(np.sinh(half), half, out=np.ones_like(half), where=half != 0)
        inner = (vectors.T @ gradient @ vectors) * mean * ratio
        return np.tensordot(self.basis, vectors @ inner @ vectors.T)

    def value(self, matrix: NDArray[np.float64]) -> float | NDArray[np.float64]:
        """Turn H_z into a bandwidth in units of the data, as parzen takes it.

        Returns
        -------
        bandwidth : float or ndarray of shape (d,) or (d, d)
            A width (isotropic), a width per axis (diagonal), or a covariance.
        """
        if self.name == "isotropic":
            return float(self.units[0] * math.sqrt(matrix[0, 0]))
        if self.name == "diagonal":
            return np.asarray(self.units * np.sqrt(np.diag(matrix)))
        with np.errstate(over="ignore", under="ignore"):
            mixed = self.root @ matrix @ self.root.T
            mixed = 0.5 * (mixed + mixed.T) * np.outer(self.units, self.units)
        if not (np.isfinite(mixed).all() and (np.diag(mixed) > 0).all()):
            msg = (
                "the bandwidth matrix leaves the range of floats (standard deviations "
                f"{self.units.tolist()}). Change the units of the columns."
            )
            raise BandwidthError(msg)
        return mixed

    def inverse(self, bandwidth: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """H_z of a bandwidth in units of the data, of any of its shapes."""
        if np.ndim(bandwidth) < 2:
            widths = np.broadcast_to(bandwidth, self.d) / self.units
            inner = np.diag(widths**2)
        else:
            inner = bandwidth / self.units[:, None] / self.units
        half = np.linalg.solve(self.root, inner)
        turned = np.linalg.solve(self.root, half.T)
        return np.asarray(0.5 * (turned + turned.T))

    @cached_property
    def log_volume(self) -> float:
        """Logarithm of det A: densities of x are those of z divided by det A."""
        mixing = float(np.linalg.slogdet(self.root)[1])
        return math.fsum(np.log(self.units).tolist()) + mixing

    def scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn squared errors of densities of z into those of the data."""
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(scores * np.exp(-self.log_volume))

    def _logarithm(
        self, theta: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Eigenvalues in rising order and eigenvectors of log H_z."""
        values, vectors = np.linalg.eigh(np.tensordot(theta, self.basis, axes=1))
        return values, vectors


def _standard(sample: Sample, units: NDArray[np.float64]) -> NDArray[np.float64]:
    """(x - mean) / units, shape (n, d), by way of powers of two near one."""
    exponents = np.frexp(units)[1].astype(np.int64)
    scaled = times_power_of_two(sample.points, -exponents)
    scaled -= times_power_of_two(sample.mean, -exponents)
    return scaled / times_power_of_two(units, -exponents)


def _own_axes(
    points: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    covariance: NDArray[np.float64],
    name: str,
) -> NDArray[np.float64]:
    """Axes that turn with the data, as columns: a grid is then laid the same way.

    Those of the covariance; or, where that is the identity, of the fourth moments
    E |z|^2 z z^T (Cardoso 1989).
    """
    if name == "isotropic":
        return np.asarray(np.linalg.eigh(covariance)[1], dtype=np.float64)
    factors = np.sum(points**2, axis=1)
    factors *= 1.0 / len(points) if weights is None else weights
    moments = (points * factors[:, None]).T @ points
    return np.asarray(np.linalg.eigh(moments)[1], dtype=np.float64)


def _median(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """Weighted median, interpolated: rounding of the weights moves it by rounding."""
    if weights is None:
        return float(np.median(values))
    order = np.argsort(values)
    shares = weights[order]
    return float(np.interp(0.5, np.cumsum(shares) - 0.5 * shares, values[order]))


def _basis(name: str, d: int) -> NDArray[np.float64]:
    """Orthonormal symmetric matrices that span the logarithms of a form."""
    if name in {"scaled", "isotropic"}:
        return np.eye(d)[None] / math.sqrt(d)
    axes = [np.outer(row, row) for row in np.eye(d)]
    if name == "diagonal":
        return np.array(axes)
    for i in range(d):
        for j in range(i):
            mixed = np.zeros((d, d))
            mixed[i, j] = mixed[j, i] = math.sqrt(0.5)
            axes.append(mixed)
    return np.array(axes)
