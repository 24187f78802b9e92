from __future__ import annotations

import os

import numpy as np
import pytest

from parzen.jit import compile_loop, exp2, jitable, log2, maximum

# Rounding of a Horner scheme whose leading term dominates: a few units in the last
# place; the polynomials themselves are below half a unit.
ULPS = 4 * np.finfo(np.float64).eps

compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0",
    reason="about machine code, which this run does without",
)


def exp2_loop(x, out):
    """Apply exp2 to each number."""
    for i in range(x.size):
        out[i] = exp2(x[i])


def log2_loop(x, out):
    """Apply log2 to each number."""
    for i in range(x.size):
        out[i] = log2(x[i])


def run(loop, x):
    """Compile a loop and apply it."""
    out = np.empty_like(x)
    compile_loop(loop)(x, out)
    return out


def plain(loop, x):
    """Apply the marked function as it is in Python."""
    return {exp2_loop: exp2, log2_loop: log2}[loop](x)


def relative_error(answer, exact):
    """Largest relative error against a long double."""
    return float(np.max(np.abs((answer - exact) / exact)))


@pytest.mark.parametrize("evaluate", [run, plain])
def test_exp2_is_right_to_a_few_units_in_the_last_place(evaluate):
    """On its whole range, [-1022, 1023], against long doubles."""
    rng = np.random.default_rng(1)
    x = np.concatenate(
        (
            rng.uniform(-1022, 1023, 20_000),
            rng.uniform(-1, 1, 20_000),
            np.arange(-1022, 1023) + 0.5,
            np.nextafter(np.arange(-1021, 1023) + 0.5, -np.inf),
        )
    )
    exact = np.exp2(x.astype(np.longdouble))
    assert relative_error(evaluate(exp2_loop, x), exact) < ULPS


@pytest.mark.parametrize("evaluate", [run, plain])
def test_exp2_of_whole_numbers_is_exact(evaluate):
    """Powers of two have no rounding at all."""
    k = np.arange(-1022, 1024)
    np.testing.assert_array_equal(
        evaluate(exp2_loop, k.astype(np.float64)), np.ldexp(1.0, k)
    )


@pytest.mark.parametrize("evaluate", [run, plain])
def test_log2_is_right_to_a_few_units_in_the_last_place(evaluate):
    """Over all normal numbers, and next to one, where the logarithm vanishes."""
    rng = np.random.default_rng(2)
    x = np.concatenate(
        (
            np.exp2(rng.uniform(-1022, 1023, 20_000)),
            rng.uniform(0.5, 2.0, 20_000),
            1.0 + np.exp2(-np.arange(1.0, 53.0)),
            1.0 - np.exp2(-np.arange(1.0, 54.0)),
            [np.finfo(np.float64).tiny, np.finfo(np.float64).max],
            np.sqrt(0.5) * (1 + np.arange(-3, 4) * 2e-16),
        )
    )
    exact = np.log2(x.astype(np.longdouble))
    assert relative_error(evaluate(log2_loop, x), exact) < ULPS


@pytest.mark.parametrize("evaluate", [run, plain])
def test_log2_of_powers_of_two_is_exact(evaluate):
    """Whole exponents come back whole, zero among them."""
    k = np.arange(-1022, 1024)
    np.testing.assert_array_equal(evaluate(log2_loop, np.ldexp(1.0, k)), k)


def test_loops_reach_marked_functions():
    """A jitable function stays plain Python and runs inside a compiled loop, too."""

    @jitable
    def twice(x):
        return 2.0 * x

    def loop(x, out):
        for i in range(x.size):
            out[i] = twice(x[i])

    x = np.arange(5.0)
    np.testing.assert_array_equal(twice(x), 2 * x)
    np.testing.assert_array_equal(run(loop, x), 2 * x)


def test_infinite_distances_keep_their_meaning():
    """Infinity passes through comparisons, as where a squared distance overflows."""

    def loop(x, out):
        for i in range(x.size):
            out[i] = exp2(max(-x[i] * x[i], -1000.0))

    x = np.array([0.0, 1.0, 31.0, np.inf, -np.inf])
    np.testing.assert_array_equal(
        run(loop, x), np.exp2(np.array([0.0, -1.0, -961.0, -1000.0, -1000.0]))
    )


@compiled_only
def test_division_by_zero_gives_infinity():
    """Compiled loops follow NumPy: no hidden exception in the inner loop."""

    def loop(x, out):
        for i in range(x.size):
            out[i] = 1.0 / x[i]

    np.testing.assert_array_equal(run(loop, np.array([0.0, 2.0])), [np.inf, 0.5])


@pytest.mark.parametrize("evaluate", [run, plain])
def test_running_maximum(rng, evaluate):
    """The compiled maximum is a reduction, with infinities in their place."""

    def loop(x, out):
        top = -np.inf
        for i in range(x.size):
            top = maximum(top, x[i])
            out[i] = top

    for x in (rng.normal(size=37), np.array([-np.inf, -np.inf, 3.0, np.inf, 2.0])):
        answer = run(loop, x) if evaluate is run else maximum(x, x[0])
        exact = np.maximum.accumulate(x) if evaluate is run else np.maximum(x, x[0])
        np.testing.assert_array_equal(answer, exact)
