"""A number with its error."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self


class Estimate(float):
    """A number, and how far it may be off.

    It is a float: it adds, compares, rounds and formats like one, and what comes of
    arithmetic is a plain float.

    Attributes
    ----------
    value : float
        The number alone.
    error : float
        In one and two dimensions an estimate: that of the quadrature, the mass that it
        did not reach, and what the accepted error `rtol` of both densities does to the
        number. Above, one standard error, and the latter.

    Examples
    --------
    >>> import parzen
    >>> a, b = (parzen.kde([x], bandwidth=1.0) for x in (0.0, 2.0))
    >>> distance = parzen.kl(a, b)
    >>> print(f"{distance:.6f}", distance > 1.0, distance.error < 1e-4)
    2.000000 True True
    """

    __slots__ = ("error",)

    error: float

    def __new__(cls, value: float, error: float = 0.0) -> Self:
        """Make it of both."""
        made = super().__new__(cls, value)
        object.__setattr__(made, "error", float(error))
        return made

    @property
    def value(self) -> float:
        """The number alone."""
        return float(self)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: it is a number."""
        msg = f"an Estimate does not change; `{name}` was to become {value!r}"
        raise FrozenInstanceError(msg)

    def __delattr__(self, name: str) -> None:
        """Refuse: it is a number."""
        msg = f"an Estimate does not change; `{name}` was to go"
        raise FrozenInstanceError(msg)

    def __repr__(self) -> str:
        """Name both numbers."""
        return f"Estimate({float(self):.6g}, error={self.error:.2g})"

    def __reduce__(self) -> tuple[type[Self], tuple[float, float]]:
        """Keep the error, too."""
        return type(self), (float(self), self.error)
