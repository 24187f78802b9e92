"""From data to a density, or to its bandwidth, in one call."""

from __future__ import annotations

from typing import Any

from parzen.bandwidth import SELECTORS, BandwidthResult, Selector
from parzen.binning.binned import BinnedSample
from parzen.binning.histogram import from_histogram
from parzen.checks import check_choice, check_flag
from parzen.density import Density, choose_placed, estimate, place
from parzen.errors import CapabilityError, WeightError
from parzen.kernels import Kernel
from parzen.sample import Sample


def kde(
    x: Any,
    *,
    weights: Any = None,
    kernel: Any = "gaussian",
    bandwidth: Any = "auto",
    adjust: float = 1.0,
    method: str = "auto",
    bounds: Any = None,
    boundary: Any = None,
    outside: str = "keep",
    rtol: float = 1e-8,
    atol: float = 0.0,
    grid_size: Any = None,
    binning: str = "linear",
    signed_weights: bool = False,
    n_jobs: int | None = None,
) -> Density:
    """Estimate the density of a sample.

    Chooses a bandwidth, and the cheapest engine that keeps the error you accept:
    every answer g satisfies |g - f| <= atol + rtol f, with f the exact kernel sum, at
    every query. (A method named by hand has the error that `Density.explain` states,
    before bounds add images or divide by a mass.)
    The data are copied; the density never changes.

    Parameters
    ----------
    x : array_like of shape (n,) or (n, d), or BinnedSample
        Sample, finite; a list, an array, a data frame or a series. Binned data stand
        for their nodes.
    weights : array_like of shape (n,), optional
        Non-negative, of any scale. At a fixed bandwidth an integer weight counts like
        repeated rows; rules see n_eff = (sum w)^2 / sum w^2 points. Ratios beyond 1e300
        are lost.
    kernel : str, Kernel, distribution of scipy.stats, or callable
        "gaussian", "epanechnikov", "tophat", "triangular", "biweight", "triweight",
        "tricube", "cosine", "exponential", "logistic" or "cauchy", radial above one
        dimension; `parzen.Kernel(name, product=True)` for the product kernel. A
        continuous distribution, frozen or not, that may be asymmetric, such as
        `scipy.stats.moyal` or `scipy.stats.t(df=5)`, or a function K(u); these are
        products above one dimension, and summed in NumPy, at about 100 ns a pair.
    bandwidth : str, Selector, float, array_like, LocalBandwidth or callable
        A selector: "auto", "isj", "silverman", "scott", "normal_reference",
        "likelihood", "ucv", "bcv", "scv", "sheather_jones", "plugin", or, with one
        bandwidth for each point, "abramson", "knn", "adaptive_zfit", "adaptive_geom",
        "adaptive_std"; see `parzen.select_bandwidth`. A `parzen.Selector` has options,
        too. Or the scale of the kernel in the units of `x`: for the Gaussian its
        standard deviation, for compact kernels half their support; one width per axis;
        a covariance matrix; one width per point, also above one dimension unless
        n = d; a `parzen.LocalBandwidth`. Or a function of the data (n,) or (n, d) and
        their weights that returns one of these.
    adjust : float
        Factor on the bandwidth.
    method : str
        The engine; "auto" takes the cheapest that keeps `rtol` and `atol`, and chooses
        anew in a call with many more or fewer queries than points. "direct" is exact.
        Exact to `rtol`, tails included: "tree" (built-in kernels, any d),
        "gauss_transform" (1-D Gaussian), "sweep" (1-D compact kernels, exponential),
        "chebyshev" (1-D Gaussian, logistic, Cauchy, a bandwidth for each point),
        "nufft" (2-D and 3-D Gaussian). The others bin the data (d <= 3): "grid" sums
        the nodes at each query; "fft" convolves and interpolates; "diffusion" solves
        the heat equation (1-D Gaussian); at the error that `Density.explain` states.
    bounds : pair of float, d such pairs, or several ranges of a line, optional
        Where the density lives: it is normalised there and zero outside. Ends may be
        infinite or None.
    boundary : {None, "renormalize", "reflect", "periodic", "linear", "transform"}
        What happens at the bounds, or a `parzen.Reflect`; see Notes.
    outside : {"keep", "drop"}
        Data outside the bounds are kept as guard data, which cure the bias at the
        bounds, or dropped. Corrections other than None and "periodic" (which wraps)
        have no use for guard data and refuse them.
    rtol, atol : float
        Error you accept in the density, relative and in units of the density. With an
        `atol`, binning to a grid may be precise enough, and is much faster.
    grid_size : int or tuple of int, optional
        Nodes on each axis for methods on a grid; by default a fraction of the bandwidth
        apart: 1/32, 1/8 or 1/4 in 1, 2 or 3 dimensions, closer where `atol` needs it.
    binning : {"linear", "simple"}
        Share each point among the neighbouring nodes, or give all to the nearest.
    signed_weights : bool
        Whether weights may be negative (sWeights). Their sum must be positive; the
        density may then be negative, its logarithm NaN there, and its error is relative
        to the sums over positive and over negative weights. No draws.
    n_jobs : int, optional
        Threads; None for all processors. The result does not depend on it.

    Returns
    -------
    Density
        Answers everything one asks of a distribution: `pdf`, `cdf`, `icdf`,
        `integrate`, `mean`, `modes`, `hdr`, `sample`, `conditional`, `plot` and so on;
        `explain` says how.

    Raises
    ------
    ShapeError, DataError, WeightError, BandwidthError
        If an argument is not valid; the text says what to do.
    UnknownNameError
        If there is no such kernel, rule, method or binning.
    CapabilityError
        If the method named by hand, or the boundary, cannot answer.

    Warns
    -----
    AccuracyWarning
        If a grid chosen by hand is too coarse for the bandwidth.
    ConvergenceWarning
        If a selector by name finds nothing by its own criterion; the bandwidth's
        `note` says what stands in.

    See Also
    --------
    parzen.KernelDensity : The same as a scikit-learn estimator.
    parzen.select_bandwidth : The bandwidth alone.

    Notes
    -----
    f(q) = sum_i w_i K(A^-1 (q - x_i)) / det A [1]_ [2]_, with w normalised to sum 1 and
    A A^T = H. Distances are rounded like any float: where a single point at the very
    edge of a compact kernel makes up the density, its relative error is that of
    1 - |u|. A fit and m queries cost O(n m d) with the direct sum, O(n + m) with
    "gauss_transform" and "chebyshev", O((n + m) log n) with "sweep", O(n + m + G log G)
    with "nufft", O(n log n + m k) with "tree" for k points that matter to a query.
    Memory is O(n + m), on a grid O(n + G) for G nodes. What engines prepare they
    prepare when the first queries come.

    With bounds, and F the estimate without them:

    - None: F over its mass inside. Good with guard data, or where f ends at zero.
    - "reflect": F folded at the bounds. Good where f meets its bound flat; any kernel
      in 1-D, any d for kernels whose tails fall faster than a power. Costs up to five
      evaluations where the bound is near, more where the bandwidth is above a tenth of
      the range.
    - "linear": the local-linear kernel, positive [3]_. Good where f has a slope at the
      bound; 1-D.
    - "renormalize": F over the mass of the kernel inside, at each query; 1-D, for
      kernels with a variance, as "linear".
    - "transform": F of log(x - lower), of the logit for two bounds, mapped back. Good
      where f vanishes at the bound or goes to infinity; the bandwidth is that of the
      mapped data. Zero at the bound itself.
    - "periodic": the sum over whole periods; any d.

    The bandwidth is chosen on the data as they are, never on mirrored ones. "isj" takes
    corrected bounds for ends at which the density need not fall to zero; without bounds
    it takes a jump, such as that of exponential data at zero, for structure, and is
    several times narrower. Give the bounds where there are some.

    References
    ----------
    .. [1] Rosenblatt, M. (1956). Remarks on some nonparametric estimates of a density
       function. Ann. Math. Statist. 27(3), doi:10.1214/aoms/1177728190.
    .. [2] Parzen, E. (1962). On estimation of a probability density function and mode.
       Ann. Math. Statist. 33(3), doi:10.1214/aoms/1177704472.
    .. [3] Jones, M. C. (1993). Simple boundary correction for kernel density
       estimation. Statistics and Computing 3, doi:10.1007/BF00147776; made positive
       after Jones, M. C. and Foster, P. J. (1996), Statistica Sinica 6, 1005-1013.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> density = parzen.kde(x)
    >>> density
    Density(n=1000, d=1, kernel='gaussian', bandwidth=0.2792, method='direct')
    >>> density.pdf([0.0, 1.0]).round(3)
    array([0.391, 0.229])
    """
    signed = check_flag(signed_weights, "signed_weights")
    return estimate(
        _sample(x, weights, signed=signed),
        kernel=kernel,
        bandwidth=bandwidth,
        adjust=adjust,
        method=method,
        bounds=bounds,
        boundary=boundary,
        outside=outside,
        rtol=rtol,
        atol=atol,
        grid_size=grid_size,
        binning=binning,
        n_jobs=n_jobs,
    )


def kde_from_histogram(counts: Any, edges: Any = None, **options: Any) -> Density:
    """Estimate the density of data of which only a histogram is left.

    The contents of each bin are spread evenly over it, so bins of any widths will do,
    and the estimate tends to the histogram as the bandwidth goes to zero.

    Parameters
    ----------
    counts : array_like of shape (k,), or histogram
        Contents of the bins, whole numbers unless there are variances; or a 1-D object
        with the UHI protocol (boost-histogram, hist), which brings its edges and
        variances. What is below and above all bins is not in the density.
    edges : array_like of shape (k + 1,), optional
        Edges of the bins, rising; needed with `counts` as an array.
    **options : dict
        `variances` (k,) for weighted counts: n_eff is then (sum counts)^2 / sum
        variances; `grid_size`, nodes that the bins are laid on, 4096 by default; and
        the keywords of `parzen.kde` but `weights`.

    Returns
    -------
    Density
        Cost O(k + G) for G nodes.

    Raises
    ------
    ShapeError, DataError, WeightError
        If counts and edges do not fit, edges do not rise, or counts are negative.

    See Also
    --------
    parzen.BinnedSample : Binned data that can be added up.

    Examples
    --------
    >>> import numpy as np
    >>> import parzen
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> density = parzen.kde_from_histogram(*np.histogram(x, bins=50))
    >>> density.pdf([0.0, 1.0]).round(3)
    array([0.38 , 0.251])
    """
    keys = ("variances", "grid_size", "signed_weights")
    some = {key: options.pop(key) for key in keys if key in options}
    return kde(from_histogram(counts, edges, **some), **options)


def select_bandwidth(
    x: Any,
    method: str | Selector = "auto",
    *,
    weights: Any = None,
    kernel: Any = "gaussian",
    adjust: float = 1.0,
    candidates: Any = None,
    folds: Any = None,
    matrix: str | None = None,
    pilot: Any = None,
    neighbors: int | None = None,
    bounds: Any = None,
    boundary: Any = None,
    outside: str = "keep",
    signed_weights: bool = False,
    n_jobs: int | None = None,
) -> BandwidthResult:
    """Choose a bandwidth for a sample by a named selector.

    Selectors choose for the Gaussian kernel. For another kernel the value is multiplied
    by the ratio of the canonical bandwidths [1]_, so that changing the kernel keeps the
    amount of smoothing. `candidates` are bandwidths of the kernel at hand.

    Parameters
    ----------
    x : array_like of shape (n,) or (n, d), or BinnedSample
        Sample; finite.
    method : str or Selector
        "auto", a rule of thumb ("silverman", "scott", "normal_reference"), a plug-in
        ("isj", "sheather_jones", "plugin"), cross-validation ("likelihood", "ucv",
        "bcv", "scv"), or one bandwidth for each point ("abramson", "knn",
        "adaptive_zfit", "adaptive_geom", "adaptive_std"); see Notes. "auto" is "isj" in
        one dimension, or Silverman's rule where that has no solution; Silverman's
        above, where the covariance has no full rank (n <= d, collinear columns) on each
        axis apart. The result's `note` says which.
    weights : array_like of shape (n,), optional
        Non-negative, of any scale.
    kernel : str, Kernel, distribution or callable
        The kernel that will use the bandwidth, see `parzen.kde`.
    adjust : float
        Factor on the bandwidth.
    candidates : array_like of shape (k,), (k, d) or (k, d, d), optional
        Choose among these instead of searching: (k,) for "likelihood", whose scores are
        then those of the kernel itself, and "bcv"; all shapes for "ucv" and "scv".
    folds : int, splitter or iterable of pairs, optional
        What "likelihood" holds out: so many blocks of consecutive rows, what a splitter
        of scikit-learn says, or pairs of train and test rows. By default one point at a
        time.
    matrix : {"full", "diagonal", "scaled", "isotropic"}, optional
        Shape of the bandwidth in d > 1, for "ucv", "scv" and "plugin" (by default
        "full") and "likelihood" (by default "scaled"): any covariance matrix, a width
        per axis, a factor on the covariance of the data, or one width.
    pilot : str, float or array_like, optional
        Selector or bandwidth of the pilot estimate of "abramson"; by default "isj" in
        one dimension, "plugin" above.
    neighbors : int, optional
        Which neighbour's distance counts for "knn"; by default
        round(n_eff^(4/(d + 4))).
    bounds : pair of float, d such pairs, or several ranges of a line, optional
        Where the density lives, as for `parzen.kde`. "isj" takes the ends that the
        boundary corrects for ends at which the density need not fall to zero.
    boundary : {None, "renormalize", "reflect", "periodic", "linear", "transform"}
        What happens there; for "transform" the bandwidth is that of the mapped data.
    outside : {"keep", "drop"}
        What becomes of data outside the bounds.
    signed_weights : bool
        Whether weights may be negative.
    n_jobs : int, optional
        Threads; None for all processors. The result does not depend on it.

    Returns
    -------
    BandwidthResult
        Its `value` is h (d = 1) or a covariance matrix H (d > 1), in units of `x`;
        widths (d,) for "diagonal" and where "auto" took each axis apart; one width for
        "isotropic". One for each point: an array (n,) in 1-D, above a `LocalBandwidth`.
        `candidates` and `scores` are the criterion's; `plot` draws them.

    Raises
    ------
    BandwidthError
        If a column is constant; for a selector by name also without full rank.
    UnknownNameError
        If there is no such selector, matrix or kernel.
    CapabilityError
        For a selector of one dimension in several, binned data without points to leave
        out, or an option that the selector does not have.
    ShapeError, DataError, WeightError
        If `x` or `weights` are no valid sample.

    Warns
    -----
    ConvergenceWarning
        If a selector finds nothing by its own criterion; `note` says what stands in,
        and `converged` is False.

    See Also
    --------
    parzen.Selector : A selector with its options, for `bandwidth=`.
    parzen.KernelDensityCV : Cross-validation as a scikit-learn estimator.

    Notes
    -----
    With s the weighted standard deviation, IQR the weighted interquartile range and S
    the covariance; n stands for n_eff = (sum w)^2 / sum w^2; r = min(s, IQR/1.349); f
    is a pilot density, by Silverman's rule where there is no choice, G its weighted
    geometric mean:

    - silverman: 0.9 r n^(-1/5); H = (n (d + 2)/4)^(-2/(d + 4)) S
    - scott: 1.059 r n^(-1/5); H = n^(-2/(d + 4)) S
    - normal_reference: (4/3)^(1/5) s n^(-1/5); H = (n (d + 2)/4)^(-2/(d + 4)) S
    - isj: the fixed point of a plug-in estimate in five stages [2]_; follows the units
      of the data, and looks between values of rounded data for no spikes. Ties count
      as weights. 1-D, O(n).
    - sheather_jones: solves for the h that its own plug-in estimate of the curvature of
      the density asks for [4]_. 1-D, O(n log n).
    - plugin: the same directly, in two stages [5]_; any d [6]_.
    - likelihood: the largest mean log density of points held out [7]_; any d. Heavy
      tails ask it for wide bandwidths. O(n) a width where a fast engine serves the
      kernel, else O(n^2 d).
    - ucv: least squares cross-validation [8]_, an unbiased estimate of the integrated
      squared error; any d.
    - bcv: biased cross-validation [9]_, less variable and often too wide; 1-D.
    - scv: smoothed cross-validation [10]_, between ucv and plugin; any d.
    - abramson: A pilot bandwidth times sqrt(G / f(x_i)) [11]_; any d.
    - knn: a third of the distance to the k-th nearest neighbour [12]_; any d.
    - adaptive_zfit: scott mean(sqrt f) / sqrt f(x_i); 1-D
    - adaptive_geom: r n^(-1/5) sqrt(G / f(x_i)) [3]_; 1-D
    - adaptive_std: 1.059 n^(-1/5) sqrt(r / f(x_i)); 1-D

    "ucv", "scv" and "plugin" are sums over pairs: binned for many points in up to three
    dimensions, O(n log n) and a second or two for a million; O(n^2 d^2) a step above,
    where a full matrix has d (d + 1) / 2 parameters: a minute for 2000 points in 15
    dimensions. Criteria fall without end as h goes to zero where points are tied.
    Repeated points count as one of their weight, and rounded data get half of their
    step at least (cross-validation three quarters), which the note says.

    Of all selectors "isj" alone knows bounds. The others see a density that jumps there
    and are too narrow; "transform", which maps the data, serves all.

    References
    ----------
    .. [1] Marron, J. S. and Nolan, D. (1988). Canonical kernels for density estimation.
       Statistics & Probability Letters 7(3), doi:10.1016/0167-7152(88)90050-8.
    .. [2] Botev, Z. I., Grotowski, J. F. and Kroese, D. P. (2010). Kernel density
       estimation via diffusion. Annals of Statistics 38(5), doi:10.1214/10-AOS799.
    .. [3] Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis.
       Chapman and Hall, doi:10.1201/9781315140919, section 5.3.
    .. [4] Sheather, S. J. and Jones, M. C. (1991). A reliable data-based bandwidth
       selection method for kernel density estimation. J. R. Statist. Soc. B 53(3),
       doi:10.1111/j.2517-6161.1991.tb01857.x.
    .. [5] Wand, M. P. and Jones, M. C. (1995). Kernel Smoothing. Chapman and Hall,
       doi:10.1201/b14876, section 3.6.1.
    .. [6] Duong, T. and Hazelton, M. L. (2003). Plug-in bandwidth matrices for
       bivariate kernel density estimation. J. Nonparametric Statistics 15(1),
       doi:10.1080/10485250306039.
    .. [7] Duin, R. P. W. (1976). On the choice of smoothing parameters for Parzen
       estimators. IEEE Trans. Computers C-25(11), doi:10.1109/TC.1976.1674577.
    .. [8] Bowman, A. W. (1984). An alternative method of cross-validation for the
       smoothing of density estimates. Biometrika 71(2), doi:10.1093/biomet/71.2.353.
    .. [9] Scott, D. W. and Terrell, G. R. (1987). Biased and unbiased cross-validation
       in density estimation. J. Am. Statist. Assoc. 82(400),
       doi:10.1080/01621459.1987.10478550.
    .. [10] Duong, T. and Hazelton, M. L. (2005). Cross-validation bandwidth matrices
       for multivariate kernel density estimation. Scandinavian J. Statistics 32(3),
       doi:10.1111/j.1467-9469.2005.00445.x.
    .. [11] Abramson, I. S. (1982). On bandwidth variation in kernel estimates: a square
       root law. Annals of Statistics 10(4), doi:10.1214/aos/1176345986.
    .. [12] Breiman, L., Meisel, W. and Purcell, E. (1977). Variable kernel estimates of
       multivariate densities. Technometrics 19(2),
       doi:10.1080/00401706.1977.10489521.

    Examples
    --------
    >>> import numpy as np
    >>> from parzen import select_bandwidth
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> round(select_bandwidth(x, "silverman").value, 4)
    0.2188
    >>> round(select_bandwidth(x, "silverman", kernel="epanechnikov").value, 4)
    0.4844
    >>> round(select_bandwidth(x, "isj").value, 4)
    0.2792
    >>> round(select_bandwidth(x, "likelihood").value, 4)
    0.269
    """
    options = (candidates, folds, matrix, pilot, neighbors)
    selector = method
    if not isinstance(method, Selector):
        selector = Selector(check_choice(method, SELECTORS, "method"), *options)
    elif any(option is not None for option in options):
        msg = "`method` is a Selector, which has its own options; got more of them. "
        raise CapabilityError(msg + "Pass them to Selector.")
    signed = check_flag(signed_weights, "signed_weights")
    sample = _sample(x, weights, signed=signed)
    edge, _, placed = place(sample, bounds, boundary, outside)
    kernel = Kernel.of(kernel)
    return choose_placed(placed, edge, kernel, selector, adjust, n_jobs=n_jobs)


def _sample(x: Any, weights: Any, *, signed: bool) -> Sample:
    """Validate the data; binned data become their nodes."""
    if not isinstance(x, BinnedSample):
        return Sample.of(x, weights, signed=signed)
    if weights is not None:
        msg = "`weights` cannot join data that are binned already. "
        raise WeightError(msg + "Pass them to BinnedSample.of.")
    return x.sample()
