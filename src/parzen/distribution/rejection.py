"""Draw by rejection, in batches; what would take for ever, by inversion on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.errors import CapabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Where a smaller share of the proposals is kept, quantiles take less time.
LEAST_CHANCE = 1e-2
# Proposals at once, and in all: about a minute.
BATCH = 1 << 20
MOST = 1e9


def keep(
    size: int,
    d: int,
    chance: float,
    propose: Callable[[int], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Collect draws until there are enough.

    Parameters
    ----------
    size, d : int
        Draws wanted, and their dimension.
    chance : float
        Share of the proposals that is kept, about.
    propose : callable
        Takes a number of proposals and returns those kept, shape (k, d).

    Returns
    -------
    draws : ndarray of shape (size, d)

    Raises
    ------
    CapabilityError
        If more proposals are needed than can be made in about a minute.
    """
    if size > MOST * chance:
        msg = (
            f"`bounds` leave one proposal in {1.0 / max(chance, 1e-300):.2g} to draw "
            f"from; {size} draws by rejection would take for ever. Widen `bounds`, or "
            "draw less."
        )
        raise CapabilityError(msg)
    parts: list[NDArray[np.float64]] = [np.empty((0, d))]
    missing = size
    while missing > 0:
        # a few more than needed on average: two batches are seldom wanted
        count = min(int(missing / chance * 1.05) + 16, BATCH)
        parts.append(propose(count))
        missing -= len(parts[-1])
    return np.concatenate(parts)[:size]


def inverted(of: Any, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quantiles (m, 1) of a 1-D distribution at uniform numbers (m,)."""
    # a uniform number may be zero; its quantile may be the end of a long tail
    least = np.finfo(np.float64).tiny
    x = np.asarray(of.icdf(np.clip(u, least, 1.0 - 2.0**-53)))
    return x.reshape(-1, 1)
