"""The part of a grid that a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this part of the peak a density cannot be told from zero in a picture.
INVISIBLE = 1e-3


def visible(profile: NDArray[np.float64]) -> slice:
    """Return the range in which a profile (m,) can be told from zero."""
    seen = np.flatnonzero(profile >= INVISIBLE * profile.max())
    return slice(max(int(seen[0]) - 1, 0), int(seen[-1]) + 2)
