from __future__ import annotations

import pickle

import numpy as np
import pytest

import parzen
from parzen.distribution.mixture import mixture
from parzen.distribution.product import Product, product
from parzen.errors import CapabilityError, DataError, ParzenError, ShapeError

RNG = np.random.default_rng(9)
A = parzen.kde(RNG.normal(size=30), bandwidth=0.5)
B = parzen.kde(RNG.normal(size=(25, 2)), bandwidth=np.array([[0.5, 0.2], [0.2, 0.4]]))
C = parzen.kde(RNG.normal(size=20), bandwidth=0.7, kernel="epanechnikov")
ALL = product(A, B, C)
Q = RNG.normal(size=(6, 4))


def want(q):
    """The joint density."""
    return A.pdf(q[..., 0]) * B.pdf(q[..., 1:3]) * C.pdf(q[..., 3])


def test_density_and_its_logarithm():
    """Density and its logarithm."""
    assert ALL.n_axes == 4
    np.testing.assert_allclose(ALL.pdf(Q), want(Q), rtol=1e-12)
    np.testing.assert_allclose(
        ALL.logpdf(Q[:2] * 0.1), np.log(want(Q[:2] * 0.1)), rtol=1e-9
    )


def test_factors_beyond_floats():
    """Factors beyond floats."""
    small, large = A.affine(1e-200), A.affine(1e200)
    joint = product(small, large, small, large)
    q = np.array([1e-200, 1e200, 1e-200, 1e200]) * 0.2
    assert joint.pdf(q) == pytest.approx(A.pdf(0.2) ** 4, rel=1e-9)
    assert ALL.pdf([90.0, 0, 0, 0]) == 0.0


def test_mass_and_moments():
    """Mass and moments."""
    lower, upper = (
        np.array([[-1.0, -np.inf, 0.0, -0.5]]),
        np.array([[1.0, np.inf, 9.0, 2.0]]),
    )
    parts = [(A, [0]), (B, [1, 2]), (C, [3])]
    masses = [part._mass(lower[:, k], upper[:, k])[0] for part, k in parts]
    assert ALL._mass(lower, upper)[0] == pytest.approx(np.prod(masses))
    assert ALL._log_mass(lower, upper)[0] == pytest.approx(np.log(masses).sum())
    covariance = ALL._covariance()
    np.testing.assert_allclose(covariance[1:3, 1:3], B._covariance())
    np.testing.assert_array_equal(covariance[0, 1:], 0.0)
    moments = ALL._raw_moments(3, np.array([0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_allclose(moments[:, 1:3], B._raw_moments(3, np.array([0.2, 0.3])))


def test_gradient_and_score():
    """Gradient and score."""
    q, step = Q * 0.3, 1e-5
    numeric = np.stack(
        [(ALL._pdf(q + e) - ALL._pdf(q - e)) / (2 * step) for e in step * np.eye(4)],
        axis=1,
    )
    np.testing.assert_allclose(ALL._gradient(q), numeric, rtol=1e-5, atol=1e-9)
    score = ALL._score(q)
    np.testing.assert_allclose(
        score * ALL._pdf(q)[:, None], numeric, rtol=1e-5, atol=1e-9
    )


def test_marginals_pick_components_in_any_order():
    """Marginals pick components in any order."""
    assert ALL.marginal(0) is A
    np.testing.assert_allclose(ALL.marginal(2).pdf(Q[:, 0]), B.marginal(1).pdf(Q[:, 0]))
    some = ALL.marginal([3, 2, 0])
    expected = C.pdf(Q[:, 0]) * B.marginal(1).pdf(Q[:, 1]) * A.pdf(Q[:, 2])
    np.testing.assert_allclose(some.pdf(Q[:, :3]), expected, rtol=1e-9)
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(
        ALL.marginal(order).pdf(Q[:, order]), ALL.pdf(Q), rtol=1e-9
    )
    np.testing.assert_allclose(
        ALL.marginal([2, 1]).pdf(Q[:, [2, 1]]), B.pdf(Q[:, 1:3]), rtol=1e-9
    )


def test_conditionals():
    """Conditionals ask the components that they are about."""
    given = ALL.conditional([3, 1], [0.1, 0.4])
    expected = A.pdf(Q[:, 0]) * B.conditional(0, 0.4).pdf(Q[:, 1])
    np.testing.assert_allclose(given.pdf(Q[:, :2]), expected, rtol=1e-9)
    np.testing.assert_allclose(
        ALL.conditional([2, 1, 3], [0.2, 0.4, 0.1]).pdf(Q[:, 0]), A.pdf(Q[:, 0])
    )
    with pytest.raises(DataError, match="positive"):
        ALL.conditional(3, 40.0)


def test_affine_maps():
    """Maps may move components, and not mix them."""
    scale, shift = np.array([2.0, -1.0, 3.0, 0.5]), np.arange(4.0)
    np.testing.assert_allclose(
        ALL.affine(scale, shift).pdf(Q * scale + shift), ALL.pdf(Q) / 3.0, rtol=1e-9
    )
    matrix = np.zeros((4, 4))
    matrix[0, 3], matrix[3, 0] = 2.0, -1.0
    matrix[1:3, 1:3] = [[1.0, 2.0], [0.5, -1.0]]
    det = abs(np.linalg.det(matrix))
    np.testing.assert_allclose(
        ALL.affine(matrix, shift).pdf(Q @ matrix.T + shift), ALL.pdf(Q) / det, rtol=1e-9
    )
    matrix[0, 1] = 1.0
    with pytest.raises(CapabilityError, match="mixes"):
        ALL.affine(matrix)


def test_truncation():
    """Boxes cut the components one by one."""
    cut = ALL.truncate([(0, None), None, None, (-0.5, 0.5)])
    q = np.array([0.3, 0.1, -0.2, 0.2])
    expected = (
        A.truncate((0, None)).pdf(0.3)
        * B.pdf(q[1:3])
        * C.truncate((-0.5, 0.5)).pdf(0.2)
    )
    assert cut.pdf(q) == pytest.approx(expected)
    assert cut.pdf([-0.1, 0, 0, 0]) == 0.0


@pytest.mark.parametrize("qmc", [False, True])
def test_draws(qmc):
    """Draws follow the distribution and stay inside."""
    draws = ALL.sample(20_000, rng=4, qmc=qmc)
    assert draws.shape == (20_000, 4)
    np.testing.assert_allclose(np.cov(draws.T), ALL._covariance(), atol=0.06)
    # quasi-random numbers of equal components must not move together
    twice = product(A, A).sample(4096, rng=4, qmc=qmc)
    assert abs(np.corrcoef(twice.T)[0, 1]) < 0.06


def test_nested_products_are_flat():
    """Nested products are flat."""
    nested = product(product(A, B), C)
    assert nested.components == (A, B, C)
    np.testing.assert_array_equal(nested.pdf(Q), ALL.pdf(Q))
    assert product(B) is B


def test_of_mixtures():
    """Products of mixtures are mixtures of products."""
    both = 0.5 * A + 0.5 * C
    joint = product(both, B)
    np.testing.assert_allclose(
        joint.pdf(Q[:, :3]), both.pdf(Q[:, 0]) * B.pdf(Q[:, 1:3])
    )
    again = mixture([product(A, B), product(C, B)])
    np.testing.assert_allclose(again.pdf(Q[:, :3]), joint.pdf(Q[:, :3]), rtol=1e-9)


def test_columns():
    """Names of columns are kept, and must not clash."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    first = parzen.kde(frame, bandwidth=1.0)
    second = parzen.kde(frame["a"].rename("c"), bandwidth=1.0)
    joint = product(second, first)
    assert joint.columns == ("c", "a", "b")
    assert joint.marginal(["b", "c"]).columns == ("b", "c")
    assert product(A, first).columns is None
    with pytest.raises(ShapeError, match="different names"):
        product(first, first)


def test_refuses():
    """What cannot be is refused, with a reason."""
    with pytest.raises(ShapeError, match="at least one"):
        product()
    with pytest.raises(ParzenError, match="distributions"):
        product(A, 2.0)
    with pytest.raises(CapabilityError, match="1-D"):
        ALL._panels()


def test_pickles_and_shows_itself():
    """Pickles and shows itself."""
    copy = pickle.loads(pickle.dumps(ALL))
    np.testing.assert_array_equal(copy.pdf(Q), ALL.pdf(Q))
    assert repr(ALL).startswith("Product(Density(n=30")
    assert isinstance(ALL, Product)
