"""Section 4: the daily metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reference.customers import CustomerWindow
from reference.session import Session
from reference.settings import Settings
from reference.values import Row, quotient, total


def goals_daily(sessions: Sequence[Session], windows: Sequence[CustomerWindow], settings: Settings) -> list[Row]:
    """A row for each day, agent, goal, segment, model and environment in which something counts."""
    by_goal: dict[tuple[Any, ...], list[Row]] = {}
    top_level: dict[tuple[Any, ...], list[Row]] = {}
    for outcome in (outcome for session in sessions for outcome in session.goals.values()):
        if outcome["environment"] in settings.environments:
            # A known customer's outcome stands for what the customer's sessions say of a customer-scoped goal.
            if outcome["goal_scope"] == "session" or outcome["customer_id"] is None:
                by_goal.setdefault(_dimensions(outcome), []).append(outcome)
            if outcome["is_top_level"] and outcome["goal_kind"] != "evaluation" and not outcome["is_rule_derived"]:
                top_level.setdefault(_dimensions(outcome), []).append(outcome)
    for row in (row for window in windows for row in window.rows):
        if row["environment"] in settings.environments and row["goal_scope"] == "customer":
            by_goal.setdefault(_dimensions(row), []).append(row)
    rows = []
    for key in {**by_goal, **top_level}:
        day, environment, agent, goal, segment, model = key
        counted = [*by_goal.get(key, []), *top_level.get(key, [])]
        targets = [outcome["target_achievement_rate"] for outcome in counted]
        parts = _parts(by_goal.get(key, []))
        rows.append(
            {
                "metric_date": day,
                "environment": environment,
                "agent": agent,
                "goal": goal,
                "customer_segment": segment,
                "model": model,
                **parts,
                **_metrics(parts),
                "target_achievement_rate": max((target for target in targets if target is not None), default=None),
                **{f"top_level_{name}": value for name, value in _parts(top_level.get(key, [])).items()},
            }
        )
    return rows


def _dimensions(outcome: Row) -> tuple[Any, ...]:
    names = ("agent", "goal", "customer_segment", "model")
    return (outcome["session_date"], outcome["environment"], *(outcome[name] or "unknown" for name in names))


def sessions_daily(sessions: Sequence[Row], settings: Settings) -> list[Row]:
    """A row for each day, agent, segment, model and environment."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for session in sessions:
        if session["environment"] in settings.environments:
            dimensions = [session[name] or "unknown" for name in ("agent", "customer_segment", "model")]
            groups.setdefault((session["session_date"], session["environment"], *dimensions), []).append(session)
    amounts = ("total", "attributed", "unjudged", "unattributed", "evaluation")
    summed = [f"{name}_cost" for name in amounts]
    summed += [f"{name}_value" for name in ("landed", "attributed", "unrealised", "unattributed", "default")]
    summed += ["count_cost_events", "count_missing_amounts", "input_tokens", "output_tokens"]
    rows = []
    for (day, environment, agent, segment, model), group in groups.items():
        verdicts = [session["is_successful"] for session in group]
        sums = {name: total(session[name] for session in group) for name in summed}
        own_cost = total([sums["attributed_cost"], sums["unattributed_cost"]])
        rows.append(
            {
                "metric_date": day,
                "environment": environment,
                "agent": agent,
                "customer_segment": segment,
                "model": model,
                "count_sessions": len(group),
                "count_judged_sessions": len(verdicts) - verdicts.count(None),
                "count_successful_sessions": verdicts.count(True),
                "count_escalated_sessions": sum(session["is_escalated"] for session in group),
                **sums,
                "session_success_rate": quotient(verdicts.count(True), len(verdicts) - verdicts.count(None)),
                "cost_per_session": quotient(own_cost, len(group)),
            }
        )
    return rows


def _parts(outcomes: list[Row]) -> Row:
    achieved, failed, unjudged, not_applicable = (
        [outcome for outcome in outcomes if outcome["verdict"] == verdict]
        for verdict in ("achieved", "not_achieved", "unjudged", "not_applicable")
    )
    judged = achieved + failed
    scores = [outcome["score"] for outcome in outcomes if outcome.get("score") is not None]
    attainments = [outcome["score_attainment"] for outcome in judged if outcome["score_attainment"] is not None]
    times = [outcome["time_to_goal_seconds"] for outcome in achieved if outcome["time_to_goal_seconds"] is not None]
    expected = [outcome for outcome in outcomes if outcome["is_expected"] and outcome["verdict"] != "not_applicable"]
    return {
        "count_outcomes": len(outcomes),
        "count_achieved": len(achieved),
        "count_not_achieved": len(failed),
        "count_unjudged": len(unjudged),
        "count_not_applicable": len(not_applicable),
        "count_timed": len(times),
        "count_scored": len(scores),
        "count_attainments": len(attainments),
        "count_missing_potential_value": sum(outcome["potential_value"] is None for outcome in failed),
        "count_expected": len(expected),
        "count_expected_judged": sum(outcome["verdict"] != "unjudged" for outcome in expected),
        "achieved_cost": total(outcome["metric_cost"] for outcome in achieved),
        "not_achieved_cost": total(outcome["metric_cost"] for outcome in failed),
        "unjudged_cost": total(outcome["metric_cost"] for outcome in unjudged),
        "achieved_value": total(outcome["rolled_up_value"] for outcome in achieved),
        "potential_value": total(outcome["potential_value"] for outcome in judged),
        "sum_time_to_goal_seconds": total(times),
        "sum_score": total(scores),
        "sum_attainment": total(attainments),
    }


def _metrics(parts: Row) -> Row:
    cost_of_both = total([parts["achieved_cost"], parts["not_achieved_cost"]])
    count_achieved = parts["count_achieved"]
    is_potential_known = parts["count_missing_potential_value"] == 0
    value = parts["achieved_value"]
    # Where nothing was achieved, nothing was spent or earned on it: that much is known.
    known_cost, known_value = (0 if not count_achieved else parts[name] for name in ("achieved_cost", "achieved_value"))
    return {
        "goal_achievement_rate": quotient(count_achieved, count_achieved + parts["count_not_achieved"]),
        "cost_per_goal_achieved": quotient(parts["achieved_cost"], count_achieved),
        "fully_loaded_cost_per_goal": quotient(cost_of_both, count_achieved),
        "goal_efficiency": quotient(known_cost, cost_of_both),
        "average_time_to_goal_seconds": quotient(parts["sum_time_to_goal_seconds"], parts["count_timed"]),
        "value_per_goal": quotient(value, count_achieved),
        "value_weighted_achievement": quotient(known_value, parts["potential_value"]) if is_potential_known else None,
        "return_on_cost": quotient(known_value, cost_of_both),
        "net_value": None if known_value is None or cost_of_both is None else known_value - cost_of_both,
        "average_score": quotient(parts["sum_score"], parts["count_scored"]),
        "score_attainment": quotient(parts["sum_attainment"], parts["count_attainments"]),
        "verdict_coverage": quotient(parts["count_expected_judged"], parts["count_expected"]),
    }
