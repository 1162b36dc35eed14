"""Records as the helper loads them, in files from which every engine's raw tables are filled alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

from agent_goals import loading
from agent_goals.ddl import raw_tables
from agent_goals.profile import RAW_SCHEMA_DEFAULT

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Landing:
    """Parquet files of what a warehouse holds before a build.

    Attributes:
        raw: the rows of each raw table, a file for each load, typed as the contract says.
        texts: the rows of the definitions, rates and prices, by their seed's name, every column text.
        columns: the columns of each of ``texts``.
    """

    raw: Mapping[str, Sequence[Path]]
    texts: Mapping[str, Path]
    columns: Mapping[str, Sequence[str]]


def prepare(
    folder: Path, loads: Iterable[Path], texts: Mapping[str, Sequence[Row]], columns: Mapping[str, Sequence[str]]
) -> Landing:
    """Load record files one after the other, and write what landed.

    Args:
        folder: where the files go.
        loads: files of records, each a load of its own.
        texts: the rows of each table of texts; an absent column is null.
        columns: the columns of each.

    Raises:
        AssertionError: when a record was rejected.
    """
    with duckdb.connect() as connection:
        raw: dict[str, list[Path]] = {table.name: [] for table in raw_tables()}
        for number, source in enumerate(loads):
            rejected: list[Any] = []
            report = loading.load(connection, [loading.find_source(source)], on_reject=rejected.append)
            assert not rejected, rejected[:3]
            for name, paths in raw.items():
                paths.append(folder / f"{name}_{number}.parquet")
                rows = f"from {RAW_SCHEMA_DEFAULT}.{name} where batch_id = '{report.batch_id}'"
                connection.execute(f"copy ({rows}) to '{paths[-1]}' (format parquet)")
    files = {name: folder / f"{name}.parquet" for name in columns}
    for name, path in files.items():
        cells = {column: [as_text(row.get(column)) for row in texts[name]] for column in columns[name]}
        pyarrow.parquet.write_table(
            pyarrow.table({column: pyarrow.array(cells[column], pyarrow.string()) for column in cells}), path
        )
    return Landing(raw, files, columns)


def as_text(cell: Any) -> str | None:
    """A cell as a seed's file has it; nothing stays nothing."""
    return None if cell is None else str(cell)
