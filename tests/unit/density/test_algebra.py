from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from scipy import integrate, stats

import parzen
from parzen import Kernel, LocalBandwidth
from parzen.density import Density
from parzen.errors import CapabilityError, DataError, ParzenError, ShapeError
from tests import reference, reference_algebra

RNG = np.random.default_rng(5)
XYZ = RNG.normal(size=(6, 3)) @ np.array([[1.0, 0.6, 0.0], [0.0, 1.0, -0.4], [0, 0, 1]])
W = np.array([1.0, 2.0, 0.5, 3.0, 1.0, 0.25])
LOCAL = np.array([1.0, 0.7, 1.5, 2.0, 1.2, 0.9])
H = np.array([[1.2, 0.5, 0.1], [0.5, 2.0, -0.6], [0.1, -0.6, 1.5]])
FORMS = {"number": 1.3, "widths": np.array([0.9, 1.4, 1.1]), "matrix": H}
POWERS = ("tophat", "epanechnikov", "biweight", "triweight")


def near(axes, m=3, spread=0.7):
    """Queries near the data, some of them beyond compact kernels."""
    rng = np.random.default_rng(11)
    rows = rng.integers(len(XYZ), size=m)
    return XYZ[rows][:, list(axes)] + spread * rng.normal(size=(m, len(axes)))


def shaped(q, density):
    """Queries as the density wants them: 1-D where it answers in 1-D."""
    return q[:, 0] if density.pdf(0.0).ndim == 0 and q.shape[1] == 1 else q


class TestMarginal:
    @pytest.mark.parametrize(
        ("name", "form"),
        [*((name, "matrix") for name in reference.KERNELS)]
        + [(name, form) for name in POWERS for form in ("number", "widths")],
    )
    def test_of_a_radial_kernel_on_a_line(self, name, form):
        """Of a radial kernel on a line."""
        h = FORMS[form]
        density = parzen.kde(
            XYZ, bandwidth=LocalBandwidth(h, LOCAL), kernel=name, weights=W
        )
        q = near((1,))
        line = density.marginal(1)
        assert isinstance(line, Density)
        want = reference_algebra.marginal(XYZ, q, h, name, (1,), weights=W, local=LOCAL)
        np.testing.assert_allclose(line.pdf(q[:, 0]), want, rtol=2e-9, atol=1e-15)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("name", ["gaussian", "cauchy"])
    def test_in_a_plane_in_any_order(self, name, form):
        """In a plane in any order."""
        h = FORMS[form]
        density = parzen.kde(XYZ, bandwidth=h, kernel=name, weights=W)
        for axes in ((0, 2), (2, 0), (2, 0, 1)):
            q = near(axes)
            got = density.marginal(list(axes)).pdf(q)
            want = reference_algebra.marginal(XYZ, q, h, name, axes, weights=W)
            np.testing.assert_allclose(got, want, rtol=1e-9)

    @pytest.mark.parametrize("name", ["tricube", "gaussian", "logistic"])
    def test_of_a_product_kernel(self, name):
        """Of a product kernel."""
        h = FORMS["widths"]
        kernel = Kernel(name, product=True)
        density = parzen.kde(XYZ, bandwidth=h, kernel=kernel)
        q = near((2, 0))
        got = density.marginal((2, 0)).pdf(q)
        want = reference_algebra.marginal(XYZ, q, h, name, (2, 0), product=True)
        np.testing.assert_allclose(got, want, rtol=1e-9)

    def test_a_tophat_without_two_axes_is_a_parabola(self):
        """A tophat without two axes is a parabola."""
        x = np.random.default_rng(0).normal(size=(5, 4))
        plane = parzen.kde(x, bandwidth=1.5, kernel="tophat").marginal([3, 1])
        assert plane.kernel == Kernel("epanechnikov")
        q = x[:, [3, 1]] + 0.2
        want = reference_algebra.marginal(x, q, 1.5, "tophat", (3, 1))
        np.testing.assert_allclose(plane.pdf(q), want, rtol=1e-9)

    def test_names_and_numbers(self):
        """Dimensions go by name or number."""
        density = parzen.kde(XYZ, bandwidth=1.0)
        named = parzen.kde(_Frame(XYZ, ["a", "b", "c"]), bandwidth=1.0)
        assert named.marginal(["c", "a"]).columns == ("c", "a")
        assert named.marginal("b").columns == ("b",)
        assert named.marginal("b").pdf([0.0, 1.0]).shape == (2,)
        np.testing.assert_array_equal(
            density.marginal(-1).pdf([0.3]), named.marginal("c").pdf([0.3])
        )
        assert density.marginal([0, 1, 2]) is density

    @pytest.mark.parametrize("dims", [3, -4, "x", [0, 0], [], [0, 3], None, True, 1.0])
    def test_refuses_dimensions_that_are_not_there(self, dims):
        """Refuses dimensions that are not there."""
        with pytest.raises(ShapeError, match="`dims` must"):
            parzen.kde(XYZ, bandwidth=1.0).marginal(dims)

    def test_refuses_what_no_kernel_is(self):
        """Refuses what no kernel is."""
        with pytest.raises(CapabilityError, match="product=True"):
            parzen.kde(XYZ, bandwidth=1.0, kernel="tricube").marginal([0, 1])
        tilted = parzen.kde(XYZ, bandwidth=H, kernel=Kernel("cosine", product=True))
        with pytest.raises(CapabilityError, match="matrix"):
            tilted.marginal(0)

    @pytest.mark.parametrize(
        ("boundary", "bounds"),
        [
            (None, [(-1.0, 1.5), (-0.5, 2.0)]),
            (None, [None, (0.0, None)]),
            ("reflect", [(-4.0, 4.0), (-5.0, None)]),
            ("reflect", [None, (-5.0, 6.0)]),
            (parzen.Reflect(1.0, 0.0), [(-4.0, 3.5), (-5.0, 3.0)]),
            ("periodic", [(-2.0, 2.0), (-3.0, 3.0)]),
            ("transform", [(-4.0, 4.0), (-5.0, None)]),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("kernel", ["gaussian", "product", "skew"])
    def test_within_bounds(self, boundary, bounds, kernel):
        """Quadrature of the bounded density agrees."""
        shape = {
            "gaussian": "gaussian",
            "product": Kernel("epanechnikov", product=True),
            "skew": stats.gumbel_r(),
        }[kernel]
        xy = XYZ[:, :2]
        density = parzen.kde(
            xy,
            bandwidth=LocalBandwidth(np.array([0.8, 0.6]), LOCAL),
            kernel=shape,
            weights=W,
            bounds=bounds,
            boundary=boundary,
        )
        line = density.marginal(0)
        q = np.array([-0.9, 0.3, 1.2])
        low, high = bounds[1]
        low, high = -60.0 if low is None else low, 80.0 if high is None else high
        inner = np.concatenate([xy[:, 1] + s * 0.6 * LOCAL for s in (-1, 0, 1)])
        mirrors = [2 * e - inner for e in (low, high)]
        shifted = [inner + k * (high - low) for k in (-1, 1)]
        places = np.concatenate([inner, *mirrors, *shifted, [low, high, -4, 4, 8]])
        edges = np.unique(places[(places >= low) & (places <= high)])
        edges = np.unique(
            np.concatenate(
                [edges, np.linspace(low, high, 60 if high - low > 20 else 9)]
            )
        )
        if boundary == "transform":
            # from the bound on, in equal ratios
            kinks = (
                np.log(xy[:, 1] - low)[:, None]
                + np.array([-0.6, 0, 0.6]) * LOCAL[:, None]
            )
            edges = low + np.exp(np.union1d(kinks.ravel(), np.linspace(-12, 30, 300)))
        t, s = np.polynomial.legendre.leggauss(20)
        half = 0.5 * np.diff(edges)
        nodes = (edges[:-1] + half)[:, None] + half[:, None] * t
        for value, got in zip(q, line.pdf(q), strict=True):
            points = np.stack([np.full(nodes.size, value), nodes.ravel()], axis=1)
            values = density.pdf(points).reshape(nodes.shape)
            want = float(((values @ s) * half).sum())
            assert got == pytest.approx(want, rel=1e-7)

    def test_mirrors_fold_correlated_kernels_too(self):
        """Mirrors fold correlated kernels too."""
        xy = XYZ[:, :2]
        h = H[:2, :2]
        bounds = [(-4.0, 4.0), (-5.0, 5.0)]
        density = parzen.kde(xy, bandwidth=h, bounds=bounds, boundary="reflect")
        line = density.marginal(1)
        y = np.linspace(-4, 4, 8001)
        points = np.stack([y, np.full_like(y, 0.7)], axis=1)
        want = integrate.simpson(density.pdf(points), x=y)
        assert line.pdf(0.7) == pytest.approx(want, rel=1e-8)
        assert line.bounds == (-5.0, 5.0)

    def test_keeps_signs_nodes_and_the_engine(self):
        """Keeps signs nodes and the engine."""
        signed = np.array([1.0, 2.0, -0.5, 3.0, 1.0, 0.25])
        density = parzen.kde(XYZ, bandwidth=1.0, weights=signed, signed_weights=True)
        q = near((1,))
        want = reference_algebra.marginal(XYZ, q, 1.0, "gaussian", (1,), weights=signed)
        np.testing.assert_allclose(density.marginal(1).pdf(q[:, 0]), want, rtol=1e-9)
        by_hand = parzen.kde(XYZ, bandwidth=1.0, method="tree").marginal(1)
        assert by_hand.method == "tree"
        plane = parzen.kde(XYZ[:, :2], bandwidth=1.0, method="nufft")
        assert plane.marginal(0).method != "nufft"

    def test_merges_nodes(self):
        """Merges nodes."""
        x = np.random.default_rng(2).normal(size=(4000, 2))
        binned = parzen.BinnedSample.of(x, limits=[(-5, 5)] * 2, grid_size=40)
        density = parzen.kde(binned, bandwidth=0.6)
        line = density.marginal(0)
        assert len(line.points) <= 40
        assert line.sample_size == 4000
        want = reference.density(
            density.points[:, 0], [0.2, 1.0], 0.6, weights=density.weights
        )
        np.testing.assert_allclose(line.pdf([0.2, 1.0]), want, rtol=1e-9)


def images_of(kernel):
    """A kernel and its bandwidth that conditionals know, by a short name."""
    return {
        "gaussian": ("gaussian", H),
        "widths": ("gaussian", FORMS["widths"]),
        "cauchy": ("cauchy", H),
        "ball": ("biweight", 4.0),
        "ellipse": ("tophat", 6.0 * H),
        "product": (Kernel("tricube", product=True), 4.0),
    }[kernel]


class TestConditional:
    @pytest.mark.parametrize("dims", [(0, 1), (2, 0), (1,), (2,)], ids=repr)
    @pytest.mark.parametrize(
        "which", ["gaussian", "widths", "cauchy", "ball", "ellipse", "product"]
    )
    def test_times_marginal_is_the_joint_density(self, which, dims):
        """Times marginal is the joint density."""
        kernel, h = images_of(which)
        rest = [k for k in range(3) if k not in dims]
        density = parzen.kde(
            XYZ, bandwidth=LocalBandwidth(h, LOCAL), kernel=kernel, weights=W
        )
        value = np.array([0.3, -0.4, 0.2])[list(dims)]
        if which == "cauchy" and len(rest) > 1:
            with pytest.raises(CapabilityError, match="slice"):
                density.conditional(list(dims), value)
            return
        given = density.conditional(list(dims), value)
        assert isinstance(given, Density)
        q = near(rest, 6)
        points = np.empty((6, 3))
        points[:, rest], points[:, list(dims)] = q, value
        name = getattr(kernel, "name", kernel)
        product = which == "product"
        want = reference_algebra.joint(
            XYZ, points, h, name, product=product, weights=W, local=LOCAL
        )
        there = reference_algebra.marginal(
            XYZ, value[None], h, name, dims, product=product, weights=W, local=LOCAL
        )
        got = given.pdf(q[:, 0] if len(rest) == 1 else q) * there[0]
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-14)

    @pytest.mark.parametrize(
        ("boundary", "bounds"),
        [
            (None, [(-1.0, 1.5), (-0.5, 2.0)]),
            ("reflect", [(-4.0, 4.0), (-5.0, None)]),
            (parzen.Reflect(1.0, 0.0), [(-4.0, 3.5), (-5.0, 3.0)]),
            ("periodic", [(-2.0, 2.0), (-3.0, 3.0)]),
            ("transform", [(-4.0, 4.0), (-5.0, None)]),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize(
        "kernel", ["gaussian", "product", "skew", "matrix", "ball"]
    )
    def test_within_bounds(self, boundary, bounds, kernel):
        """Quadrature of the bounded density agrees."""
        shape = {
            "product": Kernel("epanechnikov", product=True),
            "skew": stats.gumbel_r(),
            "ball": "triweight",
        }.get(kernel, "gaussian")
        h = H[:2, :2] if kernel == "matrix" else np.array([0.8, 0.9])
        made = {
            "bandwidth": LocalBandwidth(h, LOCAL),
            "kernel": shape,
            "weights": W,
            "bounds": bounds,
            "boundary": boundary,
        }
        density = parzen.kde(XYZ[:, :2], **made)
        cut = boundary is None or isinstance(boundary, parzen.Reflect)
        for axis, value in ((0, 0.4), (1, -0.3)):
            given = density.conditional(axis, value)
            q = np.array([-0.45, 0.3, 1.1])
            points = np.empty((3, 2))
            points[:, axis], points[:, 1 - axis] = value, q
            values = density.pdf(points)
            if kernel in ("matrix", "ball") and cut:
                with pytest.raises(CapabilityError, match="another shape"):
                    density.marginal(axis)
                ratio = given.pdf(q) / values
                np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
                continue
            want = values / density.marginal(axis).pdf(value)
            np.testing.assert_allclose(given.pdf(q), want, rtol=1e-7)

    def test_far_from_all_data(self):
        """Far from all data."""
        density = parzen.kde(XYZ, bandwidth=H, weights=W)
        given = density.conditional([0, 1], [900.0, -700.0])
        inner, cross = H[:2, :2], H[2, :2]
        pull = cross @ np.linalg.inv(inner)
        away = np.array([900.0, -700.0]) - XYZ[:, :2]
        logs = np.log(W) - 0.5 * np.einsum(
            "ij,jk,ik->i", away, np.linalg.inv(inner), away
        )
        shares = np.exp(logs - logs.max())
        centres = XYZ[:, 2] + away @ pull
        width = np.sqrt(H[2, 2] - pull @ cross)
        q = centres[np.argmax(logs)] + np.array([-1.0, 0.0, 2.0])
        want = reference.density(centres, q, width, weights=shares)
        np.testing.assert_allclose(given.pdf(q), want, rtol=1e-8)

    @pytest.mark.parametrize("unit", [1e-140, 1e140])
    def test_in_any_unit(self, unit):
        """Units do not matter."""
        small = parzen.kde(XYZ * unit, bandwidth=H * unit * unit).conditional(
            0, 0.3 * unit
        )
        plain = parzen.kde(XYZ, bandwidth=H).conditional(0, 0.3)
        q = near((1, 2))
        np.testing.assert_allclose(
            small.logpdf(q * unit) + 2 * np.log(unit), plain.logpdf(q), rtol=1e-8
        )

    def test_refuses(self):
        """What cannot be is refused, with a reason."""
        density = parzen.kde(XYZ, bandwidth=1.0, kernel="tophat")
        with pytest.raises(DataError, match="positive"):
            density.conditional(0, 50.0)
        with pytest.raises(DataError, match="finite"):
            density.conditional(0, np.nan)
        with pytest.raises(ShapeError, match="leave a dimension"):
            density.conditional([0, 1, 2], [0, 0, 0])
        with pytest.raises(ShapeError, match="one number for each"):
            density.conditional([0, 1], 0.0)
        with pytest.raises(CapabilityError, match="product=True"):
            parzen.kde(XYZ, bandwidth=1.0, kernel="tricube").conditional(0, 0.0)
        bounded = parzen.kde(XYZ, bandwidth=1.0, bounds=[(-3, 3), None, None])
        with pytest.raises(DataError, match="positive"):
            bounded.conditional(0, 4.0)

    def test_signed_weights(self):
        """Negative weights are kept."""
        signed = np.array([1.0, 2.0, -0.5, 3.0, 1.0, 0.25])
        density = parzen.kde(XYZ, bandwidth=1.0, weights=signed, signed_weights=True)
        q = near((1, 2))
        points = np.column_stack([np.full(len(q), 0.1), q])
        want = density.pdf(points) / density.marginal(0).pdf(0.1)
        np.testing.assert_allclose(density.conditional(0, 0.1).pdf(q), want, rtol=1e-7)


BOUNDARIES = [
    (None, None),
    ((0.0, 3.0), None),
    ((-4.0, 4.0), "reflect"),
    ((-4.0, 5.0), parzen.Reflect(0.5, 0.0)),
    ((-2.0, 2.0), "periodic"),
    ((-4.0, None), "renormalize"),
    ((-4.0, 5.0), "linear"),
    ((-4.0, 5.0), "transform"),
    ((None, 5.0), "transform"),
    ([(-5.0, 0.0), (0.0, 5.0)], "reflect"),
    ([(-1.0, 0.0), (0.5, 2.0)], None),
]


class TestAffine:
    @pytest.mark.parametrize(("bounds", "boundary"), BOUNDARIES, ids=repr)
    @pytest.mark.parametrize(
        ("scale", "shift"), [(2.0, 1.0), (-0.5, 3.0), (-1e-150, 0.0)]
    )
    def test_on_a_line(self, bounds, boundary, scale, shift):
        """Change of variable, there and back."""
        x = XYZ[:, 0]
        density = parzen.kde(
            x, bandwidth=0.8, weights=W, bounds=bounds, boundary=boundary
        )
        mapped = density.affine(scale, shift)
        q = np.array([-1.7, -0.9, 0.2, 1.1, 1.9, 7.0])
        want = density.logpdf(q) - np.log(abs(scale))
        np.testing.assert_allclose(
            mapped.logpdf(scale * q + shift), want, rtol=1e-7, atol=1e-7
        )
        back = mapped.affine(1 / scale, -shift / scale)
        np.testing.assert_allclose(back.pdf(q), density.pdf(q), rtol=1e-7, atol=1e-14)

    @pytest.mark.parametrize("boundary", [None, "reflect", "periodic"])
    def test_turns_asymmetric_kernels_over(self, boundary):
        """Turns asymmetric kernels over."""
        bounds = None if boundary is None else (-4.0, 4.0)
        density = parzen.kde(
            XYZ[:, 0],
            bandwidth=0.4,
            kernel=stats.gumbel_r(),
            bounds=bounds,
            boundary=boundary,
        )
        turned = density.affine(-2.0, 1.0)
        q = np.linspace(-3, 3, 9)
        np.testing.assert_allclose(turned.pdf(1 - 2 * q), density.pdf(q) / 2, rtol=1e-8)
        again = turned.affine(-0.5, 0.5)
        assert again.kernel == density.kernel
        copy = pickle.loads(pickle.dumps(turned))
        np.testing.assert_array_equal(copy.pdf(q), turned.pdf(q))

    @pytest.mark.parametrize("form", FORMS)
    def test_axis_by_axis(self, form):
        """Each axis has its factor."""
        density = parzen.kde(XYZ, bandwidth=LocalBandwidth(FORMS[form], LOCAL))
        scale, shift = np.array([2.0, -3.0, 0.1]), np.array([1.0, 0.0, -7.0])
        q = near((0, 1, 2))
        got = density.affine(scale, shift).pdf(q * scale + shift)
        np.testing.assert_allclose(got, density.pdf(q) / 0.6, rtol=1e-8)

    @pytest.mark.parametrize("name", ["gaussian", "tricube", "cauchy"])
    @pytest.mark.parametrize("form", FORMS)
    def test_by_a_matrix(self, form, name):
        """A matrix turns radial kernels."""
        density = parzen.kde(XYZ, bandwidth=FORMS[form], kernel=name, weights=W)
        matrix = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 0.5], [1.0, 0.0, 3.0]])
        shift = np.array([1.0, -2.0, 5.0])
        q = near((0, 1, 2))
        got = density.affine(matrix, shift).pdf(q @ matrix.T + shift)
        want = density.pdf(q) / abs(np.linalg.det(matrix))
        np.testing.assert_allclose(got, want, rtol=1e-8)

    def test_a_permutation_keeps_bounds_and_products(self):
        """A permutation keeps bounds and products."""
        swap = np.array([[0.0, -2.0], [1.0, 0.0]])
        xy = XYZ[:, :2]
        for boundary in (None, "reflect", "periodic", "transform"):
            density = parzen.kde(
                xy,
                bandwidth=0.9,
                kernel=Kernel("cosine", product=True),
                bounds=[(-4, 4), (-5, 4)],
                boundary=boundary,
            )
            q = near((0, 1))
            got = density.affine(swap, [0.0, 1.0]).pdf(q @ swap.T + [0.0, 1.0])
            np.testing.assert_allclose(got, density.pdf(q) / 2, rtol=1e-8)

    @pytest.mark.parametrize("scale", [1e-290, 1e290])
    def test_extreme_units(self, scale):
        """Units near the ends of floats do not matter."""
        density = parzen.kde(XYZ[:, 0], bandwidth=0.8)
        mapped = density.affine(scale)
        np.testing.assert_allclose(
            mapped.logpdf(0.3 * scale) + np.log(scale), density.logpdf(0.3), rtol=1e-8
        )

    def test_refuses(self):
        """What cannot be is refused, with a reason."""
        line, plane = (
            parzen.kde(XYZ[:, 0], bandwidth=1.0),
            parzen.kde(XYZ, bandwidth=1.0),
        )
        for scale in (0.0, [1.0, 0.0, 2.0], np.ones((3, 3))):
            with pytest.raises(ParzenError, match="inverse"):
                (line if np.ndim(scale) == 0 else plane).affine(scale)
        with pytest.raises(ShapeError, match="`scale`"):
            plane.affine([1.0, 2.0])
        with pytest.raises(ShapeError, match="`shift`"):
            plane.affine(1.0, [1.0, 2.0])
        with pytest.raises(DataError, match="finite"):
            line.affine(np.inf)
        with pytest.raises(DataError, match="units"):
            line.affine(1e308, 1e308)
        with pytest.raises(DataError, match="units"):
            line.affine(5e-324)
        bounded = parzen.kde(
            XYZ, bandwidth=1.0, bounds=[(-9, 9)] * 3, boundary="reflect"
        )
        with pytest.raises(CapabilityError, match="box"):
            bounded.affine(
                np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
            )
        skew = parzen.kde(XYZ, bandwidth=1.0, kernel=stats.gumbel_r())
        with pytest.raises(CapabilityError, match="sign"):
            skew.affine([1.0, -1.0, 1.0])

    def test_nothing_to_do(self):
        """The identity returns the density itself."""
        line = parzen.kde(XYZ[:, 0], bandwidth=1.0)
        assert line.affine() is line


class TestTruncate:
    def test_is_a_density_without_correction(self):
        """Is a density without correction."""
        x = XYZ[:, 0]
        density = parzen.kde(x, bandwidth=0.7, weights=W)
        cut = density.truncate((0.0, None))
        assert isinstance(cut, Density)
        assert cut.bounds == (0.0, np.inf)
        same = parzen.kde(x, bandwidth=0.7, weights=W, bounds=(0.0, None))
        q = np.linspace(-1, 3, 9)
        np.testing.assert_allclose(cut.pdf(q), same.pdf(q), rtol=1e-12)
        several = cut.truncate([(-3.0, 0.5), (1.0, 2.0)])
        assert several.bounds == [(0.0, 0.5), (1.0, 2.0)]
        assert density.truncate(None) is density

    def test_in_a_plane(self):
        """Bounds on one axis of two."""
        density = parzen.kde(XYZ[:, :2], bandwidth=0.7).truncate([(0, None), None])
        want = parzen.kde(XYZ[:, :2], bandwidth=0.7, bounds=[(0, None), None])
        q = near((0, 1))
        np.testing.assert_allclose(density.pdf(q), want.pdf(q), rtol=1e-12)

    @pytest.mark.parametrize(("bounds", "boundary"), BOUNDARIES[1:], ids=repr)
    def test_within_any_bounds(self, bounds, boundary):
        """Within any bounds."""
        density = parzen.kde(
            XYZ[:, 0], bandwidth=0.8, weights=W, bounds=bounds, boundary=boundary
        )
        cut = density.truncate((-0.5, 0.75))
        q = np.array([-0.6, -0.4, 0.1, 0.6, 0.8])
        edges = [-0.5, -0.25, 0.0, 0.25, 0.5, 0.75]
        t, s = np.polynomial.legendre.leggauss(24)
        total = sum(
            0.5 * (b - a) * s @ density.pdf(0.5 * (a + b) + 0.5 * (b - a) * t)
            for a, b in itertools.pairwise(edges)
        )
        want = np.where((q >= -0.5) & (q <= 0.75), density.pdf(q) / total, 0.0)
        np.testing.assert_allclose(cut.pdf(q), want, rtol=1e-7)

    def test_refuses_bounds_without_mass(self):
        """Refuses bounds without mass."""
        density = parzen.kde(XYZ[:, 0], bandwidth=0.1, kernel="tophat")
        with pytest.raises(DataError, match="`bounds`"):
            density.truncate((90.0, 91.0))
        with pytest.raises(DataError, match="`bounds`"):
            density.truncate((0.0, 1.0)).truncate((1.5, 2.0))
        with pytest.raises(DataError, match="rising"):
            density.truncate((1.0, 0.0))


class _Frame:
    """What a data frame has to be."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)
