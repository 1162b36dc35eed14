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
from agent_goals.forget import Forgotten, forget
from agent_goals.raw import RawTables
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


FORGETTING = """
import sys
from pathlib import Path
from agent_goals.forget import forget
from agent_goals.raw import RawTables
from agent_goals.warehouse import Landing
with Landing(Path(sys.argv[1])) as landing:
    forget(landing, RawTables("agent_goals_raw"), customers=["c1"])
"""

KILLED_FORGETTING = f"""
import os, signal, sys
replace, left = os.replace, int(sys.argv[2])
def counted(*names):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    replace(*names)
os.replace = counted
{FORGETTING}"""


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


def land_three_sessions(landed: LandingPath, folder: Path) -> list[Path]:
    """Two batches with sessions of the customer c1, and a line that names them, and one of somebody else."""
    turn = {"type": "turn", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "turn_index": 0, "role": "user"}
    session = {"type": "session", "session_id": "s2", "occurred_at": "2026-01-01T00:00:00Z", "customer_id": "c1"}
    lots = [
        [goal(type="goal", customer_id="c1"), cost(type="cost"), turn, '{"session_id": "s1", "goal": '],
        [session, cost(type="cost", session_id="s2"), goal(type="goal", session_id="s3", customer_id="c2")],
        [cost(type="cost", session_id="s3", amount=7)],
    ]
    paths = [write_lines(folder / f"lot_{number}.ndjson", lot) for number, lot in enumerate(lots)]
    for path in paths:
        landed.load(path)
    return paths


def forgetting(landed: LandingPath, *, dry_run: bool = False) -> Forgotten:
    with Landing(landed.folder) as landing:
        return forget(landing, RawTables("agent_goals_raw"), customers=["c1"], dry_run=dry_run)


def sessions_landed(landed: LandingPath) -> set[str]:
    tables = ["goal_events", "cost_events", "value_events", "sessions", "conversation_turns"]
    rows = landed.rows(" union all ".join(f"select session_id from raw.{table}" for table in tables))
    return {session for (session,) in rows}


def test_who_is_forgotten_leaves_the_files_and_does_not_land_again(landed: LandingPath, tmp_path: Path) -> None:
    paths = land_three_sessions(landed, tmp_path)
    untouched = landed.folder / batches(landed)[2] / "cost_events.parquet"
    before = untouched.stat()
    counted = forgetting(landed, dry_run=True)
    assert sessions_landed(landed) == {"s1", "s2", "s3"}
    forgotten = forgetting(landed)
    assert forgotten.removed == counted.removed
    assert forgotten.removed == {
        "agent_goals_raw.conversation_turns": 1,
        "agent_goals_raw.cost_events": 2,
        "agent_goals_raw.goal_events": 1,
        "agent_goals_raw.rejected_records": 1,
        "agent_goals_raw.sessions": 1,
    }
    assert sessions_landed(landed) == {"s3"}
    assert landed.count("rejected_records") == 0
    assert set(landed.rows("select subject, subject_hash, batch_id from raw.tombstones")) == {
        (subject, subject_hash(name), forgotten.batch_id)
        for subject, name in [("customer", "c1"), ("session", "s1"), ("session", "s2")]
    }
    assert (untouched.stat().st_ino, untouched.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not any((landed.folder / name).exists() for name in (".building", ".rewriting", ".spilled"))
    reports = [landed.load(path) for path in paths]
    assert sum(report.count_loaded for report in reports) == 0
    assert sessions_landed(landed) == {"s3"}
    assert forgetting(landed).is_empty


def test_the_names_of_folders_say_nothing_of_rows(tmp_path: Path) -> None:
    landed = LandingPath(tmp_path / "environment=elsewhere" / "landing")
    land_three_sessions(landed, tmp_path)
    rest = "select * from raw.goal_events where session_id = 's3'"
    before = landed.rows(rest)
    assert "elsewhere" not in before[0]
    forgetting(landed)
    assert landed.rows(rest) == before


def test_killed_between_files_the_same_call_forgets_the_rest(landed: LandingPath, tmp_path: Path) -> None:
    land_three_sessions(landed, tmp_path)
    # The tombstones' batch, and a file for each kind of record and batch that has any of theirs.
    for survived in range(7):
        command = [sys.executable, "-c", KILLED_FORGETTING, str(landed.folder), str(survived)]
        killed = subprocess.run(command, check=False, capture_output=True)
        if not killed.returncode:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        # Whatever moment it was, all files can be read, and marks are there before anything is gone.
        assert "s3" in sessions_landed(landed)
        assert landed.count("tombstones") == (3 if survived else 0)
    assert survived > 1
    assert sessions_landed(landed) == {"s3"}
    assert landed.count("tombstones") == 3
    assert landed.count("rejected_records") == 0


def test_without_room_for_what_remains_nobody_is_forgotten_and_it_says_so(landed: LandingPath, tmp_path: Path) -> None:
    land_three_sessions(landed, tmp_path)
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); {FORGETTING}"
    found = subprocess.run([sys.executable, "-c", code, str(landed.folder)], check=False, capture_output=True, text=True)
    assert found.returncode == 1
    assert "WriteError: cannot write" in found.stderr
    assert "Nothing was written." in found.stderr
    assert sessions_landed(landed) == {"s1", "s2", "s3"}
    assert landed.count("tombstones") == 0
    assert not any((landed.folder / name).exists() for name in (".building", ".rewriting"))


def test_the_command_forgets_on_a_landing_path_and_on_nothing_else(landed: LandingPath, tmp_path: Path) -> None:
    land_three_sessions(landed, tmp_path)
    words = ["forget", "--customer", "c1", "--yes", "--landing"]
    refused = CliRunner().invoke(main, [*words, str(tmp_path / "nowhere")])
    assert refused.exit_code == 2
    assert "nothing has been landed in" in refused.output
    assert not (tmp_path / "nowhere").exists()
    # What loads go by says nothing of what is to be removed.
    named = CliRunner().invoke(
        main, [*words[:-1], "--project-dir", str(tmp_path)], env={"AGENT_GOALS_LANDING": str(landed.folder)}
    )
    assert named.exit_code == 2
    assert sessions_landed(landed) == {"s1", "s2", "s3"}
    assert CliRunner().invoke(main, [*words, str(landed.folder)]).exit_code == 0
    assert sessions_landed(landed) == {"s3"}


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
    if not is_first:
        # What is half written is not read either.
        assert [landed.count(table) for table in ("cost_events", "goal_events", "rejected_records")] == [1, 0, 0]
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
