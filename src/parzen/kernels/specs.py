"""Kernels made of what users write, and of what a file holds."""

from __future__ import annotations

from typing import Any, TypeAlias

from parzen.errors import ParzenError, UnknownNameError
from parzen.kernels.callable import function_of
from parzen.kernels.distribution import DistributionKernel
from parzen.kernels.kernel import Kernel
from parzen.kernels.sources import Classic, registered, source_of

# Standard distributions that are built-in kernels.
BUILT_IN = {
    "norm": "gaussian",
    "cauchy": "cauchy",
    "laplace": "exponential",
    "logistic": "logistic",
}


AnyKernel: TypeAlias = Kernel | DistributionKernel


def as_kernel(value: Any) -> AnyKernel:
    """Return a kernel as it is; make one of a name, a distribution or a function.

    The standard normal, Cauchy, Laplace and logistic distributions of scipy.stats
    become built-in kernels, as products.
    """
    if isinstance(value, (Kernel, DistributionKernel)):
        return value
    if isinstance(value, str):
        return Kernel(value)
    source = source_of(value) or function_of(value)
    if isinstance(source, Classic) and not source.given:
        name = BUILT_IN.get(source.registered or "")
        if name:
            return Kernel(name, product=True)
    return DistributionKernel(source)


def kernel_from_spec(spec: dict[str, Any]) -> AnyKernel:
    """Rebuild a kernel from what its `spec` method returned.

    Safe with data of any origin: names are looked up among the built-in kernels and
    the continuous distributions of scipy.stats alone, parameters are numbers.

    Parameters
    ----------
    spec : dict
        {"name": ..., "product": ...} or {"distribution": ..., "args": [...],
        "kwds": {...}}.

    Returns
    -------
    Kernel or DistributionKernel
        An equal kernel.

    Raises
    ------
    UnknownNameError
        When there is no kernel or distribution of this name.
    ParzenError
        When `spec` is of another form.

    Examples
    --------
    >>> kernel_from_spec({"distribution": "t", "args": [], "kwds": {"df": 5.0}})
    DistributionKernel(t(df=5))
    """
    match spec:
        case {"name": name, "product": bool(product)}:
            return Kernel(name, product=product)
        case {"distribution": str(name), "args": list(args), "kwds": dict(kwds)}:
            if registered(name) is None:
                msg = "`spec['distribution']` must name a continuous distribution of "
                msg += f"scipy.stats; got {name!r}. See the list in its documentation."
                raise UnknownNameError(msg)
        case _:
            msg = "`spec` must be a dict that a kernel's spec() returned; got "
            raise ParzenError(msg + f"{spec!r}. Save the kernel again.")
    from scipy import stats

    try:
        numbers = [float(value) for value in args]
        named = {str(key): float(value) for key, value in kwds.items()}
        frozen = getattr(stats, name)(*numbers, **named)
    except (TypeError, ValueError) as error:
        msg = f"`spec` must hold the parameters of {name} as numbers; got {args!r} and "
        raise ParzenError(msg + f"{kwds!r}: {error}. Save the kernel again.") from error
    return as_kernel(frozen)
