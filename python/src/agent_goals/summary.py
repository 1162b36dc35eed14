"""The answers at a glance: what each agent achieved, and what it cost, from the mart that dbt built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError
from agent_goals.warehouse import Warehouse

VIEW = "agent_goals__goal_performance"

Row = Mapping[str, Any]


def goal_performance(warehouse: Warehouse, schema: str) -> list[dict[str, Any]]:
    """The rows of the goal performance view, by column name.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.

    Raises:
        AgentGoalsError: when the view is not there.
    """
    if not warehouse.has_table(schema, VIEW):
        raise AgentGoalsError(f"there is no {schema}.{VIEW}: run `dbt build` first.")
    return warehouse.mappings(f"select * from {quote(schema)}.{quote(VIEW)} order by environment, agent, goal")


def performance_table(rows: Sequence[Row]) -> Table:
    """The rows as a table for people, the agents of each goal below one another.

    Rates are in percent, money has the digits that matter, and null is a dash.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("goal, agent", no_wrap=True)
    for heading in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    goals: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        goals.setdefault((row["environment"], row["goal"]), []).append(row)
    show_environment = len({environment for environment, _ in goals}) > 1
    for (environment, goal), agents in sorted(goals.items()):
        table.add_row(f"[bold]{escape(goal)}[/bold]" + (f" ({escape(environment)})" if show_environment else ""))
        for row in agents:
            table.add_row(f"  {escape(row['agent'])}", *(escape(shown(row)) for shown in _COLUMNS.values()))
    return table


def money(amount: Decimal | float) -> str:
    """An amount with two decimals from one upwards, and below with as many as show four digits of it."""
    exact = Decimal(str(amount))
    places = 2 if exact == 0 or abs(exact) >= 1 else min(10, 3 - exact.adjusted())
    text = f"{exact:,.{places}f}"
    if places > 2:
        whole, _, fraction = text.partition(".")
        text = f"{whole}.{fraction[:2]}{fraction[2:].rstrip('0')}"
    return text


def percent(share: float) -> str:
    """A share in percent, with one decimal."""
    return f"{float(share):.1%}"


def duration(seconds: Decimal | float) -> str:
    """A length of time in the unit in which it is a number of ordinary size."""
    length = float(seconds)
    for unit, size in (("h", 3600), ("min", 60)):
        if length >= 2 * size:
            return f"{length / size:,.1f} {unit}"
    return f"{length:,.1f} s"


def _known(name: str, shown: Callable[[Any], str]) -> Callable[[Row], str]:
    return lambda row: "-" if row[name] is None else shown(row[name])


def _achieved(row: Row) -> str:
    return f"{row['count_achieved']:,} of {row['count_achieved'] + row['count_not_achieved']:,}"


_COLUMNS: dict[str, Callable[[Row], str]] = {
    "achieved": _achieved,
    "rate": _known("goal_achievement_rate", percent),
    "cost\nper goal": _known("cost_per_goal_achieved", money),
    "fully\nloaded": _known("fully_loaded_cost_per_goal", money),
    "effi-\nciency": _known("goal_efficiency", percent),
    "time\nto goal": _known("average_time_to_goal_seconds", duration),
    "value\nper goal": _known("value_per_goal", money),
}
