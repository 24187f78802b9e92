"""Sums at many widths that share their distances, against long double sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from parzen.engines import shared_sums
from parzen.engines.shared_sums import SharedSums
from parzen.kernels import Kernel
from parzen.scale import Scale
from tests import reference

RNG = np.random.default_rng(3)
FACTORS = np.array([4.0, 1.0, 0.3, 0.05])
SCALES = {
    "width": lambda d: 0.7 + 0 * d,
    "widths": lambda d: np.linspace(0.5, 1.5, d),
    "matrix": lambda d: np.eye(d) * 0.5 + 0.3,
}


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """Take the compiled loops for small sums too."""
    monkeypatch.setattr(shared_sums, "FEW_PAIRS", 0)


def left_out_logs(x, q, h, kernel, weights, left_out):  # noqa: PLR0917 - all there is
    """Log sums over all but one point, in extended precision; weights stay."""
    n = len(x)
    given = np.full(n, 1.0 / n) if weights is None else weights
    logs = []
    for row, out in zip(q, left_out, strict=True):
        keep = np.arange(n) != out
        part = reference.log_density(x[keep], row[None], h, kernel, weights=given[keep])
        logs.append(part[0] + np.log(given[keep].sum()))
    return np.array(logs)


def both(x, q, form, kernel, weights, left_out):  # noqa: PLR0917 - likewise
    """The sums at all factors, and what they should be, shape (k, m)."""
    d = x.shape[1]
    base = SCALES[form](d)
    scale = Scale(base, d)
    sums = SharedSums(Kernel(kernel), x, weights, scale, FACTORS)
    exact = [
        left_out_logs(x, q, scale.times(f).bandwidth, kernel, weights, left_out)
        for f in FACTORS.tolist()
    ]
    return sums.logs(q, left_out), np.array(exact, dtype=float)


def cases():
    """Every kernel on a line, one of each kind in every form of bandwidth."""
    yield from ((kernel, 1, "width") for kernel in reference.KERNELS)
    forms = [(2, "widths"), (3, "matrix"), (6, "width")]
    for kernel in ("gaussian", "epanechnikov"):
        yield from ((kernel, *form) for form in forms)
    yield from ((kernel, 3, "matrix") for kernel in ("logistic", "cauchy"))


@pytest.mark.parametrize(("kernel", "d", "form"), list(cases()))
@pytest.mark.parametrize("weighted", [False, True])
def test_each_width_is_the_exact_sum(kernel, d, form, weighted):
    """Each point left out of its own sum."""
    x = RNG.normal(size=(70, d)) * 2.0
    w = RNG.uniform(0.1, 2.0, 70) if weighted else None
    w = None if w is None else w / w.sum()
    ours, exact = both(x, x, form, kernel, w, np.arange(70))
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(exact))
    there = np.isfinite(exact)
    np.testing.assert_allclose(ours[there], exact[there], rtol=1e-11, atol=1e-11)


def test_more_points_than_a_tile():
    """Partial sums of tiles merge, and the nearest point may be in any of them."""
    x = RNG.normal(size=(1500, 4))
    q, left_out = x[::100], np.arange(0, 1500, 100)
    ours, exact = both(x, q, "width", "gaussian", None, left_out)
    np.testing.assert_allclose(ours, exact, rtol=1e-12)


def test_nothing_need_be_left_out():
    """Without `left_out` all points count."""
    x = RNG.normal(size=(50, 2))
    sums = SharedSums(Kernel(), x, None, Scale(0.5, 2), np.ones(1))
    exact = reference.log_density(x, x, 0.5)
    np.testing.assert_allclose(sums.logs(x)[0], exact.astype(float), rtol=1e-12)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "cauchy"])
def test_far_queries_keep_their_digits(kernel):
    """Out to where the squared distance leaves the range of a double."""
    x = RNG.normal(size=(40, 2))
    q = np.array([[1e3, 0.0], [1e8, -1e8], [1e160, 0.0]])
    sums = SharedSums(Kernel(kernel), x, None, Scale(0.5, 2), np.array([2.0, 0.1]))
    with np.errstate(over="ignore"):
        exact = [reference.log_density(x, q, h, kernel) for h in (1.0, 0.05)]
        exact = np.array(exact, dtype=float)
    there = np.isfinite(exact)
    assert there[:, :2].all()
    np.testing.assert_allclose(sums.logs(q)[there], exact[there], rtol=1e-9)


def test_a_light_neighbour_hides_no_heavy_point():
    """The nearest point has a weight of 1e-200, the rest of the mass is 20 h away."""
    x = np.array([[0.0], [20.0], [21.0]])
    w = np.array([1e-200, 0.5, 0.5])
    sums = SharedSums(Kernel(), x, w, Scale(1.0, 1), np.array([3.0, 1.0]))
    exact = [reference.log_density(x, x[:1], h, weights=w)[0] for h in (3.0, 1.0)]
    logs = sums.logs(x[:1])[:, 0]
    np.testing.assert_allclose(logs, np.array(exact, dtype=float), rtol=1e-12)


@pytest.mark.parametrize(
    "kernel", [Kernel("epanechnikov", product=True), Kernel.of(stats.t(df=5))], ids=str
)
def test_kernels_without_a_loop_are_summed_in_numpy(kernel):
    """Products and distributions of scipy.stats."""
    x = RNG.normal(size=(30, 2))
    sums = SharedSums(kernel, x, None, Scale(1.5, 2), np.array([2.0, 1.0]))
    u = (x[:, None] - x) / 1.5
    for row, f in zip(sums.logs(x, np.arange(30)), (2.0, 1.0), strict=True):
        values = np.exp(kernel.logpdf(u / f)) / (30 * (1.5 * f) ** 2)
        np.fill_diagonal(values, 0.0)
        np.testing.assert_allclose(np.exp(row), values.sum(axis=1), rtol=1e-12)


def test_the_number_of_threads_changes_nothing():
    """Bit by bit."""
    x = RNG.normal(size=(900, 5))
    one, two = (
        SharedSums(Kernel(), x, None, Scale(1.0, 5), FACTORS, jobs).logs(x)
        for jobs in (1, 3)
    )
    np.testing.assert_array_equal(one, two)
