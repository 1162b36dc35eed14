"""A DuckDB file: one process at a time may write to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb

from agent_goals.ddl import Dialect, quote
from agent_goals.errors import LoadError
from agent_goals.profile import Target
from agent_goals.warehouse.base import ROWS_AT_A_TIME, Column, Warehouse

_WAIT_SECONDS = 0.2


class DuckDB(Warehouse):
    """A DuckDB database.

    Args:
        connection: an open connection without a transaction; its time zone becomes UTC.
    """

    dialect: Dialect = "duckdb"
    knows_greatest = True

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:  # noqa: D107 (the class says it)
        self.connection = connection
        connection.execute("set timezone = 'UTC'")

    @classmethod
    def open(cls, target: Target, *, lock_timeout: float, read_only: bool, on_wait: Callable[[str], None]) -> Self:
        """Open the target's file; arguments and errors as for ``warehouse.connect``."""
        path = database_path(target)
        if read_only and not path.exists():
            raise LoadError(f"there is no database at {path} yet: load records, then run `dbt build`.")
        deadline = time.monotonic() + lock_timeout
        told = False
        while True:
            try:
                return cls(duckdb.connect(str(path), read_only=read_only))
            except duckdb.Error as error:
                message = str(error)
                if "lock" not in message.lower():
                    raise LoadError(f"{path} cannot be opened: {message}") from None
                holder = _holder(message)
                if time.monotonic() >= deadline:
                    raise LoadError(
                        f"{path} is locked by {holder}, still after {lock_timeout:g} s: nothing was written. "
                        "Close it there, or wait longer with --lock-timeout."
                    ) from None
                if not told:
                    on_wait(holder)
                    told = True
                time.sleep(_WAIT_SECONDS)

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:  # noqa: D102 (the protocol says it)
        return self.connection.execute(query, parameters).fetchall()

    def mappings(self, query: str, **parameters: Any) -> list[dict[str, Any]]:  # noqa: D102
        cursor = self.connection.execute(query, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def answer(self, query: str, search_path: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:  # noqa: D102
        # DuckDB takes no schema into it that is not there.
        path = ",".join(quote(schema) for schema in search_path if self.has_schema(schema))
        self.connection.execute("set search_path = '" + path.replace("'", "''") + "'")
        try:
            cursor = self.connection.execute(query)
        except duckdb.Error as error:
            raise LoadError(str(error)) from None
        if cursor is None or cursor.description is None:  # a comment is no statement
            return [], iter(())
        return [column[0] for column in cursor.description], _in_parts(cursor)

    def run(self, statement: str, **parameters: Any) -> int:  # noqa: D102
        row = self.connection.execute(statement, parameters).fetchone()
        return int(row[0]) if row and isinstance(row[0], int) else 0

    @contextmanager
    def transaction(self, scope: str) -> Iterator[None]:  # noqa: D102
        # The file's lock keeps other processes out, so the scope needs none of its own.
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    def has_schema(self, name: str) -> bool:  # noqa: D102
        return bool(
            self.rows(
                """select 1 from information_schema.schemata
                where catalog_name = current_database() and lower(schema_name) = lower($name)""",
                name=name,
            )
        )

    def has_table(self, schema: str, name: str) -> bool:  # noqa: D102
        found = self.rows(
            """select 1 from information_schema.tables
            where table_catalog = current_database()
                and lower(table_schema) = lower($schema) and lower(table_name) = lower($name)""",
            schema=schema,
            name=name,
        )
        return bool(found)

    def columns(self, schemas: Iterable[str], names: Sequence[str]) -> list[Column]:  # noqa: D102
        found = self.rows(
            """select columns.table_schema, columns.table_name, columns.column_name
            from information_schema.columns
            join information_schema.tables using (table_catalog, table_schema, table_name)
            where table_catalog = current_database() and table_type = 'BASE TABLE'
                and lower(table_schema) in (select lower(unnest($schemas::text[])))
                and lower(column_name) in (select unnest($names::text[]))
            order by all""",
            schemas=list(schemas),
            names=list(names),
        )
        return [Column(*row) for row in found]

    def close(self) -> None:  # noqa: D102
        self.connection.close()


def _in_parts(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows
    except duckdb.Error as error:
        raise LoadError(str(error)) from None


def database_path(target: Target) -> Path:
    """The DuckDB file of a target; a relative path starts at the project's folder, where dbt runs.

    Raises:
        LoadError: when the target keeps its database in memory only.
    """
    path = str(target.config.get("path") or ":memory:")
    if path.startswith(":memory:"):
        raise LoadError(
            f"target {target.name!r} of profile {target.profile!r} is in memory only: give it a `path` in profiles.yml."
        )
    return target.project_dir / Path(path).expanduser()


def _holder(message: str) -> str:
    """The process that DuckDB's message names."""
    found = re.search(r"Conflicting lock is held in (.+?\(PID \d+\)(?: by user [^.]+)?)", message)
    return found.group(1) if found else "another process"
