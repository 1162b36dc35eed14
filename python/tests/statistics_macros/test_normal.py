from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from .computed import MACROS, close, of_expression, properties, published

CDF = MACROS.normal_cdf("z")
TWO_SIDED = MACROS.normal_two_sided_p_value("z")
QUANTILE = MACROS.normal_quantile("p")

statistics = st.lists(st.floats(-37, 37), min_size=2, max_size=40)


def test_cdf_and_quantile_give_the_published_figures() -> None:
    figures = published("distributions")
    zs, chances = zip(*figures["norm_cdf__scipy"], strict=True)
    assert of_expression(CDF, z=zs) == close(chances, 1e-12)
    chances, zs = zip(*figures["norm_ppf__scipy"], strict=True)
    assert of_expression(QUANTILE, p=chances) == close(zs, 1e-13, 1e-16)


def test_cdf_and_p_value_agree_with_scipy_far_into_the_tails() -> None:
    zs = np.linspace(-36.5, 36.5, 1471)
    assert of_expression(CDF, z=zs) == close(norm.cdf(zs), 5e-13)
    assert of_expression(TWO_SIDED, z=zs) == close(2 * norm.sf(np.abs(zs)), 5e-13)


def test_quantile_agrees_with_scipy_from_1e_minus_290_up() -> None:
    tails = 10.0 ** np.linspace(-290, -0.31, 800)
    chances = np.concatenate([tails, np.linspace(1e-3, 1 - 1e-3, 999), 1 - tails[tails > 1e-12]])
    assert of_expression(QUANTILE, p=chances) == close(norm.ppf(chances), 1e-13, 1e-16)


def test_what_is_no_number_or_no_chance_has_no_value() -> None:
    assert of_expression(CDF, z=[None, math.nan, math.inf, -math.inf]) == [None] * 4
    assert of_expression(TWO_SIDED, z=[None, math.nan, math.inf, -math.inf]) == [None] * 4
    assert of_expression(QUANTILE, p=[None, math.nan, 0.0, 1.0, -0.1, 1.1, math.inf]) == [None] * 7


def test_statistics_too_small_or_large_for_a_double_have_the_limits() -> None:
    assert of_expression(CDF, z=[0.0, -0.0, 1e-300, -1e-300, 5e-324, 1e100, -1e100]) == [0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.0]
    assert of_expression(TWO_SIDED, z=[0.0, 1e-300, 5e-324, 1e100, -1e100]) == [1.0, 1.0, 1.0, 0.0, 0.0]


@properties
@given(statistics)
def test_cdf_is_a_chance_that_rises(zs: list[float]) -> None:
    chances = of_expression(CDF, z=sorted(zs))
    assert all(0 <= chance <= 1 for chance in chances)
    assert all(after >= before * (1 - 1e-14) for before, after in itertools.pairwise(chances))


@properties
@given(statistics)
def test_p_value_is_twice_the_lower_tail_whatever_the_sign(zs: list[float]) -> None:
    p_values = of_expression(TWO_SIDED, z=zs)
    assert p_values == of_expression(TWO_SIDED, z=[-z for z in zs])
    assert p_values == close([2 * tail for tail in of_expression(CDF, z=[-abs(z) for z in zs])], 1e-14)


@properties
@given(st.lists(st.floats(-36, 4), min_size=1, max_size=40))
def test_quantile_inverts_cdf(zs: list[float]) -> None:
    # Above 0 the chance is near 1, where doubles are far apart.
    assert of_expression(QUANTILE, p=of_expression(CDF, z=zs)) == close(zs, 1e-12, 1e-11)
