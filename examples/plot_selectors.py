"""Bandwidth selectors
===================

Rules of thumb take the data for one Gaussian bump. Plug-in selectors estimate how
curved the density is, cross-validation estimates the error itself. All of them go by
name.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(5)

# %%
# Five fingers
# ------------
#
# Half of the data are standard normal, and a tenth each lies in one of five narrow
# peaks: the claw of Marron and Wand. The rule of thumb sees one bump; selectors that
# look closer see the fingers.

places, widths = np.array([0.0, -1, -0.5, 0, 0.5, 1]), np.array([1.0] + 5 * [0.1])
shares = np.array([0.5] + 5 * [0.1])
part = rng.choice(6, size=1000, p=shares)
points = rng.normal(places[part], widths[part])
x = np.linspace(-3, 3, 601)
bumps = np.exp(-(((x[:, None] - places) / widths) ** 2) / 2) / widths
truth = bumps @ shares / np.sqrt(2 * np.pi)

RULES = ("silverman", "sheather_jones", "isj", "ucv", "likelihood")
fig, axes = plt.subplots(1, 5, figsize=(12, 2.9), sharey=True, layout="constrained")
for ax, rule in zip(axes, RULES, strict=True):
    density = parzen.kde(points, bandwidth=rule)
    ax.plot(x, truth, "k", linewidth=0.8)
    ax.plot(x, density.pdf(x), "C3")
    ax.set(title=f"{rule}\nh = {density.bandwidth:.3f}", xlabel="x")
axes[0].set_ylabel("density (per unit of x)")

# %%
# What a criterion looks like
# ---------------------------
#
# A result keeps the criterion and draws it. Likelihood wants the largest value, the
# estimates of the squared error the smallest.

fig, axes = plt.subplots(2, 2, figsize=(10, 6), layout="constrained")
for ax, method in zip(axes.flat, ("likelihood", "ucv", "bcv", "scv"), strict=True):
    parzen.select_bandwidth(points, method).plot(ax)
    ax.set_title(method)

# %%
# Matrices
# --------
#
# In two dimensions a selector chooses a matrix: here two clouds, each tilted against
# the line that joins them. A factor on the covariance of all points follows that line;
# a full matrix, searched by the criterion, follows the clouds.

cloud = rng.normal(size=(400, 2)) @ np.array([[0.5, 0.4], [0.0, 0.15]])
shift = np.array([1.2, -1.0])
plane = np.concatenate([cloud[:200] - shift, cloud[200:] + shift])
choices = {
    "silverman": parzen.select_bandwidth(plane, "silverman"),
    "ucv, diagonal": parzen.select_bandwidth(plane, "ucv", matrix="diagonal"),
    "ucv, full": parzen.select_bandwidth(plane, "ucv"),
}
fig, axes = plt.subplots(1, 3, figsize=(12, 4), sharey=True, layout="constrained")
grid = np.stack(np.meshgrid(*2 * [np.linspace(-3.2, 3.2, 161)], indexing="ij"), axis=-1)
for ax, (name, result) in zip(axes, choices.items(), strict=True):
    values = parzen.kde(plane, bandwidth=result.value).pdf(grid)
    levels = values.max() * np.array([0.05, 0.2, 0.4, 0.6, 0.8])
    ax.plot(*plane.T, ".", color="0.75", markersize=3)
    ax.contour(grid[:, 0, 0], grid[0, :, 1], values.T, levels=levels, cmap="viridis")
    covariance = np.asarray(result.value)
    if covariance.ndim < 2:
        covariance = np.diag(covariance**2)
    lengths, directions = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(directions[1, 1], directions[0, 1]))
    kernel = Ellipse(
        (-2.2, -2.2), *(2 * np.sqrt(lengths[::-1])), angle=angle, color="C3", alpha=0.6
    )
    ax.add_patch(kernel)
    ax.set(title=name, xlabel="x", aspect="equal")
axes[0].set_ylabel("y; the kernel in red")
plt.show()

# %%
# Which selector when
# -------------------
#
# The page :doc:`/bandwidth` compares the errors of all selectors with the best that any
# fixed bandwidth could do.
