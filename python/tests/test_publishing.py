"""What is published is one whole build, whoever reads meanwhile and whatever happens to the one who publishes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from agent_goals.cli import main
from agent_goals.profile import Target
from agent_goals.publishing import CONTENTS, KEPT_FOLDERS, LATEST, find_tables, publish, publish_parquet
from agent_goals.warehouse import DuckDB
from loading_helpers import goal, write_lines
from project import ROOT, run_program

COUNT_READERS = 10
COUNT_BUILDS = 5
READER = Path(__file__).with_name("publishing_reader.py")
DBT = ("dbt", "--quiet", "build", "--resource-type", "model", "--resource-type", "seed", "--select")
MODELS = "+agent_goals__goal_metrics_daily +agent_goals__sessions"

#: The marts that the tests without dbt publish, with values that are easily changed on the way.
MARTS = """
create table agent_goals__sessions as
select
    'ünï ''quoted''' as session_id,
    cast('123456789012345678.0123456789' as decimal(28, 10)) as cost,
    timestamp '1899-12-31 23:59:59.999999' as started_at,
    date '2026-03-01' as session_date,
    0.1::double as share,
    null::boolean as is_success
union all by name
select 's2' as session_id;
create view agent_goals__goal_performance as select session_id, cost from agent_goals__sessions;
create table other as select 1 as one;
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "agent_goals.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(MARTS)
    return path


@pytest.fixture
def environment(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENT_GOALS_DUCKDB_PATH", str(database))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["publish", "--project-dir", str(ROOT), *map(str, arguments)])


def opened(path: Path) -> DuckDB:
    target = Target("shop", "dev", {"type": "duckdb", "path": str(path)}, path.parent, "raw", {})
    return DuckDB.open(target, lock_timeout=0, read_only=True, on_wait=lambda holder: None)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_ten_readers_meet_five_whole_builds_and_no_lock(tmp_path: Path) -> None:
    published, stop = tmp_path / "bi" / "goals.duckdb", tmp_path / "stop"
    published.parent.mkdir()
    readers: list[subprocess.Popen[str]] = []
    try:
        for number in range(COUNT_BUILDS):
            records = [
                goal(session_id=f"s{number}-{each}", occurred_at=f"2026-01-0{number + 1}T10:00:00Z", agent="support")
                for each in range(50 + number)
            ]
            run_program(tmp_path, "agent-goals", "load", write_lines(tmp_path / f"goals_{number}.ndjson", records))
            run_program(tmp_path, *DBT, MODELS)
            run_program(tmp_path, "agent-goals", "publish", "--output", published)
            if not readers:
                command = [sys.executable, str(READER), str(published), str(stop)]
                readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(COUNT_READERS)]
    finally:
        stop.touch()
        told = [reader.communicate(timeout=60)[0] for reader in readers]
    found = [json.loads(text) for text in told]
    assert [reader["problems"] for reader in found] == [[]] * COUNT_READERS
    assert {len(reader["seen"]) for reader in found} == {COUNT_BUILDS}
    assert rows(published, "select count(*) from agent_goals__sessions") == [
        (sum(50 + number for number in range(COUNT_BUILDS)),)
    ]


def test_a_copy_holds_the_marts_as_they_are(environment: Path, database: Path) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.output
    copy = environment / "agent_goals_marts.duckdb"
    assert json.loads(result.stdout)["tables"] == {"agent_goals__goal_performance": 2, "agent_goals__sessions": 2}
    for table in ("agent_goals__sessions", "agent_goals__goal_performance"):
        assert rows(copy, f"select * from {table}") == rows(database, f"select * from {table}")
        assert rows(copy, f"describe {table}") == rows(database, f"describe {table}")
    assert rows(copy, "select table_name from information_schema.tables order by all") == [
        ("agent_goals__goal_performance",), (CONTENTS,), ("agent_goals__sessions",),
    ]  # fmt: skip
    assert sorted(path.name for path in environment.iterdir()) == [
        ".agent_goals_marts.duckdb.lock", "agent_goals.duckdb", "agent_goals_marts.duckdb",
    ]  # fmt: skip


def test_parquet_is_the_same_and_a_link_names_the_newest(environment: Path, database: Path) -> None:
    folder = environment / "bi" / "parquet"
    for _ in range(KEPT_FOLDERS + 2):
        result = run("--parquet", folder, "--table", "agent_goals__sessions")
        assert result.exit_code == 0, result.output
    assert rows(database, f"from '{folder}/{LATEST}/agent_goals__sessions.parquet'") == rows(
        database, "from agent_goals__sessions"
    )
    assert rows(database, f"select table_name, count_rows from '{folder}/{LATEST}/{CONTENTS}.parquet'") == [
        ("agent_goals__sessions", 2)
    ]
    folders = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name != LATEST)
    assert len(folders) == KEPT_FOLDERS
    assert os.readlink(folder / LATEST) == folders[-1]


KILLED = """
import os, signal, sys
from pathlib import Path
from agent_goals import publishing
from test_publishing import opened
place, way, victim = Path(sys.argv[2]), sys.argv[3], sys.argv[4]
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def kill_at(name):
    if name == victim:
        kill()
if victim in ("settle", "_contents"):
    setattr(publishing, victim, kill)
with opened(Path(sys.argv[1])) as warehouse:
    tables = ["agent_goals__goal_performance", "agent_goals__sessions"]
    getattr(publishing, way)(warehouse, "main", tables, place, on_table=kill_at)
"""


@pytest.mark.parametrize("victim", ["agent_goals__goal_performance", "agent_goals__sessions", "_contents", "settle"])
@pytest.mark.parametrize("way", ["publish", "publish_parquet"])
def test_killed_at_any_moment_the_last_copy_stands_and_the_next_is_whole(
    database: Path, tmp_path: Path, victim: str, way: str
) -> None:
    place = tmp_path / "copy"
    tables = ["agent_goals__goal_performance", "agent_goals__sessions"]

    def contents() -> list[tuple[object, ...]]:
        if way == "publish":
            return rows(place, f"from {CONTENTS}")
        return rows(database, f"from '{place}/{LATEST}/{CONTENTS}.parquet'")

    def publish_whole() -> None:
        with opened(database) as warehouse:
            (publish if way == "publish" else publish_parquet)(warehouse, "main", tables, place)

    publish_whole()
    before = contents()
    command = [sys.executable, "-c", KILLED, str(database), str(place), way, victim]
    killed = subprocess.run(command, cwd=Path(__file__).parent, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert contents() == before
    publish_whole()
    assert len(contents()) == len(before) == 2
    assert contents() != before
    assert not [path for path in tmp_path.rglob(".*building*") if path.exists()]


def test_a_build_that_did_not_finish_is_not_published(tmp_path: Path) -> None:
    records = [goal(agent="support")]
    run_program(tmp_path, "agent-goals", "load", write_lines(tmp_path / "goals.ndjson", records))
    run_program(tmp_path, *DBT, MODELS)
    with opened(tmp_path / "agent_goals.duckdb") as warehouse:
        assert "agent_goals__sessions" in find_tables(warehouse, "main", "main_agent_goals_staging")
    later = goal(session_id="s2", agent="support")
    run_program(tmp_path, "agent-goals", "load", write_lines(tmp_path / "later_goals.ndjson", [later]))
    run_program(tmp_path, *DBT, "+agent_goals__sessions")
    with pytest.raises(AssertionError, match=r"did not finish: .*agent_goals__goal_metrics_daily.* behind the others"):
        run_program(tmp_path, "agent-goals", "publish")


def test_what_cannot_be_published_says_why(environment: Path, database: Path) -> None:
    def refusal(*arguments: str | Path) -> str:
        result = run(*arguments)
        assert result.exit_code == 2
        return " ".join(result.stderr.split())

    assert "there is no main.nope. There are: agent_goals__goal_performance, agent_goals__sessions." in refusal("--table", "nope")
    assert "nothing that was published from schema main" in refusal("--output", database)
    assert "No such file or directory" in refusal("--output", environment / "nowhere" / "goals.duckdb")
    assert "choose one" in refusal("--output", "a.duckdb", "--parquet", "a")
    assert "whose readers never wait" in refusal("--target", "postgres")
    with duckdb.connect(str(database)):
        assert "is locked by" in _in_a_process(environment, "publish", "--lock-timeout", "0.2")
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop view agent_goals__goal_performance; drop table agent_goals__sessions")
    assert "there is no mart in schema main: run `dbt build` first." in refusal()


def test_one_publishes_at_a_time(environment: Path, database: Path) -> None:
    place = environment / "copy.duckdb"
    refused: list[str] = []

    def publish_beside(_: str) -> None:
        refused.append(_in_a_process(environment, "publish", "--output", place, "--lock-timeout", "0.2"))

    with opened(database) as warehouse:
        publish(warehouse, "main", ["agent_goals__sessions"], place, on_table=publish_beside)
    assert "another process is publishing" in refused[0]
    assert rows(place, f"select count(*) from {CONTENTS}") == [(1,)]


def test_a_mart_that_is_gone_is_told(environment: Path, database: Path) -> None:
    assert run().exit_code == 0
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop view agent_goals__goal_performance")
    assert "agent_goals__goal_performance was published the last time" in run().stderr


def test_the_newest_copy_is_later_than_the_one_before(database: Path, tmp_path: Path) -> None:
    with opened(database) as warehouse:
        first, second = (publish(warehouse, "main", ["agent_goals__sessions"], tmp_path / "copy.duckdb") for _ in range(2))
    assert timedelta(0) < second.published_at - first.published_at < timedelta(minutes=1)


def _in_a_process(folder: Path, *arguments: str | Path) -> str:
    """Locks hold between processes, so the other one has to be one."""
    command = [sys.executable, "-m", "agent_goals.cli", *map(str, arguments), "--project-dir", str(ROOT)]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout
    return done.stderr
