"""What the tests of loading share: records, files of them, and a warehouse to load them into."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from agent_goals import loading
from agent_goals.ddl import create_schema
from agent_goals.loading.report import LoadReport, Rejected
from agent_goals.warehouse import Landing
from agent_goals.warehouse.landing import views


def goal(**fields: Any) -> dict[str, Any]:
    return {"session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "goal": "resolved", "achieved": True} | fields


def cost(**fields: Any) -> dict[str, Any]:
    return {"session_id": "s1", "occurred_at": "2026-01-01T00:00:00Z", "amount": 0.25, "currency": "USD"} | fields


def write_lines(path: Path, records: Iterable[Mapping[str, Any] | str | bytes]) -> Path:
    """Write each record as a line; text and bytes go in as they are."""
    with path.open("wb") as file:
        for record in records:
            line = record if isinstance(record, bytes) else (record if isinstance(record, str) else json.dumps(record)).encode()
            file.write(line + b"\n")
    return path


class Warehouse:
    """A DuckDB database in memory with what was loaded into it."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.rejected: list[Rejected] = []

    def load(self, *paths: Path, record_type: str | None = None, strict: bool = False) -> LoadReport:
        self.rejected.clear()
        return loading.load(
            self.connection,
            loading.find_sources(paths, record_type),
            strict=strict,
            on_reject=self.rejected.append,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.replace("raw.", "agent_goals_raw.")).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"select count(*) from raw.{table}")[0][0])


class LandingPath(Warehouse):
    """A landing path with what was loaded there: its answers come from its files, as another program reads them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def load(self, *paths: Path, record_type: str | None = None, strict: bool = False) -> LoadReport:
        self.rejected.clear()
        sources = loading.find_sources(paths, record_type)
        with Landing(self.folder, lock_timeout=0.2) as landing:
            return loading.load(landing, sources, strict=strict, on_reject=self.rejected.append)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        for statement in (create_schema("agent_goals_raw"), *views(self.folder, "agent_goals_raw", "duckdb")):
            self.connection.execute(statement)
        return super().rows(query)
