"""A copy of the marts for readers: one whole build in a file of its own, so that no reader meets a build's lock.

A DuckDB file has one writer, and while that is at work nobody reads it. Readers of the copy never wait: it is made
beside the old one and takes its name in one step, so whoever has the old one open keeps reading it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from agent_goals.ddl import quote
from agent_goals.errors import AgentGoalsError
from agent_goals.files import WriteError, alone, settle
from agent_goals.warehouse import DuckDB

PREFIX = "agent_goals__"

#: The table of a copy that says what is in it.
CONTENTS = "agent_goals__published_tables"

#: How many copies in Parquet are kept: a reader that began with the one before can end with it.
KEPT_FOLDERS = 2

LATEST = "latest"

#: The form of the file: the oldest, which every DuckDB since 1.0 reads, since BI tools bring drivers of their own.
STORAGE_VERSION = "v1.0.0"

_BUILT_INPUTS = "int_agent_goals__built_inputs"


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes:
        path: the file, or the folder of Parquet files.
        tables: the number of rows of each table.
        published_at: when, in UTC; the same in every row of the table that says what is in the copy.
        missing: tables of the copy before that are no longer there.
    """

    path: Path
    tables: Mapping[str, int]
    published_at: datetime
    missing: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """What was published, to be printed as JSON."""
        return {
            "path": str(self.path),
            "tables": dict(self.tables),
            "published_at": self.published_at.isoformat(),
            "missing": list(self.missing),
        }


def find_tables(warehouse: DuckDB, schema: str, staging_schema: str, only: Sequence[str] = ()) -> list[str]:
    """The names of the marts to publish, in order.

    Args:
        warehouse: the database that dbt builds in.
        schema: the schema that dbt builds the marts in.
        staging_schema: the schema that dbt builds the layers below them in.
        only: names of marts, if not all of them are wanted.

    Raises:
        AgentGoalsError: when there are no marts, one of ``only`` is not there, or the last build did not finish.
    """
    rows = warehouse.rows(
        """select table_name from information_schema.tables
        where table_catalog = current_database() and lower(table_schema) = lower($schema) and starts_with(table_name, $prefix)
        order by table_name""",
        schema=schema,
        prefix=PREFIX,
    )
    found = [str(name) for (name,) in rows]
    if not found:
        raise AgentGoalsError(f"there is no mart in schema {schema}: run `dbt build` first.")
    unknown = [name for name in only if name not in found]
    if unknown:
        raise AgentGoalsError(f"there is no {schema}.{unknown[0]}. There are: {', '.join(found)}.")
    behind = _tables_behind(warehouse, staging_schema)
    if behind:
        raise AgentGoalsError(
            f"the last run of dbt did not finish: {', '.join(behind)} {'is' if len(behind) == 1 else 'are'} behind the others."
            " Run `dbt build` to its end, then publish. What was published before stays as it is."
        )
    return [name for name in found if not only or name in only]


def _tables_behind(warehouse: DuckDB, staging_schema: str) -> list[str]:
    """Tables that are kept from run to run, and were not built from all that others of them were built from."""
    if not warehouse.has_table(staging_schema, _BUILT_INPUTS):
        return []
    rows = warehouse.rows(
        f"""with noted as (
            select distinct table_name, input_id from {quote(staging_schema)}.{quote(_BUILT_INPUTS)}
        )
        select table_name from noted
        group by table_name
        having count(*) < (select count(distinct input_id) from noted)
        order by table_name"""
    )
    return [str(name) for (name,) in rows]


def publish(
    warehouse: DuckDB,
    schema: str,
    tables: Sequence[str],
    path: Path,
    *,
    lock_timeout: float = 30.0,
    on_table: Callable[[str], None] = lambda name: None,
) -> Published:
    """Copy marts into a DuckDB file that takes its name in one step.

    Views become tables. The file has the marts in a schema of the same name, and one table more, ``CONTENTS``.

    Args:
        warehouse: the database that dbt builds in, open for reading.
        schema: the schema that dbt builds the marts in.
        tables: the marts, as ``find_tables`` gives them.
        path: the file.
        lock_timeout: seconds to wait for another process that publishes to the same file.
        on_table: told which table comes next.

    Raises:
        AgentGoalsError: when somebody else is publishing there all the time.
        WriteError: when the file cannot be written; what was published before stays as it is.
    """
    building = path.with_name(f".{path.name}.building")
    with alone(_lock(path), lock_timeout, f"publishing to {path}"), _told(path):
        before = _contents_before(path, schema)
        _remove(building)
        warehouse.connection.execute(
            f"attach {_text(building)} as published (read_write, storage_version {_text(STORAGE_VERSION)})"
        )
        try:
            at, counts = _copy(warehouse, schema, tables, on_table)
        finally:
            warehouse.connection.execute("detach published")
        settle(building)
        os.replace(building, path)
        settle(path.parent)
    return Published(path, counts, at, [name for name in before if name not in counts])


def _copy(
    warehouse: DuckDB, schema: str, tables: Sequence[str], on_table: Callable[[str], None]
) -> tuple[datetime, dict[str, int]]:
    run = warehouse.connection.execute
    target = f"published.{quote(schema)}"
    run(f"create schema if not exists {target}")
    counts = {}
    for name in tables:
        on_table(name)
        counts[name] = warehouse.run(f"create table {target}.{quote(name)} as select * from {quote(schema)}.{quote(name)}")
    at = _now()
    run(f"create table {target}.{CONTENTS} ({', '.join(map(' '.join, _CONTENTS_COLUMNS.items()))})")
    warehouse.connection.executemany(f"insert into {target}.{CONTENTS} values (?, ?, ?, ?)", _contents(counts, at))
    run("checkpoint published")
    return at, counts


def publish_parquet(
    warehouse: DuckDB,
    schema: str,
    tables: Sequence[str],
    folder: Path,
    *,
    lock_timeout: float = 30.0,
    on_table: Callable[[str], None] = lambda name: None,
) -> Published:
    """Write marts as Parquet files into a new folder, and let the link ``latest`` point to it in one step.

    Arguments and errors as for ``publish``; ``folder`` holds the folders. The last ones of them are kept.
    """
    link = folder / LATEST
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(_lock(link), lock_timeout, f"publishing to {link}"), _told(folder):
        before = sorted(file.stem for file in link.glob("*.parquet"))
        building = folder / ".building"
        _remove(building)
        building.mkdir()
        at = _now()
        counts = {}
        for name in tables:
            on_table(name)
            query = f"select * from {quote(schema)}.{quote(name)}"
            counts[name] = _write_parquet(warehouse, query, building / f"{name}.parquet")
        values = ", ".join(f"({', '.join(map(_text, row))})" for row in _contents(counts, at))
        contents = f"select {_CONTENTS_CASTS} from (values {values}) as contents ({', '.join(_CONTENTS_COLUMNS)})"
        _write_parquet(warehouse, contents, building / f"{CONTENTS}.parquet")
        for file in building.iterdir():
            settle(file)
        made = folder / at.strftime("%Y%m%dT%H%M%S.%fZ")
        os.replace(building, made)
        new_link = folder / ".latest.building"
        _remove(new_link)
        new_link.symlink_to(made.name, target_is_directory=True)
        os.replace(new_link, link)
        settle(folder)
        for old in sorted(path for path in folder.glob("[0-9]*T*Z") if path.is_dir())[:-KEPT_FOLDERS]:
            _remove(old)
    return Published(link, counts, at, [name for name in before if name not in counts and name != CONTENTS])


_CONTENTS_COLUMNS = {
    "table_name": "varchar",
    "count_rows": "bigint",
    "published_at": "timestamp",
    "agent_goals_version": "varchar",
}
_CONTENTS_CASTS = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _CONTENTS_COLUMNS.items())


def _contents(counts: Mapping[str, int], at: datetime) -> list[tuple[str, int, datetime, str]]:
    version = metadata.version("agent-goals")
    return [(name, count, at.replace(tzinfo=None), version) for name, count in counts.items()]


def _contents_before(path: Path, schema: str) -> list[str]:
    """The tables of the file that is there now; nothing is lost when it is no such file."""
    if not path.exists():
        return []
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute(f"select table_name from {quote(schema)}.{CONTENTS} order by all").fetchall()
    except duckdb.Error as error:
        raise AgentGoalsError(
            f"{path} is there, and is nothing that was published from schema {schema} ({str(error).splitlines()[0]})."
            " Name another file, or remove this one."
        ) from None
    return [str(name) for (name,) in rows]


def _write_parquet(warehouse: DuckDB, query: str, path: Path) -> int:
    return warehouse.run(f"copy ({query}) to {_text(path)} (format parquet, compression zstd)")


def _now() -> datetime:
    return datetime.now(UTC)


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _remove(path: Path) -> None:
    """Remove what an interrupted run left."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _lock(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror}. What was published before stays as it is.") from error
    except duckdb.Error as error:
        raise WriteError(
            f"cannot publish to {path}: {' '.join(str(error).split())} What was published before stays as it is."
        ) from error
