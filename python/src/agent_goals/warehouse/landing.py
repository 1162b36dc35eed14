"""A landing path: raw tables as Parquet files that any engine can read, a folder for each batch of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from agent_goals.ddl import COLUMN_TYPES, Dialect, Table, create_schema, every_table, quote
from agent_goals.errors import AgentGoalsError
from agent_goals.files import WriteError, alone, settle
from agent_goals.warehouse.base import Column
from agent_goals.warehouse.embedded import DuckDB

#: The folder with a file of every table that has its columns and no rows: no engine finds a table without a file.
EMPTY = "empty"

#: What dialects can read the files where they are.
READERS: tuple[Dialect, ...] = ("duckdb", "spark")

#: Where batches are written before they appear: deeper than the pattern reaches that readers use, since DuckDB heeds no dot.
_BUILDING = ".building/batch"
_REWRITING = ".rewriting"
_SPILLED = ".spilled"
_LOCK = ".lock"


class Landing(DuckDB):
    """A landing path. A batch appears there in one step, as a folder of its own.

    Asked about what has landed, it answers as a warehouse with the raw tables would. It is written to by batches only, and rows
    are taken out by files that take the place of others.

    Args:
        folder: the path, made when it is missing.
        lock_timeout: seconds to wait while another process lands there.
        on_wait: told once that another process has to be waited for.
    """

    knows_greatest = False
    removes_at_once = False

    def __init__(  # noqa: D107 (the class says it)
        self, folder: Path, *, lock_timeout: float = 30.0, on_wait: Callable[[str], None] = lambda holder: None
    ) -> None:
        self.folder = folder.absolute()
        # What does not fit into memory stays on this path, and does not survive an interrupted call.
        super().__init__(duckdb.connect(config={"temp_directory": str(self.folder / _SPILLED)}))
        self._lock_timeout = lock_timeout
        self._on_wait = on_wait
        self._batch_id: str | None = None
        self._rewritten: list[tuple[Path, Path]] = []

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
                self._clear()  # what was interrupted may have left something
                if not self.is_there():
                    self.building.mkdir(parents=True)
                    for table in every_table():
                        self.write(table, f"(select {_columns(table)} limit 0)", self.connection)
                    self._appear(EMPTY)
                self._show(scope)
                self.building.mkdir(parents=True)
                yield
                if self._batch_id:
                    self._appear(self._batch_id)
                self._replace()
            except OSError as error:
                raise WriteError(f"cannot write {self.folder}: {error.strerror}. Nothing was written.") from error
            finally:
                self._batch_id = None
                self._clear()

    @contextmanager
    def reading(self, scope: str) -> Iterator[None]:  # noqa: D102 (the protocol says it)
        if self.is_there():
            self._show(scope)
        yield

    def is_there(self) -> bool:
        """Whether anything has ever been landed here."""
        return (self.folder / EMPTY).exists()

    def columns(self, schemas: Iterable[str], names: Sequence[str]) -> list[Column]:
        """The columns of these names in the raw tables: nothing else is under the path."""
        return [
            Column(schema, table.name, column.name)
            for schema in schemas
            for table in every_table()
            for column in table.columns
            if column.name in names and self.has_table(schema, table.name)
        ]

    def delete(self, schema: str, table: str, condition: str, **parameters: Any) -> int:
        """Write those files anew that have such rows; at the transaction's end each takes the old one's place."""
        removed = 0
        for file in sorted(self.folder.glob(f"[!.]*/{table}.parquet")):
            rows = _parquet(file)
            ((count,),) = self.rows(f"select count(*) from {rows} where {condition}", **parameters)
            if count:
                rest = self.folder / _REWRITING / f"{len(self._rewritten)}.parquet"
                rest.parent.mkdir(exist_ok=True)
                _copy(self.connection, f"select * from {rows} where ({condition}) is not true", rest, parameters)
                self._rewritten.append((rest, file))
            removed += count
        return removed

    def insert(self, schema: str, table: Table, query: str, *, batch_id: str, **parameters: Any) -> None:  # noqa: D102
        columns = ", ".join(quote(column.name) for column in table.columns)
        path = self.building / f"{table.name}.parquet"
        _copy(self.connection, f"select {columns} from ({query}) as batch", path, {"batch_id": batch_id, **parameters})
        self.keep(batch_id)

    def write(self, table: Table, relation: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Write a relation of a DuckDB connection as a table's file of the batch that is under way."""
        _copy(connection, f"from {relation}", self.building / f"{table.name}.parquet")

    def keep(self, batch_id: str) -> None:
        """Let the files that were written appear as a batch at the transaction's end."""
        self._batch_id = batch_id

    def _appear(self, name: str) -> None:
        for file in self.building.iterdir():
            settle(file)
        settle(self.building)
        os.replace(self.building, self.folder / name)
        settle(self.folder)

    def _replace(self) -> None:
        # What was asked for last goes first: rejected lines, of which only records say whose they are.
        for rest, file in reversed(self._rewritten):
            try:
                settle(rest)
                shutil.copymode(file, rest)
                os.replace(rest, file)
                settle(file.parent)
            except OSError as error:
                raise WriteError(
                    f"cannot write {file}: {error.strerror}. What was to be removed is there in part: once the path can be"
                    " written to, do the same again."
                ) from error

    def _clear(self) -> None:
        self._rewritten.clear()
        for path in (self.building.parent, self.folder / _REWRITING, self.folder / _SPILLED):
            shutil.rmtree(path, ignore_errors=True)

    def _show(self, schema: str) -> None:
        self.connection.execute(create_schema(schema))
        for statement in views(self.folder, schema, "duckdb"):
            self.connection.execute(statement)


def files_of(folder: Path, table: str) -> str:
    """A table's files under a landing path, as a relation of DuckDB."""
    return _parquet(folder / "*" / f"{table}.parquet")


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


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, parameters: Mapping[str, Any] | None = None) -> None:
    try:
        connection.execute(f"copy ({query}) to {_literal(path)} (format parquet, compression zstd)", dict(parameters or {}))
    except duckdb.IOException as error:
        raise WriteError(f"cannot write {path}: {error}. Nothing was written.") from error


def _parquet(files: Path) -> str:
    # A folder may be called like a partition, but its name says nothing of the rows.
    return f"read_parquet({_literal(files)}, hive_partitioning = false)"


def _columns(table: Table) -> str:
    types = COLUMN_TYPES["duckdb"]
    return ", ".join(f"cast(null as {types[column.type]}) as {quote(column.name)}" for column in table.columns)


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
