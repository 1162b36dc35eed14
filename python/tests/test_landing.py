"""Loads to a landing path: files that any engine reads, in which a batch appears whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from agent_goals.cli import main
from agent_goals.ddl import every_table
from agent_goals.errors import AgentGoalsError
from agent_goals.files import WriteError
from agent_goals.tombstones import subject_hash
from agent_goals.warehouse import Landing
from agent_goals.warehouse.landing import EMPTY
from loading_helpers import LandingPath, Warehouse, cost, goal, write_lines
from project import ROOT

DEMO = sorted((ROOT / "seeds" / "demo").glob("*.csv"))

KILLED = """
import os, signal, sys
from pathlib import Path
from agent_goals import loading
from agent_goals.warehouse import Landing
folder, file, victim = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os if victim == "replace" else Landing, victim, kill)
with Landing(folder) as landing:
    loading.load(landing, [loading.find_source(file)])
"""


@pytest.fixture
def landed(tmp_path: Path) -> LandingPath:
    return LandingPath(tmp_path / "landing")


def batches(path: LandingPath) -> list[str]:
    """What a reader sees that lists the folder; engines leave out names that begin with a dot."""
    return sorted(entry.name for entry in path.folder.iterdir() if not entry.name.startswith(".") and entry.name != EMPTY)


def test_the_demo_lands_value_by_value_as_in_a_database(landed: LandingPath) -> None:
    database = Warehouse()
    for path in (landed, database):
        assert path.load(*DEMO).count_rejected == 0
    for table in every_table():
        columns = ", ".join(
            column.name for column in table.columns if column.name not in ("loaded_at", "batch_id", "rejected_at")
        )
        query = f"select {columns} from raw.{table.name} order by all"
        assert landed.rows(query) == database.rows(query), table.name
        types = f"select column_name, column_type from (describe raw.{table.name})"
        assert landed.rows(types) == database.rows(types), table.name


def test_a_second_load_adds_what_is_new_only(landed: LandingPath, tmp_path: Path) -> None:
    first = [cost(event_id="a"), cost(event_id="b"), cost()]
    landed.load(write_lines(tmp_path / "costs.ndjson", first))
    report = landed.load(write_lines(tmp_path / "costs.ndjson", [*first, cost(event_id="b", amount=7), cost(event_id="c")]))
    assert (report.count_loaded, report.count_duplicate) == (2, 3)
    assert landed.rows(
        "select event_id, cast(amount as double) from raw.cost_events where length(event_id) = 1 order by all"
    ) == [
        ("a", 0.25),
        ("b", 0.25),
        ("b", 7.0),
        ("c", 0.25),
    ]
    assert len(batches(landed)) == 2
    assert landed.rows("select count(distinct loaded_at) from raw.cost_events") == [(2,)]


def test_nothing_appears_of_a_strict_load_with_a_bad_line(landed: LandingPath, tmp_path: Path) -> None:
    assert landed.load(write_lines(tmp_path / "goals.ndjson", [goal(), "{oops"]), strict=True).batch_id is None
    assert batches(landed) == []
    assert landed.count("goal_events") == landed.count("rejected_records") == 0


def test_forgotten_sessions_do_not_land(landed: LandingPath, tmp_path: Path) -> None:
    landed.load(write_lines(tmp_path / "goals.ndjson", [goal(session_id="other")]))
    forgotten = landed.folder / "forgotten"
    forgotten.mkdir()
    landed.connection.execute(
        f"""copy (
            select now()::timestamp as loaded_at, 'b' as batch_id, 'session' as subject, '{subject_hash("s1")}' as subject_hash
        ) to '{forgotten / "tombstones.parquet"}'"""
    )
    report = landed.load(write_lines(tmp_path / "later_goals.ndjson", [goal(), goal(session_id="s2")]))
    assert (report.count_loaded, report.count_forgotten) == (1, 1)
    assert landed.rows("select session_id from raw.goal_events order by all") == [("other",), ("s2",)]


@pytest.mark.parametrize("victim", ["write", "keep", "replace"])
@pytest.mark.parametrize("is_first", [True, False])
def test_killed_at_any_moment_nothing_of_the_batch_is_there_and_the_next_load_has_it(
    landed: LandingPath, tmp_path: Path, victim: str, is_first: bool
) -> None:
    if not is_first:
        landed.load(write_lines(tmp_path / "earlier_costs.ndjson", [cost()]))
    seen = batches(landed) if not is_first else []
    path = write_lines(tmp_path / "goals.ndjson", [goal(event_id="a"), goal(event_id="b"), "{oops"])
    command = [sys.executable, "-c", KILLED, str(landed.folder), str(path), victim]
    killed = subprocess.run(command, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert batches(landed) == seen
    assert landed.load(path).count_loaded == 2
    assert len(batches(landed)) == len(seen) + 1
    assert (landed.count("goal_events"), landed.count("rejected_records")) == (2, 1)
    assert not (landed.folder / ".building").exists()


def test_one_lands_at_a_time(landed: LandingPath, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "goals.ndjson", [goal()])
    with Landing(landed.folder) as other, other.transaction("raw"):
        with pytest.raises(AgentGoalsError, match=r"another process is landing records in .*, still after 0\.2 s"):
            landed.load(path)
        told: list[str] = []
        waiting = Landing(landed.folder, lock_timeout=60, on_wait=told.append)
        landed_too = threading.Thread(target=lambda: waiting.transaction("raw").__enter__())
        landed_too.start()
        while not told:
            pass
    landed_too.join()
    assert "landing records" in told[0]


def test_a_path_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"cannot write .*/file/landing: Not a directory"):
        LandingPath(tmp_path / "file" / "landing").load(write_lines(tmp_path / "goals.ndjson", [goal()]))


def test_the_command_needs_no_dbt_project(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "goals.ndjson", [goal(), "{oops"])
    arguments = ["load", "--landing", str(tmp_path / "landing"), str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "agent_goals.cli", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "malformed_json" in done.stderr
    (found,) = [entry for entry in (tmp_path / "landing").iterdir() if entry.name[:1].isdigit()]
    files = {file.name for file in found.iterdir()}
    assert files == {"goal_events.parquet", "load_batches.parquet", "rejected_records.parquet"}


def test_ddl_writes_views_that_a_database_answers_from(landed: LandingPath, tmp_path: Path) -> None:
    landed.load(*DEMO)
    arguments = ["ddl", "--landing", str(landed.folder), "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    written = CliRunner().invoke(main, arguments)
    assert written.exit_code == 0, written.output
    with duckdb.connect() as connection:
        connection.execute(written.output)
        row = connection.execute("select count(*) from agent_goals_raw.goal_events").fetchone()
    assert row is not None
    assert row[0] == landed.count("goal_events") > 0
    refused = CliRunner().invoke(main, [*arguments, "--dialect", "postgres"])
    assert refused.exit_code == 2
    assert "postgres does not read Parquet files" in refused.output


def test_what_others_left_in_the_folder_is_left_alone(landed: LandingPath, tmp_path: Path) -> None:
    landed.folder.mkdir()
    (landed.folder / "notes.txt").write_text("mine")
    landed.load(write_lines(tmp_path / "goals.ndjson", [goal()]))
    assert (landed.folder / "notes.txt").read_text() == "mine"
    assert os.listdir(landed.folder / EMPTY)
