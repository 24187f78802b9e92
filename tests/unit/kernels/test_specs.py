from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from parzen.errors import (
    CapabilityError,
    DataError,
    ParzenError,
    ShapeError,
    UnknownNameError,
)
from parzen.kernels import Kernel, as_kernel, kernel_from_spec

MODERN = hasattr(stats, "Normal")
needs_modern = pytest.mark.skipif(not MODERN, reason="scipy below 1.15")


def bump(u):
    """A function that pickle can find: a biweight of support 1.3, not of mass one."""
    return 7 * np.maximum(0, 1 - (u / 1.3) ** 2) ** 2


REFUSED = {
    "no shapes": (stats.t, ParzenError, r"lacks df.*Freeze it: stats\.t\(df=5\)"),
    "bad shapes": (stats.t(-1), ParzenError, r"t\(df=-1\) are outside"),
    "arrays": (stats.norm([0, 1]), ParzenError, "one distribution; got norm"),
    "pole at an end": (
        stats.gamma(0.5),
        CapabilityError,
        "to infinity near u = 0",
    ),
    "pole inside": (stats.dweibull(0.7, loc=3), CapabilityError, "near u = 3"),
    "discrete": (stats.poisson, CapabilityError, "discrete poisson"),
    "frozen discrete": (stats.poisson(3), CapabilityError, "discrete poisson"),
    "multivariate": (stats.multivariate_normal, CapabilityError, "of one variable"),
    "frozen multivariate": (
        stats.multivariate_normal(),
        CapabilityError,
        "of one variable",
    ),
    "negative": (lambda u: -np.exp(-u * u), DataError, "at least 0.*returned -"),
    "nan": (lambda u: np.where(u > 5, np.nan, 1) * bump(u), DataError, "got|nan at u"),
    "pole": (lambda u: np.abs(u) ** -0.5 * bump(u), DataError, "inf at u = 0"),
    "growing": (np.exp, DataError, "exp returned inf"),
    "zero": (lambda u: 0 * u, ParzenError, "finite mass above 0.* is 0"),
    "endless": (lambda u: 1 / (1 + np.abs(u)), ParzenError, "finite mass.* is inf"),
    "constant": (lambda _u: 1.0, ShapeError, r"shape \(2, 3\) into \(\)"),
    "flat": (np.ravel, ShapeError, r"into \(6,\)"),
    "scalar code": (
        lambda u: 1 if u > 0 else 0,
        ParzenError,
        "array.*np.where",
    ),
    "no name": (3, UnknownNameError, "must be one of"),
    "a class": (object, UnknownNameError, "must be one of"),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_kernel_is_refused(case):
    """The error names the argument, the rule, the value and the remedy."""
    value, error, text = REFUSED[case]
    with pytest.raises(error, match=text) as caught:
        as_kernel(value)
    assert str(caught.value).startswith("`kernel` must")


@needs_modern
def test_new_style_mistakes_are_refused():
    """A class, a discrete distribution, an array of parameters."""
    with pytest.raises(ParzenError, match=r"Make one: stats\.Normal\(\)"):
        as_kernel(stats.Normal)
    with pytest.raises(ParzenError, match="one distribution; got Normal"):
        as_kernel(stats.Normal(mu=[0.0, 1.0]))
    if hasattr(stats, "Binomial"):
        with pytest.raises(CapabilityError, match="discrete Binomial"):
            as_kernel(stats.Binomial(n=3, p=0.5))


@given(df=st.floats(1.2, 30), scale=st.floats(0.01, 100), loc=st.floats(-5, 5))
def test_specs_rebuild_an_equal_kernel(df, scale, loc):
    """Through JSON, and through a pickle; equal kernels have equal hashes."""
    kernel = as_kernel(stats.t(df, loc=loc, scale=scale))
    data = json.loads(json.dumps(kernel.spec()))
    for again in (
        kernel_from_spec(data),
        pickle.loads(pickle.dumps(kernel)),
        copy.deepcopy(kernel),
    ):
        assert again == kernel
        assert hash(again) == hash(kernel)
        assert again.pdf([[0.3]]) == kernel.pdf([[0.3]])


def test_specs_of_built_in_kernels():
    """A name and a form."""
    kernel = Kernel("box", product=True)
    assert kernel.spec() == {"name": "tophat", "product": True}
    assert kernel_from_spec(kernel.spec()) == kernel
    assert as_kernel(stats.t(5)).spec() == {
        "distribution": "t",
        "args": [],
        "kwds": {"df": 5.0},
    }
    positional = {"distribution": "t", "args": [5], "kwds": {}}
    assert kernel_from_spec(positional) == as_kernel(stats.t(df=5))


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"distribution": "os", "args": [], "kwds": {}}, UnknownNameError),
        ({"distribution": "kstest", "args": [], "kwds": {}}, UnknownNameError),
        ({"distribution": "rv_continuous", "args": [], "kwds": {}}, UnknownNameError),
        ({"distribution": "poisson", "args": [3], "kwds": {}}, UnknownNameError),
        ({"distribution": "__dict__", "args": [], "kwds": {}}, UnknownNameError),
        ({"distribution": "t", "args": ["x"], "kwds": {}}, ParzenError),
        ({"distribution": "t", "args": [], "kwds": {"no": 1}}, ParzenError),
        ({"distribution": "t", "args": []}, ParzenError),
        ({"name": "sinc", "product": True}, UnknownNameError),
        ({"name": "gaussian", "product": "yes"}, ParzenError),
        ([], ParzenError),
    ],
)
def test_wrong_specs_are_refused(spec, error):
    """Nothing but kernels and continuous distributions can be named."""
    with pytest.raises(error, match="must"):
        kernel_from_spec(spec)


def test_code_cannot_be_saved():
    """Functions, and distributions that are not in scipy.stats."""

    class Own(stats.rv_continuous):
        def _pdf(self, x):
            return 0.75 * (1 - x * x)

    own = as_kernel(Own(a=-1, b=1, name="t"))
    np.testing.assert_allclose(own.pdf([0.5]), 0.5625, rtol=1e-12)
    for kernel in (own, as_kernel(bump)):
        with pytest.raises(CapabilityError, match="to be saved"):
            kernel.spec()


def test_copies_leave_the_tables_behind():
    """Lazy parts are in no pickle and no copy, and come back when they are asked."""
    kernel = as_kernel(bump)
    kernel.roughness(1)
    for again in (pickle.loads(pickle.dumps(kernel)), copy.deepcopy(kernel)):
        assert again == kernel
        assert set(vars(again)) == {"source"}
        assert set(vars(again.source)) == {"function"}
        assert again.roughness(1) == kernel.roughness(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.source = None


def test_import_is_light():
    """Kernels recognise distributions without loading scipy."""
    code = (
        "import parzen.kernels as k, sys; k.as_kernel('box'); "
        "print([m for m in sys.modules if m.startswith('scipy')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
