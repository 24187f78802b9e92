"""What is stated about errors: that it holds, or that a warning or an error says so."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import integrate, stats

from parzen import AccuracyWarning, CapabilityError, Kernel, kde
from parzen.distribution.distance import ise, kl, overlap, total_variation
from parzen.engines.slopes.line import LineSlopes
from parzen.engines.slopes.space import SpaceSlopes

X = np.array([0.3, 0.8, 1.1, 2.4])


def test_compact_kernel_in_the_plane_warns(rng):
    """Kinks along circles are more than a quadrature resolves, and it says so."""
    plane = kde(rng.normal(size=(5, 2)), kernel="epanechnikov", bandwidth=0.4)
    with pytest.warns(AccuracyWarning, match="entropy"):
        plane.entropy()
    with pytest.warns(AccuracyWarning, match="expect"):
        plane.expect(lambda q: np.cos(q[:, 0]))


def test_error_has_the_tolerance_of_the_densities():
    """A quadrature cannot be better than the densities that it sums."""
    a = kde(X, bandwidth=0.5, rtol=1e-3)
    b = kde(X + 0.1, bandwidth=0.5)
    assert total_variation(a, b).error >= 1e-3
    assert ise(a, b).error > 1e-4 * ise(a, b).value


@pytest.mark.parametrize("bounds", [(0.0, None), (0.0, 4.0)])
def test_power_tails_that_a_map_squeezed(bounds):
    """Mass nearer to a bound than the smallest float still counts."""
    high = bounds[1]
    y = np.log(X) if high is None else np.log(X / (high - X))

    def made(width):
        options = {"kernel": "cauchy", "bandwidth": width}
        free = kde(y, **options)
        return kde(X, bounds=bounds, boundary="transform", **options), free

    (a, free), (b, wide) = made(0.5), made(1.0)
    for distance in (kl, total_variation, overlap):
        expected = distance(free, wide).value
        assert distance(a, b).value == pytest.approx(expected, rel=1e-9)
    # E log |dx/dy| diverges: on one side only, or on both with opposite signs
    entropy = a.entropy()
    assert math.isnan(entropy) if high is None else entropy == -math.inf
    assert a.expect(np.ones_like) == pytest.approx(1.0, abs=1e-9)

    def value(t):
        return t / (1.0 + t) if high is None else t

    def place(u):
        return np.exp(u) if high is None else high / (1.0 + np.exp(-max(u, -700.0)))

    expected = 0.0
    for centre in y:
        # by probability, whose integrand is bounded
        inner = integrate.quad(
            lambda p, c=centre: value(place(min(c + stats.cauchy.ppf(p) * 0.5, 700.0))),
            0.0,
            1.0,
            epsabs=1e-11,
            limit=400,
        )[0]
        expected += inner / y.size
    assert a.expect(value) == pytest.approx(expected, abs=1e-8)
    if high is not None:
        assert a.mean() == pytest.approx(expected, abs=1e-8)


def test_entropy_of_what_a_map_made():
    """That of the line, and the mean of the logarithm of the slope."""
    log_normal = kde([1.0], bandwidth=0.7, bounds=(0.0, None), boundary="transform")
    expected = stats.lognorm(0.7).entropy()
    assert log_normal.entropy() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "cauchy"])
@pytest.mark.parametrize("p", [1e-6, 0.3, 0.999, 1.0 - 1e-9])
def test_extreme_regions(kernel, p):
    """The mass inside to 1e-9, that outside to 1e-9 of itself."""
    density = kde(X, kernel=kernel, bandwidth=0.5)
    ends = density.hdr(p).intervals
    inside = density.integrate(ends[:, 0], ends[:, 1]).sum()
    assert inside == pytest.approx(p, abs=1e-9)
    if p > 0.5:
        outer = np.concatenate([[-np.inf], ends.ravel(), [np.inf]]).reshape(-1, 2)
        outside = density.integrate(outer[:, 0], outer[:, 1]).sum()
        assert outside == pytest.approx(1.0 - p, rel=1e-8)


def test_plateau_belongs_to_the_region():
    """Half of a top hat is not higher than the rest."""
    density = kde([0.0, 10.0], weights=[1.0, 2.0], kernel="tophat", bandwidth=1.0)
    for p, expected in ((0.3, [[9.0, 11.0]]), (0.9, [[-1.0, 1.0], [9.0, 11.0]])):
        assert density.hdr(p).intervals == pytest.approx(np.array(expected))


@pytest.mark.parametrize("p", [0.05, 0.9])
def test_region_in_the_plane(rng, p):
    """Against a closed form, and the mass of the region of a sample."""
    one = kde([[0.0, 0.0]], bandwidth=[1.0, 30.0])
    level = (1.0 - p) / (2.0 * math.pi * 30.0)
    assert one.hdr(p).level == pytest.approx(level, rel=2e-3)
    rank = one.rank([[math.sqrt(-2.0 * math.log1p(-p)), 0.0]])
    assert rank[0] == pytest.approx(p, abs=1e-4)
    some = kde(rng.normal(size=(60, 2)), bandwidth=0.5)
    axis = np.linspace(-6.0, 6.0, 481)
    values = some.pdf(np.stack(np.meshgrid(axis, axis), -1)) * 0.025**2
    level = some.hdr(p).level * 0.025**2
    assert values[values >= level].sum() == pytest.approx(p, abs=5e-4)


def test_region_is_short_and_pickles():
    """Of mixtures, too."""
    mixed = kde([0.0], bandwidth=1.0) * 0.3 + kde([9.0], bandwidth=1.0) * 0.7
    region = mixed.hdr(0.5)
    assert repr(region).startswith("Region(probability=0.5, level=0.1")
    assert repr(region).endswith(", intervals=1)")
    again = pickle.loads(pickle.dumps(region))
    assert again.contains([9.0, 0.0]).tolist() == [True, False]


def test_moments_within_bounds_in_space():
    """A product has them, a radial kernel has not."""
    x, bounds = np.array([[0.5, 1.0], [1.5, 0.2]]), [(0.0, 3.0), (0.0, 2.0)]
    kernel = Kernel("logistic", product=True)
    density = kde(x, kernel=kernel, bandwidth=0.2, bounds=bounds)
    masses = np.array(
        [
            [
                integrate.quad(
                    lambda t, c=c, k=k: t**k * stats.logistic.pdf(t, c, 0.2), 0.0, end
                )[0]
                for c, (_, end) in zip(row, bounds, strict=True)
            ]
            for row in x
            for k in (0, 1)
        ]
    ).reshape(2, 2, 2)
    total = masses[:, 0].prod(axis=1).sum()
    expected = (masses[:, 1, 0] * masses[:, 0, 1]).sum() / total
    assert density.mean()[0] == pytest.approx(expected, rel=1e-9)
    with pytest.raises(CapabilityError, match="product"):
        kde(x, kernel="logistic", bandwidth=0.2, bounds=bounds).mean()


@pytest.mark.parametrize(
    ("kernel", "product", "d"),
    [
        ("logistic", False, 1),
        ("gaussian", False, 2),
        ("cauchy", True, 2),
        ("tricube", False, 2),
        ("cosine", True, 2),
    ],
)
def test_compiled_slopes(rng, monkeypatch, kernel, product, d):
    """A compiled loop and NumPy agree, far out and beside a lone point too."""
    x = rng.normal(size=(300, d)) * 2.0
    q = np.concatenate([rng.normal(size=(30, d)), x[:1], np.full((1, d), 9e3)])
    shape = Kernel(kernel, product=product)
    problem = kde(x, kernel=shape, bandwidth=0.5)._problem
    if d == 1:
        exact = LineSlopes(problem).score_and_log(q[:, 0])
        found = LineSlopes(problem)._compiled(q[:, 0])
    else:
        exact = SpaceSlopes(problem).sums(q, relative=True)
        monkeypatch.setattr("parzen.engines.slopes.space.FEW_PAIRS", 0)
        found = SpaceSlopes(problem).sums(q, relative=True)
    for one, other in zip(exact, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-11, atol=1e-11)
