"""One bandwidth for each point: the three rules, arrays by hand, and every engine."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import parzen
from parzen import (
    BandwidthError,
    BinnedSample,
    CapabilityError,
    Kernel,
    KernelDensity,
    select_bandwidth,
)
from tests import reference_adaptive

RULES = ("adaptive_zfit", "adaptive_geom", "adaptive_std")
each_rule = pytest.mark.parametrize("rule", RULES)


def widths(x, rule, **options):
    """The bandwidths of a rule, (n,)."""
    return select_bandwidth(x, rule, **options).value


def uneven(rng, n):
    """A narrow and a wide part, and a lonely point."""
    x = rng.normal(size=n)
    x[: n // 3] = 4 + 0.1 * x[: n // 3]
    x[-1] = 11.0
    return x


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
@each_rule
def test_formula(rng, rule, weighted):
    """Term by term, with weights in the pilot, the means and n_eff."""
    x = uneven(rng, 300)
    w = 10.0 ** rng.uniform(-2, 0, 300) if weighted else None
    found = select_bandwidth(x, rule, weights=w)
    assert found.method == rule
    assert found.converged
    np.testing.assert_allclose(
        found.value, reference_adaptive.bandwidths(x, rule, w), rtol=1e-7
    )


def test_two_points_by_hand():
    """At 0 and 1 the pilot is the same, so the bandwidths are: the prefactors alone."""
    s = np.sqrt(0.5)
    r = min(s, 0.5 / 1.3489795003921634)
    h = 0.9 * r * 2**-0.2
    f = (1 + np.exp(-0.5 / h**2)) / (2 * h * np.sqrt(2 * np.pi))
    for rule, exact in {
        "adaptive_zfit": (4 / 3) ** 0.2 * r * 2**-0.2,
        "adaptive_geom": r * 2**-0.2,
        "adaptive_std": (4 / 3) ** 0.2 * 2**-0.2 * np.sqrt(r / f),
    }.items():
        np.testing.assert_allclose(widths([0.0, 1.0], rule), [exact] * 2, rtol=1e-12)


@each_rule
def test_weights_by_their_ratios(rng, rule):
    """Equal weights are none; the scale does not matter; zeros leave no trace."""
    x, w = uneven(rng, 200), rng.random(200)
    np.testing.assert_allclose(
        widths(x, rule, weights=np.full(200, 3.0)), widths(x, rule), rtol=1e-12
    )
    h = widths(x, rule, weights=w)
    np.testing.assert_allclose(widths(x, rule, weights=1e9 * w), h, rtol=1e-12)
    longer = np.insert(x, 7, 1e3), np.insert(w, 7, 0.0)
    np.testing.assert_allclose(
        widths(longer[0], rule, weights=longer[1]), h, rtol=1e-14
    )


@pytest.mark.parametrize("scale", [1e-150, 1e-6, -1.0, 1e6, 1e150])
@each_rule
def test_units(rng, rule, scale):
    """The bandwidths follow the units, the direction and the order of the data."""
    x = uneven(rng, 200)
    h, order = widths(x, rule), rng.permutation(200)
    np.testing.assert_allclose(widths(x * scale, rule) / abs(scale), h, rtol=1e-9)
    np.testing.assert_allclose(widths(x[order], rule), h[order], rtol=1e-12)


@each_rule
def test_place(rng, rule):
    """A shift matters by what it rounds off the data."""
    x = np.round(uneven(rng, 200), 3)
    np.testing.assert_allclose(widths(x + 1e6, rule), widths(x, rule), rtol=1e-6)


@each_rule
def test_thin_data_are_smoothed_more(rng, rule):
    """Abramson's law: the ratio of two bandwidths is that of f^(-1/2)."""
    x = uneven(rng, 500)
    h = widths(x, rule)
    f = parzen.kde(x, bandwidth="silverman").pdf(x)
    np.testing.assert_allclose(h * np.sqrt(f), np.full(500, h[0] * np.sqrt(f[0])))
    assert h.argmax() == 499
    assert h[-1] > 3 * np.median(h)


@pytest.mark.parametrize("n", [4096, 12_000])
@each_rule
def test_the_pilot_of_many_points_is_binned(rng, rule, n):
    """Within 1e-3 of the exact one, at a lonely point too."""
    x, w = uneven(rng, n), rng.uniform(0.1, 1, n)
    exact = parzen.kde(x, weights=w, bandwidth="silverman").pdf(x)
    h = widths(x, rule, weights=w)
    scaled = h * np.sqrt(exact)
    np.testing.assert_allclose(scaled, np.full(n, scaled[0]), rtol=1e-3)
    some = slice(0, None, n // 40)
    oracle = reference_adaptive.log_pilot(x, x[some], w)
    np.testing.assert_allclose(np.log(exact[some]), oracle.astype(float), rtol=1e-8)


@each_rule
def test_other_kernels_and_adjust(rng, rule):
    """Canonical bandwidths turn the rule to the kernel; `adjust` multiplies."""
    x = uneven(rng, 100)
    h = widths(x, rule)
    for name in ("epanechnikov", "tophat", "logistic", "cauchy"):
        kernel = Kernel(name)
        found = select_bandwidth(x, rule, kernel=name, adjust=0.5)
        np.testing.assert_allclose(
            found.value, 0.5 * h * kernel.bandwidth_ratio(1), rtol=1e-14
        )
        assert name in found.note
        assert "adjust" in found.note


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "triangular", "cauchy"])
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_density(rng, kernel, weighted):
    """The sum of kernels of a bandwidth each, far into the tails."""
    x = uneven(rng, 150)
    w = rng.random(150) if weighted else None
    density = parzen.kde(x, weights=w, kernel=kernel, bandwidth="adaptive_geom")
    q = np.linspace(-8, 20, 300)
    exact = reference_adaptive.density(x, q, density.bandwidth, kernel, w)
    np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-8, atol=0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("method", ["grid", "fft"])
def test_engines_agree(rng, method, rule):
    """On grids within their bound, and that is small beside the density."""
    x, w = uneven(rng, 2000), rng.random(2000)
    q = np.linspace(-6, 14, 501)
    for kernel in ("gaussian", "biweight"):
        exact = parzen.kde(x, weights=w, kernel=kernel, bandwidth=rule, method="direct")
        binned = parzen.kde(x, weights=w, kernel=kernel, bandwidth=rule, method=method)
        error = np.abs(binned.pdf(q) - exact.pdf(q)).max()
        assert error <= binned.decision.bound.absolute
        assert error < 2e-3 * exact.pdf(q).max()


def test_automatic_choice_keeps_the_error(rng):
    """An `atol` admits a grid for adaptive data, too."""
    x = uneven(rng, 200_000)
    density = parzen.kde(x, bandwidth="adaptive_zfit", atol=1e-2)
    assert density.method != "direct"
    q = np.linspace(-4, 12, 33)
    exact = parzen.kde(x, bandwidth=density.bandwidth, method="direct").pdf(q)
    assert np.abs(density.pdf(q) - exact).max() <= 1e-2


@pytest.mark.slow
def test_a_million_points(rng):
    """One bandwidth each, by transforms, in memory for points and grid alone."""
    import tracemalloc

    x = uneven(rng, 1_000_000)
    tracemalloc.start()
    density = parzen.kde(x, bandwidth="adaptive_zfit", method="fft")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 30
    q, f = density.grid(4000)
    assert np.trapezoid(f, q) == pytest.approx(1.0, abs=1e-3)
    q = np.array([-3.0, 0.0, 3.9, 4.0, 11.0])
    exact = parzen.kde(x, bandwidth=density.bandwidth, method="direct").pdf(q)
    np.testing.assert_allclose(density.pdf(q), exact, rtol=5e-3)


class TestByHand:
    """Arrays of bandwidths."""

    def test_density(self, rng):
        """Each point has its own."""
        x, h, w = rng.normal(size=80), rng.uniform(0.1, 1.5, 80), rng.random(80)
        q = np.linspace(-10, 10, 101)
        density = parzen.kde(x, weights=w, bandwidth=h)
        exact = reference_adaptive.density(x, q, h, weights=w)
        np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-8)
        np.testing.assert_array_equal(density.bandwidth, h)
        assert density.bandwidth_result.method == "manual"

    def test_they_are_used(self, rng):
        """Scaled and shuffled ones give another density (zfit once ignored them)."""
        x, h = rng.normal(size=50), rng.uniform(0.1, 1.5, 50)
        q = np.linspace(-2, 2, 5)
        f = parzen.kde(x, bandwidth=h).pdf(q)
        for other in (h[::-1], 2 * h, np.full(50, h.mean())):
            assert not np.allclose(parzen.kde(x, bandwidth=other).pdf(q), f, rtol=1e-3)
        doubled = parzen.kde(x, bandwidth=h, adjust=2.0)
        exact = parzen.kde(x, bandwidth=2 * h)
        np.testing.assert_allclose(doubled.pdf(q), exact.pdf(q), rtol=1e-12)

    def test_equal_ones_are_one(self, rng):
        """A constant array is the scalar."""
        x, q = rng.normal(size=50), np.linspace(-9, 9, 41)
        many = parzen.kde(x, bandwidth=np.full(50, 0.3)).pdf(q)
        np.testing.assert_allclose(
            many, parzen.kde(x, bandwidth=0.3).pdf(q), rtol=1e-12
        )

    @pytest.mark.parametrize("outside", [False, True], ids=["weightless", "outside"])
    def test_rows_that_are_left_out_take_theirs_along(self, rng, outside):
        """A row without weight, or dropped at the bounds, is no reason to recount."""
        x, h = rng.uniform(0.1, 0.9, 40), rng.uniform(0.05, 0.5, 40)
        q = np.linspace(0, 1, 21)
        left = np.zeros(40, dtype=bool)
        left[[3, 4, 39]] = True
        if outside:
            x[left] += 2.0
            options = {"bounds": (0, 1), "outside": "drop"}
            bounds = {"bounds": (0, 1)}
        else:
            options = {"weights": np.where(left, 0.0, 1.0)}
            bounds = {}
        density = parzen.kde(x, bandwidth=h, **options)
        exact = parzen.kde(x[~left], bandwidth=h[~left], **bounds)
        np.testing.assert_array_equal(density.bandwidth, h[~left])
        np.testing.assert_allclose(density.pdf(q), exact.pdf(q), rtol=1e-12)

    def test_the_array_is_copied(self, rng):
        """And what the density hands out is not its own."""
        x, h = rng.normal(size=10), np.full(10, 0.5)
        density = parzen.kde(x, bandwidth=h)
        before = density.pdf(0.0)
        h[:] = 7.0
        density.bandwidth[:] = 7.0
        assert density.pdf(0.0) == before
        assert (density.bandwidth == 0.5).all()

    @pytest.mark.parametrize(
        ("bandwidth", "text"),
        [
            (np.full(9, 0.1), "10 points"),
            (np.full(11, 0.1), "10 points"),
            (np.full((10, 1), 0.1), "10 points"),
            (np.append(np.full(9, 0.1), 0.0), "row 9"),
            (np.append(np.full(9, 0.1), -1.0), "row 9"),
            (np.append(np.full(9, 0.1), np.nan), "finite"),
            (np.append(np.full(9, 0.1), np.inf), "finite"),
            (["wide"] * 10, "must be"),
        ],
        ids=["short", "long", "column", "zero", "negative", "nan", "inf", "text"],
    )
    def test_bad_ones(self, rng, bandwidth, text):
        """The error says which rule is broken, and where."""
        with pytest.raises(BandwidthError, match=text):
            parzen.kde(rng.normal(size=10), bandwidth=bandwidth)

    def test_one_dimension_only(self, rng):
        """The constants of these rules are those of a line."""
        with pytest.raises(CapabilityError, match="one dimension"):
            parzen.kde(rng.normal(size=(10, 2)), bandwidth="adaptive_zfit")

    def test_binned_data_have_no_rows(self, rng):
        """The points that a grid has swallowed cannot have a bandwidth each."""
        binned = BinnedSample.of(rng.normal(size=500), grid_size=64)
        with pytest.raises(BandwidthError):
            parzen.kde(binned, bandwidth=np.full(500, 0.1))


class TestFunctions:
    """A function of the data that returns a bandwidth."""

    @pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
    def test_what_it_sees(self, rng, weighted):
        """The points (n,), and weights that sum to one, or None."""
        seen = []

        def rule(x, weights):
            seen.append((x, weights))
            return 0.1 + np.abs(x)

        x, w = rng.normal(size=30), rng.random(30) if weighted else None
        density = parzen.kde(x, weights=w, bandwidth=rule)
        np.testing.assert_array_equal(seen[0][0], x)
        if weighted:
            np.testing.assert_allclose(seen[0][1], w / w.sum())
        else:
            assert seen[0][1] is None
        assert len(seen) == 1
        np.testing.assert_array_equal(density.bandwidth, 0.1 + np.abs(x))
        assert density.bandwidth_result.method == "callable"

    def test_points_without_weight_are_not_shown(self):
        """Nor asked for."""
        density = parzen.kde(
            [1.0, 2.0, 3.0],
            weights=[1.0, 0.0, 1.0],
            bandwidth=lambda x, _: np.full(len(x), 0.5),
        )
        assert density.bandwidth.shape == (2,)

    def test_scalars_and_matrices(self, rng):
        """It returns what could be given by hand, in any dimension."""
        x = rng.normal(size=(50, 2))
        density = parzen.kde(x, bandwidth=lambda x, _: np.cov(x.T) / 4)
        np.testing.assert_allclose(density.bandwidth, np.cov(x.T) / 4)
        model = KernelDensity(bandwidth=lambda x, _: 0.1 * x.std()).fit(x)
        assert model.bandwidth_ == pytest.approx(0.1 * x.std())

    @pytest.mark.parametrize("value", [0.0, -1.0, np.nan, "isj", None, [1.0, 2.0]])
    def test_what_it_must_not_return(self, value):
        """Anything else is refused as if given by hand."""
        with pytest.raises(BandwidthError):
            parzen.kde([1.0, 2.0, 3.0], bandwidth=lambda _x, _w: value)


@each_rule
def test_errors(rule):
    """Too few data, equal ones, or weights that leave no pilot."""
    for x in ([1.0], [2.0] * 5):
        with pytest.raises(BandwidthError, match="Give `bandwidth` as a number"):
            widths(x, rule)
    x = np.append(np.linspace(-5, 5, 400), np.linspace(-0.1, 0.1, 200))
    w = np.repeat([1.0, -1.0], [400, 200])
    with pytest.raises(BandwidthError, match="positive pilot"):
        widths(x, rule, weights=w, signed_weights=True)


@each_rule
def test_few_negative_weights(rng, rule):
    """The pilot stays positive, and the estimate is the plain signed sum."""
    x = rng.normal(size=400)
    w = np.where(rng.random(400) < 0.05, -1.0, 1.0)
    density = parzen.kde(x, weights=w, bandwidth=rule, signed_weights=True)
    q, h = np.linspace(-3, 3, 31), density.bandwidth
    plus, minus = w > 0, w < 0
    exact = (
        plus.sum() * reference_adaptive.density(x[plus], q, h[plus])
        - minus.sum() * reference_adaptive.density(x[minus], q, h[minus])
    ) / w.sum()
    np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-7, atol=1e-9)


def test_bounds_and_draws(rng):
    """Mirrored and cut densities hold mass one and draw by each point's bandwidth."""
    x = rng.exponential(size=300)
    q = np.linspace(0, 40, 40_001)
    for boundary, rule in itertools.product((None, "reflect"), RULES):
        density = parzen.kde(x, bandwidth=rule, bounds=(0, None), boundary=boundary)
        assert np.trapezoid(density.pdf(q), q) == pytest.approx(1.0, abs=1e-5)
        assert (density.sample(1000, rng=0) >= 0).all()


@pytest.mark.parametrize("far", [50.0, 1e4, 1e8, 1e15])
def test_outliers_leave_the_pilot_of_the_rest_alone(rng, far):
    """Many points are binned in clusters, so that one of them resolves nothing less."""
    x = np.append(rng.normal(size=6000), far)
    h = parzen.select_bandwidth(x, "adaptive_geom").value
    exact = parzen.kde(x, bandwidth="silverman", method="direct").pdf(x)
    ratio = (h * np.sqrt(exact))[:-1]
    np.testing.assert_allclose(ratio, ratio[0], rtol=2e-3)


def test_a_point_of_next_to_no_weight_has_a_pilot(rng):
    """No density at a point is below what the point itself adds."""
    x, weights = np.append(rng.normal(size=5000), 50.0), np.append(np.ones(5000), 1e-13)
    h = parzen.select_bandwidth(x, "adaptive_zfit", weights=weights).value
    assert np.isfinite(h).all()
    assert h[-1] == h.max()
