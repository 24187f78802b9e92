"""Draws follow the density, its weights and its bandwidth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import parzen
from parzen import Kernel
from tests import reference

pytestmark = pytest.mark.statistical

SIZE = 20_000
# Probability that a right sampler fails one test, at a seed fixed for good.
FALSE_ALARM = 1e-9
DATA = np.array([-2.0, -1.9, 0.0, 0.3, 4.0])
WEIGHTS = np.array([1.0, 3.0, 0.0, 5.0, 1.0])


def radial_mass(name, d):
    """Distribution function of |u| under the kernel, by cumulated Simpson sums.

    They are right to 1e-7, far below the 1 / sqrt(SIZE) that a test can see.
    """
    t = np.linspace(0, 1, 40_001)[1:-1]
    compact = name in reference.COMPACT
    r = t if compact else t / (1 - t)
    log_f = reference.log_profile(name, r, d).astype(float) + (d - 1) * np.log(r)
    jacobian = 1.0 if compact else (1 - t) ** -2
    total = integrate.cumulative_simpson(np.exp(log_f) * jacobian, x=t, initial=0)
    return lambda q: np.interp(q if compact else q / (1 + q), t, total / total[-1])


def whole_mass(name):
    """Distribution function of the 1-D kernel."""
    radial = radial_mass(name, 1)
    return lambda u: 0.5 + 0.5 * np.sign(u) * radial(np.abs(u))


@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_draws_follow_the_density_in_one_dimension(name, weights):
    """Kolmogorov-Smirnov finds nothing between draws and the mixture of kernels."""
    h = 0.7
    draws = parzen.kde(DATA, weights=weights, kernel=name, bandwidth=h).sample(
        SIZE, rng=1
    )
    kernel_cdf = whole_mass(name)
    w = np.ones(5) if weights is None else weights

    def cdf(q):
        return kernel_cdf((q[:, None] - DATA) / h) @ w / w.sum()

    assert stats.kstest(draws, cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "exponential"])
def test_draws_follow_the_density_that_is_answered(name):
    """The cdf by quadrature of `pdf` itself is the one that draws follow."""
    density = parzen.kde(DATA, weights=WEIGHTS, kernel=name, bandwidth=0.7)
    t = np.linspace(-25, 27, 50_001)
    mass = integrate.cumulative_simpson(density.pdf(t), x=t, initial=0)
    assert mass[-1] == pytest.approx(1.0, abs=1e-6)
    draws = density.sample(SIZE, rng=2)
    outcome = stats.kstest(draws, lambda q: np.interp(q, t, mass))
    assert outcome.pvalue > FALSE_ALARM


@pytest.mark.parametrize("d", [2, 3, 6])
@pytest.mark.parametrize("name", reference.KERNELS)
def test_radial_draws_follow_radius_and_direction(name, d):
    """In whitened coordinates radii follow the kernel and directions are uniform."""
    rng = np.random.default_rng(d)
    a = rng.normal(size=(d, d)) / np.sqrt(d)
    h = a @ a.T + 0.3 * np.eye(d)
    centre = np.full((1, d), 5.0)
    draws = parzen.kde(centre, kernel=name, bandwidth=h, method="direct").sample(
        SIZE, rng=3
    )
    u = np.linalg.solve(np.linalg.cholesky(h), (draws - centre).T).T
    radius = np.linalg.norm(u, axis=1)
    assert stats.kstest(radius, radial_mass(name, d)).pvalue > FALSE_ALARM
    # the square of one coordinate of a uniform direction is Beta(1/2, (d-1)/2)
    for axis in range(d):
        square = (u[:, axis] / radius) ** 2
        beta = stats.beta(0.5, 0.5 * (d - 1)).cdf
        assert stats.kstest(square, beta).pvalue > FALSE_ALARM
        positive = int((u[:, axis] > 0).sum())
        assert stats.binomtest(positive, SIZE).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", reference.KERNELS)
def test_product_draws_are_independent_along_the_axes(name):
    """Each axis of a product kernel follows the 1-D kernel, free of the others."""
    widths = np.array([0.5, 2.0, 1.0])
    kernel = Kernel(name, product=True)
    density = parzen.kde(
        np.zeros((1, 3)), kernel=kernel, bandwidth=widths, method="direct"
    )
    draws = density.sample(SIZE, rng=4)
    uniform = whole_mass(name)(draws / widths)
    for axis in range(3):
        assert stats.kstest(uniform[:, axis], "uniform").pvalue > FALSE_ALARM
        other = uniform[:, (axis + 1) % 3]
        cells = np.histogram2d(uniform[:, axis], other, bins=5, range=[[0, 1]] * 2)[0]
        assert stats.chi2_contingency(cells).pvalue > FALSE_ALARM


@pytest.mark.parametrize("n", [3, 40, 1000])
def test_points_are_drawn_by_their_weights(n):
    """Frequencies follow the weights (chi-square); zero weights are never drawn."""
    rng = np.random.default_rng(n)
    weights = rng.random(n) ** 3
    weights[::3] = 0.0
    x = np.arange(n, dtype=float)
    draws = parzen.kde(x, weights=weights, kernel="tophat", bandwidth=0.25).sample(
        10 * SIZE, rng=5
    )
    counts = np.bincount(np.rint(draws).astype(int), minlength=n)
    assert (counts[weights == 0] == 0).all()
    expected = 10 * SIZE * weights / weights.sum()
    # cells of few expected draws are counted together
    often = expected > 20
    seen = np.append(counts[often], counts[~often].sum())
    due = np.append(expected[often], expected[~often].sum())
    keep = due > 0
    assert stats.chisquare(seen[keep], due[keep]).pvalue > FALSE_ALARM


@pytest.mark.parametrize("light", [1e-15, 1e-300])
def test_light_points_give_way(light):
    """Among weights that span many orders of magnitude only the heavy are drawn."""
    weights = np.full(1000, light)
    weights[[10, 500]] = 1.0, 3.0
    draws = parzen.kde(
        np.arange(1000.0), weights=weights, kernel="tophat", bandwidth=0.25
    ).sample(SIZE, rng=6)
    index = np.rint(draws).astype(int)
    assert set(index.tolist()) == {10, 500}
    heavy = int((index == 500).sum())
    assert stats.binomtest(heavy, SIZE, 0.75).pvalue > FALSE_ALARM


def test_equal_weights_and_no_weights_draw_alike():
    """Without weights all points are drawn alike."""
    for weights in (None, np.full(50, 7.0)):
        draws = parzen.kde(
            np.arange(50.0), weights=weights, kernel="tophat", bandwidth=0.25
        ).sample(SIZE, rng=7)
        counts = np.bincount(np.rint(draws).astype(int), minlength=50)
        assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_seed_repeats_the_draws(method):
    """A seed gives the same draws again, a generator moves on."""
    density = parzen.kde(DATA, weights=WEIGHTS, method=method, bandwidth=0.5)
    np.testing.assert_array_equal(density.sample(9, rng=8), density.sample(9, rng=8))
    rng = np.random.default_rng(8)
    first, second = density.sample(9, rng=rng), density.sample(9, rng=rng)
    np.testing.assert_array_equal(first, density.sample(9, rng=8))
    assert not np.isin(second, first).any()


def test_estimator_draws_what_the_density_draws():
    """`KernelDensity.sample` with an int repeats, and has the mean of the data."""
    model = parzen.KernelDensity(bandwidth=0.5).fit(DATA[:, None])
    draws = model.sample(SIZE, random_state=0)
    np.testing.assert_array_equal(draws, model.sample(SIZE, random_state=0))
    spread = np.sqrt((DATA.var() + 0.25) / SIZE)
    # six standard errors: a false alarm of 2e-9
    assert abs(draws.mean() - DATA.mean()) < 6 * spread
