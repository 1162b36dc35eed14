"""The package's models run by run, as dbt keeps them: each run works on what is open, in one process and any number of times."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from compiled import CompiledModels, compile_nodes, create, empty_warehouse, in_order, run_dbt
from package_macros import load_macros

_LEDGER = "int_agent_goals__built_inputs"
_OPEN_INPUTS = "int_agent_goals__open_inputs"


class InterruptedRunError(Exception):
    """A run that was stopped between two models."""


class KeptModels(CompiledModels):
    """The models' SQL for a warehouse that has been built before, besides that for an empty one.

    What the hooks of kept tables do is done here by the same keys; that dbt runs those hooks is shown elsewhere.

    Args:
        folder: where dbt's artefacts go.
        variables: dbt vars.
    """

    def __init__(self, folder: Path, variables: Mapping[str, object] | None = None) -> None:
        super().__init__(folder, variables)
        with duckdb.connect(str(folder / "agent_goals.duckdb")) as connection, empty_warehouse() as empty:
            for (statement,) in empty.execute("select sql from duckdb_tables() where schema_name = 'agent_goals_raw'").fetchall():
                connection.execute("create schema if not exists agent_goals_raw")
                connection.execute(statement)
        run_dbt(folder, "seed")
        run_dbt(folder, "run", "--full-refresh")
        nodes = compile_nodes(folder, variables)
        self._partial = in_order({name: node for name, node in nodes.items() if node["resource_type"] == "model"})
        self._names = {node["name"]: node["relation_name"] for node in self._partial}
        keys = load_macros("incremental/working_set.sql").open_keys()
        self._keys = {name: (self._names[key["model"]], ", ".join(key["columns"])) for name, key in keys.items()}

    def run(self, connection: duckdb.DuckDBPyConnection, *, stop_after: int | None = None) -> None:
        """One `dbt run`.

        Args:
            connection: the warehouse.
            stop_after: after how many models the run is killed.

        Raises:
            InterruptedRunError: when it was.
        """
        for number, model in enumerate(self._partial):
            if number == stop_after:
                raise InterruptedRunError
            if model["config"]["materialized"] != "incremental":
                create(connection, model)
            elif not _exists(connection, model):
                create(connection, self._models[model["unique_id"]])
                self._note(connection, model)
            elif model["name"] != _LEDGER:
                connection.begin()
                for key in re.findall(r"remove_open_rows\('(\w+)'\)", str(model["config"]["pre-hook"])):
                    open_keys, columns = self._keys[key]
                    connection.execute(
                        f"delete from {model['relation_name']} where ({columns}) in (select {columns} from {open_keys})"
                    )
                connection.execute(f"insert into {model['relation_name']} {model['compiled_code']}")
                self._note(connection, model)
                connection.commit()

    def refreshed(self, warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """Another warehouse, made of the same inputs at once."""
        fresh = empty_warehouse()
        inputs = (
            "select schema_name, table_name from duckdb_tables() where schema_name like '%_raw' or schema_name like '%_seeds'"
        )
        for schema, table in warehouse.execute(inputs).fetchall():
            content = warehouse.sql(f"select * from {schema}.{table}").to_arrow_table()  # noqa: F841 (DuckDB reads it)
            fresh.execute(f"create schema if not exists {schema}")
            fresh.execute(f"create or replace table {schema}.{table} as select * from content")
        for model in in_order(self._models):
            create(fresh, model)
        return fresh

    def marts(self) -> list[tuple[str, str]]:
        """Names and relations of the public tables."""
        return [(node["name"], node["relation_name"]) for node in self._partial if "marts" in node["fqn"]]

    def _note(self, connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any]) -> None:
        if model["name"] == _LEDGER:
            return
        ledger, open_inputs = self._names[_LEDGER], self._names[_OPEN_INPUTS]
        table = {"table": model["alias"]}
        connection.execute(
            f"delete from {ledger} where table_name = $table and input_id in (select input_id from {open_inputs} where is_gone)",
            table,
        )
        connection.execute(
            f"""insert into {ledger} select $table, input_id, input_kind, subject, agents, valid_from from {open_inputs}
            where not is_gone and input_id not in (select input_id from {ledger} where table_name = $table)""",
            table,
        )


def same_rows(one: Sequence[tuple[Any, ...]], other: Sequence[tuple[Any, ...]]) -> bool:
    """Whether two lists of rows are the same, but for the order in which doubles were added up."""
    return len(one) == len(other) and all(map(_same_row, one, other))


def same_content(one: Mapping[str, Sequence[tuple[Any, ...]]], other: Mapping[str, Sequence[tuple[Any, ...]]]) -> bool:
    """Whether two sets of tables, by name, have the same rows: see `same_rows`."""
    return one.keys() == other.keys() and all(same_rows(one[name], other[name]) for name in one)


def _same_row(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
        if isinstance(first, float) and isinstance(second, float)
        else first == second
        for first, second in zip(one, other, strict=True)
    )


def _exists(connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any]) -> bool:
    query = "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?"
    row = connection.execute(query, [model["schema"], model["alias"]]).fetchone()
    return row is not None and row[0] > 0
