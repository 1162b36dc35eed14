"""Marts for the report: those of the demo, with rows put into the diagnostics by hand and names that mean harm."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from agent_goals.report.data import SELECTED

#: What the demo's names become in marts that mean harm.
HOSTILE = {
    "issue_resolved": "</script><script>document.title='owned'</script>",
    "support_agent": "<img src=x onerror=\"document.title='owned'\">",
    "billing_agent": 'it\'s "quoted" & `ticked` \\u003c ${1+1} {{ 1 }}',
    "answers_with_sources": "<!--<script>",
    "billing_question_resolved": "=1+1\u2028\u0000",
    "booking_confirmed": "予約の確認 <b>",
}

ALERTS = [
    {"metric_date": "2026-03-05", "status": "in_control", "is_decline": False, "control_low": 0.7, "control_high": 0.95},
    {"metric_date": "2026-03-11", "status": "decline", "is_decline": True, "control_low": 0.76, "control_high": 0.93,
     "achievement_rate": 0.75, "baseline_rate": 0.85, "count_attempts": 70, "lost_goals": 7.5, "lost_value": 375,
     "decline_rank": 1},
]  # fmt: skip
PATTERNS = [
    {"dimension": "channel", "value": "phone", "dimension_2": "weekday", "value_2": "</script>", "count_attempts": 100,
     "count_failures": 40, "failure_rate": 0.4, "failure_rate_low": 0.31, "failure_rate_high": 0.5, "failure_rate_rest": 0.16,
     "risk_ratio": 2.5, "risk_ratio_low": 1.9, "risk_ratio_high": 3.4, "q_value": 0.00002, "excess_failures": 24,
     "excess_failures_low": 15, "excess_failures_high": 34, "wasted_cost": 7.25, "is_pattern": True, "pattern_rank": 1},
    {"dimension": "customer_segment", "value": None, "count_attempts": 300, "count_failures": 80, "failure_rate": 0.27,
     "failure_rate_low": 0.22, "failure_rate_high": 0.32, "failure_rate_rest": 0.14, "risk_ratio": 1.9, "risk_ratio_low": 1.4,
     "risk_ratio_high": 2.5, "q_value": 0.001, "excess_failures": 38, "excess_failures_low": 12, "excess_failures_high": 60,
     "wasted_cost": 14.5, "is_pattern": True, "pattern_rank": 2},
]  # fmt: skip
MODELS = [
    {"value_band": "unknown", "value_band_number": 0, "model": model, "count_attempts": attempts,
     "count_achieved": round(attempts * rate), "achievement_rate": rate,
     "achievement_rate_low": rate - 0.03, "achievement_rate_high": rate + 0.03,
     "cost_per_attempt": cost, "fully_loaded_cost_per_goal": cost / rate,
     "net_value_per_attempt": 50 * rate - cost, "break_even_status": status,
     "is_recommended": model == "large"}
    for model, attempts, rate, cost, status in (("small", 600, 0.7, 0.05, "cheapest"), ("large", 400, 0.9, 0.25, "ok"))
]  # fmt: skip
STEPS = [
    {"view_name": "try", "step": step, "is_open_ended": step == 4, "count_reached": reached, "count_achieved": achieved,
     "count_escalated": escalated, "success_rate_here": achieved / reached, "eventual_success_rate_least": least,
     "eventual_success_rate_most": most, "expected_further_cost": 0.2 * step, "expected_net_value_least": 40.0 - 15 * step,
     "expected_net_value_most": 42.0 - 15 * step, "cost_saved_if_stopped": 30.0 / step, "is_recommended_stop": step == 4,
     "recommendation": "stop here" if step == 4 else "go on", "saving_at_once": 0.4}
    for step, reached, achieved, escalated, least, most in (
        (1, 1000, 600, 40, 0.82, 0.9), (2, 300, 150, 20, 0.73, 0.85), (3, 120, 50, 12, 0.58, 0.8), (4, 50, 3, 10, 0.06, 0.3)
    )
]  # fmt: skip
JUDGES = [
    {"evaluator": "goal_success_rate", "evaluator_version": "v2", "period": "all", "period_start": "2026-03-02",
     "count_judged": 500,
     "judge_achievement_rate": 0.86, "count_labels_used": 60, "label_basis": "random sample", "count_true_positive": 46,
     "count_false_positive": 5, "count_false_negative": 1, "count_true_negative": 8, "accuracy": 0.9, "judge_precision": 46 / 51,
     "judge_recall": 46 / 47, "labelled_achievement_rate": 47 / 60, "labelled_achievement_rate_low": 0.66,
     "labelled_achievement_rate_high": 0.87, "kappa": 0.67, "kappa_low": 0.44, "kappa_high": 0.9, "prediction_powered_rate": 0.8,
     "prediction_powered_rate_low": 0.73, "prediction_powered_rate_high": 0.87},
]  # fmt: skip

#: The diagnostics with rows, of the demo's largest goal.
DIAGNOSTICS: dict[str, Sequence[Mapping[str, Any]]] = {
    "goal_alerts": ALERTS,
    "failure_patterns": PATTERNS,
    "escalation_curve": STEPS,
    "model_performance": MODELS,
    "judge_agreement": JUDGES,
}


def remove(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    """Make the marts those of a build that is older than one of them."""
    kinds = dict(connection.execute("select table_name, table_type from information_schema.tables").fetchall())
    if mart in kinds:
        connection.execute(f"drop {'view' if kinds[mart] == 'VIEW' else 'table'} {mart}")


def put_diagnostics(connection: duckdb.DuckDBPyConnection) -> None:
    """Put rows into the diagnostics, whatever the build made of them."""
    for name, rows in DIAGNOSTICS.items():
        mart = SELECTED[name].mart
        remove(connection, mart)
        columns = dict.fromkeys([*SELECTED[name].columns, *(column for row in rows for column in row)])
        given = {"environment": "production", "agent": "support_agent", "goal": "issue_resolved"}
        types = {
            column: _type(next((row[column] for row in rows if row.get(column) is not None), given.get(column, 0.0)))
            for column in columns
        }
        connection.execute(f"create table {mart} ({', '.join(f'{column} {kind}' for column, kind in types.items())})")
        for row in rows:
            line = [row.get(column, given.get(column)) for column in columns]
            connection.execute(f"insert into {mart} values ({', '.join('?' * len(line))})", line)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint"
    return "double" if isinstance(value, float) else "text"


def mean_harm(connection: duckdb.DuckDBPyConnection) -> None:
    """Give goals, agents and experiments names that would break a page that does not escape them."""
    found = connection.execute(
        """select table_name, column_name
        from information_schema.columns
        join information_schema.tables using (table_name)
        where table_type = 'BASE TABLE' and table_name like 'agent_goals\\_\\_%' escape '\\' and data_type = 'VARCHAR'
            and column_name in ('goal', 'agent', 'composite_goal', 'sub_goal', 'experiment')"""
    ).fetchall()
    for table, column in found:
        for old, new in HOSTILE.items():
            connection.execute(f"update {table} set {column} = ? where {column} = ?", [new, old])


def copied(source: Path, folder: Path) -> Path:
    """A copy of a DuckDB file, to be changed."""
    return Path(shutil.copy(source, folder / "agent_goals.duckdb"))
