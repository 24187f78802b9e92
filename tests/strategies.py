"""Random problems for hypothesis: hard samples, weights, kernels and bandwidths."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parzen import Kernel
from tests.reference import KERNELS

SEEDS = st.integers(0, 2**32 - 1)
# As many points as a law needs: one, a pair, a few, and enough for several tiles.
SIZES = st.one_of(st.sampled_from([1, 2, 3]), st.integers(4, 40), st.just(300))
SHAPES = ("normal", "ties", "clusters", "lattice", "equal")


def standard_points(rng, n, d, shape):
    """Points of about unit spread around zero."""
    x = rng.normal(size=(n, d))
    if shape == "ties":
        return x[rng.integers(max(1, n // 3), size=n)]
    if shape == "clusters":
        return x * 1e-3 + rng.choice((-1.0, 1.0), size=(n, 1))
    if shape == "lattice":
        return np.rint(2 * x) / 2
    return np.zeros((n, d)) if shape == "equal" else x


@st.composite
def samples(draw, *, d=None, sizes=SIZES, scales=(1.0,), offsets=(0.0,), shapes=SHAPES):
    """Samples of shape (n, d) with ties, clusters, far offsets and extreme units."""
    d = draw(st.integers(1, 3)) if d is None else d
    rng = np.random.default_rng(draw(SEEDS))
    x = standard_points(rng, draw(sizes), d, draw(st.sampled_from(shapes)))
    return x * draw(st.sampled_from(scales)) + draw(st.sampled_from(offsets))


def far_samples(**kwargs):
    """Samples at an offset that leaves few digits for their spread."""
    return samples(offsets=(0.0, 1e9, -1e12), **kwargs)


def extreme_samples(**kwargs):
    """Samples in units from the smallest to the largest."""
    scales = (1e-300, 1e-150, 1e-5, 1.0, 1e5, 1e150, 1e300)
    return samples(scales=scales, **kwargs)


@st.composite
def weight_vectors(draw, n):
    """None, or n weights: alike, with zeros, or spanning many orders of magnitude."""
    kind = draw(st.sampled_from(["none", "alike", "zeros", "1e15", "1e-300"]))
    rng = np.random.default_rng(draw(SEEDS))
    if kind == "none":
        return None
    if kind == "alike":
        return 1.0 + rng.random(n)
    if kind == "zeros":
        w = rng.random(n) * (rng.random(n) < 0.5)
        w[rng.integers(n)] = 1.0
        return w
    span = 15 if kind == "1e15" else -300
    return 10.0 ** (span * rng.random(n))


def kernels(*, names=KERNELS, product=True):
    """Kernels by their names, radial and as products."""
    forms = st.booleans() if product else st.just(value=False)
    return st.builds(
        lambda name, product: Kernel(name, product=product),
        st.sampled_from(names),
        forms,
    )


def covariance(rng, d):
    """A well-conditioned covariance with all correlations."""
    a = rng.normal(size=(d, d)) / np.sqrt(d)
    return a @ a.T + 0.5 * np.eye(d)


@st.composite
def bandwidths(draw, d, *, forms=("scalar", "widths", "matrix")):
    """A width, d widths or a covariance matrix, about one."""
    rng = np.random.default_rng(draw(SEEDS))
    form = draw(st.sampled_from(forms))
    if form == "scalar":
        return draw(st.sampled_from([0.25, 0.7, 1.0, 3.0]))
    if form == "widths":
        return 0.3 + 2 * rng.random(d)
    return covariance(rng, d)


@st.composite
def problems(draw, **kwargs):
    """A sample, its weights and a bandwidth that fit together."""
    x = draw(samples(**kwargs))
    weights = draw(weight_vectors(len(x)))
    return x, weights, draw(bandwidths(x.shape[1]))
