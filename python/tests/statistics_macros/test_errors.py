"""The errors that the macros' documentation states, against 60 digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from .computed import MACROS, of_ctes, of_expression

Number = Any

random = np.random.default_rng(20261122)


@pytest.fixture(autouse=True)
def many_digits() -> Any:
    with mpmath.workdps(60):
        yield


def largest_error(found: Sequence[float], expected: Callable[..., Number], *columns: Sequence[float]) -> float:
    """The largest relative error."""
    exact = [expected(*(mpmath.mpf(float(value)) for value in row)) for row in zip(*columns, strict=True)]
    return max(float(abs(value - each) / abs(each)) for value, each in zip(found, exact, strict=True))


def two_sided_t(t: Number, df: Number) -> Number:
    return mpmath.betainc(df / 2, mpmath.mpf(1) / 2, 0, 1 / (1 + t * t / df), regularized=True)


@pytest.mark.parametrize(("reach", "error"), [(8, 2e-15), (36, 6e-14)])
def test_normal_p_values(reach: float, error: float) -> None:
    z = random.uniform(-reach, reach, 300)
    assert largest_error(of_expression(MACROS.normal_cdf("z"), z=z), mpmath.ncdf, z) < error
    two_sided = of_expression(MACROS.normal_two_sided_p_value("z"), z=z)
    assert largest_error(two_sided, lambda each: mpmath.erfc(abs(each) / mpmath.sqrt(2)), z) < error


def test_normal_quantile() -> None:
    p = np.concatenate([10.0 ** random.uniform(-290, -0.4, 60), random.uniform(0.001, 0.999, 60)])
    found = of_expression(MACROS.normal_quantile("p"), p=p)
    # How far the chance is off, over how fast it changes with z.
    for z, chance in zip(found, p, strict=True):
        z_exact = mpmath.mpf(z)
        error = (mpmath.ncdf(z_exact) - mpmath.mpf(float(chance))) / mpmath.npdf(z_exact) / z_exact
        assert abs(error) < 1e-15


def test_chi_square_p_value() -> None:
    x, df = random.uniform(0, 600, 200), random.integers(1, 21, 200)
    found = of_expression(MACROS.chi_square_p_value("x", "df"), x=x, df=df)
    assert largest_error(found, lambda x, df: mpmath.gammainc(df / 2, x / 2, regularized=True), x, df) < 1e-15


@pytest.mark.parametrize(("least", "error"), [(1e-12, 5e-15), (1e-250, 1.1e-13)])
def test_t_p_value(least: float, error: float) -> None:
    t, df = 10.0 ** random.uniform(-6, 2, 200), 10.0 ** random.uniform(0, 4, 200)
    df[:20] = 1
    found = of_ctes(MACROS.t_p_value_ctes("numbered", "t", "df", "p", "student"), "student", "p", t=t, df=df)
    large = np.array(found) > least
    assert largest_error(np.array(found)[large], two_sided_t, t[large], df[large]) < error


@pytest.mark.parametrize(
    ("steps", "alphas", "least_df", "error"),
    [(2, (1e-30, 0.5), 1, 2e-14), (2, (0.5, 0.9999), 1, 1e-12), (1, (0.05, 0.05), 2, 1e-8), (1, (0.05, 0.05), 1, 6e-7)],
)
def test_t_quantile(steps: int, alphas: tuple[float, float], least_df: float, error: float) -> None:
    alpha = np.exp(random.uniform(*np.log(alphas), 100))
    df = least_df * 10.0 ** random.uniform(0, 3, 100)
    df[:5] = least_df
    ctes = MACROS.t_quantile_ctes("numbered", "alpha", "df", "critical", "student", steps)
    found = of_ctes(ctes, "student", "critical", alpha=alpha, df=df)
    for t, chance, degrees in zip(found, alpha, df, strict=True):
        # How far the p-value is off, over how fast it changes with t.
        t_exact, df_exact = mpmath.mpf(t), mpmath.mpf(float(degrees))
        slope = 2 / mpmath.sqrt(df_exact) / mpmath.beta(df_exact / 2, 0.5) * (1 + t_exact**2 / df_exact) ** (-(df_exact + 1) / 2)
        assert abs(two_sided_t(t_exact, df_exact) - mpmath.mpf(float(chance))) / slope / t_exact < error
