"""A landing path: raw tables as Parquet files that any engine can read, a folder for each batch of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from agent_goals.ddl import COLUMN_TYPES, Dialect, Table, create_schema, every_table, quote
from agent_goals.errors import AgentGoalsError
from agent_goals.files import WriteError, alone, settle
from agent_goals.warehouse.embedded import DuckDB

#: The folder with a file of every table that has its columns and no rows: no engine finds a table without a file.
EMPTY = "empty"

#: What dialects can read the files where they are.
READERS: tuple[Dialect, ...] = ("duckdb", "spark")

_BUILDING = ".building"
_LOCK = ".lock"


class Landing(DuckDB):
    """A landing path. A batch appears there in one step, as a folder of its own.

    Asked about what has landed, it answers as a warehouse with the raw tables would; it is written to by batches only.

    Args:
        folder: the path, made when it is missing.
        lock_timeout: seconds to wait while another process lands there.
        on_wait: told once that another process has to be waited for.
    """

    knows_greatest = False

    def __init__(  # noqa: D107 (the class says it)
        self, folder: Path, *, lock_timeout: float = 30.0, on_wait: Callable[[str], None] = lambda holder: None
    ) -> None:
        super().__init__(duckdb.connect())
        self.folder = folder.absolute()
        self._lock_timeout = lock_timeout
        self._on_wait = on_wait
        self._batch_id: str | None = None

    @property
    def building(self) -> Path:
        """Where the files of the batch are written that is under way."""
        return self.folder / _BUILDING

    @contextmanager
    def transaction(self, scope: str) -> Iterator[None]:
        """What is written to ``building`` appears as a whole or, after an error, not at all.

        Args:
            scope: the schema that the raw tables are asked for in.

        Raises:
            WriteError: when the path cannot be written to.
            AgentGoalsError: when another process lands there all the time.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"cannot write {self.folder}: {error.strerror}. Name a folder that you may write to.") from error
        with alone(self.folder / _LOCK, self._lock_timeout, f"landing records in {self.folder}", self._on_wait):
            try:
                shutil.rmtree(self.building, ignore_errors=True)  # what an interrupted load left
                if not (self.folder / EMPTY).exists():
                    self.building.mkdir()
                    for table in every_table():
                        self.write(table, f"(select {_columns(table)} limit 0)", self.connection)
                    self._appear(EMPTY)
                self._show(scope)
                self.building.mkdir()
                yield
                if self._batch_id:
                    self._appear(self._batch_id)
            except OSError as error:
                raise WriteError(f"cannot write {self.folder}: {error.strerror}. Nothing was written.") from error
            finally:
                self._batch_id = None
                shutil.rmtree(self.building, ignore_errors=True)

    def write(self, table: Table, relation: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Write a relation of a DuckDB connection as a table's file of the batch that is under way."""
        path = _literal(self.building / f"{table.name}.parquet")
        connection.execute(f"copy (from {relation}) to {path} (format parquet, compression zstd)")

    def keep(self, batch_id: str) -> None:
        """Let the files that were written appear as a batch at the transaction's end."""
        self._batch_id = batch_id

    def _appear(self, name: str) -> None:
        for file in self.building.iterdir():
            settle(file)
        settle(self.building)
        os.replace(self.building, self.folder / name)
        settle(self.folder)

    def _show(self, schema: str) -> None:
        self.connection.execute(create_schema(schema))
        for statement in views(self.folder, schema, "duckdb"):
            self.connection.execute(statement)


def files_of(folder: Path, table: str) -> str:
    """A table's files under a landing path, as a relation of DuckDB."""
    return f"read_parquet({_literal(folder / '*' / f'{table}.parquet')})"


def views(folder: Path, schema: str, dialect: Dialect, names: Mapping[str, str] | None = None) -> list[str]:
    """The statements that make views of the raw tables over a landing path.

    Args:
        folder: the landing path.
        schema: the schema of the views, which is there.
        dialect: the SQL to write.
        names: the views' names by the contract's table name, where they differ.

    Raises:
        AgentGoalsError: when the dialect has no way to read files where they are.
    """
    if dialect not in READERS:
        raise AgentGoalsError(
            f"{dialect} does not read Parquet files where they are: load into its raw tables instead, or choose"
            f" --dialect {' or '.join(READERS)}."
        )
    statements = []
    for table, named in zip(every_table(), every_table(names), strict=True):
        files = folder.absolute() / "*" / f"{table.name}.parquet"
        source = files_of(folder.absolute(), table.name) if dialect == "duckdb" else f"parquet.{quote(str(files), dialect)}"
        columns = ", ".join(quote(column.name, dialect) for column in table.columns)
        name = f"{quote(schema, dialect)}.{quote(named.name, dialect)}"
        statements.append(f"create or replace view {name} as\nselect {columns}\nfrom {source}")
    return statements


def _columns(table: Table) -> str:
    types = COLUMN_TYPES["duckdb"]
    return ", ".join(f"cast(null as {types[column.type]}) as {quote(column.name)}" for column in table.columns)


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
