"""The same SQL on every engine: what must be exact is exact, and the marts have the same rows as DuckDB's."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from .engine import FROM_SEEDS, Engine, Rows

#: Engines sum doubles in different orders; decimals are compared to the last place.
SIGNIFICANT_DIGITS = 9


def test_engine_answers_through_dbt(engine: Engine) -> None:
    engine.dbt("show", "--inline", "select 1 as one")
    assert engine.rows("select 1 as one") == [{"one": 1}]


def test_exact_split_and_types_hold(engine: Engine) -> None:
    """The tests tagged engine_proof work on inline values, so they need no tables."""
    assert engine.dbt("test", "--select", "tag:engine_proof")


@pytest.fixture(scope="module")
def marts_on_duckdb(duckdb_engine: Engine) -> dict[str, Rows]:
    return built_marts(duckdb_engine)


@pytest.mark.parametrize("other", ["postgres", "spark"])
def test_marts_have_the_rows_that_duckdb_gives(
    other: str, marts_on_duckdb: dict[str, Rows], request: pytest.FixtureRequest
) -> None:
    marts = built_marts(request.getfixturevalue(f"{other}_engine"))

    assert marts.keys() == marts_on_duckdb.keys()
    for name, expected in marts_on_duckdb.items():
        assert expected, f"{name} has no rows, so comparing it proves nothing"
        assert differences(marts[name], expected) == [], f"{name} on {other} differs from DuckDB's"


def built_marts(engine: Engine) -> dict[str, Rows]:
    """Build the models from the demo seeds, with the invariants, and read the public tables.

    The other data tests and the unit tests are left to DuckDB: they say nothing more about rows that are the same.
    """
    engine.seed()
    left_out = ["resource_type:seed", "resource_type:unit_test", "test_type:generic"]
    nodes = engine.dbt("build", "--exclude", *left_out, *FROM_SEEDS)
    marts = {name: node for name, node in nodes.items() if node.resource_type == "model" and "marts" in node.fqn}
    assert marts
    return {name: engine.rows(f"select * from {node.relation_name}") for name, node in marts.items()}


def differences(found: Rows, expected: Rows, shown: int = 5) -> list[str]:
    """What the first rows that only one of the two has hold differently, in any order; nothing when they are the same."""
    ours, theirs = ({comparable(row) for row in rows} for rows in (found, expected))
    lines = [f"{len(found)} rows instead of {len(expected)}"] if len(found) != len(expected) else []
    for mine, other in zip(sorted(ours - theirs, key=repr), sorted(theirs - ours, key=repr), strict=False):
        lines.append(f"found {dict(sorted(set(mine) - set(other)))} instead of {dict(sorted(set(other) - set(mine)))}")
    return lines[:shown]


def comparable(row: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """A row in a form that does not depend on the engine's driver."""
    return tuple((column, neutral(value)) for column, value in sorted(row.items()))


def neutral(value: Any) -> Any:
    """A value as every driver would give it: numbers without trailing zeros, times in UTC without a zone."""
    if isinstance(value, float):
        return f"{value:.{SIGNIFICANT_DIGITS}g}"
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
