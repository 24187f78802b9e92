"""Kernels
=======

The kernel says how one point spreads. Besides eleven built-in names, ``kernel`` takes
any continuous distribution of ``scipy.stats``, symmetric or not, and functions K(u).
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.stats import norm

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
rng = np.random.default_rng(23)
n = 1000
narrow = rng.random(n) < 0.15
points = np.where(narrow, rng.normal(3.0, 0.5, n), rng.normal(0.0, 2.0, n))
x = np.linspace(-10, 10, 501)
truth = 0.85 * norm.pdf(x, 0.0, 2.0) + 0.15 * norm.pdf(x, 3.0, 0.5)
KERNELS = {"norm": stats.norm, "cauchy": stats.cauchy, "moyal": stats.moyal}

# %%
# One kernel at each point
# ------------------------
#
# The Cauchy kernel has heavy tails. Moyal's is asymmetric: its peak is at the point,
# but its mean is 1.27 bandwidths above it.

u = np.linspace(-6, 10, 501)
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for name, kernel in KERNELS.items():
    ax.plot(u, kernel.pdf(u), linewidth=2, label=name)
ax.set(xlabel="u, bandwidths from the point", ylabel="K(u)", title="Three kernels")
ax.legend()

# %%
# The estimates
# -------------
#
# On the left, a rule chooses h for each kernel such that the amount of smoothing stays
# the same: the widths differ, the curves agree. On the right, as in zfit's notebook,
# all have the width that suits the Gaussian: Cauchy and Moyal smooth too much. Either
# way, Moyal's curve is shifted up, by the mean of its kernel, and Cauchy's has too high
# tails.

same = parzen.select_bandwidth(points).value
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, bandwidth in zip(axes, ("auto", same), strict=True):
    ax.plot(x, truth, "k", label="truth")
    for name, kernel in KERNELS.items():
        density = parzen.kde(points, kernel=kernel, bandwidth=bandwidth)
        label = f"{name}, h = {density.bandwidth:.2f}"
        ax.plot(x, density.pdf(x), "--", linewidth=2, label=label)
    ax.set_xlabel("x")
    ax.legend(loc="upper left")
axes[0].set(ylabel="density (per unit of x)", title="A width for each kernel")
axes[1].set_title("The same width for all")

# %%
# Any method
# ----------
#
# zfit's ``KDE1DimFFT`` computes half of a kernel and mirrors it, so an asymmetric one
# comes out wrong without a word. It also measures how far a kernel reaches by the width
# of the space. Here each engine takes the kernel as it is, and says how far it may err:

for name, kernel in KERNELS.items():
    exact = parzen.kde(points, kernel=kernel)
    fast = parzen.kde(points, kernel=kernel, method="fft")
    error = np.abs(fast.pdf(x) - exact.pdf(x)).max()
    bound = fast.decision.bound.absolute
    print(f"{name:7} fft errs by at most {error:.1e}, stated {bound:.1e}")
plt.show()
