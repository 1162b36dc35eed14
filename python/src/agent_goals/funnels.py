"""Where sessions drop off on the way to a composite goal, and how many customers reached theirs, from dbt's marts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from agent_goals.ddl import quote
from agent_goals.summary import duration, percent
from agent_goals.warehouse import Warehouse

FUNNEL = "agent_goals__goal_funnel"
CUSTOMERS = "agent_goals__customer_outcomes"

#: A funnel with more steps than this shows only those where most is lost.
MOST_STEPS = 6

Row = Mapping[str, Any]


def funnels(warehouse: Warehouse, schema: str) -> list[dict[str, Any]] | None:
    """Every step of every funnel over all periods and agents, in order, each funnel's closing row last.

    A median cannot be added up, so a step has the least and the greatest of its periods' and agents' medians. Where
    periods or agents order a step differently, its place is their mean, each as weighty as its attempts.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.

    Returns:
        The steps, or None when the build is older than the funnel.
    """
    if not warehouse.has_table(schema, FUNNEL):
        return None
    return warehouse.mappings(
        f"""
        with steps as (
            select
                environment,
                composite_goal,
                sub_goal,
                is_composite,
                sum(step_number * count_attempts) / sum(count_attempts) as place,
                sum(count_attempts)::bigint as count_attempts,
                sum(count_reached)::bigint as count_reached,
                sum(count_achieved)::bigint as count_achieved,
                sum(count_dropped_off)::bigint as count_dropped_off,
                min(median_seconds_from_previous_step) as least_median_seconds,
                max(median_seconds_from_previous_step) as greatest_median_seconds
            from {quote(schema)}.{quote(FUNNEL)}
            group by environment, composite_goal, sub_goal, is_composite
        )

        select
            environment,
            composite_goal,
            sub_goal,
            is_composite,
            row_number() over (funnel order by is_composite, place, sub_goal) as step_number,
            count_attempts,
            count_reached,
            count_achieved,
            count_dropped_off,
            count_dropped_off::double precision / nullif(sum(count_dropped_off) over (funnel), 0) as drop_off_share,
            least_median_seconds,
            greatest_median_seconds
        from steps
        window funnel as (partition by environment, composite_goal)
        order by environment, composite_goal, step_number
        """,
    )


def is_step(row: Row, steps: Sequence[Row] | None, customers: Sequence[Row] | None) -> bool:
    """Whether a row of goal performance is about a goal that is only a step of another one.

    A goal that stands for itself in some sessions is no mere step, unless it stands there for a customer's goal.

    Args:
        row: the row of goal performance.
        steps: the funnels' steps; without them, a goal that never stood for itself is taken for a step.
        customers: the customers' goals.
    """
    stands_for_itself = row["count_top_level_outcomes"] > 0
    if steps is None:
        return not stands_for_itself
    wholes = {
        (step["environment"], step["composite_goal"])
        for step in steps
        if not step["is_composite"] and (step["environment"], step["sub_goal"]) == (row["environment"], row["goal"])
    }
    of_customers = {(goal["environment"], goal["goal"]) for goal in customers or ()}
    return bool(wholes & of_customers if stands_for_itself else wholes)


def funnel_table(steps: Sequence[Row]) -> Table:
    """The funnels for people, the steps of each below one another.

    Of a long funnel the steps where most is lost are shown; the others are one row. The last row of a funnel is
    what met every step and still failed.
    """
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title="where sessions drop off", title_justify="left"
    )
    table.add_column("goal, step", no_wrap=True)
    for heading in ("reached", "achieved", "dropped\noff", "share of\ndrop-off", "from the step\nbefore (median)"):
        table.add_column(heading, justify="right", no_wrap=True)
    by_funnel: dict[tuple[str, str], list[Row]] = {}
    for step in steps:
        by_funnel.setdefault((step["environment"], step["composite_goal"]), []).append(step)
    show_environment = len({environment for environment, _ in by_funnel}) > 1
    for (environment, goal), (*ways, end) in by_funnel.items():
        name = f"[bold]{escape(goal)}[/bold]" + (f" ({escape(environment)})" if show_environment else "")
        table.add_row(name, f"{end['count_attempts']:,}", f"{end['count_achieved']:,}", f"{lost([*ways, end]):,}")
        shown = worst(ways)
        for step in shown:
            table.add_row(f"  {escape(step['sub_goal'])}", *_cells(step))
        if len(shown) < len(ways):
            rest = [step for step in ways if step not in shown]
            table.add_row(f"  ... {len(rest)} other steps", "", "", *_drop_off(lost(rest), [*ways, end]))
        table.add_row("  all steps met, not achieved", "", "", *_drop_off(end["count_dropped_off"], [*ways, end]))
    return table


def worst(steps: Sequence[Row]) -> list[Row]:
    """The steps to show, in their order: all of them, or those of a long funnel where most is lost."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    ranked = sorted(steps, key=lambda step: (-step["count_dropped_off"], step["step_number"]))[:MOST_STEPS]
    return sorted(ranked, key=lambda step: step["step_number"])


def lost(steps: Sequence[Row]) -> int:
    """How many dropped off at one of the steps."""
    return sum(step["count_dropped_off"] for step in steps)


def customer_goals(warehouse: Warehouse, schema: str) -> list[dict[str, Any]] | None:
    """Each customer-scoped goal with its customers: how many were judged, achieved it, and took more than one window to.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.

    Returns:
        One row per environment and goal, or None when the build is older than customer outcomes.
    """
    if not warehouse.has_table(schema, CUSTOMERS):
        return None
    return warehouse.mappings(
        f"""
        with customers as (
            select
                environment,
                goal,
                customer_id,
                min(window_number) filter (where verdict = 'achieved') as achieved_window
            from {quote(schema)}.{quote(CUSTOMERS)}
            where goal = customer_goal and verdict in ('achieved', 'not_achieved')
            group by environment, goal, customer_id
        )

        select
            environment,
            goal,
            count(*) as count_customers,
            count(achieved_window) as count_achieved,
            count(*) filter (where achieved_window > 1) as count_achieved_later
        from customers
        group by environment, goal
        order by environment, goal
        """,
    )


def customer_sentence(row: Row) -> str:
    """What ``customer_goals`` says of one goal, in words."""
    later = row["count_achieved_later"]
    after = f", {later:,} of them not in their first window" if later else ""
    where = "" if row["environment"] == "production" else f" ({row['environment']})"
    return f"{row['goal']}{where}: achieved by {row['count_achieved']:,} of {row['count_customers']:,} customers{after}."


def _cells(step: Row) -> list[str]:
    least, greatest = step["least_median_seconds"], step["greatest_median_seconds"]
    spread = "-" if least is None else " to ".join(dict.fromkeys([duration(least), duration(greatest)]))
    share = "-" if step["drop_off_share"] is None else percent(step["drop_off_share"])
    return [
        f"{step['count_reached']:,}",
        f"{step['count_achieved']:,}",
        f"{step['count_dropped_off']:,}",
        share,
        spread,
    ]


def _drop_off(count: int, steps: Sequence[Row]) -> list[str]:
    total = lost(steps)
    return [f"{count:,}", percent(count / total) if total else "-"]
