"""Peers at scattered queries, those that may be missing, and how answers are judged."""

from __future__ import annotations

import importlib
import math
import statistics
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import Times
from oracle import LONG, log_density

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

Evaluate = Any  # queries (m, d) -> densities (m,)


def load_peer(name: str) -> tuple[Any, str]:
    """Return a module and its version, or None and why not."""
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        return None, f"not measured: {error}"
    return module, f"{name} {version(name)}"


def finufft_sum(
    finufft: Any, x: NDArray[Any], q: NDArray[Any], h: float, eps: float
) -> NDArray[np.float64]:
    """Sum Gaussians by two transforms, from points to modes and from modes to queries.

    The period keeps images, and the number of modes the cut series, below `eps`; both
    transforms have the tolerance `eps`. The error is absolute, in units of the peak.
    """
    n, d = x.shape
    reach = math.sqrt(-2 * math.log(eps))
    lower = np.minimum(x.min(0), q.min(0))
    period = np.maximum(x.max(0), q.max(0)) - lower + reach * h
    modes = [2 * math.ceil(p * reach / (2 * math.pi * h)) + 1 for p in period]
    factors = np.ones(())
    for p, count in zip(period, modes, strict=True):
        k = np.arange(count) - count // 2
        its = np.exp(-((2 * math.pi * h / p * k) ** 2) / 2) / p
        factors = factors[..., None] * its

    def angles(points: NDArray[Any]) -> list[NDArray[np.float64]]:
        places = (points - lower) * (2 * math.pi / period) - math.pi
        return [np.ascontiguousarray(axis) for axis in places.T]

    strengths = np.full(n, 1 / n, dtype=complex)
    to_modes = getattr(finufft, f"nufft{d}d1")
    to_queries = getattr(finufft, f"nufft{d}d2")
    series = to_modes(*angles(x), strengths, tuple(modes), eps=eps, isign=-1)
    return to_queries(*angles(q), series * factors, eps=eps, isign=1).real


def scikit_learn(x: NDArray[Any], h: float, rtol: float, **options: Any) -> Evaluate:
    """Fit its tree."""
    from sklearn.neighbors import KernelDensity

    model = KernelDensity(bandwidth=h, rtol=rtol, **options).fit(x)
    return lambda q: np.exp(model.score_samples(q))


def scipy(x: NDArray[Any], h: float) -> Evaluate:
    """Fit SciPy with the same width on all axes: the covariance is set by hand."""
    from scipy.stats import gaussian_kde

    class Fixed(gaussian_kde):
        def _compute_covariance(self) -> None:
            d = len(self.dataset)
            self.factor = 1.0
            self.covariance = h**2 * np.eye(d)
            self.cho_cov = h * np.eye(d)
            self.log_det = 2 * d * math.log(h * math.sqrt(2 * math.pi))

    model = Fixed(x.T)
    return lambda q: model.pdf(q.T)


def tree_kde(x: NDArray[Any], h: float, eps: float) -> Evaluate:
    """Fit KDEpy's tree, which is built at each evaluation."""
    from KDEpy import TreeKDE

    model = TreeKDE(bw=h).fit(x)

    def evaluate(q: NDArray[Any]) -> NDArray[np.float64]:
        order = np.lexsort(q.T[::-1])  # it takes sorted queries only
        values = np.empty(len(q))
        values[order] = model.evaluate(q[order], eps=eps)
        return values

    return evaluate


def fft_kde(x: NDArray[Any], h: float, size: int) -> Evaluate:
    """Interpolate linearly, zero outside, on KDEpy's grid of `size` nodes an axis."""
    from KDEpy import FFTKDE
    from scipy.interpolate import RegularGridInterpolator

    nodes, values = FFTKDE(bw=h).fit(x).evaluate(size)
    if x.shape[1] == 1:
        return lambda q: np.interp(q[:, 0], nodes, values, left=0.0, right=0.0)
    axes = [np.unique(axis) for axis in nodes.T]
    shape = tuple(len(axis) for axis in axes)
    table = values.reshape(shape)
    return RegularGridInterpolator(axes, table, bounds_error=False, fill_value=0.0)


def mlpack_tree(x: NDArray[Any], h: float, rtol: float) -> Evaluate:
    """Sum over mlpack's dual tree, its default, which is built at each call."""
    from mlpack import kde

    def evaluate(q: NDArray[Any]) -> NDArray[np.float64]:
        options = {"bandwidth": h, "rel_error": rtol, "abs_error": 0.0}
        # or it would sort our arrays in place
        answer = kde(reference=x, query=q, copy_all_inputs=True, **options)
        return answer["predictions"]

    return evaluate


def scaled(fit: Times, query: Times, by: float) -> Times:
    """Add the time of a fit to that of queries, of which there are `by` times more."""
    pairs = zip(fit.steady, query.steady, strict=True)
    return Times(fit.first + by * query.first, [a + by * b for a, b in pairs])


def growth(small: Times, large: Times, factor: float) -> float:
    """Return the exponent of the time between two sizes, within rounds."""
    pairs = zip(small.steady, large.steady, strict=True)
    return statistics.median(math.log(b / a) / math.log(factor) for a, b in pairs)


def relative_error(values: ArrayLike, exact: ArrayLike) -> float:
    """Return the largest relative error against exact log densities; NaN is infinite.

    Where the exact density is zero, any other value counts as infinite.
    """
    values, exact = np.asarray(values, dtype=LONG), np.asarray(exact, dtype=LONG)
    none = np.isneginf(exact)
    truth = np.exp(np.where(none, 0, exact))
    errors = np.where(
        none, np.where(values == 0, 0, np.inf), np.abs(values / truth - 1)
    )
    return float(np.where(np.isnan(errors), np.inf, errors).max())


def beyond(x: NDArray[Any], h: float, count: int) -> NDArray[np.float64]:
    """Draw queries up to five bandwidths beyond the data, along random directions.

    Each lies ahead of the point that is the farthest in its direction.
    """
    rng = np.random.default_rng(len(x))
    ways = rng.normal(size=(count, x.shape[1]))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    farthest = np.array([x[np.argmax(x @ way)] for way in ways])
    return farthest + ways * rng.uniform(0, 5 * h, size=(count, 1))


def judged(
    answers: Mapping[str, Callable[[NDArray[Any]], Any]],
    x: NDArray[Any],
    queries: Mapping[str, NDArray[Any]],
    h: float,
) -> dict[str, dict[str, float]]:
    """Return the errors of Gaussian sums: of each name at each kind of query."""
    exact = {kind: log_density(q, x, h) for kind, q in queries.items()}
    return {
        name: {
            kind: relative_error(answer(q), exact[kind]) for kind, q in queries.items()
        }
        for name, answer in answers.items()
    }
