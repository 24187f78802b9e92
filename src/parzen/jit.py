"""Compilation: the only place that knows numba, and the scalar primitives.

Importing this module does not import numba. Functions marked `jitable` stay plain
Python, runnable on NumPy arrays; `compile_loop` turns a loop into machine code, and
only then are the marked functions made known to numba.
"""

from __future__ import annotations

import functools
import importlib
import math
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

# Reordered sums let the loops use vector registers. Infinities keep their meaning
# (a distance may overflow); NaN cannot occur, because inputs are checked.
FASTMATH = frozenset({"contract", "nnan", "nsz", "reassoc"})

_jitables: list[Callable[..., Any]] = []
_registration = threading.Lock()


def jitable(function: Function) -> Function:
    """Mark a plain function as callable from compiled loops, and return it."""
    _jitables.append(function)
    return function


def compile_loop(function: Callable[..., Any]) -> Any:
    """Compile a loop: no GIL, cached on disk, division by zero gives inf.

    A loop may close over integers and booleans only: numba caches such a closure,
    but never one that holds another compiled function.
    """
    numba = _aside(importlib.import_module, "numba")
    from numba.extending import register_jitable

    with _registration:
        _register_primitives()
        while _jitables:
            register_jitable(fastmath=set(FASTMATH))(_jitables.pop())
    compiler = numba.njit(
        nogil=True, cache=True, error_model="numpy", fastmath=set(FASTMATH)
    )
    loop = compiler(function)
    if hasattr(loop, "compile"):  # not so under NUMBA_DISABLE_JIT
        # called for each new type of arguments
        loop.compile = functools.partial(_aside, loop.compile)
    return loop


def _aside(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on a thread of its own, where Ctrl-C cannot meet it.

    It would leave half an import of numba behind, which serves no later fit; while LLVM
    works it would be lost, raised in a callback that drops it. Here it ends the wait,
    and the call goes on to its end by itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((function(*arguments), None))
        except BaseException as error:  # noqa: BLE001 - raised below, by the caller
            answers.put((None, error))

    threading.Thread(target=run, name="parzen-compile").start()
    answer, error = answers.get()
    if error is not None:
        raise error
    return answer


def exp2(x: Any) -> Any:
    """Two to the power x; compiled: vectorised, for -1022 <= x <= 1023."""
    return np.exp2(x)


def exp2f(x: Any) -> Any:
    """Two to the power x in single precision; compiled: for -126 <= x <= 127.

    The relative error is below 5e-7.
    """
    return np.exp2(x)


def log2(x: Any) -> Any:
    """Logarithm to base two; compiled: vectorised, for normal x > 0."""
    return np.log2(x)


def maximum(x: Any, y: Any) -> Any:
    """Larger of two numbers; compiled: a running maximum uses vector registers.

    It takes 0.06 ns a value, where the `max` of Python or NumPy in a loop takes 0.57.
    """
    return np.maximum(x, y)


# 2^r = sum_k (r ln 2)^k / k!: the remainder on |r| <= 1/2 is below 1e-16 relative.
_EXP2 = tuple(math.log(2.0) ** k / math.factorial(k) for k in range(13))
# The polynomial of degree 5 with the least relative error on |r| <= 1/2, 7.5e-8; with
# the rounding of its terms and of the coefficients below 8 * 2^-24 in all.
_EXP2F = tuple(
    np.float32(c)
    for c in (
        1.00000007165,
        0.693146967065,
        0.24022119724,
        0.0555071327288,
        0.00967554133102,
        0.00132764721678,
    )
)
# log2 m = 2/ln 2 (t + t^3/3 + ...), t = (m - 1)/(m + 1), |t| <= 0.172: below 1e-17.
_LOG2 = tuple(2.0 / math.log(2.0) / (2 * k + 1) for k in range(11))
# The bits of sqrt(1/2): what lies above is 2^n m with m in [sqrt(1/2), sqrt(2)).
_SQRT_HALF = 0x3FE6A09E667F3BCD


@functools.cache
def _register_primitives() -> None:
    """Teach numba the vectorisable bodies of the functions above, once."""
    from numba import types
    from numba.extending import overload

    options: Any = {"fastmath": set(FASTMATH)}
    _register_exp2f(options)
    as_bits = _bitcast(types.float64, types.int64)
    as_float = _bitcast(types.int64, types.float64)
    larger = _llvm_maximum(types.float64)
    larger_32 = _llvm_maximum(types.float32)

    @overload(exp2, jit_options=options)
    def exp2_template(x: Any) -> Any:
        def body(x: Any) -> Any:
            # floor(x + 1/2), not the magic-number trick: reassoc folds that away
            n = math.floor(x + 0.5)
            r = x - n
            p = _EXP2[12]
            for k in range(11, -1, -1):
                p = p * r + _EXP2[k]
            return as_float(as_bits(p) + (np.int64(n) << 52))

        return body

    @overload(log2, jit_options=options)
    def log2_template(x: Any) -> Any:
        def body(x: Any) -> Any:
            n = (as_bits(x) - _SQRT_HALF) >> 52
            m = as_float(as_bits(x) - (n << 52))
            t = (m - 1.0) / (m + 1.0)
            s = t * t
            p = _LOG2[10]
            for k in range(9, -1, -1):
                p = p * s + _LOG2[k]
            return p * t + n

        return body

    @overload(maximum, jit_options=options)
    def maximum_template(x: Any, y: Any) -> Any:
        def body(x: Any, y: Any) -> Any:
            return larger(x, y)

        def body_32(x: Any, y: Any) -> Any:
            return larger_32(x, y)

        return body_32 if x == y == types.float32 else body


def _register_exp2f(options: Any) -> None:
    """Teach numba the exponential in single precision."""
    from numba import types
    from numba.extending import overload

    as_bits = _bitcast(types.float32, types.int32)
    as_float = _bitcast(types.int32, types.float32)

    @overload(exp2f, jit_options=options)
    def exp2f_template(x: Any) -> Any:
        def body(x: Any) -> Any:
            # each integer is cut back to 32 bits, which numba alone would widen
            n = np.rint(x)
            r = x - n
            p = _EXP2F[5]
            for k in range(4, -1, -1):
                p = p * r + _EXP2F[k]
            shift = np.int32(np.int32(n) << np.int32(23))
            return as_float(np.int32(as_bits(p) + shift))

        return body


def _llvm_maximum(kind: Any) -> Any:
    """Make the maximum that LLVM knows as a reduction; numba's own is a branch."""
    from llvmlite import ir
    from numba.extending import intrinsic

    @intrinsic
    def larger(context: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, _sig: Any, arguments: Any) -> Any:
            number = context.get_value_type(kind)
            signature = ir.FunctionType(number, [number, number])
            function = builder.module.declare_intrinsic(
                "llvm.maxnum", [number], signature
            )
            return builder.call(function, arguments, fastmath=tuple(FASTMATH))

        return kind(kind, kind), generate

    return larger


def _bitcast(source: Any, target: Any) -> Any:
    """Make a function for compiled code that reads the bits of one type as another."""
    from numba.extending import intrinsic

    @intrinsic
    def cast(context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, _sig: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast
