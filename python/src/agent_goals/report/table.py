"""A part of the report as data: named columns, and rows of which there are never too many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agent_goals.ddl import quote
from agent_goals.warehouse import Warehouse

#: What JSON has.
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows of one mart, or sums of them.

    Attributes:
        mart: the table or view that every figure comes from.
        columns: the names of the columns.
        rows: their values, row by row.
        left_out: how many rows, or groups of rows, the mart holds beyond those shown.
        period: the length of the periods that the rows are sums over, where they are: day, week, month, quarter or year.
        is_by_segment: whether rows that are sums are kept apart by customer segment or, in funnels, by agent.
    """

    mart: str
    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    left_out: int = 0
    period: str | None = None
    is_by_segment: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The table as JSON has it."""
        found: dict[str, Any] = {"mart": self.mart, "columns": list(self.columns), "rows": self.rows, "left_out": self.left_out}
        if self.period:
            found |= {"period": self.period, "is_by_segment": self.is_by_segment}
        return found


@dataclass(frozen=True)
class Missing:
    """A part whose mart is not there, because the build is older than it.

    Attributes:
        mart: the name of the table or view.
    """

    mart: str

    def as_dict(self) -> dict[str, Any]:
        """The fact as JSON has it."""
        return {"mart": self.mart, "missing": True}


def select(
    warehouse: Warehouse, schema: str, mart: str, columns: Sequence[str], *, order: str, most: int, where: str = "true"
) -> Table | Missing:
    """The first rows of a mart.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.
        mart: the mart.
        columns: its columns to show.
        order: what comes first, as SQL; it has to decide between any two rows.
        most: how many rows there may be.
        where: which rows count, as SQL.
    """
    if not warehouse.has_table(schema, mart):
        return Missing(mart)
    source = f"from {quote(schema)}.{quote(mart)} where {where}"
    ((count,),) = warehouse.rows(f"select count(*) {source}")
    found = warehouse.rows(f"select {', '.join(quote(name) for name in columns)} {source} order by {order} limit {most}")
    return Table(mart, tuple(columns), as_values(found), left_out=max(0, count - most))


def as_values(rows: Sequence[Sequence[Any]]) -> list[tuple[Value, ...]]:
    """The rows in the types that JSON has. A number without a finite value is not known."""
    return [tuple(_as_value(value) for value in row) for row in rows]


def _as_value(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)
