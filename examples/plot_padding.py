"""Mirrored data
=============

Where there are no data beyond the end, mirrored ones can stand in: zfit calls it
padding. ``parzen.Reflect`` takes the fraction of the range to mirror at each end;
``boundary="reflect"`` folds the density itself, which is the limit of mirroring all.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import truncnorm

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)
bounds = low, high = -3.0, 3.0
law = truncnorm((low - 1.0) / 2.0, (high - 1.0) / 2.0, loc=1.0, scale=2.0)
points = law.rvs(2000, random_state=rng)
x = np.linspace(low, high, 501)
plain = parzen.kde(points)

# %%
# One end, both ends, all
# -----------------------
#
# Two thousand points of N(1, 2), cut to (-3, 3). What is not mirrored falls to half. A
# fifth of the range is enough: more mirrored data would not reach the ends, so
# ``Reflect(0.2, 0.2)`` and ``"reflect"`` agree. Mirroring means a slope of zero at the
# end. The truth has one, up on the left and down on the right, and ``"linear"`` follows
# it.

BOUNDARIES = {
    "Reflect(lower=0, upper=0.2)": parzen.Reflect(lower=0, upper=0.2),
    "Reflect(0.2, 0.2)": parzen.Reflect(0.2, 0.2),
    '"reflect"': "reflect",
    '"linear"': "linear",
}
fig, axes = plt.subplots(
    2, 2, figsize=(10, 6.4), sharex=True, sharey=True, layout="constrained"
)
for ax, (title, boundary) in zip(axes.flat, BOUNDARIES.items(), strict=True):
    density = parzen.kde(points, bounds=bounds, boundary=boundary)
    ax.plot(x, law.pdf(x), "k", label="truth")
    ax.plot(x, plain.pdf(x), ":", color="C1", linewidth=2, label="no bounds")
    ax.plot(x, density.pdf(x), color="C0", linewidth=2, label="with the boundary")
    ax.set(title=title, xlim=bounds, ylim=(0, 0.27))
axes[0, 0].legend(loc="lower center")
for ax in axes[:, 0]:
    ax.set_ylabel("density (per unit of x)")
for ax in axes[1]:
    ax.set_xlabel("x")

# %%
# Outside the bounds
# ------------------
#
# The density is zero outside its bounds. The bumps there that zfit's notebook shows are
# the mirrored data themselves; they appear if you fit the padded sample without bounds.
# ``Reflect.mirrored`` makes it. Inside, times the padded number of points over the
# given one, it is the same curve.

reflect = parzen.Reflect(0.2, 0.2)
bounded = parzen.kde(points, bounds=bounds, boundary=reflect)
copies, rows = reflect.mirrored(points, low, high)
padded = np.concatenate([points, copies])
unbounded = parzen.kde(padded, bandwidth=bounded.bandwidth)
factor = len(padded) / len(points)
apart = np.abs(factor * unbounded.pdf(x) - bounded.pdf(x)).max()
print(f"{len(copies)} mirrored points; inside, the curves are {apart:.1e} apart")

wide = np.linspace(-5, 5, 1001)
width = 0.2 * (high - low)
fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
ax.axvspan(low - width, low, color="C3", alpha=0.12, linewidth=0, label="mirrored data")
ax.axvspan(high, high + width, color="C3", alpha=0.12, linewidth=0)
ax.plot(wide, law.pdf(wide), "k", label="truth")
ax.plot(wide, plain.pdf(wide), ":", color="C1", linewidth=2, label="no bounds")
ax.plot(wide, bounded.pdf(wide), color="C0", linewidth=2, label="with bounds")
curve = factor * unbounded.pdf(wide)
ax.plot(wide, curve, "--", color="C3", linewidth=1.5, label="padded sample, no bounds")
ax.set(xlabel="x", ylabel="density (per unit of x)", xlim=(-5, 5), ylim=(-0.006, 0.27))
ax.set_title("The same on (-5, 5)")
ax.legend(loc="upper left")
plt.show()

# %%
# What differs from zfit
# ----------------------
#
# zfit chooses the bandwidth on the padded sample, so that mirroring changes it, and its
# lower end mirrors points from below the bound into the range. Here the rule sees the
# data as they are, and guard data and mirrored data exclude each other.
