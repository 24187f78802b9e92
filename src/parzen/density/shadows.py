"""Kernels of fewer dimensions: what is left of one whose other axes are integrated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from parzen.errors import CapabilityError
from parzen.kernels import DistributionKernel, Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from parzen.kernels import AnyKernel

    Floats = NDArray[np.float64]

# b of the kernels (1 - r^2)^b.
POWERS = {"tophat": 0, "epanechnikov": 1, "biweight": 2, "triweight": 3}
NAMES = {float(b): name for name, b in POWERS.items()}


# Step and reach of the double exponential rule, which leaves 1e-14.
STEP, REACH = 1.0 / 16.0, 4.0
# Kernels without an end are cut where e^-v has lost all digits.
FAR = 45.0
BLOCK = 1 << 13


def shadow(kernel: AnyKernel, d: int, kept: int) -> AnyKernel:
    """Return the kernel in `kept` dimensions whose other d - kept are integrated.

    Raises
    ------
    CapabilityError
        If it is none that we have.
    """
    gone = d - kept
    same = not gone or kernel.product or kernel.name in ("gaussian", "cauchy")
    if same:
        return kernel
    if kept == 1:
        return _on_line(kernel.name, gone)
    b = POWERS.get(kernel.name, math.inf) + 0.5 * gone
    if b in NAMES:
        return Kernel(NAMES[b])
    msg = (
        f"the marginal of a radial {kernel} kernel from {d} to {kept} dimensions is no "
        f"kernel that parzen has. Use Kernel({kernel.name!r}, product=True), or a "
        "marginal of one dimension."
    )
    raise CapabilityError(msg)


@lru_cache(maxsize=64)
def _on_line(name: str, gone: int) -> AnyKernel:
    """Make the kernel on a line once: its numbers are measured."""
    if name not in POWERS:
        return DistributionKernel(Shadow(name, gone))
    b = POWERS[name] + 0.5 * gone
    if b in NAMES:
        return Kernel(NAMES[b])
    from scipy import stats

    return DistributionKernel(stats.beta(b + 1.0, b + 1.0, loc=-1.0, scale=2.0))


@dataclass(frozen=True)
class Shadow:
    """A radial kernel with some axes integrated, up to a factor: a function of u.

    int_0^inf phi(sqrt(u^2 + t^2)) t^(gone - 1) dt by the double exponential rule [1]_,
    which minds neither the kink that phi may have at the centre nor the edge.

    Attributes
    ----------
    name : str
        The kernel; none of those whose shadow has a closed form.
    gone : int
        Number of axes integrated.

    References
    ----------
    .. [1] Takahasi, H. and Mori, M. (1974). Double exponential formulas for numerical
       integration. Publications of the Research Institute for Mathematical Sciences
       9(3), doi:10.2977/prims/1195192451.
    """

    name: str
    gone: int

    @property
    def __name__(self) -> str:
        """What the kernel is called."""
        return f"{self.name}, {self.gone} axes integrated"

    def __call__(self, u: Floats) -> Floats:
        """Evaluate at u of any shape."""
        r = np.abs(np.asarray(u, dtype=np.float64)).ravel()
        value = np.zeros(len(r))
        for start in range(0, len(r), BLOCK):
            block = slice(start, start + BLOCK)
            value[block] = self._block(r[block][:, None])
        return value.reshape(np.shape(u))

    def _block(self, r: Floats) -> Floats:
        """Evaluate at radii (m, 1), shape (m,)."""
        x, from_end, shares = _double_exponential()
        shares = shares * x ** (self.gone - 1)
        with np.errstate(all="ignore"):
            if self.name in ("exponential", "logistic"):
                longest = np.sqrt(FAR * (FAR + 2.0 * r))
                rho = np.hypot(r, longest * x)
                # rho - r, without cancellation
                past = (longest * x) ** 2 / (rho + r)
                values = np.exp(-past)
                if self.name == "logistic":
                    values *= 4.0 / (1.0 + np.exp(-rho)) ** 2
                total = (values @ shares) * longest[:, 0] ** self.gone
                return np.asarray(np.nan_to_num(total * np.exp(-r[:, 0])))
            square = np.maximum((1.0 - r) * (1.0 + r), 0.0)
            longest = np.sqrt(square)
            rho = np.minimum(np.hypot(r, longest * x), 1.0)
            left = square * from_end * (1.0 + x) / (1.0 + rho)
            if self.name == "triangular":
                values = left
            elif self.name == "tricube":
                values = (left * (1.0 + rho + rho**2)) ** 3
            else:
                values = np.sin(0.5 * math.pi * left)
            return np.asarray((values @ shares) * longest[:, 0] ** self.gone)


@lru_cache(maxsize=1)
def _double_exponential() -> tuple[Floats, Floats, Floats]:
    """Nodes on [0, 1], their distances from 1, and weights."""
    t = np.arange(-REACH, REACH + 0.5 * STEP, STEP)
    y = math.pi * np.sinh(t)
    x, from_end = 1.0 / (1.0 + np.exp(-y)), 1.0 / (1.0 + np.exp(y))
    return x, from_end, STEP * math.pi * np.cosh(t) * x * from_end
