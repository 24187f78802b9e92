from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen import Reflect
from parzen.errors import CapabilityError, DataError
from tests import bounded_reference as oracle
from tests import reference_bounded_mass as exact

INF = math.inf
UNIT = (0.0, 1.0)
RNG = np.random.default_rng(1996)
# ties, a point on each bound, many near one of them
X = np.sort(np.concatenate([[0.0, 1.0, 0.3, 0.3], RNG.random(3) ** 3]))
W = 0.1 + RNG.random(len(X))
BOUNDARIES = [None, "reflect", "periodic", "renormalize", "linear", "transform"]
ALL = pytest.mark.parametrize("boundary", BOUNDARIES)
INTERVALS = [
    (-3.0, 0.2),
    (0.8, INF),
    (0.3, 0.31),
    (0.61, 0.61 + 1e-9),
    (0.0, 1e-9),
    (1 - 2.0**-30, 1.0),
    (0.0, 1e-200),
    (0.4, 0.4),
    (2.0, 3.0),
    (-INF, 0.0),
]


def inside(boundary, x=X):
    """The data, moved off the bounds where a boundary cannot do with them there."""
    return np.clip(x, 0.01, 0.99) if boundary == "transform" else x


def capable(name, boundary):
    """Whether a boundary serves a kernel."""
    if boundary == "linear":
        return name in oracle.SYMMETRIC and name != "cauchy"
    return boundary != "renormalize" or name != "cauchy"


def bounded(density):
    """The plan that answers within bounds."""
    return density._plan


def plan_of(case, boundary, bounds=UNIT, **options):
    """The plan of a density within bounds."""
    kernel = oracle.kernel_of(case.name)
    options |= {"kernel": kernel, "bandwidth": case.h, "weights": case.weights}
    return bounded(parzen.kde(case.x, bounds=bounds, boundary=boundary, **options))


def ends_of(intervals):
    """Lower and upper ends, (m, 1) each."""
    ends = np.array(intervals, dtype=float)
    return ends[:, :1], ends[:, 1:]


def assert_masses(plan, intervals, wanted, *, rtol=1e-9):
    """Masses and their logarithms, relative, zeros included."""
    wanted = np.asarray(wanted, dtype=float)
    lower, upper = ends_of(intervals)
    got, logs = plan.mass(lower, upper), plan.log_mass(lower, upper)
    # the oracle's own map to the line has not the digits of such intervals
    served = (wanted > 0) | (got < 1e-190)
    np.testing.assert_allclose(got[served], wanted[served], rtol=rtol, atol=1e-199)
    some = wanted > 1e-190
    np.testing.assert_allclose(logs[some], np.log(wanted[some]), rtol=1e-14, atol=rtol)
    assert np.isneginf(logs[(upper <= lower)[:, 0]]).all()


# of each sort one: smooth, with a jump, with a cusp, with a bend
CORRECTED = ("gaussian", "tophat", "triangular", "triweight")
CASES = [
    *((name, 0.1) for name in oracle.NAMES),
    *((name, 0.9) for name in ("gaussian", "epanechnikov", "cauchy")),
]


@ALL
@pytest.mark.parametrize(("name", "h"), CASES)
def test_every_kernel_between_two_bounds(name, boundary, h):
    """A mass is the integral of the density, relative to itself, however small."""
    if not capable(name, boundary):
        pytest.skip("refused")
    if boundary in ("renormalize", "linear") and name not in CORRECTED:
        pytest.skip("slow in the oracle")
    case = oracle.Case(name, inside(boundary), h, W if h < 0.5 else None)
    wanted = exact.masses(case, boundary, UNIT, INTERVALS)
    rtol = 1e-8 if name in oracle.SPECIAL else 1e-9
    assert_masses(plan_of(case, boundary), INTERVALS, wanted, rtol=rtol)


@pytest.mark.parametrize("bounds", [(0.0, INF), (-INF, 1.0)], ids=["lower", "upper"])
@pytest.mark.parametrize(
    "boundary", [None, "reflect", "renormalize", "linear", "transform"]
)
@pytest.mark.parametrize("name", ["gaussian", "tophat"])
def test_one_bound(name, boundary, bounds):
    """With one open end; tails far beyond the data, too."""
    h = 0.1
    intervals = [*INTERVALS, (-0.9, 0.0), (1.0, 1.9), (1.3, INF), (-INF, -0.4)]
    case = oracle.Case(name, inside(boundary), h, W)
    wanted = exact.masses(case, boundary, bounds, intervals)
    assert_masses(plan_of(case, boundary, bounds), intervals, wanted)


@ALL
def test_all_of_it(boundary):
    """The distribution function goes from 0 to 1, and never down."""
    for name, h in (("gaussian", 0.3), ("tophat", 0.07), ("logistic", 2.0)):
        plan = plan_of(oracle.Case(name, inside(boundary), h), boundary)
        q = np.concatenate([[0.0], np.sort(RNG.random(300)), [1.0]])[:, None]
        low = np.full_like(q, -INF)
        below, above = plan.mass(low, q), plan.mass(q, -low)
        np.testing.assert_allclose(below + above, 1, rtol=0, atol=1e-12)
        assert below[0] == 0 == above[-1]
        assert (np.diff(below) >= -1e-15).all()
        assert (np.diff(above) <= 1e-15).all()


@ALL
def test_one_point(boundary):
    """A single point is a kernel within bounds."""
    case = oracle.Case("gaussian", np.array([0.2]), 0.1)
    wanted = exact.masses(case, boundary, UNIT, INTERVALS)
    assert_masses(plan_of(case, boundary), INTERVALS, wanted)


@ALL
def test_far_from_zero(boundary):
    """An offset of 2^30 costs nothing: differences of floats so close are exact."""
    offset, step = 2.0**30, 2.0**-20
    x = np.round(inside(boundary) / step) * step
    x = np.clip(x, 100 * step, 1 - 100 * step)
    intervals = np.array([(0.0, 0.25), (0.25, 1.0), (0.5, 0.5 + step), (0.0, step)])
    near = plan_of(oracle.Case("gaussian", x, 0.125), boundary)
    far = plan_of(
        oracle.Case("gaussian", x + offset, 0.125), boundary, (offset, offset + 1)
    )
    wanted = near.mass(*ends_of(intervals))
    got = far.mass(*ends_of(intervals + offset))
    np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize("boundary", ["reflect", "renormalize", "linear", None])
def test_bounds_far_from_the_data(boundary):
    """Masses of 1e-250 next to a bound keep their digits, and logs of e^-5000."""
    case = oracle.Case("gaussian", np.array([0.0, 0.5]), 1.0)
    bounds = (-30.0, 90.0)
    intervals = [(-30.0, -29.0), (-30.0, -29.999), (-INF, 0.0), (31.0, 32.0)]
    wanted = exact.masses(case, boundary, bounds, intervals, widest=0.1)
    plan = plan_of(case, boundary, bounds)
    assert_masses(plan, intervals, wanted)
    # each unit holds next to all of its mass in its first hundredth
    low = np.array([[88.0], [89.9]])
    high = np.array([[90.0], [90.0]])
    got = plan.log_mass(low, high)
    for k in range(2):
        q = low[k, 0] + np.arange(4000.5)[:, None] * (high[k, 0] - low[k, 0]) / 4000
        logs = plan.logpdf(q[:-1] + 0.5 * (q[1] - q[0]))
        # the midpoint rule in exponentials of the step
        slope = 0.5 * (np.log(np.diff(q, axis=0)[0, 0]) * 2)
        total = np.logaddexp.reduce(logs) + slope
        assert got[k] == pytest.approx(total, abs=1e-2)
        assert got[k] < -3800


def test_across_the_cut_of_a_circle():
    """Where data lie on both sides of the cut, their kernels are cut nowhere."""
    x = np.array([0.02, 0.97, 0.99])
    for name in ("gaussian", "epanechnikov", "cauchy"):
        case = oracle.Case(name, x, 0.1)
        intervals = [(0, 1e-15), (1 - 2.0**-48, 1), (0, 0.1), (0.5, 1.0), (0, 1)]
        wanted = exact.masses(case, "periodic", UNIT, intervals)
        assert_masses(plan_of(case, "periodic"), intervals, wanted)


@pytest.mark.parametrize("boundary", [None, "reflect", "renormalize", "linear"])
def test_several_ranges(boundary):
    """A mixture of ranges: masses add up over them."""
    x = np.array([0.1, 0.4, 2.2, 2.9, 2.95])
    ranges = [(0.0, 1.0), (2.0, 3.0), (5.0, 6.0)]
    density = parzen.kde(x, bandwidth=0.3, bounds=ranges, boundary=boundary)
    answer = bounded(density)
    intervals = [(-INF, INF), (0.5, 2.5), (1.0, 2.0), (2.5, INF), (-INF, 0.1)]
    got = answer.mass(*ends_of(intervals))
    for (low, high), mass in zip(intervals, got, strict=True):
        total = 0.0
        for a, b in ranges:
            first, last = np.clip([low, high], a, b)
            borders = oracle.panels(first, last, [], 0.01) if last > first else [0, 0]
            total += oracle.quad(
                lambda q: density.pdf(q.astype(float)), np.asarray(borders)
            )
        assert mass == pytest.approx(float(total), abs=1e-9)
    with np.errstate(divide="ignore"):
        logs = np.log(got)
    np.testing.assert_allclose(answer.log_mass(*ends_of(intervals)), logs, atol=1e-12)


def test_fractions_of_a_reflection():
    """Copied points are points like others."""
    density = parzen.kde(X, bandwidth=0.1, bounds=UNIT, boundary=Reflect(0.3, 0.0))
    borders = oracle.panels(0.2, 0.7, [], 0.01)
    wanted = oracle.quad(lambda q: density.pdf(q.astype(float)), borders)
    got = bounded(density).mass(*ends_of([(0.2, 0.7), (-INF, INF)]))
    np.testing.assert_allclose(got, [float(wanted), 1], rtol=1e-9)


@pytest.mark.parametrize("boundary", ["renormalize", "linear"])
@pytest.mark.parametrize("name", ["tophat", "triangular", "biweight"])
def test_many_kinks(name, boundary):
    """Thousands of kinks do not average out: each ends a panel."""
    x = np.random.default_rng(3).random(3000)
    case = oracle.Case(name, x, 0.05)
    plan = plan_of(case, boundary)
    kinks = (x[:, None] + 0.05 * np.array([-1.0, 0.0, 1.0])).ravel()
    kinks = np.concatenate([kinks, [0.05, 0.95]])
    for low, high in ((0.0, 0.03), (0.96, 1.0), (0.0, 1.0)):
        borders = oracle.panels(low, high, kinks, 0.01).astype(float)
        t, shares = np.polynomial.legendre.leggauss(6)
        half = 0.5 * np.diff(borders)
        q = (borders[:-1] + half)[:, None] + half[:, None] * t
        wanted = half @ (plan.pdf(q.reshape(-1, 1)).reshape(q.shape) @ shares)
        got = plan.mass(*ends_of([(low, high)]))[0]
        assert got == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("boundary", [None, "reflect", "transform"])
def test_negative_weights(boundary):
    """Masses may be negative; logarithms of those are not numbers."""
    x, w = np.array([0.2, 0.5, 0.8]), np.array([1.0, -0.7, 1.0])
    density = parzen.kde(
        x,
        weights=w,
        signed_weights=True,
        bandwidth=0.05,
        bounds=UNIT,
        boundary=boundary,
    )
    intervals = [(0.45, 0.55), (-INF, INF), (0.0, 0.3)]
    got = bounded(density).mass(*ends_of(intervals))
    for (low, high), mass in zip(intervals, got, strict=True):
        first, last = np.clip([low, high], 1e-9, 1 - 1e-9)
        borders = oracle.panels(first, last, [], 0.002)
        wanted = oracle.quad(lambda q: density.pdf(q.astype(float)), borders)
        assert mass == pytest.approx(float(wanted), abs=1e-8)
    assert got[0] < 0
    logs = bounded(density).log_mass(*ends_of(intervals))
    assert np.isnan(logs[0])
    np.testing.assert_allclose(logs[1:], np.log(got[1:]), atol=1e-12)


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "transform"])
@pytest.mark.parametrize("local", [False, True], ids=["one", "local"])
def test_boxes_in_the_plane(boundary, local):
    """Masses of boxes are integrals of the density, and add up to one."""
    x = 0.05 + 0.9 * np.random.default_rng(5).random((9, 2))
    h = np.array([0.1, 0.3])
    if local:
        h = parzen.LocalBandwidth(h, np.linspace(0.5, 1.5, 9))
    bounds = [(0.0, 1.0), (0.0, 1.0)]
    density = parzen.kde(x, bandwidth=h, bounds=bounds, boundary=boundary)
    lower = np.array([[0.1, 0.2], [-INF, -INF], [0.0, 0.5], [2.0, 0.0]])
    upper = np.array([[0.7, 0.3], [INF, INF], [1.0, 4.0], [3.0, 1.0]])
    got = bounded(density).mass(lower, upper)
    assert got[1] == pytest.approx(1, abs=1e-9)
    assert got[3] == 0
    t, shares = np.polynomial.legendre.leggauss(24)
    for k in (0, 2):
        low, high = np.clip(lower[k], 0, 1), np.clip(upper[k], 0, 1)
        axes = []
        for a, b in zip(low, high, strict=True):
            borders = np.linspace(a, b, 13)
            half = 0.5 * np.diff(borders)[:, None]
            nodes = borders[:-1, None] + half + half * t
            axes.append((nodes.ravel(), (half * shares).ravel()))
        values = density.pdf(np.stack(np.meshgrid(axes[0][0], axes[1][0]), axis=-1))
        wanted = axes[1][1] @ values @ axes[0][1]
        assert got[k] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("name", ["gaussian", "epanechnikov"])
def test_cut_in_the_plane_without_a_product(name):
    """Radial kernels and matrices are cut too, where the mass is known to 1e-12."""
    x = np.random.default_rng(6).random((5, 2))
    matrix = np.array([[0.04, 0.015], [0.015, 0.09]])
    bounds = [(0.0, 1.0), (0.2, 1.5)]
    density = parzen.kde(x, kernel=name, bandwidth=matrix, bounds=bounds)
    whole = bounded(density).mass(np.full((1, 2), -INF), np.full((1, 2), INF))
    assert whole[0] == pytest.approx(1, abs=1e-11)
    free = parzen.kde(x, kernel=name, bandwidth=matrix)
    axes = [np.linspace(a, b, 801) for a, b in bounds]
    values = free.pdf(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
    inside = np.trapezoid(np.trapezoid(values, axes[1]), axes[0])
    ratio = free.pdf([0.5, 0.5]) / density.pdf([0.5, 0.5])
    assert ratio == pytest.approx(inside, rel=1e-5)
    with pytest.raises((CapabilityError, DataError), match="hold"):
        parzen.kde(x, kernel=name, bandwidth=matrix, bounds=[(1.9, 9.0), (2.2, 9.0)])


def test_quantiles_in_closed_form():
    """Where there is one it solves; what it does not serve is NaN, or all None."""
    x = np.random.default_rng(8).random(3000)
    p = np.array([1e-9, 1e-3, 0.3, 0.5, 0.999])
    for boundary in (None, "transform"):
        density = parzen.kde(x, bandwidth=0.1, bounds=UNIT, boundary=boundary)
        many = np.repeat(p, 20)
        for upper in (False, True):
            found = bounded(density).quantile(many, upper=upper)
            if found is None:
                continue
            served = ~np.isnan(found)
            end = np.full((served.sum(), 1), INF if upper else -INF)
            ends = (found[served, None], end) if upper else (end, found[served, None])
            np.testing.assert_allclose(
                bounded(density).mass(*ends), many[served], rtol=1e-8
            )
    for boundary in ("reflect", "periodic", "renormalize", "linear"):
        density = parzen.kde(x, bandwidth=0.1, bounds=UNIT, boundary=boundary)
        assert bounded(density).quantile(p, upper=False) is None


@ALL
def test_pickles_after_use(boundary):
    """What was prepared for masses and slopes travels along, or is made again."""
    plan = plan_of(oracle.Case("gaussian", inside(boundary), 0.1), boundary)
    ends = ends_of(INTERVALS)
    wanted = plan.mass(*ends), plan.score(np.array([[0.3]]))
    again = pickle.loads(pickle.dumps(plan))
    np.testing.assert_array_equal(again.mass(*ends), wanted[0])
    np.testing.assert_array_equal(again.score(np.array([[0.3]])), wanted[1])


@settings(max_examples=40)
@given(
    st.sampled_from(BOUNDARIES),
    st.sampled_from(["gaussian", "tophat", "biweight"]),
    st.floats(0.01, 3.0),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
def test_masses_add_up(boundary, name, h, places):
    """The mass of two neighbours is that of both together."""
    plan = plan_of(oracle.Case(name, inside(boundary), h), boundary)
    a, b, c = np.sort(places)
    parts = plan.mass(*ends_of([(a, b), (b, c), (a, c)]))
    assert (parts >= 0).all()
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-9, abs=1e-300)
