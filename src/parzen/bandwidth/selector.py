"""`Selector`: the name of a bandwidth selector, with its options."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.adaptive import ADAPTIVE
from parzen.bandwidth.matrix.forms import FORMS
from parzen.bandwidth.rules import RULES
from parzen.checks import check_choice, real_array
from parzen.errors import BandwidthError, CapabilityError
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What each selector with a search may be told.
OPTIONS: dict[str, tuple[str, ...]] = {
    "likelihood": ("candidates", "folds", "matrix"),
    "ucv": ("candidates", "matrix"),
    "bcv": ("candidates",),
    "scv": ("candidates", "matrix"),
    "sheather_jones": (),
    "plugin": ("matrix",),
    "abramson": ("pilot",),
    "knn": ("neighbors",),
}
SELECTORS = ("auto", *RULES, "isj", *OPTIONS, *ADAPTIVE)
# A bandwidth for each point is no pilot.
PILOTS = tuple(name for name in SELECTORS if name not in (*ADAPTIVE, "abramson", "knn"))


@dataclass(frozen=True, eq=False)
class Selector(ReadOnly):
    """A bandwidth selector with its options, wherever a name of one is taken.

    Attributes
    ----------
    method : str
        See `parzen.select_bandwidth`.
    candidates : array_like of shape (k,), (k, d) or (k, d, d), optional
        Bandwidths to choose among, for the kernel at hand, instead of a search:
        "likelihood" (k,), "ucv" and "scv" (all shapes), "bcv" (k,).
    folds : int, splitter or iterable of pairs, optional
        "likelihood" holds out: so many blocks of consecutive rows, what a splitter of
        scikit-learn says, or pairs of train and test rows; None leaves out one point at
        a time.
    matrix : {"full", "diagonal", "scaled", "isotropic"}, optional
        Shape of the bandwidth in d > 1, for "ucv", "scv" and "plugin" (by default
        "full") and "likelihood" (by default "scaled"): any covariance matrix, a width
        per axis, a factor on the covariance of the data, or one width.
    pilot : str, float or array_like, optional
        "abramson": the selector or the bandwidth of the pilot estimate, by default
        "isj" in one dimension, "plugin" above.
    neighbors : int, optional
        "knn": which neighbour's distance counts, by default round(n_eff^(4/(d + 4))).

    Raises
    ------
    UnknownNameError
        If there is no such method or matrix.
    CapabilityError
        For an option that the method does not have.
    BandwidthError
        If candidates are not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=(300, 2))
    >>> rule = parzen.Selector("ucv", matrix="diagonal")
    >>> parzen.kde(x, bandwidth=rule).bandwidth.shape
    (2,)
    """

    method: str = "auto"
    candidates: Any = None
    folds: Any = None
    matrix: str | None = None
    pilot: Any = None
    neighbors: int | None = None

    def __post_init__(self) -> None:
        """Refuse options that the method does not have."""
        check_choice(self.method, SELECTORS, "method")
        allowed = OPTIONS.get(self.method, ())
        for option in fields(self)[1:]:
            if getattr(self, option.name) is None or option.name in allowed:
                continue
            takers = [name for name, some in OPTIONS.items() if option.name in some]
            msg = f"`{option.name}` is no option of {self.method!r}, but of "
            raise CapabilityError(msg + ", ".join(map(repr, takers)) + ".")
        if self.matrix is not None:
            check_choice(self.matrix, FORMS, "matrix")
        if self.candidates is not None and self.matrix is not None:
            msg = (
                "`matrix` is the shape of a search, and `candidates` have theirs; got "
            )
            raise CapabilityError(msg + "both. Leave out one of them.")
        if hasattr(self.folds, "__iter__") and not hasattr(self.folds, "split"):
            # an iterator would serve one call only
            object.__setattr__(self, "folds", list(self.folds))
        if self.candidates is not None:
            candidates = check_candidates(self.candidates)
            object.__setattr__(self, "candidates", candidates)
        super().__post_init__()


def check_candidates(values: Any, name: str = "candidates") -> NDArray[np.float64]:
    """Return bandwidths to choose among, (k,) in rising order, (k, d) or (k, d, d)."""
    array = real_array(values, name, own=True)
    if array.ndim == 0 or array.ndim > 3 or not array.size:
        msg = f"`{name}` must be a list of bandwidths; got {values!r}. "
        raise BandwidthError(msg + "Try numpy.geomspace(0.1, 1, 20) times the spread.")
    bad = (
        ~(np.abs(array) < np.inf)
        if array.ndim == 3
        else ~((array > 0) & (array < np.inf))
    )
    if bad.any():
        msg = f"`{name}` must be positive and finite; got {array[bad][0]:g}. "
        raise BandwidthError(msg + "Drop that one.")
    return np.sort(array) if array.ndim == 1 else array
