"""What the ways into warehouses share that are no DuckDB file: a stage of their own, as long as the load lasts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from agent_goals.ddl import Table, every_table, quote
from agent_goals.loading.destination import Destination
from agent_goals.raw import RawTables
from agent_goals.warehouse import DuckDB


class Apart(Destination):
    """A batch is read and judged in a DuckDB in memory, and then taken to the warehouse.

    Args:
        raw: the raw tables.
    """

    def __init__(self, raw: RawTables) -> None:  # noqa: D107 (the class says it)
        self._raw = raw
        self._folder = tempfile.TemporaryDirectory(prefix="agent-goals-")
        # What does not fit into memory goes to the folder.
        self.stage = duckdb.connect(config={"temp_directory": str(Path(self._folder.name, "spill"))})

    def prepare(self) -> None:  # noqa: D102 (the protocol says it)
        stage = DuckDB(self.stage)
        self.stage.begin()
        self._raw.create_missing(stage)

    def tables_with_rows(self) -> Iterator[tuple[Table, str]]:
        """The stage's tables in which the batch has any row, and their quoted names."""
        for table in every_table(self._raw.names):
            name = f"{quote(self._raw.schema)}.{quote(table.name)}"
            if self.stage.execute(f"select 1 from {name} limit 1").fetchone():
                yield table, name

    def close(self) -> None:  # noqa: D102
        self.stage.close()
        self._folder.cleanup()
