"""Differences of many points on a grid: masses of lags by a Fourier transform.

Points are shared linearly among the nodes of a grid. The autocorrelation of the nodes'
masses holds the mass of each lag, and three things put right what binning does:

- A point is paired with its own shares. That part of the power spectrum is a
  trigonometric polynomial known from the points, and is taken away exactly.
- A difference is spread over lags like the cubic B-spline, whose transform is
  prod_k (sin(t_k/2) / (t_k/2))^4. The spectrum is divided by it, as in a non-uniform
  transform; where points lie on the nodes already, by less (`_blurring`).
- What is narrower than 1.5 steps is not resolved: `Lags.finest`.

What is left is the chance by which points lie in their cells. With 1500 points sums
differ from the exact ones by less than 3e-3 for kernels of two steps, 5e-4 for three
and 1e-4 for six (the tests say so), and by less with more points.

Far points would stretch a grid until it resolves nothing. So grids are nested, each
four times as wide and as coarse as the one before, and a pair is counted on the finest
that holds both of its points. On the coarse ones kernels are smoothed by a step, which
matters little as few pairs are there: those with a point far out.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from parzen.bandwidth.matrix.differences import BLOCK_PAIRS
from parzen.binning.grid import Grid
from parzen.binning.spread import spread
from parzen.parallel import thread_count
from parzen.readonly import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from parzen.bandwidth.matrix.differences import Block, Differences
    from parzen.bandwidth.matrix.forms import Form

    Wave = NDArray[np.float64]

# Steps in the reference width, wanted by d, and nodes of a transform, at most.
STEPS_A_WIDTH = {2: 12.0, 3: 4.0}
LARGEST = float(1 << 23)
# A grid reaches so many deviations of the bulk to each side, at least.
ROOM = 6.0
# The coarser grids: how much wider each is, and how many there are.
COARSER, LEVELS = 4.0, 6
# The narrowest kernel, in steps; kernels on coarser grids are smoothed by one step.
NARROWEST = 1.5
# Rows whose places in their cells are computed at a time.
ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class Lattice(ReadOnly):
    """Masses of the lags of one grid.

    Attributes
    ----------
    masses : ndarray of shape (m_1 + 1, 2 m_2 + 1, ...)
        Lags 0..m_1 on the first axis, -m_k..m_k on the others. Those beyond zero on the
        first axis count for their opposites too.
    step : float
        Distance of neighbouring nodes, on each axis.
    blur : float
        Standard deviation by which kernels are to be smoothed.
    n_jobs : int or None
    """

    masses: NDArray[np.float64]
    step: float
    blur: float
    n_jobs: Any = None

    def blocks(self, reach: NDArray[np.float64]) -> list[Block]:
        """Cut the box of lags within `reach` into blocks along the first axis."""
        middle = np.array(self.masses.shape) // 2
        middle[0] = self.masses.shape[0] - 1
        far = np.minimum(np.ceil(reach / self.step), middle).astype(np.int64)
        plane = math.prod(2 * int(k) + 1 for k in far[1:])
        some = max(1, BLOCK_PAIRS // plane)
        last = int(far[0]) + 1
        return [
            partial(self._box, far, slice(row, min(row + some, last)))
            for row in range(0, last, some)
        ]

    def _box(self, far: NDArray[np.int64], rows: slice) -> Differences:
        """Lags of some rows, and their masses."""
        middle = np.array(self.masses.shape) // 2
        cut = [slice(m - k, m + k + 1) for m, k in zip(middle, far, strict=True)]
        first = np.arange(rows.start, rows.stop)
        axes = [first, *(np.arange(-k, k + 1) for k in far[1:])]
        lags = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        masses = self.masses[(rows, *cut[1:])]
        return lags.reshape(-1, len(far)) * self.step, masses.reshape(-1)


@dataclass(frozen=True, eq=False)
class Lags(ReadOnly):
    """Masses of lags on nested grids.

    Attributes
    ----------
    parts : tuple of Lattice
        The finest first.
    finest : float
        The narrowest width of a kernel that the grids resolve.
    near : float
        Mass of the points on the finest grid.
    """

    parts: tuple[Lattice, ...]
    finest: float
    near: float

    @property
    def d(self) -> int:
        """Number of axes."""
        return self.parts[0].masses.ndim

    @classmethod
    def of(cls, form: Form, reach: float) -> Lags:
        """Bin the points of a form; cost O(2^d n + g log g), memory O(n + g).

        Lags go as far as `reach` times `form.widest`. g, the nodes of a transform, is
        at most 2^23.
        """
        reach *= form.widest
        points = form.points
        distances = np.abs(points - np.median(points, axis=0))
        half, step = _layout(form, distances.max(axis=0), reach)
        lattices: list[Lattice] = []
        inner, near = np.zeros(len(points), dtype=bool), 1.0
        for level in range(LEVELS):
            inside = np.all(distances <= half, axis=1)
            if level == LEVELS - 1 and not inside.all():
                # what is still outside lies farther than 4^5 times the bulk
                step *= float(np.max(distances.max(axis=0) / half))
                inside[:] = True
            if level == 0:
                near = float(form.probabilities[inside].sum())
            blur = step if level else 0.0
            lattices.append(_lattice(form, inside, inner, step, blur=blur, reach=reach))
            if inside.all():
                break
            inner, half, step = inside, COARSER * half, COARSER * step
        return cls(tuple(lattices), NARROWEST * lattices[0].step, near)


def _layout(
    form: Form, furthest: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], float]:
    """Half the widths (d,) of the finest grid, and its step.

    Where the transform would be too large the grid loses far points first, down to
    `ROOM` deviations of the bulk, and then resolution.
    """
    step = form.reference / STEPS_A_WIDTH[form.d]
    bulk = form.bulk
    room, half = float(np.max(furthest / bulk)), furthest
    while room > ROOM and _size(half, step, reach) > LARGEST:
        room = max(0.9 * room, ROOM)
        half = np.minimum(furthest, room * bulk)
    while (size := _size(half, step, reach)) > LARGEST:
        step *= 1.01 * (size / LARGEST) ** (1.0 / form.d)
    return half, step


def _size(half: NDArray[np.float64], step: float, reach: float) -> float:
    """Nodes of the transform."""
    counts = 2.0 * half / step + 2.0
    return float(np.prod(counts + np.minimum(counts, reach / step)))


def _lattice(
    form: Form,
    inside: NDArray[np.bool_],
    inner: NDArray[np.bool_],
    step: float,
    *,
    blur: float,
    reach: float,
) -> Lattice:
    """Masses of the lags of points `inside` a grid, less those of its `inner` part."""
    from scipy.fft import irfftn, next_fast_len, rfftn

    some = form.points[inside]
    lower, upper = some.min(axis=0), some.max(axis=0)
    counts = np.maximum(np.ceil((upper - lower) / step).astype(int) + 1, 2)
    # in the middle of the data, so that a mirror image has the mirrored grid
    middle, half = 0.5 * (lower + upper), 0.5 * step * (counts - 1)
    grid = Grid(middle - half, middle + half, tuple(counts.tolist()))
    far = np.minimum(math.ceil(reach / step), counts - 1)
    shape = [next_fast_len(int(n), real=True) for n in counts + far]
    workers = thread_count(form.n_jobs)

    def power(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        masses = spread(form.points[mask], form.probabilities[mask], grid, "linear")
        spectrum = rfftn(masses, shape, workers=workers)
        return np.asarray(spectrum.real**2 + spectrum.imag**2)

    spectrum = power(inside)
    if inner.any():
        spectrum -= power(inner)
    waves = [_waves(n) for n in shape]
    waves[-1] = waves[-1][: shape[-1] // 2 + 1]
    spectrum -= _own(form, inside & ~inner, grid, waves)
    shares = _blurring(form, inside, grid)
    for k, wave in enumerate(waves):
        spline = np.sinc(wave / (2.0 * np.pi)) ** (4.0 * shares[k])
        spectrum /= _along(spline, k, form.d)
    masses = irfftn(spectrum, shape, workers=workers)
    for k, (n, size) in enumerate(zip(far, shape, strict=True)):
        masses = masses.take(np.arange(-n if k else 0, n + 1) % size, axis=k)
    masses[1:] *= 2.0
    return Lattice(masses, step, blur, form.n_jobs)


def _waves(n: int) -> Wave:
    """Frequencies of a transform of n nodes, as angles a step, without signs."""
    return np.asarray(np.abs(2.0 * np.pi * np.fft.fftfreq(n)), dtype=np.float64)


def _own(
    form: Form,
    mask: NDArray[np.bool_],
    grid: Grid,
    waves: list[Wave],
) -> NDArray[np.float64]:
    """Power spectrum of each point by itself, added up.

    A point at a part t_k of its cell has the spectrum
    prod_k (1 - 2 t_k (1 - t_k) (1 - cos wave_k)); the product is multiplied out.
    """
    subsets = list(itertools.product((False, True), repeat=form.d))
    sums = np.zeros(len(subsets))
    # of nodes that stand for several points, each point is with itself alone
    factor = 1.0 / (form.n_eff * float(np.sum(form.probabilities**2)))
    for places, weights in _places(form, mask, grid):
        for s, subset in enumerate(subsets):
            product = weights**2
            for k in np.flatnonzero(subset):
                product = product * places[:, k]
            sums[s] += factor * product.sum()
    total = np.zeros(tuple(map(len, waves)))
    for subset, value in zip(subsets, sums, strict=True):
        term = np.full((1,) * form.d, value)
        for k in np.flatnonzero(subset):
            term = term * _along(-2.0 * (1.0 - np.cos(waves[k])), int(k), form.d)
        total += term
    return total


def _blurring(form: Form, mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """How much binning blurs each axis, beside points anywhere in their cells, (d,).

    Sharing adds the variance t (1 - t), 1/6 on average; none if points lie on nodes.
    """
    sums, mass = np.zeros(form.d), 0.0
    for places, weights in _places(form, mask, grid):
        sums += weights @ places
        mass += float(weights.sum())
    return 6.0 * sums / mass


def _places(
    form: Form, mask: NDArray[np.bool_], grid: Grid
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """T (1 - t) for the places t of points in their cells, with weights, in blocks."""
    rows = np.flatnonzero(mask)
    for first in range(0, len(rows), ROWS):
        some = rows[first : first + ROWS]
        places = (form.points[some] - grid.lower) / grid.step
        places -= np.floor(places)
        yield places * (1.0 - places), form.probabilities[some]


def _along(values: NDArray[np.float64], axis: int, d: int) -> NDArray[np.float64]:
    """Lay values along one of d axes, to be broadcast along the others."""
    return values.reshape([-1 if k == axis else 1 for k in range(d)])
