from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from agent_goals.cli import main
from agent_goals.contract import RECORD_TYPES
from agent_goals.forget import Forgotten, forget
from agent_goals.raw import RawTables
from agent_goals.warehouse import DuckDB
from loading_helpers import Warehouse, cost, goal, write_lines

RAW = RawTables("agent_goals_raw")


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def forgetting(
    warehouse: Warehouse, *, sessions: tuple[str, ...] = (), customers: tuple[str, ...] = (), dry_run: bool = False
) -> Forgotten:
    return forget(
        DuckDB(warehouse.connection),
        RAW,
        sessions=sessions,
        customers=customers,
        built_in=["main", "main_agent_goals_staging"],
        dry_run=dry_run,
    )


def turn(**fields: object) -> dict[str, object]:
    return {"type": "turn", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "turn_index": 0, "role": "user"} | fields


RECORDS = [
    goal(type="goal", customer_id="c1"),
    cost(type="cost"),
    turn(),
    {"type": "value", "session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "amount": 3, "environment": "staging"},
    # The customer is named by the session's record only.
    {"type": "session", "session_id": "s2", "occurred_at": "2026-01-01T00:00:00Z", "customer_id": "c1"},
    cost(type="cost", session_id="s2"),
    goal(type="goal", session_id="s3", customer_id="c2"),
    cost(type="cost", session_id="s3"),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    found = Warehouse()
    found.load(write_lines(tmp_path / "all.ndjson", RECORDS))
    return found


def sessions_left(warehouse: Warehouse) -> set[str]:
    tables = " union all ".join(f"select session_id from raw.{record.table}" for record in RECORD_TYPES.values())
    return {session for (session,) in warehouse.rows(tables)}


def test_a_session_is_gone_from_every_raw_table_in_every_environment(warehouse: Warehouse) -> None:
    forgotten = forgetting(warehouse, sessions=("s1",))
    assert forgotten.removed == {
        "agent_goals_raw.conversation_turns": 1,
        "agent_goals_raw.cost_events": 1,
        "agent_goals_raw.goal_events": 1,
        "agent_goals_raw.value_events": 1,
    }
    assert sessions_left(warehouse) == {"s2", "s3"}


def test_a_customer_takes_along_every_session_that_a_record_names_them_in(warehouse: Warehouse) -> None:
    forgotten = forgetting(warehouse, customers=("c1",))
    assert forgotten.subjects == {"session": 2, "customer": 1}
    assert sessions_left(warehouse) == {"s3"}


def test_tombstones_hold_hashes_once_and_a_later_time(warehouse: Warehouse) -> None:
    forgotten = forgetting(warehouse, customers=("c1",))
    marks = warehouse.rows("select subject, subject_hash from raw.tombstones order by all")
    assert marks == sorted([("customer", hashed("c1")), ("session", hashed("s1")), ("session", hashed("s2"))])
    later = "select loaded_at > (select max(loaded_at) from raw.load_batches), batch_id from raw.tombstones"
    assert set(warehouse.rows(later)) == {(True, forgotten.batch_id)}
    again = forgetting(warehouse, customers=("c1",), sessions=("s2",))
    assert again.is_empty
    assert again.batch_id is None
    assert warehouse.count("tombstones") == 3


def test_a_load_after_a_forget_has_a_later_time_than_it(warehouse: Warehouse, tmp_path: Path) -> None:
    forgetting(warehouse, sessions=("s1",))
    warehouse.connection.execute("update agent_goals_raw.tombstones set loaded_at = timestamp '2999-01-01'")
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(session_id="s9")]))
    assert warehouse.rows("select loaded_at > timestamp '2999-01-01' from raw.cost_events where session_id = 's9'") == [(True,)]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_reload_brings_nothing_back(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0 if at_once else 1 << 40)
    forgetting(warehouse, customers=("c1",))
    report = warehouse.load(tmp_path / "all.ndjson")
    assert (report.count_loaded, report.count_duplicate, report.count_rejected, report.count_forgotten) == (0, 2, 0, 6)
    assert sessions_left(warehouse) == {"s3"}
    # In a file of one type, which is read at once, with the customer in a session that is not known yet.
    records = [goal(session_id=f"n{number}", event_id=f"e{number}", customer_id=f"c{number % 2}") for number in range(3_000)]
    report = warehouse.load(write_lines(tmp_path / "goals.ndjson", records))
    assert (report.count_loaded, report.count_forgotten) == (1_500, 1_500)
    assert warehouse.rows("select count(*) from raw.goal_events where customer_id = 'c1'") == [(0,)]


def test_a_forgotten_line_of_a_contested_id_does_not_land_as_its_last(warehouse: Warehouse, tmp_path: Path) -> None:
    forgetting(warehouse, sessions=("s1",))
    lines = [cost(session_id="s8", event_id="a", amount=1), cost(session_id="s8", event_id="a", amount=2), cost(event_id="a")]
    report = warehouse.load(write_lines(tmp_path / "costs.ndjson", lines))
    counts = report.files[0].types["cost"]
    assert (counts.loaded, counts.duplicate, counts.forgotten) == (1, 1, 1)
    assert warehouse.rows("select session_id, amount::int from raw.cost_events where event_id = 'a'") == [("s8", 2)]


@pytest.mark.parametrize(
    ("line", "is_theirs"),
    [
        ('{"session_id": "s1", "goal": "g"}', True),
        ('{"session_id": "\\u0073\\u0031", "goal": "g"}', True),
        ('{"session_id": "s9", "session_id": "s1", "goal": "g"}', True),
        ('{"session_id": "s9", "customer_id": "c 1", "oops": 1}', True),
        ('{"session_id": "s1", "value": NaN}', True),
        ('{"session_id": "s1", "goal": ', True),
        ('{"customer_id": "c 1", "goal": ', True),
        ("session_id=s1 oops", True),
        ('["s1"]', True),
        (b'{"session_id": "s1", "reason": "\xff"}', True),
        (b"\xff s1", True),
        ('{"session_id": "s11", "goal": "g"}', False),
        ('{"session_id": "s9", "reason": "s1"}', False),
        ('{"session_id": "c 1"}', False),
    ],
)
def test_a_bad_line_is_forgotten_and_stays_so(tmp_path: Path, line: str | bytes, *, is_theirs: bool) -> None:
    warehouse = Warehouse()
    path = write_lines(tmp_path / "goals.ndjson", [line])
    assert warehouse.load(path).count_rejected == 1
    forgotten = forgetting(warehouse, sessions=("s1",), customers=("c 1",))
    assert forgotten.removed == ({"agent_goals_raw.rejected_records": 1} if is_theirs else {})
    report = warehouse.load(path)
    assert (report.count_forgotten, report.count_rejected) == (int(is_theirs), int(not is_theirs))
    assert warehouse.count("rejected_records") == int(not is_theirs)
    assert len(warehouse.rejected) == int(not is_theirs)


def test_the_packages_tables_lose_their_rows_and_views_and_tables_of_others_are_let_be(warehouse: Warehouse) -> None:
    warehouse.connection.execute(
        """
        create schema main_agent_goals_staging;
        create schema elsewhere;
        create table agent_goals__sessions as from (values ('s1', 'c1'), ('s3', 'c2'), (null, 'c1')) t(session_id, customer_id);
        create table agent_goals__numbered as from (values (1), (2)) t(customer_id);
        create table daily as from (values ('2026-01-01', 2)) t(metric_date, sessions);
        create table customers as from (values ('c1')) t(customer_id);
        create view shown as from agent_goals__sessions;
        create table main_agent_goals_staging.int_agent_goals__outcomes as from (values ('s1'), ('s3')) t(session_id);
        create table main_agent_goals_staging.int_agent_goals__units as
            from (values ('s1', 's1'), ('c1', 's7'), ('c2', 's3'), ('c3', 's1')) t(unit_id, first_session_id);
        create table elsewhere.kept as from (values ('s1')) t(session_id);
        """
    )
    forgotten = forgetting(warehouse, sessions=("s1",), customers=("c1", "1"))
    built = {name: count for name, count in forgotten.removed.items() if not name.startswith("agent_goals_raw")}
    assert built == {
        "main.agent_goals__sessions": 2,
        "main.agent_goals__numbered": 1,
        "main_agent_goals_staging.int_agent_goals__outcomes": 1,
        "main_agent_goals_staging.int_agent_goals__units": 3,
    }
    assert warehouse.rows("from agent_goals__sessions") == [("s3", "c2")]
    assert warehouse.rows("from elsewhere.kept") == [("s1",)]
    assert warehouse.rows("from customers") == [("c1",)]


def test_a_dry_run_counts_the_same_and_removes_nothing(warehouse: Warehouse) -> None:
    counted = forgetting(warehouse, customers=("c1",), dry_run=True)
    assert warehouse.count("tombstones") == 0
    assert sessions_left(warehouse) == {"s1", "s2", "s3"}
    assert forgetting(warehouse, customers=("c1",)).removed == counted.removed


HOSTILE_IDS = ["' or true --", '"', "$session", "%(a)s", "ü\n", "\\u0073", "; drop table x"]


def test_an_id_is_never_read_as_sql(tmp_path: Path) -> None:
    warehouse = Warehouse()
    warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost(session_id=each) for each in (*HOSTILE_IDS, "other")]))
    assert forgetting(warehouse, sessions=tuple(HOSTILE_IDS)).count_removed == len(HOSTILE_IDS)
    assert sessions_left(warehouse) == {"other"}


def test_whom_nobody_has_seen_yet_can_be_forgotten_before_the_first_load(tmp_path: Path) -> None:
    warehouse = Warehouse()
    assert forgetting(warehouse, sessions=("s1",)).new == {"session": 1, "customer": 0}
    assert warehouse.load(write_lines(tmp_path / "costs.ndjson", [cost()])).count_forgotten == 1


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_PROFILE", "DBT_TARGET", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text("shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_asks_before_it_removes_and_reports_what_it_did(project: Path) -> None:
    run("load", write_lines(project / "all.ndjson", RECORDS))
    refused = run("forget", "--session", "s1")
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    counted = json.loads(run("forget", "--customer", "c1", "--dry-run", "--json").stdout)
    assert (counted["dry_run"], counted["sessions"], counted["new_customers"], counted["batch_id"]) == (True, 2, 1, None)
    done = run("forget", "--customer", "c1", "--yes")
    assert done.exit_code == 0
    assert "agent_goals_raw.goal_events" in done.stdout
    assert "dbt run" in done.output
    again = run("forget", "--customer", "c1", "--session", "s1", "--yes")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "forgotten before" in again.output
    loaded = run("load", "all.ndjson")
    assert loaded.exit_code == 0
    assert "forgotten" in loaded.stdout


@pytest.mark.parametrize("arguments", [[], ["--session", ""], ["--customer", "c1", "--session", ""]])
def test_nobody_and_an_empty_id_are_refused(project: Path, arguments: list[str]) -> None:
    assert run("forget", "--yes", *arguments).exit_code == 2


KILLED = """
import os, signal, sys
from agent_goals import forget
mark = forget._Removal._mark
if sys.argv[1] == "before":
    forget._Removal._mark = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
else:
    def marked(*given):
        mark(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    forget._Removal._mark = marked
sys.argv[1:] = ["forget", "--customer", "c1", "--yes"]
from agent_goals.cli import main
main()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_before_the_commit_it_did_not_happen(project: Path, when: str) -> None:
    run("load", write_lines(project / "all.ndjson", RECORDS))
    killed = subprocess.run([sys.executable, "-c", KILLED, when], env={**os.environ}, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    with duckdb.connect("shop.duckdb") as connection:
        assert connection.execute("select count(*) from agent_goals_raw.tombstones").fetchone() == (0,)
        assert connection.execute("select count(*) from agent_goals_raw.cost_events").fetchone() == (3,)
    assert json.loads(run("forget", "--customer", "c1", "--yes", "--json").stdout)["removed"]["agent_goals_raw.cost_events"] == 2
