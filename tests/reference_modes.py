"""Modes by brute force: steps counted exactly, and persistence on dense grids."""

from __future__ import annotations

import numpy as np


def persistent(values, least):
    """Indices of peaks that rise above the higher saddle beside them by `least`.

    `values` are log densities, minus infinity outside; peaks are joined from above, the
    lower one ends where it meets the higher (a merge tree).
    """
    values = np.asarray(values, dtype=float)
    parent = np.full(len(values), -1)
    peak = np.arange(len(values))
    kept = []

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in np.argsort(-values, kind="stable").tolist():
        if values[i] == -np.inf:
            break
        parent[i] = i
        for j in (i - 1, i + 1):
            if 0 <= j < len(values) and parent[j] >= 0:
                a, b = root(i), root(j)
                if values[peak[a]] < values[peak[b]]:
                    a, b = b, a
                if a != b:
                    if values[peak[b]] - values[i] > least:
                        kept.append(peak[b])
                    parent[b] = a
    alive = {root(i) for i in range(len(values)) if parent[i] >= 0}
    return np.sort(np.array([*kept, *(peak[i] for i in alive)], dtype=int))


def stairs(x, h):
    """Middles and counts of the plateaus of a sum of top hats that are modes."""
    ends = np.concatenate([x - h, x + h])
    order = np.argsort(ends, kind="stable")
    place = ends[order]
    change = np.concatenate([np.ones(len(x)), -np.ones(len(x))])[order]
    level = np.cumsum(change)[:-1]
    wide = np.diff(place) > 1e-12
    low, high, level = place[:-1][wide], place[1:][wide], level[wide]
    # steps of one level are one
    fresh = np.append(True, np.diff(level) != 0.0)
    start = np.flatnonzero(fresh)
    end = np.append(start[1:], len(level)) - 1
    low, high, level = low[start], high[end], level[start]
    padded = np.concatenate([[0.0], level, [0.0]])
    top = (level > padded[:-2]) & (level > padded[2:])
    return (low[top] + high[top]) / 2.0, level[top]
