"""Saving and loading: the same answers, small files, and nothing executed."""

from __future__ import annotations

import copy
import io
import itertools
import json
import os
import pickle
import stat
import warnings
import zipfile

import numpy as np
import pytest
from scipy import stats

import parzen
from parzen import (
    BinnedSample,
    CapabilityError,
    DataError,
    Kernel,
    KernelDensity,
    LocalBandwidth,
    Reflect,
    kde,
    load,
)

METHODS = ("direct", "grid", "fft", "diffusion")
KERNELS = {
    "gaussian": "gaussian",
    "biweight": "biweight",
    "product": Kernel("triangular", product=True),
    "cauchy": "cauchy",
    "t": stats.t(5),
    "moyal": stats.moyal(),
}
# Summed in NumPy; and those that a grid cuts.
SLOW, ENDING = ("t", "moyal"), ("biweight", "product", "cauchy")
BOUNDARIES = {
    "free": {},
    "cut": {"bounds": (0, 1)},
    "half": {"bounds": (0, None)},
    "reflect": {"bounds": (0, 1), "boundary": "reflect"},
    "one side": {"bounds": (0, 1), "boundary": Reflect(1, 0)},
    "copies": {"bounds": (0, 1), "boundary": Reflect(0.1, 0.2)},
    "linear": {"bounds": (0, 1), "boundary": "linear"},
    "renormalize": {"bounds": (0, 1), "boundary": "renormalize"},
    "periodic": {"bounds": (0, 1), "boundary": "periodic"},
    "transform": {"bounds": (0, 1), "boundary": "transform"},
    "ranges": {"bounds": [(0, 0.5), (0.6, 1)], "boundary": "reflect"},
    "ranges, cut": {"bounds": [(0, 0.5), (0.6, 1)]},
}
Q = np.linspace(-0.2, 1.2, 71)


def back(density, folder):
    """Save a density, load it, and return it with the size of the file."""
    path = folder / "a density.file"
    density.save(path)
    return load(path), path.stat().st_size


def unit_sample(rng, n=200):
    """Points in (0, 1) but for a gap."""
    x = rng.uniform(0.05, 0.95, n)
    return x[(x < 0.48) | (x > 0.62)]


def error_of(loaded, density, q=Q):
    """Largest deviation, relative to the largest density."""
    f = density.pdf(q)
    return np.abs(loaded.pdf(q) - f).max() / f.max()


def same(loaded, density):
    """What must not change, whatever is kept of the data."""
    assert loaded.method == density.method
    assert loaded.kernel == density.kernel
    assert loaded.bounds == density.bounds
    assert loaded.sample_size == density.sample_size
    assert loaded.columns == density.columns
    assert loaded.bandwidth_result.method == density.bandwidth_result.method
    assert loaded.bandwidth_result.converged == density.bandwidth_result.converged
    assert loaded.bandwidth_result.note == density.bandwidth_result.note
    assert loaded.bandwidth_result.n_eff == pytest.approx(
        density.bandwidth_result.n_eff, rel=1e-12
    )
    assert loaded.decision.reason == density.decision.reason


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("method", METHODS)
def test_round_trip(rng, tmp_path, method, boundary):
    """Every kernel and bandwidth that the method and the boundary can answer."""
    x = unit_sample(rng)
    tried = 0
    for kernel, h in itertools.product(KERNELS, (0.05, "adaptive_zfit")):
        if kernel in SLOW and boundary not in ("free", "cut", "transform"):
            continue
        w = None if tried % 2 else rng.random(len(x))
        options = {"kernel": KERNELS[kernel], "bandwidth": h, "method": method}
        try:
            density = kde(x, weights=w, **options, **BOUNDARIES[boundary])
        except CapabilityError:
            continue
        tried += 1
        loaded, _ = back(density, tmp_path)
        same(loaded, density)
        if method == "direct":
            np.testing.assert_array_equal(loaded.points, density.points)
            np.testing.assert_array_equal(loaded.bandwidth, density.bandwidth)
            # normalisation within bounds sums anew: an ulp
            assert error_of(loaded, density) < (1e-15 if density.bounds else 1e-300)
        elif boundary in ("linear", "renormalize"):
            assert error_of(loaded, density) < 1e-3
        elif kernel in ENDING:
            # at the end of the support the grids end a step apart
            assert error_of(loaded, density) < max(
                1e-4, density.decision.bound.absolute / density.pdf(Q).max()
            )
        else:
            assert error_of(loaded, density) < 1e-11
        # and once more: nothing drifts
        again, _ = back(loaded, tmp_path)
        assert error_of(again, loaded) < 1e-3 if boundary == "linear" else 1e-9
    if not (method == "diffusion" and boundary in ("linear", "renormalize")):
        assert tried


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("method", ["direct", "grid", "fft"])
def test_several_dimensions(rng, tmp_path, method, d):
    """Widths, matrices, bounds on each axis, and (n, 1) data."""
    x, w = rng.uniform(0.1, 0.9, size=(150, d)), rng.random(150)
    q = rng.uniform(0, 1, size=(50, d))
    bandwidths = [0.1, np.full(d, 0.1), 0.01 * (np.eye(d) + 0.3)]
    for h, boundary in itertools.product(bandwidths, (None, "reflect", "periodic")):
        bounds = None if boundary is None else [(0, 1)] * d
        density = kde(
            x, weights=w, bandwidth=h, method=method, bounds=bounds, boundary=boundary
        )
        loaded, _ = back(density, tmp_path)
        same(loaded, density)
        np.testing.assert_array_equal(loaded.bandwidth, density.bandwidth)
        assert error_of(loaded, density, q) < (1e-15 if method == "direct" else 1e-11)
        assert loaded.sample(2, rng=0).shape == (2, d)


@pytest.mark.parametrize("method", ["direct", "grid", "fft", "diffusion"])
def test_negative_weights(rng, tmp_path, method):
    """The two sums stay apart."""
    x = rng.normal(size=500)
    w = np.where(rng.random(500) < 0.2, -1.0, 1.0)
    density = kde(x, weights=w, bandwidth=0.3, method=method, signed_weights=True)
    loaded, _ = back(density, tmp_path)
    assert error_of(loaded, density, np.linspace(-4, 4, 81)) < 1e-11
    with pytest.raises(CapabilityError, match="sample"):
        loaded.sample(3)


def test_log_densities_and_draws(rng, tmp_path):
    """To the farthest tail, and draw by draw."""
    density = kde(rng.normal(size=100), weights=rng.random(100))
    loaded, _ = back(density, tmp_path)
    q = np.array([0.0, 30.0, -1e5, 1e150])
    np.testing.assert_array_equal(loaded.logpdf(q), density.logpdf(q))
    np.testing.assert_array_equal(loaded.sample(100, rng=3), density.sample(100, rng=3))
    assert loaded.explain() == density.explain()
    assert repr(loaded) == repr(density)
    for a, b in zip(loaded.grid(), density.grid(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_without_weight_stay_out(rng, tmp_path):
    """And the number of rows that were given is remembered."""
    w = rng.random(50) * (rng.random(50) < 0.5)
    density = kde(rng.normal(size=50), weights=w)
    loaded, _ = back(density, tmp_path)
    assert len(loaded.points) == np.count_nonzero(w)
    np.testing.assert_array_equal(loaded.weights, density.weights)
    assert not loaded.points.flags.writeable
    assert not loaded.weights.flags.writeable


def test_names_of_columns(rng, tmp_path):
    """They come back, non-ASCII ones too."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rng.normal(size=(30, 2)), columns=["mass", "größe"])
    loaded, _ = back(kde(frame), tmp_path)
    assert loaded.columns == ("mass", "größe")


def test_a_fallback_stays_recorded(tmp_path):
    """The note, and that the rule did not converge."""
    density = kde([0.0, 1.0])
    loaded, _ = back(density, tmp_path)
    assert not loaded.bandwidth_result.converged
    assert "no solution" in loaded.explain()


@pytest.mark.parametrize("boundary", ["free", "reflect", "transform"])
@pytest.mark.parametrize("h", [0.01, "adaptive_zfit"], ids=str)
def test_a_grid_is_saved_without_the_data(rng, tmp_path, boundary, h):
    """The file of 200,000 points is that of a few thousand nodes."""
    x = rng.beta(3, 4, 200_000)
    options = {"bandwidth": h, "method": "fft", **BOUNDARIES[boundary]}
    density = kde(x, **options)
    loaded, size = back(density, tmp_path)
    assert size < x.nbytes / (6 if h == 0.01 else 2)
    assert loaded.sample_size == 200_000
    # nodes, not data
    steps = np.diff(np.unique(np.asarray(loaded.points)))
    assert len(steps) < 20_000
    if h != 0.01:
        assert loaded.bandwidth.shape == loaded.points.shape
    assert error_of(loaded, density) < 1e-11


def test_binned_samples(rng, tmp_path):
    """What was binned already is what is saved."""
    density = kde(BinnedSample.of(rng.normal(size=5000), grid_size=256))
    loaded, size = back(density, tmp_path)
    assert size < 10_000
    assert loaded.sample_size == 5000
    np.testing.assert_array_equal(loaded.pdf(Q), density.pdf(Q))


def test_a_coarse_grid_by_hand(rng, tmp_path):
    """It comes back as coarse as it was."""
    with pytest.warns(parzen.AccuracyWarning):
        density = kde(rng.normal(size=500), bandwidth=0.1, method="fft", grid_size=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", parzen.AccuracyWarning)
        loaded, _ = back(density, tmp_path)
    assert error_of(loaded, density, np.linspace(-4, 4, 99)) < 1e-8


def test_functions_cannot_be_saved(tmp_path):
    """A file holds no code; the text names what does."""
    density = kde([1.0, 2.0], bandwidth=1.0, kernel=lambda u: np.exp(-np.abs(u)) / 2)
    path = tmp_path / "density"
    with pytest.raises(CapabilityError, match="Save the data"):
        density.save(path)
    assert not list(tmp_path.iterdir())


class TestFiles:
    """How the file is written."""

    def test_names_are_kept(self, tmp_path):
        """No ending is appended; str and Path will do."""
        density = kde([1.0, 2.0], bandwidth=1.0)
        for name in ("plain", "x.npz", "two.parts.parzen"):
            density.save(str(tmp_path / name))
            assert load(str(tmp_path / name)).pdf(1.5) == density.pdf(1.5)
        assert {path.name for path in tmp_path.iterdir()} == {
            "plain", "x.npz", "two.parts.parzen",
        }  # fmt: skip

    def test_a_broken_write_leaves_the_old_file(self, tmp_path, monkeypatch):
        """Whole or not at all, and no debris."""
        path = tmp_path / "density"
        kde([1.0, 2.0], bandwidth=1.0).save(path)
        before = path.read_bytes()

        def half(file, **_):
            file.write(b"PK half")
            msg = "disk full"
            raise OSError(msg)

        monkeypatch.setattr(np, "savez_compressed", half)
        with pytest.raises(OSError, match="disk full"):
            kde([3.0, 4.0], bandwidth=1.0).save(path)
        assert path.read_bytes() == before
        assert [found.name for found in tmp_path.iterdir()] == ["density"]

    def test_overwriting(self, tmp_path):
        """The new one replaces the old one."""
        path = tmp_path / "density"
        for x in ([1.0, 2.0], [5.0, 6.0]):
            kde(x, bandwidth=1.0).save(path)
            assert load(path).points.tolist() == x

    @pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
    def test_others_may_read_it_where_the_umask_lets_them(self, tmp_path):
        """A file like any other, not one of a temporary file's rights."""
        path, plain = tmp_path / "density", tmp_path / "plain"
        kde([1.0, 2.0], bandwidth=1.0).save(path)
        plain.write_bytes(b"")
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)

    def test_missing_places(self, tmp_path):
        """The operating system's own errors."""
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "nothing")
        with pytest.raises(IsADirectoryError):
            load(tmp_path)
        with pytest.raises(FileNotFoundError):
            kde([1.0, 2.0], bandwidth=1.0).save(tmp_path / "no" / "folder")


def parts_of(path):
    """The arrays of a saved density, and its text."""
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    return arrays, json.loads(arrays.pop("about").tobytes())


def write(path, arrays, about):
    """Write a file that may be no density."""
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(file, about=text, **arrays)


class Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self):
        """Call back."""
        return (pytest.fail, ("unpickled",))


class TestForeignFiles:
    """Whatever is in a file, the error is clear and nothing is run."""

    @pytest.fixture
    def saved(self, rng, tmp_path):
        """A saved density with weights, one on a grid, and one with factors."""
        x, w = rng.uniform(0.1, 0.9, 60), rng.random(60)
        direct, grid, local = (tmp_path / name for name in ("direct", "grid", "local"))
        plane, factors = rng.random((20, 2)), rng.random(20) + 0.1
        kde(plane, bandwidth=LocalBandwidth(0.3, factors), method="tree").save(local)
        kde(x, weights=w, bounds=(0, 1), boundary="reflect").save(direct)
        kde(x, weights=w, bandwidth="adaptive_geom", method="fft").save(grid)
        return direct, grid, local

    def test_truncated(self, saved, tmp_path):
        """At any length."""
        whole, path = saved[0].read_bytes(), tmp_path / "cut"
        for length in range(0, len(whole) - 1, max(1, len(whole) // 50)):
            path.write_bytes(whole[:length])
            with pytest.raises(DataError, match=r"damaged.*Write it again"):
                load(path)

    def test_flipped_bytes(self, saved, rng, tmp_path):
        """Sums of the archive, or our checks, tell; else the answer is the same."""
        whole, path = saved[0].read_bytes(), tmp_path / "flipped"
        expected = load(saved[0]).pdf(0.5)
        for place in rng.integers(len(whole), size=150):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            try:
                loaded = load(path)
            except (DataError, CapabilityError):
                continue
            assert loaded.pdf(0.5) == expected

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"hello",
            b"PK\x03\x04",
            b"\x93NUMPY\x01\x00",
            pickle.dumps({"a": 1}),
            b"\x00" * 1000,
        ],
        ids=["empty", "text", "zip", "npy", "pickle", "zeros"],
    )
    def test_other_formats(self, tmp_path, content):
        """No density."""
        path = tmp_path / "other"
        path.write_bytes(content)
        with pytest.raises(DataError, match="no density saved by parzen"):
            load(path)

    def test_other_arrays(self, tmp_path):
        """NumPy files that parzen did not write."""
        path = tmp_path / "array.npy"
        np.save(path, np.arange(3.0))
        with pytest.raises(DataError, match="no density"):
            load(path)
        np.savez(tmp_path / "arrays.npz", points=np.arange(3.0))
        with pytest.raises(DataError, match="no density"):
            load(tmp_path / "arrays.npz")
        with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
            archive.writestr("about.npy", "text")
        with pytest.raises(DataError, match="no density"):
            load(tmp_path / "archive.zip")

    @pytest.mark.parametrize("name", ["points", "weights", "about", "more"])
    def test_pickles_are_not_opened(self, saved, name):
        """An array of objects is refused before a byte of it is unpickled."""
        arrays, about = parts_of(saved[0])
        evil = np.empty(1, dtype=object)
        evil[0] = Bomb()
        if name == "about":
            with saved[0].open("wb") as file:
                np.savez(file, about=evil, **arrays)
        else:
            write(saved[0], {**arrays, name: evil}, about)
        with pytest.raises(DataError, match="pickle"):
            load(saved[0])

    def test_nothing_is_unpickled(self, saved, monkeypatch):
        """Not even our own."""

        def refuse(*_args, **_kwargs):
            pytest.fail("unpickled")

        monkeypatch.setattr(pickle, "load", refuse)
        monkeypatch.setattr(pickle, "loads", refuse)
        monkeypatch.setattr(pickle, "Unpickler", refuse)
        for path in saved:
            load(path)

    @pytest.mark.parametrize("version", [3, 99, 0, "1", None])
    def test_other_versions(self, saved, version):
        """A file of the future names its version, and the remedy."""
        arrays, about = parts_of(saved[0])
        write(saved[0], arrays, {**about, "version": version})
        with pytest.raises(CapabilityError, match=r"version.*Update parzen"):
            load(saved[0])

    def test_other_programs(self, saved):
        """A file that says to be something else."""
        arrays, about = parts_of(saved[0])
        write(saved[0], arrays, {**about, "format": "another density"})
        with pytest.raises(DataError, match="another density"):
            load(saved[0])

    JUNK = (
        None, -1, 0, 1.5, "junk", [], {}, [1, 2, 3], True, float("nan"),
        {"name": "gaussian"}, {"distribution": "rv_generic", "args": [], "kwds": {}},
        {"distribution": "system", "args": [], "kwds": {}}, "__import__('os')",
    )  # fmt: skip

    def test_tampered_text(self, saved):
        """Each entry replaced by junk, or left out: an error, or a density."""
        for path in saved:
            arrays, about = parts_of(path)
            for key in about:
                if key in ("format", "version"):
                    continue
                fewer = {name: about[name] for name in about if name != key}
                changed = [{**about, key: junk} for junk in self.JUNK]
                for text in (fewer, *changed):
                    write(path, arrays, text)
                    self.judge(path, key, text.get(key))

    def test_tampered_arrays(self, saved):
        """Each array replaced, reshaped, or left out."""
        for path in saved:
            arrays, about = parts_of(path)
            for key, array in arrays.items():
                changed = [
                    -np.abs(array),
                    array * 0,
                    array * np.nan,
                    array.ravel()[:-1],
                    array[None],
                    np.array("text"),
                    np.array([]),
                    array + 1j,
                    np.array([[1.0, 2.0], [3.0, 4.0]]),
                ]
                if array.ndim and len(array) > 1:
                    changed.append(array[:-1])
                for junk in changed:
                    write(path, {**arrays, key: junk}, about)
                    self.judge(path, key, junk)
                write(
                    path, {name: arrays[name] for name in arrays if name != key}, about
                )
                self.judge(path, key, None)

    @staticmethod
    def judge(path, key, value):
        """Either a clear error, or a density that is one."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                density = load(path)
                q = np.linspace(0, 1, 11)
                plane = np.stack([q, q], axis=-1)
                f = density.pdf(plane if density.n_axes == 2 else q)
        except DataError:
            return
        assert np.isfinite(f).all(), (key, value)
        assert (f >= 0).all(), (key, value)

    def test_large_promises(self, saved):
        """An array that claims to be huge needs no memory before it is refused."""
        with zipfile.ZipFile(saved[0]) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50, 1)}
        )
        members["points.npy"] = header.getvalue() + b"\x00" * 64
        with zipfile.ZipFile(saved[0], "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        with pytest.raises((DataError, MemoryError)):
            load(saved[0])


@pytest.mark.parametrize("copier", ["pickle", "deepcopy", "copy"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("method", ["direct", "grid", "fft", "diffusion"])
def test_copies(rng, method, boundary, copier):
    """Pickles and copies answer alike, draw alike and stay read-only."""
    x = unit_sample(rng, 100)
    for kernel, h in (("gaussian", 0.1), ("biweight", "adaptive_std")):
        try:
            density = kde(
                x, weights=x, kernel=kernel, bandwidth=h, method=method,
                **BOUNDARIES[boundary],
            )  # fmt: skip
        except CapabilityError:
            continue
        # cached properties come along
        density.pdf(Q), density.sample(1, rng=0)
        other = {
            "pickle": lambda density: pickle.loads(pickle.dumps(density)),
            "deepcopy": copy.deepcopy,
            "copy": copy.copy,
        }[copier](density)
        np.testing.assert_array_equal(other.pdf(Q), density.pdf(Q))
        np.testing.assert_array_equal(other.logpdf(Q), density.logpdf(Q))
        np.testing.assert_array_equal(other.sample(9, rng=1), density.sample(9, rng=1))
        assert other.explain() == density.explain()
        assert repr(other) == repr(density)
        for array in (other.points, other.weights):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0


@pytest.mark.parametrize("fitted", [False, True])
def test_estimators(rng, fitted):
    """`KernelDensity` of every form pickles and copies."""
    X = rng.uniform(0.1, 0.9, size=(40, 1))
    for options in (
        {},
        {"method": "fft"},
        {"kernel": stats.t(5), "bandwidth": 0.1},
        {"kernel": Kernel("biweight"), "bandwidth": "adaptive_geom"},
        {"bounds": (0, 1), "boundary": Reflect(0.2, 0.1)},
        {"bounds": (0, 1), "boundary": "linear"},
    ):
        model = KernelDensity(**options)
        if fitted:
            model.fit(X)
        for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            assert repr(other.get_params()["boundary"]) == repr(model.boundary)
            if fitted:
                np.testing.assert_array_equal(
                    other.score_samples(X), model.score_samples(X)
                )
