"""The raw tables where they stand: their names, what is there of them, and the stamp of the next batch."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent_goals.contract import RECORD_TYPES, RecordType
from agent_goals.ddl import (
    LABEL_SAMPLES,
    LOAD_BATCHES,
    REJECTED_RECORDS,
    TOMBSTONES,
    create_schema,
    create_table,
    every_table,
    quote,
)
from agent_goals.warehouse.base import Warehouse


class Stamp(NamedTuple):
    """What a batch's rows have in common.

    Attributes:
        loaded_at: when the batch is written, in UTC; later than all batches before.
        batch_id: the batch.
    """

    loaded_at: datetime
    batch_id: str


@dataclass(frozen=True)
class RawTables:
    """The raw tables of one schema.

    Attributes:
        schema: their schema.
        names: the record types' tables by the contract's table name, where they are called otherwise.
    """

    schema: str
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, record: RecordType) -> str:
        """The name of a record type's table, as it is."""
        return self.names.get(record.table, record.table)

    def of(self, record: RecordType) -> str:
        """A record type's table, quoted."""
        return self._quoted(self.name(record))

    @property
    def ledger(self) -> str:
        """The table of load batches, quoted."""
        return self._quoted(LOAD_BATCHES.name)

    @property
    def rejected(self) -> str:
        """The table of rejected records, quoted."""
        return self._quoted(REJECTED_RECORDS.name)

    @property
    def tombstones(self) -> str:
        """The table of tombstones, quoted."""
        return self._quoted(TOMBSTONES.name)

    @property
    def label_samples(self) -> str:
        """The table of sessions drawn to be labelled, quoted."""
        return self._quoted(LABEL_SAMPLES.name)

    def create_missing(self, warehouse: Warehouse) -> None:
        """Create what is not there yet. Where all of it is, no right to create anything is needed."""
        missing = [table for table in every_table(self.names) if not warehouse.has_table(self.schema, table.name)]
        if missing and not warehouse.has_schema(self.schema):
            warehouse.run(create_schema(self.schema, warehouse.dialect))
        for table in missing:
            warehouse.run(create_table(table, self.schema, warehouse.dialect))

    def next_stamp(self, warehouse: Warehouse) -> Stamp:
        """Now, or just after the latest batch when the clock has gone back."""
        tables = [self.ledger, self.tombstones, self.label_samples]
        if warehouse.knows_greatest:
            # Rows that came in another way are heeded as well, where that does not mean to read all of them.
            tables += map(self.of, RECORD_TYPES.values())
        latest = " union all ".join(f"select max(loaded_at) as t from {table}" for table in tables)
        ((before,),) = warehouse.rows(f"select max(t) from ({latest}) as latest")
        now = datetime.now(UTC).replace(tzinfo=None)
        loaded_at = max(now, before + timedelta(microseconds=1)) if before else now
        return Stamp(loaded_at, f"{loaded_at:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}")

    def _quoted(self, name: str) -> str:
        return f"{quote(self.schema)}.{quote(name)}"
