from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from agent_goals.cli import main
from loading_helpers import cost, goal, write_lines

PROFILES = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('AGENT_GOALS_TEST_PATH', 'shop.duckdb') }}"}
    cloud: {type: snowflake, account: x}
    memory: {type: duckdb}
    server: {type: postgres, host: 127.0.0.1, user: shop, dbname: shop, schema: marts}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILE", "DBT_TARGET", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_load_prints_what_landed_and_exits_0(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal(), goal()])
    result = run("load", "goals.ndjson", "--json")
    assert result.exit_code == 0
    goals = {"type": "goal", "loaded": 2, "duplicate": 0, "rejected": {}, "forgotten": 0}
    assert json.loads(result.stdout)["files"] == [{"file": "goals.ndjson", "unchanged": False, "types": [goals]}]
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        assert connection.execute("select count(*) from agent_goals_raw.goal_events").fetchone() == (2,)


def test_the_table_names_the_reasons_and_the_exit_code_is_1(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal(), "{oops", goal(achieved="yes")])
    result = run("load", "goals.ndjson")
    assert result.exit_code == 1
    assert "malformed_json 1" in result.stdout
    assert "wrong_type 1" in result.stdout


def test_rejects_can_be_mended_and_loaded_again(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal(), goal(session_id="s2", achieved="yes"), b'{"session_id": "\xff"}'])
    (project / "costs.csv").write_text("session_id,occurred_at,amuont\ns1,2026-01-01T00:00:00Z,5\n")
    assert run("load", "goals.ndjson", "costs.csv", "--rejects", "mend.ndjson").exit_code == 1
    rejects = (project / "mend.ndjson").read_bytes()
    assert b'# line 2 of goals.ndjson: wrong_type: achieved: found "yes"' in rejects
    assert b'{"session_id": "\xff"}' in rejects
    assert run("validate", "mend.ndjson").exit_code == 1
    mended = rejects.replace(b'"yes"', b"true").replace(b"amuont", b"amount").replace(b'{"session_id": "\xff"}', b"")
    (project / "mend.ndjson").write_bytes(mended)
    result = run("load", "mend.ndjson", "--json")
    assert (result.exit_code, json.loads(result.stdout)["loaded"]) == (0, 2)


def test_validate_writes_nothing(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal(), "{oops"])
    result = run("validate", "goals.ndjson", "--json")
    assert (result.exit_code, json.loads(result.stdout)["loaded"]) == (1, 1)
    assert not (project / "shop.duckdb").exists()


def test_strict_loads_nothing_and_says_so(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal(), "{oops"])
    result = run("load", "--strict", "goals.ndjson")
    assert result.exit_code == 1
    assert "nothing was loaded" in result.stderr
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        assert connection.execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_an_empty_file_is_no_error(project: Path) -> None:
    (project / "goals.ndjson").touch()
    result = run("load", "goals.ndjson")
    assert result.exit_code == 0
    assert "goals.ndjson is empty" in result.stderr


def test_the_ddl_is_written_for_the_target_or_the_dialect_asked_for(project: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(run("ddl").stdout)
        assert connection.execute("select count(*) from agent_goals_raw.tombstones").fetchone() == (0,)
    assert "numeric(38, 18)" in run("ddl", "--dialect", "postgres").stdout
    refused = run("ddl", "--roles")
    assert refused.exit_code == 2
    assert "--dialect" in refused.stderr


def test_a_postgres_target_without_its_driver_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    write_lines(project / "goals.ndjson", [goal()])
    result = run("load", "--target", "server", "goals.ndjson")
    assert result.exit_code == 2
    assert "pip install 'agent-goals[postgres]'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["load", "missing.ndjson"], "missing.ndjson does not exist"),
        (["load", "profiles.yml"], "has no extension that tells its format"),
        (["load", "--target", "cloud", "goals.ndjson"], "loads into duckdb"),
        (["load", "--target", "memory", "goals.ndjson"], "in memory only"),
        (["load", "--target", "prod", "goals.ndjson"], "has no target 'prod'"),
        (["load", "--profile", "shoe", "goals.ndjson"], "profile 'shoe' is not in"),
        (["load", "--project-dir", "..", "goals.ndjson"], "there is no dbt_project.yml in"),
        (["summary"], "there is no database"),
    ],
)
def test_what_cannot_run_says_why_and_exits_2(project: Path, arguments: list[str], message: str) -> None:
    write_lines(project / "goals.ndjson", [goal()])
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_no_database_is_not_overwritten(project: Path) -> None:
    (project / "shop.duckdb").write_text("precious")
    write_lines(project / "goals.ndjson", [goal()])
    result = run("load", "goals.ndjson")
    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr
    assert (project / "shop.duckdb").read_text() == "precious"


HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(float(sys.argv[2]))"


def hold(database: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(database), str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_locked_database_is_waited_for(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal()])
    with hold(project / "shop.duckdb", 1):
        result = run("load", "goals.ndjson")
    assert result.exit_code == 0
    assert "waiting for" in result.stderr


def test_a_database_that_stays_locked_names_its_holder(project: Path) -> None:
    write_lines(project / "goals.ndjson", [goal()])
    with hold(project / "shop.duckdb", 60) as process:
        result = run("load", "goals.ndjson", "--lock-timeout", "0.3")
        process.kill()
    assert result.exit_code == 2
    assert f"PID {process.pid}" in result.stderr


def test_a_load_killed_at_any_moment_has_happened_or_not(project: Path) -> None:
    # More rows than a row group, so that DuckDB writes some to the file before the commit.
    count = 130_000
    records = [goal(event_id=f"e{number}", reason="x" * 40) for number in range(count)]
    write_lines(project / "goals.ndjson", [*records, "{oops"])
    command = [sys.executable, "-m", "agent_goals.cli", "load", "goals.ndjson"]
    database = project / "shop.duckdb"
    seen = set()
    for delay in (0.6, 0.9, 1.2, 1.6, 2.2):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        with duckdb.connect(str(database)) as connection:
            tables = connection.execute("select count(*) from duckdb_tables()").fetchone()
            assert tables is not None
            landed = [(0,), (0,)]
            if tables[0]:
                landed = [
                    connection.execute(f"select count(*) from agent_goals_raw.{table}").fetchone() or (None,)
                    for table in ("goal_events", "rejected_records")
                ]
        assert landed in ([(0,), (0,)], [(count,), (1,)])
        seen.add(landed[0])
    assert run("load", "goals.ndjson", "--json").exit_code == 1
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("select count(*) from agent_goals_raw.goal_events").fetchone() == (count,)


def test_summary_shows_the_view_and_asks_for_dbt_build_without_it(project: Path) -> None:
    write_lines(project / "costs.ndjson", [cost()])
    run("load", "costs.ndjson")
    missing = run("summary")
    assert missing.exit_code == 2
    assert "run `dbt build` first" in missing.stderr
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        connection.execute(
            """create view agent_goals__goal_performance as select 'production' as environment, 'support' as agent,
            'resolved' as goal, 820 as count_achieved, 180 as count_not_achieved,
            0.82 as goal_achievement_rate, 0.18::decimal(38, 10) as cost_per_goal_achieved,
            0.2195121951::decimal(38, 10) as fully_loaded_cost_per_goal, 210.04 as average_time_to_goal_seconds,
            41000::decimal(38, 10) as value_per_goal, null::double as goal_efficiency, 1 as count_top_level_outcomes"""
        )
    shown = run("summary").stdout
    for text in ("820 of 1,000", "82.0%", "0.18", "0.2195", "41,000.00", "3.5 min", "-"):
        assert text in shown
    found = json.loads(run("summary", "--json").stdout)
    assert found["goal_performance"][0]["goal_efficiency"] is None
    assert (found["goal_funnel"], found["customer_goals"], found["experiments"]) == (None, None, None)


def test_help_shows_examples() -> None:
    assert "agent-goals load my_goals.ndjson my_costs.csv" in run("load", "--help").stdout
