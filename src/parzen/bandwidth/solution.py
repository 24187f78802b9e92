"""What a selector finds: a bandwidth for the Gaussian kernel, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Solution(NamedTuple):
    """A bandwidth, and what was found on the way.

    Attributes
    ----------
    value : float, ndarray or LocalBandwidth
        In units of the data; for the Gaussian kernel unless the selector says more.
    note : str
        How it was found, for `BandwidthResult.note`.
    converged : bool
        False where the selector has no answer by its own criterion.
    candidates : ndarray of shape (k,) or (k, d, d), or None
        Bandwidths at which the criterion was computed, widths in rising order.
    scores : ndarray of shape (k,) or None
        The criterion there.
    """

    value: Any
    note: str
    converged: bool = True
    candidates: NDArray[np.float64] | None = None
    scores: NDArray[np.float64] | None = None
