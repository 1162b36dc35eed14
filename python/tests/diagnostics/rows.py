"""Read a table as mappings."""

from __future__ import annotations

from typing import Any

import duckdb


def as_mappings(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """All rows of a mart by column name."""
    found = connection.execute(f"select * from main.{table}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
