"""statsmodels on the same data with the same bandwidth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from parzen import Kernel, Selector, kde, select_bandwidth

pytestmark = pytest.mark.peers

# In statsmodels, as here, h is half the support of a compact kernel.
KERNELS = {
    "gaussian": "gau",
    "epanechnikov": "epa",
    "tophat": "uni",
    "triangular": "tri",
    "biweight": "biw",
    "triweight": "triw",
    "cosine": "cos",
    "tricube": "tric",
}
X = np.concatenate(
    (
        np.random.default_rng(1).normal(-1, 0.5, 150),
        np.random.default_rng(2).normal(2, 1.0, 50),
    )
)


@pytest.fixture
def nonparametric(require_peer):
    """Density classes of the library."""
    return require_peer("statsmodels.nonparametric.api")


@pytest.fixture
def bandwidths(require_peer):
    """Bandwidth rules of the library."""
    return require_peer("statsmodels.nonparametric.bandwidths")


def direct(nonparametric, kernel, h, weights=None):
    """Fit statsmodels' direct sum on its own grid."""
    model = nonparametric.KDEUnivariate(X)
    model.fit(kernel=KERNELS[kernel], bw=h, fft=False, weights=weights, gridsize=101)
    return model


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
def test_shared_kernels_have_the_same_values(nonparametric, kernel, weighted):
    """On statsmodels' grid, to rounding."""
    w = np.random.default_rng(3).uniform(0.1, 2, len(X)) if weighted else None
    model = direct(nonparametric, kernel, 0.4, w)
    ours = kde(X, weights=w, bandwidth=0.4, kernel=kernel).pdf(model.support)
    # its constants have 16 digits, its sums are in another order
    np.testing.assert_allclose(ours, model.density, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kernel", KERNELS)
def test_shared_kernels_have_the_same_constants(nonparametric, kernel):
    """Roughness and second moment, from which both scale their bandwidths."""
    peer = direct(nonparametric, kernel, 0.4).kernel
    ours = Kernel(kernel)
    assert ours.roughness(1) == pytest.approx(peer.L2Norm, rel=1e-7)
    assert ours.second_moment(1) == pytest.approx(peer.kernel_var, rel=1e-7)


@pytest.mark.parametrize("n", [5, 200])
@pytest.mark.parametrize("rule", ["scott", "silverman"])
def test_rules_of_one_dimension_agree(bandwidths, rule, n):
    """Up to the digits that the constants are rounded to there."""
    x = np.array([1.0, 2, 4, 7, 11]) if n == 5 else X
    theirs = getattr(bandwidths, f"bw_{rule}")(x)
    # 1.059 for 1.05922 and 1.349 for 1.34898
    assert select_bandwidth(x, rule).value == pytest.approx(theirs, rel=3e-4)


def test_the_normal_reference_differs_by_the_robust_spread(bandwidths):
    """Statsmodels puts min(s, IQR/1.349) where the derivation has s."""
    theirs = bandwidths.bw_normal_reference(X)
    q25, q75 = np.quantile(X, [0.25, 0.75])
    s = X.std(ddof=1)
    ratio = s / min(s, (q75 - q25) / 1.349)
    assert select_bandwidth(X, "normal_reference").value == pytest.approx(
        theirs * ratio, rel=1e-3
    )


def test_its_transform_is_met_within_its_own_error(nonparametric):
    """Statsmodels' fft bins, too, and wraps around: its error, not ours, is 1e-3."""
    model = nonparametric.KDEUnivariate(X)
    model.fit(bw=0.4, fft=True)
    exact = kde(X, bandwidth=0.4).pdf(model.support)
    theirs = np.abs(model.density - exact).max()
    density = kde(X, bandwidth=0.4, method="fft")
    ours = np.abs(density.pdf(model.support) - exact).max()
    assert theirs < 1e-3
    assert ours <= density.decision.bound.absolute
    assert ours < theirs


@pytest.mark.parametrize("d", [1, 2, 3])
def test_product_densities_of_several_columns(nonparametric, d):
    """KDEMultivariate with continuous columns: widths per axis, Gaussian."""
    rng = np.random.default_rng(4)
    x, q, h = rng.normal(size=(80, d)), rng.normal(size=(30, d)), np.arange(1.0, d + 1)
    peer = nonparametric.KDEMultivariate(x, "c" * d, bw=h, rng=rng)
    density = kde(x, bandwidth=h)
    np.testing.assert_allclose(density.pdf(q), peer.pdf(q), rtol=1e-11)


PANEL = json.loads(
    (Path(__file__).parents[1] / "published" / "panel.json").read_text(encoding="utf-8")
)


@pytest.fixture
def panel():
    """Two columns of its own tests, from R's package np: growth and incomes."""
    return np.column_stack([PANEL["growth"], PANEL["gdp"]])


def slopes():
    """The regression of its tests, of which it stores bandwidths."""
    rng = np.random.RandomState(12345)
    c1, c2 = rng.normal(size=400), rng.normal(2, 1, size=400)
    return np.column_stack([0.3 + 1.2 * c1 - 0.9 * c2, c1])


def test_least_squares_gives_the_densities_of_r(panel):
    """Stored in its tests: fitted values of R's np, bwmethod = 'cv.ls'."""
    density = kde(panel, bandwidth=Selector("ucv", matrix="diagonal"))
    np.testing.assert_allclose(density.pdf(panel[:5]), PANEL["pdf"], rtol=3e-5)


@pytest.mark.parametrize(
    ("method", "stored"), [("ucv", [0.3404, 0.1666]), ("likelihood", [0.4471, 0.2861])]
)
def test_the_bandwidths_stored_in_its_tests(method, stored):
    """Its simplex stops within 1e-3 of the optimum, on each axis."""
    value = select_bandwidth(slopes(), method, matrix="diagonal").value
    np.testing.assert_allclose(value, stored, rtol=2e-3)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("method", "theirs"), [("ucv", "cv_ls"), ("likelihood", "cv_ml")]
)
def test_cross_validation_finds_no_worse_optimum(nonparametric, panel, method, theirs):
    """By statsmodels' own criterion, which it minimises by simplex steps."""
    model = nonparametric.KDEMultivariate(list(panel.T), "cc", bw=theirs)
    value = select_bandwidth(panel, method, matrix="diagonal").value
    np.testing.assert_allclose(value, model.bw, rtol=2e-3)
    if method == "ucv":
        assert model.imse(value) <= model.imse(model.bw)
    else:
        assert (
            model.loo_likelihood(value, np.log)
            >= model.loo_likelihood(model.bw, np.log) - 1e-6
        )
