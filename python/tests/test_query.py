"""A query answers in the form that was asked for, exactly, and cannot write."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from agent_goals.cli import main
from project import ROOT

VALUES = """
select
    'a,"b"' as text, 0.1234567890::decimal(28, 10) as amount, true as flag, null::integer as nothing,
    timestamp '2026-03-01 10:00:00.5' as at, date '2026-03-01' as day, [1.5, null] as list, {'k': 'v'} as struct,
    'nan'::double as nan
"""


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "agent_goals.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema agent_goals_raw")
        connection.execute("create table agent_goals_raw.goal_events as select range as event_id from range(150)")
        connection.execute("create table agent_goals__sessions as select 's1' as session_id")
    monkeypatch.setenv("AGENT_GOALS_DUCKDB_PATH", str(path))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(ROOT))
    return path


def ask(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["query", "--project-dir", str(ROOT), *arguments], input=given)


def test_csv_is_exact() -> None:
    result = ask("--format", "csv", VALUES)
    assert result.exit_code == 0, result.output
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row == {
        "text": 'a,"b"', "amount": "0.1234567890", "flag": "true", "nothing": "", "at": "2026-03-01 10:00:00.500000",
        "day": "2026-03-01", "list": '["1.5", null]', "struct": '{"k": "v"}', "nan": "nan",
    }  # fmt: skip


def test_json_is_exact_and_valid() -> None:
    (row,) = json.loads(ask("--format", "json", VALUES).stdout, parse_constant=pytest.fail)
    assert row == {
        "text": 'a,"b"', "amount": "0.1234567890", "flag": True, "nothing": None, "at": "2026-03-01T10:00:00.500000",
        "day": "2026-03-01", "list": ["1.5", None], "struct": {"k": "v"}, "nan": "nan",
    }  # fmt: skip


@pytest.mark.parametrize(("form", "empty"), [("csv", "event_id\n"), ("json", "[]\n")])
def test_an_answer_without_rows_is_still_one(form: str, empty: str) -> None:
    assert ask("--format", form, "from goal_events where false").stdout == empty


def test_a_table_says_when_there_is_more() -> None:
    result = ask("from goal_events")
    assert "100 rows, and there are more" in result.stderr
    assert "150 rows." in ask("from goal_events", "--limit", "0").stderr
    assert "3 rows, and there are more" in ask("from goal_events", "--limit", "3").stderr
    assert len(json.loads(ask("from goal_events", "--format", "json").stdout)) == 150
    assert len(json.loads(ask("from goal_events", "--format", "json", "--limit", "3").stdout)) == 3


def test_marts_and_raw_tables_need_no_schema_and_sql_may_come_from_standard_input() -> None:
    result = ask("-", "--format", "csv", given="select count(*) as n from agent_goals__sessions, goal_events")
    assert result.stdout == "n\n150\n"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("drop table agent_goals__sessions", "read-only"),
        ("selec 1", "syntax error"),
        ("from agent_goals__session", "Did you mean"),
        (" -- nothing", "that asks for nothing"),
        ("select session_id::integer from agent_goals__sessions", "Could not convert"),
    ],
)
def test_what_cannot_be_answered_says_why(sql: str, told: str, database: Path) -> None:
    result = ask(sql)
    assert result.exit_code == 2
    assert told in result.stderr
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("from agent_goals__sessions").fetchall() == [("s1",)]
