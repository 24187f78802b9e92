"""Distributions of scipy.stats behind one interface, recognised without an import.

`classic` are the instances of rv_continuous and what they freeze to, `modern` the
objects of the new infrastructure (scipy 1.15), such as `scipy.stats.Normal()`.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from parzen.errors import CapabilityError, ParzenError

if TYPE_CHECKING:
    from parzen.kernels.formulas import Floats
    from parzen.kernels.measure import Source

# The classic name, loc and scale of a modern distribution with parameters p. SciPy
# 1.17 unpickles Normal(mu=1) as a standard normal, so we do not keep these objects.
CLASSIC: dict[str, Any] = {
    "StandardNormal": lambda _p: ("norm", 0.0, 1.0),
    "Normal": lambda p: ("norm", p["mu"], p["sigma"]),
    "Uniform": lambda p: ("uniform", p["a"], p["b"] - p["a"]),
    "Logistic": lambda _p: ("logistic", 0.0, 1.0),
}


def source_of(value: Any) -> Source | None:
    """Return the source for a distribution of scipy.stats, or None if it is none."""
    if isinstance(value, type):
        return None
    kinds = {base.__name__ for base in type(value).__mro__}
    inner = getattr(value, "dist", value)
    if hasattr(inner, "pmf") and not hasattr(inner, "pdf"):
        kinds.add("DiscreteDistribution")
    if "DiscreteDistribution" in kinds:
        msg = "`kernel` must be a continuous distribution; got the discrete "
        msg += f"{_label(inner)}. Choose one with a density, such as stats.norm()."
        raise CapabilityError(msg)
    if hasattr(value, "icdf") and hasattr(value, "iccdf"):
        return _checked(_modern(value))
    if hasattr(inner, "ppf") and hasattr(inner, "shapes"):
        return _checked(_classic(value))
    if hasattr(value, "rvs") or hasattr(value, "pdf"):
        msg = "`kernel` must be a distribution of one variable from scipy.stats, which "
        msg += f"several axes multiply; got {type(value).__name__}. Pass one such as "
        raise CapabilityError(msg + "stats.t(df=5), or the density as a function of u.")
    return None


def _label(dist: Any) -> str:
    """Return the name; scipy calls a nameless one "Distribution"."""
    name = getattr(dist, "name", None)
    return type(dist).__name__ if name in {None, "Distribution"} else str(name)


def _checked(source: Source) -> Source:
    """Refuse parameters outside their domain, and arrays of them."""
    low, high = source.ends
    if not low < high:
        msg = (
            f"`kernel` must have valid parameters; those of {source.name} are outside "
        )
        raise ParzenError(msg + "their domain. See the documentation of scipy.stats.")
    return source


def _classic(value: Any) -> Classic:
    """Name all the parameters of a distribution, frozen or not."""
    dist = getattr(value, "dist", value)
    shapes = [name.strip() for name in (dist.shapes or "").split(",") if name.strip()]
    if dist is value:
        if shapes:
            example = ", ".join(f"{name}=5" for name in shapes)
            msg = "`kernel` must be a distribution with its shape parameters; "
            msg += f"{_label(dist)} lacks {', '.join(shapes)}. "
            raise ParzenError(msg + f"Freeze it: stats.{_label(dist)}({example}).")
        value = dist()
    names = [*shapes, "loc", "scale"]
    given = {"loc": 0.0, "scale": 1.0} | dict(zip(names, value.args, strict=False))
    given |= value.kwds
    parameters = tuple((k, _number(given[k], _label(dist))) for k in names)
    return Classic(value, registered(_label(dist), type(dist)), parameters)


def _number(value: Any, name: str) -> float:
    if np.ndim(value) == 0:
        return float(value)
    msg = f"`kernel` must be one distribution; got {name} with an array of parameters. "
    raise ParzenError(msg + "Give each parameter as one number.")


def registered(name: str, kind: type | None = None) -> str | None:
    """Return the name if scipy.stats has a continuous distribution of this name."""
    from scipy import stats

    found = getattr(stats, name, None) if name.isidentifier() else None
    if isinstance(found, stats.rv_continuous) and kind in {None, type(found)}:
        return name
    return None


def _modern(value: Any) -> Source:
    """Translate what has a classic form; keep all else as it is."""
    name = type(value).__name__
    module = type(value).__module__
    if np.shape(value.mean()) != ():
        _number(value.mean(), name)
    if name in CLASSIC and module.startswith("scipy.stats"):
        from scipy import stats

        parameters = {
            key: _number(getattr(value, key), name)
            for key in ("mu", "sigma", "a", "b")
            if hasattr(value, key)
        }
        classic, loc, scale = CLASSIC[name](parameters)
        return _classic(getattr(stats, classic)(loc=loc, scale=scale))
    return Modern(value)


class Delegate:
    """Ask a distribution, in the words that its generation of scipy knows."""

    words: ClassVar[dict[str, str]]
    distribution: Any

    @property
    def name(self) -> str:
        """The name with parameters, for people."""
        raise NotImplementedError

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the support."""
        low, high = self.distribution.support()
        return float(low), float(high)

    def _ask(self, what: str, x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(getattr(self.distribution, what)(x), dtype=np.float64)

    def pdf(self, x: Floats) -> Floats:
        """Return the density."""
        return np.where(np.isinf(x), 0.0, self._ask("pdf", x))

    def logpdf(self, x: Floats) -> Floats:
        """Return its logarithm."""
        return np.where(np.isinf(x), -np.inf, self._ask("logpdf", x))

    def cdf(self, x: Floats) -> Floats:
        """Return the mass below x."""
        return self._ask("cdf", x)

    def sf(self, x: Floats) -> Floats:
        """Return the mass above x."""
        return self._ask(self.words["sf"], x)

    def logcdf(self, x: Floats) -> Floats:
        """Return the logarithm of cdf."""
        return self._ask("logcdf", x)

    def logsf(self, x: Floats) -> Floats:
        """Return the logarithm of sf."""
        return self._ask(self.words["logsf"], x)

    def ppf(self, q: Floats) -> Floats:
        """Return the inverse of cdf."""
        return self._ask(self.words["ppf"], q)

    def isf(self, q: Floats) -> Floats:
        """Return the inverse of sf."""
        return self._ask(self.words["isf"], q)

    def moments(self) -> tuple[float, float]:
        """Return mean and variance; nan or inf where there are none."""
        # the quadrature of scipy warns where a moment does not exist
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            variance = getattr(self.distribution, self.words["variance"])
            return float(self.distribution.mean()), float(variance())


@dataclass(frozen=True)
class Classic(Delegate):
    """A frozen rv_continuous; equal where name and parameters are.

    A distribution that scipy.stats does not know by name equals itself alone.
    """

    words: ClassVar = {
        "sf": "sf",
        "logsf": "logsf",
        "ppf": "ppf",
        "isf": "isf",
        "variance": "var",
    }

    distribution: Any = field(compare=False, repr=False)
    registered: str | None
    parameters: tuple[tuple[str, float], ...]
    unknown: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.registered is None:
            object.__setattr__(self, "unknown", self.distribution)

    @property
    def given(self) -> dict[str, float]:
        """The parameters that are not as they are by default."""
        usual = {"loc": 0.0, "scale": 1.0}
        return {k: v for k, v in self.parameters if usual.get(k) != v}

    @property
    def name(self) -> str:
        """The name with those parameters that are not the default."""
        inside = ", ".join(f"{k}={v:.6g}" for k, v in self.given.items())
        return _label(self.distribution.dist) + (f"({inside})" if inside else "")

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Draw an array of independent numbers."""
        return np.asarray(self.distribution.rvs(size=shape, random_state=rng))

    def spec(self) -> dict[str, Any]:
        """Return name and parameters."""
        if self.registered is None:
            raise unsaved(self.name)
        return {"distribution": self.registered, "args": [], "kwds": self.given}


@dataclass(frozen=True)
class Modern(Delegate):
    """An object of the new infrastructure that has no classic form."""

    words: ClassVar = {
        "sf": "ccdf",
        "logsf": "logccdf",
        "ppf": "icdf",
        "isf": "iccdf",
        "variance": "variance",
    }

    distribution: Any

    def __getstate__(self) -> dict[str, Any]:
        probe = self.ppf(np.array([0.1, 0.5, 0.9]))
        state = {"distribution": self.distribution}
        return state | {"probe": probe, "values": self.pdf(probe)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        object.__setattr__(self, "distribution", state["distribution"])
        # scipy 1.17 restores a Normal inside as a standard normal, without a word
        if not np.allclose(self.pdf(state["probe"]), state["values"], rtol=1e-9):
            msg = f"`kernel` must survive a pickle; scipy changed {self.name} in one. "
            raise CapabilityError(
                msg + "Use the distribution of rv_continuous instead."
            )

    @property
    def name(self) -> str:
        """What the distribution calls itself, on one line."""
        text = re.sub(r"np\.float64\(([^()]*)\)", r"\1", str(self.distribution))
        return re.sub(r",?\s*\)", ")", re.sub(r"\s+", " ", text))

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Draw an array of independent numbers."""
        return np.asarray(self.distribution.sample(shape, rng=rng))

    def spec(self) -> dict[str, Any]:
        """Refuse: there is no name to rebuild it by."""
        raise unsaved(self.name)


def unsaved(name: str) -> CapabilityError:
    """Make the error for a kernel that no file can describe."""
    msg = "`kernel` must be a built-in kernel or a named distribution of scipy.stats "
    msg += f"to be saved; got {name}. Save the data, and give the kernel again."
    return CapabilityError(msg)
