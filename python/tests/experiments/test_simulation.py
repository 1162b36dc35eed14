"""Simulated experiments whose truth is known: the marts may be wrong only as often as they say.

The same simulation as the benchmark of experiments, at a size that tells gross errors from chance: each bound is passed by
luck once in ten thousand, and the seed is fixed. The benchmark has the figures of a thousand experiments and more.
"""

from __future__ import annotations

import sys

import pytest

from project import ROOT, Marts, build_marts

sys.path.insert(0, str(ROOT / "benchmarks"))
from _experiments_data import SCENARIOS, Scenario, generate
from _experiments_figures import ALPHA, Figures, figures, metrics, rejected_by_sessions

EXPERIMENTS, UNITS, DAYS, SEED = 200, 160, 20, 1
LUCK = 1e-4
NO_EFFECT, NO_EFFECT_ON_CUSTOMERS, EFFECT = SCENARIOS

pytestmark = pytest.mark.xdist_group("simulation")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    folder = tmp_path_factory.mktemp("simulation")
    for said in generate(folder / "agent_goals.duckdb", EXPERIMENTS, UNITS, DAYS, SEED):
        print(said)
    return build_marts(folder, [], {"agent_goals__experiment_planned_units": UNITS})


def found(simulated: Marts, scenario: Scenario, metric: str) -> Figures:
    figures_found = figures(simulated.path, scenario, metric)
    assert figures_found.rejected.of > 0.99 * EXPERIMENTS
    return figures_found


@pytest.mark.parametrize("metric", metrics())
@pytest.mark.parametrize("scenario", [NO_EFFECT, NO_EFFECT_ON_CUSTOMERS], ids=lambda scenario: scenario.name)
def test_without_an_effect_one_in_twenty_is_rejected_at_five_percent(simulated: Marts, scenario: Scenario, metric: str) -> None:
    assert found(simulated, scenario, metric).rejected.is_compatible(ALPHA, LUCK)


@pytest.mark.parametrize("metric", metrics())
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_intervals_hold_the_truth_in_nineteen_of_twenty(simulated: Marts, scenario: Scenario, metric: str) -> None:
    of_metric = found(simulated, scenario, metric)
    assert of_metric.difference_covered.is_compatible(1 - ALPHA, LUCK)
    assert of_metric.lift_covered.is_compatible(1 - ALPHA, LUCK)
    assert of_metric.sequential_covered.missed.is_compatible_with_at_most(ALPHA, LUCK)


@pytest.mark.parametrize("metric", metrics())
@pytest.mark.parametrize("scenario", [NO_EFFECT, NO_EFFECT_ON_CUSTOMERS], ids=lambda scenario: scenario.name)
def test_only_the_always_valid_p_value_survives_a_look_every_day(simulated: Marts, scenario: Scenario, metric: str) -> None:
    of_metric = found(simulated, scenario, metric)
    assert of_metric.rejected_always_valid.is_compatible_with_at_most(ALPHA, LUCK)
    assert of_metric.rejected_peeking.share > 2 * ALPHA


@pytest.mark.parametrize("metric", ["goal_achievement_rate", "cost_per_goal_achieved", "net_value_per_unit"])
def test_an_effect_is_found_more_often_than_by_chance(simulated: Marts, metric: str) -> None:
    of_metric = found(simulated, EFFECT, metric)
    assert not of_metric.rejected.is_compatible_with_at_most(ALPHA, LUCK)
    assert not of_metric.rejected_always_valid.is_compatible_with_at_most(ALPHA / 10, LUCK)


def test_sessions_of_one_customer_are_not_units(simulated: Marts) -> None:
    """The simulation would notice: the same data with sessions for units are rejected too often."""
    assert not rejected_by_sessions(simulated.path, NO_EFFECT_ON_CUSTOMERS).is_compatible_with_at_most(ALPHA, LUCK)
