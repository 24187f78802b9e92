"""What a comparison hands back: records of each library, and goals."""

from __future__ import annotations

import importlib
import math
import os
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from clock import Times, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OURS = "parzen"


@dataclass(frozen=True)
class Run:
    """How to run: toy sizes or full ones, rounds, and where progress is shown."""

    smoke: bool
    repeat: int
    tick: Callable[[str], None]

    def size(self, full: Any, toy: Any) -> Any:
        """Choose between the full and the toy size."""
        return toy if self.smoke else full


@dataclass
class Record:
    """One library at one job."""

    job: str
    library: str
    times: Times | None = None
    ratio: tuple[float, float, float] | None = None  # its time / ours: median, min, max
    error: float | None = None  # largest, against the exact answer
    unit: str = "nats"  # of the error
    note: str = ""
    headline: bool = False  # shown in the project's README

    @property
    def speed(self) -> float:
        """How many times as fast as this library we are."""
        return self.ratio[0] if self.ratio else math.nan


@dataclass(frozen=True)
class Goal:
    """A number and its limit; one not about time or a random draw must always hold."""

    text: str
    value: float
    limit: float
    at_least: bool = False
    timing: bool = True

    @property
    def met(self) -> bool:
        """Whether the value is within the limit; NaN is not."""
        if self.at_least:
            return self.value >= self.limit
        return self.value <= self.limit


@dataclass(frozen=True)
class Score:
    """Mean of an error over random samples, and the standard error of that mean."""

    mean: float
    error: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Score:
        """Summarise the errors, one of each sample."""
        deviation = statistics.stdev(values) if len(values) > 1 else math.nan
        return cls(
            statistics.fmean(values), deviation / len(values) ** 0.5, len(values)
        )

    def against(self, target: float, samples: int) -> str:
        """Judge by two standard errors; `samples` says how noisy the target is itself.

        A target without a stated error is taken to scatter like our own samples.
        """
        far = (self.mean - target) / self.error
        if far <= 2:
            return "better" if far < -2 else "equal"
        both = math.sqrt(1 + self.count / samples)
        return "equal, counting the target's noise" if far <= 2 * both else "**worse**"


@dataclass(frozen=True)
class Table:
    """Rows of text that do not fit the columns of the records."""

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    headline: bool = False  # shown in the project's README


@dataclass
class Comparison:
    """All records of one comparison, its goals and what else it found."""

    name: str
    title: str
    records: list[Record]
    goals: list[Goal] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain types; numbers that JSON cannot hold become text."""
        content = asdict(self)
        for goal, plain in zip(self.goals, content["goals"], strict=True):
            plain["met"] = goal.met
        return _finite(content)


def entrants(
    job: str,
    times: Mapping[str, Times],
    errors: Mapping[str, float],
    *,
    unit: str = "nats",
    notes: Mapping[str, str] | None = None,
    headline: bool = False,
    ours: str = OURS,
) -> list[Record]:
    """Make one record of each library in a race, with its time over ours."""
    return [
        Record(
            job,
            library,
            its,
            None if library == ours else ratio(its, times[ours]),
            errors.get(library),
            unit,
            (notes or {}).get(library, ""),
            headline,
        )
        for library, its in times.items()
    ]


def error_goal(records: list[Record], limit: float) -> Goal:
    """Our largest error must keep the limit, at any size."""
    errors = [
        r.error for r in records if r.error is not None and r.library.startswith(OURS)
    ]
    unit = records[-1].unit
    # a NaN must not be lost in the maximum
    worst = max(math.inf if math.isnan(error) else error for error in errors)
    return Goal(f"largest error of parzen, {unit}", worst, limit, timing=False)


def load_zfit() -> tuple[Any, str]:
    """Return zfit and its version, or None and why not; `make bench-zfit` has it."""
    os.environ.setdefault("ZFIT_DISABLE_TF_WARNINGS", "1")
    try:
        zfit = importlib.import_module("zfit")
    except ImportError as error:
        return None, f"not measured: {error}"
    return zfit, f"zfit {zfit.__version__}"


def _finite(value: Any) -> Any:
    """Replace infinities and NaN, at any depth, by what `float` reads back."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
