"""Every engine against the oracle, within the error that it states itself."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import parzen
from parzen import AccuracyWarning, CapabilityError, Kernel
from parzen.engines import certified, direct
from parzen.engines.planner import ENGINES
from parzen.engines.tree import plan as tree_plan
from tests import reference
from tests.serving import GRIDS, SERVED, serves
from tests.strategies import covariance

DIMENSIONS = (1, 2, 3, 5, 15)
BANDWIDTHS = ("scalar", "widths", "matrix")
# Nodes on each axis that keep a grid small; its bound says what that costs.
NODES = {1: 400, 2: 70, 3: 30}
# Engines with the ways through each that must agree; "grid" sums its nodes directly.
PATHS = [
    (engine, path)
    for engine in ENGINES
    for path in (("numpy", "compiled") if engine in ("direct", "grid") else ("only",))
]
FORMS = [
    (name, product, d)
    for name, d in itertools.product(reference.KERNELS, DIMENSIONS)
    for product in (False, True)
    if not (product and d == 1)
]


CASES = [
    pytest.param(
        (engine, path),
        Kernel(name, product=product),
        d,
        id=f"{engine}-{path}-{name}-{'product' if product else 'radial'}{d}",
    )
    for (engine, path), (name, product, d) in itertools.product(PATHS, FORMS)
    if serves(engine, name, d)
]


def use_path(monkeypatch, path):
    """Send every direct sum through NumPy, or none; leave it none for being small."""
    monkeypatch.setattr(certified, "FEW_PAIRS", 0)
    monkeypatch.setattr(tree_plan, "FEW_PAIRS", -1)
    monkeypatch.setattr(tree_plan, "build_seconds", lambda _: -1.0)
    if path != "only":
        monkeypatch.setattr(direct, "NUMPY_PAIRS", 1 << 40 if path == "numpy" else 0)


def make_bandwidth(kind, name, rng, d):
    """A bandwidth under which points of unit variance overlap in d dimensions."""
    width = 2.0 * np.sqrt(d) if name in reference.COMPACT else 0.8
    if kind == "scalar":
        return width
    if kind == "widths":
        return width * (0.5 + rng.random(d))
    return width**2 * covariance(rng, d)


def make_weights(kind, rng, n):
    """None, or weights over fifteen orders of magnitude with zeros among them."""
    if kind == "equal":
        return None
    weights = 10.0 ** rng.uniform(-15, 0, n)
    weights[::7] = 0.0
    return weights


def near_and_far(rng, x, width):
    """Queries at points, between them, and out to where the density fades."""
    d = x.shape[1]
    away = rng.normal(size=(8, d)) / np.sqrt(d) * width
    return np.vstack([x[:4], x[:8] + 0.5 * away, x[:8] + away, 5 * away])


@pytest.mark.parametrize(("way", "kernel", "d"), CASES)
def test_engine_keeps_its_own_bound(monkeypatch, rng, way, kernel, d):
    """|g - f| <= absolute + relative f, for every bandwidth and kind of weights."""
    engine, path = way
    name, product = kernel.name, kernel.product
    use_path(monkeypatch, path)
    x = rng.normal(size=(60, d))
    for kind, weighting in itertools.product(BANDWIDTHS, ("equal", "unequal")):
        h = make_bandwidth(kind, name, rng, d)
        weights = make_weights(weighting, rng, len(x))
        q = near_and_far(rng, x, np.sqrt(np.max(h)) if kind == "matrix" else np.max(h))
        exact = reference.density(x, q, h, name, product=product, weights=weights)
        for binning in ("linear", "simple") if engine in GRIDS else ("linear",):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AccuracyWarning)
                density = parzen.kde(
                    x,
                    weights=weights,
                    kernel=kernel,
                    bandwidth=h,
                    method=engine,
                    grid_size=NODES[d] if engine in GRIDS else None,
                    binning=binning,
                )
            assert density.method == engine
            bound = density.decision.bound
            error = np.abs(density.pdf(q) - exact)
            limit = bound.absolute + bound.relative * exact
            assert (error <= limit).all(), (kind, weighting, binning)


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_refuses_what_it_does_not_serve(rng, engine):
    """By a `CapabilityError` that names it and those that do; never an answer."""
    for name, product, d in FORMS:
        x = rng.normal(size=(20, d))
        kernel = Kernel(name, product=product)
        bandwidth = make_bandwidth("matrix", name, rng, d)
        if serves(engine, name, d):
            grid_size = 8 if engine in GRIDS else None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AccuracyWarning)
                parzen.kde(
                    x, kernel=kernel, bandwidth=bandwidth, method=engine,
                    grid_size=grid_size,
                )  # fmt: skip
            continue
        with pytest.raises(CapabilityError, match=f"^method '{engine}' ") as caught:
            parzen.kde(x, kernel=kernel, bandwidth=bandwidth, method=engine)
        for other in ENGINES:
            named = f"'{other}'" in str(caught.value).split("Use ")[1]
            able = serves(other, name, d)
            assert named == able, (name, d)


@pytest.mark.parametrize("path", ["numpy", "compiled"])
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_direct_sum_is_exact_at_any_offset(monkeypatch, rng, path, name, d):
    """The direct sum is right to 1e-11 where an offset leaves few digits."""
    use_path(monkeypatch, path)
    offset = rng.choice((-1.0, 1.0), size=d) * 1e9
    x = offset + rng.normal(size=(40, d))
    q = np.vstack([x[::5], x[:8] + 0.3])
    for kind in BANDWIDTHS:
        h = make_bandwidth(kind, name, rng, d)
        density = parzen.kde(x, kernel=name, bandwidth=h, method="direct")
        exact = reference.density(x, q, h, name)
        np.testing.assert_allclose(density.pdf(q), exact, rtol=1e-11)


@pytest.mark.parametrize("path", ["numpy", "compiled"])
@pytest.mark.parametrize("kind", BANDWIDTHS)
@pytest.mark.parametrize("apart", [1e6, 1e9, 1e12])
def test_clusters_far_apart_do_not_disturb_each_other(
    monkeypatch, rng, path, kind, apart
):
    """Clusters 1e6 bandwidths and more apart are summed to the engine's bound."""
    use_path(monkeypatch, path)
    # whole numbers and quarters: the data are exact at any of these distances
    x = np.rint(4 * rng.normal(size=(60, 2))) / 4
    x[::2] += apart
    h = {"scalar": 1.0, "widths": [0.7, 1.4], "matrix": [[1.0, 0.6], [0.6, 1.0]]}[kind]
    q = x[:20] + np.rint(4 * rng.normal(size=(20, 2))) / 4
    density = parzen.kde(x, bandwidth=h, method="direct")
    exact = reference.density(x, q, h)
    bound = density.decision.bound
    assert bound.relative <= 1e-8
    error = np.abs(density.pdf(q) - exact)
    assert (error <= bound.absolute + bound.relative * exact).all()


@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 3, 10])
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_log_density_lies_in_the_bracket_of_its_terms(rng, name, d, weighted):
    """The largest term bounds the log sum from below, plus log n from above."""
    x = rng.normal(size=(200, d))
    weights = rng.random(200) if weighted else None
    width = 1.5 * np.sqrt(d) if name in reference.COMPACT else 0.1
    q = rng.normal(size=(50, d)) * np.array([[1.0], [5.0]]).repeat(25, axis=0)
    terms = reference.log_terms(x, q, width, name, weights=weights).max(axis=1)
    density = parzen.kde(
        x, weights=weights, kernel=name, bandwidth=width, method="direct"
    )
    logs = density.logpdf(q)
    some = np.isfinite(terms)
    assert (logs[~some] == -np.inf).all()
    lowest, logs = terms[some].astype(float), logs[some]
    rounding = 1e-12 * np.maximum(1.0, np.abs(lowest))
    assert (logs >= lowest - rounding).all()
    assert (logs <= lowest + np.log(200) + rounding).all()


@pytest.mark.parametrize("d", [4, 7])
def test_refusal_names_the_engines_that_can(rng, d):
    """A grid refuses four dimensions and names the engine that serves them."""
    for method in ("gauss_transform", "sweep", "chebyshev", "nufft", *GRIDS):
        with pytest.raises(CapabilityError, match="Use 'direct', 'tree' or 'auto'"):
            parzen.kde(rng.normal(size=(30, d)), method=method)


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_answers_in_its_own_name(rng, engine):
    """An engine chosen by name is the one that answers."""
    names, dimensions = SERVED[engine]
    x = rng.normal(size=(50, dimensions[0]))
    assert parzen.kde(x, kernel=names[0], method=engine).method == engine


@pytest.mark.parametrize("atol", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("name", reference.KERNELS)
@pytest.mark.parametrize("d", [1, 2])
def test_choice_of_engine_stays_within_the_accepted_error(rng, name, d, atol):
    """Whatever engine the planner takes, the answer is within atol + rtol f."""
    x = rng.normal(size=(3000, d))
    density = parzen.kde(x, kernel=name, bandwidth=0.5, atol=atol)
    bound = density.decision.bound
    assert bound.absolute <= atol
    assert bound.relative <= 1e-8
    q = np.vstack([x[:10], 2 * rng.normal(size=(20, d)), np.full((1, d), 1e3)])
    exact = reference.density(x, q, 0.5, name)
    assert (np.abs(density.pdf(q) - exact) <= atol + 1e-8 * exact).all()


@pytest.mark.parametrize(("d", "atol"), [(1, 1e-6), (2, 1e-3)])
def test_accepted_error_makes_the_grid_admissible(rng, d, atol):
    """With many points and an accepted error, "auto" takes the grid and keeps it."""
    x = rng.normal(size=(20_000, d))
    density = parzen.kde(x, bandwidth=0.4, atol=atol)
    assert density.method in ("fft", "diffusion", "gauss_transform", "nufft")
    best = {c.name: c.seconds for c in density.decision.candidates if c.admitted}
    assert density.method == min(best, key=best.get)
    q = 2 * rng.normal(size=(60, d))
    exact = reference.density(x, q, 0.4)
    assert (np.abs(density.pdf(q) - exact) <= atol).all()
    exact = parzen.kde(x, bandwidth=0.4).method
    assert exact == {1: "gauss_transform", 2: "nufft"}[d]
