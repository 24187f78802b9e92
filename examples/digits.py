"""New handwritten digits
======================

Draws from a density in 15 dimensions.

The images of the digits data set (1797 of 8 x 8 pixels) are projected to 15 principal
components. A search over 20 bandwidths, each judged by five-fold cross-validation,
finds the one under which unseen digits are most likely. Draws from that density,
projected back to pixels, look like digits nobody has written.

As a program, it writes the picture to a file::

    python examples/digits.py --output digits.png
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine
from rich.console import Console
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

import parzen

ROWS, COLUMNS = 4, 11
BANDWIDTHS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw new digits.")
    parser.add_argument("--output", type=Path, help="default: show the picture")
    parser.add_argument("--dpi", type=int, default=150)
    arguments = parser.parse_args()

    images = load_digits().data
    pca = PCA(n_components=15, whiten=False)
    points = pca.fit_transform(images)
    print(f"digits     {len(images)} images, {points.shape[1]} principal components")

    search = GridSearchCV(
        parzen.KernelDensity(), {"bandwidth": np.logspace(-1, 1, BANDWIDTHS)}
    )
    fits = BANDWIDTHS * 5
    with Console(stderr=True).status(f"searching: {fits} fits, each scored on a fold"):
        start = time.perf_counter()
        search.fit(points)
        seconds = time.perf_counter() - start
    print(f"search     {seconds:.2f} s for {fits} fits; the first run compiles, too")
    print(f"best bandwidth: {search.best_params_['bandwidth']}")

    model = search.best_estimator_
    drawn = pca.inverse_transform(model.sample(ROWS * COLUMNS, random_state=0))
    figure = draw(images[: ROWS * COLUMNS], drawn)
    if arguments.output is None:
        plt.show()
        return
    figure.savefig(arguments.output, dpi=arguments.dpi)
    print(f"wrote {arguments.output}")


def draw(real: np.ndarray, drawn: np.ndarray) -> plt.Figure:
    layout = ConstrainedLayoutEngine(rect=(0.0, 0.0, 1.0, 0.985))
    figure = plt.figure(figsize=(6.4, 6.0), layout=layout)
    axes = figure.subplots(
        2 * ROWS + 1,
        COLUMNS,
        subplot_kw={"xticks": [], "yticks": [], "frame_on": False},
    )
    for ax in axes[ROWS]:
        ax.set_visible(False)
    panels = (
        (axes[:ROWS], real, "Digits of the data"),
        (axes[ROWS + 1 :], drawn, "New digits, drawn from the density"),
    )
    for panel, digits, title in panels:
        for ax, pixels in zip(panel.flat, digits, strict=True):
            ax.imshow(pixels.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        panel[0, COLUMNS // 2].set_title(title, pad=10)
    return figure


if __name__ == "__main__":
    main()
