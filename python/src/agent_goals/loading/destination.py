"""Where a batch lands. Every batch is read and judged in DuckDB, on its stage; what differs by warehouse is said here."""

from __future__ import annotations

from typing import Protocol

import duckdb

from agent_goals.contract import RecordType
from agent_goals.raw import RawTables
from agent_goals.warehouse import DuckDB, Landing, Postgres, Warehouse


class Destination(Protocol):
    """The stage of a batch, and its way into the warehouse.

    Attributes:
        warehouse: what is asked about earlier batches.
        stage: a DuckDB connection; the raw tables in it, of the same names, have the batch's rows.
    """

    warehouse: Warehouse
    stage: duckdb.DuckDBPyConnection

    def prepare(self) -> None:
        """Create the raw tables that are missing, in the warehouse and on the stage; inside the transaction."""

    def older(self, record: RecordType, batch_id: str) -> str | None:
        """Rows of earlier batches that may be the same as some of this one's, as a relation of the stage.

        It has every row of the same id and time, and may have others. ``None`` when there is none.
        """

    def older_rejected(self, file: str, batch_id: str) -> str | None:
        """What earlier batches rejected of a file, as a relation of the stage with line, reason_code and raw_text."""

    def deliver(self) -> None:
        """Take the batch's rows to the warehouse; inside the transaction."""

    def close(self) -> None:
        """Give the stage up."""


class InPlace(Destination):
    """A DuckDB file is its own stage: the batch's rows are written to the raw tables at once.

    Args:
        warehouse: an open DuckDB database.
        raw: the raw tables.
    """

    def __init__(self, warehouse: DuckDB, raw: RawTables) -> None:  # noqa: D107 (the class says it)
        self.warehouse = warehouse
        self.stage = warehouse.connection
        self._raw = raw

    def prepare(self) -> None:  # noqa: D102 (the protocol says it)
        self._raw.create_missing(self.warehouse)

    def older(self, record: RecordType, batch_id: str) -> str | None:  # noqa: D102
        table = self._raw.of(record)
        # Rows that are the same have the same time, so only the batch's span of time is looked through.
        rows = f"""(
            select * from {table}
            where batch_id <> '{batch_id}' and occurred_at between
                (select min(occurred_at) from {table} where batch_id = '{batch_id}')
                and (select max(occurred_at) from {table} where batch_id = '{batch_id}')
        )"""
        # Most loads bring only later records: then there is nothing to compare.
        return rows if self.warehouse.rows(f"select 1 from {rows} limit 1") else None

    def older_rejected(self, file: str, batch_id: str) -> str | None:  # noqa: D102
        literal = "'" + file.replace("'", "''") + "'"
        rows = f"(select * from {self._raw.rejected} where batch_id <> '{batch_id}' and file = {literal})"
        return rows if self.warehouse.rows(f"select 1 from {rows} limit 1") else None

    def deliver(self) -> None:
        """Nothing to do: the rows are where they belong."""

    def close(self) -> None:
        """Nothing to do: the connection is the caller's."""


def destination_of(warehouse: Warehouse, raw: RawTables) -> Destination:
    """The way into a warehouse."""
    # The modules are read only where they are used, for the command's sake.
    if isinstance(warehouse, Landing):
        from agent_goals.loading.in_landing import InLanding  # noqa: PLC0415

        return InLanding(warehouse, raw)
    if isinstance(warehouse, DuckDB):
        return InPlace(warehouse, raw)
    from agent_goals.loading.by_copy import ByCopy  # noqa: PLC0415

    assert isinstance(warehouse, Postgres)
    return ByCopy(warehouse, raw)
