"""Products: the joint distribution of independent parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.distribution.algebra import refuse_line
from parzen.distribution.distribution import Distribution
from parzen.errors import CapabilityError, DataError, ParzenError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parzen.distribution.primitives import Panels

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Product(Distribution):
    """The joint distribution of independent parts; made by `parzen.product`.

    Attributes
    ----------
    components : tuple of Distribution
        At least two, none of them a product itself.
    places : tuple of tuple of int
        Which dimensions those of each component are.
    """

    components: tuple[Distribution, ...]
    places: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Check that no column has the name of another."""
        names = self.columns or ()
        if len(set(names)) < len(names):
            msg = "`components` must have columns of different names; got "
            raise ShapeError(msg + f"{list(names)}. Rename them in the data.")

    @property
    def n_axes(self) -> int:
        """Number of dimensions, d."""
        return sum(map(len, self.places))

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where all the components have them."""
        names: dict[int, str] = {}
        for part, places in self._pairs:
            if part.columns is None:
                return None
            names |= dict(zip(places, part.columns, strict=True))
        return tuple(names[k] for k in range(self.n_axes))

    def __repr__(self) -> str:
        """Name the components."""
        return f"Product({', '.join(map(repr, self.components))})"

    @property
    def _pairs(self) -> Iterator[tuple[Distribution, list[int]]]:
        """Components, and the axes that are theirs."""
        for part, places in zip(self.components, self.places, strict=True):
            yield part, list(places)

    @property
    def _flat(self) -> bool:
        return False

    @cached_property
    def _signed(self) -> bool:
        return any(part._signed for part in self.components)

    @property
    def _tolerance(self) -> float:
        return sum(part._tolerance for part in self.components)

    def _pdf(self, q: Floats) -> Floats:
        terms = [part._pdf(q[:, k]) for part, k in self._pairs]
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.prod(terms, axis=0)
        if not self._signed:
            # factors may leave the range of floats, where the product does not
            odd = ~np.isfinite(total) | (total < np.finfo(np.float64).tiny)
            with np.errstate(over="ignore"):
                total[odd] = np.exp(self._logpdf(q[odd]))
        return np.asarray(total)

    def _logpdf(self, q: Floats) -> Floats:
        if self._signed:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.log(self._pdf(q)))
        return self._added("_logpdf", q)

    def _added(self, name: str, *points: Floats) -> Floats:
        """Sum what the components answer about their coordinates."""
        terms = [getattr(p, name)(*(q[:, k] for q in points)) for p, k in self._pairs]
        return np.asarray(np.sum(terms, axis=0))

    def _mass(self, lower: Floats, upper: Floats) -> Floats:
        masses = [p._mass(lower[:, k], upper[:, k]) for p, k in self._pairs]
        return np.asarray(np.prod(masses, axis=0))

    def _log_mass(self, lower: Floats, upper: Floats) -> Floats:
        total = np.zeros(len(lower))
        for part, k in self._pairs:
            ends = lower[:, k], upper[:, k]
            if part.n_axes == 1:
                total += part._log_mass(*ends)
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    total += np.log(part._mass(*ends))
        return total

    def _derivative(self, q: Floats, order: int) -> Floats:  # noqa: ARG002
        raise refuse_line()

    def _gradient(self, q: Floats) -> Floats:
        gradient = np.empty_like(q)
        terms = [part._pdf(q[:, k]) for part, k in self._pairs]
        for i, (part, k) in enumerate(self._pairs):
            others = np.prod([*terms[:i], *terms[i + 1 :]], axis=0)
            gradient[:, k] = part._gradient(q[:, k]) * others[:, None]
        return gradient

    def _score(self, q: Floats) -> Floats:
        score = self._placed("_score", q)
        # where one factor is zero, so is the density
        score[np.isnan(score).any(axis=1)] = np.nan
        return score

    def _placed(self, name: str, q: Floats) -> Floats:
        """Ask the components about their coordinates; put their answers beside."""
        answer = np.empty_like(q)
        for part, k in self._pairs:
            answer[:, k] = getattr(part, name)(q[:, k])
        return answer

    def _draw(self, count: int, rng: np.random.Generator) -> Floats:
        draws = np.empty((count, self.n_axes))
        for part, k in self._pairs:
            draws[:, k] = part._draw(count, rng)
        return draws

    def _draw_qmc(self, count: int, rng: np.random.Generator) -> Floats:
        """Shuffle the points of each component against the others [1]_.

        References
        ----------
        .. [1] Owen, A. B. (1998). Latin supercube sampling for very high-dimensional
           simulations. ACM Transactions on Modeling and Computer Simulation 8(1),
           doi:10.1145/272991.273010.
        """
        draws = np.empty((count, self.n_axes))
        for part, k in self._pairs:
            draws[:, k] = rng.permutation(part._draw_qmc(count, rng))
        return draws

    def _raw_moments(self, order: int, centre: Floats) -> Floats:
        moments = np.empty((order + 1, self.n_axes))
        for part, k in self._pairs:
            moments[:, k] = part._raw_moments(order, centre[k])
        return moments

    def _covariance(self) -> Floats:
        covariance = np.zeros((self.n_axes, self.n_axes))
        for part, k in self._pairs:
            covariance[np.ix_(k, k)] = part._covariance()
        return covariance

    def _support(self) -> tuple[Floats, Floats]:
        return self._beside("_support")

    def _extent(self) -> tuple[Floats, Floats]:
        return self._beside("_extent")

    def _beside(self, name: str) -> tuple[Floats, Floats]:
        lower, upper = np.empty(self.n_axes), np.empty(self.n_axes)
        for part, k in self._pairs:
            lower[k], upper[k] = getattr(part, name)()
        return lower, upper

    def _panels(self) -> Panels:
        raise refuse_line()

    def _narrowest(self) -> Floats:
        widths = np.empty(self.n_axes)
        for part, k in self._pairs:
            widths[k] = part._narrowest()
        return widths

    def _marginal(self, axes: tuple[int, ...]) -> Distribution:
        parts: list[tuple[Distribution, tuple[int, ...]]] = []
        for part, places in self._pairs:
            own = tuple(places.index(k) for k in axes if k in places)
            if own:
                there = tuple(i for i, k in enumerate(axes) if k in places)
                parts.append((_chosen(part, own), there))
        return _joined(parts)

    def _conditional(self, axes: tuple[int, ...], values: Floats) -> Distribution:
        given = dict(zip(axes, values.tolist(), strict=True))
        left = [k for k in range(self.n_axes) if k not in given]
        parts: list[tuple[Distribution, tuple[int, ...]]] = []
        for part, places in self._pairs:
            known = [i for i, k in enumerate(places) if k in given]
            here = np.array([given[places[i]] for i in known])
            rest = [k for k in places if k not in given]
            if not rest:
                order = np.argsort(known)
                if not part._pdf(here[None, order])[0] and (
                    part._logpdf(here[None, order])[0] == -np.inf
                ):
                    msg = "`values` must be where the density is positive; it is zero "
                    raise DataError(msg + f"at {here.tolist()}. Choose others.")
                continue
            new = part._conditional(tuple(known), here) if known else part
            parts.append((new, tuple(left.index(k) for k in rest)))
        return _joined(parts)

    def _affine(self, scale: Floats, shift: Floats) -> Distribution:
        """Map the components, which a matrix must not mix."""
        parts: list[tuple[Distribution, tuple[int, ...]]] = []
        for part, k in self._pairs:
            if scale.ndim == 1:
                parts.append((part._affine(scale[k], shift[k]), tuple(k)))
                continue
            rows = np.flatnonzero(scale[:, k].any(axis=1))
            if len(rows) != len(k):
                msg = "`scale` as a matrix mixes independent components, which leaves "
                msg += "no product. Map the data first, or scale the axes one by one."
                raise CapabilityError(msg)
            block = scale[rows][:, k]
            diagonal = block[~np.eye(len(k), dtype=bool)]
            factors = block if diagonal.any() else np.diag(block).copy()
            new = part._affine(factors, shift[rows])
            parts.append((new, tuple(rows.tolist())))
        return _joined(parts)

    def _truncate(self, boxes: Floats) -> Distribution:
        parts: list[tuple[Distribution, tuple[int, ...]]] = []
        for part, k in self._pairs:
            own = boxes[:, k].copy()
            bounded = np.isfinite(own).any()
            parts.append((part._truncate(own) if bounded else part, tuple(k)))
        return _joined(parts)


def _chosen(part: Distribution, axes: tuple[int, ...]) -> Distribution:
    """Return the marginal, or the component itself where nothing changes."""
    same = axes == tuple(range(part.n_axes))
    return part if same else part._marginal(axes)


def _joined(parts: list[tuple[Distribution, tuple[int, ...]]]) -> Distribution:
    """Join independent parts at their places; one alone is as it is."""
    if len(parts) > 1:
        return Product(tuple(p for p, _ in parts), tuple(k for _, k in parts))
    part, places = parts[0]
    if part.n_axes == 1:
        # in 1-D, as any marginal
        return part.marginal(0)
    order = tuple(places.index(k) for k in range(part.n_axes))
    return _chosen(part, order)


def product(*components: Any) -> Distribution:
    """Return the joint distribution of independent components.

    Parameters
    ----------
    *components : Distribution
        Densities, mixtures or products of any dimensions.

    Returns
    -------
    Distribution
        With f(x, y, ...) = f_1(x) f_2(y) ...; the dimensions, and the columns where all
        have names, one after the other. A single component is returned as it is.

    Raises
    ------
    ShapeError
        If there is no component, or two columns have the same name.
    ParzenError
        If one is no distribution.

    See Also
    --------
    parzen.mixture : Components of the same dimensions, each with a probability.

    Examples
    --------
    >>> import parzen
    >>> height = parzen.kde([1.6, 1.7, 1.9], bandwidth=0.1)
    >>> mark = parzen.kde([1.0, 2.0, 4.0], bandwidth=0.5)
    >>> joint = parzen.product(height, mark)
    >>> joint.n_axes, joint.pdf([1.7, 2.0]).round(6)
    (2, np.float64(0.69964))
    """
    if not components:
        msg = "`components` must be at least one distribution; got none. Pass some."
        raise ShapeError(msg)
    parts: list[tuple[Distribution, tuple[int, ...]]] = []
    first = 0
    for part in components:
        if not isinstance(part, Distribution):
            msg = "`components` must be distributions; got "
            raise ParzenError(msg + f"{type(part).__name__}. Pass what `kde` returns.")
        inner = (
            part._pairs if isinstance(part, Product) else [(part, range(part.n_axes))]
        )
        parts += [(some, tuple(first + k for k in places)) for some, places in inner]
        first += part.n_axes
    return _joined(parts) if len(components) > 1 else components[0]
