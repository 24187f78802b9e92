"""The search for the least criterion of cross-validation, where pairs may be binned.

A grid resolves widths of one scale. So it is laid in coordinates in which a good guess
of the matrix is the identity; and where the criterion falls beyond what the grid
resolves, the search goes on around the last matrix, on another grid, down to the widths
that are searched with pairs one by one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from parzen.bandwidth.matrix.search import NARROWEST, NO_DIP, minimise_form
from parzen.bandwidth.matrix.sums import binned, differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Source
    from parzen.bandwidth.matrix.forms import Form
    from parzen.bandwidth.matrix.search import Criterion
    from parzen.bandwidth.solution import Solution

    Maker = Callable[[Form, Source], Criterion]

# Widths up to this many times those expected are searched, and lags reach so far that
# kernels of the expected width are cut at ten deviations.
WIDEST, REACH = 2.5, 14.0
# Grids, at most: each of two axes reaches widths 1/8 of those of the one before.
GRIDS = 12


def zoomed(make: Maker, form: Form, guess: NDArray[np.float64], rule: str) -> Solution:
    """Find the matrix of a form with the least criterion.

    Parameters
    ----------
    make : callable
        From a form and differences in its coordinates to the criterion.
    form : Form
    guess : ndarray of shape (d, d)
        About the best H_z, where points are binned.
    rule : str
        Name of the criterion, for the note.
    """
    limit = NARROWEST * form.reference
    if not binned(form):
        source = differences(form, REACH)
        widest = WIDEST * form.widest
        found = minimise_form(make(form, source), form, narrowest=limit, widest=widest)
        return found.solution(form, rule)
    turned = form.around(guess)
    tries: list[Solution] = []
    for _ in range(GRIDS):
        source = differences(turned, REACH)
        found = minimise_form(
            make(turned, source), turned, narrowest=source.finest, widest=WIDEST
        )
        tries.append(found.solution(turned, rule))
        if found.converged:
            return tries[-1]
        if found.fault == NO_DIP:
            # the guess is no better than the rule that the note names
            reference = form.value(form.reference**2 * np.eye(form.d))
            tries[-1] = tries[-1]._replace(value=reference)
        edge = form.inverse(turned.value(found.edge))
        narrow = math.sqrt(float(np.linalg.eigvalsh(edge)[0])) <= limit
        if narrow or (found.fault == NO_DIP and found.scores.argmin() > 0):
            break
        turned = turned.around(found.edge)
    return tries[0]
