"""The run's summary in one line of plain text, for a chat: the newest day, what fell, what experiments say, how fresh it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError
from agent_goals.experiments import experiment_decisions
from agent_goals.summary import duration, money, percent
from agent_goals.warehouse import Warehouse

DAILY = "agent_goals__session_metrics_daily"
ALERTS = "agent_goals__goal_alerts"
SESSIONS = "agent_goals__sessions"

#: The verdicts on an experiment that it can end with.
_DECIDED = {"better", "worse", "no difference"}

_SECONDS_A_DAY = 86_400


def one_line(warehouse: Warehouse, schema: str, now: datetime) -> str:
    """The summary in one line.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.
        now: the moment that the newest session's age is told at, with its time zone.

    Raises:
        AgentGoalsError: when there are no daily figures of sessions.
    """
    if not warehouse.has_table(schema, DAILY):
        raise AgentGoalsError(f"there is no {schema}.{DAILY}: run `dbt build` first.")
    parts = [
        _newest_day(warehouse, schema),
        _declines(warehouse, schema),
        _experiments(warehouse, schema),
        _freshness(warehouse, schema, now),
    ]
    return "; ".join(part for part in parts if part) + "."


def _newest_day(warehouse: Warehouse, schema: str) -> str:
    daily = f"{quote(schema)}.{quote(DAILY)}"
    found = warehouse.mappings(
        f"""select
            metric_date,
            sum(count_sessions) as count_sessions,
            sum(count_judged_sessions) as count_judged,
            sum(count_successful_sessions) as count_successful,
            sum(total_cost) as total_cost,
            sum(count_missing_amounts) as count_missing
        from {daily}
        where metric_date = (select max(metric_date) from {daily})
        group by metric_date"""
    )
    if not found:
        return "no session yet"
    (day,) = found
    successful = "none of them judged yet"
    if day["count_judged"]:
        share = percent(day["count_successful"] / day["count_judged"])
        successful = f"{share} successful ({_count(day['count_successful'])} of {_count(day['count_judged'])})"
    cost = "cost unknown"
    if day["total_cost"] is not None:
        cost = f"cost {money(day['total_cost'])}"
        if day["count_missing"]:
            cost += f" and {_named(day['count_missing'], 'unknown amount')}"
    return f"{day['metric_date']}: {_named(day['count_sessions'], 'session')}, {successful}, {cost}"


def _declines(warehouse: Warehouse, schema: str) -> str:
    """The declines of the newest day that is judged, which is some days old; nothing when the build has no alerts."""
    if not warehouse.has_table(schema, ALERTS):
        return ""
    alerts = f"{quote(schema)}.{quote(ALERTS)}"
    judged = "status in ('decline', 'improvement', 'in_control')"
    ((newest,),) = warehouse.rows(f"select max(metric_date) from {alerts} where {judged}")
    if newest is None:
        return "no day judged for declines yet"
    declines = warehouse.mappings(
        f"""select goal, agent, achievement_rate, baseline_rate
        from {alerts}
        where is_decline and metric_date = (select max(metric_date) from {alerts} where {judged})
        order by lost_value desc nulls last, lost_goals desc nulls last, environment, agent, goal"""
    )
    if not declines:
        return f"no unexpected decline on {newest}"
    return f"{_named(len(declines), 'unexpected decline')} on {newest}, the worst {_decline(declines[0])}"


def _decline(row: Mapping[str, Any]) -> str:
    rates = (row["baseline_rate"], row["achievement_rate"])
    fell = "" if None in rates else f" from {percent(rates[0])} to {percent(rates[1])}"
    return f"{_plain(row['goal'])} by {_plain(row['agent'])}{fell}"


def _experiments(warehouse: Warehouse, schema: str) -> str:
    """How many experiments have a verdict; nothing when there are none."""
    decisions = experiment_decisions(warehouse, schema)
    if not decisions:
        return ""
    decided = {row["experiment"] for row in decisions if row["verdict"] in _DECIDED}
    return f"{_count(len(decided))} of {_named(len({row['experiment'] for row in decisions}), 'experiment')} decided"


def _freshness(warehouse: Warehouse, schema: str, now: datetime) -> str:
    """When the newest session began; nothing when no session has a start."""
    if not warehouse.has_table(schema, SESSIONS):
        return ""
    ((newest,),) = warehouse.rows(f"select max(started_at) from {quote(schema)}.{quote(SESSIONS)}")
    if newest is None:
        return ""
    seconds = (now - newest.replace(tzinfo=UTC)).total_seconds()
    if seconds < 0:
        return f"newest session {newest:%Y-%m-%d %H:%M} UTC, which is yet to come"
    age = f"{seconds / _SECONDS_A_DAY:,.0f} days" if seconds >= 2 * _SECONDS_A_DAY else duration(seconds)
    return f"newest session {newest:%Y-%m-%d %H:%M} UTC, {age} ago"


def _count(number: Any) -> str:
    """A whole number, which the sum of a database may give as a decimal."""
    return f"{int(number):,}"


def _named(number: Any, thing: str) -> str:
    return f"{_count(number)} {thing}{'' if int(number) == 1 else 's'}"


def _plain(name: str) -> str:
    """A name without what would break the line or hide in it."""
    return " ".join("".join(each if each.isprintable() else " " for each in name).split())
