"""The way of a batch to a landing path: judged in a DuckDB of its own, then written as Parquet files."""

from __future__ import annotations

from agent_goals.contract import RecordType
from agent_goals.ddl import quote
from agent_goals.loading.apart import Apart
from agent_goals.raw import RawTables
from agent_goals.warehouse.landing import Landing, files_of


class InLanding(Apart):
    """A landing path, with a stage that lasts as long as the load.

    Args:
        warehouse: the landing path.
        raw: the raw tables, named as the contract does.
    """

    def __init__(self, warehouse: Landing, raw: RawTables) -> None:  # noqa: D107 (the class says it)
        super().__init__(raw)
        self.warehouse: Landing = warehouse

    def older(self, record: RecordType, batch_id: str) -> str | None:  # noqa: D102 (the protocol says it)
        table = self._raw.of(record)
        # Rows that are the same have the same time: files and parts of files of other times are not read.
        first, last = self.stage.execute(f"select min(occurred_at), max(occurred_at) from {table}").fetchone() or (None, None)
        rows = f"""(
            select * from {files_of(self.warehouse.folder, record.table)}
            where occurred_at between timestamp '{first}' and timestamp '{last}'
        )"""
        return rows if first and self.stage.execute(f"select 1 from {rows} limit 1").fetchone() else None

    def older_rejected(self, file: str, batch_id: str) -> str | None:  # noqa: D102
        literal = "'" + file.replace("'", "''") + "'"
        rows = f"(select * from {files_of(self.warehouse.folder, 'rejected_records')} where file = {literal})"
        return rows if self.stage.execute(f"select 1 from {rows} limit 1").fetchone() else None

    def deliver(self) -> None:  # noqa: D102
        for table, name in self.tables_with_rows():
            self.warehouse.write(table, name, self.stage)
            self.warehouse.keep(self._batch_id(name))

    def _batch_id(self, name: str) -> str:
        ((batch_id,),) = self.stage.execute(f"select distinct {quote('batch_id')} from {name}").fetchall()
        return str(batch_id)
