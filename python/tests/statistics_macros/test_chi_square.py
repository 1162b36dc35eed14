from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from .computed import MACROS, close, of_expression, properties, published

P_VALUE = MACROS.chi_square_p_value("x", "df")


def test_p_value_gives_the_published_figures() -> None:
    x, df, expected = zip(*published("distributions")["chi2_sf__scipy"], strict=True)
    assert of_expression(P_VALUE, x=x, df=df) == close(expected, 1e-12, 1e-290)


def test_p_value_tells_a_split_that_is_not_as_planned() -> None:
    expected = published("srm_reference")["srm_fail_560_440__gbstats_check_srm"]
    assert of_expression(P_VALUE, x=[2 * 60**2 / 500], df=[1.0]) == close([expected], 1e-12)


def test_p_value_agrees_with_scipy() -> None:
    x, df = zip(*product(np.geomspace(1e-8, 1000, 400), range(1, 21)), strict=True)
    assert of_expression(P_VALUE, x=x, df=df) == close(chi2.sf(x, df), 1e-12)


def test_only_whole_degrees_of_freedom_that_were_asked_for_have_a_p_value() -> None:
    assert of_expression(P_VALUE, x=[1.0] * 6, df=[0.0, -1.0, 1.5, 21.0, None, math.nan]) == [None] * 6
    up_to_three = MACROS.chi_square_p_value("x", "df", 3)
    assert of_expression(up_to_three, x=[5.0] * 4, df=[1.0, 2.0, 3.0, 4.0]) == close([*chi2.sf(5.0, [1, 2, 3]), None], 1e-13)
    only_one = MACROS.chi_square_p_value("x", "df", 1)
    assert of_expression(only_one, x=[5.0, 5.0], df=[1.0, 2.0]) == close([chi2.sf(5.0, 1), None], 1e-13)


def test_what_is_no_number_has_no_p_value_and_limits_have_theirs() -> None:
    assert of_expression(P_VALUE, x=[None, math.nan, math.inf], df=[3.0] * 3) == [None] * 3
    assert of_expression(P_VALUE, x=[0.0, -1e-17, 5e-324, 1e9], df=[3.0] * 4) == [1.0, 1.0, 1.0, 0.0]


@properties
@given(st.lists(st.floats(0, 1300), min_size=2, max_size=40), st.integers(1, 20))
def test_p_value_is_a_chance_that_falls(x: list[float], df: int) -> None:
    found = of_expression(P_VALUE, x=sorted(x), df=[df] * len(x))
    assert all(0 <= p <= 1 + 1e-15 for p in found)
    assert all(after <= before * (1 + 1e-13) for before, after in pairwise(found))
