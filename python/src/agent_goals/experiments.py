"""What experiments came to: each variant against the control on the primary goal, from dbt's marts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from agent_goals.ddl import quote
from agent_goals.summary import money, percent
from agent_goals.warehouse import Warehouse

DECISIONS = "agent_goals__experiment_decisions"

Row = Mapping[str, Any]

#: The questions of a decision, by its column.
_QUESTIONS = {"is_better": "achieves", "is_cheaper": "cost\nper goal", "is_faster": "time", "is_worth_more": "net value"}


def experiment_decisions(warehouse: Warehouse, schema: str) -> list[dict[str, Any]] | None:
    """The decisions on primary goals, by experiment and variant.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.

    Returns:
        The rows, or None when the build is older than experiments.
    """
    if not warehouse.has_table(schema, DECISIONS):
        return None
    return warehouse.mappings(
        f"select * from {quote(schema)}.{quote(DECISIONS)} where is_primary_goal order by experiment, goal, variant"
    )


def experiments_table(rows: Sequence[Row]) -> Table:
    """The decisions as a table for people, the variants of each experiment below one another."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title="experiments", title_justify="left")
    table.add_column("experiment, variant", no_wrap=True)
    for heading in ("rate", *_QUESTIONS.values(), "one more\ngoal costs"):
        table.add_column(heading, justify="right", no_wrap=True)
    shown: tuple[str, str] | None = None
    for row in rows:
        if (row["experiment"], row["goal"]) != shown:
            shown = (row["experiment"], row["goal"])
            kind = ", paired, not randomised" if row["design"] == "paired" else ""
            table.add_row(f"[bold]{escape(row['experiment'])}[/bold]: {escape(row['goal'])}{kind}")
            control = row["control_variant"]
            named = escape(control) if control == "control" else f"{escape(control)} (control)"
            table.add_row(f"  {named}", _rate(row["achievement_rate_control"]))
        costs = row["cost_per_additional_goal"]
        answers = [row["verdict"] if name == "is_better" else row[name] for name in _QUESTIONS]
        table.add_row(
            f"  {escape(row['variant'])}",
            _rate(row["achievement_rate"]),
            *(escape(answer or "-") for answer in answers),
            "-" if costs is None else money(costs),
        )
    return table


def _rate(share: float | None) -> str:
    return "-" if share is None else percent(share)
