"""A report says the same of the same marts on PostgreSQL as on DuckDB, whatever room it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import psycopg
import pytest

from agent_goals.report.data import Room, gather
from agent_goals.warehouse import DuckDB, Postgres
from project import build_marts
from report.marts import put_diagnostics

#: What PostgreSQL calls those types of columns that it has other names for.
TYPES = {"VARCHAR": 'text collate "C"', "DOUBLE": "double precision"}


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    marts = build_marts(tmp_path_factory.mktemp("report"), [], {"agent_goals__use_seeds": "true"})
    with duckdb.connect(str(marts.path)) as connection:
        put_diagnostics(connection)
        yield connection


@pytest.fixture(scope="module")
def on_postgres(postgres_server: int, on_duckdb: duckdb.DuckDBPyConnection) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The same marts, as they are: how dbt builds them there is for the conformance test."""
    address = f"host=127.0.0.1 port={postgres_server} user=postgres dbname=postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create schema report")
        for (mart,) in on_duckdb.execute(
            "select table_name from information_schema.tables where table_name like 'agent_goals%' and table_schema = 'main'"
        ).fetchall():
            columns = on_duckdb.execute(f"describe {mart}").fetchall()
            defined = ", ".join(f'"{name}" {TYPES.get(kind, kind)}' for name, kind, *_ in columns)
            connection.execute(f"create table report.{mart} ({defined})")
            with connection.cursor().copy(f"copy report.{mart} from stdin") as copy:
                for row in on_duckdb.execute(f"from {mart}").fetchall():
                    copy.write_row(row)
        yield connection
        connection.execute("drop schema report cascade")


@pytest.mark.parametrize("room", [Room(), Room(goal_rows=100, session_rows=50, funnel_rows=60, subjects=20, steps=3, rows=5)])
def test_a_report_says_the_same_on_postgres(
    on_duckdb: duckdb.DuckDBPyConnection, on_postgres: psycopg.Connection[tuple[object, ...]], room: Room
) -> None:
    now = datetime(2026, 8, 1, tzinfo=UTC)
    expected = gather(DuckDB(on_duckdb), "main", target="dev", generated_at=now, room=room).as_dict()
    found = gather(Postgres(on_postgres), "report", target="dev", generated_at=now, room=room).as_dict()
    assert set(found["parts"]) == set(expected["parts"])
    for name, part in expected["parts"].items():
        assert part["rows"], name
        assert json.dumps(found["parts"][name]) == json.dumps(part), name
