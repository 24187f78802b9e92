"""Mixtures: several distributions, each with a probability."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.checks import check_weights, real_array
from parzen.distribution.distribution import Distribution
from parzen.distribution.primitives import Panels
from parzen.distribution.truncated import empty, log_share
from parzen.errors import DataError, ParzenError, ShapeError, WeightError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Mixture(ReadOnly, Distribution):
    """Several distributions, each with a probability.

    Made by `parzen.mixture`, or by sums of distributions times weights. Sums are linear
    in the weights as given, `(3 * a + 7 * b) + 10 * c` has those of 3 : 7 : 10; only
    what is asked divides them by their sum.

    Attributes
    ----------
    components : tuple of Distribution
        None of them a mixture itself.
    """

    components: tuple[Distribution, ...]
    _raw: Floats

    def __post_init__(self) -> None:
        """Check that all have the same dimensions."""
        super().__post_init__()
        first = self.components[0]
        for other in self.components[1:]:
            if other.n_axes != first.n_axes:
                msg = "`components` must have the same number of dimensions; got "
                msg += f"{first.n_axes} and {other.n_axes}. Take a `marginal` first."
                raise ShapeError(msg)
        names = {part.columns for part in self.components if part.columns}
        if len(names) > 1:
            msg = "`components` must have the same columns; got "
            msg += " and ".join(sorted(str(list(columns)) for columns in names))
            raise ShapeError(msg + ". Select them with `marginal`, in one order.")

    @property
    def weights(self) -> Floats:
        """Probabilities of the components, shape (k,), which sum to one."""
        largest = float(self._raw.max())
        if largest == 0.0:
            msg = "weights of a mixture must have a positive sum; all are zero. "
            raise WeightError(msg + "Give a component a positive weight.")
        scaled = self._raw / largest
        return np.asarray(scaled / scaled.sum())

    @property
    def n_axes(self) -> int:
        """Number of dimensions, d."""
        return self.components[0].n_axes

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where a component has them."""
        return next((part.columns for part in self.components if part.columns), None)

    def __repr__(self) -> str:
        """Name the components and the weights they were given."""
        parts = zip(self._raw, self.components, strict=True)
        inside = " + ".join(f"{weight:.4g} * {part!r}" for weight, part in parts)
        return f"Mixture({inside})"

    @cached_property
    def _active(self) -> tuple[tuple[float, Distribution], ...]:
        """Probabilities that are not zero, with their components."""
        pairs = zip(self.weights.tolist(), self.components, strict=True)
        return tuple((weight, part) for weight, part in pairs if weight > 0.0)

    @property
    def _parts(self) -> tuple[tuple[Distribution, ...], Floats]:
        return self.components, self._raw

    @property
    def _flat(self) -> bool:
        return self.components[0]._flat

    @property
    def _signed(self) -> bool:
        return any(part._signed for _, part in self._active)

    @property
    def _tolerance(self) -> float:
        return max(part._tolerance for _, part in self._active)

    def _sum(self, name: str, *args: Any) -> Floats:
        """Average what a primitive of every component answers."""
        terms = (w * getattr(part, name)(*args) for w, part in self._active)
        total = next(terms)
        for term in terms:
            total = total + term
        return np.asarray(total)

    def _log_sum(self, name: str, plain: str, *args: Any) -> Floats:
        """Average in logarithms; signed densities have none of each component."""
        if self._signed:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.log(self._sum(plain, *args)))
        total = None
        for w, part in self._active:
            term = getattr(part, name)(*args) + np.log(w)
            total = term if total is None else np.logaddexp(total, term)
        return np.asarray(total)

    def _pdf(self, q: Floats) -> Floats:
        return self._sum("_pdf", q)

    def _logpdf(self, q: Floats) -> Floats:
        return self._log_sum("_logpdf", "_pdf", q)

    def _mass(self, lower: Floats, upper: Floats) -> Floats:
        return self._sum("_mass", lower, upper)

    def _log_mass(self, lower: Floats, upper: Floats) -> Floats:
        return self._log_sum("_log_mass", "_mass", lower, upper)

    def _derivative(self, q: Floats, order: int) -> Floats:
        return self._sum("_derivative", q, order)

    def _gradient(self, q: Floats) -> Floats:
        return self._sum("_gradient", q)

    def _score(self, q: Floats) -> Floats:
        """Average the scores by what each component is of the density."""
        if self._signed:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(self._gradient(q) / self._pdf(q)[:, None])
        whole = self._logpdf(q)
        total = np.full(q.shape, np.nan)
        total[whole > -np.inf] = 0.0
        for w, part in self._active:
            own = part._logpdf(q) + np.log(w)
            there = own > -np.inf
            if there.any():
                share = np.exp(own[there] - whole[there])[:, None]
                total[there] += share * part._score(q[there])
        return total

    def _draw(self, count: int, rng: np.random.Generator) -> Floats:
        shares = [w for w, _ in self._active]
        return self._gathered("_draw", rng.multinomial(count, shares), rng)

    def _draw_qmc(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw from each component as often as its share says, but for one."""
        shares = [w for w, _ in self._active]
        ends = np.floor(np.append(0.0, np.cumsum(shares)) * count + rng.random())
        ends[-1] = count
        counts = np.diff(np.minimum(ends, count)).astype(np.intp)
        return self._gathered("_draw_qmc", counts, rng)

    def _gathered(
        self, name: str, counts: NDArray[Any], rng: np.random.Generator
    ) -> Floats:
        """Draw so many from each component, in random order."""
        pairs = zip(counts.tolist(), self._active, strict=True)
        draws = [getattr(part, name)(some, rng) for some, (_, part) in pairs if some]
        if len(draws) == 1:
            return np.asarray(draws[0])
        everything = np.concatenate([np.empty((0, self.n_axes)), *draws])
        # by index: to shuffle rows in place takes several times as long
        return everything[rng.permutation(len(everything))]

    def _raw_moments(self, order: int, centre: Floats) -> Floats:
        return self._sum("_raw_moments", order, centre)

    def _covariance(self) -> Floats:
        """Mean covariance, plus that of the means."""
        # about a mean: far offsets would cancel
        origin = self._means(np.zeros(self.n_axes))[0]
        means = self._means(origin)
        shares = np.array([w for w, _ in self._active])
        away = means - shares @ means
        return np.asarray(self._sum("_covariance") + (away.T * shares) @ away)

    def _means(self, centre: Floats) -> Floats:
        """Mean of each component, measured from a centre, shape (k, d)."""
        return np.stack([part._raw_moments(1, centre)[1] for _, part in self._active])

    def _support(self) -> tuple[Floats, Floats]:
        return self._hull("_support")

    def _extent(self) -> tuple[Floats, Floats]:
        return self._hull("_extent")

    def _hull(self, name: str) -> tuple[Floats, Floats]:
        """Return the ends of all the components' ranges."""
        ends = [getattr(part, name)() for _, part in self._active]
        lower = np.min([low for low, _ in ends], axis=0)
        return lower, np.max([high for _, high in ends], axis=0)

    def _panels(self) -> Panels:
        panels = [part._panels() for _, part in self._active]
        edges = np.unique(np.concatenate([some.edges for some in panels]))
        return Panels(edges, any(some.kinked for some in panels))

    @property
    def _jumps(self) -> bool:
        return any(part._jumps for _, part in self._active)

    @property
    def _circular(self) -> bool:
        ends = {tuple(float(e[0]) for e in part._support()) for _, part in self._active}
        return len(ends) == 1 and all(part._circular for _, part in self._active)

    @property
    def _noise(self) -> float:
        return sum(weight * part._noise for weight, part in self._active)

    def _narrowest(self) -> Floats:
        widths = [part._narrowest() for _, part in self._active]
        return np.asarray(np.min(widths, axis=0))

    def _marginal(self, axes: tuple[int, ...]) -> Distribution:
        return self._each(part._marginal(axes) for part in self.components)

    def _affine(self, scale: Floats, shift: Floats) -> Distribution:
        return self._each(part._affine(scale, shift) for part in self.components)

    def _each(self, parts: Iterable[Distribution]) -> Mixture:
        """Return the mixture of what became of the components."""
        return Mixture(tuple(parts), self._raw.copy())

    def _conditional(self, axes: tuple[int, ...], values: Floats) -> Distribution:
        """Weigh each component by its density at the values."""

        def log_density(part: Distribution) -> float:
            there = part._marginal(axes)
            return float(there._logpdf(values[None])[0])

        def given(part: Distribution) -> Distribution:
            return part._conditional(axes, values)

        self._need_positive("conditional")
        logs = [log_density(part) for _, part in self._active]
        if not np.isfinite(logs).any():
            msg = "`values` must be where the density is positive; it is zero at "
            msg += f"{values.tolist()} on the axes {list(axes)}. "
            raise DataError(msg + "Choose others.")
        return self._weighed(logs, given)

    def _truncate(self, boxes: Floats) -> Distribution:
        """Weigh each component by its mass inside."""

        def inside(part: Distribution) -> Distribution:
            return part._truncate(boxes)

        self._need_positive("truncate")
        logs = [log_share(part, boxes) for _, part in self._active]
        if not np.isfinite(logs).any():
            raise empty(boxes)
        return self._weighed(logs, inside)

    def _weighed(self, logs: list[float], change: Any) -> Mixture:
        """Multiply weights by e^logs; change the components that keep any."""
        total = np.array(logs) + np.log([w for w, _ in self._active])
        raw = np.exp(total - total.max())
        pairs = [(w, part) for w, (_, part) in zip(raw, self._active, strict=True)]
        kept = [(w, change(part)) for w, part in pairs if w > 0.0]
        return Mixture(tuple(p for _, p in kept), np.array([w for w, _ in kept]))


def mixture(components: Any, weights: Any = None) -> Mixture:
    """Return the mixture of distributions: one of them, by chance.

    Parameters
    ----------
    components : sequence of Distribution
        Of the same dimensions and columns. One that is a mixture itself counts as one,
        and takes its components along.
    weights : array_like of shape (k,), optional
        Non-negative, of any scale; they become probabilities. None means equal.

    Returns
    -------
    Mixture
        With f = sum_k p_k f_k. `0.3 * a + 0.7 * b` is the same as
        `mixture([a, b], [0.3, 0.7])`.

    Raises
    ------
    ShapeError
        If there is none, or dimensions or columns differ.
    WeightError
        If weights are negative, all zero, or not one for each component.
    ParzenError
        If one is no distribution.

    See Also
    --------
    parzen.product : The joint distribution of independent components.

    Examples
    --------
    >>> import parzen
    >>> low = parzen.kde([1.0, 2.0], bandwidth=0.5)
    >>> high = parzen.kde([7.0, 9.0], bandwidth=0.5)
    >>> both = parzen.mixture([low, high], [3, 1])
    >>> both.weights
    array([0.75, 0.25])
    >>> both.pdf([1.0, 8.0]).round(6)
    array([0.3397  , 0.026995])
    """
    if not isinstance(components, Iterable):
        components = [components]
    parts = tuple(components)
    if not parts:
        msg = "`components` must be at least one distribution; got none. Pass a list."
        raise ShapeError(msg)
    for part in parts:
        if not isinstance(part, Distribution):
            msg = "`components` must be distributions; got "
            raise ParzenError(msg + f"{type(part).__name__}. Pass what `kde` returns.")
    if weights is not None:
        given = real_array(weights, "weights")
        if given.shape != (len(parts),) or not (given >= 0.0).all():
            msg = f"`weights` must be {len(parts)} numbers >= 0, one for each "
            msg += f"component; got {weights!r}. "
            raise WeightError(msg + "Leave out what is not in the mixture.")
    shares = check_weights(weights, len(parts))
    shares = np.full(len(parts), 1.0 / len(parts)) if shares is None else shares
    inner: list[Distribution] = []
    raw: list[float] = []
    for share, part in zip(shares.tolist(), parts, strict=True):
        several = isinstance(part, Mixture)
        inner += part.components if several else [part]
        raw += (share * part.weights).tolist() if several else [share]
    return Mixture(tuple(inner), np.array(raw))
