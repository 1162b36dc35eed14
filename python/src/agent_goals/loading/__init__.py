"""Load files of records into the raw tables: validated, without duplicates, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb

from agent_goals.loading.batch import Batch, RejectSink
from agent_goals.loading.destination import destination_of
from agent_goals.loading.digest import Digest
from agent_goals.loading.report import Counts, FileReport, LoadReport, Rejected
from agent_goals.loading.sources import Source, find_source
from agent_goals.profile import RAW_SCHEMA_DEFAULT
from agent_goals.raw import RawTables
from agent_goals.warehouse import DuckDB, Warehouse

__all__ = ["Counts", "FileReport", "LoadReport", "Rejected", "Source", "find_source", "load", "validate"]


def load(
    warehouse: Warehouse | duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    *,
    schema: str = RAW_SCHEMA_DEFAULT,
    tables: Mapping[str, str] | None = None,
    strict: bool = False,
    on_reject: RejectSink = lambda rejected: None,
    on_file: Callable[[Source], None] = lambda source: None,
) -> LoadReport:
    """Load files in one transaction: it happens as a whole or not at all.

    Args:
        warehouse: an open warehouse, or DuckDB connection, without a transaction.
        sources: the files, in order; of several records with one id the last one stays.
        schema: the raw tables' schema.
        tables: the raw tables' names by the contract's table name, where they differ.
        strict: load nothing when any line is rejected.
        on_reject: told of every rejected line.
        on_file: told of every file before it is read.

    Returns:
        What came of every file; its ``batch_id`` is ``None`` when nothing was written.

    Raises:
        LoadError: when a file cannot be read at all.
        duckdb.Error: when the warehouse fails; nothing is written then.
    """
    if isinstance(warehouse, duckdb.DuckDBPyConnection):
        warehouse = DuckDB(warehouse)
    raw = RawTables(schema, tables or {})
    with ThreadPoolExecutor(1) as executor, closing(destination_of(warehouse, raw)) as destination:
        try:
            with warehouse.transaction(schema):
                batch = Batch(destination, raw, on_reject)
                for source in sources:
                    on_file(source)
                    digest = Digest(source, executor)
                    if not batch.add_unchanged(source, digest):
                        batch.add(source, digest)
                report = batch.finish()
                if strict and report.count_rejected:
                    raise _StrictError
                destination.deliver()
        except _StrictError:
            report.batch_id = None
    return report


class _StrictError(Exception):
    """A line was rejected, and the load was to be strict."""


def validate(
    sources: Sequence[Source],
    *,
    on_reject: RejectSink = lambda rejected: None,
    on_file: Callable[[Source], None] = lambda source: None,
) -> LoadReport:
    """Say what a load into an empty warehouse would do; arguments and result as for ``load``."""
    with duckdb.connect() as connection:
        report = load(connection, sources, on_reject=on_reject, on_file=on_file)
    report.batch_id = None
    return report


def find_sources(paths: Iterable[Path], record_type: str | None = None) -> list[Source]:
    """The files by name; see ``find_source``."""
    return [find_source(path, record_type) for path in paths]
