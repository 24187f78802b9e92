from __future__ import annotations

import inspect
import itertools
import json
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import pytest
from numpydoc.validate import validate

import parzen

NAMES = [
    "AccuracyWarning",
    "BandwidthError",
    "BandwidthResult",
    "BinnedSample",
    "CapabilityError",
    "ConfidenceBand",
    "ConvergenceWarning",
    "DataError",
    "Density",
    "Distribution",
    "Estimate",
    "Kernel",
    "KernelDensity",
    "KernelDensityCV",
    "LocalBandwidth",
    "Modes",
    "ParzenError",
    "ParzenWarning",
    "Reflect",
    "Region",
    "Sample",
    "Selector",
    "ShapeError",
    "UnknownNameError",
    "WeightError",
    "hellinger",
    "ise",
    "js",
    "kde",
    "kde_from_histogram",
    "kl",
    "load",
    "mixture",
    "overlap",
    "product",
    "select_bandwidth",
    "total_variation",
]
FUNCTIONS = ["kde", "kde_from_histogram", "load", "select_bandwidth"]
FUNCTIONS += ["mixture", "product"]
FUNCTIONS += ["kl", "js", "hellinger", "total_variation", "overlap", "ise"]
CLASSES = ["BandwidthResult", "BinnedSample", "Density", "Kernel", "KernelDensity"]
CLASSES += ["KernelDensityCV", "LocalBandwidth", "Reflect", "Sample", "Selector"]
CLASSES += ["ConfidenceBand", "Distribution", "Estimate", "Modes", "Region"]
HEAVY = ["numba", "llvmlite", "sklearn", "scipy", "matplotlib", "pandas", "polars"]
HEAVY += ["joblib", "concurrent.futures", "typer", "rich", "importlib.metadata"]


def public_methods(name):
    """Methods that a class of parzen's own defines, or has from a base of parzen's."""
    kind = getattr(parzen, name)
    owners = [owner for owner in kind.__mro__ if owner.__module__.startswith("parzen")]
    return sorted(
        {
            f"{name}.{method}"
            for owner in owners
            for method, value in vars(owner).items()
            if not method.startswith("_")
            and (inspect.isfunction(value) or isinstance(value, classmethod))
        }
    )


METHODS = [method for name in CLASSES for method in public_methods(name)]


def modules_after(code):
    """Names of the modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


# --- names ----------------------------------------------------------------------------


def test_the_public_names_are_these():
    """A name comes or goes by intention only."""
    assert parzen.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_public_names_can_be_imported(name):
    """Each, and the second access gives the same object."""
    value = getattr(parzen, name)
    assert value.__name__ == name
    assert getattr(parzen, name) is value


def test_a_star_import_brings_the_public_names():
    """Those and no others."""
    namespace = {}
    exec("from parzen import *", namespace)  # noqa: S102
    assert set(namespace) - {"__builtins__"} == set(NAMES)


def test_dir_lists_the_public_names():
    """Completion shows what there is, before it is loaded."""
    assert set(NAMES) <= set(dir(parzen))
    assert "__version__" in dir(parzen)


def test_the_version_is_that_of_the_package():
    """One number, written once."""
    assert parzen.__version__ == version("parzen")


@pytest.mark.parametrize("name", ["kernel_density", "utils", "_private", "KDE"])
def test_other_names_are_attribute_errors(name):
    """As for any module, with the name in the text."""
    with pytest.raises(AttributeError, match=f"'parzen' has no attribute '{name}'"):
        getattr(parzen, name)


def test_the_package_is_typed():
    """py.typed is shipped beside the modules (PEP 561)."""
    assert files("parzen").joinpath("py.typed").is_file()


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith("Error")])
def test_public_errors_are_value_errors(name):
    """And ParzenErrors, so that one `except` catches all of ours."""
    assert issubclass(getattr(parzen, name), (parzen.ParzenError))
    assert issubclass(getattr(parzen, name), ValueError)


# --- docstrings -----------------------------------------------------------------------

# What short pages need not have: an extended summary, links, an example each.
EXCLUDED = {"ES01", "SA01", "EX01"}
# Results are named, "density : ndarray", and a one-line summary may say what returns.
EXCLUDED |= {"RT01", "RT02"}
# Frozen dataclasses document their fields as attributes.
EXCLUDED |= {"PR01"}


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES, *METHODS])
def test_docstrings_follow_numpydoc(name):
    """Sections in order, summaries of one sentence, parameters as in the signature."""
    result = validate(f"parzen.{name}")
    assert result["docstring"]
    errors = [error for error in result["errors"] if error[0] not in EXCLUDED]
    assert errors == []


def sections(name):
    """Headings in the docstring of a public name."""
    lines = inspect.getdoc(getattr(parzen, name)).splitlines()
    return [
        heading
        for heading, rule in itertools.pairwise(lines)
        if heading and rule == "-" * len(heading)
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_documented_in_full(name):
    """Every parameter, what comes back, what is raised, and an example."""
    doc = getattr(parzen, name).__doc__
    assert {"Parameters", "Returns", "Raises", "Examples"} <= set(sections(name))
    assert ">>> " in doc
    documented = doc.split("Returns\n")[0].replace("**", "")
    for parameter in inspect.signature(getattr(parzen, name)).parameters:
        assert (
            f" {parameter} : " in documented.replace("*", "")
            or f" {parameter}, " in documented
            or (f", {parameter} : " in documented)
        )


@pytest.mark.parametrize("name", ["kde", "select_bandwidth"])
def test_formulas_have_their_sources(name):
    """What is computed, and where it comes from."""
    assert {"Notes", "References"} <= set(sections(name))


@pytest.mark.parametrize(
    "name", ["BinnedSample", "Density", "Kernel", "KernelDensity", "Reflect"]
)
def test_classes_are_documented(name):
    """What they hold, and an example in the class or in its methods."""
    owner = getattr(parzen, name)
    members = (m for base in owner.__mro__ for m in vars(base).values())
    docs = [owner.__doc__, *(m.__doc__ or "" for m in members)]
    assert any(">>> " in (doc or "") for doc in docs)


# --- what an import loads -------------------------------------------------------------


def test_importing_parzen_is_light():
    """Beyond NumPy it loads nothing heavy: checked by name, not by the clock."""
    numpy_alone = modules_after("import numpy")
    added = modules_after("import parzen") - numpy_alone
    assert not [m for m in added if m.split(".")[0] in HEAVY or m in HEAVY]
    assert {m.split(".")[0] for m in added} <= set(sys.stdlib_module_names) | {"parzen"}


def test_looking_around_loads_nothing():
    """dir() and the errors are light, too."""
    code = "import parzen; dir(parzen); parzen.ParzenError; parzen.AccuracyWarning"
    loaded = modules_after(code)
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    "arguments", ["x", "x[:, None]", "x, kernel='epanechnikov'", "x, weights=w"]
)
def test_a_tiny_problem_loads_no_compiler(arguments):
    """100 points at 100 queries: neither numba nor scikit-learn nor scipy.stats."""
    code = (
        "import numpy as np, parzen\n"
        "x = np.linspace(0, 1, 100) ** 2; w = x + 1\n"
        f"d = parzen.kde({arguments})\n"
        "d.pdf(x if d._problem.sample.flat else x[:, None]); d.sample(5, rng=0)"
    )
    loaded = modules_after(code)
    assert not loaded & {"numba", "llvmlite", "sklearn", "scipy.stats", "pandas"}
    assert not loaded & {"matplotlib", "joblib", "concurrent.futures.thread"}


def test_jit_can_be_imported_without_numba():
    """The door to numba opens on the first compiled loop only."""
    code = "import parzen.jit, parzen.engines.planner, parzen.kernels"
    assert not modules_after(code) & {"numba", "llvmlite", "sklearn"}


def test_the_estimator_loads_scikit_learn_and_no_plots():
    """Sklearn comes with KernelDensity; numba and matplotlib do not."""
    loaded = modules_after("import parzen; parzen.KernelDensity")
    assert "sklearn" in loaded
    assert not loaded & {"numba", "matplotlib"}
