"""All that a report says, from the marts' columns alone: what its page shows and its JSON is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError
from agent_goals.funnels import customer_goals, funnels, is_step
from agent_goals.report import columns
from agent_goals.report.funnel import goal_funnel
from agent_goals.report.sums import added, sums
from agent_goals.report.table import Missing, Table, as_values, select
from agent_goals.warehouse import Warehouse

GOALS = "agent_goals__goal_metrics_daily"
SESSIONS = "agent_goals__session_metrics_daily"
PERFORMANCE = "agent_goals__goal_performance"


@dataclass(frozen=True)
class Room:
    """How many rows and names a report has room for, whatever the size of the marts."""

    goal_rows: int = 4000
    session_rows: int = 2000
    funnel_rows: int = 1000
    subjects: int = 200
    segments: int = 8
    funnels: int = 12
    steps: int = 12
    days: int = 2500
    rows: int = 300


@dataclass(frozen=True)
class Report:
    """What a report says.

    Attributes:
        generated_at: when it was made, in UTC.
        target: the name of the dbt target that it is about.
        parts: its tables, by name.
    """

    generated_at: datetime
    target: str
    parts: Mapping[str, Table | Missing]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "generated_at": self.generated_at.isoformat(timespec="seconds"),
            "target": self.target,
            "parts": {name: part.as_dict() for name, part in self.parts.items()},
        }


def gather(warehouse: Warehouse, schema: str, *, target: str, generated_at: datetime, room: Room | None = None) -> Report:
    """Read what a report says from the marts.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.
        target: the name of the dbt target.
        generated_at: now, in UTC.
        room: how much of everything there may be.

    Raises:
        AgentGoalsError: when there are no marts yet, or they are older than what the report is about.
    """
    room = room or Room()
    for mart in (PERFORMANCE, GOALS, SESSIONS):
        if not warehouse.has_table(schema, mart):
            raise AgentGoalsError(f"there is no {schema}.{mart}: run `dbt build` first.")
    parts = {
        "goal_performance": _performance(warehouse, schema, room),
        "goals": sums(
            warehouse,
            schema,
            GOALS,
            day="metric_date",
            subject=("environment", "agent", "goal"),
            segment="customer_segment",
            measures={**added(columns.GOAL_PARTS), "target_achievement_rate": "max(target_achievement_rate)"},
            volume="sum(top_level_count_outcomes) desc, sum(count_outcomes) desc",
            most_rows=room.goal_rows,
            most_subjects=room.subjects,
            most_segments=room.segments,
        ),
        "sessions": sums(
            warehouse,
            schema,
            SESSIONS,
            day="metric_date",
            subject=("environment", "agent"),
            segment="customer_segment",
            measures=added(columns.SESSION_PARTS),
            volume="sum(count_sessions) desc",
            most_rows=room.session_rows,
            most_subjects=room.subjects,
            most_segments=room.segments,
        ),
        "freshness": _freshness(warehouse, schema),
        "funnel": goal_funnel(warehouse, schema, room.funnel_rows, room.funnels, room.steps),
        **{name: part.read(warehouse, schema, room) for name, part in SELECTED.items()},
    }
    return Report(generated_at, target, parts)


@dataclass(frozen=True)
class Selected:
    """A part that is a mart's first rows as they are.

    Attributes:
        mart: the mart.
        columns: its columns to show.
        order: what comes first, as SQL.
        where: which rows count, as SQL; ``{schema}`` is the marts' schema.
        is_daily: whether there is a row for each day, so that there are many.
    """

    mart: str
    columns: tuple[str, ...]
    order: str
    where: str = "true"
    is_daily: bool = False

    def read(self, warehouse: Warehouse, schema: str, room: Room) -> Table | Missing:
        """The rows that there is room for."""
        where = self.where.format(schema=quote(schema))
        return select(
            warehouse,
            schema,
            self.mart,
            self.columns,
            order=self.order,
            where=where,
            most=room.days if self.is_daily else room.rows,
        )


#: The newest of everything, of all environments.
_NEWEST = (
    ("sessions", "agent_goals__sessions", "started_at"),
    ("verdicts", "agent_goals__goal_outcomes", "decided_at"),
    ("costs", "agent_goals__cost_lines", "occurred_at"),
)

SELECTED = {
    "experiment_decisions": Selected(
        "agent_goals__experiment_decisions", columns.DECISIONS, "experiment, goal, variant", "is_primary_goal"
    ),
    "experiment_results": Selected(
        "agent_goals__experiment_results",
        columns.RESULTS,
        "experiment, goal, variant, is_primary desc, is_guardrail desc, metric",
        "(experiment, goal) in (select experiment, goal from {schema}.agent_goals__experiment_decisions where is_primary_goal)",
    ),
    "experiment_health": Selected(
        "agent_goals__experiment_health",
        columns.HEALTH,
        "case severity when 'error' then 1 when 'warning' then 2 else 3 end, experiment, check_name, variant",
        "severity <> 'ok' and exposed_on is null",
    ),
    # Every decline, then the newest days: a chart shows the limits of those.
    "goal_alerts": Selected(
        "agent_goals__goal_alerts",
        columns.ALERTS,
        "is_decline desc, metric_date desc, count_attempts desc, environment, agent, goal",
        "control_low is not null or is_decline",
        is_daily=True,
    ),
    "failure_patterns": Selected(
        "agent_goals__failure_patterns",
        columns.PATTERNS,
        "pattern_rank, excess_failures_low desc, environment, goal, dimension, value, dimension_2, value_2",
        "is_pattern",
    ),
    # Whole curves, those of the most sessions first.
    "escalation_curve": Selected(
        "agent_goals__escalation_curve",
        columns.ESCALATION,
        "max(count_reached) over (partition by environment, agent, goal) desc, environment, agent, goal, view_name desc, step",
        "view_name in ('try', 'cost')",
    ),
    "model_performance": Selected(
        "agent_goals__model_performance",
        columns.MODELS,
        "count_attempts desc, environment, agent, goal, value_band_number, model",
    ),
    "judge_agreement": Selected(
        "agent_goals__judge_agreement",
        columns.JUDGES,
        "period, count_labels_used desc, count_judged desc, environment, goal, evaluator, evaluator_version, period_start",
        "period = 'all' or drift_q_value < 0.05",
    ),
    "data_quality": Selected(
        "agent_goals__data_quality",
        columns.QUALITY,
        "case severity when 'error' then 1 when 'warning' then 2 else 3 end, count_found desc, check_name",
    ),
}


def _performance(warehouse: Warehouse, schema: str, room: Room) -> Table | Missing:
    """Goal performance, with whether a goal is only a step of others; what stands for itself comes first."""
    steps, customers = funnels(warehouse, schema), customer_goals(warehouse, schema)
    found = select(
        warehouse,
        schema,
        PERFORMANCE,
        columns.PERFORMANCE,
        order="count_top_level_outcomes desc, count_outcomes desc, environment, agent, goal",
        most=room.subjects,
    )
    if isinstance(found, Missing):
        return found
    rows = [(*row, is_step(dict(zip(found.columns, row, strict=True)), steps, customers)) for row in found.rows]
    return replace(found, columns=(*found.columns, "is_step"), rows=rows)


def _freshness(warehouse: Warehouse, schema: str) -> Table:
    """When the newest session, verdict and cost happened; without a row for a mart that is not there."""
    rows = [
        (what, mart, *warehouse.rows(f"select max({moment}), count({moment}) from {quote(schema)}.{quote(mart)}")[0])
        for what, mart, moment in _NEWEST
        if warehouse.has_table(schema, mart)
    ]
    return Table(SESSIONS, ("what", "mart", "newest", "count_dated"), as_values(rows))
