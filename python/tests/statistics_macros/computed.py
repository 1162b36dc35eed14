"""The statistics macros as DuckDB computes them, and the published figures they are held to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import settings

from package_macros import load_macros
from project import ROOT

MACROS = load_macros(
    "cross_db/materialized.sql",
    *(f"statistics/{path.name}" for path in sorted((ROOT / "macros" / "statistics").glob("*.sql"))),
)
ORACLE = ROOT.parent / "shared" / "oracle" / "expected.json"

Column = Sequence[float | None]

_CONNECTION = duckdb.connect()

#: The first run of a long expression takes DuckDB longer than the others.
properties = settings(deadline=None, max_examples=50)


def of_expression(expression: str, **columns: Column) -> list[Any]:
    """What an expression is in each row of a table of doubles."""
    return [row[0] for row in rows(f"select {expression} from numbered order by row_number", **columns)]


def of_ctes(ctes: str, last: str, result: str, **columns: Column) -> list[Any]:
    """A column of the last of several CTEs that read the relation ``numbered``."""
    return [row[0] for row in rows(f"with {ctes} select {result} from {last} order by row_number", **columns)]


def rows(query: str, **columns: Column) -> list[tuple[Any, ...]]:
    """The rows of a query that reads the relation ``numbered``: columns of doubles, and ``row_number``."""
    arrays = {name: pa.array(list(values), type=pa.float64()) for name, values in columns.items()}
    count = len(next(iter(arrays.values())))
    _CONNECTION.register("numbered", pa.table({"row_number": pa.array(range(count)), **arrays}))
    return _CONNECTION.execute(query).fetchall()


def published(block: str) -> Any:
    """A block of the figures that statistics libraries gave; a skipped test when they are not beside the project."""
    if not ORACLE.is_file():
        pytest.skip(f"the figures are not in {ORACLE.parent.parent.name}/{ORACLE.parent.name} beside the project")
    return json.loads(ORACLE.read_text(encoding="utf-8"))[block]


def close(expected: Iterable[float | None], relative: float, absolute: float = 0.0) -> list[Any]:
    """Values to compare with: as near as the tolerances say, nulls as nulls."""
    return [None if value is None else pytest.approx(float(value), rel=relative, abs=absolute) for value in expected]
