from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from parzen.engines import planner
from parzen.engines.engine import Problem
from parzen.engines.masses import integrals as module
from parzen.engines.masses.lattice import ray_masses, separated_masses
from parzen.engines.masses.line import LineMasses
from parzen.kernels import Kernel, as_kernel
from parzen.sample import Sample
from parzen.scale import Scale
from tests import reference_integrals as exact
from tests.reference import COMPACT, KERNELS

RNG = np.random.default_rng(7)
X = np.concatenate((RNG.normal(size=10), [7.0, 7.0, -3.25]))
WEIGHTS = RNG.random(X.size) ** 6 + 1e-9
FACTORS = np.exp(RNG.normal(size=X.size))
H = 0.4
ENDS = np.array(
    [
        (-np.inf, -1.0),
        (-np.inf, np.inf),
        (-2.0, 5.0),
        (0.2, 0.25),
        (0.1, 0.1 + 1e-9),
        (0.3, 0.3 + 1e-15),
        (6.4, 6.6),
        (7.0, 7.0),
        (-np.inf, -6.0),
        (9.0, np.inf),
        (-70.0, -60.0),
        (20.0, 20.001),
        (1e3, 1e3 + 1e-7),
        (4e4, np.inf),
        (-1e4, -1e4 + 2.0),
    ]
)
LOW, HIGH = ENDS[:, :1], ENDS[:, 1:]


def problem(kernel="gaussian", weights=None, local=None, x=X, h=H, **more):
    """State a kernel sum."""
    data = np.asarray(x, float)
    kernel = Kernel(kernel) if isinstance(kernel, str) else as_kernel(kernel)
    signed = weights is not None and np.min(weights) < 0
    sample = Sample.of(data, weights, signed=signed)
    return Problem(sample, kernel, Scale(h, sample.d), local=local, **more)


def assert_close(got, expected, rtol):
    """Compare with numbers of any size; what no float can hold may be zero."""
    for value, e in zip(got.tolist(), expected, strict=True):
        if e < 1e-300:
            assert 0.0 <= value < 1e-299
        else:
            assert abs(mp.mpf(value) / e - 1) < rtol


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weights"])
@pytest.mark.parametrize("local", [None, FACTORS], ids=["one", "local"])
@pytest.mark.parametrize("few", [None, 0], ids=["few", "many"])
def test_intervals(name, weights, local, few, monkeypatch):
    """Each is right, relative, whatever its width and place, and so is its logarithm.

    By plain sums, and by what answers many queries.
    """
    if few is not None:
        monkeypatch.setattr(module, "FEW_PAIRS", few)
    ours = planner.integrals(problem(name, weights, local))
    if few is not None:
        # fast engines have tests of their own, and compile
        ours.__dict__["_fast"] = None
    h = H if local is None else H * local
    expected = [exact.line_mass(name, X, weights, h, *pair) for pair in ENDS]
    assert_close(ours.mass(LOW, HIGH), expected, 1e-8)
    logs = [float(mp.log(e)) if e else -np.inf for e in expected]
    np.testing.assert_allclose(ours.log_mass(LOW, HIGH), logs, rtol=1e-11, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-300, 1e290])
@pytest.mark.parametrize("few", [None, 0], ids=["few", "many"])
@pytest.mark.parametrize("name", ["gaussian", "epanechnikov", "cauchy"])
def test_units_do_not_matter(name, scale, few, monkeypatch):
    """Data in any unit have the same masses."""
    if few is not None:
        monkeypatch.setattr(module, "FEW_PAIRS", few)
    low, high = np.array([[-np.inf], [-1.0], [0.5]]), np.array([[-2.0], [2.0], [0.6]])
    ours = planner.integrals(problem(name, x=X * scale, h=H * scale))
    if few is not None:
        ours.__dict__["_fast"] = None
    expected = LineMasses(problem(name)).mass(low[:, 0], high[:, 0])
    np.testing.assert_allclose(
        ours.mass(low * scale, high * scale), expected, rtol=1e-8
    )


@pytest.mark.parametrize("name", [*KERNELS, "moyal", "expon"])
@pytest.mark.parametrize("local", [None, FACTORS], ids=["one", "local"])
def test_many_are_as_few(name, local, monkeypatch):
    """Pruned sums and quadrature agree with plain sums, also of asymmetric kernels."""
    kernel = getattr(stats, name)() if name in {"moyal", "expon"} else name
    low = RNG.uniform(-8, 12, (200, 1))
    high = low + 10.0 ** RNG.uniform(-12, 1, (200, 1))
    low[::20], high[10::20] = -np.inf, np.inf
    ours = planner.integrals(problem(kernel, WEIGHTS, local))
    plain, logs = ours.mass(low, high), ours.log_mass(low, high)
    monkeypatch.setattr(module, "FEW_PAIRS", 0)
    ours.__dict__["_fast"] = None
    rtol = 1e-7 if name in {"moyal", "expon"} else 1e-8
    np.testing.assert_allclose(ours.mass(low, high), plain, rtol=rtol, atol=1e-295)
    np.testing.assert_allclose(ours.log_mass(low, high), logs, rtol=1e-9, atol=rtol)


@pytest.mark.parametrize("name", ["gaussian", "epanechnikov"])
def test_fast_engines(name):
    """Many intervals of many points, each within the error asked for."""
    x = np.random.default_rng(3).standard_t(3, size=3000)
    ours = planner.integrals(problem(name, x=x, h=0.2))
    low = np.random.default_rng(4).normal(size=(2000, 1)) * 3.0
    high = low + 10.0 ** np.random.default_rng(5).uniform(-10, 1, (2000, 1))
    low[::10], high[5::10] = -np.inf, np.inf
    masses, logs = ours.mass(low, high), ours.log_mass(low, high)
    plain = LineMasses(ours.problem).mass(low[:, 0], high[:, 0])
    np.testing.assert_allclose(masses, plain, rtol=3e-8, atol=1e-295)
    plain = LineMasses(ours.problem).log_mass(low[:, 0], high[:, 0])
    np.testing.assert_allclose(logs, plain, rtol=1e-9, atol=3e-8)


def test_threads_change_nothing(monkeypatch):
    """Answers are bitwise the same for any number of threads."""
    monkeypatch.setattr(module, "FEW_PAIRS", 0)
    x = np.random.default_rng(3).normal(size=2000)
    low = np.random.default_rng(4).normal(size=(500, 1))
    answers = []
    for n_jobs in (1, 3):
        ours = planner.integrals(problem("logistic", x=x, n_jobs=n_jobs))
        ours.__dict__["_fast"] = None
        answers.append(ours.mass(low, low + 3.0))
    np.testing.assert_array_equal(*answers)


def test_signed_weights():
    """The mass is that of positive weights less that of negative ones."""
    weights = np.where(np.arange(X.size) % 3 == 1, -0.3, 1.0)
    ours = planner.integrals(problem(weights=weights))
    expected = [exact.line_mass("gaussian", X, weights, H, *pair) for pair in ENDS[:4]]
    got = ours.mass(LOW[:4], HIGH[:4])
    np.testing.assert_allclose(got, np.array(expected, float), rtol=1e-12)
    logs = ours.log_mass(LOW[:4], HIGH[:4])
    np.testing.assert_allclose(logs, np.log(got), rtol=1e-12, atol=1e-14)
    assert ours.quantile(np.array([0.5]), upper=False) is None


def test_no_interval_has_no_mass():
    """Empty intervals are empty, and so is the answer to no question."""
    ours = planner.integrals(problem())
    assert ours.mass(LOW[:0], HIGH[:0]).shape == (0,)
    assert (ours.mass(HIGH[2:5], HIGH[2:5]) == 0.0).all()
    assert (ours.log_mass(HIGH[2:5], HIGH[2:5]) == -np.inf).all()


PLANE = np.array([[0.0, 0.0], [0.7, 0.7], [-0.4, 1.1], [2.0, -0.3]])
SHARES = np.array([0.1, 0.2, 0.3, 0.4])
MATRIX = np.array([[0.5, 0.3], [0.3, 0.4]])
BOXES = np.array(
    [
        [(-1.0, -1.0), (1.0, 1.5)],
        [(0.0, 0.0), (0.7, 0.7)],
        [(-0.1, 0.2), (-0.09, 3.0)],
        [(1.0, 1.0), (1.0, 2.0)],
    ]
)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("bandwidth", [MATRIX, np.array([0.3, 0.5])], ids=["H", "h"])
def test_boxes_in_the_plane(name, bandwidth):
    """Radial kernels, by quadrature over the box; points on faces and corners."""
    case = problem(name, SHARES, x=PLANE, h=bandwidth)
    got = planner.integrals(case).mass(BOXES[:, 0], BOXES[:, 1])
    root = case.scale.root
    root = np.diag(bandwidth) if root is None else root
    expected = [
        exact.box_mass(case.kernel.pdf, PLANE, SHARES, root, low, high)
        for low, high in BOXES
    ]
    # the rule of the oracle meets kinks
    rough = 3e-3 if name == "tophat" else 2e-5 if name in COMPACT else 3e-5
    smooth = name in {"gaussian", "logistic", "cauchy"}
    np.testing.assert_allclose(got, expected, atol=1e-12 if smooth else rough)


@pytest.mark.parametrize("name", KERNELS)
def test_boxes_of_products(name):
    """A product over the axes is a product of intervals, right also where tiny."""
    case = problem(Kernel(name, product=True), x=PLANE, h=np.array([0.3, 0.5]))
    low, high = np.array([[-0.2, 1.0]]), np.array([[-0.2 + 1e-9, np.inf]])
    got = planner.integrals(case).mass(low, high)[0]
    with mp.workdps(exact.DIGITS):
        expected = sum(
            exact.line_mass(name, PLANE[i, :1], None, 0.3, low[0, 0], high[0, 0])
            * exact.line_mass(name, PLANE[i, 1:], None, 0.5, 1.0, np.inf)
            for i in range(4)
        )
        assert abs(got / (expected / 4) - 1) < 1e-12


@pytest.mark.parametrize("d", [2, 3, 4])
def test_gaussians_with_a_matrix(d):
    """All ways to a Gaussian box agree with SciPy's, and with each other."""
    factor = np.random.default_rng(d).normal(size=(d, d))
    matrix = factor @ factor.T + 0.3 * np.eye(d)
    x = np.random.default_rng(d).normal(size=(3, d))
    low, high = np.full((1, d), -1.0), np.full((1, d), 1.5)
    high[0, -1] = np.inf
    case = problem(x=x, h=matrix)
    got = planner.integrals(case).mass(low, high)[0]
    expected = np.mean(
        [
            stats.multivariate_normal(
                point, matrix, maxpts=10**6, abseps=1e-9, releps=1e-9
            ).cdf(np.minimum(high[0], 60.0), lower_limit=low[0])
            for point in x
        ]
    )
    tolerance = {2: 1e-7, 3: 1e-7, 4: 3e-5}[d]
    assert abs(got - expected) < tolerance
    rest = [(end - x) for end in (low, np.minimum(high, 100.0))]
    weights = np.full(3, 1 / 3)
    for masses in (
        separated_masses(Kernel(), case.scale.root, *rest, weights),
        ray_masses("gaussian", case.scale.root, *rest, weights),
    ):
        parts, error = masses
        assert abs(weights @ parts - expected) < 3 * error + tolerance


@pytest.mark.parametrize("name", [n for n in KERNELS if n != "gaussian"])
@pytest.mark.parametrize("product", [False, True])
def test_boxes_in_space(name, product):
    """Boxes share the mass of larger ones, and hold it all together."""
    matrix = np.array([[0.5, 0.2, 0.1], [0.2, 0.4, 0.0], [0.1, 0.0, 0.3]])
    x = np.random.default_rng(2).normal(size=(3, 3))
    case = problem(Kernel(name, product=product), x=x, h=matrix)
    far = np.inf
    low = np.array([[-far] * 3, [-far, -far, 0.2], [-far] * 3, [-far] * 3])
    high = np.array([[far] * 3, [far] * 3, [far, far, 0.2], [0.2, far, far]])
    whole, above, below, first = planner.integrals(case).mass(low, high)
    assert whole == pytest.approx(1.0, abs=1e-9)
    assert above + below == pytest.approx(1.0, abs=2e-4)
    draws = case.kernel.sample(1 << 17, 3, np.random.default_rng(0)) @ case.scale.root.T
    seen = np.mean([(draws + point)[:, 0] < 0.2 for point in x])
    assert first == pytest.approx(seen, abs=6e-3)


def test_local_bandwidths_in_space():
    """One point with twice the bandwidth is a point of its own."""
    factors = np.array([1.0, 2.0, 0.5, 1.0])
    case = problem("cauchy", SHARES, factors, x=PLANE, h=MATRIX)
    got = planner.integrals(case).mass(BOXES[:, 0], BOXES[:, 1])
    parts = [
        planner.integrals(
            problem("cauchy", x=PLANE[i : i + 1], h=MATRIX * factors[i] ** 2)
        ).mass(BOXES[:, 0], BOXES[:, 1])
        for i in range(4)
    ]
    np.testing.assert_allclose(got, SHARES @ parts, atol=1e-12)
