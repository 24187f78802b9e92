from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats

import parzen
from parzen.distribution.mixture import Mixture, mixture
from parzen.errors import (
    CapabilityError,
    DataError,
    ParzenError,
    ShapeError,
    WeightError,
)
from tests import reference

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=40), RNG.normal(3.0, 0.5, size=25)
A = parzen.kde(X, bandwidth=0.4)
B = parzen.kde(Y, bandwidth=0.2, weights=RNG.random(25))
C = parzen.kde(RNG.normal(-4, 1, 10), bandwidth=0.5, kernel="epanechnikov")
P = parzen.kde(RNG.normal(size=(30, 2)), bandwidth=0.5)
R = parzen.kde(
    RNG.normal(2, 1, size=(20, 2)), bandwidth=np.array([[0.5, 0.2], [0.2, 0.3]])
)
Q = np.array([-5.0, -1.0, 0.0, 2.5, 3.3, 40.0])
Q2 = np.array([[0.0, 0.0], [2.0, 1.0], [-3.0, 5.0]])


class TestMaking:
    def test_sums_and_products_are_mixtures(self):
        """Sums and products are mixtures."""
        want = 0.3 * A.pdf(Q) + 0.7 * B.pdf(Q)
        for both in (
            A * 0.3 + B * 0.7,
            0.3 * A + 0.7 * B,
            A * 3 + B * 7,
            np.float64(3e-300) * A + np.float32(7e-30) * B * 1e-270 * 0 + 7e-300 * B,
            mixture([A, B], [30, 70]),
        ):
            assert isinstance(both, Mixture)
            np.testing.assert_allclose(both.pdf(Q), want, rtol=1e-7)

    def test_one_with_a_weight_is_itself(self):
        """One with a weight is itself."""
        np.testing.assert_array_equal((A * 0.3).pdf(Q), A.pdf(Q))

    def test_sum_of_many(self):
        """The builtin sum takes distributions."""
        want = (A.pdf(Q) + B.pdf(Q) + C.pdf(Q)) / 3
        for many in (sum([A, B, C]), A + B + C, mixture([A, B, C]), A + (B + C)):
            assert len(many.components) == 3
            np.testing.assert_allclose(many.pdf(Q), want, rtol=1e-12)

    def test_a_mixture_inside_counts_as_one(self):
        """A mixture inside counts as one."""
        nested = mixture([A * 5 + B * 15, C], [0.5, 0.5])
        np.testing.assert_allclose(nested.weights, [0.125, 0.375, 0.5])
        assert nested.components == (A, B, C)

    def test_weights_of_zero(self):
        """A component without weight counts for nothing."""
        np.testing.assert_array_equal((A + 0 * B).pdf(Q), A.pdf(Q))
        nothing = A * 0
        with pytest.raises(WeightError, match="positive sum"):
            nothing.pdf(0.0)
        np.testing.assert_array_equal((nothing + B).pdf(Q), B.pdf(Q))

    def test_refuses(self):
        """What cannot be is refused, with a reason."""
        for weight in (-1.0, np.inf, np.nan):
            with pytest.raises(WeightError, match="finite weight"):
                A * weight
        for other in ("x", True, None, [1.0]):
            with pytest.raises(TypeError):
                A * other
        with pytest.raises(TypeError):
            A + 1
        with pytest.raises(ShapeError, match="same number"):
            A + P
        with pytest.raises(WeightError, match="numbers >= 0, one for each"):
            mixture([A, B], [1, -1])
        with pytest.raises(WeightError, match="one for each"):
            mixture([A, B], [1])
        with pytest.raises(ShapeError, match="at least one"):
            mixture([])
        with pytest.raises(ParzenError, match="distributions; got float"):
            mixture([A, 1.0])

    def test_columns(self):
        """Names of columns are kept, and must not clash."""
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"a": X, "b": X})
        named = parzen.kde(frame, bandwidth=1.0)
        assert (named + P).columns == ("a", "b")
        other = parzen.kde(frame.rename(columns={"a": "c"}), bandwidth=1.0)
        with pytest.raises(ShapeError, match="same columns"):
            named + other

    def test_pickles_and_shows_itself(self):
        """Pickles and shows itself."""
        both = 0.3 * A + 0.7 * B
        copy = pickle.loads(pickle.dumps(both))
        np.testing.assert_array_equal(copy.pdf(Q), both.pdf(Q))
        assert repr(both).startswith("Mixture(0.3 * Density(n=40")
        with pytest.raises(ValueError, match="read-only"):
            both._raw[0] = 2.0


class TestNumerics:
    BOTH = 0.25 * A + 0.75 * B

    def test_logarithms_in_far_tails(self):
        """Logarithms in far tails."""
        far = np.array([-60.0, 90.0])
        w = B.weights
        terms = [
            reference.log_density(X, far, 0.4) + np.log(0.25),
            reference.log_density(Y, far, 0.2, weights=w) + np.log(0.75),
        ]
        np.testing.assert_allclose(
            self.BOTH.logpdf(far), np.logaddexp(*terms).astype(float), rtol=1e-9
        )

    def test_masses(self):
        """Masses are averages of normal tails."""
        lower, upper = np.array([-1.0, 2.0, 8.0]), np.array([1.0, np.inf, np.inf])
        ends = lower[:, None], upper[:, None]
        want = np.zeros(3)
        for data, h, w, share in ((X, 0.4, None, 0.25), (Y, 0.2, B.weights, 0.75)):
            shares = np.full(len(data), 1 / len(data)) if w is None else w
            mass = stats.norm.sf((lower[:, None] - data) / h)
            mass = mass - stats.norm.sf((upper[:, None] - data) / h)
            want += share * mass @ shares
        np.testing.assert_allclose(self.BOTH._mass(*ends), want, rtol=1e-7)
        np.testing.assert_allclose(self.BOTH._log_mass(*ends), np.log(want), rtol=1e-7)

    def test_slopes(self):
        """Derivatives follow from the definition."""
        q, step = Q[:5, None], 1e-5
        both = self.BOTH
        want = (both._pdf(q + step) - both._pdf(q - step)) / (2 * step)
        np.testing.assert_allclose(both._derivative(q, 1), want, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(both._gradient(q)[:, 0], want, rtol=1e-5, atol=1e-9)
        far = np.array([[-60.0], [90.0]])
        want = (both._logpdf(far + step) - both._logpdf(far - step)) / (2 * step)
        np.testing.assert_allclose(both._score(far)[:, 0], want, rtol=1e-5)

    def test_score_where_a_component_is_zero(self):
        """Score where a component is zero."""
        both = C + A
        np.testing.assert_allclose(
            both._score(np.array([[9.0]])), A._score(np.array([[9.0]]))
        )
        assert np.isnan((1 * C)._score(np.array([[9.0]]))).all()

    def test_moments(self):
        """Moments follow those of an oracle."""
        m1 = X.mean(), B.weights @ Y
        mean = 0.25 * m1[0] + 0.75 * m1[1]
        np.testing.assert_allclose(self.BOTH._raw_moments(1, np.zeros(1))[1], mean)
        var = 0.25 * ((X - mean) ** 2).mean() + 0.75 * B.weights @ (Y - mean) ** 2
        var += 0.25 * 0.4**2 + 0.75 * 0.2**2
        np.testing.assert_allclose(self.BOTH._covariance(), [[var]], rtol=1e-9)
        far = (A.affine(1.0, 1e9) + B.affine(1.0, 1e9))._covariance()
        near = (A + B)._covariance()
        np.testing.assert_allclose(far, near, rtol=1e-6)

    def test_ends_and_panels(self):
        """Ends and panels."""
        lower, upper = (A + C)._extent()
        assert lower[0] <= C._extent()[0][0]
        assert upper[0] >= A._extent()[1][0]
        assert (A + C)._narrowest()[0] == pytest.approx(0.4)
        edges, kinked = (A + C)._panels()
        assert (np.diff(edges) > 0).all()
        assert set(A._panels().edges) <= set(edges)
        t, w = np.polynomial.legendre.leggauss(16)
        half = 0.5 * np.diff(edges)
        nodes = (edges[:-1] + half)[:, None] + half[:, None] * t
        total = (((A + C).pdf(nodes) @ w) * half).sum()
        assert total == pytest.approx(1.0, abs=1e-6 if kinked else 1e-9)


class TestDraws:
    def test_follow_the_mixture(self):
        """Follow the mixture."""
        both = 0.3 * A + 0.7 * C
        draws = both.sample(50_000, rng=1)
        assert (
            stats.kstest(
                draws, lambda x: both._mass(np.full((len(x), 1), -np.inf), x[:, None])
            ).pvalue
            > 1e-3
        )
        # in random order: the halves look alike
        first, second = np.split(draws, 2)
        assert stats.ks_2samp(first, second).pvalue > 1e-3
        np.testing.assert_array_equal(both.sample(5, rng=2), both.sample(5, rng=2))
        assert both.sample(0, rng=0).shape == (0,)

    def test_evenly_spread(self):
        """Quasi-random draws are close to the masses."""
        both = 0.3 * A + 0.7 * C
        draws = both.sample(4096, rng=1, qmc=True)
        exact = both._mass(np.array([[-np.inf]]), np.array([[-1.0]]))[0]
        assert (draws < -1.0).mean() == pytest.approx(exact, abs=4e-3)
        assert len(both.sample(1, rng=3, qmc=True)) == 1

    def test_refuse_signed_weights(self):
        """Refuse signed weights."""
        signed = parzen.kde(
            X[:3], bandwidth=1.0, weights=[2, 1, -1], signed_weights=True
        )
        both = signed + A
        np.testing.assert_allclose(both.pdf(Q), 0.5 * (signed.pdf(Q) + A.pdf(Q)))
        with pytest.raises(CapabilityError, match="negative"):
            both.sample(3)


class TestAlgebra:
    BOTH = 0.25 * P + 0.75 * R

    def test_marginal(self):
        """Marginals come component by component."""
        want = 0.25 * P.marginal(1).pdf(Q) + 0.75 * R.marginal(1).pdf(Q)
        np.testing.assert_allclose(self.BOTH.marginal(1).pdf(Q), want, rtol=1e-9)
        turned = self.BOTH.marginal([1, 0])
        np.testing.assert_allclose(
            turned.pdf(Q2[:, ::-1]), self.BOTH.pdf(Q2), rtol=1e-9
        )

    @pytest.mark.parametrize("value", [0.3, 60.0])
    def test_conditional(self, value):
        """The conditional is the joint density over the marginal."""
        given = self.BOTH.conditional(0, value)
        q = R.conditional(0, value).points[0] + np.array([-1.0, 0.0, 0.5])
        points = np.column_stack([np.full(3, value), q])
        want = self.BOTH.logpdf(points) - self.BOTH.marginal(0).logpdf(value)
        np.testing.assert_allclose(given.logpdf(q), want, rtol=1e-7, atol=1e-7)

    def test_conditional_without_density(self):
        """Conditional without density."""
        hats = parzen.kde(Q2, bandwidth=1.0, kernel="tophat")
        shifted = hats.affine(1.0, 50.0)
        assert len((hats + shifted).conditional(0, 0.0).components) == 1
        with pytest.raises(DataError, match="positive"):
            (hats + shifted).conditional(0, 25.0)

    def test_affine(self):
        """A map of the whole is a map of each component."""
        both = 0.25 * A + 0.75 * B
        np.testing.assert_allclose(
            both.affine(-2.0, 1.0).pdf(1 - 2 * Q), both.pdf(Q) / 2
        )

    @pytest.mark.parametrize("bounds", [(0.0, 3.0), (20.0, None), [(-1, 0), (2, 3)]])
    def test_truncate(self, bounds):
        """The density inside is divided by the mass inside."""
        both = 0.25 * A + 0.75 * B
        cut = both.truncate(bounds)
        ranges = bounds if isinstance(bounds, list) else [bounds]
        ends = [(low, np.inf if high is None else high) for low, high in ranges]
        logs = [both._log_mass(np.array([[a]]), np.array([[b]]))[0] for a, b in ends]
        q = np.array([ends[0][0] + 0.1, ends[-1][0] + 0.4])
        want = both.logpdf(q) - np.logaddexp.reduce(logs)
        np.testing.assert_allclose(cut.logpdf(q), want, rtol=1e-7)
        assert cut.pdf(-9.0) == 0.0

    def test_truncate_to_nothing(self):
        """Truncate to nothing."""
        with pytest.raises(DataError, match="hold none"):
            (C + C).truncate((50, 60))

    def test_grid(self):
        """A grid covers all the components."""
        points, values = (A + B).grid(9)
        np.testing.assert_array_equal(values, (A + B).pdf(points))
        axes, values = self.BOTH.grid((4, 5))
        assert values.shape == (4, 5)
        assert values[1, 2] == pytest.approx(self.BOTH.pdf([axes[0][1], axes[1][2]]))
