"""What a fast engine may add on the line: masses on either side, and derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bounded = tuple[NDArray[np.float64], NDArray[np.float64]]


class Cumulative(Protocol):
    """Masses of a 1-D kernel sum, with bounds on how far they may be off.

    Each method returns values (m,) and absolute error bounds (m,), which are proven
    and infinite where nothing is known.
    """

    def below(self, q: NDArray[np.float64]) -> Bounded:
        """Mass below q of shape (m,), finite: sum_i w_i F_K((q - x_i) / h_i)."""
        ...

    def above(self, q: NDArray[np.float64]) -> Bounded:
        """Mass above q of shape (m,), finite."""
        ...


class Differentiated(Protocol):
    """A derivative of a 1-D kernel sum, with bounds on how far it may be off."""

    def values(self, q: NDArray[np.float64]) -> Bounded:
        """Return the derivative of f at q of shape (m,), and error bounds (m,)."""
        ...
