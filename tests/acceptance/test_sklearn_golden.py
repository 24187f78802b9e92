"""Golden numbers of sklearn.neighbors.KernelDensity, and the class on the same data."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.neighbors

from parzen import Kernel, KernelDensity, kde

pytestmark = pytest.mark.peers

# Heights K(0) at h = 1 in 1, 2, 3, 5 and 10 dimensions, 12 digits. The cosine's are the
# true ones: scikit-learn's are wrong in even dimensions (0.25 in two).
HEIGHTS = {
    "gaussian": [
        0.398942280401,
        0.159154943092,
        0.0634936359342,
        0.0101053260138,
        0.000102117613845,
    ],
    "tophat": [0.5, 0.318309886184, 0.238732414638, 0.189977219329, 0.392131637166],
    "epanechnikov": [0.75, 0.636619772368, 0.596831036595, 0.664920267653, 2.352789823],
    "exponential": [
        0.5,
        0.159154943092,
        0.039788735773,
        0.00158314349441,
        1.08060967032e-07,
    ],
    "linear": [1.0, 0.954929658551, 0.954929658551, 1.13986331598, 4.31344800883],
    "cosine": [
        0.785398163397,
        0.687984598471,
        0.659872510686,
        0.758165935026,
        2.78963528815,
    ],
}
# X = arange(6) as three rows, h = 3, weights 1, 2, 3, at (1, 1) and (2, 3.5).
SCORES = {
    "gaussian": [-4.6609184689561705, -4.288232268774818],
    "tophat": [-4.035101643745565, -3.5242760199795744],
    "epanechnikov": [-3.865202606950168, -3.3893567020802036],
    "exponential": [-5.023833697153994, -4.620670957052155],
    "linear": [-3.8730213310092734, -3.261911755512083],
    # scikit-learn's, with the height put right
    "cosine": [
        -4.8776287271752885 + math.log(0.687984598471 / 0.25),
        -4.378954031112054 + math.log(0.687984598471 / 0.25),
    ],
}


def test_the_example_of_the_docstring():
    """RandomState(42), h = 0.5, the first three log densities."""
    X = np.random.RandomState(42).random_sample((100, 3))
    scores = KernelDensity(kernel="gaussian", bandwidth=0.5).fit(X).score_samples(X[:3])
    # stored with 8 decimals
    expected = [-1.52955942, -1.51462041, -1.60244657]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=5.1e-9)


@pytest.mark.parametrize("kernel", HEIGHTS)
def test_heights(kernel):
    """K(0) in five dimensions, from the norm and from a density of one point."""
    for d, height in zip((1, 2, 3, 5, 10), HEIGHTS[kernel], strict=True):
        assert math.exp(Kernel(kernel).log_norm(d)) == pytest.approx(height, rel=1e-10)
        one = kde(np.zeros((1, d)), bandwidth=1.0, kernel=kernel)
        assert one.pdf(np.zeros(d)) == pytest.approx(height, rel=1e-10)


@pytest.mark.parametrize("kernel", SCORES)
def test_weighted_scores(kernel):
    """Two queries by hand, every kernel that scikit-learn has."""
    X = np.arange(6.0).reshape(3, 2)
    model = KernelDensity(kernel=kernel, bandwidth=3.0)
    model.fit(X, sample_weight=[1.0, 2.0, 3.0])
    scores = model.score_samples([[1.0, 1.0], [2.0, 3.5]])
    # the cosine's height is known to 12 digits
    np.testing.assert_allclose(scores, SCORES[kernel], rtol=1e-12)


@pytest.mark.parametrize("kernel", SCORES)
@pytest.mark.parametrize("d", [1, 3])
def test_the_same_call_has_the_same_answer(kernel, d):
    """In few and odd dimensions scikit-learn is exact: only the import differs."""
    rng = np.random.default_rng(d)
    X, q, w = rng.normal(size=(60, d)), rng.normal(size=(40, d)), rng.uniform(1, 3, 60)
    theirs = sklearn.neighbors.KernelDensity(kernel=kernel, bandwidth=1.5)
    ours = KernelDensity(kernel=kernel, bandwidth=1.5)
    theirs.fit(X, sample_weight=w)
    ours.fit(X, sample_weight=w)
    # the tree adds and takes away bounds: 1e-8 is what it keeps near the data
    np.testing.assert_allclose(
        np.exp(ours.score_samples(q)), np.exp(theirs.score_samples(q)), rtol=1e-8
    )


def test_the_log_tail_is_ours():
    """In ten dimensions scikit-learn's log densities break a bound that ours keep.

    log f lies between the nearest point's term over n and n times that, for any data.
    """
    rng = np.random.default_rng(1)
    X, q = rng.normal(size=(2000, 10)), rng.normal(size=(200, 10))
    h = 0.1
    nearest = np.array([((X - row) ** 2).sum(axis=1).min() for row in q])
    top = -nearest / (2 * h**2) - 5 * math.log(2 * math.pi) - 10 * math.log(h)
    low = top - math.log(len(X))

    def misses(estimator):
        scores = estimator(bandwidth=h).fit(X).score_samples(q)
        return np.maximum(low - scores, scores - top)

    assert misses(KernelDensity).max() <= 1e-9
    # tens of nats for many queries (scikit-learn issue 7492)
    assert misses(sklearn.neighbors.KernelDensity).max() > 10
