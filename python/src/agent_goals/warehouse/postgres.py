"""A PostgreSQL server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Self

from agent_goals.ddl import Dialect, quote
from agent_goals.errors import LoadError
from agent_goals.profile import Target
from agent_goals.warehouse.base import Column, Warehouse

if TYPE_CHECKING:
    import psycopg

#: The settings of a dbt target that say how to reach the server, by what libpq calls them.
_REACHED_BY = {
    "host": ("host",),
    "port": ("port",),
    "user": ("user",),
    "password": ("password", "pass"),
    "dbname": ("dbname", "database"),
    "connect_timeout": ("connect_timeout",),
    "keepalives_idle": ("keepalives_idle",),
    "sslmode": ("sslmode",),
    "sslcert": ("sslcert",),
    "sslkey": ("sslkey",),
    "sslrootcert": ("sslrootcert",),
}

#: What dbt waits for a server, in seconds.
_CONNECT_TIMEOUT = 10

_LOCK_NOT_AVAILABLE = "55P03"
_INSUFFICIENT_PRIVILEGE = "42501"

_is_parameter = re.compile(r"\$([a-z]\w*)|%").sub


class Postgres(Warehouse):
    """A PostgreSQL database.

    Args:
        connection: an open connection that commits by itself.
        lock_timeout: seconds to wait for whoever else writes.
        on_wait: told once who that is.
    """

    dialect: Dialect = "postgres"
    knows_greatest = False

    def __init__(  # noqa: D107 (the class says it)
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        *,
        lock_timeout: float = 30.0,
        on_wait: Callable[[str], None] = lambda holder: None,
    ) -> None:
        self.connection = connection
        self._lock_timeout = lock_timeout
        self._on_wait = on_wait

    @classmethod
    def open(cls, target: Target, *, lock_timeout: float, read_only: bool, on_wait: Callable[[str], None]) -> Self:
        """Connect to the target's server; arguments and errors as for ``warehouse.connect``."""
        try:
            import psycopg  # noqa: PLC0415 (an extra)
        except ImportError as error:
            raise LoadError(
                f"target {target.name!r} of profile {target.profile!r} is a PostgreSQL server, for which psycopg is needed"
                f" ({error}): pip install 'agent-goals[postgres]'."
            ) from None
        settings = {
            name: next((target.config[key] for key in keys if target.config.get(key) not in (None, "")), None)
            for name, keys in _REACHED_BY.items()
        }
        try:
            connection = psycopg.connect(
                **{"connect_timeout": _CONNECT_TIMEOUT, **{name: value for name, value in settings.items() if value is not None}},
                application_name="agent-goals",
                autocommit=True,
                # A pool between here and the server may not know of statements that were prepared.
                prepare_threshold=None,
            )
        except psycopg.Error as error:
            where = f"{settings['host']}:{settings['port'] or 5432}/{settings['dbname']} as {settings['user']}"
            raise LoadError(
                f"cannot connect to PostgreSQL at {where}: {_sentence(error)} "
                f"Check target {target.name!r} of profile {target.profile!r}."
            ) from None
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.read_only = read_only
        warehouse = cls(connection, lock_timeout=lock_timeout, on_wait=on_wait)
        if role := target.config.get("role"):
            warehouse.run(f"set role {quote(str(role))}")
        return warehouse

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:  # noqa: D102 (the protocol says it)
        with _told():
            return self._execute(query, parameters).fetchall()

    def mappings(self, query: str, **parameters: Any) -> list[dict[str, Any]]:  # noqa: D102
        with _told():
            cursor = self._execute(query, parameters)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def run(self, statement: str, **parameters: Any) -> int:  # noqa: D102
        with _told():
            return max(0, self._execute(statement, parameters).rowcount)

    def answer(self, query: str, search_path: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:  # noqa: D102
        self._execute("select set_config('search_path', $path, false)", {"path": ", ".join(map(quote, search_path))})
        self._execute("set default_transaction_read_only = on", {})
        cursor = self.connection.cursor()
        # In single rows nothing piles up here. The first one makes the columns known.
        rows = _answered(cursor.stream(query.encode()))
        first = list(islice(rows, 1))
        return [column.name for column in cursor.description or ()], chain(first, rows)

    def stream(self, query: str, size: int, **parameters: Any) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, ``size`` at a time; inside a transaction."""
        with _told(), self.connection.cursor("agent_goals_rows") as cursor:
            cursor.execute(_as_psycopg(query), parameters)
            while rows := cursor.fetchmany(size):
                yield rows

    def copy(self, table: str, columns: Sequence[str], blocks: Iterable[bytes | memoryview]) -> None:
        """Append rows to a table in bulk.

        Args:
            table: the table, quoted.
            columns: the names of the columns that the rows have, quoted.
            blocks: the rows in COPY's text format, in blocks of any size.
        """
        with _told(), self.connection.cursor() as cursor, cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
            for block in blocks:
                copy.write(block)

    @contextmanager
    def transaction(self, scope: str) -> Iterator[None]:  # noqa: D102
        import psycopg  # noqa: PLC0415 (an extra)

        with _told():
            self._execute("begin", {})
        try:
            self._lock(scope)
            yield
        except BaseException:
            if not self.connection.broken:
                self._execute("rollback", {})
            raise
        try:
            self._execute("commit", {})
        except psycopg.OperationalError as error:
            raise LoadError(
                f"the connection was lost at the very end: {_sentence(error)} "
                "It happened as a whole or not at all: run it again, for nothing lands or is removed twice."
            ) from None

    def _lock(self, scope: str) -> None:
        """Wait for our turn. Each writer then sees all that the one before has committed."""
        key = {"key": f"agent_goals {scope}"}
        # For the server, zero is to wait for ever. It holds for tables as well that somebody else has locked.
        milliseconds = max(1, round(self._lock_timeout * 1000))
        with _told():
            self._execute("select set_config('lock_timeout', $time, true)", {"time": f"{milliseconds}ms"})
            ((is_free,),) = self._execute("select pg_try_advisory_xact_lock(hashtextextended($key, 0))", key).fetchall()
        if is_free:
            return
        holder = self._holder(key)
        self._on_wait(holder)
        with _told(f"{holder} was still writing to schema {scope} after {self._lock_timeout:g} s: nothing was written. "):
            self._execute("select pg_advisory_xact_lock(hashtextextended($key, 0))", key)

    def _holder(self, key: Mapping[str, str]) -> str:
        rows = self.rows(
            """select coalesce(nullif(application_name, ''), 'a session') || ' (PID ' || pid || ', user ' || usename || ')'
            from pg_locks
            join pg_stat_activity using (pid)
            where locktype = 'advisory' and granted and objsubid = 1
                and (classid::bigint << 32) | objid::bigint = hashtextextended($key, 0)""",
            **key,
        )
        return str(rows[0][0]) if rows and rows[0][0] else "another session"

    def has_schema(self, name: str) -> bool:  # noqa: D102
        return bool(self.rows("select 1 from pg_namespace where nspname = $name", name=name))

    def has_table(self, schema: str, name: str) -> bool:  # noqa: D102
        found = self.rows(
            """select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace
            where nspname = $schema and relname = $name and relkind in ('r', 'p', 'v', 'm', 'f')""",
            schema=schema,
            name=name,
        )
        return bool(found)

    def columns(self, schemas: Iterable[str], names: Sequence[str]) -> list[Column]:  # noqa: D102
        # Not the information schema, which keeps quiet about what one has no rights to. A partition is part of its table.
        found = self.rows(
            """select nspname, relname, attname
            from pg_attribute
            join pg_class on pg_class.oid = attrelid
            join pg_namespace on pg_namespace.oid = relnamespace
            where nspname in (select unnest($schemas::text[])) and attname in (select unnest($names::text[]))
                and relkind in ('r', 'p') and not relispartition and not attisdropped
            order by 1, 2, 3""",
            schemas=list(schemas),
            names=list(names),
        )
        return [Column(*row) for row in found]

    def close(self) -> None:  # noqa: D102
        self.connection.close()

    def _execute(self, query: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        return self.connection.execute(_as_psycopg(query), parameters)


def _as_psycopg(query: str) -> bytes:
    """The query with its parameters as psycopg has them."""
    return _is_parameter(lambda match: f"%({match[1]})s" if match[1] else "%%", query).encode()


@contextmanager
def _told(when_locked: str = "another session holds what is needed: nothing was written. ") -> Iterator[None]:
    """Say what the server refuses as an error that a person can act on."""
    import psycopg  # noqa: PLC0415 (an extra)

    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == _LOCK_NOT_AVAILABLE:
            raise LoadError(f"{when_locked}Try again, or wait longer with --lock-timeout.") from None
        if error.sqlstate == _INSUFFICIENT_PRIVILEGE:
            raise LoadError(
                f"PostgreSQL refuses it to this user: {_sentence(error)} Nothing was written. "
                "`agent-goals ddl --roles` prints the rights that each role needs."
            ) from None
        raise LoadError(f"PostgreSQL: {_sentence(error)} Nothing was written.") from error


def _answered(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows; what the server refuses is an error of the query."""
    import psycopg  # noqa: PLC0415 (an extra)

    try:
        yield from rows
    except psycopg.Error as error:
        raise LoadError(f"PostgreSQL: {_sentence(error)}") from None


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if text.endswith((".", "?")) else f"{text}."
