"""Every public table has the same rows on every engine, value by value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent_goals.ddl import raw_tables
from agent_goals.profile import RAW_SCHEMA_DEFAULT

from .conftest import TIME_ZONE
from .data_sets import DATA_SETS, DataSet
from .duck import DuckDBElsewhere, DuckDBEngine
from .engine import Engine, Rows

#: Engines sum doubles in different orders; decimals are compared to the last place.
TOLERANCE = 1e-9

Tables = dict[str, Rows]


@dataclass(frozen=True)
class Case:
    """A data set and what DuckDB makes of it.

    Attributes:
        data: the data set.
        tables: the raw and the public tables on DuckDB.
    """

    data: DataSet
    tables: Tables


@pytest.fixture(scope="module", params=DATA_SETS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp(f"{request.param}_on_duckdb")
    data = DATA_SETS[request.param](folder)
    return Case(data, built_tables(DuckDBEngine.at(folder), data))


@pytest.mark.parametrize("other", ["postgres", "spark"])
def test_every_public_table_has_the_rows_that_duckdb_gives(other: str, case: Case, request: pytest.FixtureRequest) -> None:
    assert_same(built_tables(request.getfixturevalue(f"{other}_engine"), case.data), case.tables, other)


def test_duckdb_gives_the_same_rows_in_another_time_zone(case: Case, tmp_path: Path) -> None:
    assert_same(built_tables(DuckDBElsewhere.at(tmp_path, TIME_ZONE), case.data), case.tables, f"DuckDB in {TIME_ZONE}")


def built_tables(engine: Engine, data: DataSet) -> Tables:
    """Land a data set, build the models, and read the raw and the public tables.

    The tests are left to DuckDB: they say nothing more about rows that are the same.
    """
    data.land(engine)
    engine.dbt("run", "--full-refresh", build=data.build)
    models = [node for node in engine.nodes(data.build) if node.resource_type == "model"]
    marts = {node.name: node.relation_name for node in models if "marts" in node.fqn}
    assert marts
    raw = {table.name: f"{RAW_SCHEMA_DEFAULT}.{table.name}" for table in raw_tables()}
    if (data.build.variables or {}).get("agent_goals__use_seeds"):
        raw = {}
    return {name: engine.rows(f"select * from {relation}") for name, relation in (raw | marts).items()}


def assert_same(found: Tables, expected: Tables, engine: str) -> None:
    assert found.keys() == expected.keys()
    told = {name: list(differences(found[name], rows))[:5] for name, rows in expected.items()}
    different = {name: lines for name, lines in told.items() if lines}
    assert not different, f"on {engine}, unlike DuckDB:\n" + "\n".join(
        f"{name}: {line}" for name, lines in different.items() for line in lines
    )


def differences(found: Rows, expected: Rows) -> Iterator[str]:
    """How two tables differ, in any order of rows; nothing when they are the same."""
    if len(found) != len(expected):
        yield f"{len(found)} rows instead of {len(expected)}"
    ours, theirs = (Counter(exact_part(row) for row in rows) for rows in (found, expected))
    for mine, other in zip(
        sorted((ours - theirs).elements(), key=repr), sorted((theirs - ours).elements(), key=repr), strict=False
    ):
        yield f"found {dict(sorted(set(mine) - set(other)))} instead of {dict(sorted(set(other) - set(mine)))} in {dict(other)}"
    doubles = {exact_part(row): double_part(row) for row in expected}
    for row in found:
        near = doubles.get(exact_part(row), {})
        for column, value in double_part(row).items():
            if column in near and not math.isclose(value, near[column], rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                yield f"found {column} {value!r} instead of {near[column]!r} in {dict(exact_part(row))}"


def exact_part(row: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What of a row must be the same to the last digit, in a form that does not depend on the engine's driver."""
    return tuple((column, "a double" if isinstance(value, float) else neutral(value)) for column, value in sorted(row.items()))


def double_part(row: dict[str, Any]) -> dict[str, float]:
    """What of a row is a double."""
    return {column: value for column, value in row.items() if isinstance(value, float)}


def neutral(value: Any) -> Any:
    """A value as every driver would give it: decimals without trailing zeros, moments in UTC without a zone."""
    if isinstance(value, Decimal):
        return value.normalize() if value else Decimal(0)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
