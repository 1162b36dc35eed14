"""agent_goals__goal_alerts: its limits, p-values and parts against numpy's and scipy's, and when it is silent and when not.

AGENT_GOALS_SIMULATIONS multiplies how many days are drawn.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from compiled import CompiledModels
from diagnostics.rows import as_mappings

pytestmark = pytest.mark.xdist_group("goal_alerts")

ATTEMPTS = "int_agent_goals__attempts"
STEPS = ["int_agent_goals__goal_days", "int_agent_goals__goal_day_tests", "int_agent_goals__goal_day_changes"]
MART = "agent_goals__goal_alerts"
UNEXPECTED = "agent_goals_no_unexpected_decline_agent_goals__goal_alerts_"
BASELINE_DAYS, MATURITY_DAYS, MIN_ATTEMPTS, MIN_DAYS = 28, 3, 20, 7
SIMULATIONS = int(os.environ.get("AGENT_GOALS_SIMULATIONS", "1"))
#: The chance with which a simulation may go wrong although what it tests is right.
FALSE_ALARM = 1e-4
#: The chance to be more than three standard errors off.
BEYOND_THREE = 2 * float(stats.norm.sf(3))
START = date(2026, 1, 5)

Row = dict[str, Any]
Counts = NDArray[np.int64]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return CompiledModels(tmp_path_factory.mktemp("goal_alerts"))


def attempts_of(attempts: Counts, achieved: Counts, **columns: NDArray[np.str_]) -> pa.Table:
    """Attempts of agents by day: as many a day as told, the achieved ones first.

    Args:
        attempts: how many, by agent and day.
        achieved: how many of them were achieved.
        columns: what else differs, an array with a value for each attempt in the order of agents and days.
    """
    agents, days = attempts.shape
    each = attempts.ravel()
    count = int(each.sum())
    number_in_day = np.arange(count) - np.repeat(np.cumsum(each) - each, each)
    is_achieved = number_in_day < np.repeat(achieved.ravel(), each)
    known = {
        "agent": np.repeat([f"agent {number:03}" for number in range(agents)], attempts.sum(axis=1)),
        "metric_date": np.repeat(np.tile(np.datetime64(START) + np.arange(days), agents), each),
        "is_achieved": is_achieved,
    }
    same = {"environment": "production", "goal": "solved", "agent_version": "v1", "model": "m", "customer_segment": "s"}
    others = {name: np.repeat([value], count) for name, value in same.items()}
    numbers = {
        "rolled_up_value": pa.array(np.where(is_achieved, 2.0, np.nan), from_pandas=True),
        "target_achievement_rate": pa.array(np.repeat([0.7], count)),
        "definition_version": pa.array(np.repeat([1], count)),
    }
    return pa.table({**others, **known, **columns, **numbers})


def alerts(models: CompiledModels, attempts: pa.Table) -> list[Row]:
    return as_mappings(models.build_on({ATTEMPTS: attempts}, [*STEPS, MART]), MART)


def uneven_days(generator: np.random.Generator, agents: int, days: int, unrest: float) -> tuple[Counts, Counts]:
    """Attempts and achieved ones by agent and day, whose rates vary about 0.8 with a standard deviation of ``unrest``."""
    attempts = generator.integers(0, 90, (agents, days))
    weight = 0.8 * 0.2 / unrest**2 - 1 if unrest else 0.0
    rates = generator.beta(0.8 * weight, 0.2 * weight, (agents, days)) if unrest else np.full((agents, days), 0.8)
    return attempts, generator.binomial(attempts, rates)


def fisher(achieved: int, attempts: int, other_achieved: int, other_attempts: int) -> float:
    given = stats.hypergeom(attempts + other_attempts, achieved + other_achieved, attempts)
    is_low = achieved * other_attempts <= other_achieved * attempts
    return float(min(1.0, 2 * (given.cdf(achieved) if is_low else given.sf(achieved - 1))))


def test_limits_and_p_values_are_those_of_a_laney_chart(models: CompiledModels) -> None:
    attempts, achieved = uneven_days(np.random.default_rng(21), 4, 100, 0.08)
    achieved[1] = attempts[1]
    rows = {(row["agent"], (row["metric_date"] - START).days): row for row in alerts(models, attempts_of(attempts, achieved))}
    assert len(rows) == int((attempts > 0).sum())
    newest = max(day for _, day in rows)
    p_values = {}
    for agent, day in ((agent, day) for agent in range(4) for day in range(100) if attempts[agent, day]):
        row = rows[f"agent {agent:03}", day]
        n, x = int(attempts[agent, day]), int(achieved[agent, day])
        before = [d for d in range(max(0, day - BASELINE_DAYS), day) if attempts[agent, d] > 0 and newest - d >= MATURITY_DAYS]
        assert (row["count_attempts"], row["count_achieved"], row["count_baseline_days"]) == (n, x, len(before))
        assert (row["achievement_rate_low"], row["achievement_rate_high"]) == pytest.approx(
            proportion_confint(x, n, method="wilson"), abs=1e-12
        )
        too = [
            ("too_young", newest - day < MATURITY_DAYS),
            ("too_few_attempts", n < MIN_ATTEMPTS),
            ("too_few_days", len(before) < MIN_DAYS),
        ]
        reasons = [reason for reason, holds in too if holds]
        if reasons:
            assert (row["status"], row["p_value"], row["q_value"]) == (reasons[0], None, None)
        if not before:
            continue
        counts, successes = attempts[agent, before], achieved[agent, before]
        level = successes.sum() / counts.sum()
        spread = 1.0
        p_value = fisher(x, n, int(successes.sum()), int(counts.sum()))
        if level < 1:
            z = (successes / counts - level) / np.sqrt(level * (1 - level) / counts)
            if len(before) > 1:
                sigma = np.abs(np.diff(z)).mean() / 1.128
                assert row["sigma_z"] == pytest.approx(sigma)
                spread = max(1.0, sigma)
            error = spread * np.sqrt(level * (1 - level) / n)
            assert row["control_low"] == pytest.approx(max(0.0, level - 3 * error))
            assert row["control_high"] == pytest.approx(min(1.0, level + 3 * error))
            p_value = max(p_value, 2 * stats.norm.sf(abs(x / n - level) / error))
        if not reasons:
            assert row["p_value"] == pytest.approx(p_value, rel=1e-5)
            p_values[agent, day] = row["p_value"]
            side = "decline" if x / n < level else "improvement"
            assert row["status"] == (side if p_value < BEYOND_THREE else "in_control")
    q_values = multipletests(list(p_values.values()), method="fdr_bh")[1]
    assert [rows[f"agent {agent:03}", day]["q_value"] for agent, day in p_values] == pytest.approx(list(q_values))


@pytest.mark.parametrize("unrest", [0.0, 0.06], ids=["chance alone", "restless days"])
def test_days_like_any_other_raise_no_alert(models: CompiledModels, unrest: float) -> None:
    attempts, achieved = uneven_days(np.random.default_rng(22), 40, 150 * SIMULATIONS, unrest)
    rows = [row for row in alerts(models, attempts_of(attempts, achieved)) if row["p_value"] is not None]
    assert len(rows) > 3000 * SIMULATIONS
    found = sum(row["is_decline"] for row in rows)
    # Rates of restless days are skewed, and how restless they are is estimated from about 27 moving ranges.
    allowed = BEYOND_THREE / 2 if unrest == 0 else 0.015
    assert found <= stats.binom.ppf(1 - FALSE_ALARM, len(rows), allowed)
    usual = [(row["achievement_rate"] - row["baseline_rate"], row) for row in rows]
    plain = sum(
        change < -3 * np.sqrt(row["baseline_rate"] * (1 - row["baseline_rate"]) / row["count_attempts"]) for change, row in usual
    )
    assert plain > 2 * found or unrest == 0


def test_a_decline_is_found_on_its_first_days_with_the_model_that_came_with_it(models: CompiledModels) -> None:
    generator = np.random.default_rng(23)
    attempts = np.full((6, 70), 150)
    rates = np.full((6, 70), 0.8)
    rates[4, 50:] = 0.6
    achieved = generator.binomial(attempts, rates)
    model = np.full((6, 70, 150), "large")
    model[4, 50:, 10:] = "small"
    rows = alerts(models, attempts_of(attempts, achieved, model=model.ravel()))
    declines = {(row["agent"], (row["metric_date"] - START).days): row for row in rows if row["is_decline"]}
    assert {("agent 004", day) for day in (50, 51, 52)} <= set(declines)
    first = next(row for row in rows if row["decline_rank"] == 1)
    assert first["agent"] == "agent 004"
    assert first["lost_value"] == pytest.approx(2 * (first["baseline_rate"] - first["achievement_rate"]) * 150)
    assert declines["agent 004", 50]["model_mix_change"] == pytest.approx(140 / 150)
    assert declines["agent 004", 50]["customer_segment_mix_change"] == 0
    assert all(row["lost_value"] is None for row in rows if not row["is_decline"])


def test_mix_and_within_parts_are_kitagawas_and_add_up(models: CompiledModels) -> None:
    generator = np.random.default_rng(24)
    attempts = np.full((3, 40), 200)
    achieved = generator.binomial(attempts, np.where(np.arange(40) == 35, 0.5, 0.8)[None, :].repeat(3, axis=0))
    drawn = {
        "model": generator.choice(["large", "small", "tiny"], attempts.sum()),
        "customer_segment": generator.choice(["free", "team"], attempts.sum(), p=[0.8, 0.2]),
        "agent_version": np.where(np.tile(np.repeat(np.arange(40), 200), 3) == 35, "v2", "v1"),
    }
    table = attempts_of(attempts, achieved, **drawn)
    rows = [row for row in alerts(models, table) if row["is_decline"] and row["metric_date"] == START + timedelta(35)]
    assert len(rows) == 3
    data = {name: np.array(table[name].to_pylist()) for name in ("agent", "metric_date", "is_achieved", *drawn)}
    for row in rows:
        own = data["agent"] == row["agent"]
        now = own & (data["metric_date"] == row["metric_date"])
        before = own & (data["metric_date"] < row["metric_date"]) & (data["metric_date"] >= row["metric_date"] - timedelta(28))
        for dimension in ("model", "customer_segment", "agent_version", "definition_version"):
            assert row[f"{dimension}_mix_effect"] + row[f"{dimension}_within_effect"] == pytest.approx(row["rate_change"])
        for dimension in ("model", "customer_segment"):
            values = np.unique(data[dimension])
            share = [np.array([(data[dimension][when] == value).mean() for value in values]) for when in (before, now)]
            rate = [
                np.array([data["is_achieved"][when & (data[dimension] == value)].mean() for value in values])
                for when in (before, now)
            ]
            assert row[f"{dimension}_mix_effect"] == pytest.approx(((share[1] - share[0]) * (rate[0] + rate[1]) / 2).sum())
            assert row[f"{dimension}_mix_change"] == pytest.approx(np.abs(share[1] - share[0]).sum() / 2)
        assert (row["agent_version_before"], row["agent_version_now"], row["agent_version_new_share"]) == ("v1", "v2", 1)
        assert row["agent_version_within_effect"] == 0


def test_a_day_counts_what_the_daily_metrics_count_and_a_stricter_definition_is_not_unexpected(models: CompiledModels) -> None:
    generator = np.random.default_rng(25)
    records = []
    for day in range(50):
        for number in range(40):
            score = int(generator.integers(0, 100))
            if day == 45 and number < 30:
                score = 10
            at = datetime(2026, 1, 5, 12) + timedelta(days=day)
            base = {"session_id": f"{day}-{number}", "environment": "production", "occurred_at": at}
            records.append(base | {"type": "session", "event_id": f"s{day}-{number}", "agent": "a", "started_at": at})
            for goal in ("steady", "stricter"):
                records.append(base | {
                    "type": "goal", "event_id": f"{goal}{day}-{number}", "agent": "a", "goal": goal, "score": score,
                    "verdict_source": "automatic",
                })  # fmt: skip
    definitions = [
        {"goal": "steady", "kind": "score", "threshold": 20, "target_achievement_rate": 0.9},
        {"goal": "stricter", "kind": "score", "threshold": 20},
        {"goal": "stricter", "kind": "score", "threshold": 60, "valid_from": "2026-02-10T00:00:00Z"},
    ]
    connection = models.build([records], definitions, until=[MART, "agent_goals__goal_metrics_daily"])
    rows = as_mappings(connection, MART)
    daily = connection.execute("""
        select agent, goal, metric_date, sum(count_achieved + count_not_achieved), sum(count_achieved)
        from main.agent_goals__goal_metrics_daily group by all
    """).fetchall()
    names = ("agent", "goal", "metric_date", "count_attempts", "count_achieved")
    assert sorted(daily) == sorted(tuple(row[name] for name in names) for row in rows)
    assert len(rows) == 100

    declines = {(row["goal"], (row["metric_date"] - START).days) for row in rows if row["is_decline"]}
    assert ("steady", 45) in declines
    stricter = {day for goal, day in declines if goal == "stricter"}
    assert {36, 37, 38} <= stricter
    changed = next(row for row in rows if row["goal"] == "stricter" and (row["metric_date"] - START).days == 36)
    shown = ("definition_version_before", "definition_version_now", "definition_version_new_share")
    assert tuple(changed[name] for name in shown) == ("1", "2", 1)
    assert changed["definition_version_mix_effect"] == pytest.approx(changed["rate_change"])
    assert 41 in stricter
    unexpected = found_unexpected(models, connection)
    assert ("steady", START + timedelta(45)) in unexpected
    assert {day for goal, day in unexpected if goal == "stricter"} <= {START + timedelta(45)}
    assert all(day > START + timedelta(49 - MATURITY_DAYS - 7) for _, day in unexpected)
    assert any(row["is_below_target"] for row in rows if row["goal"] == "steady")
    assert not any(row["is_below_target"] for row in rows if row["goal"] == "stricter")


def found_unexpected(models: CompiledModels, connection: duckdb.DuckDBPyConnection) -> set[tuple[str, date]]:
    """What the generic test would warn of."""
    return {(goal, day) for _, _, goal, day, *_ in connection.execute(models.test_code(UNEXPECTED)).fetchall()}
