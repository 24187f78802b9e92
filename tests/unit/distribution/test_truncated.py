from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import integrate, stats

import parzen
from parzen.distribution.truncated import Truncated
from parzen.errors import CapabilityError, DataError

RNG = np.random.default_rng(21)
X = RNG.gamma(2.0, size=30)
XY = RNG.gamma(2.0, size=(25, 2))
FREE = parzen.kde(X, bandwidth=0.4)
FOLDED = parzen.kde(X, bandwidth=0.4, bounds=(0, None), boundary="reflect")
CURVED = parzen.kde(X, bandwidth=0.3, bounds=(0, None), boundary="transform")
PLANE = parzen.kde(XY, bandwidth=0.5, bounds=[(0, None)] * 2, boundary="reflect")


def of(source, *ranges):
    """Truncate whatever has a closed form, too."""
    return Truncated(source, np.array(ranges, dtype=float)[:, None, :])


def quad(f, low, high, points=()):
    """Integrate between two ends."""
    return integrate.quad(f, low, high, points=points or None, limit=400, epsabs=1e-13)[
        0
    ]


SOURCES = {"free": FREE, "folded": FOLDED, "curved": CURVED}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
class TestLine:
    def test_density_and_masses(self, source):
        """Density and masses."""
        part = of(source, (0.5, 1.5), (2.0, 4.0))
        total = quad(source.pdf, 0.5, 1.5) + quad(source.pdf, 2.0, 4.0)
        q = np.array([0.2, 0.5, 1.0, 1.7, 3.0, 9.0])
        want = (
            np.where([False, True, True, False, True, False], source.pdf(q), 0.0)
            / total
        )
        np.testing.assert_allclose(part.pdf(q), want, rtol=1e-7)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(
                part.logpdf(q), np.log(want), rtol=1e-7, atol=1e-8
            )
        lower, upper = (
            np.array([[-np.inf], [1.0], [3.5]]),
            np.array([[np.inf], [3.0], [np.inf]]),
        )
        inner = quad(source.pdf, 1.0, 1.5) + quad(source.pdf, 2.0, 3.0)
        masses = [1.0, inner / total, quad(source.pdf, 3.5, 4.0) / total]
        np.testing.assert_allclose(part._mass(lower, upper), masses, rtol=1e-7)
        np.testing.assert_allclose(
            np.exp(part._log_mass(lower, upper)), masses, rtol=1e-7
        )

    def test_slopes(self, source):
        """Derivatives follow from the definition."""
        part = of(source, (0.5, 1.5))
        q, share = np.array([[0.7], [1.2]]), part._share
        np.testing.assert_allclose(
            part._derivative(q, 1), source._derivative(q, 1) / share
        )
        np.testing.assert_allclose(part._gradient(q), source._gradient(q) / share)
        np.testing.assert_allclose(part._score(q), source._score(q))
        outside = np.array([[0.4]])
        assert part._gradient(outside) == 0.0
        assert np.isnan(part._score(outside))

    def test_moments(self, source):
        """Moments follow those of an oracle."""
        part = of(source, (0.5, 1.5), (2.0, 4.0))
        got = part._raw_moments(4, np.array([1.0]))[:, 0]
        total = quad(source.pdf, 0.5, 1.5) + quad(source.pdf, 2.0, 4.0)
        for k in range(5):
            f = lambda x, k=k: (x - 1.0) ** k * source.pdf(x)  # noqa: E731
            want = (quad(f, 0.5, 1.5) + quad(f, 2.0, 4.0)) / total
            assert got[k] == pytest.approx(want, rel=1e-9)
        assert part._covariance()[0, 0] == pytest.approx(
            part._raw_moments(2, part._raw_moments(1, np.zeros(1))[1])[2, 0]
        )

    @pytest.mark.parametrize("ends", [(0.5, 1.5), (6.0, np.inf), (7.5, 8.0)])
    def test_draws(self, source, ends):
        """Draws follow the distribution and stay inside."""
        part = of(source, ends)
        for qmc in (False, True):
            draws = part.sample(4000, rng=8, qmc=qmc)
            assert ((draws >= ends[0]) & (draws <= ends[1])).all()
            lower = np.full((len(draws), 1), -np.inf)
            cdf = lambda x, low=lower: part._mass(low[: len(x)], x[:, None])  # noqa: E731
            assert stats.kstest(draws, cdf).pvalue > 1e-3

    def test_maps(self, source):
        """Maps change the variable."""
        part = of(source, (0.5, 1.5))
        turned = part.affine(-2.0, 1.0)
        q = np.array([0.6, 1.4, 1.6])
        np.testing.assert_allclose(turned.pdf(1 - 2 * q), part.pdf(q) / 2, rtol=1e-8)
        again = part.truncate((1.0, 9.0))
        np.testing.assert_allclose(
            again.pdf(q), of(source, (1.0, 1.5)).pdf(q), rtol=1e-9
        )

    def test_panels_resolve_it(self, source):
        """Panels resolve it."""
        for ends in ((0.5, 1.5), (2.0, np.inf), (12.0, np.inf)):
            part = of(source, ends)
            edges, _ = part._panels()
            t, w = np.polynomial.legendre.leggauss(16)
            half = 0.5 * np.diff(edges)
            nodes = (edges[:-1] + half)[:, None] + half[:, None] * t
            total = ((part.pdf(nodes) @ w) * half).sum()
            assert total == pytest.approx(1.0, abs=1e-9)
            low, high = part._extent()
            assert ends[0] <= low[0] < high[0] <= ends[1]


def test_tails_beyond_floats():
    """Tails beyond floats."""
    part = of(FREE, (60.0, np.inf))
    assert part._log_share < -1000.0
    q = np.array([60.0, 60.001, 60.01])
    want = FREE.logpdf(q) - FREE._log_mass(np.array([[60.0]]), np.array([[np.inf]]))
    np.testing.assert_allclose(part.logpdf(q), want, rtol=1e-9)
    np.testing.assert_allclose(part.pdf(q), np.exp(want), rtol=1e-7)
    draws = part.sample(2000, rng=3)
    rate = -FREE._score(np.array([[60.0]]))[0, 0]
    assert stats.kstest((draws - 60.0) * rate, stats.expon.cdf).pvalue > 1e-3


def test_heavy_tails_have_no_moments():
    """Heavy tails have no moments."""
    cauchy = parzen.kde(X, bandwidth=0.4, kernel="cauchy")
    above = of(cauchy, (0.0, np.inf))._raw_moments(3, np.zeros(1))[:, 0]
    assert above.tolist() == [1.0, np.inf, np.inf, np.inf]
    below = of(cauchy, (-np.inf, 0.0))._raw_moments(3, np.zeros(1))[:, 0]
    assert below.tolist() == [1.0, -np.inf, np.inf, -np.inf]
    finite = of(cauchy, (-5.0, 5.0))._raw_moments(2, np.zeros(1))[:, 0]
    total = quad(cauchy.pdf, -5, 5)
    want = quad(lambda x: x * x * cauchy.pdf(x), -5, 5) / total
    assert finite[2] == pytest.approx(want, rel=1e-9)


class TestPlane:
    PART = PLANE.truncate([(0.5, 3.0), (None, 2.0)])

    def test_density(self):
        """The density inside is divided by the mass inside."""
        assert isinstance(self.PART, Truncated)
        x, y = np.linspace(0.5, 3.0, 401), np.linspace(0.0, 2.0, 401)
        grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        inner = integrate.simpson(PLANE.pdf(grid), x=y, axis=1)
        total = integrate.simpson(inner, x=x)
        q = np.array([[1.0, 1.0], [0.4, 1.0], [2.9, 0.1], [1.0, 2.1]])
        want = np.where([True, False, True, False], PLANE.pdf(q), 0.0) / total
        np.testing.assert_allclose(self.PART.pdf(q), want, rtol=1e-7)

    def test_moments(self):
        """Moments follow those of an oracle."""
        x, y = np.linspace(0.5, 3.0, 401), np.linspace(0.0, 2.0, 401)
        grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        values = self.PART.pdf(grid)

        def mean(f):
            return integrate.simpson(integrate.simpson(f * values, x=y, axis=1), x=x)

        first = [mean(grid[..., k]) for k in (0, 1)]
        got = self.PART._raw_moments(3, np.array([1.0, 0.5]))
        for k, c in enumerate((1.0, 0.5)):
            want = [mean((grid[..., k] - c) ** p) for p in range(4)]
            np.testing.assert_allclose(got[:, k], want, rtol=1e-8, atol=1e-9)
        away = grid - first
        want = [[mean(away[..., j] * away[..., k]) for k in (0, 1)] for j in (0, 1)]
        np.testing.assert_allclose(self.PART._covariance(), want, rtol=1e-7)

    def test_draws(self):
        """Draws follow the distribution and stay inside."""
        for qmc in (False, True):
            draws = self.PART.sample(20_000, rng=5, qmc=qmc)
            assert (self.PART.pdf(draws) > 0).all()
            mean = self.PART._raw_moments(1, np.zeros(2))[1]
            np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.03)

    def test_conditional(self):
        """The conditional is the joint density over the marginal."""
        given = self.PART.conditional(0, 1.0)
        q = np.array([0.3, 1.9, 2.1])
        points = np.column_stack([np.ones(3), q])
        total = quad(lambda y: self.PART.pdf([1.0, y]), 0.0, 2.0)
        np.testing.assert_allclose(
            given.pdf(q), self.PART.pdf(points) / total, rtol=1e-7
        )
        with pytest.raises(DataError, match="within the bounds"):
            self.PART.conditional(0, 0.4)

    def test_marginal_of_what_is_free(self):
        """Marginal of what is free."""
        half = PLANE.truncate([(0.5, 3.0), None])
        want = PLANE.marginal(0).truncate((0.5, 3.0))
        q = np.array([0.4, 0.6, 2.0])
        np.testing.assert_allclose(half.marginal(0).pdf(q), want.pdf(q), rtol=1e-7)
        with pytest.raises(CapabilityError, match="truncated"):
            half.marginal(1)

    def test_maps(self):
        """Maps change the variable."""
        swap = np.array([[0.0, -2.0], [1.0, 0.0]])
        q = np.array([[1.0, 1.0], [0.4, 1.0], [2.9, 0.1]])
        np.testing.assert_allclose(
            self.PART.affine(swap).pdf(q @ swap.T), self.PART.pdf(q) / 2, rtol=1e-8
        )


def test_without_mass():
    """Bounds without mass are refused."""
    with pytest.raises(DataError, match="hold none"):
        FOLDED.truncate((-5.0, -1.0))
    signed = parzen.kde(X[:3], bandwidth=1.0, weights=[2, 1, -1], signed_weights=True)
    with pytest.raises(CapabilityError, match="negative"):
        of(signed, (0.0, 1.0))


def test_pickles_and_shows_itself():
    """Pickles and shows itself."""
    part = FOLDED.truncate((0.5, 1.5))
    copy = pickle.loads(pickle.dumps(part))
    assert copy.pdf(1.0) == part.pdf(1.0)
    assert part.bounds == (0.5, 1.5)
    assert repr(part).endswith("bounds=(0.5, 1.5))")
    points, values = part.grid(5)
    np.testing.assert_array_equal(points, np.linspace(0.5, 1.5, 5))
    assert (values > 0).all()
