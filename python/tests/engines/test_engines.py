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
    """Build the whole project from the demo seeds, with every test, and read the public tables."""
    engine.seed()
    nodes = engine.dbt("build", "--exclude", "resource_type:seed", *FROM_SEEDS)
    marts = {name: node for name, node in nodes.items() if node.resource_type == "model" and "marts" in node.fqn}
    assert marts
    return {name: engine.rows(f"select * from {node.relation_name}") for name, node in marts.items()}


def differences(found: Rows, expected: Rows, shown: int = 5) -> list[str]:
    """The first rows that only one of the two has, in any order; nothing when they are the same."""
    ours, theirs = ({comparable(row) for row in rows} for rows in (found, expected))
    lines = [f"only found: {dict(row)}" for row in sorted(ours - theirs, key=repr)[:shown]]
    lines += [f"only expected: {dict(row)}" for row in sorted(theirs - ours, key=repr)[:shown]]
    if len(found) != len(expected):
        lines.append(f"{len(found)} rows instead of {len(expected)}")
    return lines


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
