"""Sums of daily marts, in as fine periods as the report has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent_goals.ddl import quote
from agent_goals.report.table import Missing, Table, as_values
from agent_goals.warehouse import Warehouse

#: The lengths of a period, the finest first.
PERIODS = ("day", "week", "month", "quarter", "year")

#: What the names of those are together that have no place of their own.
OTHERS = "(all others)"


def sums(
    warehouse: Warehouse,
    schema: str,
    mart: str,
    *,
    day: str,
    subject: Sequence[str],
    segment: str,
    measures: Mapping[str, str],
    volume: str,
    most_rows: int,
    most_subjects: int,
    most_segments: int,
) -> Table | Missing:
    """A mart's rows added up by period, subject and segment, so that there are never more than ``most_rows``.

    The subjects with the least volume are left out and counted, the smallest segments are one. Then periods become longer
    until the rows fit; if years do not, segments become one; if that does not do, the oldest rows are left out and counted.

    Args:
        warehouse: an open warehouse.
        schema: the schema that dbt builds the marts in.
        mart: the mart.
        day: its column of days.
        subject: columns that are never added up over.
        segment: a column that may be.
        measures: what to show, by name, each an aggregate over the mart's columns as SQL.
        volume: what puts the largest subjects and segments first, aggregates with their direction as SQL.
        most_rows: how many rows there may be.
        most_subjects: how many subjects.
        most_segments: how many segments with a name of their own.
    """
    if not warehouse.has_table(schema, mart):
        return Missing(mart)
    table = f"{quote(schema)}.{quote(mart)}"
    by_subject, by_segment = ", ".join(quote(name) for name in subject), quote(segment)
    shown = f"""
        with subjects as (
            select {by_subject}
            from {table}
            group by {by_subject}
            order by {volume}, {by_subject}
            limit {most_subjects}
        ),

        segments as (
            select {by_segment} as segment_name
            from {table}
            group by {by_segment}
            order by {volume}, {by_segment}
            limit {most_segments}
        ),

        shown as (
            select mart.*, coalesce(segments.segment_name, '{OTHERS}') as segment_shown
            from {table} as mart
            inner join subjects using ({by_subject})
            left join segments on segments.segment_name = mart.{by_segment}
        )
    """
    ((count_subjects,),) = warehouse.rows(f"select count(*) from (select 1 from {table} group by {by_subject}) as subjects")
    for is_by_segment in (True, False):
        for period in PERIODS:
            start = f"cast(date_trunc('{period}', {quote(day)}) as date)"
            keys = f"{start}, {by_subject}" + (", segment_shown" if is_by_segment else "")
            ((count,),) = warehouse.rows(f"{shown} select count(*) from (select 1 from shown group by {keys}) as groups")
            if count <= most_rows:
                break
        else:
            continue
        break
    named = "segment_shown" if is_by_segment else f"'{OTHERS}'"
    rows = warehouse.rows(
        f"""
        {shown}
        select {start} as period, {by_subject}, {named} as segment, {", ".join(measures.values())}
        from shown
        group by {keys}
        order by period desc, {by_subject}, segment
        limit {most_rows}
        """
    )
    return Table(
        mart,
        ("period", *subject, segment, *measures),
        as_values(rows[::-1]),
        left_out=max(0, count_subjects - most_subjects) + max(0, count - most_rows),
        period=period,
        is_by_segment=is_by_segment,
    )


def added(names: Sequence[str]) -> dict[str, str]:
    """Each column's sum, as a measure; counts as whole numbers whatever the engine makes of a sum."""
    return {name: f"cast(sum({name}) as bigint)" if name.startswith("count_") else f"sum({name})" for name in names}
