"""Every figure of the experiment marts against the same figure of independent libraries.

What is compared comes from a folder beside the project: sessions of nine experiments, ordinary and awkward, and the figures
that scipy, statsmodels, tea-tasting and gbstats have for them. Tolerances are those of `agreement.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from statsmodels.stats.multitest import multipletests

from project import Marts

from .agreement import Agreement, absolute, relative
from .declared import MORE_METRICS
from .oracle import Oracle

pytestmark = pytest.mark.xdist_group("experiments")

EXPERIMENTS = (
    "balanced",
    "tiny_n",
    "zero_goal_arm",
    "three_variants",
    "srm_fail",
    "one_arm_missing",
    "constant_cost",
    "zero_cost",
    "clustered",
)

#: The package's metrics by the oracle's. Where every unit is one session with one attempt, two are the same.
METRICS = {
    "goal_achievement_rate": ("goal_achievement_rate",),
    "cost_per_session": ("cost_per_attempt",),
    "net_value_per_session": ("net_value_per_attempt",),
    "cost_per_goal": ("fully_loaded_cost_per_goal",),
    "goal_efficiency": ("goal_efficiency",),
    "time_to_goal": ("average_time_to_goal_seconds",),
    "value_per_goal": ("value_per_goal",),
}
METRICS_OF_SESSIONS = METRICS | {
    "goal_achievement_rate": ("goal_achievement_rate", "achieved_per_unit"),
    "net_value_per_session": ("net_value_per_attempt", "net_value_per_unit"),
}

#: The package's own results, and those of the metrics that only the oracle has, by the names that the package's have.
RESULTS = """
    select * from agent_goals__experiment_results
    union all by name
    select * exclude (difference_degrees_of_freedom),
        control_units as count_units_control, units as count_units, control_estimate as estimate_control,
        control_error as standard_error_control, error as standard_error
    from (select * replace (shown_status as status) from more_estimates)
"""
ARMS = """
    select * from agent_goals__experiment_variants
    union all by name
    select * from more_arm_days where is_last_look
"""

#: Columns of the results and the oracle's key, by tolerance.
TEXTS = {"status": "status", "p_value_method": "p_method"}
RELATIVE = {
    "estimate_control": "control",
    "estimate": "treatment",
    "standard_error_control": "se_control",
    "standard_error": "se_treatment",
    "difference": "diff",
    "lift": "lift",
    "statistic": "statistic",
    "degrees_of_freedom": "df",
    "minimum_detectable_lift": "mde_rel",
    "count_units_for_10_percent": "n_per_arm_for_10pct",
}
ABSOLUTE = {
    "p_value": "p_value",
    "p_value_linearised": "p_value_linearised",
    "sequential_p_value": "sequential_p",
    "chance_to_win": "chance_to_win",
}
INTERVALS = {"difference": "diff_ci", "lift": "lift_ci", "sequential": "sequential_ci"}
COVERED = {*TEXTS.values(), *RELATIVE.values(), *ABSOLUTE.values(), *INTERVALS.values(), "control_ci", "treatment_ci"}


def test_the_oracle_has_no_experiment_and_no_figure_that_is_not_compared(oracle: Oracle) -> None:
    assert set(oracle.experiments) == set(EXPERIMENTS)
    assert {key for *_, figures in comparisons(oracle) for key in figures} == COVERED
    assert {metric for _, _, _, metric, _ in comparisons(oracle)} == set(METRICS)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_comparison_has_the_libraries_figures(oracle: Oracle, marts: Marts, experiment: str) -> None:
    found = by_key(marts, RESULTS, experiment)
    agreement = Agreement()
    for name, goal, (control, variant), metric, expected in comparisons(oracle):
        for ours in of_package(oracle, experiment, metric) if name == experiment else ():
            where = f"{goal} {ours} {variant}"
            row = found.get((goal, ours, variant), {"control_variant": "no such row"})
            agreement.compare(f"{where} control_variant", row["control_variant"], control)
            if row["control_variant"] == control:
                compare_row(agreement, where, row, expected)
    agreement.check()


def compare_row(agreement: Agreement, where: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    for column, key in TEXTS.items():
        agreement.compare(f"{where} {column}", row[column], expected[key])
    if row["p_value_method"] == "no_variation":
        # No difference over no error: the oracle says 0, the package that there is no such quotient.
        expected = expected | {"statistic": None}
    for column, key in RELATIVE.items():
        agreement.compare(f"{where} {column}", row[column], expected[key], relative)
    for column, key in ABSOLUTE.items():
        agreement.compare(f"{where} {column}", row[column], expected[key], absolute)
    for column, key in INTERVALS.items():
        agreement.compare_ends(f"{where} {column}", (row[f"{column}_low"], row[f"{column}_high"]), expected[key], absolute)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_arm_has_the_libraries_figures(oracle: Oracle, marts: Marts, experiment: str) -> None:
    found = by_key(marts, ARMS, experiment)
    intervals = dict(arm_intervals(oracle, experiment))
    control = oracle.experiments[experiment]["control"]
    agreement = Agreement()
    for goal, of_goal in oracle.experiments[experiment]["goals"].items():
        for variant, arm in of_goal["arms"].items():
            for metric, expected in arm["metrics"].items():
                for ours in of_package(oracle, experiment, metric):
                    where = f"{goal} {ours} {variant}"
                    row = found.get((goal, ours, variant), {"is_control": "no such row"})
                    agreement.compare(f"{where} is_control", row["is_control"], variant == control)
                    if row["is_control"] == (variant == control):
                        compare_arm(agreement, where, row, expected)
                        ends = (row["interval_low"], row["interval_high"])
                        if (goal, metric, variant) in intervals and ours not in MORE_METRICS:
                            agreement.compare_ends(where, ends, intervals[goal, metric, variant], absolute)
    agreement.check()


def compare_arm(agreement: Agreement, where: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    agreement.compare(f"{where} count_units", row["count_units"], expected["n_units"])
    for column, key in {
        "sum_numerator": "sum_y",
        "sum_denominator": "sum_x",
        "estimate": "estimate",
        "standard_error": "se",
    }.items():
        agreement.compare(f"{where} {column}", row[column], expected[key], relative)


def test_an_arms_moments_are_those_of_its_units(oracle: Oracle, marts: Marts) -> None:
    """The oracle has sums of squares: from them follow the variances and the covariance of what the ratio leaves over."""
    agreement = Agreement()
    for experiment in EXPERIMENTS:
        found = by_key(marts, ARMS, experiment)
        for goal, of_goal in oracle.experiments[experiment]["goals"].items():
            for variant, arm in of_goal["arms"].items():
                for metric, sums in arm["metrics"].items():
                    if sums["n_units"] < 2 or sums["estimate"] is None:
                        continue
                    for ours in of_package(oracle, experiment, metric):
                        row = found[goal, ours, variant]
                        for column, moment in moments(**sums).items():
                            agreement.compare(f"{experiment} {goal} {ours} {variant} {column}", row[column], moment, absolute)
    agreement.check()


def moments(
    n_units: int, sum_x: float, sum_yy: float, sum_xx: float, sum_xy: float, estimate: float, **_: float
) -> dict[str, float]:
    free = n_units - 1
    return {
        "variance_residual": (sum_yy - 2 * estimate * sum_xy + estimate**2 * sum_xx) / free,
        "variance_denominator": (sum_xx - sum_x**2 / n_units) / free,
        "covariance_residual_denominator": (sum_xy - estimate * sum_xx) / free,
    }


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_sample_ratio_has_the_libraries_p_value(oracle: Oracle, marts: Marts, experiment: str) -> None:
    expected = oracle.experiments[experiment]["srm"]
    row = marts.row(f"""
        select tested.*, health.value, health.severity
        from main_agent_goals_staging.int_agent_goals__experiment_sample_ratios as tested
        join agent_goals__experiment_health as health using (experiment)
        where experiment = '{experiment}' and health.check_name = 'sample_ratio'
    """)
    agreement = Agreement()
    agreement.compare("chi_square", row["chi_square"], expected["chi2__scipy_chisquare"], relative)
    agreement.compare("degrees_of_freedom", row["degrees_of_freedom"], expected["df"])
    p_value = expected["p_value__scipy_chisquare"]
    agreement.compare("p_value", row["p_value"], p_value, absolute)
    agreement.compare("value in health", row["value"], p_value, absolute)
    agreement.compare("severity", row["severity"], "error" if p_value < 1e-3 else "ok")
    agreement.check()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_p_values_are_corrected_as_statsmodels_does(marts: Marts, experiment: str) -> None:
    """Holm over the variants of a goal and metric, Benjamini and Hochberg over all of the experiment but its guardrails."""
    rows = marts.rows(f"select * from agent_goals__experiment_results where experiment = '{experiment}'")
    assert any(row["is_guardrail"] for row in rows) == (experiment == "three_variants")
    agreement = Agreement()
    for _, of_metric in groupby(sorted(rows, key=goal_and_metric), goal_and_metric):
        compare_corrected(agreement, "p_value_holm", "holm", list(of_metric), [])
    guardrails = [row for row in rows if row["is_guardrail"]]
    compare_corrected(agreement, "q_value", "fdr_bh", [row for row in rows if not row["is_guardrail"]], guardrails)
    agreement.check()


def goal_and_metric(row: dict[str, Any]) -> tuple[str, str]:
    return row["goal"], row["metric"]


def compare_corrected(
    agreement: Agreement, column: str, method: str, family: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    """Compare p-values that are corrected together; what has none, and what is not in the family, has no corrected one."""
    known = [row for row in family if row["p_value"] is not None]
    corrected = multipletests([row["p_value"] for row in known], method=method)[1] if known else []
    nothing = [row for row in family if row["p_value"] is None] + others
    for row, figure in [*zip(known, corrected, strict=True), *((row, None) for row in nothing)]:
        agreement.compare(f"{row['goal']} {row['metric']} {row['variant']} {column}", row[column], figure, absolute)


def comparisons(oracle: Oracle) -> Iterator[tuple[str, str, tuple[str, str], str, dict[str, Any]]]:
    """Experiment, goal, control and variant, metric and figures of everything that the oracle compares."""
    for name, experiment in oracle.experiments.items():
        for goal, of_goal in experiment["goals"].items():
            for pair, metrics in of_goal["comparisons"].items():
                control, variant = pair.split("_vs_")
                for metric, figures in metrics.items():
                    yield name, goal, (control, variant), metric, figures["recommended"]


def arm_intervals(oracle: Oracle, experiment: str) -> Iterator[tuple[tuple[str, str, str], Any]]:
    """The interval of each arm, where the oracle has one, by goal, metric and variant."""
    for name, goal, pair, metric, figures in comparisons(oracle):
        for variant, key in zip(pair, ("control_ci", "treatment_ci"), strict=True):
            if name == experiment and key in figures:
                yield (goal, metric, variant), figures[key]


def of_package(oracle: Oracle, experiment: str, metric: str) -> tuple[str, ...]:
    """What the package calls a metric of the oracle in an experiment."""
    return (METRICS if oracle.is_clustered(experiment) else METRICS_OF_SESSIONS)[metric]


def by_key(marts: Marts, query: str, experiment: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The rows of an experiment by goal, metric and variant."""
    rows = marts.rows(f"select * from ({query}) where experiment = '{experiment}'")
    return {(row["goal"], row["metric"], row["variant"]): row for row in rows}
