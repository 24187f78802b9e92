"""Every question to every class: copies, one point, no queries, shapes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import parzen
from parzen import kde, mixture, product

X = np.array([0.5, 1.0, 2.5, 2.5])
W = np.array([1.0, 2.0, 0.5, 3.0])
XY = np.array([[0.5, 1.0], [1.0, 3.0], [2.5, 0.5]])
BOX = [(0.0, 4.0), (0.0, 5.0)]
AT_POINTS = ["pdf", "logpdf", "cdf", "logcdf", "rank"]
SLOPES = ["gradient", "score"]
ON_LINES = ["ccdf", "logccdf", "derivative"]
OF_MASSES = ["icdf", "iccdf"]
NUMBERS = ["mean", "variance", "covariance", "std", "skewness", "kurtosis", "entropy"]
BOUNDARIES = [None, "reflect", "linear", "transform"]


def line(x=X, **options):
    """A density on a line, of bandwidth 0.6."""
    return kde(x, bandwidth=0.6, **options)


LINES = {
    "density": lambda: line(weights=W),
    "local": lambda: kde(X, bandwidth=np.array([0.2, 0.5, 1.0, 0.3])),
    "compact": lambda: line(kernel="biweight"),
    **{
        f"bounds {name}": lambda name=name: line(bounds=(0, 4), boundary=name)
        for name in BOUNDARIES
    },
    "ranges": lambda: line(bounds=[(0, 2), (2.2, 4)], boundary="reflect"),
    "one": lambda: line([1.0]),
    "one within bounds": lambda: line([1.0], bounds=(0, 2), boundary="linear"),
    "mixture": lambda: 0.3 * line() + 0.7 * line([1.0]),
    "truncated": lambda: line().truncate((0.7, 3.0)),
    "affine": lambda: line().affine(-2.0, 3.0),
}
PLANES = {
    "plane": lambda: kde(XY, bandwidth=0.6),
    "matrix": lambda: kde(XY, bandwidth=[[0.4, 0.1], [0.1, 0.3]]),
    "plane within bounds": lambda: kde(XY, bandwidth=0.6, bounds=BOX),
    "one in the plane": lambda: kde(XY[:1], bandwidth=0.6),
    "mixture in the plane": lambda: mixture(
        [kde(XY, bandwidth=0.6), kde(XY[:1], bandwidth=1.0)]
    ),
    "product": lambda: product(line(), line([1.0])),
    "truncated plane": lambda: kde(XY, bandwidth=0.6).truncate(BOX),
}
ALL = {**LINES, **PLANES}


def answers(some):
    """What an object says to all questions, by their names."""
    flat = some.n_axes == 1
    q = np.array([0.9, 1.3, 2.0]) if flat else np.array([[0.9, 1.0], [1.3, 2.0]])
    names = [*AT_POINTS, *SLOPES, *NUMBERS] + ON_LINES * flat + OF_MASSES * flat
    said = {}
    for name in names:
        given = () if name in NUMBERS else (np.array([0.2, 0.9]),)
        said[name] = getattr(some, name)(
            *(given if name in OF_MASSES else (q,) * len(given))
        )
    said["integrate"] = some.integrate(0.8, 2.0)
    said["moment"] = some.moment(3)
    said["sample"] = some.sample(5, rng=1)
    said["even sample"] = some.sample(5, rng=1, qmc=True)
    said["support"] = np.array(some.support())
    said["modes"] = some.modes().location
    said["grid"] = some.grid(9)[1]
    region = some.hdr(0.6)
    said["level"] = region.level
    said["contains"] = region.contains(q)
    return said


@pytest.fixture(scope="module", params=ALL)
def used(request):
    """An object that has answered all questions, with its answers."""
    some = ALL[request.param]()
    return some, answers(some)


def test_copies_of_what_was_used_answer_the_same(used):
    """Bitwise, whatever was prepared for the first answers."""
    some, said = used
    other = pickle.loads(pickle.dumps(some))
    assert repr(other) == repr(some)
    for name, again in answers(other).items():
        np.testing.assert_array_equal(again, said[name], err_msg=name)


def test_answers_are_numbers(used):
    """None is NaN, and each probability is one."""
    some, said = used
    for name, value in said.items():
        assert not np.isnan(value).any(), name
    for name in ("cdf", "rank", "integrate"):
        assert ((said[name] >= 0) & (said[name] <= 1)).all()
    assert some.integrate() == pytest.approx(1, abs=1e-9)


def test_an_empty_question_has_an_empty_answer(used):
    """Of the shape that the question has, nothing computed."""
    some, _ = used
    flat = some.n_axes == 1
    d = () if flat else (2,)
    region = some.hdr(0.5)
    for shape in ((0,), (3, 0)):
        q = np.empty((*shape, *d))
        for name in [*AT_POINTS, *SLOPES] + ON_LINES * flat:
            got = getattr(some, name)(q)
            expected = (*shape, *d) if name in SLOPES else shape
            assert got.shape == expected, name
            assert got.dtype == np.float64, name
        for name in OF_MASSES * flat:
            assert getattr(some, name)(np.empty(shape)).shape == shape
        if flat:
            assert [end.shape for end in some.interval(np.empty(shape))] == [shape] * 2
        assert some.integrate(q, q).shape == shape
        assert region.contains(q).shape == shape
    assert some.sample(0, rng=0).shape == (0, *d)
    assert some.sample(0, rng=0, qmc=True).shape == (0, *d)


def test_columns_of_one_are_lines():
    """Data of shape (n, 1) answer with a last axis of one."""
    column = kde(X[:, None], weights=W, bandwidth=0.6)
    plain = LINES["density"]()
    for some, other in (
        (column, plain),
        (column.truncate((0, 3)), plain.truncate((0, 3))),
        (column * 0.5 + column, plain * 0.5 + plain),
    ):
        q = np.array([0.2, 1.0])
        for name in (*AT_POINTS, "ccdf", "logccdf", "derivative"):
            got = getattr(some, name)(q[:, None])
            np.testing.assert_array_equal(got, getattr(other, name)(q))
        for name in SLOPES:
            got = getattr(some, name)(q[:, None])
            np.testing.assert_array_equal(got[:, 0], getattr(other, name)(q))
        assert some.icdf(q).shape == (2, 1)
        assert some.sample(3, rng=0).shape == (3, 1)
        assert some.modes().location.shape[1:] == (1,)


def test_distances_of_copies_are_zero(used):
    """A copy is no distance away."""
    some, _ = used
    found = parzen.kl(some, pickle.loads(pickle.dumps(some)))
    assert found.value == pytest.approx(0, abs=1e-9)


def test_a_used_density_pickles_without_its_tables(rng):
    """Masses, quantiles and modes leave nothing behind that a pickle would carry."""
    x = rng.normal(size=2000)
    density = parzen.kde(x, bandwidth=0.2)
    density.pdf(x)
    before = len(pickle.dumps(density))
    expected = density.cdf(x), density.icdf([0.1, 0.5]), density.modes().location
    data = pickle.dumps(density)
    assert len(data) < 1.05 * before
    copy = pickle.loads(data)
    np.testing.assert_array_equal(copy.cdf(x), expected[0])
    np.testing.assert_array_equal(copy.icdf([0.1, 0.5]), expected[1])
    np.testing.assert_array_equal(copy.modes().location, expected[2])
