"""Boundaries
==========

A kernel next to the end of the data leaks over it. Just inside the end the estimate is
half as high as the density, and just outside it is not zero.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import truncnorm

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)

# %%
# The bias
# --------
#
# Seventy points at equal distances on (-5, 5): as uniform as can be, so that all that
# is seen is bias, not chance. The true density is 1/10. On the right, the same between
# the ends, as users of such data would see it.

points = np.linspace(-5, 5, 70)
density = parzen.kde(points, bandwidth="silverman")


def rug(ax: plt.Axes) -> None:
    """Mark the points at the foot of the axes."""
    foot = ax.get_xaxis_transform()
    ax.plot(points, np.full(70, 0.025), "|", color="C0", transform=foot, label="points")


fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, end in zip(axes, (10.0, 5.0), strict=True):
    x = np.linspace(-end, end, 501)
    ax.plot(x, np.where(np.abs(x) <= 5, 0.1, 0.0), "k", label="truth, 1/10")
    ax.plot(x, density.pdf(x), color="C0", linewidth=2, label="estimate")
    rug(ax)
    ax.set(xlabel="x", xlim=(-end, end), ylim=(-0.008, 0.125))
axes[0].set(ylabel="density (per unit of x)", title="Seventy equidistant points")
axes[1].set_title("The same, between the ends")
axes[1].legend(loc="lower center", bbox_to_anchor=(0.5, 0.1))

# %%
# Guard data
# ----------
#
# The best cure is data beyond the end. With ``bounds=(-3, 3)`` the density is
# normalised there and zero outside, while the points outside stay and fill the gap. The
# true shape is 1/6, since the density lives on a range of length 6. (zfit's notebook
# draws 1/4.) With ``outside="drop"`` the guard data go, and the bias is back.

x = np.linspace(-3, 3, 301)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axhline(1 / 6, color="k", label="truth, 1/6")
for outside, color in (("keep", "C0"), ("drop", "C1")):
    density = parzen.kde(points, bandwidth="silverman", bounds=(-3, 3), outside=outside)
    label = f'outside="{outside}", {density.sample_size} points'
    ax.plot(x, density.pdf(x), color=color, linewidth=2, label=label)
ax.axhline(1 / 4, color="0.6", linestyle=":", label="the notebook's 1/4")
ax.set(xlabel="x", ylabel="density (per unit of x)", ylim=(0, 0.28), xlim=(-3, 3))
ax.set_title("Bounds narrower than the data")
ax.legend(loc="lower center")

# %%
# No data beyond the end
# ----------------------
#
# A thousand points of N(0, 2), cut to (-2, 0.5). Without bounds the estimate falls to
# half at either end, and the rule takes the jumps for structure: its bandwidth is too
# narrow, so the curve is wavy, too. With bounds that the density need not vanish at,
# the rule knows better. ``boundary="linear"`` follows the slope at the lower end;
# ``"reflect"`` forces it to zero, and comes out too high there.

low, high = -2.0, 0.5
law = truncnorm(low / 2.0, high / 2.0, loc=0.0, scale=2.0)
points = law.rvs(1000, random_state=rng)
x = np.linspace(low, high, 501)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, law.pdf(x), "k", label="truth")
ax.plot(x, parzen.kde(points).pdf(x), color="C0", linewidth=2, label="no bounds")
for boundary, color in (("reflect", "C2"), ("linear", "C3")):
    density = parzen.kde(points, bounds=(low, high), boundary=boundary)
    ax.plot(x, density.pdf(x), "--", color=color, linewidth=2, label=f'"{boundary}"')
ax.set(xlabel="x", ylabel="density (per unit of x)", xlim=(low, high), ylim=(0, 0.62))
ax.set_title("N(0, 2) on (-2, 0.5), 1000 points")
ax.legend(loc="lower center")
plt.show()
