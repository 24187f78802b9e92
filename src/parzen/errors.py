"""Exceptions and warnings of parzen.

ParzenError
    ShapeError              an array has the wrong number of axes, rows or columns
    DataError               an array holds what no density can use (NaN, inf, text)
    WeightError             weights are negative, all zero, or not one per row
    BandwidthError          a bandwidth is not positive, or no rule can choose one
    UnknownNameError        a kernel, rule or method that does not exist
    CapabilityError         a combination that the chosen part cannot answer
ParzenWarning
    ConvergenceWarning      an iteration stopped early and a fallback was recorded
    AccuracyWarning         the answer is coarser than the stated error

Every exception is also a `ValueError`, so that code written for other libraries
catches it. Texts say what was given, the rule it breaks, and the way out.
"""

from __future__ import annotations

import sys
import warnings

__all__ = [
    "AccuracyWarning",
    "BandwidthError",
    "CapabilityError",
    "ConvergenceWarning",
    "DataError",
    "ParzenError",
    "ParzenWarning",
    "ShapeError",
    "UnknownNameError",
    "WeightError",
]


class ParzenError(ValueError):
    """Base class of all parzen exceptions."""


class ShapeError(ParzenError):
    """An array has the wrong number of axes, rows or columns."""


class DataError(ParzenError):
    """An array holds values that no density can use."""


class WeightError(ParzenError):
    """Weights are negative, all zero, or not one per row."""


class BandwidthError(ParzenError):
    """A bandwidth is not positive, or no rule can choose one."""


class UnknownNameError(ParzenError):
    """A kernel, rule or method that does not exist."""


class CapabilityError(ParzenError):
    """A combination that the chosen engine or part cannot answer."""


class ParzenWarning(UserWarning):
    """Base class of all parzen warnings."""


class ConvergenceWarning(ParzenWarning):
    """An iteration stopped early and a fallback was recorded."""


class AccuracyWarning(ParzenWarning):
    """The answer is coarser than the stated error."""


def warn(message: str, category: type[ParzenWarning]) -> None:
    """Warn at the line outside parzen that led here."""
    level, frame = 2, sys._getframe(1)  # noqa: SLF001 - as warnings itself does
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("parzen."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
