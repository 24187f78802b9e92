from __future__ import annotations

import pickle

import pytest

from parzen import errors

EXCEPTIONS = [
    errors.ShapeError,
    errors.DataError,
    errors.WeightError,
    errors.BandwidthError,
    errors.UnknownNameError,
    errors.CapabilityError,
]
WARNINGS = [errors.ConvergenceWarning, errors.AccuracyWarning]


def test_the_module_exports_the_whole_tree():
    """Nothing in the tree is hidden, and nothing else is exported."""
    tree = {*EXCEPTIONS, *WARNINGS, errors.ParzenError, errors.ParzenWarning}
    assert set(errors.__all__) == {kind.__name__ for kind in tree}


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_exceptions_are_value_errors_too(kind):
    """Code written for other libraries catches them as ValueError."""
    assert issubclass(kind, errors.ParzenError)
    assert issubclass(kind, ValueError)
    assert not issubclass(kind, Warning)


@pytest.mark.parametrize("kind", WARNINGS)
def test_warnings_have_one_base(kind):
    """One filter silences parzen's warnings and no others."""
    assert issubclass(kind, errors.ParzenWarning)
    assert issubclass(kind, UserWarning)


@pytest.mark.parametrize("kind", [*EXCEPTIONS, *WARNINGS])
def test_errors_survive_a_pickle(kind):
    """A worker process can hand its error back."""
    again = pickle.loads(pickle.dumps(kind("`x` must be finite")))
    assert type(again) is kind
    assert again.args == ("`x` must be finite",)


@pytest.mark.parametrize("kind", [*EXCEPTIONS, *WARNINGS])
def test_errors_say_what_they_stand_for(kind):
    """Each has a docstring of one sentence."""
    assert kind.__doc__.endswith(".")
