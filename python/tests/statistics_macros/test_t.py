from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from .computed import MACROS, close, of_ctes, of_expression, properties, published

P_VALUE = MACROS.t_p_value_ctes("numbered", "t", "df", "p_value", "student")
QUANTILE = MACROS.t_quantile_ctes("numbered", "alpha", "df", "critical", "student")

degrees = st.floats(1, 1e6)


def p_values(t: Sequence[float | None], df: Sequence[float | None]) -> list[Any]:
    return of_ctes(P_VALUE, "student", "p_value", t=t, df=df)


def quantiles(alpha: Sequence[float | None], df: Sequence[float | None]) -> list[Any]:
    return of_ctes(QUANTILE, "student", "critical", alpha=alpha, df=df)


def test_p_value_and_quantile_give_the_published_figures() -> None:
    figures = published("distributions")
    t, df, expected = zip(*figures["t_two_sided_p__scipy"], strict=True)
    assert p_values(t, df) == close(expected, 1e-13)
    alpha, df, expected = zip(*figures["t_isf2__scipy"], strict=True)
    assert quantiles(alpha, df) == close(expected, 1e-12)


def test_p_value_agrees_with_scipy() -> None:
    t, df = zip(*product(np.geomspace(1e-3, 60, 60), np.geomspace(1, 1e7, 60)), strict=True)
    assert p_values(t, df) == close(2 * student.sf(t, df), 2e-11, 1e-250)


def test_quantile_agrees_with_scipy() -> None:
    alpha, df = zip(*product(np.geomspace(1e-10, 0.999, 60), np.geomspace(1, 1e7, 60)), strict=True)
    assert quantiles(alpha, df) == close(student.isf(np.array(alpha) / 2, df), 1e-11)


def test_p_value_is_the_closed_form_of_one_and_two_degrees_of_freedom() -> None:
    t = np.concatenate([10.0 ** np.linspace(-12, 100, 337), [0.0]])
    with_one = [2 / math.pi * math.atan2(1, each) for each in t]
    assert p_values(t, [1.0] * len(t)) == close(with_one, 1e-13)
    # 1 - t / sqrt(t^2 + 2), without its cancellation.
    with_two = [2 / (each**2 + 2 + each * math.sqrt(each**2 + 2)) for each in t]
    assert p_values(t, [2.0] * len(t)) == close(with_two, 1e-13)


def test_quantile_is_the_closed_form_of_one_and_two_degrees_of_freedom() -> None:
    alpha = np.concatenate([10.0 ** np.linspace(-29.9, -0.01, 300), [0.999, 0.9999]])
    with_one = [math.tan(math.pi / 2 * (1 - each)) if each > 0.5 else 1 / math.tan(math.pi / 2 * each) for each in alpha]
    assert quantiles(alpha, [1.0] * len(alpha)) == close(with_one, 1e-12, 1e-15)
    with_two = [math.sqrt(2) * (1 - each) / math.sqrt(each * (2 - each)) for each in alpha]
    assert quantiles(alpha, [2.0] * len(alpha)) == close(with_two, 1e-12, 1e-15)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    z = np.linspace(0, 30, 301)
    assert p_values(z, [1e12] * len(z)) == close(of_expression(MACROS.normal_two_sided_p_value("z"), z=z), 1e-6)


def test_what_is_no_number_has_no_p_value_and_no_quantile() -> None:
    nowhere = [None, math.nan, math.inf, -math.inf]
    assert p_values(nowhere, [5.0] * 4) == [None] * 4
    assert p_values([2.0] * 7, [*nowhere, 0.0, -3.0, 0.5]) == [None] * 7
    assert quantiles([*nowhere, 0.0, 1e-31, 1.0, 1.5, -0.1], [5.0] * 9) == [None] * 9
    assert quantiles([0.05] * 7, [*nowhere, 0.0, -3.0, 0.5]) == [None] * 7


def test_every_row_and_column_is_kept() -> None:
    given_rows = {"t": [1.0, None, 1.0, 1.0], "df": [3.0, 3.0, None, 3.0]}
    assert of_ctes(P_VALUE, "student", "t", **given_rows) == given_rows["t"]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_more_steps_are_not_further_away(steps: int) -> None:
    ctes = MACROS.t_quantile_ctes("numbered", "alpha", "df", "critical", "student", steps)
    alpha, df = zip(*product([1e-6, 1e-3, 0.05, 0.2], [1.0, 2.0, 3.5, 10.0, 100.0]), strict=True)
    expected = student.isf(np.array(alpha) / 2, df)
    assert of_ctes(ctes, "student", "critical", alpha=alpha, df=df) == close(expected, {1: 1e-5, 2: 1e-12, 3: 1e-12}[steps])


@properties
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), degrees)
def test_p_value_is_a_chance_that_falls_with_distance_whatever_the_sign(t: list[float], df: float) -> None:
    t = sorted(t, key=abs)
    found = p_values(t, [df] * len(t))
    assert all(0 <= p <= 1 for p in found)
    assert all(after <= before * (1 + 1e-13) for before, after in pairwise(found))
    assert found == p_values([-each for each in t], [df] * len(t))


@properties
@given(st.lists(st.floats(1e-30, 0.9999), min_size=1, max_size=40), degrees)
def test_p_value_of_the_quantile_is_alpha(alpha: list[float], df: float) -> None:
    df_column = [df] * len(alpha)
    assert p_values(quantiles(alpha, df_column), df_column) == close(alpha, 1e-11)
