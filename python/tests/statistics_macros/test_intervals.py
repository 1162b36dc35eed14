from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from .computed import MACROS, close, of_expression, properties

LOW = MACROS.wilson_low("successes", "trials", "z")
HIGH = MACROS.wilson_high("successes", "trials", "z")
WELCH = MACROS.welch_degrees_of_freedom("v1", "n1", "v2", "n2")

Z = float(norm.ppf(0.975))
counts = st.integers(1, 10**7).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@properties
@given(st.lists(counts, min_size=1, max_size=30))
def test_wilson_agrees_with_statsmodels_and_keeps_the_rate_inside(of_arms: list[tuple[int, int]]) -> None:
    successes, trials = zip(*of_arms, strict=True)
    low, high = (of_expression(end, successes=successes, trials=trials, z=[Z] * len(trials)) for end in (LOW, HIGH))
    expected = proportion_confint(np.array(successes), np.array(trials), 0.05, "wilson")
    assert low == close(expected[0], 1e-9, 1e-15)
    assert high == close(expected[1], 1e-12)
    rates = [achieved / tried for achieved, tried in of_arms]
    assert all(0 <= bottom <= rate <= top <= 1 for bottom, rate, top in zip(low, rates, high, strict=True))


def test_wilson_ends_at_0_without_a_success_and_at_1_without_a_failure() -> None:
    trials = [*map(float, range(1, 2000)), 1e6, 12345678.0]
    columns = {"trials": trials, "z": [Z] * len(trials)}
    assert set(of_expression(LOW, successes=[0.0] * len(trials), **columns)) == {0.0}
    assert set(of_expression(HIGH, successes=trials, **columns)) == {1.0}


def test_wilson_has_no_ends_without_a_trial() -> None:
    for end in (LOW, HIGH):
        assert of_expression(end, successes=[0.0, None], trials=[0.0, None], z=[Z, Z]) == [None, None]


def test_welch_has_the_degrees_of_freedom_of_its_formula() -> None:
    found = of_expression(
        WELCH,
        v1=[1.0, 2.0, 0.0, 0.0, 1e-90],
        n1=[10.0, 5.0, 9.0, 9.0, 4.0],
        v2=[1.0, 0.5, 3.0, 0.0, 1e-90],
        n2=[10.0, 7.0, 5.0, 5.0, 4.0],
    )
    assert found == close([18.0, 2.5**2 / (4 / 4 + 0.25 / 6), 4.0, None, 6.0], 1e-15)


@properties
@given(st.floats(1e-6, 1e6), st.integers(2, 10**6), st.floats(1e-6, 1e6), st.integers(2, 10**6))
def test_welch_is_between_the_smaller_arm_and_both_together(v1: float, n1: int, v2: float, n2: int) -> None:
    (found,) = of_expression(WELCH, v1=[v1], n1=[n1], v2=[v2], n2=[n2])
    assert min(n1, n2) - 1 <= found * (1 + 1e-12)
    assert found <= (n1 + n2 - 2) * (1 + 1e-12)
