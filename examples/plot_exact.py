"""Exact estimates
===============

A kernel density estimate puts a small bump, the kernel, on every point and adds the
bumps up. With ``method="direct"``, which is what you get unless you accept an error
above rounding, the sum is exact: n kernels at each of m places.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)
x = np.linspace(-10, 10, 501)

# %%
# Sixty points
# ------------
#
# The points, marked below the curve, come from a Gaussian of width 2. The estimate is
# lower and broader than the truth, because each kernel adds its own width. Chance does
# the rest: where it has put more points than expected, the estimate is too high.

points = rng.normal(0.0, 2.0, size=60)
density = parzen.kde(points)
print(density)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, norm.pdf(x, 0.0, 2.0), "k", label="truth, N(0, 2)")
ax.plot(x, density.pdf(x), color="C0", linewidth=2, label="estimate")
ax.plot(points, np.full(60, -0.006), "|", color="C0", markersize=10, label="60 points")
ax.set(xlabel="x", ylabel="density (per unit of x)", title="One Gaussian, 60 points")
ax.legend()

# %%
# A mixture
# ---------
#
# A thousand points of 0.85 N(0, 2) + 0.15 N(3, 0.5): a narrow peak on the shoulder of a
# wide one. This is the density of most examples of this gallery.


def mixture(size: int) -> np.ndarray:
    """Draw from the mixture."""
    narrow = rng.random(size) < 0.15
    return np.where(narrow, rng.normal(3.0, 0.5, size), rng.normal(0.0, 2.0, size))


points = mixture(1000)
truth = 0.85 * norm.pdf(x, 0.0, 2.0) + 0.15 * norm.pdf(x, 3.0, 0.5)
density = parzen.kde(points)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, truth, "k", label="truth")
ax.plot(x, density.pdf(x), color="C0", linewidth=2, label="estimate")
ax.set(xlabel="x", ylabel="density (per unit of x)", title="Mixture, 1000 points")
ax.legend()

# %%
# One bandwidth serves all points. It is too wide for the narrow peak, which comes out
# low and broad, and too narrow for the tails, which come out wavy. The next example is
# about choosing it. ``explain`` says what was chosen, and why:

print(density.explain())
plt.show()
