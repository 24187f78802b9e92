"""`plot` of any distribution returns what it drew."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import parzen
from parzen.errors import CapabilityError

pytest.importorskip("matplotlib")


@pytest.fixture
def x():
    """A small sample with two modes."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 1, 60), rng.normal(6, 1, 40)])


@pytest.fixture
def line(x):
    """A density on a line."""
    return parzen.kde(x)


@pytest.fixture
def plane(x):
    """A density in the plane."""
    return parzen.kde(np.column_stack([x, np.sin(x)]))


@pytest.fixture
def ax():
    """Axes of a figure that pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure().add_subplot()


def edges(artist):
    """Corners of all pieces of a filled area."""
    return [path.vertices for path in artist.get_paths()]


def test_each_artist_is_on_the_axes_given(line, ax):
    """And all of them can be removed again."""
    artists = line.plot(ax, band=0.9)
    assert artists.ax is ax
    assert artists.figure is ax.figure
    assert {artists.line, artists.rug} == set(ax.lines)
    assert {artists.band} == set(ax.collections)
    for one in (artists.line, artists.rug, artists.band):
        one.remove()
    assert not ax.lines
    assert not ax.collections
    with pytest.raises(dataclasses.FrozenInstanceError):
        artists.line = None


def test_only_what_is_asked_for(line, plane):
    """What was not drawn is None."""
    artists = line.plot(rug=False)
    assert artists.fill is not None
    for name in ("rug", "band", "image", "contour"):
        assert getattr(artists, name) is None
    artists = plane.plot(contour=False, rug=False)
    assert artists.image is not None
    assert artists.contour is None
    assert plane.plot(fill=False).image is None


def test_a_level_draws_the_density_s_own_band(line):
    """As if it had been made at the nodes of the picture."""
    artists = line.plot(band=0.8)
    q = artists.line.get_xdata()
    own = line.confidence_band(0.8, points=q)
    drawn = edges(artists.band)[0]
    assert drawn[:, 1].max() == pytest.approx(own.upper.max())
    given = line.plot(band=own)
    np.testing.assert_array_equal(edges(given.band)[0], drawn)
    column = parzen.kde(line.points[:, None], bandwidth=line.bandwidth)
    np.testing.assert_allclose(edges(column.plot(band=0.8).band)[0], drawn, atol=1e-9)


def test_regions_end_where_the_density_says(line):
    """Two pieces around two modes; the more probable region holds the other."""
    artists = line.plot(hdr=[0.5, 0.9])
    wide, narrow = artists.regions
    assert artists.fill is None
    for region, p in ((wide, 0.9), (narrow, 0.5)):
        ends = np.array([[e[:, 0].min(), e[:, 0].max()] for e in edges(region)])
        exact = np.reshape(line.hdr(p).intervals, (-1, 2))
        # the edges of a picture: within a node
        np.testing.assert_allclose(np.sort(ends.ravel()), exact.ravel(), atol=0.02)
    labels = [region.get_label() for region in artists.regions]
    assert labels == ["90% highest density", "50% highest density"]


def test_contours_of_regions_are_labelled(plane):
    """By their probabilities, at the levels of the density."""
    artists = plane.plot(hdr=[0.5, 0.9], rug=False)
    levels = [plane.hdr(p).level for p in (0.9, 0.5)]
    np.testing.assert_allclose(artists.contour.levels, levels)
    texts = {text.get_text() for text in artists.contour.labelTexts}
    assert texts == {"50%", "90%"}


def test_titles_come_from_the_columns(x, ax):
    """On a figure of its own, and never over a title that is there."""
    pd = pytest.importorskip("pandas")
    named = parzen.kde(pd.DataFrame({"time": x, "$size$": np.sin(x)}))
    assert named.plot(size=64).ax.get_title() == "Density of time and $size$"
    assert named.plot(size=64, title="").ax.get_title() == ""
    ax.set_title("mine")
    named.plot(ax, size=64)
    assert ax.get_title() == "mine"
    assert parzen.kde(x).plot().ax.get_title() == ""
    assert parzen.kde(x).plot(title="other").ax.get_title() == "other"


def test_every_distribution_has_a_picture(line, plane):
    """Without data there is no rug."""
    several = {
        "mixture": line * 0.3 + parzen.kde([20.0, 21.0], bandwidth=0.5) * 0.7,
        "truncated": line.truncate((0, 5)),
        "moved": line.affine(2.0, 1.0),
        "plane": plane.truncate([(0, 5), (-1, 1)]),
        "marginal": plane.marginal(0),
    }
    for name, one in several.items():
        artists = one.plot(size=256 if one.n_axes == 1 else 64)
        assert (artists.line is None) == (one.n_axes == 2), name
        assert artists.ax.get_xlabel() == "x"


def test_guard_data_are_not_marked(line):
    """Nor do they stretch the axis."""
    artists = line.truncate((0, 5)).plot()
    marks = artists.rug.get_xdata()
    assert 0 < marks.min() < marks.max() < 5
    assert artists.ax.get_xlim()[0] > -1


def test_what_cannot_be_drawn(line, plane):
    """Refused, with the reason."""
    mixture = line * 0.5 + line * 0.5
    with pytest.raises(CapabilityError, match="rug"):
        mixture.plot(rug=True)
    with pytest.raises(CapabilityError, match="band"):
        mixture.plot(band=0.95)
    with pytest.raises(CapabilityError, match="band"):
        plane.plot(band=0.95)
    with pytest.raises(CapabilityError, match="1 or 2 dimensions"):
        parzen.kde(np.eye(3), bandwidth=1.0).plot()
    # the band of the estimate may be drawn with a mixture
    assert mixture.plot(band=line.confidence_band()).band is not None
