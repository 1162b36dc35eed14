"""The way of a batch into PostgreSQL: judged in a DuckDB of its own, then sent with COPY.

DuckDB writes the lines of COPY's text format, on all threads, and the buffer of Arrow that they come in is sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agent_goals.contract import RecordType
from agent_goals.ddl import COLUMN_TYPES, Table, quote
from agent_goals.loading.apart import Apart
from agent_goals.raw import RawTables
from agent_goals.warehouse.postgres import Postgres

#: How many ids are asked about at a time: each time PostgreSQL reads the batch's span of time.
_ASKED_IDS = 1_000_000
#: How many rows are read or sent at a time.
_READ_ROWS = 20_000
_SENT_ROWS = 50_000

_OLDER = "older"
_OLDER_REJECTED = "older_rejected"


class ByCopy(Apart):
    """A PostgreSQL database, with a stage that lasts as long as the load.

    Args:
        warehouse: the database.
        raw: the raw tables.
    """

    def __init__(self, warehouse: Postgres, raw: RawTables) -> None:  # noqa: D107 (the class says it)
        super().__init__(raw)
        self.warehouse: Postgres = warehouse
        self._rejected_of: str | None = None

    def prepare(self) -> None:  # noqa: D102 (the protocol says it)
        self._raw.create_missing(self.warehouse)
        super().prepare()

    def older(self, record: RecordType, batch_id: str) -> str | None:  # noqa: D102
        table = self._raw.of(record)
        row = self.stage.execute(f"select min(occurred_at), max(occurred_at) from {table}").fetchone()
        span = dict(zip(("first", "last"), row or (), strict=True))
        # Most loads bring only later records: then there is nothing to compare.
        in_span = "occurred_at between $first and $last"
        if not self.warehouse.rows(f"select 1 from {table} where {in_span} limit 1", **span):
            return None
        columns = ", ".join(f"{quote(column.name)} {COLUMN_TYPES['duckdb'][column.type]}" for column in record.columns)
        self.stage.execute(f"create or replace temp table {_OLDER} ({columns})")
        sent = ", ".join(
            f"{quote(column.name)}::text" if column.type == "money" else quote(column.name) for column in record.columns
        )
        in_stage = "select distinct event_id from " + table
        ids = [event_id for (event_id,) in self.stage.execute(in_stage).fetchall()]
        for start in range(0, len(ids), _ASKED_IDS):
            rows = self.warehouse.stream(
                f"select {sent} from {table} where {in_span} and event_id in (select unnest($ids::text[]))",
                _READ_ROWS,
                ids=ids[start : start + _ASKED_IDS],
                **span,
            )
            for chunk in rows:
                self._keep(_OLDER, chunk)
        return _OLDER

    def older_rejected(self, file: str, batch_id: str) -> str | None:  # noqa: D102
        if self._rejected_of != file:
            self.stage.execute(f"create or replace temp table {_OLDER_REJECTED} (line bigint, reason_code text, raw_text text)")
            rows = self.warehouse.stream(
                f"select line, reason_code, raw_text from {self._raw.rejected} where file = $file", _READ_ROWS, file=file
            )
            for chunk in rows:
                self._keep(_OLDER_REJECTED, chunk)
            self._rejected_of = file
        return _OLDER_REJECTED

    def _keep(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        """Put rows of the warehouse on the stage; of money, its text."""
        # pyarrow takes longer to import than a small file takes to load.
        import pyarrow as pa  # noqa: PLC0415

        kept = pa.table({f"c{index}": list(column) for index, column in enumerate(zip(*rows, strict=True))})
        self.stage.register("kept", kept)
        self.stage.execute(f"insert into {table} from kept")
        self.stage.unregister("kept")

    def deliver(self) -> None:  # noqa: D102
        for table, name in self.tables_with_rows():
            self.warehouse.copy(name, [quote(column.name) for column in table.columns], self._lines(table, name))

    def _lines(self, table: Table, name: str) -> Iterator[memoryview]:
        """The table's rows as lines of COPY's text format, in blocks."""
        # With 64-bit offsets, for 2 GB of lines are soon reached where texts are long.
        self.stage.execute("set arrow_large_buffer_size = true")
        batches = self.stage.sql(f"select {_line(table)} || chr(10) as line from {name}").to_arrow_reader(_SENT_ROWS)
        with ThreadPoolExecutor(1) as ahead:
            # One block is written while the one before it is sent.
            coming = ahead.submit(next, batches, None)
            while (batch := coming.result()) is not None:
                coming = ahead.submit(next, batches, None)
                lines = batch.column(0)
                _, offsets, content = lines.buffers()
                ends = memoryview(offsets).cast("q")
                yield memoryview(content)[ends[lines.offset] : ends[lines.offset + len(lines)]]


def _line(table: Table) -> str:
    """A row in COPY's text format, as an expression.

    One look at all the texts decides whether any of them has to be escaped: few have.
    """
    texts = {column.name for column in table.columns if column.type in ("string", "object", "strings") and not column.choices}
    plain = {column.name: f"cast({quote(column.name)} as text)" for column in table.columns}
    escaped = {name: _escaped(text) if name in texts else text for name, text in plain.items()}
    all_texts = f"concat({', '.join(plain[column.name] for column in table.columns if column.name in texts)})"
    look_special = " or ".join(f"contains({all_texts}, chr({code}))" for code in _ESCAPES)
    return f"if({look_special}, {_separated(escaped)}, {_separated(plain)})"


def _separated(values: Mapping[str, str]) -> str:
    fields = ", ".join(rf"coalesce({value}, '\N')" for value in values.values())
    return f"concat_ws(chr(9), {fields})"


#: The characters that have a meaning in COPY's text format, and what follows the backslash in their place; that one first.
_ESCAPES = {92: "\\", 9: "t", 10: "n", 13: "r"}


def _escaped(text: str) -> str:
    for code, letter in _ESCAPES.items():
        text = rf"replace({text}, chr({code}), '\{letter}')"
    return text
