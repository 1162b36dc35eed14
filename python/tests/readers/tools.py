"""Reads what was published with one tool, in an environment without the helper and over the tool's own driver.

Called with the tool's name and with what it reads: the DuckDB file, or the folder of Parquet files. Prints as JSON the tool's
version and each table's columns, with the values as text that loses nothing.
"""

# Each tool is imported by itself alone, since each runs where others may not be.
# ruff: noqa: PLC0415

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

Tables = dict[str, dict[str, list[Any]]]

TABLES = ("agent_goals__goal_performance", "agent_goals__published_tables", "agent_goals__sessions")

_KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "double", str: "text"}


def as_text(value: Any) -> str | None:
    """A value and its kind as text: equal texts are equal values, to the last place and to the sign of a zero."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return f"timestamp {value.isoformat(timespec='microseconds')}"
    if isinstance(value, date):
        return f"date {value.isoformat()}"
    if isinstance(value, Decimal):
        return f"decimal {value:f}"
    return f"{_KINDS[type(value)]} {value!r}"


def by_column(names: Iterable[str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows as columns."""
    found = list(rows)
    return {name: [row[place] for row in found] for place, name in enumerate(names)}


def select(table: str) -> str:
    """The query for a table, in an order."""
    return f"select * from {table} order by 1"


def read_duckdb(path: str) -> tuple[str, Tables]:
    """DuckDB's Python package, whichever is on the path."""
    import duckdb

    tables = {}
    with duckdb.connect(path, read_only=True) as connection:
        for table in TABLES:
            found = connection.execute(select(table))
            tables[table] = by_column([column[0] for column in found.description], found.fetchall())
    return duckdb.__version__, tables


def read_sqlalchemy(path: str) -> tuple[str, Tables]:
    """SQLAlchemy with duckdb-engine, as Superset has it: it finds the tables by itself and is asked in SQL."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True})
    tables = {}
    with engine.connect() as connection:
        for table in sqlalchemy.inspect(engine).get_table_names():
            found = connection.execute(sqlalchemy.text(select(table)))
            tables[table] = by_column(found.keys(), [tuple(row) for row in found])
    return sqlalchemy.__version__, tables


def read_sqlalchemy_reflected(path: str) -> tuple[str, Tables]:
    """SQLAlchemy, asked by the columns that it has found, whose types then make the values."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True})
    tables = {}
    with engine.connect() as connection:
        for name in TABLES:
            table = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=engine)
            found = connection.execute(sqlalchemy.select(table).order_by(table.c[0]))
            tables[name] = by_column(found.keys(), [tuple(row) for row in found])
    return sqlalchemy.__version__, tables


def read_sqlalchemy_types(path: str) -> tuple[str, Tables]:
    """The types that SQLAlchemy finds, by table and column."""
    import sqlalchemy

    inspector = sqlalchemy.inspect(sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True}))
    tables = {
        name: {column["name"]: [repr(column["type"])] for column in inspector.get_columns(name)}
        for name in inspector.get_table_names()
    }
    return sqlalchemy.__version__, tables


def read_adbc(path: str) -> tuple[str, Tables]:
    """ADBC with DuckDB's driver, told to read only: `adbc_driver_duckdb.dbapi.connect` would lock the file for itself."""
    import adbc_driver_duckdb
    import adbc_driver_manager
    from adbc_driver_manager import dbapi

    options = {"path": path, "access_mode": "READ_ONLY"}
    driver = adbc_driver_duckdb.driver_path()
    tables = {}
    with dbapi.connect(driver=driver, entrypoint="duckdb_adbc_init", db_kwargs=options) as connection:
        for table in TABLES:
            with connection.cursor() as cursor:
                cursor.execute(select(table))
                tables[table] = cursor.fetch_arrow_table().to_pydict()
    return adbc_driver_manager.__version__, tables


def read_pandas(path: str) -> tuple[str, Tables]:
    """pandas from the file, by way of Arrow: its own types have no decimals."""
    import duckdb
    import pandas

    tables = {}
    with duckdb.connect(path, read_only=True) as connection:
        for table in TABLES:
            frame = connection.sql(select(table)).to_arrow_table().to_pandas(types_mapper=pandas.ArrowDtype)
            tables[table] = _of_pandas(frame)
    return pandas.__version__, tables


def read_pandas_sql(path: str) -> tuple[str, Tables]:
    """pandas from the file over SQLAlchemy, the way that its documentation shows first."""
    import pandas
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True})
    return pandas.__version__, {table: _of_pandas(pandas.read_sql(select(table), engine)) for table in TABLES}


def read_pandas_parquet(folder: str) -> tuple[str, Tables]:
    """pandas from Parquet."""
    import pandas

    frames = {table: pandas.read_parquet(f"{folder}/{table}.parquet", dtype_backend="pyarrow") for table in TABLES}
    return pandas.__version__, {table: _of_pandas(frame.sort_values(frame.columns[0])) for table, frame in frames.items()}


def _of_pandas(frame: Any) -> dict[str, list[Any]]:
    import pandas

    return {name: [None if value is pandas.NA or value is pandas.NaT else value for value in frame[name]] for name in frame}


def read_polars(path: str) -> tuple[str, Tables]:
    """Polars from the file."""
    import duckdb
    import polars

    with duckdb.connect(path, read_only=True) as connection:
        tables = {table: connection.sql(select(table)).pl().to_dict(as_series=False) for table in TABLES}
    return polars.__version__, tables


def read_polars_parquet(folder: str) -> tuple[str, Tables]:
    """Polars from Parquet."""
    import polars

    frames = {table: polars.read_parquet(f"{folder}/{table}.parquet") for table in TABLES}
    tables = {table: frame.sort(frame.columns[0]).to_dict(as_series=False) for table, frame in frames.items()}
    return polars.__version__, tables


def read_command_line(path: str) -> tuple[str, Tables]:
    """DuckDB's command line, whose CSV has to be read by the columns' types."""
    program = Path(sys.executable).with_name("duckdb")
    null = "<null>"

    def asked(*arguments: str) -> list[list[str]]:
        done = subprocess.run([program, "-readonly", "-csv", "-nullvalue", null, *arguments], check=True, capture_output=True)
        return list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))

    tables = {}
    for table in TABLES:
        _, *described = asked(path, f"describe {table}")
        reads = [_READS[kind.partition("(")[0]] for _, kind, *_ in described]
        names, *rows = asked(path, select(table))
        tables[table] = by_column(
            names, [[None if text == null else read(text) for read, text in zip(reads, row, strict=True)] for row in rows]
        )
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[0], tables


_READS: dict[str, Callable[[str], Any]] = {
    "VARCHAR": str,
    "BIGINT": int,
    "DOUBLE": float,
    "DECIMAL": Decimal,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}


def main(tool: str, place: str) -> None:
    version, tables = globals()[f"read_{tool}"](place)
    texts = {
        table: {name: [as_text(value) for value in values] for name, values in columns.items()}
        for table, columns in tables.items()
    }
    print(json.dumps({"version": version, "tables": texts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
