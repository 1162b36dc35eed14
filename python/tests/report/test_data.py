"""The report's figures are the marts', and there are never too many of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

from agent_goals.errors import AgentGoalsError
from agent_goals.report import columns
from agent_goals.report.data import SELECTED, Report, Room, gather
from agent_goals.report.sums import OTHERS, added, sums
from agent_goals.report.table import Missing, Table
from agent_goals.warehouse import DuckDB
from project import ROOT, Marts
from report.conftest import NOW, reported
from report.marts import remove

pytestmark = pytest.mark.xdist_group("report")


def objects(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def plain(value: Any) -> Any:
    """A mart's value as JSON has it, found in another way than the report's."""
    if isinstance(value, Decimal):
        return float(str(value))
    return str(value)[:19] if isinstance(value, date) else value


@pytest.fixture(scope="module")
def parts(whole: Marts) -> dict[str, dict[str, Any]]:
    """The parts of the demo's report, by way of its JSON."""
    found = json.loads(json.dumps(reported(whole.path).as_dict(), allow_nan=False))
    return dict(found["parts"])


@pytest.mark.parametrize("name", [*SELECTED, "goal_performance"])
def test_every_figure_of_a_row_is_the_marts(name: str, parts: Mapping[str, Any], whole: Marts) -> None:
    rows = [{key: value for key, value in row.items() if key != "is_step"} for row in objects(parts[name])]
    assert rows
    names = list(rows[0])
    of_mart = [tuple(map(plain, row.values())) for row in whole.rows(f"select {', '.join(names)} from {parts[name]['mart']}")]
    assert [row for row in rows if tuple(row.values()) not in of_mart] == []


def added_up(
    rows: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], tuple[Any, ...]], names: Iterable[str]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The exact sums of what is known, by key."""
    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(names))
    for row in rows:
        sums_of_key = found[key(row)]
        for name in names:
            if row[name] is not None:
                sums_of_key[name] = (sums_of_key[name] or 0) + row[name]
    return {key: {name: plain(value) for name, value in values.items()} for key, values in found.items()}


@pytest.mark.parametrize(
    ("name", "subject", "names"),
    [
        ("goals", ("environment", "agent", "goal"), columns.GOAL_PARTS),
        ("sessions", ("environment", "agent"), columns.SESSION_PARTS),
    ],
)
def test_every_sum_is_that_of_the_marts_rows(
    name: str, subject: tuple[str, ...], names: tuple[str, ...], parts: Mapping[str, Any], whole: Marts
) -> None:
    part = parts[name]
    assert part["period"] == "day" and part["is_by_segment"]
    of_mart = added_up(
        whole.rows(f"select * from {part['mart']}"),
        lambda row: (str(row["metric_date"]), *(row[column] for column in subject), row["customer_segment"]),
        names,
    )
    found = {
        (row["period"], *(row[column] for column in subject), row["customer_segment"]): {column: row[column] for column in names}
        for row in objects(part)
    }
    assert len(found) == len(part["rows"]) > 200
    assert {key: of_mart[key] for key in found} == found
    left_out = {key[1:-1] for key in of_mart} - {key[1:-1] for key in found}
    assert len(left_out) == part["left_out"]


def test_goals_that_stand_for_themselves_are_never_left_out(parts: Mapping[str, Any], whole: Marts) -> None:
    names = ("environment", "agent", "goal")
    shown = {tuple(row[name] for name in names) for row in objects(parts["goals"])}
    top = whole.rows(
        f"select {', '.join(names)} from agent_goals__goal_metrics_daily group by all having sum(top_level_count_outcomes) > 0"
    )
    assert {tuple(row.values()) for row in top} - shown == set()
    assert parts["goals"]["left_out"] > 0


def test_targets_are_those_of_the_mart(parts: Mapping[str, Any], whole: Marts) -> None:
    query = "select goal, max(target_achievement_rate)::double as target from agent_goals__goal_metrics_daily group by goal"
    targets = {row["goal"]: row["target"] for row in whole.rows(query)}
    shown = {row["goal"]: row["target_achievement_rate"] for row in objects(parts["goals"])}
    assert shown.items() <= targets.items()
    assert any(shown.values())


def test_every_funnel_adds_up_to_the_marts(parts: Mapping[str, Any], whole: Marts) -> None:
    rows = objects(parts["funnel"])
    of_mart = whole.rows("select *, step_number * count_attempts as weighted_step_number from agent_goals__goal_funnel")
    key = ("environment", "agent", "composite_goal", "sub_goal")
    names = ("weighted_step_number", "count_attempts", "count_reached", "count_achieved", "count_dropped_off")
    exact = added_up(of_mart, lambda row: (str(row["period_start"]), *(row[name] for name in key)), names)
    named = [row for row in rows if row["sub_goal"] != OTHERS]
    assert named and len(named) < len(rows)
    for row in named:
        assert {name: row[name] for name in names} == exact[row["period"], *(row[name] for name in key)]
    # What the others lose is there, so that each funnel loses as many as in the mart.
    lost = ("environment", "composite_goal")
    of_page = added_up(rows, lambda row: tuple(row[name] for name in lost), ["count_dropped_off"])
    assert of_page == added_up(of_mart, lambda row: tuple(row[name] for name in lost), ["count_dropped_off"])


def test_the_newest_of_everything_is_the_marts(parts: Mapping[str, Any], whole: Marts) -> None:
    newest = {row["what"]: (row["newest"], row["count_dated"]) for row in objects(parts["freshness"])}
    for what, mart, moment in (("sessions", "sessions", "started_at"), ("costs", "cost_lines", "occurred_at")):
        row = whole.row(f"select max({moment}) as newest, count({moment}) as count_dated from agent_goals__{mart}")
        assert newest[what] == (str(row["newest"])[:19], row["count_dated"])


def test_nothing_names_a_session_or_a_customer(whole: Marts) -> None:
    text = json.dumps(reported(whole.path).as_dict())
    ids = whole.rows("select session_id as id from agent_goals__sessions union select customer_id from agent_goals__sessions")
    assert [row["id"] for row in ids if row["id"] and len(row["id"]) > 3 and f'"{row["id"]}"' in text] == []
    assert "example_ids" not in text


@pytest.mark.parametrize("name", SELECTED)
def test_a_part_is_missing_where_the_build_is_older(name: str, demo: Marts) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo.path}' as built (read_only)")
        for (table,) in connection.execute("select table_name from duckdb_tables() where database_name = 'built'").fetchall():
            if table.startswith("agent_goals__"):
                connection.execute(f"create table {table} as from built.main.{table} limit 5")
        connection.execute("create table agent_goals__goal_performance as from built.main.agent_goals__goal_performance limit 5")
        remove(connection, SELECTED[name].mart)
        if name == "experiment_decisions":
            remove(connection, SELECTED["experiment_results"].mart)
        part = gather(DuckDB(connection), "main", target="dev", generated_at=NOW).as_dict()["parts"][name]
    assert part == {"mart": SELECTED[name].mart, "missing": True}


def test_without_marts_it_says_what_to_do(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(AgentGoalsError, match=r"there is no main\.agent_goals__goal_performance: run `dbt build` first"):
        gather(DuckDB(connection), "main", target="dev", generated_at=NOW)


@pytest.mark.parametrize("name", SELECTED)
def test_every_column_is_in_the_marts_contract(name: str) -> None:
    mart = SELECTED[name].mart
    files = list((ROOT / "models" / "marts").glob(f"*/{mart}.yml"))
    if not files:
        pytest.skip(f"{mart} is not in this project")
    (model,) = [model for model in yaml.safe_load(files[0].read_text(encoding="utf-8"))["models"] if model["name"] == mart]
    assert set(SELECTED[name].columns) <= {column["name"] for column in model["columns"]}


# --- never too many rows


def daily(connection: duckdb.DuckDBPyConnection, *, goals: int, days: int, segments: int, outcomes: int) -> None:
    """A mart of days with as many achieved outcomes in each row, and all but half as many for the first goal."""
    connection.execute(
        f"""create or replace table daily as
        select 'goal ' || goal as goal, 'segment ' || segment as customer_segment,
            date '2024-01-01' + day::integer as metric_date,
            {outcomes} - (goal > 0)::integer * goal as count_achieved, ({outcomes} * 0.1)::decimal(28, 10) as achieved_cost
        from range({goals}) as goals (goal), range({days}) as days (day), range({segments}) as segments (segment)"""
    )


def summed(connection: duckdb.DuckDBPyConnection, **most: int) -> Table:
    found = sums(
        DuckDB(connection),
        "main",
        "daily",
        day="metric_date",
        subject=("goal",),
        segment="customer_segment",
        measures=added(["count_achieved", "achieved_cost"]),
        volume="sum(count_achieved) desc",
        **{"most_rows": 1000, "most_subjects": 10, "most_segments": 4, **most},
    )
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize(
    ("days", "most_rows", "period", "is_by_segment"),
    [(20, 1000, "day", True), (100, 1000, "week", True), (400, 1000, "month", True), (800, 500, "quarter", True),
     (800, 200, "year", True), (800, 40, "year", False)],
)  # fmt: skip
def test_periods_become_longer_and_then_segments_one(
    days: int, most_rows: int, period: str, is_by_segment: bool, connection: duckdb.DuckDBPyConnection
) -> None:
    daily(connection, goals=10, days=days, segments=5, outcomes=100)
    found = summed(connection, most_rows=most_rows)
    assert (found.period, found.is_by_segment, found.left_out) == (period, is_by_segment, 0)
    assert 0 < len(found.rows) <= most_rows
    total = connection.execute("select sum(count_achieved), sum(achieved_cost) from daily").fetchone()
    assert total is not None
    assert sum(row[3] for row in found.rows) == total[0]  # type: ignore[misc]
    assert sum(row[4] for row in found.rows) == pytest.approx(float(total[1]))  # type: ignore[misc]


def test_the_smallest_subjects_are_left_out_and_the_smallest_segments_are_one(connection: duckdb.DuckDBPyConnection) -> None:
    daily(connection, goals=12, days=2, segments=6, outcomes=100)
    found = summed(connection)
    assert found.left_out == 2
    assert {row[1] for row in found.rows} == {f"goal {number}" for number in range(10)}
    assert {row[2] for row in found.rows} == {"segment 0", "segment 1", "segment 2", "segment 3", OTHERS}
    assert [row[3] for row in found.rows if row[1:3] == ("goal 0", OTHERS)] == [200, 200]


def test_when_years_do_not_fit_the_newest_are_shown(connection: duckdb.DuckDBPyConnection) -> None:
    daily(connection, goals=10, days=1200, segments=1, outcomes=100)
    found = summed(connection, most_rows=25)
    assert (len(found.rows), found.left_out) == (25, 15)
    assert {row[0] for row in found.rows} == {"2027-01-01", "2026-01-01", "2025-01-01"}


def test_ten_million_outcomes_take_no_more_room(demo: Marts, connection: duckdb.DuckDBPyConnection) -> None:
    size = {}
    connection.execute(f"attach '{demo.path}' as built (read_only)")
    for (table,) in connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'built'"
    ).fetchall():
        if table.startswith("agent_goals__"):
            connection.execute(f"create table {table} as from built.main.{table}")
    # Some 200 agents with 20 goals each, over three years, in 12 segments: each row of the mart stands for many outcomes.
    for name, times in (("small", 1), ("large", 20_000)):
        connection.execute(
            f"""create or replace table agent_goals__goal_metrics_daily as
            select demo.* replace (
                demo.metric_date + (hash(number) % 1000)::integer as metric_date,
                'agent ' || hash(number + 1e5) % 200 as agent, goal || ' ' || hash(number + 2e5) % 20 as goal,
                'segment ' || hash(number + 3e5) % 12 as customer_segment, count_achieved * 8 as count_achieved,
                count_outcomes * 8 as count_outcomes, top_level_count_outcomes * 8 as top_level_count_outcomes)
            from (from built.main.agent_goals__goal_metrics_daily where goal = 'issue_resolved') as demo,
                range({times}) as n (number)"""
        )
        report = gather(DuckDB(connection), "main", target="dev", generated_at=NOW)
        size[name] = len(json.dumps(report.as_dict()))
    row = connection.execute("select sum(count_outcomes) from agent_goals__goal_metrics_daily").fetchone()
    assert row is not None and row[0] > 10_000_000
    goals = report.parts["goals"]
    assert isinstance(goals, Table) and len(goals.rows) <= Room().goal_rows
    assert goals.left_out > 0 and goals.period != "day"
    assert size["large"] < 1_200_000


def test_what_is_not_finite_is_not_known(connection: duckdb.DuckDBPyConnection) -> None:
    daily(connection, goals=1, days=1, segments=1, outcomes=1)
    connection.execute("alter table daily alter achieved_cost type double")
    connection.execute("update daily set achieved_cost = 'inf'")
    assert [row[4] for row in summed(connection).rows] == [None]


def test_a_report_says_when_it_was_made_and_of_what() -> None:
    report = Report(datetime(2026, 8, 1, 9, 30, tzinfo=UTC), "prod", {"goal_alerts": Missing("agent_goals__goal_alerts")})
    assert report.as_dict() == {
        "generated_at": "2026-08-01T09:30:00+00:00",
        "target": "prod",
        "parts": {"goal_alerts": {"mart": "agent_goals__goal_alerts", "missing": True}},
    }
