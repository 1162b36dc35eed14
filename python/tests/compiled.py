"""The package's models in one process: compiled by dbt once, run by DuckDB on any records in a fraction of a second."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from agent_goals.contract import RECORD_TYPES
from agent_goals.ddl import create_all, quote
from project import PROGRAMS, ROOT

Row = Mapping[str, Any]

_DATABASE = "agent_goals"
_RAW_SCHEMA = "agent_goals_raw"
#: What the models read besides the raw tables.
SEEDS = ("goal_definitions", "goal_experiments", "model_prices")


class CompiledModels:
    """The models' SQL in the order of their dependencies.

    Args:
        folder: where dbt's artefacts go.
        variables: dbt vars.
    """

    def __init__(self, folder: Path, variables: Mapping[str, object] | None = None) -> None:
        nodes = compile_nodes(folder, variables, "--full-refresh")
        self._models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
        self._seeds = {node["name"]: node for node in nodes.values() if node["resource_type"] == "seed"}
        self._tests = {node["name"]: node for node in nodes.values() if node["resource_type"] == "test"}

    def build(
        self, loads: Iterable[Iterable[Row]], definitions: Iterable[Row] = (), *, until: Iterable[str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """The marts of records in a database in memory.

        Args:
            loads: the records of each load, as columns of their raw table with ``type``; a later load has a later time.
            definitions: rows of the goal definitions.
            until: the models to build with what they read; all of them by default.
        """
        connection = empty_warehouse()
        for number, records in enumerate(loads):
            insert(connection, number, list(records))
        for name in SEEDS:
            self.create_seed(connection, name, list(definitions) if name == "goal_definitions" else [])
        self.build_in(connection, until=until)
        return connection

    def build_in(self, connection: duckdb.DuckDBPyConnection, *, until: Iterable[str] | None = None) -> None:
        """The models on what is in a database already, whose seeds `create_seed` made; ``until`` as for `build`."""
        for model in in_order(self._models, until):
            create(connection, model)

    def build_on(self, given: Mapping[str, pa.Table], names: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Models on tables that stand in for the models they read.

        Args:
            given: the tables by model, with the columns that matter; each takes the type that the model's contract has.
            names: the models to build, in this order.
        """
        connection = empty_warehouse()
        models = {node["name"]: node for node in self._models.values()}
        for name, table in given.items():
            node = models[name]
            types = {column: described.get("data_type") for column, described in node["columns"].items()}
            columns = ", ".join(
                f"cast({quote(column)} as {types[column]}) as {quote(column)}" if types.get(column) else quote(column)
                for column in table.column_names
            )
            connection.register("given_rows", table)
            create(
                connection, {**node, "config": {"materialized": "table"}, "compiled_code": f"select {columns} from given_rows"}
            )
            connection.unregister("given_rows")
        for name in names:
            create(connection, models[name])
        return connection

    def found_by(self, test: str, rows: Iterable[Row], *, seed: str = "goal_definitions") -> list[tuple[Any, ...]]:
        """The rows that a singular test over a seed's ``rows`` finds, whose models are built for it."""
        node = self._tests[test]
        models = [self._models[name]["name"] for name in node["depends_on"]["nodes"]]
        connection = self.build([], until=[])
        self.create_seed(connection, seed, list(rows))
        for model in in_order(self._models, models):
            create(connection, model)
        return connection.execute(node["compiled_code"]).fetchall()

    def create_seed(self, connection: duckdb.DuckDBPyConnection, name: str, rows: list[Row]) -> None:
        """Put rows, their values as text, in place of a seed's."""
        seed = self._seeds[name]
        columns = list(seed["columns"])
        connection.execute(f"create schema if not exists {quote(seed['schema'])}")
        connection.execute(
            f"create or replace table {seed['relation_name']} ({', '.join(f'{quote(column)} varchar' for column in columns)})"
        )
        if rows:
            marks = ", ".join("?" for _ in columns)
            values = [[None if row.get(column) is None else str(row[column]) for column in columns] for row in rows]
            connection.executemany(f"insert into {seed['relation_name']} values ({marks})", values)


def compile_nodes(folder: Path, variables: Mapping[str, object] | None, *options: str) -> dict[str, Any]:
    """The nodes of dbt's manifest after `dbt compile` in a warehouse of its own."""
    run_dbt(folder, "compile", "--vars", json.dumps(dict(variables or {})), *options)
    nodes: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    return nodes


def run_dbt(folder: Path, *arguments: str) -> None:
    """Run dbt on a warehouse in ``folder``, and fail with what it says."""
    environment = {
        **os.environ,
        "AGENT_GOALS_DUCKDB_PATH": str(folder / f"{_DATABASE}.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [str(PROGRAMS / "dbt"), "--quiet", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A database in memory with the raw tables, under the name that compiled models call it."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; set threads = 1")
    connection.execute(f"attach ':memory:' as {_DATABASE}; use {_DATABASE}")
    for statement in create_all(_RAW_SCHEMA):
        connection.execute(statement)
    return connection


def create(connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any]) -> None:
    """Make a model's table or view anew."""
    connection.execute(f"create schema if not exists {quote(model['schema'])}")
    kind = "view" if model["config"]["materialized"] == "view" else "table"
    connection.execute(f"create or replace {kind} {model['relation_name']} as {model['compiled_code']}")


def in_order(models: Mapping[str, Any], until: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Models after what they read: those named in ``until`` with all that they rest on, or all of them."""
    ordered: dict[str, dict[str, Any]] = {}

    def add(name: str) -> None:
        if name in models and name not in ordered:
            for other in models[name]["depends_on"]["nodes"]:
                add(other)
            ordered[name] = models[name]

    wanted = None if until is None else set(until)
    for name in sorted(models):
        if wanted is None or models[name]["name"] in wanted:
            add(name)
    return list(ordered.values())


def insert(connection: duckdb.DuckDBPyConnection, number: int, records: list[Row]) -> None:
    """Land records as load number ``number``; a later number is a later time of load."""
    for record_type in RECORD_TYPES.values():
        rows = [record for record in records if record["type"] == record_type.name]
        names = [field.name for field in record_type.columns]
        defaults = {field.name: field.default for field in record_type.columns if field.default is not None}
        if rows:
            marks = ", ".join(["?"] * len(names))
            table = f"{_RAW_SCHEMA}.{record_type.table}"
            columns = ", ".join([*map(quote, names), "loaded_at", "batch_id"])
            time = f"timestamp '2026-06-01' + interval {number} hour"
            values = [[row.get(name, defaults.get(name)) for name in names] for row in rows]
            connection.executemany(f"insert into {table} ({columns}) values ({marks}, {time}, 'batch_{number}')", values)
