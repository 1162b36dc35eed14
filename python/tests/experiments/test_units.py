"""The package's own metrics, which the oracle does not have, against tea-tasting and scipy on the same units.

Units are added up here from the CSV files, in floating point, by the metrics' words.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow
import pytest
from scipy import stats
from tea_tasting import Mean, RatioOfMeans

from project import Marts

from .agreement import Agreement, absolute, relative
from .oracle import PLANNED_UNITS, Oracle, exposed_at

pytestmark = pytest.mark.xdist_group("experiments")

ALPHA = 0.05
#: From how many units in each arm on the always-valid p-value looks: the package's default.
MIN_UNITS = 30

Unit = dict[str, Any]

METRICS = {
    "cost_per_goal_achieved": ("achieved_cost", "achieved"),
    "fully_loaded_cost_per_goal": ("cost", "achieved"),
    "goal_efficiency": ("achieved_cost", "cost"),
    "average_time_to_goal_seconds": ("time", "achieved"),
    "value_per_goal": ("value", "achieved"),
    "goal_achievement_rate": ("achieved", "attempts"),
    "achieved_per_unit": ("achieved", "one"),
    "net_value_per_unit": ("net_value", "one"),
}
RATIOS = tuple(METRICS)[:5]


def units_of(oracle: Oracle, experiment: str, goal: str) -> dict[str, Unit]:
    """The units of an experiment by their ids, with what a goal added up to in their sessions."""
    units: dict[str, Unit] = defaultdict(lambda: defaultdict(float))
    for row in oracle.rows(experiment):
        if row["goal"] == goal:
            unit = units[row["unit_id"]]
            achieved, cost, value = int(row["achieved"]), float(row["cost"]), float(row["value"])
            unit["variant"] = row["variant"]
            unit["exposed_on"] = min(unit.get("exposed_on", date.max), exposed_at(row).date())
            unit["one"] = 1.0
            for name, amount in {
                "attempts": 1,
                "achieved": achieved,
                "cost": cost,
                "achieved_cost": achieved * cost,
                "value": achieved * value,
                "net_value": achieved * value - cost,
                "time": float(row["time_to_goal_s"] or 0),
            }.items():
                unit[name] += amount
    return units


def pairs(oracle: Oracle, experiment: str) -> Iterator[tuple[str, str, list[Unit], list[Unit]]]:
    """Goal, variant, and the units of control and of the variant, of every comparison in an experiment."""
    known = oracle.experiments[experiment]
    for goal in known["goals"]:
        units = units_of(oracle, experiment, goal).values()
        arms = {name: [unit for unit in units if unit["variant"] == name] for name in known["expected_split"]}
        control = arms.pop(known["control"])
        yield from ((goal, variant, control, arm) for variant, arm in arms.items())


def result(marts: Marts, experiment: str, goal: str, metric: str, variant: str) -> dict[str, Any]:
    return marts.row(f"""
        select * from agent_goals__experiment_results
        where (experiment, goal, metric, variant) = ('{experiment}', '{goal}', '{metric}', '{variant}')
    """)


def analysed(metric: Any, control: list[Unit], treatment: list[Unit]) -> Any:
    """What tea-tasting finds."""
    columns = ("one", "achieved", "achieved_cost", "net_value")
    table = {name: [unit[name] for unit in control + treatment] for name in columns}
    table["variant"] = [0] * len(control) + [1] * len(treatment)
    return metric.analyze(pyarrow.table(table), control=0, treatment=1, variant="variant")


@pytest.mark.parametrize("experiment", ["balanced", "tiny_n", "three_variants", "srm_fail", "clustered"])
def test_cost_per_goal_achieved_is_tea_tastings_ratio_of_means(oracle: Oracle, marts: Marts, experiment: str) -> None:
    agreement = Agreement()
    for goal, variant, control, treatment in pairs(oracle, experiment):
        found = result(marts, experiment, goal, "cost_per_goal_achieved", variant)
        expected = analysed(RatioOfMeans("achieved_cost", "achieved"), control, treatment)
        agreement.compare("status", found["status"], "ok")
        agreement.compare("p_value_method", found["p_value_method"], "log_ratio_t")
        agreement.compare("estimate_control", found["estimate_control"], expected.control, relative)
        agreement.compare("estimate", found["estimate"], expected.treatment, relative)
        agreement.compare("difference", found["difference"], expected.effect_size, relative)
        agreement.compare("lift", found["lift"], expected.rel_effect_size, relative)
        ends = (expected.effect_size_ci_lower, expected.effect_size_ci_upper)
        agreement.compare_ends("difference", (found["difference_low"], found["difference_high"]), ends, absolute)
        ends = (expected.rel_effect_size_ci_lower, expected.rel_effect_size_ci_upper)
        agreement.compare_ends("lift", (found["lift_low"], found["lift_high"]), ends, absolute)
        # tea-tasting tests the difference; its interval of the lift excludes none exactly at the p-value of the log ratio.
        metric = RatioOfMeans("achieved_cost", "achieved", confidence_level=1 - found["p_value"])
        excluding = analysed(metric, control, treatment)
        ends = (excluding.rel_effect_size_ci_lower, excluding.rel_effect_size_ci_upper)
        agreement.compare("p_value", min(ends, key=abs), 0, absolute)
        agreement.compare("p_value_linearised", found["p_value_linearised"], linearised(control, treatment), absolute)
    agreement.check()


def linearised(control: list[Unit], treatment: list[Unit]) -> float:
    """Welch's test of what the pooled ratio leaves over."""
    both = control + treatment
    pooled = sum(unit["achieved_cost"] for unit in both) / sum(unit["achieved"] for unit in both)
    left = [[unit["achieved_cost"] - pooled * unit["achieved"] for unit in arm] for arm in (treatment, control)]
    return float(stats.ttest_ind(*left, equal_var=False).pvalue)


@pytest.mark.parametrize("metric", ["achieved_per_unit", "net_value_per_unit"])
def test_a_mean_over_customers_is_tea_tastings_mean(oracle: Oracle, marts: Marts, metric: str) -> None:
    column, _ = METRICS[metric]
    ((goal, variant, control, treatment),) = pairs(oracle, "clustered")
    found = result(marts, "clustered", goal, metric, variant)
    expected = analysed(Mean(column), control, treatment)
    agreement = Agreement()
    agreement.compare("p_value_method", found["p_value_method"], "welch_t")
    agreement.compare("estimate_control", found["estimate_control"], expected.control, relative)
    agreement.compare("estimate", found["estimate"], expected.treatment, relative)
    for name, arm in (("standard_error_control", control), ("standard_error", treatment)):
        agreement.compare(name, found[name], stats.sem([unit[column] for unit in arm]), relative)
    agreement.compare("statistic", found["statistic"], expected.statistic, relative)
    agreement.compare("p_value", found["p_value"], expected.pvalue, absolute)
    agreement.compare("chance_to_win", found["chance_to_win"], stats.norm.cdf(expected.statistic), absolute)
    ends = (expected.effect_size_ci_lower, expected.effect_size_ci_upper)
    agreement.compare_ends("difference", (found["difference_low"], found["difference_high"]), ends, absolute)
    # An end of Fieller's interval is a lift that a test of the treatment against so many times the control just rejects.
    for name in ("lift_low", "lift_high"):
        times = 1 + found[name]
        distance = abs(expected.treatment - times * expected.control)
        error = math.hypot(found["standard_error"], times * found["standard_error_control"])
        p_value = 2 * stats.t.sf(distance / error, found["degrees_of_freedom"])
        agreement.compare(f"p-value at {name}", p_value, ALPHA, absolute)
    agreement.check()


@pytest.mark.parametrize(
    ("experiment", "metric", "status", "method", "p_value"),
    [
        ("one_arm_missing", "cost_per_goal_achieved", "arm_missing", None, None),
        ("one_arm_missing", "achieved_per_unit", "arm_missing", None, None),
        ("one_arm_missing", "net_value_per_unit", "arm_missing", None, None),
        ("zero_goal_arm", "cost_per_goal_achieved", "ratio_no_data", None, None),
        ("zero_cost", "cost_per_goal_achieved", "ratio_undefined", None, None),
        ("constant_cost", "cost_per_goal_achieved", "ok", "no_variation", 1.0),
    ],
)
def test_what_cannot_be_said_is_null_with_its_reason(
    marts: Marts, experiment: str, metric: str, status: str, method: str | None, p_value: float | None
) -> None:
    found = result(marts, experiment, "resolve", metric, "treatment")
    assert (found["status"], found["p_value_method"], found["p_value"]) == (status, method, p_value)
    if status != "ok":
        figures = ("lift_low", "difference_low", "statistic", "sequential_p_value", "always_valid_p_value", "chance_to_win")
        assert {name: found[name] for name in figures} == dict.fromkeys(figures)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("experiment", ["balanced", "three_variants", "srm_fail", "clustered", "constant_cost"])
def test_the_always_valid_p_value_is_the_least_of_all_days(oracle: Oracle, marts: Marts, experiment: str, metric: str) -> None:
    """Each day's look is made again from the units that had been exposed by then."""
    agreement = Agreement()
    for goal, variant, control, treatment in pairs(oracle, experiment):
        days = sorted({unit["exposed_on"] for unit in control + treatment})
        looks = [[[unit for unit in arm if unit["exposed_on"] <= day] for arm in (control, treatment)] for day in days]
        p_values = [sequential_p_value(metric, *look) for look in looks if min(map(len, look)) >= MIN_UNITS]
        known = [p_value for p_value in p_values if p_value is not None]
        found = result(marts, experiment, goal, metric, variant)
        where = f"{goal} {variant}"
        agreement.compare(f"{where} last look", found["sequential_p_value"], p_values[-1], absolute)
        agreement.compare(f"{where} least", found["always_valid_p_value"], min(known, default=None), absolute)
    agreement.check()


def test_nobody_looks_before_both_arms_have_enough_units(marts: Marts) -> None:
    looks = marts.rows(f"""
        select control_units < {MIN_UNITS} as is_control_small, units < {MIN_UNITS} as is_treatment_small,
            count(*) as count_looks, count(always_valid_p_value) as count_p_values
        from main_agent_goals_staging.int_agent_goals__experiment_looks
        group by all
    """)
    found = {(look["is_control_small"], look["is_treatment_small"]): look["count_p_values"] for look in looks}
    assert found.pop((False, False)) > 0
    assert found == {(True, False): 0, (False, True): 0, (True, True): 0}


def sequential_p_value(metric: str, control: list[Unit], treatment: list[Unit]) -> float | None:
    """The p-value of the normal mixture, tuned to the planned units; null where there is no variation."""
    (first, error), (second, other_error) = (ratio(metric, arm) for arm in (control, treatment))
    effect, variance = second - first, error**2 + other_error**2
    if metric in RATIOS:
        effect, variance = math.log(second / first), (error / first) ** 2 + (other_error / second) ** 2
    if math.sqrt(variance) < 1e-13:
        return None
    weight = (-2 * math.log(ALPHA) + math.log(1 - 2 * math.log(ALPHA))) / PLANNED_UNITS * (len(control) + len(treatment))
    log_evidence = weight * effect**2 / variance / (2 * (weight + 1)) - math.log(weight + 1) / 2
    return min(1.0, math.exp(-log_evidence))


def ratio(metric: str, units: list[Unit]) -> tuple[float, float]:
    """A ratio of sums over units, with its standard error by the delta method."""
    numerator, denominator = METRICS[metric]
    total = sum(unit[denominator] for unit in units)
    estimate = sum(unit[numerator] for unit in units) / total
    left = [unit[numerator] - estimate * unit[denominator] for unit in units]
    if metric in ("goal_achievement_rate", "achieved_per_unit") and all(unit["attempts"] == 1 for unit in units):
        return estimate, math.sqrt(estimate * (1 - estimate) / len(units))
    return estimate, math.sqrt(len(units)) * float(stats.tstd(left)) / total
