"""Histograms and merged samples
=============================

Often the points are gone, and a histogram is left; or there are too many to hold at
once. ``kde_from_histogram`` takes counts and edges, ``BinnedSample`` collects data
piece by piece, and ``save`` keeps the density without the data.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm, truncexpon

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)

# %%
# A spectrum
# ----------
#
# Masses between 2 and 5 GeV: a background that falls exponentially, and a resonance of
# width 0.06 GeV at 3.1 GeV with 10 % of the events.

limits = low, high = 2.0, 5.0
background = truncexpon(b=3.0, loc=low, scale=1.0)


def masses(size: int) -> np.ndarray:
    """Draw masses in GeV."""
    signal = rng.normal(3.1, 0.06, size)
    below = background.rvs(size, random_state=rng)
    return np.where(rng.random(size) < 0.1, signal, below)


x = np.linspace(low, high, 601)
truth = 0.9 * background.pdf(x) + 0.1 * norm.pdf(x, 3.1, 0.06)
points = masses(20_000)

# %%
# From a histogram
# ----------------
#
# Bins may have any widths: here 0.04 GeV below 3.6 GeV, 0.2 GeV above. The spectrum
# does not vanish at 2 GeV, so the estimate gets bounds. The counts alone give nearly
# the curve that all the points give; the peak is a little lower, by the width of the
# bins.

edges = np.concatenate([np.arange(2.0, 3.6, 0.04), np.linspace(3.6, 5.0, 8)])
counts, edges = np.histogram(points, bins=edges)
options = {"bounds": limits, "boundary": "linear"}
coarse = parzen.kde_from_histogram(counts, edges, **options)
full = parzen.kde(points, **options)

fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
heights = counts / (len(points) * np.diff(edges))
ax.stairs(heights, edges, fill=True, color="0.85", label="histogram")
ax.plot(x, truth, "k", label="truth")
ax.plot(x, coarse.pdf(x), color="C0", linewidth=2, label="from the histogram")
ax.plot(x, full.pdf(x), "--", color="C1", linewidth=1.5, label="from all points")
ax.set(xlabel="mass (GeV)", ylabel="density (per GeV)", xlim=limits, ylim=(0, 1.2))
ax.set_title("20,000 events")
ax.legend()

# %%
# Piece by piece
# --------------
#
# Each run is binned on its own, on the same grid, and its points are forgotten. Binned
# samples add up to that of all runs: it has seen a million events, and holds 4096
# numbers. Pass it to ``kde`` in place of data.

runs = [parzen.BinnedSample.of(masses(100_000), limits=limits) for _ in range(10)]
total = sum(runs[1:], start=runs[0])
print(total)

merged = parzen.kde(total, **options)
print(merged)

# %%
# Save and load
# -------------
#
# The file holds arrays and plain text. Loading it executes nothing, and the density
# answers as before.

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "spectrum.npz"
    merged.save(path)
    size = path.stat().st_size
    loaded = parzen.load(path)
print(f"{size / 1024:.0f} KiB for {loaded.sample_size:,} events")
print(f"largest difference {np.abs(loaded.pdf(x) - merged.pdf(x)).max():.1e} per GeV")

fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
ax.plot(x, truth, "k", label="truth")
first = parzen.kde(runs[0], **options)
ax.plot(x, first.pdf(x), color="C0", linewidth=2, label="one run")
ax.plot(x, loaded.pdf(x), "--", color="C1", linewidth=2, label="ten runs, loaded")
ax.set(xlabel="mass (GeV)", ylabel="density (per GeV)", xlim=limits, ylim=(0, 1.2))
ax.set_title("A million events from a file")
ax.legend()
plt.show()
