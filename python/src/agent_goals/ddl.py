"""The raw tables of every warehouse, written from the record contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from agent_goals.contract import LOAD_FIELDS, MONEY_SCALE, RECORD_TYPES, Field, FieldType

Dialect = Literal["duckdb", "postgres", "spark"]

#: What each type of the contract is stored as.
COLUMN_TYPES: Mapping[Dialect, Mapping[FieldType, str]] = {
    "duckdb": {
        "string": "varchar",
        "boolean": "boolean",
        "number": "double",
        "integer": "bigint",
        "money": f"decimal(38, {MONEY_SCALE})",
        "timestamp": "timestamp",
        "object": "varchar",
        "strings": "varchar",
    },
    "postgres": {
        "string": "text",
        "boolean": "boolean",
        "number": "double precision",
        "integer": "bigint",
        "money": f"numeric(38, {MONEY_SCALE})",
        "timestamp": "timestamp",
        "object": "text",
        "strings": "text",
    },
    "spark": {
        "string": "string",
        "boolean": "boolean",
        "number": "double",
        "integer": "bigint",
        "money": f"decimal(38, {MONEY_SCALE})",
        # Spark's plain timestamp shows the session's time zone; this one does not shift.
        "timestamp": "timestamp_ntz",
        "object": "string",
        "strings": "string",
    },
}

#: How each warehouse quotes a name.
QUOTES: Mapping[Dialect, str] = {"duckdb": '"', "postgres": '"', "spark": "`"}


@dataclass(frozen=True)
class Table:
    """A table that the loader writes.

    Attributes:
        name: its name inside the raw schema.
        description: one sentence that begins with the table's grain.
        columns: its columns in order.
    """

    name: str
    description: str
    columns: tuple[Field, ...]


REJECTED_RECORDS = Table(
    "rejected_records",
    "One row per line or row that could not be loaded.",
    (
        Field("rejected_at", "timestamp", "When it was rejected, in UTC."),
        Field("batch_id", "string", "The load batch that rejected it."),
        Field("file", "string", "The file's absolute path."),
        Field("line", "integer", "The line of the file, or the row of a Parquet file, from 1."),
        Field("record_type", "string", "The type of record it was taken for; null when nothing says."),
        Field("reason_code", "string", "The stable code of the reason."),
        Field("field", "string", "The field at fault, where there is one."),
        Field("reason", "string", "What is wrong and what to do, as a sentence."),
        Field("raw_text", "string", "The whole line as it was; a Python bytes literal where it was not UTF-8."),
    ),
)

LOAD_BATCHES = Table(
    "load_batches",
    "One row per file and type of record of one load batch.",
    (
        Field("batch_id", "string", "The load batch."),
        Field("loaded_at", "timestamp", "When the batch was written, in UTC; later batches have later times."),
        Field("file", "string", "The file's absolute path."),
        Field("file_sha256", "string", "The file's SHA-256; null where the file changed while it was read."),
        Field("read_as", "string", "How the file was read: the contract's digest and the type given to records that named none."),
        Field("record_type", "string", "The type of record; null for lines that could not be told."),
        Field("count_loaded", "integer", "Rows that landed."),
        Field("count_duplicate", "integer", "Records already landed, or superseded later in the same batch."),
        Field("count_rejected", "integer", "Lines rejected."),
    ),
)

TOMBSTONES = Table(
    "tombstones",
    "One row per session or customer that was forgotten: its records are gone and do not land again.",
    (
        Field("loaded_at", "timestamp", "When it was forgotten, in UTC; later batches have later times."),
        Field("batch_id", "string", "The batch that forgot it; of the same form as a load's."),
        Field(
            "subject",
            "string",
            "What it was: session or customer; or customer_of_session, which is not forgotten but has lost a session.",
            choices=("session", "customer", "customer_of_session"),
        ),
        Field("subject_hash", "string", "The SHA-256 of the id's UTF-8 bytes, in lower-case hexadecimal."),
    ),
)


LABEL_SAMPLES = Table(
    "label_samples",
    "One row per session that was drawn at random to be labelled by a human, for each time that it was drawn.",
    (
        Field("loaded_at", "timestamp", "When the sample was drawn, in UTC; later batches have later times."),
        Field("batch_id", "string", "The sample: its draw is a batch of its own."),
        Field("environment", "string", "The session's environment."),
        Field("session_id", "string", "The session."),
        Field("goal", "string", "The goal whose verdict is to be labelled."),
        Field("evaluator", "string", "The judge whose sessions were drawn from; null when it was those of any."),
        Field("count_population", "integer", "How many sessions the sample was drawn from."),
        Field("seed", "integer", "What the random numbers began with: the same draws the same again."),
    ),
)


def quote(name: str, dialect: Dialect = "duckdb") -> str:
    """A name as the dialect quotes it."""
    mark = QUOTES[dialect]
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def raw_tables(names: Mapping[str, str] | None = None) -> Iterable[Table]:
    """The raw tables of all record types, named as in ``names`` where it has an entry."""
    for record in RECORD_TYPES.values():
        yield Table((names or {}).get(record.table, record.table), record.description, record.columns + LOAD_FIELDS)


def create_table(table: Table, schema: str, dialect: Dialect = "duckdb") -> str:
    """The ``create table if not exists`` statement of one table."""
    types = COLUMN_TYPES[dialect]
    columns = ",\n".join(f"    {quote(column.name, dialect)} {types[column.type]}" for column in table.columns)
    return f"create table if not exists {quote(schema, dialect)}.{quote(table.name, dialect)} (\n{columns}\n)"


def every_table(names: Mapping[str, str] | None = None) -> Iterable[Table]:
    """All tables of the raw schema, the record types' named as in ``names`` where it has an entry."""
    return (*raw_tables(names), REJECTED_RECORDS, LOAD_BATCHES, TOMBSTONES, LABEL_SAMPLES)


def create_schema(schema: str, dialect: Dialect = "duckdb") -> str:
    """The ``create schema if not exists`` statement."""
    return f"create schema if not exists {quote(schema, dialect)}"


def create_all(schema: str, dialect: Dialect = "duckdb", names: Mapping[str, str] | None = None) -> list[str]:
    """Every statement that an empty warehouse needs before the first load."""
    return [create_schema(schema, dialect), *(create_table(table, schema, dialect) for table in every_table(names))]
