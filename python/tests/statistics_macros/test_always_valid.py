from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from .computed import MACROS, close, of_expression, properties

MIXTURE = MACROS.always_valid_mixture("units", "planned", "alpha")
HALF_WIDTH = MACROS.always_valid_half_width("se", "mixture", "alpha")
LOG_E_VALUE = MACROS.always_valid_log_e_value("z", "mixture")
P_VALUE = MACROS.always_valid_p_value("log_e_value")

mixtures = st.floats(1e-3, 1e3)


@properties
@given(st.floats(-30, 30), st.floats(0.01, 100))
def test_e_value_is_the_likelihood_ratio_mixed_over_a_normal_prior(z: float, mixture: float) -> None:
    """The estimate in units of its standard error is normal about the truth, which the mixture spreads by sqrt(mixture)."""
    spread = math.sqrt(mixture)
    centre = z * mixture / (1 + mixture)
    reach = 12 * math.sqrt(mixture / (1 + mixture))

    def mixed(truth: float) -> float:
        return math.exp(truth * z - truth**2 / 2) * norm.pdf(truth, scale=spread)

    expected = quad(mixed, centre - reach, centre + reach, epsrel=1e-11, epsabs=0)[0]
    assert of_expression(LOG_E_VALUE, z=[z], mixture=[mixture]) == close([math.log(expected)], 1e-8, 1e-8)


@properties
@given(st.floats(0.001, 0.5), mixtures, st.floats(1e-6, 1e6))
def test_half_width_is_where_the_p_value_is_alpha(alpha: float, mixture: float, se: float) -> None:
    (half_width,) = of_expression(HALF_WIDTH, se=[se], mixture=[mixture], alpha=[alpha])
    (log_e_value,) = of_expression(LOG_E_VALUE, z=[half_width / se], mixture=[mixture])
    assert of_expression(P_VALUE, log_e_value=[log_e_value]) == close([alpha], 1e-9)


@properties
@given(st.floats(0.001, 0.2), st.integers(50, 10**6))
def test_interval_is_near_its_narrowest_where_the_plan_is_reached(alpha: float, planned: int) -> None:
    """For a given standard error of one unit, sqrt(units) times the half-width is least near the planned number of units."""
    ratios = np.array([0.2, 1.0, 5.0])
    (chosen,) = of_expression(MIXTURE, units=[planned], planned=[planned], alpha=[alpha])
    widths = of_expression(HALF_WIDTH, se=[1.0] * 3, mixture=list(chosen * ratios), alpha=[alpha] * 3)
    assert widths[1] < widths[0]
    assert widths[1] < widths[2]


def test_p_value_is_a_chance_and_keeps_nulls() -> None:
    found = of_expression(P_VALUE, log_e_value=[None, -3.0, 0.0, 2.0, 1e9])
    assert found == close([None, 1.0, 1.0, math.exp(-2), 0.0], 1e-15)


def test_without_units_there_is_no_interval() -> None:
    assert of_expression(HALF_WIDTH, se=[1.0, None], mixture=[0.0, 1.0], alpha=[0.05, 0.05]) == [None, None]
