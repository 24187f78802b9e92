from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest

from parzen.errors import ShapeError, UnknownNameError
from parzen.kernels import Kernel, kernel_names
from parzen.kernels.catalog import ALIASES, PROFILES
from parzen.kernels.power import row
from tests.unit.kernels.textbook import COMPACT, DECAYING


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_become_the_name(alias):
    """An alias makes an equal kernel, which shows its proper name."""
    assert Kernel(alias) == Kernel(ALIASES[alias])
    assert Kernel(alias).name == ALIASES[alias]


@pytest.mark.parametrize("name", ["epanechnikof", "Gaussian", "triangle ", "sinc"])
def test_unknown_names_are_refused_with_the_list(name):
    """The error lists what there is."""
    with pytest.raises(UnknownNameError, match=r"'biweight'.*got '"):
        Kernel(name)


def test_a_typo_is_recognised():
    """The error suggests the nearest name."""
    with pytest.raises(UnknownNameError, match="Did you mean 'epanechnikov'"):
        Kernel("epanechnikof")


@pytest.mark.parametrize("value", [None, 3, ["gaussian"], object])
def test_of_refuses_what_is_no_name(value):
    """Neither a name nor a kernel: the same error, never a stray TypeError."""
    with pytest.raises(UnknownNameError, match="must be one of"):
        Kernel.of(value)


def test_of_takes_names_and_kernels():
    """A kernel passes through as it is."""
    kernel = Kernel("tricube", product=True)
    assert Kernel.of(kernel) is kernel
    assert Kernel.of("tricube") == Kernel("tricube")


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_kernels_are_values(name, product):
    """Equal, hashable, frozen, picklable, and their repr makes them again."""
    kernel = Kernel(name, product=product)
    again = pickle.loads(pickle.dumps(kernel))
    assert again == kernel
    assert hash(again) == hash(kernel)
    assert eval(repr(kernel), {"Kernel": Kernel}) == kernel  # noqa: S307
    assert str(kernel) == ("product " if product else "") + name
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.name = "tophat"


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("name", kernel_names())
def test_radial_density_is_norm_times_profile(name, d):
    """The density is c_d phi(|u|), and logpdf its logarithm."""
    kernel = Kernel(name)
    u = np.random.default_rng(0).standard_normal((4, 50, d)) / 2
    r = np.linalg.norm(u, axis=-1)
    if name in COMPACT:
        inside = np.minimum(r, 1 - 1e-9)
        phi = np.where(r < 1, COMPACT[name](inside), 0)
    else:
        phi = DECAYING[name](r, d)
    expected = phi * np.exp(kernel.log_norm(d))
    # r is rounded twice here, so 1 - r is right to an absolute 1e-15 only
    np.testing.assert_allclose(kernel.pdf(u), expected, rtol=1e-13, atol=1e-14)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(
            kernel.logpdf(u), np.log(kernel.pdf(u)), rtol=1e-14, atol=1e-14
        )


@pytest.mark.parametrize("name", kernel_names())
def test_product_density_is_the_product_of_the_axes(name):
    """The logarithm of K(u) is the sum of the 1-D logarithms."""
    u = np.random.default_rng(1).standard_normal((200, 3)) / 3
    product = Kernel(name, product=True)
    single = Kernel(name).logpdf(u[..., None]).sum(axis=1)
    np.testing.assert_allclose(product.logpdf(u), single, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(product.pdf(u), np.exp(single), rtol=1e-13)


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_logpdf_ends_only_with_the_support(name, product):
    """Finite wherever the kernel is positive, although pdf underflows; else -inf."""
    kernel = Kernel(name, product=product)
    far = kernel.logpdf([[1e5, 2e4], [3.0, 1e150]])
    assert np.isfinite(far).all() == np.isinf(kernel.support)
    assert kernel.pdf([[np.inf, 0.5]])[0] == 0
    assert kernel.logpdf([[np.inf, 0.5]])[0] == -np.inf


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("name", kernel_names())
def test_precision_is_double(name, product):
    """Whatever comes in is computed as doubles."""
    kernel = Kernel(name, product=product)
    for given in "dfi":
        assert kernel.pdf(np.zeros((2, 2), given)).dtype == np.float64
        assert kernel.logpdf(np.zeros((2, 2), given)).dtype == np.float64


def test_a_bare_number_is_refused():
    """Without an axis of coordinates the dimension is unknown."""
    with pytest.raises(ShapeError, match=r"Pass \[u\]"):
        Kernel().pdf(0.5)


def test_a_single_point_gives_a_single_value():
    """Shape (d,) gives shape ()."""
    assert Kernel("cosine").pdf([0.0, 0.0]).shape == ()


def test_a_kernel_is_one_row(monkeypatch):
    """A row in the table is all that the rest needs to know of a kernel."""
    code = PROFILES["biweight"].code
    edge = PROFILES["biweight"].lower_tail
    mine = row(
        "mine", code, a=2, b=2, edge=lambda y: edge(1 - y), derivatives=(), curve=8.0
    )
    monkeypatch.setitem(PROFILES, "mine", mine)
    assert kernel_names()[-1] == "mine"
    ours, theirs = Kernel("mine"), Kernel("biweight")
    assert ours.pdf([[0.3, 0.2]]) == theirs.pdf([[0.3, 0.2]])
    assert ours.bandwidth_ratio(2) == theirs.bandwidth_ratio(2)
    assert ours.cdf(-0.25) == theirs.cdf(-0.25)


def test_import_is_light():
    """Kernels load NumPy and nothing heavy."""
    code = (
        "import parzen.kernels, sys; "
        "print([m for m in ('scipy', 'numba', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
