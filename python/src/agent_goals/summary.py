"""The answers at a glance: what each agent achieved, and what it cost, from the mart that dbt built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
from rich.markup import escape
from rich.table import Table

from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError

VIEW = "agent_goals__goal_performance"

Format = Callable[[Any], str]


def goal_performance(connection: duckdb.DuckDBPyConnection, schema: str) -> list[dict[str, Any]]:
    """The rows of the goal performance view, by column name.

    Args:
        connection: an open connection.
        schema: the schema that dbt builds the marts in.

    Raises:
        AgentGoalsError: when the view is not there.
    """
    found = connection.execute(
        "select 1 from information_schema.tables where lower(table_schema) = lower($schema) and lower(table_name) = $view",
        {"schema": schema, "view": VIEW},
    ).fetchone()
    if not found:
        raise AgentGoalsError(f"there is no {schema}.{VIEW}: run `dbt build` first.")
    cursor = connection.execute(f"select * from {quote(schema)}.{quote(VIEW)} order by 1, 2, 3")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def performance_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows as a table for people: rates in percent, money with the digits that matter, null as a dash."""
    table = Table(title="Goal performance", title_justify="left")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), justify="left" if isinstance(rows[0][name], str) else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape("-" if value is None else _format_of(name)(value)) for name, value in row.items()))
    return table


def _format_of(name: str) -> Format:
    if name.startswith("count_"):
        return lambda value: f"{value:,}"
    if name.endswith("_rate") or name in ("goal_efficiency", "verdict_coverage", "score_attainment"):
        return lambda value: f"{float(value):.1%}"
    if name.endswith("_seconds"):
        return lambda value: f"{float(value):,.1f}"
    if "cost" in name or "value" in name:
        return money
    return str


def money(amount: Decimal | float) -> str:
    """An amount with two decimals from one upwards, and below with as many as show four digits of it."""
    exact = Decimal(str(amount))
    places = 2 if exact == 0 or abs(exact) >= 1 else min(10, 3 - exact.adjusted())
    text = f"{exact:,.{places}f}"
    if places > 2:
        whole, _, fraction = text.partition(".")
        text = f"{whole}.{fraction[:2]}{fraction[2:].rstrip('0')}"
    return text
