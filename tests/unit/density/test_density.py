from __future__ import annotations

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import parzen
from parzen.errors import CapabilityError, DataError, ParzenError, ShapeError
from parzen.kernels import kernel_names

X = np.random.default_rng(1).normal(size=(30, 3))
METHODS = ["direct", "grid", "fft", "diffusion"]
each_method = pytest.mark.parametrize("method", METHODS)
# diffusion serves one dimension and the Gaussian kernel
each_method_and_shape = pytest.mark.parametrize(
    ("method", "shape"),
    [
        *[(method, "flat") for method in METHODS],
        *[(method, 2) for method in METHODS if method != "diffusion"],
    ],
)
each_method_and_kernel = pytest.mark.parametrize(
    ("method", "kernel"),
    [
        *[(method, name) for method in METHODS[:3] for name in kernel_names()],
        ("diffusion", "gaussian"),
    ],
)


def make(shape, method="direct", **keywords):
    """A density of 1-D data, or of columns."""
    x = X[:, 0] if shape == "flat" else X[:, :shape]
    return parzen.kde(x, bandwidth=0.8, method=method, **keywords)


# --- pdf and logpdf -------------------------------------------------------------------


@each_method
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 1, 3)], ids=str)
def test_a_density_of_flat_data_answers_in_the_shape_of_the_query(method, shape):
    """Numbers in, a number out; arrays keep their shape."""
    density = make("flat", method)
    for answer in (density.pdf(np.zeros(shape)), density.logpdf(np.zeros(shape))):
        assert np.shape(answer) == shape
        assert np.isfinite(answer).all()
        assert isinstance(answer, float if shape == () else np.ndarray)


@pytest.mark.parametrize("lead", [(), (0,), (5,), (2, 3)], ids=str)
@pytest.mark.parametrize(
    ("method", "d"),
    [
        *[("direct", 1), ("direct", 2), ("direct", 3)],
        *[("grid", 1), ("grid", 2), ("fft", 1), ("fft", 2), ("diffusion", 1)],
    ],
)
def test_a_density_of_columns_takes_points_in_the_last_axis(method, d, lead):
    """(..., d) in, (...) out, and one column is not flat."""
    density = make(d, method)
    for answer in (density.pdf(np.zeros((*lead, d))), density.logpdf(np.zeros(d))):
        assert isinstance(answer, (float, np.ndarray))
    assert np.shape(density.pdf(np.zeros((*lead, d)))) == lead


def test_flat_and_column_have_the_same_values():
    """Only the shapes differ."""
    q = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(make("flat").pdf(q), make(1).pdf(q[:, None]))


@pytest.mark.parametrize("q", [[0.0, 1.0], (0.0, 1.0), range(2), [False, True]])
def test_queries_are_array_like(q):
    """Lists, tuples, integers and booleans are numbers."""
    expected = make("flat").pdf(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(make("flat").pdf(q), expected)


def test_frames_and_series_are_queries():
    """What fits as data fits as a query."""
    frame = pd.DataFrame(X, columns=list("abc"))
    np.testing.assert_array_equal(make(3).pdf(frame), make(3).pdf(X))
    series = frame["a"]
    np.testing.assert_array_equal(make("flat").pdf(series), make("flat").pdf(X[:, 0]))


@each_method
def test_at_infinity_the_density_is_zero(method):
    """Exactly 0 and -inf, without a warning, and beside finite queries."""
    density = make("flat", method)
    q = [np.inf, 0.0, -np.inf]
    assert density.pdf(q)[[0, 2]].tolist() == [0.0, 0.0]
    assert density.logpdf(q)[[0, 2]].tolist() == [-np.inf, -np.inf]
    assert density.pdf(q)[1] == density.pdf(0.0)
    if method != "diffusion":
        assert make(2, method).pdf([np.inf, 0.0]) == 0.0


@each_method_and_kernel
def test_pdf_and_logpdf_agree(method, kernel):
    """Pdf = exp(logpdf)."""
    density = make("flat", method, kernel=kernel)
    q = np.linspace(-6, 6, 101)
    # logpdf is at most 50 in absolute value, so a rounding is 50 eps
    np.testing.assert_allclose(
        density.pdf(q), np.exp(density.logpdf(q)), rtol=1e-13, atol=0
    )


@pytest.mark.parametrize("answer", ["pdf", "logpdf"])
def test_wrong_queries_are_refused(answer):
    """Each with one clear error; the texts are tested with `checks`."""
    with pytest.raises(DataError, match="`q` must not be NaN"):
        getattr(make("flat"), answer)([0.0, np.nan])
    with pytest.raises(DataError, match="`q` must be numeric"):
        getattr(make("flat"), answer)(["a"])
    with pytest.raises(ShapeError, match="`q` must have 2 coordinates"):
        getattr(make(2), answer)([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="`q` must have 2 coordinates"):
        getattr(make(2), answer)(1.0)


# --- grid -----------------------------------------------------------------------------


def test_a_grid_of_flat_data_is_a_pair_of_arrays():
    """(points, values), 1024 nodes unless asked otherwise."""
    for size, count in ((None, 1024), (7, 7), ((9,), 9)):
        points, values = make("flat").grid(size)
        assert points.shape == values.shape == (count,)
        np.testing.assert_allclose(values, make("flat").pdf(points), rtol=1e-12)


@pytest.mark.parametrize(
    ("d", "size", "shape"),
    [(1, 5, (5,)), (2, (5, 7), (5, 7)), (2, 6, (6, 6)), (3, [3, 4, 5], (3, 4, 5))],
    ids=str,
)
def test_a_grid_of_columns_has_one_axis_each(d, size, shape):
    """(axes, values), values[i, j] at (axes[0][i], axes[1][j])."""
    density = make(d)
    axes, values = density.grid(size)
    assert isinstance(axes, tuple)
    assert tuple(len(axis) for axis in axes) == values.shape == shape
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    np.testing.assert_allclose(values, density.pdf(mesh), rtol=1e-12)


@pytest.mark.parametrize(("d", "nodes"), [(2, 256), (3, 64)])
def test_default_grids(d, nodes):
    """256 or 64 nodes on each axis in 2 or 3 dimensions; `grid_size` comes first."""
    density = parzen.kde(X[:4, :d], bandwidth=0.8)
    assert density.grid()[1].shape == (nodes,) * d
    density = parzen.kde(X[:4, :d], bandwidth=0.8, grid_size=9)
    assert density.grid()[1].shape == (9,) * d
    assert density.grid(4)[1].shape == (4,) * d


@pytest.mark.parametrize("kernel", [k for k in kernel_names() if k != "cauchy"])
def test_a_grid_covers_the_mass(kernel):
    """Beyond the data, until 1e-6 of a kernel's mass is left."""
    points, values = make("flat", kernel=kernel).grid(4001)
    mass = np.trapezoid(values, points)
    # the trapezoid rule at jumps and kinks: one step of the highest value
    assert mass == pytest.approx(1.0, abs=1e-3 if kernel == "tophat" else 2e-5)


@pytest.mark.parametrize(("d", "method"), [(1, "fft"), (2, "fft"), (1, "diffusion")])
def test_a_density_on_a_grid_shows_its_own(d, method):
    """A transform hands out its nodes and values; another size is interpolated."""
    density = parzen.kde(X[:, :d], bandwidth=0.8, method=method, grid_size=64)
    axes, values = density.grid()
    assert values.shape == (64,) * d
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    np.testing.assert_allclose(values, density.pdf(mesh), rtol=1e-9, atol=1e-13)
    again = density.grid(64)[1]
    np.testing.assert_array_equal(again, values)
    coarse_axes, coarse = density.grid(9)
    assert coarse.shape == (9,) * d
    assert [axis[[0, -1]].tolist() for axis in coarse_axes] == [
        axis[[0, -1]].tolist() for axis in axes
    ]


@each_method
def test_a_grid_is_a_copy(method):
    """Writing into it does not change the density."""
    density = make("flat", method)
    points, values = density.grid()
    before = density.pdf(0.0)
    points[:], values[:] = 0.0, 7.0
    assert density.pdf(0.0) == before
    assert density.grid()[1].max() < 1.0


def test_a_grid_above_three_dimensions_is_refused():
    """It would not fit any memory."""
    density = parzen.kde(np.eye(5)[:, :4], bandwidth=1.0)
    with pytest.raises(CapabilityError, match="1, 2 or 3 dimensions; the data have 4"):
        density.grid()


@pytest.mark.parametrize("size", [1, 0, -3, 2.5, "9", True, (3, 3), []], ids=str)
def test_wrong_grid_sizes_are_refused_by_their_name(size):
    """The argument of `grid` is called `size`."""
    with pytest.raises(ParzenError, match=r"^`size` must "):
        make("flat").grid(size)


# --- sample ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ("flat", None, ()),
        ("flat", 0, (0,)),
        ("flat", 5, (5,)),
        (1, None, (1,)),
        (1, 5, (5, 1)),
        (3, None, (3,)),
        (3, 0, (0, 3)),
        (3, np.int64(5), (5, 3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("weights", [None, np.arange(30.0)], ids=["equal", "weighted"])
def test_shapes_of_draws(shape, size, expected, weights):
    """(size,) for flat data, (size, d) for columns, and a single point without size."""
    draws = make(shape, weights=weights).sample(size, rng=0)
    assert np.shape(draws) == expected
    assert np.isfinite(draws).all()


@pytest.mark.parametrize("kernel", kernel_names())
@pytest.mark.parametrize("bandwidth", [0.5, [0.5, 1.0], np.eye(2)], ids=str)
def test_draws_repeat_with_the_seed(kernel, bandwidth):
    """Every kernel and every form of bandwidth; a generator goes on."""
    density = parzen.kde(X[:, :2], bandwidth=bandwidth, kernel=kernel)
    first = density.sample(20, rng=1)
    np.testing.assert_array_equal(density.sample(20, rng=1), first)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(density.sample(20, rng=rng), first)
    assert not np.array_equal(density.sample(20, rng=rng), first)
    assert not np.array_equal(density.sample(20), density.sample(20))


def test_draws_stay_within_a_compact_kernel_of_points_with_weight():
    """Each is within one bandwidth of a point that may be drawn."""
    weights = np.zeros(30)
    weights[[3, 8]] = [1.0, 5.0]
    density = parzen.kde(X, bandwidth=0.01, kernel="epanechnikov", weights=weights)
    draws = density.sample(500, rng=2)
    distance = np.linalg.norm(draws[:, None] - X[[3, 8]], axis=-1)
    nearest = distance.argmin(axis=1)
    assert (distance.min(axis=1) < 0.01).all()
    # 5/6 of 500, within 6 standard deviations of 8.3
    assert abs((nearest == 1).sum() - 500 * 5 / 6) < 50


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_method_on_a_grid_draws_from_the_data(method):
    """Sampling does not depend on the engine."""
    np.testing.assert_array_equal(
        make("flat", method).sample(9, rng=3), make("flat", "direct").sample(9, rng=3)
    )


@pytest.mark.parametrize("size", [-1, 1.5, "a", True, (2, 3), 3.0], ids=str)
def test_wrong_sample_sizes_are_refused(size):
    """The argument, the rule and the value are named."""
    with pytest.raises(ParzenError, match=r"^`size` must be an integer >= 0; got "):
        make("flat").sample(size)


# --- what it says of itself -----------------------------------------------------------


def test_repr_names_size_kernel_bandwidth_and_method():
    """In one line, on which nothing is hidden."""
    assert repr(make("flat")) == (
        "Density(n=30, d=1, kernel='gaussian', bandwidth=0.8, method='direct')"
    )
    kernel = parzen.Kernel("box", product=True)
    density = parzen.kde(X, bandwidth=[1.0, 2.0, 3.0], kernel=kernel)
    assert repr(density) == (
        "Density(n=30, d=3, kernel='product tophat', bandwidth=(3,) array, "
        "method='direct')"
    )


@pytest.mark.parametrize(
    ("bandwidth", "shape"),
    [("auto", (3, 3)), (0.5, ()), ([1.0, 2.0, 3.0], (3,)), (np.eye(3), (3, 3))],
    ids=str,
)
def test_the_bandwidth_has_the_form_it_was_given_in(bandwidth, shape):
    """A float, (d,) or (d, d), and a copy: the density cannot be changed through it."""
    density = parzen.kde(X, bandwidth=bandwidth)
    assert np.shape(density.bandwidth) == shape
    if shape:
        before = density.pdf(X)
        density.bandwidth[:] = 0.0
        np.testing.assert_array_equal(density.pdf(X), before)
    else:
        assert isinstance(density.bandwidth, float)


def test_attributes():
    """Size, dimension, names, kernel and method."""
    density = parzen.kde(pd.DataFrame(X, columns=list("abc")), bandwidth=1.0)
    assert density.sample_size == 30
    assert density.n_axes == 3
    assert density.columns == ("a", "b", "c")
    assert density.kernel == parzen.Kernel("gaussian")
    assert density.method == density.decision.method == "direct"
    assert make("flat").columns is None


# --- immutable ------------------------------------------------------------------------


def test_a_density_is_frozen():
    """No attribute can be set, and the data cannot be written to."""
    density = make(2)
    for name in ("bandwidth_result", "decision", "bandwidth", "anything"):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
            setattr(density, name, 1)


@each_method_and_shape
def test_evaluation_changes_nothing(method, shape):
    """The same question has the same answer, whatever came between."""
    density = make(shape, method, weights=np.arange(30.0))
    q = X[:, 0] if shape == "flat" else X[:, :2]
    before = density.pdf(q)
    density.logpdf(q * 100)
    density.grid(5)
    density.sample(10, rng=0)
    density.explain()
    np.testing.assert_array_equal(density.pdf(q), before)


@each_method_and_shape
@pytest.mark.parametrize(
    "again", [lambda x: pickle.loads(pickle.dumps(x)), copy.copy, copy.deepcopy]
)
def test_densities_pickle_and_copy(method, shape, again):
    """The copy gives bitwise the same answers and draws."""
    density = make(shape, method, weights=np.arange(30.0))
    density.sample(1, rng=0)
    other = again(density)
    q = X[:, 0] if shape == "flat" else X[:, :2]
    np.testing.assert_array_equal(other.logpdf(q), density.logpdf(q))
    np.testing.assert_array_equal(other.sample(9, rng=1), density.sample(9, rng=1))
    assert repr(other) == repr(density)
    assert other.explain() == density.explain()


def test_threads_may_share_a_density():
    """Concurrent callers get the answers of one caller."""
    x = np.random.default_rng(5).normal(size=1500)
    density = parzen.kde(x, bandwidth=0.2, n_jobs=2)
    queries = [np.linspace(-3, 3, 100) + shift for shift in range(4)]
    expected = [density.logpdf(q) for q in queries]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(density.logpdf, queries))
    for answer, one in zip(answers, expected, strict=True):
        np.testing.assert_array_equal(answer, one)


def test_a_frame_must_have_the_columns_of_the_data():
    """Reordered columns would silently be other coordinates."""
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    density = parzen.kde(frame)
    np.testing.assert_array_equal(
        density.logpdf(frame), density.logpdf(frame.to_numpy())
    )
    with pytest.raises(
        ShapeError, match=r"\['a', 'b'\], in this order; got \['b', 'a'\]"
    ):
        density.logpdf(frame[["b", "a"]])


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_data_weights_and_bandwidth_stay_read_only(again):
    """In the original, in copies and after a pickle."""
    made = parzen.kde(
        X, weights=np.arange(1.0, len(X) + 1), bandwidth=np.eye(X.shape[1])
    )
    for density in (made, again(made)):
        for array in (density.points, density.weights, density.bandwidth_result.value):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 7.0
