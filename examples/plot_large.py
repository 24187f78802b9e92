"""Large samples
=============

Binned methods read the data once and then answer from the nodes alone, so a million
points cost little more than a thousand. ``"grid"`` sums the nodes at each query,
``"fft"`` convolves with a Fourier transform, ``"diffusion"`` solves the heat equation.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)


def mixture(size: int) -> np.ndarray:
    """Draw from 0.85 N(0, 2) + 0.15 N(3, 0.5)."""
    narrow = rng.random(size) < 0.15
    return np.where(narrow, rng.normal(3.0, 0.5, size), rng.normal(0.0, 2.0, size))


def truth(x: np.ndarray) -> np.ndarray:
    return 0.85 * norm.pdf(x, 0.0, 2.0) + 0.15 * norm.pdf(x, 3.0, 0.5)


samples = [mixture(10**power) for power in range(1, 7)]
colors = plt.get_cmap("plasma_r")(np.linspace(0.15, 0.95, len(samples)))


def compare_sizes(method: str, bandwidth: str) -> None:
    """Draw the estimates from all samples, whole and zoomed in."""
    _, (whole, zoom) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    whole.axvspan(-1, 1, color="0.94", label="zoomed in")
    for points, color in zip(samples, colors, strict=True):
        density = parzen.kde(points, bandwidth=bandwidth, method=method, grid_size=1024)
        for ax, (low, high) in ((whole, (-6, 6)), (zoom, (-1, 1))):
            x = np.linspace(low, high, 601)
            ax.plot(x, density.pdf(x), color=color, label=f"n = {len(points):,}")
    for ax, (low, high) in ((whole, (-6, 6)), (zoom, (-1, 1))):
        x = np.linspace(low, high, 601)
        ax.plot(x, truth(x), "k--", label="truth")
        ax.set(xlabel="x", xlim=(low, high))
    whole.set(ylabel="density (per unit of x)", title=f"{method}, {bandwidth}")
    whole.legend(loc="upper left", fontsize="small")
    zoom.set(title="Zoomed in", ylim=(0.145, 0.18), xticks=[-1.0, -0.5, 0.0, 0.5, 1.0])


# %%
# Grid, with local bandwidths
# ---------------------------
#
# The adaptive rule sees the data, not the nodes. (On a grid zfit's takes the number of
# nodes for n, so its widths hardly shrink above a thousand points.)

compare_sizes("grid", "adaptive_zfit")

# %%
# Fourier transform
# -----------------
#
# Any kernel, one bandwidth. Outside its grid the density is zero. (zfit's extends the
# last value as far as you ask.)

compare_sizes("fft", "silverman")

# %%
# Diffusion
# ---------
#
# ``"auto"`` is the improved Sheather-Jones rule, or Silverman's where that has no
# solution, as it may happen with ten points. Its bandwidth falls faster with n than
# Silverman's: from much data the narrow peak comes out at its full height, at the price
# of small waves on the wide one, seen in the zoom. (zfit's ``KDE1DimISJ`` smooths 1.4
# times too much, and its bandwidth ``"isj"`` too little: two errors of scale.)

compare_sizes("diffusion", "auto")

# %%
# Three methods, 300,000 points
# -----------------------------
#
# On 1024 nodes all three are close to the truth. What differs at the narrow peak is the
# bandwidth: Silverman's is made for one Gaussian and flattens the peak.

points = mixture(300_000)
fig, (whole, zoom) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
whole.axvspan(2.8, 3.2, color="0.9", label="zoomed in")
for ax, (low, high) in ((whole, (-6, 6)), (zoom, (2.8, 3.2))):
    x = np.linspace(low, high, 601)
    ax.plot(x, truth(x), color="k", label="truth")
    ax.set(xlabel="x", xlim=(low, high))
for method, rule, style in (
    ("grid", "adaptive_zfit", "-."),
    ("fft", "silverman", ":"),
    ("diffusion", "isj", "--"),
):
    density = parzen.kde(points, bandwidth=rule, method=method, grid_size=1024)
    for ax, (low, high) in ((whole, (-6, 6)), (zoom, (2.8, 3.2))):
        x = np.linspace(low, high, 601)
        ax.plot(x, density.pdf(x), style, linewidth=2, label=f"{method}, {rule}")
whole.set(ylabel="density (per unit of x)", title="300,000 points, 1024 nodes")
whole.legend(loc="upper left", fontsize="small")
zoom.set(title="Zoomed in", ylim=(0.16, 0.18))
plt.show()
