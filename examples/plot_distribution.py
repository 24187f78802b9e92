"""The density as a distribution
==============================

A density answers more than `pdf`: how probable a range is, where its peaks and valleys
are, how far it may be off, what one coordinate says about another.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import parzen

plt.style.use("seaborn-v0_8-white")
plt.rc("axes.spines", top=False, right=False)
try:
    here = Path(__file__).parent
except NameError:  # inside the gallery
    here = Path.cwd()
table = np.genfromtxt(here / "data" / "old_faithful.csv", delimiter=",", names=True)
eruptions, waiting = table["eruptions"], table["waiting"]

# %%
# How long until the geyser erupts?
# ---------------------------------
#
# Waits have two modes and a valley between them. The shaded regions hold half and nine
# tenths of all waits in the least space; the band says where the density may be.

density = parzen.kde(waiting)
modes, valley = density.modes(), density.antimodes()
print("modes    ", modes.location.round(1), "minutes")
print("valley   ", valley.location.round(1))
print("90 min + ", f"{density.ccdf(90.0):.3f}")
print("quartiles", density.icdf([0.25, 0.5, 0.75]).round(1))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
density.plot(left, hdr=(0.5, 0.9), rug=True)
left.plot(modes.location, modes.density, "kv", markersize=5)
left.plot(valley.location, valley.density, "k^", markersize=5)
left.set(xlabel="waiting time (minutes)", ylabel="density (per minute)")
band = density.confidence_band(0.95, bias_corrected=True)
density.plot(right, band=band, fill=False, rug=False)
right.set(xlabel="waiting time (minutes)", ylabel="density (per minute)")

# %%
# What the last eruption tells
# ----------------------------
#
# After a short eruption the next one comes soon: conditional densities are densities
# again, with quantiles of their own.

joint = parzen.kde(np.column_stack([eruptions, waiting]))
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
joint.plot(left, hdr=(0.5, 0.9))
left.set(xlabel="eruption (minutes)", ylabel="waiting time (minutes)")
for minutes in (2.0, 3.0, 4.5):
    given = joint.conditional(0, minutes)
    low, high = given.interval(0.9)
    label = f"after {minutes:g} minutes: {low:.0f} to {high:.0f}"
    given.plot(right, rug=False, label=label)
right.set(xlabel="waiting time (minutes)", ylabel="density (per minute)", ylim=(0, 0.1))
right.legend(frameon=False)

# %%
# Both tails have their digits
# ----------------------------
#
# Masses are summed from the side on which they are small, and their logarithms go on
# where floats end.

t = np.linspace(0.0, 200.0, 401)
fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.plot(t, density.logcdf(t), label="log cdf")
ax.plot(t, density.logccdf(t), label="log ccdf")
ax.set(xlabel="waiting time (minutes)", ylabel="logarithm of a probability")
ax.legend(frameon=False)
