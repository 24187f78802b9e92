"""`plot_density` draws what the density says, and touches nothing else."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

import parzen
from parzen.errors import AccuracyWarning, CapabilityError
from parzen.plot import plot_density
from parzen.plot.window import visible

pytest.importorskip("matplotlib")


@pytest.fixture
def x():
    """A small sample with two modes."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 1, 60), rng.normal(6, 1, 40)])


@pytest.fixture
def points(x):
    """A small sample in two dimensions."""
    return np.column_stack([x, np.sin(x)])


def pixels(ax):
    """The picture as an array (height, width, 4)."""
    from matplotlib.image import imread

    file = io.BytesIO()
    ax.figure.savefig(file, dpi=50)
    file.seek(0)
    return imread(file)


def test_curve_is_the_density(x):
    """The line goes through the values of the density."""
    density = parzen.kde(x)
    line = plot_density(density).lines[0]
    q, f = line.get_data()
    np.testing.assert_allclose(f, density.pdf(q), rtol=1e-12)
    assert len(q) > 500


def test_curve_ends_where_it_cannot_be_seen(x):
    """What is left out is below a thousandth of the peak."""
    density = parzen.kde(x)
    q, f = plot_density(density).lines[0].get_data()
    assert max(f[0], f[-1]) <= 1e-3 * f.max() * (1 + 1e-12)
    assert q[0] < x.min()
    assert q[-1] > x.max()


@pytest.mark.parametrize("d", [1, 2])
def test_long_tail_leaves_no_corners(d):
    """Where most of the range is too low to be seen, the nodes are closer together."""
    x = np.append(np.random.default_rng(0).normal(size=20_000), 100.0)
    density = parzen.kde(x if d == 1 else x[:, None])
    q, f = plot_density(density).lines[0].get_data()
    assert len(q) > 900
    assert q[1] - q[0] < 0.1 * density.bandwidth
    np.testing.assert_allclose(f, density.pdf(q.reshape(-1, *[1] * (d - 1))))


def test_rug_marks_each_point(x):
    """The rug has one mark a point."""
    rug = plot_density(parzen.kde(x)).lines[1]
    np.testing.assert_array_equal(rug.get_xdata(), x)


def test_rug_and_fill_are_optional(x):
    """Without rug and fill a single line is left, on an axis from zero."""
    ax = plot_density(parzen.kde(x), rug=False, fill=False)
    assert len(ax.lines) == 1
    assert len(ax.collections) == 0
    assert ax.get_ylim()[0] == 0


def test_many_points_have_no_rug_unless_asked():
    """Above 5000 points a rug would be a solid bar."""
    density = parzen.kde(np.random.default_rng(0).normal(size=5001), method="fft")
    assert len(plot_density(density).lines) == 1
    assert len(plot_density(density, rug=True).lines) == 2


def test_labels_name_the_column_and_the_unit(x):
    """Labels come from the data frame."""
    pd = pytest.importorskip("pandas")
    ax = plot_density(parzen.kde(pd.Series(x, name="waiting")))
    assert ax.get_xlabel() == "waiting"
    assert ax.get_ylabel() == "density (per unit of waiting)"


def test_dollars_in_names_are_no_formulas(x):
    """A name that TeX would choke on is drawn as it is."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({r"$\frac$": x, "$^$": np.sin(x)})
    assert pixels(plot_density(parzen.kde(frame), size=64)).std() > 0.02
    assert pixels(plot_density(parzen.kde(frame["$^$"]))).std() > 0.02


def test_long_names_are_folded(x):
    """A label never has a line that is longer than the axis."""
    pd = pytest.importorskip("pandas")
    ax = plot_density(parzen.kde(pd.Series(x, name="ever and " * 20)))
    assert max(map(len, ax.get_xlabel().splitlines())) <= 48
    assert max(map(len, ax.get_ylabel().splitlines())) <= 48


def test_two_densities_share_axes(x):
    """A second, taller density widens the axes and gets its own colour."""
    ax = plot_density(parzen.kde(x), label="wide")
    plot_density(parzen.kde(x / 10), ax, label="narrow")
    assert ax.get_ylim()[1] > ax.lines[2].get_ydata().max()
    assert ax.get_ylim()[0] == 0
    assert ax.lines[0].get_color() != ax.lines[2].get_color()
    assert ax.get_legend_handles_labels()[1] == ["wide", "narrow"]


def test_column_of_one_axis_is_a_curve(x):
    """Data of shape (n, 1) are drawn as a curve, too."""
    ax = plot_density(parzen.kde(x[:, None]))
    assert len(ax.lines) == 2


def test_map_in_two_dimensions(points):
    """Two columns give an image with contours, points and a labelled colour bar."""
    ax = plot_density(parzen.kde(points), size=64)
    (image,) = ax.images
    values = image.get_array()
    assert values.max() == pytest.approx(parzen.kde(points).grid(64)[1].max())
    assert len(ax.collections) == 1
    np.testing.assert_array_equal(ax.lines[0].get_data(), points.T)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert image.colorbar.ax.get_ylabel() == "density (per unit of x and of y)"
    assert len(ax.figure.axes) == 2


def test_map_is_not_transposed(points):
    """The first column runs along the horizontal axis."""
    ax = plot_density(parzen.kde(points), size=64, rug=False)
    left, right, bottom, top = ax.images[0].get_extent()
    assert left < points[:, 0].min() < points[:, 0].max() < right
    assert bottom < points[:, 1].min() < points[:, 1].max() < top


def test_map_without_image(points):
    """Without fill the contour lines are left."""
    ax = plot_density(parzen.kde(points), size=64, fill=False, rug=False)
    assert len(ax.images) == 0
    assert len(ax.collections) == 1


@pytest.mark.parametrize("d", [1, 2])
def test_picture_is_not_blank(points, d):
    """The saved pixels differ."""
    assert pixels(plot_density(parzen.kde(points[:, :d]))).std() > 0.02


def test_coarse_nodes_warn(x):
    """Too few nodes draw a warning that says how many are needed."""
    density = parzen.kde(x, bandwidth=0.001)
    with pytest.warns(AccuracyWarning, match="raise the grid's size to"):
        plot_density(density, size=100)


def test_three_dimensions_are_refused(x):
    """A picture has two axes."""
    density = parzen.kde(np.column_stack([x, np.sin(x), np.cos(3 * x)]))
    with pytest.raises(CapabilityError, match="1 or 2 dimensions; the data have 3"):
        plot_density(density)


def test_label_is_for_curves(points):
    """A map has no legend."""
    with pytest.raises(CapabilityError, match="`label` names a curve"):
        plot_density(parzen.kde(points), label="x")


def test_given_axes_are_used_and_returned(x):
    """Drawing on given axes makes no figure."""
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert plot_density(parzen.kde(x), ax) is ax


def test_pyplot_is_not_loaded():
    """The library draws and saves without pyplot, so nothing global changes."""
    code = (
        "import io, sys, parzen; from parzen.plot import plot_density;"
        "assert 'matplotlib' not in sys.modules;"
        "plot_density(parzen.kde([1.0, 2.0, 4.0])).figure.savefig(io.BytesIO());"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_missing_matplotlib_names_the_extra(x, monkeypatch):
    """Without matplotlib the error says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "parzen\[plot\]"'):
        plot_density(parzen.kde(x))


def test_visible_keeps_one_node_beyond():
    """The window is the visible nodes and one on each side, where there is one."""
    assert visible(np.array([0.0, 0.0, 1.0, 0.5, 0.0, 0.0])) == slice(1, 5)
    assert visible(np.array([1.0, 1.0])) == slice(0, 3)
