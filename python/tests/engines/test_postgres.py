"""The helper on a PostgreSQL server: what it loads and forgets there, and what each role of a deployment may do."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agent_goals import loading
from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import every_table
from agent_goals.errors import LoadError
from agent_goals.forget import forget
from agent_goals.loading.report import LoadReport
from agent_goals.profile import Target
from agent_goals.raw import RawTables
from agent_goals.roles import BUILDER, DBT_GRANTS, FORGETTER, LOADER, READER
from agent_goals.warehouse import DuckDB, Postgres, Warehouse, connect
from loading_helpers import cost, goal, write_lines
from project import ROOT

from .engine import Engine

psycopg = pytest.importorskip("psycopg")

RAW = RawTables("agent_goals_raw")
PROGRAMS = Path(sys.executable).parent

#: What every load has anew, and the times of a batch.
OF_THE_BATCH = {"batch_id", "loaded_at", "rejected_at"}


@dataclass(frozen=True)
class Database:
    """A database of its own on the test's server."""

    port: int
    name: str

    def target(self, user: str = "postgres") -> Target:
        config = {
            "type": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "user": user,
            "dbname": self.name,
            "schema": "marts",
        }
        return Target("test", "test", config, ROOT, RAW.schema, {})

    def open(self, user: str = "postgres", **options: Any) -> Warehouse:
        return connect(self.target(user), **options)

    def rows(self, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        with self.open(user) as warehouse:
            return warehouse.rows(query)

    def load(self, *paths: Path, user: str = "postgres", **options: Any) -> LoadReport:
        with self.open(user) as warehouse:
            return loading.load(warehouse, loading.find_sources(paths), **options)

    def environment(self, user: str = "postgres") -> dict[str, str]:
        """What profiles.yml reads, to reach the database as a user."""
        reached_by = {"HOST": "127.0.0.1", "PORT": str(self.port), "DATABASE": self.name, "USER": user, "SCHEMA": "marts"}
        return {f"AGENT_GOALS_POSTGRES_{name}": value for name, value in reached_by.items()}

    def command(self, *arguments: str | Path, user: str = "postgres") -> subprocess.CompletedProcess[str]:
        """Run `agent-goals` on the database as a user."""
        command = [str(PROGRAMS / "agent-goals"), *map(str, arguments), "--project-dir", str(ROOT), "--target", "postgres"]
        environment = {**os.environ, **self.environment(user), "DBT_PROFILES_DIR": str(ROOT)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


_numbers = itertools.count()


@pytest.fixture
def database(postgres_server: int) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    admin = psycopg.connect(host="127.0.0.1", port=postgres_server, user="postgres", dbname="postgres", autocommit=True)
    admin.execute(f"create database {name}")
    yield Database(postgres_server, name)
    admin.execute(f"drop database {name} with (force)")
    admin.close()


def contents(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every row of the raw tables, in an order of its own."""
    return {
        table.name: sorted(
            repr({name: value for name, value in row.items() if name not in OF_THE_BATCH})
            for row in warehouse.mappings(f'select * from {RAW.schema}."{table.name}"')
        )
        for table in every_table()
    }


TEXTS = [
    "tab\there",
    "back\\slash \\N \\.",
    "new\nline",
    "carriage\r",
    "ü 🎉 \x01",
    "\"quoted\", 'twice'",
    "\\",
    "\\t",
    "{}",
    "NULL",
    " ",
]

NUMBERS = [0.1, -0.0, 1e-300, 123456789.123456789, 1 / 3, 999_999_999_999]


def texts_and_numbers(path: Path) -> Path:
    texts = [goal(event_id=f"t{index}", reason=text, metadata={"text": text}) for index, text in enumerate(TEXTS)]
    numbers = [
        goal(event_id=f"n{index}", score=number, value=repr(number), achieved=None) for index, number in enumerate(NUMBERS)
    ]
    moments = [
        goal(event_id=f"m{index}", occurred_at=moment)
        for index, moment in enumerate(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-03-29T02:30:00.5+02:00"])
    ]
    return write_lines(path, [*texts, *numbers, *moments])


def scenario(folder: Path) -> Iterator[tuple[list[Path], dict[str, Any]]]:
    """Loads one after another: files, and what the load is told."""
    yield [texts_and_numbers(folder / "goals.ndjson")], {}
    costs = folder / "costs.ndjson"
    bad = ["{oops", '{"session_id": "a\\u0000", "\\u0000": 1}', '{"session_id": "a\0b"}', b'{"session_id": "\xff"}', "\t\\N"]
    lines = [cost(), cost(), cost(event_id="a", amount=1), cost(event_id="a", amount=2), *bad]
    yield [write_lines(costs, lines)], {}
    yield [costs], {}
    # The same and a correction, in a file that has not been seen.
    yield [write_lines(folder / "more_costs.ndjson", [*lines, cost(event_id="a", amount=3), cost(session_id="s2")])], {}
    yield [write_lines(folder / "bad_costs.ndjson", [cost(session_id="s3"), "{oops"])], {"strict": True}
    yield [folder / "goals.ndjson", folder / "more_costs.ndjson"], {}
    sessions = [
        {
            "session_id": f"s{n}",
            "occurred_at": "2026-01-01T00:00:00Z",
            "customer_id": f"c{n}",
            "started_at": "2026-01-01T00:00:00Z",
        }
        for n in range(3_000)
    ]
    yield [write_lines(folder / "sessions.ndjson", sessions)], {}
    yield [write_lines(folder / "sessions.ndjson", [*sessions[::-1], sessions[0] | {"channel": "web"}])], {}


@pytest.mark.parametrize("at_once", [True, False])
def test_loads_leave_the_same_rows_and_reports_as_in_duckdb(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    monkeypatch.setattr("agent_goals.loading.at_once.AT_ONCE_BYTES", 0 if at_once else 1 << 40)
    embedded = DuckDB(duckdb.connect())
    for paths, options in scenario(tmp_path):
        expected = loading.load(embedded, loading.find_sources(paths), **options).as_dict()
        found = database.load(*paths, **options).as_dict()
        assert {**found, "batch_id": found["batch_id"] is None} == {**expected, "batch_id": expected["batch_id"] is None}
        with database.open() as warehouse:
            assert contents(warehouse) == contents(embedded)
    assert len(contents(embedded)["sessions"]) == 3_001


def test_later_batches_have_later_times_and_all_rows_of_one_have_its_own(database: Database, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "costs.ndjson", [cost(session_id="s1"), "{oops"])
    first = database.load(path)
    database.rows("update agent_goals_raw.load_batches set loaded_at = timestamp '2999-01-01' returning 1")
    second = database.load(write_lines(path, [cost(session_id="s2"), "{no"]))
    for table, time in ((RAW.of(RECORD_TYPES["cost"]), "loaded_at"), (RAW.rejected, "rejected_at")):
        found = dict(database.rows(f"select batch_id, {time} > timestamp '2999-01-01' from {table}"))
        assert found == {first.batch_id: False, second.batch_id: True}


KILLED = """
import os, signal
from agent_goals.warehouse import Postgres
copy, sent = Postgres.copy, []
def killed(self, table, columns, blocks):
    copy(self, table, columns, blocks)
    sent.append(table)
    if len(sent) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
Postgres.copy = killed
from agent_goals.cli import main
main()
"""


def test_killed_while_it_sends_nothing_has_happened(database: Database, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "all.ndjson", [goal(type="goal"), cost(type="cost")])
    options = ["--project-dir", str(ROOT), "--target", "postgres"]
    environment = {**os.environ, **database.environment(), "DBT_PROFILES_DIR": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, "load", str(path), *options], env=environment, check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    assert database.rows("select count(*) from pg_namespace where nspname = 'agent_goals_raw'") == [(0,)]
    assert database.load(path).count_loaded == 2


def test_one_writer_waits_for_another_and_says_for_whom(database: Database, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "costs.ndjson", [cost()])
    waited_for: list[str] = []
    with database.open() as holder, holder.transaction(RAW.schema):
        ((pid,),) = holder.rows("select pg_backend_pid()")
        for timeout in (0.0, 0.2):
            with (
                database.open(lock_timeout=timeout, on_wait=waited_for.append) as warehouse,
                pytest.raises(LoadError, match=rf"PID {pid}.*still writing.*--lock-timeout"),
            ):
                loading.load(warehouse, loading.find_sources([path]))
    assert len(waited_for) == 2
    assert database.load(path).count_loaded == 1
    with database.open() as holder, holder.transaction("another"), database.open(lock_timeout=0.2) as warehouse:
        holder.run("lock table agent_goals_raw.cost_events")
        with pytest.raises(LoadError, match="another session holds what is needed"):
            forget(warehouse, RAW, sessions=["s1"])


def test_loads_of_the_same_file_at_once_land_it_once(database: Database, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "costs.ndjson", [cost(session_id=f"s{number}") for number in range(2_000)])
    reports: list[LoadReport] = []
    loads = [threading.Thread(target=lambda: reports.append(database.load(path))) for _ in range(4)]
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    assert sorted(report.count_loaded for report in reports) == [0, 0, 0, 2_000]
    assert database.rows("select count(*) from agent_goals_raw.cost_events") == [(2_000,)]


def test_a_query_is_answered_and_cannot_write(database: Database, tmp_path: Path) -> None:
    database.load(write_lines(tmp_path / "costs.ndjson", [cost(session_id=f"s{number}") for number in range(3)]))
    with database.open(read_only=True) as warehouse:
        columns, rows = warehouse.answer(
            'select session_id, 5 % 2 as "a $b" from cost_events order by 1', ["nowhere", RAW.schema]
        )
        assert (columns, list(rows)) == (["session_id", "a $b"], [("s0", 1), ("s1", 1), ("s2", 1)])
        assert list(warehouse.answer("select 1 where false", [RAW.schema])[1]) == []
        for wrong, told in {
            "delete from cost_events": "read-only transaction",
            "create table t (a int)": "read-only transaction",
            "selec": "syntax error",
            "select 1 / (session_id = 's0')::int from cost_events order by session_id": "division by zero",
        }.items():
            with pytest.raises(LoadError, match=told):
                list(warehouse.answer(wrong, [RAW.schema])[1])
    assert database.rows("select count(*) from agent_goals_raw.cost_events") == [(3,)]


def test_what_cannot_be_reached_or_is_lost_says_so(database: Database, tmp_path: Path) -> None:
    nowhere = Target("shop", "prod", {"type": "postgres", "host": "127.0.0.1", "port": 1, "user": "u"}, ROOT, "raw", {})
    with pytest.raises(LoadError, match=r"cannot connect to PostgreSQL at 127\.0\.0\.1:1/.*target 'prod' of profile 'shop'"):
        connect(nowhere)
    path = write_lines(tmp_path / "costs.ndjson", [cost()])

    def lose(_: object) -> None:
        with database.open() as other:
            other.rows(
                """select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()"""
            )

    with pytest.raises(LoadError, match="Nothing was written"):
        database.load(path, on_file=lose)
    assert database.load(path).count_loaded == 1


FORGOTTEN = [
    goal(type="goal", customer_id="c1"),
    cost(type="cost"),
    {"type": "session", "session_id": "s2", "occurred_at": "2026-01-01T00:00:00Z", "customer_id": "c1"},
    *(cost(type="cost", session_id=each) for each in ("s2", "s3", "' or true --", "%(session)s", "$session")),
    '{"session_id": "s2", "oops": 1, "type": "cost"}',
    '{"session_id": "s2\\u0000", "type": "cost"}',
    "s2 oops",
    "s3 oops",
]

BUILT = """
    create schema marts;
    create schema marts_agent_goals_staging;
    create table marts.agent_goals__outcomes (session_id text, customer_id varchar);
    insert into marts.agent_goals__outcomes values ('s1', 'c1'), ('s3', 'c2'), (null, 'c1');
    create table marts.agent_goals__numbered (customer_id bigint);
    insert into marts.agent_goals__numbered values (1), (2);
    create table marts_agent_goals_staging.int_agent_goals__p (session_id text) partition by list (session_id);
    create table marts_agent_goals_staging.part_1
        partition of marts_agent_goals_staging.int_agent_goals__p for values in ('s1', 's3');
    insert into marts_agent_goals_staging.int_agent_goals__p values ('s1'), ('s3');
    create view marts.shown as select * from marts.agent_goals__outcomes;
"""


def test_forgetting_removes_the_same_as_in_duckdb_and_a_reload_brings_nothing_back(database: Database, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "all.ndjson", FORGOTTEN)
    embedded = DuckDB(duckdb.connect())
    who: dict[str, Any] = {"sessions": ["' or true --", "%(session)s", "$session"], "customers": ["c1", "1"]}
    loading.load(embedded, loading.find_sources([path]))
    expected = forget(embedded, RAW, **who)
    database.load(path)
    with database.open() as warehouse:
        assert isinstance(warehouse, Postgres)
        warehouse.connection.execute(BUILT)
        schemas = ["marts", "marts_agent_goals_staging"]
        counted = forget(warehouse, RAW, **who, built_in=schemas, dry_run=True)
        found = forget(warehouse, RAW, **who, built_in=schemas)
        assert counted.removed == found.removed
        built = {
            "marts.agent_goals__numbered": 1,
            "marts.agent_goals__outcomes": 2,
            "marts_agent_goals_staging.int_agent_goals__p": 1,
        }
        assert found.removed == {**expected.removed, **built}
        assert (found.subjects, found.new) == (expected.subjects, expected.new)
        assert contents(warehouse) == contents(embedded)
        assert forget(warehouse, RAW, **who, built_in=schemas).is_empty
    assert loading.load(embedded, loading.find_sources([path])).count_forgotten == database.load(path).count_forgotten == 9
    with database.open() as warehouse:
        assert contents(warehouse) == contents(embedded)


FORGET_KILLED = """
import os, signal
from agent_goals import forget
mark = forget._Removal._mark
def killed(*given):
    mark(*given)
    os.kill(os.getpid(), signal.SIGKILL)
forget._Removal._mark = killed
from agent_goals.cli import main
main()
"""


def test_forgetting_that_is_killed_has_not_happened(database: Database, tmp_path: Path) -> None:
    database.load(write_lines(tmp_path / "all.ndjson", FORGOTTEN))
    with database.open() as warehouse:
        before = contents(warehouse)
    options = ["--project-dir", str(ROOT), "--target", "postgres", "--customer", "c1", "--yes"]
    environment = {**os.environ, **database.environment(), "DBT_PROFILES_DIR": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", FORGET_KILLED, "forget", *options], env=environment, check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    with database.open() as warehouse:
        assert contents(warehouse) == before


LOGINS = {"ann_loads": LOADER, "ben_forgets": FORGETTER, "eve_builds": BUILDER, "joe_reads": READER}


def test_each_role_may_do_its_work_and_nothing_else(database: Database, tmp_path: Path) -> None:
    ddl = database.command("ddl", "--roles")
    assert ddl.returncode == 0, ddl.stderr
    with database.open() as admin:
        assert isinstance(admin, Postgres)
        for _ in range(2):
            admin.connection.execute(ddl.stdout)
        for login, role in LOGINS.items():
            admin.connection.execute(f"drop role if exists {login}")
            admin.connection.execute(f"create role {login} login in role {role}")

    path = write_lines(tmp_path / "all.ndjson", FORGOTTEN)
    loaded = database.command("load", path, user="ann_loads")
    assert loaded.returncode == 1, loaded.stderr
    assert database.command("load", path, user="ann_loads").returncode == 1

    builder = {**database.environment("eve_builds"), "AGENT_GOALS_POSTGRES_ROLE": BUILDER}
    grants = {name: json.dumps(each) for name, each in DBT_GRANTS.items()}
    dbt = Engine("postgres", "postgres", {**builder, **grants}, tmp_path / "dbt")
    dbt.dbt("seed", "--exclude", "path:seeds/demo")
    dbt.dbt("run")

    summary = database.command("summary", "--json", user="joe_reads")
    assert summary.returncode == 0, summary.stderr
    assert [row["goal"] for row in json.loads(summary.stdout)["goal_performance"]] == ["resolved"]

    for login, may, may_not in ATTEMPTS:
        for statement in may:
            attempt(database, login, statement)
        for statement in may_not:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                attempt(database, login, statement)

    for command, refused in (
        (["load", path], ["ben_forgets", "eve_builds", "joe_reads"]),
        (["forget", "--customer", "c1", "--yes"], ["ann_loads", "eve_builds", "joe_reads"]),
    ):
        for user in refused:
            done = database.command(*command, user=user)
            assert done.returncode == 2, (user, command, done.stdout)
            assert "refuses" in done.stderr

    forgotten = database.command("forget", "--customer", "c1", "--yes", "--json", user="ben_forgets")
    assert forgotten.returncode == 0, forgotten.stderr
    assert json.loads(forgotten.stdout)["removed"]["marts.agent_goals__sessions"] == 2
    dbt.dbt("run")
    assert database.rows("select count(*) from marts.agent_goals__sessions where session_id in ('s1', 's2')") == [(0,)]
    again = database.command("load", path, "--json", user="ann_loads")
    assert json.loads(again.stdout)["loaded"] == 0


def attempt(database: Database, user: str, statement: str) -> None:
    """Run a statement as a user, and undo it."""
    connection = psycopg.connect(host="127.0.0.1", port=database.port, user=user, dbname=database.name)
    with connection:
        connection.execute(statement)
        connection.rollback()


_RAW_TABLES = [*(RAW.of(record) for record in RECORD_TYPES.values()), RAW.rejected, RAW.ledger, RAW.tombstones, RAW.label_samples]
_WRITES: list[Callable[[str], str]] = [
    lambda table: f"insert into {table} select * from {table} limit 0",
    lambda table: f"update {table} set batch_id = 'x' where false",
    lambda table: f"delete from {table} where false",
    lambda table: f"truncate {table}",
    lambda table: f"drop table {table}",
]
_MART, _STAGED = "marts.agent_goals__sessions", "marts_agent_goals_staging.stg_agent_goals__cost_events"
_SELECT_RAW = [f"select * from {table}" for table in _RAW_TABLES]

#: Login, statements that it may run, and statements that it may not.
ATTEMPTS: list[tuple[str, list[str], list[str]]] = [
    (
        "ann_loads",
        [*_SELECT_RAW, *(_WRITES[0](table) for table in _RAW_TABLES if table != RAW.tombstones)],
        [
            _WRITES[0](RAW.tombstones),
            *(write(table) for write in _WRITES[1:] for table in _RAW_TABLES),
            f"select * from {_MART}",
            f"select * from {_STAGED}",
            "create table agent_goals_raw.mine (x int)",
            "create schema mine",
        ],
    ),
    (
        "ben_forgets",
        [
            *_SELECT_RAW,
            *(_WRITES[2](table) for table in _RAW_TABLES if table not in (RAW.ledger, RAW.tombstones)),
            _WRITES[0](RAW.tombstones),
            _WRITES[2](_MART),
            _WRITES[2](_STAGED),
        ],
        [
            _WRITES[2](RAW.ledger),
            _WRITES[2](RAW.tombstones),
            *(_WRITES[0](table) for table in _RAW_TABLES if table != RAW.tombstones),
            *(write(table) for write in (_WRITES[1], *_WRITES[3:]) for table in _RAW_TABLES),
            f"insert into {_MART} select * from {_MART} limit 0",
            "create table marts.mine (x int)",
        ],
    ),
    (
        "eve_builds",
        _SELECT_RAW,
        [*(write(table) for write in _WRITES for table in _RAW_TABLES), "create table agent_goals_raw.mine (x int)"],
    ),
    (
        "joe_reads",
        [f"select * from {_MART}", "select * from marts.agent_goals__goal_performance"],
        [
            *_SELECT_RAW,
            *(write(table) for write in _WRITES for table in _RAW_TABLES),
            f"select * from {_STAGED}",
            "select * from marts_agent_goals_seeds.goal_definitions",
            f"delete from {_MART} where false",
            "create table marts.mine (x int)",
        ],
    ),
]
