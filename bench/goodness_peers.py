"""Who chooses a bandwidth: our selectors and the peers', all to one convention.

A selector takes a sample and returns a width or a matrix for a Gaussian kernel, or a
bandwidth for each point; peers that choose for their own grid are asked for the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from records import OURS

if TYPE_CHECKING:
    from collections.abc import Callable

ANY = 1 << 60
SLOW = "too slow for more points"


class Selector(NamedTuple):
    """A way to choose, and the largest sample that it is asked with."""

    choose: Callable[[Any], Any]
    largest: int = ANY

    def serves(self, n: int) -> bool:
        """Whether it is asked at all."""
        return n <= self.largest


def ours(method: str, **options: Any) -> Selector:
    """Ask one of our selectors."""
    import parzen

    return Selector(lambda x: parzen.select_bandwidth(x, method, **options).value)


def line() -> dict[str, Selector]:
    """Return all selectors for one dimension, ours first."""
    plain = (
        *("silverman", "scott", "normal_reference", "isj", "sheather_jones", "plugin"),
        *("ucv", "bcv", "scv", "likelihood", "abramson"),
    )
    return {
        **{f"{OURS} {method}": ours(method) for method in plain},
        f"{OURS} knn": ours("knn"),
        **_scipy(),
        **_statsmodels_line(),
        **_kdepy(),
        **_arviz(),
    }


def plane() -> dict[str, Selector]:
    """Return all selectors for two dimensions, ours first."""
    return {
        f"{OURS} silverman": ours("silverman"),
        f"{OURS} plugin": ours("plugin"),
        f"{OURS} plugin, diagonal": ours("plugin", matrix="diagonal"),
        f"{OURS} ucv": ours("ucv"),
        f"{OURS} ucv, diagonal": ours("ucv", matrix="diagonal"),
        f"{OURS} scv": ours("scv"),
        f"{OURS} scv, diagonal": ours("scv", matrix="diagonal"),
        f"{OURS} likelihood": ours("likelihood"),
        f"{OURS} likelihood, full": ours("likelihood", matrix="full"),
        f"{OURS} abramson": ours("abramson"),
        f"{OURS} knn": ours("knn"),
        **_scipy(),
        **_statsmodels_plane(),
        "scikit-learn GridSearchCV": Selector(_grid_search, 1000),
    }


def _scipy() -> dict[str, Selector]:
    from scipy.stats import gaussian_kde

    def choose(x: Any, rule: str) -> Any:
        matrix = gaussian_kde(x.T, bw_method=rule).covariance
        return matrix if x.ndim > 1 else float(matrix[0, 0]) ** 0.5

    return {
        "scipy scott (its default)": Selector(lambda x: choose(x, "scott")),
        "scipy silverman": Selector(lambda x: choose(x, "silverman")),
    }


def _statsmodels_line() -> dict[str, Selector]:
    from statsmodels.nonparametric import bandwidths

    return {
        "statsmodels normal_reference (its default)": Selector(
            bandwidths.bw_normal_reference
        ),
        "statsmodels silverman": Selector(bandwidths.bw_silverman),
        **_statsmodels_searches(1),
    }


def _statsmodels_plane() -> dict[str, Selector]:
    from statsmodels.nonparametric.kernel_density import KDEMultivariate

    def reference(x: Any) -> Any:
        return KDEMultivariate(x, "cc", bw="normal_reference", rng=0).bw

    return {
        "statsmodels normal_reference (its default)": Selector(reference),
        **_statsmodels_searches(2),
    }


def _statsmodels_searches(d: int) -> dict[str, Selector]:
    """Minutes for a sample of 10,000 points: 50 s and 76 s, so they get 100."""
    from statsmodels.nonparametric.kernel_density import KDEMultivariate

    def search(x: Any, criterion: str) -> Any:
        # a negative width is the same kernel to it
        widths = np.abs(KDEMultivariate(x, "c" * d, bw=criterion, rng=0).bw)
        return widths if d > 1 else float(widths[0])

    return {
        "statsmodels cv_ml": Selector(lambda x: search(x, "cv_ml"), 100),
        "statsmodels cv_ls": Selector(lambda x: search(x, "cv_ls"), 100),
    }


def _kdepy() -> dict[str, Selector]:
    from KDEpy.bw_selection import improved_sheather_jones, silvermans_rule

    return {
        "KDEpy silverman": Selector(lambda x: float(silvermans_rule(x[:, None]))),
        "KDEpy ISJ": Selector(lambda x: float(improved_sheather_jones(x[:, None]))),
    }


def _arviz() -> dict[str, Selector]:
    from arviz_stats.base import array_stats

    return {
        "arviz-stats isj": Selector(lambda x: float(array_stats.kde(x, bw="isj")[2])),
        "arviz-stats experimental (its default)": Selector(
            lambda x: float(array_stats.kde(x)[2])
        ),
    }


def _grid_search(x: Any) -> Any:
    """One width for both axes, five folds, as scikit-learn's own example does it."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KernelDensity

    search = GridSearchCV(KernelDensity(), {"bandwidth": np.logspace(-1.5, 0.5, 20)})
    return np.full(2, search.fit(x).best_params_["bandwidth"])
