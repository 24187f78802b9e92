"""Bandwidths
==========

The bandwidth h is the width of the kernel, in units of the data: for the Gaussian its
standard deviation. A global bandwidth is one number; a local one has a number for each
point.
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


points = mixture(1000)
x = np.linspace(-10, 10, 501)
truth = 0.85 * norm.pdf(x, 0.0, 2.0) + 0.15 * norm.pdf(x, 3.0, 0.5)

# %%
# Too narrow, too wide
# --------------------
#
# At h = 0.1 the estimate follows each accident of the sample. At h = 0.5 it shows both
# peaks. At h = 2 it has smeared them into one, and at h = 10 it shows little but the
# kernel itself.

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, truth, "k", label="truth")
for h in (0.1, 0.5, 2.0, 10.0):
    ax.plot(x, parzen.kde(points, bandwidth=h).pdf(x), label=f"h = {h:g}", alpha=0.8)
ax.set(xlabel="x", ylabel="density (per unit of x)", title="Bandwidths by hand")
ax.legend()

# %%
# Rules
# -----
#
# Silverman's and Scott's rules take the spread of the data and n. The improved
# Sheather-Jones rule ``"isj"``, the default in one dimension, looks at the curvature of
# the density. The adaptive rules give each point a width that goes with 1 /
# sqrt(density): narrow in the peaks, wide in the tails.

RULES = {
    "silverman": ("C0", "--"),
    "scott": ("C4", "--"),
    "adaptive_geom": ("C2", ":"),
    "adaptive_zfit": ("C1", ":"),
    "isj": ("C3", "-."),
}
SOME = ("silverman", "adaptive_zfit", "isj")
curves = {rule: parzen.kde(points, bandwidth=rule).pdf(x) for rule in RULES}


def draw(ax: plt.Axes, rules: tuple[str, ...]) -> None:
    """Draw the truth and the estimates by some rules."""
    ax.plot(x, truth, "k", label="truth")
    for rule in rules:
        color, style = RULES[rule]
        ax.plot(x, curves[rule], style, color=color, linewidth=2, label=rule)
    ax.set(xlabel="x", ylabel="density (per unit of x)")


fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
draw(ax, tuple(RULES))
ax.set_title("Five rules")
ax.legend()

# %%
# Near the peaks, all five and three of them:

fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, rules in zip(axes, (tuple(RULES), SOME), strict=True):
    draw(ax, rules)
    ax.set(xlim=(-2.5, 4), ylim=(0.1, 0.2), title=f"{len(rules)} rules near the peaks")
    ax.legend(loc="lower center", ncols=2, fontsize="small")
axes[1].set_ylabel("")

# %%
# All of them smooth the narrow peak too much. One sample proves little about who does
# it least; the integrated squared error, averaged over twenty samples, says more:

errors = dict.fromkeys(RULES, 0.0)
for _ in range(20):
    points = mixture(1000)
    for rule in RULES:
        curve = parzen.kde(points, bandwidth=rule).pdf(x)
        errors[rule] += np.trapezoid((curve - truth) ** 2, x) / 20
for rule, error in errors.items():
    print(f"{rule:14} {error:.5f}")
plt.show()

# %%
# What differs from zfit
# ----------------------
#
# zfit's rules take min(s, IQR) where the formula has IQR / 1.34: heavy tails widen the
# bandwidth. Its ``"isj"`` scales the solution with the range of the data, not with the
# width of the grid: too narrow, and different in other units. Hence it looks wiggly.
