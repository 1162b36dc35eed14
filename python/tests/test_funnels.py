"""What `agent-goals summary` says of funnels and customers, from marts made by hand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from rich.console import Console

from agent_goals.cli import main
from agent_goals.funnels import MOST_STEPS, customer_goals, customer_sentence, funnel_table, funnels, is_step, lost, worst
from agent_goals.warehouse import DuckDB

FUNNEL_COLUMNS = """environment text, period_start date, agent text, composite_goal text, sub_goal text, is_composite boolean,
    step_number integer, count_attempts bigint, count_reached bigint, count_achieved bigint, count_dropped_off bigint,
    drop_off_share double, drop_off_rank integer, median_seconds_from_previous_step double"""

#: Two months of one pipeline: 20 attempts of which 5 were won, and 10 of which 3 were.
PIPELINE = [
    ("production", "2026-03-01", "sales", "pipeline", "qualified", False, 1, 20, 20, 12, 8, None, None, 60),
    ("production", "2026-03-01", "sales", "pipeline", "demo", False, 2, 20, 12, 7, 5, None, None, 200),
    ("production", "2026-03-01", "sales", "pipeline", "pipeline", True, 3, 20, 7, 5, 2, None, None, 30),
    ("production", "2026-04-01", "sales", "pipeline", "demo", False, 1, 10, 10, 8, 2, None, None, 400),
    ("production", "2026-04-01", "sales", "pipeline", "qualified", False, 2, 10, 8, 5, 3, None, None, 60),
    ("production", "2026-04-01", "sales", "pipeline", "pipeline", True, 3, 10, 5, 3, 2, None, None, None),
]


@pytest.fixture
def connection() -> Iterable[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def make_funnel(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    connection.execute(f"create table agent_goals__goal_funnel ({FUNNEL_COLUMNS})")
    connection.executemany(f"insert into agent_goals__goal_funnel values ({', '.join('?' * 14)})", rows)


def as_text(steps: list[dict[str, Any]]) -> str:
    console = Console(width=150, record=True, file=io.StringIO())
    console.print(funnel_table(steps))
    return console.export_text()


def steps_of(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = funnels(DuckDB(connection), "main")
    assert found is not None
    return found


def test_periods_are_added_up_and_every_failed_attempt_drops_off_once(connection: duckdb.DuckDBPyConnection) -> None:
    make_funnel(connection, PIPELINE)
    steps = steps_of(connection)
    counts = [(step["sub_goal"], step["count_reached"], step["count_achieved"], step["count_dropped_off"]) for step in steps]
    assert counts == [("qualified", 28, 17, 11), ("demo", 22, 15, 7), ("pipeline", 12, 8, 4)]
    assert [step["step_number"] for step in steps] == [1, 2, 3]
    end = steps[-1]
    assert end["count_attempts"] == end["count_achieved"] + lost(steps)
    assert [step["drop_off_share"] for step in steps] == [0.5, 7 / 22, 4 / 22]


def test_the_more_usual_order_of_steps_stands(connection: duckdb.DuckDBPyConnection) -> None:
    weightier = [(*row[:7], row[7] * 10, *row[8:]) if row[1] == "2026-04-01" else row for row in PIPELINE]
    make_funnel(connection, weightier)
    assert [step["sub_goal"] for step in steps_of(connection)] == ["demo", "qualified", "pipeline"]


def test_the_table_says_what_no_step_explains_and_how_far_medians_differ(connection: duckdb.DuckDBPyConnection) -> None:
    make_funnel(connection, PIPELINE)
    lines = {re.split(r"\s{2,}", line.strip())[0]: line.strip() for line in as_text(steps_of(connection)).splitlines()}
    assert lines["pipeline"].split() == ["pipeline", "30", "8", "22"]
    assert lines["qualified"].split() == ["qualified", "28", "17", "11", "50.0%", "60.0", "s"]
    assert lines["demo"].endswith("3.3 min to 6.7 min")
    assert lines["all steps met, not achieved"].split()[-2:] == ["4", "18.2%"]


def test_of_a_long_funnel_the_steps_where_most_is_lost_are_shown(connection: duckdb.DuckDBPyConnection) -> None:
    step = ("production", "2026-03-01", "a", "task")
    losses = [1, 0, 4, 2, 9, 3, 5, 7, 0, 1]
    rows: list[tuple[Any, ...]] = [
        (*step, f"check {number}", False, number, 40, 40, 40 - count, count, None, None, None)
        for number, count in enumerate(losses, start=1)
    ]
    make_funnel(connection, [*rows, (*step, "task", True, 11, 40, 8, 5, 3, None, None, None)])
    steps = steps_of(connection)
    assert [each["count_dropped_off"] for each in worst(steps[:-1])] == [4, 2, 9, 3, 5, 7]
    assert len(worst(steps[:-1])) == MOST_STEPS
    text = as_text(steps)
    assert "check 2" not in text
    (rest,) = [line for line in text.splitlines() if "other steps" in line]
    assert rest.split() == ["...", "4", "other", "steps", "2", "5.7%"]


def test_a_funnel_from_which_nobody_dropped_off_has_no_shares(connection: duckdb.DuckDBPyConnection) -> None:
    way = ("production", "2026-03-01", "a", "task")
    make_funnel(
        connection, [(*way, "step", False, 1, 2, 2, 2, 0, None, None, 5), (*way, "task", True, 2, 2, 2, 2, 0, None, None, 0)]
    )
    steps = steps_of(connection)
    assert [step["drop_off_share"] for step in steps] == [None, None]
    assert "%" not in as_text(steps)


def test_customers_are_counted_once_however_many_windows_they_had(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        create table agent_goals__customer_outcomes as
        select 'production' as environment, 'onboarded' as customer_goal, * from (values
            ('c1', 'onboarded', 1, 'not_achieved'), ('c1', 'onboarded', 2, 'achieved'), ('c1', 'onboarded', 3, 'achieved'),
            ('c2', 'onboarded', 1, 'achieved'), ('c3', 'onboarded', 1, 'not_achieved'), ('c4', 'onboarded', 1, 'unjudged'),
            ('c1', 'tour', 1, 'achieved'), ('c3', 'tour', 1, 'achieved')
        ) as outcomes (customer_id, goal, window_number, verdict)
    """)
    (row,) = customer_goals(DuckDB(connection), "main") or ()
    assert row["goal"] == "onboarded"
    assert customer_sentence(row) == "onboarded: achieved by 2 of 3 customers, 1 of them not in their first window."


@pytest.mark.parametrize(
    ("goal", "count_top_level", "expected"),
    [
        ("check", 0, True),  # only ever a step
        ("check", 3, False),  # stands for itself in some sessions
        ("task", 9, False),  # the whole
        ("tour", 5, True),  # in a session it stands for itself, but it is a step of the customer's goal
        ("onboarded", 0, False),  # which has no outcome in a session
        ("rated_outstanding", 0, False),  # a rule that is part of nothing
    ],
)
def test_a_goal_that_is_only_a_step_is_known(goal: str, count_top_level: int, expected: bool) -> None:
    steps = [
        {"environment": "production", "composite_goal": whole, "sub_goal": step, "is_composite": whole == step}
        for whole, step in (("task", "check"), ("task", "task"), ("onboarded", "tour"), ("onboarded", "onboarded"))
    ]
    row = {"environment": "production", "goal": goal, "count_top_level_outcomes": count_top_level}
    assert is_step(row, steps, [{"environment": "production", "goal": "onboarded"}]) is expected
    assert not is_step({**row, "environment": "staging"}, steps, [])
    assert is_step(row, None, None) is (count_top_level == 0)


def test_an_older_build_has_no_funnels(connection: duckdb.DuckDBPyConnection) -> None:
    assert funnels(DuckDB(connection), "main") is None
    assert customer_goals(DuckDB(connection), "main") is None


def test_summary_prints_the_funnel_and_asks_for_a_build_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_PROFILE", "DBT_TARGET", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    Path("profiles.yml").write_text("shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}")
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("""
            create view agent_goals__goal_performance as select 'production' as environment, 'sales' as agent,
            'pipeline' as goal, 8 as count_achieved, 22 as count_not_achieved, 8 / 30 as goal_achievement_rate,
            null as cost_per_goal_achieved, null as fully_loaded_cost_per_goal, null as goal_efficiency,
            null as average_time_to_goal_seconds, null as value_per_goal, 1 as count_top_level_outcomes
        """)
    older = CliRunner().invoke(main, ["summary"])
    assert older.exit_code == 0
    assert "8 of 30" in older.stdout
    assert "no main.agent_goals__goal_funnel: run `dbt build` with this version" in older.stderr
    with duckdb.connect("shop.duckdb") as connection:
        make_funnel(connection, PIPELINE)
    shown = CliRunner().invoke(main, ["summary"])
    assert "where sessions drop off" in shown.stdout
    assert "all steps met, not achieved" in shown.stdout
    steps = json.loads(CliRunner().invoke(main, ["summary", "--json"]).stdout)["goal_funnel"]
    assert [step["sub_goal"] for step in steps] == ["qualified", "demo", "pipeline"]
